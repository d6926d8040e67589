//! What time does to a room, and what happens when its appointment is given another time.

use super::room::{Line, Room, Seat};
use super::{Now, Out, Registry, Why};
use crate::model::ids::PeerId;
use crate::model::wire::{ByeReason, IceServer, Notice, Role, Slot, ToClient};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

impl Registry {
    /// Gives an appointment another time; everybody who is seated learns it.
    pub(super) fn move_to(&mut self, now: Now, appointment: String, slot: &Slot, by: String, out: &mut Vec<Out>) {
        let Some(room) = self.rooms.get_mut(&appointment) else { return };
        let same_start = room.appointment().slot.starts == slot.starts;
        room.go_by(now, slot.clone());
        for peer in room.seats.keys() {
            let ice_servers = room.ice_servers(now.wall, peer);
            room.send(peer, ToClient::Moved { slot: slot.clone(), ice_servers }, out);
        }
        let action = if same_start { "appointment-new-end" } else { "appointment-moved" };
        out.push(Out::Audit { staff: by, appointment, action });
        room.pass_time(now, out);
    }
}

/// TURN credentials outlive the slot by this: coturn's clock may be another one.
const CREDENTIALS_AFTER_END: SignedDuration = SignedDuration::from_mins(2);

impl Room {
    /// The STUN and TURN servers that a seat may use at `now`: none before its guest agreed to the rules, for which the lobby
    /// must be open, nor for staff who come before that. All that an appointment's guests relay is one user's at the TURN server, whichever seat they come back to.
    pub(super) fn ice_servers(&self, now: Timestamp, peer: &PeerId) -> Vec<IceServer> {
        let slot = &self.appointment().slot;
        let agreed = self.seats.values().any(|seat| seat.role == Role::Guest && seat.consented);
        let may = |seat: &&Seat| seat.consented && (seat.role == Role::Guest || agreed || slot.opens <= now);
        let Some(seat) = self.seats.get(peer).filter(may) else { return Vec::new() };
        let expires = slot.ends.saturating_add(CREDENTIALS_AFTER_END).unwrap_or(Timestamp::MAX);
        let role = if seat.role == Role::Guest { "guest" } else { "staff" };
        self.turn.servers(expires, &format!("{}-{role}", self.appointment().id))
    }

    /// Whoever may have servers learns them, before there is anybody to connect with.
    pub(super) fn tell_servers(&self, now: Timestamp, out: &mut Vec<Out>) {
        for peer in self.seats.keys() {
            let ice_servers = self.ice_servers(now, peer);
            if !ice_servers.is_empty() {
                self.send(peer, ToClient::Servers { ice_servers }, out);
            }
        }
    }

    /// What time alone does: lost seats are given up, the slot's moments are announced, the room closes.
    pub(super) fn pass_time(&mut self, now: Now, out: &mut Vec<Out>) {
        let lost =
            self.seats.iter().filter(|(_, seat)| matches!(seat.line, Line::LostUntil(until) if until <= now.steady));
        let lost: Vec<PeerId> = lost.map(|(peer, _)| peer.clone()).collect();
        self.touched |= !lost.is_empty();
        for peer in lost {
            self.free(&peer, None, out);
        }
        while let Some(why) = self.next
            && self.moment(why) <= now.wall
        {
            self.next = following(why);
            self.touched = true;
            // A server that slept through a moment does not announce it late.
            let missed = self.next.is_some_and(|next| self.moment(next) <= now.wall);
            match why {
                Why::SlotOver => self.dismiss_all(ByeReason::SlotOver, out),
                _ if missed => {}
                Why::FiveMinutes => self.notice(None, Notice::FiveMinutes, out),
                Why::OneMinute => self.notice(None, Notice::OneMinute, out),
                _ if !self.has_staff_seat() => self.notice(Some(Role::Guest), Notice::StaffAbsent, out),
                _ => {}
            }
        }
    }

    /// Goes by another time from now on. What was announced of the earlier one is announced again of this one.
    fn go_by(&mut self, now: Now, slot: Slot) {
        self.set_slot(slot);
        let moments = [Why::Starts, Why::FiveMinutes, Why::OneMinute];
        let next = moments.into_iter().find(|why| self.moment(*why) > now.wall);
        self.next = Some(next.unwrap_or(Why::SlotOver));
    }

    fn moment(&self, why: Why) -> Timestamp {
        let slot = &self.appointment().slot;
        let before_end = |minutes| {
            // In a slot shorter than that, the warning comes with the start.
            slot.ends.saturating_sub(SignedDuration::from_mins(minutes)).unwrap_or(slot.ends).max(slot.starts)
        };
        match why {
            Why::FiveMinutes => before_end(5),
            Why::OneMinute => before_end(1),
            Why::SlotOver => slot.ends,
            _ => slot.starts,
        }
    }

    pub(super) fn wake_in(&self, now: Now) -> Option<(Duration, Why)> {
        let lost = self.seats.values().filter_map(|seat| match seat.line {
            Line::LostUntil(until) => Some((now.steady.until(until), Why::SeatExpires)),
            Line::Up(_) => None,
        });
        let next = self.next.filter(|_| !self.seats.is_empty()).map(|why| {
            let left = self.moment(why).duration_since(now.wall);
            (Duration::try_from(left).unwrap_or(Duration::ZERO), why)
        });
        lost.chain(next).min()
    }
}

fn following(why: Why) -> Option<Why> {
    match why {
        Why::Starts => Some(Why::FiveMinutes),
        Why::FiveMinutes => Some(Why::OneMinute),
        Why::OneMinute => Some(Why::SlotOver),
        _ => None,
    }
}
