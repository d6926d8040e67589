//! Without a clock no certificate is judged and no slot refused; the screen says why it waits.

use crate::life::{Life, seconds};
use madoguchi::model::turn::Fact;

#[test]
fn the_clock_is_unknown() {
    let mut life = Life::power_on();
    life.fact(Fact::Clock { known: false });
    life.cable_in();
    life.until("network-trouble-clock-unknown");
    assert_eq!(life.asked("OpenLink"), 0);
    life.press();
    life.until("network-trouble-clock-unknown");
    life.fact(Fact::Clock { known: true });
    life.until("qr-show-paper");
}

#[test]
fn a_clock_that_is_set_in_time_is_not_noticed() {
    let mut life = Life::power_on();
    life.fact(Fact::Clock { known: false });
    life.cable_in();
    life.waits(seconds(20));
    life.expect_face("network-finding");
    life.fact(Fact::Clock { known: true });
    life.expect_face("qr-show-paper");
}
