//! The camera: its pictures, and the codes in them.

pub mod read_files;
pub mod scan;
