//! Lives a session with today's appliance and today's server, and writes down what they say.

use super::server::{APPOINTMENT, Server};
use crate::life::{Life, seconds};
use crate::room::OtherEnd;
use madoguchi::model::ids::{Epoch, PeerId};
use madoguchi::model::language::Language;
use madoguchi::model::secret::Secret;
use madoguchi::model::wire::{Proof, ToServer};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

pub(super) struct Tape {
    life: Life,
    server: Rc<RefCell<Server>>,
}

impl Tape {
    pub(super) fn new() -> Self {
        let mut life = Life::at_the_paper_screen();
        let server = Rc::new(RefCell::new(Server::default()));
        life.room.other_end = Some(server.clone());
        Self { life, server }
    }

    pub(super) fn text(&self) -> String {
        self.server.borrow().log.iter().map(|line| format!("{line}\n")).collect()
    }

    fn note(&mut self, line: Value) {
        let mut server = self.server.borrow_mut();
        server.now = self.life.now();
        server.note(line);
    }

    /// Something happens at the server; what it says to the appliance goes on its way.
    fn at_server(&mut self, does: impl FnOnce(&mut Server)) {
        let mut server = self.server.borrow_mut();
        server.now = self.life.now();
        does(&mut server);
        let said = server.says();
        drop(server);
        self.life.staff(|room| room.outbox.extend(said));
    }

    pub(super) fn family(&mut self, does: &str) {
        self.note(json!({ "family": does }));
        super::family(&mut self.life, does);
    }

    #[track_caller]
    pub(super) fn screen(&mut self, face: &str) {
        self.life.until(face);
        self.note(json!({ "screen": face }));
    }

    /// Both ends are woken each second.
    pub(super) fn waits(&mut self, count: u64) {
        for _ in 0..count {
            self.life.waits(seconds(1));
            self.at_server(Server::wake);
        }
    }

    pub(super) fn city(&mut self, does: &str) {
        self.note(json!({ "city": does }));
        self.at_server(|server| server.city(does));
    }

    pub(super) fn line_breaks(&mut self) {
        self.life.line_breaks();
        // It is the line that broke, and nobody who hung up.
        for line in self.server.borrow_mut().log.iter_mut().rev() {
            if line["loses"] == "closed" {
                line["loses"] = "broken".into();
                break;
            }
        }
    }

    // A browser.

    pub(super) fn opens(&mut self, whom: &str) {
        self.at_server(|server| server.opens(whom));
    }

    pub(super) fn loses(&mut self, whom: &str) {
        self.note(json!({ "end": whom, "loses": "closed" }));
        self.at_server(|server| server.loses(whom));
    }

    pub(super) fn leaves(&mut self, whom: &str) {
        self.loses(whom);
    }

    pub(super) fn says(&mut self, whom: &str, message: &ToServer) {
        self.says_text(whom, &serde_json::to_value(message).unwrap());
    }

    pub(super) fn says_text(&mut self, whom: &str, message: &Value) {
        self.note(json!({ "end": whom, "says": message }));
        self.at_server(|server| Server::hears(server, whom, &message.to_string()));
        self.life.waits(seconds(1));
    }

    pub(super) fn hello(&mut self, whom: &str, key: &str) {
        self.says_hello(whom, Proof::Key { key: Secret::new(key) });
    }

    pub(super) fn hello_staff(&mut self, whom: &str, take_over: bool) {
        self.says_hello(whom, Proof::Staff { appointment: APPOINTMENT.to_owned(), take_over });
    }

    fn says_hello(&mut self, whom: &str, proof: Proof) {
        self.says(whom, &ToServer::hello(proof, Language::Japanese, ["browser", "vp8"], None));
    }

    pub(super) fn clerk_comes(&mut self, whom: &str) {
        self.opens(whom);
        self.hello_staff(whom, false);
        self.life.waits(seconds(1));
    }

    fn heard(&self, whom: &str, kind: &str) -> Value {
        let server = self.server.borrow();
        let is_it = |line: &&Value| line["end"] == whom && line["hears"]["kind"] == kind;
        server.log.iter().rev().find(is_it).unwrap()["hears"].clone()
    }

    /// The counter's page answers the newest offer.
    pub(super) fn answers(&mut self, whom: &str) {
        let offer = self.heard(whom, "offer");
        let epoch = serde_json::from_value(offer["epoch"].clone()).unwrap();
        self.says(whom, &ToServer::Answer { to: self.guest(), epoch, sdp: "v=0".to_owned() });
    }

    pub(super) fn guest(&self) -> PeerId {
        PeerId(self.heard("box", "welcome")["you"].as_str().unwrap().to_owned())
    }

    pub(super) fn epoch(&self) -> Epoch {
        serde_json::from_value(self.heard("box", "peer")["epoch"].clone()).unwrap()
    }
}
