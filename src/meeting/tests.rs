//! The registry in virtual time: scenarios that read like the story, and laws over random lives.

mod invitations;

use super::appointment::{Appointment, Counter, Phase, Standing};
use super::invitation::{FIRST, Invitation, InvitationState, Invited};
use super::*;
use crate::meeting::Accounts;
use crate::meeting::rights::{Counters, Rights, StaffRole};
use crate::model::language::Language;
use crate::model::quality::LineStats;
use crate::model::wire::{
    Abilities, Candidate, Notice, PEOPLE, Participant, Proof, RESUME_SECONDS, RULES_VERSION, Refusal, Track, TrackKind,
    VERSION, Welcome, Words,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::Cell;

const KEY: &str = "0123456789ABCDEFGHJKMNPQRS";
/// The interpreter's, where one is invited.
const SECOND_KEY: &str = "ABCDEFGHJKMNPQRSTVWXYZ0123";
const SECOND: &str = "2";
const STARTS: i64 = 1_795_000_000;
const ENDS: i64 = STARTS + 1800;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(STARTS + second).unwrap()
}

fn appointment(sites: u8) -> Appointment {
    Appointment {
        id: "A1".to_owned(),
        counter: Counter {
            id: "kosodate".to_owned(),
            name: Words::ja_en("子育て相談窓口", "Childcare"),
            telephone: "0422-00-1234".to_owned(),
        },
        slot: Appointment::slot(at(0), Timestamp::from_second(ENDS).unwrap()),
        languages: vec![Language::Japanese],
        sites,
        remark: String::new(),
        invitations: vec![Invitation::family(KeyHash::of(KEY), None)],
        standing: Standing::Good,
    }
}

fn family_and_interpreter() -> Vec<Invitation> {
    let family = Invitation::family(KeyHash::of(KEY), None);
    let (id, role, key) = (SECOND.to_owned(), Invited::Interpreter, KeyHash::of(SECOND_KEY));
    vec![family.clone(), Invitation { id, role, key, ..family }]
}

/// Signed in as `name`, by a sign-in of their own.
fn clerk(name: &str, number: u64) -> Clerk {
    let session = KeyHash::of(&format!("session-{number}"));
    Clerk { name: name.to_owned(), rights: Rights::all(), session, until: at(40_000) }
}

/// A registry with one room, its clock, and what every connection has heard.
struct Room {
    registry: Registry,
    now: i64,
    /// How far somebody has set the wall clock ahead, in seconds.
    ahead: i64,
    next: u64,
    heard: BTreeMap<ConnectionId, Vec<ToClient>>,
    closed: Vec<ConnectionId>,
    kept: Option<Running>,
    standing: Standing,
    invitations: Vec<(String, InvitationState)>,
    audit: Vec<(String, &'static str)>,
    /// When the slot ends, in seconds since its first start.
    ends: i64,
}

impl Room {
    fn new(sites: u8) -> Self {
        Self::to(appointment(sites))
    }

    fn to(appointment: Appointment) -> Self {
        let turn =
            Turn { turn: vec!["turn:turn.example".to_owned()], secret: Some(Secret::new("s")), ..Turn::default() };
        let oldest_firmware = Some("0.2.0".to_owned());
        let settings = Settings { time_zone: "Asia/Tokyo".to_owned(), turn: Arc::new(turn), oldest_firmware };
        let mut room = Self {
            registry: Registry::new(settings),
            now: 0,
            ahead: 0,
            next: 0,
            heard: BTreeMap::new(),
            closed: Vec::new(),
            kept: None,
            standing: Standing::Good,
            invitations: Vec::new(),
            audit: Vec::new(),
            ends: ENDS - STARTS,
        };
        room.turn(In::Appointment(appointment));
        room
    }

    fn turn(&mut self, input: In) {
        for item in self.registry.handle(self.clocks(), input) {
            match item {
                Out::Send { connection, message } => self.heard.entry(connection).or_default().push(message),
                Out::Close { connection } => self.closed.push(connection),
                Out::Keep { running, .. } => self.kept = running,
                Out::Standing { standing, .. } => self.standing = standing,
                Out::Invitation { invitation, state, .. } => self.invitations.push((invitation, state)),
                Out::Audit { staff, action, .. } => self.audit.push((staff, action)),
            }
        }
        for room in self.registry.rooms.values_mut() {
            assert!(room.changed().is_none(), "a room changed, and that is not kept");
        }
    }

    /// Both clocks: the wall's, as it was set, and the steady one.
    fn clocks(&self) -> Now {
        let steady = Uptime::from_millis(u64::try_from((self.now + 1_000_000) * 1000).unwrap());
        Now { wall: at(self.now + self.ahead), steady }
    }

    /// Lets time pass, waking the registry whenever it wants to be.
    fn wait(&mut self, seconds: i64) {
        let until = self.now + seconds;
        while let Some((left, _)) = self.registry.wake_in(self.clocks()) {
            let wake = self.now + i64::try_from(left.as_secs()).unwrap();
            if wake > until {
                break;
            }
            self.now = wake;
            self.turn(In::Wake);
        }
        self.now = until;
    }

    /// Somebody gives the appointment another time.
    fn moves(&mut self, starts: i64, ends: i64) {
        self.ends = ends;
        let slot = Appointment::slot(at(starts), at(ends));
        self.turn(In::Move { appointment: "A1".to_owned(), slot, by: "hana".to_owned() });
    }

    /// The end that somebody was told last.
    fn told_end(&self, connection: ConnectionId) -> Option<Timestamp> {
        self.heard(connection).iter().rev().find_map(|message| match message {
            ToClient::Moved { slot, .. } => Some(slot.ends),
            ToClient::Welcome(welcome) => Some(welcome.slot.ends),
            _ => None,
        })
    }

    fn connect(&mut self, staff: Option<&str>) -> ConnectionId {
        self.next += 1;
        let connection = ConnectionId(self.next);
        self.turn(In::Connect {
            connection,
            from: IpAddr::from([192, 0, 2, 1]),
            staff: staff.map(|name| clerk(name, self.next)),
            token: Secret::new(format!("token-{}", self.next)),
        });
        connection
    }

    fn say(&mut self, connection: ConnectionId, message: ToServer) {
        self.turn(In::Message { connection, message });
    }

    fn hello(&mut self, staff: Option<&str>, proof: Proof) -> ConnectionId {
        let connection = self.connect(staff);
        self.says_hello(connection, proof, None);
        connection
    }

    fn says_hello(&mut self, connection: ConnectionId, proof: Proof, firmware: Option<&str>) {
        let firmware = firmware.map(str::to_owned);
        self.say(connection, ToServer::hello(proof, Language::Japanese, [], firmware));
    }

    fn guest(&mut self) -> ConnectionId {
        self.with_key(KEY)
    }

    /// Whoever came with this key was made to leave.
    fn is_burnt(&self, key: &str) -> bool {
        let id = if key == KEY { FIRST } else { SECOND };
        self.invitations.contains(&(id.to_owned(), InvitationState::Burnt))
    }

    fn with_key(&mut self, key: &str) -> ConnectionId {
        self.hello(None, Proof::Key { key: Secret::new(key) })
    }

    fn agreed(&mut self) -> ConnectionId {
        let guest = self.guest();
        self.say(guest, ToServer::Consent { rules: RULES_VERSION.to_owned() });
        guest
    }

    fn staff(&mut self, name: &str) -> ConnectionId {
        self.hello(Some(name), Proof::Staff { appointment: "A1".to_owned(), take_over: false })
    }

    fn takes_over(&mut self, name: &str) -> ConnectionId {
        self.hello(Some(name), Proof::Staff { appointment: "A1".to_owned(), take_over: true })
    }

    fn resume(&mut self, token: &Secret, staff: Option<&str>) -> ConnectionId {
        self.hello(staff, Proof::Resume { token: token.clone() })
    }

    fn is_seated(&self, connection: ConnectionId) -> bool {
        !self.closed.contains(&connection) && self.heard(connection).iter().any(|m| matches!(m, ToClient::Welcome(_)))
    }

    fn gone(&mut self, connection: ConnectionId) {
        self.closed.push(connection);
        self.turn(In::Gone { connection });
    }

    fn heard(&self, connection: ConnectionId) -> &[ToClient] {
        self.heard.get(&connection).map_or(&[], Vec::as_slice)
    }

    fn last(&self, connection: ConnectionId) -> String {
        self.heard(connection).last().map_or_else(String::new, |message| serde_json::to_string(message).unwrap())
    }

    fn welcome(&self, connection: ConnectionId) -> Welcome {
        let mut welcomes = self.heard(connection).iter().rev().filter_map(|message| match message {
            ToClient::Welcome(welcome) => Some(welcome.clone()),
            _ => None,
        });
        let last = welcomes.next();
        assert!(last.is_some(), "not welcome: {}", self.last(connection));
        last.unwrap()
    }

    fn epoch(&self, connection: ConnectionId) -> Option<Epoch> {
        let mut epochs = self.heard(connection).iter().rev().filter_map(|message| match message {
            ToClient::Peer { epoch, .. } => Some(*epoch),
            _ => None,
        });
        epochs.next()
    }

    fn refusal(&self, connection: ConnectionId) -> Option<Refusal> {
        match self.heard(connection).last() {
            Some(ToClient::Refused(refusal)) => Some(refusal.clone()),
            _ => None,
        }
    }

    fn noticed(&self, connection: ConnectionId, wanted: Notice) -> usize {
        self.heard(connection).iter().filter(|m| matches!(m, ToClient::Notice { notice } if *notice == wanted)).count()
    }

    fn bye(&self, connection: ConnectionId) -> Option<ByeReason> {
        match self.heard(connection).last() {
            Some(ToClient::Bye { reason }) => Some(*reason),
            _ => None,
        }
    }

    fn errors(&self, connection: ConnectionId, wanted: &str) -> usize {
        self.heard(connection).iter().filter(|m| matches!(m, ToClient::Error { code, .. } if code == wanted)).count()
    }

    /// Both in, let in, connected: (guest, staff).
    fn in_call(&mut self) -> (ConnectionId, ConnectionId) {
        let (guest, staff) = (self.agreed(), self.staff("hana"));
        let peer = self.welcome(guest).you;
        self.say(staff, ToServer::Admit { peer });
        (guest, staff)
    }

    fn offer(&mut self, from: ConnectionId, to: ConnectionId, epoch: u32) {
        let to = self.welcome(to).you;
        self.say(from, ToServer::Offer { to, epoch: Epoch(epoch), sdp: "v=0".to_owned() });
    }

    fn offers(&self, connection: ConnectionId) -> usize {
        self.heard(connection).iter().filter(|m| matches!(m, ToClient::Offer { .. })).count()
    }
}

#[test]
fn an_early_guest_is_welcome_but_consents_only_once_the_lobby_opens() {
    let mut room = Room::new(2);
    room.now = -3600;
    let guest = room.agreed();
    assert_eq!(room.errors(guest, "not-now"), 1);
    room.wait(3000);
    room.say(guest, ToServer::Consent { rules: RULES_VERSION.to_owned() });
    assert_eq!(room.last(guest), r#"{"kind":"lobby","staff_present":false}"#);
}

#[test]
fn consent_to_other_rules_is_no_consent() {
    let mut room = Room::new(2);
    let (guest, staff) = (room.guest(), room.staff("hana"));
    room.say(guest, ToServer::Consent { rules: "1999-01".to_owned() });
    assert_eq!(room.errors(guest, "not-allowed"), 1);
    assert_eq!(room.epoch(staff), None);
}

#[test]
fn nothing_is_relayed_before_consent_and_then_only_of_the_current_epoch() {
    let mut room = Room::new(2);
    let (guest, staff) = (room.guest(), room.staff("hana"));
    room.offer(guest, staff, 1);
    assert_eq!((room.offers(staff), room.errors(guest, "no-such-peer")), (0, 1));
    room.say(guest, ToServer::Consent { rules: RULES_VERSION.to_owned() });
    assert_eq!((room.epoch(guest), room.epoch(staff)), (Some(Epoch(1)), Some(Epoch(1))));
    room.offer(guest, staff, 1);
    assert_eq!(room.offers(staff), 1);
    room.say(guest, ToServer::Rebuild { epoch: Epoch(1) });
    room.say(staff, ToServer::Rebuild { epoch: Epoch(1) });
    assert_eq!((room.epoch(guest), room.epoch(staff)), (Some(Epoch(2)), Some(Epoch(2))), "one rebuild, not two");
    room.offer(guest, staff, 1);
    assert_eq!((room.offers(staff), room.errors(guest, "not-now")), (1, 0), "an old offer is dropped in silence");
    room.offer(guest, staff, 3);
    assert_eq!((room.offers(staff), room.errors(guest, "not-now")), (1, 1));
    room.offer(guest, staff, 2);
    assert_eq!(room.offers(staff), 2);
}

/// Whichever end finds it, the other is told and the audit trail names it, once for each connection; nothing is rebuilt.
#[test]
fn an_end_that_cannot_be_verified_is_told_and_noted() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    let (guest_peer, staff_peer) = (room.welcome(guest).you, room.welcome(staff).you);
    let noted =
        |room: &Room| room.audit.iter().filter(|(who, what)| who == "hana" && *what == "peer-unverified").count();
    for stale in [0, 2] {
        room.say(guest, ToServer::Unverified { epoch: Epoch(stale) });
    }
    assert_eq!(noted(&room), 0);

    let unverified = |peer: &PeerId, epoch| ToClient::PeerUnverified { peer: peer.clone(), epoch: Epoch(epoch) };
    room.say(guest, ToServer::Unverified { epoch: Epoch(1) });
    assert!(room.heard(staff).last() == Some(&unverified(&guest_peer, 1)));
    let told = (room.heard(guest).len(), room.heard(staff).len());
    room.say(guest, ToServer::Unverified { epoch: Epoch(1) });
    room.say(staff, ToServer::Unverified { epoch: Epoch(1) });
    room.wait(60);
    assert_eq!((room.heard(guest).len(), room.heard(staff).len(), noted(&room)), (told.0, told.1, 1));

    room.say(guest, ToServer::Rebuild { epoch: Epoch(1) });
    assert_eq!((room.epoch(guest), room.epoch(staff)), (Some(Epoch(2)), Some(Epoch(2))));
    room.say(staff, ToServer::Unverified { epoch: Epoch(2) });
    assert!(room.heard(guest).last() == Some(&unverified(&staff_peer, 2)));
    assert_eq!(noted(&room), 2);
    assert!(room.audit.iter().all(|(who, _)| who == "hana"), "nothing is noted about the family");
}

#[test]
fn each_role_says_only_its_own() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    let (guest_peer, staff_peer) = (room.welcome(guest).you, room.welcome(staff).you);
    for message in [
        ToServer::Admit { peer: guest_peer.clone() },
        ToServer::LetLeave { peer: guest_peer.clone() },
        ToServer::Hold { on: true },
        ToServer::WillPhone,
        ToServer::End,
        ToServer::Answer { to: staff_peer.clone(), epoch: Epoch(1), sdp: String::new() },
    ] {
        room.say(guest, message);
    }
    assert_eq!(room.errors(guest, "not-allowed"), 6);
    room.say(staff, ToServer::Offer { to: guest_peer, epoch: Epoch(1), sdp: String::new() });
    room.say(staff, ToServer::Consent { rules: RULES_VERSION.to_owned() });
    assert_eq!(room.errors(staff, "not-allowed"), 2);
    assert_eq!(room.standing, Standing::Good);
}

#[test]
fn let_in_is_told_to_both_with_the_same_epoch() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    assert!(room.heard(guest).contains(&ToClient::Admitted));
    assert!(room.last(staff).contains(r#""epoch":1"#) && room.last(staff).contains(r#""admitted":true"#));
    assert_eq!(room.audit, [("hana".to_owned(), "joined"), ("hana".to_owned(), "admitted")]);
}

#[test]
fn let_leave_burns_the_key_and_nothing_reaches_the_guest_afterwards() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    let token = room.welcome(guest).resume;
    let peer = room.welcome(guest).you;
    room.say(staff, ToServer::LetLeave { peer: peer.clone() });
    assert_eq!(room.bye(guest), Some(ByeReason::LetLeave));
    let told = room.heard(guest).len();
    room.say(
        staff,
        ToServer::Candidate { to: peer, epoch: Epoch(1), candidate: Candidate { candidate: String::new(), mline: 0 } },
    );
    room.say(staff, ToServer::Hold { on: true });
    room.say(guest, ToServer::Rebuild { epoch: Epoch(1) });
    assert_eq!(room.heard(guest).len(), told);
    assert!(room.closed.contains(&guest));
    assert_eq!(room.invitations, [(FIRST.to_owned(), InvitationState::Burnt)]);
    assert!(room.registry.states(at(0))["A1"].burnt);
    let (again, resumed) = (room.guest(), room.resume(&token, None));
    assert_eq!(room.refusal(again), Some(Refusal::LetLeave));
    assert_eq!(room.refusal(resumed), Some(Refusal::ResumeExpired));
}

#[test]
fn a_second_guest_is_refused_until_the_first_has_left() {
    let mut room = Room::new(2);
    let first = room.agreed();
    let second = room.guest();
    assert_eq!(room.refusal(second), Some(Refusal::RoomFull));
    room.say(first, ToServer::Bye { reason: ByeReason::Left });
    assert_eq!(room.bye(first), Some(ByeReason::Left));
    let third = room.guest();
    assert!(!room.welcome(third).admitted);
}

#[test]
fn a_second_staff_account_finds_the_seat_taken_but_the_same_one_takes_it_over() {
    let mut room = Room::new(2);
    let (guest, first) = room.in_call();
    let other = room.staff("ken");
    assert_eq!(room.refusal(other), Some(Refusal::Taken { by: "hana".to_owned() }));
    let again = room.staff("hana");
    assert_eq!(room.bye(first), Some(ByeReason::Replaced));
    assert_eq!(room.welcome(again).you, room.welcome(first).you);
    // The page is a new one, so both ends build a new connection.
    assert_eq!((room.epoch(guest), room.epoch(again)), (Some(Epoch(2)), Some(Epoch(2))));
    assert!(room.last(again).contains(r#""admitted":true"#));
}

#[test]
fn a_colleague_who_takes_over_relieves_the_other_and_the_guest_only_builds_a_new_connection() {
    for line_is_lost in [false, true] {
        let mut room = Room::new(2);
        let (guest, first) = room.in_call();
        let token = room.welcome(first).resume;
        room.say(first, ToServer::Mute { microphone: true, camera: true, speaker: false });
        room.say(first, ToServer::Hold { on: true });
        if line_is_lost {
            room.gone(first);
        }
        let heard = room.heard(guest).len();
        let unasked = room.staff("ken");
        assert_eq!(room.refusal(unasked), Some(Refusal::Taken { by: "hana".to_owned() }), "{line_is_lost}");
        assert_eq!((room.heard(guest).len(), room.bye(first)), (heard, None));
        let second = room.takes_over("ken");
        assert!(room.is_seated(second));
        if !line_is_lost {
            let goodbye = [ToClient::TakenOver { by: "ken".to_owned() }, ToClient::Bye { reason: ByeReason::Replaced }];
            assert!(room.heard(first).ends_with(&goodbye), "{}", room.last(first));
            assert!(room.closed.contains(&first));
        }
        // The guest stays let in, and hears of the same other end with a newer connection: nobody left.
        let news: Vec<_> = room.heard(guest)[heard..].iter().map(|m| serde_json::to_string(m).unwrap()).collect();
        assert!(
            news.iter()
                .all(|text| ["staff-present", r#""kind":"peer","#, "muted"].iter().any(|fine| text.contains(fine))),
            "{news:?}"
        );
        let nothing_off = r#""microphone":false,"camera":false}"#;
        assert!(news.last().unwrap().ends_with(nothing_off), "what was off was the colleague's: {news:?}");
        assert_eq!((room.epoch(guest), room.epoch(second)), (Some(Epoch(2)), Some(Epoch(2))));
        assert_eq!(room.noticed(second, Notice::Hold), 1, "whoever takes over learns of the hold");
        let list = &room.registry.states(at(room.now))["A1"];
        assert_eq!((list.held_by.as_deref(), list.staff), (Some("ken"), 1));
        let did: Vec<_> = room.audit.iter().rev().take(2).map(|(who, what)| (who.as_str(), *what)).collect();
        assert_eq!(did, [("ken", "took-over"), ("hana", "relieved")]);
        // The colleague's page comes back by itself, and takes nothing.
        let back = room.resume(&token, Some("hana"));
        assert_eq!(room.refusal(back), Some(Refusal::ResumeExpired));
        let back = room.staff("hana");
        assert_eq!(room.refusal(back), Some(Refusal::Taken { by: "ken".to_owned() }));
        assert_eq!(room.bye(second), None);
    }
}

#[test]
fn a_lost_line_keeps_the_seat_while_a_phone_is_locked_for_a_minute() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    let token = room.welcome(guest).resume;
    room.gone(guest);
    assert!(room.last(staff).contains(r#""may_return":true"#));
    room.wait(74);
    let back = room.resume(&token, None);
    assert!(room.welcome(back).admitted);
    assert_eq!((room.epoch(back), room.epoch(staff)), (Some(Epoch(1)), Some(Epoch(1))), "the call goes on");
    let used = room.resume(&token, None);
    assert_eq!(room.refusal(used), Some(Refusal::ResumeExpired), "a token is good once");
    let token = room.welcome(back).resume;
    room.gone(back);
    room.wait(76);
    assert!(room.last(staff).contains(r#""may_return":false"#));
    let late = room.resume(&token, None);
    assert_eq!(room.refusal(late), Some(Refusal::ResumeExpired));
    let fresh = room.guest();
    assert!(!room.welcome(fresh).admitted, "whoever comes with the key agrees and is let in anew");
}

#[test]
fn an_offer_that_met_a_lost_line_makes_the_connection_anew() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    let token = room.welcome(staff).resume;
    room.gone(staff);
    room.offer(guest, staff, 1);
    let back = room.resume(&token, Some("hana"));
    assert_eq!((room.epoch(guest), room.epoch(back)), (Some(Epoch(2)), Some(Epoch(2))));
}

#[test]
fn a_resumed_seat_replaces_a_line_that_only_seemed_alive() {
    let mut room = Room::new(2);
    let (guest, _) = room.in_call();
    let token = room.welcome(guest).resume;
    let back = room.resume(&token, None);
    assert_eq!(room.bye(guest), Some(ByeReason::Replaced));
    assert!(room.welcome(back).admitted);
    // The old socket's end must not free the seat.
    room.gone(guest);
    room.wait(60);
    assert!(room.bye(back).is_none());
}

#[test]
fn somebody_with_the_key_comes_before_a_seat_whose_line_is_lost() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    room.gone(guest);
    let newcomer = room.agreed();
    assert_ne!(room.welcome(newcomer).you, room.welcome(guest).you);
    assert!(room.last(staff).contains(r#""admitted":false"#), "and is let in anew");
}

#[test]
fn a_staff_seat_is_resumed_by_the_same_account_only() {
    let mut room = Room::new(2);
    let (_, staff) = room.in_call();
    let token = room.welcome(staff).resume;
    room.gone(staff);
    let (nobody, other) = (room.resume(&token, None), room.resume(&token, Some("ken")));
    assert_eq!(room.refusal(nobody), Some(Refusal::NotStaff));
    assert_eq!(room.refusal(other), Some(Refusal::NotStaff));
    let own = room.resume(&token, Some("hana"));
    assert!(room.welcome(own).admitted);
}

#[test]
fn the_slot_ends_on_time_after_two_warnings_whoever_came_late() {
    let mut room = Room::new(2);
    room.now = 1200;
    let (guest, staff) = room.in_call();
    room.wait(299);
    assert_eq!(room.noticed(guest, Notice::FiveMinutes), 0);
    room.wait(1);
    assert_eq!((room.noticed(guest, Notice::FiveMinutes), room.noticed(staff, Notice::FiveMinutes)), (1, 1));
    room.wait(240);
    assert_eq!(room.noticed(guest, Notice::OneMinute), 1);
    assert_eq!(room.bye(guest), None);
    room.wait(60);
    assert_eq!((room.bye(guest), room.bye(staff)), (Some(ByeReason::SlotOver), Some(ByeReason::SlotOver)));
    let late = room.guest();
    assert_eq!(room.refusal(late), Some(Refusal::Over));
    assert_eq!(room.kept, None);
}

#[test]
fn an_extended_slot_ends_at_its_new_end_and_whoever_sits_there_learns_it() {
    let mut room = Room::new(2);
    room.now = 1200;
    let (guest, staff) = room.in_call();
    let away = room.welcome(staff).resume;
    room.wait(540);
    assert_eq!((room.noticed(guest, Notice::FiveMinutes), room.noticed(guest, Notice::OneMinute)), (1, 1));
    room.gone(staff);
    room.moves(0, 2700);
    let staff = room.resume(&away, Some("hana"));
    for who in [guest, staff] {
        assert_eq!(room.told_end(who), Some(at(2700)));
    }
    assert_eq!(room.audit.last(), Some(&("hana".to_owned(), "appointment-new-end")));
    // Past the end that was, with the warnings of the new one.
    room.wait(2699 - room.now);
    assert_eq!((room.bye(guest), room.bye(staff)), (None, None));
    assert_eq!((room.noticed(guest, Notice::FiveMinutes), room.noticed(guest, Notice::OneMinute)), (2, 2));
    room.wait(1);
    assert_eq!((room.bye(guest), room.bye(staff)), (Some(ByeReason::SlotOver), Some(ByeReason::SlotOver)));
}

#[test]
fn a_slot_is_shortened_without_warnings_that_are_late() {
    let mut room = Room::new(2);
    room.now = 600;
    let (guest, _) = room.in_call();
    room.moves(0, 630);
    assert_eq!((room.noticed(guest, Notice::FiveMinutes), room.noticed(guest, Notice::OneMinute)), (0, 0));
    room.wait(30);
    assert_eq!(room.bye(guest), Some(ByeReason::SlotOver));
}

#[test]
fn a_slot_that_is_moved_begins_then() {
    let mut room = Room::new(2);
    room.now = -3600;
    let early = room.guest();
    room.moves(3600, 5400);
    assert_eq!((room.told_end(early), room.audit.last().unwrap().1), (Some(at(5400)), "appointment-moved"));
    room.wait(3600 + 2999);
    room.say(early, ToServer::Consent { rules: RULES_VERSION.to_owned() });
    assert_eq!(room.errors(early, "not-now"), 1, "ten minutes before the new start");
    room.wait(1);
    room.say(early, ToServer::Consent { rules: RULES_VERSION.to_owned() });
    room.wait(599);
    assert_eq!(room.noticed(early, Notice::StaffAbsent), 0);
    room.wait(1);
    assert_eq!(room.noticed(early, Notice::StaffAbsent), 1);
}

#[test]
fn staff_absent_is_said_in_the_lobby_at_the_start_and_when_they_leave() {
    let mut room = Room::new(2);
    room.now = -300;
    let guest = room.agreed();
    assert_eq!(room.last(guest), r#"{"kind":"lobby","staff_present":false}"#);
    room.wait(300);
    assert_eq!(room.noticed(guest, Notice::StaffAbsent), 1);
    let staff = room.staff("hana");
    assert_eq!(room.noticed(guest, Notice::StaffPresent), 1);
    room.say(staff, ToServer::Bye { reason: ByeReason::Left });
    assert_eq!(room.noticed(guest, Notice::StaffAbsent), 2);
    assert!(room.heard(guest).iter().any(|m| matches!(m, ToClient::PeerGone { may_return: false, .. })));
}

#[test]
fn hold_will_phone_mute_and_figures_reach_whom_they_concern() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    room.say(staff, ToServer::Hold { on: true });
    room.say(staff, ToServer::Hold { on: true });
    assert_eq!((room.noticed(guest, Notice::Hold), room.noticed(staff, Notice::Hold)), (1, 1));
    let token = room.welcome(guest).resume;
    room.gone(guest);
    let guest = room.resume(&token, None);
    assert_eq!(room.noticed(guest, Notice::Hold), 1, "whoever comes back learns of the hold");
    room.say(staff, ToServer::Hold { on: false });
    room.say(staff, ToServer::WillPhone);
    assert_eq!((room.noticed(guest, Notice::Unhold), room.noticed(guest, Notice::WillPhone)), (1, 1));
    room.say(guest, ToServer::Mute { microphone: true, camera: false, speaker: false });
    assert!(room.last(staff).contains(r#""kind":"muted""#));
    room.say(guest, ToServer::Stats { stats: LineStats::default() });
    assert!(room.last(staff).contains(r#""kind":"peer-stats""#));
    let told = room.heard(guest).len();
    room.say(staff, ToServer::Stats { stats: LineStats::default() });
    assert_eq!(room.heard(guest).len(), told, "the counter's figures are not the guest's business");
}

#[test]
fn a_withdrawn_appointment_says_so() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    room.turn(In::Revoke { appointment: "A1".to_owned(), by: None });
    assert_eq!((room.bye(guest), room.bye(staff)), (Some(ByeReason::Revoked), Some(ByeReason::Revoked)));
    let (guest, staff) = (room.guest(), room.staff("hana"));
    assert_eq!((room.refusal(guest), room.refusal(staff)), (Some(Refusal::Revoked), Some(Refusal::Revoked)));
}

#[test]
fn a_restart_loses_no_seat_and_no_call() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    let (guest_token, staff_token) = (room.welcome(guest).resume, room.welcome(staff).resume);
    room.turn(In::Closing);
    assert_eq!((room.bye(guest), room.bye(staff)), (Some(ByeReason::ServerClosing), Some(ByeReason::ServerClosing)));
    let running = room.kept.clone().unwrap();
    let mut restarted = Room::new(2);
    restarted.now = 20;
    restarted.next = 100;
    restarted.turn(In::Restore { appointment: "A1".to_owned(), running });
    let guest = restarted.resume(&guest_token, None);
    let staff = restarted.resume(&staff_token, Some("hana"));
    assert!(restarted.welcome(guest).admitted && restarted.welcome(staff).admitted);
    assert_eq!((restarted.epoch(guest), restarted.epoch(staff)), (Some(Epoch(1)), Some(Epoch(1))));
    restarted.offer(guest, staff, 1);
    assert_eq!(restarted.offers(staff), 1);
}

#[test]
fn unknown_and_malformed_keys_get_the_same_answer_and_a_right_one_is_never_locked_out() {
    let mut room = Room::new(2);
    let token = room.guest();
    let token = room.welcome(token).resume;
    for key in ["ZZZZZZZZZZZZZZZZZZZZZZZZZZ", "", "not a key", "0123456789abcdefghjkmnpqrs", "ｷｰ"] {
        let guest = room.hello(None, Proof::Key { key: Secret::new(key) });
        assert_eq!(room.refusal(guest), Some(Refusal::UnknownKey), "{key}");
    }
    for _ in 0..400 {
        room.hello(None, Proof::Key { key: Secret::new("x") });
    }
    let wrong = room.hello(None, Proof::Key { key: Secret::new("x") });
    assert!(matches!(room.refusal(wrong), Some(Refusal::TooManyTries { wait_seconds: 1..=7 })));
    // From the same address: a neighbour may have sent the wrong ones.
    let back = room.resume(&token, None);
    let token = room.welcome(back).resume;
    room.gone(back);
    let late = room.resume(&Secret::new("a token of yesterday"), None);
    assert_eq!(room.refusal(late), Some(Refusal::ResumeExpired), "it is to try its key");
    let guest = room.guest();
    assert!(!room.welcome(guest).admitted);
    let back = room.resume(&token, None);
    assert_eq!(room.refusal(back), Some(Refusal::ResumeExpired), "the key took the place of the lost line");
}

#[test]
fn a_flood_of_unknown_messages_is_stopped_as_any_other() {
    let mut room = Room::new(2);
    let (guest, _) = room.in_call();
    for _ in 0..MESSAGES_AT_ONCE / 2 {
        room.turn(In::Noise { connection: guest });
    }
    assert_eq!(room.errors(guest, "too-many"), 0, "a newer page may say more than we know");
    for _ in 0..MESSAGES_AT_ONCE {
        room.turn(In::Noise { connection: guest });
    }
    assert_eq!(room.bye(guest), Some(ByeReason::Misbehaved));
}

#[test]
fn whatever_is_done_to_the_wall_clock_a_call_goes_on_and_nobody_waits_longer() {
    for ahead in [-20, -3600, 60, 600] {
        let mut room = Room::new(2);
        room.now = 600;
        let (guest, staff) = room.in_call();
        for _ in 0..30 {
            room.hello(None, Proof::Key { key: Secret::new("x") });
        }
        // As much as may be said at once, and then at the pace that is allowed.
        for _ in 0..MESSAGES_AT_ONCE - 10 {
            room.say(guest, ToServer::Beat);
        }
        let (silent, away) = (room.connect(None), room.welcome(staff).resume);
        room.gone(staff);
        room.ahead = ahead;
        for _ in 0..60 {
            room.wait(1);
            if room.now < 610 {
                assert_eq!(room.bye(silent), None, "the clock is {ahead} s ahead");
            }
            for _ in 0..20 {
                room.say(guest, ToServer::Beat);
            }
        }
        assert_eq!((room.errors(guest, "too-many"), room.bye(guest)), (0, None), "the clock is {ahead} s ahead");
        assert_eq!(room.bye(silent), Some(ByeReason::Misbehaved), "15 s are over");
        let staff = room.resume(&away, Some("hana"));
        assert!(room.is_seated(staff), "75 s are not over; the clock is {ahead} s ahead");
        let wrong = room.hello(None, Proof::Key { key: Secret::new("x") });
        assert_eq!(room.refusal(wrong), Some(Refusal::UnknownKey), "the clock is {ahead} s ahead");
    }
}

#[test]
fn a_beat_is_answered_with_the_servers_time_to_whoever_asks() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    let before = room.heard(staff).len();
    room.say(guest, ToServer::Beat);
    assert!(matches!(room.heard(guest).last(), Some(ToClient::Beat { server_time }) if *server_time == at(room.now)));
    assert_eq!(room.heard(staff).len(), before);
}

#[test]
fn a_new_paper_ends_the_old_key_and_not_the_call() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    let new_paper = |key: &str| In::NewKey {
        appointment: "A1".to_owned(),
        invitation: FIRST.to_owned(),
        key: KeyHash::of(key),
        by: "hana".to_owned(),
    };
    room.turn(new_paper("ABCDEFGHJKMNPQRSTVWXYZ0123"));
    assert_eq!((room.bye(guest), room.bye(staff)), (None, None));
    let token = room.welcome(guest).resume;
    room.gone(guest);
    let old = room.guest();
    assert_eq!(room.refusal(old), Some(Refusal::UnknownKey));
    let back = room.resume(&token, None);
    assert!(room.is_seated(back));
    // Somebody who was made to leave by mistake comes back with a new paper only.
    let peer = room.welcome(back).you;
    room.say(staff, ToServer::LetLeave { peer });
    room.turn(new_paper(KEY));
    let new = room.guest();
    assert!(room.is_seated(new));
    assert!(room.audit.contains(&("hana".to_owned(), "new-paper")));
}

#[test]
fn a_withdrawal_on_the_staff_page_is_in_the_trail() {
    let mut room = Room::new(2);
    let guest = room.agreed();
    room.turn(In::Revoke { appointment: "A1".to_owned(), by: Some("hana".to_owned()) });
    assert_eq!(room.bye(guest), Some(ByeReason::Revoked));
    assert_eq!(room.audit, [("hana".to_owned(), "appointment-revoked")]);
}

#[test]
fn the_oldest_connection_of_a_network_that_took_no_seat_is_known() {
    let mut room = Room::new(2);
    let guest = room.guest();
    let idle = [room.connect(None), room.connect(None)];
    assert!(room.is_seated(guest));
    let network = IpAddr::from([192, 0, 2, 1]);
    assert_eq!(room.registry.without_seat(Some(network)), (2, Some(idle[0])));
    assert_eq!(room.registry.without_seat(Some(IpAddr::from([192, 0, 2, 2]))), (0, None));
    assert_eq!(room.registry.without_seat(None), (2, Some(idle[0])));
}

#[test]
fn too_many_faults_end_the_connection_and_keep_the_seat() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    for _ in 0..=FAULTS_ALLOWED {
        room.turn(In::Fault { connection: guest, fault: Fault::Malformed });
    }
    assert_eq!(room.bye(guest), Some(ByeReason::Misbehaved));
    assert_eq!(room.errors(guest, "malformed"), usize::try_from(FAULTS_ALLOWED).unwrap());
    assert!(room.last(staff).contains(r#""may_return":true"#));
}

#[test]
fn too_many_messages_are_dropped_and_then_end_the_connection() {
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    for _ in 0..MESSAGES_AT_ONCE + 40 {
        room.say(guest, ToServer::Mute { microphone: true, camera: true, speaker: true });
    }
    assert_eq!(room.bye(guest), Some(ByeReason::Misbehaved));
    let told = room.heard(staff).iter().filter(|m| matches!(m, ToClient::Muted { .. })).count();
    assert!(told <= usize::try_from(MESSAGES_AT_ONCE).unwrap());
}

#[test]
fn whoever_says_nothing_or_something_else_first_gets_no_seat() {
    let mut room = Room::new(2);
    let silent = room.connect(None);
    let rude = room.connect(None);
    room.say(rude, ToServer::End);
    assert_eq!(room.errors(rude, "not-now"), 1);
    assert_eq!(room.registry.wake_in(room.clocks()).unwrap().1, Why::NoHello);
    room.wait(16);
    assert_eq!((room.bye(silent), room.bye(rude)), (Some(ByeReason::Misbehaved), Some(ByeReason::Misbehaved)));
    let other = room.connect(None);
    room.say(other, versions(VERSION + 1, None));
    assert_eq!(room.refusal(other), Some(Refusal::version()));
}

/// A hello of an end that speaks other versions.
fn versions(version: u16, newest: Option<u16>) -> ToServer {
    let (proof, language) = (Proof::Key { key: Secret::new(KEY) }, Language::English.into());
    ToServer::Hello { version, newest, proof, language, abilities: Abilities::default(), firmware: None }
}

#[test]
fn the_newest_version_that_both_speak_is_spoken_and_an_unknown_proof_gets_no_seat() {
    for (oldest, newest, spoken) in [
        (VERSION, None, Some(VERSION)),
        (1, Some(VERSION + 7), Some(VERSION)),
        (VERSION + 1, Some(VERSION + 7), None),
        (0, Some(0), None),
    ] {
        let mut room = Room::new(2);
        let end = room.connect(None);
        room.say(end, versions(oldest, newest));
        let welcome = room.heard(end).iter().find_map(|message| match message {
            ToClient::Welcome(welcome) => Some(welcome.version),
            _ => None,
        });
        assert_eq!(welcome, spoken);
        assert_eq!(room.refusal(end), spoken.is_none().then(Refusal::version));
    }
    let mut room = Room::new(2);
    let newer = room.hello(None, Proof::Unknown);
    assert_eq!(room.refusal(newer), Some(Refusal::version()));
}

#[test]
fn whoever_can_hear_it_is_told_of_the_people_apart_from_the_connections() {
    let mut room = Room::new(2);
    let guest = room.connect(None);
    let proof = Proof::Key { key: Secret::new(KEY) };
    room.say(guest, ToServer::hello(proof, Language::English, [PEOPLE, "fly"], None));
    assert_eq!(room.welcome(guest).abilities, Abilities::from([PEOPLE]), "what both can do");
    room.say(guest, ToServer::Consent { rules: RULES_VERSION.to_owned() });
    let told = |room: &Room, whom| -> Vec<Vec<Participant>> {
        let people = room.heard(whom).iter().filter_map(|message| match message {
            ToClient::People { people } => Some(people.clone()),
            _ => None,
        });
        people.collect()
    };
    assert!(told(&room, guest).is_empty(), "nobody is there");
    let staff = room.staff("hana");
    let mut clerk = Participant {
        id: room.welcome(staff).you,
        role: Role::Staff,
        name: "Childcare".to_owned(),
        present: true,
        admitted: true,
        tracks: Vec::new(),
    };
    assert_eq!(told(&room, guest), [vec![clerk.clone()]]);
    for _ in 0..2 {
        room.say(staff, ToServer::Mute { microphone: true, camera: false, speaker: false });
        room.say(staff, ToServer::Beat);
    }
    let track = |kind, muted| Track { kind, muted };
    clerk.tracks = vec![track(TrackKind::Microphone, true), track(TrackKind::Camera, false)];
    assert_eq!(told(&room, guest)[1..], [vec![clerk.clone()]], "told once");
    room.gone(staff);
    clerk.present = false;
    assert_eq!(told(&room, guest)[2..], [vec![clerk]]);
    room.wait(i64::try_from(RESUME_SECONDS).unwrap() + 1);
    assert_eq!(told(&room, guest)[3..], [vec![]]);
    assert!(told(&room, staff).is_empty(), "an end that cannot hear it hears nothing new");
}

#[test]
fn the_list_says_what_an_appointment_is() {
    let mut room = Room::new(2);
    let phase = |room: &Room| room.registry.states(at(room.now))["A1"].phase;
    room.now = -3600;
    assert_eq!(phase(&room), Phase::NotYet);
    room.now = -600;
    assert_eq!(phase(&room), Phase::Open);
    room.agreed();
    assert_eq!(phase(&room), Phase::InUse);
    assert_eq!(room.registry.states(at(0))["A1"].waiting, 1);
    room.wait(3600);
    assert_eq!(phase(&room), Phase::Over);
}

#[test]
fn three_sites_are_two_guests_or_two_at_the_counter() {
    let mut room = Room::new(3);
    let (first, second) = (room.agreed(), room.agreed());
    let third = room.guest();
    assert_eq!(room.refusal(third), Some(Refusal::RoomFull), "one place stays for the counter");
    let staff = room.staff("hana");
    let other = room.staff("ken");
    assert_eq!(room.refusal(other), Some(Refusal::Taken { by: "hana".to_owned() }));
    // Each guest has a connection of its own with the counter, and none with the other guest.
    assert_ne!(room.epoch(first), room.epoch(second));
    room.offer(first, second, 1);
    assert_eq!(room.errors(first, "no-such-peer"), 1);
    let peer = room.welcome(first).you;
    room.say(staff, ToServer::LetLeave { peer });
    assert_eq!((room.bye(first), room.bye(second)), (Some(ByeReason::LetLeave), None));
}

fn only(roles: &[StaffRole], counter: &str) -> Rights {
    Rights { roles: roles.iter().copied().collect(), counters: Counters::These([counter.to_owned()].into()) }
}

#[test]
fn a_clerk_of_another_counter_and_one_who_sits_with_nobody_get_no_seat_and_learn_nothing() {
    let mut room = Room::new(2);
    let _colleague = room.staff("hana");
    for rights in [only(&[StaffRole::Desk], "zeimu"), only(&[StaffRole::Lender, StaffRole::Admin], "kosodate")] {
        room.next += 1;
        let (connection, token) = (ConnectionId(room.next), Secret::new(format!("token-{}", room.next)));
        let staff = Some(Clerk { rights, ..clerk("ken", room.next) });
        room.turn(In::Connect { connection, from: IpAddr::from([192, 0, 2, 1]), staff, token });
        let proof = Proof::Staff { appointment: "A1".to_owned(), take_over: true };
        room.say(connection, ToServer::hello(proof, Language::Japanese, [], None));
        assert_eq!(room.refusal(connection), Some(Refusal::NotStaff));
        assert_eq!(room.audit.last().map(|(staff, action)| (staff.as_str(), *action)), Some(("ken", "seat-refused")));
    }
}

#[test]
fn whoever_loses_the_account_the_sign_in_or_the_counter_leaves_the_seat_and_nobody_else_does() {
    let accounts = |rights: Option<Rights>, sessions: &[u64]| {
        let rights = rights.map(|rights| ("hana".to_owned(), rights));
        let sessions = sessions.iter().map(|number| KeyHash::of(&format!("session-{number}"))).collect();
        Arc::new(Accounts { rights: rights.into_iter().collect(), sessions })
    };
    let as_of = |room: &Room, ahead: u64| room.clocks().steady + Duration::from_secs(ahead);
    for (lost, told) in [
        (accounts(None, &[2]), true),
        (accounts(Some(Rights::all()), &[]), true),
        (accounts(Some(only(&[StaffRole::Desk], "zeimu")), &[2]), true),
        (accounts(Some(only(&[StaffRole::Lender], "kosodate")), &[2]), true),
        (accounts(Some(only(&[StaffRole::Desk], "kosodate")), &[2]), false),
    ] {
        let mut room = Room::new(2);
        let (guest, staff) = room.in_call();
        // What was read before they connected says nothing about them.
        let early = Uptime::from_millis(0);
        room.turn(In::Accounts { accounts: lost.clone(), as_of: early });
        assert_eq!(room.bye(staff), None);
        let as_of = as_of(&room, 1);
        room.turn(In::Accounts { accounts: lost.clone(), as_of });
        assert_eq!(room.bye(staff), told.then_some(ByeReason::SignedOut));
        assert_eq!(room.bye(guest), None);
        assert_eq!(room.noticed(guest, Notice::StaffAbsent), usize::from(told));
        if told {
            let token = room.welcome(staff).resume;
            let back = room.resume(&token, Some("hana"));
            assert_eq!(room.refusal(back), Some(Refusal::ResumeExpired), "the seat is free");
        }
    }
    // A sign-in that ended by itself costs no seat, nor does a line that is lost meanwhile.
    let mut room = Room::new(2);
    let (_, staff) = room.in_call();
    room.ahead = 50_000;
    room.ends = 60_000;
    let as_of = as_of(&room, 1);
    room.turn(In::Accounts { accounts: accounts(Some(Rights::all()), &[]), as_of });
    assert_ne!(room.bye(staff), Some(ByeReason::SignedOut));
    // But a seat that is kept for a removed account is given up.
    let mut room = Room::new(2);
    let (guest, staff) = room.in_call();
    room.gone(staff);
    room.turn(In::Accounts { accounts: accounts(None, &[]), as_of });
    assert_eq!(room.noticed(guest, Notice::StaffAbsent), 1);
}

/// The TURN name that a message brings.
fn turn_name(message: &ToClient) -> Option<&str> {
    let servers = match message {
        ToClient::Welcome(welcome) => &welcome.ice_servers,
        ToClient::Moved { ice_servers, .. } | ToClient::Servers { ice_servers } => ice_servers,
        _ => return None,
    };
    servers.iter().find_map(|server| server.username.as_deref())
}

#[test]
fn credentials_of_the_relay_come_with_the_consent_and_are_the_appointments() {
    let mut room = Room::new(2);
    let names = |room: &Room, who| room.heard(who).iter().filter_map(turn_name).map(str::to_owned).collect::<Vec<_>>();
    room.now = -3600;
    let early = room.staff("hana");
    assert!(names(&room, early).is_empty(), "an hour before");
    room.now = -600;
    let guest = room.guest();
    assert!(names(&room, guest).is_empty(), "whoever merely has the paper");
    room.moves(0, 1200);
    assert!(names(&room, guest).is_empty(), "nor with another time");
    room.moves(0, 1800);
    let known = names(&room, early).len();
    room.say(guest, ToServer::Consent { rules: RULES_VERSION.to_owned() });
    let until = STARTS + 1800 + 120;
    assert_eq!(names(&room, guest), [format!("{until}:A1-guest")]);
    assert_eq!(names(&room, early)[known..], [format!("{until}:A1-staff")]);
    // Before there is anybody to connect with.
    let order: Vec<_> =
        room.heard(guest).iter().filter(|m| turn_name(m).is_some() || matches!(m, ToClient::Peer { .. })).collect();
    assert!(matches!(order[..], [ToClient::Servers { .. }, ToClient::Peer { .. }]));
    // Whoever comes back has them at once, also by a clock that was set back.
    let token = room.welcome(guest).resume;
    room.gone(guest);
    room.ahead = -7200;
    let back = room.resume(&token, None);
    assert_eq!(names(&room, back), [format!("{until}:A1-guest")]);
}

#[derive(Clone, Debug)]
enum Step {
    Guest(bool),
    Staff(bool),
    TakesOver(bool),
    Say(u8, u8, u32),
    Gone(u8),
    Resume(u8, bool),
    Wait(i64),
    Move(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => any::<bool>().prop_map(Step::Guest),
        2 => any::<bool>().prop_map(Step::Staff),
        1 => any::<bool>().prop_map(Step::TakesOver),
        20 => (any::<u8>(), 0..15_u8, 0..4_u32).prop_map(|(who, what, epoch)| Step::Say(who, what, epoch)),
        1 => any::<u8>().prop_map(Step::Gone),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(who, right)| Step::Resume(who, right)),
        2 => (0..40_i64).prop_map(Step::Wait),
        1 => (0..600_i64).prop_map(Step::Wait),
        1 => (1..2400_i64).prop_map(Step::Move),
    ]
}

fn message(what: u8, epoch: u32, other: PeerId) -> ToServer {
    let (epoch, sdp) = (Epoch(epoch), "v=0".to_owned());
    match what {
        0 | 1 => ToServer::Consent { rules: RULES_VERSION.to_owned() },
        2 => ToServer::Offer { to: other, epoch, sdp },
        3 => ToServer::Answer { to: other, epoch, sdp },
        4 => ToServer::Candidate { to: other, epoch, candidate: Candidate { candidate: String::new(), mline: 0 } },
        5 => ToServer::Rebuild { epoch },
        6 => ToServer::Mute { microphone: true, camera: false, speaker: false },
        7 => ToServer::Stats { stats: LineStats::default() },
        8 => ToServer::Bye { reason: ByeReason::Left },
        9 | 10 => ToServer::Admit { peer: other },
        11 => ToServer::LetLeave { peer: other },
        12 => ToServer::Hold { on: epoch.0 % 2 == 0 },
        13 => ToServer::Unverified { epoch },
        _ => ToServer::WillPhone,
    }
}

/// What the laws watch over a random life.
#[derive(Default)]
struct Watch {
    consented: Vec<PeerId>,
    made_to_leave: Vec<PeerId>,
    /// With which key each guest came.
    keys: BTreeMap<PeerId, &'static str>,
    /// Keys that were refused because of it.
    refused: usize,
    highest_epoch: u32,
    relayed: usize,
    credentials: usize,
}

impl Watch {
    fn look(&mut self, room: &Room, connection: ConnectionId, from: usize) {
        let heard = room.heard(connection);
        let you = heard.iter().find_map(|m| if let ToClient::Welcome(w) = m { Some(w.you.clone()) } else { None });
        for message in &heard[from..] {
            if let Some(you) = &you {
                assert!(!self.made_to_leave.contains(you), "something was said after let leave");
            }
            if let (Some(name), Some(you)) = (turn_name(message), &you) {
                let agreed =
                    self.consented.contains(you) || heard[from..].iter().any(|m| matches!(m, ToClient::Lobby { .. }));
                let role = if you.0.starts_with("guest") { "guest" } else { "staff" };
                assert!(role == "staff" || agreed, "credentials before consent");
                assert_eq!(name, format!("{}:A1-{role}", STARTS + room.ends + 120));
                self.credentials += usize::from(role == "guest");
            }
            match message {
                ToClient::Lobby { .. } => self.consented.extend(you.clone()),
                ToClient::Offer { from, .. } | ToClient::Candidate { from, .. } if from.0.starts_with("guest") => {
                    assert!(self.consented.contains(from), "relayed before consent");
                    self.relayed += 1;
                }
                ToClient::Answer { .. } => {
                    assert!(self.consented.contains(you.as_ref().unwrap()), "an answer before consent");
                    self.relayed += 1;
                }
                ToClient::Peer { peer, epoch, role, .. } => {
                    if *role == Role::Guest {
                        assert!(self.consented.contains(peer), "introduced before consent");
                    }
                    self.highest_epoch = self.highest_epoch.max(epoch.0);
                }
                ToClient::Welcome(welcome) => {
                    assert_eq!(welcome.slot.ends, at(room.ends), "another end than the room's");
                    assert!(room.now < room.ends, "welcome after the end");
                }
                ToClient::Bye { reason: ByeReason::LetLeave } => {
                    assert!(you.as_ref().and_then(|you| self.keys.get(you)).is_some_and(|key| room.is_burnt(key)));
                    self.made_to_leave.extend(you.clone());
                }
                _ => {}
            }
        }
    }
}

#[test]
fn laws_hold_over_random_lives() {
    let lives = (2..4_u8, -700..1700_i64, prop::collection::vec(step(), 1..250));
    let config = ProptestConfig { cases: 600, source_file: Some(file!()), ..ProptestConfig::default() };
    let (relayed, made_to_leave, over, credentials) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let refused = Cell::new(0);
    let life = TestRunner::new(config).run(&lives, |(sites, start, steps)| {
        let mut room = Room::to(Appointment { invitations: family_and_interpreter(), ..appointment(sites) });
        room.now = start;
        let mut watch = Watch::default();
        let mut tokens: Vec<Secret> = Vec::new();
        for step in steps {
            let before: BTreeMap<_, _> = room.heard.iter().map(|(id, heard)| (*id, heard.len())).collect();
            let pick = |who: u8| ConnectionId(u64::from(who) % room.next.max(1) + 1);
            match step {
                Step::Guest(family) => {
                    let key = if family { KEY } else { SECOND_KEY };
                    let burnt = room.is_burnt(key);
                    let guest = room.with_key(key);
                    let refusal = room.refusal(guest);
                    prop_assert_eq!(refusal == Some(Refusal::LetLeave), burnt, "{:?}", refusal);
                    watch.refused += usize::from(burnt);
                    // Not by `is_seated`: a random life may have lost this line before it was there.
                    let welcomes = room.heard(guest).iter();
                    watch.keys.extend(welcomes.filter_map(|message| match message {
                        ToClient::Welcome(welcome) => Some((welcome.you.clone(), key)),
                        _ => None,
                    }));
                }
                Step::Staff(first) => {
                    room.staff(if first { "hana" } else { "ken" });
                }
                Step::TakesOver(first) => {
                    room.takes_over(if first { "hana" } else { "ken" });
                }
                Step::Say(who, what, epoch) => {
                    // Mostly somebody seated, speaking of whom and of which connection it last heard.
                    let seated: Vec<_> = room.heard.keys().filter(|id| room.is_seated(**id)).copied().collect();
                    let connection = seated.get(usize::from(who) % seated.len().max(1)).copied().unwrap_or(pick(who));
                    let known = room.heard(connection).iter().rev().find_map(|m| match m {
                        ToClient::Peer { peer, epoch, .. } => Some((peer.clone(), epoch.0)),
                        _ => None,
                    });
                    let stranger = || (PeerId(format!("guest-{}", who / 64 + 1)), watch.highest_epoch);
                    let (other, current) = known.filter(|_| who < 240).unwrap_or_else(stranger);
                    let epoch = if epoch == 3 { current + 1 } else { current.saturating_sub(epoch / 2) };
                    let message = message(what, epoch, other.clone());
                    let leaves = matches!(message, ToServer::LetLeave { .. }).then(|| watch.keys.get(&other).copied());
                    let burnt = room.invitations.len();
                    room.say(connection, message);
                    for (invitation, _) in &room.invitations[burnt..] {
                        let key = if invitation == SECOND { SECOND_KEY } else { KEY };
                        prop_assert_eq!(leaves.flatten(), Some(key), "another key than that of who was made to leave");
                    }
                }
                Step::Gone(who) => {
                    let connection = pick(who);
                    room.gone(connection);
                }
                Step::Resume(who, right) => {
                    let token = tokens.get(usize::from(who) % tokens.len().max(1)).filter(|_| right).cloned();
                    room.resume(&token.unwrap_or_else(|| Secret::new("nothing")), Some("hana"));
                }
                Step::Wait(seconds) => room.wait(seconds),
                Step::Move(seconds) if room.now < room.ends => room.moves(0, room.now.max(0) + seconds),
                Step::Move(_) => {}
            }
            // The room's own events first: consent is heard by the guest before anything is heard about it.
            let connections: Vec<_> = room.heard.keys().copied().collect();
            for pass in [true, false] {
                for connection in &connections {
                    let from = before.get(connection).copied().unwrap_or(0);
                    let lobby = room.heard(*connection)[from..].iter().any(|m| matches!(m, ToClient::Lobby { .. }));
                    if lobby == pass {
                        watch.look(&room, *connection, from);
                    }
                }
            }
            for heard in room.heard.values() {
                tokens.extend(
                    heard
                        .iter()
                        .filter_map(|m| if let ToClient::Welcome(w) = m { Some(w.resume.clone()) } else { None }),
                );
            }
            let state = room.registry.states(at(room.now))["A1"].clone();
            prop_assert!(state.guests + state.staff <= usize::from(sites), "more seats than sites");
            prop_assert!(room.now < room.ends || state.guests + state.staff == 0, "somebody sits after the end");
            if let Some((left, why)) = room.registry.wake_in(room.clocks()) {
                prop_assert!(
                    left > Duration::ZERO || room.registry.handle(room.clocks(), In::Wake).is_empty(),
                    "{why:?} is overdue"
                );
            }
        }
        relayed.set(relayed.get() + watch.relayed);
        credentials.set(credentials.get() + watch.credentials);
        refused.set(refused.get() + watch.refused);
        made_to_leave.set(made_to_leave.get() + watch.made_to_leave.len());
        over.set(over.get() + usize::from(room.now >= room.ends));
        Ok(())
    });
    life.unwrap();
    // Laws that are never put to the test are no laws.
    assert!(relayed.get() > 100, "only {} messages were relayed", relayed.get());
    assert!(credentials.get() > 100, "only {} credentials came to guests", credentials.get());
    assert!(made_to_leave.get() > 50, "only {} guests were made to leave", made_to_leave.get());
    assert!(refused.get() > 50, "only {} burnt keys were tried", refused.get());
    assert!(over.get() > 50, "only {} slots came to their end", over.get());
}

#[test]
fn staff_see_what_a_device_runs_and_whether_that_is_too_old() {
    for (firmware, seen, outdated) in [
        (Some("0.1.9"), Some("0.1.9"), true),
        (Some("0.2.0"), Some("0.2.0"), false),
        (Some("0.10.0"), Some("0.10.0"), false),
        (None, None, false),
        // What is no version is nothing to show.
        (Some("<b>0.1.0</b>"), None, false),
        (Some(""), None, false),
    ] {
        let mut room = Room::new(2);
        let guest = room.connect(None);
        room.says_hello(guest, Proof::Key { key: Secret::new(KEY) }, firmware);
        assert_eq!(room.welcome(guest).outdated, outdated, "{firmware:?}");
        room.say(guest, ToServer::Consent { rules: RULES_VERSION.to_owned() });
        let staff = room.staff("hana");
        let told = |connection| {
            let told = room.heard(connection).iter().find_map(|message| match message {
                ToClient::Peer { firmware, outdated, .. } => Some((firmware.clone(), *outdated)),
                _ => None,
            });
            told.unwrap()
        };
        assert_eq!(told(staff), (seen.map(str::to_owned), outdated), "{firmware:?}");
        assert_eq!(told(guest), (None, false), "staff have no firmware");
    }
}
