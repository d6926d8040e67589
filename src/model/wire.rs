//! The signalling messages between a participant and the room server: JSON text on one WebSocket.
//!
//! A message is an object with a `kind`. Session descriptions and candidates are opaque here (RFC 8866, RFC 8839); offers and
//! answers follow RFC 8829 with trickle ICE (RFC 8838).
//!
//! Boxes are updated by stick, servers daily, so either end may be the older one:
//!
//! * Unknown kinds ([`ToServer::Unknown`], [`ToClient::Unknown`]) and unknown fields are ignored by either side; malformed
//!   messages are answered with [`ToClient::Error`].
//! * Every list of words has an `Unknown` for those that are newer, with a meaning of its own: an unknown refusal is a refusal, an
//!   unknown goodbye an ordinary end. Text is by language tag ([`Words`]).
//! * What has a new meaning, or needs both ends, goes by an ability that both have ([`Abilities`]); what changes the meaning of
//!   what there is, by a version that both speak ([`Versions`]).
//!
//! `tests/recorded` holds what every released version said; it is played to both ends.

mod abilities;
mod connection;
#[cfg(test)]
pub(crate) mod examples;
mod people;
mod proof;
mod reading;
mod refusal;
mod to_client;
mod to_server;
mod told;
mod welcome;
mod words;

pub use abilities::{Abilities, Versions};
pub use connection::{Candidate, IceServer};
pub use people::{PEOPLE, Participant, Track, TrackKind};
pub use proof::Proof;
pub use reading::{Heard, Vocabulary, read};
pub use refusal::Refusal;
pub use to_client::ToClient;
pub use to_server::ToServer;
pub use told::{ByeReason, Notice, Role};
pub use welcome::{Slot, Welcome};
pub use words::Words;

/// Newest version of this vocabulary ([`Versions::OWN`]).
pub const VERSION: u16 = Versions::OWN.newest;
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
