//! Another clerk takes the seat at the counter: the family waits a moment, and is not told that anything was lost.

use crate::life::{Life, seconds};

#[test]
fn a_colleague_takes_over() {
    let mut life = Life::talking();
    life.forget_faces();
    life.staff(|room| room.introduce(true));
    life.until("session-entering");
    life.until("session-live-good");
    life.waits(seconds(10));
    assert_eq!(
        (life.faces().as_str(), life.media.built),
        ("session-live-good\nsession-entering\nsession-live-good", 2)
    );
}

#[test]
fn a_path_that_dies_after_that_is_called_lost() {
    let mut life = Life::talking();
    life.staff(|room| room.introduce(true));
    life.until("session-entering");
    life.until("session-live-good");
    life.path_dies();
    life.until("session-coming-back");
    life.until("session-live-good");
}
