//! The path dies, or never comes up.

use crate::call::{Call, OPEN};
use crate::desk::Desk;
use crate::peer::Peer;
use madoguchi::device::media::Gates;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_gone_is_noticed() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.gate(OPEN).await;
    call.until("a call", SOON, |seen, _| seen.first_picture.is_some() && seen.report.frames_decoded > 10).await;
    browser.kill();
    let killed = Instant::now();
    call.browser_gone = true;
    call.until("the dead path", SOON, |seen, _| seen.dead.is_some()).await;
    let took = call.seen.dead.unwrap() - killed;
    // 3.9 s of silence; they count a third while this machine itself is too busy.
    assert!(took < Duration::from_secs(15), "noticed after {took:?}");
    println!("noticed after {took:?}");
    call.close().await;
}

/// A pause: neither end sends picture or sound for a while. Control packets alone keep the path alive.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_is_no_dead_path() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.gate(OPEN).await;
    call.until("a call", SOON, |seen, _| seen.first_picture.is_some() && seen.report.frames_decoded > 10).await;
    call.gate(Gates::default()).await;
    browser.mute(true).await;
    call.throughout("a pause is taken for a dead path", Duration::from_secs(25), |seen, _| seen.dead.is_none()).await;
    let decoded = call.seen.report.frames_decoded;
    browser.mute(false).await;
    call.gate(OPEN).await;
    call.until("pictures after the pause", SOON, |seen, desk| {
        seen.report.frames_decoded > decoded + 10 && desk.staff.borrow().is_some()
    })
    .await;
    call.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_never_comes_up_is_given_up() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    // Relay only, and no relay: there is no way.
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], true).await;
    call.until("an offer", SOON, |seen, _| seen.offered.is_some()).await;
    let answered = Instant::now();
    call.until("the dead path", SOON, |seen, _| seen.dead.is_some()).await;
    let took = call.seen.dead.unwrap() - answered;
    assert!((14..50).contains(&took.as_secs()), "given up after {took:?}");
    assert!(call.seen.connected.is_none());
    call.close().await;
}
