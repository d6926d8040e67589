//! The counter's page goes and comes back: the family waits in sight of that, and the call is made anew.

use crate::life::{Life, minutes, seconds};

#[test]
fn the_clerk_reloads_the_page() {
    let mut life = Life::talking();
    life.staff(|room| room.staff_goes(true));
    life.path_dies();
    life.until("session-lobby-staff-absent");
    life.staff(|room| room.staff_comes(true));
    life.until("session-live");
    assert_eq!(life.media.built, 2);
}

/// Only the clerk's line broke; picture and sound never stopped, and are not torn down for it.
#[test]
fn the_clerks_line_breaks_and_is_resumed() {
    let mut life = Life::talking();
    life.forget_faces();
    life.staff(|room| room.staff_goes(true));
    life.waits(seconds(4));
    life.staff(|room| room.staff_comes(false));
    life.waits(seconds(60));
    assert_eq!((life.faces().as_str(), life.media.built), ("session-live-good", 1));
}

#[test]
fn a_clerk_who_does_not_come_back_is_waited_for_until_the_end_of_the_slot() {
    let mut life = Life::talking();
    life.staff(|room| room.staff_goes(false));
    life.until("session-lobby-staff-absent");
    assert!(life.media.open.is_none(), "nobody is there to send to");
    life.waits(minutes(5));
    life.expect_face("session-lobby-staff-absent");
}
