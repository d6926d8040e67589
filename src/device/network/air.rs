//! What is in the air, judged: flags to beacons, the choice among access points, and the names of failures.

use super::proxy::Profile;
use crate::model::screen::NetworkTrouble;
use crate::model::verdict::{Beacon, Ciphers, KeyManagement, Security};
use crate::model::wifi_code::{Claim, WifiCode};
use std::collections::HashMap;
use zbus::zvariant::Value;

/// Name of our one profile in NetworkManager. Says nothing about the family.
pub(super) const PROFILE: &str = "madoguchi";
/// Below this strength (percent) a failure is blamed on the distance.
const WEAK: u8 = 30;

/// An access point of the wanted name.
#[derive(Clone, Debug)]
pub(super) struct Heard<P> {
    /// Where NetworkManager keeps it.
    pub(super) place: P,
    /// The very bytes of its name.
    pub(super) name: Vec<u8>,
    /// Percent.
    pub(super) strength: u8,
    pub(super) beacon: Beacon,
}

/// Reads NetworkManager's three flag words (`NM80211ApFlags`, and `NM80211ApSecurityFlags` twice).
pub(super) fn beacon(flags: u32, wpa: u32, rsn: u32) -> Beacon {
    /// Set on the open half of an OWE transition pair, which has no RSN element.
    const OWE_TRANSITION: u32 = 0x1000;
    let has = |bits: u32| rsn & bits != 0;
    let pairwise = |word: u32| Ciphers { wep: word & 0x3 != 0, tkip: word & 0x4 != 0, ccmp: word & 0x8 != 0 };
    let group = |word: u32| pairwise(word >> 4);
    let both = |word: u32| {
        let (one, two) = (pairwise(word), group(word));
        Ciphers { wep: one.wep || two.wep, tkip: one.tkip || two.tkip, ccmp: one.ccmp || two.ccmp }
    };
    Beacon {
        privacy: flags & 0x1 != 0,
        wps: flags & 0x2 != 0,
        wpa1: (wpa != 0).then(|| both(wpa)),
        rsn: rsn & !OWE_TRANSITION != 0,
        key_management: KeyManagement {
            psk: has(0x100),
            sae: has(0x400),
            enterprise: has(0x200 | 0x2000),
            owe: has(0x800),
        },
        pairwise: pairwise(rsn),
        group: group(rsn),
    }
}

/// Every form under which the name of a code may be in the air.
pub(super) fn names(wifi: &WifiCode) -> impl Iterator<Item = &[u8]> {
    std::iter::once(wifi.ssid.as_bytes()).chain(wifi.other_forms.iter().map(Vec::as_slice))
}

/// What is required beyond what the city allows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Demands {
    /// The code says that the network is WPA3 only.
    pub(super) claim: Option<Claim>,
    /// What this network was joined with before: less is somebody else, or has got worse.
    pub(super) least: Option<Security>,
    /// The radio and its firmware cannot do SAE.
    pub(super) without_sae: bool,
}

/// The access point to join: of those that the demands allow the one with the best security, then the strongest. One that
/// offers WPA2 alone beside another of the same name with WPA3 is passed over however strong it is, because an evil twin
/// is built that way and would learn enough of the handshake to guess the passphrase.
///
/// # Errors
/// The trouble with the strongest one that it does not allow, or that none is in the air.
pub(super) fn choose<P>(heard: Vec<Heard<P>>, demands: Demands) -> Result<(Heard<P>, Security), NetworkTrouble> {
    let mut heard = heard;
    heard.sort_by_key(|access_point| std::cmp::Reverse(access_point.strength));
    let mut first_trouble = None;
    let mut best: Option<(Heard<P>, Security)> = None;
    for access_point in heard {
        match accept(&access_point.beacon, demands) {
            Ok(security) if best.as_ref().is_none_or(|(_, best)| security > *best) => {
                best = Some((access_point, security));
            }
            Ok(_) => {}
            Err(trouble) => first_trouble = first_trouble.or(Some(trouble)),
        }
    }
    best.ok_or(first_trouble.unwrap_or(NetworkTrouble::NotInTheAir))
}

/// Judges one access point against what the city allows and the demands; says with which security it is to be joined.
pub(super) fn accept(beacon: &Beacon, demands: Demands) -> Result<Security, NetworkTrouble> {
    let wpa3_only = demands.claim == Some(Claim::Sae) || demands.least == Some(Security::Wpa3);
    match beacon.judge()? {
        // Who offers less under this name is somebody else, or has got worse.
        Security::Wpa2 if wpa3_only => Err(NetworkTrouble::Downgraded),
        Security::Wpa3 if demands.without_sae && (wpa3_only || !beacon.key_management.psk) => {
            Err(NetworkTrouble::RadioWithoutWpa3)
        }
        Security::Wpa3 if demands.without_sae => Ok(Security::Wpa2),
        security => Ok(security),
    }
}

/// A second way in, where an access point offers both and its WPA3 does not work: never after a refused passphrase, and
/// never where WPA3 has worked before.
pub(super) fn second_way(
    beacon: &Beacon,
    demands: Demands,
    tried: Security,
    failed: NetworkTrouble,
) -> Option<Security> {
    let may = beacon.key_management.psk && demands.claim != Some(Claim::Sae) && demands.least != Some(Security::Wpa3);
    (tried == Security::Wpa3 && may && failed != NetworkTrouble::WrongPassword).then_some(Security::Wpa2)
}

/// Whether a passphrase can be one at all (IEEE 802.11-2020, J.4.1): otherwise NetworkManager refuses the profile.
pub(super) fn possible(passphrase: &str, security: Security) -> bool {
    match security {
        Security::Wpa3 => !passphrase.is_empty(),
        Security::Wpa2 => match passphrase.len() {
            8..=63 => true,
            64 => passphrase.bytes().all(|byte| byte.is_ascii_hexdigit()),
            _ => false,
        },
    }
}

/// The profile for one network. It pins the security, so that the supplicant accepts nothing weaker whatever
/// another access point of this name offers.
pub(super) fn profile<'a>(name: &'a [u8], hidden: bool, security: Security, passphrase: &'a str) -> Profile<'a> {
    let (key_management, management_frames) = match security {
        Security::Wpa2 => ("wpa-psk", 2i32),
        Security::Wpa3 => ("sae", 3i32),
    };
    HashMap::from([
        (
            "connection",
            HashMap::from([
                ("id", Value::from(PROFILE)),
                ("type", Value::from("802-11-wireless")),
                ("autoconnect", Value::from(false)),
            ]),
        ),
        (
            "802-11-wireless",
            HashMap::from([
                ("ssid", Value::from(name)),
                ("mode", Value::from("infrastructure")),
                ("hidden", Value::from(hidden)),
            ]),
        ),
        (
            "802-11-wireless-security",
            HashMap::from([
                ("key-mgmt", Value::from(key_management)),
                ("psk", Value::from(passphrase)),
                ("proto", Value::from(vec!["rsn"])),
                ("pairwise", Value::from(vec!["ccmp"])),
                ("group", Value::from(vec!["ccmp"])),
                ("pmf", Value::from(management_frames)),
            ]),
        ),
        // Seconds: a router that gives no address is named within the time that a person waits.
        ("ipv4", HashMap::from([("method", Value::from("auto")), ("dhcp-timeout", Value::from(20i32))])),
        ("ipv6", HashMap::from([("method", Value::from("auto"))])),
    ])
}

/// States of a device on its way (`NMDeviceState`).
pub(super) mod state {
    pub(in crate::device::network) const DISCONNECTED: u32 = 30;
    pub(in crate::device::network) const IP_CONFIG: u32 = 70;
    pub(in crate::device::network) const ACTIVATED: u32 = 100;
    pub(in crate::device::network) const DEACTIVATING: u32 = 110;
    pub(in crate::device::network) const FAILED: u32 = 120;
}

/// Names why a device failed (`NMDeviceStateReason`), from the last state it reached and the strength of the signal.
pub(super) fn why_failed(reason: u32, reached: u32, strength: u8) -> NetworkTrouble {
    match reason {
        // No secrets: the passphrase was refused, and nobody could give another.
        7 => NetworkTrouble::WrongPassword,
        // The supplicant lost or never got the association.
        8 | 11 if strength < WEAK => NetworkTrouble::TooWeak,
        8 | 11 => NetworkTrouble::WrongPassword,
        // No address, DHCP failed, automatic address failed.
        5 | 6 | 15..=17 | 20..=22 => NetworkTrouble::NoAddress,
        53 => NetworkTrouble::NotInTheAir,
        // Unmanaged, supplicant not to be had, firmware missing, removed, asleep.
        3 | 9 | 10 | 35..=37 => NetworkTrouble::NoRadio,
        _ if reached >= state::IP_CONFIG => NetworkTrouble::NoAddress,
        _ if strength < WEAK => NetworkTrouble::TooWeak,
        _ => NetworkTrouble::LineLost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CCMP: u32 = 0x8 | 0x80;
    const PSK: u32 = 0x100;
    const SAE: u32 = 0x400;

    fn heard(place: u8, strength: u8, rsn: u32) -> Heard<u8> {
        Heard { place, name: b"home".to_vec(), strength, beacon: beacon(1, 0, rsn) }
    }

    #[test]
    fn flags_become_the_beacon_that_names_the_network() {
        let judged = |flags, wpa, rsn| beacon(flags, wpa, rsn).judge();
        assert_eq!(judged(1, 0, CCMP | PSK), Ok(Security::Wpa2));
        assert_eq!(judged(1, 0, CCMP | SAE), Ok(Security::Wpa3));
        assert_eq!(judged(1, 0, CCMP | SAE | PSK), Ok(Security::Wpa3));
        assert_eq!(judged(0, 0, 0), Err(NetworkTrouble::Open));
        assert_eq!(judged(1, 0, 0), Err(NetworkTrouble::Wep));
        assert_eq!(judged(3, 0, 0), Err(NetworkTrouble::WpsOnly));
        assert_eq!(judged(1, CCMP | PSK, 0), Err(NetworkTrouble::Wpa1));
        assert_eq!(judged(1, 0x44 | PSK, CCMP | PSK), Err(NetworkTrouble::Wpa1), "WPA and WPA2 together");
        assert_eq!(judged(1, 0, 0x8 | 0x40 | PSK), Err(NetworkTrouble::Wpa1), "TKIP for the group");
        assert_eq!(judged(1, 0, CCMP | 0x200), Err(NetworkTrouble::Enterprise));
        assert_eq!(judged(1, 0, CCMP | 0x2000), Err(NetworkTrouble::Enterprise));
        assert_eq!(judged(1, 0, CCMP | 0x800), Err(NetworkTrouble::Owe));
        assert_eq!(judged(0, 0, 0x1000), Err(NetworkTrouble::Open), "the open half of an OWE pair");
    }

    fn claimed(claim: Claim) -> Demands {
        Demands { claim: Some(claim), ..Demands::default() }
    }

    fn chosen(heard: Vec<Heard<u8>>, demands: Demands) -> Result<(u8, Security), NetworkTrouble> {
        choose(heard, demands).map(|(heard, security)| (heard.place, security))
    }

    #[test]
    fn the_strongest_accepted_access_point_is_chosen_over_a_stronger_weak_one() {
        let wpa = claimed(Claim::Wpa);
        let heard_by_us = vec![heard(1, 40, CCMP | PSK), heard(2, 95, 0x44 | PSK), heard(3, 70, CCMP | PSK)];
        assert_eq!(chosen(heard_by_us, wpa), Ok((3, Security::Wpa2)));
        let weak = vec![heard(1, 40, 0), heard(2, 95, 0x44 | PSK)];
        assert_eq!(chosen(weak, wpa), Err(NetworkTrouble::Wpa1), "the strongest one names the trouble");
        assert_eq!(chosen(Vec::new(), wpa), Err(NetworkTrouble::NotInTheAir));
    }

    #[test]
    fn an_evil_twin_is_passed_over_however_strong_it_is() {
        let wpa = claimed(Claim::Wpa);
        for weaker in [0, CCMP | PSK, 0x44 | PSK] {
            let twins = vec![heard(1, 99, weaker), heard(2, 20, CCMP | SAE)];
            assert_eq!(chosen(twins, wpa), Ok((2, Security::Wpa3)), "{weaker:#x}");
        }
        let known = Demands { least: Some(Security::Wpa3), ..wpa };
        assert_eq!(
            chosen(vec![heard(1, 99, CCMP | PSK)], known),
            Err(NetworkTrouble::Downgraded),
            "only the twin is there"
        );
    }

    #[test]
    fn a_radio_without_sae_joins_what_offers_wpa2_as_well_and_names_what_does_not() {
        let radio = Demands { without_sae: true, ..claimed(Claim::Wpa) };
        assert_eq!(chosen(vec![heard(1, 60, CCMP | PSK | SAE)], radio), Ok((1, Security::Wpa2)));
        assert_eq!(chosen(vec![heard(1, 60, CCMP | SAE)], radio), Err(NetworkTrouble::RadioWithoutWpa3));
        let promised = Demands { claim: Some(Claim::Sae), ..radio };
        assert_eq!(chosen(vec![heard(1, 60, CCMP | PSK | SAE)], promised), Err(NetworkTrouble::RadioWithoutWpa3));
    }

    #[test]
    fn a_code_that_promises_wpa3_accepts_nothing_less() {
        let (sae, wpa) = (claimed(Claim::Sae), claimed(Claim::Wpa));
        assert_eq!(accept(&beacon(1, 0, CCMP | PSK), sae), Err(NetworkTrouble::Downgraded));
        let both = beacon(1, 0, CCMP | PSK | SAE);
        assert_eq!(accept(&both, sae), Ok(Security::Wpa3));
        let failed = NetworkTrouble::LineLost;
        assert_eq!(second_way(&both, sae, Security::Wpa3, failed), None);
        assert_eq!(second_way(&both, wpa, Security::Wpa3, failed), Some(Security::Wpa2));
        assert_eq!(second_way(&both, wpa, Security::Wpa2, failed), None);
        assert_eq!(second_way(&both, wpa, Security::Wpa3, NetworkTrouble::WrongPassword), None);
        let known = Demands { least: Some(Security::Wpa3), ..wpa };
        assert_eq!(second_way(&both, known, Security::Wpa3, failed), None);
    }

    #[test]
    fn only_a_possible_passphrase_is_tried() {
        assert!(!possible("short", Security::Wpa2) && possible("short", Security::Wpa3));
        assert!(possible("12345678", Security::Wpa2) && possible(&"a".repeat(64), Security::Wpa2));
        assert!(!possible(&"z".repeat(64), Security::Wpa2) && !possible("", Security::Wpa3));
    }

    #[test]
    fn every_profile_pins_rsn_and_ccmp() {
        for (security, key_management, frames) in [(Security::Wpa2, "wpa-psk", 2), (Security::Wpa3, "sae", 3)] {
            let profile = profile(b"home", true, security, "passphrase");
            let pinned = &profile["802-11-wireless-security"];
            assert_eq!(pinned["key-mgmt"], Value::from(key_management));
            assert_eq!(pinned["pmf"], Value::from(frames));
            assert_eq!(pinned["proto"], Value::from(vec!["rsn"]));
            assert_eq!(pinned["pairwise"], Value::from(vec!["ccmp"]));
            assert_eq!(pinned["group"], Value::from(vec!["ccmp"]));
            assert_eq!(profile["connection"]["autoconnect"], Value::from(false));
        }
    }

    #[test]
    fn failures_have_names_that_a_person_can_act_on() {
        use NetworkTrouble::{LineLost, NoAddress, NoRadio, NotInTheAir, TooWeak, WrongPassword};
        for (reason, reached, strength, trouble) in [
            (7, 60, 80, WrongPassword),
            (11, 50, 80, WrongPassword),
            (11, 50, 12, TooWeak),
            (8, 50, 12, TooWeak),
            (5, 70, 80, NoAddress),
            (17, 70, 80, NoAddress),
            (53, 50, 80, NotInTheAir),
            (35, 20, 80, NoRadio),
            (36, 50, 80, NoRadio),
            (1, 70, 80, NoAddress),
            (1, 50, 80, LineLost),
            (1, 50, 5, TooWeak),
        ] {
            assert_eq!(why_failed(reason, reached, strength), trouble, "{reason} at {reached}, {strength} %");
        }
    }
}
