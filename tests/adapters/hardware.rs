//! Button, light and clock, as far as they can be had without hardware.

use madoguchi::device::button::{self, ButtonConfig};
use madoguchi::device::clock::{self, ClockConfig, ClockEvent};
use madoguchi::device::light::{self, Lamp};
use madoguchi::model::light::Light;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until a file holds something.
async fn until(path: &Path, holds: impl Fn(&str) -> bool) -> String {
    let waiting = async {
        loop {
            if let Ok(text) = fs::read_to_string(path)
                && holds(&text)
            {
                return text;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("the file holds it in time")
}

#[tokio::test]
async fn a_button_that_is_not_there_is_waited_for_until_nobody_listens() {
    let folder = tempfile::tempdir().unwrap();
    let (edges, heard) = mpsc::channel(1);
    let config = ButtonConfig { pin: None, device: folder.path().join("button"), key: None };
    let watching = tokio::spawn(button::run(edges, config));
    drop(heard);
    timeout(PATIENCE, watching).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_coloured_lamp_follows_the_light_and_goes_dark_in_the_end() {
    let lamp = tempfile::tempdir().unwrap();
    let file = |name: &str| lamp.path().join(name);
    fs::write(file("max_brightness"), "15\n").unwrap();
    fs::write(file("multi_index"), "green red blue\n").unwrap();
    fs::write(file("multi_intensity"), "0 0 0\n").unwrap();
    let (light, seen) = watch::channel(Light::Steady);
    let burning = tokio::spawn(light::run(seen, Lamp::Led(lamp.path().to_owned())));
    until(&file("brightness"), |text| text == "15").await;
    assert_eq!(fs::read_to_string(file("multi_intensity")).unwrap(), "255 255 255");
    light.send(Light::OnAir).unwrap();
    until(&file("multi_intensity"), |text| text == "0 255 0").await;
    until(&file("brightness"), |text| text == "0").await;
    until(&file("brightness"), |text| text == "15").await;
    light.send(Light::Breathing).unwrap();
    until(&file("brightness"), |text| text.parse().is_ok_and(|level: u32| level > 0 && level < 15)).await;
    drop(light);
    timeout(PATIENCE, burning).await.unwrap().unwrap();
    assert_eq!(fs::read_to_string(file("brightness")).unwrap(), "0");
}

#[tokio::test]
async fn a_clock_is_unknown_until_it_is_set_from_the_network() {
    let run = tempfile::tempdir().unwrap();
    let synchronized = run.path().join("synchronized");
    let (events, mut heard) = mpsc::channel(4);
    tokio::spawn(clock::run(events, ClockConfig { synchronized: synchronized.clone() }));
    let first = timeout(PATIENCE, heard.recv()).await.unwrap();
    assert_eq!(first, Some(ClockEvent { known: false }));
    fs::write(&synchronized, "").unwrap();
    let second = timeout(PATIENCE, heard.recv()).await.unwrap();
    assert_eq!(second, Some(ClockEvent { known: true }));
}
