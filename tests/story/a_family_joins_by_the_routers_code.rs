//! No cable: the router's code is shown to the camera.

use crate::life::Life;

#[test]
fn a_family_joins_by_the_routers_code() {
    let mut life = Life::power_on();
    life.until("network-show-wifi");
    life.shows_router_code();
    life.expect_face("network-joining");
    assert!(!life.camera_is_open(), "the camera closes as soon as the code is read");
    life.until("qr-show-paper");
    assert_eq!(life.asked("JoinWifi"), 1);
}

#[test]
fn a_wrong_password_leads_back_to_the_code() {
    let mut life = Life::power_on();
    life.router.verdict = Err(madoguchi::model::screen::NetworkTrouble::WrongPassword);
    life.until("network-show-wifi");
    life.shows_router_code();
    life.until("network-trouble-wrong-password");
    life.press();
    life.expect_face("network-show-wifi");
    life.router.verdict = Ok(());
    life.shows_router_code();
    life.until("qr-show-paper");
}

/// Joined, but word of the internet does not come: they are told so instead of being asked for the code again.
#[test]
fn a_wifi_without_internet_is_not_asked_for_again_without_a_word() {
    let mut life = Life::power_on();
    life.router.internet = Err(madoguchi::model::screen::NetworkTrouble::NoInternet);
    life.until("network-show-wifi");
    life.shows_router_code();
    life.until("network-trouble-no-internet");
}
