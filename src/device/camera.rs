//! The camera: its pictures, and the codes in them.

pub mod scan;
