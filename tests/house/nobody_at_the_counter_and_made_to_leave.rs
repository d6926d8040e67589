//! The counter is absent, comes, and makes the family leave: the lobby says who is there, and nobody rejoins.

use crate::desk::Desk;
use crate::home::{Home, count, eventually};
use madoguchi::model::screen::{HoldDoes, PressDoes};
use madoguchi::model::wire::{Role, ToClient, ToServer};

pub async fn the_lobby_waits_for_the_counter_and_who_was_made_to_leave_stays_out() {
    let desk = Desk::open().await;
    let mut home = Home::near(&desk).await;
    home.is_asked_for_the_paper().await;
    home.shows("paper").await;
    home.reads("ready-mirror", PressDoes::Next, HoldDoes::Language).await;
    home.puts_paper_away().await;
    home.presses().await;
    home.reads_the_rules().await;
    home.presses().await;
    home.reads("session-lobby-staff-absent", None, HoldDoes::Leave).await;
    let lines = home.trace_to("(session-lobby-staff-absent)").await;
    assert_eq!(count(&lines, "BuildMedia"), 0, "media for nobody: {lines:#?}");

    let (mut staff, _) = desk.staff().await;
    home.reads("session-lobby", None, HoldDoes::Leave).await;
    let guest = match staff.until(|message| matches!(message, ToClient::Peer { role: Role::Guest, .. })).await {
        ToClient::Peer { peer, .. } => peer,
        _ => unreachable!(),
    };
    staff.say(&ToServer::LetLeave { peer: guest }).await;
    home.reads("session-ended-let-leave", PressDoes::Understood, None).await;
    let control = home.house.control();
    eventually("camera and microphone are closed", || control.camera_open() == 0 && control.microphone_open() == 0)
        .await;

    // The paper before the camera does not bring them back: only a press begins again, and the room says no.
    home.trace_to("(session-ended-let-leave)").await;
    home.shows("paper").await;
    home.presses().await;
    home.reads("wipe-forgotten", PressDoes::Again, None).await;
    home.presses().await;
    home.reads("ready-refused-let-leave", PressDoes::ShowCode, HoldDoes::StartAgain).await;
    let lines = home.trace_to("(ready-refused-let-leave)").await;
    assert_eq!((count(&lines, "OpenLink"), count(&lines, "BuildMedia")), (1, 0), "{lines:#?}");
    let scanned = lines.iter().position(|line| line.contains("Scan(room key)"));
    assert_eq!(
        scanned,
        lines.iter().position(|line| line.contains("OpenLink")),
        "rejoined without a paper: {lines:#?}"
    );
    home.puts_paper_away().await;
    home.presses().await;
    home.goes_on_well().await;
    home.moves_out().await;
}
