//! Camera or microphone come off in the middle: said beside the sentence, and the call goes on.

use crate::life::Life;
use madoguchi::model::screen::Aside;
use madoguchi::model::turn::Fact;

#[test]
fn no_camera_but_they_can_still_talk() {
    let mut life = Life::at_the_mirror();
    life.fact(Fact::Camera { present: false });
    assert_eq!(life.screen().aside, Some(Aside::NoCamera));
    life.press();
    life.press();
    life.until("session-lobby");
    life.staff_lets_in();
    life.until("session-live");
    assert_eq!(life.screen().aside, Some(Aside::NoCamera));
    assert!(life.media.gates.sound);
    life.fact(Fact::Microphone { present: false });
    assert_eq!(life.screen().aside, Some(Aside::NoCameraNorMicrophone));
    life.fact(Fact::Camera { present: true });
    assert_eq!(life.screen().aside, Some(Aside::NoMicrophone));
    life.expect_face("session-live");
}

#[test]
fn without_a_camera_the_code_screens_say_so() {
    let mut life = Life::power_on();
    life.fact(Fact::Camera { present: false });
    life.until("network-show-wifi-no-camera");
    life.fact(Fact::Camera { present: true });
    life.expect_face("network-show-wifi-looking");
}
