//! How good the line is, in the three words that a family can use.

use serde::{Deserialize, Serialize};

/// The line in a word. Hysteresis lives with the judge, not here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Quality {
    /// Picture and sound arrive.
    #[default]
    Good,
    /// Some of it is lost; talking still works.
    Fair,
    /// Hard to talk: the screen offers the telephone.
    Weak,
}

/// What one end measured about the line over the last two seconds or so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct LineStats {
    /// Round-trip time in milliseconds, where known.
    pub round_trip_ms: Option<u32>,
    /// Received packets lost, per thousand.
    pub lost_permille: u16,
    /// Decoded pictures per second.
    pub pictures_per_second: u16,
    /// Received bits per second.
    pub received_bps: u32,
    /// Sent bits per second.
    pub sent_bps: u32,
}
