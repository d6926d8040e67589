//! What entitles a participant to a seat.

use crate::model::secret::{Secret, on_the_wire};
use serde::{Deserialize, Serialize};

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
    /// A proof of a newer vocabulary: nobody gets a seat by it here.
    #[serde(other)]
    #[cfg_attr(feature = "room", schemars(skip))]
    Unknown,
}
