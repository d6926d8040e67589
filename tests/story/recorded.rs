//! What every released version said on the wire is still understood, at both ends: sessions that were recorded with a version
//! are played to today's server, which must answer as it did, and to today's appliance, which must go the same way.
//!
//! A recording is a file of JSON lines in `tests/recorded/VERSION`; `RECORD=VERSION .ci/cargo nextest run recording` writes those of a
//! new version. What comes `from-the-future` is written by hand: words that no version knows yet.

#![expect(clippy::disallowed_methods, reason = "a recording is a file, and written when somebody asks for it")]

mod server;
mod tape;

use crate::life::Life;
use crate::room::OtherEnd;
use madoguchi::model::code::Code;
use madoguchi::model::invite::Invite;
use madoguchi::model::secret::Secret;
use madoguchi::model::turn::LinkNews;
use madoguchi::model::uptime::Uptime;
use madoguchi::model::wire::{ByeReason, Candidate, Heard, RULES_VERSION, ToServer, read};
use serde_json::{Value, json};
use server::{KEY, Server};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tape::Tape;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded");

fn paper(key: &str) -> Code {
    let host = "counter.midori.example".to_owned();
    Code::Invite(Invite { host, key: Secret::new(key), language: None, tls: true })
}

/// Every recording, with its version.
fn recordings() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for version in std::fs::read_dir(FOLDER).unwrap() {
        let folder = version.unwrap().path();
        let version = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for file in std::fs::read_dir(&folder).unwrap() {
            found.push((version.clone(), file.unwrap().path()));
        }
    }
    found.sort();
    found
}

/// The lines of a recording with their places, unless it is only for the other end.
fn lines(file: &Path, end: &str) -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    if lines[0].get("plays").is_some_and(|plays| plays != end) {
        return Vec::new();
    }
    let place = |number: usize| format!("{}:{}", file.display(), number + 1);
    lines.into_iter().enumerate().map(|(number, line)| (place(number), line)).collect()
}

fn at(line: &Value) -> Uptime {
    Uptime::from_millis(line["at"].as_u64().unwrap_or_default())
}

/// Everything of `then` is in `now`, which may say more.
fn contains(now: &Value, then: &Value) -> bool {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            then.iter().all(|(name, value)| now.get(name).is_some_and(|now| contains(now, value)))
        }
        (Value::Array(now), Value::Array(then)) if then.iter().all(Value::is_string) => {
            then.iter().all(|value| now.contains(value))
        }
        _ => now == then,
    }
}

#[track_caller]
fn assert_contains(now: &Value, then: &Value, place: &str) {
    assert!(contains(now, then), "{place}: then {then}\n now {now}");
}

#[test]
fn recorded_sessions_of_every_version_are_played_to_todays_server() {
    for (_, file) in recordings() {
        play_to_server(&file);
    }
}

fn play_to_server(file: &Path) {
    let mut server = Server::default();
    for (place, line) in lines(file, "server") {
        server.now = at(&line);
        server.wake();
        let whom = line["end"].as_str().unwrap_or_default();
        if line.get("opens").is_some() {
            server.opens(whom);
        } else if line.get("loses").is_some() {
            server.loses(whom);
        } else if let Some(text) = line.get("says") {
            server.hears(whom, &text.to_string());
        } else if let Some(then) = line.get("hears") {
            let now = server.said.entry(whom.to_owned()).or_default().pop_front();
            let now = now.unwrap_or_else(|| panic!("{place}: the server says nothing; then {then}"));
            assert_contains(&serde_json::from_str(&now).unwrap(), then, &place);
        } else if let Some(does) = line["city"].as_str() {
            server.city(does);
        }
    }
    for (whom, more) in &server.said {
        assert!(more.is_empty(), "{}: {whom} now hears more: {more:?}", file.display());
    }
}

/// The end of the line in a recording: it only listens.
#[derive(Default)]
struct Listener {
    opened: usize,
    said: VecDeque<Value>,
}

impl OtherEnd for Listener {
    fn opened(&mut self, _: Uptime) {
        self.opened += 1;
    }

    fn lost(&mut self, _: Uptime) {}

    fn hears(&mut self, _: Uptime, message: &ToServer) {
        self.said.push_back(serde_json::to_value(message).unwrap());
    }

    fn says(&mut self) -> Vec<LinkNews> {
        Vec::new()
    }
}

#[test]
fn recorded_sessions_of_every_version_are_played_to_todays_appliance() {
    for (_, file) in recordings() {
        play_to_appliance(&file);
    }
}

fn play_to_appliance(file: &Path) {
    let lines = lines(file, "box");
    if !lines.iter().any(|(_, line)| line["family"] == "paper") {
        return;
    }
    let mut life = Life::at_the_paper_screen();
    let listener = Rc::new(RefCell::new(Listener::default()));
    life.room.other_end = Some(listener.clone());
    let mut opened = 0;
    for (place, line) in lines {
        if let Some(screen) = line["screen"].as_str() {
            life.until(screen);
            continue;
        }
        let own = line["end"] == "box";
        if own && let Some(then) = line.get("says") {
            life.until_so(&format!("{place}: {then}"), |_| !listener.borrow().said.is_empty());
            let now = listener.borrow_mut().said.pop_front().unwrap();
            assert_contains(&now, then, &place);
            continue;
        }
        if own && line.get("opens").is_some() {
            opened += 1;
            life.until_so(&format!("{place}: a line"), |_| listener.borrow().opened == opened);
            continue;
        }
        life.waits(life.now().until(at(&line)));
        if own && let Some(text) = line.get("hears") {
            hear(&mut life, &text.to_string());
        } else if own && line["loses"] == "broken" {
            life.line_breaks();
        } else if let Some(does) = line["family"].as_str() {
            family(&mut life, does);
        }
    }
}

fn family(life: &mut Life, does: &str) {
    match does {
        "paper" => life.shows(paper(KEY)),
        "another paper" => life.shows(paper("00000000000000000000000000")),
        "press" => life.press(),
        "hold" => life.hold(),
        other => panic!("nobody does {other}"),
    }
}

/// What the line makes of a text.
fn hear(life: &mut Life, text: &str) {
    if let Heard::Message(message) = read(text) {
        life.staff(|room| room.say(message));
    }
}

#[test]
fn recording_writes_what_is_said_today() {
    for (name, tape) in [
        ("a-talk", a_talk as fn() -> Tape),
        ("a-line-that-breaks", a_line_that_breaks),
        ("another-time-and-the-telephone", another_time_and_the_telephone),
        ("made-to-leave", made_to_leave),
        ("a-colleague-takes-over", a_colleague_takes_over),
        ("an-appointment-withdrawn", an_appointment_withdrawn),
        ("too-many-tries", too_many_tries),
        ("out-of-order", out_of_order),
    ] {
        let text = tape().text();
        if let Some(version) = std::env::var_os("RECORD") {
            let folder = Path::new(FOLDER).join(version);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(name).with_extension("jsonl"), text).unwrap();
        }
    }
}

/// From the paper to the counter, and in.
fn let_in(tape: &mut Tape) {
    tape.family("paper");
    tape.screen("ready-mirror");
    for _ in 0..=madoguchi::model::screen::RULES_PAGES {
        tape.family("press");
    }
    tape.screen("session-lobby");
    tape.clerk_comes("clerk");
    tape.answers("clerk");
    tape.says("clerk", &ToServer::Admit { peer: tape.guest() });
    tape.screen("session-live");
}

fn a_talk() -> Tape {
    let mut tape = Tape::new();
    let_in(&mut tape);
    let candidate = Candidate { candidate: "candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host".into(), mline: 0 };
    tape.says("clerk", &ToServer::Candidate { to: tape.guest(), epoch: tape.epoch(), candidate });
    tape.says("clerk", &ToServer::Mute { microphone: true, camera: false, speaker: false });
    tape.waits(3);
    tape.says("clerk", &ToServer::Mute { microphone: false, camera: false, speaker: false });
    tape.says("clerk", &ToServer::Beat);
    tape.says("clerk", &ToServer::Hold { on: true });
    tape.screen("session-held");
    tape.says("clerk", &ToServer::Hold { on: false });
    tape.screen("session-live");
    tape.family("press");
    tape.waits(2);
    tape.family("press");
    tape.waits(37 * 60);
    tape.screen("session-live");
    tape.says("clerk", &ToServer::End);
    tape.screen("session-ended-ended");
    tape
}

fn a_line_that_breaks() -> Tape {
    let mut tape = Tape::new();
    let_in(&mut tape);
    tape.line_breaks();
    tape.waits(8);
    tape.screen("session-live");
    tape.says("clerk", &ToServer::Rebuild { epoch: tape.epoch() });
    tape.waits(2);
    tape.answers("clerk");
    tape.screen("session-live");
    tape.says("clerk", &ToServer::Unverified { epoch: tape.epoch() });
    tape.screen("session-unverified");
    tape.family("hold");
    tape.screen("session-ended-left");
    tape
}

fn another_time_and_the_telephone() -> Tape {
    let mut tape = Tape::new();
    let_in(&mut tape);
    tape.city("moves");
    tape.waits(3);
    tape.says("clerk", &ToServer::WillPhone);
    tape.waits(3);
    tape.leaves("clerk");
    tape.waits(53 * 60);
    tape.screen("session-ended-will-phone");
    tape
}

fn made_to_leave() -> Tape {
    let mut tape = Tape::new();
    let_in(&mut tape);
    tape.says("clerk", &ToServer::LetLeave { peer: tape.guest() });
    tape.screen("session-ended-let-leave");
    tape.opens("phone");
    tape.hello("phone", KEY);
    tape
}

fn a_colleague_takes_over() -> Tape {
    let mut tape = Tape::new();
    let_in(&mut tape);
    tape.opens("colleague");
    tape.hello_staff("colleague", false);
    tape.opens("colleague");
    tape.hello_staff("colleague", true);
    tape.waits(2);
    tape.answers("colleague");
    tape.screen("session-live");
    tape.opens("phone");
    tape.hello("phone", KEY);
    tape.says("colleague", &ToServer::Bye { reason: ByeReason::Left });
    tape.screen("session-lobby-staff-absent");
    tape
}

fn an_appointment_withdrawn() -> Tape {
    let mut tape = Tape::new();
    tape.family("paper");
    tape.screen("ready-mirror");
    tape.city("withdraws");
    tape.screen("ready-refused-revoked");
    tape
}

fn too_many_tries() -> Tape {
    let mut tape = Tape::new();
    for _ in 0..11 {
        tape.opens("phone");
        tape.hello("phone", "11111111111111111111111111");
    }
    tape.family("another paper");
    tape.screen("ready-refused-too-many-tries");
    tape
}

fn out_of_order() -> Tape {
    let mut tape = Tape::new();
    tape.opens("phone");
    tape.says("phone", &ToServer::Consent { rules: RULES_VERSION.to_owned() });
    tape.hello("phone", KEY);
    tape.says_text("phone", &json!({ "kind": "hold", "on": 1 }));
    tape.says("phone", &ToServer::Hold { on: true });
    tape.says("phone", &ToServer::Consent { rules: "2031-04".to_owned() });
    tape.loses("phone");
    tape.opens("phone");
    tape.says_text(
        "phone",
        &json!({
            "kind": "hello", "version": 1, "proof": { "by": "resume", "token": "no such token" }, "language": "en",
        }),
    );
    tape.city("ends the server");
    tape
}
