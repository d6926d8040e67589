//! The TV: what is painted on it.

pub mod catalogue;
pub mod paint;
