//! Appointments before and beside their rooms: made with a key of their own, and moved to another time.

pub mod moving;
pub mod reserve;
