//! The TV's own voice: what staff hear of themselves, in rooms that are computed.
//!
//! The rooms' table is computed in virtual time; each of its figures has a minimum. `cargo nextest run --test echo
//! --no-capture` prints it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what goes wrong in a test fails it")]
#![expect(clippy::disallowed_methods, reason = "tests start programs and tasks, and wait for them")]
#![expect(clippy::print_stdout, reason = "the table is what is asked for")]

/// The two who talk, by espeak-ng.
mod voices;

/// The canceller in rooms of all kinds, in virtual time.
mod rooms;

/// The product's own pipeline in such a room, over a real network leg.
mod session;
