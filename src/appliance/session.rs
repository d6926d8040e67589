//! Chapter 5: lobby, live, weak line, coming back, ended. Holds the key only as long as it may have to come back.

use super::ready::{Seat, hello, open_link};
use super::wipe::Wipe;
use super::{Chapter, Event, Holds, Senses, Sight, Why};
use crate::model::call::Call;
use crate::model::ids::{Attempt, Epoch};
use crate::model::invite::Invite;
use crate::model::known::Known;
use crate::model::light::Light;
use crate::model::line::{Line, OPENING};
use crate::model::quality::{LineStats, QualityJudge};
use crate::model::screen::{Aside, Ending, Face, HoldDoes, PressDoes};
use crate::model::slot_clock::{to_next_second, whole_seconds};
use crate::model::trust::Trust;
use crate::model::turn::{Effect, LinkNews, MediaGates, MediaNews, Told};
use crate::model::uptime::Uptime;
use crate::model::wire::{ByeReason, Notice, Proof, Refusal, Role, ToClient, ToServer, Versions};
use std::time::Duration;

/// Pictures need this long to run smoothly once they may flow; until then their number says nothing.
const PICTURES_SETTLE: Duration = Duration::from_secs(5);
/// Without line or path for this long, the telephone takes over.
const LOST_FOR_GOOD: Duration = Duration::from_secs(90);
/// In a call the other end says every two seconds how its line is: one that says nothing for so long, while no packet comes
/// either, is dead.
const BOTH_SILENT: Duration = Duration::from_secs(3);
/// The server closes the room; if its word does not come, we close it ourselves.
const GRACE: Duration = Duration::from_secs(5);
/// A consent that came before the room's clock said "open" is said again after this long.
const CONSENT_AGAIN: Duration = Duration::from_secs(2);
/// "Five minutes left" stands this long.
const NOTICE_SHOWN: Duration = Duration::from_secs(15);
/// The end stands this long before the wipe begins by itself.
const ENDING_SHOWN: Duration = Duration::from_secs(20);
/// Likewise where the story goes on by telephone or by the family's own hands.
const LONG_ENDING_SHOWN: Duration = Duration::from_secs(120);

pub(super) struct Session(Phase);

enum Phase {
    Inside(Box<Inside>),
    Ended { face: Face, until: Uptime },
}

/// Everything that is dropped, and with it forgotten, at the end.
struct Inside {
    invite: Option<Invite>,
    seat: Seat,
    line: Line,
    /// When something was heard on it last.
    heard_at: Uptime,
    /// The network carried when it was last looked at.
    carried: bool,
    staff_present: Option<bool>,
    admitted: bool,
    call: Call,
    lost_since: Option<Uptime>,
    was_live: bool,
    consent_again: Option<Uptime>,
    held: bool,
    staff_muted: bool,
    staff_camera_off: bool,
    /// Since when the counter's pictures may be expected.
    pictures_since: Option<Uptime>,
    paused: bool,
    will_phone: bool,
    notice: Option<(Aside, Uptime)>,
    trust: Trust,
    judge: QualityJudge,
    /// Staff hear themselves.
    loud_tv: bool,
    gates: Option<(Attempt, MediaGates)>,
    /// What the other end was told is off here; nothing while that may have been lost.
    told_off: Option<Off>,
}

/// What is off at this end: paused or missing.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Off {
    microphone: bool,
    camera: bool,
    speaker: bool,
}

/// What a turn inside the session leads to.
enum Next {
    Stay,
    End(Ending),
}

impl Session {
    /// Says the consent and takes the seat in the lobby. Consent goes out before any track exists.
    pub(super) fn enter(
        now: Uptime,
        invite: Option<Invite>,
        link: Attempt,
        seat: Seat,
        effects: &mut Vec<Effect>,
    ) -> Self {
        effects.push(Effect::Say { attempt: link, message: ToServer::Consent { rules: seat.rules.clone() } });
        Self(Phase::Inside(Box::new(Inside {
            invite,
            seat,
            line: Line::Up { link, since: now },
            heard_at: now,
            carried: true,
            staff_present: None,
            admitted: false,
            call: Call::default(),
            lost_since: Some(now),
            was_live: false,
            consent_again: None,
            held: false,
            staff_muted: false,
            staff_camera_off: false,
            pictures_since: None,
            paused: false,
            will_phone: false,
            notice: None,
            trust: Trust::default(),
            judge: QualityJudge::default(),
            loud_tv: false,
            gates: None,
            told_off: Some(Off::default()),
        })))
    }

    pub(super) fn handle(self, now: Uptime, event: Event, known: &mut Known, effects: &mut Vec<Effect>) -> Chapter {
        let mut inside = match (self.0, &event) {
            (Phase::Ended { face, .. }, Event::Press) => {
                let comes_back = face == Face::Ended(Ending::Left);
                return Chapter::Wipe(Wipe::after_session(now, comes_back, known, effects));
            }
            (Phase::Ended { until, .. }, Event::Tick) if now >= until => {
                return Chapter::Wipe(Wipe::after_session(now, false, known, effects));
            }
            (phase, Event::ReturnAsked) => {
                if let Phase::Inside(inside) = phase {
                    inside.say(ToServer::Bye { reason: ByeReason::Left }, effects);
                }
                return Chapter::Wipe(Wipe::everything(now, known, effects));
            }
            (ended @ Phase::Ended { .. }, _) => return Chapter::Session(Self(ended)),
            (Phase::Inside(inside), _) => inside,
        };
        if let Some(trouble) = known.forbidden_in_room() {
            return ended(now + LONG_ENDING_SHOWN, Face::NetworkTrouble(trouble));
        }
        let next = match event {
            Event::Press if inside.may_try_again() => inside.try_again(),
            Event::Press => inside.pause(known),
            Event::Fact => inside.network_changed(now, known),
            Event::Hold => inside.leave(ByeReason::Left, Ending::Left, effects),
            Event::Told(Told::Link { attempt, news }) if inside.line.link() == Some(attempt) => {
                inside.line_says(now, news, known, effects)
            }
            Event::Told(Told::Media { attempt, news }) if inside.call.media() == Some(attempt) => {
                inside.media_say(now, news, effects)
            }
            Event::Tick | Event::ReturnAsked | Event::Told(_) => Next::Stay,
        };
        let next = match next {
            Next::Stay => inside.time_passed(now, known, effects),
            end @ Next::End(_) => end,
        };
        match next {
            Next::End(ending @ (Ending::LineLost | Ending::WillPhone)) => {
                ended(now + LONG_ENDING_SHOWN, Face::Ended(ending))
            }
            Next::End(ending) => ended(now + ENDING_SHOWN, Face::Ended(ending)),
            Next::Stay => {
                inside.say_what_is_off(known, effects);
                inside.set_gates(effects);
                Chapter::Session(Self(Phase::Inside(inside)))
            }
        }
    }

    pub(super) fn wake_at(&self, now: Uptime) -> Option<(Uptime, Why)> {
        match &self.0 {
            Phase::Inside(inside) => inside.wake_at(now),
            Phase::Ended { until, .. } => Some((*until, Why("a person to read how it ended"))),
        }
    }

    pub(super) fn waits_for_person(&self) -> Option<&'static str> {
        None
    }

    pub(super) fn light(&self) -> Light {
        match self.0 {
            Phase::Inside(_) => Light::OnAir,
            Phase::Ended { face: Face::NetworkTrouble(_), .. } => Light::Fast,
            Phase::Ended { .. } => Light::Steady,
        }
    }

    pub(super) fn senses(&self) -> Senses {
        Senses { camera: matches!(self.0, Phase::Inside(_)), scan: false, level: false }
    }

    pub(super) fn holds(&self) -> Holds {
        match &self.0 {
            Phase::Inside(inside) => Holds { link: inside.line.link(), media: inside.call.media() },
            Phase::Ended { .. } => Holds::default(),
        }
    }

    pub(super) fn knows_a_key(&self) -> bool {
        matches!(self.0, Phase::Inside(_))
    }

    pub(super) fn sight(&self, now: Uptime, known: &Known) -> Sight {
        match &self.0 {
            Phase::Inside(inside) => inside.sight(now, known),
            Phase::Ended { face, .. } => {
                let left = *face == Face::Ended(Ending::Left);
                let press = if left { PressDoes::ComeBack } else { PressDoes::Understood };
                Sight { face: face.clone(), press: Some(press), hold: None, aside: known.bring_back() }
            }
        }
    }
}

fn ended(until: Uptime, face: Face) -> Chapter {
    Chapter::Session(Session(Phase::Ended { face, until }))
}

impl Inside {
    /// Let in, and the path to the counter is there: faces and voices.
    fn is_live(&self) -> bool {
        self.admitted && self.call.is_connected()
    }

    fn network_changed(&mut self, now: Uptime, known: &Known) -> Next {
        let carried = std::mem::replace(&mut self.carried, known.carries);
        match (carried, known.carries) {
            (false, true) => self.line.renew(now),
            (true, true) => self.line.hurry(now),
            (_, false) => {}
        }
        Next::Stay
    }

    fn say(&self, message: ToServer, effects: &mut Vec<Effect>) {
        if let Line::Up { link, .. } = self.line {
            effects.push(Effect::Say { attempt: link, message });
        }
    }

    /// In a call, where there is something to switch off.
    fn may_pause(&self, known: &Known) -> bool {
        self.is_live() && (known.camera || known.microphone)
    }

    fn pause(&mut self, known: &Known) -> Next {
        self.paused ^= self.may_pause(known);
        Next::Stay
    }

    /// Staff must know why they see or hear nothing, or are not heard.
    fn say_what_is_off(&mut self, known: &Known, effects: &mut Vec<Effect>) {
        let off = Off {
            microphone: self.paused || !known.microphone,
            camera: self.paused || !known.camera,
            speaker: !known.speaker,
        };
        if self.line.is_up() && self.staff_present.is_some() && self.told_off.replace(off) != Some(off) {
            let Off { microphone, camera, speaker } = off;
            self.say(ToServer::Mute { microphone, camera, speaker }, effects);
        }
    }

    fn may_try_again(&self) -> bool {
        self.trust.may_try_again() && self.can_speak() && self.call.newest().is_some()
    }

    fn try_again(&mut self) -> Next {
        self.trust.try_again();
        Next::Stay
    }

    /// Drops a connection whose other end cannot be verified.
    fn distrust(&mut self, now: Uptime) {
        self.call.drop_connection(now);
        self.trust.lose();
    }

    /// The other end could not verify this one. About a connection that is being replaced it says nothing new.
    fn distrusted(&mut self, now: Uptime, epoch: Epoch) {
        let being_replaced = self.trust.was_tried_again() && self.call.epoch().is_none();
        if self.call.newest() == Some(epoch) && !being_replaced {
            self.distrust(now);
        }
    }

    fn leave(&self, reason: ByeReason, ending: Ending, effects: &mut Vec<Effect>) -> Next {
        self.say(ToServer::Bye { reason }, effects);
        Next::End(if self.will_phone { Ending::WillPhone } else { ending })
    }

    fn line_says(&mut self, now: Uptime, news: LinkNews, known: &mut Known, effects: &mut Vec<Effect>) -> Next {
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
    fn seated_again(&mut self, now: Uptime, new_seat: bool, effects: &mut Vec<Effect>) {
        self.held = false;
        if new_seat {
            (self.call, self.staff_present) = (Call::default(), None);
            (self.staff_muted, self.staff_camera_off) = (false, false);
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

    fn say_hello_again(&self, known: &Known, effects: &mut Vec<Effect>) {
        let Line::Opening { link, by_key, .. } = self.line else { return };
        let proof = match (&self.invite, by_key) {
            (Some(invite), true) => Proof::Key { key: invite.key.clone() },
            _ => Proof::Resume { token: self.seat.resume.clone() },
        };
        effects.push(Effect::Say { attempt: link, message: hello(proof, known) });
    }

    fn heard(&mut self, now: Uptime, message: ToClient, known: &mut Known, effects: &mut Vec<Effect>) -> Next {
        match message {
            ToClient::Servers { ice_servers } => self.seat.ice_servers = ice_servers,
            ToClient::Lobby { staff_present } => self.staff_present = Some(staff_present),
            ToClient::Admitted => self.admitted = true,
            ToClient::Peer { peer, role: Role::Staff, name, epoch, .. } => {
                self.staff_present = Some(true);
                let same = self.call.peer() == Some(&peer);
                (self.staff_muted, self.staff_camera_off) = (self.staff_muted && same, self.staff_camera_off && same);
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
            ToClient::PeerUnverified { peer, epoch } if self.call.peer() == Some(&peer) => self.distrusted(now, epoch),
            ToClient::PeerGone { peer, may_return } if self.call.peer() == Some(&peer) => {
                self.staff_present = Some(false);
                if !may_return {
                    self.call = Call::default();
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
            ToClient::Muted { peer, microphone, camera, .. } if self.call.peer() == Some(&peer) => {
                (self.staff_muted, self.staff_camera_off) = (microphone, camera);
            }
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
    fn build(&mut self, now: Uptime, epoch: Epoch, known: &mut Known, effects: &mut Vec<Effect>) {
        let attempt = known.ask();
        self.call.build(now, attempt, epoch);
        self.judge = QualityJudge::default();
        self.loud_tv = false;
        let (ice_servers, relay_only) = (self.seat.ice_servers.clone(), self.seat.relay_only);
        effects.push(Effect::BuildMedia { attempt, epoch, ice_servers, relay_only });
    }

    fn note(&mut self, now: Uptime, notice: Notice) {
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

    fn refused(&mut self, now: Uptime, refusal: &Refusal) -> Next {
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

    fn told_to_go(&mut self, now: Uptime, reason: ByeReason) -> Next {
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

    fn media_say(&mut self, now: Uptime, news: MediaNews, effects: &mut Vec<Effect>) -> Next {
        let Some(epoch) = self.call.epoch() else { return Next::Stay };
        match (news, self.call.peer().cloned()) {
            (MediaNews::Offer(sdp), Some(to)) => self.say(ToServer::Offer { to, epoch, sdp }, effects),
            (MediaNews::Candidate(candidate), Some(to)) => {
                self.say(ToServer::Candidate { to, epoch, candidate }, effects);
            }
            (MediaNews::Connected, _) => self.call.connect(),
            (MediaNews::Stats(stats), _) => {
                self.judge_the_line(now, stats);
                self.say(ToServer::Stats { stats }, effects);
            }
            (MediaNews::Unverified(_), _) => {
                self.say(ToServer::Unverified { epoch }, effects);
                self.distrust(now);
            }
            (MediaNews::PathDead, _) => {
                self.call.fail(now);
                // Both are silent: what was sent meanwhile TCP repeats ever more seldom (RFC 6298, section 5.5), and a line that is
                // back would only be noticed seconds later. A new one is tried each second.
                if self.line.is_up() && now.since(self.heard_at) >= BOTH_SILENT {
                    self.line.renew(now);
                }
            }
            (MediaNews::Failed(_), _) => self.call.fail(now),
            _ => {}
        }
        Next::Stay
    }

    fn judge_the_line(&mut self, now: Uptime, stats: LineStats) {
        self.loud_tv = stats.echo.is_some_and(|echo| echo.is_heard());
        if self.is_live() {
            let settled = self.pictures_since.is_some_and(|since| now.since(since) >= PICTURES_SETTLE);
            self.judge.judge(&if settled { stats } else { stats.without_pictures() });
        }
    }

    fn time_passed(&mut self, now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) -> Next {
        if self.overtime(now) >= GRACE {
            return self.leave(ByeReason::Left, Ending::SlotOver, effects);
        }
        self.notice = self.notice.filter(|(_, until)| *until > now);
        if let end @ Next::End(_) = self.watch_for_loss(now) {
            return end;
        }
        match self.line {
            Line::Opening { until, .. } if now >= until => self.line.lose(now),
            Line::Pausing { until, .. } if now >= until && !known.carries => self.line.lose(now),
            Line::Pausing { by_key, tries, until } if now >= until => match &self.invite {
                Some(invite) => {
                    let link = known.ask();
                    effects.push(open_link(link, invite, known));
                    self.line = Line::Opening { link, by_key, tries, until: now + OPENING };
                }
                None => return Next::End(Ending::LineLost),
            },
            _ => {}
        }
        if self.consent_again.is_some_and(|at| now >= at) {
            self.consent_again = None;
            self.say(ToServer::Consent { rules: self.seat.rules.clone() }, effects);
        }
        if self.can_connect()
            && let Some(epoch) = self.call.tick(now)
        {
            self.say(ToServer::Rebuild { epoch }, effects);
        }
        Next::Stay
    }

    /// Only with the line up and the counter present can a connection be made, and only if nobody else may be there.
    fn can_connect(&self) -> bool {
        self.can_speak() && !self.trust.is_lost()
    }

    fn can_speak(&self) -> bool {
        self.line.is_up() && self.staff_present == Some(true)
    }

    /// In the lobby the line must hold; once let in with the counter present, the path must, too, unless none is made. While
    /// both ends see and hear each other nothing is lost: the room may take its time to come back.
    fn watch_for_loss(&mut self, now: Uptime) -> Next {
        let line = self.line.is_up() && self.staff_present.is_some();
        let path =
            self.call.is_connected() || !self.admitted || self.staff_present == Some(false) || self.trust.is_lost();
        self.was_live |= self.is_live();
        let pictures = self.is_live() && !self.held && !self.staff_camera_off;
        self.pictures_since = pictures.then(|| self.pictures_since.unwrap_or(now));
        if (line && path) || self.is_live() {
            self.lost_since = None;
            return Next::Stay;
        }
        let since = *self.lost_since.get_or_insert(now);
        if now < since + LOST_FOR_GOOD {
            return Next::Stay;
        }
        Next::End(if self.will_phone { Ending::WillPhone } else { Ending::LineLost })
    }

    fn overtime(&self, now: Uptime) -> Duration {
        self.seat.clock.overtime(now)
    }

    fn set_gates(&mut self, effects: &mut Vec<Effect>) {
        let Some(attempt) = self.call.media() else {
            self.gates = None;
            return;
        };
        let open = self.admitted && !self.held;
        let gates = MediaGates { picture: open && !self.paused, sound: open && !self.paused, show: open };
        let said = Some((attempt, gates));
        let never_opened = self.gates.is_none_or(|(media, _)| media != attempt) && gates == MediaGates::default();
        if said != self.gates && !never_opened {
            effects.push(Effect::Gate { attempt, gates });
        }
        self.gates = said;
    }

    fn wake_at(&self, now: Uptime) -> Option<(Uptime, Why)> {
        let line = self.line.wake_at().map(|at| (at, Why("the line to come back")));
        let lost =
            self.lost_since.map(|since| (since + LOST_FOR_GOOD, Why("line and path to come back before we give up")));
        let notice = self.notice.map(|(_, until)| (until, Why("a notice to be read")));
        let call = self.call.wake_at().filter(|_| self.can_connect());
        let call = call.map(|at| (at, Why("the connection to the counter")));
        let consent = self.consent_again.map(|at| (at, Why("the lobby to open by the room's clock")));
        let remaining = self.seat.clock.remaining(now);
        let closing = now + remaining + GRACE.saturating_sub(self.overtime(now));
        let closing = Some((closing, Why("the end of the slot")));
        let second = to_next_second(remaining);
        let second = (now + second, Why("the remaining time's next second"));
        [line, lost, notice, call, consent, closing, Some(second)].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn sight(&self, now: Uptime, known: &Known) -> Sight {
        let remaining = whole_seconds(self.seat.clock.remaining(now));
        if self.trust.is_lost() {
            let press = self.may_try_again().then_some(PressDoes::Again);
            let aside = self.notice.map(|(notice, _)| notice).or(self.will_phone.then_some(Aside::WillPhone));
            let face = Face::Unverified { tried_again: self.trust.was_tried_again() };
            return Sight { face, press, hold: Some(HoldDoes::Leave), aside };
        }
        let face = match (self.admitted, self.staff_present) {
            (true, _) if self.is_live() => self.live(remaining),
            (true, _) | (_, Some(_)) if !self.line.is_up() => Face::ComingBack { remaining },
            (true, Some(false)) => Face::Lobby { staff_present: false },
            (true, _) if self.was_live => Face::ComingBack { remaining },
            (false, Some(staff_present)) => Face::Lobby { staff_present },
            _ => Face::Entering,
        };
        let pause = if self.paused { PressDoes::Resume } else { PressDoes::Pause };
        let press = self.may_pause(known).then_some(pause);
        let missing = known.missing_senses();
        // That the time is nearly over is no news for whoever still waits for somebody.
        let notice = self.notice.map(|(notice, _)| notice);
        let notice = notice.filter(|notice| {
            self.was_live || self.is_live() || !matches!(notice, Aside::FiveMinutes | Aside::OneMinute)
        });
        let aside = notice.or(missing.filter(|missing| missing.lacks_speaker()));
        let aside = aside.or(self.paused.then_some(Aside::Paused));
        let aside = aside.or(self.will_phone.then_some(Aside::WillPhone)).or(missing);
        let aside = aside.or(known.silent_microphone());
        let aside = aside.or((self.is_live() && self.loud_tv).then_some(Aside::LoudTv));
        let aside = aside.or(self.staff_muted.then_some(Aside::StaffMuted));
        let aside = aside.or(self.staff_camera_off.then_some(Aside::StaffCameraOff));
        Sight { face, press, hold: Some(HoldDoes::Leave), aside }
    }

    fn live(&self, remaining: Duration) -> Face {
        let name = self.call.name().to_owned();
        Face::Live { name, remaining, quality: self.judge.quality(), held: self.held }
    }
}
