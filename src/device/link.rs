//! The signalling line to a room server.

use crate::model::ids::Attempt;
use crate::model::wire::{ToClient, ToServer};

/// What the line is asked.
pub enum LinkAsk {
    /// Opens a line and closes any older one. `address` is the WebSocket's `ws:` or `wss:` URL without secrets.
    Open {
        /// Number of this line.
        attempt: Attempt,
        /// `wss://HOST[:PORT]/ws` (`ws:` on loopback only).
        address: String,
        /// PEM certificates trusted beside the public ones.
        trust_anchors: Vec<String>,
    },
    /// Says something on the open line.
    Say {
        /// The line meant; an older one's messages are dropped.
        attempt: Attempt,
        /// The message.
        message: ToServer,
    },
    /// Closes the line after what was said before it has been sent.
    Close,
}

/// What the line says.
pub enum LinkEvent {
    /// Open; say hello.
    Opened {
        /// Which line.
        attempt: Attempt,
    },
    /// A message came.
    Heard {
        /// On which line.
        attempt: Attempt,
        /// The message. Unknown kinds never come this far.
        message: ToClient,
    },
    /// Could not be opened, or is closed.
    Closed {
        /// Which line.
        attempt: Attempt,
        /// Why.
        why: LinkClosed,
    },
}

/// Why a line is not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkClosed {
    /// The name cannot be looked up.
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
