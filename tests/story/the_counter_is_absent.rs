//! Nobody of the counter is there: the lobby says so, with the telephone, and opens when somebody comes.

use crate::life::{Life, minutes, seconds};

#[test]
fn the_counter_is_absent() {
    let mut life = Life::at_the_mirror();
    life.room.staff_present = false;
    life.press();
    life.press();
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
