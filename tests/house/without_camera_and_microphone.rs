//! Camera and microphone come off, and the TV gives no sound: said beside the sentence wherever they are needed, and the
//! call can still be made. What comes back is used, without a new connection.

use crate::desk::Desk;
use crate::home::{Home, PATIENCE, count, eventually};
use madoguchi::model::screen::{Aside, HoldDoes, PressDoes};
use madoguchi::model::wire::ToClient;
use madoguchi::workbench::Command;

pub async fn without_camera_and_microphone_the_screens_say_so_and_the_call_is_still_offered() {
    let desk = Desk::open().await;
    let mut home = Home::near(&desk).await;
    home.is_asked_for_the_paper().await;
    home.does(Command::Camera { plugged: false }).await;
    home.reads("qr-show-paper-no-camera", None, HoldDoes::StartAgain).await;
    home.does(Command::Camera { plugged: true }).await;
    home.is_asked_for_the_paper().await;
    home.presses().await;
    home.does(Command::Camera { plugged: false }).await;
    aside(&mut home, "ready-try-out", Aside::NoCamera).await;
    home.does(Command::Microphone { plugged: false }).await;
    aside(&mut home, "ready-try-out", Aside::NoCameraNorMicrophone).await;
    home.does(Command::Camera { plugged: true }).await;
    aside(&mut home, "ready-try-out", Aside::NoMicrophone).await;
    home.holds().await;
    home.is_asked_for_the_paper().await;
    home.shows("paper").await;
    home.reads("ready-mirror", PressDoes::Next, HoldDoes::Language).await;
    home.does(Command::Camera { plugged: false }).await;
    aside(&mut home, "ready-mirror", Aside::NoCameraNorMicrophone).await;
    home.presses().await;
    home.reads_the_rules().await;
    home.presses().await;
    home.reads("session-lobby-staff-absent", None, HoldDoes::Leave).await;
    let (mut staff, _) = desk.staff().await;
    staff.until(|message| matches!(message, ToClient::Offer { .. })).await;
    home.reads("session-lobby", None, HoldDoes::Leave).await;
    aside(&mut home, "session-lobby", Aside::NoCameraNorMicrophone).await;
    home.does(Command::Speaker { plugged: false }).await;
    aside(&mut home, "session-lobby", Aside::NoCameraMicrophoneNorSpeaker).await;
    let off = |wanted| move |message: &ToClient| matches!(message, ToClient::Muted { microphone, camera, speaker, .. } if [*microphone, *camera, *speaker] == wanted);
    staff.until(off([true; 3])).await;
    home.does(Command::Camera { plugged: true }).await;
    home.does(Command::Microphone { plugged: true }).await;
    aside(&mut home, "session-lobby", Aside::NoSpeaker).await;
    home.does(Command::Speaker { plugged: true }).await;
    home.sees_that("nothing is missing any more", |screen| screen.aside.is_none()).await;
    staff.until(off([false; 3])).await;
    let control = home.house.control();
    let open = || control.camera_open() == 1 && control.microphone_open() == 1 && home.house.speaker.is_open();
    eventually("the session has all of them", open).await;
    home.reads("session-lobby", None, HoldDoes::Leave).await;
    let lines = home.moves_out().await;
    assert_eq!(count(&lines, "BuildMedia"), 1, "a new connection for it: {lines:#?}");
}

/// The TV's sound opens once, as HDMI does: whoever presses while the chime still rings must hear the counter all the
/// same.
pub async fn whoever_presses_while_the_chime_rings_hears_the_counter() {
    let desk = Desk::open().await;
    let (mut staff, _) = desk.staff().await;
    let mut home = Home::near(&desk).await;
    home.is_asked_for_the_paper().await;
    let mut chime = home.house.speaker.listen();
    home.shows("paper").await;
    home.reads("ready-mirror", PressDoes::Next, HoldDoes::Language).await;
    let rings = async { while !chime.recv().await.unwrap().samples.iter().any(|sample| *sample != 0) {} };
    tokio::time::timeout(PATIENCE, rings).await.expect("the chime rings");
    home.presses().await;
    home.reads_the_rules().await;
    home.presses().await;
    staff.until(|message| matches!(message, ToClient::Offer { .. })).await;
    let speaker = home.house.speaker.clone();
    eventually("the session has the speaker", || speaker.is_open() && speaker.openings() == 2).await;
    home.reads("session-lobby", None, HoldDoes::Leave).await;
    assert_eq!(home.sees("session-lobby").await.aside, None);
    home.moves_out().await;
}

async fn aside(home: &mut Home, face: &str, aside: Aside) {
    let what = format!("{aside:?} on {face}");
    home.sees_that(&what, |screen| screen.face.name() == face && screen.aside == Some(aside)).await;
}
