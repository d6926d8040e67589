//! What lies on a stick, and whose signature counts: real folders, real keys.

use madoguchi::device::stick;
use madoguchi::device::usb::{self, UsbEvent};
use madoguchi::model::stick::{PaperRefusal, Stick, StickId, StickNews, return_order_for};
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
        for name in ["site", "stick/sda1"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("site/midori.pub"), keys.pk.to_box().unwrap().into_string()).unwrap();
        Self { folder, keys }
    }

    fn site(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    fn sticks(&self) -> PathBuf {
        self.folder.path().join("stick")
    }

    fn stick(&self) -> PathBuf {
        self.sticks().join("sda1")
    }

    fn read(&self) -> Stick {
        papers::read(&self.stick(), &papers::public_keys(&self.site()).unwrap().0)
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
    sign(&city.keys, &city.stick().join("madoguchi/return.toml"), &return_order_for("DEMO-2026-000"));
    fs::write(city.stick().join("a.RAUCB"), "").unwrap();
    fs::write(city.stick().join("b.raucb"), "").unwrap();
    fs::write(city.stick().join("._c.raucb"), "").unwrap();
    let stick = city.read();
    let order = stick.loan.unwrap().unwrap();
    assert_eq!((order.loan.id.as_str(), order.text.as_str()), ("DEMO-2026-001", LOAN));
    assert_eq!(stick.give_back, Some(Ok("DEMO-2026-000".to_owned())));
    assert_eq!(stick.update, Some(city.stick().join("b.raucb")));
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
    let PaperRefusal::Invalid { problem } = refusal(&city) else { panic!("{:?}", city.read()) };
    assert!(problem.starts_with("format: is 9"), "{problem}");
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

#[test]
fn a_broken_key_is_named_and_takes_no_other_along() {
    let city = City::new();
    fs::write(city.site().join("a-broken.pub"), "rubbish").unwrap();
    fs::write(city.site().join("z-empty.pub"), "").unwrap();
    let (keys, broken) = papers::public_keys(&city.site()).unwrap();
    assert_eq!(keys.len(), 1);
    let names: Vec<_> =
        broken.iter().map(|why| ["a-broken.pub", "z-empty.pub"].map(|name| why.contains(name))).collect();
    assert_eq!(names, [[true, false], [false, true]], "{broken:?}");
    sign(&city.keys, &city.stick().join("loan.toml"), LOAN);
    assert!(city.read().loan.unwrap().is_ok());
    let nowhere = papers::public_keys(&city.site().join("nowhere")).unwrap_err();
    assert!(nowhere.contains("nowhere"), "{nowhere}");
}

#[tokio::test]
async fn a_stick_is_told_once_it_is_ready_and_when_it_goes() {
    let city = City::new();
    let (events, mut heard) = mpsc::channel(4);
    let ready = city.sticks().join("sda1.ready");
    fs::write(&ready, "").unwrap();
    // A second one that is being mounted.
    fs::create_dir(city.sticks().join("sdb1")).unwrap();
    tokio::spawn(usb::run(events, city.sticks()));
    let mut next = async || timeout(PATIENCE, heard.recv()).await.unwrap().unwrap();
    assert_eq!(next().await, UsbEvent::In { folder: city.stick(), at_start: true });
    fs::write(city.sticks().join("sdb1.ready"), "").unwrap();
    let second = city.sticks().join("sdb1");
    assert_eq!(next().await, UsbEvent::In { folder: second.clone(), at_start: false });
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
    tokio::spawn(stick::run(plugged, news, city.site()));
    let mut next = async || timeout(PATIENCE, heard.recv()).await.unwrap().unwrap();
    for (number, at_start) in [(1, true), (2, false)] {
        plugs.send(UsbEvent::In { folder: city.stick(), at_start }).await.unwrap();
        let StickNews::In(stick) = next().await else { panic!("it comes") };
        assert_eq!((stick.id, stick.by_hand), (StickId(number), !at_start));
        assert!(stick.loan.unwrap().is_ok());
        plugs.send(UsbEvent::Out { folder: city.stick() }).await.unwrap();
        assert_eq!(next().await, StickNews::Out(StickId(number)));
    }
}
