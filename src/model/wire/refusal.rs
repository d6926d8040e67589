//! Why a hello is not accepted, and what a family is told of it: a new reason begins here, and needs its words.

use super::{ByeReason, Versions};
use crate::model::trouble::RoomRefusal;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Why a hello is not accepted. "Unknown" and "malformed" keys get the same answer on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Refusal {
    /// No such key (or not a key at all).
    UnknownKey,
    /// The slot is over.
    Over,
    /// Staff withdrew the appointment, or the loan.
    Revoked,
    /// Every seat is taken: the key is in use elsewhere.
    RoomFull,
    /// Staff let this participant leave; the key is no longer good.
    LetLeave,
    /// Too many tries; wait this many seconds.
    TooManyTries {
        /// Seconds until the next try is looked at.
        wait_seconds: u32,
    },
    /// The two have no version in common.
    Version {
        /// The newest that the server speaks.
        server: u16,
        /// The oldest; without it there is one alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        oldest: Option<u16>,
    },
    /// A resumption token that is unknown or too old: say hello with the key again.
    ResumeExpired,
    /// Not signed in, or not this counter's staff.
    NotStaff,
    /// To staff: a colleague holds the counter's seat, and was not to be relieved.
    Taken {
        /// The colleague's account.
        by: String,
    },
    /// The server is being shut down or is too full.
    Busy,
    /// A reason of a newer vocabulary.
    #[serde(other)]
    #[cfg_attr(feature = "room", schemars(skip))]
    Unknown,
}

impl Refusal {
    /// No version in common with ours.
    pub fn version() -> Self {
        Self::Version {
            server: Versions::OWN.newest,
            oldest: Versions::OWN.newest_said().map(|_| Versions::OWN.oldest),
        }
    }

    /// What a family is told.
    pub const fn told(&self) -> RoomRefusal {
        match self {
            Self::UnknownKey | Self::ResumeExpired | Self::NotStaff => RoomRefusal::UnknownKey,
            Self::Over => RoomRefusal::Over,
            Self::Revoked => RoomRefusal::Revoked,
            Self::LetLeave => RoomRefusal::LetLeave,
            Self::Version { .. } => RoomRefusal::Version,
            Self::RoomFull | Self::Taken { .. } => RoomRefusal::RoomFull,
            Self::Busy => RoomRefusal::Busy,
            Self::TooManyTries { .. } => RoomRefusal::TooManyTries,
            Self::Unknown => RoomRefusal::Other,
        }
    }

    /// What a goodbye means to somebody who was not in yet.
    pub const fn after(goodbye: ByeReason) -> Self {
        match goodbye {
            ByeReason::LetLeave => Self::LetLeave,
            ByeReason::Revoked => Self::Revoked,
            ByeReason::Replaced | ByeReason::SignedOut => Self::RoomFull,
            ByeReason::ServerClosing | ByeReason::Misbehaved => Self::Busy,
            ByeReason::Left | ByeReason::Ended | ByeReason::SlotOver => Self::Over,
            ByeReason::Unknown => Self::Unknown,
        }
    }

    /// How long to wait before the key is asked about again by itself.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::TooManyTries { wait_seconds } => Some(Duration::from_secs(u64::from(*wait_seconds).clamp(1, 900))),
            _ => None,
        }
    }

    /// Every reason, for the documented examples.
    pub fn examples() -> Vec<Self> {
        vec![
            Self::UnknownKey,
            Self::Over,
            Self::Revoked,
            Self::RoomFull,
            Self::LetLeave,
            Self::TooManyTries { wait_seconds: 6 },
            Self::version(),
            Self::ResumeExpired,
            Self::NotStaff,
            Self::Taken { by: "佐藤".to_owned() },
            Self::Busy,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_told_in_a_way_that_is_listed() {
        for refusal in Refusal::examples().iter().chain([&Refusal::Unknown]) {
            assert!(RoomRefusal::ALL.contains(&refusal.told()), "{refusal:?}");
            assert_eq!(refusal.wait().is_some(), refusal.told() == RoomRefusal::TooManyTries, "{refusal:?}");
        }
    }
}
