//! Chapter 1: is a wipe still owed, is there a loan? Shows the city's name; a press changes the language.

use super::network::Network;
use super::wipe::Wipe;
use super::{Chapter, Event, Sight, Why};
use crate::model::known::Known;
use crate::model::light::Light;
use crate::model::screen::{Face, HoldDoes, PressDoes};
use crate::model::turn::{Effect, Told};
use crate::model::uptime::Uptime;
use std::time::Duration;

/// The store must have answered by then.
const READING: Duration = Duration::from_secs(15);
/// The first screen stays at least this long, so that a person can change the language.
const GREETING: Duration = Duration::from_secs(4);

pub(super) struct Boot(Phase);

enum Phase {
    Reading {
        since: Uptime,
        return_asked: bool,
    },
    Greeting {
        until: Uptime,
    },
    /// `silent`: the store has not answered yet; whenever it does, it is heard.
    NoLoan {
        silent: bool,
    },
    LoanEnded,
}

impl Boot {
    pub(super) fn new(now: Uptime) -> Self {
        Self(Phase::Reading { since: now, return_asked: false })
    }

    /// Back at the first screen by hand, where the language can be changed.
    pub(super) fn again(now: Uptime) -> Chapter {
        Chapter::Boot(Self(Phase::Greeting { until: now + GREETING }))
    }

    /// After a complete wipe, or when nothing is prepared: bring the device back.
    pub(super) fn no_loan() -> Self {
        Self(Phase::NoLoan { silent: false })
    }

    /// The room server's date is past the loan's last day.
    pub(super) fn loan_ended() -> Self {
        Self(Phase::LoanEnded)
    }

    pub(super) fn handle(self, now: Uptime, event: Event, known: &mut Known, effects: &mut Vec<Effect>) -> Chapter {
        let phase = match (self.0, event) {
            (
                phase @ (Phase::Reading { .. } | Phase::NoLoan { silent: true }),
                Event::Told(Told::Held { wipe_owed, loan }),
            ) => {
                if wipe_owed {
                    return Chapter::Wipe(Wipe::owed(now, known, effects));
                }
                known.loan = loan.ok().flatten();
                known.language =
                    known.loan.as_ref().and_then(|loan| loan.languages.first().copied()).unwrap_or_default();
                match phase {
                    Phase::Reading { return_asked: true, .. } => {
                        return Chapter::Wipe(Wipe::everything(now, known, effects));
                    }
                    _ if known.loan.is_none() => Phase::NoLoan { silent: false },
                    Phase::Reading { since, .. } => Phase::Greeting { until: (since + GREETING).max(now) },
                    _ => Phase::Greeting { until: now + GREETING },
                }
            }
            (Phase::Reading { since, .. }, Event::Told(Told::ReturnAsked)) => {
                Phase::Reading { since, return_asked: true }
            }
            (Phase::Reading { since, return_asked }, Event::Tick) if now >= since + READING => {
                if return_asked {
                    return Chapter::Wipe(Wipe::everything(now, known, effects));
                }
                Phase::NoLoan { silent: true }
            }
            (Phase::Greeting { .. }, Event::Press) => {
                known.choose_next_language();
                Phase::Greeting { until: now + GREETING }
            }
            (Phase::Greeting { until }, Event::Tick) if now >= until => {
                return Network::find(now, known, effects);
            }
            (Phase::Greeting { .. }, Event::Told(Told::ReturnAsked)) => {
                return Chapter::Wipe(Wipe::everything(now, known, effects));
            }
            (Phase::NoLoan { .. } | Phase::LoanEnded, Event::Told(Told::ReturnAsked)) => {
                return Chapter::Wipe(Wipe::everything(now, known, effects));
            }
            (Phase::LoanEnded, Event::Hold) => return Self::again(now),
            (phase, _) => phase,
        };
        Chapter::Boot(Self(phase))
    }

    pub(super) fn wake_at(&self) -> Option<(Uptime, Why)> {
        match self.0 {
            Phase::Reading { since, .. } => Some((since + READING, Why("the store to say what it holds"))),
            Phase::Greeting { until } => Some((until, Why("a person who may want another language"))),
            Phase::NoLoan { .. } | Phase::LoanEnded => None,
        }
    }

    pub(super) fn waits_for_person(&self) -> Option<&'static str> {
        matches!(self.0, Phase::NoLoan { .. } | Phase::LoanEnded).then_some("staff, to whom the device must be brought")
    }

    pub(super) fn light(&self) -> Light {
        match self.0 {
            Phase::Reading { .. } | Phase::Greeting { .. } => Light::Breathing,
            Phase::NoLoan { .. } | Phase::LoanEnded => Light::Fast,
        }
    }

    pub(super) fn sight(&self) -> Sight {
        let (face, press, hold) = match self.0 {
            Phase::Reading { .. } => (Face::Starting, None, None),
            Phase::Greeting { .. } => (Face::Starting, Some(PressDoes::Language), None),
            Phase::NoLoan { .. } => (Face::NoLoan, None, None),
            Phase::LoanEnded => (Face::LoanEnded, None, Some(HoldDoes::StartAgain)),
        };
        Sight { face, press, hold, aside: None }
    }
}
