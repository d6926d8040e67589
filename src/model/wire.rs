//! The signalling messages between a participant and the room server: JSON text on one WebSocket.
//!
//! A message is an object with a `kind`. Unknown kinds are ignored by either side, malformed ones are
//! answered with [`ToClient::Error`]. Session descriptions and candidates are opaque here (RFC 8866, RFC 8839);
//! offers and answers follow RFC 8829 with trickle ICE (RFC 8838).

use super::ids::{Epoch, PeerId};
use super::language::Language;
use super::quality::LineStats;
use super::secret::{Secret, on_the_wire};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of this vocabulary. A server refuses a hello of another version by name.
pub const VERSION: u16 = 1;
/// The largest message either side accepts, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// The server pings at least this often; either side gives the line up after [`SILENCE_SECONDS`].
pub const PING_SECONDS: u64 = 10;
/// Nothing heard for this long means that the signalling line is dead.
pub const SILENCE_SECONDS: u64 = 25;
/// A participant who lost the line may come back to the same seat within this time: longer than a phone is usually
/// locked, shorter than a family waits for its line.
pub const RESUME_SECONDS: u64 = 75;
/// Version of the rules that a family agrees to; changes whenever their meaning does.
pub const RULES_VERSION: &str = "2026-11";

/// Text in several languages; Japanese is always there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Words(pub BTreeMap<Language, String>);

impl Words {
    /// The text in `language`, else in Japanese, else empty.
    pub fn get(&self, language: Language) -> &str {
        self.0.get(&language).or_else(|| self.0.get(&Language::Japanese)).map_or("", String::as_str)
    }

    /// The same text for Japanese and English readers.
    pub fn ja_en(ja: &str, en: &str) -> Self {
        Self(BTreeMap::from([(Language::Japanese, ja.to_owned()), (Language::English, en.to_owned())]))
    }
}

/// What entitles a participant to a seat.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Proof {
    /// The room key from the paper.
    Key {
        /// The key as it stands in the code.
        #[serde(with = "on_the_wire")]
        #[cfg_attr(feature = "room", schemars(with = "String"))]
        key: Secret,
    },
    /// The token of an earlier welcome, within [`RESUME_SECONDS`] of losing the line.
    Resume {
        /// [`Welcome::resume`] of the seat.
        #[serde(with = "on_the_wire")]
        #[cfg_attr(feature = "room", schemars(with = "String"))]
        token: Secret,
    },
    /// A signed-in staff member (the session cookie of the WebSocket's request) takes the counter's seat.
    Staff {
        /// Which appointment.
        appointment: String,
        /// Also when a colleague holds the seat, who is then relieved ([`ToClient::TakenOver`]).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        take_over: bool,
    },
}

/// One STUN or TURN server, in the words of W3C WebRTC's `RTCIceServer`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct IceServer {
    /// `stun:` / `turn:` / `turns:` addresses (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// TURN user name that expires (`use-auth-secret`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Its password.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_secret")]
    #[cfg_attr(feature = "room", schemars(with = "Option<String>"))]
    pub credential: Option<Secret>,
}

mod optional_secret {
    use super::Secret;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    pub(super) fn serialize<S: Serializer>(secret: &Option<Secret>, to: S) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(Secret::expose).serialize(to)
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(Secret::new))
    }
}

/// The reserved slot, by the server's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct Slot {
    /// When the lobby opens (10 minutes before the start).
    #[cfg_attr(feature = "room", schemars(with = "String"))]
    pub opens: Timestamp,
    /// When the consultation starts.
    #[cfg_attr(feature = "room", schemars(with = "String"))]
    pub starts: Timestamp,
    /// When the room closes, whoever came late.
    #[cfg_attr(feature = "room", schemars(with = "String"))]
    pub ends: Timestamp,
}

/// The server's answer to a hello it accepts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct Welcome {
    /// [`VERSION`] of the server.
    pub version: u16,
    /// The participant's own name in this room.
    pub you: PeerId,
    /// The server's clock at this message: the one that counts.
    #[cfg_attr(feature = "room", schemars(with = "String"))]
    pub server_time: Timestamp,
    /// The reserved slot.
    pub slot: Slot,
    /// IANA time zone in which times are shown.
    pub time_zone: String,
    /// The counter's name.
    pub counter: Words,
    /// The counter's telephone number, as people dial it.
    pub telephone: String,
    /// Version of the rules to agree to.
    pub rules: String,
    /// STUN and TURN servers for this seat, when it agreed to the rules already and the lobby is open; else they come by
    /// [`ToClient::Servers`].
    #[serde(default)]
    pub ice_servers: Vec<IceServer>,
    /// Media may go through the TURN servers only.
    #[serde(default)]
    pub relay_only: bool,
    /// Proof for coming back to this seat.
    #[serde(with = "on_the_wire")]
    #[cfg_attr(feature = "room", schemars(with = "String"))]
    pub resume: Secret,
    /// Whether this seat had already agreed and been let in (after [`Proof::Resume`]).
    #[serde(default)]
    pub admitted: bool,
    /// The firmware that the hello named is older than the counter still wants: after the appointment the device is to be
    /// brought back. Nothing else changes by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outdated: bool,
}

/// Why a hello is not accepted. "Unknown" and "malformed" keys get the same answer on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Refusal {
    /// No such key (or not a key at all).
    UnknownKey,
    /// The slot is over.
    Over,
    /// Staff withdrew the appointment, or the loan.
    Revoked,
    /// Every seat is taken: the key is in use elsewhere.
    RoomFull,
    /// Staff let this participant leave; the key is no longer good.
    LetLeave,
    /// Too many tries; wait this many seconds.
    TooManyTries {
        /// Seconds until the next try is looked at.
        wait_seconds: u32,
    },
    /// The server does not speak this [`VERSION`].
    Version {
        /// The server's version.
        server: u16,
    },
    /// A resumption token that is unknown or too old: say hello with the key again.
    ResumeExpired,
    /// Not signed in, or not this counter's staff.
    NotStaff,
    /// To staff: a colleague holds the counter's seat, and was not to be relieved.
    Taken {
        /// The colleague's account.
        by: String,
    },
    /// The server is being shut down or is too full.
    Busy,
}

/// Why somebody leaves or is made to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ByeReason {
    /// The participant wished to.
    Left,
    /// Staff ended the consultation.
    Ended,
    /// Staff made this participant leave.
    LetLeave,
    /// The slot is over.
    SlotOver,
    /// Staff withdrew the appointment.
    Revoked,
    /// The server is going down; the seat may be resumed.
    ServerClosing,
    /// Too many or malformed messages.
    Misbehaved,
    /// The seat was taken over by a newer connection of the same participant.
    Replaced,
    /// To staff: the sign-in was ended elsewhere, or the account may no longer sit here.
    SignedOut,
}

/// Something to show to the participant that changes no state by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// Five minutes left.
    FiveMinutes,
    /// One minute left.
    OneMinute,
    /// The staff member changed this to a telephone consultation: "we will phone you".
    WillPhone,
    /// Nobody of the counter is in the room.
    StaffAbsent,
    /// A staff member is in the room.
    StaffPresent,
    /// Staff paused picture and sound both ways.
    Hold,
    /// The pause is over.
    Unhold,
}

/// Role of another participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The family: the appliance or a guest's own browser.
    Guest,
    /// The counter.
    Staff,
}

/// One ICE candidate (`RTCIceCandidateInit`); an empty `candidate` ends the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct Candidate {
    /// The `candidate:` line of RFC 8839 without `a=`.
    pub candidate: String,
    /// Index of the media line.
    pub mline: u32,
}

/// What a participant says to the room server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ToServer {
    /// First message of every connection.
    Hello {
        /// [`VERSION`] of the speaker.
        version: u16,
        /// What entitles to the seat.
        proof: Proof,
        /// Language of the participant.
        language: Language,
        /// What this end can do: `appliance`, `browser`, `vp8`, `h264`, `share-screen`, ...; unknown ones are ignored.
        #[serde(default)]
        abilities: Vec<String>,
        /// Version of the appliance's firmware; a browser has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        firmware: Option<String>,
    },
    /// The participant agreed to the rules and enters the lobby. Sent before any track is opened.
    Consent {
        /// The rules' version agreed to.
        rules: String,
    },
    /// A session description to another participant: the guest offers.
    Offer {
        /// To whom.
        to: PeerId,
        /// Which connection.
        epoch: Epoch,
        /// RFC 8866 text.
        sdp: String,
    },
    /// The answer to an offer.
    Answer {
        /// To whom.
        to: PeerId,
        /// Which connection.
        epoch: Epoch,
        /// RFC 8866 text.
        sdp: String,
    },
    /// A trickled candidate.
    Candidate {
        /// To whom.
        to: PeerId,
        /// Which connection.
        epoch: Epoch,
        /// The candidate.
        candidate: Candidate,
    },
    /// The media path of `epoch` is dead or cannot be made: asks for a new epoch.
    Rebuild {
        /// The connection given up.
        epoch: Epoch,
    },
    /// The certificate at the other end of the media path of `epoch` is not the one that its description names (RFC 8827,
    /// section 6.5): somebody else may sit on the path. This end dropped the connection, and only the guest asks for
    /// another, by [`ToServer::Rebuild`].
    Unverified {
        /// The connection given up.
        epoch: Epoch,
    },
    /// What is off at this end now.
    Mute {
        /// The microphone is muted, or there is none.
        microphone: bool,
        /// The camera is off, or there is none.
        camera: bool,
        /// No sound can be heard here.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        speaker: bool,
    },
    /// How the line is.
    Stats {
        /// The figures.
        stats: LineStats,
    },
    /// Asks for a [`ToClient::Beat`]: a browser's page sees neither ping nor pong (RFC 6455, section 5.5), and would not
    /// notice that its line is dead.
    Beat,
    /// Leaves.
    Bye {
        /// Why.
        reason: ByeReason,
    },
    /// Staff: lets a waiting participant in.
    Admit {
        /// Whom.
        peer: PeerId,
    },
    /// Staff: makes a participant leave; the key is no longer good afterwards.
    LetLeave {
        /// Whom.
        peer: PeerId,
    },
    /// Staff: pauses or resumes picture and sound both ways.
    Hold {
        /// Paused.
        on: bool,
    },
    /// Staff: "we will phone you".
    WillPhone,
    /// Staff: ends the consultation for everybody; the appointment is over.
    End,
}

/// What the room server says to a participant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ToClient {
    /// The hello is accepted.
    Welcome(Welcome),
    /// The hello is not accepted; the server closes the connection after it.
    Refused(Refusal),
    /// The answer to a [`ToServer::Beat`], and to nothing else.
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
        language: Option<Language>,
        /// Whether the participant is let in (a guest) or present (staff).
        admitted: bool,
        /// For staff: version of the guest's firmware, where it is an appliance.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        firmware: Option<String>,
        /// For staff: it is older than the counter still wants.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        outdated: bool,
    },
    /// A participant left or lost the line.
    PeerGone {
        /// Who.
        peer: PeerId,
        /// The seat is kept for some seconds.
        may_return: bool,
    },
    /// See [`ToServer::Offer`].
    Offer {
        /// From whom.
        from: PeerId,
        /// Which connection.
        epoch: Epoch,
        /// RFC 8866 text.
        sdp: String,
    },
    /// See [`ToServer::Answer`].
    Answer {
        /// From whom.
        from: PeerId,
        /// Which connection.
        epoch: Epoch,
        /// RFC 8866 text.
        sdp: String,
    },
    /// See [`ToServer::Candidate`].
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
    /// The other end could not verify this one, see [`ToServer::Unverified`]: this end drops the connection of `epoch`,
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
}
