//! Signalling works, but no picture ever comes: tried anew a few times, then the telephone.

use crate::life::{Life, media, seconds};
use madoguchi::model::turn::MediaNews;

#[test]
fn the_path_to_the_counter_is_never_made() {
    let mut life = Life::at_the_mirror();
    life.media.path = false;
    life.press();
    life.agrees();
    life.until("session-lobby");
    life.staff_lets_in();
    life.until("session-entering");
    assert!(life.screen().telephone.is_some());
    life.until("session-ended-line-lost");
    assert!((2..6).contains(&life.media.built), "built {} times", life.media.built);
    assert!(life.media.open.is_none());
}

/// A pipeline that cannot be built is not built as fast as the machine can.
#[test]
fn a_pipeline_that_fails_is_built_again_with_pauses() {
    let mut life = Life::in_the_lobby();
    life.staff_lets_in();
    life.forget_faces();
    for _ in 0..200 {
        if let Some((attempt, _)) = life.media.open {
            life.later(seconds(0), media(attempt, MediaNews::Failed("no encoder".to_owned())));
        }
        life.waits(seconds(1) / 2);
    }
    assert!(life.face().starts_with("session-ended") || life.face().starts_with("wipe"), "{}", life.face());
    assert!(life.media.built < 50, "built {} times", life.media.built);
}
