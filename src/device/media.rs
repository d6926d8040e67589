//! Picture and sound to and from the counter: one GStreamer pipeline a session, thrown away whole.

use crate::model::ids::{Attempt, Epoch};
use crate::model::quality::LineStats;
use crate::model::wire::{Candidate, IceServer};

/// What the media are asked.
pub enum MediaAsk {
    /// Builds a session pipeline and makes its offer; replaces any older pipeline.
    Build {
        /// Number of this pipeline.
        attempt: Attempt,
        /// The connection it is for.
        epoch: Epoch,
        /// STUN and TURN servers.
        ice_servers: Vec<IceServer>,
        /// Only relayed candidates.
        relay_only: bool,
    },
    /// The other end's answer (RFC 8866).
    Answer {
        /// The pipeline meant; an older one's are dropped.
        attempt: Attempt,
        /// Session description.
        sdp: String,
    },
    /// The other end's candidate.
    Candidate {
        /// The pipeline meant.
        attempt: Attempt,
        /// The candidate.
        candidate: Candidate,
    },
    /// What may flow out and in. Nothing flows until this says so, whatever the transport does.
    Gate {
        /// The pipeline meant.
        attempt: Attempt,
        /// The gates.
        gates: Gates,
    },
    /// Tears the pipeline down.
    Close,
}

/// Which media may flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gates {
    /// Own picture goes out.
    pub picture: bool,
    /// Own sound goes out.
    pub sound: bool,
    /// The other end's picture and sound are shown.
    pub show: bool,
}

/// What the media say; all of it is about one pipeline.
pub struct MediaEvent {
    /// Which pipeline.
    pub attempt: Attempt,
    /// What about it.
    pub what: MediaNews,
}

/// What happened to a session pipeline.
pub enum MediaNews {
    /// The offer to send.
    Offer(String),
    /// A candidate to send.
    Candidate(Candidate),
    /// ICE and DTLS are up.
    Connected,
    /// The first picture of the other end was decoded.
    FirstPicture,
    /// No packet for some seconds, or ICE failed: the path is dead.
    PathDead,
    /// How the line is, about every two seconds.
    Stats(LineStats),
    /// The pipeline failed: what was tried, and what GStreamer said.
    Failed(String),
}
