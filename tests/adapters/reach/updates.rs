//! Updates: the appliance looks and asks; what RAUC is told to install or to mark, root says with fixed arguments.

use super::{path_with, program, source, text};
use crate::bus::on_a_bus_with;
use crate::rauc::{Asked, Script, served};
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::PathBuf;
use std::process::Command;
use zbus::zvariant::{DynamicType, Value};

const INSTALLER: &str = "de.pengutronix.rauc.Installer";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The box's policies for its bus, with this test's user in the appliance's place.
fn policies() -> String {
    let text = text("image/root/etc/dbus-1/system.d/madoguchi.conf");
    let (_, policies) = text.split_once("<busconfig>").unwrap();
    let (policies, _) = policies.split_once("</busconfig>").unwrap();
    let (before, root) = policies.split_once("<policy user=\"root\">").unwrap();
    let (_, after) = root.split_once("</policy>").unwrap();
    let me = fs::metadata("/proc/self").unwrap().uid().to_string();
    let policies = format!("{before}{after}");
    assert!(policies.contains("user=\"madoguchi\""), "{policies}");
    policies.replace("user=\"madoguchi\"", &format!("user=\"{me}\""))
}

/// Whether the bus lets a call through.
async fn allowed<B: serde::Serialize + DynamicType>(
    bus: &zbus::Connection,
    interface: &str,
    member: &str,
    body: &B,
) -> bool {
    match bus.call_method(Some("de.pengutronix.rauc"), "/", Some(interface), member, body).await {
        Ok(_) => true,
        Err(zbus::Error::MethodError(name, ..)) if name == "org.freedesktop.DBus.Error.AccessDenied" => false,
        Err(error) => panic!("{interface}.{member}: {error}"),
    }
}

#[test]
fn the_appliance_may_look_at_an_update_and_neither_install_nor_mark() {
    let name = "reach::updates::the_appliance_may_look_at_an_update_and_neither_install_nor_mark";
    on_a_bus_with(&policies(), name, |_| async {
        let inspects = Some(Ok(("madoguchi-arm64".to_owned(), "1.1.0".to_owned())));
        let (_rauc, _, mut asked) = served(Script { inspects, installs: Some(Ok(())), ..Script::default() }).await;
        let bus = zbus::Connection::system().await.unwrap();
        let none = HashMap::<&str, Value<'_>>::new();
        let round = HashMap::from([("ignore-version-limit", Value::from(true))]);
        assert!(!allowed(&bus, INSTALLER, "InstallBundle", &("a.raucb", &none)).await);
        assert!(!allowed(&bus, INSTALLER, "InstallBundle", &("a.raucb", &round)).await);
        assert!(!allowed(&bus, INSTALLER, "Install", &("a.raucb",)).await);
        assert!(!allowed(&bus, INSTALLER, "Info", &("a.raucb",)).await);
        for (state, slot) in [("good", "booted"), ("active", "other"), ("bad", "booted")] {
            assert!(!allowed(&bus, INSTALLER, "Mark", &(state, slot)).await, "{state} {slot}");
        }
        assert!(!allowed(&bus, PROPERTIES, "Set", &(INSTALLER, "Operation", Value::from("idle"))).await);
        assert_eq!(asked.try_recv().ok(), None::<Asked>);

        assert!(allowed(&bus, INSTALLER, "GetSlotStatus", &()).await);
        assert!(allowed(&bus, INSTALLER, "InspectBundle", &("a.raucb", &none)).await);
        for property in ["Operation", "LastError", "Progress", "Compatible"] {
            assert!(allowed(&bus, PROPERTIES, "Get", &(INSTALLER, property)).await, "{property}");
        }
    });
}

/// The script that root runs, with a stand-in for RAUC's command that notes its words.
struct Root {
    folder: tempfile::TempDir,
}

impl Root {
    fn new() -> Self {
        let root = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(root.at("stick/sda1")).unwrap();
        fs::write(root.at("stick/sda1/新しい 1.raucb"), "").unwrap();
        let note = format!("printf '%s\\n' \"$@\" >>'{}'", root.at("asked").display());
        program(&root.at("programs"), "rauc", &note);
        root
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it answers, and with which words RAUC was called.
    fn run(&self) -> (Option<String>, Option<String>) {
        for old in ["asked", "installed"] {
            let _ = fs::remove_file(self.at(old));
        }
        let mut run = Command::new("sh");
        run.arg(source("image/root/usr/lib/madoguchi/install")).env("PATH", path_with(&self.at("programs")));
        run.env("REQUEST", self.at("request")).env("RESULT", self.at("installed")).env("STICKS", self.at("stick"));
        run.env("ANCHORS", self.at("anchors.pem"))
            .env("ABANDON", self.at("abandon"))
            .env("TRUSTED", self.at("counter.pem"));
        run.env("SYSTEM", self.at("system.crt")).env("STOP", "stop").env("PAUSE", "0.05");
        let said = run.output().unwrap();
        assert!(!self.at("request").exists(), "a request is taken once: {said:?}");
        (fs::read_to_string(self.at("installed")).ok(), fs::read_to_string(self.at("asked")).ok())
    }

    fn ask(&self, text: impl AsRef<[u8]>) -> (Option<String>, Option<String>) {
        fs::write(self.at("request"), text).unwrap();
        self.run()
    }
}

#[test]
fn rauc_is_given_a_place_on_a_stick_and_not_a_word_more() {
    let root = Root::new();
    let (answer, asked) = root.ask("7\nsda1/新しい 1.raucb\nignore-version-limit\n");
    let bundle = root.at("stick/sda1/新しい 1.raucb");
    assert_eq!(asked, Some(format!("install\n{}\n", bundle.display())));
    assert_eq!(answer.as_deref(), Some("7\n0\n\n"));
    program(&root.at("programs"), "rauc", "exit 1");
    assert_eq!(
        root.ask("18446744073709551615\nsda1/新しい 1.raucb\n").0.as_deref(),
        Some("18446744073709551615\n1\n\n")
    );
}

#[test]
fn what_else_is_asked_for_is_refused_before_rauc_hears_of_it() {
    let root = Root::new();
    fs::create_dir_all(root.at("stick/sda1/inner")).unwrap();
    for place in ["inner/a.raucb", "a.raucb.txt"] {
        fs::write(root.at("stick/sda1").join(place), "").unwrap();
    }
    fs::write(root.at("old.raucb"), "").unwrap();
    symlink(root.at("old.raucb"), root.at("stick/sda1/link.raucb")).unwrap();
    symlink(root.at("stick/sda1"), root.at("stick/sdb1")).unwrap();
    for place in [
        "",
        "a.raucb",
        "../old.raucb",
        "sda1/../../old.raucb",
        "/etc/old.raucb",
        "http://192.168.0.1/updates/a.raucb",
        "https://",
        "https:///updates/a.raucb",
        "https://counter.example/a.raucb",
        "https://counter.example/updates/a.img",
        "https://counter.example/updates/.raucb",
        "https://counter.example/updates/../a.raucb",
        "https://counter.example/updates/inner/a.raucb",
        "https://counter.example/updates/a.raucb?x.raucb",
        "https://counter.example/updates/--ignore-compatible .raucb",
        "https://user@counter.example/updates/a.raucb",
        "https://-o/updates/a.raucb",
        "file:///etc/old.raucb",
        "--ignore-compatible/a.raucb",
        "sda1/--ignore-compatible.raucb\n",
        "sda1/.raucb",
        "sda1/inner/a.raucb",
        "sda1/a.raucb.txt",
        "sda1/link.raucb",
        "sdb1/新しい 1.raucb",
        "sda1/absent.raucb",
    ] {
        let (answer, asked) = root.ask(format!("7\n{place}\n"));
        assert_eq!(asked, None, "{place:?}");
        let answer = answer.unwrap_or_default();
        assert!(answer.starts_with("7\n1\n") && answer.trim_end().lines().count() == 3, "{place:?}: {answer:?}");
    }
    // Without a number there is nobody to answer.
    for text in [&b""[..], b"x\nsda1/a.raucb\n", &[0; 4096], &[b'7'; 4096]] {
        let (answer, asked) = root.ask(text);
        assert_eq!((asked, answer.filter(|answer| !answer.ends_with("stick\n"))), (None, None));
    }
}

/// It is root that reads what the appliance put there.
#[test]
fn a_request_is_not_followed_anywhere_nor_waited_for() {
    let root = Root::new();
    fs::write(root.at("secret"), "7\nsda1/新しい 1.raucb\n").unwrap();
    symlink(root.at("secret"), root.at("request")).unwrap();
    assert_eq!(root.run(), (None, None), "a link");
    assert!(root.at("secret").exists());
    assert!(Command::new("mkfifo").arg(root.at("request")).status().unwrap().success());
    assert_eq!(root.run(), (None, None), "a pipe");
    fs::create_dir(root.at("request")).unwrap();
    assert_eq!(root.run(), (None, None), "a folder");
}

/// The counter's address, and whom the loan trusts: nothing else of what the appliance could say.
#[test]
fn rauc_is_given_an_address_at_the_counter_and_whom_to_trust() {
    let root = Root::new();
    fs::write(root.at("system.crt"), "SYSTEM\n").unwrap();
    fs::write(root.at("anchors.pem"), "LOAN\n").unwrap();
    let (answer, asked) = root.ask("7\nhttps://counter.example:8443/updates/madoguchi-0.2.0-arm64.raucb\nmore\n");
    let address = "https://counter.example:8443/updates/madoguchi-0.2.0-arm64.raucb";
    let trusted = root.at("counter.pem");
    assert_eq!(asked, Some(format!("install\n--tls-ca={}\n{address}\n", trusted.display())));
    assert_eq!(answer.as_deref(), Some("7\n0\n\n"));
    assert_eq!(fs::read_to_string(&trusted).unwrap(), "SYSTEM\nLOAN\n");
    program(&root.at("programs"), "rauc", "exit 1");
    assert_eq!(root.ask(format!("8\n{address}\n")).0.as_deref(), Some("8\n1\n\n"));
    // It is root that reads it.
    fs::remove_file(root.at("anchors.pem")).unwrap();
    fs::write(root.at("secret"), "SECRET\n").unwrap();
    symlink(root.at("secret"), root.at("anchors.pem")).unwrap();
    root.ask(format!("9\n{address}\n"));
    assert!(!fs::read_to_string(&trusted).unwrap().contains("SECRET"));
}

/// What is said about another installation is not about this one.
#[test]
fn an_installation_that_is_no_longer_wanted_is_stopped() {
    let root = Root::new();
    for file in ["system.crt", "anchors.pem"] {
        fs::write(root.at(file), "").unwrap();
    }
    let going = root.at("going");
    program(&root.at("programs"), "rauc", &format!("while [ -e '{}' ]; do sleep 0.05; done; exit 1", going.display()));
    program(&root.at("programs"), "stop", &format!("rm '{}'", going.display()));
    fs::write(&going, "").unwrap();
    fs::write(root.at("abandon"), "7\n").unwrap();
    let (answer, _) = root.ask("7\nhttps://counter.example/updates/a.raucb\n");
    assert_eq!(answer.as_deref(), Some("7\n1\nthe update was left off from\n"));
    assert!(!going.exists() && !root.at("abandon").exists());
    // Somebody else's: this one goes on to its own end.
    program(&root.at("programs"), "rauc", "exit 0");
    fs::write(root.at("abandon"), "7\n").unwrap();
    assert_eq!(root.ask("8\nhttps://counter.example/updates/a.raucb\n").0.as_deref(), Some("8\n0\n\n"));
}

/// An address to fetch an update from is one more argument that a policy cannot see: what RAUC reads from the network it reads
/// as a user who reaches nothing but HTTPS, and root itself reaches less.
#[test]
fn of_rauc_only_its_reader_reaches_the_network() {
    let unit = text("image/root/etc/systemd/system/rauc.service.d/madoguchi.conf");
    assert!(unit.contains("\nRestrictAddressFamilies=AF_UNIX AF_NETLINK AF_ALG AF_INET AF_INET6\n"), "{unit}");
    let config = text("image/root/etc/rauc/system.conf.in");
    assert!(config.contains("\n[streaming]\nsandbox-user=madoguchi-update\n"), "{config}");
    assert!(text("image/root/usr/lib/sysusers.d/madoguchi.conf").contains("u! madoguchi-update 901 "));
    assert!(text("image/root/etc/nftables.conf").contains("\ndefine reader = 901\n"));
    assert!(text("systemd/madoguchi.target").contains("madoguchi-install.path"));
}
