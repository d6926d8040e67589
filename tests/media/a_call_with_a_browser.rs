//! Faces and voices go both ways, and only while the gates allow.

use crate::call::{Call, OPEN, Seen, near};
use crate::desk::{Desk, OUR_PITCH};
use crate::peer::{Peer, THEIR_PITCH};
use madoguchi::device::media::Gates;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(40);
/// Our drawn camera as the browser shows it.
const GREEN: [u8; 3] = [0, 255, 0];
const ORANGE: [u8; 3] = [255, 136, 0];

#[tokio::test(flavor = "multi_thread")]
async fn pictures_and_voices_go_both_ways() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.gate(OPEN).await;
    call.until("connected", SOON, |seen, _| seen.connected.is_some()).await;
    call.until("their picture", SOON, |seen, _| seen.first_picture.is_some()).await;
    call.until("our pictures", SOON, |seen, _| seen.report.frames_decoded > 60).await;
    call.until("our colours", SOON, |seen, _| near(seen.report.left, GREEN) && near(seen.report.right, ORANGE)).await;
    call.until("their picture is shown", SOON, |_, desk| desk.staff.borrow().is_some()).await;
    call.until("their tone", SOON, |_, desk| desk.share_of(THEIR_PITCH) > 0.5).await;
    call.until("our beeps", SOON, |seen, _| {
        (seen.report.pitch - OUR_PITCH).abs() < 20.0 && seen.report.loudness > -60.0
    })
    .await;
    call.until("figures of the line", SOON, |seen, _| {
        seen.stats.last().is_some_and(|stats| {
            stats.pictures_per_second >= 10 && stats.received_bps > 20_000 && stats.sent_bps > 20_000
        })
    })
    .await;
    call.until("a round trip", SOON, |seen, _| seen.stats.iter().any(|stats| stats.round_trip_ms.is_some())).await;
    assert!(call.seen.report.jitter_buffer < 0.5, "sound waits {} s in the browser", call.seen.report.jitter_buffer);
    println!("{:?} {:?}", call.seen.report, call.seen.stats.last());
    call.close().await;
    desk.staff.wait_for(Option::is_none).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_flows_while_the_gates_are_shut() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.until("connected", SOON, |seen, _| seen.connected.is_some()).await;
    call.until("their picture is decoded", SOON, |seen, _| seen.first_picture.is_some()).await;
    call.throughout("shut gates let something through", Duration::from_secs(5), |seen, desk| {
        let out = seen.report.video_packets + seen.report.audio_packets + seen.report.frames_decoded;
        out == 0 && desk.staff.borrow().is_none() && desk.peak() == 0 && seen.dead.is_none()
    })
    .await;

    call.gate(OPEN).await;
    call.until("the picture after opening", SOON, |seen, _| seen.report.frames_decoded > 5).await;
    call.until("our beeps", SOON, |seen, _| (seen.report.pitch - OUR_PITCH).abs() < 20.0).await;
    call.until("their picture and tone", SOON, |_, desk| {
        desk.staff.borrow().is_some() && desk.share_of(THEIR_PITCH) > 0.5
    })
    .await;

    // Shut again: what is under way may still arrive, then there is nothing.
    call.gate(Gates::default()).await;
    call.until("their picture is gone", SOON, |_, desk| desk.staff.borrow().is_none() && desk.peak() == 0).await;
    let packets = |seen: &Seen| (seen.report.video_packets, seen.report.audio_packets);
    call.until_still("packets that are under way arrive", SOON, packets).await;
    let before = call.seen.report.clone();
    call.throughout("shut gates let something through", Duration::from_secs(3), |seen, desk| {
        seen.report.video_packets == before.video_packets
            && seen.report.audio_packets == before.audio_packets
            && desk.staff.borrow().is_none()
    })
    .await;
    call.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_camera_and_microphone_the_counter_is_still_seen_and_heard() {
    let mut desk = Desk::with(|parts| {
        parts.sound.microphone = std::sync::Arc::new(|| Err("unplugged".into()));
    });
    desk.unplug_camera();
    let browser = Peer::start().await;
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.gate(OPEN).await;
    call.until("their picture and tone", SOON, |_, desk| {
        desk.staff.borrow().is_some() && desk.share_of(THEIR_PITCH) > 0.5
    })
    .await;
    call.until("black pictures", SOON, |seen, _| {
        seen.report.frames_decoded > 3 && near(seen.report.left, [0; 3]) && near(seen.report.right, [0; 3])
    })
    .await;
    call.desk.plug_camera();
    call.until("the camera that came back", SOON, |seen, _| near(seen.report.left, GREEN)).await;
    call.close().await;
}
