//! What the program on the box can reach, were it somebody else's: the system around it, by the texts and scripts of the
//! image. How they act together is seen in the booted tests.

mod erase;
mod firewall;
mod sticks;
mod updates;
mod usb;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn text(file: &str) -> String {
    fs::read_to_string(source(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Lines without comments.
fn lines(file: &str) -> Vec<String> {
    let text = text(file);
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// A stand-in for a program that a script calls.
fn program(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(folder.join(name), PermissionsExt::from_mode(0o755)).unwrap();
}

/// `PATH` with stand-ins in front.
fn path_with(programs: &Path) -> String {
    format!("{}:{}", programs.display(), std::env::var("PATH").unwrap())
}

/// What the appliance may write is one folder, and root's programs write in none of it.
#[test]
fn root_leaves_its_marks_where_nobody_else_writes() {
    let own = "/run/madoguchi/appliance";
    let folders: Vec<Vec<String>> = lines("image/root/usr/lib/tmpfiles.d/madoguchi.conf")
        .iter()
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .filter(|words: &Vec<String>| words[0] == "d" && words[1].contains("/madoguchi"))
        .collect();
    assert!(folders.iter().any(|words| words[1] == own), "{folders:?}");
    for words in folders {
        let [_, folder, mode, user, group] = &words[..] else { panic!("{words:?}") };
        match folder.as_str() == own {
            true => assert_eq!([mode, user, group], ["0700", "madoguchi", "madoguchi"]),
            false => assert_eq!([mode, user, group], ["0755", "root", "root"], "{folder}"),
        }
    }
    let open = lines("systemd/madoguchi.service");
    assert!(open.contains(&format!("ReadWritePaths=/var/lib/madoguchi {own}")), "{open:?}");
    for script in ["data", "site", "state", "stick"] {
        let script = format!("image/root/usr/lib/madoguchi/{script}");
        assert!(!text(&script).contains(own), "{script} is root's");
    }
}

/// Whoever gets in finds no page that can be written and run. (That the appliance's sound and picture do without one is seen
/// in the booted image, where a call with itself decides whether a slot is good.)
#[test]
fn no_unit_lets_a_page_be_written_and_run() {
    let units = fs::read_dir(source("systemd")).unwrap().map(|unit| unit.unwrap().file_name().into_string().unwrap());
    let units: Vec<_> = units.filter(|unit| unit.ends_with(".service")).collect();
    assert!(units.len() >= 15, "{units:?}");
    for unit in units {
        let lines = lines(&format!("systemd/{unit}"));
        assert!(lines.iter().any(|line| line == "MemoryDenyWriteExecute=yes"), "{unit}");
    }
}

/// What reads pictures, sound and packets of strangers has a user of its own, and nothing of the appliance's: no device, no D-Bus,
/// no memory, and one socket that the appliance alone can connect to.
#[test]
fn the_media_process_has_nothing_of_the_appliances() {
    let unit = lines("systemd/madoguchi-media@.service");
    for line in [
        "ExecStart=/usr/bin/madoguchi media",
        "User=madoguchi-media",
        "StandardInput=socket",
        "PrivateDevices=yes",
        "DevicePolicy=closed",
        "PrivateUsers=yes",
        "MemoryDenyWriteExecute=yes",
        "CapabilityBoundingSet=",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    ] {
        assert!(unit.contains(&line.to_owned()), "{line}");
    }
    let hidden = unit.iter().find_map(|line| line.strip_prefix("InaccessiblePaths=")).unwrap();
    for place in ["-/run/dbus", "-/run/madoguchi", "-/var/lib", "-/run/NetworkManager/system-connections"] {
        assert!(hidden.split(' ').any(|hidden| hidden == place), "{place}");
    }
    let opened =
        ["DeviceAllow=", "ReadWritePaths=", "BindPaths=", "SupplementaryGroups=", "Group=", "AmbientCapabilities=C"];
    assert!(!unit.iter().any(|line| opened.iter().any(|opened| line.starts_with(opened))), "{unit:?}");
    let users = text("image/root/usr/lib/sysusers.d/madoguchi.conf");
    assert!(users.contains("u! madoguchi-media 902 ") && !users.contains("m madoguchi-media"), "{users}");
    let socket = lines("systemd/madoguchi-media.socket");
    for line in
        ["SocketUser=madoguchi", "SocketMode=0600", "Accept=yes", "ListenSequentialPacket=/run/madoguchi/media.sock"]
    {
        assert!(socket.contains(&line.to_owned()), "{line}");
    }
    assert!(text("systemd/madoguchi.target").contains(" madoguchi-media.socket "));
}

/// The same figures as in the booted image: what a process may do by its unit's text alone.
#[test]
fn the_media_process_is_closed_to_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("madoguchi-media@x.service");
    fs::copy(source("systemd/madoguchi-media@.service"), &unit).unwrap();
    let mut analyze = std::process::Command::new("systemd-analyze");
    analyze.args(["security", "--offline=yes", "--no-pager", "--threshold=15"]).arg(&unit);
    let ended = analyze.output().expect("systemd-analyze is there (apt-get install systemd)");
    let said = String::from_utf8_lossy(&ended.stdout);
    println!("{}", said.lines().last().unwrap_or_default());
    assert!(ended.status.success() && said.contains("Overall exposure level"), "{said}");
}
