//! Everything together in one process, without a browser: room server, desk and the appliance with its real
//! pipelines. Bad input of every kind gets a plain answer on the TV, and nothing is lost by it.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests say what they expect, start what they need, and read the clock"
)]

#[allow(dead_code, reason = "shared with the room server's own tests, which use all of it")]
#[path = "../room/desk.rs"]
mod desk;
mod home;

mod a_flood_of_wrong_keys;
mod a_second_guest;
mod an_early_paper;
mod nobody_at_the_counter_and_made_to_leave;
mod papers_that_are_refused;
mod the_server_cannot_be_reached;
mod what_a_strange_room_says;
mod what_takes_half_a_minute;
mod without_camera_and_microphone;
