//! The counter wants a newer firmware: the appointment goes on as ever, and afterwards the TV says to bring the device back.

use crate::life::{Life, seconds};
use madoguchi::model::screen::{Aside, RULES_PAGES};
use madoguchi::model::wire::ByeReason;

#[test]
fn a_device_that_is_too_old_is_told_after_the_call() {
    let mut life = Life::at_the_paper_screen();
    life.room.outdated = true;
    assert_eq!(life.screen().aside, None);
    life.shows_paper();
    life.until("ready-mirror");
    assert_eq!(life.screen().aside, None, "before the call there is enough to look at");
    life.press();
    life.agrees();
    life.until("session-lobby");
    life.staff_lets_in();
    life.until("session-live");
    assert_eq!(life.screen().aside, None);
    life.staff(|room| room.bye(ByeReason::Ended));
    life.until("session-ended-ended");
    assert_eq!(life.screen().aside, Some(Aside::BringBack));
    assert!(life.screen().telephone.is_some());
}

#[test]
fn who_comes_back_to_the_paper_reads_it_there() {
    let mut life = Life::at_the_paper_screen();
    life.room.outdated = true;
    life.shows_paper();
    goes_back_to_the_paper(&mut life);
    assert_eq!(life.screen().aside, Some(Aside::BringBack));
    life.room.outdated = false;
    life.shows_paper();
    goes_back_to_the_paper(&mut life);
    life.waits(seconds(1));
    assert_eq!(life.screen().aside, None, "what the counter said last counts");
}

/// Who does not agree to the rules is asked for the paper again.
fn goes_back_to_the_paper(life: &mut Life) {
    life.until("ready-mirror");
    (0..RULES_PAGES).for_each(|_| life.press());
    life.hold();
    life.expect_face("ready-disagreed");
    life.hold();
    life.until("qr-show-paper");
}
