//! The return stick, at any time: everything is forgotten, each step confirmed, and the receipt stays.

use crate::life::{Life, minutes, seconds};
use crate::props;
use madoguchi::model::light::Light;
use madoguchi::model::screen::Face;
use madoguchi::model::stick::{HeldTrouble, LoanOrder, Stick};
use madoguchi::model::turn::Told;

#[test]
fn the_box_is_returned_and_gives_a_receipt() {
    let mut life = Life::at_the_paper_screen();
    life.forget_faces();
    life.return_stick_in();
    life.until("wipe-receipt");
    assert_eq!(life.screen().face, Face::Forgotten { receipt: Some("M-2026-014".to_owned()), boot: None });
    life.waits(minutes(60));
    life.expect_face("wipe-receipt");
    assert_eq!((life.light(), life.waits_for_person()), (Light::Off, Some("staff to note the receipt")));
    insta::assert_snapshot!(life.trace(), @r"
    00:04.000 qr + StickIn*3(return) -> wipe (wipe-forgetting-data) [OweWipe #1]
    00:04.400 wipe + Stored#1 -> wipe [Wipe #2 Data]
    00:04.800 wipe + Stored#2 -> wipe (wipe-forgetting-network) [ForgetNetwork #3]
    00:05.200 wipe + Network#3(Forgotten) -> wipe (wipe-forgetting-key) [Wipe #4 Key]
    00:05.600 wipe + Stored#4 -> wipe (wipe-forgetting-verify) [Wipe #5 Verify]
    00:06.000 wipe + Stored#5 -> wipe [WipeDone #6]
    00:06.400 wipe + Stored#6 -> wipe (wipe-receipt)
    ");
}

/// What nothing verifies is told, so that a changed card does not go on to the next family unseen.
#[test]
fn the_receipt_names_the_boot_files() {
    let mut life = Life::at_the_paper_screen();
    life.return_stick_in();
    life.until("wipe-forgetting-verify");
    life.told(Told::BootFiles("3F2A-9C01-77DE-1B20".into()));
    life.until("wipe-receipt");
    let Face::Forgotten { boot, .. } = life.screen().face else { panic!("{}", life.face()) };
    assert_eq!(boot.as_deref(), Some("3F2A-9C01-77DE-1B20"));
}

#[test]
fn a_return_during_a_call_says_goodbye_first() {
    let mut life = Life::talking();
    life.return_stick_in();
    assert!(life.room.has_heard("bye Left") && life.media.open.is_none() && !life.knows_a_key());
    life.until("wipe-receipt");
}

#[test]
fn a_return_stick_that_is_in_at_power_on_is_not_overlooked() {
    let mut life = Life::power_on();
    life.return_stick_in();
    life.until("wipe-receipt");
    let mut life = Life::power_on_with(Err(HeldTrouble::Unreadable("not TOML".to_owned())));
    life.return_stick_in();
    life.until("wipe-forgetting");
    life.until("boot-no-loan");
    let mut life = Life::power_on_with(Ok(None));
    life.store.takes = seconds(40);
    life.power_cut();
    life.return_stick_in();
    life.until("wipe-forgetting");
}

/// The memory's key is gone with everything else: whatever comes next begins with a new start.
#[test]
fn after_the_receipt_the_device_starts_anew_by_a_hold_or_for_a_new_stick() {
    let mut life = Life::at_the_paper_screen();
    life.return_stick_in();
    life.until("wipe-receipt");
    life.press();
    life.expect_face("wipe-receipt");
    life.hold();
    life.expect_face("boot-restarting");
    life.restarts();
    life.until("boot-paper-refused-nothing-lent");
    assert_eq!(life.asked("Owe"), 0, "the stick that stayed in wipes nothing again");

    let mut life = Life::at_the_paper_screen();
    life.return_stick_in();
    life.until("wipe-receipt");
    life.loan_stick_in(props::loan());
    life.expect_face("boot-restarting");
    assert_eq!(life.asked("Lend"), 0);
    life.restarts();
    life.until("boot-loan-prepared");
}

/// The stick that brought the loan is used for its return, and stays in.
#[test]
fn a_return_stick_that_still_carries_the_loan_does_not_lend_the_device_again() {
    let mut life = Life::at_the_paper_screen();
    let order = LoanOrder { loan: props::loan(), text: String::new(), past: false, signed: 0 };
    let give_back = Some(Ok(props::loan().id.into()));
    life.stick_in(Stick { loan: Some(Ok(Box::new(order))), give_back, ..Stick::default() });
    life.until("wipe-receipt");
    life.waits(minutes(60));
    life.expect_face("wipe-receipt");
    life.hold();
    life.restarts();
    life.until("boot-paper-refused-nothing-lent");
    assert_eq!(life.asked("Lend"), 0);
}

#[test]
fn an_order_for_another_loan_is_named_and_changes_nothing() {
    let mut life = Life::at_the_paper_screen();
    let order = Some(Ok("M-2026-009".into()));
    let id = life.stick_in(Stick { give_back: order, ..Stick::default() });
    life.expect_face("boot-paper-refused-other-loan");
    life.stick_out(id);
    life.expect_face("boot-paper-refused-other-loan");
    life.press();
    life.until("qr-show-paper");
    assert_eq!(life.asked("Owe"), 0);
}

#[test]
fn a_return_from_every_chapter() {
    for mut life in [Life::at_the_mirror(), Life::in_the_lobby()] {
        life.return_stick_in();
        life.until("wipe-receipt");
    }
    let mut life = Life::power_on();
    life.until("network-show-wifi");
    life.return_stick_in();
    life.until("wipe-receipt");
    let mut life = Life::talking();
    life.hold();
    life.until("wipe-forgotten");
    life.return_stick_in();
    life.until("wipe-receipt");
}
