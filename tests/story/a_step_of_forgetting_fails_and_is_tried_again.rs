//! A step that fails or hangs is said, and tried again until it is done.

use crate::life::{Life, seconds};
use madoguchi::model::light::Light;
use madoguchi::model::screen::WipeStep;

#[test]
fn a_step_of_forgetting_fails_and_is_tried_again() {
    let mut life = Life::at_the_paper_screen();
    life.store.fails = vec![WipeStep::Network, WipeStep::Data, WipeStep::Data, WipeStep::Verify];
    life.forget_faces();
    life.return_stick_in();
    life.until("wipe-failed-data");
    assert_eq!(life.light(), Light::Fast);
    life.until("wipe-receipt");
    insta::assert_snapshot!(life.faces(), @r"
    qr-show-paper-looking
    wipe-forgetting-data
    wipe-failed-data
    wipe-forgetting-data
    wipe-failed-data
    wipe-forgetting-data
    wipe-forgetting-network
    wipe-failed-network
    wipe-forgetting-network
    wipe-forgetting-key
    wipe-forgetting-verify
    wipe-failed-verify
    wipe-forgetting-verify
    wipe-receipt
    ");
    assert_eq!((life.asked("OweWipe"), life.asked("WipeDone")), (1, 1));
}

#[test]
fn a_store_that_hangs_is_asked_again() {
    let mut life = Life::at_the_paper_screen();
    life.store.takes = seconds(40);
    life.return_stick_in();
    life.until("wipe-failed");
    life.store.takes = seconds(1);
    life.until("wipe-receipt");
}

#[test]
fn after_a_session_too() {
    let mut life = Life::talking();
    life.store.fails = vec![WipeStep::Key];
    life.hold();
    life.until("wipe-failed-key");
    life.until("wipe-forgotten");
}
