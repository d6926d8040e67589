//! An update from the counter: at night, or after hours without anybody; never beside a person; what was cut off goes on.

use crate::life::{Life, minutes, seconds};
use crate::props;
use jiff::Timestamp;
use madoguchi::model::light::Light;
use madoguchi::model::screen::{Aside, ScanHint};
use madoguchi::model::turn::{Fact, Told};
use madoguchi::model::update::UpdateRefusal;
use std::time::Duration;

const ASKS: &str = "UpdateFromCounter";
const LEAVES_OFF: &str = "AbandonUpdate";

const fn hours(hours: u64) -> Duration {
    minutes(60 * hours)
}

/// At the paper since `time` of 1 December 2026 in Tokyo.
fn at_the_paper_since(time: &str) -> Life {
    let mut life = Life::at_the_paper_screen();
    life.fact(Fact::Wall { at: wall(time) });
    life
}

fn wall(time: &str) -> Timestamp {
    format!("2026-12-01T{time}:00+09:00").parse().unwrap()
}

#[test]
fn at_night_it_is_installed_and_the_device_starts_anew() {
    let mut life = at_the_paper_since("00:30");
    life.waits(minutes(29));
    assert_eq!(life.asked(ASKS), 0, "it is no night yet");
    life.waits(hours(4));
    assert_eq!((life.asked(ASKS), life.asked("Restart") > 0), (1, true), "{}", life.trace());
    assert_eq!(life.slots.looked_at, ["counter.midori.example", "school.midori.example:8443"]);
    life.slots.next = Some(2);
    life.restarts();
    // The night goes on with the new version, of which the counter has nothing newer.
    life.cable_in();
    life.until("qr-show-paper");
    life.fact(Fact::Wall { at: wall("04:00") });
    life.waits(minutes(59));
    assert_eq!((life.asked(ASKS), life.asked("Restart")), (1, 0));
}

#[test]
fn the_family_may_see_it_and_a_press_comes_first() {
    let mut life = at_the_paper_since("04:00");
    life.waits(minutes(5));
    assert_eq!((life.asked(ASKS), life.screen().aside), (1, None));
    life.waits(seconds(20));
    assert_eq!((life.face().as_str(), life.screen().aside), ("qr-show-paper-looking", Some(Aside::Updating)));
    assert_eq!(life.light(), Light::Breathing);
    life.press();
    assert_eq!((life.asked(LEAVES_OFF), life.face().as_str(), life.screen().aside), (1, "ready-try-out", None));
    life.waits(minutes(3));
    life.expect_face("qr-show-paper");
    assert_eq!(life.asked("Restart"), 0);
    // When they have gone to bed, it goes on where it was.
    life.waits(minutes(8));
    assert_eq!((life.asked(ASKS), life.asked("Restart") > 0), (2, true));
}

#[test]
fn whoever_shows_the_paper_is_served_at_once() {
    for what in 0..5 {
        let mut life = at_the_paper_since("04:00");
        life.waits(minutes(5) + seconds(10));
        assert_eq!(life.asked(ASKS), 1);
        match what {
            0 => life.shows_paper(),
            1 => life.told(Told::Scan { hint: ScanHint::Closer, code: None }),
            2 => life.hold(),
            3 => drop(life.update_stick_in()),
            _ => life.cable_out(),
        }
        life.waits(seconds(1));
        assert_eq!(life.asked(LEAVES_OFF), 1, "{what}");
        // The stick's own update is another question.
        life.waits(minutes(4));
        assert_eq!((life.asked(ASKS), life.asked("Restart") > 0), (1, what == 3), "{what}: {}", life.trace());
    }
}

#[test]
fn never_in_a_session_or_near_one() {
    let mut life = Life::talking();
    life.fact(Fact::Wall { at: wall("04:00") });
    life.waits(minutes(20));
    assert_eq!(life.asked(ASKS), 0);
    let mut life = at_the_paper_since("12:00");
    life.waits(minutes(170));
    life.press();
    life.waits(hours(2));
    assert_eq!(life.asked(ASKS), 0, "by day somebody may still come");
    life.waits(minutes(70));
    assert_eq!(life.asked(ASKS), 1);
}

#[test]
fn once_a_night_whatever_came_of_it() {
    for why in [UpdateRefusal::Unsigned, UpdateRefusal::Older, UpdateRefusal::Failed, UpdateRefusal::TriedAlready] {
        let mut life = at_the_paper_since("00:30");
        life.slots.verdict = Err(why);
        life.waits(hours(23));
        assert_eq!(life.asked(ASKS), 1, "{why:?}");
        assert_eq!(life.face(), "qr-show-paper-looking", "{why:?} is nothing for the family");
        life.waits(hours(5));
        assert_eq!(life.asked(ASKS), 2, "{why:?}");
    }
}

#[test]
fn what_was_cut_off_goes_on_in_the_same_night() {
    let mut life = at_the_paper_since("03:40");
    life.slots.verdict = Err(UpdateRefusal::PulledOut);
    life.waits(minutes(30));
    assert_eq!(life.asked(ASKS), 2, "{}", life.trace());
    life.slots.verdict = Ok(());
    life.waits(minutes(15));
    assert_eq!((life.asked(ASKS), life.asked("Restart") > 0), (3, true));

    let mut life = at_the_paper_since("01:00");
    life.slots.verdict = Err(UpdateRefusal::PulledOut);
    life.waits(hours(22));
    assert_eq!(life.asked(ASKS), 7, "not for ever");
}

#[test]
fn after_a_power_cut_it_is_looked_for_again() {
    let mut life = at_the_paper_since("03:40");
    life.waits(minutes(5) + seconds(30));
    assert_eq!(life.asked(ASKS), 1);
    life.power_cut();
    life.cable_in();
    life.until("qr-show-paper");
    life.fact(Fact::Wall { at: wall("03:50") });
    life.waits(minutes(8));
    assert_eq!((life.asked(ASKS), life.asked("Restart") > 0), (1, true));
}

#[test]
fn an_update_that_says_nothing_is_given_up() {
    let mut life = at_the_paper_since("03:40");
    life.slots.silent = true;
    life.waits(minutes(60));
    assert_eq!((life.asked(ASKS), life.asked(LEAVES_OFF), life.asked("Restart")), (1, 1, 0));
}

#[test]
fn the_loan_can_forbid_it_and_without_a_clock_there_is_no_night() {
    let mut forbidden = Life::power_on_with(Ok(Some(madoguchi::model::loan::Loan { updates: false, ..props::loan() })));
    forbidden.cable_in();
    forbidden.until("qr-show-paper");
    forbidden.fact(Fact::Wall { at: wall("00:30") });
    let mut timeless = Life::at_the_paper_screen();
    let mut lost = at_the_paper_since("00:30");
    lost.fact(Fact::Clock { known: false });
    let mut held = Life::power_on_with(Ok(None));
    held.fact(Fact::Wall { at: wall("00:30") });
    for life in [&mut forbidden, &mut timeless, &mut lost, &mut held] {
        life.waits(hours(30));
        assert_eq!(life.asked(ASKS), 0);
    }
}
