//! A bad line is said at once, the telephone stands beside it, and the word does not flicker.

use crate::life::{Life, media};
use madoguchi::model::ids::PeerId;
use madoguchi::model::quality::LineStats;
use madoguchi::model::turn::MediaNews;
use madoguchi::model::wire::ToClient;
use std::time::Duration;

fn measures(life: &mut Life, lost_permille: u16) {
    figures(life, LineStats { lost_permille, pictures_per_second: 20, ..LineStats::default() });
}

fn figures(life: &mut Life, stats: LineStats) {
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

/// Before they are let in, and while the clerk's camera is off, no picture comes; that is not a weak line.
#[test]
fn no_picture_where_none_is_to_be_expected_is_no_weak_line() {
    let mut life = Life::in_the_lobby();
    life.waits(Duration::from_secs(3));
    figures(&mut life, LineStats::default());
    life.staff_lets_in();
    life.until("session-live-good");
    figures(&mut life, LineStats::default());
    life.expect_face("session-live-good");
    let peer = PeerId("staff-1".to_owned());
    life.staff(|room| {
        room.say(ToClient::Muted { peer: peer.clone(), microphone: false, camera: true, speaker: false })
    });
    life.waits(Duration::from_secs(20));
    figures(&mut life, LineStats::default());
    life.expect_face("session-live-good");
    life.staff(|room| room.say(ToClient::Muted { peer, microphone: false, camera: false, speaker: false }));
    life.waits(Duration::from_secs(6));
    figures(&mut life, LineStats::default());
    life.expect_face("session-live-weak");
}

/// Staff hear themselves: the family can help.
#[test]
fn a_tv_that_is_too_loud_is_said_so() {
    use madoguchi::model::quality::EchoStats;
    use madoguchi::model::screen::Aside;
    let mut life = Life::talking();
    for loss_db in [5, 33] {
        let echo = Some(EchoStats { loss_db, delay_ms: 148 });
        figures(&mut life, LineStats { pictures_per_second: 20, echo, ..LineStats::default() });
        assert_eq!(life.screen().aside, (loss_db == 5).then_some(Aside::LoudTv));
    }
}
