//! The language: pressed by hand, printed into the paper; the hand wins.

use crate::life::{Life, seconds};
use crate::props;
use madoguchi::model::code::Code;
use madoguchi::model::language::Language;
use madoguchi::model::screen::PressDoes;

#[test]
fn a_press_on_the_first_screen_changes_the_language() {
    let mut life = Life::power_on();
    life.waits(seconds(1));
    assert_eq!((life.screen().language, life.screen().press), (Language::Japanese, Some(PressDoes::Language)));
    life.press();
    assert_eq!(life.screen().language, Language::English);
    life.press();
    assert_eq!(life.screen().language, Language::Japanese);
}

#[test]
fn the_papers_language_counts_when_nobody_chose_one() {
    let mut life = Life::at_the_paper_screen();
    life.shows(Code::Invite(props::invite_to("counter.midori.example", Some(Language::English))));
    life.until("ready-mirror");
    assert_eq!(life.screen().language, Language::English);
}

#[test]
fn the_hand_wins_over_the_paper() {
    let mut life = Life::power_on();
    life.waits(seconds(1));
    life.press();
    life.cable_in();
    life.until("qr-show-paper");
    life.shows(Code::Invite(props::invite_to("counter.midori.example", Some(Language::Japanese))));
    life.until("ready-mirror");
    assert_eq!(life.screen().language, Language::English);
}

/// Whoever finds out late that it is the wrong language starts again by a hold.
#[test]
fn a_hold_leads_back_to_the_first_screen() {
    let mut life = Life::at_the_mirror();
    life.hold();
    life.expect_face("boot-starting");
    life.press();
    assert_eq!(life.screen().language, Language::English);
    life.until("qr-show-paper");
}
