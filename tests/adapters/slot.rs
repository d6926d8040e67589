//! Updates, restarts and the mark "good", against RAUC and systemd as [`crate::rauc`] plays them.

use crate::bus::on_a_private_bus;
use crate::rauc::{Asked, Script, script, served, served_requests};
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
