//! What survives a power cut: the loan, and a wipe that is owed.

use crate::model::ids::Attempt;
use crate::model::loan::Loan;
use crate::model::screen::WipeStep;

/// What the store holds at power-on.
pub struct Held {
    /// A wipe was begun and not finished, or is owed.
    pub wipe_owed: bool,
    /// The loan; `None` when none is prepared, an error sentence when it cannot be read.
    pub loan: Result<Option<Loan>, String>,
}

/// What the store is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreAsk {
    /// Notes that a wipe is owed, before its first step. Answered when it is safely on disk.
    OweWipe {
        /// Number of this question.
        attempt: Attempt,
    },
    /// Does a step of forgetting and looks that it is done.
    Wipe {
        /// Number of this question.
        attempt: Attempt,
        /// The step.
        step: WipeStep,
    },
    /// Notes that nothing is owed any more, after the last step.
    WipeDone {
        /// Number of this question.
        attempt: Attempt,
    },
}

/// What the store says.
pub enum StoreEvent {
    /// What it holds, once at start.
    Held(Held),
    /// The asked thing is done, or failed with a reason for the log.
    Done {
        /// Which question.
        attempt: Attempt,
        /// What was tried and how it failed.
        result: Result<(), String>,
    },
}
