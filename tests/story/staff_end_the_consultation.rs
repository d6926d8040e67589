//! The other endings that the counter decides on: ended, and withdrawn.

use crate::life::{Life, seconds};
use madoguchi::model::light::Light;
use madoguchi::model::wire::ByeReason;

#[test]
fn staff_end_the_consultation() {
    for (reason, face) in [
        (ByeReason::Ended, "session-ended-ended"),
        (ByeReason::Revoked, "session-ended-revoked"),
        (ByeReason::Replaced, "session-ended-line-lost"),
    ] {
        let mut life = Life::talking();
        life.staff(|room| room.bye(reason));
        life.until(face);
        assert!(life.media.open.is_none() && !life.camera_is_open() && !life.knows_a_key());
        assert_eq!(life.light(), Light::Steady);
        life.waits(seconds(130));
        life.expect_face("wipe-forgotten");
    }
}

#[test]
fn ended_from_the_lobby() {
    let mut life = Life::in_the_lobby();
    life.staff(|room| room.bye(ByeReason::Ended));
    life.until("session-ended-ended");
}
