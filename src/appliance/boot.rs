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
    Reading { since: Uptime },
    Greeting { until: Uptime },
    NoLoan,
    LoanEnded,
}

impl Boot {
    pub(super) fn new(now: Uptime) -> Self {
        Self(Phase::Reading { since: now })
    }

    /// After a complete wipe, or when nothing is prepared: bring the device back.
    pub(super) fn no_loan() -> Self {
        Self(Phase::NoLoan)
    }

    /// The room server's date is past the loan's last day.
    pub(super) fn loan_ended() -> Self {
        Self(Phase::LoanEnded)
    }

    pub(super) fn handle(self, now: Uptime, event: Event, known: &mut Known, effects: &mut Vec<Effect>) -> Chapter {
        let phase = match (self.0, event) {
            (Phase::Reading { since }, Event::Told(Told::Held { wipe_owed, loan })) => {
                if wipe_owed {
                    return Chapter::Wipe(Wipe::owed(now, known, effects));
                }
                match loan {
                    Ok(Some(loan)) => {
                        known.language = loan.languages.first().copied().unwrap_or_default();
                        known.loan = Some(loan);
                        Phase::Greeting { until: (since + GREETING).max(now) }
                    }
                    Ok(None) | Err(_) => Phase::NoLoan,
                }
            }
            (Phase::Reading { since }, Event::Tick) if now >= since + READING => Phase::NoLoan,
            (Phase::Greeting { .. }, Event::Press) => {
                if let Some(loan) = &known.loan {
                    known.language = loan.language_after(known.language);
                }
                Phase::Greeting { until: now + GREETING }
            }
            (Phase::Greeting { until }, Event::Tick) if now >= until => {
                return Chapter::Network(Network::find(now));
            }
            (Phase::Greeting { .. }, Event::Told(Told::ReturnAsked)) => {
                return Chapter::Wipe(Wipe::everything(now, known, effects));
            }
            (Phase::NoLoan | Phase::LoanEnded, Event::Told(Told::ReturnAsked)) => {
                return Chapter::Wipe(Wipe::everything(now, known, effects));
            }
            (Phase::NoLoan | Phase::LoanEnded, Event::Hold) if known.loan.is_some() => {
                return Chapter::Network(Network::find(now));
            }
            (phase, _) => phase,
        };
        Chapter::Boot(Self(phase))
    }

    pub(super) fn wake_at(&self) -> Option<(Uptime, Why)> {
        match self.0 {
            Phase::Reading { since } => Some((since + READING, Why("the store to say what it holds"))),
            Phase::Greeting { until } => Some((until, Why("a person who may want another language"))),
            Phase::NoLoan | Phase::LoanEnded => None,
        }
    }

    pub(super) fn waits_for_person(&self) -> Option<&'static str> {
        matches!(self.0, Phase::NoLoan | Phase::LoanEnded).then_some("staff, to whom the device must be brought")
    }

    pub(super) fn light(&self) -> Light {
        match self.0 {
            Phase::Reading { .. } | Phase::Greeting { .. } => Light::Breathing,
            Phase::NoLoan | Phase::LoanEnded => Light::Fast,
        }
    }

    pub(super) fn sight(&self) -> Sight {
        let (face, press, hold) = match self.0 {
            Phase::Reading { .. } => (Face::Starting, None, None),
            Phase::Greeting { .. } => (Face::Starting, Some(PressDoes::Language), None),
            Phase::NoLoan => (Face::NoLoan, None, None),
            Phase::LoanEnded => (Face::LoanEnded, None, Some(HoldDoes::StartAgain)),
        };
        Sight { face, press, hold, aside: None }
    }
}
