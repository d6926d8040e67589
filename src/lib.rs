//! Madoguchi
#[cfg(feature = "device")]
pub mod device;
#[cfg(any(feature = "device", feature = "staff"))]
pub mod drawing;
pub mod model;
#[cfg(feature = "staff")]
pub mod staff;
#[cfg(feature = "words")]
pub mod words;
