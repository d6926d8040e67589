//! Who else is in a room, apart from the connections that are made with them: how many there may be is a room's policy.

use super::Role;
use crate::model::ids::PeerId;
use serde::{Deserialize, Serialize};

/// The ability to hear `ToClient::People`.
pub const PEOPLE: &str = "people";

/// Somebody else in the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct Participant {
    /// Who.
    pub id: PeerId,
    /// Guest or counter.
    pub role: Role,
    /// Name to show; empty for a guest.
    pub name: String,
    /// The line is up.
    pub present: bool,
    /// Let in (a guest) or of the counter.
    pub admitted: bool,
    /// What may come from there; nothing before something was said of it.
    #[serde(default)]
    pub tracks: Vec<Track>,
}

impl Participant {
    /// Its track of that kind.
    pub fn track(&self, kind: TrackKind) -> Option<Track> {
        self.tracks.iter().copied().find(|track| track.kind == kind)
    }
}

/// Sound or picture of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct Track {
    /// Of what.
    pub kind: TrackKind,
    /// Off, or there is none.
    pub muted: bool,
}

/// What a track is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TrackKind {
    /// Sound.
    Microphone,
    /// Picture.
    Camera,
    /// A kind of a newer vocabulary: nothing is made of it.
    #[serde(other)]
    #[cfg_attr(feature = "room", schemars(skip))]
    Unknown,
}
