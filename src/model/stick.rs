//! What a USB stick brings: an update, a loan, an order to forget; and why a paper on it is refused.

use super::loan::{self, Loan, LoanError};
pub use super::trouble::KeyRefusal;
use std::fmt;
use std::path::PathBuf;

/// The only format number of a return order that this version reads.
pub const RETURN_FORMAT: u16 = 1;

/// Numbers a stick from its being put in until it is taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StickId(pub u32);

impl fmt::Display for StickId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "*{}", self.0)
    }
}

/// A stick that was put in, with what was found on it. What has been dealt with is taken out of it, so that a stick that
/// stays in is dealt with once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stick {
    /// Its number.
    pub id: StickId,
    /// Put in since power-on, by somebody who wants something now; else it was already there.
    pub by_hand: bool,
    /// File of an update, not looked into yet.
    pub update: Option<PathBuf>,
    /// A loan whose signature was checked.
    pub loan: Option<Result<Box<LoanOrder>, PaperRefusal>>,
    /// An order to return a loan, whose signature was checked.
    pub give_back: Option<Result<ReturnOrder, PaperRefusal>>,
}

impl Stick {
    /// Something is on it that the device could do.
    pub fn brings_something(&self) -> bool {
        self.update.is_some() || self.loan.is_some() || self.give_back.is_some()
    }

    /// The order to return a loan outlives that loan on the same stick: it would be lent again by the next start.
    pub(super) fn forget_returned_loan(&mut self) {
        let over = self.give_back.as_ref().and_then(|order| order.as_ref().ok());
        if let Some(Ok(order)) = &self.loan
            && over.is_some_and(|over| over.loan == order.loan.id)
        {
            self.loan = None;
        }
    }

    /// Something that needs a sound disk: an update or a loan.
    pub fn brings_something_new(&self) -> bool {
        self.update.is_some() || self.loan.is_some()
    }
}

/// A loan as it came on a stick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoanOrder {
    /// What it says.
    pub loan: Loan,
    /// The file with its signature, as it is to be kept ([`kept`]).
    pub text: String,
    /// Its last day is over by the device's own clock, which may be wrong.
    pub past: bool,
    /// When it was signed, by the clock of the PC that did: seconds since 1970; 0 where the signature does not say.
    pub signed: u64,
}

/// An order to return a loan, as it came on a stick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnOrder {
    /// Id of the loan that is over.
    pub loan: String,
    /// Serial number of the only board that it is for.
    pub device: Option<String>,
    /// As [`LoanOrder::signed`].
    pub signed: u64,
}

impl From<String> for ReturnOrder {
    /// Undated, and for any device.
    fn from(loan: String) -> Self {
        Self { loan, device: None, signed: 0 }
    }
}

impl From<&str> for ReturnOrder {
    fn from(loan: &str) -> Self {
        loan.to_owned().into()
    }
}

/// When the newest papers were signed that this device followed. It says nothing about a person, and outlives the wipe: a
/// paper is followed once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// The newest loan.
    pub lent: Option<u64>,
    /// The newest return order that was carried out.
    pub returned: Option<u64>,
}

impl Followed {
    /// Whether a loan is newer than the last one. That one itself may come again as long as it was not returned: a memory
    /// may be lost.
    pub fn takes_loan(self, signed: u64) -> bool {
        let back = self.returned >= self.lent;
        self.lent.is_none_or(|lent| signed > lent || signed == lent && !back)
    }

    /// Whether a return order was not carried out yet.
    pub fn takes_return(self, signed: u64) -> bool {
        self.returned.is_none_or(|returned| signed > returned)
    }

    /// The newer ones of both.
    #[must_use]
    pub fn newest(self, other: Self) -> Self {
        Self { lent: self.lent.max(other.lent), returned: self.returned.max(other.returned) }
    }
}

/// A city key that the device does not take.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyRefused {
    /// Name of its file.
    pub file: String,
    /// Why.
    pub why: KeyRefusal,
}

/// Why the device is not lent although a loan lies in its memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldTrouble {
    /// The memory cannot be read; the sentence is for the log.
    Unreadable(String),
    /// The loan would not be followed if it came on a stick today.
    Refused {
        /// Its number.
        id: String,
        /// Why.
        why: PaperRefusal,
    },
}

/// What the store holds at power-on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// A wipe was begun and not finished, or is owed.
    pub wipe_owed: bool,
    /// The loan, if one is prepared.
    pub loan: Result<Option<Loan>, HeldTrouble>,
    /// The memory was lost or damaged and has been made anew: what was on it is gone.
    pub made_anew: bool,
    /// City keys on the device that count for nothing.
    pub refused_keys: Vec<KeyRefused>,
    /// A development build: whoever can write to the boot partition can lend it.
    pub development: bool,
    /// Which papers were followed last.
    pub followed: Followed,
    /// The board's serial number, in capital letters; nothing where it has none.
    pub device: Option<String>,
    /// Version of the running system; nothing where it is no image.
    pub firmware: Option<String>,
}

impl Default for Held {
    /// Not lent, and nothing to be said.
    fn default() -> Self {
        Self {
            wipe_owed: false,
            loan: Ok(None),
            made_anew: false,
            refused_keys: Vec::new(),
            development: false,
            followed: Followed::default(),
            device: None,
            firmware: None,
        }
    }
}

/// What happens at the USB sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StickNews {
    /// A stick was put in and has been read.
    In(Stick),
    /// It was taken out.
    Out(StickId),
}

impl fmt::Display for StickNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stick = match self {
            Self::In(stick) => stick,
            Self::Out(id) => return write!(f, "StickOut{id}"),
        };
        let paper = |name: &'static str, paper: Option<Option<&PaperRefusal>>| match paper {
            None => None,
            Some(None) => Some(name.to_owned()),
            Some(Some(why)) => Some(format!("{name} {}", why.name())),
        };
        let brings = [
            stick.update.as_ref().map(|_| "update".to_owned()),
            paper("loan", stick.loan.as_ref().map(|loan| loan.as_ref().err())),
            paper("return", stick.give_back.as_ref().map(|order| order.as_ref().err())),
        ];
        let brings: Vec<String> = brings.into_iter().flatten().collect();
        write!(f, "StickIn{}({})", stick.id, if brings.is_empty() { "nothing".to_owned() } else { brings.join(", ") })
    }
}

/// Why a loan or a return order on a stick is not followed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PaperRefusal {
    /// No signature lies beside it.
    NoSignature,
    /// Signed, but not with a key of this device's city.
    WrongKey,
    /// Signed by the city, but changed or damaged since.
    Changed,
    /// This device knows no city's key.
    NoKeys,
    /// The file cannot be read from the stick.
    Unreadable,
    /// The stick itself cannot be read: a file system that is not read here (NTFS, BitLocker), a damaged one, or one that
    /// does not answer.
    UnreadableStick,
    /// A file is there under another name (`loan.toml.txt`).
    Misnamed {
        /// Its name.
        written: String,
        /// What it is to be called.
        name: &'static str,
    },
    /// Not a sound file.
    Invalid {
        /// Which field, and what to write there.
        error: LoanError,
    },
    /// Another loan is in force and must be returned first.
    AlreadyLent {
        /// Id of the loan in force.
        id: String,
    },
    /// Its last day is over.
    Expired,
    /// The return order is for another loan.
    OtherLoan {
        /// Id of the loan in force.
        id: String,
    },
    /// A loan that is not newer than the last one: it was followed already.
    OldLoan,
    /// A return order that was carried out already, or is older than the loan in force.
    OldReturn,
    /// It is for another device.
    OtherDevice {
        /// The number of this one; empty where it has none.
        own: String,
    },
    /// There is no loan to return.
    NothingLent,
    /// It could not be written to the device's memory.
    NotWritten,
}

impl PaperRefusal {
    /// A stable name, part of the face's.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoSignature => "no-signature",
            Self::WrongKey => "wrong-key",
            Self::Changed => "changed",
            Self::NoKeys => "no-keys",
            Self::Unreadable => "unreadable",
            Self::UnreadableStick => "unreadable-stick",
            Self::Misnamed { .. } => "misnamed",
            Self::Invalid { .. } => "invalid",
            Self::AlreadyLent { .. } => "already-lent",
            Self::Expired => "expired",
            Self::OtherLoan { .. } => "other-loan",
            Self::OldLoan => "old-loan",
            Self::OldReturn => "old-return",
            Self::OtherDevice { .. } => "other-device",
            Self::NothingLent => "nothing-lent",
            Self::NotWritten => "not-written",
        }
    }
}

/// A paper and its signature as one file, so that neither is kept without the other: the signature's lines are comments of
/// the paper.
pub fn kept(text: &str, signature: &str) -> String {
    let lines = signature.lines().map(|line| format!("{KEPT}{line}\n"));
    lines.chain([text.to_owned()]).collect()
}

/// The text and the signature of what was [`kept`]; nothing where no signature stands before it.
pub fn taken_apart(kept: &str) -> Option<(&str, String)> {
    let (mut rest, mut signature) = (kept, String::new());
    for _ in 0..SIGNATURE_LINES {
        let (line, after) = rest.split_once('\n')?;
        signature.push_str(line.strip_prefix(KEPT)?);
        signature.push('\n');
        rest = after;
    }
    Some((rest, signature))
}

/// How a line of the signature begins in a file that is kept.
const KEPT: &str = "# ";
/// Lines of a minisign signature.
const SIGNATURE_LINES: usize = 4;

/// Reads a return order, which does not say itself when it was signed.
///
/// # Errors
/// [`LoanError`] names the field and what to write there.
pub fn return_order(text: &str) -> Result<ReturnOrder, LoanError> {
    let example = |field: &str| match field {
        "format" => Some(("a number", "1")),
        "loan" => Some(loan::ID),
        "device" => Some(loan::DEVICE),
        _ => None,
    };
    let paper = loan::Paper { table: &loan::table(text, example)?, path: String::new() };
    paper.only(&["format", "loan", "device"])?;
    paper.format(RETURN_FORMAT)?;
    let like = example("loan").unwrap_or_default();
    let device = paper.device()?;
    match paper.text("loan", like)? {
        id if loan::is_id(id) => Ok(ReturnOrder { device, ..id.into() }),
        _ => paper.value("loan", like),
    }
}

/// The text of a return order for a loan's id, and for one device alone where one is named.
pub fn return_order_for(loan: &str, device: Option<&str>) -> String {
    let text = |text: &str| toml::Value::String(text.to_owned());
    let device = device.map(|device| format!("device = {}\n", text(device))).unwrap_or_default();
    format!("format = {RETURN_FORMAT}\nloan = {}\n{device}", text(loan))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paper_is_kept_with_its_signature_and_taken_apart_again() {
        let (text, signature) =
            ("# a comment\nid = 1\r\n\nno end", "untrusted comment: x\nAA\ntrusted comment: y\nBB\n");
        let kept = kept(text, signature);
        assert_eq!(taken_apart(&kept), Some((text, signature.to_owned())));
        for other in ["", text, "# one\n# two\n# three\n", "format = 1\n# a\n# b\n# c\n# d\n"] {
            assert_eq!(taken_apart(other), None, "{other}");
        }
    }

    #[test]
    fn papers_are_followed_once_in_the_order_of_their_signatures() {
        let followed = |lent, returned| Followed { lent, returned };
        for (memory, signed, loan, give_back) in [
            (followed(None, None), 0, true, true),
            (followed(Some(5), None), 4, false, true),
            // Lost with the memory, and not returned.
            (followed(Some(5), None), 5, true, true),
            (followed(Some(5), Some(3)), 5, true, true),
            (followed(Some(5), Some(5)), 5, false, false),
            (followed(Some(5), Some(7)), 6, true, false),
            (followed(Some(5), Some(7)), 8, true, true),
            // Undated papers count once.
            (followed(Some(0), None), 0, true, true),
            (followed(Some(0), Some(0)), 0, false, false),
        ] {
            assert_eq!(
                (memory.takes_loan(signed), memory.takes_return(signed)),
                (loan, give_back),
                "{memory:?} {signed}"
            );
        }
        assert_eq!(followed(Some(5), None).newest(followed(Some(3), Some(4))), followed(Some(5), Some(4)));
    }

    #[test]
    fn a_return_order_says_which_loan_is_over() {
        assert_eq!(return_order(&return_order_for("M-2026-014", None)).unwrap(), "M-2026-014".into());
        let order = return_order(&return_order_for("M-1", Some("10000000a1b2c3d4"))).unwrap();
        assert_eq!((order.loan.as_str(), order.device.as_deref()), ("M-1", Some("10000000A1B2C3D4")));
        assert!(
            return_order(&return_order_for("M-1", Some("x"))).unwrap_err().to_string().starts_with("device: must be")
        );
        assert!(return_order("format = 2\nloan = \"x\"").unwrap_err().to_string().starts_with("format: is 2"));
        assert!(return_order("format = 1\nloan = \"\"").unwrap_err().to_string().starts_with("loan: must be"));
        assert!(return_order("format = 1\nloan = \"田中\"").unwrap_err().to_string().starts_with("loan: must be"));
        let said = |text: &str| return_order(text).unwrap_err().to_string();
        assert!(said("format = 1\nlaon = \"x\"").starts_with("laon: is no field of this file; correct its spelling"));
        assert!(said("format = 1").starts_with("loan: is missing; write it like \"M-2026-014\""));
        assert!(said("format = 1\nloan = M-2026-014").starts_with("loan: must be 1 to 40 letters, digits or hyphens"));
        assert!(said("loan = \"x\"").starts_with("format: is missing"));
        assert!(said("M-2026-014").starts_with("line 1: is no TOML ("));
    }

    #[test]
    fn the_log_says_what_a_stick_brings_and_not_what_is_in_it() {
        let stick = Stick {
            id: StickId(2),
            update: Some("/x/secret-name.raucb".into()),
            loan: Some(Err(PaperRefusal::WrongKey)),
            give_back: Some(Ok("M-1".into())),
            ..Stick::default()
        };
        assert_eq!(StickNews::In(stick).to_string(), "StickIn*2(update, loan wrong-key, return)");
        assert_eq!(StickNews::In(Stick::default()).to_string(), "StickIn*0(nothing)");
        assert_eq!(StickNews::Out(StickId(2)).to_string(), "StickOut*2");
    }
}
