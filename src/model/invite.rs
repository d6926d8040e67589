//! The room-key code on the city's paper: `https://HOST[:PORT]/j#KEY`, with optional `?l=LANG` before the fragment.

use super::language::Language;
use super::secret::Secret;

/// A room key and the server it belongs to.
#[derive(Clone, PartialEq, Eq)]
pub struct Invite {
    /// `HOST[:PORT]`, lower case, the port only where it is not 443.
    pub host: String,
    /// The room key: an opaque capability of at least 128 bits. It never leaves this value but for the hello.
    pub key: Secret,
    /// The language printed into the code.
    pub language: Option<Language>,
}

impl Invite {
    /// The WebSocket of the server, without the key.
    pub fn websocket_url(&self) -> String {
        format!("wss://{}/ws", self.host)
    }
}
