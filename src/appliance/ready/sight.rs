//! What is to be seen before the session, and what is waited for.

use super::{Phase, Ready, Seat};
use crate::appliance::{Senses, Sight, Why};
use crate::model::known::Known;
use crate::model::light::Light;
use crate::model::screen::{Face, HoldDoes, Meeting, PressDoes};
use crate::model::slot_clock::{to_next_second, whole_seconds};
use crate::model::uptime::Uptime;

impl Ready {
    pub(in crate::appliance) fn wake_at(&self, now: Uptime) -> Option<(Uptime, Why)> {
        let read = self.read.map(|until| (until, Why("somebody to read that the paper was read")));
        let phase = match &self.phase {
            Phase::Asking { until, .. } => Some((*until, Why("the room's answer about the key"))),
            Phase::Welcome { seat, .. } => Some(seat_wakes(now, seat)),
            Phase::Pausing { until, .. } => Some((*until, Why("the next try to reach the room"))),
            Phase::Mirror { seat, until, chimes, .. } => {
                let looked = (*until, Why("somebody to look into the mirror"));
                let chime = chimes.wake_at().map(|at| (at, Why("the next chime")));
                [Some(seat_wakes(now, seat)), Some(looked), chime].into_iter().flatten().min_by_key(|(at, _)| *at)
            }
            Phase::Rules { seat, .. } => Some(seat_wakes(now, seat)),
            Phase::Refused { until, .. } => until.map(|until| (until, Why("the room to look again"))),
            Phase::Disagreed | Phase::Trouble(_) => None,
        };
        [read, phase].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    pub(in crate::appliance) fn waits_for_person(&self) -> Option<&'static str> {
        match self.phase {
            Phase::Mirror { .. } => Some("a press after looking at the self-view"),
            Phase::Rules { .. } => Some("a press to agree"),
            Phase::Disagreed => Some("a press to read the rules again"),
            Phase::Refused { .. } => Some("a press after reading why"),
            Phase::Trouble(_) => Some("a press to try again"),
            _ => None,
        }
    }

    pub(in crate::appliance) fn light(&self, now: Uptime) -> Light {
        match &self.phase {
            Phase::Asking { .. } | Phase::Pausing { .. } | Phase::Welcome { .. } => Light::Breathing,
            Phase::Mirror { .. } => Light::Steady,
            Phase::Rules { seat, .. } if self.is_on_last_page() && seat.clock.opens_in(now).is_some() => {
                Light::Breathing
            }
            Phase::Rules { .. } | Phase::Disagreed => Light::Steady,
            Phase::Refused { .. } | Phase::Trouble(_) => Light::Fast,
        }
    }

    pub(in crate::appliance) fn senses(&self) -> Senses {
        let mirror = matches!(self.phase, Phase::Mirror { .. });
        Senses { camera: mirror, scan: false, level: mirror }
    }

    pub(in crate::appliance) fn sight(&self, now: Uptime, known: &Known) -> Sight {
        let (face, press, hold) = match &self.phase {
            Phase::Asking { .. } | Phase::Pausing { .. } | Phase::Welcome { .. } => {
                let just_read = self.read.is_some_and(|until| now < until);
                (if just_read { Face::PaperRead } else { Face::AskingRoom }, None, HoldDoes::Back)
            }
            Phase::Mirror { seat, .. } => {
                let another = known.speaks_another_language();
                let hold = if another { HoldDoes::Language } else { HoldDoes::StartAgain };
                (Face::Mirror(meeting(now, seat)), Some(PressDoes::Next), hold)
            }
            Phase::Rules { seat, .. } => {
                let meeting = meeting(now, seat);
                let (press, hold) = match meeting.opens_in {
                    _ if !self.is_on_last_page() => (Some(PressDoes::Next), HoldDoes::Back),
                    None => (Some(PressDoes::AgreeAndJoin), HoldDoes::Disagree),
                    Some(_) => (None, HoldDoes::StartAgain),
                };
                (Face::Rules { meeting, page: self.page }, press, hold)
            }
            Phase::Disagreed => (Face::Disagreed, Some(PressDoes::Back), HoldDoes::StartAgain),
            Phase::Refused { why, .. } => {
                let press = match why {
                    why if why.may_be_tried_again() => Some(PressDoes::Again),
                    why if why.keeps_key() => None,
                    _ => Some(PressDoes::ShowCode),
                };
                (Face::Refused(*why), press, HoldDoes::StartAgain)
            }
            Phase::Trouble(trouble) => (Face::NetworkTrouble(*trouble), Some(PressDoes::Again), HoldDoes::StartAgain),
        };
        let mirror = matches!(face, Face::Mirror(_));
        let aside = known.check_of_senses().filter(|_| mirror);
        Sight { face, press, hold: Some(hold), aside }
    }
}

fn seat_wakes(now: Uptime, seat: &Seat) -> (Uptime, Why) {
    match seat.clock.opens_in(now) {
        Some(left) => (now + to_next_second(left), Why("the countdown's next second")),
        None => (seat.clock.ends_at(now), Why("the end of the slot")),
    }
}

fn meeting(now: Uptime, seat: &Seat) -> Meeting {
    let (starts, ends) = seat.clock.hours();
    Meeting {
        counter: seat.counter.clone(),
        month_day: seat.clock.month_day(),
        starts,
        ends,
        opens_in: seat.clock.opens_in(now).map(whole_seconds),
    }
}
