//! Madoguchi
#[cfg(feature = "device")]
pub mod device;
pub mod model;
#[cfg(feature = "workbench")]
pub mod workbench;
