//! What lies on a stick, and whose signature counts: real folders, real keys.

use madoguchi::cities::{self, Places};
use madoguchi::device::stick;
use madoguchi::device::usb::{self, UsbEvent};
use madoguchi::model::stick::{PaperRefusal, ReturnOrder, Stick, StickId, StickNews, return_order_for, taken_apart};
use madoguchi::stick as papers;
use minisign::KeyPair;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

const LOAN: &str = include_str!("../../src/workbench/demo-loan.toml");
const PATIENCE: Duration = Duration::from_secs(30);

/// A city with its key on the device, and a stick.
struct City {
    folder: tempfile::TempDir,
    keys: KeyPair,
}

impl City {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyPair::generate_unencrypted_keypair().unwrap();
        for name in ["site", "trust", "stick/sda1"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("site/midori.pub"), keys.pk.to_box().unwrap().into_string()).unwrap();
        Self { folder, keys }
    }

    fn site(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    /// A development build, in which bare keys count.
    fn places(&self) -> Places {
        fs::write(self.folder.path().join("trust").join(cities::DEVELOPMENT), "").unwrap();
        Places { trust: self.folder.path().join("trust"), site: self.site(), settled: None }
    }

    fn sticks(&self) -> PathBuf {
        self.folder.path().join("stick")
    }

    fn stick(&self) -> PathBuf {
        self.sticks().join("sda1")
    }

    fn read(&self) -> Stick {
        papers::read(&self.stick(), &self.places().read().keys)
    }
}

fn sign(keys: &KeyPair, place: &Path, text: &str) {
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, text).unwrap();
    let signature = minisign::sign(None, &keys.sk, Cursor::new(text), None, None).unwrap().into_string();
    fs::write(format!("{}.minisig", place.display()), signature).unwrap();
}

#[test]
fn a_loan_and_a_return_order_are_read_from_either_place() {
    let city = City::new();
    assert_eq!(city.read(), Stick::default());
    sign(&city.keys, &city.stick().join("loan.toml"), LOAN);
    sign(&city.keys, &city.stick().join("madoguchi/return.toml"), &return_order_for("DEMO-2026-000", None));
    fs::write(city.stick().join("a.RAUCB"), "").unwrap();
    fs::write(city.stick().join("b.raucb"), "").unwrap();
    fs::write(city.stick().join("._c.raucb"), "").unwrap();
    let stick = city.read();
    let order = stick.loan.unwrap().unwrap();
    assert_eq!((order.loan.id.as_str(), taken_apart(&order.text).unwrap().0), ("DEMO-2026-001", LOAN));
    assert_eq!(stick.give_back.unwrap().unwrap().loan, "DEMO-2026-000");
    assert_eq!(stick.update, Some(city.stick().join("b.raucb")));
}

#[test]
fn of_several_updates_the_newest_is_taken() {
    let city = City::new();
    for (name, newest) in [
        ("madoguchi-arm64-0.9.0.raucb", "madoguchi-arm64-0.9.0.raucb"),
        ("madoguchi-arm64-0.10.0-rc.9.raucb", "madoguchi-arm64-0.10.0-rc.9.raucb"),
        ("madoguchi-arm64-0.10.0-rc.10.RAUCB", "madoguchi-arm64-0.10.0-rc.10.RAUCB"),
        ("madoguchi-arm64-0.10.0.raucb", "madoguchi-arm64-0.10.0.raucb"),
        ("zzz.raucb", "madoguchi-arm64-0.10.0.raucb"),
    ] {
        fs::write(city.stick().join(name), "").unwrap();
        assert_eq!(city.read().update, Some(city.stick().join(newest)), "with {name}");
    }
}

#[test]
fn a_loan_whose_last_day_is_over_says_so() {
    let city = City::new();
    let place = city.stick().join("madoguchi/loan.toml");
    let until = |day: &str| {
        let lines = LOAN.lines().map(|line| match line.starts_with("until") {
            true => format!("until = \"{day}\""),
            false => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    for (day, past) in [("2020-01-01", true), ("2999-01-01", false)] {
        sign(&city.keys, &place, &until(day));
        assert_eq!(city.read().loan.unwrap().unwrap().past, past);
    }
}

#[test]
fn nothing_is_believed_that_the_city_has_not_signed() {
    let city = City::new();
    let place = city.stick().join("madoguchi/loan.toml");
    let refusal = |city: &City| city.read().loan.unwrap().unwrap_err();
    sign(&city.keys, &place, LOAN);
    fs::remove_file(city.stick().join("madoguchi/loan.toml.minisig")).unwrap();
    assert_eq!(refusal(&city), PaperRefusal::NoSignature);
    fs::write(city.stick().join("madoguchi/loan.toml.minisig"), "rubbish").unwrap();
    assert_eq!(refusal(&city), PaperRefusal::Changed);
    sign(&city.keys, &place, LOAN);
    fs::write(&place, LOAN.replace("2026", "2027")).unwrap();
    assert_eq!(refusal(&city), PaperRefusal::Changed);
    sign(&KeyPair::generate_unencrypted_keypair().unwrap(), &place, LOAN);
    assert_eq!(refusal(&city), PaperRefusal::WrongKey);
    sign(&city.keys, &place, &LOAN.replace("format = 1", "format = 9"));
    let PaperRefusal::Invalid { error } = refusal(&city) else { panic!("{:?}", city.read()) };
    assert!(error.to_string().starts_with("format: is 9"), "{error}");
    sign(&city.keys, &place, LOAN);
    fs::write(&place, vec![b'#'; 300 * 1024]).unwrap();
    assert_eq!(refusal(&city), PaperRefusal::Unreadable);
    sign(&city.keys, &place, LOAN);
    fs::remove_file(city.site().join("midori.pub")).unwrap();
    assert_eq!(refusal(&city), PaperRefusal::NoKeys);
}

/// Two keys are on the device while a city changes from one to the other.
#[test]
fn any_of_the_citys_keys_counts() {
    let city = City::new();
    let newer = KeyPair::generate_unencrypted_keypair().unwrap();
    fs::write(city.site().join("newer.pub"), newer.pk.to_box().unwrap().into_string()).unwrap();
    for keys in [&city.keys, &newer] {
        sign(keys, &city.stick().join("loan.toml"), LOAN);
        assert!(city.read().loan.unwrap().is_ok());
    }
}

#[tokio::test]
async fn a_stick_is_told_once_it_is_ready_and_when_it_goes() {
    let city = City::new();
    let (events, mut heard) = mpsc::channel(4);
    let ready = city.sticks().join("sda1.ready");
    fs::write(&ready, "").unwrap();
    // A second one that is being mounted.
    fs::create_dir(city.sticks().join("sdb1")).unwrap();
    tokio::spawn(usb::run(events, city.sticks(), Duration::ZERO));
    let mut next = async || timeout(PATIENCE, heard.recv()).await.unwrap().unwrap();
    assert_eq!(next().await, UsbEvent::In { folder: city.stick(), at_start: true, readable: true });
    fs::write(city.sticks().join("sdb1.ready"), "").unwrap();
    let second = city.sticks().join("sdb1");
    assert_eq!(next().await, UsbEvent::In { folder: second.clone(), at_start: false, readable: true });
    // The mark goes with the mount; a folder that is gone although its mark is not is gone, too.
    fs::remove_file(&ready).unwrap();
    assert_eq!(next().await, UsbEvent::Out { folder: city.stick() });
    fs::remove_dir(&second).unwrap();
    assert_eq!(next().await, UsbEvent::Out { folder: second });
}

#[tokio::test]
async fn a_stick_becomes_news_with_a_number_of_its_own() {
    let city = City::new();
    sign(&city.keys, &city.stick().join("loan.toml"), LOAN);
    let (plugs, plugged) = mpsc::channel(4);
    let (news, mut heard) = mpsc::channel(4);
    tokio::spawn(stick::run(plugged, news, city.places()));
    let mut next = async || timeout(PATIENCE, heard.recv()).await.unwrap().unwrap();
    for (number, at_start) in [(1, true), (2, false)] {
        plugs.send(UsbEvent::In { folder: city.stick(), at_start, readable: true }).await.unwrap();
        let StickNews::In(stick) = next().await else { panic!("it comes") };
        assert_eq!((stick.id, stick.by_hand), (StickId(number), !at_start));
        assert!(stick.loan.unwrap().is_ok());
        plugs.send(UsbEvent::Out { folder: city.stick() }).await.unwrap();
        assert_eq!(next().await, StickNews::Out(StickId(number)));
    }
}

#[tokio::test]
async fn a_stick_that_cannot_be_read_is_told_unless_another_part_of_it_can() {
    let city = City::new();
    let (events, mut heard) = mpsc::channel(4);
    for mark in ["sda1.ready", "sda2.unreadable", "sdb1.unreadable"] {
        fs::write(city.sticks().join(mark), "").unwrap();
    }
    tokio::spawn(usb::run(events, city.sticks(), Duration::ZERO));
    let mut next = async || timeout(PATIENCE, heard.recv()).await.unwrap().unwrap();
    assert_eq!(next().await, UsbEvent::In { folder: city.stick(), at_start: true, readable: true });
    let second = city.sticks().join("sdb1");
    assert_eq!(next().await, UsbEvent::In { folder: second.clone(), at_start: true, readable: false });
    fs::remove_file(city.sticks().join("sdb1.unreadable")).unwrap();
    assert_eq!(next().await, UsbEvent::Out { folder: second.clone() });
    // In another socket's place again, and by hand this time.
    fs::write(city.sticks().join("sdb1.unreadable"), "again").unwrap();
    assert_eq!(next().await, UsbEvent::In { folder: second, at_start: false, readable: false });
}

#[tokio::test]
async fn a_stick_that_cannot_be_read_gets_a_word() {
    let city = City::new();
    let (plugs, plugged) = mpsc::channel(4);
    let (news, mut heard) = mpsc::channel(4);
    tokio::spawn(stick::run(plugged, news, city.places()));
    for at_start in [false, true] {
        plugs.send(UsbEvent::In { folder: city.stick(), at_start, readable: false }).await.unwrap();
        let told = timeout(PATIENCE, heard.recv()).await.unwrap().unwrap();
        let StickNews::In(stick) = told else { panic!("it comes") };
        assert_eq!((stick.by_hand, stick.loan), (!at_start, Some(Err(PaperRefusal::UnreadableStick))));
    }
}

fn pipe(place: &Path) {
    let made = std::process::Command::new("mkfifo").arg(place).status().unwrap();
    assert!(made.success(), "mkfifo {}", place.display());
}

#[test]
fn what_is_no_plain_file_is_refused_without_being_opened() {
    let city = City::new();
    let papers = city.stick().join("madoguchi");
    sign(&city.keys, &papers.join("loan.toml"), LOAN);
    for (name, refused) in [("loan.toml", PaperRefusal::Unreadable), ("loan.toml.minisig", PaperRefusal::Unreadable)] {
        let place = papers.join(name);
        let text = fs::read(&place).unwrap();
        fs::remove_file(&place).unwrap();
        pipe(&place);
        assert_eq!(city.read().loan, Some(Err(refused.clone())), "{name} is a pipe");
        fs::remove_file(&place).unwrap();
        fs::create_dir(&place).unwrap();
        assert_eq!(city.read().loan, Some(Err(refused.clone())), "{name} is a folder");
        fs::remove_dir(&place).unwrap();
        // A link may lead to a pipe, to a file of the kernel's that never ends, or out of the stick.
        std::os::unix::fs::symlink("/proc/kmsg", &place).unwrap();
        assert_eq!(city.read().loan, Some(Err(refused)), "{name} is a link");
        fs::remove_file(&place).unwrap();
        fs::write(&place, text).unwrap();
        assert!(city.read().loan.unwrap().is_ok());
    }
    pipe(&city.stick().join("return.toml"));
    assert_eq!(city.read().give_back, Some(Err(PaperRefusal::Unreadable)));
    pipe(&city.stick().join("a.raucb"));
    std::os::unix::fs::symlink("/proc/kmsg", city.stick().join("b.raucb")).unwrap();
    assert_eq!(city.read().update, None);
}

#[test]
fn a_paper_under_another_name_is_told() {
    for (written, name) in [
        ("madoguchi/loan.toml.txt", "loan.toml"),
        ("loan.toml.TXT", "loan.toml"),
        ("loan.txt", "loan.toml"),
        ("loan (1).toml", "loan.toml"),
        ("return.toml.txt", "return.toml"),
    ] {
        let city = City::new();
        sign(&city.keys, &city.stick().join(written), LOAN);
        let written = written.rsplit('/').next().unwrap().to_owned();
        let refusal = Some(Err(PaperRefusal::Misnamed { written, name }));
        let stick = city.read();
        match name {
            "loan.toml" => assert_eq!((stick.loan.map(|loan| loan.map(|_| ())), stick.give_back), (refusal, None)),
            _ => {
                let refusal = refusal.map(|why| why.map(|()| ReturnOrder::from("")));
                assert_eq!((stick.loan, stick.give_back), (None, refusal));
            }
        }
        // What is in its place goes before what is not.
        sign(&city.keys, &city.stick().join("loan.toml"), LOAN);
        assert!(city.read().loan.unwrap().is_ok());
    }
    let city = City::new();
    for other in ["loan agreement.pdf", "loans.toml", "loan.toml.minisig", "loan.toml.new", "._loan.toml.txt"] {
        fs::write(city.stick().join(other), "").unwrap();
    }
    assert_eq!(city.read(), Stick::default());
}

/// An update that failed is not installed again by a stick that stayed in and was slow to be mounted.
#[tokio::test]
async fn a_stick_that_is_slow_at_the_start_was_put_in_by_nobody() {
    let city = City::new();
    let (events, mut heard) = mpsc::channel(4);
    fs::create_dir(city.sticks().join("sdb1")).unwrap();
    fs::write(city.sticks().join("sda1.ready"), "").unwrap();
    tokio::spawn(usb::run(events, city.sticks(), 10 * PATIENCE));
    let mut next = async || timeout(PATIENCE, heard.recv()).await.unwrap().unwrap();
    assert_eq!(next().await, UsbEvent::In { folder: city.stick(), at_start: true, readable: true });
    fs::write(city.sticks().join("sdb1.ready"), "").unwrap();
    let slow = city.sticks().join("sdb1");
    assert_eq!(next().await, UsbEvent::In { folder: slow, at_start: true, readable: true });
}

/// The script that mounts a stick, with stand-ins for the programs that it calls.
#[test]
fn a_stick_that_cannot_be_mounted_is_marked_and_the_mark_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (programs, sticks) = (folder.path().join("programs"), folder.path().join("stick"));
    fs::create_dir_all(&programs).unwrap();
    fs::create_dir_all(&sticks).unwrap();
    fs::set_permissions(&sticks, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let program = |name: &str, text: &str| {
        fs::write(programs.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(programs.join(name), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    program("umount", "exit 0");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let stick = |what: &str| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("image/root/usr/lib/madoguchi/stick");
        let mut run = std::process::Command::new("sh");
        run.arg(script).args([what, "sda1"]).env("PATH", &path).env("STICKS", &sticks);
        assert!(run.status().unwrap().success(), "{what}: a unit that fails is not asked to tidy up");
        let mut left: Vec<_> =
            fs::read_dir(&sticks).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        left
    };
    for (kind, mounts, marks) in [
        ("vfat", "exit 0", ["sda1", "sda1.ready"].as_slice()),
        ("exfat", "exit 0", &["sda1", "sda1.ready"]),
        ("vfat", "exit 32", &["sda1.unreadable"]),
        ("ext4", "exit 0", &["sda1.unreadable"]),
        ("ntfs", "exit 0", &["sda1.unreadable"]),
        ("iso9660", "exit 0", &["sda1.unreadable"]),
        ("BitLocker", "exit 0", &["sda1.unreadable"]),
        ("", "exit 0", &["sda1.unreadable"]),
    ] {
        // Without a type it says, as blkid(8) does, that the marks are ambiguous.
        program("blkid", &if kind.is_empty() { "exit 8".to_owned() } else { format!("echo {kind}") });
        program("mount", mounts);
        assert_eq!(stick("in"), marks, "{kind:?}, {mounts}");
        assert_eq!(stick("out"), [""; 0], "{kind:?}, {mounts}");
    }
}
