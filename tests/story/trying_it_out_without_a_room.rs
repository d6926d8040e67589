//! The check before the day: camera, microphone, speaker and network, without a room.

use crate::life::{Life, minutes, seconds};
use madoguchi::model::screen::Aside;
use madoguchi::model::turn::{Fact, TvSound};

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
    assert_eq!(life.screen().press, None, "there is nothing to look at");
    life.press();
    life.expect_face("qr-show-paper-no-camera");
    life.fact(Fact::Camera { present: true });
    life.press();
    life.fact(Fact::Camera { present: false });
    life.expect_face("ready-try-out");
    assert_eq!(life.screen().aside, Some(Aside::NoCamera));
}

/// The TV is switched to its own loudspeakers, or turned down to nothing.
#[test]
fn a_tv_that_is_not_heard_is_said_and_tried_again_until_it_is() {
    let mut life = Life::at_the_paper_screen();
    life.press();
    assert_eq!(life.screen().aside, None, "nothing is known yet");
    life.fact(Fact::Chime(TvSound::Unheard));
    assert_eq!(life.screen().aside, Some(Aside::SilentTv));
    life.waits(seconds(11));
    assert_eq!(life.asked("Chime"), 2, "whoever has turned it up hears that it works");
    life.fact(Fact::Chime(TvSound::Heard));
    assert_eq!(life.screen().aside, None);
    life.waits(seconds(30));
    assert_eq!(life.asked("Chime"), 2);
}

#[test]
fn whoever_wants_a_quiet_tv_is_left_in_peace_and_may_go_on() {
    let mut life = Life::at_the_paper_screen();
    life.shows_paper();
    life.until("ready-mirror");
    life.fact(Fact::Chime(TvSound::Unheard));
    life.waits(minutes(3));
    assert_eq!(life.asked("Chime"), 6);
    assert_eq!(life.screen().aside, Some(Aside::SilentTv));
    life.fact(Fact::Microphone { present: false });
    assert_eq!(life.screen().aside, Some(Aside::NoMicrophone), "what is missing comes first");
    life.press();
    life.expect_face("ready-rules");
    assert_eq!(life.screen().aside, None);
}

/// Then staff would hear themselves, and nobody who speaks at the same time.
#[test]
fn a_tv_that_is_too_loud_is_said_and_tried_again_until_it_is_not() {
    let mut life = Life::at_the_paper_screen();
    life.shows_paper();
    life.until("ready-mirror");
    life.fact(Fact::Chime(TvSound::TooLoud));
    assert_eq!(life.screen().aside, Some(Aside::LoudTv));
    life.waits(seconds(11));
    assert_eq!(life.asked("Chime"), 2, "whoever has turned it down hears that it is right");
    life.fact(Fact::Chime(TvSound::Heard));
    assert_eq!(life.screen().aside, None);
}

/// Muted at its own switch, where no mixer reaches.
#[test]
fn a_microphone_that_gives_nothing_is_said_until_it_does() {
    let mut life = Life::at_the_paper_screen();
    life.shows_paper();
    life.until("ready-mirror");
    life.fact(Fact::Chime(TvSound::Unheard));
    life.fact(Fact::MicrophoneSilent { silent: true });
    assert_eq!(life.screen().aside, Some(Aside::SilentMicrophone), "it cannot tell how the TV sounds");
    life.waits(seconds(30));
    assert_eq!(life.asked("Chime"), 1);
    life.fact(Fact::MicrophoneSilent { silent: false });
    assert_eq!(life.screen().aside, Some(Aside::SilentTv));

    let mut life = Life::talking();
    life.fact(Fact::MicrophoneSilent { silent: true });
    assert_eq!(life.screen().aside, Some(Aside::SilentMicrophone), "also in a session");
    life.fact(Fact::Microphone { present: false });
    assert_eq!(life.screen().aside, Some(Aside::NoMicrophone), "what is missing comes first");
    life.fact(Fact::Microphone { present: true });
    assert_eq!(life.screen().aside, None);
}
