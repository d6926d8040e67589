//! Reads messages of a vocabulary that may be newer than this one: what is not known says nothing, and is no fault.

use super::{ToClient, ToServer};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What a text is.
#[derive(Debug)]
pub enum Heard<M> {
    /// A message.
    Message(M),
    /// A message of a kind that this version does not know.
    Unknown,
    /// No message; or one of a kind that is known, without what belongs to it.
    Malformed {
        /// The kind, where it is known. It is one of our own words, so a log may have it.
        kind: Option<String>,
    },
}

/// The messages of one direction.
pub trait Vocabulary: DeserializeOwned {
    /// Whether it is of a kind that this version does not know.
    fn is_unknown(&self) -> bool;
}

impl Vocabulary for ToServer {
    fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl Vocabulary for ToClient {
    fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

/// Reads one message. What serde says of a malformed one stays here: it would quote the message, which may hold secrets.
pub fn read<M: Vocabulary>(text: &str) -> Heard<M> {
    #[derive(Deserialize)]
    struct Kind {
        kind: String,
    }
    match serde_json::from_str::<M>(text) {
        Ok(message) if message.is_unknown() => Heard::Unknown,
        Ok(message) => Heard::Message(message),
        Err(_) => Heard::Malformed { kind: serde_json::from_str::<Kind>(text).ok().map(|Kind { kind }| kind) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::language::LanguageTag;
    use crate::model::wire::{ByeReason, Notice, Proof, Refusal, Role};

    fn client(text: &str) -> Option<ToClient> {
        match read(text) {
            Heard::Message(message) => Some(message),
            Heard::Unknown | Heard::Malformed { .. } => None,
        }
    }

    #[test]
    fn a_newer_word_in_a_known_message_is_unknown_and_the_rest_is_understood() {
        let bye = client(r#"{"kind":"bye","reason":"moved-to-another-city","where":"あおば市"}"#);
        assert!(matches!(bye, Some(ToClient::Bye { reason: ByeReason::Unknown })));
        let notice = client(r#"{"kind":"notice","notice":"interpreter-joins","after":{"seconds":3}}"#);
        assert!(matches!(notice, Some(ToClient::Notice { notice: Notice::Unknown })));
        let refused = client(r#"{"kind":"refused","why":"city-closed","until":"2031-01-04"}"#);
        assert!(matches!(refused, Some(ToClient::Refused(Refusal::Unknown))));
        let peer =
            r#"{"kind":"peer","peer":"p","role":"interpreter","name":"n","epoch":1,"admitted":true,"language":"vi"}"#;
        let vietnamese = |tag: Option<&LanguageTag>| tag.is_some_and(|tag| tag.as_str() == "vi");
        assert!(
            matches!(client(peer), Some(ToClient::Peer { role: Role::Unknown, language, .. }) if vietnamese(language.as_ref()))
        );
        let hello =
            r#"{"kind":"hello","version":1,"newest":9,"proof":{"by":"passkey","signed":[1,2]},"language":"vi"}"#;
        assert!(matches!(
            read(hello),
            Heard::Message(ToServer::Hello { proof: Proof::Unknown, language, .. }) if vietnamese(Some(&language))
        ));
    }

    #[test]
    fn a_newer_kind_says_nothing_and_what_is_malformed_stays_malformed() {
        for text in [r#"{"kind":"wave"}"#, r#"{"kind":"people","people":[{"id":1}],"kinds":["lobby"]}"#] {
            assert!(matches!(read::<ToServer>(text), Heard::Unknown), "{text}");
        }
        for (text, kind) in [
            ("", None),
            ("null", None),
            ("[]", None),
            ("{}", None),
            (r#"{"kind":7}"#, None),
            (r#"{"kind":"lobby"}"#, Some("lobby")),
            (r#"{"kind":"bye"}"#, Some("bye")),
            (r#"{"kind":"bye","reason":7.5}"#, Some("bye")),
            (r#"{"kind":"refused"}"#, Some("refused")),
        ] {
            let is_it = matches!(read::<ToClient>(text), Heard::Malformed { kind: found } if found.as_deref() == kind);
            assert!(is_it, "{text}");
        }
    }
}
