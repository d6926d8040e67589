//! Text that must never be seen in a log, on a disk or in a crash report: passphrases, room keys, tokens.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret text. It has no `Debug`, `Display` or `Serialize`, so a struct that holds one cannot be
/// printed by accident; its memory is overwritten when it is dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one call that needs it. Never keep a copy.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Equality for the pure core and tests. It is not constant-time: the room server compares hashes instead.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Secret {}

/// Wire messages carry secrets to the one peer that must have them, and the loan's encrypted memory keeps the home's Wi-Fi;
/// this is the only way out.
pub mod on_the_wire {
    use super::Secret;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the secret as a JSON string.
    pub fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    /// Reads a JSON string as a secret.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        String::deserialize(from).map(Secret::new)
    }
}
