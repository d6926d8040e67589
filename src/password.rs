//! What is taken as a password, wherever one is set: of a staff account and of the city's signing key.

use crate::model::secret::Secret;
use crate::words::message::{Message, Told, told_in_english};
use icu_normalizer::ComposingNormalizerBorrowed;
use std::collections::BTreeSet;

/// The shortest password, in characters. Whoever has a copy of the file that it protects may try passwords without
/// anybody noticing.
pub const SHORTEST: usize = 12;
/// A password has at least so many different characters.
const DIFFERENT_CHARACTERS: usize = 6;
/// What does not count towards a password's length, because it is tried first.
const TRIED_FIRST: [&str; 6] = ["password", "passw0rd", "madoguchi", "qwerty", "窓口", "パスワード"];
/// Shorter names than this stand by chance in other words.
const SHORTEST_NAME: usize = 3;

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Nothing, or nothing but spaces.
    Empty,
    /// Too short, without what is tried first.
    Short,
    /// One that a program guesses although it is long: it repeats or counts.
    Guessable,
}

impl Weak {
    /// A stable word for it, for the pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Short => "short",
            Self::Guessable => "guessable",
        }
    }
}

impl Told for Weak {
    fn message(&self) -> Message {
        let shortest = i64::try_from(SHORTEST).unwrap_or(i64::MAX);
        match self {
            Self::Empty => Message::new("password-empty").with("shortest", shortest),
            Self::Short => Message::new("password-short").with("shortest", shortest),
            Self::Guessable => Message::new("password-guessable"),
        }
    }
}

told_in_english!(Weak);

/// The one form of a text that may be typed in several: a keyboard of macOS composes が from two characters, one of
/// Windows does not (Unicode NFC; RFC 8265 asks for it, too).
pub fn normal(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

/// The normal form of a password that is to be set, if nobody guesses it easily. `name` is the account's, or empty.
///
/// # Errors
/// [`Weak`] says what to choose instead.
pub fn sound(password: &Secret, name: &str) -> Result<Secret, Weak> {
    let password = Secret::new(normal(password.expose()));
    if password.expose().trim().is_empty() {
        return Err(Weak::Empty);
    }
    // Only for judging it: "ＰＡＳＳＷＯＲＤ" is guessed like "password".
    let folded = |text: &str| ComposingNormalizerBorrowed::new_nfkc().normalize(text.trim()).to_lowercase();
    let mut counted = zeroize::Zeroizing::new(folded(password.expose()));
    let name = folded(name);
    let name = (name.chars().count() >= SHORTEST_NAME).then_some(name.as_str());
    for word in TRIED_FIRST.into_iter().chain(name) {
        *counted = counted.replace(word, "");
    }
    let characters: Vec<char> = counted.chars().collect();
    if characters.len() < SHORTEST {
        return Err(Weak::Short);
    }
    let neighbours = characters.windows(2).filter(|pair| u32::from(pair[0]).abs_diff(u32::from(pair[1])) <= 1).count();
    let different: BTreeSet<&char> = characters.iter().collect();
    if different.len() < DIFFERENT_CHARACTERS || neighbours * 2 > characters.len() {
        return Err(Weak::Guessable);
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(password: &str, name: &str) -> Result<String, Weak> {
        sound(&Secret::new(password), name).map(|sound| sound.expose().to_owned())
    }

    #[test]
    fn what_is_guessed_first_is_not_taken() {
        for (password, why) in [
            ("", Weak::Empty),
            ("             ", Weak::Empty),
            ("short", Weak::Short),
            ("Password-2026", Weak::Short),
            ("ＰＡＳＳＷＯＲＤ－２０２６", Weak::Short),
            ("窓口窓口窓口窓口", Weak::Short),
            ("か\u{3099}くと\u{3099}うほいくのまと\u{3099}", Weak::Short),
            ("aaaaaaaaaaaaaaaa", Weak::Guessable),
            ("123456789012345", Weak::Guessable),
            ("abcdefghijklmnop", Weak::Guessable),
            ("abcabcabcabcabc", Weak::Guessable),
        ] {
            assert_eq!(judged(password, ""), Err(why), "{password}");
        }
        assert_eq!(judged("Midori-midori-26-x9", "midori"), Err(Weak::Short));
        assert_eq!(judged("みどり市みどり市の2026", "みどり市"), Err(Weak::Short));
    }

    #[test]
    fn a_real_password_is_taken_in_its_one_form() {
        for password in ["umbrella tea river stone", "さくら やまみち ゆうびん こたつ", "k8#Vq2!mZr5pT"] {
            assert_eq!(judged(password, "midori").as_deref(), Ok(password));
        }
        let (windows, mac) = ("がくどう ほいくの まどべ", "か\u{3099}くと\u{3099}う ほいくの まと\u{3099}へ\u{3099}");
        assert_eq!(judged(mac, "").as_deref(), Ok(windows));
        // A name of two characters is in many words.
        assert!(judged("k8#Vqhimhi!mZr", "hi").is_ok());
    }
}
