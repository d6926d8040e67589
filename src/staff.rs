//! What city staff do at their desk: print the room-key paper, check a loan.

pub mod command;
pub mod sheet;
