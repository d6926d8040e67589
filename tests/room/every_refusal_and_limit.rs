//! Bad input over real sockets: a plain answer each, and the server goes on.

use crate::desk::{Desk, Peer, hello, key};
use futures_util::SinkExt;
use jiff::SignedDuration;
use madoguchi::model::ids::{Epoch, PeerId};
use madoguchi::model::secret::Secret;
use madoguchi::model::wire::{
    ByeReason, MAX_MESSAGE_BYTES, Notice, Proof, RULES_VERSION, Refusal, ToClient, ToServer, VERSION,
};
use madoguchi::room::{Config, serve};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

async fn refusal(desk: &Desk, hello: &ToServer) -> Refusal {
    let mut peer = desk.connect().await;
    peer.say(hello).await;
    let heard = peer.rest().await;
    match heard.as_slice() {
        [ToClient::Refused(refusal)] => refusal.clone(),
        _ => panic!("heard {}", serde_json::to_string(&heard).unwrap()),
    }
}

fn with_key(desk: &Desk) -> ToServer {
    hello(Proof::Key { key: desk.demo.key.clone() })
}

#[tokio::test]
async fn unknown_and_malformed_keys_old_versions_and_tokens() {
    let desk = Desk::open().await;
    assert_eq!(refusal(&desk, &key("ZZZZZZZZZZZZZZZZZZZZZZZZZZ")).await, Refusal::UnknownKey);
    assert_eq!(refusal(&desk, &key("これは鍵ではありません")).await, Refusal::UnknownKey);
    let token = hello(Proof::Resume { token: Secret::new("no such token") });
    assert_eq!(refusal(&desk, &token).await, Refusal::ResumeExpired);
    let staff = hello(Proof::Staff { appointment: desk.demo.appointment.clone(), take_over: false });
    assert_eq!(refusal(&desk, &staff).await, Refusal::NotStaff);
    let mut newer = with_key(&desk);
    if let ToServer::Hello { version, .. } = &mut newer {
        *version = VERSION + 1;
    }
    assert_eq!(refusal(&desk, &newer).await, Refusal::version());
}

#[tokio::test]
async fn a_flood_of_wrong_keys_is_told_to_wait_and_locks_no_right_key_of_the_same_address_out() {
    let desk = Desk::open().await;
    let mut slowed = 0;
    for number in 0..40 {
        match refusal(&desk, &key(&format!("{number:026}"))).await {
            Refusal::UnknownKey => assert_eq!(slowed, 0, "ten wrong ones, then a wait"),
            Refusal::TooManyTries { wait_seconds } => {
                assert!((1..=60).contains(&wait_seconds));
                slowed += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(slowed, 30);
    let (mut guest, _) = desk.waiting_guest().await;
    let (_staff, _) = desk.staff().await;
    guest.until(|message| matches!(message, ToClient::Peer { .. })).await;
}

#[tokio::test]
async fn idle_connections_of_the_same_address_do_not_keep_a_right_key_outside() {
    let desk = Desk::open().await;
    let (mut guest, _) = desk.waiting_guest().await;
    let mut idle = Vec::new();
    for _ in 0..130 {
        idle.push(desk.connect().await);
    }
    let (_staff, _) = desk.staff().await;
    guest.until(|message| matches!(message, ToClient::Peer { .. })).await;
    // The oldest made room.
    assert!(idle[0].next().await.is_none());
}

#[tokio::test]
async fn a_flood_of_unknown_messages_or_of_pings_ends_the_connection() {
    let desk = Desk::open().await;
    for noise in [Message::Text(r#"{"kind":"from-the-future"}"#.into()), Message::Ping(Vec::new().into())] {
        let (mut guest, _) = desk.waiting_guest().await;
        let unknown = Message::Text(r#"{"kind":"from-the-future"}"#.into());
        guest.0.send(unknown).await.unwrap();
        for _ in 0..2000 {
            if guest.0.send(noise.clone()).await.is_err() {
                break;
            }
        }
        // The server's words may be lost: what was sent and nobody reads resets the connection.
        guest.rest().await;
        desk.advance(SignedDuration::from_secs(80));
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_ends_no_seat() {
    let desk = Desk::open().await;
    let (mut guest, welcome) = desk.waiting_guest().await;
    let (mut staff, _) = desk.staff().await;
    staff.say(&ToServer::Admit { peer: welcome.you }).await;
    for number in 0..150 {
        guest.say(&ToServer::Mute { microphone: number % 2 == 0, camera: false, speaker: false }).await;
    }
    guest.say(&ToServer::Beat).await;
    guest.until(|message| matches!(message, ToClient::Beat { .. })).await;
    desk.set_clock(SignedDuration::from_secs(-20));
    desk.advance(SignedDuration::from_secs(5));
    for _ in 0..100 {
        guest.say(&ToServer::Beat).await;
    }
    for _ in 0..100 {
        guest
            .until(|message| match message {
                ToClient::Error { code, .. } => panic!("{code}"),
                other => matches!(other, ToClient::Beat { .. }),
            })
            .await;
    }
}

#[tokio::test]
async fn an_appointment_of_four_sites_that_an_earlier_version_made_takes_one_guest() {
    let desk = Desk::open().await;
    let database = rusqlite::Connection::open(&desk.demo.database).unwrap();
    assert_eq!(database.execute("UPDATE appointment SET sites = 4", []).unwrap(), 1);
    let other = serve(Config::on_loopback(&desk.demo.database)).await.unwrap();
    let mut guests = Vec::new();
    for _ in 0..2 {
        let mut guest = Peer::connect(&other, None).await.unwrap();
        guest.say(&with_key(&desk)).await;
        guests.push(guest);
    }
    guests[0].welcome().await;
    assert!(matches!(guests[1].rest().await.as_slice(), [ToClient::Refused(Refusal::RoomFull)]));
}

#[tokio::test]
async fn a_second_guest_finds_the_room_full() {
    let desk = Desk::open().await;
    let (_guest, _) = desk.guest().await;
    assert_eq!(refusal(&desk, &with_key(&desk)).await, Refusal::RoomFull);
}

#[tokio::test]
async fn whoever_was_made_to_leave_stays_outside() {
    let desk = Desk::open().await;
    let (mut guest, welcome) = desk.waiting_guest().await;
    let (mut staff, _) = desk.staff().await;
    staff.say(&ToServer::LetLeave { peer: welcome.you }).await;
    let last = guest.rest().await;
    assert!(matches!(last.last(), Some(ToClient::Bye { reason: ByeReason::LetLeave })));
    assert_eq!(refusal(&desk, &with_key(&desk)).await, Refusal::LetLeave);
}

#[tokio::test]
async fn an_early_a_late_and_a_withdrawn_appointment() {
    let desk = Desk::open().await;
    desk.leave(SignedDuration::from_mins(90));
    let (mut guest, welcome) = desk.guest().await;
    assert!(welcome.server_time < welcome.slot.opens, "the guest learns when to come back");
    guest.say(&ToServer::Consent { rules: RULES_VERSION.to_owned() }).await;
    guest.until(|message| matches!(message, ToClient::Error { code, .. } if code == "not-now")).await;
    drop(guest);
    desk.leave(SignedDuration::from_mins(30));
    let cookie = desk.cookie().await;
    let path = format!("/api/appointments/{}/revoke", desk.demo.appointment);
    let from = desk.running().public.clone();
    let answer = desk.request("POST", &path, &[("cookie", &cookie), ("origin", &from)], "").await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert_eq!(refusal(&desk, &with_key(&desk)).await, Refusal::Revoked);

    let desk = Desk::open().await;
    desk.leave(SignedDuration::from_secs(-1));
    assert_eq!(refusal(&desk, &with_key(&desk)).await, Refusal::Over);
}

#[tokio::test]
async fn the_slot_ends_with_its_warnings() {
    let desk = Desk::open().await;
    let (mut guest, _) = desk.waiting_guest().await;
    for (left, notice) in [(299, Notice::FiveMinutes), (59, Notice::OneMinute)] {
        desk.leave(SignedDuration::from_secs(left));
        guest.until(|message| matches!(message, ToClient::Notice { notice: heard } if *heard == notice)).await;
    }
    desk.leave(SignedDuration::from_secs(0));
    let last = guest.rest().await;
    assert!(matches!(last.last(), Some(ToClient::Bye { reason: ByeReason::SlotOver })));
}

#[tokio::test]
async fn a_guest_learns_that_nobody_is_at_the_counter() {
    let desk = Desk::open().await;
    let (mut guest, _) = desk.guest().await;
    guest.say(&ToServer::Consent { rules: RULES_VERSION.to_owned() }).await;
    guest.until(|message| matches!(message, ToClient::Lobby { staff_present: false })).await;
    let (mut staff, _) = desk.staff().await;
    guest.until(|message| matches!(message, ToClient::Notice { notice: Notice::StaffPresent })).await;
    staff.say(&ToServer::Bye { reason: ByeReason::Left }).await;
    guest.until(|message| matches!(message, ToClient::Notice { notice: Notice::StaffAbsent })).await;
}

#[tokio::test]
async fn malformed_oversized_misplaced_and_unknown_messages() {
    let desk = Desk::open().await;
    let (mut guest, _) = desk.waiting_guest().await;
    guest.say_text(r#"{"kind":"from-the-future","x":1}"#.to_owned()).await;
    guest.say_text("{".to_owned()).await;
    guest.until(|message| matches!(message, ToClient::Error { code, .. } if code == "malformed")).await;
    guest.0.send(Message::Binary(vec![0, 1, 2].into())).await.unwrap();
    guest.until(|message| matches!(message, ToClient::Error { code, .. } if code == "malformed")).await;
    let sdp = "x".repeat(MAX_MESSAGE_BYTES);
    guest.say(&ToServer::Offer { to: PeerId("staff-9".into()), epoch: Epoch(1), sdp }).await;
    guest.until(|message| matches!(message, ToClient::Error { code, .. } if code == "too-large")).await;
    guest.say(&ToServer::Consent { rules: RULES_VERSION.to_owned() }).await;
    guest.until(|message| matches!(message, ToClient::Error { code, .. } if code == "not-now")).await;
    guest.say(&ToServer::End).await;
    guest.until(|message| matches!(message, ToClient::Error { code, .. } if code == "not-allowed")).await;
    let to = PeerId("staff-9".into());
    guest.say(&ToServer::Offer { to, epoch: Epoch(1), sdp: String::new() }).await;
    guest.until(|message| matches!(message, ToClient::Error { code, .. } if code == "no-such-peer")).await;
    for _ in 0..20 {
        guest.say_text("not json".to_owned()).await;
    }
    let last = guest.rest().await;
    assert!(matches!(last.last(), Some(ToClient::Bye { reason: ByeReason::Misbehaved })));
    // A message that nobody would read to its end closes the connection at once, and hurts nobody else.
    let mut flooder = desk.connect().await;
    flooder.say_text("x".repeat(5 * MAX_MESSAGE_BYTES)).await;
    assert!(flooder.rest().await.is_empty());
    let mut other = desk.connect().await;
    other.say(&key("wrong")).await;
    assert_eq!(other.rest().await.len(), 1);
}

#[tokio::test]
async fn too_many_messages_are_not_passed_on() {
    let desk = Desk::open().await;
    let (mut guest, _) = desk.waiting_guest().await;
    for _ in 0..600 {
        guest.say(&ToServer::Mute { microphone: true, camera: true, speaker: false }).await;
    }
    guest.until(|message| matches!(message, ToClient::Error { code, .. } if code == "too-many")).await;
}

#[tokio::test]
async fn pages_of_other_sites_may_not_connect_nor_change_anything() {
    let desk = Desk::open().await;
    let address = desk.running().address;
    let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
    request.headers_mut().insert("origin", "https://elsewhere.example".parse().unwrap());
    let error = tokio_tungstenite::connect_async(request).await.err().unwrap().to_string();
    assert!(error.contains("403"), "{error}");
    let cookie = desk.cookie().await;
    for origin in [None, Some("https://elsewhere.example"), Some("null")] {
        let mut headers = vec![("cookie", cookie.as_str()), ("content-type", "application/json")];
        headers.extend(origin.map(|origin| ("origin", origin)));
        let path = format!("/api/appointments/{}/revoke", desk.demo.appointment);
        let answer = desk.request("POST", &path, &headers, "").await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{origin:?}: {answer}");
    }
    // An appliance sends no origin; a cookie without one is not looked at.
    let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    let mut peer = Peer(tokio_tungstenite::connect_async(request).await.unwrap().0);
    peer.say(&hello(Proof::Staff { appointment: desk.demo.appointment.clone(), take_over: false })).await;
    assert!(matches!(peer.rest().await.as_slice(), [ToClient::Refused(Refusal::NotStaff)]));
}
