//! Madoguchi
pub mod appliance;
#[cfg(feature = "device")]
pub mod device;
pub mod model;
