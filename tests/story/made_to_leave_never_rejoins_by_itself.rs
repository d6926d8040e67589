//! After "let leave" everything stays closed until somebody presses and shows a paper anew.

use crate::life::{Life, minutes};
use madoguchi::model::screen::{Aside, PressDoes};

#[test]
fn made_to_leave_never_rejoins_by_itself() {
    let mut life = Life::talking();
    life.staff(crate::room::Room::let_leave);
    life.until("session-ended-let-leave");
    assert!(life.media.open.is_none() && !life.knows_a_key() && !life.camera_is_open());
    life.forget_faces();
    life.shows_paper();
    life.until("wipe-forgotten");
    life.waits(minutes(60));
    life.cable_out();
    life.cable_in();
    life.waits(minutes(1));
    life.shows_paper();
    life.expect_face("wipe-forgotten");
    assert_eq!(life.asked("OpenLink"), 0);
    assert_eq!((life.screen().press, life.screen().aside), (Some(PressDoes::Again), None::<Aside>));
    life.press();
    life.expect_face("qr-show-paper");
    life.shows_paper();
    life.until("ready-refused-let-leave");
    assert!(!life.knows_a_key());
}

#[test]
fn made_to_leave_while_the_line_is_lost() {
    let mut life = Life::talking();
    life.line_dies();
    life.until("session-coming-back");
    life.waits(minutes(1));
    life.room.refuses = Some(madoguchi::model::wire::Refusal::LetLeave);
    life.line_comes_back();
    life.until("session-ended-let-leave");
}
