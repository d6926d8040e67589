//! The room server as its participants meet it: over real sockets and in a real browser.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests say what they expect, start what they need, and read the clock"
)]

#[path = "../support/browser.rs"]
mod browser;
mod desk;

mod a_room_from_hello_to_the_end;
mod pages_fit_their_windows;
mod staff_and_guest_in_a_browser;
