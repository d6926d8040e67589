//! What the appliance wants done, one ask each.

use crate::model::ids::{Attempt, Epoch};
use crate::model::screen::WipeStep;
use crate::model::stick::LoanOrder;
use crate::model::wifi_code::WifiCode;
use crate::model::wire::{Candidate, IceServer, ToServer};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// Which media may flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gates {
    /// Own picture goes out.
    pub picture: bool,
    /// Own sound goes out.
    pub sound: bool,
    /// The other end is seen and heard.
    pub show: bool,
}

/// What to do.
pub enum Effect {
    /// Judge and join the Wi-Fi of a code.
    JoinWifi {
        /// Number of the question.
        attempt: Attempt,
        /// The network.
        wifi: WifiCode,
    },
    /// Look for a Wi-Fi that this loan knows, and join it.
    JoinKnown {
        /// Number of the question.
        attempt: Attempt,
    },
    /// Look again whether the internet can be reached.
    CheckNetwork {
        /// Number of the question.
        attempt: Attempt,
    },
    /// Leave every Wi-Fi and forget its passphrase.
    ForgetNetwork {
        /// Number of the question.
        attempt: Attempt,
    },
    /// Open a signalling line.
    OpenLink {
        /// Number of the line.
        attempt: Attempt,
        /// WebSocket address without secrets.
        address: String,
        /// PEM certificates trusted beside the public ones.
        trust_anchors: Vec<String>,
    },
    /// Say something on it.
    Say {
        /// Which line.
        attempt: Attempt,
        /// The message.
        message: ToServer,
    },
    /// Close it.
    CloseLink,
    /// Build a session pipeline and make its offer.
    BuildMedia {
        /// Number of the pipeline.
        attempt: Attempt,
        /// The connection it is for.
        epoch: Epoch,
        /// STUN and TURN servers.
        ice_servers: Vec<IceServer>,
        /// Relayed candidates only.
        relay_only: bool,
    },
    /// The other end's answer.
    MediaAnswer {
        /// Which pipeline.
        attempt: Attempt,
        /// Session description.
        sdp: String,
    },
    /// The other end's candidate.
    MediaCandidate {
        /// Which pipeline.
        attempt: Attempt,
        /// The candidate.
        candidate: Candidate,
    },
    /// What may flow.
    Gate {
        /// Which pipeline.
        attempt: Attempt,
        /// The gates.
        gates: Gates,
    },
    /// Tear the pipeline down.
    CloseMedia,
    /// Note on disk that a wipe is owed.
    OweWipe {
        /// Number of the question.
        attempt: Attempt,
        /// When the return order was signed, seconds since 1970: with the wipe's end it has been carried out.
        returned: Option<u64>,
    },
    /// A step of forgetting.
    Wipe {
        /// Number of the question.
        attempt: Attempt,
        /// The step.
        step: WipeStep,
    },
    /// Note on disk that nothing is owed any more.
    WipeDone {
        /// Number of the question.
        attempt: Attempt,
    },
    /// Play the chime.
    Chime,
    /// Look at an update and, if it is good, write it into the other slot.
    Update {
        /// Number of the question.
        attempt: Attempt,
        /// The file.
        bundle: PathBuf,
        /// Somebody put the stick in since power-on; see [`crate::model::update::UpdateRefusal::TriedAlready`].
        by_hand: bool,
    },
    /// Look for an update at the counter and, if it is good, write it into the other slot.
    UpdateFromCounter {
        /// Number of the question.
        attempt: Attempt,
        /// The loan's room servers, in its order.
        hosts: Vec<String>,
        /// PEM certificates trusted beside the public ones.
        trust_anchors: Vec<String>,
    },
    /// Leave off from it: somebody is there. What has been written stays, for the next time.
    AbandonUpdate {
        /// Number of the question.
        attempt: Attempt,
    },
    /// Keep a loan.
    Lend {
        /// Number of the question.
        attempt: Attempt,
        /// The loan and its file.
        order: Box<LoanOrder>,
    },
    /// Start the whole device anew.
    Restart,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JoinWifi { attempt, .. } => write!(f, "JoinWifi {attempt}"),
            Self::JoinKnown { attempt } => write!(f, "JoinKnown {attempt}"),
            Self::CheckNetwork { attempt } => write!(f, "CheckNetwork {attempt}"),
            Self::ForgetNetwork { attempt } => write!(f, "ForgetNetwork {attempt}"),
            Self::OpenLink { attempt, .. } => write!(f, "OpenLink {attempt}"),
            Self::Say { attempt, message } => write!(f, "Say {attempt} {}", message.trace()),
            Self::CloseLink => f.write_str("CloseLink"),
            Self::BuildMedia { attempt, epoch, .. } => write!(f, "BuildMedia {attempt} epoch={}", epoch.0),
            Self::MediaAnswer { attempt, .. } => write!(f, "MediaAnswer {attempt}"),
            Self::MediaCandidate { attempt, .. } => write!(f, "MediaCandidate {attempt}"),
            Self::Gate { attempt, gates } => {
                let open = [(gates.picture, "picture"), (gates.sound, "sound"), (gates.show, "show")];
                let open: Vec<_> = open.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
                write!(f, "Gate {attempt} {{{}}}", open.join(","))
            }
            Self::CloseMedia => f.write_str("CloseMedia"),
            Self::OweWipe { attempt, .. } => write!(f, "OweWipe {attempt}"),
            Self::Wipe { attempt, step } => write!(f, "Wipe {attempt} {step:?}"),
            Self::WipeDone { attempt } => write!(f, "WipeDone {attempt}"),
            Self::UpdateFromCounter { attempt, .. } => write!(f, "UpdateFromCounter {attempt}"),
            Self::AbandonUpdate { attempt } => write!(f, "AbandonUpdate {attempt}"),
            Self::Chime => f.write_str("Chime"),
            Self::Update { attempt, .. } => write!(f, "Update {attempt}"),
            Self::Lend { attempt, .. } => write!(f, "Lend {attempt}"),
            Self::Restart => f.write_str("Restart"),
        }
    }
}
