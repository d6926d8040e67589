//! The key is in use elsewhere: refused until that seat is free, and the first guest notices nothing.

use crate::desk::Desk;
use crate::home::{Home, count};
use madoguchi::model::screen::{HoldDoes, PressDoes};
use madoguchi::model::wire::{ByeReason, RULES_VERSION, ToClient, ToServer};

pub async fn a_second_guest_is_refused_until_the_seat_is_free() {
    let desk = Desk::open().await;
    let (mut first, _) = desk.guest().await;
    let mut home = Home::near(&desk).await;
    home.is_asked_for_the_paper().await;
    home.shows("paper").await;
    home.reads("ready-refused-room-full", PressDoes::Again, HoldDoes::StartAgain).await;
    home.puts_paper_away().await;
    home.trace_to("(ready-refused-room-full)").await;
    home.presses().await;
    let lines = home.trace_to("(ready-refused-room-full)").await;
    assert_eq!(count(&lines, "OpenLink"), 1, "asked again with the remembered paper: {lines:#?}");

    first.say(&ToServer::Consent { rules: RULES_VERSION.to_owned() }).await;
    let heard = first.next().await;
    assert!(heard == Some(ToClient::Lobby { staff_present: false }), "the first guest was disturbed");
    first.say(&ToServer::Bye { reason: ByeReason::Left }).await;
    first.rest().await;
    home.reads("ready-refused-room-full", PressDoes::Again, HoldDoes::StartAgain).await;
    home.presses().await;
    home.reads("ready-mirror", PressDoes::Next, HoldDoes::Language).await;
    home.moves_out().await;
}
