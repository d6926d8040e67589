//! What the network, the signalling line and the session's media say: the one vocabulary of these devices.

use crate::model::quality::LineStats;
use crate::model::screen::NetworkTrouble;
use crate::model::wire::{Candidate, ToClient};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The network's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkNews {
    /// Joined, judged again and usable.
    Up,
    /// Not usable. A network that is not accepted is left again; one without internet is kept, to be checked again.
    Trouble(NetworkTrouble),
    /// Left and forgotten.
    Forgotten,
}

/// What the signalling line says.
pub enum LinkNews {
    /// Open: say hello.
    Opened,
    /// A message; unknown kinds never come this far.
    Heard(ToClient),
    /// Not open, or not any more.
    Closed(LinkClosed),
}

/// Why a line is not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkClosed {
    /// The server's name cannot be looked up.
    NoName,
    /// Nobody answers at the address, in time.
    Unreachable,
    /// The certificate is not trusted (RFC 5280), or not for this name.
    Untrusted,
    /// Something answers, but not a room server.
    NotARoom,
    /// Closed by the other end, or silent for too long.
    Lost,
}

/// What the session's media say.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MediaNews {
    /// The offer to send.
    Offer(String),
    /// A candidate to send.
    Candidate(Candidate),
    /// ICE and DTLS are up, and the certificates at the other end are those that its answer names.
    Connected,
    /// Somebody other than the counter is, or may be, at the other end. Nothing flowed, and the pipeline is gone; the
    /// sentence is for the log.
    Unverified(String),
    /// The first picture of the other end was decoded.
    FirstPicture,
    /// No packet for some seconds, or ICE failed: the path is dead.
    PathDead,
    /// How the line is, about every two seconds.
    Stats(LineStats),
    /// The pipeline failed and is gone: what was tried, and what GStreamer said; the sentence is for the log.
    Failed(String),
}

impl fmt::Display for LinkNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("Opened"),
            Self::Heard(message) => f.write_str(&message.trace()),
            Self::Closed(why) => write!(f, "Closed {why:?}"),
        }
    }
}

impl fmt::Display for MediaNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offer(_) => f.write_str("Offer"),
            Self::Candidate(_) => f.write_str("Candidate"),
            Self::Connected => f.write_str("Connected"),
            Self::Unverified(why) => write!(f, "Unverified: {why}"),
            Self::FirstPicture => f.write_str("FirstPicture"),
            Self::PathDead => f.write_str("PathDead"),
            Self::Stats(_) => f.write_str("Stats"),
            Self::Failed(what) => write!(f, "Failed: {what}"),
        }
    }
}
