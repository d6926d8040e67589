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
    life.expect_face("ready-rules");
    life.press();
    life.until("session-lobby");
    assert_eq!(life.light(), Light::OnAir);
    life.staff_lets_in();
    life.until("session-live-good");
    assert!(life.media.gates.picture && life.media.gates.sound && life.media.gates.show);
    life.waits(seconds(1));
    life.hold();
    life.expect_face("session-ended-left");
    life.press();
    life.until("wipe-forgotten");
    assert!(!life.camera_is_open() && !life.knows_a_key() && life.media.open.is_none());
    insta::assert_snapshot!(life.trace(), @r"
    00:04.000 boot + Tick -> qr (qr-show-paper-looking)
    00:04.000 qr + Scan(room key) -> ready (ready-asking-room) [OpenLink #1]
    00:04.150 ready + Link#1(Opened) -> ready [Say #1 Hello]
    00:04.210 ready + Link#1(Welcome) -> ready (ready-mirror) [Chime]
    00:04.410 ready + ButtonUp -> ready (ready-rules)
    00:04.720 ready + ButtonUp -> session (session-entering) [Say #1 Consent]
    00:04.780 session + Link#1(Lobby staff=true) -> session (session-lobby)
    00:04.780 session + Link#1(Peer Staff epoch=1) -> session [BuildMedia #2 epoch=1]
    00:04.880 session + Link#1(Admitted) -> session (session-entering) [Gate #2 {picture,sound,show}]
    00:05.080 session + Media#2(Offer) -> session [Say #1 Offer]
    00:05.140 session + Link#1(Answer) -> session [MediaAnswer #2]
    00:05.540 session + Media#2(Connected) -> session (session-live-good)
    00:09.540 session + Tick -> session (session-ended-left) [Say #1 Bye, CloseMedia, CloseLink]
    00:09.950 session + ButtonUp -> wipe (wipe-forgetting-key) [Wipe #3 Key]
    00:10.350 wipe + Stored#3 -> wipe (wipe-forgetting-verify) [Wipe #4 Verify]
    00:10.750 wipe + Stored#4 -> wipe (wipe-forgotten)
    ");
}
