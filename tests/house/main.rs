//! Everything together in one process, without a browser: room server, desk and the appliance with its real
//! pipelines. Bad input of every kind gets a plain answer on the TV, and nothing is lost by it.
//!
//! A home mostly waits, so several are lived at a time; each file tells one kind of trouble.

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
mod papers_in_true_size;
mod papers_that_are_refused;
mod the_last_day_is_over;
mod the_server_cannot_be_reached;
mod what_a_strange_room_says;
mod what_takes_half_a_minute;
mod without_camera_and_microphone;

use home::together;

/// The longest one; it is begun first.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_unknown_and_a_path_that_is_never_made() {
    together(vec![
        ("the clock is unknown", Box::pin(what_takes_half_a_minute::the_clock_is_unknown())),
        ("the path is never made", Box::pin(what_takes_half_a_minute::the_path_is_never_made())),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_and_keys_that_do_not_lead_in() {
    together(vec![
        ("papers", Box::pin(papers_that_are_refused::every_wrong_paper_is_named_and_the_right_one_works())),
        ("early", Box::pin(an_early_paper::a_paper_that_is_too_early_counts_down_and_then_opens())),
        ("second guest", Box::pin(a_second_guest::a_second_guest_is_refused_until_the_seat_is_free())),
        ("flood", Box::pin(a_flood_of_wrong_keys::a_flood_of_wrong_keys_does_not_delay_the_family())),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_that_fail_and_senses_that_are_missing() {
    use nobody_at_the_counter_and_made_to_leave as counter;
    use the_server_cannot_be_reached as server;
    use without_camera_and_microphone as senses;
    together(vec![
        ("made to leave", Box::pin(counter::the_lobby_waits_for_the_counter_and_who_was_made_to_leave_stays_out())),
        ("server down", Box::pin(server::a_server_that_is_down_is_named_and_a_press_finds_it_again())),
        ("last day", Box::pin(the_last_day_is_over::the_networks_of_a_loan_that_is_over_are_forgotten())),
        ("untrusted", Box::pin(server::a_server_that_nobody_vouches_for_hears_no_key())),
        ("nonsense", Box::pin(what_a_strange_room_says::a_room_that_talks_nonsense_loses_nothing_of_the_family())),
        ("senses", Box::pin(senses::without_camera_and_microphone_the_screens_say_so_and_the_call_is_still_offered())),
        ("chime", Box::pin(senses::whoever_presses_while_the_chime_rings_hears_the_counter())),
    ])
    .await;
}
