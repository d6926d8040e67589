//! The room server as its participants meet it: over real sockets and in a real browser.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests say what they expect, start what they need, and read the clock"
)]

#[path = "../support/browser/mod.rs"]
mod browser;
mod desk;
#[path = "../support/loopback.rs"]
mod loopback;

mod a_crowd_at_the_door;
mod a_full_day_in_a_browser;
mod a_key_typed_from_the_paper;
mod a_room_from_hello_to_the_end;
mod a_second_factor;
mod a_second_factor_in_a_browser;
mod an_end_that_cannot_be_verified;
mod another_time;
mod changing_a_password;
mod clerks_of_other_counters;
mod every_refusal_and_limit;
mod moved_in_a_browser;
mod no_browser_outlives_its_test;
mod pages_fit_their_windows;
mod pages_in_trouble;
mod relay_only_through_coturn;
mod senses_in_a_browser;
mod signed_in_in_a_browser;
mod signing_in_and_asking;
mod staff_and_guest_in_a_browser;
mod taken_over_in_a_browser;
mod the_ledger_over_http;
mod trouble_at_the_command_line;
mod two_clerks_at_the_ledger;
mod updates_for_devices;
mod what_outlives_the_server;
mod wire_in_trouble;
