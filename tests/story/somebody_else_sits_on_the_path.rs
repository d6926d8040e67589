//! Whoever is at the other end of picture and sound is not the counter: nothing flows, the screen and the room say so,
//! and the family may try it once more.

use crate::life::{Life, minutes, seconds};
use crate::room::Room;
use madoguchi::model::ids::{Epoch, PeerId};
use madoguchi::model::screen::{Aside, HoldDoes, PressDoes};
use madoguchi::model::turn::Gates;
use madoguchi::model::wire::ToClient;

fn in_the_lobby_with_a_stranger() -> Life {
    let mut life = Life::at_the_mirror();
    life.media.stranger = true;
    life.press();
    life.agrees();
    life.until("session-unverified");
    life
}

#[test]
fn somebody_else_sits_on_the_path() {
    let mut life = in_the_lobby_with_a_stranger();
    let screen = life.screen();
    assert!(screen.telephone.is_some());
    assert_eq!((screen.press, screen.hold), (Some(PressDoes::Again), Some(HoldDoes::Leave)));
    assert!(life.room.has_heard("unverified 1") && life.media.open.is_none());
    assert!(life.trace().contains("Unverified: another certificate"), "{}", life.trace());

    // Let in or not, and however long they wait: nothing is tried by itself.
    life.staff_lets_in();
    life.waits(minutes(5));
    life.expect_face("session-unverified");
    assert_eq!((life.media.built, life.media.gates), (1, Gates::default()));

    life.press();
    life.until("session-unverified-again");
    assert!(life.room.has_heard("rebuild 1") && life.room.has_heard("unverified 2"));
    assert_eq!((life.screen().press, life.screen().hold), (None, Some(HoldDoes::Leave)));
    life.press();
    life.waits(minutes(5));
    life.expect_face("session-unverified-again");
    assert_eq!((life.media.built, life.media.gates), (2, Gates::default()));
    assert!(life.screen().telephone.is_some());

    life.staff(|room| room.note(madoguchi::model::wire::Notice::WillPhone));
    life.waits(seconds(1));
    assert_eq!(life.screen().aside, Some(Aside::WillPhone));
    life.hold();
    life.expect_face("session-ended-will-phone");
}

#[test]
fn whoever_sat_there_is_gone_and_one_press_brings_the_counter() {
    let mut life = in_the_lobby_with_a_stranger();
    life.staff_lets_in();
    life.media.stranger = false;
    life.waits(seconds(20));
    life.expect_face("session-unverified");
    life.press();
    life.until("session-live");
    assert_eq!(life.media.built, 2);
}

/// Each connection is looked at, also one that takes the place of a good one. After that the press was the only one.
#[test]
fn somebody_comes_between_in_the_middle_of_a_call() {
    let mut life = Life::talking();
    life.media.stranger = true;
    life.path_dies();
    life.until("session-unverified");
    assert_eq!((life.media.open, life.media.gates), (None, Gates::default()));
    life.media.stranger = false;
    life.press();
    life.until("session-live");
    life.media.stranger = true;
    life.path_dies();
    life.until("session-unverified-again");
    life.waits(minutes(2));
    life.expect_face("session-unverified-again");
    assert_eq!(life.media.built, 4);
}

fn says_unverified(room: &mut Room, epoch: u32) {
    room.say(ToClient::PeerUnverified { peer: PeerId("staff-1".to_owned()), epoch: Epoch(epoch) });
}

/// The counter's browser compares, too.
#[test]
fn the_counters_end_finds_somebody_else() {
    let mut life = Life::talking();
    life.staff(|room| says_unverified(room, 9));
    life.expect_face("session-live");
    life.staff(|room| says_unverified(room, 1));
    life.until("session-unverified");
    assert_eq!((life.media.open, life.media.gates), (None, Gates::default()));
    assert!(!life.room.has_heard("unverified 1"), "it knows");
    // What was on its way when they pressed is about the old connection.
    life.press();
    life.staff(|room| says_unverified(room, 1));
    life.until("session-live");
}

#[test]
fn a_clerk_who_reloads_the_page_is_told_and_nothing_is_tried() {
    let mut life = in_the_lobby_with_a_stranger();
    life.media.stranger = false;
    life.staff(|room| room.staff_goes(false));
    life.waits(seconds(2));
    life.expect_face("session-unverified");
    assert_eq!(life.screen().press, None, "nobody is there to try it with");
    life.staff(|room| room.staff_comes(true));
    life.waits(seconds(30));
    life.expect_face("session-unverified");
    assert!(life.room.has_heard("unverified 2") && life.media.built == 1);
    assert_eq!(life.screen().press, Some(PressDoes::Again));
    life.staff_lets_in();
    life.press();
    life.until("session-live");
}

/// The room may not have heard it; over a line that is down nothing can be tried.
#[test]
fn the_line_is_lost_meanwhile() {
    let mut life = in_the_lobby_with_a_stranger();
    life.room.heard.clear();
    life.line_dies();
    life.waits(seconds(5));
    life.expect_face("session-unverified");
    assert_eq!(life.screen().press, None);
    life.line_comes_back();
    life.waits(seconds(20));
    life.expect_face("session-unverified");
    assert!(life.room.has_heard("unverified 1"), "{:?}", life.room.heard);
    assert_eq!((life.screen().press, life.media.built), (Some(PressDoes::Again), 1));
}

#[test]
fn the_slot_ends_all_the_same() {
    let mut life = in_the_lobby_with_a_stranger();
    life.waits(minutes(60));
    assert!(life.face().starts_with("wipe") || life.face().starts_with("qr"), "{}", life.face());
    assert_eq!(life.media.built, 1);
}
