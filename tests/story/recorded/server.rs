//! Today's server, as far as the wire goes: a registry with one appointment, in the appliance's time.

use crate::props;
use crate::room::OtherEnd;
use madoguchi::meeting::appointment::{Appointment, Counter, Standing};
use madoguchi::meeting::invitation::Invitation;
use madoguchi::meeting::key::KeyHash;
use madoguchi::meeting::rights::{Clerk, Rights};
use madoguchi::meeting::turn::Turn;
use madoguchi::meeting::{ConnectionId, Fault, In, Now, Out, Registry, Settings};
use madoguchi::model::language::Language;
use madoguchi::model::secret::Secret;
use madoguchi::model::turn::LinkNews;
use madoguchi::model::uptime::Uptime;
use madoguchi::model::wire::{Heard, ToServer, Words, read};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// The key on the paper.
pub(super) const KEY: &str = "0123456789ABCDEFGHJKMNPQRS";
/// The appointment's number.
pub(super) const APPOINTMENT: &str = "A1";
/// The server runs since before the appliance was switched on.
const HEAD_START: Duration = Duration::from_secs(1_000_000);

pub(super) struct Server {
    registry: Registry,
    pub(super) now: Uptime,
    connections: BTreeMap<String, ConnectionId>,
    opened: u64,
    /// What was said to whom and not taken yet.
    pub(super) said: BTreeMap<String, VecDeque<String>>,
    /// The recording.
    pub(super) log: Vec<Value>,
}

impl Default for Server {
    fn default() -> Self {
        let turn = vec!["turn:turn.midori.example".to_owned()];
        let turn = Turn { turn, secret: Some(Secret::new("north")), ..Turn::default() };
        let oldest_firmware = Some("0.0.9".to_owned());
        let settings = Settings { time_zone: "Asia/Tokyo".to_owned(), turn: Arc::new(turn), oldest_firmware };
        let mut server = Self {
            registry: Registry::new(settings),
            now: Uptime::ZERO,
            connections: BTreeMap::new(),
            opened: 0,
            said: BTreeMap::new(),
            log: Vec::new(),
        };
        let name = Words::ja_en("子育て相談窓口", "Childcare consultation");
        let counter = Counter { id: "kosodate".to_owned(), name, telephone: "0422-00-1234".to_owned() };
        server.turn(In::Appointment(Appointment {
            id: APPOINTMENT.to_owned(),
            counter,
            slot: props::slot(),
            languages: vec![Language::Japanese],
            sites: 2,
            remark: String::new(),
            invitations: vec![Invitation::family(KeyHash::of(KEY), None)],
            standing: Standing::Good,
        }));
        server
    }
}

impl Server {
    fn turn(&mut self, input: In) {
        let now = Now { wall: props::server_clock(self.now), steady: self.now + HEAD_START };
        for out in self.registry.handle(now, input) {
            let Out::Send { connection, message } = out else { continue };
            let Some(whom) = self.whom(connection) else { continue };
            let message = serde_json::to_value(message).unwrap();
            self.note(json!({ "end": whom, "hears": message }));
            self.said.entry(whom).or_default().push_back(message.to_string());
        }
    }

    fn whom(&self, connection: ConnectionId) -> Option<String> {
        self.connections.iter().find(|(_, of)| **of == connection).map(|(whom, _)| whom.clone())
    }

    pub(super) fn note(&mut self, mut line: Value) {
        line["at"] = u64::try_from(self.now.since_power_on().as_millis()).unwrap().into();
        self.log.push(line);
    }

    pub(super) fn wake(&mut self) {
        self.turn(In::Wake);
    }

    pub(super) fn opens(&mut self, whom: &str) {
        self.opened += 1;
        let connection = ConnectionId(self.opened);
        self.note(json!({ "end": whom, "opens": "a line" }));
        self.connections.insert(whom.to_owned(), connection);
        let staff = matches!(whom, "clerk" | "colleague").then(|| Clerk {
            name: whom.to_owned(),
            rights: Rights::all(),
            session: KeyHash::of(whom),
            until: props::server_clock(self.now + Duration::from_secs(40_000)),
        });
        let token = Secret::new(format!("token-{}", self.opened));
        self.turn(In::Connect { connection, from: IpAddr::from([192, 0, 2, 1]), staff, token });
    }

    /// Also when the server has closed it meanwhile.
    pub(super) fn loses(&mut self, whom: &str) {
        if let Some(connection) = self.connections.remove(whom) {
            self.turn(In::Gone { connection });
        }
    }

    pub(super) fn hears(&mut self, whom: &str, text: &str) {
        let connection = self.connections[whom];
        let input = match read(text) {
            Heard::Message(message) => In::Message { connection, message },
            Heard::Unknown => In::Noise { connection },
            Heard::Malformed { .. } => In::Fault { connection, fault: Fault::Malformed },
        };
        self.turn(input);
    }

    pub(super) fn city(&mut self, does: &str) {
        let appointment = APPOINTMENT.to_owned();
        match does {
            "moves" => {
                let slot = props::slot_of("2026-11-21T01:00:00Z", 45);
                self.turn(In::Move { appointment, slot, by: "clerk".to_owned() });
            }
            "withdraws" => self.turn(In::Revoke { appointment, by: None }),
            "ends the server" => self.turn(In::Closing),
            other => panic!("no city does {other}"),
        }
    }
}

/// The appliance's line.
impl OtherEnd for Server {
    fn opened(&mut self, now: Uptime) {
        self.now = now;
        self.opens("box");
    }

    fn lost(&mut self, now: Uptime) {
        self.now = now;
        self.note(json!({ "end": "box", "loses": "closed" }));
        self.loses("box");
    }

    fn hears(&mut self, now: Uptime, message: &ToServer) {
        self.now = now;
        let message = serde_json::to_value(message).unwrap();
        self.note(json!({ "end": "box", "says": message }));
        Self::hears(self, "box", &message.to_string());
    }

    fn says(&mut self) -> Vec<LinkNews> {
        let said = std::mem::take(self.said.entry("box".to_owned()).or_default());
        said.iter().map(|text| LinkNews::Heard(serde_json::from_str(text).unwrap())).collect()
    }
}
