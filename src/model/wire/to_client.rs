//! What the room server says to a participant.

use super::{ByeReason, Candidate, IceServer, Notice, Participant, Refusal, Role, Slot, Welcome};
use crate::model::ids::{Epoch, PeerId};
use crate::model::language::LanguageTag;
use crate::model::quality::LineStats;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the room server says to a participant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ToClient {
    /// The hello is accepted.
    Welcome(Welcome),
    /// The hello is not accepted; the server closes the connection after it.
    Refused(Refusal),
    /// The answer to a `ToServer::Beat`, and to nothing else.
    Beat {
        /// The server's clock at this message.
        #[cfg_attr(feature = "room", schemars(with = "String"))]
        server_time: Timestamp,
    },
    /// STUN and TURN servers for this seat's connections from now on. A guest gets them once it agreed to the rules, before
    /// there is anybody to connect with.
    Servers {
        /// The servers.
        ice_servers: Vec<IceServer>,
    },
    /// The participant sits in the lobby.
    Lobby {
        /// Whether a staff member is in the room.
        staff_present: bool,
    },
    /// Staff let the participant in.
    Admitted,
    /// Another participant with whom a connection is to be made. Sent to both ends; the guest offers.
    /// For a guest in the lobby it may come before [`ToClient::Admitted`]: transport may be brought up, media not.
    Peer {
        /// Who.
        peer: PeerId,
        /// Guest or counter.
        role: Role,
        /// Name to show (the counter's display name; empty for a guest).
        name: String,
        /// The connection to make. A later message with a higher epoch replaces it: both ends start anew.
        epoch: Epoch,
        /// For staff: the guest's language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<LanguageTag>,
        /// Whether the participant is let in (a guest) or present (staff).
        admitted: bool,
        /// For staff: version of the guest's firmware, where it is an appliance.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        firmware: Option<String>,
        /// For staff: it is older than the counter still wants.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        outdated: bool,
    },
    /// Everybody else with whom this end is or was connected, whenever something about them changes: for those who can
    /// `PEOPLE`. What connections are to be made, [`ToClient::Peer`] says.
    People {
        /// They.
        people: Vec<Participant>,
    },
    /// A participant left or lost the line.
    PeerGone {
        /// Who.
        peer: PeerId,
        /// The seat is kept for some seconds.
        may_return: bool,
    },
    /// See `ToServer::Offer`.
    Offer {
        /// From whom.
        from: PeerId,
        /// Which connection.
        epoch: Epoch,
        /// RFC 8866 text.
        sdp: String,
    },
    /// See `ToServer::Answer`.
    Answer {
        /// From whom.
        from: PeerId,
        /// Which connection.
        epoch: Epoch,
        /// RFC 8866 text.
        sdp: String,
    },
    /// See `ToServer::Candidate`.
    Candidate {
        /// From whom.
        from: PeerId,
        /// Which connection.
        epoch: Epoch,
        /// The candidate.
        candidate: Candidate,
    },
    /// What is off at another participant's end now.
    Muted {
        /// Who.
        peer: PeerId,
        /// The microphone is muted, or there is none.
        microphone: bool,
        /// The camera is off, or there is none.
        camera: bool,
        /// No sound can be heard there.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        speaker: bool,
    },
    /// To staff: how the line is at the other end.
    PeerStats {
        /// Who.
        peer: PeerId,
        /// The figures.
        stats: LineStats,
    },
    /// The other end could not verify this one, see `ToServer::Unverified`: this end drops the connection of `epoch`,
    /// too, and says so.
    PeerUnverified {
        /// Who is, or should be, at the other end.
        peer: PeerId,
        /// Which connection.
        epoch: Epoch,
    },
    /// The appointment has another time. The seat is kept; everything that the earlier end decided is decided by the new one.
    Moved {
        /// The new time.
        slot: Slot,
        /// STUN and TURN servers for connections from now on: the earlier credentials end with the earlier time. As in
        /// [`Welcome::ice_servers`], nothing before they are due.
        ice_servers: Vec<IceServer>,
    },
    /// Something to show.
    Notice {
        /// What.
        notice: Notice,
    },
    /// To staff: a colleague takes the seat. A goodbye follows.
    TakenOver {
        /// The colleague's account.
        by: String,
    },
    /// A message was not understood or not allowed now; nothing else happened.
    Error {
        /// Stable code: `malformed`, `too-large`, `too-many`, `not-now`, `no-such-peer`, `not-allowed`.
        code: String,
        /// One plain sentence in English, for the log of the other side.
        text: String,
    },
    /// The participant is out; the server closes the connection after it.
    Bye {
        /// Why.
        reason: ByeReason,
    },
    /// A kind of a newer vocabulary: it says nothing.
    #[serde(other)]
    #[cfg_attr(feature = "room", schemars(skip))]
    Unknown,
}

impl ToClient {
    /// What the log says of it; nothing of a person.
    pub fn trace(&self) -> String {
        match self {
            Self::Welcome(_) => "Welcome".into(),
            // Who holds a seat is nothing for a log.
            Self::Refused(Refusal::Taken { .. }) => "Refused Taken".into(),
            Self::Refused(refusal) => format!("Refused {refusal:?}"),
            Self::Beat { .. } => "Beat".into(),
            Self::Servers { ice_servers } => format!("Servers {}", ice_servers.len()),
            Self::Lobby { staff_present } => format!("Lobby staff={staff_present}"),
            Self::Admitted => "Admitted".into(),
            Self::Peer { role, epoch, .. } => format!("Peer {role:?} epoch={}", epoch.0),
            Self::People { people } => format!("People {}", people.len()),
            Self::PeerGone { may_return, .. } => format!("PeerGone may_return={may_return}"),
            Self::Offer { .. } => "Offer".into(),
            Self::Answer { .. } => "Answer".into(),
            Self::Candidate { .. } => "Candidate".into(),
            Self::Muted { microphone, camera, speaker, .. } => {
                format!("Muted microphone={microphone} camera={camera} speaker={speaker}")
            }
            Self::PeerStats { .. } => "PeerStats".into(),
            Self::PeerUnverified { epoch, .. } => format!("PeerUnverified epoch={}", epoch.0),
            Self::Moved { slot, .. } => format!("Moved {}/{}", slot.starts, slot.ends),
            Self::Notice { notice } => format!("Notice {notice:?}"),
            Self::TakenOver { .. } => "TakenOver".into(),
            Self::Error { code, .. } => format!("Error {}", code.chars().take(20).collect::<String>()),
            Self::Bye { reason } => format!("Bye {reason:?}"),
            Self::Unknown => "Unknown".into(),
        }
    }
}
