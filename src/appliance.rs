//! The appliance as a pure machine: [`Input`] in, [`Effect`]s out, the time an argument.
//!
//! This file routes and decides nothing itself: it tells presses from holds, keeps what is known about the
//! world, hands each event to the chapter under way, and closes what a chapter no longer holds.

mod boot;
mod chimes;
mod network;
mod qr;
mod ready;
mod session;
mod updates;
mod wipe;

use crate::model::ids::Attempt;
use crate::model::known::Known;
use crate::model::light::Light;
use crate::model::press::{Button, Gesture};
use crate::model::screen::{Aside, Face, HoldDoes, Live, PressDoes, ScanHint, Screen};
use crate::model::stick::StickNews;
use crate::model::turn::{Effect, Fact, Input, Told};
use crate::model::update::UpdateNews;
use crate::model::uptime::Uptime;
use boot::Boot;
use updates::{Room, Updates};

/// Why the machine wants to be woken: the end of a sentence that begins with "waits for".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why(pub &'static str);

/// Which senses are open. A function of the state: nothing can forget to close them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Senses {
    /// The camera delivers pictures.
    pub camera: bool,
    /// Its pictures are searched for codes.
    pub scan: bool,
    /// The microphone's level is shown. (For a session it is open as long as the session's pipeline is there.)
    pub level: bool,
}

/// What a chapter holds open in the known. What it no longer holds is closed for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Holds {
    link: Option<Attempt>,
    media: Option<Attempt>,
}

/// What a chapter shows; the rest of the screen is the same for all.
struct Sight {
    face: Face,
    press: Option<PressDoes>,
    hold: Option<HoldDoes>,
    aside: Option<Aside>,
}

/// What a chapter is told: gestures instead of edges, and that a fact changed instead of which.
enum Event {
    Press,
    Hold,
    Tick,
    Fact,
    /// A stick orders that everything be forgotten.
    ReturnAsked,
    Told(Told),
}

/// What a chapter lets be taken up from a stick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// Nothing: something else comes first.
    Nothing,
    /// An order to return the device.
    Returns,
    /// Whatever it brings.
    Everything,
}

/// The six chapters. Each is consumed by what happens to it, so leaving one drops its secrets.
enum Chapter {
    Boot(boot::Boot),
    Network(network::Network),
    Qr(qr::Qr),
    Ready(ready::Ready),
    Session(session::Session),
    Wipe(wipe::Wipe),
}

/// The whole appliance.
pub struct Appliance {
    chapter: Option<Chapter>,
    known: Known,
    button: Button,
    /// What press and hold did on the screen that was shown last.
    offered: Offer,
    level: Option<u16>,
    /// What the counter offers in place of what runs.
    updates: Updates,
    /// At the beginning of this turn somebody was on the way to the counter, or talked with it.
    with_a_family: bool,
}

type Offer = (Option<PressDoes>, Option<HoldDoes>);

impl Appliance {
    /// Power-on.
    pub fn new(now: Uptime) -> Self {
        Self {
            chapter: Some(Chapter::Boot(boot::Boot::new(now))),
            known: Known::default(),
            button: Button::default(),
            offered: (None, None),
            level: None,
            updates: Updates::default(),
            with_a_family: false,
        }
    }

    /// Takes what happened and says what to do about it.
    pub fn handle(&mut self, now: Uptime, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        let (somebody, news) = (is_somebody(&input), said_of_update(&input));
        self.with_a_family = matches!(self.chapter, Some(Chapter::Ready(_) | Chapter::Session(_)));
        if self.offer(now) != self.offered {
            // Time alone changed the screen: a finger that is down meant the old one.
            self.button.swallow();
        }
        let event = match input {
            Input::Button { down } => self.button.edge(now, down).map(Event::from),
            Input::Level(level) => {
                self.level =
                    self.chapter.as_ref().is_some_and(|chapter| chapter.shows_level(now, &self.known)).then_some(level);
                None
            }
            Input::Tick => {
                if let Some(gesture) = self.button.tick(now) {
                    self.turn(now, gesture.into(), &mut effects);
                }
                Some(Event::Tick)
            }
            Input::World(Fact::Wall { at }) => {
                self.known.wall = Some((now, at));
                None
            }
            Input::World(fact) => self.known.learn(fact).then_some(Event::Fact),
            Input::Told(told) => Some(self.heard(told)),
        };
        if let Some(event) = event {
            self.turn(now, event, &mut effects);
        }
        let quiet = !somebody && !self.known.has_work() && self.chapter.as_ref().is_some_and(Chapter::only_waits);
        let room = if quiet { Room::Quiet } else { Room::Busy };
        self.updates.turn(now, room, news, &mut self.known, &mut effects);
        self.offered = self.offer(now);
        effects
    }

    fn offer(&self, now: Uptime) -> Offer {
        let sight = self.chapter.as_ref().map(|chapter| chapter.sight(now, &self.known));
        sight.map_or((None, None), |sight| (sight.press, sight.hold))
    }

    fn turn(&mut self, now: Uptime, event: Event, effects: &mut Vec<Effect>) {
        let Some(chapter) = self.chapter.take() else { return };
        let (held, sight) = (chapter.holds(), chapter.sight(now, &self.known));
        let said_before = effects.len();
        let by_hand = matches!(event, Event::Press | Event::Hold);
        let by_stick = matches!(event, Event::Told(Told::Stick(StickNews::In(_))));
        let mut next = chapter.handle(now, event, &mut self.known, effects);
        if !self.with_a_family && next.takes(by_stick) != Takes::Nothing {
            next = next.take_up(now, by_stick, &mut self.known, effects);
        }
        close_what_is_no_longer_held(held, next.holds(), said_before, effects);
        let after = next.sight(now, &self.known);
        if !by_hand && (sight.press, sight.hold) != (after.press, after.hold) {
            self.button.swallow();
        }
        if !next.shows_level(now, &self.known) {
            self.level = None;
        }
        self.chapter = Some(next);
    }

    /// Keeps what is told about sticks and slots; an order to return the device is an event of its own.
    fn heard(&mut self, told: Told) -> Event {
        match &told {
            Told::Stick(news) => {
                self.known.plugged(news.clone());
                let asks = !matches!(self.chapter, Some(Chapter::Boot(_)) | None) && self.known.take_return();
                if asks { Event::ReturnAsked } else { Event::Told(told) }
            }
            Told::WentBack => {
                self.known.went_back = true;
                Event::Told(told)
            }
            _ => Event::Told(told),
        }
    }

    /// When to be woken with [`Input::Tick`] at the latest, and what for.
    pub fn wake_at(&self, now: Uptime) -> Option<(Uptime, Why)> {
        let ring = self.button.wake_at(now).map(|at| (at, Why("the finger on the button")));
        let chapter = self.chapter.as_ref().and_then(|chapter| chapter.wake_at(now));
        let takes = self.chapter.as_ref().is_some_and(|chapter| chapter.takes(false) == Takes::Everything);
        let stick = (takes && self.known.has_work()).then_some((now, Why("what lies on a stick")));
        let update = self.updates.wake_at(now, &self.known);
        [ring, chapter, stick, update].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// For whom or what the appliance waits when it has no deadline of its own.
    pub fn waits_for_person(&self) -> Option<&'static str> {
        match self.chapter.as_ref()? {
            Chapter::Boot(boot) => boot.waits_for_person(),
            Chapter::Network(network) => network.waits_for_person(),
            Chapter::Qr(_) => Some("the paper, the button or a lost network"),
            Chapter::Ready(ready) => ready.waits_for_person(),
            Chapter::Session(session) => session.waits_for_person(),
            Chapter::Wipe(wipe) => wipe.waits_for_person(),
        }
    }

    /// What the light in the button shows.
    pub fn light(&self, now: Uptime) -> Light {
        let Some(chapter) = &self.chapter else { return Light::Fast };
        match chapter {
            Chapter::Boot(boot) => boot.light(),
            Chapter::Network(network) => network.light(),
            Chapter::Qr(qr) => qr.light(),
            Chapter::Ready(ready) => ready.light(now),
            Chapter::Session(session) => session.light(),
            Chapter::Wipe(wipe) => wipe.light(),
        }
    }

    /// Which senses are open.
    pub fn senses(&self) -> Senses {
        self.chapter.as_ref().map(Chapter::senses).unwrap_or_default()
    }

    /// What the TV shows.
    pub fn screen(&self, now: Uptime) -> Screen {
        let known = &self.known;
        let sight = match &self.chapter {
            Some(chapter) => chapter.sight(now, known),
            None => Sight { face: Face::Starting, press: None, hold: None, aside: None },
        };
        let telephone = known.telephone().filter(|_| Screen::offers_telephone(&sight.face, sight.aside));
        Screen {
            language: known.language,
            city: known.loan.as_ref().map(|loan| loan.city.clone()).unwrap_or_default(),
            face: sight.face,
            press: sight.press,
            hold: sight.hold,
            telephone: telephone.cloned(),
            aside: sight.aside,
            live: Live { ring: self.button.ring(now).filter(|_| sight.hold.is_some()), level: self.level },
        }
    }

    /// Name of the chapter under way; the names sort in the story's order by number, not by letter.
    pub fn chapter(&self) -> &'static str {
        match &self.chapter {
            Some(Chapter::Boot(_)) | None => "boot",
            Some(Chapter::Network(_)) => "network",
            Some(Chapter::Qr(_)) => "qr",
            Some(Chapter::Ready(_)) => "ready",
            Some(Chapter::Session(_)) => "session",
            Some(Chapter::Wipe(_)) => "wipe",
        }
    }

    /// Whether a room key or resumption token is anywhere in the machine. For the laws.
    pub fn knows_a_key(&self) -> bool {
        self.known.remembered.is_some()
            || match &self.chapter {
                Some(Chapter::Ready(ready)) => ready.knows_a_key(),
                Some(Chapter::Session(session)) => session.knows_a_key(),
                _ => false,
            }
    }
}

impl Chapter {
    fn handle(self, now: Uptime, event: Event, known: &mut Known, effects: &mut Vec<Effect>) -> Self {
        match self {
            Self::Boot(boot) => boot.handle(now, event, known, effects),
            Self::Network(network) => network.handle(now, event, known, effects),
            Self::Qr(qr) => qr.handle(now, event, known, effects),
            Self::Ready(ready) => ready.handle(now, event, known, effects),
            Self::Session(session) => session.handle(now, event, known, effects),
            Self::Wipe(wipe) => wipe.handle(now, event, known, effects),
        }
    }

    /// What may be taken up from a stick here: nothing while somebody is on the way to the counter or talks with it.
    fn takes(&self, by_stick: bool) -> Takes {
        match self {
            Self::Boot(boot) => boot.takes(),
            // What went wrong is to be read, unless somebody puts a stick in right there.
            Self::Network(network) if network.is_in_trouble() && !by_stick => Takes::Returns,
            Self::Network(_) | Self::Qr(_) => Takes::Everything,
            Self::Ready(_) | Self::Session(_) | Self::Wipe(_) => Takes::Nothing,
        }
    }

    /// Nothing goes on but waiting for the paper.
    fn only_waits(&self) -> bool {
        matches!(self, Self::Qr(qr) if qr.only_waits())
    }

    /// Takes up what still lies on a stick.
    fn take_up(self, now: Uptime, by_stick: bool, known: &mut Known, effects: &mut Vec<Effect>) -> Self {
        if known.take_return() {
            return self.handle(now, Event::ReturnAsked, known, effects);
        }
        let everything = self.takes(by_stick) == Takes::Everything;
        let job = if everything { boot::stick::next_job(known) } else { None };
        match job {
            Some(job) => {
                known.remembered = None;
                Self::Boot(Boot::deal_with(now, job, known, effects))
            }
            None => self,
        }
    }

    fn sight(&self, now: Uptime, known: &Known) -> Sight {
        match self {
            Self::Boot(boot) => boot.sight(known),
            Self::Network(network) => network.sight(known),
            Self::Qr(qr) => qr.sight(known),
            Self::Ready(ready) => ready.sight(now, known),
            Self::Session(session) => session.sight(now, known),
            Self::Wipe(wipe) => wipe.sight(),
        }
    }

    fn wake_at(&self, now: Uptime) -> Option<(Uptime, Why)> {
        match self {
            Self::Boot(boot) => boot.wake_at(),
            Self::Network(network) => network.wake_at(),
            Self::Qr(qr) => qr.wake_at(),
            Self::Ready(ready) => ready.wake_at(now),
            Self::Session(session) => session.wake_at(now),
            Self::Wipe(wipe) => wipe.wake_at(),
        }
    }

    fn senses(&self) -> Senses {
        match self {
            Self::Boot(_) | Self::Wipe(_) => Senses::default(),
            Self::Network(network) => network.senses(),
            Self::Qr(qr) => qr.senses(),
            Self::Ready(ready) => ready.senses(),
            Self::Session(session) => session.senses(),
        }
    }

    /// Whether the microphone's level is on the screen.
    fn shows_level(&self, now: Uptime, known: &Known) -> bool {
        let live = |sight: Sight| matches!(sight.face, Face::Live { .. }) && sight.aside != Some(Aside::Paused);
        self.senses().level || live(self.sight(now, known))
    }

    fn holds(&self) -> Holds {
        match self {
            Self::Ready(ready) => ready.holds(),
            Self::Session(session) => session.holds(),
            _ => Holds::default(),
        }
    }
}

/// Whether a person did this: the button, a stick, something held before the camera.
fn is_somebody(input: &Input) -> bool {
    match input {
        Input::Button { .. } | Input::Told(Told::Stick(_)) => true,
        Input::Told(Told::Scan { hint, code }) => {
            code.is_some() || !matches!(hint, ScanHint::Looking | ScanHint::NoCamera)
        }
        _ => false,
    }
}

fn said_of_update(input: &Input) -> Option<(Attempt, UpdateNews)> {
    match input {
        Input::Told(Told::Update { attempt, news }) => Some((*attempt, news.clone())),
        _ => None,
    }
}

/// A device keeps one line and one pipeline, and a newer one replaces the older: only "none" needs a word.
/// What was opened in this very turn (from effect `start` on) counts as held before it.
fn close_what_is_no_longer_held(before: Holds, after: Holds, start: usize, effects: &mut Vec<Effect>) {
    let mut opened = effects.iter().skip(start);
    let built = before.media.is_some() || opened.clone().any(|effect| matches!(effect, Effect::BuildMedia { .. }));
    let dialled = before.link.is_some() || opened.any(|effect| matches!(effect, Effect::OpenLink { .. }));
    if built && after.media.is_none() {
        effects.push(Effect::CloseMedia);
    }
    if dialled && after.link.is_none() {
        effects.push(Effect::CloseLink);
    }
}

impl From<Gesture> for Event {
    fn from(gesture: Gesture) -> Self {
        match gesture {
            Gesture::Press => Self::Press,
            Gesture::Hold => Self::Hold,
        }
    }
}
