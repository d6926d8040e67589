//! The good day, from power-on to "forgotten".

use crate::life::{Life, seconds};
use madoguchi::model::light::Light;

#[test]
fn a_family_joins_by_cable_and_leaves() {
    let mut life = Life::power_on();
    life.cable_in();
    life.until("qr-show-paper");
    life.shows_paper();
    life.until("ready-mirror");
    assert!(life.camera_is_open());
    life.press();
    life.expect_face("ready-rules");
    life.press();
    life.until("session-lobby");
    assert_eq!(life.light(), Light::OnAir);
    life.staff_lets_in();
    life.until("session-live-good");
    assert!(life.media.gates.picture && life.media.gates.sound && life.media.gates.show);
    life.waits(seconds(1));
    life.hold();
    life.expect_face("session-ended-left");
    life.press();
    life.until("wipe-forgotten");
    assert!(!life.camera_is_open() && !life.knows_a_key() && life.media.open.is_none());
    insta::assert_snapshot!(life.trace(), @"");
}
