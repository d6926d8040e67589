//! A late family does not move the end; the room says it, and if its word is lost the box closes by itself.

use crate::life::{Life, minutes, seconds};
use crate::props;
use madoguchi::model::screen::Face;
use madoguchi::model::wire::{ByeReason, Notice};

#[test]
fn the_slot_ends_on_time_even_if_they_came_late() {
    let mut life = Life::at_the_paper_screen();
    life.waits(minutes(30));
    life.shows_paper();
    life.until("ready-mirror");
    life.press();
    life.agrees();
    life.until("session-lobby");
    life.staff_lets_in();
    life.until("session-live");
    let Face::Live { remaining, .. } = life.screen().face else { panic!("not live") };
    assert!(remaining < minutes(8), "{remaining:?}");
    life.staff(|room| room.note(Notice::FiveMinutes));
    life.waits(remaining);
    life.staff(|room| room.bye(ByeReason::SlotOver));
    life.until("session-ended-slot-over");
    assert!(!life.knows_a_key() && life.media.open.is_none());
}

#[test]
fn if_the_rooms_word_is_lost_the_box_closes_by_itself() {
    let mut life = Life::talking();
    life.waits(minutes(37));
    life.expect_face("session-live");
    life.until("session-ended-slot-over");
    assert!(life.room.has_heard("bye Left"));
}

#[test]
fn the_slot_ends_while_nobody_has_agreed() {
    let mut life = Life::at_the_mirror();
    life.waits(minutes(40));
    life.expect_face("ready-refused-over");
    assert!(!life.camera_is_open() && !life.knows_a_key());
}

#[test]
fn a_slot_that_is_over_is_refused_without_a_flash_of_the_mirror() {
    let mut life = Life::at_the_paper_screen();
    life.room.slot = props::slot_of("2026-11-21T00:00:00Z", 30);
    life.shows_paper();
    life.until("ready-refused-over");
    assert!(!life.faces().contains("ready-mirror"));
    life.waits(seconds(60));
    assert_eq!(life.asked("Chime"), 0);
}
