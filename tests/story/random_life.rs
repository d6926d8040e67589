//! A life made of whims: right answers, wrong ones, late ones, old ones, nervous fingers and power cuts.

use crate::laws::what_the_screen_does_not_offer_does_nothing;
use crate::props;
use crate::watched::Watched;
use madoguchi::model::code::Code;
use madoguchi::model::ids::{Attempt, Epoch, PeerId};
use madoguchi::model::language::Language;
use madoguchi::model::loan::Loan;
use madoguchi::model::quality::LineStats;
use madoguchi::model::screen::{Face, NetworkTrouble, RULES_PAGES, RoomRefusal, ScanHint, WrongCode};
use madoguchi::model::stick::{Held, LoanOrder, PaperRefusal, Stick, StickId, StickNews};
use madoguchi::model::turn::{Effect, Fact, Input, LinkClosed, LinkNews, MediaNews, NetworkNews, Told, TvSound};
use madoguchi::model::update::{UpdateNews, UpdateRefusal};
use madoguchi::model::wifi_code::Claim;
use madoguchi::model::wire::{ByeReason, Candidate, Notice, Refusal, ToClient};
use proptest::prelude::*;
use std::time::Duration;

/// One thing that happens in a random life.
#[derive(Clone, Debug)]
pub(crate) enum Whim {
    /// Whatever carries the story on from here.
    Right,
    /// Time passes, with every tick on time.
    Wait {
        millis: u64,
    },
    /// Time passes and the supervisor oversleeps.
    Dawdle {
        millis: u64,
    },
    /// Ticks that nobody asked for.
    TickStorm,
    /// A finger taps for so long; it may still be down when the screen changes.
    Press {
        millis: u64,
    },
    /// The finger stays down for so long.
    Lean {
        millis: u64,
    },
    /// An edge of the contact, with or without sense.
    Edge {
        down: bool,
    },
    Level(u16),
    Fact(Fact),
    /// Something is held before the camera.
    Shows(u8),
    /// The open question of store or network is answered.
    Answer(u8),
    LineSays(u8),
    MediaSay(u8),
    /// An old question is answered after all, or one that was never asked.
    Late {
        which: u8,
        back: u32,
        what: u8,
    },
    /// The city's order to return the device; the stick may stay in.
    Return {
        stays: bool,
    },
    StickIn(u8),
    StickOut(u8),
    /// The store may have written what it was asked for last, or not.
    PowerCut {
        written: bool,
    },
}

/// Whims, most of them such that lives get somewhere.
pub(crate) fn whim() -> impl Strategy<Value = Whim> {
    prop_oneof![
        40 => Just(Whim::Right),
        10 => (1u64..3_000).prop_map(|millis| Whim::Wait { millis }),
        3 => (1u64..200_000).prop_map(|millis| Whim::Wait { millis }),
        1 => (1u64..3_000_000).prop_map(|millis| Whim::Wait { millis }),
        2 => (1u64..40_000).prop_map(|millis| Whim::Dawdle { millis }),
        2 => Just(Whim::TickStorm),
        5 => (30u64..950).prop_map(|millis| Whim::Press { millis }),
        3 => (1u64..5_000).prop_map(|millis| Whim::Lean { millis }),
        2 => any::<bool>().prop_map(|down| Whim::Edge { down }),
        2 => (0u16..1000).prop_map(Whim::Level),
        6 => fact().prop_map(Whim::Fact),
        4 => any::<u8>().prop_map(Whim::Shows),
        5 => any::<u8>().prop_map(Whim::Answer),
        14 => any::<u8>().prop_map(Whim::LineSays),
        8 => any::<u8>().prop_map(Whim::MediaSay),
        6 => (any::<u8>(), 0u32..12, any::<u8>()).prop_map(|(which, back, what)| Whim::Late { which, back, what }),
        1 => any::<bool>().prop_map(|stays| Whim::Return { stays }),
        3 => any::<u8>().prop_map(Whim::StickIn),
        2 => any::<u8>().prop_map(Whim::StickOut),
        1 => any::<bool>().prop_map(|written| Whim::PowerCut { written }),
    ]
}

const UPDATE_REFUSALS: [UpdateRefusal; 3] = [UpdateRefusal::Unsigned, UpdateRefusal::Failed, UpdateRefusal::Damaged];

fn fact() -> impl Strategy<Value = Fact> {
    let trouble = proptest::option::of(proptest::sample::select(NetworkTrouble::ALL.to_vec()));
    prop_oneof![
        any::<bool>().prop_map(|present| Fact::Camera { present }),
        any::<bool>().prop_map(|present| Fact::Microphone { present }),
        any::<bool>().prop_map(|present| Fact::Speaker { present }),
        any::<bool>().prop_map(|silent| Fact::MicrophoneSilent { silent }),
        prop_oneof![Just(TvSound::Unheard), Just(TvSound::Heard), Just(TvSound::TooLoud)].prop_map(Fact::Chime),
        any::<bool>().prop_map(|known| Fact::Clock { known }),
        any::<bool>().prop_map(|plugged| Fact::Cable { plugged }),
        (any::<bool>(), trouble).prop_map(|(up, trouble)| Fact::Carries { up, trouble }),
    ]
}

/// What was asked last of the store or the network.
#[derive(Clone, Copy)]
enum Open {
    Store(Attempt),
    Debt(Attempt, bool),
    Network(Attempt),
    Forget(Attempt),
    Update(Attempt),
    Lend(Attempt),
}

/// The life and the little that its world must remember.
pub(crate) struct RandomLife {
    watched: Watched,
    held: bool,
    loan_on_disk: Option<Loan>,
    /// Being written.
    lending: Option<Loan>,
    made_anew: bool,
    sticks: Vec<Stick>,
    sticks_so_far: u32,
    /// The newer version runs, or lies in the other slot.
    updated: bool,
    next_updated: bool,
    open: Option<Open>,
    newest: Attempt,
    line_opened: bool,
    epoch: u32,
    turn: usize,
}

impl RandomLife {
    pub(crate) fn new() -> Self {
        Self {
            watched: Watched::power_on(),
            held: false,
            loan_on_disk: Some(props::loan()),
            lending: None,
            made_anew: false,
            sticks: Vec::new(),
            sticks_so_far: 0,
            updated: false,
            next_updated: false,
            open: None,
            newest: Attempt::default(),
            line_opened: false,
            epoch: 0,
            turn: 0,
        }
    }

    pub(crate) fn face(&self) -> String {
        self.watched.appliance.screen(self.watched.now).face.name()
    }

    /// What stands beside the sentence in a call.
    pub(crate) fn live_without(&self) -> String {
        let screen = self.watched.sketch().screen;
        match screen.face {
            Face::Live { .. } => {
                format!("live: {}", screen.aside.map(|aside| format!("{aside:?}")).unwrap_or_default())
            }
            _ => "not live".to_owned(),
        }
    }

    pub(crate) fn live(&mut self, whim: &Whim) {
        match whim {
            Whim::Right => self.go_on(),
            Whim::Wait { millis } => self.wait(Duration::from_millis(*millis)),
            Whim::Dawdle { millis } => self.watched.dawdle(Duration::from_millis(*millis)),
            Whim::TickStorm => {
                for _ in 0..20 {
                    self.feed(Input::Tick);
                }
            }
            Whim::Press { millis } => self.press(Duration::from_millis(*millis)),
            Whim::Lean { millis } => self.lean(Duration::from_millis(*millis)),
            Whim::Edge { down } => self.feed(Input::Button { down: *down }),
            Whim::Level(level) => self.feed(Input::Level(*level)),
            Whim::Fact(fact) => self.feed(Input::World(*fact)),
            Whim::Shows(what) => self.shows(*what),
            Whim::Answer(how) => self.answer(*how),
            Whim::LineSays(what) => {
                if let Some(attempt) = self.watched.laws.link {
                    self.line_says(attempt, *what);
                }
            }
            Whim::MediaSay(what) => {
                if let Some(attempt) = self.watched.laws.media {
                    self.media_say(attempt, *what);
                }
            }
            Whim::Late { which, back, what } => self.late(*which, *back, *what),
            Whim::Return { stays } => {
                let stick = self.return_order();
                let id = self.stick_in(stick);
                if !stays {
                    self.stick_out(id);
                }
            }
            Whim::StickIn(what) => self.some_stick_in(*what),
            Whim::StickOut(which) => {
                let ids: Vec<StickId> = self.sticks.iter().map(|stick| stick.id).collect();
                if let Some(id) = ids.get(usize::from(*which) % ids.len().max(1)) {
                    self.stick_out(*id);
                }
            }
            Whim::PowerCut { written } => self.power_cut(*written),
        }
    }

    /// No dead end: whatever happened, in a world that means well the family comes to the counter from here.
    pub(crate) fn all_goes_well_from_here(&mut self) {
        self.all_sticks_out();
        for _ in 0..600 {
            if matches!(self.watched.sketch().screen.face, Face::Live { .. }) {
                return;
            }
            self.go_on();
        }
        panic!("the family never came to the counter; stayed on {}", self.face());
    }

    /// And a box that is asked to be returned forgets everything, and says so.
    pub(crate) fn it_is_returned_from_here(&mut self) {
        let stick = self.return_order();
        self.stick_in(stick);
        for _ in 0..100 {
            if matches!(
                self.watched.sketch().screen.face,
                Face::NoLoan | Face::MadeAnew | Face::Forgotten { receipt: Some(_), .. }
            ) {
                assert!(!self.watched.laws.owed_on_disk, "called forgotten with a debt on disk");
                return;
            }
            self.go_on();
        }
        panic!("never forgotten; stayed on {}", self.face());
    }

    fn feed(&mut self, input: Input) {
        let effects = self.watched.feed(input);
        self.note(&effects);
    }

    fn told(&mut self, told: Told) {
        self.feed(Input::Told(told));
    }

    fn wait(&mut self, span: Duration) {
        let end = self.watched.now + span;
        while let Some(at) = self.watched.next_wake(end) {
            self.watched.now = at;
            self.feed(Input::Tick);
        }
        self.watched.now = end;
    }

    fn press(&mut self, span: Duration) {
        self.feed(Input::Button { down: false });
        self.wait(Duration::from_millis(50));
        self.feed(Input::Button { down: true });
        let meant = self.watched.sketch().screen;
        self.wait(span);
        let before = self.watched.sketch();
        let same = (meant.press, meant.hold) == (before.screen.press, before.screen.hold);
        let offered = before.screen.press.is_some() && same;
        let due = before.wake_at.is_some_and(|at| at <= self.watched.now);
        let effects = self.watched.feed(Input::Button { down: false });
        if !offered && !due {
            what_the_screen_does_not_offer_does_nothing(&before, &self.watched.sketch(), &effects);
        }
        self.note(&effects);
    }

    fn lean(&mut self, span: Duration) {
        self.feed(Input::Button { down: true });
        let hold = self.watched.sketch().screen.hold;
        let chapter = self.watched.sketch().chapter;
        self.wait(span.min(Duration::from_millis(2_900)));
        let before = self.watched.sketch();
        self.wait(span.saturating_sub(Duration::from_millis(2_900)));
        let after = self.watched.sketch();
        if hold.is_none() && before.screen.hold.is_none() && before.screen.live.ring.is_some() {
            assert_eq!(chapter, after.chapter, "a hold that is not offered led elsewhere");
        }
        self.feed(Input::Button { down: false });
    }

    fn power_cut(&mut self, written: bool) {
        if let (true, Some(Open::Debt(_, owed))) = (written, self.open) {
            self.watched.laws.owed_on_disk = owed;
        }
        if let (true, Some(Open::Lend(_))) = (written, self.open) {
            self.loan_on_disk = self.lending.take();
        }
        self.updated |= std::mem::take(&mut self.next_updated);
        self.watched.power_cut();
        (self.held, self.open, self.line_opened) = (false, None, false);
    }

    fn told_what_is_held(&mut self) {
        self.held = true;
        let loan = Ok(self.loan_on_disk.clone());
        let wipe_owed = self.watched.laws.owed_on_disk;
        self.told(Told::Held(Box::new(Held { wipe_owed, loan, made_anew: self.made_anew, ..Held::default() })));
        if self.turn.is_multiple_of(5) {
            self.told(Told::WentBack);
        }
        for stick in self.sticks.clone() {
            self.told(Told::Stick(StickNews::In(Stick { by_hand: false, ..stick })));
        }
        self.feed(Input::World(Fact::Camera { present: true }));
        self.feed(Input::World(Fact::Microphone { present: true }));
        self.feed(Input::World(Fact::Speaker { present: true }));
    }

    /// Says what a well-meaning world would say now.
    fn go_on(&mut self) {
        self.turn += 1;
        if !self.held {
            self.told_what_is_held();
            return;
        }
        match (self.open, self.watched.sketch().screen.face) {
            (Some(_), _) => self.answer(0),
            (None, Face::FindingNetwork | Face::JoiningNetwork { .. }) => {
                self.feed(Input::World(Fact::Clock { known: true }));
                self.feed(Input::World(Fact::Carries { up: true, trouble: None }));
            }
            (None, Face::ShowWifi { .. }) => self.shows(1),
            (None, Face::ShowPaper { .. }) => self.shows(2),
            (None, Face::Unverified { tried_again: true }) => self.lean(Duration::from_millis(3_100)),
            (None, Face::AskingRoom | Face::ComingBack { .. } | Face::Entering | Face::Unverified { .. })
                if self.watched.laws.link.is_none() =>
            {
                self.wait(Duration::from_secs(5));
            }
            (None, Face::Unverified { .. }) if self.watched.sketch().screen.press.is_none() => {
                self.go_on_in_the_room();
            }
            (None, Face::AskingRoom) => self.line_says(self.watched.laws.link.unwrap_or_default(), 0),
            (None, Face::Entering | Face::Lobby { .. } | Face::Live { .. } | Face::ComingBack { .. }) => {
                self.go_on_in_the_room();
            }
            (None, Face::Restarting) => self.power_cut(false),
            (None, Face::NoLoan | Face::MadeAnew | Face::Forgotten { receipt: Some(_), .. }) => {
                self.all_sticks_out();
                self.loan_on_disk = Some(props::loan());
                self.made_anew = false;
                self.power_cut(false);
            }
            (
                None,
                Face::Starting | Face::Ended(_) | Face::WipeFailed(_) | Face::Refused(RoomRefusal::TooManyTries),
            ) => {
                self.wait(Duration::from_secs(5));
            }
            (None, Face::Rules { meeting, page }) if page + 1 == RULES_PAGES && meeting.opens_in.is_some() => {
                self.lean(Duration::from_millis(3_100));
            }
            (None, Face::Rules { page, .. }) if page + 1 < RULES_PAGES => {
                (page + 1..RULES_PAGES).for_each(|_| self.press(Duration::from_millis(100)));
            }
            (None, Face::PaperRead) => self.wait(Duration::from_secs(2)),
            (None, Face::LoanEnded) => self.power_cut(false),
            (None, _) => self.press(Duration::from_millis(100)),
        }
    }

    fn go_on_in_the_room(&mut self) {
        let (Some(link), media) = (self.watched.laws.link, self.watched.laws.media) else { return };
        match (self.turn % 6, media) {
            (0, _) => self.line_says(link, 0),
            (1, _) => self.line_says(link, 3),
            (2, None) => self.line_says(link, 4),
            (3, Some(media)) | (2, Some(media)) => self.media_say(media, 0),
            (4, _) => self.line_says(link, 2),
            (_, Some(media)) => self.media_say(media, 3),
            (_, None) => self.line_says(link, 4),
        }
    }

    fn answer(&mut self, how: u8) {
        let Some(open) = self.open.take() else { return };
        let fails = how % 4 == 3;
        let stored = |attempt| Told::Stored { attempt, result: if fails { Err("no room".into()) } else { Ok(()) } };
        let trouble = NetworkNews::Trouble(NetworkTrouble::ALL[usize::from(how) % NetworkTrouble::ALL.len()]);
        match open {
            Open::Store(attempt) => self.told(stored(attempt)),
            Open::Debt(attempt, owed) => {
                if !owed && !fails {
                    self.loan_on_disk = None;
                    self.made_anew = how >= 128 || self.turn.is_multiple_of(3);
                }
                self.told(stored(attempt));
            }
            Open::Lend(attempt) => {
                self.loan_on_disk = self.lending.take().filter(|_| !fails).or(self.loan_on_disk.take());
                self.told(stored(attempt));
            }
            Open::Update(attempt) => self.update_says(attempt, how),
            Open::Network(attempt) => {
                let news = if fails { trouble } else { NetworkNews::Up };
                self.told(Told::Network { attempt, news });
                if !fails {
                    self.feed(Input::World(Fact::Carries { up: true, trouble: None }));
                }
            }
            Open::Forget(attempt) => {
                let news = if fails { trouble } else { NetworkNews::Forgotten };
                self.told(Told::Network { attempt, news });
            }
        }
    }

    fn update_says(&mut self, attempt: Attempt, how: u8) {
        let news = match how % 8 {
            3 | 4 => UpdateNews::Refused(UPDATE_REFUSALS[usize::from(how / 8) % UPDATE_REFUSALS.len()]),
            5 => {
                self.all_sticks_out();
                UpdateNews::Refused(UpdateRefusal::Failed)
            }
            _ if self.updated => UpdateNews::UpToDate { version: "2".into() },
            0 if self.turn.is_multiple_of(2) => {
                self.next_updated = true;
                UpdateNews::Installed
            }
            _ => {
                self.open = Some(Open::Update(attempt));
                UpdateNews::Installing { percent: how }
            }
        };
        self.told(Told::Update { attempt, news });
    }

    fn some_stick_in(&mut self, what: u8) {
        let order = |loan: Loan, past| Some(Ok(Box::new(LoanOrder { loan, text: String::new(), past, signed: 0 })));
        let update = Some("/stick/madoguchi.raucb".into());
        let stick = match what % 10 {
            0..=2 => Stick { update, ..Stick::default() },
            3 => Stick { loan: order(props::loan(), what > 128), ..Stick::default() },
            4 | 5 => {
                let other = Loan { id: "M-2026-999".into(), ..props::loan() };
                Stick { loan: order(other, what > 128), ..Stick::default() }
            }
            6 => Stick { loan: Some(Err(PaperRefusal::WrongKey)), ..Stick::default() },
            7 => Stick { update, loan: order(props::loan(), false), ..self.return_order() },
            8 => Stick { give_back: Some(Ok("M-2025-001".into())), ..Stick::default() },
            _ => Stick::default(),
        };
        self.stick_in(stick);
    }

    fn return_order(&self) -> Stick {
        let id = self.loan_on_disk.as_ref().map_or("M-2026-014", |loan| loan.id.as_str());
        Stick { give_back: Some(Ok(id.into())), ..Stick::default() }
    }

    fn stick_in(&mut self, stick: Stick) -> StickId {
        self.sticks_so_far += 1;
        let id = StickId(self.sticks_so_far);
        let stick = Stick { id, by_hand: true, ..stick };
        self.sticks.push(stick.clone());
        self.told(Told::Stick(StickNews::In(stick)));
        id
    }

    fn stick_out(&mut self, id: StickId) {
        self.sticks.retain(|stick| stick.id != id);
        self.told(Told::Stick(StickNews::Out(id)));
    }

    fn all_sticks_out(&mut self) {
        let ids: Vec<StickId> = self.sticks.iter().map(|stick| stick.id).collect();
        ids.into_iter().for_each(|id| self.stick_out(id));
    }

    fn shows(&mut self, what: u8) {
        let code = match what % 12 {
            0 => None,
            1 | 8 => Some(props::router_code(Claim::Wpa)),
            2 | 9 => Some(props::paper()),
            3 => Some(props::router_code(Claim::Open)),
            4 => Some(props::router_code(Claim::Wep)),
            5 => Some(props::router_code(Claim::Enterprise)),
            6 => Some(Code::Invite(props::invite_to("school.midori.example:8443", Some(Language::English)))),
            7 => Some(Code::Wrong(WrongCode::AnotherCity)),
            10 => Some(Code::Wrong(WrongCode::TwoCodes)),
            _ => Some(props::router_code(Claim::Sae)),
        };
        self.told(Told::Scan { hint: ScanHint::Closer, code });
    }

    fn line_says(&mut self, attempt: Attempt, what: u8) {
        let bye = |reason| LinkNews::Heard(ToClient::Bye { reason });
        let refused = |refusal| LinkNews::Heard(ToClient::Refused(refusal));
        let note = |notice| LinkNews::Heard(ToClient::Notice { notice });
        let news = match what % 48 {
            0 if !self.line_opened => {
                self.line_opened = true;
                LinkNews::Opened
            }
            0 | 1 => {
                let slot = props::slot_under_way(self.watched.now);
                LinkNews::Heard(ToClient::Welcome(props::welcome(self.watched.now, slot, "token", what > 100)))
            }
            2 | 5 => LinkNews::Heard(ToClient::Admitted),
            3 => LinkNews::Heard(ToClient::Lobby { staff_present: true }),
            4 | 6 | 7 => {
                self.epoch += 1;
                LinkNews::Heard(props::staff_peer("staff-1", self.epoch))
            }
            8 => LinkNews::Heard(props::staff_peer("staff-1", self.epoch)),
            9 => LinkNews::Heard(props::staff_peer("staff-2", self.epoch)),
            10 => LinkNews::Heard(ToClient::Lobby { staff_present: false }),
            11 => LinkNews::Heard(ToClient::PeerGone { peer: PeerId("staff-1".into()), may_return: what < 128 }),
            12 => note(Notice::Hold),
            13 => note(Notice::Unhold),
            14 => note(Notice::WillPhone),
            15 => note(Notice::FiveMinutes),
            16 => note(Notice::StaffAbsent),
            17 => note(Notice::StaffPresent),
            18 => bye(ByeReason::LetLeave),
            19 => bye(ByeReason::Ended),
            20 => bye(ByeReason::ServerClosing),
            21 => bye(ByeReason::SlotOver),
            22 => bye(ByeReason::Replaced),
            23 => refused(Refusal::ResumeExpired),
            24 => refused(Refusal::LetLeave),
            25 => refused(Refusal::RoomFull),
            26 => refused(Refusal::TooManyTries { wait_seconds: 7 }),
            27 => refused(Refusal::UnknownKey),
            28 => refused(Refusal::Busy),
            29 => refused(Refusal::Version { server: 9, oldest: None }),
            30 => LinkNews::Closed(LinkClosed::Lost),
            31 => LinkNews::Closed(LinkClosed::Untrusted),
            32 => LinkNews::Closed(LinkClosed::NoName),
            33 => LinkNews::Opened,
            34 => LinkNews::Heard(ToClient::Answer {
                from: PeerId("staff-1".into()),
                epoch: Epoch(self.epoch),
                sdp: "v=0".into(),
            }),
            35 => LinkNews::Heard(ToClient::Candidate {
                from: PeerId("staff-1".into()),
                epoch: Epoch(self.epoch),
                candidate: Candidate { candidate: String::new(), mline: 0 },
            }),
            36 => {
                let over = props::slot_of("2026-11-20T01:00:00Z", 30);
                LinkNews::Heard(ToClient::Welcome(props::welcome(self.watched.now, over, "token", false)))
            }
            37 => {
                let later = props::slot_of("2027-11-21T01:00:00Z", 30);
                LinkNews::Heard(ToClient::Welcome(props::welcome(self.watched.now, later, "token", false)))
            }
            38 => LinkNews::Heard(ToClient::Error { code: "not-now".into(), text: String::new() }),
            39 => LinkNews::Heard(ToClient::Welcome(props::welcome(self.watched.now, props::slot(), "token", true))),
            40 => {
                let mut welcome = props::welcome(self.watched.now, props::slot(), "token", false);
                welcome.server_time = "2026-12-01T01:00:00Z".parse().unwrap();
                welcome.slot = props::slot_of("2026-12-01T01:00:00Z", 30);
                LinkNews::Heard(ToClient::Welcome(welcome))
            }
            41 => LinkNews::Heard(ToClient::PeerUnverified {
                peer: PeerId("staff-1".into()),
                epoch: Epoch(self.epoch.saturating_sub(u32::from(what > 200))),
            }),
            42 | 43 => {
                let slot = if what > 100 { props::slot_under_way(self.watched.now) } else { props::slot() };
                LinkNews::Heard(ToClient::Moved { slot, ice_servers: Vec::new() })
            }
            _ => LinkNews::Heard(ToClient::Lobby { staff_present: true }),
        };
        self.told(Told::Link { attempt, news });
    }

    fn media_say(&mut self, attempt: Attempt, what: u8) {
        let stats = LineStats { lost_permille: u16::from(what), pictures_per_second: 20, ..LineStats::default() };
        let news = match what % 12 {
            8 => MediaNews::Unverified("another certificate".into()),
            0 | 1 => MediaNews::Connected,
            2 => MediaNews::Offer("v=0".into()),
            3 | 4 => MediaNews::FirstPicture,
            5 => MediaNews::Candidate(Candidate { candidate: String::new(), mline: 0 }),
            6 => MediaNews::PathDead,
            7 => MediaNews::Failed("no encoder".into()),
            _ => MediaNews::Stats(stats),
        };
        self.told(Told::Media { attempt, news });
    }

    fn late(&mut self, which: u8, back: u32, what: u8) {
        let attempt = Attempt(self.newest.0.wrapping_sub(back));
        let current = match self.open {
            Some(
                Open::Store(of)
                | Open::Debt(of, _)
                | Open::Network(of)
                | Open::Forget(of)
                | Open::Update(of)
                | Open::Lend(of),
            ) => Some(of),
            None => None,
        };
        if Some(attempt) == current {
            return self.answer(what);
        }
        match which % 6 {
            5 => self.told(Told::Update { attempt, news: UpdateNews::Installed }),
            0 => self.told(Told::Stored { attempt, result: Ok(()) }),
            1 => self.told(Told::Network { attempt, news: NetworkNews::Up }),
            2 => self.told(Told::Network { attempt, news: NetworkNews::Forgotten }),
            3 => self.line_says(attempt, what),
            _ => self.media_say(attempt, what),
        }
    }

    fn note(&mut self, effects: &[Effect]) {
        for effect in effects {
            let (attempt, open) = match effect {
                Effect::OpenLink { attempt, .. } => {
                    self.line_opened = false;
                    (*attempt, self.open)
                }
                Effect::BuildMedia { attempt, .. } => (*attempt, self.open),
                Effect::JoinWifi { attempt, .. } | Effect::JoinKnown { attempt } | Effect::CheckNetwork { attempt } => {
                    (*attempt, Some(Open::Network(*attempt)))
                }
                Effect::ForgetNetwork { attempt } => (*attempt, Some(Open::Forget(*attempt))),
                Effect::Update { attempt, .. } => (*attempt, Some(Open::Update(*attempt))),
                Effect::Lend { attempt, order } => {
                    self.lending = Some(order.loan.clone());
                    (*attempt, Some(Open::Lend(*attempt)))
                }
                Effect::Wipe { attempt, .. } => (*attempt, Some(Open::Store(*attempt))),
                Effect::OweWipe { attempt, .. } => (*attempt, Some(Open::Debt(*attempt, true))),
                Effect::WipeDone { attempt } => (*attempt, Some(Open::Debt(*attempt, false))),
                _ => continue,
            };
            (self.newest, self.open) = (attempt, open);
        }
    }
}
