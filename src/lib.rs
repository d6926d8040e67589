//! Madoguchi
pub mod model;
#[cfg(feature = "room")]
pub mod room;
