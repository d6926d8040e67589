//! After a power cut the box finds the Wi-Fi that this loan has joined before; nothing has to be shown again.

use crate::life::{Life, seconds};
use madoguchi::model::screen::NetworkTrouble;
use madoguchi::model::turn::Fact;

#[test]
fn a_known_wifi_is_joined_by_itself() {
    let mut life = Life::power_on();
    life.router.known = true;
    life.until("qr-show-paper");
    assert_eq!((life.asked("JoinKnown"), life.asked("JoinWifi")), (1, 0));
}

#[test]
fn where_none_is_in_the_air_the_code_is_asked_for_as_soon_as_a_cable_had_its_time() {
    let mut life = Life::power_on();
    life.until("network-show-wifi");
    assert_eq!(life.asked("JoinKnown"), 1);
    assert!(life.now().since_power_on() < seconds(14), "the first screen's 4 s and a cable's 8 s");
}

#[test]
fn a_cable_that_leads_nowhere_does_not_keep_a_known_wifi_from_being_joined() {
    let mut life = Life::power_on();
    life.fact(Fact::Cable { plugged: true });
    life.router.known = true;
    life.until("qr-show-paper");
    assert_eq!(life.asked("JoinKnown"), 1);
    let mut life = Life::power_on();
    life.fact(Fact::Cable { plugged: true });
    life.until("network-trouble-no-address");
    assert_eq!(life.asked("JoinKnown"), 1, "it is looked for once");
}

#[test]
fn a_known_wifi_that_got_worse_or_has_another_password_is_named_and_another_code_can_be_shown() {
    for (trouble, face) in [
        (NetworkTrouble::Downgraded, "network-trouble-downgraded"),
        (NetworkTrouble::WrongPassword, "network-trouble-wrong-password"),
    ] {
        let mut life = Life::power_on();
        life.router.known = true;
        life.router.verdict = Err(trouble);
        life.until(face);
        life.press();
        life.until("network-show-wifi");
        life.router.verdict = Ok(());
        life.shows_router_code();
        life.until("qr-show-paper");
    }
}

#[test]
fn a_router_that_comes_back_with_less_is_named_once_while_the_code_is_asked_for() {
    let mut life = Life::power_on();
    life.until("network-show-wifi");
    life.shows_router_code();
    life.until("qr-show-paper");
    life.network_carries(Err(NetworkTrouble::LineLost));
    life.until("network-show-wifi");
    life.network_carries(Err(NetworkTrouble::Downgraded));
    life.expect_face("network-trouble-downgraded");
    life.press();
    life.expect_face("network-show-wifi");
    for trouble in [NetworkTrouble::LineLost, NetworkTrouble::Downgraded] {
        life.network_carries(Err(trouble));
        life.expect_face("network-show-wifi");
    }
    life.network_carries(Err(NetworkTrouble::WrongPassword));
    life.expect_face("network-trouble-wrong-password");
    life.network_carries(Ok(()));
    life.until("qr-show-paper");
}

#[test]
fn a_dead_cable_that_is_pulled_out_is_not_waited_for() {
    let mut life = Life::power_on();
    life.fact(Fact::Cable { plugged: true });
    life.router.known = true;
    life.waits(seconds(6));
    assert_eq!(life.asked("JoinKnown"), 0);
    life.fact(Fact::Cable { plugged: false });
    life.until("qr-show-paper");
    assert!(life.now().since_power_on() < seconds(20), "long before a cable's 30 s");
    // Nothing known in the air: asked for once, however much else happens.
    let mut life = Life::power_on();
    life.fact(Fact::Cable { plugged: true });
    life.waits(seconds(6));
    life.fact(Fact::Cable { plugged: false });
    for present in [false, true, false, true] {
        life.waits(seconds(3));
        life.fact(Fact::Camera { present });
    }
    assert_eq!(life.asked("JoinKnown"), 1);
    life.until("network-show-wifi");
}

#[test]
fn without_a_radio_no_code_is_asked_for() {
    for (trouble, face) in [
        (NetworkTrouble::NoRadio, "network-trouble-no-radio"),
        (NetworkTrouble::RadioOff, "network-trouble-radio-off"),
        (NetworkTrouble::NotWorking, "network-trouble-not-working"),
    ] {
        let mut life = Life::power_on();
        life.router.known = true;
        life.router.verdict = Err(trouble);
        life.forget_faces();
        life.until(face);
        assert!(!life.faces().contains("network-show-wifi"), "{}", life.faces());
        life.cable_in();
        life.until("qr-show-paper");
    }
}
