//! Chapter 1: is a wipe still owed, is there a loan? Shows the city's name; a press changes the language. What a stick
//! brings is dealt with here, too ([`stick`]).

pub(super) mod stick;

use super::network::Network;
use super::wipe::Wipe;
use super::{Chapter, Event, Sight, Takes, Why};
use crate::model::known::Known;
use crate::model::light::Light;
use crate::model::screen::{Aside, Face, HoldDoes, PressDoes};
use crate::model::turn::{Effect, Told};
use crate::model::uptime::Uptime;
use std::time::Duration;
use stick::{Job, Work};

/// The store must have answered by then.
const READING: Duration = Duration::from_secs(15);
/// The first screen stays at least this long, so that a person can change the language.
const GREETING: Duration = Duration::from_secs(4);

pub(super) struct Boot(Phase);

enum Phase {
    Reading {
        since: Uptime,
    },
    Greeting {
        until: Uptime,
    },
    /// `silent`: the store has not answered yet; whenever it does, it is heard.
    NoLoan {
        silent: bool,
        made_anew: bool,
    },
    LoanEnded,
    /// An update, a loan, or word about them.
    Stick(Work),
}

impl Boot {
    pub(super) fn new(now: Uptime) -> Self {
        Self(Phase::Reading { since: now })
    }

    /// Back at the first screen by hand, where the language can be changed.
    pub(super) fn again(now: Uptime) -> Chapter {
        Chapter::Boot(Self(Phase::Greeting { until: now + GREETING }))
    }

    /// After a complete wipe, or when nothing is prepared: bring the device back.
    pub(super) fn no_loan() -> Self {
        Self(Phase::NoLoan { silent: false, made_anew: false })
    }

    /// The room server's date is past the loan's last day.
    pub(super) fn loan_ended() -> Self {
        Self(Phase::LoanEnded)
    }

    /// Deals with what a stick brought.
    pub(super) fn deal_with(now: Uptime, job: Job, known: &mut Known, effects: &mut Vec<Effect>) -> Self {
        Self(Phase::Stick(Work::begin(now, job, known, effects)))
    }

    /// Starts the whole device anew.
    pub(super) fn restart(now: Uptime, effects: &mut Vec<Effect>) -> Chapter {
        Chapter::Boot(Self(Phase::Stick(Work::restart(now, effects))))
    }

    pub(super) fn handle(self, now: Uptime, event: Event, known: &mut Known, effects: &mut Vec<Effect>) -> Chapter {
        let phase = match (self.0, event) {
            (phase @ (Phase::Reading { .. } | Phase::NoLoan { silent: true, .. }), Event::Told(Told::Held(held))) => {
                let wipe_owed = held.wipe_owed;
                known.hold(*held);
                if wipe_owed {
                    return Chapter::Wipe(Wipe::owed(now, known, effects));
                }
                match phase {
                    _ if known.loan.is_none() => at_rest(now, known),
                    Phase::Reading { since } => Phase::Greeting { until: (since + GREETING).max(now) },
                    _ => at_rest(now, known),
                }
            }
            (Phase::Reading { since }, Event::Tick) if now >= since + READING => {
                known.unreadable = true;
                Phase::NoLoan { silent: true, made_anew: false }
            }
            (Phase::Greeting { .. }, Event::Press) => {
                known.choose_next_language();
                Phase::Greeting { until: now + GREETING }
            }
            (Phase::Greeting { until }, Event::Tick) if now >= until => {
                return Network::find(now, known, effects);
            }
            (Phase::Greeting { .. } | Phase::NoLoan { .. } | Phase::LoanEnded, Event::ReturnAsked) => {
                return Chapter::Wipe(Wipe::everything(now, known, effects));
            }
            (Phase::Stick(work), event) => match work.handle(now, event, known, effects) {
                Some(work) => Phase::Stick(work),
                None => at_rest(now, known),
            },
            (phase, _) => phase,
        };
        Chapter::Boot(Self(phase))
    }

    /// What is taken up from a stick now.
    pub(super) fn takes(&self) -> Takes {
        match self.0 {
            Phase::Reading { .. } | Phase::Stick(_) => Takes::Nothing,
            Phase::NoLoan { silent: true, .. } => Takes::Returns,
            Phase::Greeting { .. } | Phase::NoLoan { .. } | Phase::LoanEnded => Takes::Everything,
        }
    }

    pub(super) fn wake_at(&self) -> Option<(Uptime, Why)> {
        match &self.0 {
            Phase::Reading { since } => Some((*since + READING, Why("the store to say what it holds"))),
            Phase::Greeting { until } => Some((*until, Why("a person who may want another language"))),
            Phase::Stick(work) => Some(work.wake_at()),
            Phase::NoLoan { .. } | Phase::LoanEnded => None,
        }
    }

    pub(super) fn waits_for_person(&self) -> Option<&'static str> {
        match &self.0 {
            Phase::NoLoan { .. } | Phase::LoanEnded => Some("staff, to whom the device must be brought"),
            Phase::Stick(work) => work.waits_for_person(),
            Phase::Reading { .. } | Phase::Greeting { .. } => None,
        }
    }

    pub(super) fn light(&self) -> Light {
        match &self.0 {
            Phase::Reading { .. } | Phase::Greeting { .. } => Light::Breathing,
            Phase::NoLoan { .. } | Phase::LoanEnded => Light::Fast,
            Phase::Stick(work) => work.light(),
        }
    }

    pub(super) fn sight(&self, known: &Known) -> Sight {
        let (face, press, hold) = match &self.0 {
            Phase::Reading { .. } => (Face::Starting, None, None::<HoldDoes>),
            Phase::Greeting { .. } => {
                (Face::Starting, known.speaks_another_language().then_some(PressDoes::Language), None)
            }
            Phase::NoLoan { made_anew: true, .. } => (Face::MadeAnew, None, None),
            Phase::NoLoan { .. } => match known.refused_loan.clone() {
                Some((id, why)) => (Face::LoanRefused { id, why }, None, None),
                None => (Face::NoLoan, None, None),
            },
            Phase::LoanEnded => (Face::LoanEnded, None, None),
            Phase::Stick(work) => return work.sight(),
        };
        let first = matches!(face, Face::Starting | Face::NoLoan);
        Sight { face, press, hold, aside: (first && known.development).then_some(Aside::Development) }
    }
}

/// Where the story goes on from: the first screen, or "nothing is prepared".
fn at_rest(now: Uptime, known: &Known) -> Phase {
    match known.loan {
        Some(_) => Phase::Greeting { until: now + GREETING },
        None => Phase::NoLoan { silent: false, made_anew: known.made_anew },
    }
}
