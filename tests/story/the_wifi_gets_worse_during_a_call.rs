//! A verdict that worsens while connected ends the call at once, says why, and forgets the key.

use crate::life::{Life, seconds};
use madoguchi::model::light::Light;
use madoguchi::model::screen::NetworkTrouble;

#[test]
fn the_wifi_gets_worse_during_a_call() {
    let mut life = Life::talking();
    life.forget_faces();
    life.network_carries(Err(NetworkTrouble::Downgraded));
    life.expect_face("network-trouble-downgraded");
    assert!(life.media.open.is_none() && life.room.line.is_none() && !life.knows_a_key() && !life.camera_is_open());
    assert_eq!(life.light(), Light::Fast);
    assert!(life.screen().telephone.is_some());
    life.press();
    life.until("wipe-forgotten");
    life.press();
    life.until("network-trouble-downgraded");
    life.waits(seconds(600));
    assert_eq!(life.asked("OpenLink"), 0);
    life.press();
    life.expect_face("network-show-wifi");
    insta::assert_snapshot!(life.faces(), @r"
    session-live-good
    network-trouble-downgraded
    wipe-forgetting-key
    wipe-forgetting-verify
    wipe-forgotten
    network-trouble-downgraded
    network-show-wifi-looking
    ");
}

#[test]
fn the_wifi_gets_worse_while_the_paper_is_asked_for_or_the_rules_are_read() {
    let mut life = Life::at_the_paper_screen();
    life.network_carries(Err(NetworkTrouble::Downgraded));
    life.expect_face("network-trouble-downgraded");
    let mut life = Life::at_the_mirror();
    life.network_carries(Err(NetworkTrouble::Open));
    life.expect_face("network-trouble-open");
    assert!(life.room.line.is_none() && !life.camera_is_open());
}
