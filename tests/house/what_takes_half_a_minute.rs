//! What the appliance waits half a minute for before it says so.

use crate::desk::Desk;
use crate::home::{Home, count, eventually};
use madoguchi::model::ids::{Epoch, PeerId};
use madoguchi::model::screen::{HoldDoes, PressDoes};
use madoguchi::model::wire::{Candidate, Role, ToClient, ToServer};
use madoguchi::workbench::Command;

/// No server is asked before the clock is known: its certificate could not be judged.
pub async fn the_clock_is_unknown() {
    let mut home = Home::with(&[], |desk| desk.clock_known = false).await;
    home.reads("network-trouble-clock-unknown", PressDoes::Again, HoldDoes::StartAgain).await;
    home.does(Command::Clock { known: true }).await;
    let lines = home.trace_to("(qr-show-paper-looking)").await;
    assert_eq!(count(&lines, "OpenLink"), 0, "{lines:#?}");
    home.goes_on_well().await;
    home.moves_out().await;
}

/// Staff let the family in, but what they answer leads nowhere, and then nothing is answered at all.
pub async fn the_path_is_never_made() {
    let desk = Desk::open().await;
    let mut home = Home::near(&desk).await;
    home.is_asked_for_the_paper().await;
    home.shows("paper").await;
    home.reads("ready-mirror", PressDoes::Next, HoldDoes::Language).await;
    home.puts_paper_away().await;
    home.presses().await;
    home.reads_the_rules().await;
    home.presses().await;
    home.sees("session-lobby-staff-absent").await;

    let (mut staff, _) = desk.staff().await;
    let (guest, epoch) = offered(&mut staff).await;
    assert_eq!(epoch, Epoch(1));
    staff.say(&ToServer::Admit { peer: guest.clone() }).await;
    home.reads("session-entering", None, HoldDoes::Leave).await;
    let nonsense = Candidate { candidate: "candidate:this is none".to_owned(), mline: 7 };
    staff.say(&ToServer::Candidate { to: guest.clone(), epoch, candidate: nonsense }).await;
    staff.say(&ToServer::Answer { to: guest.clone(), epoch, sdp: "v=0 and no more".to_owned() }).await;
    // Rebuild has reached the server when it gives the connection a new epoch.
    let (_, epoch) = offered(&mut staff).await;
    assert_eq!(epoch, Epoch(2), "after an answer that cannot be used");
    home.reads("session-entering", None, HoldDoes::Leave).await;
    let (_, epoch) = offered(&mut staff).await;
    assert_eq!(epoch, Epoch(3), "after no answer at all");
    home.reads("session-entering", None, HoldDoes::Leave).await;
    home.holds().await;
    home.reads("session-ended-left", PressDoes::ComeBack, None).await;
    staff.until(|message| matches!(message, ToClient::PeerGone { may_return: false, .. })).await;
    let control = home.house.control();
    eventually("camera and microphone are closed", || control.camera_open() == 0 && control.microphone_open() == 0)
        .await;
    home.presses().await;
    home.goes_on_well().await;
    let lines = home.moves_out().await;
    assert!(count(&lines, "Rebuild") >= 2, "{lines:#?}");
    assert_eq!(count(&lines, "BuildMedia"), 3, "{lines:#?}");
}

/// Waits for the guest's next offer; says who made it for which connection.
async fn offered(staff: &mut crate::desk::Peer) -> (PeerId, Epoch) {
    let mut introduced = None;
    loop {
        match staff.next().await {
            Some(ToClient::Peer { peer, role: Role::Guest, epoch, .. }) => introduced = Some((peer, epoch)),
            Some(ToClient::Offer { from, epoch, sdp }) => {
                assert!(sdp.contains("m=video") && sdp.contains("m=audio"), "an offer without media");
                if let Some((peer, announced)) = introduced {
                    assert!(peer == from && announced == epoch, "an offer for another connection");
                }
                return (from, epoch);
            }
            Some(_) => {}
            None => panic!("the line to the room ended"),
        }
    }
}
