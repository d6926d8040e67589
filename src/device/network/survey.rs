//! Looks at the network as it is: cable, radio, beacon in use, connectivity.

use super::join::{self, asked};
use super::proxy::WiredProxy;
use crate::model::screen::NetworkTrouble;
use nmrs::{DeviceState, NetworkManager};

/// What one look found.
pub(super) struct Survey {
    /// Something is on the other end of a cable.
    pub(super) plugged: bool,
    /// Whether an accepted network carries traffic; without a trouble where there is simply none.
    pub(super) carries: Result<(), Option<NetworkTrouble>>,
}

/// Looks; nothing when a question was not answered.
pub(super) async fn survey(nm: &NetworkManager) -> Option<Survey> {
    let (mut plugged, mut wired) = (false, false);
    for device in asked("for wired devices", nm.list_wired_device_details()).await? {
        let carrier = asked("for a cable", async {
            WiredProxy::builder(nm.dbus_connection()).path(device.path.as_str())?.build().await?.carrier().await
        });
        plugged |= carrier.await.unwrap_or(false);
        wired |= device.state == DeviceState::Activated;
    }
    let radios = asked("for Wi-Fi devices", nm.list_wifi_devices()).await?;
    let wireless = radios.iter().any(|radio| radio.state == DeviceState::Activated);
    let connectivity = asked("for the connectivity", nm.connectivity()).await?;
    // A beacon that is missing for a moment is no verdict; the profile's pins hold meanwhile.
    let beacon = if wireless { join::active_beacon(nm).await } else { None };
    let carries = match beacon.map(|beacon| beacon.judge()) {
        Some(Err(trouble)) => Err(Some(trouble)),
        _ if wired || wireless => join::usable(connectivity).map_err(Some),
        _ => Err(None),
    };
    Some(Survey { plugged, carries })
}

/// Looks afresh whether the internet can be reached over what is there.
pub(super) async fn checked(nm: &NetworkManager) -> Result<(), NetworkTrouble> {
    match survey(nm).await.map(|survey| survey.carries) {
        None | Some(Err(None)) => Err(NetworkTrouble::LineLost),
        Some(Err(Some(trouble))) if not_accepted(trouble) => Err(trouble),
        Some(_) => join::internet(nm).await,
    }
}

/// Whether a trouble means that the network must not be used at all.
pub(super) fn not_accepted(trouble: NetworkTrouble) -> bool {
    use NetworkTrouble::{Downgraded, Enterprise, Open, Owe, Wep, Wpa1, WpsOnly};
    matches!(trouble, Open | Wep | Wpa1 | Owe | WpsOnly | Enterprise | Downgraded)
}
