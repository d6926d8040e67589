//! Whoever is at the other end does not have the certificate that the counter's answer names: nothing flows either way.

use crate::call::{Between, Call, OPEN};
use crate::desk::Desk;
use crate::peer::{Peer, THEIR_PITCH};
use crate::stranger::{REFUSED_WITHIN, certificate};
use std::sync::atomic::Ordering;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(40);

/// The first digit of each fingerprint is another.
fn with_another_digit(sdp: &str) -> String {
    let change = |line: &str| match line.split_once(' ') {
        Some((name, hex)) if name.starts_with("a=fingerprint:") => {
            format!("{name} {}{}", if hex.starts_with('0') { '1' } else { '0' }, &hex[1..])
        }
        _ => line.to_owned(),
    };
    sdp.lines().map(|line| change(line) + "\r\n").collect()
}

fn without_fingerprints(sdp: &str) -> String {
    sdp.lines().filter(|line| !line.starts_with("a=fingerprint:")).map(|line| line.to_owned() + "\r\n").collect()
}

/// SHA-1 of nothing; what matters is its name.
fn with_a_weak_hash(sdp: &str) -> String {
    let weak = "a=fingerprint:sha-1 DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09";
    let change = |line: &str| if line.starts_with("a=fingerprint:") { weak.to_owned() } else { line.to_owned() };
    sdp.lines().map(|line| change(line) + "\r\n").collect()
}

/// Nothing of either end reaches the other, and both know it: the pipeline is gone.
async fn nothing_flows(call: &mut Call<'_>) {
    call.throughout("something flows", Duration::from_secs(4), |seen, desk| {
        let out = seen.report.video_packets + seen.report.audio_packets + seen.report.frames_decoded;
        let shown = desk.staff.borrow().is_some() || desk.peak() > 0 || seen.first_picture.is_some();
        out == 0 && !shown && seen.connected.is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_fingerprint_is_refused() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    for (attempt, forge) in
        (1..).zip([with_another_digit as fn(&str) -> String, without_fingerprints, with_a_weak_hash])
    {
        let mut call = Call::begin(&mut desk, &browser, attempt, vec![], vec![], false).await;
        call.forge(forge);
        call.gate(OPEN).await;
        call.until("the refusal", SOON, |seen, _| seen.unverified.is_some()).await;
        nothing_flows(&mut call).await;
        println!("{:?}", call.seen.unverified);
        call.close().await;
    }
    // The next connection is looked at by itself.
    let mut call = Call::begin(&mut desk, &browser, 9, vec![], vec![], false).await;
    call.gate(OPEN).await;
    call.until("a call", SOON, |seen, desk| seen.report.frames_decoded > 10 && desk.staff.borrow().is_some()).await;
    call.close().await;
}

/// A real one: he forwards the connectivity checks, and ends the handshake of either end with a certificate of his own.
#[tokio::test(flavor = "multi_thread")]
async fn a_man_in_the_middle_gets_no_packet() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.put_between(Between::Stranger(certificate("WebRTC")));
    call.gate(OPEN).await;
    call.until("the refusal", SOON, |seen, _| seen.unverified.is_some()).await;
    let loot = call.loot();
    let (refused, why) = call.seen.unverified.clone().unwrap();
    let begun = loot.begun.lock().unwrap().unwrap();
    let took = refused - begun;
    nothing_flows(&mut call).await;
    assert!(loot.keyed.load(Ordering::Relaxed), "his handshake never went through: nothing was tried");
    assert_eq!(loot.packets.load(Ordering::Relaxed), 0, "packets in clear");
    assert!(took < REFUSED_WITHIN, "refused after {took:?}");
    println!("refused {took:?} after the handshake began: {why}");
    assert_eq!(call.seen.report.state, "failed", "the browser compares, too");
    call.close().await;
}

/// GStreamer before 1.28.5 would write such a subject over its stack (CVE-2026-59692).
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_certificate_does_not_reach_the_handshake() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.put_between(Between::Stranger(certificate(&"x".repeat(1500))));
    call.gate(OPEN).await;
    call.until("the refusal", SOON, |seen, _| seen.unverified.is_some()).await;
    nothing_flows(&mut call).await;
    let loot = call.loot();
    assert!(!loot.keyed.load(Ordering::Relaxed), "the handshake went through");
    assert_eq!(loot.packets.load(Ordering::Relaxed), 0, "packets in clear");
    println!("{:?}", call.seen.unverified);
    call.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_certificate_is_taken_over_tcp() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.put_between(Between::OnlyTcp);
    call.gate(OPEN).await;
    call.until("pictures and sound both ways", SOON, |seen, desk| {
        seen.connected.is_some() && seen.report.frames_decoded > 20 && desk.share_of(THEIR_PITCH) > 0.5
    })
    .await;
    call.close().await;
}

/// Browsers of today make small certificates; one with an RSA key is as good.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_with_an_rsa_key_is_taken() {
    let (mut desk, browser) = (Desk::new(), Peer::with_an_rsa_key().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.gate(OPEN).await;
    call.until("a call", SOON, |seen, desk| seen.report.frames_decoded > 10 && desk.staff.borrow().is_some()).await;
    call.close().await;
}
