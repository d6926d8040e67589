//! Reads what a room server says: unknown kinds are ignored, malformed messages counted and dropped.

use crate::model::ids::Attempt;
use crate::model::wire::ToClient;

/// Every `kind` of [`ToClient`]. A message of another kind comes from a newer server and is ignored.
const KINDS: [&str; 19] = [
    "welcome",
    "refused",
    "beat",
    "servers",
    "lobby",
    "admitted",
    "peer",
    "peer-gone",
    "offer",
    "answer",
    "candidate",
    "muted",
    "peer-stats",
    "peer-unverified",
    "moved",
    "notice",
    "taken-over",
    "error",
    "bye",
];

/// Counts what could not be read on one line.
#[derive(Default)]
pub(super) struct Unread {
    malformed: u32,
}

impl Unread {
    /// The message, unless it is of an unknown kind or malformed.
    pub(super) fn read(&mut self, attempt: Attempt, text: &str) -> Option<ToClient> {
        #[derive(serde::Deserialize)]
        struct Kind {
            kind: String,
        }
        let Ok(Kind { kind }) = serde_json::from_str(text) else {
            self.malformed(attempt, "it is not an object with a kind");
            return None;
        };
        let Some(kind) = KINDS.into_iter().find(|known| *known == kind) else {
            tracing::debug!(line = %attempt, "ignored a message of a kind that this version does not know");
            return None;
        };
        match serde_json::from_str(text) {
            Ok(message) => Some(message),
            Err(_) => {
                // What serde says would quote the message, and a welcome holds secrets.
                self.malformed(attempt, kind);
                None
            }
        }
    }

    /// Logs the first, second, fourth, ... so that a broken server cannot flood the log.
    pub(super) fn malformed(&mut self, attempt: Attempt, what: &str) {
        self.malformed = self.malformed.saturating_add(1);
        if self.malformed.is_power_of_two() {
            tracing::warn!(line = %attempt, count = self.malformed, "dropped a malformed message of the room: {what}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_kinds_are_exactly_those_of_the_wire() {
        let error = serde_json::from_str::<ToClient>(r#"{"kind":"?"}"#).map(|_| ()).unwrap_err().to_string();
        let listed: Vec<_> = error.split('`').skip(3).step_by(2).collect();
        assert_eq!(listed, KINDS);
    }

    #[test]
    fn unknown_kinds_are_ignored_and_malformed_messages_counted() {
        let mut unread = Unread::default();
        assert!(unread.read(Attempt(1), r#"{"kind":"fireworks","colour":7}"#).is_none());
        assert_eq!(unread.malformed, 0);
        for text in ["", "[]", "7", r#"{"kind":7}"#, r#"{"kind":"lobby"}"#, r#"{"kind":"bye","reason":"bored"}"#] {
            assert!(unread.read(Attempt(1), text).is_none(), "{text}");
        }
        assert_eq!(unread.malformed, 6);
        assert!(unread.read(Attempt(1), r#"{"kind":"admitted","later":1}"#).is_some());
    }
}
