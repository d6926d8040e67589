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

/// The allow-list is at work in a real call: a microphone that would also write a file is not opened.
#[tokio::test(flavor = "multi_thread")]
async fn a_microphone_with_a_file_sink_is_not_opened() {
    use gstreamer as gst;
    use gstreamer::prelude::*;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("voice.raw");
    let path = file.display().to_string();
    let mut desk = Desk::with(|parts| {
        parts.sound.microphone = std::sync::Arc::new(move || {
            let description = format!(
                "audiotestsrc is-live=true ! tee name=t ! queue ! filesink location={path} t. ! queue name=out"
            );
            let bin = gst::parse::bin_from_description(&description, true).map_err(|error| error.to_string())?;
            Ok(bin.upcast())
        });
    });
    let browser = Peer::start().await;
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.gate(OPEN).await;
    call.until("a call without a microphone", SOON, |seen, desk| {
        seen.report.audio_packets > 50 && desk.there[0] == Some(false)
    })
    .await;
    assert_eq!(std::fs::metadata(&file).map(|file| file.len()).unwrap_or_default(), 0);
    call.close().await;
}
