//! The page's switches and the virtual radio's controls.

use crate::browser::{PATIENCE, click, open, until};
use crate::desk::desk;
use fantoccini::{Client, Locator};
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

/// A switch moves when the desk says so; a click before that would be the same click again.
async fn moved(client: &Client, selector: &str) {
    until(selector, || async { client.find(Locator::Css(selector)).await.ok() }).await;
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
    open(desk.running.address, &[], |client| async move {
        assert_eq!(carries(&mut ends.network.events).await, (false, None));
        let cable = client.find(Locator::Css("#cable")).await.unwrap();
        cable.select_by_value("reachable").await.unwrap();
        assert!(matches!(next(&mut ends.network.events).await, NetworkEvent::Cable { plugged: true }));
        assert_eq!(carries(&mut ends.network.events).await, (true, None));
        timeout(PATIENCE, ends.line.wait_for(|carries| *carries)).await.expect("the line carries").unwrap();

        click(&client, "#switch-cut").await;
        assert_eq!(carries(&mut ends.network.events).await, (false, Some(NetworkTrouble::NoInternet)));
        timeout(PATIENCE, ends.line.wait_for(|carries| !*carries)).await.expect("the line is cut").unwrap();
        moved(&client, "#switch-cut:checked").await;
        click(&client, "#switch-cut").await;
        assert_eq!(carries(&mut ends.network.events).await, (true, None));

        click(&client, "#switch-clock").await;
        assert_eq!(next(&mut ends.clock).await, ClockEvent { known: false });
        click(&client, "#switch-stick").await;
        assert!(matches!(next(&mut ends.usb).await, UsbEvent::In { .. }));
        moved(&client, "#switch-stick:checked").await;
        click(&client, "#switch-stick").await;
        assert!(matches!(next(&mut ends.usb).await, UsbEvent::Out { .. }));
        let (mut camera, mut microphone) = (ends.camera.plugged(), ends.microphone.plugged());
        click(&client, "#switch-camera").await;
        timeout(PATIENCE, camera.wait_for(|plugged| !*plugged)).await.expect("the camera is out").unwrap();
        click(&client, "#switch-microphone").await;
        timeout(PATIENCE, microphone.wait_for(|plugged| !*plugged)).await.expect("the microphone is out").unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_access_points_are_put_up_changed_and_taken_down() {
    let (desk, _tv) = desk().await;
    let radio = desk.control().radio();
    open(desk.address(), &[], |client| async move {
        click(&client, "#add").await;
        let added = || async { (radio.borrow().air.len() == 4).then_some(()) };
        until("a fourth access point", added).await;
        until("it is on the page", || async { client.find(Locator::Css("[data-key=name-4]")).await.ok() }).await;
        let security = client.find(Locator::Css("[data-key=security-4]")).await.unwrap();
        security.select_by_value("wpa3").await.unwrap();
        let is_wpa3 = || async {
            let json = serde_json::to_value(&radio.borrow().air[3]).unwrap();
            (json["security"] == "wpa3").then_some(())
        };
        until("WPA3", is_wpa3).await;
        // Both before the desk can answer: the second must not undo the first.
        let at_once = "const at = (key) => document.querySelector(`[data-key=${key}-4]`);
            at('band').value = '5-ghz';
            at('band').dispatchEvent(new Event('change'));
            at('hidden').click();";
        client.execute(at_once, Vec::new()).await.unwrap();
        let is_changed = || async {
            let point = radio.borrow().air[3].clone();
            (point.band == Band::Five && point.hidden).then_some(())
        };
        until("5 GHz and hidden", is_changed).await;
        let adapter = client.find(Locator::Css("#adapter")).await.unwrap();
        adapter.select_by_value("off").await.unwrap();
        until("the radio is off", || async { (radio.borrow().adapter == Adapter::Off).then_some(()) }).await;
        click(&client, ".point:nth-child(4) .remove").await;
        until("three again", || async { (radio.borrow().air.len() == 3).then_some(()) }).await;
    })
    .await;
}
