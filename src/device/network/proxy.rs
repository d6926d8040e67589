//! What NetworkManager's D-Bus interface offers and `nmrs` does not: volatile profiles, raw access-point flags, carrier.

use std::collections::HashMap;
use zbus::proxy::{Builder, CacheProperties, Defaults};
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Proxy, proxy};

/// Settings of a connection profile, by section and key.
pub(super) type Profile<'a> = HashMap<&'static str, HashMap<&'static str, Value<'a>>>;
/// What `AddAndActivateConnection2` answers: profile, active connection, and nothing yet.
pub(super) type Activated = (OwnedObjectPath, OwnedObjectPath, HashMap<String, OwnedValue>);

/// What is at a path. Its properties are read one by one: a cache would subscribe to their changes each time.
pub(super) async fn at<'a, P>(bus: &'a Connection, path: &'a ObjectPath<'_>) -> zbus::Result<P>
where
    P: Defaults + From<Proxy<'a>>,
{
    Builder::<P>::new(bus).path(path)?.cache_properties(CacheProperties::No).build().await
}

/// The main object.
#[proxy(
    interface = "org.freedesktop.NetworkManager",
    default_service = "org.freedesktop.NetworkManager",
    default_path = "/org/freedesktop/NetworkManager"
)]
pub(super) trait Manager {
    /// Adds a profile and activates it; `options` say how long it lives.
    fn add_and_activate_connection2(
        &self,
        connection: &Profile<'_>,
        device: &ObjectPath<'_>,
        specific_object: &ObjectPath<'_>,
        options: &HashMap<&str, Value<'_>>,
    ) -> zbus::Result<Activated>;
    /// Where NetworkManager looks whether there is internet; empty when it does not.
    #[zbus(property(emits_changed_signal = "false"))]
    fn connectivity_check_uri(&self) -> zbus::Result<String>;
}

/// A network device.
#[proxy(interface = "org.freedesktop.NetworkManager.Device", default_service = "org.freedesktop.NetworkManager")]
pub(super) trait NetworkDevice {
    /// Takes the device down.
    fn disconnect(&self) -> zbus::Result<()>;

    /// State, state before, and reason (`NMDeviceStateReason`).
    #[zbus(signal, name = "StateChanged")]
    fn moved(&self, new_state: u32, old_state: u32, reason: u32);
}

/// A wired device.
#[proxy(interface = "org.freedesktop.NetworkManager.Device.Wired", default_service = "org.freedesktop.NetworkManager")]
pub(super) trait Wired {
    /// A cable is in, and something is on its other end.
    #[zbus(property(emits_changed_signal = "false"))]
    fn carrier(&self) -> zbus::Result<bool>;
}

/// A radio.
#[proxy(
    interface = "org.freedesktop.NetworkManager.Device.Wireless",
    default_service = "org.freedesktop.NetworkManager"
)]
pub(super) trait Radio {
    /// Scans; `ssids` in the options are called by name, which a hidden network answers.
    fn request_scan(&self, options: &HashMap<&str, Value<'_>>) -> zbus::Result<()>;
    /// `NMDeviceWifiCapabilities`.
    #[zbus(property(emits_changed_signal = "false"))]
    fn wireless_capabilities(&self) -> zbus::Result<u32>;
    /// What it hears.
    #[zbus(property(emits_changed_signal = "false"))]
    fn access_points(&self) -> zbus::Result<Vec<OwnedObjectPath>>;
    /// The one in use; `/` without one.
    #[zbus(property(emits_changed_signal = "false"))]
    fn active_access_point(&self) -> zbus::Result<OwnedObjectPath>;
}

/// A profile that NetworkManager holds.
#[proxy(
    interface = "org.freedesktop.NetworkManager.Settings.Connection",
    default_service = "org.freedesktop.NetworkManager"
)]
pub(super) trait HeldProfile {
    /// Deletes it, from memory and disk.
    fn delete(&self) -> zbus::Result<()>;
}
