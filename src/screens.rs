//! Pictures of what a person reads: every screen of the TV, and the setting and drawing of text that the printed sheet uses
//! too. Screens go in, pixels come out; a picture's way to a TV is `device::tv`.

pub mod catalogue;
pub mod drawing;
pub mod paint;
