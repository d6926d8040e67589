//! Camera, microphone and speaker go and come back: each is used again, the call stays the one it was, and until then it
//! is said that they are off.

use crate::call::{Call, OPEN, Seen, near};
use crate::desk::{Desk, OUR_PITCH};
use crate::peer::{Peer, THEIR_PITCH};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(40);
/// Our drawn camera as the browser shows it.
const GREEN: [u8; 3] = [0, 255, 0];
/// What is promised for most times; a loaded machine may be late once.
const PROMISED: Duration = Duration::from_secs(3);

/// How often each way of losing them is tried: twice, or as often as `TIMES` says.
fn times() -> usize {
    std::env::var("TIMES").ok().and_then(|times| times.parse().ok()).unwrap_or(2)
}

/// Camera, microphone, speaker.
type Senses = [bool; 3];
const ALL: Senses = [true; 3];

fn seen(seen: &Seen) -> bool {
    near(seen.report.left, GREEN)
}

fn heard(seen: &Seen) -> bool {
    (seen.report.pitch - OUR_PITCH).abs() < 20.0 && seen.report.loudness > -60.0
}

fn unplug(desk: &Desk, which: Senses) {
    which[0].then(|| desk.unplug_camera());
    which[1].then(|| desk.microphone.unplug());
    which[2].then(|| desk.speaker.unplug());
}

fn plug(desk: &Desk, which: Senses) {
    which[0].then(|| desk.plug_camera());
    which[1].then(|| desk.microphone.plug());
    which[2].then(|| desk.speaker.plug());
}

/// Waits until each of them works at the other end; gives how long the last one took.
async fn are_back(call: &mut Call<'_>, which: Senses) -> Duration {
    call.desk.forget_what_was_heard();
    let back = Instant::now();
    call.until("what came back works", SOON, |now, desk| {
        (!which[0] || seen(now))
            && (!which[1] || (heard(now) && desk.there[0] == Some(true)))
            && (!which[2] || (desk.share_of(THEIR_PITCH) > 0.5 && desk.there[1] == Some(true)))
    })
    .await;
    back.elapsed()
}

/// Waits until it is said that they are off, and they are.
async fn are_off(call: &mut Call<'_>, which: Senses) {
    call.until("what is unplugged is off", SOON, |now, desk| {
        (!which[0] || near(now.report.left, [0; 3]))
            && (!which[1] || (now.report.loudness < -100.0 && desk.there[0] == Some(false)))
            && (!which[2] || desk.there[1] == Some(false))
    })
    .await;
}

fn as_promised(mut took: Vec<Duration>) {
    took.sort_unstable();
    println!("back after {took:?}");
    assert!(took[took.len() / 2] < PROMISED, "mostly slower than {PROMISED:?}: {took:?}");
}

/// One, the other, two at once, all: each time another camera and another card, with other sizes and formats.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_call_again_and_again() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.gate(OPEN).await;
    are_back(&mut call, ALL).await;
    let mut took = Vec::new();
    for time in 0..6 * times() {
        let which = [0b001, 0b010, 0b100, 0b011, 0b110, 0b111][time % 6];
        let which = [0, 1, 2].map(|bit| which >> bit & 1 == 1);
        unplug(call.desk, which);
        are_off(&mut call, which).await;
        plug(call.desk, which);
        took.push(are_back(&mut call, which).await);
        are_back(&mut call, ALL).await;
    }
    as_promised(took);
    call.close().await;
}

/// They are missing when the session's pipeline is built.
#[tokio::test(flavor = "multi_thread")]
async fn before_the_call_again_and_again() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut took = Vec::new();
    for attempt in 1..=2 * times() as u32 {
        unplug(&desk, ALL);
        let mut call = Call::begin(&mut desk, &browser, attempt, vec![], vec![], false).await;
        call.gate(OPEN).await;
        call.until("the counter is seen, and we are black", SOON, |seen, desk| {
            desk.staff.borrow().is_some() && seen.report.frames_decoded > 2 && near(seen.report.left, [0; 3])
        })
        .await;
        plug(call.desk, ALL);
        took.push(are_back(&mut call, ALL).await);
        call.close().await;
        desk.staff.wait_for(Option::is_none).await.unwrap();
    }
    as_promised(took);
}

/// Nothing is lost on loopback, so a browser that conceals sound was given time stamps that jump.
#[tokio::test(flavor = "multi_thread")]
async fn the_voice_is_not_concealed() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.gate(OPEN).await;
    are_back(&mut call, ALL).await;
    let before = call.seen.report.clone();
    let enough = before.samples_received + 10 * 48_000;
    call.until("ten seconds of voice", SOON, |seen, _| seen.report.samples_received > enough).await;
    let after = &call.seen.report;
    let share = (after.samples_concealed - before.samples_concealed) as f64
        / (after.samples_received - before.samples_received) as f64;
    println!("{:.1} % of the voice was concealed; it waits {:.0} ms", share * 100.0, after.jitter_buffer * 1000.0);
    assert!(share < 0.1, "{:.1} % of the voice was concealed", share * 100.0);
    call.close().await;
}
