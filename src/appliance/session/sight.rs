//! What is to be seen in a session, and what it waits for.

use super::{GRACE, Inside, LOST_FOR_GOOD};
use crate::appliance::{Sight, Why};
use crate::model::known::Known;
use crate::model::screen::{Aside, Face, HoldDoes, PressDoes};
use crate::model::slot_clock::{to_next_second, whole_seconds};
use crate::model::uptime::Uptime;
use crate::model::wire::TrackKind;
use std::time::Duration;

impl Inside {
    pub(super) fn wake_at(&self, now: Uptime) -> Option<(Uptime, Why)> {
        let line = self.line.wake_at().map(|at| (at, Why("the line to come back")));
        let lost =
            self.lost_since.map(|since| (since + LOST_FOR_GOOD, Why("line and path to come back before we give up")));
        let notice = self.notice.map(|(_, until)| (until, Why("a notice to be read")));
        let call = self.call.wake_at().filter(|_| self.can_connect());
        let call = call.map(|at| (at, Why("the connection to the counter")));
        let consent = self.consent_again.map(|at| (at, Why("the lobby to open by the room's clock")));
        let remaining = self.seat.clock.remaining(now);
        let closing = now + remaining + GRACE.saturating_sub(self.overtime(now));
        let closing = Some((closing, Why("the end of the slot")));
        let second = to_next_second(remaining);
        let second = (now + second, Why("the remaining time's next second"));
        [line, lost, notice, call, consent, closing, Some(second)].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    pub(super) fn sight(&self, now: Uptime, known: &Known) -> Sight {
        let remaining = whole_seconds(self.seat.clock.remaining(now));
        if self.trust.is_lost() {
            let press = self.may_try_again().then_some(PressDoes::Again);
            let aside = self.notice.map(|(notice, _)| notice).or(self.will_phone.then_some(Aside::WillPhone));
            let face = Face::Unverified { tried_again: self.trust.was_tried_again() };
            return Sight { face, press, hold: Some(HoldDoes::Leave), aside };
        }
        let face = match (self.admitted, self.staff_present) {
            (true, _) if self.is_live() => self.live(remaining),
            (true, _) | (_, Some(_)) if !self.line.is_up() => Face::ComingBack { remaining },
            (true, Some(false)) => Face::Lobby { staff_present: false },
            (true, _) if self.was_live => Face::ComingBack { remaining },
            (false, Some(staff_present)) => Face::Lobby { staff_present },
            _ => Face::Entering,
        };
        let pause = if self.paused { PressDoes::Resume } else { PressDoes::Pause };
        let press = self.may_pause(known).then_some(pause);
        let missing = known.missing_senses();
        // That the time is nearly over is no news for whoever still waits for somebody.
        let notice = self.notice.map(|(notice, _)| notice);
        let notice = notice.filter(|notice| {
            self.was_live || self.is_live() || !matches!(notice, Aside::FiveMinutes | Aside::OneMinute)
        });
        let aside = notice.or(missing.filter(|missing| missing.lacks_speaker()));
        let aside = aside.or(self.paused.then_some(Aside::Paused));
        let aside = aside.or(self.will_phone.then_some(Aside::WillPhone)).or(missing);
        let aside = aside.or(known.silent_microphone());
        let aside = aside.or((self.is_live() && self.loud_tv).then_some(Aside::LoudTv));
        let aside = aside.or(self.is_off(TrackKind::Microphone).then_some(Aside::StaffMuted));
        let aside = aside.or(self.is_off(TrackKind::Camera).then_some(Aside::StaffCameraOff));
        Sight { face, press, hold: Some(HoldDoes::Leave), aside }
    }

    pub(super) fn live(&self, remaining: Duration) -> Face {
        let name = self.call.name().to_owned();
        Face::Live { name, remaining, quality: self.judge.quality(), held: self.held }
    }
}
