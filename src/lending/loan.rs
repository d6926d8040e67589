//! A loan as the ledger knows it: what was agreed, where it stands, and which steps lead on from there.

use super::Changed;
use crate::meeting::rights::Rights;
use crate::model::language::Language;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Where a loan stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// The box lies ready.
    Prepared,
    /// A family has it.
    Lent,
    /// Nobody knows where it is.
    Lost,
    /// It came back. Nothing changes any more.
    Returned {
        /// On which day.
        on: Date,
        /// The code of the device's receipt, where it gave one.
        receipt: Option<String>,
    },
    /// It was never handed out. Nothing changes any more.
    Withdrawn,
}

impl State {
    /// The word that stands for it in the database.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Lent => "lent",
            Self::Lost => "lost",
            Self::Returned { .. } => "returned",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The steps that lead on from here, by the names that they have in messages.
    pub fn steps(&self) -> &'static [&'static str] {
        match self {
            Self::Prepared => &["lend", "withdraw"],
            Self::Lent => &["extend", "return", "lose"],
            Self::Lost => &["return"],
            Self::Returned { .. } | Self::Withdrawn => &[],
        }
    }

    /// Whether its device is taken by it.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Prepared | Self::Lent | Self::Lost)
    }
}

/// Where a loan stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The box lies ready.
    Prepared,
    /// A family has it.
    Lent,
    /// This is its last day.
    Due,
    /// Its last day is over.
    Overdue,
    /// Nobody knows where it is.
    Lost,
    /// It came back.
    Returned,
    /// It was never handed out.
    Withdrawn,
}

impl Standing {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Prepared, Self::Lent, Self::Due, Self::Overdue, Self::Lost, Self::Returned, Self::Withdrawn];

    /// A stable word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Lent => "lent",
            Self::Due => "due",
            Self::Overdue => "overdue",
            Self::Lost => "lost",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What is agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LoanTerms {
    /// Its number on the city's list, as the loan's file bears it: 1 to 40 capital letters, digits or hyphens. It never changes.
    pub number: String,
    /// Number of the device; any, until it is handed out.
    #[serde(default)]
    pub device: Option<String>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// Counters ([`crate::meeting::appointment::Counter::id`]). Never empty.
    pub counters: Vec<String>,
    /// Languages, the default first. Never empty.
    pub languages: Vec<Language>,
    /// Anything else, without names.
    #[serde(default)]
    pub remark: String,
}

/// What happens to a loan.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// The box is handed out.
    Lend {
        /// Which, where the loan does not say it yet.
        #[serde(default)]
        device: Option<String>,
    },
    /// It may stay longer.
    Extend {
        /// The new last day.
        until: Date,
    },
    /// Nobody knows where it is.
    Lose,
    /// It came back.
    Return {
        /// The code of the device's receipt.
        #[serde(default)]
        receipt: Option<String>,
    },
    /// It will not be handed out.
    Withdraw,
}

impl Step {
    /// The word of it in the audit trail.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Lend { .. } => "loan-lent",
            Self::Extend { .. } => "loan-extended",
            Self::Lose => "loan-lost",
            Self::Return { .. } => "loan-returned",
            Self::Withdraw => "loan-withdrawn",
        }
    }

    /// Whether it leads on from `state`.
    pub fn leads_from(&self, state: &State) -> bool {
        match self {
            Self::Lend { .. } | Self::Withdraw => *state == State::Prepared,
            Self::Extend { .. } | Self::Lose => *state == State::Lent,
            Self::Return { .. } => matches!(state, State::Lent | State::Lost),
        }
    }
}

/// A loan in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loan {
    /// What was agreed on.
    #[serde(flatten)]
    pub terms: LoanTerms,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
    /// Counts the changes, from 1.
    pub revision: u32,
    /// The last change.
    pub changed: Changed,
}

impl Loan {
    /// Where it stands on a day.
    pub fn standing(&self, today: Date) -> Standing {
        match self.state {
            State::Prepared => Standing::Prepared,
            State::Lent if self.terms.until < today => Standing::Overdue,
            State::Lent if self.terms.until == today => Standing::Due,
            State::Lent => Standing::Lent,
            State::Lost => Standing::Lost,
            State::Returned { .. } => Standing::Returned,
            State::Withdrawn => Standing::Withdrawn,
        }
    }

    /// Whether an account may see and change it: one that lends at one of its counters.
    pub fn is_within(&self, rights: &Rights) -> bool {
        self.terms.counters.iter().any(|counter| rights.lends_at(counter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_steps_that_are_offered_are_those_that_are_taken() {
        let day = date(2026, 12, 1);
        let steps = [
            Step::Lend { device: None },
            Step::Extend { until: day },
            Step::Return { receipt: None },
            Step::Lose,
            Step::Withdraw,
        ];
        let back = State::Returned { on: day, receipt: None };
        for state in [State::Prepared, State::Lent, State::Lost, back, State::Withdrawn] {
            let led: Vec<_> = steps.iter().filter(|step| step.leads_from(&state)).collect();
            let names: Vec<_> = led.iter().map(|step| serde_json::to_value(step).unwrap()["step"].clone()).collect();
            assert_eq!(names, state.steps(), "{state:?}");
        }
    }
}
