//! Nothing is prepared, it cannot be read, or its term is over: bring the device back.

use crate::life::{Life, minutes, seconds};
use crate::props;
use madoguchi::model::stick::{Held, HeldTrouble};

#[test]
fn no_loan() {
    for loan in [Ok(None), Err(HeldTrouble::Unreadable("not TOML".to_owned()))] {
        let mut life = Life::power_on_with(loan);
        life.until("boot-no-loan");
        life.press();
        life.hold();
        life.waits(minutes(60));
        life.expect_face("boot-no-loan");
        assert!(life.waits_for_person().is_some());
    }
}

/// The room server's date decides, never the box's own clock.
#[test]
fn a_loan_that_has_ended() {
    let mut loan = props::loan();
    loan.until = "2026-11-20".parse().unwrap();
    let mut life = Life::power_on_with(Ok(Some(loan)));
    life.cable_in();
    life.until("qr-show-paper");
    life.shows_paper();
    life.until("boot-loan-ended");
    assert!(life.room.line.is_none() && !life.knows_a_key());
    assert_eq!((life.screen().press, life.screen().hold), (None, None), "it is to be returned, not to be tried again");
    life.hold();
    life.waits(minutes(60));
    life.expect_face("boot-loan-ended");
}

/// A disk that answers late is still heard; above all when it owes a wipe.
#[test]
fn a_store_that_answers_late() {
    use madoguchi::model::turn::Told;
    let mut life = Life::power_on_with(Ok(None));
    life.power_cut();
    life.store.takes = seconds(20);
    life.power_cut();
    life.until("boot-no-loan");
    life.store.takes = seconds(1);
    life.told(Told::Held(Box::new(Held { wipe_owed: true, ..Held::default() })));
    life.expect_face("boot-wipe-owed");
}
