//! What a media connection is made with: STUN and TURN servers, and candidates.

use crate::model::secret::Secret;
use serde::{Deserialize, Serialize};

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

/// One ICE candidate (`RTCIceCandidateInit`); an empty `candidate` ends the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct Candidate {
    /// The `candidate:` line of RFC 8839 without `a=`.
    pub candidate: String,
    /// Index of the media line.
    pub mline: u32,
}
