//! The things that lives are made of: the loan, the papers, the slot.

use jiff::{SignedDuration, Timestamp};
use madoguchi::model::code::Code;
use madoguchi::model::ids::{Epoch, PeerId};
use madoguchi::model::invite::Invite;
use madoguchi::model::language::Language;
use madoguchi::model::loan::Loan;
use madoguchi::model::secret::Secret;
use madoguchi::model::uptime::Uptime;
use madoguchi::model::wifi_code::{Claim, WifiCode};
use madoguchi::model::wire::{Abilities, RULES_VERSION, Role, Slot, ToClient, VERSION, Welcome, Words};

/// Two counters, two languages.
pub(crate) fn loan() -> Loan {
    let text = r#"
        format = 1
        id = "M-2026-014"
        until = "2026-11-30"
        languages = ["ja", "en"]
        [city]
        ja = "みどり市"
        en = "Midori City"
        [[counter]]
        hosts = ["counter.midori.example"]
        telephone = "0422-00-1234"
        name = { ja = "子育て相談窓口" }
        hours = { ja = "平日 8:30〜17:15" }
        [[counter]]
        hosts = ["school.midori.example:8443"]
        telephone = "0422-00-5678"
        name = { ja = "学校相談窓口" }
        hours = { ja = "平日 9:00〜16:00" }
    "#;
    Loan::from_toml(text).unwrap()
}

/// A room key for the first counter.
pub(crate) fn invite() -> Invite {
    invite_to("counter.midori.example", None)
}

pub(crate) fn invite_to(host: &str, language: Option<Language>) -> Invite {
    Invite { host: host.to_owned(), key: Secret::new("K7Q2M4X9PLWT"), language, tls: true }
}

/// What the camera may be shown.
pub(crate) fn paper() -> Code {
    Code::Invite(invite())
}

pub(crate) fn router_code(claim: Claim) -> Code {
    Code::Wifi(WifiCode {
        ssid: "tanaka-home".to_owned(),
        other_forms: Vec::new(),
        claim,
        passphrase: Some(Secret::new("hanabi-2026")),
        hidden: false,
        wpa3_only: false,
    })
}

/// The room server's clock at power-on: 9:52 in Tokyo.
pub(crate) fn server_clock(now: Uptime) -> Timestamp {
    let start: Timestamp = "2026-11-21T00:52:00Z".parse().unwrap();
    start + SignedDuration::try_from(now.since_power_on()).unwrap()
}

/// A slot from 10:00 to 10:30 whose lobby opened at 9:50.
pub(crate) fn slot() -> Slot {
    slot_of("2026-11-21T01:00:00Z", 30)
}

/// A slot that starts then; the lobby opens ten minutes before.
pub(crate) fn slot_of(starts: &str, minutes: i64) -> Slot {
    let starts: Timestamp = starts.parse().unwrap();
    Slot { opens: starts - SignedDuration::from_mins(10), starts, ends: starts + SignedDuration::from_mins(minutes) }
}

/// A slot that started just now.
pub(crate) fn slot_under_way(now: Uptime) -> Slot {
    let starts = server_clock(now);
    Slot { opens: starts - SignedDuration::from_mins(10), starts, ends: starts + SignedDuration::from_mins(120) }
}

pub(crate) fn welcome(now: Uptime, slot: Slot, token: &str, admitted: bool) -> Welcome {
    Welcome {
        version: VERSION,
        abilities: Abilities::default(),
        you: PeerId("guest-1".to_owned()),
        server_time: server_clock(now),
        slot,
        time_zone: "Asia/Tokyo".to_owned(),
        counter: Words::ja_en("子育て相談窓口", "Childcare consultation"),
        telephone: "0422-00-1234".to_owned(),
        rules: RULES_VERSION.to_owned(),
        ice_servers: Vec::new(),
        relay_only: false,
        resume: Secret::new(token),
        admitted,
        outdated: false,
    }
}

pub(crate) fn staff_peer(peer: &str, epoch: u32) -> ToClient {
    ToClient::Peer {
        peer: PeerId(peer.to_owned()),
        role: Role::Staff,
        name: "佐藤".to_owned(),
        epoch: Epoch(epoch),
        language: None,
        admitted: true,
        firmware: None,
        outdated: false,
    }
}
