//! The home network: a cable, or an accepted Wi-Fi; nothing else is ever used.

use crate::model::ids::Attempt;
use crate::model::screen::NetworkTrouble;
use crate::model::wifi_code::WifiCode;

/// What the network is asked.
pub enum NetworkAsk {
    /// Judges and joins the Wi-Fi of a code. Answers with [`NetworkNews::Up`] or [`NetworkNews::Trouble`].
    Join {
        /// Number of this question.
        attempt: Attempt,
        /// The network.
        wifi: WifiCode,
    },
    /// Looks again whether the internet can be reached (after a portal, a router restart, ...).
    Check {
        /// Number of this question.
        attempt: Attempt,
    },
    /// Leaves every Wi-Fi and forgets its passphrase; answers with [`NetworkNews::Forgotten`].
    Forget {
        /// Number of this question.
        attempt: Attempt,
    },
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

/// The answer to a [`NetworkAsk`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkNews {
    /// Joined, judged again and usable.
    Up,
    /// Not usable, and disconnected again where it was joined.
    Trouble(NetworkTrouble),
    /// Left and forgotten.
    Forgotten,
}
