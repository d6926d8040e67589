//! The counter extends an appointment or moves it: the family sees the new time, and the box goes by it.

use crate::life::{Life, minutes, seconds};
use crate::props;
use madoguchi::model::screen::{Aside, Face, HourMinute};
use madoguchi::model::wire::{IceServer, Notice};
use std::time::Duration;

fn at(hour: i8, minute: i8) -> HourMinute {
    HourMinute { hour, minute }
}

fn remaining(life: &Life) -> Duration {
    let Face::Live { remaining, .. } = life.screen().face else { panic!("not live but {}", life.face()) };
    remaining
}

/// The slot of the good day, longer by a quarter of an hour: 10:00 to 10:45.
fn extended(life: &mut Life) {
    life.staff(|room| room.moves(props::slot_of("2026-11-21T01:00:00Z", 45), Vec::new()));
    life.waits(seconds(1));
}

#[test]
fn a_call_that_is_extended_goes_on_to_the_new_end() {
    let mut life = Life::talking();
    let left = remaining(&life);
    life.waits(left - minutes(4));
    life.staff(|room| room.note(Notice::FiveMinutes));
    life.waits(seconds(1));
    assert_eq!(life.screen().aside, Some(Aside::FiveMinutes));
    extended(&mut life);
    // In place of what is no longer so.
    assert_eq!(life.screen().aside, Some(Aside::NewTime { starts: at(10, 0), ends: at(10, 45) }));
    assert!((minutes(18)..minutes(19)).contains(&remaining(&life)), "{:?}", remaining(&life));
    life.waits(minutes(5));
    life.expect_face("session-live-good");
    assert_eq!(life.screen().aside, None, "read by now");
    // The room's word is lost: the box closes by itself, at the new end.
    life.waits(minutes(14) + seconds(5));
    life.expect_face("session-ended-slot-over");
}

#[test]
fn a_connection_made_after_that_has_the_new_credentials() {
    let mut life = Life::talking();
    assert!(life.media.servers.is_empty());
    let server = IceServer { urls: vec!["turn:turn.example".to_owned()], username: None, credential: None };
    life.staff(|room| room.moves(props::slot_of("2026-11-21T01:00:00Z", 45), vec![server]));
    life.path_dies();
    life.waits(seconds(4));
    // The line itself is well.
    life.staff(|room| room.note(Notice::FiveMinutes));
    life.until("session-coming-back");
    life.until("session-live-good");
    assert_eq!((life.media.built, life.media.servers.join(" ")), (2, "turn:turn.example".to_owned()));
}

#[test]
fn the_first_connection_has_the_servers_that_come_with_the_consent() {
    let mut life = Life::at_the_mirror();
    let server = IceServer { urls: vec!["turn:turn.example".to_owned()], username: None, credential: None };
    life.room.servers = Some(vec![server]);
    life.press();
    life.agrees();
    life.until("session-lobby");
    life.staff_lets_in();
    life.until("session-live-good");
    assert_eq!((life.media.built, life.media.servers.join(" ")), (1, "turn:turn.example".to_owned()));
}

#[test]
fn a_family_before_the_rules_sees_the_new_time_and_is_called_when_the_lobby_opens() {
    let mut life = Life::at_the_mirror();
    let chimes = life.asked("Chime");
    life.staff(|room| room.moves(props::slot_of("2026-11-21T02:00:00Z", 30), Vec::new()));
    life.waits(seconds(1));
    life.expect_face("ready-mirror-early");
    let Face::Mirror(meeting) = life.screen().face else { panic!("{}", life.face()) };
    assert_eq!((meeting.starts, meeting.ends), (at(11, 0), at(11, 30)));
    life.press();
    life.agrees();
    life.expect_face("ready-rules-early-3");
    // Past the end that was.
    life.waits(minutes(45));
    life.expect_face("ready-rules-early");
    assert_eq!(life.asked("Chime"), chimes);
    life.waits(minutes(15));
    life.expect_face("ready-rules");
    assert_eq!(life.asked("Chime"), chimes + 1);
}

#[test]
fn an_appointment_that_is_brought_forward_opens_at_once() {
    let mut life = Life::at_the_paper_screen();
    life.room.slot = props::slot_of("2026-11-21T02:00:00Z", 30);
    life.shows_paper();
    life.until("ready-mirror-early");
    let chimes = life.asked("Chime");
    life.staff(|room| room.moves(props::slot(), Vec::new()));
    life.waits(seconds(1));
    life.expect_face("ready-mirror");
    assert_eq!(life.asked("Chime"), chimes + 1);
}
