//! Any other code is named in one sentence, for a while, and nothing else happens; above all it is never called read.

use crate::life::{Life, seconds};
use crate::props;
use madoguchi::model::code::Code;
use madoguchi::model::screen::WrongCode;
use madoguchi::model::wifi_code::Claim;

#[test]
fn wrong_codes_are_named_for_what_they_are() {
    let mut life = Life::at_the_paper_screen();
    for (wrong, face) in [
        (WrongCode::AnotherCity, "qr-show-paper-another-city"),
        (WrongCode::OtherAddress, "qr-show-paper-other-address"),
        (WrongCode::OtherCode, "qr-show-paper-other-code"),
        (WrongCode::TwoCodes, "qr-show-paper-two-codes"),
        (WrongCode::DamagedKey, "qr-show-paper-damaged-key"),
    ] {
        life.shows(Code::Wrong(wrong));
        life.expect_face(face);
        life.waits(seconds(9));
        life.expect_face("qr-show-paper-looking");
    }
    life.shows(props::router_code(Claim::Wpa));
    life.expect_face("qr-show-paper-wifi-instead");
    assert_eq!(life.asked("OpenLink") + life.asked("JoinWifi"), 0);
    life.shows_paper();
    life.until("ready-mirror");
}

/// The paper is of use, but it is the Wi-Fi's turn: it can be put down, and is asked for no more.
#[test]
fn a_paper_that_is_shown_early_is_read_until_it_is_put_down() {
    use madoguchi::model::screen::ScanHint;
    use madoguchi::model::turn::Told;
    let mut life = Life::power_on();
    life.until("network-show-wifi-looking");
    life.shows(Code::Wrong(WrongCode::OtherCode));
    life.expect_face("network-show-wifi-other-code");
    life.shows_paper();
    life.expect_face("network-show-wifi-found");
    life.waits(seconds(9));
    life.expect_face("network-show-wifi-found");
    life.told(Told::Scan { hint: ScanHint::Looking, code: None });
    life.expect_face("network-show-wifi-looking");
}
