//! The clean line of `make bench` in short: what nothing but a fault keeps from coming about, however busy the machine is.

use crate::call::{Call, OPEN};
use crate::desk::Desk;
use crate::peer::Peer;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(40);
/// By then the picture has followed what the line was first taken for.
const SETTLING: Duration = Duration::from_secs(10);
/// So long is looked at once, and so often: a busy machine needs to be good at it only once.
const LOOK: Duration = Duration::from_secs(2);
const LOOKS: u32 = 40;

/// The desk's camera.
const LINES: u32 = 360;
/// The least pictures a second.
const PICTURES: f64 = 8.0;
/// Per cent of the voice that may be made up. Where its time stamps jump it is a third and more, always.
const CONCEALED: f64 = 5.0;

#[tokio::test(flavor = "multi_thread")]
async fn the_voice_is_whole_and_the_picture_has_its_size() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.gate(OPEN).await;
    call.until("a picture in the browser", SOON, |seen, _| seen.report.frames_decoded > 0).await;
    call.throughout("the path died", SETTLING, |seen, _| seen.dead.is_none()).await;
    let mut looks = Vec::new();
    for _ in 0..LOOKS {
        let (before, begun) = (call.seen.report.clone(), Instant::now());
        call.throughout("the path died", LOOK, |seen, _| seen.dead.is_none()).await;
        let after = &call.seen.report;
        let pictures = (after.frames_decoded - before.frames_decoded) as f64 / begun.elapsed().as_secs_f64();
        let made_up = (after.samples_concealed - before.samples_concealed) as f64;
        let concealed = 100.0 * made_up / (after.samples_received - before.samples_received) as f64;
        println!("{pictures:.1} pictures/s of {} lines, {concealed:.1} % of the voice concealed", after.height);
        looks.push((pictures, after.height, concealed));
        // Each for itself: a busy machine need not be good at everything at once.
        let voice = looks.iter().any(|(_, _, concealed)| *concealed < CONCEALED);
        let picture = looks.iter().any(|(pictures, height, _)| *pictures >= PICTURES && *height == LINES);
        if voice && picture {
            call.close().await;
            return;
        }
    }
    panic!("pictures/s, lines and per cent of the voice concealed, in {LOOKS} looks of {LOOK:?}: {looks:.1?}");
}
