//! After 75 seconds the seat is gone: back by the key, through the lobby, and let in again before anything flows.

use crate::life::{Life, seconds};
use madoguchi::model::turn::Gates;

#[test]
fn the_line_comes_back_too_late_for_the_token() {
    let mut life = Life::talking();
    life.line_dies();
    life.waits(seconds(80));
    life.line_comes_back();
    life.until("session-lobby");
    assert_eq!(life.room.heard.last().map(String::as_str), Some("consent to 2026-11"));
    assert!(life.room.has_heard("hello by token") && life.room.has_heard("hello by key"));
    life.waits(seconds(20));
    assert_eq!(life.media.gates, Gates::default(), "nothing flows before being let in again");
    life.staff_lets_in();
    life.until("session-live");
}
