//! What the network is asked, and what it says.

use crate::model::ids::Attempt;
use crate::model::screen::NetworkTrouble;
pub use crate::model::turn::NetworkNews;
use crate::model::wifi_code::WifiCode;

/// What the network is asked. A newer question gives an unanswered older one up.
#[derive(Clone)]
pub enum NetworkAsk {
    /// Judges and joins the Wi-Fi of a code. Answers with [`NetworkNews::Up`] or [`NetworkNews::Trouble`].
    Join {
        /// Number of this question.
        attempt: Attempt,
        /// The network.
        wifi: WifiCode,
    },
    /// Looks for a network that this loan has joined before, and joins it. Answers with [`NetworkNews::Up`], with
    /// [`NetworkTrouble::NotInTheAir`] where there is none, or with the trouble of one that is there.
    JoinKnown {
        /// Number of this question.
        attempt: Attempt,
    },
    /// Looks again whether the internet can be reached (after a portal, a router restart, ...).
    Check {
        /// Number of this question.
        attempt: Attempt,
    },
    /// Leaves every Wi-Fi and forgets its passphrase, in NetworkManager too; answers with [`NetworkNews::Forgotten`].
    Forget {
        /// Number of this question.
        attempt: Attempt,
    },
}

impl NetworkAsk {
    /// Number of the question.
    pub fn attempt(&self) -> Attempt {
        match self {
            Self::Join { attempt, .. }
            | Self::JoinKnown { attempt }
            | Self::Check { attempt }
            | Self::Forget { attempt } => *attempt,
        }
    }
}

/// What the network says.
pub enum NetworkEvent {
    /// A cable is in (carrier) or out.
    Cable {
        /// Carrier.
        plugged: bool,
    },
    /// An answer to a question.
    Answer {
        /// Which question.
        attempt: Attempt,
        /// The answer.
        news: NetworkNews,
    },
    /// Whether the accepted network (cable or Wi-Fi) carries traffic now; told at start and on each change.
    Carries {
        /// Internet can be reached.
        up: bool,
        /// Why not, where known.
        trouble: Option<NetworkTrouble>,
    },
}
