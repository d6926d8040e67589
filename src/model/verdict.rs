//! Judges a network: which ones the city allows, and by which name the others are refused.
//!
//! Accepted are WPA2-Personal with RSN and CCMP, WPA3-Personal (SAE), and both together. TKIP, WEP and no encryption
//! are never accepted, whatever else the beacon says. Management frame protection is not judged here, because
//! NetworkManager does not tell it of a beacon: the profile demands it for SAE and uses it for WPA2 where it is offered.

use super::screen::NetworkTrouble;
use serde::{Deserialize, Serialize};

/// Key management suites that an access point offers (IEEE 802.11-2020 table 9-151).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyManagement {
    /// PSK or PSK-SHA256.
    pub psk: bool,
    /// SAE.
    pub sae: bool,
    /// IEEE 802.1X, any variant.
    pub enterprise: bool,
    /// Opportunistic wireless encryption (RFC 8110).
    pub owe: bool,
}

/// Ciphers that an access point offers (IEEE 802.11-2020 table 9-149).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ciphers {
    /// WEP-40 or WEP-104.
    pub wep: bool,
    /// TKIP.
    pub tkip: bool,
    /// CCMP-128 or better (CCMP-256, GCMP).
    pub ccmp: bool,
}

/// What one access point says about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beacon {
    /// The privacy bit of the capability field.
    pub privacy: bool,
    /// Ciphers of the WPA (version 1) element, pairwise and group together, where there is one. A router that speaks it
    /// with CCMP alone does nothing weak; the profile pins RSN all the same.
    pub wpa1: Option<Ciphers>,
    /// An RSN element is there.
    pub rsn: bool,
    /// Key management of the RSN element.
    pub key_management: KeyManagement,
    /// Pairwise ciphers of the RSN element.
    pub pairwise: Ciphers,
    /// Group cipher of the RSN element.
    pub group: Ciphers,
    /// WPS is offered.
    pub wps: bool,
}

/// Which security a connection pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Security {
    /// WPA2-Personal, RSN with CCMP.
    Wpa2,
    /// WPA3-Personal, SAE with management frame protection.
    Wpa3,
}

impl Beacon {
    /// Whether the city allows this network, and with which security it is to be joined.
    ///
    /// # Errors
    /// The trouble that names why not.
    pub fn judge(&self) -> Result<Security, NetworkTrouble> {
        if !self.rsn {
            return Err(match (self.wpa1, self.privacy, self.wps) {
                (Some(_), ..) => NetworkTrouble::Wpa1,
                (None, true, true) => NetworkTrouble::WpsOnly,
                (None, true, false) => NetworkTrouble::Wep,
                (None, false, _) => NetworkTrouble::Open,
            });
        }
        let ciphers = [self.pairwise, self.group, self.wpa1.unwrap_or_default()];
        if ciphers.iter().any(|ciphers| ciphers.wep) {
            return Err(NetworkTrouble::Wep);
        }
        if ciphers.iter().any(|ciphers| ciphers.tkip) {
            return Err(NetworkTrouble::Wpa1);
        }
        if !self.pairwise.ccmp || !self.group.ccmp {
            return Err(NetworkTrouble::Unsupported);
        }
        let keys = self.key_management;
        match (keys.sae, keys.psk) {
            // An element that promises encryption beside a privacy bit that denies it: a beacon that lies.
            (true, _) | (_, true) if !self.privacy => Err(NetworkTrouble::Open),
            (true, _) => Ok(Security::Wpa3),
            (false, true) => Ok(Security::Wpa2),
            _ if keys.owe => Err(NetworkTrouble::Owe),
            _ if keys.enterprise => Err(NetworkTrouble::Enterprise),
            _ => Err(NetworkTrouble::Unsupported),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wpa2() -> Beacon {
        let ccmp = Ciphers { ccmp: true, ..Ciphers::default() };
        Beacon {
            privacy: true,
            rsn: true,
            key_management: KeyManagement { psk: true, ..KeyManagement::default() },
            pairwise: ccmp,
            group: ccmp,
            ..Beacon::default()
        }
    }

    #[test]
    fn wpa2_and_wpa3_are_accepted_and_the_weak_ones_named() {
        assert_eq!(wpa2().judge(), Ok(Security::Wpa2));
        let sae = KeyManagement { sae: true, psk: true, ..KeyManagement::default() };
        assert_eq!(Beacon { key_management: sae, ..wpa2() }.judge(), Ok(Security::Wpa3));
        assert_eq!(Beacon::default().judge(), Err(NetworkTrouble::Open));
        assert_eq!(Beacon { privacy: false, ..wpa2() }.judge(), Err(NetworkTrouble::Open), "it lies");
        assert_eq!(Beacon { privacy: true, ..Beacon::default() }.judge(), Err(NetworkTrouble::Wep));
        assert_eq!(
            Beacon { privacy: true, wpa1: Some(Ciphers::default()), ..Beacon::default() }.judge(),
            Err(NetworkTrouble::Wpa1)
        );
        let tkip = Ciphers { tkip: true, ccmp: true, wep: false };
        assert_eq!(Beacon { group: tkip, ..wpa2() }.judge(), Err(NetworkTrouble::Wpa1));
        assert_eq!(Beacon { wpa1: Some(tkip), ..wpa2() }.judge(), Err(NetworkTrouble::Wpa1));
        let ccmp = Ciphers { ccmp: true, ..Ciphers::default() };
        assert_eq!(Beacon { wpa1: Some(ccmp), ..wpa2() }.judge(), Ok(Security::Wpa2), "WPA1 beside it, but no TKIP");
        let gcmp = Ciphers::default();
        assert_eq!(Beacon { pairwise: gcmp, group: gcmp, ..wpa2() }.judge(), Err(NetworkTrouble::Unsupported));
        let owe = KeyManagement { owe: true, ..KeyManagement::default() };
        assert_eq!(Beacon { key_management: owe, ..wpa2() }.judge(), Err(NetworkTrouble::Owe));
    }

    /// Eighteen bits hold every combination of the flags.
    #[test]
    fn nothing_weak_is_ever_accepted_whatever_the_flags() {
        for bits in 0..1u32 << 18 {
            let bit = |place: u32| bits >> place & 1 == 1;
            let ciphers = |from: u32| Ciphers { wep: bit(from), tkip: bit(from + 1), ccmp: bit(from + 2) };
            let beacon = Beacon {
                privacy: bit(0),
                rsn: bit(1),
                wps: bit(2),
                key_management: KeyManagement { psk: bit(3), sae: bit(4), enterprise: bit(5), owe: bit(6) },
                pairwise: ciphers(7),
                group: ciphers(10),
                wpa1: bit(13).then(|| ciphers(14)),
            };
            if let Ok(security) = beacon.judge() {
                assert!(beacon.privacy && beacon.rsn && beacon.pairwise.ccmp && beacon.group.ccmp);
                for ciphers in [beacon.pairwise, beacon.group, beacon.wpa1.unwrap_or_default()] {
                    assert!(!ciphers.tkip && !ciphers.wep);
                }
                let keys = beacon.key_management;
                assert!(keys.psk || keys.sae);
                assert_eq!(security == Security::Wpa3, keys.sae, "SAE wherever it is offered");
            }
        }
    }
}
