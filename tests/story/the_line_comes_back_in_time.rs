//! A short loss: back to the same seat by the token, and to the picture without a word from anybody.

use crate::life::{Life, seconds};
use madoguchi::model::screen::NetworkTrouble;
use madoguchi::model::wire::{Notice, ToClient};
use std::time::Duration;

#[test]
fn the_line_comes_back_in_time() {
    let mut life = Life::talking();
    life.line_dies();
    life.until("session-coming-back");
    life.waits(seconds(10));
    life.line_comes_back();
    life.until("session-live");
    assert!(life.room.has_heard("hello by token") && life.room.has_heard("rebuild 1"));
    assert_eq!(life.media.built, 2, "both ends made the connection anew");
    assert_eq!(life.room.heard.iter().filter(|heard| heard.starts_with("consent")).count(), 1);
    life.waits(seconds(200));
    life.expect_face("session-live");
}

/// The signalling line alone breaks: faces and voices go on.
#[test]
fn a_lost_line_alone_is_not_seen() {
    let mut life = Life::talking();
    life.forget_faces();
    life.staff(|room| room.restart(true));
    life.waits(seconds(60));
    assert_eq!(life.faces(), "session-live-good");
    assert_eq!((life.media.built, life.asked("Gate")), (1, 0));
}

/// The word that asks for a new connection is lost: it is said again.
#[test]
fn a_rebuild_that_nobody_heard_is_asked_for_again() {
    let mut life = Life::talking();
    life.room.hears_rebuild = false;
    life.path_dies();
    life.until("session-coming-back");
    life.waits(seconds(15));
    life.room.hears_rebuild = true;
    life.until("session-live");
}

/// Nothing comes any more, neither packets nor words: what TCP has under way is not waited for.
#[test]
fn a_line_that_is_silent_while_the_path_is_dead_is_opened_anew() {
    let mut life = Life::talking();
    let asked = life.asked("OpenLink");
    life.path_dies();
    life.until("session-coming-back");
    life.until("session-live");
    assert_eq!(life.asked("OpenLink"), asked + 1);
}

/// The relay alone is gone: the room still speaks, and the line stays.
#[test]
fn a_line_that_speaks_while_the_path_is_dead_is_kept() {
    let mut life = Life::talking();
    let asked = life.asked("OpenLink");
    life.path_dies();
    life.waits(seconds(4));
    life.staff(|room| room.say(ToClient::Notice { notice: Notice::FiveMinutes }));
    life.until("session-coming-back");
    life.until("session-live");
    assert_eq!(life.asked("OpenLink"), asked);
}

/// It is tried again within a second after the try that was under way has failed, which takes three seconds here.
#[test]
fn a_line_that_returns_is_noticed_within_a_second() {
    for gone in 1..25 {
        let mut life = Life::talking();
        life.waits(seconds(20));
        life.line_dies();
        life.waits(seconds(gone));
        life.line_comes_back();
        let asked = life.asked("OpenLink");
        life.waits(Duration::from_millis(4_010));
        let is_back = life.room.line.is_some();
        assert!(is_back || life.asked("OpenLink") > asked, "gone for {gone} s\n{}", life.trace());
    }
}

/// Nobody has noticed yet that the line died with the network: perhaps the address is another one now.
#[test]
fn a_network_that_is_back_gets_a_new_line_at_once() {
    let mut life = Life::talking();
    life.network_carries(Err(NetworkTrouble::LineLost));
    life.waits(seconds(6));
    let asked = life.asked("OpenLink");
    life.network_carries(Ok(()));
    assert_eq!(life.asked("OpenLink"), asked + 1, "{}", life.trace());
    life.until("session-live");
    life.waits(seconds(10));
    assert!(life.room.has_heard("hello by token"));
    life.expect_face("session-live");
}
