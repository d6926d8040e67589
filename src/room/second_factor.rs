//! The second factor of a sign-in: six digits that an authenticator app shows for 30 s (TOTP, RFC 6238), or one of the codes on
//! paper for whoever does not have the app at hand. Pure: it takes the time as an argument.

use super::key::{self, KeyHash};
use crate::model::secret::Secret;
use data_encoding::{BASE32_NOPAD, BASE64};
use icu_normalizer::ComposingNormalizerBorrowed;
use jiff::Timestamp;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use totp_rs::{Algorithm, TOTP};
use zeroize::Zeroizing;

/// What every app knows: SHA-1, six digits, 30 seconds.
const DIGITS: usize = 6;
const STEP_SECONDS: i64 = 30;
/// A secret of 160 bits, as RFC 4226 (section 4, R6) recommends.
const SEED_BYTES: usize = 20;
/// Codes on paper: so many, of so many letters (80 bits: whoever has a copy of the database guesses none).
const RECOVERY_CODES: usize = 10;
const RECOVERY_LETTERS: usize = 16;

/// Whether the city wants a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demand {
    /// It is neither offered nor asked for.
    #[default]
    Off,
    /// Whoever has enrolled is asked for it.
    Offered,
    /// Nobody gets in without.
    Required,
}

/// What the settings say.
#[derive(Clone, Default)]
pub struct Rule {
    /// Whether it is wanted.
    pub demand: Demand,
    /// Base64 of 32 random bytes: the secrets are kept encrypted with them.
    pub key: Option<Secret>,
}

/// There is no key, or it is not base64 of 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoKey;

/// What follows a right password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The clerk is signed in.
    In,
    /// The code is asked for.
    Code,
    /// The clerk enrols first.
    Enrol,
}

/// The rule as the server follows it.
pub(super) enum Policy {
    Off,
    On { required: bool, sealing: Sealing },
}

impl Policy {
    pub(super) fn of(rule: &Rule) -> Result<Self, NoKey> {
        if rule.demand == Demand::Off {
            return Ok(Self::Off);
        }
        let sealing = Sealing::new(rule.key.as_ref().ok_or(NoKey)?)?;
        Ok(Self::On { required: rule.demand == Demand::Required, sealing })
    }

    /// Whether one may be enrolled.
    pub(super) fn offers(&self) -> bool {
        matches!(self, Self::On { .. })
    }

    pub(super) fn after_password(&self, enrolled: bool) -> Next {
        match self {
            Self::Off => Next::In,
            Self::On { .. } if enrolled => Next::Code,
            Self::On { required: true, .. } => Next::Enrol,
            Self::On { .. } => Next::In,
        }
    }

    /// Whether a sign-in counts that was made with both factors, or with the password alone.
    pub(super) fn takes(&self, both: bool, enrolled: bool) -> bool {
        both || self.after_password(enrolled) == Next::In
    }
}

/// Encrypts the secrets (AES-256-GCM): a copy of the database alone gives nobody a code.
pub(super) struct Sealing(LessSafeKey);

impl Sealing {
    fn new(key: &Secret) -> Result<Self, NoKey> {
        let bytes = Zeroizing::new(BASE64.decode(key.expose().trim().as_bytes()).map_err(|_| NoKey)?);
        UnboundKey::new(&AES_256_GCM, &bytes).map(|key| Self(LessSafeKey::new(key))).map_err(|_| NoKey)
    }

    /// Nonce, ciphertext and tag. The account's name is authenticated along, so that no row stands for another account.
    pub(super) fn seal(&self, seed: &Seed, name: &str) -> Option<Vec<u8>> {
        let mut nonce = [0_u8; NONCE_LEN];
        getrandom::fill(&mut nonce).ok()?;
        let mut text = seed.0.to_vec();
        let aad = Aad::from(name.as_bytes());
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text).ok()?;
        Some([nonce.as_slice(), &text].concat())
    }

    /// `None`: it was sealed with another key or for another account, or is damaged.
    pub(super) fn open(&self, sealed: &[u8], name: &str) -> Option<Seed> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let aad = Aad::from(name.as_bytes());
        let seed = self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut text).ok()?;
        Some(Seed(Zeroizing::new(<[u8; SEED_BYTES]>::try_from(&*seed).ok()?)))
    }
}

/// The secret that the server and an app share.
#[derive(Clone)]
pub(super) struct Seed(Zeroizing<[u8; SEED_BYTES]>);

impl Seed {
    pub(super) fn draw() -> Option<Self> {
        let mut bytes = Zeroizing::new([0_u8; SEED_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).ok()?;
        Some(Self(bytes))
    }

    /// Base32 in groups of four, for whoever types it.
    pub(super) fn grouped(&self) -> Secret {
        Secret::new(in_groups(&Zeroizing::new(BASE32_NOPAD.encode(self.0.as_slice())), " "))
    }

    /// `otpauth://totp/…`, as it stands in a QR code.
    pub(super) fn address(&self, city: &str, name: &str) -> Option<Secret> {
        // The colon divides both of them in there.
        let [city, name] = [city, name].map(|text| text.replace(':', " "));
        Some(Secret::new(self.totp(Some(city), name)?.get_url()))
    }

    /// The step to which a code belongs, if it is one of now or of the steps before and behind, and later than `after`: a code is
    /// taken once (RFC 6238, section 5.2).
    pub(super) fn step_of(&self, typed: &str, now: Timestamp, after: i64) -> Option<i64> {
        let (typed, totp) = (tidied(typed), self.totp(None, String::new())?);
        let current = now.as_second().div_euclid(STEP_SECONDS);
        let fits = |step: &i64| {
            let time = u64::try_from(step * STEP_SECONDS).unwrap_or(0);
            bool::from(totp.generate(time).as_bytes().ct_eq(typed.as_bytes()))
        };
        (current - 1..=current + 1).rev().filter(fits).find(|step| *step > after)
    }

    fn totp(&self, issuer: Option<String>, name: String) -> Option<TOTP> {
        let step = u64::try_from(STEP_SECONDS).ok()?;
        TOTP::new(Algorithm::SHA1, DIGITS, 0, step, self.0.to_vec(), issuer, name).ok()
    }
}

/// Draws the codes that are printed, in groups as they stand there. Only their hashes are kept ([`recovery_hash`]).
pub(super) fn draw_recovery_codes() -> Option<Vec<Secret>> {
    let draw = |_| key::draw(RECOVERY_LETTERS).ok().map(|code| Secret::new(in_groups(code.expose(), "-")));
    (0..RECOVERY_CODES).map(draw).collect()
}

/// The hash of such a code as somebody typed it.
pub(super) fn recovery_hash(typed: &str) -> KeyHash {
    // As a room key is read from the paper: what looks like a digit is one.
    let letters = tidied(typed).to_uppercase().replace(['I', 'L'], "1").replace('O', "0");
    KeyHash::of(&letters)
}

/// What was typed, in characters of normal width, without spaces and hyphens.
fn tidied(typed: &str) -> String {
    let normal = ComposingNormalizerBorrowed::new_nfkc().normalize(typed);
    normal.chars().filter(|c| !c.is_whitespace() && !"-‐‑‒–—―−ー・._".contains(*c)).collect()
}

fn in_groups(letters: &str, between: &str) -> String {
    letters.as_bytes().chunks(4).filter_map(|four| std::str::from_utf8(four).ok()).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Secret {
        Secret::new(BASE64.encode(&[byte; 32]))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// The key of RFC 6238's appendix B.
    fn seed_of_the_rfc() -> Seed {
        Seed(Zeroizing::new(*b"12345678901234567890"))
    }

    #[test]
    fn codes_are_those_of_the_rfc_and_are_taken_in_every_width() {
        let seed = seed_of_the_rfc();
        // Appendix B, the last six of eight digits.
        for (time, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(seed.step_of(code, at(time), 0), Some(time / 30), "{time}");
        }
        for typed in ["２８７０８２", " 287 082 ", "287-082", "２８７　０８２"] {
            assert_eq!(seed.step_of(typed, at(59), 0), Some(1), "{typed}");
        }
        for wrong in ["", "287081", "2870820", "94287082", "28708", "二八七〇八二"] {
            assert_eq!(seed.step_of(wrong, at(59), 0), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_or_late_and_once() {
        let seed = seed_of_the_rfc();
        let taken: Vec<_> = (0..5).map(|step| seed.step_of("287082", at(step * 30), -1).is_some()).collect();
        assert_eq!(taken, [true, true, true, false, false]);
        assert_eq!(seed.step_of("287082", at(59), 1), None, "it was taken");
        assert_eq!(seed.step_of("287082", at(59), 0), Some(1));
    }

    #[test]
    fn a_secret_is_opened_with_its_key_and_for_its_account_only() {
        let (sealing, seed) = (Sealing::new(&key(7)).ok().unwrap(), Seed::draw().unwrap());
        let sealed = sealing.seal(&seed, "midori").unwrap();
        assert_eq!(sealing.open(&sealed, "midori").unwrap().0, seed.0);
        assert!(!sealed.windows(4).any(|part| seed.0.windows(4).any(|of_seed| of_seed == part)));
        assert_ne!(sealing.seal(&seed, "midori").unwrap(), sealed, "never twice with the same nonce");
        assert!(sealing.open(&sealed, "hana").is_none());
        assert!(Sealing::new(&key(8)).ok().unwrap().open(&sealed, "midori").is_none());
        for cut in 0..sealed.len() {
            assert!(sealing.open(&sealed[..cut], "midori").is_none());
        }
        for wrong in ["", "short", &BASE64.encode(&[7; 31]), &"?".repeat(44)] {
            assert!(Sealing::new(&Secret::new(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_address_is_what_apps_read() {
        let address = seed_of_the_rfc().address("みどり市", "hana:2").unwrap();
        let url = url::Url::parse(address.expose()).unwrap();
        assert_eq!((url.scheme(), url.host_str()), ("otpauth", Some("totp")));
        let pairs: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(pairs["secret"], "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(pairs["issuer"], "みどり市");
        assert!(!address.expose().contains('+'), "an app would show it: {}", address.expose());
        assert_eq!(seed_of_the_rfc().grouped().expose(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }

    #[test]
    fn a_code_on_paper_is_the_same_however_it_is_typed() {
        let codes = draw_recovery_codes().unwrap();
        let hashes: std::collections::BTreeSet<_> = codes.iter().map(|code| recovery_hash(code.expose())).collect();
        assert_eq!(hashes.len(), RECOVERY_CODES);
        assert!(codes.iter().all(|code| code.len() == RECOVERY_LETTERS + 3));
        let hash = recovery_hash("01AB-CDEF-GHJK-MNPQ");
        for typed in ["o1abcdefghjkmnpq", "ＯＩＡＢ ＣＤＥＦ ＧＨＪＫ ＭＮＰＱ", "0lab・cdef・ghjk・mnpq"]
        {
            assert!(recovery_hash(typed).matches(&hash), "{typed}");
        }
        assert!(!recovery_hash("").matches(&hash));
    }

    #[test]
    fn who_is_asked_for_what() {
        let policy = |demand| Policy::of(&Rule { demand, key: Some(key(7)) }).ok().unwrap();
        let next = |demand| [false, true].map(|enrolled| policy(demand).after_password(enrolled));
        assert_eq!(next(Demand::Off), [Next::In, Next::In]);
        assert_eq!(next(Demand::Offered), [Next::In, Next::Code]);
        assert_eq!(next(Demand::Required), [Next::Enrol, Next::Code]);
        let password_alone = |demand| [false, true].map(|enrolled| policy(demand).takes(false, enrolled));
        assert_eq!(password_alone(Demand::Off), [true, true]);
        assert_eq!(password_alone(Demand::Offered), [true, false]);
        assert_eq!(password_alone(Demand::Required), [false, false]);
        assert!(policy(Demand::Required).takes(true, true));
        assert!(Policy::of(&Rule { demand: Demand::Off, key: None }).is_ok());
        assert!(Policy::of(&Rule { demand: Demand::Offered, key: None }).is_err());
    }
}
