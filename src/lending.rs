//! The city's ledger of devices and loans: what a clerk may change, and what becomes of it. Pure: the day is an argument, and
//! what is kept is read through a [`Book`].
//!
//! One turn is [`decide()`]: a clerk wants a [`Change`], and either one row is as it is to be kept, or a [`Refusal`] says why not.
//! Nobody overwrites what he has not seen: each row counts its changes, and a change names the revision that the clerk saw.

pub mod csv;
mod decide;
pub mod device;
pub mod doubt;
pub mod loan;
pub mod table;
#[cfg(test)]
mod tests;

use crate::meeting::rights::Rights;
pub use decide::decide;
use device::{Device, DeviceTerms};
use doubt::{Looks, half_width, has_telephone, looks};
use jiff::Timestamp;
use jiff::civil::Date;
use loan::{Loan, LoanTerms, Step};
use serde::{Deserialize, Serialize};

/// Who changed a row last, when, and how: what the other clerk is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The staff account.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The word of it in the audit trail.
    pub did: String,
}

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "row", rename_all = "kebab-case")]
pub enum Row {
    /// A device.
    Device(Device),
    /// A loan.
    Loan(Loan),
}

impl Row {
    /// The number that it goes by.
    pub fn number(&self) -> &str {
        match self {
            Self::Device(device) => &device.terms.number,
            Self::Loan(loan) => &loan.terms.number,
        }
    }

    /// Its last change.
    pub fn changed(&self) -> &Changed {
        match self {
            Self::Device(device) => &device.changed,
            Self::Loan(loan) => &loan.changed,
        }
    }
}

/// What a clerk wants.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Change {
    /// Write down a device, anew or otherwise than before.
    Device {
        /// As it is to be.
        terms: DeviceTerms,
        /// The revision that the clerk saw; none for a new device.
        revision: Option<u32>,
    },
    /// Write down a loan, anew or, while it is prepared, otherwise than before.
    Loan {
        /// As it is to be.
        terms: LoanTerms,
        /// The revision that the clerk saw; none for a new loan.
        revision: Option<u32>,
    },
    /// A step of a loan.
    Step {
        /// Number of the loan.
        loan: String,
        /// The revision that the clerk saw.
        revision: u32,
        /// Which.
        #[serde(flatten)]
        step: Step,
    },
}

/// Why a change is not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Refusal {
    /// There is no such row, or it is another counter's: that is not told apart.
    NoSuch,
    /// The account may not do this.
    NotYours,
    /// There is one of this number.
    Exists,
    /// Somebody else changed the row meanwhile: this is how it is now.
    Stale {
        /// The row.
        newer: Box<Row>,
    },
    /// That does not lead on from where the loan stands.
    Step {
        /// Where it stands ([`State::word`]).
        state: String,
    },
    /// The device has an open loan.
    DeviceTaken {
        /// Number of the loan.
        loan: String,
    },
    /// A field is not as it must be.
    Field {
        /// Which.
        field: &'static str,
        /// A stable word for what is wrong.
        problem: Problem,
    },
    /// A field looks as if it were about a person. It is taken when the clerk says that it is not.
    Doubt {
        /// Which.
        field: &'static str,
        /// Like what.
        looks: Looks,
    },
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// Nothing is there.
    Missing,
    /// It is no number of a device or loan.
    Number,
    /// It is too long, or has control characters.
    Long,
    /// There is no such counter, or it is not the account's.
    Counter,
    /// There is no such device.
    Device,
    /// The device is broken or out of use.
    Unfit,
    /// The last day lies before the first, or before today where the box is to be handed out.
    Past,
    /// The last day is years away.
    Far,
    /// It is no day.
    Day,
    /// It is none of the words that may stand there.
    Word,
    /// It cannot be changed any more.
    Fixed,
}

/// What is kept, as far as a change needs it.
pub trait Book {
    /// Why it cannot be read.
    type Trouble;

    /// A device by its number.
    ///
    /// # Errors
    /// It cannot be read.
    fn device(&self, number: &str) -> Result<Option<Device>, Self::Trouble>;

    /// A loan by its number.
    ///
    /// # Errors
    /// It cannot be read.
    fn loan(&self, number: &str) -> Result<Option<Loan>, Self::Trouble>;

    /// Number of the open loan of a device.
    ///
    /// # Errors
    /// It cannot be read.
    fn open_loan_of(&self, device: &str) -> Result<Option<String>, Self::Trouble>;

    /// Whether there is such a counter.
    ///
    /// # Errors
    /// It cannot be read.
    fn has_counter(&self, id: &str) -> Result<bool, Self::Trouble>;
}

/// Who changes something, and when.
#[derive(Clone, Debug)]
pub struct Hand {
    /// The staff account.
    pub staff: String,
    /// What it may do.
    pub rights: Rights,
    /// The day, where the city is.
    pub today: Date,
    /// The moment.
    pub at: Timestamp,
    /// The clerk says that what looks like a person is none.
    pub confirmed: bool,
}

impl Hand {
    fn changed(&self, did: &str) -> Changed {
        Changed { by: self.staff.clone(), at: self.at, did: did.to_owned() }
    }

    /// Questions a text that was not there before.
    fn doubts(&self, field: &'static str, text: &str, before: Option<&str>, number: bool) -> Result<(), Refusal> {
        let known = self.confirmed || before == Some(text);
        let found = if number { has_telephone(text).then_some(Looks::Telephone) } else { looks(text) };
        found.filter(|_| !known).map_or(Ok(()), |looks| Err(Refusal::Doubt { field, looks }))
    }
}

/// A number as it is kept: in capital letters of ASCII.
pub fn number(written: &str) -> String {
    half_width(written.trim()).to_ascii_uppercase()
}
