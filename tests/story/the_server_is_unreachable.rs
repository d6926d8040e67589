//! Tried four times, then said, with the telephone; a press or the network's return tries again.

use crate::life::{Life, seconds};
use madoguchi::model::turn::LinkClosed;

#[test]
fn the_server_is_unreachable() {
    let mut life = Life::at_the_paper_screen();
    life.room.reachable = false;
    life.shows_paper();
    life.until("network-trouble-server-unreachable");
    assert_eq!(life.asked("OpenLink"), 4);
    assert!(life.screen().telephone.is_some());
    life.waits(seconds(600));
    assert_eq!(life.asked("OpenLink"), 4, "nobody is hammered");
    life.room.reachable = true;
    life.press();
    life.until("ready-mirror");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let mut life = Life::at_the_paper_screen();
    life.room.refuses = None;
    life.room.closes_with = Some(LinkClosed::NotARoom);
    life.shows_paper();
    life.until("network-trouble-server-unreachable");
    assert!(life.now().since_power_on() < seconds(80));
}

#[test]
fn a_name_that_cannot_be_looked_up_is_said_so() {
    let mut life = Life::at_the_paper_screen();
    life.room.closes_with = Some(LinkClosed::NoName);
    life.shows_paper();
    life.until("network-trouble-no-names");
}

/// It is the cable, not the city: so the screen says, and the paper need not be shown again.
#[test]
fn a_cable_pulled_while_the_room_is_asked() {
    let mut life = Life::at_the_paper_screen();
    life.room.reachable = false;
    life.shows_paper();
    life.cable_out();
    life.until("network-trouble-line-lost");
    life.room.reachable = true;
    life.cable_in();
    life.until("ready-mirror");
    assert!(!life.faces().contains("ready-mirror\nqr"), "the paper is not asked for twice");
}
