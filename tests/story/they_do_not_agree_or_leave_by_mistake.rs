//! Ways back: page by page, from a "no" to the rules, and from a hold that was a mistake.

use crate::life::{Life, minutes, seconds};
use madoguchi::model::screen::{HoldDoes, PressDoes};

#[test]
fn the_rules_are_read_page_by_page_and_back() {
    let mut life = Life::at_the_mirror();
    for page in ["ready-rules-1", "ready-rules-2", "ready-rules-3"] {
        life.press();
        life.expect_face(page);
    }
    assert_eq!((life.screen().press, life.screen().hold), (Some(PressDoes::AgreeAndJoin), Some(HoldDoes::Disagree)));
    let mut life = Life::at_the_mirror();
    life.press();
    life.press();
    for face in ["ready-rules-1", "ready-mirror"] {
        assert_eq!(life.screen().hold, Some(HoldDoes::Back));
        life.hold();
        life.expect_face(face);
    }
    assert!(!life.room.has_heard("consent to 2026-11"));
}

#[test]
fn whoever_does_not_agree_is_not_connected_and_may_think_again() {
    let mut life = Life::at_the_mirror();
    (0..3).for_each(|_| life.press());
    life.hold();
    life.expect_face("ready-disagreed");
    assert!(life.room.has_heard("bye Left") && life.room.line.is_none() && !life.camera_is_open());
    assert!(life.screen().telephone.is_some());
    life.waits(minutes(5));
    life.expect_face("ready-disagreed");
    life.press();
    life.until("ready-rules-1");
    assert!(!life.room.has_heard("consent to 2026-11"));
    life.agrees();
    life.until("session-lobby");
}

#[test]
fn a_paper_that_was_read_can_be_put_down_before_the_story_goes_on() {
    let mut life = Life::at_the_paper_screen();
    life.shows_paper();
    life.expect_face("ready-paper-read");
    life.waits(seconds(1));
    life.expect_face("ready-paper-read");
    assert!(life.room.has_heard("hello by key"), "the room is asked meanwhile");
    life.waits(seconds(1));
    life.expect_face("ready-mirror");
}

#[test]
fn a_slow_room_is_waited_for() {
    let mut life = Life::at_the_paper_screen();
    life.room.reachable = false;
    life.shows_paper();
    life.waits(seconds(3));
    life.expect_face("ready-asking-room");
    life.room.reachable = true;
    life.until("ready-mirror");
}

#[test]
fn whoever_left_by_mistake_shows_the_paper_again_and_is_back() {
    let mut life = Life::talking();
    life.hold();
    life.expect_face("session-ended-left");
    assert_eq!(life.screen().press, Some(PressDoes::ComeBack));
    assert!(!life.knows_a_key());
    life.press();
    life.until("qr-show-paper");
    assert!(life.faces().contains("wipe-forgetting-key"), "the room key is forgotten all the same");
    life.shows_paper();
    life.until("ready-mirror");
}
