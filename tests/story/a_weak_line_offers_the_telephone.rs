//! A bad line is said at once, the telephone stands beside it, and the word does not flicker.

use crate::life::{Life, media};
use madoguchi::model::quality::LineStats;
use madoguchi::model::turn::MediaNews;
use std::time::Duration;

fn measures(life: &mut Life, lost_permille: u16) {
    let stats = LineStats { lost_permille, pictures_per_second: 20, ..LineStats::default() };
    let (attempt, _) = life.media.open.unwrap();
    life.later(Duration::ZERO, media(attempt, MediaNews::Stats(stats)));
    life.waits(Duration::from_secs(2));
}

#[test]
fn a_weak_line_offers_the_telephone() {
    let mut life = Life::talking();
    measures(&mut life, 0);
    assert!(life.screen().telephone.is_none(), "a good call is not covered");
    measures(&mut life, 200);
    life.expect_face("session-live-weak");
    assert!(life.screen().telephone.is_some());
    measures(&mut life, 0);
    measures(&mut life, 0);
    life.expect_face("session-live-weak");
    measures(&mut life, 0);
    life.expect_face("session-live-good");
}
