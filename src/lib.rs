//! Madoguchi
#[cfg(feature = "device")]
pub mod device;
pub mod model;
