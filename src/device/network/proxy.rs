//! What NetworkManager's D-Bus interface offers and `nmrs` does not: volatile profiles, raw access-point flags, carrier.

use std::collections::HashMap;
use zbus::proxy;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

/// Settings of a connection profile, by section and key.
pub(super) type Profile<'a> = HashMap<&'static str, HashMap<&'static str, Value<'a>>>;
/// What `AddAndActivateConnection2` answers: profile, active connection, and nothing yet.
pub(super) type Activated = (OwnedObjectPath, OwnedObjectPath, HashMap<String, OwnedValue>);

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
}

/// An access point in the air.
#[proxy(interface = "org.freedesktop.NetworkManager.AccessPoint", default_service = "org.freedesktop.NetworkManager")]
pub(super) trait AccessPoint {
    /// `NM80211ApFlags`.
    #[zbus(property(emits_changed_signal = "false"))]
    fn flags(&self) -> zbus::Result<u32>;
    /// `NM80211ApSecurityFlags` of the WPA element.
    #[zbus(property(emits_changed_signal = "false"))]
    fn wpa_flags(&self) -> zbus::Result<u32>;
    /// `NM80211ApSecurityFlags` of the RSN element.
    #[zbus(property(emits_changed_signal = "false"))]
    fn rsn_flags(&self) -> zbus::Result<u32>;
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
