//! What a counter offers its devices: a signed pointer to an update, and whether a device follows it.

use super::update::{self, is_version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The only format number this version reads.
pub const FORMAT: u16 = 1;
/// Folder of the room server's addresses below which pointers and bundles lie.
pub const PATH: &str = "/updates/";
/// A pointer with more bytes is none.
pub const LONGEST: usize = 4096;

/// Names one update. What it says is signed; the bundle has a signature of its own, which RAUC looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// [`FORMAT`].
    pub format: u16,
    /// Product and board.
    pub compatible: String,
    /// The update's version.
    pub version: String,
    /// The bundle's file, beside the pointer.
    pub bundle: String,
    /// Its size in bytes.
    pub size: u64,
    /// Before this moment no device takes it.
    pub not_before: Timestamp,
    /// From this moment on neither: a server that nobody looks after does not offer the same for ever.
    pub until: Timestamp,
}

/// Why a pointer is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointerRefusal {
    /// Not as it is written here.
    #[error("the pointer is not written as this version reads it: {0}")]
    Form(String),
    /// No signature stands before it, or none that can be read.
    #[error("the pointer bears no signature")]
    Unsigned,
    /// The text or its signature was changed, or another key signed it.
    #[error("the pointer is not signed by the release's key")]
    WrongKey,
    /// The right key, but it did not sign a pointer.
    #[error("what is signed is no pointer to an update")]
    OtherPurpose,
    /// For another product or board.
    #[error("the pointer is for {0}")]
    OtherProduct(String),
    /// Its time has not come.
    #[error("the pointer is for {0} and later")]
    TooEarly(Timestamp),
    /// Its time is over.
    #[error("the pointer was good until {0}; the release is to be put there anew")]
    Over(Timestamp),
}

/// What a device does about a pointer that it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// It is newer than what runs.
    Install,
    /// It is what runs, or older: nothing is to be done.
    Nothing,
}

impl Pointer {
    /// Reads the text that is signed. A field that a later version adds does not disturb.
    ///
    /// # Errors
    /// [`PointerRefusal::Form`]
    pub fn from_toml(text: &str) -> Result<Self, PointerRefusal> {
        let form = |said: &str| PointerRefusal::Form(said.to_owned());
        let pointer: Self = toml::from_str(text).map_err(|error| form(error.message()))?;
        if pointer.format != FORMAT {
            return Err(form(&format!("format {}, and {FORMAT} is known", pointer.format)));
        }
        if !is_version(&pointer.version) {
            return Err(form("its version is none"));
        }
        if !is_bundle(&pointer.bundle) {
            return Err(form("its bundle is no plain name that ends in .raucb"));
        }
        Ok(pointer)
    }

    /// The text to be signed.
    ///
    /// # Errors
    /// It cannot be written down.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// Whether a device that runs `version` of `compatible` follows it at this moment.
    ///
    /// # Errors
    /// Why not.
    pub fn judge(&self, compatible: &str, version: &str, now: Timestamp) -> Result<Follows, PointerRefusal> {
        if self.compatible != compatible {
            return Err(PointerRefusal::OtherProduct(self.compatible.clone()));
        }
        if now < self.not_before {
            return Err(PointerRefusal::TooEarly(self.not_before));
        }
        if now >= self.until {
            return Err(PointerRefusal::Over(self.until));
        }
        Ok(match update::compare_versions(&self.version, version) {
            Ordering::Greater => Follows::Install,
            Ordering::Equal | Ordering::Less => Follows::Nothing,
        })
    }
}

/// The pointer's file for this product and board.
pub fn pointer_name(compatible: &str) -> String {
    format!("{compatible}.toml")
}

/// Product and board of a bundle, by its name as the build gives it (`madoguchi-0.2.0-arm64-pi5.raucb`).
pub fn compatible_of(bundle: &str) -> Option<String> {
    let stem = bundle.strip_suffix(".raucb")?;
    let version = update::version_in(stem);
    let (product, board) = stem.split_once(version).filter(|_| is_version(version))?;
    let known = product == "madoguchi-" && ["-arm64", "-arm64-pi5"].contains(&board);
    known.then(|| format!("madoguchi{board}"))
}

/// Whether a bundle can have this name: at most 80 plain characters, so that it is one step of an address and of a path.
pub fn is_bundle(name: &str) -> bool {
    is_file(name) && name.ends_with(".raucb")
}

/// Whether this is a file below [`PATH`], by its name.
pub fn is_file(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    let ends = name.ends_with(".raucb") || name.ends_with(".toml");
    ends && name.len() <= 80 && name.chars().all(plain) && !name.starts_with(['.', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn pointer() -> Pointer {
        Pointer {
            format: FORMAT,
            compatible: "madoguchi-arm64".to_owned(),
            version: "0.2.0".to_owned(),
            bundle: "madoguchi-0.2.0-arm64.raucb".to_owned(),
            size: 80_000_000,
            not_before: at(0),
            until: at(1000),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = pointer().to_toml().unwrap();
        assert_eq!(Pointer::from_toml(&text), Ok(pointer()));
        assert_eq!(Pointer::from_toml(&format!("{text}later = \"word\"\n")), Ok(pointer()));
        for (from, to, said) in [
            ("format = 1", "format = 2", "format 2"),
            ("\"0.2.0\"", "\"newest\"", "version"),
            ("\"madoguchi-0.2.0", "\"../madoguchi-0.2.0", "plain name"),
            (".raucb", ".sh", "plain name"),
            ("size = 80000000", "size = -1", "integer"),
            ("until = ", "til = ", "until"),
        ] {
            assert!(text.contains(from), "{text}");
            let error = Pointer::from_toml(&text.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(said), "{to}: {error}");
        }
    }

    #[test]
    fn a_pointer_is_followed_by_its_own_board_in_its_time_when_it_is_newer() {
        let judged = |compatible: &str, version: &str, second| pointer().judge(compatible, version, at(second));
        assert_eq!(judged("madoguchi-arm64", "0.1.0", 0), Ok(Follows::Install));
        assert_eq!(judged("madoguchi-arm64", "0.2.0", 999), Ok(Follows::Nothing));
        assert_eq!(judged("madoguchi-arm64", "0.10.0", 1), Ok(Follows::Nothing));
        let other = PointerRefusal::OtherProduct("madoguchi-arm64".to_owned());
        assert_eq!(judged("madoguchi-arm64-pi5", "0.1.0", 1), Err(other));
        assert_eq!(judged("madoguchi-arm64", "0.1.0", -1), Err(PointerRefusal::TooEarly(at(0))));
        assert_eq!(judged("madoguchi-arm64", "0.1.0", 1000), Err(PointerRefusal::Over(at(1000))));
    }

    #[test]
    fn a_bundle_says_by_its_name_for_which_board_it_is() {
        for (name, compatible) in [
            ("madoguchi-0.2.0-arm64.raucb", Some("madoguchi-arm64")),
            ("madoguchi-1.0.0-rc.2-arm64-pi5.raucb", Some("madoguchi-arm64-pi5")),
            ("madoguchi-0.2.0-amd64.raucb", None),
            ("other-0.2.0-arm64.raucb", None),
            ("madoguchi-arm64.raucb", None),
            ("madoguchi-0.2.0-arm64.img", None),
        ] {
            assert_eq!(compatible_of(name).as_deref(), compatible, "{name}");
        }
    }

    #[test]
    fn a_name_is_one_step_of_a_path() {
        for good in ["madoguchi-0.2.0-arm64.raucb", "madoguchi-arm64.toml"] {
            assert!(is_file(good), "{good}");
        }
        for bad in ["../x.toml", "a/b.raucb", ".toml", "x.txt", "", "..", "-x.toml", "x y.toml", "x\n.toml"] {
            assert!(!is_file(bad), "{bad}");
        }
    }
}
