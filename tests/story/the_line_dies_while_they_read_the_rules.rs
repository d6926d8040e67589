//! A line lost before the session: back to the same seat and the same screen, without a word.

use crate::life::{Life, seconds};

#[test]
fn the_line_dies_while_they_read_the_rules() {
    let mut life = Life::at_the_mirror();
    life.press();
    life.press();
    life.expect_face("ready-rules-2");
    life.forget_faces();
    life.line_dies();
    life.waits(seconds(2));
    life.expect_face("ready-asking-room");
    life.line_comes_back();
    life.until("ready-rules-2");
    assert!(life.room.has_heard("hello by token"), "not as a second guest");
    assert_eq!(life.asked("Chime"), 0);
    life.press();
    life.press();
    life.until("session-lobby");
}

#[test]
fn after_too_long_the_key_is_asked_with_again() {
    let mut life = Life::at_the_mirror();
    life.line_dies();
    life.until("network-trouble-server-unreachable");
    life.waits(seconds(60));
    life.line_comes_back();
    life.press();
    life.until("ready-mirror");
    assert_eq!(life.room.heard.last().map(String::as_str), Some("hello by key"));
}
