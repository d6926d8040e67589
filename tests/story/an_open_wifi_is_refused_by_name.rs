//! Networks that the city forbids: refused by their code, by their beacon, and each by its name.

use crate::life::Life;
use crate::props;
use madoguchi::model::screen::NetworkTrouble;
use madoguchi::model::wifi_code::Claim;

#[test]
fn an_open_wifi_is_refused_by_name() {
    for (claim, face) in [
        (Claim::Open, "network-trouble-open"),
        (Claim::Wep, "network-trouble-wep"),
        (Claim::Enterprise, "network-trouble-enterprise"),
    ] {
        let mut life = Life::power_on();
        life.until("network-show-wifi");
        life.shows(props::router_code(claim));
        life.expect_face(face);
        assert_eq!(life.asked("JoinWifi"), 0, "the radio is not even asked");
        assert!(life.screen().telephone.is_some());
        life.press();
        life.expect_face("network-show-wifi");
    }
}

#[test]
fn a_code_that_lies_is_refused_by_the_beacon() {
    for (trouble, face) in [
        (NetworkTrouble::Open, "network-trouble-open"),
        (NetworkTrouble::Wpa1, "network-trouble-wpa1"),
        (NetworkTrouble::Owe, "network-trouble-owe"),
        (NetworkTrouble::WpsOnly, "network-trouble-wps-only"),
    ] {
        let mut life = Life::power_on();
        life.router.verdict = Err(trouble);
        life.until("network-show-wifi");
        life.shows_router_code();
        life.until(face);
        assert_eq!(life.asked("OpenLink"), 0);
    }
}
