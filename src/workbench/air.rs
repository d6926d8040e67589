//! What is in the air and on the cable of the workbench: access points, their beacons, and what lies behind them.

use crate::model::screen::NetworkTrouble;
use crate::model::verdict::{Beacon, Ciphers, KeyManagement};
use serde::{Deserialize, Serialize};

/// Signal strength, in per cent as NetworkManager counts, below which nothing can be joined.
pub const TOO_WEAK_BELOW: u8 = 15;

/// Name length in bytes that IEEE 802.11 allows at most.
const NAME_BYTES: usize = 32;

/// An access point of the virtual radio. Its passphrase is made up, so it may be shown on the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessPoint {
    /// Number on this desk; putting one with the number of another replaces it.
    pub id: u32,
    /// Name in the air (SSID).
    pub name: String,
    /// The name is not in the beacon.
    #[serde(default)]
    pub hidden: bool,
    /// Kind of security.
    pub security: Kind,
    /// Its passphrase; ignored for the kinds that have none.
    #[serde(default)]
    pub passphrase: String,
    /// Signal strength, 0 to 100 per cent.
    pub signal: u8,
    /// Where in the spectrum it sends.
    #[serde(default)]
    pub band: Band,
    /// What lies behind it.
    pub behind: Internet,
}

/// The part of the spectrum that an access point sends in. A router with both is two access points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Band {
    /// 2.4 GHz, which every radio hears.
    #[default]
    #[serde(rename = "2.4-ghz")]
    TwoPointFour,
    /// 5 GHz.
    #[serde(rename = "5-ghz")]
    Five,
}

/// What the box's own radio can do, as the boards differ in it (`image/README.md`, "Wi-Fi on each board").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adapter {
    /// Both bands, WPA2 and WPA3.
    #[default]
    Full,
    /// Both bands, no SAE.
    WithoutWpa3,
    /// Hears the 2.4 GHz band alone.
    #[serde(rename = "2.4-ghz")]
    TwoPointFour,
    /// There, but switched off (rfkill).
    Off,
    /// Not there, or not working.
    Missing,
}

impl Adapter {
    /// Whether it can be used at all.
    ///
    /// # Errors
    /// The trouble that names why not.
    pub fn works(self) -> Result<(), NetworkTrouble> {
        match self {
            Self::Full | Self::WithoutWpa3 | Self::TwoPointFour => Ok(()),
            Self::Off => Err(NetworkTrouble::RadioOff),
            Self::Missing => Err(NetworkTrouble::NoRadio),
        }
    }

    /// Whether it hears an access point of this band.
    pub fn hears(self, band: Band) -> bool {
        self != Self::TwoPointFour || band == Band::TwoPointFour
    }

    /// Why a network of some name was not heard.
    pub fn why_not_heard(self) -> NetworkTrouble {
        if self == Self::TwoPointFour { NetworkTrouble::NotOnThisBand } else { NetworkTrouble::NotInTheAir }
    }
}

/// Kinds of security that routers are sold or left with, as far as they differ for the person who meets them: SAE by
/// hunting-and-pecking and by hash-to-element is one kind, and so is WPA2 with and without SHA-256 or protected
/// management frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// WPA2-Personal, CCMP.
    Wpa2,
    /// Its beacon says WPA2 with CCMP, but it wants something weaker at the association.
    LyingWpa2,
    /// WPA3-Personal (SAE) only.
    Wpa3,
    /// WPA2 and WPA3 together.
    Wpa2Wpa3,
    /// WPA2 with TKIP alone.
    Wpa2Tkip,
    /// WPA version 1 and WPA2 together, TKIP and CCMP.
    Wpa1Wpa2,
    /// SAE with GCMP-256 alone.
    Gcmp,
    /// WPA version 1 only.
    Wpa1,
    /// WEP.
    Wep,
    /// No encryption.
    Open,
    /// Opportunistic encryption (RFC 8110).
    Owe,
    /// The open half of an open network with opportunistic encryption beside it.
    OweTransition,
    /// IEEE 802.1X.
    Enterprise,
    /// No RSN, but a WPS button.
    WpsOnly,
}

/// What lies behind a cable or an access point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Internet {
    /// The internet.
    #[default]
    Reachable,
    /// A page that must be agreed to first (RFC 8952).
    Portal,
    /// The router gives no address (DHCP).
    NoAddress,
    /// Names cannot be looked up (DNS).
    NoNames,
    /// The router itself has no line.
    NoInternet,
}

impl Internet {
    /// Whether traffic passes.
    ///
    /// # Errors
    /// The trouble that names why not.
    pub fn reach(self) -> Result<(), NetworkTrouble> {
        match self {
            Self::Reachable => Ok(()),
            Self::Portal => Err(NetworkTrouble::Portal),
            Self::NoAddress => Err(NetworkTrouble::NoAddress),
            Self::NoNames => Err(NetworkTrouble::NoNames),
            Self::NoInternet => Err(NetworkTrouble::NoInternet),
        }
    }
}

impl Kind {
    /// Every kind, for tables.
    pub const ALL: [Self; 14] = [
        Self::Wpa2,
        Self::LyingWpa2,
        Self::Wpa3,
        Self::Wpa2Wpa3,
        Self::Wpa2Tkip,
        Self::Wpa1Wpa2,
        Self::Gcmp,
        Self::Wpa1,
        Self::Wep,
        Self::Open,
        Self::Owe,
        Self::OweTransition,
        Self::Enterprise,
        Self::WpsOnly,
    ];

    /// The beacon that such an access point sends.
    pub fn beacon(self) -> Beacon {
        const CCMP: Ciphers = Ciphers { wep: false, tkip: false, ccmp: true };
        const TKIP: Ciphers = Ciphers { wep: false, tkip: true, ccmp: false };
        const MIXED: Ciphers = Ciphers { wep: false, tkip: true, ccmp: true };
        let none = Beacon::default();
        let keys = KeyManagement::default();
        let rsn =
            |key_management| Beacon { privacy: true, rsn: true, pairwise: CCMP, group: CCMP, key_management, ..none };
        match self {
            Self::Wpa2 | Self::LyingWpa2 => rsn(KeyManagement { psk: true, ..keys }),
            Self::Wpa3 => rsn(KeyManagement { sae: true, ..keys }),
            Self::Wpa2Wpa3 => rsn(KeyManagement { psk: true, sae: true, ..keys }),
            Self::Wpa2Tkip => Beacon { pairwise: TKIP, group: TKIP, ..rsn(KeyManagement { psk: true, ..keys }) },
            Self::Wpa1Wpa2 => {
                Beacon { wpa1: Some(TKIP), pairwise: MIXED, group: TKIP, ..rsn(KeyManagement { psk: true, ..keys }) }
            }
            Self::Gcmp => Beacon {
                pairwise: Ciphers::default(),
                group: Ciphers::default(),
                ..rsn(KeyManagement { sae: true, ..keys })
            },
            Self::Wpa1 => Beacon { privacy: true, wpa1: Some(TKIP), ..none },
            Self::Wep => Beacon { privacy: true, ..none },
            Self::Open | Self::OweTransition => none,
            Self::Owe => rsn(KeyManagement { owe: true, ..keys }),
            Self::Enterprise => rsn(KeyManagement { enterprise: true, ..keys }),
            Self::WpsOnly => Beacon { privacy: true, wps: true, ..none },
        }
    }

    /// Whether joining needs a passphrase.
    pub fn has_passphrase(self) -> bool {
        !matches!(self, Self::Open | Self::Owe | Self::OweTransition)
    }
}

impl AccessPoint {
    /// Whether such an access point can exist.
    ///
    /// # Errors
    /// A sentence that says what to write instead.
    pub fn check(&self) -> Result<(), String> {
        if self.name.is_empty() || self.name.len() > NAME_BYTES {
            return Err(format!("a network's name has 1 to {NAME_BYTES} bytes; this one has {}", self.name.len()));
        }
        if self.signal > 100 {
            return Err(format!("a signal is 0 to 100 per cent; {} is not", self.signal));
        }
        let long = self.passphrase.len();
        let wpa = matches!(
            self.security,
            Kind::Wpa2 | Kind::LyingWpa2 | Kind::Wpa2Wpa3 | Kind::Wpa2Tkip | Kind::Wpa1Wpa2 | Kind::Wpa1
        );
        if wpa && !(8..=63).contains(&long) {
            return Err(format!("a WPA passphrase has 8 to 63 characters; this one has {long}"));
        }
        Ok(())
    }
}

/// The air at the demo city: one good network and the weak ones of the neighbours.
pub fn demo() -> Vec<AccessPoint> {
    let point = |id, name: &str, security, passphrase: &str, signal| AccessPoint {
        id,
        name: name.to_owned(),
        hidden: false,
        security,
        passphrase: passphrase.to_owned(),
        signal,
        band: Band::default(),
        behind: Internet::Reachable,
    };
    vec![
        point(1, "midori-home", Kind::Wpa2Wpa3, "sakura-saku-2026", 78),
        point(2, "old-router", Kind::Wep, "abcde12345", 55),
        point(3, "Cafe_Free_Wi-Fi", Kind::Open, "", 41),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use NetworkTrouble as Trouble;

    #[test]
    fn each_kind_gets_its_verdict_from_the_policy_of_the_real_box() {
        let expected = [
            (Kind::Wpa2, None),
            (Kind::LyingWpa2, None),
            (Kind::Wpa3, None),
            (Kind::Wpa2Wpa3, None),
            (Kind::Wpa2Tkip, Some(Trouble::Wpa1)),
            (Kind::Wpa1Wpa2, Some(Trouble::Wpa1)),
            (Kind::Gcmp, Some(Trouble::Unsupported)),
            (Kind::Wpa1, Some(Trouble::Wpa1)),
            (Kind::Wep, Some(Trouble::Wep)),
            (Kind::Open, Some(Trouble::Open)),
            (Kind::Owe, Some(Trouble::Owe)),
            (Kind::OweTransition, Some(Trouble::Open)),
            (Kind::Enterprise, Some(Trouble::Enterprise)),
            (Kind::WpsOnly, Some(Trouble::WpsOnly)),
        ];
        let judged = Kind::ALL;
        assert_eq!(expected.map(|(kind, _)| kind).to_vec(), judged);
        for (kind, trouble) in expected {
            assert_eq!(kind.beacon().judge().err(), trouble, "{kind:?}");
        }
    }

    #[test]
    fn an_impossible_access_point_is_refused_in_words() {
        let good = demo().remove(0);
        assert_eq!(good.check(), Ok(()));
        let named = |name: &str| AccessPoint { name: name.into(), ..good.clone() };
        assert!(named("").check().unwrap_err().contains("1 to 32 bytes"));
        assert!(named("十一文字の長い名前です").check().unwrap_err().contains("this one has 33"));
        let short = AccessPoint { passphrase: "short".into(), ..good.clone() };
        assert!(short.check().unwrap_err().contains("8 to 63 characters; this one has 5"));
        assert!(AccessPoint { signal: 101, ..good }.check().unwrap_err().contains("0 to 100"));
    }
}
