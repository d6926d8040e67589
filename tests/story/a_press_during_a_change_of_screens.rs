//! A finger that was down when the screen changed does not act on the new screen.

use crate::life::{Life, seconds};
use std::time::Duration;

#[test]
fn a_press_during_a_change_of_screens() {
    let mut life = Life::at_the_paper_screen();
    life.shows_paper();
    life.finger(true);
    life.until("ready-mirror");
    life.finger(false);
    life.expect_face("ready-mirror");
    life.press();
    life.expect_face("ready-rules");
}

/// Held down to leave, and the room closes meanwhile: the message is not skipped.
#[test]
fn a_hold_during_a_change_of_screens() {
    let mut life = Life::talking();
    life.finger(true);
    life.waits(seconds(2));
    life.staff(|room| room.bye(madoguchi::model::wire::ByeReason::Ended));
    life.waits(seconds(2));
    life.finger(false);
    life.expect_face("session-ended-ended");
}

#[test]
fn nervous_presses_do_one_thing_each() {
    let mut life = Life::at_the_mirror();
    for _ in 0..4 {
        life.touches(Duration::from_millis(60));
    }
    life.until("session-lobby");
    for _ in 0..5 {
        life.touches(Duration::from_millis(60));
    }
    life.expect_face("session-lobby");
    assert_eq!(life.room.heard.iter().filter(|heard| heard.starts_with("consent")).count(), 1);
}
