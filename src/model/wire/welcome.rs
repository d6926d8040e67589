//! The server's answer to a hello that it accepts.

use super::{Abilities, IceServer, Words};
use crate::model::ids::PeerId;
use crate::model::secret::{Secret, on_the_wire};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The reserved slot, by the server's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct Slot {
    /// When the lobby opens (10 minutes before the start).
    #[cfg_attr(feature = "room", schemars(with = "String"))]
    pub opens: Timestamp,
    /// When the consultation starts.
    #[cfg_attr(feature = "room", schemars(with = "String"))]
    pub starts: Timestamp,
    /// When the room closes, whoever came late.
    #[cfg_attr(feature = "room", schemars(with = "String"))]
    pub ends: Timestamp,
}

/// The server's answer to a hello it accepts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct Welcome {
    /// The version that both ends speak from now on: the newest that they have in common.
    pub version: u16,
    /// What both ends can do; only that is used between them.
    #[serde(default, skip_serializing_if = "Abilities::is_empty")]
    pub abilities: Abilities,
    /// The participant's own name in this room.
    pub you: PeerId,
    /// The server's clock at this message: the one that counts.
    #[cfg_attr(feature = "room", schemars(with = "String"))]
    pub server_time: Timestamp,
    /// The reserved slot.
    pub slot: Slot,
    /// IANA time zone in which times are shown.
    pub time_zone: String,
    /// The counter's name.
    pub counter: Words,
    /// The counter's telephone number, as people dial it.
    pub telephone: String,
    /// Version of the rules to agree to.
    pub rules: String,
    /// STUN and TURN servers for this seat, when it agreed to the rules already and the lobby is open; else they come by
    /// `ToClient::Servers`.
    #[serde(default)]
    pub ice_servers: Vec<IceServer>,
    /// Media may go through the TURN servers only.
    #[serde(default)]
    pub relay_only: bool,
    /// Proof for coming back to this seat.
    #[serde(with = "on_the_wire")]
    #[cfg_attr(feature = "room", schemars(with = "String"))]
    pub resume: Secret,
    /// Whether this seat had already agreed and been let in (after `Proof::Resume`).
    #[serde(default)]
    pub admitted: bool,
    /// The firmware that the hello named is older than the counter still wants: after the appointment the device is to be
    /// brought back. Nothing else changes by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outdated: bool,
}
