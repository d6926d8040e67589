//! Room keys and other tokens: how they are drawn. How they are read and compared is the meeting's ([`crate::meeting::key`]).

use crate::meeting::key::ALPHABET;
pub use crate::meeting::key::{KEY_LETTERS, KeyHash, hash_of_sent};
use crate::model::secret::Secret;

/// Draws `letters` letters of 5 random bits each from the operating system.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn draw(letters: usize) -> Result<Secret, getrandom::Error> {
    let mut bytes = vec![0_u8; letters];
    getrandom::fill(&mut bytes)?;
    Ok(Secret::new(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect::<String>()))
}

/// Draws a room key.
///
/// # Errors
/// As [`draw`].
pub fn draw_room_key() -> Result<Secret, getrandom::Error> {
    draw(KEY_LETTERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_26_letters_of_crockfords_alphabet_and_never_the_same() {
        let keys: std::collections::BTreeSet<_> =
            (0..500).map(|_| draw_room_key().unwrap().expose().to_owned()).collect();
        assert_eq!(keys.len(), 500);
        for key in &keys {
            assert_eq!(key.len(), KEY_LETTERS);
            assert!(key.bytes().all(|letter| ALPHABET.contains(&letter)));
            assert!(hash_of_sent(key).matches(&KeyHash::of(key)));
        }
    }
}
