//! Joins one Wi-Fi: looks for it, judges it, activates a volatile profile, judges it again.

use super::access_points::{active_beacon, heard_since, in_the_air, listed};
use super::air::{self, state};
use super::proxy::{HeldProfileProxy, ManagerProxy, NetworkDeviceProxy, RadioProxy, at};
use super::supplicant;
use crate::device::able::uptime;
use crate::model::choice::{self, Demands, Heard};
use crate::model::screen::NetworkTrouble;
use crate::model::verdict::Security;
use crate::model::wifi_code::{Claim, WifiCode};
use futures_util::StreamExt;
use nmrs::{ConnectivityState, NetworkManager};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use zbus::proxy::CacheProperties;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, Value};

/// How long the name of a code is looked for in the air.
pub(super) const LOOK_WITHIN: Duration = Duration::from_secs(12);
/// How long association and address may take: the profile's 20 s for DHCP, and what comes before it.
const ACTIVATE_WITHIN: Duration = Duration::from_secs(45);
/// How long a name may take to be looked up.
const NAME_WITHIN: Duration = Duration::from_secs(6);
/// How long a counter may take to answer. Asks wait meanwhile.
const DIAL_WITHIN: Duration = Duration::from_secs(4);
/// How long the look for the internet may take.
const CHECK_WITHIN: Duration = Duration::from_secs(20);
/// How long any single D-Bus question may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long a scan takes, at the least.
const SCANNING: Duration = Duration::from_secs(3);
/// Pause between two looks.
const AGAIN: Duration = Duration::from_millis(700);

type Place = OwnedObjectPath;

/// Asks NetworkManager with a deadline; what it says goes to the debug log only, for it may quote a profile.
pub(super) async fn asked<T, E>(what: &str, question: impl Future<Output = Result<T, E>>) -> Option<T> {
    match timeout(ANSWER_WITHIN, question).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(_)) => {
            tracing::debug!("asking NetworkManager {what}: refused");
            None
        }
        Err(_) => {
            tracing::warn!("asking NetworkManager {what}: no answer in time");
            None
        }
    }
}

/// How a Wi-Fi was joined.
pub(super) struct Joined {
    /// The security that was reached.
    pub(super) security: Security,
    /// Its name is not in its beacon, whatever the code said.
    pub(super) hidden: bool,
}

/// Joins `wifi`, or says why not; `least` is what it was joined with before. What was negotiated is looked at once more
/// afterwards, and left again where it is not accepted. Whether there is internet behind it is another question
/// ([`internet`]).
pub(super) async fn join(
    nm: &NetworkManager,
    wifi: &WifiCode,
    least: Option<Security>,
    within: Duration,
) -> Result<Joined, NetworkTrouble> {
    let radio = radio(nm).await?;
    let without_sae = !supplicant::does_sae(nm.dbus_connection()).await;
    let demands = Demands { wpa3_only: wifi.wpa3_only, least, without_sae };
    let found = match look(nm, &radio, wifi, demands, within).await {
        // It did not answer to its name: the profile's pins judge it, and the beacon once it is joined.
        Err(NetworkTrouble::NotInTheAir) if wifi.hidden => None,
        // What was joined before was in reach of this radio, and is off or far away now.
        Err(NetworkTrouble::NotInTheAir) if least.is_none() && !hears_5_ghz(nm, &radio).await => {
            return Err(NetworkTrouble::NotOnThisBand);
        }
        other => Some(other?),
    };
    let wpa3_only = wifi.wpa3_only || least == Some(Security::Wpa3);
    let security = match &found {
        Some(found) => found.security,
        None if wpa3_only && without_sae => return Err(NetworkTrouble::RadioWithoutWpa3),
        None if wpa3_only || (wifi.claim == Claim::Sae && !without_sae) => Security::Wpa3,
        None => Security::Wpa2,
    };
    let hidden = found.as_ref().map_or(wifi.hidden, |found| found.called);
    let heard = found.as_ref().map(|found| &found.heard);
    let begun = uptime();
    let mut entered = enter(nm, &radio, &WifiCode { hidden, ..wifi.clone() }, heard, security).await;
    // SAE refuses a wrong passphrase without a word, and so does a router that takes known devices alone or is full;
    // NetworkManager says that nothing was found.
    if entered == Err(NetworkTrouble::NotInTheAir)
        && let Some(heard) = heard
    {
        let still_there = heard_since(nm.dbus_connection(), &radio, wifi, begun).await;
        entered = Err(air::refused_in_silence(heard.strength, still_there));
    }
    entered?;
    let offered = match active_beacon(nm).await {
        Some(beacon) => choice::accept(&beacon, demands),
        None => Err(NetworkTrouble::LineLost),
    };
    let verdict = match supplicant::negotiated(nm.dbus_connection()).await {
        Some(Ok(reached)) if reached < security => Err(NetworkTrouble::Downgraded),
        Some(negotiated) => {
            tracing::info!("negotiated: {negotiated:?}");
            offered.and(negotiated)
        }
        None => {
            tracing::warn!("the supplicant does not say what was negotiated; the profile's pins hold: {security:?}");
            offered.map(|_| security)
        }
    };
    if let Err(trouble) = verdict {
        tracing::warn!("the joined network is left again: {trouble:?}");
        leave(nm).await;
    }
    verdict.map(|security| Joined { security, hidden })
}

/// The first Wi-Fi device that can be used.
async fn radio(nm: &NetworkManager) -> Result<Place, NetworkTrouble> {
    let on = asked("whether Wi-Fi is on", nm.wifi_state()).await.ok_or(NetworkTrouble::NoRadio)?;
    if on.hardware_enabled && !on.enabled {
        let _ = asked("to switch Wi-Fi on", nm.set_wireless_enabled(true)).await;
        let _ = asked("to wait for Wi-Fi", nm.wait_for_wifi_ready()).await;
    }
    let devices = asked("for Wi-Fi devices", nm.list_wifi_devices()).await.unwrap_or_default();
    let on = asked("whether Wi-Fi is on now", nm.wifi_state()).await.is_none_or(|on| on.hardware_enabled && on.enabled);
    let usable = devices.into_iter().find(|device| device.managed);
    match usable {
        Some(_) if !on => Err(NetworkTrouble::RadioOff),
        Some(device) => Ok(device.path),
        None => Err(NetworkTrouble::NoRadio),
    }
}

/// Whether the radio hears 5 GHz as well; unknown counts as yes.
async fn hears_5_ghz(nm: &NetworkManager, radio: &Place) -> bool {
    const VALID: u32 = 0x100;
    const FIVE_GHZ: u32 = 0x400;
    let capabilities = asked("for the radio's bands", async {
        at::<RadioProxy>(nm.dbus_connection(), radio).await?.wireless_capabilities().await
    });
    capabilities.await.is_none_or(|bits| bits & VALID == 0 || bits & FIVE_GHZ != 0)
}

/// What a look found.
struct Found {
    heard: Heard<Place>,
    /// The security to join it with.
    security: Security,
    /// It was called by its name: it may answer to nothing else.
    called: bool,
}

/// Looks for the network until it is heard or the time is over. One that is not heard is called by its name, although its
/// code does not say that it is hidden: many codes leave that out.
async fn look(
    nm: &NetworkManager,
    radio: &Place,
    wifi: &WifiCode,
    demands: Demands,
    within: Duration,
) -> Result<Found, NetworkTrouble> {
    let until = Instant::now() + within;
    let mut scanned: Option<Instant> = None;
    let (mut called, mut again) = (wifi.hidden, wifi.hidden);
    loop {
        match choice::choose(in_the_air(nm.dbus_connection(), radio, wifi).await, demands) {
            Ok((heard, security)) => return Ok(Found { heard, security, called }),
            // One look may pass between two beacons, and a neighbour's weaker network of the same name is no reason to refuse the
            // own one. Calling a network by its name is for those that are not heard at all.
            Err(trouble) if !again && scanned.is_some_and(|at| at.elapsed() >= SCANNING) && Instant::now() < until => {
                (again, scanned) = (true, None);
                called = trouble == NetworkTrouble::NotInTheAir;
            }
            // What was heard some time ago may have been set right since: a refusal needs a fresh look.
            Err(NetworkTrouble::NotInTheAir) if Instant::now() < until => {}
            Err(trouble) if scanned.is_some_and(|at| at.elapsed() >= SCANNING) || Instant::now() >= until => {
                return Err(trouble);
            }
            Err(_) => {}
        }
        if scanned.is_none() {
            // Refused soon after another scan; that one will tell as well.
            let asked = asked("to scan", scan(nm, radio, called.then_some(wifi))).await;
            scanned = asked.map(|()| Instant::now());
        }
        sleep(AGAIN).await;
    }
}

/// Which of these networks are in the air, in their order: waits until one is heard or the time is over.
///
/// # Errors
/// Why there is no radio to hear them with.
pub(super) async fn in_reach(
    nm: &NetworkManager,
    wifis: Vec<WifiCode>,
    within: Duration,
) -> Result<Vec<WifiCode>, NetworkTrouble> {
    let until = Instant::now() + within;
    let mut scanned = false;
    loop {
        let radio = match radio(nm).await {
            Ok(radio) => radio,
            // It may still be starting.
            Err(_) if Instant::now() < until => {
                sleep(AGAIN).await;
                continue;
            }
            Err(trouble) => return Err(trouble),
        };
        let listed = listed(nm.dbus_connection(), &radio).await.unwrap_or_default();
        let heard = |wifi: &WifiCode| {
            let called = |name: &[u8]| listed.iter().any(|access_point| access_point.name == name);
            air::names(wifi).any(called)
        };
        if wifis.is_empty() || wifis.iter().any(heard) || Instant::now() >= until {
            return Ok(wifis.into_iter().filter(heard).collect());
        }
        if !scanned {
            scanned = asked("to scan", scan(nm, &radio, wifis.iter().filter(|wifi| wifi.hidden))).await.is_some();
        }
        sleep(AGAIN).await;
    }
}

/// Scans, and calls these networks by their names.
async fn scan(nm: &NetworkManager, radio: &Place, called: impl IntoIterator<Item = &WifiCode>) -> zbus::Result<()> {
    let mut options = HashMap::new();
    let called: Vec<_> =
        called.into_iter().flat_map(|wifi| air::names(wifi).map(<[u8]>::to_vec).collect::<Vec<_>>()).collect();
    if !called.is_empty() {
        options.insert("ssids", Value::from(called));
    }
    at::<RadioProxy>(nm.dbus_connection(), radio).await?.request_scan(&options).await
}

/// Activates a profile that lives as long as this D-Bus connection does, and waits for how that ends.
async fn enter(
    nm: &NetworkManager,
    radio: &Place,
    wifi: &WifiCode,
    heard: Option<&Heard<Place>>,
    security: Security,
) -> Result<(), NetworkTrouble> {
    let passphrase = wifi.passphrase.as_ref().map_or("", |passphrase| passphrase.expose());
    if !air::possible(passphrase, security) {
        return Err(NetworkTrouble::WrongPassword);
    }
    let strength = heard.map_or(100, |heard| heard.strength);
    let name = heard.map_or(wifi.ssid.as_bytes(), |heard| &heard.name);
    let nowhere = ObjectPath::from_static_str_unchecked("/");
    let place = heard.map_or(&nowhere, |heard| &*heard.place);
    let bus = nm.dbus_connection();
    let watched = asked("to watch the radio", async {
        let device = at::<NetworkDeviceProxy>(bus, radio).await?;
        device.receive_moved().await
    });
    let mut moves = watched.await.ok_or(NetworkTrouble::NoRadio)?;
    let options =
        HashMap::from([("persist", Value::from("volatile")), ("bind-activation", Value::from("dbus-client"))]);
    let profile = air::profile(name, wifi.hidden, security, passphrase);
    let activated = asked("to join", async {
        ManagerProxy::builder(bus)
            .cache_properties(CacheProperties::No)
            .build()
            .await?
            .add_and_activate_connection2(&profile, radio, place, &options)
            .await
    });
    if activated.await.is_none() {
        tracing::warn!("NetworkManager refused the profile of a network ({security:?})");
        return Err(NetworkTrouble::LineLost);
    }

    let until = Instant::now() + ACTIVATE_WITHIN;
    let mut reached = 0;
    loop {
        let Ok(Some(moved)) = timeout_at(until, moves.next()).await else {
            leave(nm).await;
            return Err(air::why_failed(0, reached, strength));
        };
        let Ok(moved) = moved.args() else { continue };
        match moved.new_state {
            state::ACTIVATED => return Ok(()),
            state::FAILED => return Err(air::why_failed(moved.reason, reached, strength)),
            // Going down from an older network comes first; only what we have begun can end.
            state::DEACTIVATING | state::DISCONNECTED if reached == 0 => {}
            state::DISCONNECTED => return Err(air::why_failed(moved.reason, reached, strength)),
            // It was blocked or taken out, or has lost its supplicant.
            state::UNMANAGED | state::UNAVAILABLE if reached > 0 => {
                return Err(self::radio(nm).await.err().unwrap_or(NetworkTrouble::NoRadio));
            }
            on_its_way => reached = on_its_way.max(reached),
        }
    }
}

/// Whether what a call needs can be reached: the internet, as far as NetworkManager knows, else a counter (`HOST[:PORT]`).
/// Where nobody set up NetworkManager's check, an address is enough: the line to the room server will tell.
pub(super) async fn internet(nm: &NetworkManager, counters: &[String]) -> Result<(), NetworkTrouble> {
    match told(nm).await {
        Err(NetworkTrouble::NoInternet | NetworkTrouble::NoNames) if answers(counters).await => Ok(()),
        told => told,
    }
}

/// Whether one of the counters takes a connection. NetworkManager's check asks one server somewhere else, which may be down
/// or filtered where the counter is neither.
pub(super) async fn answers(counters: &[String]) -> bool {
    let mut dialled: futures_util::stream::FuturesUnordered<_> = counters
        .iter()
        .filter_map(|counter| url::Url::parse(&format!("https://{counter}/")).ok())
        .filter_map(|url| Some((url.host_str()?.trim_matches(['[', ']']).to_owned(), url.port_or_known_default()?)))
        .map(tokio::net::TcpStream::connect)
        .collect();
    let answered = async {
        while let Some(dialled) = dialled.next().await {
            if dialled.is_ok() {
                return true;
            }
        }
        false
    };
    timeout(DIAL_WITHIN, answered).await.unwrap_or(false)
}

/// Whether the internet can be reached, as far as NetworkManager knows.
async fn told(nm: &NetworkManager) -> Result<(), NetworkTrouble> {
    match timeout(CHECK_WITHIN, nm.check_connectivity()).await {
        Ok(Ok(connectivity)) => match usable(connectivity) {
            Err(NetworkTrouble::NoInternet) if !finds_names(nm).await => Err(NetworkTrouble::NoNames),
            other => other,
        },
        Ok(Err(nmrs::ConnectionError::ConnectivityCheckDisabled)) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(NetworkTrouble::NoInternet),
    }
}

/// Whether the name that NetworkManager's check asks for can be looked up; unknown counts as yes.
async fn finds_names(nm: &NetworkManager) -> bool {
    let bus = nm.dbus_connection();
    let address = asked("where it looks for the internet", async {
        ManagerProxy::builder(bus).cache_properties(CacheProperties::No).build().await?.connectivity_check_uri().await
    });
    let host = address.await.and_then(|address| Some(url::Url::parse(&address).ok()?.host_str()?.to_owned()));
    match host {
        Some(host) => matches!(timeout(NAME_WITHIN, tokio::net::lookup_host((host, 80))).await, Ok(Ok(_))),
        None => true,
    }
}

/// What a connectivity means for a call.
pub(super) fn usable(connectivity: ConnectivityState) -> Result<(), NetworkTrouble> {
    match connectivity {
        ConnectivityState::Portal => Err(NetworkTrouble::Portal),
        ConnectivityState::Limited | ConnectivityState::None => Err(NetworkTrouble::NoInternet),
        _ => Ok(()),
    }
}

/// Leaves every Wi-Fi and deletes our profile; true when none of it is left.
pub(super) async fn leave(nm: &NetworkManager) -> bool {
    let bus = nm.dbus_connection();
    for device in asked("for Wi-Fi devices", nm.list_wifi_devices()).await.unwrap_or_default() {
        if device.is_active || device.state.is_transitional() {
            // Refused when it went down by itself meanwhile; whether it did is looked at below.
            let _ = asked("to leave", async { at::<NetworkDeviceProxy>(bus, &device.path).await?.disconnect().await })
                .await;
        }
    }
    let until = Instant::now() + ANSWER_WITHIN;
    while Instant::now() < until {
        // No answer: a profile vanished while they were listed. Looked at again.
        if let Some(held) = asked("for profiles", nm.list_saved_connections_brief()).await {
            let ours: Vec<_> = held.into_iter().filter(|profile| profile.id == air::PROFILE).collect();
            if ours.is_empty() {
                return true;
            }
            for profile in ours {
                let _ = asked("to delete a profile", async {
                    at::<HeldProfileProxy>(bus, &profile.path).await?.delete().await
                })
                .await;
            }
        }
        sleep(AGAIN).await;
    }
    false
}
