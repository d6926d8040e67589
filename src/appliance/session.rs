//! Chapter 5: lobby, live, weak line, coming back, ended. Holds the key only as long as it may have to come back.

mod line;
mod media;
mod others;
mod sight;

use super::ready::{Seat, open_link};
use super::wipe::Wipe;
use super::{Chapter, Event, Holds, Senses, Sight, Why};
use crate::model::call::Call;
use crate::model::ids::{Attempt, Epoch};
use crate::model::invite::Invite;
use crate::model::known::Known;
use crate::model::light::Light;
use crate::model::line::{Line, OPENING};
use crate::model::quality::QualityJudge;
use crate::model::screen::{Aside, Ending, Face, PressDoes};
use crate::model::trust::Trust;
use crate::model::turn::{Effect, Gates, Told};
use crate::model::uptime::Uptime;
use crate::model::wire::{ByeReason, ToServer, TrackKind};
use others::Others;
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
    others: Others,
    /// Since when the counter's pictures may be expected.
    pictures_since: Option<Uptime>,
    paused: bool,
    will_phone: bool,
    notice: Option<(Aside, Uptime)>,
    trust: Trust,
    judge: QualityJudge,
    /// Staff hear themselves.
    loud_tv: bool,
    gates: Option<(Attempt, Gates)>,
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
            others: Others::default(),
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

    /// Whether that is off at the end that is shown.
    fn is_off(&self, kind: TrackKind) -> bool {
        self.others.is_off(self.call.peer(), kind)
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
        let pictures = self.is_live() && !self.held && !self.is_off(TrackKind::Camera);
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
}
