//! Answers to questions that were given up change nothing.

use crate::life::{Life, link, media, seconds};
use madoguchi::model::ids::Attempt;
use madoguchi::model::turn::{LinkClosed, LinkNews, MediaNews, NetworkNews, Told};
use madoguchi::model::wire::{ByeReason, ToClient};

#[test]
fn late_answers_of_old_attempts() {
    let mut life = Life::talking();
    life.forget_faces();
    for old in 1..3 {
        let attempt = Attempt(old).next().next().next();
        life.later(seconds(1), link(attempt, LinkNews::Heard(ToClient::Bye { reason: ByeReason::LetLeave })));
        life.later(seconds(1), link(attempt, LinkNews::Closed(LinkClosed::Untrusted)));
        life.later(seconds(1), media(attempt, MediaNews::PathDead));
    }
    life.told(Told::Network { attempt: Attempt(1), news: NetworkNews::Forgotten });
    life.told(Told::Stored { attempt: Attempt(1), result: Err("old".to_owned()) });
    life.waits(seconds(5));
    assert_eq!(life.faces(), "session-live-good");
}

/// The join was given up by a hold; that it succeeds later is no answer, but the network it brings is welcome.
#[test]
fn a_join_that_was_given_up() {
    let mut life = Life::power_on();
    life.until("network-show-wifi");
    life.shows_router_code();
    life.expect_face("network-joining");
    life.hold();
    life.expect_face("boot-starting");
    life.until("qr-show-paper");
    assert_eq!(life.asked("JoinWifi"), 1);
}
