//! The camera: one capture pipeline while somebody needs pictures, its frames handed to whoever looks.

pub mod scan;
