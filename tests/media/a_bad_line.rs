//! The line loses packets, or carries few of them.

use crate::call::{Call, OPEN};
use crate::desk::Desk;
use crate::line::Badness;
use crate::peer::Peer;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(40);

/// webrtcbin 1.22 by itself asks for nothing again in a bundle: each loss would then freeze the picture.
#[tokio::test(flavor = "multi_thread")]
async fn lost_packets_are_sent_again_both_ways() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.over(Badness { loses_each: Some(20), ..Badness::default() });
    call.gate(OPEN).await;
    call.until("pictures both ways", SOON, |seen, _| seen.first_picture.is_some() && seen.report.frames_decoded > 10)
        .await;
    let (decoded, sent, judged) =
        (call.seen.report.frames_decoded, call.seen.report.frames_sent, call.seen.stats.len());
    let begun = Instant::now();
    call.until("figures of some seconds", SOON, |seen, _| seen.stats.len() >= judged + 5).await;
    let report = &call.seen.report;
    assert!(report.nacks_received > 0 && report.sent_again > 0, "this end asks again: {report:?}");
    assert!(report.nacks_sent > 0, "the browser asks again: {report:?}");
    let pictures: Vec<u16> = call.seen.stats[judged..].iter().map(|stats| stats.pictures_per_second).collect();
    let mean = f64::from(pictures.iter().sum::<u16>()) / pictures.len() as f64;
    // A busy machine encodes fewer. Where nothing is asked for again, each of these losses freezes the picture: a fifth is seen.
    let sent = (report.frames_sent - sent) as f64;
    let seen = mean * begun.elapsed().as_secs_f64();
    println!(
        "pictures a second here {pictures:?}, {seen:.0} of {sent}; in the browser {} in all; {report:?}",
        report.frames_decoded - decoded
    );
    assert!(sent > 10.0 && seen >= 0.5 * sent, "too few pictures here: {pictures:?}, {seen:.0} of {sent}");
    assert!(report.frames_decoded - decoded > 40, "too few pictures in the browser: {report:?}");
    call.close().await;
}

/// A lively picture over a line that carries a quarter of what it wants: smaller, not frozen.
#[tokio::test(flavor = "multi_thread")]
async fn a_narrow_line_gets_a_smaller_picture() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    desk.make_lively();
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.over(Badness { carries_bps: Some(300_000), ..Badness::default() });
    call.gate(OPEN).await;
    call.until("a smaller picture", Duration::from_secs(60), |seen, _| {
        seen.report.frames_decoded > 0 && (1..=270).contains(&seen.report.height)
    })
    .await;
    let decoded = call.seen.report.frames_decoded;
    call.until("pictures go on", SOON, |seen, _| seen.report.frames_decoded > decoded + 50).await;
    println!("{:?} {:?}", call.seen.report, call.seen.stats);
    call.close().await;
}
