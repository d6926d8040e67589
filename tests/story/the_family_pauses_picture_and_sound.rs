//! A press in the call switches the own picture and sound off and on again.

use crate::life::{Life, seconds};
use madoguchi::model::screen::{Aside, PressDoes};
use madoguchi::model::turn::Fact;
use madoguchi::model::wire::Notice;

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

/// What the button says stays true while something else stands where "paused" stood.
#[test]
fn a_notice_does_not_make_the_button_lie() {
    let mut life = Life::talking();
    assert_eq!(life.screen().press, Some(PressDoes::Pause));
    life.press();
    life.staff(|room| room.note(Notice::FiveMinutes));
    life.waits(seconds(1));
    assert_eq!((life.screen().aside, life.screen().press), (Some(Aside::FiveMinutes), Some(PressDoes::Resume)));
}

#[test]
fn where_neither_camera_nor_microphone_is_there_nothing_can_be_switched_off() {
    let mut life = Life::talking();
    life.fact(Fact::Camera { present: false });
    assert_eq!(life.screen().press, Some(PressDoes::Pause));
    life.fact(Fact::Microphone { present: false });
    assert_eq!(life.screen().press, None);
    life.press();
    life.fact(Fact::Camera { present: true });
    assert_eq!(life.screen().press, Some(PressDoes::Pause), "the press that was not offered did nothing");
}
