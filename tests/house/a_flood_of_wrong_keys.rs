//! Somebody behind the same address tries keys: the family waits a little and then comes in by itself.

use crate::desk::{Desk, key};
use crate::home::{Home, StoppedClock, count};
use jiff::SignedDuration;
use madoguchi::model::screen::{HoldDoes, PressDoes};
use madoguchi::model::wire::{Refusal, ToClient};

async fn try_key(desk: &Desk, number: u32) -> Refusal {
    let mut peer = desk.connect().await;
    peer.say(&key(&format!("{number:026}"))).await;
    match peer.rest().await.as_slice() {
        [ToClient::Refused(refusal)] => refusal.clone(),
        heard => panic!("{} messages", heard.len()),
    }
}

pub async fn a_flood_of_wrong_keys_only_delays_the_family() {
    let clock = StoppedClock::now();
    let desk = Desk::open_with(|config| config.clock = clock.clock()).await;
    let mut home = Home::near(&desk).await;
    home.is_asked_for_the_paper().await;
    let mut number = 0;
    while try_key(&desk, number).await == Refusal::UnknownKey {
        number += 1;
        assert!(number < 40, "nothing slows the flood down");
    }
    home.shows("paper").await;
    home.reads("ready-refused-too-many-tries", None, HoldDoes::StartAgain).await;
    home.puts_paper_away().await;
    home.presses().await;
    clock.advance(SignedDuration::from_secs(60));
    home.reads("ready-mirror", PressDoes::Next, HoldDoes::StartAgain).await;
    let lines = home.trace_to("(ready-mirror)").await;
    assert!(count(&lines, "OpenLink") >= 2, "asked again by itself: {lines:#?}");
    assert!(lines.iter().any(|line| line.contains("+ Tick") && line.contains("OpenLink")), "{lines:#?}");
    home.moves_out().await;
}
