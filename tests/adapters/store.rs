//! The loan and the owed wipe, with a power cut after every step.

use madoguchi::boot_files::BootFiles;
use madoguchi::device::store::{StoreAsk, StoreConfig, StoreEvent, run};
use madoguchi::device::{Device, device};
use madoguchi::model::ids::Attempt;
use madoguchi::model::screen::WipeStep;
use madoguchi::model::stick::{Held, HeldTrouble};
use std::fs;
use std::path::Path;
use std::time::Duration;

const LOAN: &str = include_str!("../../src/workbench/demo-loan.toml");
const PATIENCE: Duration = Duration::from_secs(30);

type Store = Device<StoreAsk, StoreEvent>;

fn places(disk: &Path) -> StoreConfig {
    StoreConfig {
        loan: disk.join("data/loan.toml"),
        owed: disk.join("state/wipe-owed"),
        data_key: disk.join("state/data.key"),
        emptied: vec![disk.join("data"), disk.join("networks")],
        made_anew: disk.join("data-made-anew"),
        settled: None,
        followed: disk.join("state/followed"),
        serial: None,
        os_release: disk.join("os-release"),
        boot_files: None,
        cities: None,
        erase: None,
    }
}

/// A disk with a loan, a key and a Wi-Fi profile.
fn disk() -> tempfile::TempDir {
    let disk = tempfile::tempdir().unwrap();
    for folder in ["data/known", "data/lost+found", "state", "networks"] {
        fs::create_dir_all(disk.path().join(folder)).unwrap();
    }
    fs::write(disk.path().join("data/loan.toml"), LOAN).unwrap();
    fs::write(disk.path().join("data/known/language"), "ja").unwrap();
    fs::write(disk.path().join("networks/home.nmconnection"), "psk=secret").unwrap();
    fs::write(disk.path().join("state/data.key"), [7; 64]).unwrap();
    disk
}

async fn event(store: &mut Store) -> StoreEvent {
    tokio::time::timeout(PATIENCE, store.events.recv()).await.unwrap().unwrap()
}

/// Power comes on.
async fn start(disk: &Path) -> (Store, Held) {
    let (mut store, behind) = device();
    tokio::spawn(run(behind, places(disk)));
    let StoreEvent::Held(held) = event(&mut store).await else { panic!("what is held comes first") };
    (store, held)
}

async fn ask(store: &mut Store, ask: StoreAsk) -> Result<(), String> {
    store.asks.send(ask).await.unwrap();
    let StoreEvent::Done { attempt, result } = event(store).await else { panic!("held is said once") };
    assert_eq!(attempt, Attempt(7));
    result
}

const ATTEMPT: Attempt = Attempt(7);
const OWE: StoreAsk = StoreAsk::OweWipe { attempt: ATTEMPT, returned: None };
const DONE: StoreAsk = StoreAsk::WipeDone { attempt: ATTEMPT };
const STEPS: [WipeStep; 4] = [WipeStep::Network, WipeStep::Key, WipeStep::Data, WipeStep::Verify];

#[tokio::test]
async fn what_is_held_is_said_when_the_data_partition_is_open_and_not_before() {
    let disk = disk();
    let settled = disk.path().join("data-settled");
    fs::remove_file(disk.path().join("data/loan.toml")).unwrap();
    let (mut store, behind) = device();
    tokio::spawn(run(behind, StoreConfig { settled: Some(settled.clone()), ..places(disk.path()) }));
    // Long enough for several looks.
    assert!(tokio::time::timeout(Duration::from_millis(300), store.events.recv()).await.is_err());
    fs::write(disk.path().join("data/loan.toml"), LOAN).unwrap();
    fs::write(&settled, "").unwrap();
    let StoreEvent::Held(held) = event(&mut store).await else { panic!("what is held comes first") };
    assert!(held.loan.unwrap().is_some(), "the loan that came with the partition");
}

#[tokio::test]
async fn a_loan_is_held_over_a_power_cut() {
    let disk = disk();
    let (_, held) = start(disk.path()).await;
    assert!(!held.wipe_owed);
    assert_eq!(held.loan.unwrap().unwrap().id, "DEMO-2026-001");
}

#[tokio::test]
async fn an_unprepared_box_holds_nothing_and_a_bad_loan_is_named() {
    let disk = disk();
    fs::write(disk.path().join("data/loan.toml"), LOAN.replace("format = 1", "format = 9")).unwrap();
    let (_, held) = start(disk.path()).await;
    let Err(HeldTrouble::Unreadable(sentence)) = held.loan else { panic!("{held:?}") };
    assert!(sentence.contains("loan.toml") && sentence.contains("format: is 9"), "{sentence}");
    fs::remove_file(disk.path().join("data/loan.toml")).unwrap();
    let (_, held) = start(disk.path()).await;
    assert!(held.loan.unwrap().is_none());
}

#[tokio::test]
async fn a_power_cut_after_any_step_leaves_the_wipe_owed_and_it_can_be_done_again_from_the_first() {
    for cut_after in 0..=STEPS.len() {
        let disk = disk();
        let (mut store, _) = start(disk.path()).await;
        ask(&mut store, OWE).await.unwrap();
        for step in &STEPS[..cut_after] {
            ask(&mut store, StoreAsk::Wipe { attempt: ATTEMPT, step: *step }).await.unwrap();
        }
        drop(store);

        let (mut store, held) = start(disk.path()).await;
        assert!(held.wipe_owed, "cut after {cut_after} steps");
        for step in STEPS {
            ask(&mut store, StoreAsk::Wipe { attempt: ATTEMPT, step }).await.unwrap();
        }
        ask(&mut store, DONE).await.unwrap();
        drop(store);

        let (_, held) = start(disk.path()).await;
        assert!(!held.wipe_owed);
        assert!(held.loan.unwrap().is_none());
        let mut left: Vec<_> = walk(disk.path());
        left.sort();
        assert_eq!(left, Vec::<String>::new(), "no file is left");
    }
}

fn walk(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path.display().to_string()] })
        .collect()
}

#[tokio::test]
async fn a_power_cut_while_the_flag_is_being_written_leaves_no_half_flag() {
    let disk = disk();
    // What a cut between writing and renaming leaves behind.
    fs::write(disk.path().join("state/wipe-owed.new"), "ow").unwrap();
    let (mut store, held) = start(disk.path()).await;
    assert!(!held.wipe_owed);
    ask(&mut store, OWE).await.unwrap();
    let (_, held) = start(disk.path()).await;
    assert!(held.wipe_owed);
    assert!(held.loan.unwrap().is_some(), "owing wipes nothing yet");
}

#[tokio::test]
async fn a_loan_from_a_stick_is_kept_whole_or_not_at_all() {
    let disk = disk();
    let loan = disk.path().join("data/loan.toml");
    let lend = |text: &str| StoreAsk::Lend { attempt: ATTEMPT, text: text.to_owned() };
    let (mut store, held) = start(disk.path()).await;
    assert!(!held.made_anew);
    let next = LOAN.replace("DEMO-2026-001", "DEMO-2026-002");
    ask(&mut store, lend(&next)).await.unwrap();
    assert_eq!(fs::read_to_string(&loan).unwrap(), next);
    // What is no loan takes no loan's place.
    let error = ask(&mut store, lend("format = 1")).await.unwrap_err();
    assert!(error.contains("the loan to be kept"), "{error}");
    assert_eq!(fs::read_to_string(&loan).unwrap(), next);
    // A cut while the next one was being written.
    fs::write(loan.with_extension("new"), "form").unwrap();
    fs::write(disk.path().join("data-made-anew"), "").unwrap();
    let (mut store, held) = start(disk.path()).await;
    assert_eq!(held.loan.unwrap().unwrap().id, "DEMO-2026-002");
    assert!(held.made_anew);
    ask(&mut store, StoreAsk::Wipe { attempt: ATTEMPT, step: WipeStep::Verify }).await.unwrap();
    // Where a wipe is owed, a loan would not stay.
    ask(&mut store, OWE).await.unwrap();
    let error = ask(&mut store, lend(LOAN)).await.unwrap_err();
    assert!(error.contains("a wipe is owed"), "{error}");
    // A disk that takes nothing more.
    let (mut store, _) = start(&disk.path().join("nowhere")).await;
    assert!(ask(&mut store, lend(LOAN)).await.unwrap_err().contains("writing"));
}

#[tokio::test]
async fn nothing_is_wiped_that_is_not_owed_and_verify_names_what_is_left() {
    let disk = disk();
    let (mut store, _) = start(disk.path()).await;
    let data = StoreAsk::Wipe { attempt: ATTEMPT, step: WipeStep::Data };
    let verify = StoreAsk::Wipe { attempt: ATTEMPT, step: WipeStep::Verify };
    assert!(ask(&mut store, data.clone()).await.unwrap_err().contains("before"));
    assert!(disk.path().join("state/data.key").exists());
    ask(&mut store, OWE).await.unwrap();
    assert!(ask(&mut store, verify.clone()).await.unwrap_err().contains("data.key is still there"));
    ask(&mut store, data).await.unwrap();
    fs::write(disk.path().join("networks/again.nmconnection"), "psk=secret").unwrap();
    assert!(ask(&mut store, verify).await.unwrap_err().contains("again.nmconnection is still there"));
}

#[tokio::test]
async fn after_a_session_the_loan_stays_and_anything_left_beside_it_is_named() {
    let disk = disk();
    let (mut store, _) = start(disk.path()).await;
    let key = StoreAsk::Wipe { attempt: ATTEMPT, step: WipeStep::Key };
    let verify = StoreAsk::Wipe { attempt: ATTEMPT, step: WipeStep::Verify };
    ask(&mut store, key).await.unwrap();
    ask(&mut store, verify.clone()).await.unwrap();
    fs::write(disk.path().join("data/session"), "left behind").unwrap();
    assert!(ask(&mut store, verify).await.unwrap_err().contains("session lies beside the loan"));
    assert!(disk.path().join("data/loan.toml").exists());
}

#[tokio::test]
async fn the_key_is_overwritten_before_it_is_unlinked() {
    let disk = disk();
    // A second name of the same file shows what its blocks hold after the first name is gone.
    let witness = disk.path().join("witness");
    fs::hard_link(disk.path().join("state/data.key"), &witness).unwrap();
    let (mut store, _) = start(disk.path()).await;
    ask(&mut store, OWE).await.unwrap();
    ask(&mut store, StoreAsk::Wipe { attempt: ATTEMPT, step: WipeStep::Data }).await.unwrap();
    assert!(!disk.path().join("state/data.key").exists());
    let blocks = fs::read(&witness).unwrap();
    assert_eq!(blocks.len(), 64);
    assert!(!blocks.windows(8).any(|part| part == [7; 8]));
}

/// What a return tells of the files that nothing verifies, where a list of them was made.
#[tokio::test]
async fn the_end_of_a_wipe_tells_the_boot_files() {
    let disk = disk();
    let list = disk.path().join("list");
    for (text, told) in [(None, false), (Some(""), false), (Some("0000  x\n"), true)] {
        if let Some(text) = text {
            fs::write(&list, text).unwrap();
        }
        let (mut store, behind) = device();
        tokio::spawn(run(behind, StoreConfig { boot_files: Some(list.clone()), ..places(disk.path()) }));
        assert!(matches!(event(&mut store).await, StoreEvent::Held(_)));
        store.asks.send(DONE).await.unwrap();
        if told {
            let StoreEvent::BootFiles(number) = event(&mut store).await else { panic!("the number comes first") };
            assert_eq!(number, BootFiles::from_list("0000  x").number());
        }
        assert!(matches!(event(&mut store).await, StoreEvent::Done { result: Ok(()), .. }));
    }
}
