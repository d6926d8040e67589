//! A cable wins silently, whatever the screen was asking for.

use crate::life::{Life, seconds};

#[test]
fn a_cable_put_in_later_wins() {
    let mut life = Life::power_on();
    life.until("network-show-wifi");
    life.waits(seconds(40));
    life.cable_in();
    life.until("qr-show-paper");
    assert_eq!(life.asked("JoinWifi"), 0);
}

#[test]
fn a_cable_wins_while_a_wifi_is_being_joined() {
    let mut life = Life::power_on();
    life.until("network-show-wifi");
    life.shows_router_code();
    life.cable_in();
    life.until("qr-show-paper");
    assert!(life.now().since_power_on() < seconds(17), "it did not wait for the Wi-Fi");
}

#[test]
fn a_cable_that_was_there_from_the_start_costs_no_time() {
    let mut life = Life::power_on();
    life.cable_in();
    life.until("qr-show-paper");
    assert!(life.now().since_power_on() <= seconds(4), "nothing but the city's name was waited for");
}
