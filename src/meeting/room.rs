//! One room and its seats.

use super::appointment::{Appointment, Phase, Standing, State};
use super::connections::Connection;
use super::invitation::{FIRST, InvitationState};
use super::{ConnectionId, Now, Out, Running, RunningSeat, Why};
use crate::meeting::key::KeyHash;
use crate::meeting::turn::Turn;
use crate::model::ids::{Epoch, PeerId};
use crate::model::language::LanguageTag;
use crate::model::update::compare_versions;
use crate::model::uptime::Uptime;
use crate::model::wire::{Abilities, ByeReason, Notice, Participant, RESUME_SECONDS, Role, Slot, ToClient};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A participant's place in the room; it outlives a lost line for [`RESUME_SECONDS`].
pub(super) struct Seat {
    pub(super) role: Role,
    pub(super) line: Line,
    pub(super) token: KeyHash,
    pub(super) language: LanguageTag,
    /// What both this end and the server can do.
    pub(super) abilities: Abilities,
    /// What this end was told of the others on its line.
    pub(super) told: Vec<Participant>,
    pub(super) staff: Option<String>,
    /// By which invitation a guest came.
    pub(super) invitation: Option<String>,
    pub(super) consented: bool,
    pub(super) admitted: bool,
    pub(super) off: Option<Off>,
    pub(super) firmware: Option<Firmware>,
}

/// What an appliance runs.
pub(super) struct Firmware {
    pub(super) version: String,
    /// Older than the counter still wants.
    pub(super) outdated: bool,
}

impl Firmware {
    pub(super) fn new(version: String, oldest: Option<&str>) -> Self {
        let outdated = oldest.is_some_and(|oldest| compare_versions(&version, oldest).is_lt());
        Self { version, outdated }
    }
}

impl Seat {
    pub(super) fn is_up(&self) -> bool {
        matches!(self.line, Line::Up(_))
    }
}

/// What a participant says is off at its end.
#[derive(Clone, Copy)]
pub(super) struct Off {
    pub(super) microphone: bool,
    pub(super) camera: bool,
    pub(super) speaker: bool,
}

impl Off {
    pub(super) fn told_of(self, peer: &PeerId) -> ToClient {
        let Self { microphone, camera, speaker } = self;
        ToClient::Muted { peer: peer.clone(), microphone, camera, speaker }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Up(ConnectionId),
    LostUntil(Uptime),
}

pub(super) struct Room {
    appointment: Appointment,
    pub(super) turn: Arc<Turn>,
    pub(super) seats: BTreeMap<PeerId, Seat>,
    pub(super) connections: Vec<Connection>,
    pub(super) last_epoch: u32,
    last_peer: u32,
    pub(super) hold: bool,
    /// The next moment of the slot that is to be announced.
    pub(super) next: Option<Why>,
    kept: Option<Running>,
    /// Time alone may have changed it in this turn.
    pub(super) touched: bool,
}

impl Room {
    pub(super) fn new(appointment: Appointment, turn: Arc<Turn>) -> Self {
        Self {
            appointment,
            turn,
            seats: BTreeMap::new(),
            connections: Vec::new(),
            last_epoch: 0,
            last_peer: 0,
            hold: false,
            next: Some(Why::Starts),
            kept: None,
            touched: false,
        }
    }

    pub(super) fn appointment(&self) -> &Appointment {
        &self.appointment
    }

    pub(super) fn set_slot(&mut self, slot: Slot) {
        self.appointment.slot = slot;
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.appointment.slot.ends || self.appointment.standing == Standing::Ended
    }

    pub(super) fn state(&self, now: Timestamp) -> State {
        let guests = self.seats.values().filter(|seat| seat.role == Role::Guest);
        let guests: Vec<_> = guests.collect();
        let phase = match self.appointment.standing {
            Standing::Revoked => Phase::Revoked,
            _ if self.is_over(now) => Phase::Over,
            _ if !self.seats.is_empty() => Phase::InUse,
            _ if now < self.appointment.slot.opens => Phase::NotYet,
            _ => Phase::Open,
        };
        State {
            phase,
            agreed: guests.iter().filter(|seat| seat.consented).count(),
            waiting: guests.iter().filter(|seat| seat.consented && !seat.admitted).count(),
            guests: guests.len(),
            staff: self.seats.len() - guests.len(),
            held_by: self.seats.values().find_map(|seat| seat.staff.clone()),
            burnt: self.appointment.burnt(),
        }
    }

    pub(super) fn seated(&self) -> usize {
        self.seats.len()
    }

    pub(super) fn set_standing(&mut self, standing: Standing, out: &mut Vec<Out>) {
        self.appointment.standing = standing;
        if standing == Standing::Revoked {
            // The store does the same in one step.
            self.appointment.invitations.iter_mut().for_each(|one| one.state = InvitationState::Withdrawn);
        }
        out.push(Out::Standing { appointment: self.appointment.id.clone(), standing });
    }

    /// The old key of an invitation is no longer good, whatever became of it.
    pub(super) fn set_key(&mut self, invitation: &str, key: KeyHash) {
        let invitations = &mut self.appointment.invitations;
        if let Some(one) = invitations.iter_mut().find(|one| one.id == invitation) {
            (one.key, one.state) = (key, InvitationState::Open);
        }
    }

    /// The key of an invitation lets nobody in any more. The others still do.
    pub(super) fn burn(&mut self, invitation: &str, out: &mut Vec<Out>) {
        let (appointment, state) = (self.appointment.id.clone(), InvitationState::Burnt);
        let invitations = &mut self.appointment.invitations;
        if let Some(one) = invitations.iter_mut().find(|one| one.id == invitation) {
            one.state = state;
            out.push(Out::Invitation { appointment, invitation: invitation.to_owned(), state });
        }
    }

    pub(super) fn audit(&self, peer: &PeerId, action: &'static str, out: &mut Vec<Out>) {
        if let Some(staff) = self.seats.get(peer).and_then(|seat| seat.staff.clone()) {
            out.push(Out::Audit { staff, appointment: self.appointment.id.clone(), action });
        }
    }

    pub(super) fn new_peer(&mut self, role: Role) -> PeerId {
        self.last_peer += 1;
        PeerId(format!("{}{}", if role == Role::Guest { "guest-" } else { "staff-" }, self.last_peer))
    }

    pub(super) fn send(&self, to: &PeerId, message: ToClient, out: &mut Vec<Out>) {
        if let Some(Seat { line: Line::Up(connection), .. }) = self.seats.get(to) {
            out.push(Out::Send { connection: *connection, message });
        }
    }

    pub(super) fn notice(&self, role: Option<Role>, notice: Notice, out: &mut Vec<Out>) {
        for (peer, seat) in &self.seats {
            if role.is_none_or(|role| role == seat.role) {
                self.send(peer, ToClient::Notice { notice }, out);
            }
        }
    }

    pub(super) fn staff_present(&self) -> bool {
        self.seats.values().any(|seat| seat.role == Role::Staff && matches!(seat.line, Line::Up(_)))
    }

    pub(super) fn has_staff_seat(&self) -> bool {
        self.seats.values().any(|seat| seat.role == Role::Staff)
    }

    pub(super) fn tell_peer(&self, to: &PeerId, about: &PeerId, epoch: Epoch, out: &mut Vec<Out>) {
        let (Some(reader), Some(seat)) = (self.seats.get(to), self.seats.get(about)) else { return };
        let name = self.name_for(reader, seat);
        let language = (seat.role == Role::Guest).then(|| seat.language.clone());
        let (role, admitted) = (seat.role, seat.admitted);
        let (firmware, outdated) = match &seat.firmware {
            Some(Firmware { version, outdated }) => (Some(version.clone()), *outdated),
            None => (None, false),
        };
        let peer = about.clone();
        self.send(to, ToClient::Peer { peer, role, name, epoch, language, admitted, firmware, outdated }, out);
    }

    /// Frees a seat; `bye` is said to its participant, the others hear that it is gone.
    pub(super) fn free(&mut self, peer: &PeerId, bye: Option<ByeReason>, out: &mut Vec<Out>) {
        if let (Some(reason), Some(Seat { line: Line::Up(connection), .. })) = (bye, self.seats.get(peer)) {
            out.push(Out::Send { connection: *connection, message: ToClient::Bye { reason } });
            out.push(Out::Close { connection: *connection });
        }
        for other in self.others_connected(peer) {
            self.send(&other, ToClient::PeerGone { peer: peer.clone(), may_return: false }, out);
        }
        self.connections.retain(|connection| connection.other(peer).is_none());
        let freed = self.seats.remove(peer);
        if freed.is_some_and(|seat| seat.role == Role::Staff) && !self.has_staff_seat() {
            self.notice(Some(Role::Guest), Notice::StaffAbsent, out);
        }
    }

    pub(super) fn dismiss_all(&mut self, reason: ByeReason, out: &mut Vec<Out>) {
        self.connections.clear();
        for (_, seat) in std::mem::take(&mut self.seats) {
            if let Line::Up(connection) = seat.line {
                out.push(Out::Send { connection, message: ToClient::Bye { reason } });
                out.push(Out::Close { connection });
            }
        }
    }

    pub(super) fn line_lost(&mut self, now: Uptime, peer: &PeerId, was: ConnectionId, out: &mut Vec<Out>) {
        let Some(seat) = self.seats.get_mut(peer) else { return };
        if seat.line != Line::Up(was) {
            return;
        }
        seat.line = Line::LostUntil(kept_until(now));
        for other in self.others_connected(peer) {
            self.send(&other, ToClient::PeerGone { peer: peer.clone(), may_return: true }, out);
        }
    }

    /// The seats as the store is to keep them, if they changed since the last time.
    #[expect(clippy::option_option, reason = "changed or not; and then somebody is there or nobody")]
    pub(super) fn changed(&mut self) -> Option<Option<Running>> {
        let running = self.running();
        if running == self.kept {
            return None;
        }
        self.kept.clone_from(&running);
        Some(running)
    }

    fn running(&self) -> Option<Running> {
        if self.seats.is_empty() {
            return None;
        }
        let seats = self.seats.iter().map(|(peer, seat)| RunningSeat {
            peer: peer.clone(),
            role: seat.role,
            token: seat.token.to_hex(),
            language: seat.language.clone(),
            staff: seat.staff.clone(),
            invitation: seat.invitation.clone(),
            consented: seat.consented,
            admitted: seat.admitted,
            muted: seat.off.map(|off| (off.microphone, off.camera)),
            no_sound: seat.off.is_some_and(|off| off.speaker),
        });
        let links = self.connections.iter().map(|one| (one.offerer.clone(), one.answerer.clone(), one.epoch));
        let (last_epoch, last_peer, hold) = (self.last_epoch, self.last_peer, self.hold);
        Some(Running { seats: seats.collect(), links: links.collect(), last_epoch, last_peer, hold })
    }

    pub(super) fn restore(&mut self, now: Now, running: Running) {
        if self.is_over(now.wall) || self.appointment.standing == Standing::Revoked {
            self.kept = Some(running);
            return;
        }
        self.kept = Some(running.clone());
        // A newer server may have kept somebody whom this one does not know what to do with.
        for seat in running.seats.into_iter().filter(|seat| seat.role != Role::Unknown) {
            let Some(token) = KeyHash::from_hex(&seat.token) else { continue };
            let first = (seat.role == Role::Guest).then(|| FIRST.to_owned());
            let invitation = seat.invitation.or(first);
            let kept = Seat {
                role: seat.role,
                line: Line::LostUntil(kept_until(now.steady)),
                token,
                language: seat.language,
                // It says so again when it comes back, as with its firmware.
                abilities: Abilities::default(),
                told: Vec::new(),
                staff: seat.staff,
                invitation,
                consented: seat.consented,
                admitted: seat.admitted,
                off: seat.muted.map(|(microphone, camera)| Off { microphone, camera, speaker: seat.no_sound }),
                firmware: None,
            };
            self.seats.insert(seat.peer, kept);
        }
        for (offerer, answerer, epoch) in running.links {
            if self.seats.contains_key(&offerer) && self.seats.contains_key(&answerer) {
                self.connections.push(Connection::new(offerer, answerer, epoch));
            }
        }
        (self.last_epoch, self.last_peer, self.hold) = (running.last_epoch, running.last_peer, running.hold);
    }
}

fn kept_until(now: Uptime) -> Uptime {
    now + Duration::from_secs(RESUME_SECONDS)
}
