//! The machine is much slower than a desktop.

use crate::call::{Call, OPEN};
use crate::desk::{Desk, media_processes};
use crate::peer::Peer;
use std::process::Stdio;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(90);
/// Priority (`nice`) at which this process, and the one that has the session, get about a tenth of a processor beside one that is always busy.
const A_TENTH: &str = "10";

/// Other work on each processor, to which this process gives way.
struct OtherWork(Vec<tokio::process::Child>);

impl OtherWork {
    async fn begin() -> Self {
        let processors = std::thread::available_parallelism().unwrap().get();
        let busy = || tokio::process::Command::new("sh").args(["-c", "while :; do :; done"]).kill_on_drop(true).spawn();
        let work = Self((0..processors).map(|_| busy().unwrap()).collect());
        // Each thread has a priority of its own.
        let of = |process: String| std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
        let processes = media_processes().into_iter().map(|process| process.to_string());
        let threads = processes.chain(["self".to_owned()]).flat_map(of);
        let threads = threads.map(|thread| thread.unwrap().file_name().into_string().unwrap());
        let mut renice = tokio::process::Command::new("renice");
        let reniced = renice.args(["-n", A_TENTH, "-p"]).args(threads).stdout(Stdio::null()).status().await.unwrap();
        // Threads that have ended meanwhile are no loss.
        println!("{} busy loops, renice: {reniced}", work.0.len());
        work
    }
}

/// A large lively picture that stutters, a path that is taken for dead and a circle of rebuilds: not here.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_machine_sends_a_small_steady_picture_and_keeps_its_path() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    desk.make_lively();
    // Another one, of 1280x720.
    desk.unplug_camera();
    desk.plug_camera();
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.gate(OPEN).await;
    call.until("pictures", SOON, |seen, _| seen.report.frames_decoded > 30).await;
    println!("{}p before", call.seen.report.height);
    let _work = OtherWork::begin().await;
    call.until("a small picture", SOON, |seen, _| seen.dead.is_none() && seen.report.height <= 360).await;
    for _ in 0..5 {
        let before = call.seen.report.clone();
        call.until("pictures and sound go on", SOON, |seen, _| {
            let report = &seen.report;
            report.frames_decoded >= before.frames_decoded + 15 && report.audio_packets >= before.audio_packets + 50
        })
        .await;
        let report = &call.seen.report;
        println!("{}p, {} pictures, {} packets of sound", report.height, report.frames_decoded, report.audio_packets);
    }
    assert!(call.seen.dead.is_none(), "the path was taken for dead: {:?}", call.seen);
    call.close().await;
}
