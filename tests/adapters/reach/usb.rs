//! What may be plugged: the script that decides, on folders as the kernel has them in /sys.

use super::{lines, path_with, program, source, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A device's parts, as class, subclass and protocol, and which of them are let in.
type Parts = &'static [(&'static str, bool)];

struct Socket {
    folder: tempfile::TempDir,
}

impl Socket {
    fn new() -> Self {
        let socket = Self { folder: tempfile::tempdir().unwrap() };
        for default in ["authorized_default", "interface_authorized_default"] {
            socket.write(&format!("soc.usb/usb1/{default}"), "1");
        }
        // As the image's drivers are known by vendor and product (modules.alias), and a phone by its classes.
        let known = "case $2 in *v0BDAp8153*) echo r8152;; *v0424pEC00*) echo smsc95xx;; *ic02*) echo cdc_ether;; esac";
        program(&socket.at("programs"), "modprobe", known);
        socket
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.at(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, format!("{text}\n")).unwrap();
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.at(file)).unwrap_or_default().trim().to_owned()
    }

    /// Runs the script for a folder below the socket, as udev does.
    fn run(&self, folder: &Path) -> String {
        let mut run = Command::new("sh");
        run.arg(source("image/root/usr/lib/madoguchi/usb")).arg(folder);
        run.env("PATH", path_with(&self.at("programs"))).env("DRIVERS", self.at("drivers"));
        let ended = run.output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
        String::from_utf8_lossy(&ended.stdout).into_owned()
    }

    /// Plugs a device behind a hub; which of its parts are let in, and which parts the drivers were shown.
    fn plug(&self, id: (&str, &str), parts: Parts, was: &str) -> (Vec<bool>, Vec<String>) {
        let device = "soc.usb/usb1/1-1/1-1.2";
        let _ = fs::remove_dir_all(self.at(device));
        let _ = fs::remove_file(self.at("drivers"));
        self.write(&format!("{device}/authorized"), was);
        self.write(&format!("{device}/idVendor"), id.0);
        self.write(&format!("{device}/idProduct"), id.1);
        for (number, (kind, _)) in parts.iter().enumerate() {
            let part = format!("{device}/1-1.2:1.{number}");
            for (name, place) in [("Class", 0..2), ("SubClass", 2..4), ("Protocol", 4..6)] {
                self.write(&format!("{part}/bInterface{name}"), &kind[place]);
            }
            let alias = format!("usb:v{}p{}d0100dc00dsc00dp00ic{}", id.0, id.1, &kind[..2]).to_uppercase();
            self.write(
                &format!("{part}/modalias"),
                &alias.replace("USB:V", "usb:v").replace('P', "p").replace("IC", "ic"),
            );
            self.write(&format!("{part}/authorized"), was);
        }
        self.run(&self.at(device));
        assert_eq!(self.read(&format!("{device}/authorized")), "1", "its parts are known only then");
        let number = 0..parts.len();
        let let_in = number.map(|number| self.read(&format!("{device}/1-1.2:1.{number}/authorized")) == "1").collect();
        (let_in, self.read("drivers").lines().map(str::to_owned).collect())
    }
}

const DEVICES: &[(&str, (&str, &str), Parts)] = &[
    // A camera with a microphone, a button of its own, and its maker's way to new firmware.
    (
        "a camera",
        ("046d", "0825"),
        &[("0e0100", true), ("0e0200", true), ("010100", true), ("010200", true), ("030000", false), ("fe0101", false)],
    ),
    (
        "a keyboard with media keys and a mouse",
        ("045e", "0750"),
        &[("030101", true), ("030000", false), ("030102", false)],
    ),
    ("a stick", ("0781", "5581"), &[("080650", true)]),
    ("a stick by UAS", ("152d", "0578"), &[("080662", true)]),
    ("a floppy drive", ("03ee", "6901"), &[("080401", false)]),
    // A stick that types, or brings a network: the stick is one.
    (
        "a stick that is more",
        ("0781", "5581"),
        &[("080650", true), ("020600", false), ("0a0000", false), ("010300", false)],
    ),
    ("a hub", ("05e3", "0608"), &[("090000", true)]),
    ("the Pi 3's own network socket", ("0424", "EC00"), &[("ff00ff", true)]),
    ("an adapter", ("0BDA", "8153"), &[("ffff00", true)]),
    ("the same in its other configuration", ("0BDA", "8153"), &[("020600", true), ("0a0000", true)]),
    ("something of its maker's own", ("0403", "6001"), &[("ffffff", false)]),
    ("a phone that shares its network", ("18d1", "4eeb"), &[("020600", false), ("0a0000", false), ("ff4201", false)]),
    ("a phone that shares its network, by RNDIS", ("04e8", "6863"), &[("e00103", false), ("0a0000", false)]),
    ("a printer", ("04b8", "0202"), &[("070102", false)]),
    ("a smart card reader", ("04e6", "5116"), &[("0b0000", false)]),
    ("Bluetooth", ("0a12", "0001"), &[("e00101", false)]),
];

#[test]
fn a_device_is_let_in_by_its_parts_before_a_driver_looks() {
    let socket = Socket::new();
    // The kernel asks first; or it was told otherwise, by the boot partition of an older version.
    for was in ["0", "1"] {
        for (what, id, parts) in DEVICES {
            let (let_in, shown) = socket.plug(*id, parts, was);
            let wanted: Vec<bool> = parts.iter().map(|(_, wanted)| *wanted).collect();
            assert_eq!(let_in, wanted, "{what}");
            let numbers = (0..parts.len()).filter(|number| wanted[*number]);
            let names: Vec<String> = numbers.map(|number| format!("1-1.2:1.{number}")).collect();
            assert_eq!(shown, names, "{what}");
        }
    }
    assert_eq!(socket.read("soc.usb/usb1/interface_authorized_default"), "0", "also before its own rule has been run");
}

#[test]
fn a_socket_lets_nothing_in_by_itself() {
    let socket = Socket::new();
    socket.run(&socket.at("soc.usb/usb1"));
    for default in ["authorized_default", "interface_authorized_default"] {
        assert_eq!(socket.read(&format!("soc.usb/usb1/{default}")), "0");
    }
    let script = text("image/boot/boot.cmd");
    assert!(script.contains(" usbcore.authorized_default=0 "), "what is in at power-on waits as well");
    let rules = lines("udev/59-madoguchi-usb.rules");
    for kind in ["usb_device", "usb_interface"] {
        let runs = |line: &&String| line.contains(kind) && line.contains("RUN+=\"/usr/lib/madoguchi/usb /sys%p\"");
        assert_eq!(rules.iter().filter(runs).count(), 1, "{kind}: {rules:?}");
    }
}

/// A part comes later where a driver chooses another configuration.
#[test]
fn a_part_that_comes_later_is_looked_at_with_its_whole_device() {
    let socket = Socket::new();
    socket.plug(("0BDA", "8153"), &[("ffff00", true)], "0");
    socket.write("soc.usb/usb1/1-1/1-1.2/1-1.2:1.0/authorized", "0");
    socket.run(&socket.at("soc.usb/usb1/1-1/1-1.2/1-1.2:1.0"));
    assert_eq!(socket.read("soc.usb/usb1/1-1/1-1.2/1-1.2:1.0/authorized"), "1");
}
