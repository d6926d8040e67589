//! The workbench from outside: its page in a real Chromium, its devices as the supervisor holds them.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test ends by panicking, and starts the browser that it needs"
)]

#[path = "../support/browser/mod.rs"]
mod browser;
mod desk;

mod a_finger_on_the_page_moves_the_button;
mod nobody_else_uses_the_page;
mod sound_goes_both_ways;
mod the_camera_sees_what_lies_before_it;
mod the_light_is_seen_and_said;
mod the_tv_is_seen_while_somebody_watches;
mod the_virtual_radio_answers_like_a_device;
mod what_cannot_be_shown_is_refused_in_words;
mod what_is_switched_on_the_page_reaches_the_devices;
