//! What stays behind after ten sessions, and what may be in one.

use crate::call::{Call, OPEN};
use crate::desk::Desk;
use crate::peer::Peer;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(40);

/// Threads and open files of this process.
fn held() -> (usize, usize) {
    let count = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    (count("/proc/self/task"), count("/proc/self/fd"))
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_sessions_leave_nothing_behind() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut after_second = None;
    for attempt in 1..=10 {
        let mut call = Call::begin(&mut desk, &browser, attempt, vec![], vec![], false).await;
        call.gate(OPEN).await;
        let begun = Instant::now();
        call.until("pictures both ways", SOON, |seen, _| {
            seen.first_picture.is_some() && seen.report.frames_decoded > 3
        })
        .await;
        println!("session {attempt}: pictures both ways after {:?}", begun.elapsed());
        call.close().await;
        desk.staff.wait_for(Option::is_none).await.unwrap();
        if attempt == 2 {
            after_second = Some(held());
        }
    }
    // Threads that wait for work a while (tokio's blocking ones, GStreamer's pool) come and go.
    let (threads, files) = after_second.unwrap();
    let begun = Instant::now();
    loop {
        let (threads_now, files_now) = held();
        if threads_now <= threads + 6 && files_now <= files + 4 {
            println!("threads {threads} then {threads_now}, files {files} then {files_now}");
            break;
        }
        assert!(begun.elapsed() < SOON, "threads {threads} then {threads_now}, files {files} then {files_now}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The allow-list is at work in a real call: a microphone that would also write a file ends the session.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_with_a_file_sink_does_not_begin() {
    use gstreamer as gst;
    use gstreamer::prelude::*;
    use madoguchi::device::media::{MediaAsk, MediaNews};
    use madoguchi::model::ids::{Attempt, Epoch};

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("voice.raw");
    let path = file.display().to_string();
    let mut desk = Desk::with(|ports| {
        ports.sound.microphone = std::sync::Arc::new(move || {
            let description = format!(
                "audiotestsrc is-live=true ! tee name=t ! queue ! filesink location={path} t. ! queue name=out"
            );
            let bin = gst::parse::bin_from_description(&description, true).map_err(|error| error.to_string())?;
            Ok(bin.upcast())
        });
    });
    let build = MediaAsk::Build { attempt: Attempt(1), epoch: Epoch(1), ice_servers: vec![], relay_only: false };
    desk.media.asks.send(build).await.unwrap();
    let said = tokio::time::timeout(SOON, async {
        loop {
            match desk.media.events.recv().await.unwrap().what {
                MediaNews::Failed(why) => break why,
                MediaNews::Offer(_) => panic!("an offer was made"),
                _ => {}
            }
        }
    });
    let said = said.await.expect("the session is refused in time");
    assert!(said.contains("filesink"), "{said}");
    assert_eq!(std::fs::metadata(&file).map(|file| file.len()).unwrap_or_default(), 0);
}
