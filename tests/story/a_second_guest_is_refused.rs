//! The key is in use elsewhere: refused, until that seat is free.

use crate::life::Life;
use madoguchi::model::wire::Refusal;

#[test]
fn a_second_guest_is_refused() {
    let mut life = Life::at_the_paper_screen();
    life.room.refuses = Some(Refusal::RoomFull);
    life.shows_paper();
    life.until("ready-refused-room-full");
    assert!(life.room.line.is_none(), "the line is closed");
    life.room.refuses = None;
    life.press();
    life.until("ready-mirror");
}

/// Who steps back from the rules for good gives the seat back, and is not refused as a second guest right after.
#[test]
fn stepping_back_gives_the_seat_back() {
    let mut life = Life::at_the_mirror();
    (0..3).for_each(|_| life.press());
    life.hold();
    life.expect_face("ready-disagreed");
    assert!(life.room.has_heard("bye Left"));
    life.hold();
    life.until("qr-show-paper");
    life.shows_paper();
    life.until("ready-mirror");
}
