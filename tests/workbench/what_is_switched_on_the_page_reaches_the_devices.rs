//! The page's switches and the virtual radio's controls.

use crate::browser::{PATIENCE, until};
use crate::desk::{desk, page};
use madoguchi::device::clock::ClockEvent;
use madoguchi::device::network::NetworkEvent;
use madoguchi::device::usb::UsbEvent;
use madoguchi::model::screen::NetworkTrouble;
use madoguchi::workbench::air::{Adapter, Band};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

async fn next<T>(events: &mut Receiver<T>) -> T {
    timeout(PATIENCE, events.recv()).await.expect("an event in time").expect("a desk")
}

/// The next word on whether the network carries.
async fn carries(events: &mut Receiver<NetworkEvent>) -> (bool, Option<NetworkTrouble>) {
    loop {
        if let NetworkEvent::Carries { up, trouble } = next(events).await {
            return (up, trouble);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_them() {
    let (desk, _tv) = desk().await;
    let mut ends = desk.ends;
    assert_eq!(next(&mut ends.clock).await, ClockEvent { known: true });
    let page = page(desk.running.address, &[]).await;
    assert_eq!(carries(&mut ends.network.events).await, (false, None));
    page.select("#cable", "reachable").await;
    assert!(matches!(next(&mut ends.network.events).await, NetworkEvent::Cable { plugged: true }));
    assert_eq!(carries(&mut ends.network.events).await, (true, None));
    timeout(PATIENCE, ends.line.wait_for(|carries| *carries)).await.expect("the line carries").unwrap();

    page.click("#switch-cut").await;
    assert_eq!(carries(&mut ends.network.events).await, (false, Some(NetworkTrouble::NoInternet)));
    timeout(PATIENCE, ends.line.wait_for(|carries| !*carries)).await.expect("the line is cut").unwrap();
    // A switch moves when the desk says so; a click before that would be the same click again.
    page.element("#switch-cut:checked").await;
    page.click("#switch-cut").await;
    assert_eq!(carries(&mut ends.network.events).await, (true, None));

    page.click("#switch-clock").await;
    assert_eq!(next(&mut ends.clock).await, ClockEvent { known: false });
    page.click("#switch-stick").await;
    assert!(matches!(next(&mut ends.usb).await, UsbEvent::In { .. }));
    page.element("#switch-stick:checked").await;
    page.click("#switch-stick").await;
    assert!(matches!(next(&mut ends.usb).await, UsbEvent::Out { .. }));
    let (mut camera, mut microphone) = (ends.camera.plugged(), ends.microphone.plugged());
    page.click("#switch-camera").await;
    timeout(PATIENCE, camera.wait_for(|plugged| !*plugged)).await.expect("the camera is out").unwrap();
    page.click("#switch-microphone").await;
    timeout(PATIENCE, microphone.wait_for(|plugged| !*plugged)).await.expect("the microphone is out").unwrap();
    let mut speaker = ends.speaker.plugged();
    page.click("#switch-speaker").await;
    timeout(PATIENCE, speaker.wait_for(|plugged| !*plugged)).await.expect("the TV is without sound").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn and_access_points_are_put_up_changed_and_taken_down() {
    let (desk, _tv) = desk().await;
    let radio = desk.control().radio();
    let page = page(desk.address(), &[]).await;
    page.click("#add").await;
    until("a fourth access point", async || (radio.borrow().air.len() == 4).then_some(())).await;
    page.element("[data-key=name-4]").await;
    page.select("[data-key=security-4]", "wpa3").await;
    let is_wpa3 = async || {
        let json = serde_json::to_value(&radio.borrow().air[3]).unwrap();
        (json["security"] == "wpa3").then_some(())
    };
    until("WPA3", is_wpa3).await;
    // Both before the desk can answer: the second must not undo the first.
    let at_once = "const at = (key) => document.querySelector(`[data-key=${key}-4]`);
        at('band').value = '5-ghz';
        at('band').dispatchEvent(new Event('change'));
        at('hidden').click();";
    page.script(at_once).await;
    let is_changed = async || {
        let point = radio.borrow().air[3].clone();
        (point.band == Band::Five && point.hidden).then_some(())
    };
    until("5 GHz and hidden", is_changed).await;
    page.select("#adapter", "off").await;
    until("the radio is off", async || (radio.borrow().adapter == Adapter::Off).then_some(())).await;
    page.click(".point:nth-child(4) .remove").await;
    until("three again", async || (radio.borrow().air.len() == 3).then_some(())).await;
}
