//! A device as the ledger knows it.

use super::Changed;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Nobody has looked.
    #[default]
    Unknown,
    /// All of it works.
    Good,
    /// It works, and somebody is to look at it.
    Watch,
    /// It is not to be lent.
    Broken,
    /// It is out of use for good.
    Retired,
}

impl Health {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Unknown, Self::Good, Self::Watch, Self::Broken, Self::Retired];

    /// The word that stands for it in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Good => "good",
            Self::Watch => "watch",
            Self::Broken => "broken",
            Self::Retired => "retired",
        }
    }

    /// Whether it may be handed out.
    pub fn may_be_lent(self) -> bool {
        !matches!(self, Self::Broken | Self::Retired)
    }
}

/// One of the two systems on a device's disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    /// Both.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// The word that stands for it in the database, and on the device's screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

/// What a clerk writes down of a device.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeviceTerms {
    /// Number on its sticker: 1 to 40 capital letters, digits or hyphens. It never changes.
    pub number: String,
    /// Which board it is, in words.
    #[serde(default)]
    pub board: String,
    /// Version of its program.
    #[serde(default)]
    pub version: String,
    /// Which of its two systems runs.
    #[serde(default)]
    pub slot: Option<Slot>,
    /// The day when somebody last had it before them.
    #[serde(default)]
    pub last_seen: Option<Date>,
    /// How it is.
    #[serde(default)]
    pub health: Health,
    /// Anything else, without names.
    #[serde(default)]
    pub remark: String,
}

/// A device in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    /// What was written down.
    #[serde(flatten)]
    pub terms: DeviceTerms,
    /// Counts the changes, from 1.
    pub revision: u32,
    /// The last change.
    pub changed: Changed,
}
