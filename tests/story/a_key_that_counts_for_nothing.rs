//! City keys and loans that no longer count are named, and nothing is done on their behalf.

use crate::life::{Life, minutes};
use crate::props;
use madoguchi::model::loan::Loan;
use madoguchi::model::screen::{Aside, Face};
use madoguchi::model::stick::{HeldTrouble, KeyRefusal, KeyRefused, PaperRefusal};

fn refused_loan() -> HeldTrouble {
    HeldTrouble::Refused { id: "M-2026-014".into(), why: PaperRefusal::WrongKey }
}

#[test]
fn each_key_is_named_once_a_start_and_the_story_goes_on() {
    let mut life = Life::power_on();
    let key = |file: &str, why| KeyRefused { file: file.into(), why };
    life.store.refused_keys = vec![key("a.pub", KeyRefusal::Uncertified), key("b.pub", KeyRefusal::Withdrawn)];
    life.cable_in();
    life.power_cut();
    life.forget_faces();
    life.until("qr-show-paper");
    let faces = life.faces();
    assert!(faces.contains("boot-key-refused-uncertified") && faces.contains("boot-key-refused-withdrawn"), "{faces}");
    life.power_cut();
    life.until("boot-key-refused");
    let Face::KeyRefused { file, .. } = life.screen().face else { panic!("{}", life.face()) };
    assert_eq!(file, "b.pub");
    life.press();
    life.until("boot-key-refused-uncertified");
    life.press();
    life.until("qr-show-paper");
}

#[test]
fn a_loan_that_is_no_longer_followed_lends_nothing_and_is_named() {
    let mut life = Life::power_on_with(Err(refused_loan()));
    life.cable_in();
    life.until("boot-loan-refused");
    assert_eq!(life.screen().face, Face::LoanRefused { id: "M-2026-014".into(), why: PaperRefusal::WrongKey });
    life.press();
    life.hold();
    life.waits(minutes(60));
    life.expect_face("boot-loan-refused");
    assert!(life.waits_for_person().is_some() && life.screen().city == Default::default());
}

/// What the family before left (its Wi-Fi) is with that loan: the next family's comes after its return.
#[test]
fn another_loan_comes_after_its_return_and_the_same_one_signed_anew_at_once() {
    let mut life = Life::power_on_with(Err(refused_loan()));
    life.until("boot-loan-refused");
    life.loan_stick_in(Loan { id: "M-2026-015".into(), ..props::loan() });
    life.until("boot-paper-refused-already-lent");
    assert_eq!(life.asked("Lend"), 0);
    life.press();
    life.return_stick_in();
    life.until("wipe-receipt");
    assert_eq!(life.screen().face, Face::Forgotten { receipt: Some("M-2026-014".into()), boot: None });

    let mut life = Life::power_on_with(Err(refused_loan()));
    life.until("boot-loan-refused");
    life.loan_stick_in(props::loan());
    life.until("boot-loan-prepared");
}

#[test]
fn a_development_build_says_so_on_its_first_screens() {
    let mut life = Life::power_on_with(Ok(None));
    life.store.development = true;
    life.power_cut();
    life.until("boot-no-loan");
    assert_eq!(life.screen().aside, Some(Aside::Development));
    life.loan_stick_in(props::loan());
    life.until("boot-loan-prepared");
    life.power_cut();
    life.until("network-");
    assert!(life.screen().aside.is_none());
    let mut life = Life::power_on();
    life.until("boot-starting");
    assert_eq!(life.screen().aside, None, "a release says nothing");
}
