//! The paper is shown an hour before: a countdown, and the press that joins only when the lobby is open.

use crate::life::{Life, minutes, seconds};
use crate::props;
use madoguchi::model::light::Light;
use madoguchi::model::screen::{Face, PressDoes};

fn opens_in(life: &Life) -> Option<u64> {
    match life.screen().face {
        Face::Mirror(meeting) | Face::Rules { meeting, .. } => meeting.opens_in.map(|span| span.as_secs()),
        _ => None,
    }
}

#[test]
fn an_early_paper_counts_down() {
    let mut life = Life::at_the_paper_screen();
    life.room.slot = props::slot_of("2026-11-21T02:00:00Z", 30);
    life.shows_paper();
    life.until("ready-mirror-early");
    let left = opens_in(&life).unwrap();
    assert!((3400..3480).contains(&left), "{left} seconds");
    life.waits(seconds(10));
    assert_eq!(opens_in(&life), Some(left - 10));
    life.press();
    life.expect_face("ready-rules-early-1");
    life.press();
    life.press();
    life.expect_face("ready-rules-early-3");
    assert!(!life.camera_is_open() && life.light() == Light::Breathing);
    life.press();
    life.expect_face("ready-rules-early-3");
    assert!(!life.room.has_heard("consent to 2026-11"), "nobody joins before the lobby opens");
    assert_eq!(life.asked("Chime"), 1);
    life.waits(minutes(58));
    life.expect_face("ready-rules-3");
    assert_eq!(life.asked("Chime"), 2, "who is in the kitchen hears that the lobby is open");
    assert_eq!((life.screen().press, life.light()), (Some(PressDoes::AgreeAndJoin), Light::Steady));
    life.press();
    life.until("session-lobby");
}

/// A self-view that nobody looks at any more closes; nothing is agreed to by that.
#[test]
fn a_forgotten_self_view_closes_the_camera() {
    let mut life = Life::at_the_paper_screen();
    life.room.slot = props::slot_of("2026-11-21T02:00:00Z", 30);
    life.shows_paper();
    life.until("ready-mirror-early");
    life.waits(minutes(10) + seconds(1));
    life.expect_face("ready-rules-early");
    assert!(!life.camera_is_open());
    life.waits(minutes(60));
    assert!(!life.room.has_heard("consent to 2026-11"));
    life.hold();
    life.expect_face("ready-mirror");
}

/// Our clock runs ahead of the room's by a little: the consent is said again instead of waiting in vain.
#[test]
fn a_consent_that_came_too_early_is_said_again() {
    use madoguchi::model::wire::ToClient;
    let mut life = Life::at_the_mirror();
    life.press();
    life.room.takes_consent = false;
    life.agrees();
    life.waits(seconds(1));
    life.staff(|room| room.say(ToClient::Error { code: "not-now".to_owned(), text: String::new() }));
    life.room.takes_consent = true;
    life.until("session-lobby");
    assert_eq!(life.room.heard.iter().filter(|heard| heard.starts_with("consent")).count(), 2);
}

/// The finger that was down when the lobby opened agrees to nothing.
#[test]
fn a_press_begun_before_the_lobby_opens_does_not_agree() {
    let mut life = Life::at_the_paper_screen();
    life.room.slot = props::slot_of("2026-11-21T02:00:00Z", 30);
    life.shows_paper();
    life.until("ready-mirror-early");
    (0..3).for_each(|_| life.press());
    while opens_in(&life) > Some(1) {
        life.waits(seconds(1) / 2);
    }
    life.finger(true);
    life.waits(seconds(1));
    life.finger(false);
    life.expect_face("ready-rules-3");
    assert_eq!(opens_in(&life), None);
    assert!(!life.room.has_heard("consent to 2026-11"));
}
