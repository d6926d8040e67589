//! The good day, from power-on to "forgotten".

use crate::life::{Life, seconds};
use madoguchi::model::light::Light;

#[test]
fn a_family_joins_by_cable_and_leaves() {
    let mut life = Life::power_on();
    life.cable_in();
    life.until("qr-show-paper");
    life.shows_paper();
    life.until("ready-mirror");
    assert!(life.camera_is_open());
    life.press();
    life.expect_face("ready-rules-1");
    life.agrees();
    life.until("session-lobby");
    assert_eq!(life.light(), Light::OnAir);
    life.staff_lets_in();
    life.until("session-live-good");
    assert!(life.media.gates.picture && life.media.gates.sound && life.media.gates.show);
    life.waits(seconds(1));
    life.hold();
    life.expect_face("session-ended-left");
    life.until("wipe-forgotten");
    assert!(!life.camera_is_open() && !life.knows_a_key() && life.media.open.is_none());
    insta::assert_snapshot!(life.trace(), @r"
    00:04.000 boot + Tick -> qr (qr-show-paper-looking)
    00:04.000 qr + Scan(room key) -> ready (ready-paper-read) [OpenLink #1]
    00:04.150 ready + Link#1(Opened) -> ready [Say #1 Hello]
    00:06.000 ready + Tick -> ready (ready-mirror) [Chime]
    00:06.200 ready + ButtonUp -> ready (ready-rules-1)
    00:06.510 ready + ButtonUp -> ready (ready-rules-2)
    00:06.810 ready + ButtonUp -> ready (ready-rules-3)
    00:07.110 ready + ButtonUp -> session (session-entering) [Say #1 Consent]
    00:07.170 session + Link#1(Lobby staff=true) -> session (session-lobby)
    00:07.170 session + Link#1(Peer Staff epoch=1) -> session [BuildMedia #2 epoch=1]
    00:07.270 session + Link#1(Admitted) -> session (session-entering) [Gate #2 {picture,sound,show}]
    00:07.470 session + Media#2(Offer) -> session [Say #1 Offer]
    00:07.530 session + Link#1(Answer) -> session [MediaAnswer #2]
    00:07.930 session + Media#2(Connected) -> session (session-live-good)
    00:11.930 session + Tick -> session (session-ended-left) [Say #1 Bye, CloseMedia, CloseLink]
    00:31.930 session + Tick -> wipe (wipe-forgetting-key) [Wipe #3 Key]
    00:32.330 wipe + Stored#3 -> wipe (wipe-forgetting-verify) [Wipe #4 Verify]
    00:32.730 wipe + Stored#4 -> wipe (wipe-forgotten)
    ");
}
