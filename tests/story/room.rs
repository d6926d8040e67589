//! The room server of a scenario: one seat for the family, a counter, and the manners that the scenario gives it.

use crate::props;
use madoguchi::model::ids::{Attempt, Epoch, PeerId};
use madoguchi::model::turn::{LinkClosed, LinkNews};
use madoguchi::model::uptime::Uptime;
use madoguchi::model::wire::{
    ByeReason, IceServer, Notice, Proof, RESUME_SECONDS, Refusal, Slot, ToClient, ToServer, Welcome,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Another end of the line than this room: a real registry, or a recording.
pub(crate) trait OtherEnd {
    fn opened(&mut self, now: Uptime);
    fn lost(&mut self, now: Uptime);
    fn hears(&mut self, now: Uptime, message: &ToServer);
    /// What it says now.
    fn says(&mut self) -> Vec<LinkNews>;
}

/// The room and its counter.
pub(crate) struct Room {
    /// Somebody answers at the address.
    pub(crate) reachable: bool,
    /// How a try to open a line ends, if not well.
    pub(crate) closes_with: Option<LinkClosed>,
    /// What a hello by key hears instead of a welcome.
    pub(crate) refuses: Option<Refusal>,
    pub(crate) slot: Slot,
    pub(crate) staff_present: bool,
    /// The counter's page answers offers.
    pub(crate) staff_answers: bool,
    /// The lobby is open by the room's clock.
    pub(crate) takes_consent: bool,
    /// The word that asks for a new connection arrives.
    pub(crate) hears_rebuild: bool,
    /// The line that the server knows.
    pub(crate) line: Option<Attempt>,
    /// What is to go onto the line next.
    pub(crate) outbox: Vec<LinkNews>,
    /// What the family's end said, in words.
    pub(crate) heard: Vec<String>,
    /// What it said last is off there: camera, microphone, speaker.
    pub(crate) off: [bool; 3],
    seat: Option<Seat>,
    tokens: u32,
    epoch: u32,
    on_hold: bool,
    /// The counter wants a newer firmware than this device has.
    pub(crate) outdated: bool,
    /// What comes with the consent.
    pub(crate) servers: Option<Vec<IceServer>>,
    /// Who answers in this room's place.
    pub(crate) other_end: Option<Rc<RefCell<dyn OtherEnd>>>,
}

struct Seat {
    token: String,
    consented: bool,
    admitted: bool,
    lost_at: Option<Uptime>,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            reachable: true,
            closes_with: None,
            refuses: None,
            slot: props::slot(),
            staff_present: true,
            staff_answers: true,
            takes_consent: true,
            hears_rebuild: true,
            line: None,
            outbox: Vec::new(),
            heard: Vec::new(),
            off: [false; 3],
            seat: None,
            tokens: 0,
            epoch: 0,
            on_hold: false,
            outdated: false,
            servers: None,
            other_end: None,
        }
    }
}

impl Room {
    /// Somebody opens a line: what it hears first, and after how long.
    pub(crate) fn dialled(&mut self, now: Uptime, attempt: Attempt) -> (Duration, Option<LinkNews>) {
        self.line_lost(now);
        if let Some(why) = self.closes_with {
            return (Duration::from_millis(300), Some(LinkNews::Closed(why)));
        }
        if !self.reachable {
            return (Duration::from_secs(3), Some(LinkNews::Closed(LinkClosed::Unreachable)));
        }
        self.line = Some(attempt);
        if let Some(other) = &self.other_end {
            other.borrow_mut().opened(now);
        }
        (Duration::from_millis(150), Some(LinkNews::Opened))
    }

    /// The line is gone, the seat is kept for a while.
    pub(crate) fn line_lost(&mut self, now: Uptime) {
        if let (Some(other), Some(_)) = (&self.other_end, self.line) {
            other.borrow_mut().lost(now);
        }
        self.line = None;
        self.outbox.clear();
        if let Some(seat) = &mut self.seat {
            seat.lost_at = seat.lost_at.or(Some(now));
        }
    }

    /// The server starts anew; with its memory, or without.
    pub(crate) fn restart(&mut self, remembers_seats: bool) {
        self.outbox.push(LinkNews::Heard(ToClient::Bye { reason: ByeReason::ServerClosing }));
        if !remembers_seats {
            self.seat = None;
        }
    }

    pub(crate) fn hears(&mut self, now: Uptime, message: ToServer) {
        if let Some(other) = &self.other_end {
            let mut other = other.borrow_mut();
            other.hears(now, &message);
            self.outbox.extend(other.says());
            return;
        }
        match message {
            ToServer::Hello { proof, .. } => self.hello(now, &proof),
            ToServer::Consent { rules } => {
                self.heard.push(format!("consent to {rules}"));
                if !self.takes_consent {
                    return;
                }
                if let Some(seat) = &mut self.seat {
                    seat.consented = true;
                }
                if let Some(ice_servers) = self.servers.clone() {
                    self.say(ToClient::Servers { ice_servers });
                }
                self.say(ToClient::Lobby { staff_present: self.staff_present });
                self.introduce(true);
            }
            ToServer::Offer { epoch, .. } => {
                self.heard.push(format!("offer {}", epoch.0));
                if self.staff_present && self.staff_answers && epoch == Epoch(self.epoch) {
                    let from = PeerId("staff-1".to_owned());
                    self.say(ToClient::Answer { from, epoch, sdp: "v=0".to_owned() });
                }
            }
            ToServer::Rebuild { epoch } => {
                self.heard.push(format!("rebuild {}", epoch.0));
                if epoch == Epoch(self.epoch) && self.hears_rebuild {
                    self.introduce(true);
                }
            }
            ToServer::Unverified { epoch } => self.heard.push(format!("unverified {}", epoch.0)),
            ToServer::Mute { microphone, camera, speaker } => {
                self.off = [camera, microphone, speaker];
                self.heard.push(format!("mute {microphone}"));
            }
            ToServer::Bye { reason } => {
                self.heard.push(format!("bye {reason:?}"));
                self.seat = None;
            }
            ToServer::Candidate { .. } | ToServer::Stats { .. } => {}
            _ => self.heard.push("staff's word".to_owned()),
        }
    }

    fn hello(&mut self, now: Uptime, proof: &Proof) {
        let admitted = match proof {
            Proof::Resume { token } => {
                self.heard.push("hello by token".to_owned());
                let kept = Duration::from_secs(RESUME_SECONDS);
                // Whoever was made to leave has no seat any more.
                let freed = self.refuses == Some(Refusal::LetLeave);
                let seat = self.seat.as_ref().filter(|_| !freed).filter(|seat| {
                    seat.token == token.expose() && seat.lost_at.is_none_or(|lost| now.since(lost) <= kept)
                });
                let Some(seat) = seat else { return self.say(ToClient::Refused(Refusal::ResumeExpired)) };
                seat.admitted
            }
            _ => {
                self.heard.push("hello by key".to_owned());
                if let Some(refusal) = self.refuses.clone() {
                    return self.say(ToClient::Refused(refusal));
                }
                self.seat = None;
                false
            }
        };
        self.tokens += 1;
        let token = format!("token-{}", self.tokens);
        let welcome = props::welcome(now, self.slot.clone(), &token, admitted);
        self.say(ToClient::Welcome(Welcome { outdated: self.outdated, ..welcome }));
        let consented = self.seat.as_ref().is_some_and(|seat| seat.consented);
        self.seat = Some(Seat { token, consented, admitted, lost_at: None });
        if consented {
            if !admitted {
                self.say(ToClient::Lobby { staff_present: self.staff_present });
            }
            self.introduce(false);
            if self.on_hold {
                self.note(Notice::Hold);
            }
        }
    }

    /// Both ends hear of each other; `anew` with a new epoch.
    pub(crate) fn introduce(&mut self, anew: bool) {
        if self.staff_present {
            self.epoch += u32::from(anew || self.epoch == 0);
            self.say(props::staff_peer("staff-1", self.epoch));
        }
    }

    pub(crate) fn say(&mut self, message: ToClient) {
        self.outbox.push(LinkNews::Heard(message));
    }

    pub(crate) fn note(&mut self, notice: Notice) {
        self.say(ToClient::Notice { notice });
    }

    /// The clerk gives the appointment another time.
    pub(crate) fn moves(&mut self, slot: Slot, ice_servers: Vec<IceServer>) {
        self.slot = slot.clone();
        self.say(ToClient::Moved { slot, ice_servers });
    }

    pub(crate) fn bye(&mut self, reason: ByeReason) {
        self.seat = None;
        self.say(ToClient::Bye { reason });
    }

    // What the clerk does.

    pub(crate) fn admit(&mut self) {
        if let Some(seat) = self.seat.as_mut().filter(|seat| seat.consented) {
            seat.admitted = true;
            self.say(ToClient::Admitted);
        }
    }

    pub(crate) fn let_leave(&mut self) {
        self.refuses = Some(Refusal::LetLeave);
        self.bye(ByeReason::LetLeave);
    }

    pub(crate) fn hold(&mut self, on: bool) {
        self.on_hold = on;
        self.note(if on { Notice::Hold } else { Notice::Unhold });
    }

    /// The clerk's page is closed, or its line is lost.
    pub(crate) fn staff_goes(&mut self, may_return: bool) {
        self.staff_present = false;
        self.say(ToClient::PeerGone { peer: PeerId("staff-1".to_owned()), may_return });
        if !may_return {
            self.note(Notice::StaffAbsent);
        }
    }

    /// The clerk is back: by a resumed line, or with a page loaded anew.
    pub(crate) fn staff_comes(&mut self, anew: bool) {
        self.staff_present = true;
        self.note(Notice::StaffPresent);
        self.introduce(anew);
    }

    /// The family's end said this, word for word.
    pub(crate) fn has_heard(&self, words: &str) -> bool {
        self.heard.iter().any(|heard| heard == words)
    }
}
