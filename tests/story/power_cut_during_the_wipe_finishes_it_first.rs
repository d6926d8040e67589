//! Wherever the power goes during a full wipe, it is finished before anything else, and never sooner called done.

use crate::life::{Life, seconds};
use std::time::Duration;

#[test]
fn power_cut_during_the_wipe_finishes_it_first() {
    for cut_after in (0..2_400).step_by(100) {
        let mut life = Life::at_the_paper_screen();
        let stick = life.return_stick_in();
        life.stick_out(stick);
        life.waits(Duration::from_millis(cut_after));
        let owed = life.store.wipe_owed;
        life.power_cut();
        life.waits(Duration::from_millis(500));
        if owed {
            life.expect_face("boot-wipe-owed");
            life.waits(seconds(10));
        }
        life.expect_face("boot-no-loan");
        assert!(matches!(life.store.loan, Ok(None)) && !life.store.wipe_owed);
    }
}

#[test]
fn two_power_cuts_in_a_row() {
    let mut life = Life::at_the_paper_screen();
    let stick = life.return_stick_in();
    life.stick_out(stick);
    life.waits(Duration::from_millis(900));
    for _ in 0..2 {
        life.power_cut();
        life.waits(Duration::from_millis(1_000));
        assert!(life.effects[0].starts_with("Wipe") && life.effects[0].ends_with("Data"), "{}", life.effects[0]);
        assert!(life.store.wipe_owed);
    }
    life.until("boot-no-loan");
}
