//! What the radio hears: access points, each of them asked once for all that it is.

use super::air;
use super::join::asked;
use super::presence::NAME;
use super::proxy::{RadioProxy, at};
use crate::model::choice::Heard;
use crate::model::verdict::Beacon;
use crate::model::wifi_code::WifiCode;
use nmrs::NetworkManager;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::sleep;
use zbus::proxy::CacheProperties;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, fdo, names::InterfaceName};

const INTERFACE: InterfaceName<'_> =
    InterfaceName::from_static_str_unchecked("org.freedesktop.NetworkManager.AccessPoint");
/// Pause before a list that was refused is asked for again.
const AGAIN: Duration = Duration::from_millis(350);
const TRIES: u32 = 3;

type Place = OwnedObjectPath;

/// An access point.
pub(super) struct AccessPoint {
    place: Place,
    /// The bytes of its name; none where it keeps it to itself.
    pub(super) name: Vec<u8>,
    strength: u8,
    beacon: Beacon,
    /// When it was heard last: seconds since the kernel's start.
    seen: Option<i64>,
}

/// Every access point that the radio hears; nothing when it does not answer. One that goes while it is asked is left out.
pub(super) async fn listed(bus: &Connection, radio: &Place) -> Option<Vec<AccessPoint>> {
    let places = asked("for access points", async { at::<RadioProxy>(bus, radio).await?.access_points().await });
    let mut listed = Vec::new();
    for place in places.await? {
        listed.extend(about(bus, place).await);
    }
    Some(listed)
}

async fn about(bus: &Connection, place: Place) -> Option<AccessPoint> {
    let properties = asked("for an access point", async {
        let about = fdo::PropertiesProxy::builder(bus).cache_properties(CacheProperties::No);
        let about = about.destination(NAME)?.path(&place)?.build().await?;
        zbus::Result::Ok(about.get_all(INTERFACE).await?)
    });
    read(place.clone(), &properties.await?)
}

/// Reads the properties of one; nothing without what it is judged by.
fn read(place: Place, properties: &HashMap<String, OwnedValue>) -> Option<AccessPoint> {
    let word = |name: &str| properties.get(name)?.downcast_ref::<u32>().ok();
    let name = match properties.get("Ssid").map(|value| &**value) {
        Some(Value::Array(bytes)) => bytes.iter().filter_map(|byte| u8::try_from(byte).ok()).collect(),
        _ => Vec::new(),
    };
    let strength = properties.get("Strength").and_then(|value| value.downcast_ref::<u8>().ok()).unwrap_or_default();
    let seen = properties.get("LastSeen").and_then(|value| value.downcast_ref::<i32>().ok());
    Some(AccessPoint {
        place,
        name,
        strength,
        beacon: air::beacon(word("Flags")?, word("WpaFlags")?, word("RsnFlags")?),
        seen: seen.filter(|seen| *seen >= 0).map(i64::from),
    })
}

/// Those that bear the name of a code.
pub(super) async fn in_the_air(bus: &Connection, radio: &Place, wifi: &WifiCode) -> Vec<Heard<Place>> {
    let listed = listed(bus, radio).await.unwrap_or_default();
    let wanted = listed.into_iter().filter(|heard| air::names(wifi).any(|name| name == heard.name));
    wanted.map(|AccessPoint { place, name, strength, beacon, .. }| Heard { place, name, strength, beacon }).collect()
}

/// Whether an access point of that name was heard since a moment of [`uptime`](crate::device::able::uptime): the list may
/// name one for minutes after it was switched off. Unknown counts as yes.
pub(super) async fn heard_since(bus: &Connection, radio: &Place, wifi: &WifiCode, moment: Duration) -> bool {
    let mut heard = listed(bus, radio).await;
    for _ in 1..TRIES {
        if heard.is_some() {
            break;
        }
        sleep(AGAIN).await;
        heard = listed(bus, radio).await;
    }
    let moment = i64::try_from(moment.as_secs()).unwrap_or_default();
    heard.is_none_or(|heard| {
        heard.iter().any(|heard| {
            air::names(wifi).any(|name| name == heard.name) && heard.seen.is_none_or(|seen| seen >= moment)
        })
    })
}

/// The beacon of the access point that is in use.
pub(super) async fn active_beacon(nm: &NetworkManager) -> Option<Beacon> {
    let bus = nm.dbus_connection();
    for tries in 1..=TRIES {
        for radio in asked("for Wi-Fi devices", nm.list_wifi_devices()).await.unwrap_or_default() {
            let active = asked("for the access point in use", async {
                at::<RadioProxy>(bus, &radio.path).await?.active_access_point().await
            });
            let Some(place) = active.await.filter(|place| place.as_str() != "/") else { continue };
            if let Some(active) = about(bus, place).await {
                return Some(active.beacon);
            }
        }
        if tries < TRIES {
            sleep(AGAIN).await;
        }
    }
    None
}
