//! The sockets around the meeting: who may connect, what is carried to it and from it, and what is counted on the way.

pub mod doorway;
pub(super) mod hub;
pub(super) mod journal;
pub mod metrics;
pub(super) mod socket;
