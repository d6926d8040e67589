//! What the room says in a session, and what the appliance makes of it.

use super::{CONSENT_AGAIN, Inside, NOTICE_SHOWN, Next, Off};
use crate::appliance::ready::{Seat, hello};
use crate::model::call::Call;
use crate::model::ids::Epoch;
use crate::model::known::Known;
use crate::model::line::Line;
use crate::model::quality::QualityJudge;
use crate::model::screen::{Aside, Ending};
use crate::model::turn::{Effect, LinkNews};
use crate::model::uptime::Uptime;
use crate::model::wire::{ByeReason, Notice, Proof, Refusal, Role, ToClient, ToServer, Versions};

impl Inside {
    pub(super) fn line_says(
        &mut self,
        now: Uptime,
        news: LinkNews,
        known: &mut Known,
        effects: &mut Vec<Effect>,
    ) -> Next {
        self.heard_at = now;
        match news {
            LinkNews::Opened => self.say_hello_again(known, effects),
            LinkNews::Heard(ToClient::Welcome(welcome)) => {
                if let Line::Opening { link, by_key, .. } = self.line {
                    if welcome.rules != self.seat.rules || !Versions::OWN.has(welcome.version) {
                        return Next::End(Ending::LineLost);
                    }
                    self.admitted = welcome.admitted;
                    known.outdated = welcome.outdated;
                    self.seat = Seat::new(now, welcome);
                    self.line = Line::Up { link, since: now };
                    self.seated_again(now, by_key, effects);
                }
            }
            LinkNews::Heard(message) => return self.heard(now, message, known, effects),
            LinkNews::Closed(_) => self.line.lose(now),
        }
        Next::Stay
    }

    /// A new seat starts from the lobby; in the old one, what was lost on the way is said again.
    pub(super) fn seated_again(&mut self, now: Uptime, new_seat: bool, effects: &mut Vec<Effect>) {
        self.held = false;
        if new_seat {
            (self.call, self.staff_present) = (Call::default(), None);
            self.others.forget();
            self.told_off = Some(Off::default());
        } else {
            self.call.doubt(now);
            self.told_off = None;
            if let Some(epoch) = self.call.newest().filter(|_| self.trust.is_lost()) {
                self.say(ToServer::Unverified { epoch }, effects);
            }
        }
        if self.staff_present.is_none() {
            self.say(ToServer::Consent { rules: self.seat.rules.clone() }, effects);
        }
    }

    pub(super) fn say_hello_again(&self, known: &Known, effects: &mut Vec<Effect>) {
        let Line::Opening { link, by_key, .. } = self.line else { return };
        let proof = match (&self.invite, by_key) {
            (Some(invite), true) => Proof::Key { key: invite.key.clone() },
            _ => Proof::Resume { token: self.seat.resume.clone() },
        };
        effects.push(Effect::Say { attempt: link, message: hello(proof, known) });
    }

    pub(super) fn heard(
        &mut self,
        now: Uptime,
        message: ToClient,
        known: &mut Known,
        effects: &mut Vec<Effect>,
    ) -> Next {
        match message {
            ToClient::Servers { ice_servers } => self.seat.ice_servers = ice_servers,
            ToClient::Lobby { staff_present } => self.staff_present = Some(staff_present),
            ToClient::Admitted => self.admitted = true,
            ToClient::Peer { peer, role: Role::Staff, name, epoch, admitted, .. } => {
                self.staff_present = Some(true);
                self.others.meet(&peer, Role::Staff, &name, admitted);
                let news = self.call.meet(peer, name, epoch);
                if news && self.trust.is_lost() {
                    self.call.skip(now, epoch);
                    self.say(ToServer::Unverified { epoch }, effects);
                } else if news {
                    // Nothing was lost: the counter's end is another page, or somebody else's.
                    self.was_live &= !self.is_live();
                    self.build(now, epoch, known, effects);
                }
            }
            ToClient::Peer { peer, role, name, admitted, .. } => self.others.meet(&peer, role, &name, admitted),
            ToClient::PeerUnverified { peer, epoch } if self.call.peer() == Some(&peer) => self.distrusted(now, epoch),
            ToClient::PeerGone { peer, may_return } => {
                self.others.gone(&peer, may_return);
                if self.call.peer() == Some(&peer) {
                    self.staff_present = Some(false);
                    if !may_return {
                        self.call = Call::default();
                    }
                }
            }
            ToClient::Answer { epoch, sdp, .. } => {
                let media = self.call.media_of(epoch);
                effects.extend(media.map(|attempt| Effect::MediaAnswer { attempt, sdp }));
            }
            ToClient::Candidate { epoch, candidate, .. } => {
                let media = self.call.media_of(epoch);
                effects.extend(media.map(|attempt| Effect::MediaCandidate { attempt, candidate }));
            }
            ToClient::Muted { peer, microphone, camera, .. } => self.others.mute(&peer, microphone, camera),
            ToClient::People { people } => self.others.told(people),
            ToClient::Error { code, .. } if code == "not-now" && self.staff_present.is_none() => {
                self.consent_again = Some(now + CONSENT_AGAIN);
            }
            ToClient::Moved { slot, ice_servers } => {
                self.seat.moved(slot, ice_servers);
                let (starts, ends) = self.seat.clock.hours();
                self.notice = Some((Aside::NewTime { starts, ends }, now + NOTICE_SHOWN));
            }
            ToClient::Notice { notice } => self.note(now, notice),
            ToClient::Refused(refusal) => return self.refused(now, &refusal),
            ToClient::Bye { reason } => return self.told_to_go(now, reason),
            _ => {}
        }
        Next::Stay
    }

    /// A connection to make, or to make anew.
    pub(super) fn build(&mut self, now: Uptime, epoch: Epoch, known: &mut Known, effects: &mut Vec<Effect>) {
        let attempt = known.ask();
        self.call.build(now, attempt, epoch);
        self.judge = QualityJudge::default();
        self.loud_tv = false;
        let (ice_servers, relay_only) = (self.seat.ice_servers.clone(), self.seat.relay_only);
        effects.push(Effect::BuildMedia { attempt, epoch, ice_servers, relay_only });
    }

    pub(super) fn note(&mut self, now: Uptime, notice: Notice) {
        match notice {
            Notice::FiveMinutes => self.notice = Some((Aside::FiveMinutes, now + NOTICE_SHOWN)),
            Notice::OneMinute => self.notice = Some((Aside::OneMinute, now + NOTICE_SHOWN)),
            Notice::WillPhone => {
                self.will_phone = true;
                self.notice = Some((Aside::WillPhone, now + NOTICE_SHOWN));
            }
            Notice::StaffAbsent => self.staff_present = Some(false),
            Notice::StaffPresent => self.staff_present = Some(true),
            Notice::Hold => self.held = true,
            Notice::Unhold => self.held = false,
            Notice::Unknown => {}
        }
    }

    pub(super) fn refused(&mut self, now: Uptime, refusal: &Refusal) -> Next {
        match refusal {
            Refusal::ResumeExpired if matches!(self.line, Line::Opening { by_key: false, .. }) => {
                self.line.ask_by_key(now);
                Next::Stay
            }
            Refusal::ResumeExpired | Refusal::RoomFull | Refusal::TooManyTries { .. } | Refusal::Busy => {
                self.line.refused(now);
                Next::Stay
            }
            Refusal::LetLeave => Next::End(Ending::LetLeave),
            Refusal::Over => Next::End(Ending::SlotOver),
            Refusal::Revoked => Next::End(Ending::Revoked),
            _ => Next::End(Ending::LineLost),
        }
    }

    pub(super) fn told_to_go(&mut self, now: Uptime, reason: ByeReason) -> Next {
        let ending = match reason {
            ByeReason::LetLeave => Ending::LetLeave,
            ByeReason::Revoked => Ending::Revoked,
            ByeReason::SlotOver if !self.will_phone => Ending::SlotOver,
            ByeReason::Ended | ByeReason::Left | ByeReason::SlotOver | ByeReason::Unknown if self.will_phone => {
                Ending::WillPhone
            }
            ByeReason::Ended | ByeReason::SlotOver | ByeReason::Unknown => Ending::Ended,
            ByeReason::Left => Ending::Left,
            ByeReason::Replaced | ByeReason::Misbehaved | ByeReason::SignedOut => Ending::LineLost,
            ByeReason::ServerClosing => {
                self.line.lose(now);
                return Next::Stay;
            }
        };
        Next::End(ending)
    }
}
