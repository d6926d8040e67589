//! What the supervisor and the media process say to each other. Both are of one build, so nothing here has versions.

use super::picture::Form;
use crate::device::media::{MediaAsk, MediaEvent};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// What the media process is told. Sound beside these words is the microphone's.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ToMedia {
    /// The first word. With it come two files: one for the camera's pictures, one for the other end's.
    Begin {
        /// Addresses to be reached at, instead of all of the machine's.
        local_addresses: Vec<IpAddr>,
    },
    /// Certificates (PEM) that are trusted beside the system's, for relays over TLS.
    Trust(Vec<String>),
    /// Whether the workbench's line is cut.
    LineCut(bool),
    /// What the media are asked.
    Ask(MediaAsk),
    /// A call with itself is to be tried.
    Try,
    /// A picture of the camera lies in its file, until it is [`FromMedia::Taken`]; or the camera gives none.
    Picture(Option<Form>),
    /// The other end's picture was taken out of its file.
    Taken,
}

/// What the media process says. Sound beside these words is the other end's.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FromMedia {
    /// It gets on.
    Alive {
        /// So many pictures of the camera a second are wanted at most; 0 for as many as there are.
        pace: u32,
    },
    /// What happened to a session.
    Event(MediaEvent),
    /// What came of the call with itself.
    Tried(Result<(), String>),
    /// A session wants sound, and takes leave of its own so long before it is heard; or none does any more.
    Sound(Option<Duration>),
    /// A picture of the other end lies in its file, until it is [`ToMedia::Taken`]; or there is none to be shown.
    Picture(Option<Form>),
    /// The camera's picture was taken out of its file.
    Taken,
}
