//! The straight way: hello, consent, lobby, let in, offer and answer, end.

use crate::desk::Desk;
use madoguchi::model::ids::Epoch;
use madoguchi::model::wire::{ByeReason, Candidate, Notice, ToClient, ToServer};

#[tokio::test]
async fn a_family_is_let_in_talks_and_the_consultation_ends() {
    let desk = Desk::open().await;
    let (mut guest, welcome) = desk.waiting_guest().await;
    assert_eq!(welcome.telephone, madoguchi::room::demo::TELEPHONE);
    assert!(!welcome.admitted);
    let (mut staff, staff_welcome) = desk.staff().await;
    guest.until(|message| matches!(message, ToClient::Notice { notice: Notice::StaffPresent })).await;
    let seen = staff.until(|message| matches!(message, ToClient::Peer { .. })).await;
    let ToClient::Peer { peer, epoch, admitted, .. } = seen else { unreachable!() };
    assert_eq!((&peer, epoch, admitted), (&welcome.you, Epoch(1), false));
    guest
        .until(|message| matches!(message, ToClient::Peer { peer, epoch: Epoch(1), .. } if *peer == staff_welcome.you))
        .await;

    let to = staff_welcome.you.clone();
    guest.say(&ToServer::Offer { to: to.clone(), epoch, sdp: "v=0 offer".into() }).await;
    staff.until(|message| matches!(message, ToClient::Offer { sdp, .. } if sdp == "v=0 offer")).await;
    staff.say(&ToServer::Answer { to: peer.clone(), epoch, sdp: "v=0 answer".into() }).await;
    guest.until(|message| matches!(message, ToClient::Answer { sdp, .. } if sdp == "v=0 answer")).await;
    let candidate = Candidate { candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host".into(), mline: 0 };
    guest.say(&ToServer::Candidate { to, epoch, candidate: candidate.clone() }).await;
    staff.until(|message| matches!(message, ToClient::Candidate { candidate: same, .. } if *same == candidate)).await;

    staff.say(&ToServer::Admit { peer: peer.clone() }).await;
    guest.until(|message| matches!(message, ToClient::Admitted)).await;
    staff.until(|message| matches!(message, ToClient::Peer { admitted: true, epoch: Epoch(1), .. })).await;
    staff.say(&ToServer::End).await;
    for participant in [&mut guest, &mut staff] {
        let last = participant.rest().await;
        assert!(matches!(last.last(), Some(ToClient::Bye { reason: ByeReason::Ended })));
    }
    desk.running.unwrap().stop().await;
}
