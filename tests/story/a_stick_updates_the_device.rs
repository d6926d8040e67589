//! An update on a stick: looked at, written with its progress on the TV, started; or refused with the reason and nothing
//! changed. Never while a family is on the way to the counter or talks with it.

use crate::life::{Life, minutes, seconds};
use madoguchi::model::light::Light;
use madoguchi::model::screen::{Face, PressDoes};
use madoguchi::model::update::UpdateRefusal;

#[test]
fn a_stick_updates_the_device() {
    let mut life = Life::at_the_paper_screen();
    life.forget_faces();
    let id = life.update_stick_in();
    life.expect_face("boot-stick-reading");
    assert!(!life.camera_is_open());
    life.until("boot-restarting");
    assert_eq!(life.faces(), "qr-show-paper-looking\nboot-stick-reading\nboot-update-installing\nboot-restarting");
    life.slots.next = Some(2);
    life.restarts();
    // The stick is still in: said once, and no loop.
    life.until("boot-up-to-date");
    assert_eq!((life.screen().press, life.light()), (Some(PressDoes::Understood), Light::Steady));
    life.stick_out(id);
    life.until("qr-show-paper");
    assert_eq!(life.asked("Restart"), 0);
}

#[test]
fn a_stick_left_in_keeps_nobody_from_the_counter() {
    let mut life = Life::power_on();
    life.cable_in();
    life.slots.running = 2;
    life.update_stick_in();
    life.until("boot-up-to-date");
    life.waits(seconds(70));
    life.until("qr-show-paper");
    life.waits(minutes(30));
    assert_eq!(life.asked("Update"), 1);
}

#[test]
fn a_device_without_a_loan_is_updated_too() {
    let mut life = Life::power_on_with(Ok(None));
    life.until("boot-no-loan");
    life.update_stick_in();
    life.until("boot-restarting");
}

#[test]
fn every_refusal_has_its_screen_and_changes_nothing() {
    for why in [
        UpdateRefusal::Unsigned,
        UpdateRefusal::OtherProduct,
        UpdateRefusal::Older,
        UpdateRefusal::Damaged,
        UpdateRefusal::TooLarge,
        UpdateRefusal::TriedAlready,
        UpdateRefusal::Failed,
    ] {
        let mut life = Life::at_the_paper_screen();
        life.slots.verdict = Err(why);
        let id = life.update_stick_in();
        life.until("boot-update-refused");
        assert_eq!(life.screen().face, Face::UpdateRefused(why));
        assert!(life.screen().telephone.is_some());
        life.stick_out(id);
        life.expect_face("boot-update-refused");
        life.press();
        life.until("qr-show-paper");
        assert_eq!(life.asked("Restart"), 0);
    }
}

#[test]
fn a_stick_pulled_out_in_the_middle() {
    let mut life = Life::at_the_paper_screen();
    let id = life.update_stick_in();
    life.until("boot-update-installing");
    life.stick_out(id);
    life.rauc_fails(UpdateRefusal::Failed);
    life.until("boot-update-refused");
    assert_eq!(life.screen().face, Face::UpdateRefused(UpdateRefusal::PulledOut));
    // In again, it is tried again at once.
    life.update_stick_in();
    life.until("boot-restarting");
}

#[test]
fn the_installer_notices_the_pull_before_the_socket_does() {
    for why in [UpdateRefusal::Damaged, UpdateRefusal::Failed] {
        let mut life = Life::at_the_paper_screen();
        let id = life.update_stick_in();
        life.until("boot-update-installing");
        life.rauc_fails(why);
        life.waits(seconds(1));
        life.expect_face("boot-update-installing");
        life.stick_out(id);
        life.until("boot-update-refused");
        assert_eq!(life.screen().face, Face::UpdateRefused(UpdateRefusal::PulledOut));

        // A stick that stays in is a bad one, and pulling it out after the words does not change them.
        let id = life.update_stick_in();
        life.until("boot-update-installing");
        life.rauc_fails(why);
        life.until("boot-update-refused");
        assert_eq!(life.screen().face, Face::UpdateRefused(why));
        life.stick_out(id);
        life.expect_face("boot-update-refused");
        assert_eq!(life.screen().face, Face::UpdateRefused(why));
    }
}

#[test]
fn a_stick_pulled_out_and_no_word_from_anybody() {
    let mut life = Life::at_the_paper_screen();
    life.slots.silent = true;
    let id = life.update_stick_in();
    life.waits(seconds(30));
    life.stick_out(id);
    life.waits(seconds(11));
    assert_eq!(life.screen().face, Face::UpdateRefused(UpdateRefusal::PulledOut));
    life.waits(minutes(5));
    life.until("qr-show-paper");
}

#[test]
fn silence_is_not_waited_for_for_ever() {
    let mut life = Life::at_the_paper_screen();
    life.slots.silent = true;
    life.update_stick_in();
    life.waits(seconds(61));
    assert_eq!(life.screen().face, Face::UpdateRefused(UpdateRefusal::Failed));
}

#[test]
fn a_restart_that_does_not_happen_is_asked_for_again() {
    let mut life = Life::at_the_paper_screen();
    life.update_stick_in();
    life.until("boot-restarting");
    life.waits(seconds(125));
    assert_eq!(life.asked("Restart"), 3);
}

#[test]
fn a_family_is_not_disturbed() {
    let mut life = Life::talking();
    life.update_stick_in();
    life.waits(seconds(60));
    life.expect_face("session-live");
    life.hold();
    life.until("wipe-forgotten");
    assert_eq!(life.asked("Update"), 0);
    life.press();
    life.until("boot-restarting");

    let mut life = Life::at_the_mirror();
    life.update_stick_in();
    life.waits(seconds(10));
    life.expect_face("ready-mirror");
    life.press();
    life.agrees();
    life.until("session-lobby");
    assert_eq!(life.asked("Update"), 0);
}

#[test]
fn a_power_cut_at_any_moment_of_an_update_ends_in_a_story_that_goes_on() {
    for second in 0..60 {
        let mut life = Life::at_the_paper_screen();
        let id = life.update_stick_in();
        life.waits(seconds(second));
        let written = life.asked("Restart") > 0;
        life.slots.next = written.then_some(2);
        life.power_cut();
        life.stick_out(id);
        life.until("qr-show-paper");
    }
}

#[test]
fn an_update_that_went_back_is_told_and_the_device_stays_usable() {
    let mut life = Life::power_on();
    life.cable_in();
    life.slots.went_back = true;
    life.power_cut();
    life.until("boot-went-back");
    assert!(life.screen().telephone.is_some());
    life.waits(seconds(21));
    life.until("qr-show-paper");

    life.power_cut();
    life.until("boot-went-back");
    life.press();
    life.until("qr-show-paper");
}
