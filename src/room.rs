//! The room server: gives a reserved slot a room, brings the two ends together and gets out of the way.

pub mod key;
pub mod limits;
pub mod registry;
pub mod store;
pub mod turn;
