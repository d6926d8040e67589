//! Who is still signed in, and may still sit where they sit: accounts are changed at the command line while calls go on.

use super::{ConnectionId, Now, Out, Registry};
use crate::meeting::key::KeyHash;
use crate::meeting::rights::Rights;
use crate::model::uptime::Uptime;
use crate::model::wire::{ByeReason, ToClient};
use std::collections::{BTreeMap, HashSet};

/// Accounts and sign-ins as they are now, to look whether those who are in a room still may be.
pub struct Accounts {
    /// What each account may do.
    pub rights: BTreeMap<String, Rights>,
    /// The sign-ins that nobody has ended.
    pub sessions: HashSet<KeyHash>,
}

impl Registry {
    /// Ends the lines of staff whose sign-in somebody ended (an account that was removed or given another password), and takes
    /// the seats of those who may no longer sit there. A sign-in that ended by itself takes no seat.
    pub(super) fn look_who_may_stay(&mut self, now: Now, accounts: &Accounts, as_of: Uptime, out: &mut Vec<Out>) {
        let mut leave: Vec<ConnectionId> = Vec::new();
        for (connection, open) in &mut self.connections {
            let Some(clerk) = open.staff.as_mut().filter(|_| open.since < as_of) else { continue };
            let rights = accounts.rights.get(&clerk.name);
            if let Some(rights) = rights {
                clerk.rights = rights.clone();
            }
            let ended = !accounts.sessions.contains(&clerk.session) && now.wall < clerk.until;
            let room = open.seat.as_ref().and_then(|(room, _)| self.rooms.get(room));
            let may_sit = room.is_none_or(|room| clerk.rights.sits_at(&room.appointment().counter.id));
            if rights.is_none() || ended || !may_sit {
                leave.push(*connection);
            }
        }
        for connection in leave {
            let seat = self.connections.get_mut(&connection).and_then(|open| open.seat.take());
            match seat {
                Some((room, peer)) => {
                    if let Some(room) = self.rooms.get_mut(&room) {
                        room.audit(&peer, "seat-withdrawn", out);
                        room.free(&peer, Some(ByeReason::SignedOut), out);
                    }
                }
                None => {
                    out.push(Out::Send { connection, message: ToClient::Bye { reason: ByeReason::SignedOut } });
                    out.push(Out::Close { connection });
                }
            }
        }
        // A seat that is kept for a lost line is nobody's any more.
        for room in self.rooms.values_mut() {
            let counter = room.appointment().counter.id.clone();
            let may = |name: &String| accounts.rights.get(name).is_some_and(|rights| rights.sits_at(&counter));
            let lost = room.seats.iter().filter(|(_, seat)| seat.staff.as_ref().is_some_and(|name| !may(name)));
            let lost: Vec<_> = lost.filter(|(_, seat)| !seat.is_up()).map(|(peer, _)| peer.clone()).collect();
            for peer in lost {
                room.audit(&peer, "seat-withdrawn", out);
                room.free(&peer, None, out);
            }
        }
    }
}
