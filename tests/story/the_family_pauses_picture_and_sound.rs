//! A press in the call switches the own picture and sound off and on again.

use crate::life::{Life, seconds};
use madoguchi::model::screen::Aside;

#[test]
fn the_family_pauses_picture_and_sound() {
    let mut life = Life::talking();
    life.press();
    assert_eq!(life.screen().aside, Some(Aside::Paused));
    assert!(!life.media.gates.picture && !life.media.gates.sound && life.media.gates.show, "they still see and hear");
    assert!(life.room.has_heard("mute true"));
    life.press();
    assert_eq!(life.screen().aside, None);
    assert!(life.media.gates.picture && life.media.gates.sound && life.room.has_heard("mute false"));
}

#[test]
fn a_pause_outlives_a_lost_line() {
    let mut life = Life::talking();
    life.press();
    life.line_dies();
    life.until("session-coming-back");
    life.press();
    life.line_comes_back();
    life.until("session-live");
    life.waits(seconds(2));
    assert!(!life.media.gates.picture && !life.media.gates.sound, "a press while coming back changes nothing");
    assert_eq!(life.room.heard.iter().filter(|heard| *heard == "mute true").count(), 2, "the counter is told again");
}
