//! Which certificates the other end's description allows (`a=fingerprint`, RFC 8122), and whether one is among them.
//!
//! Signalling is safe under TLS, the media's path is not: whoever sits on it can answer the DTLS handshake himself. What
//! tells him from the counter is the hash of the certificate, which the counter names in its answer (RFC 8827, section 6.5).

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

/// A browser's answer has some 4 KB; nothing larger reaches GStreamer's parser.
const LONGEST_SDP: usize = 32 * 1024;
/// Likewise for one of its lines, of which the longest are candidates.
const LONGEST_LINE: usize = 1024;
/// Two are offered.
const MOST_SECTIONS: usize = 16;
/// Lines that count, at one place. A browser names one or two.
const MOST_LINES: usize = 16;

/// Why an answer cannot be used; not a word of it is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("it is longer than anything that a browser writes")]
    TooLong,
    #[error("there are control characters in it")]
    ControlCharacters,
    #[error("it describes no picture and no sound, or far too many")]
    Sections,
    #[error("it names no certificate by SHA-224, -256, -384 or -512")]
    NoFingerprint,
    #[error("a fingerprint in it is malformed")]
    Malformed,
}

/// The hashes that count. MD2 and MD5 must not be used (RFC 8122, section 5), SHA-1 collides. From the least preferred up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// By its name in IANA's registry, whose letters' case does not matter.
    fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "sha-224" => Some(Self::Sha224),
            "sha-256" => Some(Self::Sha256),
            "sha-384" => Some(Self::Sha384),
            "sha-512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn of(self, certificate: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha224 => Sha224::digest(certificate).to_vec(),
            Self::Sha256 => Sha256::digest(certificate).to_vec(),
            Self::Sha384 => Sha384::digest(certificate).to_vec(),
            Self::Sha512 => Sha512::digest(certificate).to_vec(),
        }
    }
}

/// The fingerprints at one place of a description, those that do not count left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Lines {
    usable: Vec<(Hash, Vec<u8>)>,
    /// There was a line, of whatever hash.
    any: bool,
}

impl Lines {
    fn add(&mut self, value: &str) -> Result<(), Unusable> {
        let (name, hex) = value.split_once(' ').ok_or(Unusable::Malformed)?;
        let bytes = read_hex(hex).ok_or(Unusable::Malformed)?;
        self.any = true;
        if let Some(hash) = Hash::named(name) {
            if bytes.len() != hash.bytes() || self.usable.len() == MOST_LINES {
                return Err(Unusable::Malformed);
            }
            self.usable.push((hash, bytes));
        }
        Ok(())
    }

    /// RFC 8122, section 5: only the set of the most preferred hash counts, and one line of it must match.
    fn allow(&self, certificate: &[u8]) -> bool {
        let Some(hash) = self.usable.iter().map(|(hash, _)| *hash).max() else { return false };
        let seen = hash.of(certificate);
        self.usable.iter().any(|(named, bytes)| *named == hash && *bytes == seen)
    }
}

/// `AB:CD:...` of RFC 8122; small letters are taken, too.
fn read_hex(text: &str) -> Option<Vec<u8>> {
    let pair = |pair: &str| {
        let plain = pair.len() == 2 && pair.bytes().all(|letter| letter.is_ascii_hexdigit());
        plain.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
    };
    text.split(':').map(pair).collect()
}

/// One `m=` section.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    /// Port 0: the other end takes no part in it.
    rejected: bool,
    lines: Lines,
}

impl Unusable {
    /// It can be read, but nobody could be verified by it. Others are no answers at all.
    pub(super) fn verifies_nobody(self) -> bool {
        matches!(self, Self::NoFingerprint | Self::Malformed)
    }
}

/// Which certificates an answer allows, section by section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprints(Vec<Section>);

impl Fingerprints {
    /// Reads a description. It must cover every section that is not rejected.
    ///
    /// # Errors
    /// Why nothing could be proved with it.
    pub(super) fn read(sdp: &str) -> Result<Self, Unusable> {
        if sdp.len() > LONGEST_SDP {
            return Err(Unusable::TooLong);
        }
        let (mut session, mut sections) = (Lines::default(), Vec::<Section>::new());
        for line in sdp.split('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.len() > LONGEST_LINE {
                return Err(Unusable::TooLong);
            }
            if line.chars().any(char::is_control) {
                return Err(Unusable::ControlCharacters);
            }
            if let Some(media) = line.strip_prefix("m=") {
                let rejected = media.split(' ').nth(1) == Some("0");
                sections.push(Section { rejected, lines: Lines::default() });
            } else if let Some(value) = line.strip_prefix("a=fingerprint:") {
                sections.last_mut().map_or(&mut session, |section| &mut section.lines).add(value)?;
            }
        }
        if sections.len() > MOST_SECTIONS || sections.iter().all(|section| section.rejected) {
            return Err(Unusable::Sections);
        }
        for section in &mut sections {
            // RFC 8122, section 5: the session's lines are for the sections that have none of their own.
            if !section.lines.any {
                section.lines.clone_from(&session);
            }
            if !section.rejected && section.lines.usable.is_empty() {
                return Err(Unusable::NoFingerprint);
            }
        }
        Ok(Self(sections))
    }

    /// How many sections there are, rejected ones included.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The numbers of those in which the other end takes part. There is at least one.
    pub(super) fn sections(&self) -> impl Iterator<Item = usize> {
        (0..).zip(&self.0).filter(|(_, section)| !section.rejected).map(|(number, _)| number)
    }

    /// Whether a certificate (DER) may stand at the other end of a section's transport. A section that is not there or
    /// is rejected allows none.
    pub(super) fn allow(&self, section: usize, certificate: &[u8]) -> bool {
        self.0.get(section).is_some_and(|section| !section.rejected && section.lines.allow(certificate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CERTIFICATE: &[u8] = b"the counter's certificate";
    const STRANGER: &[u8] = b"a stranger's certificate";
    const NAMES: [&str; 4] = ["sha-224", "sha-256", "sha-384", "sha-512"];

    fn line(name: &str, certificate: &[u8]) -> String {
        let digest = Hash::named(name).unwrap().of(certificate);
        let hex: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        format!("a=fingerprint:{name} {}", hex.join(":"))
    }

    /// An answer with these lines at the session's level, in its first and in its second section.
    fn answer(session: &[String], first: &[String], second: &[String]) -> String {
        let mut lines = vec!["v=0".to_owned(), "o=- 1 2 IN IP4 127.0.0.1".into(), "s=-".into(), "t=0 0".into()];
        lines.extend_from_slice(session);
        lines.push("m=video 9 UDP/TLS/RTP/SAVPF 96".into());
        lines.extend_from_slice(first);
        lines.push("m=audio 9 UDP/TLS/RTP/SAVPF 97".into());
        lines.extend_from_slice(second);
        lines.push(String::new());
        lines.join("\r\n")
    }

    fn read(session: &[String], first: &[String], second: &[String]) -> Result<Fingerprints, Unusable> {
        Fingerprints::read(&answer(session, first, second))
    }

    fn allows(session: &[String], first: &[String], second: &[String], certificate: &[u8]) -> [bool; 2] {
        let fingerprints = read(session, first, second).unwrap();
        [0, 1].map(|section| fingerprints.allow(section, certificate))
    }

    #[test]
    fn every_hash_that_is_not_weak_counts_at_either_level_and_in_any_case() {
        for name in NAMES {
            let own = [line(name, CERTIFICATE)];
            let small = [own[0].to_ascii_lowercase()];
            let large = [format!("a=fingerprint:{}", own[0]["a=fingerprint:".len()..].to_ascii_uppercase())];
            for lines in [&own, &small, &large] {
                assert_eq!(allows(lines, &[], &[], CERTIFICATE), [true; 2], "{lines:?}");
                assert_eq!(allows(&[], lines, lines, CERTIFICATE), [true; 2], "{lines:?}");
                assert_eq!(allows(lines, &[], &[], STRANGER), [false; 2], "{lines:?}");
                assert_eq!(allows(&[], lines, lines, STRANGER), [false; 2], "{lines:?}");
            }
        }
    }

    #[test]
    fn a_sections_own_lines_take_the_place_of_the_sessions() {
        let (ours, other) = ([line("sha-256", CERTIFICATE)], [line("sha-256", STRANGER)]);
        assert_eq!(allows(&ours, &other, &[], CERTIFICATE), [false, true]);
        assert_eq!(allows(&other, &ours, &[], CERTIFICATE), [true, false]);
        let weak = ["a=fingerprint:sha-1 00:11".to_owned()];
        assert_eq!(read(&ours, &weak, &[]), Err(Unusable::NoFingerprint), "weak lines of its own");
    }

    #[test]
    fn of_several_lines_the_strongest_hash_decides_and_one_of_its_lines_is_enough() {
        let two_certificates = [line("sha-256", STRANGER), line("sha-256", CERTIFICATE)];
        assert_eq!(allows(&two_certificates, &[], &[], CERTIFICATE), [true; 2]);
        // Right by the weaker hash alone is not right.
        let mixed = [line("sha-256", CERTIFICATE), line("sha-512", STRANGER)];
        assert_eq!(allows(&mixed, &[], &[], CERTIFICATE), [false; 2]);
        let mixed = [line("sha-384", CERTIFICATE), line("sha-224", STRANGER)];
        assert_eq!(allows(&mixed, &[], &[], CERTIFICATE), [true; 2]);
        let beside_weak = ["a=fingerprint:md5 00:11".to_owned(), line("sha-256", CERTIFICATE)];
        assert_eq!(allows(&beside_weak, &[], &[], CERTIFICATE), [true; 2]);
        let beside_unknown = ["a=fingerprint:shake256 00:11".to_owned(), line("sha-256", CERTIFICATE)];
        assert_eq!(allows(&beside_unknown, &[], &[], CERTIFICATE), [true; 2]);
    }

    #[test]
    fn none_only_weak_only_unknown_or_one_section_without_is_refused() {
        assert_eq!(read(&[], &[], &[]), Err(Unusable::NoFingerprint));
        assert!(Unusable::NoFingerprint.verifies_nobody() && Unusable::Malformed.verifies_nobody());
        for name in ["sha-1", "SHA-1", "md5", "md2", "shake128", "sha256", "sha-", ""] {
            let lines = [format!("a=fingerprint:{name} 00:11:22")];
            assert_eq!(read(&lines, &[], &[]), Err(Unusable::NoFingerprint), "{name}");
            assert_eq!(read(&[], &lines, &lines), Err(Unusable::NoFingerprint), "{name}");
        }
        assert_eq!(read(&[], &[line("sha-256", CERTIFICATE)], &[]), Err(Unusable::NoFingerprint));
        assert_eq!(read(&[], &[], &[line("sha-256", CERTIFICATE)]), Err(Unusable::NoFingerprint));
    }

    #[test]
    fn malformed_lines_are_refused_also_beside_good_ones() {
        let good = line("sha-256", CERTIFICATE);
        let (cut, long, plain) = (&good[..good.len() - 3], format!("{good}:00"), good.replace(':', ""));
        let plain = plain.replacen("a=fingerprint", "a=fingerprint:", 1);
        for bad in [
            cut,
            &long,
            &plain,
            &good[..good.len() - 1],
            &good.replacen(' ', "  ", 1),
            &good.replacen(' ', "\u{3000}", 1),
            &good.replace(|letter: char| letter.is_ascii_digit(), "g"),
            &format!("{good} "),
            &good.replacen(":", ": +", 1),
            "a=fingerprint:",
            "a=fingerprint:sha-256",
            "a=fingerprint:sha-256 ",
            "a=fingerprint:sha-256 :",
            "a=fingerprint:sha-256 +A:+B",
        ] {
            assert_eq!(read(&[bad.to_owned()], &[], &[]), Err(Unusable::Malformed), "{bad}");
            assert_eq!(read(&[good.clone(), bad.to_owned()], &[], &[]), Err(Unusable::Malformed), "{bad}");
        }
        assert_eq!(read(&vec![good; MOST_LINES + 1], &[], &[]), Err(Unusable::Malformed));
    }

    #[test]
    fn a_rejected_section_needs_none_and_allows_none() {
        let sdp = answer(&[], &[line("sha-256", CERTIFICATE)], &[]).replace("m=audio 9", "m=audio 0");
        let fingerprints = Fingerprints::read(&sdp).unwrap();
        assert_eq!((fingerprints.len(), fingerprints.sections().collect::<Vec<_>>()), (2, vec![0]));
        assert!(fingerprints.allow(0, CERTIFICATE));
        assert!(!fingerprints.allow(1, CERTIFICATE) && !fingerprints.allow(2, CERTIFICATE));
        let sdp = sdp.replace("m=video 9", "m=video 0");
        assert_eq!(Fingerprints::read(&sdp), Err(Unusable::Sections));
    }

    #[test]
    fn what_no_browser_writes_never_reaches_the_parser() {
        let good = answer(&[line("sha-256", CERTIFICATE)], &[], &[]);
        assert!(Fingerprints::read(&good).is_ok());
        assert!(Fingerprints::read(&good.replace("\r\n", "\n")).is_ok());
        let long_line = format!("{good}a={}\r\n", "x".repeat(LONGEST_LINE));
        assert_eq!(Fingerprints::read(&long_line), Err(Unusable::TooLong));
        let long = format!("{good}{}", "a=x\r\n".repeat(LONGEST_SDP / 5));
        assert_eq!(Fingerprints::read(&long), Err(Unusable::TooLong));
        // A C string would end there, and what follows would be read by one of two parsers only.
        for control in ["\0", "\r", "\t", "\u{85}"] {
            let sdp = good.replace("s=-", &format!("s=-{control}x"));
            assert_eq!(Fingerprints::read(&sdp), Err(Unusable::ControlCharacters), "{control:?}");
        }
        let many = format!("{good}{}", "m=audio 9 UDP/TLS/RTP/SAVPF 97\r\n".repeat(MOST_SECTIONS));
        assert_eq!(Fingerprints::read(&many), Err(Unusable::Sections));
        assert_eq!(Fingerprints::read(""), Err(Unusable::Sections));
    }

    proptest! {
        #[test]
        fn no_other_certificate_is_ever_allowed(
            certificate in prop::collection::vec(any::<u8>(), 0..300),
            other in prop::collection::vec(any::<u8>(), 0..300),
            names in prop::collection::vec(prop::sample::select(NAMES.to_vec()), 1..6),
            place in 0..3_u8,
        ) {
            prop_assume!(certificate != other);
            let lines: Vec<_> = names.iter().map(|name| line(name, &certificate)).collect();
            let (session, first, second) = match place {
                0 => (lines, vec![], vec![]),
                1 => (vec![], lines.clone(), lines),
                _ => (lines.clone(), vec![], lines),
            };
            prop_assert_eq!(allows(&session, &first, &second, &certificate), [true; 2]);
            prop_assert_eq!(allows(&session, &first, &second, &other), [false; 2]);
        }

        #[test]
        fn a_changed_letter_of_a_fingerprint_refuses_the_certificate(
            name in prop::sample::select(NAMES.to_vec()),
            at in any::<prop::sample::Index>(),
            letter in prop::char::range('0', 'F'),
        ) {
            let right = line(name, CERTIFICATE);
            let start = right.find(' ').unwrap() + 1;
            let at = start + at.index(right.len() - start);
            prop_assume!(right.as_bytes()[at] != letter as u8);
            let forged = format!("{}{letter}{}", &right[..at], &right[at + 1..]);
            match read(&[forged], &[], &[]) {
                Ok(fingerprints) => prop_assert!(!fingerprints.allow(0, CERTIFICATE) && !fingerprints.allow(1, CERTIFICATE)),
                Err(why) => prop_assert_eq!(why, Unusable::Malformed),
            }
        }

        #[test]
        fn whatever_is_read_allows_no_certificate_that_it_does_not_name(
            sdp in "((m=[a-z]{1,5} [0-9]{1,2}|a=fingerprint:(sha-256|sha-1|x) [0-9A-F:]{0,100}|[a-z]=.{0,40})\r?\n){0,12}",
        ) {
            if let Ok(fingerprints) = Fingerprints::read(&sdp) {
                prop_assert!((0..20).all(|section| !fingerprints.allow(section, CERTIFICATE)));
            }
        }
    }
}
