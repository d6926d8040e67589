//! Camera, microphone or the TV's sound go in the middle: said beside the sentence and to the counter, and the call
//! goes on as it is.

use crate::life::{Life, seconds};
use crate::props;
use madoguchi::model::screen::Aside;
use madoguchi::model::turn::Fact;

#[test]
fn no_camera_but_they_can_still_talk() {
    let mut life = Life::at_the_mirror();
    life.fact(Fact::Camera { present: false });
    assert_eq!(life.screen().aside, Some(Aside::NoCamera));
    life.press();
    life.agrees();
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
    assert_eq!(life.media.built, 1, "no new connection is made for it");
}

#[test]
fn without_sound_from_the_tv_the_telephone_stands_on_the_screen_and_the_counter_knows() {
    let mut life = Life::talking();
    assert_eq!(life.screen().telephone, None);
    life.fact(Fact::Speaker { present: false });
    life.waits(seconds(1));
    assert_eq!(life.screen().aside, Some(Aside::NoSpeaker));
    assert_eq!(
        life.screen().telephone.map(|telephone| telephone.number),
        props::loan().telephone().map(|telephone| telephone.number.clone())
    );
    assert_eq!(life.room.off, [false, false, true]);
    life.press();
    assert_eq!(life.screen().aside, Some(Aside::NoSpeaker), "a pause does not hide it");
    assert_eq!(life.room.off, [true, true, true]);
    life.press();
    life.fact(Fact::Speaker { present: true });
    life.waits(seconds(1));
    assert_eq!((life.screen().aside, life.screen().telephone), (None, None));
    assert_eq!(life.room.off, [false; 3]);
}

/// Everything goes and comes back, in every order, before the call and in it: the screen always says what is off, the
/// counter hears it, and no connection is made anew for it.
#[test]
fn whatever_goes_and_comes_back_is_said_and_nothing_is_built_anew() {
    for lobby in [true, false] {
        let mut life = if lobby { Life::in_the_lobby() } else { Life::talking() };
        let mut off = [false; 3];
        for turn in 0..30 {
            let which = [0, 1, 2, 1, 0, 0, 2, 2, 1][turn % 9];
            off[which] ^= true;
            let present = !off[which];
            life.fact([Fact::Camera { present }, Fact::Microphone { present }, Fact::Speaker { present }][which]);
            life.waits(seconds(1));
            let said = life
                .screen()
                .aside
                .map_or([false; 3], |aside| [aside.lacks_camera(), aside.lacks_microphone(), aside.lacks_speaker()]);
            assert_eq!((said, life.room.off), (off, off));
        }
        assert_eq!(life.media.built, 1);
    }
}

#[test]
fn without_a_camera_the_code_screens_say_so() {
    let mut life = Life::power_on();
    life.fact(Fact::Camera { present: false });
    life.until("network-show-wifi-no-camera");
    life.fact(Fact::Camera { present: true });
    life.expect_face("network-show-wifi-looking");
}
