//! What NetworkManager's numbers mean: flags to beacons, securities to profiles, and the names of failures.

use super::proxy::Profile;
use crate::model::screen::NetworkTrouble;
use crate::model::verdict::{Beacon, Ciphers, KeyManagement, Security};
use crate::model::wifi_code::WifiCode;
use std::collections::HashMap;
use zbus::zvariant::Value;

/// Name of our one profile in NetworkManager. Says nothing about the family.
pub(super) const PROFILE: &str = "madoguchi";
/// Below this strength (percent) a failure is blamed on the distance.
const WEAK: u8 = 30;

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
    let forms = std::iter::once(wifi.ssid.as_bytes()).chain(wifi.other_forms.iter().map(Vec::as_slice));
    // NetworkManager refuses a whole question for the sake of one that is too long (IEEE 802.11-2020, 9.4.2.2).
    forms.filter(|form| form.len() <= 32)
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
                // Off: a radio that sleeps between beacons holds a call's packets back for a hundred milliseconds, and
                // this device hangs at the mains.
                ("powersave", Value::from(2u32)),
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
                // Disabled: a button on some router nearby must not change what is joined.
                ("wps-method", Value::from(1u32)),
            ]),
        ),
        // Seconds: a router that gives no address is named within the time that a person waits.
        ("ipv4", HashMap::from([("method", Value::from("auto")), ("dhcp-timeout", Value::from(20i32))])),
        ("ipv6", HashMap::from([("method", Value::from("auto"))])),
    ])
}

/// States of a device on its way (`NMDeviceState`).
pub(super) mod state {
    pub(in crate::device::network) const UNMANAGED: u32 = 10;
    pub(in crate::device::network) const UNAVAILABLE: u32 = 20;
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
        7 if strength < WEAK => NetworkTrouble::TooWeak,
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

/// Names why an access point that was heard did not let us in.
pub(super) fn refused_in_silence(strength: u8, still_there: bool) -> NetworkTrouble {
    match (still_there, strength < WEAK) {
        (false, _) => NetworkTrouble::NotInTheAir,
        (true, true) => NetworkTrouble::TooWeak,
        (true, false) => NetworkTrouble::WrongPassword,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CCMP: u32 = 0x8 | 0x80;
    const PSK: u32 = 0x100;
    const SAE: u32 = 0x400;

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
            assert_eq!(pinned["wps-method"], Value::from(1u32));
            assert_eq!(profile["connection"]["autoconnect"], Value::from(false));
            assert_eq!(profile["802-11-wireless"]["powersave"], Value::from(2u32), "off (NMSettingWirelessPowersave)");
        }
    }

    #[test]
    fn silence_is_a_wrong_passphrase_only_where_it_could_have_been_heard() {
        assert_eq!(refused_in_silence(80, true), NetworkTrouble::WrongPassword);
        assert_eq!(refused_in_silence(10, true), NetworkTrouble::TooWeak);
        assert_eq!(refused_in_silence(80, false), NetworkTrouble::NotInTheAir);
    }

    #[test]
    fn failures_have_names_that_a_person_can_act_on() {
        use NetworkTrouble::{LineLost, NoAddress, NoRadio, NotInTheAir, TooWeak, WrongPassword};
        for (reason, reached, strength, trouble) in [
            (7, 60, 80, WrongPassword),
            (7, 60, 10, TooWeak),
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
