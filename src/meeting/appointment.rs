//! An appointment: which counter, when, for how many; and how it stands.

use crate::meeting::invitation::{Invitation, InvitationState, Invited};
use crate::meeting::key::KeyHash;
use crate::model::language::Language;
use crate::model::wire::{Slot, Words};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The lobby opens so long before the start.
pub const OPENS_BEFORE: SignedDuration = SignedDuration::from_mins(10);
/// Sites allowed where nothing else is said: the counter and one guest.
pub const SITES: u8 = 2;
/// The most sites that may take part: the pages and the box show one other end each.
pub const SITES_AT_MOST: u8 = 2;

/// A counter of the city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Short stable name, such as `kosodate`.
    pub id: String,
    /// The name people know.
    pub name: Words,
    /// The telephone number, as people dial it.
    pub telephone: String,
}

/// A reserved slot.
#[derive(Clone)]
pub struct Appointment {
    /// Its number; says nothing about the family.
    pub id: String,
    /// At which counter.
    pub counter: Counter,
    /// When.
    pub slot: Slot,
    /// Languages it is held in.
    pub languages: Vec<Language>,
    /// Sites allowed, the counter included.
    pub sites: u8,
    /// Remark without names.
    pub remark: String,
    /// Whom its keys let in: one invitation for each paper, the family's first.
    pub invitations: Vec<Invitation>,
    /// How it stands.
    pub standing: Standing,
}

impl Appointment {
    /// The slot of a consultation from `starts` to `ends`.
    pub fn slot(starts: Timestamp, ends: Timestamp) -> Slot {
        Slot { opens: starts.saturating_sub(OPENS_BEFORE).unwrap_or(starts), starts, ends }
    }

    /// One of its invitations.
    pub fn invitation(&self, id: &str) -> Option<&Invitation> {
        self.invitations.iter().find(|invitation| invitation.id == id)
    }

    /// The invitation whose paper the family has.
    pub fn family(&self) -> Option<&Invitation> {
        self.invitations.iter().find(|invitation| invitation.role == Invited::Family)
    }

    /// The invitation that a key with this hash belongs to, whatever became of it.
    pub fn invited_by(&self, key: &KeyHash) -> Option<&Invitation> {
        self.invitations.iter().find(|invitation| invitation.key.matches(key))
    }

    /// None of its keys lets anybody in, while nothing else ended it.
    pub fn burnt(&self) -> bool {
        let open = |invitation: &Invitation| invitation.state == InvitationState::Open;
        self.standing == Standing::Good && !self.invitations.iter().any(open)
    }
}

/// What happened to an appointment for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nothing: its invitations count until the end.
    Good,
    /// Staff ended the consultation.
    Ended,
    /// Staff withdrew it, and all its invitations with it.
    Revoked,
}

/// What an appointment is right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The lobby does not open yet.
    NotYet,
    /// The lobby is open and nobody is in the room.
    Open,
    /// Somebody is in the room.
    InUse,
    /// The slot is over, or staff ended it.
    Over,
    /// Staff withdrew it.
    Revoked,
}

/// An appointment's state for the staff's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// What it is right now.
    pub phase: Phase,
    /// Guests who agreed to the rules, let in or not.
    pub agreed: usize,
    /// Guests who agreed and wait to be let in.
    pub waiting: usize,
    /// Guests in the room, let in or not.
    pub guests: usize,
    /// Staff in the room.
    pub staff: usize,
    /// The account that holds the counter's seat.
    pub held_by: Option<String>,
    /// No key lets anybody in any more.
    pub burnt: bool,
}
