//! A captive portal or a router without internet: the reason is said, a press looks again.

use crate::life::{Life, seconds};
use madoguchi::model::screen::NetworkTrouble;

#[test]
fn behind_a_portal_they_are_told_what_to_do() {
    let mut life = Life::power_on();
    life.router.internet = Err(NetworkTrouble::Portal);
    life.cable_in();
    life.until("network-trouble-portal");
    life.press();
    life.until("network-trouble-portal");
    life.router.internet = Ok(());
    life.press();
    life.until("qr-show-paper");
    assert_eq!(life.asked("CheckNetwork"), 2);
}

#[test]
fn word_of_a_page_ends_nothing_while_the_line_to_the_room_stands() {
    let mut life = Life::talking();
    life.network_carries(Err(NetworkTrouble::Portal));
    life.waits(seconds(120));
    life.expect_face("session-live");
    let mut life = Life::at_the_mirror();
    life.network_carries(Err(NetworkTrouble::Portal));
    life.expect_face("ready-mirror");
    // The page was real: the line goes, too.
    life.line_dies();
    life.until("network-trouble-portal");
    assert!(!life.camera_is_open());
}

#[test]
fn a_router_that_gets_its_internet_back_needs_no_press() {
    let mut life = Life::power_on();
    life.router.internet = Err(NetworkTrouble::NoInternet);
    life.cable_in();
    life.until("network-trouble-no-internet");
    life.network_carries(Ok(()));
    life.until("qr-show-paper");
}

#[test]
fn a_cable_pulled_while_the_paper_is_asked_for() {
    let mut life = Life::at_the_paper_screen();
    life.cable_out();
    life.expect_face("network-finding");
    life.until("network-show-wifi");
    life.cable_in();
    life.until("qr-show-paper");
}
