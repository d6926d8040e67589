//! Looks for codes in the camera's pictures, on a thread of its own that never delays the picture.

mod flatten;
mod grey;
pub mod reader;
