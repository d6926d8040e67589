//! "We will phone you": said at once, kept in sight, and how it ends.

use crate::life::{Life, seconds};
use madoguchi::model::screen::Aside;
use madoguchi::model::wire::{ByeReason, Notice};

#[test]
fn staff_will_phone() {
    let mut life = Life::talking();
    life.staff(|room| room.note(Notice::WillPhone));
    life.waits(seconds(60));
    assert_eq!(life.screen().aside, Some(Aside::WillPhone));
    life.staff(|room| room.bye(ByeReason::Ended));
    life.until("session-ended-will-phone");
    life.waits(seconds(100));
    life.expect_face("session-ended-will-phone");
    assert!(life.screen().telephone.is_some());
}

#[test]
fn a_line_lost_after_it_was_said_still_ends_with_we_will_phone() {
    let mut life = Life::talking();
    life.staff(|room| room.note(Notice::WillPhone));
    life.waits(seconds(1));
    life.line_dies();
    life.until("session-ended-will-phone");
}
