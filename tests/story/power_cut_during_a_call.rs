//! Power goes in the middle of a call: the box starts the story again and knows no key.

use crate::life::Life;

#[test]
fn power_cut_during_a_call() {
    let mut life = Life::talking();
    life.power_cut();
    assert!(!life.knows_a_key());
    life.until("qr-show-paper");
    life.shows_paper();
    life.until("ready-mirror");
    life.press();
    life.agrees();
    life.until("session-lobby");
    life.staff_lets_in();
    life.until("session-live");
}
