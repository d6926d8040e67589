//! Loans and return orders are followed once, in the order in which they were signed, and by the device that they are for.

use crate::life::Life;
use crate::props;
use madoguchi::model::loan::Loan;
use madoguchi::model::screen::Face;
use madoguchi::model::stick::{Followed, LoanOrder, PaperRefusal, ReturnOrder, Stick};

fn loan(id: &str, signed: u64) -> Result<LoanOrder, PaperRefusal> {
    Ok(LoanOrder { loan: Loan { id: id.into(), ..props::loan() }, text: String::new(), past: false, signed })
}

fn give_back(signed: u64) -> Stick {
    let order = ReturnOrder { signed, ..props::loan().id.into() };
    Stick { give_back: Some(Ok(order)), ..Stick::default() }
}

/// Not lent, after such a past.
fn at_rest(lent: u64, returned: u64) -> Life {
    let mut life = Life::power_on_with(Ok(None));
    life.store.followed = Followed { lent: Some(lent), returned: Some(returned) };
    life.power_cut();
    life.until("boot-no-loan");
    life
}

#[test]
fn a_loan_that_was_followed_before_is_refused_and_a_newer_one_is_not() {
    for (signed, prepared) in [(100, false), (40, false), (0, false), (101, true), (120, true)] {
        let mut life = at_rest(100, 110);
        life.paper_stick_in(loan("M-2026-014", signed));
        life.until("boot-");
        if prepared {
            life.until("boot-loan-prepared");
        } else {
            assert_eq!(life.screen().face, Face::PaperRefused(PaperRefusal::OldLoan), "signed at {signed}");
            assert_eq!(life.asked("Lend"), 0);
        }
    }
}

/// The memory was lost, and nobody returned the device: the stick of its loan is put in again.
#[test]
fn the_last_loan_itself_may_come_again_until_it_is_returned() {
    let mut life = at_rest(100, 50);
    life.paper_stick_in(loan("M-2026-014", 100));
    life.until("boot-loan-prepared");
}

#[test]
fn a_return_order_is_carried_out_once_and_never_for_a_later_loan_of_the_same_number() {
    let lent_at = |lent: u64, returned: Option<u64>| {
        let mut life = Life::power_on();
        life.store.followed = Followed { lent: Some(lent), returned };
        life.cable_in();
        life.power_cut();
        life.until("qr-show-paper");
        life
    };
    // A neighbour has the stick of the last return.
    for (lent, returned, signed) in
        [(200, Some(150), 150), (140, Some(150), 150), (200, None, 150), (200, Some(10), 199)]
    {
        let mut life = lent_at(lent, returned);
        life.stick_in(give_back(signed));
        life.expect_face("boot-paper-refused-old-return");
        assert_eq!(life.asked("Owe"), 0);
        life.press();
        life.until("qr-show-paper");
    }
    for signed in [200, 300] {
        let mut life = lent_at(200, Some(150));
        life.stick_in(give_back(signed));
        life.until("wipe-receipt");
    }
    let mut life = at_rest(100, 110);
    life.stick_in(give_back(110));
    life.expect_face("boot-paper-refused-old-return");
}

#[test]
fn a_paper_for_another_device_is_refused_with_this_one_s_number() {
    let own = "10000000A1B2C3D4";
    let for_device = |device: &str| {
        let Ok(order) = loan("M-2026-014", 5) else { unreachable!() };
        Ok(LoanOrder { loan: Loan { device: Some(device.into()), ..order.loan }, ..order })
    };
    let no_loan = |device: Option<&str>| {
        let mut life = Life::power_on_with(Ok(None));
        life.store.device = device.map(str::to_owned);
        life.power_cut();
        life.until("boot-no-loan");
        life
    };
    for (device, said) in [(Some(own), own), (None, "")] {
        let mut life = no_loan(device);
        life.paper_stick_in(for_device("10000000FFFFFFFF"));
        life.expect_face("boot-paper-refused-other-device");
        assert_eq!(life.screen().face, Face::PaperRefused(PaperRefusal::OtherDevice { own: said.into() }));
        assert_eq!(life.asked("Lend"), 0);
    }
    let mut life = no_loan(Some(own));
    life.paper_stick_in(for_device(own));
    life.until("boot-loan-prepared");

    let mut life = Life::power_on();
    life.store.device = Some(own.into());
    life.cable_in();
    life.power_cut();
    life.until("qr-show-paper");
    for (device, face) in [("10000000FFFFFFFF", "boot-paper-refused-other-device"), (own, "wipe-forgetting")] {
        let order = ReturnOrder { device: Some(device.into()), ..props::loan().id.into() };
        life.stick_in(Stick { give_back: Some(Ok(order)), ..Stick::default() });
        life.until(face);
        life.press();
    }
}
