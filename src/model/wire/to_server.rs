//! What a participant says to the room server.

use super::{Abilities, ByeReason, Candidate, Proof, Versions};
use crate::model::ids::{Epoch, PeerId};
use crate::model::language::LanguageTag;
use crate::model::quality::LineStats;
use serde::{Deserialize, Serialize};

/// What a participant says to the room server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ToServer {
    /// First message of every connection.
    Hello {
        /// The oldest version that the speaker speaks: what a server that knows of no ranges looks at.
        version: u16,
        /// The newest; without it there is one alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        newest: Option<u16>,
        /// What entitles to the seat.
        proof: Proof,
        /// Language of the participant.
        language: LanguageTag,
        /// What this end can do. The welcome says what of it the server can, too.
        #[serde(default)]
        abilities: Abilities,
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
    /// Asks for a `ToClient::Beat`: a browser's page sees neither ping nor pong (RFC 6455, section 5.5), and would not
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
    /// A kind of a newer vocabulary: it says nothing.
    #[serde(other)]
    #[cfg_attr(feature = "room", schemars(skip))]
    Unknown,
}

impl ToServer {
    /// A hello in every version that this code speaks.
    pub fn hello(
        proof: Proof,
        language: impl Into<LanguageTag>,
        abilities: impl Into<Abilities>,
        firmware: Option<String>,
    ) -> Self {
        let Versions { oldest: version, .. } = Versions::OWN;
        let (newest, language, abilities) = (Versions::OWN.newest_said(), language.into(), abilities.into());
        Self::Hello { version, newest, proof, language, abilities, firmware }
    }

    /// Its name in the log; nothing of what it holds.
    pub fn trace(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "Hello",
            Self::Consent { .. } => "Consent",
            Self::Offer { .. } => "Offer",
            Self::Answer { .. } => "Answer",
            Self::Candidate { .. } => "Candidate",
            Self::Rebuild { .. } => "Rebuild",
            Self::Unverified { .. } => "Unverified",
            Self::Beat => "Beat",
            Self::Mute { .. } => "Mute",
            Self::Stats { .. } => "Stats",
            Self::Bye { .. } => "Bye",
            _ => "staff's word",
        }
    }
}
