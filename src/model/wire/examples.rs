//! One message of every kind, as they are documented and read back in tests.

use super::*;
use crate::model::ids::{Epoch, PeerId};
use crate::model::language::Language;
use crate::model::quality::{EchoStats, LineStats, Takes};
use crate::model::secret::Secret;
use jiff::Timestamp;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

pub(crate) fn to_server() -> Vec<ToServer> {
    let staff = PeerId("staff-1".to_owned());
    let guest = PeerId("guest-2".to_owned());
    let hello = |proof| ToServer::hello(proof, Language::Japanese, ["appliance", "vp8"], Some("0.1.0".to_owned()));
    let candidate =
        Candidate { candidate: "candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host".to_owned(), mline: 0 };
    let stats = LineStats {
        round_trip_ms: Some(24),
        lost_permille: 3,
        pictures_per_second: 30,
        received_bps: 900_000,
        sent_bps: 800_000,
        echo: Some(EchoStats { loss_db: 33, delay_ms: 148 }),
        takes: Some(Takes { height: 360, rate: 25 }),
    };
    let (epoch, sdp) = (Epoch(1), "v=0\r\n…".to_owned());
    vec![
        hello(Proof::Key { key: Secret::new("0123456789ABCDEFGHJKMNPQRS") }),
        hello(Proof::Resume { token: Secret::new("ZYXWVTSRQPNMKJHGFEDCBA9876") }),
        hello(Proof::Staff { appointment: "7K3M9QWX".to_owned(), take_over: false }),
        hello(Proof::Staff { appointment: "7K3M9QWX".to_owned(), take_over: true }),
        ToServer::Consent { rules: RULES_VERSION.to_owned() },
        ToServer::Offer { to: staff.clone(), epoch, sdp: sdp.clone() },
        ToServer::Answer { to: guest.clone(), epoch, sdp },
        ToServer::Candidate { to: staff, epoch, candidate },
        ToServer::Rebuild { epoch },
        ToServer::Unverified { epoch },
        ToServer::Mute { microphone: true, camera: false, speaker: false },
        ToServer::Mute { microphone: false, camera: false, speaker: true },
        ToServer::Stats { stats },
        ToServer::Beat,
        ToServer::Bye { reason: ByeReason::Left },
        ToServer::Admit { peer: guest.clone() },
        ToServer::LetLeave { peer: guest },
        ToServer::Hold { on: true },
        ToServer::WillPhone,
        ToServer::End,
    ]
}

pub(crate) fn to_client() -> Vec<ToClient> {
    let guest = PeerId("guest-2".to_owned());
    let welcome = Welcome {
        version: Versions::OWN.newest,
        abilities: Abilities::of_server(),
        you: guest.clone(),
        server_time: at(0),
        slot: Slot { opens: at(-600), starts: at(0), ends: at(1800) },
        time_zone: "Asia/Tokyo".to_owned(),
        counter: Words::ja_en("子育て相談窓口", "Childcare consultation"),
        telephone: "0422-00-1234".to_owned(),
        rules: RULES_VERSION.to_owned(),
        ice_servers: Vec::new(),
        relay_only: false,
        resume: Secret::new("ZYXWVTSRQPNMKJHGFEDCBA9876"),
        admitted: false,
        outdated: true,
    };
    let mut examples = vec![
        ToClient::Welcome(welcome),
        ToClient::Beat { server_time: at(0) },
        ToClient::Servers {
            ice_servers: vec![IceServer {
                urls: vec!["turn:turn.city.example:3478".to_owned()],
                username: Some("1795002400:4F7K2M9Q-guest".to_owned()),
                credential: Some(Secret::new("c2VjcmV0IG9mIHRoZSBzZWF0IQ==")),
            }],
        },
        ToClient::Lobby { staff_present: true },
        ToClient::Admitted,
        ToClient::Peer {
            peer: PeerId("staff-1".to_owned()),
            role: Role::Staff,
            name: "子育て相談窓口".to_owned(),
            epoch: Epoch(1),
            language: None,
            admitted: true,
            firmware: None,
            outdated: false,
        },
        ToClient::Peer {
            peer: guest.clone(),
            role: Role::Guest,
            name: String::new(),
            epoch: Epoch(1),
            language: Some(Language::Japanese.into()),
            admitted: false,
            firmware: Some("0.1.0".to_owned()),
            outdated: true,
        },
        ToClient::People {
            people: vec![Participant {
                id: PeerId("staff-1".to_owned()),
                role: Role::Staff,
                name: "子育て相談窓口".to_owned(),
                present: true,
                admitted: true,
                tracks: vec![
                    Track { kind: TrackKind::Microphone, muted: false },
                    Track { kind: TrackKind::Camera, muted: true },
                ],
            }],
        },
        ToClient::PeerGone { peer: guest.clone(), may_return: true },
        ToClient::Muted { peer: guest.clone(), microphone: true, camera: false, speaker: false },
        ToClient::Muted { peer: guest.clone(), microphone: false, camera: false, speaker: true },
        ToClient::PeerUnverified { peer: guest, epoch: Epoch(1) },
        ToClient::Moved { slot: Slot { opens: at(-600), starts: at(0), ends: at(2700) }, ice_servers: Vec::new() },
        ToClient::Notice { notice: Notice::FiveMinutes },
        ToClient::TakenOver { by: "田中".to_owned() },
        ToClient::Error { code: "not-now".to_owned(), text: "The lobby is not open yet.".to_owned() },
        ToClient::Bye { reason: ByeReason::SlotOver },
    ];
    examples.extend(Refusal::examples().into_iter().map(ToClient::Refused));
    examples
}

#[test]
fn every_example_reads_back_the_same() {
    for message in to_server() {
        let text = serde_json::to_string(&message).unwrap();
        assert!(matches!(read::<ToServer>(&text), Heard::Message(read) if read == message), "{text}");
    }
    for message in to_client() {
        let text = serde_json::to_string(&message).unwrap();
        assert!(matches!(read::<ToClient>(&text), Heard::Message(read) if read == message), "{text}");
    }
}
