//! An invitation: whom a key lets into an appointment's room, and whether it still does.

use crate::meeting::key::KeyHash;
use crate::model::language::Language;

/// What one paper stands for: one key, for one of those who are to come.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its number within the appointment.
    pub id: String,
    /// As what somebody comes with it.
    pub role: Invited,
    /// The language of its paper; the appointment's first where none is said.
    pub language: Option<Language>,
    /// Hash of its key.
    pub key: KeyHash,
    /// Whether the key lets anybody in.
    pub state: InvitationState,
}

/// The number of the invitation that every appointment begins with.
pub const FIRST: &str = "1";

impl Invitation {
    /// The one that every appointment begins with: the family's.
    pub fn family(key: KeyHash, language: Option<Language>) -> Self {
        Self { id: FIRST.to_owned(), role: Invited::Family, language, key, state: InvitationState::Open }
    }
}

/// As what somebody is invited. Nothing in it is a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invited {
    /// The family whose consultation it is.
    Family,
    /// Somebody who interprets.
    Interpreter,
    /// A relative who lives elsewhere.
    Relative,
    /// Somebody whom the counter asked to come: a nurse, a lawyer.
    Specialist,
}

impl Invited {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Family, Self::Interpreter, Self::Relative, Self::Specialist];

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }

    /// A stable word for it, as the store keeps it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Family => "family",
            Self::Interpreter => "interpreter",
            Self::Relative => "relative",
            Self::Specialist => "specialist",
        }
    }
}

/// Whether an invitation's key lets anybody in. Another key for it makes it good again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationState {
    /// It does, until the end.
    Open,
    /// It does not: whoever came with it was made to leave.
    Burnt,
    /// It does not: staff withdrew it.
    Withdrawn,
}

impl InvitationState {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Open, Self::Burnt, Self::Withdrawn];

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }

    /// A stable word for it, as the store keeps it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Burnt => "burnt",
            Self::Withdrawn => "withdrawn",
        }
    }
}
