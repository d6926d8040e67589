//! Reads what a room server says: unknown kinds are ignored, malformed messages counted and dropped.

use crate::model::ids::Attempt;
use crate::model::wire::{Heard, ToClient, read};

/// Counts what could not be read on one line.
#[derive(Default)]
pub(super) struct Unread {
    malformed: u32,
}

impl Unread {
    /// The message, unless it is of an unknown kind or malformed.
    pub(super) fn read(&mut self, attempt: Attempt, text: &str) -> Option<ToClient> {
        match read(text) {
            Heard::Message(message) => return Some(message),
            Heard::Unknown => {
                tracing::debug!(line = %attempt, "ignored a message of a kind that this version does not know");
            }
            Heard::Malformed { kind: Some(kind) } => self.malformed(attempt, &kind),
            Heard::Malformed { kind: None } => self.malformed(attempt, "it is not an object with a kind"),
        }
        None
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
    fn unknown_kinds_are_ignored_and_malformed_messages_counted() {
        let mut unread = Unread::default();
        assert!(unread.read(Attempt(1), r#"{"kind":"fireworks","colour":7}"#).is_none());
        assert_eq!(unread.malformed, 0);
        for text in ["", "[]", "7", r#"{"kind":7}"#, r#"{"kind":"lobby"}"#, r#"{"kind":"bye","reason":[]}"#] {
            assert!(unread.read(Attempt(1), text).is_none(), "{text}");
        }
        assert_eq!(unread.malformed, 6);
        for text in [r#"{"kind":"admitted","later":1}"#, r#"{"kind":"bye","reason":"bored"}"#] {
            assert!(unread.read(Attempt(1), text).is_some(), "{text}");
        }
        assert_eq!(unread.malformed, 6);
    }
}
