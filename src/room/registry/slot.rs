//! What time does to a room, and what happens when its appointment is given another time.

use super::hello::credentials_expire;
use super::room::{Line, Room};
use super::{Now, Out, Registry, Why};
use crate::model::ids::PeerId;
use crate::model::wire::{ByeReason, Notice, Role, Slot, ToClient};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

impl Registry {
    /// Gives an appointment another time; everybody who is seated learns it.
    pub(super) fn move_to(&mut self, now: Now, appointment: String, slot: &Slot, by: String, out: &mut Vec<Out>) {
        let Some(room) = self.rooms.get_mut(&appointment) else { return };
        let same_start = room.appointment().slot.starts == slot.starts;
        room.go_by(now, slot.clone());
        let expires = credentials_expire(slot);
        for peer in room.seats.keys() {
            let ice_servers = self.settings.turn.servers(expires, &peer.0);
            room.send(peer, ToClient::Moved { slot: slot.clone(), ice_servers }, out);
        }
        let action = if same_start { "appointment-new-end" } else { "appointment-moved" };
        out.push(Out::Audit { staff: by, appointment, action });
        room.pass_time(now, out);
    }
}

impl Room {
    /// What time alone does: lost seats are given up, the slot's moments are announced, the room closes.
    pub(super) fn pass_time(&mut self, now: Now, out: &mut Vec<Out>) {
        let lost =
            self.seats.iter().filter(|(_, seat)| matches!(seat.line, Line::LostUntil(until) if until <= now.steady));
        let lost: Vec<PeerId> = lost.map(|(peer, _)| peer.clone()).collect();
        for peer in lost {
            self.free(&peer, None, out);
        }
        while let Some(why) = self.next
            && self.moment(why) <= now.wall
        {
            self.next = following(why);
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
