//! Looks at the network as it is: cable, radio, what was negotiated, connectivity.

use super::access_points::active_beacon;
use super::join::{self, asked};
use super::proxy::{WiredProxy, at};
use super::supplicant;
use crate::model::choice::{self, Demands};
use crate::model::screen::NetworkTrouble;
use crate::model::verdict::Security;
use nmrs::{DeviceState, NetworkManager};
use std::time::Duration;
use tokio::time::sleep;
use zbus::zvariant::ObjectPath;

/// How often what was negotiated is looked at while a Wi-Fi is in use: a weaker one is left within two seconds.
pub(super) const GLANCE: Duration = Duration::from_secs(1);
/// Between two looks for a cable.
const LOOK_FOR_CABLE: Duration = Duration::from_secs(1);

/// What one look found.
pub(super) struct Survey {
    /// Something is on the other end of a cable.
    pub(super) plugged: bool,
    /// A cable is in use: in, and with an address.
    pub(super) wired: bool,
    /// A Wi-Fi is in use.
    pub(super) wireless: bool,
    /// Whether its beacon and what was negotiated are accepted.
    pub(super) verdict: Result<(), NetworkTrouble>,
    /// Whether what is in use carries traffic; without a trouble where nothing is.
    pub(super) carries: Result<(), Option<NetworkTrouble>>,
}

/// Looks; nothing when a question was not answered. `least` is the security that the Wi-Fi was joined with.
pub(super) async fn survey(nm: &NetworkManager, least: Option<Security>) -> Option<Survey> {
    let (mut plugged, mut wired) = (false, false);
    for device in asked("for wired devices", nm.list_wired_device_details()).await? {
        let carrier = asked("for a cable", async {
            let path = ObjectPath::try_from(device.path.as_str())?;
            at::<WiredProxy>(nm.dbus_connection(), &path).await?.carrier().await
        });
        plugged |= carrier.await.unwrap_or(false);
        wired |= device.state == DeviceState::Activated;
    }
    let radios = asked("for Wi-Fi devices", nm.list_wifi_devices()).await?;
    let wireless = radios.iter().any(|radio| radio.state == DeviceState::Activated);
    let connectivity = asked("for the connectivity", nm.connectivity()).await?;
    let verdict = if wireless { in_use(nm, least).await } else { Ok(()) };
    let carries = if wired || wireless { join::usable(connectivity).map_err(Some) } else { Err(None) };
    Some(Survey { plugged, wired, wireless, verdict, carries })
}

/// Waits until a cable is in use.
pub(super) async fn until_wired(nm: &NetworkManager) {
    loop {
        sleep(LOOK_FOR_CABLE).await;
        let devices = asked("for wired devices", nm.list_wired_device_details()).await.unwrap_or_default();
        if devices.iter().any(|device| device.state == DeviceState::Activated) {
            return;
        }
    }
}

/// Judges the Wi-Fi in use by its beacon and by what was negotiated. What is missing for a moment is no verdict; the
/// profile's pins hold meanwhile.
async fn in_use(nm: &NetworkManager, least: Option<Security>) -> Result<(), NetworkTrouble> {
    negotiated(nm, least).await?;
    let demands = Demands { least, ..Demands::default() };
    active_beacon(nm).await.map_or(Ok(()), |beacon| choice::accept(&beacon, demands).map(|_| ()))
}

/// Judges what was negotiated alone: quick enough to be asked every second.
pub(super) async fn negotiated(nm: &NetworkManager, least: Option<Security>) -> Result<(), NetworkTrouble> {
    match (supplicant::negotiated(nm.dbus_connection()).await, least) {
        (Some(Err(trouble)), _) => Err(trouble),
        (Some(Ok(reached)), Some(least)) if reached < least => Err(NetworkTrouble::Downgraded),
        _ => Ok(()),
    }
}

/// Waits until what was negotiated is not accepted any more; gives why not.
pub(super) async fn until_weaker(nm: &NetworkManager, least: Option<Security>) -> NetworkTrouble {
    loop {
        sleep(GLANCE).await;
        if let Err(why) = negotiated(nm, least).await {
            return why;
        }
    }
}

/// Looks afresh whether the internet or a counter can be reached over what is there.
pub(super) async fn checked(
    nm: &NetworkManager,
    least: Option<Security>,
    counters: &[String],
) -> Result<(), NetworkTrouble> {
    match survey(nm, least).await {
        None | Some(Survey { carries: Err(None), .. }) => Err(NetworkTrouble::LineLost),
        Some(Survey { verdict: Err(trouble), .. }) => Err(trouble),
        Some(_) => join::internet(nm, counters).await,
    }
}
