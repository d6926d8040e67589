//! Somebody behind the same address tries keys: the family's right key comes in all the same.

use crate::desk::{Desk, key};
use crate::home::Home;
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

pub async fn a_flood_of_wrong_keys_does_not_delay_the_family() {
    let desk = Desk::open().await;
    let mut home = Home::near(&desk).await;
    home.is_asked_for_the_paper().await;
    let mut number = 0;
    while try_key(&desk, number).await == Refusal::UnknownKey {
        number += 1;
        assert!(number < 40, "nothing tells the flood to wait");
    }
    home.shows("paper").await;
    home.reads("ready-mirror", PressDoes::Next, HoldDoes::Language).await;
    home.moves_out().await;
}
