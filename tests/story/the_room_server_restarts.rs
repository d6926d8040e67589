//! With its memory the call goes on; without it, the lobby; and one that keeps falling over is not hammered.

use crate::life::{Life, seconds};
use madoguchi::model::turn::LinkClosed;

#[test]
fn the_room_server_restarts_and_remembers() {
    let mut life = Life::talking();
    life.staff(|room| room.restart(true));
    life.waits(seconds(30));
    life.expect_face("session-live");
    assert!(life.room.has_heard("hello by token") && !life.room.heard.ends_with(&["hello by key".to_owned()]));
    assert_eq!(life.media.built, 1, "the media never noticed");
}

#[test]
fn the_room_server_restarts_and_has_forgotten() {
    let mut life = Life::talking();
    life.staff(|room| room.restart(false));
    life.until("session-lobby");
    life.staff_lets_in();
    life.until("session-live");
}

/// Nobody hears of it as long as both ends see and hear each other.
#[test]
fn a_room_that_stays_away_does_not_end_a_good_call() {
    let mut life = Life::talking();
    life.forget_faces();
    life.room.reachable = false;
    life.staff(|room| room.restart(true));
    life.waits(seconds(600));
    assert_eq!(life.faces(), "session-live-good");
    life.path_dies();
    life.until("session-coming-back");
    life.until("session-ended-line-lost");
}

#[test]
fn a_server_that_keeps_falling_over_is_not_hammered() {
    let mut life = Life::talking();
    life.forget_faces();
    for _ in 0..60 {
        life.waits(seconds(1));
        if let Some(attempt) = life.room.line {
            let closed = madoguchi::model::turn::LinkNews::Closed(LinkClosed::Lost);
            life.later(seconds(0), crate::life::link(attempt, closed));
        }
    }
    assert!(life.asked("OpenLink") < 45, "{} tries in a minute", life.asked("OpenLink"));
}
