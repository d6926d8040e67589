//! The appliance's whole life in virtual time.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod laws;
mod props;
mod random_life;
mod watched;
