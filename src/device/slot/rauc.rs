//! RAUC's D-Bus interface, as far as the appliance may use it (`image/root/etc/dbus-1/system.d/madoguchi.conf`).

use crate::model::update::{Offered, Slot};
use std::collections::HashMap;
use zbus::zvariant::{OwnedValue, Value};

/// A dictionary of D-Bus.
pub(super) type Dict = HashMap<String, OwnedValue>;

#[zbus::proxy(interface = "de.pengutronix.rauc.Installer", default_service = "de.pengutronix.rauc", default_path = "/")]
pub(super) trait Installer {
    /// Checks a bundle's signature and says what it holds.
    fn inspect_bundle(&self, source: &str, args: HashMap<&str, Value<'_>>) -> zbus::Result<Dict>;

    /// Every slot by its name.
    fn get_slot_status(&self) -> zbus::Result<Vec<(String, Dict)>>;

    /// `idle` or `installing`.
    #[zbus(property(emits_changed_signal = "false"))]
    fn operation(&self) -> zbus::Result<String>;

    /// Why the last installation failed.
    #[zbus(property(emits_changed_signal = "false"))]
    fn last_error(&self) -> zbus::Result<String>;

    /// Percentage, what is being done, and how deep that is nested.
    #[zbus(property(emits_changed_signal = "false"))]
    fn progress(&self) -> zbus::Result<(i32, String, i32)>;

    /// The product and board of this device.
    #[zbus(property(emits_changed_signal = "false"))]
    fn compatible(&self) -> zbus::Result<String>;
}

/// What a bundle says about itself, from the answer to `InspectBundle`.
pub(super) fn offered(info: &Dict) -> Offered {
    let update = info.get("update").map(|value| unwrapped(value));
    let text = |key: &str| match update {
        Some(Value::Dict(update)) => match update.get::<_, Value<'_>>(&key) {
            Ok(Some(value)) => text(&value),
            _ => None,
        },
        _ => None,
    };
    Offered { compatible: text("compatible").unwrap_or_default(), version: text("version").unwrap_or_default() }
}

/// A slot, from `GetSlotStatus`.
pub(super) fn slot(about: &Dict) -> Slot {
    let text = |key: &str| about.get(key).and_then(|value| text(value)).filter(|text| !text.is_empty());
    Slot {
        bootname: text("bootname"),
        booted: text("state").as_deref() == Some("booted"),
        bad: text("boot-status").as_deref() == Some("bad"),
        status: text("status"),
        version: text("bundle.version"),
        installed: text("installed.timestamp"),
        activated: text("activated.timestamp"),
    }
}

/// RAUC wraps a dictionary in a variant more than once.
fn unwrapped<'a>(value: &'a Value<'a>) -> &'a Value<'a> {
    match value {
        Value::Value(inner) => unwrapped(inner),
        value => value,
    }
}

fn text(value: &Value<'_>) -> Option<String> {
    match unwrapped(value) {
        Value::Str(text) => Some(text.to_string()),
        _ => None,
    }
}
