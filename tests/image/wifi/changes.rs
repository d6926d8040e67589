//! What changes while the box is connected: the cable is pulled, the radio is switched off, the home's access point comes
//! back with less or with another password, and names lie. Each is told in its own words, and nothing is asked of what is
//! not accepted. No call is on: the figures are how long the family is left without a word, by the box's own clock.

use super::air::{PASSPHRASE, Point, air, up};
use super::{shows, turn, uptime};
use crate::ensure;
use crate::guest::{Outcome, PATIENCE};
use crate::story::city::{City, HOST};
use crate::story::relay::Relay;
use crate::story::street::{self, IMPOSTOR, Street};
use crate::story::{Home, said};
use madoguchi::workbench::camera::Scenery;
use madoguchi::workbench::papers::{Ink, sheet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The home's name in the air.
const HOME: &str = "hogar-2025";
/// What the home's passphrase is changed to.
const OTHER: &str = "another horse battery";

pub(crate) async fn lived(folder: &Path) -> Outcome {
    let _street = Street::lay(folder).await?;
    let impostor = Impostor::waits().await?;
    let relay = Relay::start(folder, street::ADDRESS);
    let city = City::open(folder, relay.turn(false)).await?;
    let mut home = Home::furnished(folder, city, None).await?;
    let lived = changes(&mut home, &impostor).await;
    if lived.is_err() {
        let state = air(&mut home.guest, "state").await.unwrap_or_else(|why| why);
        let log = home.log() + state.as_str();
        std::fs::write(folder.join("failed.log"), log).map_err(said)?;
    }
    lived
}

async fn changes(home: &mut Home, impostor: &Impostor) -> Outcome {
    home.is_lent().await?;
    home.reaches("a cable is there, and the paper is asked for", "qr-show-paper").await?;

    println!("    {:<52} {:>8}  then", "what changes", "said");
    let told = home.changes(Change::Cable(false), "network-").await?;
    figure("the cable is pulled", &told);
    // There is no radio yet: no code is asked for that nothing could use.
    home.comes_to("network-trouble-no-radio").await?;
    let told = home.changes(Change::Cable(true), "qr-show-paper").await?;
    figure("the cable is back", &told);

    // The cable is the access points' from here on.
    let since = home.guest.now().await?;
    up(&mut home.guest).await?;
    turn(&home.guest, since, "network-show-wifi", PATIENCE).await?;
    let good = Point::wpa3(HOME);
    good.start(&mut home.guest).await?;
    let told = home.changes(Change::Code(PASSPHRASE), "qr-show-paper").await?;
    figure("the code of a WPA3 network is shown", &told);

    // A switch in software is switched back.
    let told = home.changes(Change::RadioOff, "network-").await?;
    figure("the radio is switched off", &told);
    home.comes_to("qr-show-paper").await?;

    // Started anew, as after a fault of its own.
    let told = home.changes(Change::NetworkManager, "network-").await?;
    figure("NetworkManager starts anew", &told);
    home.comes_to("qr-show-paper").await?;

    for (what, worse, face) in [
        ("its name comes back without a password", Point::new(HOME, ""), "network-trouble-downgraded"),
        ("its name comes back with WPA2 alone", Point::wpa2(HOME), "network-trouble-downgraded"),
    ] {
        home.loses_its_wifi().await?;
        air(&mut home.guest, "fresh").await?;
        let told = home.changes(Change::Air(&worse), face).await?;
        let frames = air(&mut home.guest, "frames 1").await?;
        ensure(frames.trim().is_empty(), format!("asked of what is worse: {frames}"))?;
        figure(what, &told);
        home.loses_its_wifi().await?;
        let told = home.changes(Change::Air(&good), "qr-show-paper").await?;
        figure("it is as before", &told);
    }

    home.loses_its_wifi().await?;
    let other = Point::wpa3(HOME).but("sae_password", OTHER);
    let told = home.changes(Change::Air(&other), "network-trouble-wrong-password").await?;
    figure("its password was changed", &told);
    home.guest.machine.press(std::time::Duration::from_millis(300)).await.map_err(said)?;
    home.comes_to("network-show-wifi").await?;
    let told = home.changes(Change::Code(OTHER), "qr-show-paper").await?;
    figure("the new code is shown", &told);

    air(&mut home.guest, "behind 1 lying-names").await?;
    let paper = Scenery::Paper(Arc::new(home.city.paper()?));
    let told = home.changes(Change::Shown(paper), "network-trouble-untrusted").await?;
    figure("names lie: somebody else answers for the room", &told);
    let (met, read) = impostor.met();
    ensure(met > 0, "the box did not even speak to the impostor: the names did not lie")?;
    ensure(read == 0, format!("the impostor was told {read} bytes"))?;
    air(&mut home.guest, "behind 1 home").await?;
    let since = home.guest.now().await?;
    home.guest.machine.press(std::time::Duration::from_millis(300)).await.map_err(said)?;
    turn(&home.guest, since, "ready-mirror", PATIENCE).await?;
    Ok(())
}

fn figure(what: &str, (seconds, face): &(f64, String)) {
    println!("    {what:<52} {seconds:>6.1} s  {face}");
}

enum Change<'a> {
    Cable(bool),
    RadioOff,
    /// It is started anew.
    NetworkManager,
    /// An access point is switched on.
    Air(&'a Point),
    /// The router's code, with this passphrase, is shown.
    Code(&'a str),
    /// Something else is shown.
    Shown(Scenery),
}

impl Home {
    /// Changes something, and waits for a screen; how long that took, and the screen.
    async fn changes(&mut self, change: Change<'_>, pattern: &str) -> Outcome<(f64, String)> {
        let since = self.guest.now().await?;
        let mut begun = uptime(&mut self.guest).await?;
        match change {
            Change::Cable(up) => {
                let words = serde_json::json!({ "name": "cable", "up": up });
                self.guest.machine.qmp().execute("set_link", words).await.map_err(said)?;
            }
            Change::RadioOff => {
                air(&mut self.guest, "radio_off").await?;
            }
            Change::NetworkManager => {
                self.guest.run("systemctl restart NetworkManager").await?;
            }
            Change::Air(point) => {
                point.start(&mut self.guest).await?;
                begun = uptime(&mut self.guest).await?;
            }
            Change::Code(passphrase) => {
                let code = format!("WIFI:T:WPA;S:{HOME};P:{passphrase};;");
                self.slot.show(Scenery::Paper(Arc::new(sheet(&code, Ink::Router)?)));
            }
            Change::Shown(scenery) => self.slot.show(scenery),
        }
        let (told, face) = turn(&self.guest, since, pattern, PATIENCE).await?;
        self.picture(&face).await?;
        self.slot.show(Scenery::Nothing);
        Ok((told - begun, face))
    }

    /// The access point goes off, and its beacon is forgotten: for some seconds the supplicant would believe the old one,
    /// and ask what has its address by now for the security that it had. That gains nobody anything, and is not what
    /// is looked at here.
    async fn loses_its_wifi(&mut self) -> Outcome {
        air(&mut self.guest, "off 1").await?;
        self.guest.until("the old beacon's being forgotten", "sh /run/air.sh nothing_heard", PATIENCE).await.map(drop)
    }

    /// Waits until the newest screen is this one.
    async fn comes_to(&mut self, screen: &str) -> Outcome {
        shows(&mut self.guest, screen, PATIENCE).await.map(drop)
    }
}

/// Somebody who answers for the room with a certificate of their own.
struct Impostor(Arc<(AtomicUsize, AtomicUsize)>);

impl Impostor {
    async fn waits() -> Outcome<Self> {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).map_err(said)?;
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key));
        let acceptor = TlsAcceptor::from(Arc::new(config.map_err(said)?));
        let listener = TcpListener::bind((IMPOSTOR, 443)).await.map_err(said)?;
        let counts = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let counted = counts.clone();
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                let (acceptor, counted) = (acceptor.clone(), counted.clone());
                counted.0.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let Ok(mut opened) = acceptor.accept(line).await else { return };
                    let mut said = Vec::new();
                    let _ = opened.read_to_end(&mut said).await;
                    counted.1.fetch_add(said.len(), Ordering::Relaxed);
                });
            }
        });
        Ok(Self(counts))
    }

    /// How many came, and how many bytes they told.
    fn met(&self) -> (usize, usize) {
        (self.0.0.load(Ordering::Relaxed), self.0.1.load(Ordering::Relaxed))
    }
}
