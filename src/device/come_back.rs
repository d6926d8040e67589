//! Whatever stands in for a missing device is replaced when the device returns: one row for each file here.
#![expect(clippy::disallowed_methods, reason = "a test reads its own sources, and plays with files as devices do")]

use super::{button, camera, clock, light, sound, tv, usb};
use crate::model::light::Light;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(60);

/// How a device is seen to come back.
enum Back {
    /// Here.
    Here(fn() -> Pin<Box<dyn Future<Output = ()>>>),
    /// By this test of that file, which needs a browser or a bus of its own.
    There(&'static str, &'static str),
    /// Nothing stands in for it, for this reason.
    NothingStandsIn(&'static str),
}

/// Every file of `src/device`, with what stands in while the device is missing.
const DEVICES: [(&str, Back); 15] = [
    ("able", Back::NothingStandsIn("looks at other devices, each time anew")),
    // Nothing is pressed.
    ("button", Back::Here(|| Box::pin(button::tests::comes_back()))),
    // No frames.
    ("camera", Back::Here(|| Box::pin(camera::tests::comes_back()))),
    // "Unknown".
    ("clock", Back::Here(|| Box::pin(clock_comes_back()))),
    // Darkness.
    ("light", Back::Here(|| Box::pin(light_comes_back()))),
    ("link", Back::NothingStandsIn("a line is lost or refused by name, and the appliance asks for another")),
    // A black picture and silence.
    ("media", Back::There("tests/media/senses_that_come_back.rs", "in_a_call_again_and_again")),
    // "No radio".
    (
        "network",
        Back::There("tests/adapters/network.rs", "without_networkmanager_there_is_no_radio_and_nothing_to_forget"),
    ),
    ("running", Back::NothingStandsIn("a started pipeline, which belongs to another device")),
    // "The last update did not go back".
    ("slot", Back::There("tests/adapters/slot.rs", "a_rauc_that_comes_late_is_asked_all_the_same")),
    // Silence, and sound that is thrown away.
    ("sound", Back::Here(|| Box::pin(sound::tests::comes_back()))),
    ("stick", Back::NothingStandsIn("reads each stick that `usb` tells of")),
    ("store", Back::NothingStandsIn("waits longer than systemd lets the units run that open it")),
    // A display that is not there takes no picture.
    ("tv", Back::Here(|| Box::pin(tv::tests::comes_back()))),
    // No sticks.
    ("usb", Back::Here(|| Box::pin(sticks_come_back()))),
];

/// Not a device: what systemd is told, what one device tells another, and what the appliance is told of each.
const NO_DEVICES: [&str; 5] = ["come_back", "inputs", "pace", "root", "systemd"];

#[test]
fn every_device_has_a_row() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/device");
    let files = fs::read_dir(folder).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        Some(path.file_stem()?.to_str()?.to_owned())
    });
    let files: BTreeSet<String> = files.filter(|name| !NO_DEVICES.contains(&name.as_str())).collect();
    let rows: BTreeSet<String> = DEVICES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, rows, "a device without a row: say what stands in for it, and show that it goes again");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_stands_in_for_a_missing_device_is_replaced_when_it_returns() {
    for (name, back) in DEVICES {
        match back {
            Back::Here(comes_back) => {
                let back = timeout(4 * PATIENCE, comes_back()).await;
                assert!(back.is_ok(), "{name} does not come back");
                println!("{name} comes back");
            }
            Back::There(file, test) => {
                let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
                assert!(text.contains(&format!("fn {test}(")), "{file} has no test {test} for {name}");
            }
            Back::NothingStandsIn(why) => assert!(!why.is_empty()),
        }
    }
}

async fn clock_comes_back() {
    let run = tempfile::tempdir().unwrap();
    let synchronized = run.path().join("synchronized");
    let (events, mut heard) = mpsc::channel(4);
    let _running = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(clock::run(
        events,
        clock::ClockConfig { synchronized: synchronized.clone() },
    )));
    for known in [false, true] {
        let told = timeout(PATIENCE, heard.recv()).await.unwrap();
        assert_eq!(told, Some(clock::ClockEvent { known }));
        fs::write(&synchronized, "").unwrap();
    }
}

async fn light_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let lamp = folder.path().join("lamp");
    let (_light, seen) = watch::channel(Light::Breathing);
    let _running =
        tokio_util::task::AbortOnDropHandle::new(tokio::spawn(light::run(seen, light::Lamp::Led(lamp.clone()))));
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        fs::create_dir(&lamp).unwrap();
        fs::write(lamp.join("max_brightness"), "15").unwrap();
        let burns = async {
            while !fs::read_to_string(lamp.join("brightness")).is_ok_and(|text| text != "0" && !text.is_empty()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, burns).await.expect("the lamp burns");
        fs::rename(&lamp, folder.path().join("gone")).unwrap();
        fs::remove_dir_all(folder.path().join("gone")).unwrap();
    }
}

async fn sticks_come_back() {
    let sticks = tempfile::tempdir().unwrap();
    let (events, mut heard) = mpsc::channel(8);
    let _running = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(usb::run(
        events,
        sticks.path().to_owned(),
        usb::SETTLING,
    )));
    let folder = sticks.path().join("sda1");
    for _ in 0..3 {
        fs::create_dir(&folder).unwrap();
        fs::write(sticks.path().join("sda1.ready"), "").unwrap();
        assert!(matches!(timeout(PATIENCE, heard.recv()).await.unwrap(), Some(usb::UsbEvent::In { .. })));
        fs::remove_file(sticks.path().join("sda1.ready")).unwrap();
        fs::remove_dir(&folder).unwrap();
        assert!(matches!(timeout(PATIENCE, heard.recv()).await.unwrap(), Some(usb::UsbEvent::Out { .. })));
    }
}
