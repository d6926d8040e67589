//! The check before the day: camera, microphone, speaker and network, without a room.

use crate::life::{Life, minutes, seconds};
use madoguchi::model::screen::Aside;
use madoguchi::model::turn::Fact;

#[test]
fn trying_it_out_without_a_room() {
    let mut life = Life::at_the_paper_screen();
    life.press();
    life.expect_face("ready-try-out");
    life.speaks(480);
    assert_eq!(life.screen().live.level, Some(480));
    assert_eq!(life.asked("Chime"), 1, "the TV's sound is tried as well");
    life.press();
    life.expect_face("qr-show-paper");
    assert_eq!(life.asked("Chime"), 1);
    assert_eq!(life.screen().live.level, None, "the microphone is closed");
    assert_eq!(life.asked("OpenLink"), 0);
}

#[test]
fn a_forgotten_try_out_closes_the_microphone() {
    let mut life = Life::at_the_paper_screen();
    life.press();
    life.waits(minutes(2) + seconds(1));
    life.expect_face("qr-show-paper");
}

#[test]
fn a_missing_camera_is_said_while_trying_out() {
    let mut life = Life::at_the_paper_screen();
    life.fact(Fact::Camera { present: false });
    life.expect_face("qr-show-paper-no-camera");
    life.press();
    assert_eq!(life.screen().aside, Some(Aside::NoCamera));
}
