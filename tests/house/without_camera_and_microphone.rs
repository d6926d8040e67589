//! Camera and microphone come off: said beside the sentence wherever they are needed, and the call can still be made.

use crate::desk::Desk;
use crate::home::Home;
use madoguchi::model::screen::{Aside, HoldDoes, PressDoes};
use madoguchi::model::wire::ToClient;
use madoguchi::workbench::Command;

pub async fn without_camera_and_microphone_the_screens_say_so_and_the_call_is_still_offered() {
    let desk = Desk::open().await;
    let mut home = Home::near(&desk).await;
    home.is_asked_for_the_paper().await;
    home.does(Command::Camera { plugged: false }).await;
    home.reads("qr-show-paper-no-camera", PressDoes::TryOut, HoldDoes::StartAgain).await;
    home.presses().await;
    aside(&mut home, "ready-try-out", Aside::NoCamera).await;
    home.does(Command::Microphone { plugged: false }).await;
    aside(&mut home, "ready-try-out", Aside::NoCameraNorMicrophone).await;
    home.does(Command::Camera { plugged: true }).await;
    aside(&mut home, "ready-try-out", Aside::NoMicrophone).await;
    home.holds().await;
    home.is_asked_for_the_paper().await;
    home.shows("paper").await;
    home.reads("ready-mirror", PressDoes::Next, HoldDoes::StartAgain).await;
    home.does(Command::Camera { plugged: false }).await;
    aside(&mut home, "ready-mirror", Aside::NoCameraNorMicrophone).await;
    home.presses().await;
    home.reads("ready-rules", PressDoes::AgreeAndJoin, HoldDoes::Back).await;
    home.presses().await;
    home.reads("session-lobby-staff-absent", None, HoldDoes::Leave).await;
    let (mut staff, _) = desk.staff().await;
    staff.until(|message| matches!(message, ToClient::Offer { .. })).await;
    home.reads("session-lobby", None, HoldDoes::Leave).await;
    aside(&mut home, "session-lobby", Aside::NoCameraNorMicrophone).await;
    home.does(Command::Camera { plugged: true }).await;
    home.does(Command::Microphone { plugged: true }).await;
    home.sees_that("nothing is missing any more", |screen| screen.aside.is_none()).await;
    home.reads("session-lobby", None, HoldDoes::Leave).await;
    home.moves_out().await;
}

async fn aside(home: &mut Home, face: &str, aside: Aside) {
    let what = format!("{aside:?} on {face}");
    home.sees_that(&what, |screen| screen.face.name() == face && screen.aside == Some(aside)).await;
}
