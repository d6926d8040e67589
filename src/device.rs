//! How the box touches the world: one thing per file, one handle, one stream of events.

pub mod camera;
