//! Which access point the virtual radio takes, and why it takes none.

use super::Radio;
use crate::model::screen::NetworkTrouble;
use crate::model::verdict::Security;
use crate::model::wifi_code::{Claim, WifiCode};
use crate::workbench::air::{AccessPoint, Adapter, Kind, TOO_WEAK_BELOW};

impl Radio {
    /// The strongest access point of that name that may be used, pinned to a security where there was one before.
    pub(super) fn find(
        &self,
        wifi: &WifiCode,
        pinned: Option<Security>,
    ) -> Result<(&AccessPoint, Security), NetworkTrouble> {
        let heard = |point: &&AccessPoint| self.adapter.hears(point.band) && is_named(point, wifi);
        let mut named: Vec<_> = self.air.iter().filter(heard).collect();
        named.sort_by_key(|point| std::cmp::Reverse(point.signal));
        let strongest = named.first().ok_or(self.adapter.why_not_heard())?;
        if strongest.signal < TOO_WEAK_BELOW {
            return Err(NetworkTrouble::TooWeak);
        }
        // Beside one that offers SAE, one that offers WPA2 alone is a twin, however strong.
        let sae = named.iter().any(|point| self.judge(point) == Ok(Security::Wpa3));
        let at_least = if sae || wifi.claim == Claim::Sae { Some(Security::Wpa3) } else { pinned };
        let judged = |point: &&AccessPoint| {
            let offered = self.judge(point)?;
            if at_least.is_some_and(|least| offered < least) {
                return Err(NetworkTrouble::Downgraded);
            }
            match offered {
                Security::Wpa3 if self.adapter != Adapter::WithoutWpa3 => Ok(Security::Wpa3),
                Security::Wpa3 if wifi.claim == Claim::Sae || !point.security.beacon().key_management.psk => {
                    Err(NetworkTrouble::RadioWithoutWpa3)
                }
                Security::Wpa2 | Security::Wpa3 => Ok(Security::Wpa2),
            }
        };
        let usable = named.iter().filter(|point| point.signal >= TOO_WEAK_BELOW);
        match usable.clone().find_map(|point| Some((*point, judged(point).ok()?))) {
            Some(found) => Ok(found),
            None => match usable.clone().find_map(|point| judged(point).err()) {
                Some(NetworkTrouble::RadioWithoutWpa3) => Err(NetworkTrouble::RadioWithoutWpa3),
                _ if pinned.is_some() => Err(NetworkTrouble::Downgraded),
                trouble => Err(trouble.unwrap_or(NetworkTrouble::NotInTheAir)),
            },
        }
    }

    /// The verdict of the policy, but for what no radio of the boards speaks.
    fn judge(&self, point: &AccessPoint) -> Result<Security, NetworkTrouble> {
        match point.security {
            Kind::Gcmp => Err(NetworkTrouble::Unsupported),
            kind => kind.beacon().judge(),
        }
    }

    /// Finds the access point and goes through the handshake with it. The profile pins RSN and CCMP, so a beacon that
    /// lied is found out here.
    pub(super) fn associate(
        &self,
        wifi: &WifiCode,
        pinned: Security,
    ) -> Result<(&AccessPoint, Security), NetworkTrouble> {
        let (point, security) = self.find(wifi, Some(pinned))?;
        match point.security {
            Kind::LyingWpa2 => Err(NetworkTrouble::Downgraded),
            _ if !opens(point, wifi) => Err(NetworkTrouble::WrongPassword),
            _ => Ok((point, security)),
        }
    }
}

/// Whether this access point answers to the name in the code. A hidden one answers only to a code that says so.
fn is_named(point: &AccessPoint, wifi: &WifiCode) -> bool {
    let same = point.name == wifi.ssid || wifi.other_forms.iter().any(|form| form == point.name.as_bytes());
    same && (!point.hidden || wifi.hidden)
}

/// Whether the code's passphrase opens the access point.
fn opens(point: &AccessPoint, wifi: &WifiCode) -> bool {
    !point.security.has_passphrase()
        || wifi.passphrase.as_ref().is_some_and(|passphrase| passphrase.expose() == point.passphrase)
}
