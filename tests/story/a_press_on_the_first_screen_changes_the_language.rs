//! The language: pressed by hand, printed into the paper; the hand wins.

use crate::life::{Life, seconds};
use crate::props;
use madoguchi::model::code::Code;
use madoguchi::model::language::Language;
use madoguchi::model::screen::{HoldDoes, PressDoes};

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

/// Whoever finds out late that it is the wrong language changes it at the self-view, or starts again by a hold.
#[test]
fn the_language_can_be_changed_when_all_is_ready() {
    let mut life = Life::at_the_mirror();
    assert_eq!(life.screen().hold, Some(HoldDoes::Language));
    life.hold();
    life.expect_face("ready-mirror");
    assert_eq!(life.screen().language, Language::English);
    assert!(life.camera_is_open() && !life.room.has_heard("bye Left"));

    let mut life = Life::at_the_paper_screen();
    life.hold();
    life.expect_face("boot-starting");
    life.press();
    assert_eq!(life.screen().language, Language::English);
    life.until("qr-show-paper");
}

/// The button is no shutter: whoever takes it for one is not answered in another language.
#[test]
fn where_a_code_is_shown_a_press_changes_nothing() {
    let mut life = Life::power_on();
    life.until("network-show-wifi");
    assert_eq!(life.screen().press, None);
    life.press();
    life.expect_face("network-show-wifi-looking");
    assert_eq!(life.screen().language, Language::Japanese);
}

#[test]
fn a_language_is_offered_only_where_there_is_another() {
    let mut loan = props::loan();
    loan.languages = vec![Language::Japanese];
    let mut life = Life::power_on_with(Ok(Some(loan)));
    life.waits(seconds(1));
    assert_eq!(life.screen().press, None);
    life.cable_in();
    life.until("qr-show-paper");
    life.shows_paper();
    life.until("ready-mirror");
    assert_eq!(life.screen().hold, Some(HoldDoes::StartAgain));
}
