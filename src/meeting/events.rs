//! What happens to the registry, and what follows from it.

use super::appointment::{Appointment, Standing};
use super::{ConnectionId, Running};
use crate::meeting::Accounts;
use crate::meeting::invitation::InvitationState;
use crate::meeting::key::KeyHash;
use crate::meeting::rights::Clerk;
use crate::model::secret::Secret;
use crate::model::uptime::Uptime;
use crate::model::wire::{Slot, ToClient, ToServer};
use std::net::IpAddr;
use std::sync::Arc;

/// Something that happened.
#[derive(Clone)]
pub enum In {
    /// An appointment was made.
    Appointment(Appointment),
    /// All that were read from the store: one turn, however many there are.
    Appointments(Vec<Appointment>),
    /// What was going on in a room before the server went down.
    Restore {
        /// Which room.
        appointment: String,
        /// Its seats.
        running: Running,
    },
    /// Staff withdrew an appointment.
    Revoke {
        /// Which.
        appointment: String,
        /// The staff account, where it was done on the staff page.
        by: Option<String>,
    },
    /// An invitation got another key: the old paper no longer opens the room. Whoever is in it stays.
    NewKey {
        /// Of which appointment.
        appointment: String,
        /// Which of its invitations.
        invitation: String,
        /// Hash of the new key.
        key: KeyHash,
        /// The staff account.
        by: String,
    },
    /// An appointment got another time. Whoever is in the room stays, and learns it.
    Move {
        /// Which.
        appointment: String,
        /// The new one.
        slot: Slot,
        /// The staff account.
        by: String,
    },
    /// A WebSocket was opened.
    Connect {
        /// Its number.
        connection: ConnectionId,
        /// Where from.
        from: IpAddr,
        /// Who is signed in on it.
        staff: Option<Clerk>,
        /// A freshly drawn token for its seat.
        token: Secret,
    },
    /// A well-formed message.
    Message {
        /// From which connection.
        connection: ConnectionId,
        /// What it says.
        message: ToServer,
    },
    /// A message of a newer vocabulary, or a ping: it says nothing, but whoever sends too many is stopped all the same.
    Noise {
        /// From which connection.
        connection: ConnectionId,
    },
    /// Something that is no message.
    Fault {
        /// From which connection.
        connection: ConnectionId,
        /// What is wrong with it.
        fault: Fault,
    },
    /// Accounts and sign-ins, as they were in the store at `as_of`.
    Accounts {
        /// They.
        accounts: Arc<Accounts>,
        /// Who connected later is not judged by them.
        as_of: Uptime,
    },
    /// A WebSocket was closed or fell silent.
    Gone {
        /// Which.
        connection: ConnectionId,
    },
    /// The server is going down.
    Closing,
    /// The time of [`Registry::wake_at`] has come (or any other).
    Wake,
}

impl In {
    /// The connection that it is about.
    pub(super) fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Connect { connection, .. }
            | Self::Message { connection, .. }
            | Self::Noise { connection }
            | Self::Fault { connection, .. }
            | Self::Gone { connection } => Some(*connection),
            _ => None,
        }
    }
}

/// What is wrong with something received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not JSON, or a known kind with the wrong fields.
    Malformed,
    /// Longer than [`crate::model::wire::MAX_MESSAGE_BYTES`].
    TooLarge,
}

/// What follows from it.
pub enum Out {
    /// Sends a message.
    Send {
        /// To which connection.
        connection: ConnectionId,
        /// What.
        message: ToClient,
    },
    /// Closes a connection once everything was sent.
    Close {
        /// Which.
        connection: ConnectionId,
    },
    /// The appointment's standing changed for good: for the store.
    Standing {
        /// Which.
        appointment: String,
        /// What it is now.
        standing: Standing,
    },
    /// An invitation's key lets nobody in any more: for the store.
    Invitation {
        /// Of which appointment.
        appointment: String,
        /// Which of its invitations.
        invitation: String,
        /// What it is now.
        state: InvitationState,
    },
    /// What goes on in a room, for a restart; `None` when nobody is in it.
    Keep {
        /// Which room.
        appointment: String,
        /// Its seats.
        running: Option<Running>,
    },
    /// A line of the audit trail: what staff did, never about the family.
    Audit {
        /// The staff account.
        staff: String,
        /// In which appointment.
        appointment: String,
        /// What it did: a stable word.
        action: &'static str,
    },
}

/// Why the registry wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A connection that has not said hello is closed.
    NoHello,
    /// A kept seat is given up.
    SeatExpires,
    /// The consultation starts.
    Starts,
    /// Five minutes are left.
    FiveMinutes,
    /// One minute is left.
    OneMinute,
    /// The slot is over.
    SlotOver,
}
