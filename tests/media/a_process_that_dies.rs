//! The process that has the sessions dies, or hangs: the supervisor says so, lives on and has another one.

use crate::call::{Call, OPEN};
use crate::desk::{Desk, OUR_PITCH, media_processes};
use crate::peer::Peer;
use madoguchi::device::device;
use madoguchi::device::media::process::{self, Home};
use madoguchi::device::media::{MediaAsk, MediaConfig, MediaEvent, MediaNews, Ports};
use madoguchi::device::pace::Pace;
use madoguchi::device::sound::SessionAudio;
use madoguchi::model::ids::{Attempt, Epoch};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(60);

/// Picture and sound in both directions.
async fn talk(desk: &mut Desk, browser: &Peer, attempt: u32) {
    let mut call = Call::begin(desk, browser, attempt, vec![], vec![], false).await;
    call.gate(OPEN).await;
    call.until("picture and sound both ways", SOON, |seen, desk| {
        seen.first_picture.is_some()
            && seen.report.frames_decoded > 10
            && seen.report.audio_packets > 10
            && desk.staff.borrow().is_some()
            && desk.peak() > 1000
    })
    .await;
}

/// What is said after a signal to the process: that the session has failed.
async fn failed(desk: &mut Desk) -> (Attempt, String) {
    let waiting = async {
        loop {
            let MediaEvent { attempt, news } = desk.media.events.recv().await.unwrap();
            if let MediaNews::Failed(why) = news {
                return (attempt, why);
            }
        }
    };
    timeout(SOON, waiting).await.expect("a session without its process has failed")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_in_a_call_is_replaced_and_the_call_made_again() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    talk(&mut desk, &browser, 1).await;
    let [process] = media_processes()[..] else { panic!("one process has the session: {:?}", media_processes()) };
    kill(Pid::from_raw(process), Signal::SIGKILL).unwrap();
    let (attempt, why) = failed(&mut desk).await;
    assert_eq!(attempt, Attempt(1));
    assert!(why.contains("signal: 9"), "{why}");
    assert!(desk.staff.borrow().is_none(), "its last picture does not stay on the TV");
    desk.forget_what_was_heard();
    talk(&mut desk, &browser, 2).await;
    assert_ne!(media_processes(), [process]);
    desk.media.asks.send(MediaAsk::Close).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_hangs_is_ended_and_replaced() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    talk(&mut desk, &browser, 1).await;
    let [process] = media_processes()[..] else { panic!("one process has the session: {:?}", media_processes()) };
    kill(Pid::from_raw(process), Signal::SIGSTOP).unwrap();
    let stopped = Instant::now();
    let (_, why) = failed(&mut desk).await;
    println!("noticed after {:?}: {why}", stopped.elapsed());
    assert!(desk.staff.borrow().is_none());
    assert!(!media_processes().contains(&process), "it is ended");
    talk(&mut desk, &browser, 2).await;
    desk.media.asks.send(MediaAsk::Close).await.unwrap();
}

/// What it says is not believed: words that are none, files, floods and silence end it.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_breaks_its_word_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    for (says, why) in [
        ("printf '\\000{' >&0; exec sleep 1000", "cannot be read"),
        ("printf '\\007' >&0; exec sleep 1000", "no known kind"),
        ("printf '\\000{\"tried\":{\"Ok\":null}}' >&0; exec sleep 1000", "nobody asked for"),
        ("while :; do printf '\\000{\"sound\":null}' >&0; done", "more than"),
        ("exit 3", "exit status: 3"),
    ] {
        let program = folder.path().join("media");
        std::fs::write(&program, format!("#!/bin/sh\n{says}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let config =
            MediaConfig { local_addresses: Vec::new(), trust_anchors: watch::channel(Vec::new()).1, line_cut: None };
        let ports = Ports {
            config,
            camera: watch::channel(None).1,
            staff: watch::channel(None).0,
            sound: SessionAudio::default(),
            pace: Pace::default(),
        };
        let (mut media, behind) = device();
        let build = MediaAsk::Build { attempt: Attempt(7), epoch: Epoch(1), ice_servers: vec![], relay_only: false };
        media.asks.send(build).await.unwrap();
        let serving = tokio::spawn(process::run(behind, ports, Home::Program(program)));
        let event: MediaEvent = timeout(SOON, media.events.recv()).await.expect("it is ended in time").unwrap();
        let MediaNews::Failed(said) = event.news else { panic!("the session has failed") };
        assert!(event.attempt == Attempt(7) && said.contains(why), "{said}");
        serving.abort();
    }
}

/// "A call could be made" is asked of the process that makes the calls.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_with_ourselves_is_tried_in_the_process_that_makes_the_calls() {
    let desk = Desk::new();
    let (answer, tried) = oneshot::channel();
    desk.media.asks.send(MediaAsk::Try(answer)).await.unwrap();
    assert_eq!(timeout(SOON, tried).await.unwrap().unwrap(), Ok(()));
    // With it stopped, nothing answers.
    let [process] = media_processes()[..] else { panic!("one process") };
    kill(Pid::from_raw(process), Signal::SIGSTOP).unwrap();
    let (answer, tried) = oneshot::channel();
    desk.media.asks.send(MediaAsk::Try(answer)).await.unwrap();
    assert!(timeout(SOON, tried).await.unwrap().unwrap().unwrap_err().contains("media process"));
}

/// Without the family's consent no picture and no sound even reaches the process.
#[tokio::test(flavor = "multi_thread")]
async fn the_speaker_is_silent_and_the_camera_unseen_while_the_gates_are_shut() {
    let (mut desk, browser) = (Desk::new(), Peer::start().await);
    let mut call = Call::begin(&mut desk, &browser, 1, vec![], vec![], false).await;
    call.until("a connection", SOON, |seen, _| seen.connected.is_some()).await;
    let closed = |_: &crate::call::Seen, desk: &Desk| desk.staff.borrow().is_none() && desk.peak() < 100;
    call.throughout("nothing is shown or heard", Duration::from_secs(2), closed).await;
    call.gate(OPEN).await;
    call.until("the other end", SOON, |_, desk| desk.staff.borrow().is_some() && desk.peak() > 1000).await;
    assert!(call.desk.share_of(OUR_PITCH) < 0.1, "the own voice is not played");
    call.close().await;
}
