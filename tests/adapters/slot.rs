//! Updates, restarts and the mark "good", against RAUC and systemd as [`crate::rauc`] plays them.

use crate::bus::on_a_private_bus;
use crate::rauc::{Asked, Script, script, served, served_requests};
use madoguchi::cities::Places;
use madoguchi::device::able;
use madoguchi::device::root;
use madoguchi::device::slot::{SlotAsk, SlotConfig, SlotEvent, run};
use madoguchi::device::{Device, device};
use madoguchi::model::able::{Able, CameraSight};
use madoguchi::model::ids::Attempt;
use madoguchi::model::update::{UpdateNews, UpdateRefusal};
use madoguchi::supervisor::good::{GoodConfig, good};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(60);
const ATTEMPT: Attempt = Attempt(4);

/// A running version 1.0.0 and a stick with something that looks like a bundle.
struct Desk {
    folder: tempfile::TempDir,
    slot: Device<SlotAsk, SlotEvent>,
    config: SlotConfig,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("os-release"), "ID=debian\nIMAGE_VERSION=1.0.0\n").unwrap();
        let mut bundle = b"hsqs".to_vec();
        bundle.resize(40, 0);
        bundle.extend_from_slice(&96u64.to_le_bytes());
        bundle.resize(128, 7);
        fs::create_dir_all(folder.path().join("stick/sda1")).unwrap();
        fs::write(folder.path().join("stick/sda1/new.raucb"), bundle).unwrap();
        let (slot, behind) = device();
        let at = |name: &str| folder.path().join(name);
        let config = SlotConfig {
            os_release: at("os-release"),
            restart: at("restart"),
            install: root::Desk { request: at("install"), answer: at("installed") },
            sticks: at("stick"),
            anchors: at("anchors.pem"),
            abandon: at("abandon"),
            cities: Places { trust: at("trust"), site: at("site"), settled: None },
            scheme: "http",
        };
        tokio::spawn(run(behind, config.clone()));
        tokio::spawn(served_requests(config.clone()));
        Self { folder, slot, config }
    }

    fn bundle(&self) -> PathBuf {
        self.config.sticks.join("sda1/new.raucb")
    }

    async fn next(&mut self) -> SlotEvent {
        timeout(PATIENCE, self.slot.events.recv()).await.unwrap().unwrap()
    }

    async fn ask(&self, bundle: &Path, by_hand: bool) {
        let ask = SlotAsk::Update { attempt: ATTEMPT, bundle: bundle.to_owned(), by_hand };
        self.slot.asks.send(ask).await.unwrap();
    }

    /// The last word on an update.
    async fn outcome(&mut self, by_hand: bool) -> UpdateNews {
        self.ask(&self.bundle(), by_hand).await;
        loop {
            match self.next().await {
                SlotEvent::Update { attempt, news } => {
                    assert_eq!(attempt, ATTEMPT);
                    if !matches!(news, UpdateNews::Installing { .. }) {
                        return news;
                    }
                }
                SlotEvent::WentBack => panic!("nothing went back"),
            }
        }
    }
}

fn offers(compatible: &str, version: &str) -> Option<Result<(String, String), String>> {
    Some(Ok((compatible.to_owned(), version.to_owned())))
}

#[test]
fn an_update_is_installed_with_its_progress_and_the_device_restarted() {
    on_a_private_bus("slot::an_update_is_installed_with_its_progress_and_the_device_restarted", |_| async move {
        let script = Script {
            inspects: offers("madoguchi-arm64", "1.1.0"),
            installs: Some(Ok(())),
            busy: 2,
            ..Script::default()
        };
        let (_bus, _, mut asked) = served(script).await;
        let mut desk = Desk::new();
        desk.ask(&desk.bundle(), false).await;
        let news = |percent| SlotEvent::Update { attempt: ATTEMPT, news: UpdateNews::Installing { percent } };
        let begun = desk.next().await;
        if begun != news(20) {
            // RAUC had not begun yet.
            assert_eq!((begun, desk.next().await), (news(0), news(20)));
        }
        assert_eq!(desk.next().await, SlotEvent::Update { attempt: ATTEMPT, news: UpdateNews::Installed });
        assert_eq!(asked.recv().await, Some(Asked::Install(desk.bundle().display().to_string())));
        desk.slot.asks.send(SlotAsk::Restart).await.unwrap();
        let restart = desk.folder.path().join("restart");
        let written = async {
            while !restart.exists() {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, written).await.unwrap();
    });
}

#[test]
fn every_refusal_leaves_the_slots_alone() {
    on_a_private_bus("slot::every_refusal_leaves_the_slots_alone", |_| async move {
        let (_bus, script, mut asked) = served(Script::default()).await;
        let mut desk = Desk::new();
        let wrongly_signed = "signature verification failed: Verify error: self-signed certificate";
        for (inspects, refusal) in [
            (offers("madoguchi-arm64-pi5", "1.1.0"), UpdateRefusal::OtherProduct),
            (offers("madoguchi-arm64", "0.9.0"), UpdateRefusal::Older),
            (Some(Err(wrongly_signed.to_owned())), UpdateRefusal::Unsigned),
            (Some(Err("Invalid bundle format: Signature size is 0".to_owned())), UpdateRefusal::Unsigned),
            (Some(Err("something new".to_owned())), UpdateRefusal::Failed),
        ] {
            script.lock().unwrap().inspects = inspects;
            assert_eq!(desk.outcome(true).await, UpdateNews::Refused(refusal));
        }
        script.lock().unwrap().inspects = offers("madoguchi-arm64", "1.0.0");
        assert_eq!(desk.outcome(true).await, UpdateNews::UpToDate { version: "1.0.0".into() });
        // Cut off: RAUC is not even asked.
        script.lock().unwrap().inspects = None;
        let whole = fs::read(desk.bundle()).unwrap();
        for length in [0, 30, 90] {
            fs::write(desk.bundle(), &whole[..length]).unwrap();
            assert_eq!(desk.outcome(true).await, UpdateNews::Refused(UpdateRefusal::Damaged), "{length} bytes");
        }
        fs::remove_file(desk.bundle()).unwrap();
        assert_eq!(desk.outcome(true).await, UpdateNews::Refused(UpdateRefusal::PulledOut));
        assert!(asked.try_recv().is_err(), "nothing was installed");
    });
}

#[test]
fn an_installation_that_fails_says_why() {
    on_a_private_bus("slot::an_installation_that_fails_says_why", |log| async move {
        let (_bus, script, _asked) = served(Script::default()).await;
        let mut desk = Desk::new();
        script.lock().unwrap().inspects = offers("madoguchi-arm64", "1.1.0");
        for (sentence, refusal) in [
            (
                "Installation error: Failed updating slot rootfs.1: Slot (1 bytes) is too small for image (2 bytes).",
                UpdateRefusal::TooLarge,
            ),
            (
                "Installation error: Version mismatch: Expected at least '2.0' but bundle manifest has '1.1.0'",
                UpdateRefusal::Older,
            ),
            ("Failed to copy image: Input/output error", UpdateRefusal::Damaged),
        ] {
            script.lock().unwrap().installs = Some(Err(sentence.to_owned()));
            assert_eq!(desk.outcome(true).await, UpdateNews::Refused(refusal));
            assert!(log.text().contains(sentence), "the log has RAUC's own words");
        }
    });
}

#[test]
fn an_update_that_went_back_is_told_and_not_installed_again_by_itself() {
    on_a_private_bus("slot::an_update_that_went_back_is_told_and_not_installed_again_by_itself", |_| async move {
        let (_bus, script, _asked) = served(Script {
            inspects: offers("madoguchi-arm64", "1.1.0"),
            installs: Some(Ok(())),
            other: Some(["bad", "ok", "1.1.0", "2026-11-22T00:00:00Z", "2026-11-22T00:00:01Z"]),
            ..Script::default()
        })
        .await;
        let mut desk = Desk::new();
        assert_eq!(desk.next().await, SlotEvent::WentBack);
        assert_eq!(desk.outcome(false).await, UpdateNews::Refused(UpdateRefusal::TriedAlready));
        assert_eq!(desk.outcome(true).await, UpdateNews::Installed);
        script.lock().unwrap().inspects = offers("madoguchi-arm64", "1.2.0");
        assert_eq!(desk.outcome(false).await, UpdateNews::Installed, "a newer one is another one");
    });
}

#[test]
fn a_rauc_that_comes_late_is_asked_all_the_same() {
    on_a_private_bus("slot::a_rauc_that_comes_late_is_asked_all_the_same", |log| async move {
        let mut desk = Desk::new();
        let unanswered = async {
            while !log.text().contains("telling the slots' states") {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, unanswered).await.expect("RAUC is asked");
        let other = Some(["bad", "ok", "1.1.0", "2026-11-22T00:00:00Z", "2026-11-22T00:00:01Z"]);
        let (_bus, _, _asked) = served(Script { other, ..Script::default() }).await;
        assert_eq!(desk.next().await, SlotEvent::WentBack);
    });
}

#[test]
fn a_slot_that_was_never_written_did_not_go_back() {
    on_a_private_bus("slot::a_slot_that_was_never_written_did_not_go_back", |_| async move {
        let (_bus, _, _asked) = served(Script { other: Some(["bad", "", "", "", ""]), ..Script::default() }).await;
        let mut desk = Desk::new();
        fs::remove_file(desk.bundle()).unwrap();
        // `outcome` fails on word that something went back, which would come first.
        assert_eq!(desk.outcome(true).await, UpdateNews::Refused(UpdateRefusal::PulledOut));
    });
}

#[test]
fn the_booted_slot_is_marked_good_even_when_the_first_try_fails() {
    on_a_private_bus("slot::the_booted_slot_is_marked_good_even_when_the_first_try_fails", |_| async move {
        let (_bus, _, mut asked) = served(Script { refusals: 1, ..Script::default() }).await;
        let marked = timeout(PATIENCE, script("mark-good").env("PAUSE", "0").status()).await.unwrap().unwrap();
        assert!(marked.success());
        assert_eq!(asked.recv().await, Some(Asked::Mark("good".into(), "booted".into())));
    });
}

#[derive(clap::Parser)]
struct GoodCommand {
    #[command(flatten)]
    config: GoodConfig,
}

fn good_config(file: &Path, deadline: u64, holding: u64) -> GoodConfig {
    let (deadline, holding) = (deadline.to_string(), holding.to_string());
    let file = file.to_str().unwrap();
    let arguments = ["good", "--able", file, "--deadline", &deadline, "--holding", &holding];
    <GoodCommand as clap::Parser>::parse_from(arguments).config
}

#[test]
fn the_slot_is_good_when_a_call_could_be_made_and_what_is_missing_is_said_otherwise() {
    let name = "slot::the_slot_is_good_when_a_call_could_be_made_and_what_is_missing_is_said_otherwise";
    on_a_private_bus(name, |_| async move {
        let (_bus, _, mut asked) = served(Script::default()).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("able.json");
        let error = good(good_config(&file, 1, 0)).await.unwrap_err();
        assert!(error.contains("the supervisor has not said anything"), "{error}");
        let turns = Some(able::uptime().as_secs_f64());
        let well = Able {
            display: true,
            camera: Some(CameraSight::Missing),
            network_manager: true,
            tls: true,
            media: true,
            turns,
            tv: None,
        };
        able::write(&file, &Able { display: false, network_manager: false, ..well }).unwrap();
        let error = good(good_config(&file, 1, 0)).await.unwrap_err();
        assert!(error.contains("- no screen was shown") && error.contains("- NetworkManager"), "{error}");
        assert!(!error.contains("TLS"), "{error}");
        assert!(asked.try_recv().is_err(), "nothing was marked");
        let turns = Some(able::uptime().as_secs_f64());
        able::write(&file, &Able { turns, ..well }).unwrap();
        let said = timeout(PATIENCE, good(good_config(&file, 30, 1))).await.unwrap().unwrap();
        assert_eq!(said, "a call could be made: the slot can be marked good");
        // Its unit has it marked, as root: this command has no right to.
        let unit = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/madoguchi-good.service")).unwrap();
        assert!(unit.contains("\nExecStartPost=+/usr/lib/madoguchi/mark-good\n"), "{unit}");
        assert!(asked.try_recv().is_err(), "nothing was marked by this command");
    });
}

/// A counter that gives out these files, and as many of them as it was asked for.
async fn counter(files: Vec<(&'static str, String)>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        loop {
            let (mut line, _) = listener.accept().await.unwrap();
            let mut asked = [0; 2048];
            let length = tokio::io::AsyncReadExt::read(&mut line, &mut asked).await.unwrap();
            let asked = String::from_utf8_lossy(&asked[..length]).into_owned();
            let path = asked.split(' ').nth(1).unwrap_or_default().to_owned();
            let found = files.iter().find(|(name, _)| path == format!("/updates/{name}"));
            let (status, text) = found.map_or(("404 Not Found", ""), |(_, text)| ("200 OK", text.as_str()));
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
            let _ = tokio::io::AsyncWriteExt::write_all(&mut line, format!("{head}{text}").as_bytes()).await;
        }
    });
    host
}

/// Version 1.1.0 of a board's pointer, good from now on for a day; by the key of `folder`.
fn pointer(folder: &Path, board: &str, change: impl Fn(&str) -> String) -> String {
    let now = jiff::Timestamp::now();
    let day = jiff::SignedDuration::from_hours(24);
    let text = format!(
        "format = 1\ncompatible = \"madoguchi-{board}\"\nversion = \"1.1.0\"\nbundle = \"madoguchi-1.1.0-{board}.raucb\"\n\
         size = 128\nnot_before = \"{}\"\nuntil = \"{}\"\n",
        now - day,
        now + day
    );
    signed(folder, &change(&text), "madoguchi update")
}

fn signed(folder: &Path, text: &str, comment: &str) -> String {
    let key = fs::read_to_string(folder.join("release.key")).unwrap();
    let key = minisign::SecretKeyBox::from_string(&key).unwrap().into_unencrypted_secret_key().unwrap();
    let signature = minisign::sign(None, &key, text.as_bytes(), Some(comment), None).unwrap().into_string();
    madoguchi::model::stick::kept(text, &signature)
}

impl Desk {
    /// The release's key in the system's trust, and another.
    fn with_keys() -> Self {
        let desk = Self::new();
        fs::create_dir_all(&desk.config.cities.trust).unwrap();
        for (folder, public) in
            [("", desk.config.cities.trust.join("madoguchi-release.pub")), ("other", "/dev/null".into())]
        {
            let pair = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
            fs::create_dir_all(desk.folder.path().join(folder)).unwrap();
            let secret = pair.sk.to_box(None).unwrap().into_string();
            fs::write(desk.folder.path().join(folder).join("release.key"), secret).unwrap();
            fs::write(public, pair.pk.to_box().unwrap().into_string()).unwrap();
        }
        desk
    }

    async fn ask_counters(&self, hosts: &[String]) {
        let trust_anchors = vec!["LOAN".to_owned()];
        let ask = SlotAsk::FromCounter { attempt: ATTEMPT, hosts: hosts.to_vec(), trust_anchors };
        self.slot.asks.send(ask).await.unwrap();
    }

    async fn counters_outcome(&mut self, hosts: &[String]) -> UpdateNews {
        self.ask_counters(hosts).await;
        loop {
            if let SlotEvent::Update { news, .. } = self.next().await
                && !matches!(news, UpdateNews::Installing { .. })
            {
                return news;
            }
        }
    }
}

const POINTER: &str = "madoguchi-arm64.toml";

#[test]
fn a_counters_update_is_installed_from_the_first_that_offers_one() {
    on_a_private_bus("slot::a_counters_update_is_installed_from_the_first_that_offers_one", |_| async move {
        let (_bus, script, mut asked) = served(Script { installs: Some(Ok(())), ..Script::default() }).await;
        let mut desk = Desk::with_keys();
        let keys = desk.folder.path().to_owned();
        let empty = counter(Vec::new()).await;
        let offers = counter(vec![(POINTER, pointer(&keys, "arm64", str::to_owned))]).await;
        let hosts = ["127.0.0.1:1".to_owned(), empty.clone(), offers.clone()];
        assert_eq!(desk.counters_outcome(&hosts).await, UpdateNews::Installed);
        let address = format!("http://{offers}/updates/madoguchi-1.1.0-arm64.raucb");
        assert_eq!(asked.recv().await, Some(Asked::Install(address)));
        assert_eq!(fs::read_to_string(&desk.config.anchors).unwrap(), "LOAN\n");
        assert_eq!(desk.counters_outcome(&[empty]).await, UpdateNews::UpToDate { version: "1.0.0".into() });
        // RAUC's words about the line, and about what cannot be mended by another try.
        for (sentence, refusal) in [
            ("Failed to copy image: Input/output error", UpdateRefusal::PulledOut),
            ("Failed to stream: Timeout was reached", UpdateRefusal::PulledOut),
            ("signature verification failed: Verify error: self-signed certificate", UpdateRefusal::Unsigned),
            (
                "Installation error: Compatible mismatch: Expected 'a' but bundle manifest has 'b'",
                UpdateRefusal::OtherProduct,
            ),
        ] {
            script.lock().unwrap().installs = Some(Err(sentence.to_owned()));
            assert_eq!(desk.counters_outcome(&hosts[2..]).await, UpdateNews::Refused(refusal), "{sentence}");
        }
        let nobody = ["127.0.0.1:1".to_owned()];
        assert_eq!(desk.counters_outcome(&nobody).await, UpdateNews::Refused(UpdateRefusal::PulledOut));
        script.lock().unwrap().installs = Some(Ok(()));
        // What was cut off, or written to its end and not made the next to start, is gone on with.
        for status in ["pending", "failed", "ok"] {
            script.lock().unwrap().other =
                Some(["bad", status, "1.1.0", "2026-11-22T00:00:00Z", "2026-11-21T00:00:01Z"]);
            assert_eq!(desk.counters_outcome(&hosts[2..]).await, UpdateNews::Installed, "{status}");
        }
        script.lock().unwrap().other = Some(["bad", "ok", "1.1.0", "2026-11-22T00:00:00Z", "2026-11-22T00:00:01Z"]);
        assert_eq!(desk.counters_outcome(&hosts[2..]).await, UpdateNews::Refused(UpdateRefusal::TriedAlready));
    });
}

#[test]
fn every_pointer_that_is_not_to_be_followed_installs_nothing() {
    on_a_private_bus("slot::every_pointer_that_is_not_to_be_followed_installs_nothing", |log| async move {
        let (_bus, _, mut asked) = served(Script { installs: Some(Ok(())), ..Script::default() }).await;
        let mut desk = Desk::with_keys();
        let keys = desk.folder.path().to_owned();
        let sound = pointer(&keys, "arm64", str::to_owned);
        let plain = |text: &str| text.to_owned();
        let day = |days: i64| (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days)).to_string();
        let replaced = |name: &'static str, with: String| {
            move |text: &str| {
                let line = text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
                text.replace(&line, &format!("{name} = \"{with}\""))
            }
        };
        let (over, early) = (replaced("until", day(-1)), replaced("not_before", day(1)));
        for (text, said) in [
            (String::new(), "bears no signature"),
            (sound.lines().skip(4).map(|line| format!("{line}\n")).collect(), "bears no signature"),
            (sound.replace("1.1.0", "1.2.0"), "not signed by the release's key"),
            (pointer(&keys.join("other"), "arm64", plain), "not signed by the release's key"),
            (signed(&keys, "format = 1\n", "madoguchi city key"), "no pointer to an update"),
            (signed(&keys, "format = 1\n", "madoguchi update"), "not written as this version reads it"),
            (pointer(&keys, "arm64-pi5", plain), "is for madoguchi-arm64-pi5"),
            (pointer(&keys, "arm64", over), "was good until"),
            (pointer(&keys, "arm64", early), "and later"),
            (pointer(&keys, "arm64", replaced("bundle", "../old.raucb".into())), "no plain name"),
            ("x".repeat(5000), "asking for"),
        ] {
            let host = counter(vec![(POINTER, text)]).await;
            let news = desk.counters_outcome(&[host]).await;
            let cut = UpdateNews::Refused(UpdateRefusal::PulledOut);
            assert!(
                news == UpdateNews::UpToDate { version: "1.0.0".into() } || said == "asking for" && news == cut,
                "{said}"
            );
            assert!(log.text().contains(said), "{said}: {}", log.text());
        }
        // What runs, and what is older, are nothing to be told about.
        for version in ["1.0.0", "0.9.0"] {
            let host = counter(vec![(POINTER, pointer(&keys, "arm64", replaced("version", version.into())))]).await;
            assert_eq!(desk.counters_outcome(&[host]).await, UpdateNews::UpToDate { version: "1.0.0".into() });
        }
        assert!(asked.try_recv().is_err(), "nothing was installed");
    });
}

#[test]
fn whoever_comes_has_the_installation_stopped_at_once() {
    on_a_private_bus("slot::whoever_comes_has_the_installation_stopped_at_once", |_| async move {
        // It never ends by itself.
        let (_bus, script, mut asked) = served(Script::default()).await;
        let mut desk = Desk::with_keys();
        let host = counter(vec![(POINTER, pointer(desk.folder.path(), "arm64", str::to_owned))]).await;
        desk.ask_counters(&[host]).await;
        assert!(matches!(asked.recv().await, Some(Asked::Install(_))));
        assert!(matches!(desk.next().await, SlotEvent::Update { news: UpdateNews::Installing { .. }, .. }));
        // Somebody else's word is none for this one, and what is asked meanwhile is not forgotten.
        for ask in [SlotAsk::Abandon { attempt: Attempt(3) }, SlotAsk::Restart, SlotAsk::Abandon { attempt: ATTEMPT }] {
            desk.slot.asks.send(ask).await.unwrap();
        }
        let stopped = desk.config.install.answer.with_extension("stopped");
        let restart = desk.folder.path().join("restart");
        let seen = async {
            while !stopped.exists() || !restart.exists() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, seen).await.expect("RAUC is stopped, and the restart asked for");
        drop(script);
    });
}
