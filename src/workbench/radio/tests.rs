//! Access point by expected answer, and what happens while connected.

use super::super::air::{self, Band, Kind};
use super::*;
use crate::model::language::Language;
use crate::model::screen::Face;
use crate::model::wifi_code::Claim;
use NetworkTrouble as Trouble;

const PASSPHRASE: &str = "sakura-saku-2026";

fn point(security: Kind) -> AccessPoint {
    AccessPoint {
        id: 1,
        name: "midori".into(),
        hidden: false,
        security,
        passphrase: PASSPHRASE.into(),
        signal: 70,
        band: Band::TwoPointFour,
        behind: Internet::Reachable,
    }
}

fn code(claim: Claim) -> WifiCode {
    let passphrase = Some(crate::model::secret::Secret::new(PASSPHRASE));
    WifiCode { ssid: "midori".into(), other_forms: Vec::new(), claim, passphrase, hidden: false, wpa3_only: false }
}

fn join(attempt: u32) -> NetworkAsk {
    NetworkAsk::Join { attempt: Attempt(attempt), wifi: code(Claim::Wpa) }
}

fn start(air: Vec<AccessPoint>, cable: Option<Internet>) -> (Radio, Uptime) {
    let mut radio = Radio::new(Pace::default(), air, cable);
    radio.poll(Uptime::ZERO);
    (radio, Uptime::ZERO)
}

/// Lets time pass until nothing is due; gives what was said as text.
fn settle(radio: &mut Radio, now: &mut Uptime) -> Vec<String> {
    while let Some(due) = radio.wake_at(*now) {
        assert!(due > *now, "something is due in the past");
        *now = due;
        radio.poll(*now);
    }
    std::iter::from_fn(|| radio.next_event()).map(|event| text(&event)).collect()
}

fn text(event: &NetworkEvent) -> String {
    match event {
        NetworkEvent::Cable { plugged } => format!("cable {plugged}"),
        NetworkEvent::Answer { attempt, news } => format!("{attempt} {news:?}"),
        NetworkEvent::Carries { up, trouble: None } => format!("carries {up}"),
        NetworkEvent::Carries { up, trouble: Some(trouble) } => format!("carries {up} {trouble:?}"),
    }
}

/// Joins with this code and air; gives the answer.
fn answer(air: Vec<AccessPoint>, wifi: WifiCode) -> NetworkNews {
    answer_of(Adapter::Full, air, wifi)
}

/// Joins with this radio, code and air; gives the answer.
fn answer_of(adapter: Adapter, air: Vec<AccessPoint>, wifi: WifiCode) -> NetworkNews {
    let (mut radio, mut now) = start(air, None);
    radio.change(now, Change::Adapter(adapter)).unwrap();
    radio.ask(now, NetworkAsk::Join { attempt: Attempt(1), wifi });
    let mut found = None;
    while let Some(due) = radio.wake_at(now) {
        now = due;
        radio.poll(now);
    }
    while let Some(event) = radio.next_event() {
        if let NetworkEvent::Answer { attempt, news } = event {
            assert_eq!((attempt, found.replace(news)), (Attempt(1), None), "one answer");
        }
    }
    let news = found.expect("an answer");
    assert_eq!(radio.joined().is_some(), news == NetworkNews::Up, "joined only where it is up");
    news
}

/// The access points that the booted image is tried with, each under its name there. `None`: it is joined.
#[test]
fn the_matrix_of_access_points_with_the_sentence_that_is_shown() {
    use Adapter::{Full, Off, TwoPointFour, WithoutWpa3};
    let twin = |security| AccessPoint { id: 2, signal: 95, ..point(security) };
    let hidden = AccessPoint { hidden: true, ..point(Kind::Wpa2) };
    let sae_other = AccessPoint { passphrase: "something else".into(), ..point(Kind::Wpa3) };
    let portal = AccessPoint { behind: Internet::Portal, ..point(Kind::Wpa2) };
    let five = AccessPoint { band: Band::Five, ..point(Kind::Wpa2) };
    let row = |kind| vec![point(kind)];
    let table: Vec<(&str, Adapter, Vec<AccessPoint>, Option<&str>)> = vec![
        ("open", Full, row(Kind::Open), Some("open")),
        ("OWE", Full, row(Kind::Owe), Some("owe")),
        ("OWE transition", Full, row(Kind::OweTransition), Some("open")),
        ("WEP", Full, row(Kind::Wep), Some("wep")),
        ("WPA1-TKIP", Full, row(Kind::Wpa1), Some("wpa1")),
        ("WPA1+2 mixed TKIP/CCMP", Full, row(Kind::Wpa1Wpa2), Some("wpa1")),
        ("WPA2-TKIP", Full, row(Kind::Wpa2Tkip), Some("wpa1")),
        ("WPA2-CCMP, PMF optional or required, SHA256", Full, row(Kind::Wpa2), None),
        ("WPA2/3 transition", Full, row(Kind::Wpa2Wpa3), None),
        ("SAE, hunting-and-pecking or H2E", Full, row(Kind::Wpa3), None),
        ("SAE, wrong password", Full, vec![sae_other], Some("wrong-password")),
        ("hidden WPA2", Full, vec![hidden], None),
        ("WPA2 whose beacon lies", Full, row(Kind::LyingWpa2), Some("wrong-password")),
        ("802.1X", Full, row(Kind::Enterprise), Some("enterprise")),
        ("WPS only", Full, row(Kind::WpsOnly), Some("wps-only")),
        ("open twin beside SAE", Full, vec![twin(Kind::Open), point(Kind::Wpa3)], None),
        ("WPA2 twin beside SAE", Full, vec![twin(Kind::Wpa2), point(Kind::Wpa3)], None),
        ("portal behind WPA2", Full, vec![portal], Some("portal")),
        ("GCMP only", Full, row(Kind::Gcmp), Some("unsupported")),
        ("SAE, radio without WPA3", WithoutWpa3, row(Kind::Wpa3), Some("radio-without-wpa3")),
        ("transition, radio without WPA3", WithoutWpa3, row(Kind::Wpa2Wpa3), None),
        (
            "WPA2 twin beside SAE, radio without WPA3",
            WithoutWpa3,
            vec![point(Kind::Wpa3), AccessPoint { signal: 20, ..twin(Kind::Wpa2) }],
            Some("radio-without-wpa3"),
        ),
        ("5 GHz, radio with 2.4 GHz alone", TwoPointFour, vec![five], Some("not-on-this-band")),
        ("radio switched off", Off, row(Kind::Wpa2), Some("radio-off")),
    ];
    for kind in Kind::ALL {
        assert!(table.iter().any(|(.., air, _)| air.iter().any(|point| point.security == kind)), "{kind:?} is missing");
    }
    for (name, adapter, air, expected) in table {
        let news = answer_of(adapter, air, code(Claim::Wpa));
        let shown = match news {
            NetworkNews::Trouble(trouble) => Some(Face::NetworkTrouble(trouble).name()),
            NetworkNews::Up | NetworkNews::Forgotten => None,
        };
        let expected = expected.map(|key| format!("network-trouble-{key}"));
        assert_eq!(shown.as_deref(), expected.as_deref(), "{name}: {news:?}");
        for words in Language::ALL.map(|language| crate::words::file(language, "screens")) {
            let said = |key: &String| words.contains(&format!("\n{key} = "));
            assert!(expected.iter().all(said), "{name} has no sentence {expected:?}");
        }
    }
}

#[test]
fn beside_sae_nothing_that_offers_wpa2_alone_is_joined_however_strong() {
    let sae = AccessPoint { signal: 16, ..point(Kind::Wpa3) };
    let twin = AccessPoint { id: 2, signal: 100, ..point(Kind::Wpa2) };
    let (mut radio, mut now) = start(vec![twin.clone(), sae.clone()], None);
    radio.ask(now, join(1));
    assert_eq!(settle(&mut radio, &mut now), ["cable false", "carries false", "#1 Up", "carries true"]);
    radio.change(now, Change::Put(AccessPoint { signal: 3, ..sae })).unwrap();
    assert_eq!(settle(&mut radio, &mut now), ["carries false TooWeak"], "the twin is not roamed to");
    radio.ask(now, join(2));
    assert_eq!(settle(&mut radio, &mut now), ["carries false", "#2 Trouble(TooWeak)", "carries false TooWeak"]);
    radio.change(now, Change::Remove(1)).unwrap();
    radio.ask(now, join(3));
    assert_eq!(settle(&mut radio, &mut now), ["carries false", "#3 Up", "carries true"], "alone it is a WPA2 network");
}

#[test]
fn each_access_point_gets_its_answer() {
    let with = |change: fn(&mut AccessPoint)| {
        let mut point = point(Kind::Wpa2);
        change(&mut point);
        vec![point]
    };
    let trouble = NetworkNews::Trouble;
    let table: Vec<(&str, Vec<AccessPoint>, NetworkNews)> = vec![
        ("nothing in the air", vec![], trouble(Trouble::NotInTheAir)),
        ("another name", with(|point| point.name = "Midori".into()), trouble(Trouble::NotInTheAir)),
        ("hidden", with(|point| point.hidden = true), NetworkNews::Up),
        ("weak", with(|point| point.signal = 14), trouble(Trouble::TooWeak)),
        ("just strong enough", with(|point| point.signal = 15), NetworkNews::Up),
        ("password", with(|point| point.passphrase = "something else".into()), trouble(Trouble::WrongPassword)),
        ("5 GHz", with(|point| point.band = Band::Five), NetworkNews::Up),
        ("portal", with(|point| point.behind = Internet::Portal), trouble(Trouble::Portal)),
        ("no address", with(|point| point.behind = Internet::NoAddress), trouble(Trouble::NoAddress)),
        ("no names", with(|point| point.behind = Internet::NoNames), trouble(Trouble::NoNames)),
        ("no internet", with(|point| point.behind = Internet::NoInternet), trouble(Trouble::NoInternet)),
    ];
    for (name, air, expected) in table {
        assert_eq!(answer(air, code(Claim::Wpa)), expected, "{name}");
    }
}

#[test]
fn what_the_code_says_counts_as_well() {
    let hidden = AccessPoint { hidden: true, ..point(Kind::Wpa2) };
    assert_eq!(answer(vec![hidden], WifiCode { hidden: true, ..code(Claim::Wpa) }), NetworkNews::Up);
    let pinned = || WifiCode { wpa3_only: true, ..code(Claim::Sae) };
    let down = NetworkNews::Trouble(Trouble::Downgraded);
    assert_eq!(answer(vec![point(Kind::Wpa2)], pinned()), down, "its router rules WPA2 out");
    assert_eq!(answer(vec![point(Kind::Wpa3)], pinned()), NetworkNews::Up);
    let without = WifiCode { passphrase: None, ..code(Claim::Open) };
    assert_eq!(answer(vec![point(Kind::Wpa2)], without), NetworkNews::Trouble(Trouble::WrongPassword));
    let japanese = AccessPoint { name: "みどり".into(), ..point(Kind::Wpa2) };
    let forms = WifiCode { other_forms: vec!["みどり".as_bytes().to_vec()], ..code(Claim::Wpa) };
    assert_eq!(answer(vec![japanese], forms), NetworkNews::Up, "another byte form of the name");
}

/// Telephones write `T:SAE` for networks that offer WPA2 as well.
#[test]
fn the_beacon_outranks_the_code() {
    use Adapter::{Full, WithoutWpa3};
    let up = NetworkNews::Up;
    for (adapter, kind, expected) in [
        (Full, Kind::Wpa2Wpa3, up),
        (WithoutWpa3, Kind::Wpa2Wpa3, up),
        (WithoutWpa3, Kind::Wpa2, up),
        (WithoutWpa3, Kind::Wpa3, NetworkNews::Trouble(Trouble::RadioWithoutWpa3)),
    ] {
        assert_eq!(answer_of(adapter, vec![point(kind)], code(Claim::Sae)), expected, "{adapter:?}, {kind:?}");
    }
}

#[test]
fn of_two_with_one_name_the_allowed_one_is_taken() {
    let twin = AccessPoint { id: 2, signal: 95, ..point(Kind::Open) };
    assert_eq!(answer(vec![twin, point(Kind::Wpa2)], code(Claim::Wpa)), NetworkNews::Up);
}

#[test]
fn without_a_radio_there_is_no_network() {
    let (mut radio, mut now) = start(vec![point(Kind::Wpa2)], None);
    settle(&mut radio, &mut now);
    radio.change(now, Change::Adapter(Adapter::Missing)).unwrap();
    radio.ask(now, join(1));
    assert_eq!(settle(&mut radio, &mut now), ["#1 Trouble(NoRadio)", "carries false NoRadio"]);
    radio.change(now, Change::Adapter(Adapter::Off)).unwrap();
    radio.ask(now, join(2));
    assert_eq!(settle(&mut radio, &mut now), ["carries false", "#2 Trouble(RadioOff)", "carries false RadioOff"]);
}

#[test]
fn a_start_tells_the_cable_and_whether_it_carries() {
    let (mut radio, mut now) = start(vec![], None);
    assert_eq!(settle(&mut radio, &mut now), ["cable false", "carries false"]);
    let (mut radio, mut now) = start(vec![], Some(Internet::Reachable));
    assert_eq!(settle(&mut radio, &mut now), ["cable true", "carries false", "carries true"]);
}

#[test]
fn what_happens_while_connected_is_told() {
    let weaker = |change: fn(&mut AccessPoint)| {
        let mut point = point(Kind::Wpa2Wpa3);
        change(&mut point);
        Change::Put(point)
    };
    let table: Vec<(Change, &str, bool)> = vec![
        (weaker(|point| point.security = Kind::Open), "carries false Downgraded", false),
        (weaker(|point| point.security = Kind::Wpa2Tkip), "carries false Downgraded", false),
        (weaker(|point| point.security = Kind::Wpa2), "carries false Downgraded", false),
        (weaker(|point| point.security = Kind::Gcmp), "carries false Unsupported", true),
        (weaker(|point| point.signal = 3), "carries false TooWeak", true),
        (weaker(|point| point.behind = Internet::Portal), "carries false Portal", true),
        (weaker(|point| point.passphrase = "changed-meanwhile".into()), "carries false WrongPassword", true),
        (Change::Remove(1), "carries false NotInTheAir", true),
        (Change::Adapter(Adapter::Off), "carries false RadioOff", true),
        (Change::Adapter(Adapter::Missing), "carries false NoRadio", true),
        (Change::Cut(true), "carries false NoInternet", true),
    ];
    for (change, expected, comes_back) in table {
        let (mut radio, mut now) = start(vec![point(Kind::Wpa2Wpa3)], None);
        radio.ask(now, join(1));
        let said = settle(&mut radio, &mut now);
        assert_eq!(said, ["cable false", "carries false", "#1 Up", "carries true"]);
        radio.change(now, change).unwrap();
        assert_eq!(settle(&mut radio, &mut now), [expected]);
        radio.change(now, Change::Put(point(Kind::Wpa2Wpa3))).unwrap();
        radio.change(now, Change::Adapter(Adapter::Full)).unwrap();
        radio.change(now, Change::Cut(false)).unwrap();
        let back: &[&str] = if comes_back { &["carries true"] } else { &[] };
        assert_eq!(settle(&mut radio, &mut now), back, "after {expected}");
    }
}

#[test]
fn a_cable_wins_and_is_checked_again_on_request() {
    let (mut radio, mut now) = start(vec![point(Kind::Wpa2)], Some(Internet::Portal));
    assert_eq!(settle(&mut radio, &mut now), ["cable true", "carries false", "carries false Portal"]);
    radio.ask(now, NetworkAsk::Check { attempt: Attempt(4) });
    assert_eq!(settle(&mut radio, &mut now), ["#4 Trouble(Portal)"]);
    radio.change(now, Change::Cable(Some(Internet::Reachable))).unwrap();
    radio.ask(now, NetworkAsk::Check { attempt: Attempt(5) });
    assert_eq!(settle(&mut radio, &mut now), ["carries true", "#5 Up"]);
    radio.change(now, Change::Cable(None)).unwrap();
    assert_eq!(settle(&mut radio, &mut now), ["cable false", "carries false"]);
}

#[test]
fn a_check_joins_the_known_wifi_again_and_forgetting_ends_that() {
    let portal = AccessPoint { behind: Internet::Portal, ..point(Kind::Wpa2) };
    let (mut radio, mut now) = start(vec![portal], None);
    settle(&mut radio, &mut now);
    radio.ask(now, join(1));
    assert_eq!(settle(&mut radio, &mut now), ["#1 Trouble(Portal)", "carries false Portal"]);
    radio.change(now, Change::Put(point(Kind::Wpa2))).unwrap();
    radio.ask(now, NetworkAsk::Check { attempt: Attempt(2) });
    assert_eq!(settle(&mut radio, &mut now), ["#2 Up", "carries true"]);
    radio.ask(now, NetworkAsk::Forget { attempt: Attempt(3) });
    assert_eq!(settle(&mut radio, &mut now), ["#3 Forgotten", "carries false"]);
    assert!(!radio.remembers());
    radio.ask(now, NetworkAsk::Check { attempt: Attempt(4) });
    assert_eq!(settle(&mut radio, &mut now), ["#4 Trouble(NotInTheAir)", "carries false NotInTheAir"]);
}

#[test]
fn an_older_question_is_not_answered_and_the_air_may_change_meanwhile() {
    let (mut radio, mut now) = start(vec![point(Kind::Wpa2)], None);
    settle(&mut radio, &mut now);
    radio.ask(now, join(1));
    radio.ask(now, join(2));
    now = now + Pace::default().scan;
    radio.poll(now);
    radio.change(now, Change::Put(point(Kind::Open))).unwrap();
    assert_eq!(settle(&mut radio, &mut now), ["#2 Trouble(Downgraded)", "carries false Downgraded"]);
}

#[test]
fn impossible_changes_are_refused_and_change_nothing() {
    let (mut radio, now) = start(air::demo(), None);
    let before = radio.air().to_vec();
    assert!(radio.change(now, Change::Remove(99)).unwrap_err().contains("number 99"));
    assert!(radio.change(now, Change::Put(AccessPoint { name: String::new(), ..point(Kind::Wpa2) })).is_err());
    assert_eq!(radio.air(), before);
}
