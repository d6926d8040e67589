//! NetworkManager, played by this test, and what the network adapter does with it.

mod nm;

use crate::bus::{Log, on_a_private_bus};
use madoguchi::device::network::{NetworkAsk, NetworkEvent, NetworkNews, run};
use madoguchi::device::{Device, device};
use madoguchi::model::ids::Attempt;
use madoguchi::model::screen::NetworkTrouble;
use madoguchi::model::secret::Secret;
use madoguchi::model::wifi_code::{Claim, WifiCode};
use nm::{CCMP, Nm, PSK, SAE, TKIP};
use std::time::Duration;
use tokio::time::timeout;
use zbus::zvariant::Value;

const PATIENCE: Duration = Duration::from_secs(60);
const PASSPHRASE: &str = "correct horse battery";

type Network = Device<NetworkAsk, NetworkEvent>;

fn start() -> Network {
    start_with("/dev/null/wifi.json".into())
}

/// With a file of known networks. (The other one cannot be made, not even by root.)
fn start_with(known: std::path::PathBuf) -> Network {
    start_for(known, Vec::new())
}

/// With a loan whose counters these are.
fn start_for(known: std::path::PathBuf, counters: Vec<String>) -> Network {
    let (network, behind) = device();
    tokio::spawn(run(behind, known, tokio::sync::watch::channel(counters).1));
    network
}

fn home(passphrase: &str) -> WifiCode {
    WifiCode {
        ssid: "家".to_owned(),
        other_forms: vec![vec![0x89, 0xc6]],
        claim: Claim::Wpa,
        passphrase: Some(Secret::new(passphrase)),
        hidden: false,
        wpa3_only: false,
    }
}

async fn event(network: &mut Network) -> NetworkEvent {
    timeout(PATIENCE, network.events.recv()).await.expect("the network says something").expect("it lives")
}

/// The answer to an ask, whatever else is told meanwhile.
async fn answer(network: &mut Network, ask: NetworkAsk) -> NetworkNews {
    let asked = ask.attempt();
    assert!(network.asks.send(ask).await.is_ok());
    loop {
        if let NetworkEvent::Answer { attempt, news } = event(network).await {
            assert_eq!(attempt, asked);
            return news;
        }
    }
}

async fn join(network: &mut Network, wifi: WifiCode) -> NetworkNews {
    answer(network, NetworkAsk::Join { attempt: Attempt(1), wifi }).await
}

/// Waits until the network says that it carries, or why it does not.
async fn carries(network: &mut Network, expected: (bool, Option<NetworkTrouble>)) {
    loop {
        if let NetworkEvent::Carries { up, trouble } = event(network).await
            && (up, trouble) == expected
        {
            return;
        }
    }
}

fn says_no_secret(log: &Log) {
    let log = log.text();
    assert!(log.contains("NetworkManager is there"), "the log was taken: {log}");
    for secret in [PASSPHRASE, "家", "wrong passphrase"] {
        assert!(!log.contains(secret), "{secret} stands in the log:\n{log}");
    }
}

#[test]
fn the_strongest_accepted_access_point_is_joined_pinned_and_volatile_and_forgotten() {
    on_a_private_bus(
        "network::the_strongest_accepted_access_point_is_joined_pinned_and_volatile_and_forgotten",
        |log| async move {
            let nm = Nm::start(PASSPHRASE).await;
            nm.hear("家".as_bytes(), 40, 0, CCMP | PSK);
            nm.hear(&[0x89, 0xc6], 70, 0, CCMP | PSK);
            nm.hear("家".as_bytes(), 99, TKIP | PSK, TKIP | CCMP | PSK);
            nm.hear("隣".as_bytes(), 95, 0, CCMP | PSK);
            let mut network = start();
            carries(&mut network, (false, None)).await;
            assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Up);
            let [joined] = &nm.joined()[..] else { panic!("joined once") };
            assert_eq!(joined.access_point, 1, "the accepted one with the Shift_JIS name");
            assert_eq!(joined.option("persist"), Value::from("volatile"));
            assert_eq!(joined.option("bind-activation"), Value::from("dbus-client"));
            assert_eq!(joined.setting("802-11-wireless", "ssid"), Value::from(vec![0x89u8, 0xc6]));
            assert_eq!(joined.setting("802-11-wireless-security", "key-mgmt"), Value::from("wpa-psk"));
            assert_eq!(joined.setting("802-11-wireless-security", "proto"), Value::from(vec!["rsn"]));
            assert_eq!(joined.setting("802-11-wireless-security", "pairwise"), Value::from(vec!["ccmp"]));
            assert_eq!(joined.setting("802-11-wireless-security", "group"), Value::from(vec!["ccmp"]));
            assert_eq!(nm.profiles(), 1);
            carries(&mut network, (true, None)).await;

            let forgotten = answer(&mut network, NetworkAsk::Forget { attempt: Attempt(2) }).await;
            assert_eq!(forgotten, NetworkNews::Forgotten);
            assert_eq!((nm.profiles(), nm.active()), (0, None));
            carries(&mut network, (false, None)).await;
            says_no_secret(&log);
        },
    );
}

#[test]
fn a_wrong_passphrase_and_weak_networks_are_named() {
    on_a_private_bus("network::a_wrong_passphrase_and_weak_networks_are_named", |log| async move {
        let nm = Nm::start(PASSPHRASE).await;
        let mut network = start();
        let place = nm.hear("家".as_bytes(), 80, 0, CCMP | PSK);
        let wrong = join(&mut network, home("wrong passphrase")).await;
        assert_eq!(wrong, NetworkNews::Trouble(NetworkTrouble::WrongPassword));
        assert_eq!(nm.profiles(), 0, "NetworkManager keeps nothing of it");
        let short = join(&mut network, home("short")).await;
        assert_eq!(short, NetworkNews::Trouble(NetworkTrouble::WrongPassword));
        assert_eq!(nm.joined().len(), 1, "what cannot be a passphrase is not tried");
        for (wpa, rsn, trouble) in [
            (TKIP | PSK, 0, NetworkTrouble::Wpa1),
            (0, 0, NetworkTrouble::Wep),
            (0, CCMP | 0x200, NetworkTrouble::Enterprise),
        ] {
            nm.change(place, wpa, rsn);
            assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Trouble(trouble));
        }
        assert_eq!(nm.joined().len(), 1, "no weak network is ever joined");
        says_no_secret(&log);
    });
}

#[test]
fn where_wpa3_is_offered_and_fails_wpa2_is_not_tried_instead() {
    on_a_private_bus("network::where_wpa3_is_offered_and_fails_wpa2_is_not_tried_instead", |_| async move {
        let nm = Nm::start(PASSPHRASE).await;
        nm.without_sae();
        nm.hear("家".as_bytes(), 80, 0, CCMP | PSK | SAE);
        let mut network = start();
        assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Trouble(NetworkTrouble::NoRadio));
        let [tried] = &nm.joined()[..] else { panic!("tried once") };
        assert_eq!(tried.setting("802-11-wireless-security", "key-mgmt"), Value::from("sae"));
        assert_eq!(tried.setting("802-11-wireless-security", "pmf"), Value::from(3i32));
    });
}

#[test]
fn a_hidden_network_is_called_by_its_name_and_judged_before_it_is_joined() {
    on_a_private_bus(
        "network::a_hidden_network_is_called_by_its_name_and_judged_before_it_is_joined",
        |_| async move {
            let nm = Nm::start(PASSPHRASE).await;
            nm.hear("隣".as_bytes(), 90, 0, CCMP | PSK);
            let place = nm.hear_hidden("家".as_bytes(), 60, TKIP | PSK);
            let mut network = start();
            let hidden = || WifiCode { hidden: true, ..home(PASSPHRASE) };
            let weak = join(&mut network, hidden()).await;
            assert_eq!(weak, NetworkNews::Trouble(NetworkTrouble::Wpa1));
            assert!(nm.joined().is_empty());
            nm.change(place, 0, CCMP | PSK);
            assert_eq!(join(&mut network, hidden()).await, NetworkNews::Up);
            assert_eq!(nm.joined()[0].access_point, place);
            assert_eq!(nm.joined()[0].setting("802-11-wireless", "hidden"), Value::from(true));
        },
    );
}

#[test]
fn a_hidden_network_is_called_although_its_code_does_not_say_that_it_is_one() {
    on_a_private_bus(
        "network::a_hidden_network_is_called_although_its_code_does_not_say_that_it_is_one",
        |_| async move {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("known/wifi.json");
            let nm = Nm::start(PASSPHRASE).await;
            nm.hear("隣".as_bytes(), 90, 0, CCMP | PSK);
            let place = nm.hear_hidden("家".as_bytes(), 60, CCMP | PSK);
            let mut network = start_with(file.clone());
            assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Up);
            assert_eq!(nm.joined()[0].access_point, place);
            assert_eq!(nm.joined()[0].setting("802-11-wireless", "hidden"), Value::from(true));
            let kept = std::fs::read_to_string(file).unwrap();
            assert!(kept.contains("\"hidden\":true"), "the next start calls it at once: {kept}");
        },
    );
}

#[test]
fn a_neighbours_open_network_of_the_same_name_refuses_nothing_before_a_second_look() {
    on_a_private_bus(
        "network::a_neighbours_open_network_of_the_same_name_refuses_nothing_before_a_second_look",
        |_| async move {
            let nm = Nm::start(PASSPHRASE).await;
            nm.hear("家".as_bytes(), 90, 0, 0);
            let place = nm.hear_late("家".as_bytes(), 40, CCMP | PSK);
            let mut network = start();
            assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Up);
            assert_eq!(nm.joined()[0].access_point, place);
        },
    );
}

#[test]
fn what_a_telephone_writes_of_a_network_does_not_outrank_its_beacon() {
    on_a_private_bus("network::what_a_telephone_writes_of_a_network_does_not_outrank_its_beacon", |_| async move {
        let nm = Nm::start(PASSPHRASE).await;
        nm.radio_without_sae();
        let place = nm.hear("家".as_bytes(), 80, 0, CCMP | SAE | PSK);
        let mut network = start();
        let sae = || WifiCode { claim: Claim::Sae, ..home(PASSPHRASE) };
        assert_eq!(join(&mut network, sae()).await, NetworkNews::Up);
        assert_eq!(nm.joined()[0].setting("802-11-wireless-security", "key-mgmt"), Value::from("wpa-psk"));
        nm.change(place, 0, CCMP | SAE);
        let only = join(&mut network, sae()).await;
        assert_eq!(only, NetworkNews::Trouble(NetworkTrouble::RadioWithoutWpa3));
    });
}

#[test]
fn a_network_that_gets_worse_while_it_is_used_is_left() {
    on_a_private_bus("network::a_network_that_gets_worse_while_it_is_used_is_left", |_| async move {
        let nm = Nm::start(PASSPHRASE).await;
        let place = nm.hear("家".as_bytes(), 80, 0, CCMP | PSK);
        let mut network = start();
        assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Up);
        carries(&mut network, (true, None)).await;
        nm.change(place, TKIP | PSK, TKIP | PSK);
        carries(&mut network, (false, Some(NetworkTrouble::Downgraded))).await;
        assert_eq!((nm.profiles(), nm.active()), (0, None));
    });
}

#[test]
fn what_was_really_negotiated_counts_more_than_what_was_asked_for() {
    on_a_private_bus("network::what_was_really_negotiated_counts_more_than_what_was_asked_for", |_| async move {
        let nm = Nm::start(PASSPHRASE).await;
        nm.hear("家".as_bytes(), 80, 0, CCMP | PSK | SAE);
        nm.negotiates("WPA2-PSK");
        let mut network = start();
        let joined = join(&mut network, home(PASSPHRASE)).await;
        assert_eq!(joined, NetworkNews::Trouble(NetworkTrouble::Downgraded), "WPA3 was asked for");
        assert_eq!((nm.profiles(), nm.active()), (0, None));
        // No signal tells it: the glance does.
        for worse in ["WPA2-PSK", "WPA-PSK", "NONE"] {
            nm.negotiates("SAE");
            assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Up);
            carries(&mut network, (true, None)).await;
            nm.negotiates(worse);
            carries(&mut network, (false, Some(NetworkTrouble::Downgraded))).await;
            assert_eq!((nm.profiles(), nm.active()), (0, None), "{worse}");
        }
    });
}

#[test]
fn a_network_that_nobody_asked_for_is_left() {
    on_a_private_bus("network::a_network_that_nobody_asked_for_is_left", |_| async move {
        let nm = Nm::start(PASSPHRASE).await;
        let place = nm.hear("隣".as_bytes(), 80, 0, CCMP | PSK);
        let mut network = start();
        carries(&mut network, (false, None)).await;
        nm.joined_by_somebody_else(place).await;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while nm.active().is_some() {
            assert!(tokio::time::Instant::now() < deadline, "it is still used");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
}

#[test]
fn a_radio_without_sae_says_so_before_anything_is_tried() {
    on_a_private_bus("network::a_radio_without_sae_says_so_before_anything_is_tried", |_| async move {
        let nm = Nm::start(PASSPHRASE).await;
        nm.radio_without_sae();
        let place = nm.hear("家".as_bytes(), 80, 0, CCMP | SAE);
        let mut network = start();
        let only = join(&mut network, home(PASSPHRASE)).await;
        assert_eq!(only, NetworkNews::Trouble(NetworkTrouble::RadioWithoutWpa3));
        assert!(nm.joined().is_empty());
        nm.change(place, 0, CCMP | SAE | PSK);
        assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Up);
        assert_eq!(nm.joined()[0].setting("802-11-wireless-security", "key-mgmt"), Value::from("wpa-psk"));
    });
}

#[test]
fn a_known_network_is_joined_after_a_start_never_with_less_and_forgotten_when_asked_to() {
    on_a_private_bus(
        "network::a_known_network_is_joined_after_a_start_never_with_less_and_forgotten_when_asked_to",
        |log| async move {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("known/wifi.json");
            let nm = Nm::start(PASSPHRASE).await;
            let place = nm.hear("家".as_bytes(), 80, 0, CCMP | SAE);
            let known = |attempt| NetworkAsk::JoinKnown { attempt: Attempt(attempt) };
            let nothing = NetworkNews::Trouble(NetworkTrouble::NotInTheAir);
            let mut network = start_with(file.clone());
            assert_eq!(answer(&mut network, known(1)).await, nothing, "none is known yet");
            assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Up);
            drop(network);
            nm.lose().await;

            let mut network = start_with(file.clone());
            assert_eq!(answer(&mut network, known(2)).await, NetworkNews::Up);
            nm.lose().await;
            nm.change(place, 0, CCMP | PSK);
            let tried = nm.joined().len();
            let worse = NetworkNews::Trouble(NetworkTrouble::Downgraded);
            assert_eq!(answer(&mut network, known(3)).await, worse, "it had WPA3 before");
            assert_eq!(join(&mut network, home(PASSPHRASE)).await, worse, "whatever code is shown");
            assert_eq!(nm.joined().len(), tried, "nothing was tried");

            let forgotten = answer(&mut network, NetworkAsk::Forget { attempt: Attempt(4) }).await;
            assert_eq!(forgotten, NetworkNews::Forgotten);
            assert!(!file.exists());
            assert_eq!(answer(&mut network, known(5)).await, nothing);
            says_no_secret(&log);
        },
    );
}

#[test]
fn a_page_to_be_agreed_to_is_named_and_looked_at_again() {
    on_a_private_bus("network::a_page_to_be_agreed_to_is_named_and_looked_at_again", |_| async move {
        let nm = Nm::start(PASSPHRASE).await;
        nm.hear("家".as_bytes(), 80, 0, CCMP | PSK);
        nm.connectivity(2).await;
        let mut network = start();
        assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Trouble(NetworkTrouble::Portal));
        assert_eq!(nm.active(), Some(0), "kept, so that it can be looked at again");
        nm.connectivity(4).await;
        let checked = answer(&mut network, NetworkAsk::Check { attempt: Attempt(3) }).await;
        assert_eq!(checked, NetworkNews::Up);
        assert_eq!(nm.joined().len(), 1);
    });
}

/// NetworkManager's check asks one server somewhere in the world; a call needs another.
#[test]
fn where_the_counter_answers_the_internet_is_not_missed() {
    on_a_private_bus("network::where_the_counter_answers_the_internet_is_not_missed", |_| async move {
        const LIMITED: u32 = 3;
        let nm = Nm::start(PASSPHRASE).await;
        nm.hear("家".as_bytes(), 80, 0, CCMP | PSK);
        nm.connectivity(LIMITED).await;
        let counter = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let at = counter.local_addr().unwrap().to_string();
        // One that is down beside it.
        let mut network = start_for("/dev/null/wifi.json".into(), vec!["127.0.0.1:1".to_owned(), at]);
        assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Up);
        carries(&mut network, (true, None)).await;
        nm.connectivity(2).await;
        carries(&mut network, (false, Some(NetworkTrouble::Portal))).await;
        nm.connectivity(LIMITED).await;
        drop(counter);
        let checked = answer(&mut network, NetworkAsk::Check { attempt: Attempt(3) }).await;
        assert_eq!(checked, NetworkNews::Trouble(NetworkTrouble::NoInternet));
        carries(&mut network, (false, Some(NetworkTrouble::NoInternet))).await;
    });
}

#[test]
fn without_a_radio_that_is_said_before_a_code_is_asked_for() {
    on_a_private_bus("network::without_a_radio_that_is_said_before_a_code_is_asked_for", |_| async move {
        let nm = Nm::start(PASSPHRASE).await;
        nm.without_radio();
        let mut network = start();
        let known = answer(&mut network, NetworkAsk::JoinKnown { attempt: Attempt(1) }).await;
        assert_eq!(known, NetworkNews::Trouble(NetworkTrouble::NoRadio));
    });
}

#[test]
fn a_lost_network_is_joined_again_by_itself() {
    on_a_private_bus("network::a_lost_network_is_joined_again_by_itself", |_| async move {
        let nm = Nm::start(PASSPHRASE).await;
        nm.hear("家".as_bytes(), 80, 0, CCMP | PSK);
        let mut network = start();
        assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Up);
        carries(&mut network, (true, None)).await;
        nm.lose().await;
        carries(&mut network, (false, Some(NetworkTrouble::LineLost))).await;
        carries(&mut network, (true, None)).await;
        assert_eq!(nm.joined().len(), 2);
    });
}

#[test]
fn a_cable_is_told() {
    on_a_private_bus("network::a_cable_is_told", |_| async move {
        let nm = Nm::start(PASSPHRASE).await;
        nm.plug(true).await;
        let mut network = start();
        assert!(matches!(event(&mut network).await, NetworkEvent::Cable { plugged: true }));
        assert!(matches!(event(&mut network).await, NetworkEvent::Carries { up: true, trouble: None }));
        nm.plug(false).await;
        assert!(matches!(event(&mut network).await, NetworkEvent::Cable { plugged: false }));
        assert!(matches!(event(&mut network).await, NetworkEvent::Carries { up: false, trouble: None }));
    });
}

#[test]
fn without_networkmanager_there_is_no_radio_and_nothing_to_forget() {
    on_a_private_bus("network::without_networkmanager_there_is_no_radio_and_nothing_to_forget", |_| async move {
        let mut network = start();
        carries(&mut network, (false, Some(NetworkTrouble::NotWorking))).await;
        assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Trouble(NetworkTrouble::NotWorking));
        let forgotten = answer(&mut network, NetworkAsk::Forget { attempt: Attempt(2) }).await;
        assert_eq!(forgotten, NetworkNews::Forgotten);
        // It comes up later.
        let nm = Nm::start(PASSPHRASE).await;
        nm.hear("家".as_bytes(), 80, 0, CCMP | PSK);
        carries(&mut network, (false, None)).await;
        assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Up);
    });
}

/// A bus allows 512 subscriptions to one program. In a block of flats more access points than that are heard within days.
#[test]
fn access_points_that_come_and_go_use_up_no_subscriptions() {
    on_a_private_bus("network::access_points_that_come_and_go_use_up_no_subscriptions", |_| async move {
        let nm = Nm::start(PASSPHRASE).await;
        nm.hear("家".as_bytes(), 80, 0, CCMP | PSK);
        let mut network = start();
        assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Up);
        carries(&mut network, (true, None)).await;
        let before = nm.subscriptions().await;
        let mut most = 0;
        for street in 0..14 {
            let first = street as usize * 50;
            nm.strangers_come(first, 50).await;
            for attempt in 0..2 {
                let checked = answer(&mut network, NetworkAsk::Check { attempt: Attempt(street * 2 + attempt) });
                assert_eq!(checked.await, NetworkNews::Up, "{first} strangers have been heard");
            }
            nm.strangers_go(first, 50).await;
            most = most.max(nm.subscriptions().await);
        }
        // Some are held for the moment of a question.
        assert!(most < 64, "{before} subscriptions before 700 strangers, {most} after them");
        nm.lose().await;
        carries(&mut network, (false, Some(NetworkTrouble::LineLost))).await;
        carries(&mut network, (true, None)).await;
    });
}

#[test]
fn a_networkmanager_that_restarts_is_noticed_and_the_wifi_is_joined_again() {
    on_a_private_bus(
        "network::a_networkmanager_that_restarts_is_noticed_and_the_wifi_is_joined_again",
        |log| async move {
            let mut nm = Nm::start(PASSPHRASE).await;
            nm.hear("家".as_bytes(), 80, 0, CCMP | PSK);
            let mut network = start();
            assert_eq!(join(&mut network, home(PASSPHRASE)).await, NetworkNews::Up);
            carries(&mut network, (true, None)).await;
            for _ in 0..3 {
                nm.stop().await;
                nm = Nm::start(PASSPHRASE).await;
                nm.hear("家".as_bytes(), 80, 0, CCMP | PSK);
                carries(&mut network, (false, Some(NetworkTrouble::LineLost))).await;
                carries(&mut network, (true, None)).await;
                assert_eq!((nm.joined().len(), nm.active()), (1, Some(0)));
                assert!(nm.subscriptions().await < 64, "each restart leaves some behind");
            }
            says_no_secret(&log);
        },
    );
}

/// What was asked meanwhile is not lost with it, and nobody waits for an answer that cannot come.
#[test]
fn a_code_that_was_being_joined_is_joined_after_the_restart() {
    on_a_private_bus("network::a_code_that_was_being_joined_is_joined_after_the_restart", |_| async move {
        let nm = Nm::start(PASSPHRASE).await;
        nm.hear("家".as_bytes(), 80, 0, CCMP | PSK);
        nm.stalls();
        let mut network = start();
        assert!(network.asks.send(NetworkAsk::Join { attempt: Attempt(7), wifi: home(PASSPHRASE) }).await.is_ok());
        let asked = async {
            while nm.joined().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, asked).await.expect("it is asked to join");
        nm.stop().await;
        let nm = Nm::start(PASSPHRASE).await;
        nm.hear("家".as_bytes(), 80, 0, CCMP | PSK);
        loop {
            if let NetworkEvent::Answer { attempt, news } = event(&mut network).await {
                assert_eq!((attempt, news), (Attempt(7), NetworkNews::Up));
                break;
            }
        }
        assert_eq!(nm.joined().len(), 1);
    });
}
