//! The ring fills, empties again, and nothing happened.

use crate::life::{Life, seconds};
use std::time::Duration;

#[test]
fn a_hold_let_go_half_way() {
    let mut life = Life::talking();
    life.finger(true);
    life.waits(Duration::from_millis(900));
    assert_eq!(life.screen().live.ring, None, "it may still be a press");
    life.waits(Duration::from_millis(1_100));
    assert_eq!(life.screen().live.ring, Some(500));
    life.finger(false);
    assert_eq!(life.screen().live.ring, None);
    life.waits(seconds(5));
    life.expect_face("session-live");
    assert!(!life.room.has_heard("bye Left") && !life.room.has_heard("mute true"));
}
