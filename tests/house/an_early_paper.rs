//! The lobby does not open yet: the screens count down, nobody can go in, and then it opens by itself.

use crate::desk::Desk;
use crate::home::{Home, StoppedClock, count};
use jiff::SignedDuration;
use madoguchi::model::screen::{Face, HoldDoes, PressDoes};
use std::time::Duration;

pub async fn a_paper_that_is_too_early_counts_down_and_then_opens() {
    let clock = StoppedClock::now();
    let desk = Desk::open_with(|config| config.clock = clock.clock()).await;
    // The slot lasts 60 minutes and the lobby opens 10 before.
    let opens = desk.demo.ends - SignedDuration::from_mins(70);
    clock.set(opens - SignedDuration::from_secs(40));
    let mut home = Home::near(&desk).await;
    home.is_asked_for_the_paper().await;
    home.shows("paper").await;
    let mirror = home.reads("ready-mirror-early", PressDoes::Next, HoldDoes::Language).await;
    let Face::Mirror(meeting) = mirror.face else { unreachable!() };
    assert!(meeting.opens_in.is_some_and(|left| left <= Duration::from_secs(40)), "{:?}", meeting.opens_in);
    home.puts_paper_away().await;
    home.presses().await;
    for page in ["ready-rules-early-1", "ready-rules-early-2"] {
        home.reads(page, PressDoes::Next, HoldDoes::Back).await;
        home.presses().await;
    }
    home.reads("ready-rules-early-3", None, HoldDoes::StartAgain).await;
    home.trace_to("(ready-rules-early-3)").await;
    home.presses().await;
    home.reads("ready-rules-3", PressDoes::AgreeAndJoin, HoldDoes::Disagree).await;
    // They are called.
    let lines = home.trace_to("Chime").await;
    assert_eq!(count(&lines, "Consent"), 0, "a press before it opened agreed to nothing: {lines:#?}");
    home.presses().await;
    // The room's own clock says "not yet": the consent is said again until it opens.
    home.reads("session-entering", None, HoldDoes::Leave).await;
    for _ in 0..2 {
        home.trace_to("Consent").await;
    }
    clock.set(opens);
    home.reads("session-lobby-staff-absent", None, HoldDoes::Leave).await;
    home.moves_out().await;
}
