//! Room keys and other tokens: how they are read and compared.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Crockford's base32: no I, L, O or U, and every letter fits a QR code's alphanumeric mode.
pub const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Length of a room key: 26 letters of 5 random bits are 130 bits.
pub const KEY_LETTERS: usize = 26;

/// SHA-256 of a key or token: the only form in which one is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(pub [u8; 32]);

impl KeyHash {
    /// Hash of any text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Whether two hashes are the same, in a time that does not depend on where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// Lower-case hexadecimal, as the store keeps it.
    pub fn to_hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    /// Reads [`KeyHash::to_hex`].
    pub fn from_hex(text: &str) -> Option<Self> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

/// Hash of a key as somebody sent it. A text that cannot be a key is hashed as a fixed one of the same length as
/// a key, so that "malformed" costs the same work and gets the same answer as "unknown".
pub fn hash_of_sent(text: &str) -> KeyHash {
    let shaped = text.len() == KEY_LETTERS && text.bytes().all(|letter| ALPHABET.contains(&letter));
    KeyHash::of(if shaped { text } else { "??????????????????????????" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_key_is_hashed_all_the_same() {
        let nothing = hash_of_sent("");
        for text in ["short", "has spaces in it, 26 long!", &"A".repeat(60_000), "いろはにほへと"] {
            assert!(nothing.matches(&hash_of_sent(text)));
        }
    }

    #[test]
    fn a_hash_survives_the_store() {
        let hash = KeyHash::of("a");
        assert!(KeyHash::from_hex(&hash.to_hex()).is_some_and(|read| read.matches(&hash)));
        assert!(KeyHash::from_hex("zz").is_none());
    }
}
