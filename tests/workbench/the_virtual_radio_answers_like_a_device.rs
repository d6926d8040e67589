//! The virtual radio behind the network device's channels.

use crate::browser::PATIENCE;
use crate::desk::config;
use madoguchi::device::network::{NetworkAsk, NetworkEvent, NetworkNews};
use madoguchi::model::ids::Attempt;
use madoguchi::model::screen::NetworkTrouble;
use madoguchi::model::secret::Secret;
use madoguchi::model::wifi_code::{Claim, WifiCode};
use madoguchi::workbench::air::{Internet, demo};
use madoguchi::workbench::radio::Pace;
use madoguchi::workbench::{Command, Desk, DeskConfig};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

async fn answer(events: &mut mpsc::Receiver<NetworkEvent>) -> (Attempt, NetworkNews) {
    loop {
        let event = timeout(PATIENCE, events.recv()).await.expect("an answer in time").expect("a desk");
        if let NetworkEvent::Answer { attempt, news } = event {
            return (attempt, news);
        }
    }
}

#[tokio::test]
async fn to_joining_losing_and_forgetting() {
    let quick = Duration::from_millis(5);
    let pace = Pace { scan: quick, associate: quick, address: quick };
    let (_tv, picture) = watch::channel(None);
    let desk = Desk::start(DeskConfig { pace, ..config() }, picture).await.unwrap();
    let control = desk.control();
    let mut ends = desk.ends;
    let wifi = |name: &str, passphrase: &str| WifiCode {
        ssid: name.into(),
        other_forms: Vec::new(),
        claim: Claim::Wpa,
        passphrase: Some(Secret::new(passphrase)),
        hidden: false,
        wpa3_only: false,
    };
    let join = |number, wifi| NetworkAsk::Join { attempt: Attempt(number), wifi };
    let trouble = |number, trouble| (Attempt(number), NetworkNews::Trouble(trouble));

    ends.network.asks.send(join(1, wifi("old-router", "abcde12345"))).await.unwrap();
    assert_eq!(answer(&mut ends.network.events).await, trouble(1, NetworkTrouble::Wep));
    ends.network.asks.send(join(2, wifi("midori-home", "wrong-passphrase"))).await.unwrap();
    assert_eq!(answer(&mut ends.network.events).await, trouble(2, NetworkTrouble::WrongPassword));
    assert!(!*ends.line.borrow());
    ends.network.asks.send(join(3, wifi("midori-home", "sakura-saku-2026"))).await.unwrap();
    assert_eq!(answer(&mut ends.network.events).await, (Attempt(3), NetworkNews::Up));
    timeout(PATIENCE, ends.line.wait_for(|carries| *carries)).await.expect("the line carries").unwrap();
    assert_eq!(control.radio().borrow().joined.as_deref(), Some("midori-home"));

    let portal = madoguchi::workbench::air::AccessPoint { behind: Internet::Portal, ..demo().remove(0) };
    control.run(Command::PutAccessPoint { point: portal }).await.unwrap();
    timeout(PATIENCE, ends.line.wait_for(|carries| !*carries)).await.expect("the portal stops it").unwrap();
    ends.network.asks.send(NetworkAsk::Forget { attempt: Attempt(4) }).await.unwrap();
    assert_eq!(answer(&mut ends.network.events).await, (Attempt(4), NetworkNews::Forgotten));
    let mut radio = control.radio();
    let forgotten = timeout(PATIENCE, radio.wait_for(|view| !view.remembers && view.joined.is_none())).await;
    assert!(forgotten.is_ok(), "no passphrase is held");
}

#[tokio::test]
async fn and_a_desk_that_cannot_be_set_up_says_why() {
    let (_tv, picture) = watch::channel(None);
    let first = Desk::start(config(), picture.clone()).await.unwrap();
    let port = first.address().port();
    let taken = Desk::start(DeskConfig { port, ..config() }, picture.clone()).await.map(|_| ()).unwrap_err();
    assert!(taken.to_string().contains("end what uses that port or take another"), "{taken}");
    let shown = "no-such".to_owned();
    let missing = Desk::start(DeskConfig { shown, ..config() }, picture).await.map(|_| ()).unwrap_err();
    assert_eq!(missing.to_string(), "nothing named \"no-such\" lies on the desk");
}
