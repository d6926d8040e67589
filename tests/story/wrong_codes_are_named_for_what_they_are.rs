//! Any other code is named in one sentence, for a while, and nothing else happens.

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
        life.expect_face("qr-show-paper-found");
    }
    life.shows(props::router_code(Claim::Wpa));
    life.expect_face("qr-show-paper-wifi-instead");
    assert_eq!(life.asked("OpenLink") + life.asked("JoinWifi"), 0);
    life.shows_paper();
    life.until("ready-mirror");
}
