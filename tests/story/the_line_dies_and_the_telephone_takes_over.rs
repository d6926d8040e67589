//! The line does not come back: after a minute and a half the screen says so and shows whom to phone.

use crate::life::{Life, seconds};

#[test]
fn the_line_dies_and_the_telephone_takes_over() {
    let mut life = Life::talking();
    life.forget_faces();
    let lost = life.now();
    life.line_dies();
    life.until("session-coming-back");
    life.until("session-ended-line-lost");
    let took = life.now().since(lost);
    assert!((seconds(85)..seconds(100)).contains(&took), "{took:?}");
    assert!(life.screen().telephone.is_some() && !life.knows_a_key() && life.media.open.is_none());
    assert!(life.asked("OpenLink") < 45, "nobody is hammered: {}", life.asked("OpenLink"));
    life.waits(seconds(100));
    life.expect_face("session-ended-line-lost");
    life.until("wipe-forgotten");
    insta::assert_snapshot!(life.faces(), @r"
    session-live-good
    session-coming-back
    session-ended-line-lost
    wipe-forgetting-key
    wipe-forgetting-verify
    wipe-forgotten
    ");
}

/// The whole network is gone: no line is even tried over it.
#[test]
fn a_pulled_cable_ends_the_same_way() {
    let mut life = Life::talking();
    life.line_dies();
    life.cable_out();
    life.forget_faces();
    life.until("session-ended-line-lost");
    assert_eq!(life.asked("OpenLink"), 0);
}
