//! Whatever goes over every pixel of a picture: filters for the code reader, laying a screen over moving pictures, other
//! orders of bytes, what the workbench's camera sees, and how far two pictures differ.
//!
//! A crate of its own because Cargo optimises by crate: with these loops optimised, everything else of a debug build can be
//! compiled without optimisation, in a quarter of the time.

pub mod compare;
pub mod flatten;
pub mod frames;
pub mod grey;
pub mod overlay;
pub mod paper;
