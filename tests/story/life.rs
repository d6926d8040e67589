//! A whole life in virtual time: the appliance, a family, and a world that answers as it is told to.
//!
//! Every step is watched by the laws. A scenario reads as a person would tell it; what it does not say is as on a
//! good day: a loan, a camera, a microphone, a known clock, a slot whose lobby is open, a counter at its desk.

use crate::props;
use crate::room::Room;
use crate::watched::Watched;
use madoguchi::model::code::Code;
use madoguchi::model::ids::{Attempt, Epoch};
use madoguchi::model::light::Light;
use madoguchi::model::loan::Loan;
use madoguchi::model::screen::{NetworkTrouble, RULES_PAGES, ScanHint, Screen, WipeStep};
use madoguchi::model::stick::{
    Followed, Held, HeldTrouble, KeyRefused, LoanOrder, PaperRefusal, Stick, StickId, StickNews,
};
use madoguchi::model::turn::{Effect, Fact, Gates, Input, LinkNews, MediaNews, NetworkNews, Told, Turn};
use madoguchi::model::update::{UpdateNews, UpdateRefusal};
use madoguchi::model::uptime::Uptime;
use madoguchi::model::wifi_code::Claim;
use madoguchi::model::wire::ToServer;
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest that a scenario waits for a face by [`Life::until`].
const PATIENCE: Duration = Duration::from_secs(300);

/// What survives a power cut, and how the disk behaves.
pub(crate) struct Store {
    pub(crate) loan: Result<Option<Loan>, HeldTrouble>,
    pub(crate) wipe_owed: bool,
    /// Each step fails once for each time that it stands here.
    pub(crate) fails: Vec<WipeStep>,
    /// The store takes so long for anything.
    pub(crate) takes: Duration,
    /// It had to be made anew.
    pub(crate) made_anew: bool,
    /// Loans cannot be written.
    pub(crate) full: bool,
    /// City keys that count for nothing.
    pub(crate) refused_keys: Vec<KeyRefused>,
    /// A development build.
    pub(crate) development: bool,
    /// Which papers were followed last.
    pub(crate) followed: Followed,
    /// The board's number.
    pub(crate) device: Option<String>,
}

/// The two slots and the sticks before them.
pub(crate) struct Slots {
    /// What becomes of the next update.
    pub(crate) verdict: Result<(), UpdateRefusal>,
    /// The running version.
    pub(crate) running: u32,
    /// Installed into the other slot, to be started next.
    pub(crate) next: Option<u32>,
    /// The last update never became good.
    pub(crate) went_back: bool,
    /// RAUC says nothing at all.
    pub(crate) silent: bool,
    /// Where an update was looked for.
    pub(crate) looked_at: Vec<String>,
}

/// The home network.
pub(crate) struct Router {
    /// How the next Wi-Fi is judged.
    pub(crate) verdict: Result<(), NetworkTrouble>,
    /// Whether the internet is behind it.
    pub(crate) internet: Result<(), NetworkTrouble>,
    pub(crate) cable: bool,
    pub(crate) carries: bool,
    /// This loan has joined a Wi-Fi of the home before.
    pub(crate) known: bool,
}

/// The session's media.
pub(crate) struct Media {
    pub(crate) open: Option<(Attempt, Epoch)>,
    pub(crate) gates: Gates,
    pub(crate) connected: bool,
    /// A path to the counter can be made.
    pub(crate) path: bool,
    /// Somebody else sits on it.
    pub(crate) stranger: bool,
    pub(crate) built: u32,
    /// STUN and TURN servers of the newest connection.
    pub(crate) servers: Vec<String>,
}

/// The life.
pub(crate) struct Life {
    watched: Watched,
    agenda: BTreeMap<(Uptime, u32), Input>,
    order: u32,
    pub(crate) store: Store,
    pub(crate) slots: Slots,
    /// What the sticks that are in bring; the key is the folder that they are seen in.
    sticks: Vec<Stick>,
    pub(crate) router: Router,
    pub(crate) room: Room,
    pub(crate) media: Media,
    /// Everything asked of the world since power-on, without secrets.
    pub(crate) effects: Vec<String>,
    trace: Vec<String>,
    faces: Vec<String>,
}

impl Life {
    /// On a good day, up to the first picture.
    pub(crate) fn power_on() -> Self {
        Self::power_on_with(Ok(Some(props::loan())))
    }

    pub(crate) fn power_on_with(loan: Result<Option<Loan>, HeldTrouble>) -> Self {
        let takes = Duration::from_millis(400);
        let mut life = Self {
            watched: Watched::power_on(),
            agenda: BTreeMap::new(),
            order: 0,
            store: Store {
                loan,
                wipe_owed: false,
                fails: Vec::new(),
                takes,
                made_anew: false,
                full: false,
                refused_keys: Vec::new(),
                development: false,
                followed: Followed::default(),
                device: None,
            },
            slots: Slots {
                verdict: Ok(()),
                running: 1,
                next: None,
                went_back: false,
                silent: false,
                looked_at: Vec::new(),
            },
            sticks: Vec::new(),
            router: Router { verdict: Ok(()), internet: Ok(()), cable: false, carries: false, known: false },
            room: Room::default(),
            media: Media {
                open: None,
                gates: Gates::default(),
                connected: false,
                path: true,
                stranger: false,
                built: 0,
                servers: Vec::new(),
            },
            effects: Vec::new(),
            trace: Vec::new(),
            faces: Vec::new(),
        };
        life.devices_start();
        life
    }

    fn devices_start(&mut self) {
        let (wipe_owed, loan, made_anew) = (self.store.wipe_owed, self.store.loan.clone(), self.store.made_anew);
        let (refused_keys, development) = (self.store.refused_keys.clone(), self.store.development);
        let (followed, device) = (self.store.followed, self.store.device.clone());
        let held = Held { wipe_owed, loan, made_anew, refused_keys, development, followed, device, ..Held::default() };
        self.later(self.store.takes, Input::Told(Told::Held(Box::new(held))));
        if self.slots.went_back {
            self.later(Duration::from_millis(900), Input::Told(Told::WentBack));
        }
        for stick in self.sticks.clone() {
            let stick = Stick { by_hand: false, ..stick };
            self.later(Duration::from_millis(1_200), Input::Told(Told::Stick(StickNews::In(stick))));
        }
        self.fact(Fact::Camera { present: true });
        self.fact(Fact::Microphone { present: true });
        self.fact(Fact::Speaker { present: true });
        self.fact(Fact::Clock { known: true });
        self.fact(Fact::Cable { plugged: self.router.cable });
        self.fact(Fact::Carries { up: self.router.carries, trouble: None });
    }

    /// By cable to "show me the paper from the city".
    pub(crate) fn at_the_paper_screen() -> Self {
        let mut life = Self::power_on();
        life.cable_in();
        life.until("qr-show-paper");
        life
    }

    /// By cable and paper to the self-view.
    pub(crate) fn at_the_mirror() -> Self {
        let mut life = Self::at_the_paper_screen();
        life.shows_paper();
        life.until("ready-mirror");
        life
    }

    /// Agreed, and waiting to be let in.
    pub(crate) fn in_the_lobby() -> Self {
        let mut life = Self::at_the_mirror();
        life.press();
        life.agrees();
        life.until("session-lobby");
        life
    }

    /// Talking with the counter.
    pub(crate) fn talking() -> Self {
        let mut life = Self::in_the_lobby();
        life.staff_lets_in();
        life.until("session-live");
        life
    }

    // What the family does.

    pub(crate) fn press(&mut self) {
        self.touches(Duration::from_millis(200));
    }

    /// Through the pages of rules, and agrees on the last one.
    pub(crate) fn agrees(&mut self) {
        (0..RULES_PAGES).for_each(|_| self.press());
    }

    pub(crate) fn hold(&mut self) {
        self.touches(Duration::from_millis(3_100));
    }

    /// The finger goes down, stays and goes up.
    pub(crate) fn touches(&mut self, span: Duration) {
        self.feed(Input::Button { down: true });
        self.waits(span);
        self.feed(Input::Button { down: false });
        self.waits(Duration::from_millis(100));
    }

    pub(crate) fn finger(&mut self, down: bool) {
        self.feed(Input::Button { down });
    }

    pub(crate) fn shows(&mut self, code: Code) {
        self.told(Told::Scan { hint: ScanHint::Found, code: Some(code) });
    }

    pub(crate) fn shows_paper(&mut self) {
        self.shows(props::paper());
    }

    pub(crate) fn shows_router_code(&mut self) {
        self.shows(props::router_code(Claim::Wpa));
    }

    pub(crate) fn speaks(&mut self, level: u16) {
        self.feed(Input::Level(level));
    }

    pub(crate) fn waits(&mut self, span: Duration) {
        let end = self.now() + span;
        while self.next_moment(end) {}
        self.watched.now = end;
    }

    /// Waits until a face of that name (or beginning with it) is shown; fails when it never is.
    #[track_caller]
    pub(crate) fn until(&mut self, face: &str) {
        let end = self.now() + PATIENCE;
        while !self.face().starts_with(face) {
            assert!(self.next_moment(end), "{face} never came; stayed on {}\n{}", self.face(), self.trace());
        }
    }

    /// Waits until something is so; fails when it never is.
    #[track_caller]
    pub(crate) fn until_so(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let end = self.now() + PATIENCE;
        while !so(self) {
            assert!(self.next_moment(end), "{what} never came; stayed on {}\n{}", self.face(), self.trace());
        }
    }

    /// Lets everything that is under way arrive, then looks at the screen.
    #[track_caller]
    pub(crate) fn expect_face(&mut self, face: &str) {
        self.waits(Duration::from_millis(10));
        assert!(self.face().starts_with(face), "expected {face}, but see {}\n{}", self.face(), self.trace());
    }

    // What happens to the box.

    pub(crate) fn cable_in(&mut self) {
        self.router.cable = true;
        self.fact(Fact::Cable { plugged: true });
        self.later_carries(Duration::from_secs(1));
    }

    pub(crate) fn cable_out(&mut self) {
        self.router.cable = false;
        self.fact(Fact::Cable { plugged: false });
        self.network_carries(Err(NetworkTrouble::LineLost));
    }

    pub(crate) fn network_carries(&mut self, how: Result<(), NetworkTrouble>) {
        self.router.carries = how.is_ok();
        self.fact(Fact::Carries { up: how.is_ok(), trouble: how.err() });
    }

    pub(crate) fn fact(&mut self, fact: Fact) {
        self.feed(Input::World(fact));
    }

    /// The city's order to return the loan that is in force in the stories.
    pub(crate) fn return_stick_in(&mut self) -> StickId {
        self.stick_in(Stick { give_back: Some(Ok(props::loan().id.into())), ..Stick::default() })
    }

    pub(crate) fn update_stick_in(&mut self) -> StickId {
        self.stick_in(Stick { update: Some("/stick/madoguchi.raucb".into()), ..Stick::default() })
    }

    pub(crate) fn loan_stick_in(&mut self, loan: Loan) -> StickId {
        let order = LoanOrder { loan, text: "format = 1".to_owned(), past: false, signed: 0 };
        self.paper_stick_in(Ok(order))
    }

    pub(crate) fn paper_stick_in(&mut self, loan: Result<LoanOrder, PaperRefusal>) -> StickId {
        self.stick_in(Stick { loan: Some(loan.map(Box::new)), ..Stick::default() })
    }

    /// It stays in until it is taken out, over power cuts too.
    pub(crate) fn stick_in(&mut self, stick: Stick) -> StickId {
        self.stick_found(Stick { by_hand: true, ..stick })
    }

    /// One that was in before the power came, unless it says otherwise.
    pub(crate) fn stick_found(&mut self, stick: Stick) -> StickId {
        self.order += 1;
        let stick = Stick { id: StickId(self.order), ..stick };
        self.sticks.push(stick.clone());
        let id = stick.id;
        self.told(Told::Stick(StickNews::In(stick)));
        id
    }

    pub(crate) fn stick_out(&mut self, id: StickId) {
        self.sticks.retain(|stick| stick.id != id);
        let noticed = |input: &Input| matches!(input, Input::Told(Told::Stick(StickNews::In(stick))) if stick.id == id);
        self.agenda.retain(|_, input| !noticed(input));
        self.told(Told::Stick(StickNews::Out(id)));
    }

    /// Power goes and comes back; only the store remembers.
    pub(crate) fn power_cut(&mut self) {
        self.watched.laws.owed_on_disk = self.store.wipe_owed;
        self.watched.power_cut();
        self.slots.running = self.slots.next.take().unwrap_or(self.slots.running);
        self.agenda.clear();
        self.media.open = None;
        self.room.line_lost(self.watched.now);
        self.trace.push("-- power cut --".to_owned());
        self.faces.push("-- power cut --".to_owned());
        self.effects.clear();
        self.devices_start();
    }

    /// The line to the room server and the path to the counter die; nothing answers any more.
    pub(crate) fn line_dies(&mut self) {
        self.room.reachable = false;
        self.media.path = false;
        self.drop_what_is_on_the_line();
        if let Some(attempt) = self.room.line.take() {
            self.room.line_lost(self.now());
            let why = madoguchi::model::turn::LinkClosed::Lost;
            self.later(Duration::from_secs(1), link(attempt, LinkNews::Closed(why)));
        }
        self.path_dies();
    }

    /// The line breaks, and the next one may be opened at once.
    pub(crate) fn line_breaks(&mut self) {
        self.drop_what_is_on_the_line();
        let attempt = self.room.line.unwrap();
        self.room.line_lost(self.now());
        self.feed(link(attempt, LinkNews::Closed(madoguchi::model::turn::LinkClosed::Lost)));
    }

    pub(crate) fn line_comes_back(&mut self) {
        self.room.reachable = true;
        self.media.path = true;
    }

    /// Media notice a dead path within five seconds.
    pub(crate) fn path_dies(&mut self) {
        if let Some((attempt, _)) = self.media.open {
            self.later(Duration::from_secs(5), media(attempt, MediaNews::PathDead));
        }
    }

    fn drop_what_is_on_the_line(&mut self) {
        self.agenda.retain(|_, input| !matches!(input, Input::Told(Told::Link { .. })));
    }

    // What the counter does.

    pub(crate) fn staff(&mut self, does: impl FnOnce(&mut Room)) {
        does(&mut self.room);
        self.deliver();
    }

    pub(crate) fn staff_lets_in(&mut self) {
        self.staff(Room::admit);
    }

    // What is seen.

    pub(crate) fn now(&self) -> Uptime {
        self.watched.now
    }

    pub(crate) fn screen(&self) -> Screen {
        self.watched.appliance.screen(self.now())
    }

    pub(crate) fn face(&self) -> String {
        self.screen().face.name()
    }

    pub(crate) fn light(&self) -> Light {
        self.watched.appliance.light(self.now())
    }

    pub(crate) fn camera_is_open(&self) -> bool {
        self.watched.appliance.senses().camera
    }

    pub(crate) fn knows_a_key(&self) -> bool {
        self.watched.appliance.knows_a_key()
    }

    pub(crate) fn waits_for_person(&self) -> Option<&'static str> {
        self.watched.appliance.waits_for_person()
    }

    /// The faces in the order of their first appearance after another, without the many seconds of each.
    pub(crate) fn faces(&self) -> String {
        self.faces.join("\n")
    }

    pub(crate) fn forget_faces(&mut self) {
        self.faces = vec![self.face()];
        self.trace.clear();
        self.effects.clear();
    }

    pub(crate) fn trace(&self) -> String {
        self.trace.join("\n")
    }

    /// How many effects of that name were asked for.
    pub(crate) fn asked(&self, name: &str) -> usize {
        self.effects.iter().filter(|effect| effect.starts_with(name)).count()
    }

    // The machinery.

    pub(crate) fn told(&mut self, told: Told) {
        self.feed(Input::Told(told));
    }

    pub(crate) fn later(&mut self, span: Duration, input: Input) {
        self.order += 1;
        self.agenda.insert((self.now() + span, self.order), input);
    }

    fn later_carries(&mut self, span: Duration) {
        self.router.carries = self.router.internet.is_ok();
        let fact = Fact::Carries { up: self.router.internet.is_ok(), trouble: self.router.internet.err() };
        self.later(span, Input::World(fact));
    }

    /// The next thing on the agenda or the next tick, whichever comes first; false when both are after `end`.
    fn next_moment(&mut self, end: Uptime) -> bool {
        let due = self.agenda.keys().next().copied().filter(|(at, _)| *at <= end);
        let wake = self.watched.next_wake(end);
        match (due, wake) {
            (Some(key), wake) if wake.is_none_or(|wake| key.0 <= wake) => {
                let input = self.agenda.remove(&key).unwrap();
                self.watched.now = key.0.max(self.now());
                self.feed(input);
            }
            (_, Some(wake)) => {
                self.watched.now = wake;
                self.feed(Input::Tick);
            }
            _ => return false,
        }
        true
    }

    fn feed(&mut self, input: Input) {
        let text = input.to_string();
        let before = (self.watched.appliance.chapter(), self.face());
        let connects = match &input {
            Input::Told(Told::Media { attempt, news: MediaNews::Connected }) => Some(*attempt),
            _ => None,
        };
        let effects = self.watched.feed(input);
        let after = (self.watched.appliance.chapter(), self.face());
        let turn = Turn {
            at: self.now(),
            before: (before.0, &before.1),
            input: &text,
            after: (after.0, &after.1),
            effects: &effects,
        };
        if !turn.is_idle() {
            self.trace.push(turn.to_string());
        }
        if self.faces.last() != Some(&after.1) {
            self.faces.push(after.1);
        }
        for effect in effects {
            self.effects.push(effect.to_string());
            self.act(effect);
        }
        if let Some(attempt) = connects {
            self.media.connected = true;
            self.a_picture_comes(attempt);
        }
        self.deliver();
    }

    /// What the room said goes onto the line.
    fn deliver(&mut self) {
        let Some(attempt) = self.room.line else { return self.room.outbox.clear() };
        for news in std::mem::take(&mut self.room.outbox) {
            self.later(Duration::from_millis(60), link(attempt, news));
        }
    }

    fn act(&mut self, effect: Effect) {
        match effect {
            Effect::JoinWifi { attempt, .. } => self.joins(attempt),
            Effect::JoinKnown { attempt } if self.router.known => self.joins(attempt),
            Effect::JoinKnown { attempt } => {
                self.later(Duration::from_secs(2), network(attempt, NetworkNews::Trouble(NetworkTrouble::NotInTheAir)));
            }
            Effect::CheckNetwork { attempt } => {
                let news = self.router.internet.map_or_else(NetworkNews::Trouble, |()| NetworkNews::Up);
                self.later(Duration::from_secs(1), network(attempt, news));
                self.later_carries(Duration::from_millis(1_100));
            }
            Effect::ForgetNetwork { attempt } => self.forgets_network(attempt),
            Effect::OpenLink { attempt, .. } => {
                let (after, news) = self.room.dialled(self.watched.now, attempt);
                if let Some(news) = news {
                    self.later(after, link(attempt, news));
                }
            }
            Effect::Say { attempt, message } => self.says(attempt, message),
            Effect::CloseLink => self.room.line_lost(self.watched.now),
            Effect::BuildMedia { attempt, epoch, ice_servers, .. } => {
                self.media.open = Some((attempt, epoch));
                self.media.servers = ice_servers.into_iter().flat_map(|server| server.urls).collect();
                self.media.gates = Gates::default();
                (self.media.built, self.media.connected) = (self.media.built + 1, false);
                self.later(Duration::from_millis(300), media(attempt, MediaNews::Offer("v=0".into())));
            }
            Effect::MediaAnswer { attempt, .. } if self.media.path => {
                let other = || MediaNews::Unverified("another certificate".to_owned());
                let news = if self.media.stranger { other() } else { MediaNews::Connected };
                self.later(Duration::from_millis(400), media(attempt, news));
            }
            Effect::Gate { gates, attempt } => {
                self.media.gates = gates;
                self.a_picture_comes(attempt);
            }
            Effect::CloseMedia => (self.media.open, self.media.gates) = (None, Gates::default()),
            Effect::OweWipe { attempt, .. } => {
                self.store.wipe_owed = true;
                self.later(self.store.takes, stored(attempt, Ok(())));
            }
            Effect::Wipe { attempt, step } => self.wipes(attempt, step),
            Effect::WipeDone { attempt } => {
                self.store.wipe_owed = false;
                self.later(self.store.takes, stored(attempt, Ok(())));
            }
            Effect::Update { attempt, .. } => self.updates(attempt),
            Effect::Lend { attempt, order } if !self.store.full => {
                self.store.loan = Ok(Some(order.loan));
                self.later(self.store.takes, stored(attempt, Ok(())));
            }
            Effect::Lend { attempt, .. } => self.later(self.store.takes, stored(attempt, Err("no room".into()))),
            Effect::UpdateFromCounter { attempt, hosts, .. } => {
                self.slots.looked_at = hosts;
                self.updates(attempt);
            }
            // RAUC is stopped, and says nothing any more.
            Effect::AbandonUpdate { attempt } => {
                let of =
                    |input: &Input| matches!(input, Input::Told(Told::Update { attempt: of, .. }) if *of == attempt);
                self.agenda.retain(|_, input| !of(input));
            }
            Effect::Restart => self.later(Duration::from_secs(3), Input::Tick),
            Effect::MediaAnswer { .. } | Effect::MediaCandidate { .. } | Effect::Chime => {}
        }
    }

    /// Version 2 lies on every stick.
    fn updates(&mut self, attempt: Attempt) {
        let update = |news| Input::Told(Told::Update { attempt, news });
        if self.slots.silent {
            return;
        }
        match self.slots.verdict {
            _ if self.slots.running == 2 => {
                let news = UpdateNews::UpToDate { version: "2".into() };
                self.later(Duration::from_secs(2), update(news));
            }
            Err(why) => self.later(Duration::from_secs(2), update(UpdateNews::Refused(why))),
            Ok(()) => {
                for percent in [0, 20, 60, 100] {
                    let news = UpdateNews::Installing { percent };
                    self.later(Duration::from_secs(2 + u64::from(percent) / 2), update(news));
                }
                self.later(Duration::from_secs(53), update(UpdateNews::Installed));
            }
        }
    }

    /// RAUC reads no more from a stick that is gone.
    pub(crate) fn rauc_fails(&mut self, why: UpdateRefusal) {
        let asked = |input: &Input| match input {
            Input::Told(Told::Update { attempt, .. }) => Some(*attempt),
            _ => None,
        };
        let attempt = self.agenda.values().find_map(asked).unwrap();
        self.agenda.retain(|_, input| asked(input).is_none());
        let news = UpdateNews::Refused(why);
        self.later(Duration::from_secs(1), Input::Told(Told::Update { attempt, news }));
    }

    /// The device does what it announced.
    pub(crate) fn restarts(&mut self) {
        assert!(self.asked("Restart") > 0, "nobody asked for a restart\n{}", self.trace());
        self.power_cut();
    }

    fn a_picture_comes(&mut self, attempt: Attempt) {
        if self.media.gates.show && self.media.connected && self.media.path {
            self.later(Duration::from_millis(200), media(attempt, MediaNews::FirstPicture));
        }
    }

    fn joins(&mut self, attempt: Attempt) {
        let takes = Duration::from_secs(4);
        match self.router.verdict {
            Ok(()) => {
                self.later(takes, network(attempt, NetworkNews::Up));
                self.later_carries(takes + Duration::from_millis(500));
            }
            Err(trouble) => self.later(takes, network(attempt, NetworkNews::Trouble(trouble))),
        }
    }

    fn forgets_network(&mut self, attempt: Attempt) {
        if let Some(place) = self.store.fails.iter().position(|step| *step == WipeStep::Network) {
            self.store.fails.remove(place);
            self.later(self.store.takes, network(attempt, NetworkNews::Trouble(NetworkTrouble::NoRadio)));
        } else {
            self.later(self.store.takes, network(attempt, NetworkNews::Forgotten));
        }
    }

    fn wipes(&mut self, attempt: Attempt, step: WipeStep) {
        let result = match self.store.fails.iter().position(|fails| *fails == step) {
            Some(place) => {
                self.store.fails.remove(place);
                Err("the disk says no".to_owned())
            }
            None => Ok(()),
        };
        if step == WipeStep::Data && result.is_ok() {
            self.store.loan = Ok(None);
        }
        self.later(self.store.takes, stored(attempt, result));
    }

    fn says(&mut self, attempt: Attempt, message: ToServer) {
        if self.room.line == Some(attempt) {
            self.room.hears(self.watched.now, message);
        }
    }
}

pub(crate) fn link(attempt: Attempt, news: LinkNews) -> Input {
    Input::Told(Told::Link { attempt, news })
}

pub(crate) fn media(attempt: Attempt, news: MediaNews) -> Input {
    Input::Told(Told::Media { attempt, news })
}

fn network(attempt: Attempt, news: NetworkNews) -> Input {
    Input::Told(Told::Network { attempt, news })
}

fn stored(attempt: Attempt, result: Result<(), String>) -> Input {
    Input::Told(Told::Stored { attempt, result })
}

/// Seconds, for scenarios.
pub(crate) const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Minutes, for scenarios.
pub(crate) const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}
