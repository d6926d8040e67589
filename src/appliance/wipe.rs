//! Chapter 6: forgets, step by step, each confirmed; after a session the key, at return everything.
//!
//! A full wipe is noted as owed before its first step and struck off after its last, so that a power cut at
//! any moment leads back here.

use super::boot::Boot;
use super::network::Network;
use super::{Chapter, Event, Sight, Why};
use crate::model::ids::Attempt;
use crate::model::known::Known;
use crate::model::light::Light;
use crate::model::screen::{Face, HoldDoes, PressDoes, WipeStep};
use crate::model::stick::StickNews;
use crate::model::turn::{Effect, NetworkNews, Told};
use crate::model::uptime::Uptime;
use std::time::Duration;

/// Each step must be confirmed by then, else it is tried again.
const STEP: Duration = Duration::from_secs(30);
/// Pause before a failed step is tried again.
const AGAIN: Duration = Duration::from_secs(5);

const AFTER_SESSION: &[WipeStep] = &[WipeStep::Key, WipeStep::Verify];
/// The memory's key first: whatever keeps the other steps, it is gone.
const EVERYTHING: &[WipeStep] = &[WipeStep::Data, WipeStep::Network, WipeStep::Key, WipeStep::Verify];

pub(super) struct Wipe {
    steps: &'static [WipeStep],
    receipt: Option<String>,
    boot: Option<String>,
    announced: bool,
    /// They left by mistake, and show their paper again.
    comes_back: bool,
    phase: Phase,
}

#[derive(Clone, Copy)]
enum Phase {
    Owing {
        attempt: Attempt,
        until: Uptime,
    },
    Doing {
        index: usize,
        attempt: Attempt,
        until: Uptime,
    },
    Settling {
        attempt: Attempt,
        until: Uptime,
    },
    /// `None`: the debt itself could not be noted.
    Failed {
        index: Option<usize>,
        until: Uptime,
    },
    /// The camera stays closed until somebody wishes to begin again; after a full wipe nobody can.
    Forgotten,
}

impl Wipe {
    /// After a session: the room key.
    pub(super) fn after_session(now: Uptime, comes_back: bool, known: &mut Known, effects: &mut Vec<Effect>) -> Self {
        known.remembered = None;
        let phase = begin_step(now, AFTER_SESSION, 0, known, effects);
        Self { steps: AFTER_SESSION, receipt: None, boot: None, announced: false, comes_back, phase }
    }

    /// At return: everything.
    pub(super) fn everything(now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) -> Self {
        let refused = known.refused_loan.as_ref().map(|(id, _)| id);
        let receipt = known.loan.as_ref().map(|loan| &loan.id).or(refused).cloned();
        let language = known.language;
        known.forget();
        known.language = language;
        let phase = owe(now, known, effects);
        Self { steps: EVERYTHING, receipt, boot: None, announced: false, comes_back: false, phase }
    }

    /// At power-on with a debt: everything, before anything else.
    pub(super) fn owed(now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) -> Self {
        known.forget();
        let phase = begin_step(now, EVERYTHING, 0, known, effects);
        Self { steps: EVERYTHING, receipt: None, boot: None, announced: true, comes_back: false, phase }
    }

    fn is_full(&self) -> bool {
        self.steps.len() == EVERYTHING.len()
    }

    pub(super) fn handle(mut self, now: Uptime, event: Event, known: &mut Known, effects: &mut Vec<Effect>) -> Chapter {
        match event {
            Event::Told(Told::Stored { attempt, result }) => {
                self.confirmed(now, attempt, result.is_ok(), known, effects)
            }
            Event::Told(Told::Network { attempt, news }) => {
                self.confirmed(now, attempt, news == NetworkNews::Forgotten, known, effects);
            }
            Event::Told(Told::BootFiles(number)) => self.boot = Some(number),
            Event::Tick => self.time_passed(now, known, effects),
            Event::Press if matches!(self.phase, Phase::Forgotten) && !self.is_full() => {
                return Network::find(now, known, effects);
            }
            Event::Hold if matches!(self.phase, Phase::Forgotten) && self.is_full() => {
                return Boot::restart(now, effects);
            }
            // The memory's key is gone: what the stick brings is kept after a new start.
            Event::Told(Told::Stick(StickNews::In(stick)))
                if matches!(self.phase, Phase::Forgotten) && self.is_full() && stick.brings_something_new() =>
            {
                return Boot::restart(now, effects);
            }
            Event::ReturnAsked if !self.is_full() => {
                return Chapter::Wipe(Self::everything(now, known, effects));
            }
            _ => {}
        }
        match self.phase {
            Phase::Forgotten if self.is_full() && self.receipt.is_none() => Chapter::Boot(Boot::no_loan()),
            Phase::Forgotten if self.comes_back => Network::find(now, known, effects),
            _ => Chapter::Wipe(self),
        }
    }

    fn confirmed(&mut self, now: Uptime, attempt: Attempt, done: bool, known: &mut Known, effects: &mut Vec<Effect>) {
        self.phase = match self.phase {
            Phase::Owing { attempt: of, .. } if of == attempt && done => begin_step(now, self.steps, 0, known, effects),
            Phase::Doing { index, attempt: of, .. } if of == attempt && done => {
                self.after_step(now, index + 1, known, effects)
            }
            Phase::Settling { attempt: of, .. } if of == attempt && done => Phase::Forgotten,
            Phase::Owing { attempt: of, .. } if of == attempt => Phase::Failed { index: None, until: now + AGAIN },
            Phase::Doing { index, attempt: of, .. } if of == attempt => {
                Phase::Failed { index: Some(index), until: now + AGAIN }
            }
            Phase::Settling { attempt: of, .. } if of == attempt => {
                Phase::Failed { index: Some(self.steps.len() - 1), until: now + AGAIN }
            }
            phase => phase,
        };
    }

    fn after_step(&self, now: Uptime, next: usize, known: &mut Known, effects: &mut Vec<Effect>) -> Phase {
        if next < self.steps.len() {
            return begin_step(now, self.steps, next, known, effects);
        }
        if !self.is_full() {
            return Phase::Forgotten;
        }
        let attempt = known.ask();
        effects.push(Effect::WipeDone { attempt });
        Phase::Settling { attempt, until: now + STEP }
    }

    /// Steps are safe to repeat, so a failure or silence begins the step again, for ever: an unfinished wipe is
    /// never left behind.
    fn time_passed(&mut self, now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) {
        self.phase = match self.phase {
            Phase::Owing { until, .. } if now >= until => Phase::Failed { index: None, until: now + AGAIN },
            Phase::Doing { index, until, .. } if now >= until => {
                Phase::Failed { index: Some(index), until: now + AGAIN }
            }
            Phase::Settling { until, .. } if now >= until => {
                Phase::Failed { index: Some(self.steps.len() - 1), until: now + AGAIN }
            }
            Phase::Failed { index: None, until } if now >= until => owe(now, known, effects),
            Phase::Failed { index: Some(index), until } if now >= until => {
                begin_step(now, self.steps, index, known, effects)
            }
            phase => phase,
        };
    }

    pub(super) fn wake_at(&self) -> Option<(Uptime, Why)> {
        match self.phase {
            Phase::Owing { until, .. } => Some((until, Why("the debt to be noted"))),
            Phase::Doing { until, .. } => Some((until, Why("a step of forgetting"))),
            Phase::Settling { until, .. } => Some((until, Why("the debt to be struck off"))),
            Phase::Failed { until, .. } => Some((until, Why("a failed step to be tried again"))),
            Phase::Forgotten => None,
        }
    }

    pub(super) fn waits_for_person(&self) -> Option<&'static str> {
        let whom = if self.is_full() { "staff to note the receipt" } else { "a press to begin again" };
        matches!(self.phase, Phase::Forgotten).then_some(whom)
    }

    pub(super) fn light(&self) -> Light {
        match self.phase {
            Phase::Failed { .. } => Light::Fast,
            Phase::Forgotten if self.is_full() => Light::Off,
            Phase::Forgotten => Light::Steady,
            _ => Light::Breathing,
        }
    }

    pub(super) fn sight(&self) -> Sight {
        let of = u8::try_from(self.steps.len()).unwrap_or(u8::MAX);
        let done = |index: usize| u8::try_from(index).unwrap_or(of);
        let step = |index: usize| self.steps.get(index).copied().unwrap_or(WipeStep::Verify);
        let face = match &self.phase {
            Phase::Doing { index: 0, .. } if self.announced => Face::WipeOwed,
            Phase::Owing { .. } => Face::Forgetting { step: step(0), done: 0, of },
            Phase::Doing { index, .. } => Face::Forgetting { step: step(*index), done: done(*index), of },
            Phase::Settling { .. } => Face::Forgetting { step: WipeStep::Verify, done: of, of },
            Phase::Failed { index, .. } => Face::WipeFailed(step(index.unwrap_or(0))),
            Phase::Forgotten => Face::Forgotten { receipt: self.receipt.clone(), boot: self.boot.clone() },
        };
        // What comes next at the counter is to pull the plug.
        let (press, hold) = match self.phase {
            Phase::Forgotten if self.is_full() => (None, Some(HoldDoes::Restart)),
            Phase::Forgotten => (Some(PressDoes::Again), None),
            _ => (None, None),
        };
        Sight { face, press, hold, aside: None }
    }
}

fn owe(now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) -> Phase {
    let attempt = known.ask();
    effects.push(Effect::OweWipe { attempt, returned: known.returning });
    Phase::Owing { attempt, until: now + STEP }
}

fn begin_step(now: Uptime, steps: &[WipeStep], index: usize, known: &mut Known, effects: &mut Vec<Effect>) -> Phase {
    let attempt = known.ask();
    match steps.get(index).copied().unwrap_or(WipeStep::Verify) {
        WipeStep::Network => effects.push(Effect::ForgetNetwork { attempt }),
        step => effects.push(Effect::Wipe { attempt, step }),
    }
    Phase::Doing { index, attempt, until: now + STEP }
}
