//! No retry and no way around: said at once.

use crate::life::Life;
use madoguchi::model::turn::LinkClosed;

#[test]
fn the_servers_certificate_is_not_trusted() {
    let mut life = Life::at_the_paper_screen();
    life.room.closes_with = Some(LinkClosed::Untrusted);
    life.shows_paper();
    life.until("network-trouble-untrusted");
    assert_eq!(life.asked("OpenLink"), 1);
    assert!(life.room.heard.is_empty(), "the key is not said to a stranger");
    life.hold();
    life.expect_face("boot-starting");
    assert!(!life.knows_a_key());
}
