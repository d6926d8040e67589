//! Nobody of the counter is there: the lobby says so, with the telephone, and opens when somebody comes.

use crate::life::{Life, minutes, seconds};

#[test]
fn the_counter_is_absent() {
    let mut life = Life::at_the_mirror();
    life.room.staff_present = false;
    life.press();
    life.agrees();
    life.until("session-lobby-staff-absent");
    assert!(life.screen().telephone.is_some());
    assert_eq!(life.asked("BuildMedia"), 0);
    life.waits(minutes(10));
    life.expect_face("session-lobby-staff-absent");
    life.staff(|room| room.staff_comes(true));
    life.until("session-lobby");
    life.waits(seconds(3));
    assert!(life.media.built == 1 && !life.media.gates.picture && !life.media.gates.sound, "transport, not media");
    life.staff_lets_in();
    life.until("session-live");
}

/// That the time is nearly over threatens whoever has met nobody yet; the time itself stands on the paper.
#[test]
fn nobody_who_still_waits_is_told_that_it_is_nearly_over() {
    use madoguchi::model::wire::Notice;
    let mut life = Life::in_the_lobby();
    life.staff(|room| room.note(Notice::FiveMinutes));
    life.waits(crate::life::seconds(1));
    assert_eq!(life.screen().aside, None);
}
