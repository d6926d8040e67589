//! The paper is remembered, the screen says so, and the router's code leads straight on.

use crate::life::Life;
use madoguchi::model::screen::Aside;

#[test]
fn the_paper_is_shown_before_the_wifi_code() {
    let mut life = Life::power_on();
    life.until("network-show-wifi");
    life.shows_paper();
    life.expect_face("network-show-wifi");
    assert_eq!(life.screen().aside, Some(Aside::PaperRemembered));
    life.shows_router_code();
    life.until("ready-mirror");
    assert!(!life.faces().contains("qr-show-paper"), "the paper is not asked for twice");
}

#[test]
fn a_hold_forgets_the_remembered_paper() {
    let mut life = Life::power_on();
    life.until("network-show-wifi");
    life.shows_paper();
    assert!(life.knows_a_key());
    life.hold();
    life.expect_face("boot-starting");
    assert!(!life.knows_a_key());
}
