//! A city with two counters: the paper names one, and it is that one's telephone that stands on the screens.

use crate::life::Life;
use crate::props;
use madoguchi::model::code::Code;

fn number(life: &Life) -> String {
    life.screen().telephone.map(|telephone| telephone.number).unwrap_or_default()
}

#[test]
fn the_second_counters_telephone() {
    let mut life = Life::at_the_paper_screen();
    assert_eq!(number(&life), "0422-00-1234");
    life.shows(Code::Invite(props::invite_to("school.midori.example:8443", None)));
    life.until("ready-mirror");
    assert_eq!(number(&life), "0422-00-5678");
    life.press();
    life.agrees();
    life.until("session-lobby");
    life.line_dies();
    life.until("session-ended-line-lost");
    assert_eq!(number(&life), "0422-00-5678", "when the telephone takes over it must be the right one");
    life.until("wipe-forgotten");
    life.press();
    life.until("qr-show-paper");
    assert_eq!(number(&life), "0422-00-1234", "the next paper may name another");
}
