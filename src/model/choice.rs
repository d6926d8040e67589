//! Chooses among the access points of one name, for the box's radio and for the workbench's virtual one.

use super::screen::NetworkTrouble;
use super::verdict::{Beacon, Security};

/// An access point of the wanted name.
#[derive(Clone, Debug)]
pub struct Heard<P> {
    /// Where whoever hears it keeps it.
    pub place: P,
    /// The very bytes of its name.
    pub name: Vec<u8>,
    /// Percent.
    pub strength: u8,
    /// What it says about itself.
    pub beacon: Beacon,
}

/// What is required beyond what the city allows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demands {
    /// The router's code says that nothing below WPA3 counts ([`super::wifi_code::WifiCode::wpa3_only`]).
    pub wpa3_only: bool,
    /// What this network was joined with before: less is somebody else, or has got worse.
    pub least: Option<Security>,
    /// The radio and its firmware cannot do SAE.
    pub without_sae: bool,
}

/// The access point to join: of those that the demands allow the one with the best security, then the strongest. One that
/// offers WPA2 alone beside another of the same name with WPA3 is passed over however strong it is, because an evil twin
/// is built that way and would learn enough of the handshake to guess the passphrase.
///
/// # Errors
/// The trouble with the strongest one that it does not allow (what this device cannot do is told first, because a person
/// can do something about it), or that none is in the air.
pub fn choose<P>(heard: Vec<Heard<P>>, demands: Demands) -> Result<(Heard<P>, Security), NetworkTrouble> {
    let mut heard = heard;
    heard.sort_by_key(|access_point| std::cmp::Reverse(access_point.strength));
    let beside_wpa3 = heard.iter().any(|access_point| access_point.beacon.judge() == Ok(Security::Wpa3));
    let mut troubles = Vec::new();
    let mut best: Option<(Heard<P>, Security)> = None;
    for access_point in heard {
        let verdict = match accept(&access_point.beacon, demands) {
            Ok(_) if beside_wpa3 && !access_point.beacon.key_management.sae => Err(NetworkTrouble::Downgraded),
            verdict => verdict,
        };
        match verdict {
            Ok(security) if best.as_ref().is_none_or(|(_, best)| security > *best) => {
                best = Some((access_point, security));
            }
            Ok(_) => {}
            Err(trouble) => troubles.push(trouble),
        }
    }
    let radio = troubles.iter().find(|trouble| **trouble == NetworkTrouble::RadioWithoutWpa3);
    let trouble = radio.or(troubles.first()).copied().unwrap_or(NetworkTrouble::NotInTheAir);
    best.ok_or(trouble)
}

/// Judges one access point against what the city allows and the demands; says with which security it is to be joined.
///
/// # Errors
/// The trouble that names why it is not to be joined. What was joined before and is weak now has got worse, or is
/// somebody else; what this device cannot use (a router that went over to 802.1X, say) keeps its name. "WPA3 only" is
/// said of a beacon that offers nothing else, because the remedy is to allow WPA2 beside it.
pub fn accept(beacon: &Beacon, demands: Demands) -> Result<Security, NetworkTrouble> {
    let wpa3_only = demands.wpa3_only || demands.least == Some(Security::Wpa3);
    match beacon.judge() {
        Err(trouble) if demands.least.is_some() && trouble.is_weak() => Err(NetworkTrouble::Downgraded),
        Ok(Security::Wpa2) if wpa3_only => Err(NetworkTrouble::Downgraded),
        Ok(Security::Wpa3) if demands.without_sae => match beacon.key_management.psk {
            false => Err(NetworkTrouble::RadioWithoutWpa3),
            true if wpa3_only => Err(NetworkTrouble::Downgraded),
            true => Ok(Security::Wpa2),
        },
        verdict => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::verdict::{Ciphers, KeyManagement};

    const CCMP: Ciphers = Ciphers { wep: false, tkip: false, ccmp: true };
    const TKIP: Ciphers = Ciphers { tkip: true, ..CCMP };
    const PSK: KeyManagement = KeyManagement { psk: true, sae: false, enterprise: false, owe: false };
    const SAE: KeyManagement = KeyManagement { psk: false, sae: true, ..PSK };
    const BOTH: KeyManagement = KeyManagement { sae: true, ..PSK };

    fn rsn(key_management: KeyManagement, ciphers: Ciphers) -> Beacon {
        let (pairwise, group) = (ciphers, ciphers);
        Beacon { privacy: true, rsn: true, key_management, pairwise, group, ..Beacon::default() }
    }

    fn heard(place: u8, strength: u8, beacon: Beacon) -> Heard<u8> {
        Heard { place, name: b"home".to_vec(), strength, beacon }
    }

    const ANY: Demands = Demands { wpa3_only: false, least: None, without_sae: false };

    fn chosen(heard: Vec<Heard<u8>>, demands: Demands) -> Result<(u8, Security), NetworkTrouble> {
        choose(heard, demands).map(|(heard, security)| (heard.place, security))
    }

    #[test]
    fn the_strongest_accepted_access_point_is_chosen_over_a_stronger_weak_one() {
        let (good, weak, open) = (rsn(PSK, CCMP), rsn(PSK, TKIP), Beacon::default());
        assert_eq!(
            chosen(vec![heard(1, 40, good), heard(2, 95, weak), heard(3, 70, good)], ANY),
            Ok((3, Security::Wpa2))
        );
        let none = chosen(vec![heard(1, 40, open), heard(2, 95, weak)], ANY);
        assert_eq!(none, Err(NetworkTrouble::Wpa1), "the strongest one names the trouble");
        assert_eq!(chosen(Vec::new(), ANY), Err(NetworkTrouble::NotInTheAir));
    }

    #[test]
    fn an_evil_twin_is_passed_over_however_strong_it_is() {
        for twin in [Beacon::default(), rsn(PSK, CCMP), rsn(PSK, TKIP)] {
            let twins = vec![heard(1, 99, twin), heard(2, 20, rsn(SAE, CCMP))];
            assert_eq!(chosen(twins, ANY), Ok((2, Security::Wpa3)), "{twin:?}");
        }
        let known = Demands { least: Some(Security::Wpa3), ..ANY };
        let alone = chosen(vec![heard(1, 99, rsn(PSK, CCMP))], known);
        assert_eq!(alone, Err(NetworkTrouble::Downgraded), "only the twin is there");
        let was_good = Demands { least: Some(Security::Wpa2), ..ANY };
        for worse in [Beacon::default(), rsn(PSK, TKIP)] {
            assert_eq!(chosen(vec![heard(1, 99, worse)], was_good), Err(NetworkTrouble::Downgraded), "{worse:?}");
        }
    }

    #[test]
    fn a_radio_without_sae_joins_what_offers_wpa2_as_well_and_names_what_does_not() {
        let radio = Demands { without_sae: true, ..ANY };
        assert_eq!(chosen(vec![heard(1, 60, rsn(BOTH, CCMP))], radio), Ok((1, Security::Wpa2)));
        let only = chosen(vec![heard(1, 60, rsn(SAE, CCMP))], radio);
        assert_eq!(only, Err(NetworkTrouble::RadioWithoutWpa3));
        let twins = chosen(vec![heard(1, 99, rsn(PSK, CCMP)), heard(2, 20, rsn(SAE, CCMP))], radio);
        assert_eq!(twins, Err(NetworkTrouble::RadioWithoutWpa3), "which of them is the home's?");
    }

    #[test]
    fn a_code_that_pins_wpa3_accepts_nothing_less_and_is_told_what_the_beacon_says() {
        let (pinned, both) = (Demands { wpa3_only: true, ..ANY }, rsn(BOTH, CCMP));
        assert_eq!(accept(&rsn(PSK, CCMP), pinned), Err(NetworkTrouble::Downgraded));
        assert_eq!(accept(&both, pinned), Ok(Security::Wpa3));
        for demands in [pinned, Demands { least: Some(Security::Wpa3), ..ANY }] {
            let radio = Demands { without_sae: true, ..demands };
            assert_eq!(accept(&rsn(SAE, CCMP), radio), Err(NetworkTrouble::RadioWithoutWpa3));
            assert_eq!(accept(&both, radio), Err(NetworkTrouble::Downgraded), "WPA2 is allowed beside WPA3 already");
        }
    }

    #[test]
    fn only_what_protects_less_than_before_is_called_worse() {
        let before = Demands { least: Some(Security::Wpa2), ..Demands::default() };
        let enterprise = KeyManagement { psk: false, enterprise: true, ..PSK };
        for (beacon, trouble) in [
            (Beacon::default(), NetworkTrouble::Downgraded),
            (rsn(PSK, TKIP), NetworkTrouble::Downgraded),
            (rsn(enterprise, CCMP), NetworkTrouble::Enterprise),
            (rsn(SAE, Ciphers { ccmp: false, ..CCMP }), NetworkTrouble::Unsupported),
        ] {
            assert_eq!(accept(&beacon, before), Err(trouble), "{beacon:?}");
        }
    }
}
