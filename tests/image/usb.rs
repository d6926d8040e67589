//! What is plugged into a USB socket and has no business there stays outside.

use crate::ensure;
use crate::guest::{Guest, Outcome, PATIENCE, booted_once, setup};
use serde_json::json;

/// Network links of the guest.
const LINKS: &str = "ls /sys/class/net";
/// `$device` is what was plugged: the device in sysfs whose interfaces this product number has.
const FIND: &str = "for id in /sys/bus/usb/devices/*/idProduct; do grep -q PRODUCT $id && device=${id%/idProduct}; done; ls -d $device:*";

/// A phone with "USB tethering" brings a network that nobody judged; to the box it is a cable. A mouse is no button.
pub(crate) async fn a_phone_that_shares_its_network_is_not_let_in(folder: std::path::PathBuf) -> Outcome {
    let mut guest = Guest::good(setup(&folder, booted_once(&folder).await?)).await?;
    let before = guest.run(LINKS).await?;
    let phones = json!({ "type": "user", "id": "phones", "net": "10.0.77.0/24" });
    guest.machine.qmp().execute("netdev_add", phones).await.map_err(|error| error.to_string())?;
    let phone = json!({ "driver": "usb-net", "id": "phone", "netdev": "phones" });
    let mouse = json!({ "driver": "usb-mouse", "id": "mouse" });
    // Of a class of its maker's own, as network adapters are.
    let null = json!({ "id": "null", "backend": { "type": "null", "data": {} } });
    guest.machine.qmp().execute("chardev-add", null).await.map_err(|error| error.to_string())?;
    let serial = json!({ "driver": "usb-serial", "id": "serial", "chardev": "null", "always-plugged": true });
    for (what, product, device) in
        [("a phone", "a4a2", &phone), ("a mouse", "0001", &mouse), ("a serial line", "6001", &serial)]
    {
        guest.machine.plug(device.clone()).await.map_err(|error| error.to_string())?;
        let found = FIND.replace("PRODUCT", product);
        let interfaces = guest.until(what, &format!("{found} && udevadm settle"), PATIENCE).await?;
        let outside = interfaces.split_whitespace().map(|interface| {
            format!(
                "[ $(cat {interface}/authorized) = 0 ] && [ ! -e {interface}/driver ] && echo {interface} is outside"
            )
        });
        let said = guest.run(&outside.collect::<Vec<_>>().join(" && ")).await?;
        println!("    {what}: {}", said.trim().replace('\n', ", "));
    }
    let after = guest.run(LINKS).await?;
    ensure(before == after, format!("a phone brought a network: {before} became {after}"))?;

    // The kernel lets nothing in by itself, whatever udev does later.
    let closed = "for hub in /sys/bus/usb/devices/usb*; do cat $hub/authorized_default $hub/interface_authorized_default; done | \
                  sort -u";
    let closed = guest.run(closed).await?;
    ensure(closed.trim() == "0", format!("a socket lets in by itself what is plugged: {closed}"))?;

    // It is this that keeps the phone outside: without it there is a network.
    guest.machine.unplug("phone").await.map_err(|error| error.to_string())?;
    let lift = "mkdir -p /run/udev/rules.d && : >/run/udev/rules.d/59-madoguchi-usb.rules && udevadm control --reload && \
                for hub in /sys/bus/usb/devices/usb*; do \
                echo 1 >$hub/authorized_default; echo 1 >$hub/interface_authorized_default; done";
    guest.run(lift).await?;
    guest.machine.plug(phone).await.map_err(|error| error.to_string())?;
    let brought = format!("[ \"$({LINKS})\" != \"{}\" ]", before.trim());
    guest.until("the network of a phone that is let in", &brought, PATIENCE).await.map(drop)
}
