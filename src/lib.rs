//! Madoguchi
pub mod model;
