//! A server that speaks nonsense: malformed, oversized, out of order, far too much. The appliance goes on.

use crate::home::{Home, PATIENCE, count};
use futures_util::{SinkExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use madoguchi::model::ids::{Epoch, PeerId};
use madoguchi::model::screen::{HoldDoes, PressDoes};
use madoguchi::model::secret::Secret;
use madoguchi::model::wire::{
    Abilities, ByeReason, Candidate, MAX_MESSAGE_BYTES, Notice, Proof, RULES_VERSION, Role, Slot, ToClient, ToServer,
    VERSION, Welcome,
};
use madoguchi::room::demo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

const KEY: &str = "0123456789ABCDEFGHJKMNPQRS";

struct Line(WebSocketStream<TcpStream>);

impl Line {
    async fn say(&mut self, message: &ToClient) {
        self.text(serde_json::to_string(message).unwrap()).await;
    }

    async fn text(&mut self, text: impl Into<String>) {
        // The appliance may have hung up on what was said before.
        let _ = self.0.send(Message::text(text.into())).await;
    }

    /// More than a message may have.
    async fn too_much(&mut self) {
        self.text(format!(r#"{{"kind":"admitted"}}{}"#, " ".repeat(MAX_MESSAGE_BYTES))).await;
    }

    async fn hears(&mut self) -> Option<ToServer> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("the appliance says something") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(text.as_str()).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn hears_that(&mut self, what: &str, is_it: impl Fn(&ToServer) -> bool) {
        loop {
            let message = self.hears().await.unwrap_or_else(|| panic!("hung up before {what}"));
            if is_it(&message) {
                return;
            }
        }
    }
}

/// The next line, and what its hello proves.
async fn answers(listener: &TcpListener) -> (Line, Proof) {
    let (tcp, _) = timeout(PATIENCE, listener.accept()).await.expect("the appliance calls").unwrap();
    let mut line = Line(accept_async(tcp).await.unwrap());
    match line.hears().await {
        Some(ToServer::Hello { proof, .. }) => (line, proof),
        _ => panic!("no hello"),
    }
}

fn welcome(token: &str) -> ToClient {
    let now = Timestamp::now();
    let slot = Slot {
        opens: now - SignedDuration::from_mins(11),
        starts: now - SignedDuration::from_mins(1),
        ends: now + SignedDuration::from_mins(59),
    };
    ToClient::Welcome(Welcome {
        version: VERSION,
        abilities: Abilities::default(),
        you: PeerId("guest-1".to_owned()),
        server_time: now,
        slot,
        time_zone: "Mars/Olympus_Mons".to_owned(),
        counter: demo::counter().name,
        telephone: demo::TELEPHONE.to_owned(),
        rules: RULES_VERSION.to_owned(),
        ice_servers: Vec::new(),
        relay_only: false,
        resume: Secret::new(token),
        admitted: false,
        outdated: false,
    })
}

fn staff() -> PeerId {
    PeerId("staff-1".to_owned())
}

fn peer(role: Role, epoch: u32) -> ToClient {
    ToClient::Peer {
        peer: staff(),
        role,
        name: "窓口".to_owned(),
        epoch: Epoch(epoch),
        language: None,
        admitted: true,
        firmware: None,
        outdated: false,
    }
}

fn answer(epoch: u32) -> ToClient {
    ToClient::Answer { from: staff(), epoch: Epoch(epoch), sdp: "\u{0}こんにちは".to_owned() }
}

fn candidate(epoch: u32) -> ToClient {
    let candidate = Candidate { candidate: "x".repeat(1000), mline: u32::MAX };
    ToClient::Candidate { from: staff(), epoch: Epoch(epoch), candidate }
}

/// What is no message, and messages that belong elsewhere in the story.
async fn talks_nonsense(line: &mut Line) {
    for text in ["", "{", "null", "[]", "\u{0}", r#"{"kind":7}"#, r#"{"kind":"welcome"}"#, r#"{"kind":"fireworks"}"#] {
        line.text(text).await;
    }
    let _ = line.0.send(Message::Binary(vec![0xff; 5000].into())).await;
    for message in [
        ToClient::Admitted,
        peer(Role::Guest, 1),
        answer(1),
        answer(u32::MAX),
        candidate(0),
        ToClient::PeerGone { peer: staff(), may_return: false },
        ToClient::Notice { notice: Notice::Unhold },
        ToClient::Error { code: "no such code".to_owned(), text: "?".repeat(10_000) },
    ] {
        line.say(&message).await;
    }
}

pub async fn a_room_that_talks_nonsense_loses_nothing_of_the_family() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let mut home = Home::with(std::slice::from_ref(&host), |_| {}).await;
    home.has_paper("paper", &format!("http://{host}/j?l=ja#{KEY}"));
    home.is_asked_for_the_paper().await;
    home.shows("paper").await;

    // Instead of a welcome: more than fits. The line is dropped, and the key asked about again.
    let (mut line, proof) = answers(&listener).await;
    assert!(proof == Proof::Key { key: Secret::new(KEY) });
    line.too_much().await;
    let (mut line, proof) = answers(&listener).await;
    assert!(proof == Proof::Key { key: Secret::new(KEY) });
    // Before the welcome, out of order.
    talks_nonsense(&mut line).await;
    line.say(&ToClient::Lobby { staff_present: true }).await;
    line.say(&peer(Role::Staff, 1)).await;
    line.say(&welcome("first")).await;
    home.reads("ready-mirror", PressDoes::Next, HoldDoes::Language).await;
    home.puts_paper_away().await;
    // At the self-view, out of order and far too much.
    line.say(&welcome("second")).await;
    for _ in 0..100 {
        talks_nonsense(&mut line).await;
    }
    line.say(&peer(Role::Staff, 2)).await;
    home.presses().await;
    home.reads_the_rules().await;
    home.presses().await;
    line.hears_that("the consent", |message| matches!(message, ToServer::Consent { .. })).await;
    let lines = home.trace_to("Consent").await;
    assert_eq!(count(&lines, "BuildMedia"), 0, "media before consent: {lines:#?}");

    line.say(&ToClient::Lobby { staff_present: false }).await;
    home.reads("session-lobby-staff-absent", None, HoldDoes::Leave).await;
    // In the lobby: nonsense, then an answer that is none to a real offer.
    for garbled in 0..300 {
        line.say(&answer(9)).await;
        line.say(&candidate(9)).await;
        line.text(format!(r#"{{"kind":"lobby","staff_present":{garbled}}}"#)).await;
    }
    line.say(&peer(Role::Staff, 3)).await;
    line.hears_that("the offer", |message| matches!(message, ToServer::Offer { epoch: Epoch(3), .. })).await;
    home.reads("session-lobby", None, HoldDoes::Leave).await;
    line.say(&candidate(3)).await;
    line.say(&answer(3)).await;
    line.say(&answer(3)).await;
    line.hears_that("the rebuild", |message| matches!(message, ToServer::Rebuild { epoch: Epoch(3) })).await;

    // More than fits ends the line, not the session: the seat is asked for again.
    line.too_much().await;
    let (mut line, proof) = answers(&listener).await;
    assert!(proof == Proof::Resume { token: Secret::new("first") }, "the seat of the first welcome");
    home.reads("session-coming-back", None, HoldDoes::Leave).await;
    line.say(&welcome("third")).await;
    line.say(&ToClient::Lobby { staff_present: true }).await;
    home.reads("session-lobby", None, HoldDoes::Leave).await;
    line.say(&ToClient::Bye { reason: ByeReason::Ended }).await;
    home.reads("session-ended-ended", PressDoes::Understood, None).await;
    home.presses().await;
    home.reads("wipe-forgotten", PressDoes::Again, None).await;
    home.presses().await;
    home.goes_on_well().await;
    let lines = home.moves_out().await;
    assert_eq!(count(&lines, "{picture"), 0, "nobody let the family in, so nothing flows: {lines:#?}");
}
