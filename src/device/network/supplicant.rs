//! What `wpa_supplicant` knows and NetworkManager does not tell: what a radio can do, and what was really negotiated.
//!
//! Only properties are read (the image's D-Bus policy lets the appliance do no more); networks are NetworkManager's.

use super::join::asked;
use crate::model::screen::NetworkTrouble;
use crate::model::verdict::Security;
use std::collections::HashMap;
use zbus::proxy;
use zbus::proxy::CacheProperties;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};

/// The main object.
#[proxy(
    interface = "fi.w1.wpa_supplicant1",
    default_service = "fi.w1.wpa_supplicant1",
    default_path = "/fi/w1/wpa_supplicant1"
)]
trait Supplicant {
    #[zbus(property(emits_changed_signal = "false"))]
    fn interfaces(&self) -> zbus::Result<Vec<OwnedObjectPath>>;
}

/// A radio's interface.
#[proxy(interface = "fi.w1.wpa_supplicant1.Interface", default_service = "fi.w1.wpa_supplicant1")]
trait SupplicantInterface {
    #[zbus(property(emits_changed_signal = "false"))]
    fn capabilities(&self) -> zbus::Result<HashMap<String, OwnedValue>>;
    /// Key management of the association in force; `INACTIVE` without one.
    #[zbus(property(emits_changed_signal = "false"))]
    fn current_auth_mode(&self) -> zbus::Result<String>;
}

/// What the box's one radio can do and does. `None` where the supplicant is not there (yet) or does not say.
async fn interface(bus: &zbus::Connection) -> Option<SupplicantInterfaceProxy<'_>> {
    asked("the supplicant for its radio", async {
        // A cache would ask for all properties at once, which the D-Bus policy does not allow.
        let no = CacheProperties::No;
        let supplicant = SupplicantProxy::builder(bus).cache_properties(no).build().await?;
        match supplicant.interfaces().await?.into_iter().next() {
            Some(path) => {
                SupplicantInterfaceProxy::builder(bus).cache_properties(no).path(path)?.build().await.map(Some)
            }
            None => Ok(None),
        }
    })
    .await
    .flatten()
}

/// Whether the radio, its firmware and the supplicant can do SAE together; unknown counts as yes, and the attempt tells.
pub(super) async fn does_sae(bus: &zbus::Connection) -> bool {
    let Some(interface) = interface(bus).await else { return true };
    let Some(capabilities) = asked("the supplicant what the radio can do", interface.capabilities()).await else {
        return true;
    };
    let suites = capabilities.get("KeyMgmt").and_then(|suites| Vec::<String>::try_from(suites.clone()).ok());
    suites.is_none_or(|suites| suites.iter().any(|suite| suite == "sae"))
}

/// What was negotiated with the access point that is in use; nothing where there is none, or nobody to ask.
pub(super) async fn negotiated(bus: &zbus::Connection) -> Option<Result<Security, NetworkTrouble>> {
    let interface = interface(bus).await?;
    security_of(&asked("the supplicant what was negotiated", interface.current_auth_mode()).await?)
}

/// Reads the supplicant's name of a key management (`wpa_key_mgmt_txt` of hostap).
fn security_of(mode: &str) -> Option<Result<Security, NetworkTrouble>> {
    Some(match mode {
        "INACTIVE" | "" => return None,
        "SAE" | "FT-SAE" | "SAE-EXT-KEY" | "FT-SAE-EXT-KEY" => Ok(Security::Wpa3),
        "WPA2-PSK" | "WPA2-PSK-SHA256" | "FT-PSK" => Ok(Security::Wpa2),
        "NONE" => Err(NetworkTrouble::Open),
        "OWE" => Err(NetworkTrouble::Owe),
        mode if mode.contains("EAP") || mode.contains("802.1X") => Err(NetworkTrouble::Enterprise),
        // WPA-PSK, alone or beside WPA2.
        _ => Err(NetworkTrouble::Wpa1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rsn_with_a_passphrase_is_an_accepted_negotiation() {
        for (mode, security) in [
            ("WPA2-PSK", Some(Ok(Security::Wpa2))),
            ("WPA2-PSK-SHA256", Some(Ok(Security::Wpa2))),
            ("SAE", Some(Ok(Security::Wpa3))),
            ("INACTIVE", None),
            ("NONE", Some(Err(NetworkTrouble::Open))),
            ("OWE", Some(Err(NetworkTrouble::Owe))),
            ("WPA-PSK", Some(Err(NetworkTrouble::Wpa1))),
            ("WPA2-PSK+WPA-PSK", Some(Err(NetworkTrouble::Wpa1))),
            ("EAP-PEAP", Some(Err(NetworkTrouble::Enterprise))),
            ("something new", Some(Err(NetworkTrouble::Wpa1))),
        ] {
            assert_eq!(security_of(mode), security, "{mode}");
        }
    }
}
