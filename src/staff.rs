//! What city staff do at their desk: print the room-key paper, check a loan, write it onto a stick.

pub mod card;
pub mod command;
pub mod keys;
pub mod stick;
pub mod update;
