//! Too many wrong keys from this address: the box waits as told and asks again by itself.

use crate::life::{Life, seconds};
use madoguchi::model::wire::Refusal;

#[test]
fn too_many_tries_wait_and_ask_again() {
    let mut life = Life::at_the_paper_screen();
    life.room.refuses = Some(Refusal::TooManyTries { wait_seconds: 30 });
    life.shows_paper();
    life.until("ready-refused-too-many-tries");
    life.press();
    life.expect_face("ready-refused-too-many-tries");
    life.room.refuses = None;
    life.waits(seconds(25));
    life.expect_face("ready-refused-too-many-tries");
    life.until("ready-mirror");
    assert_eq!(life.room.heard, ["hello by key", "hello by key"]);
}
