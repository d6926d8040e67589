//! Updates and slots: whether a bundle may be installed, what RAUC's sentences mean, and whether an update went back.

pub use super::trouble::UpdateRefusal;
use std::cmp::Ordering;

/// What is said about an update that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateNews {
    /// Found good and being written to the other slot.
    Installing {
        /// 0..=100
        percent: u8,
    },
    /// In the other slot, which starts next.
    Installed,
    /// It is what runs already.
    UpToDate {
        /// Its version.
        version: String,
    },
    /// Not installed; nothing was changed.
    Refused(UpdateRefusal),
}

/// What a signed bundle says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    /// Product and board.
    pub compatible: String,
    /// Version.
    pub version: String,
}

/// What it is to be installed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct System {
    /// Product and board.
    pub compatible: String,
    /// The running version.
    pub version: String,
    /// The version that was last installed into the other slot to its end, where known.
    pub other: Option<String>,
}

/// Whether the bundle is to be installed; `Err` says what to tell instead.
///
/// # Errors
/// The final word: up to date or refused.
pub fn judge(offered: &Offered, system: &System, by_hand: bool) -> Result<(), UpdateNews> {
    let refused = |why| Err(UpdateNews::Refused(why));
    if offered.compatible != system.compatible {
        return refused(UpdateRefusal::OtherProduct);
    }
    if offered.version.is_empty() {
        return refused(UpdateRefusal::Failed);
    }
    match compare_versions(&offered.version, &system.version) {
        Ordering::Equal => Err(UpdateNews::UpToDate { version: offered.version.clone() }),
        Ordering::Less => refused(UpdateRefusal::Older),
        // It was there before and yet something else runs: without a hand there would be a loop.
        Ordering::Greater if !by_hand && system.other.as_ref() == Some(&offered.version) => {
            refused(UpdateRefusal::TriedAlready)
        }
        Ordering::Greater => Ok(()),
    }
}

/// The order of two versions as Semantic Versioning has it, tolerant of any number of parts; build metadata (`+…`) counts
/// for nothing.
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    let split = |version: &str| {
        let version = version.split('+').next().unwrap_or_default();
        let (main, before) = version.split_once('-').map_or((version, None), |(main, before)| (main, Some(before)));
        (main.to_owned(), before.map(str::to_owned))
    };
    let ((main_a, before_a), (main_b, before_b)) = (split(a), split(b));
    compare_parts(&main_a, &main_b, "0").then_with(|| match (before_a, before_b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => compare_parts(&a, &b, ""),
    })
}

/// Whether this can be a version: 1 to 40 letters, digits, `.`, `-` or `+`, with a digit first.
pub fn is_version(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-+".contains(letter);
    text.starts_with(|first: char| first.is_ascii_digit()) && text.len() <= 40 && text.chars().all(plain)
}

/// The version in the name of an update (`madoguchi-1.10.0-rc.2-arm64-pi5`): it begins with the first digit that stands at
/// the start, after a separator, or after such a `v`, and ends before the processor's name. Empty where there is none.
pub fn version_in(name: &str) -> &str {
    let mut before = None;
    for (at, letter) in name.char_indices() {
        let begins = before.is_none_or(|before: char| "-_ .".contains(before));
        let rest = name.get(at..).unwrap_or_default();
        let version = if begins { rest.strip_prefix(['v', 'V']).unwrap_or(rest) } else { "" };
        if version.starts_with(|first: char| first.is_ascii_digit()) {
            let end = version.find(|letter: char| !letter.is_ascii_alphanumeric() && !".-+".contains(letter));
            let version = version.get(..end.unwrap_or(version.len())).unwrap_or_default();
            let ends = ["-arm", "-aarch", "-amd", "-x86"].into_iter().filter_map(|name| version.find(name)).min();
            return version.get(..ends.unwrap_or(version.len())).unwrap_or_default();
        }
        before = Some(letter);
    }
    ""
}

fn compare_parts(a: &str, b: &str, missing: &str) -> Ordering {
    // A number may be longer than any integer; leading zeros count for nothing.
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.trim_start_matches('0').to_owned())
    };
    let (a, b): (Vec<_>, Vec<_>) = (a.split('.').collect(), b.split('.').collect());
    let parts = (0..a.len().max(b.len())).map(|at| {
        let (a, b) = (a.get(at).copied().unwrap_or(missing), b.get(at).copied().unwrap_or(missing));
        match (number(a), number(b)) {
            (Some(a), Some(b)) => a.len().cmp(&b.len()).then(a.cmp(&b)),
            (Some(_), None) if !b.is_empty() => Ordering::Less,
            (None, Some(_)) if !a.is_empty() => Ordering::Greater,
            _ => a.cmp(b),
        }
    });
    parts.fold(Ordering::Equal, Ordering::then)
}

/// What a sentence of RAUC means. Sentences as of RAUC 1.8 to 1.15; they are prefixed with the step that failed.
pub fn classify(sentence: &str) -> UpdateRefusal {
    const MEANINGS: [(&str, UpdateRefusal); 35] = [
        ("compatible mismatch", UpdateRefusal::OtherProduct),
        ("version mismatch", UpdateRefusal::Older),
        // A bundle whose last bytes are no size was cut off, or has never been signed.
        ("signature size is 0", UpdateRefusal::Unsigned),
        ("no signature", UpdateRefusal::Unsigned),
        ("signature verification failed", UpdateRefusal::Unsigned),
        ("failed to verify x509 cert", UpdateRefusal::Unsigned),
        ("failed to verify signature", UpdateRefusal::Unsigned),
        ("verify error", UpdateRefusal::Unsigned),
        ("self-signed certificate", UpdateRefusal::Unsigned),
        ("self signed certificate", UpdateRefusal::Unsigned),
        ("unable to get local issuer", UpdateRefusal::Unsigned),
        ("unsupported number of signers", UpdateRefusal::Unsigned),
        ("too small for image", UpdateRefusal::TooLarge),
        ("does not fit to slot", UpdateRefusal::TooLarge),
        // The image's own handler looks at nothing but sizes (image/root/usr/lib/madoguchi/pre-install).
        ("pre-install handler error", UpdateRefusal::TooLarge),
        ("image/partition size", UpdateRefusal::TooLarge),
        ("no space left", UpdateRefusal::TooLarge),
        ("file too large", UpdateRefusal::TooLarge),
        ("no such file", UpdateRefusal::PulledOut),
        ("no such device", UpdateRefusal::PulledOut),
        ("transport endpoint", UpdateRefusal::PulledOut),
        ("invalid bundle format", UpdateRefusal::Damaged),
        ("invalid bundle identifier", UpdateRefusal::Damaged),
        ("no valid cms", UpdateRefusal::Damaged),
        ("failed to parse signature", UpdateRefusal::Damaged),
        ("exceeds bundle size", UpdateRefusal::Damaged),
        ("signature from bundle", UpdateRefusal::Damaged),
        ("signature size from bundle", UpdateRefusal::Damaged),
        ("is corrupted", UpdateRefusal::Damaged),
        ("failed mounting bundle", UpdateRefusal::Damaged),
        ("failed to mount bundle", UpdateRefusal::Damaged),
        ("input/output error", UpdateRefusal::Damaged),
        ("end of file", UpdateRefusal::Damaged),
        ("checksum", UpdateRefusal::Damaged),
        ("manifest", UpdateRefusal::Damaged),
    ];
    let sentence = sentence.to_lowercase();
    let found = MEANINGS.iter().find(|(part, _)| sentence.contains(part));
    found.map_or(UpdateRefusal::Failed, |(_, meaning)| *meaning)
}

/// A slot as RAUC describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// The name by which the boot loader knows it; slots without one cannot be booted.
    pub bootname: Option<String>,
    /// The system runs from it.
    pub booted: bool,
    /// The boot loader will not start it: its attempts are used up, or it is being written.
    pub bad: bool,
    /// `ok` once an installation is complete.
    pub status: Option<String>,
    /// The installed version.
    pub version: Option<String>,
    /// When an update was written into it, and when it was made the next to start (ISO 8601, UTC).
    pub installed: Option<String>,
    /// See there.
    pub activated: Option<String>,
}

/// The bootable slot that the system does not run from.
pub fn other_slot(slots: &[Slot]) -> Option<&Slot> {
    slots.iter().find(|slot| slot.bootname.is_some() && !slot.booted)
}

/// An update was installed completely and made the next to start, yet the boot loader has given it up.
///
/// A slot that was never written, or whose writing was cut short, is bad too, and nothing went back then.
pub fn went_back(slots: &[Slot]) -> bool {
    other_slot(slots).is_some_and(|other| other.bad && other.was_next())
}

/// The version that was installed into the other slot, if that was completed: one that was cut off has not been tried.
pub fn tried(slots: &[Slot]) -> Option<String> {
    other_slot(slots).filter(|other| other.was_next()).and_then(|other| other.version.clone())
}

impl Slot {
    /// An update was installed completely and made the next to start.
    fn was_next(&self) -> bool {
        let complete = self.status.as_deref().is_none_or(|status| status == "ok");
        let started = match (&self.installed, &self.activated) {
            (Some(installed), Some(activated)) => activated >= installed,
            (_, activated) => activated.is_some(),
        };
        complete && started
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ordering::{Equal, Greater, Less};

    #[test]
    fn versions_have_an_order() {
        for (a, b, order) in [
            ("1.2.3", "1.2.3", Equal),
            ("1.2.3+abc", "1.2.3+def", Equal),
            ("1.2", "1.2.0", Equal),
            ("1.10.0", "1.9.9", Greater),
            ("2026.11.2", "2026.11.10", Less),
            ("1.0.0-rc.1", "1.0.0", Less),
            ("1.0.0-rc.2", "1.0.0-rc.10", Less),
            ("1.0.0-rc.1", "1.0.0-rc", Greater),
            ("1.0.0-1", "1.0.0-rc", Less),
            ("0.1.0", "", Greater),
            ("20261122T0100", "20261122T0059", Greater),
            ("1.100000000000000000000", "1.99999999999999999999", Greater),
            ("1.007", "1.7", Equal),
        ] {
            assert_eq!(compare_versions(a, b), order, "{a} and {b}");
            assert_eq!(compare_versions(b, a), order.reverse(), "{b} and {a}");
        }
    }

    #[test]
    fn a_version_is_found_in_a_files_name() {
        for (name, version) in [
            ("madoguchi-arm64-0.10.0", "0.10.0"),
            ("madoguchi-arm64-pi5-1.0.0-rc.2", "1.0.0-rc.2"),
            ("madoguchi-1.0.0-rc.2-arm64-pi5", "1.0.0-rc.2"),
            ("madoguchi-0.2.0-arm64", "0.2.0"),
            ("madoguchi_v2.1", "2.1"),
            ("1.4.0", "1.4.0"),
            ("madoguchi-arm64-1.4.0 (2)", "1.4.0"),
            ("update", ""),
            ("pi5", ""),
            ("更新-3", "3"),
        ] {
            assert_eq!(version_in(name), version, "{name}");
        }
    }

    #[test]
    fn a_bundle_is_judged_before_it_is_installed() {
        let system =
            System { compatible: "madoguchi-arm64".into(), version: "1.1.0".into(), other: Some("1.2.0".into()) };
        let judged = |compatible: &str, version: &str, by_hand| {
            judge(&Offered { compatible: compatible.into(), version: version.into() }, &system, by_hand)
        };
        let refused = |why| Err(UpdateNews::Refused(why));
        assert_eq!(judged("madoguchi-arm64", "1.3.0", false), Ok(()));
        assert_eq!(judged("madoguchi-arm64-pi5", "1.3.0", true), refused(UpdateRefusal::OtherProduct));
        assert_eq!(judged("madoguchi-arm64", "1.0.9", true), refused(UpdateRefusal::Older));
        assert_eq!(judged("madoguchi-arm64", "", true), refused(UpdateRefusal::Failed));
        assert_eq!(judged("madoguchi-arm64", "1.1.0", true), Err(UpdateNews::UpToDate { version: "1.1.0".into() }));
        assert_eq!(judged("madoguchi-arm64", "1.2.0", false), refused(UpdateRefusal::TriedAlready));
        assert_eq!(judged("madoguchi-arm64", "1.2.0", true), Ok(()));
    }

    /// Sentences as RAUC 1.8 (Debian 12) and 1.15 wrote them, and as 1.13's source has them.
    #[test]
    fn every_sentence_of_rauc_has_its_meaning() {
        use UpdateRefusal::{Damaged, Failed, Older, OtherProduct, PulledOut, TooLarge, Unsigned};
        for (sentence, meaning) in [
            ("signature verification failed: Verify error: self-signed certificate", Unsigned),
            ("signature verification failed: Verify error: unable to get local issuer certificate", Unsigned),
            ("Invalid bundle format: Signature size is 0", Unsigned),
            ("Invalid bundle format: Signature size (12742905249031545425) exceeds bundle size", Damaged),
            (
                "Invalid bundle format: Failed to seek to end of bundle: Error seeking in file: Invalid argument",
                Damaged,
            ),
            ("Invalid bundle identifier", Damaged),
            ("Signature data is no valid CMS", Damaged),
            ("Failed mounting bundle: Failed to mount bundle: Input/output error", Damaged),
            ("Installation error: Failed updating slot rootfs.1: Failed to copy data: Input/output error", Damaged),
            ("bundle payload is corrupted", Damaged),
            (
                "Installation error: Compatible mismatch: Expected 'madoguchi-arm64' but bundle manifest has 'other'",
                OtherProduct,
            ),
            ("Installation error: Version mismatch: Expected at least '1.2.0' but bundle manifest has '1.1.0'", Older),
            (
                "Installation error: Failed updating slot rootfs.1: Slot (1048576 bytes) is too small for image \
                 (2097152 bytes).",
                TooLarge,
            ),
            ("Size of image (5) does not fit to slot size 4", TooLarge),
            ("Installation error: Pre-install handler error: Child process exited with code 1", TooLarge),
            ("No such file: /run/madoguchi/stick/sda1/update.raucb", PulledOut),
            ("Already processing a different method", Failed),
            ("unsafe bundle uid 1000", Failed),
            ("", Failed),
        ] {
            assert_eq!(classify(sentence), meaning, "{sentence}");
        }
    }

    #[test]
    fn only_an_update_that_was_complete_and_never_became_good_went_back() {
        let booted = Slot { bootname: Some("A".into()), booted: true, ..Slot::default() };
        let other = Slot {
            bootname: Some("B".into()),
            bad: true,
            status: Some("ok".into()),
            version: Some("1.2.0".into()),
            installed: Some("2026-11-22T00:00:00Z".into()),
            activated: Some("2026-11-22T00:00:05Z".into()),
            booted: false,
        };
        let back = |other: Slot| went_back(&[booted.clone(), Slot { bad: true, ..Slot::default() }, other]);
        assert!(back(other.clone()));
        assert!(back(Slot { status: None, ..other.clone() }), "without a status file's word");
        assert!(!back(Slot { bad: false, ..other.clone() }), "it may still start");
        assert!(!back(Slot { status: Some("update".into()), ..other.clone() }), "its writing was cut short");
        let never = Slot { bootname: Some("B".into()), bad: true, ..Slot::default() };
        assert!(!back(never), "nothing was ever installed there");
        let not_yet = Slot { activated: Some("2026-11-21T00:00:00Z".into()), ..other };
        assert!(!back(not_yet), "power was cut before it was made the next to start");
        assert!(!went_back(&[booted]));
    }
}
