//! Which access point the virtual radio takes, and why it takes none.

use super::Radio;
use crate::model::choice::{Demands, Heard, choose};
use crate::model::screen::NetworkTrouble;
use crate::model::verdict::Security;
use crate::model::wifi_code::WifiCode;
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
        let heard = named.iter().map(|point| Heard {
            place: *point,
            name: point.name.clone().into_bytes(),
            strength: point.signal,
            beacon: point.security.beacon(),
        });
        let without_sae = self.adapter == Adapter::WithoutWpa3;
        let demands = Demands { wpa3_only: wifi.wpa3_only, least: pinned, without_sae };
        match choose(heard.collect(), demands)? {
            (heard, _) if heard.strength < TOO_WEAK_BELOW => Err(NetworkTrouble::TooWeak),
            (heard, security) => Ok((heard.place, security)),
        }
    }

    /// Finds the access point and goes through the handshake with it. The profile pins RSN and CCMP, so with a beacon
    /// that lied there is none, which looks like a wrong passphrase.
    pub(super) fn associate(
        &self,
        wifi: &WifiCode,
        pinned: Security,
    ) -> Result<(&AccessPoint, Security), NetworkTrouble> {
        let (point, security) = self.find(wifi, Some(pinned))?;
        match point.security {
            Kind::LyingWpa2 => Err(NetworkTrouble::WrongPassword),
            _ if !opens(point, wifi) => Err(NetworkTrouble::WrongPassword),
            _ => Ok((point, security)),
        }
    }
}

/// Whether this access point answers to the name in the code. A hidden one does when it is called, as every one is before
/// it is given up.
fn is_named(point: &AccessPoint, wifi: &WifiCode) -> bool {
    point.name == wifi.ssid || wifi.other_forms.iter().any(|form| form == point.name.as_bytes())
}

/// Whether the code's passphrase opens the access point.
fn opens(point: &AccessPoint, wifi: &WifiCode) -> bool {
    !point.security.has_passphrase()
        || wifi.passphrase.as_ref().is_some_and(|passphrase| passphrase.expose() == point.passphrase)
}
