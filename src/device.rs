//! How the box touches the world: each file one thing.

pub mod tv;
