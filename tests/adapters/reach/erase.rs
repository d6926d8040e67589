//! The end of the memory at a return: Debian's own cryptsetup, on a file in place of the partition.

use super::{path_with, program, source};
use madoguchi::device::root::Desk;
use madoguchi::device::store::{StoreAsk, StoreConfig, StoreEvent, run};
use madoguchi::device::{Device, device};
use madoguchi::model::ids::Attempt;
use madoguchi::model::screen::WipeStep;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A memory with a key, as `usr/lib/madoguchi/data` makes it.
struct Memory {
    folder: tempfile::TempDir,
}

impl Memory {
    fn new() -> Self {
        let memory = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["state", "data", "programs"] {
            fs::create_dir(memory.at(folder)).unwrap();
        }
        fs::write(memory.at("state/data.key"), [7; 64]).unwrap();
        fs::File::create(memory.at("disk")).unwrap().set_len(32 << 20).unwrap();
        let key = memory.at("state/data.key");
        let format =
            ["luksFormat", "--batch-mode", "--type", "luks2", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"];
        let made = memory.cryptsetup().args(format).arg("--key-file").args([&key, &memory.at("disk")]).status();
        assert!(made.unwrap().success());
        // What is mounted and has blocks to discard is there in the booted image alone.
        program(&memory.at("programs"), "umount", &memory.notes("umount"));
        program(&memory.at("programs"), "blkdiscard", &memory.notes("blkdiscard"));
        program(&memory.at("programs"), "fstrim", &memory.notes("fstrim"));
        let real = "case $1 in close) ;; *) PATH=$REAL exec cryptsetup \"$@\" ;; esac";
        program(&memory.at("programs"), "cryptsetup", &format!("{}\n{real}", memory.notes("cryptsetup")));
        memory
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn cryptsetup(&self) -> Command {
        let mut command = Command::new("cryptsetup");
        command.env("PATH", real_path());
        command
    }

    fn notes(&self, name: &str) -> String {
        format!("echo {name} \"$1\" >>{}", self.at("done").display())
    }

    fn keyslots(&self) -> usize {
        let said = self.cryptsetup().arg("luksDump").arg(self.at("disk")).output().unwrap();
        String::from_utf8_lossy(&said.stdout).lines().filter(|line| line.ends_with(": luks2")).count()
    }

    fn desk(&self) -> Desk {
        Desk { request: self.at("erase"), answer: self.at("erased") }
    }

    /// The script that root runs; what it answers.
    fn erase(&self) -> Option<String> {
        let mut run = Command::new("sh");
        run.arg(source("image/root/usr/lib/madoguchi/erase")).env("PATH", path_with(&self.at("programs")));
        run.env("REAL", real_path()).env("REQUEST", self.at("erase")).env("RESULT", self.at("erased"));
        run.env("STATE", self.at("state")).env("DATA", self.at("data")).env("DEVICE", self.at("disk"));
        let said = run.output().unwrap();
        assert!(!self.at("erase").exists(), "a request is taken once: {said:?}");
        fs::read_to_string(self.at("erased")).ok()
    }
}

fn real_path() -> String {
    std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin"
}

#[test]
fn the_keyslots_go_before_the_blocks_and_only_with_a_wipe_owed() {
    let memory = Memory::new();
    let ask = || fs::write(memory.at("erase"), "7\ndata\n").unwrap();
    ask();
    assert!(memory.erase().unwrap().contains("no wipe is owed"));
    fs::write(memory.at("state/wipe-owed"), "").unwrap();
    ask();
    assert!(memory.erase().unwrap().contains("their key is still there"), "the key goes first");
    assert_eq!(memory.keyslots(), 1);
    fs::remove_file(memory.at("state/data.key")).unwrap();
    fs::write(memory.at("elsewhere"), "7\ndata\n").unwrap();
    symlink(memory.at("elsewhere"), memory.at("erase")).unwrap();
    fs::remove_file(memory.at("erased")).unwrap();
    assert_eq!(memory.erase(), None, "a link is no request");
    assert_eq!(memory.keyslots(), 1);
    // Also for a second time, after a power cut in the middle.
    for _ in 0..2 {
        let _ = fs::remove_file(memory.at("done"));
        ask();
        assert_eq!(memory.erase().as_deref(), Some("7\n0\n\n"));
        assert_eq!(memory.keyslots(), 0);
        let done = fs::read_to_string(memory.at("done")).unwrap();
        let done: Vec<&str> = done.lines().map(|line| line.trim_end()).collect();
        let order =
            ["cryptsetup isLuks", "cryptsetup luksErase", "umount", "cryptsetup close", "blkdiscard --force", "fstrim"];
        let said = |(done, wanted): (&&str, &str)| done.starts_with(wanted);
        assert!(done.len() == order.len() && done.iter().zip(order).all(said), "{done:?}");
    }
}

/// The power was cut between the key's end and the header's: the next start makes the memory anew, and leaves nothing of that one.
#[test]
fn what_a_wipe_that_was_cut_short_left_is_erased_at_the_next_start() {
    let memory = Memory::new();
    let (key, old) = (memory.at("state/data.key"), memory.at("old.key"));
    fs::copy(&key, &old).unwrap();
    let opens = |key: &PathBuf| {
        let test = memory
            .cryptsetup()
            .args(["open", "--test-passphrase", "--key-file"])
            .args([key, &memory.at("disk")])
            .output();
        test.unwrap().status.success()
    };
    assert!(opens(&old));
    // What needs the device mapper is there in the booted image alone.
    for name in ["mkfs.ext4", "mount", "chown", "sync"] {
        program(&memory.at("programs"), name, &memory.notes(name));
    }
    program(&memory.at("programs"), "id", "echo 0");
    let real = "case $1 in open | close) ;; *) PATH=$REAL exec cryptsetup \"$@\" ;; esac";
    program(&memory.at("programs"), "cryptsetup", &format!("{}\n{real}", memory.notes("cryptsetup")));
    let start = || {
        let mut run = Command::new("sh");
        run.arg(source("image/root/usr/lib/madoguchi/data")).env("PATH", path_with(&memory.at("programs")));
        run.env("REAL", real_path()).env("RUN", memory.at("run"));
        run.env("STATE", memory.at("state")).env("DATA", memory.at("data")).env("DEVICE", memory.at("disk"));
        let said = run.output().unwrap();
        assert!(said.status.success(), "{said:?}");
        let done = fs::read_to_string(memory.at("done")).unwrap();
        fs::remove_file(memory.at("done")).unwrap();
        done.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>()
    };
    fs::create_dir(memory.at("run")).unwrap();
    fs::remove_file(&key).unwrap();
    let done = start();
    let at = |what: &str| {
        done.iter().position(|line| line.starts_with(what)).unwrap_or_else(|| panic!("no {what}: {done:?}"))
    };
    let order = ["cryptsetup luksErase", "blkdiscard --force", "cryptsetup luksFormat", "mkfs.ext4"].map(at);
    assert!(order.is_sorted(), "{done:?}");
    assert!(opens(&key) && !opens(&old), "only the new key opens it");
    assert_eq!(memory.keyslots(), 1);
    assert!(memory.at("run/data-settled").exists() && !memory.at("run/data-made-anew").exists());
}

#[tokio::test]
async fn the_store_destroys_the_key_and_then_has_the_rest_erased() {
    let memory = Memory::new();
    fs::write(memory.at("data/loan.toml"), "").unwrap();
    let (mut store, behind): (Device<StoreAsk, StoreEvent>, _) = device();
    let config = StoreConfig {
        loan: memory.at("data/loan.toml"),
        owed: memory.at("state/wipe-owed"),
        data_key: memory.at("state/data.key"),
        emptied: vec![memory.at("data")],
        made_anew: memory.at("made-anew"),
        settled: None,
        followed: memory.at("state/followed"),
        serial: None,
        os_release: memory.at("os-release"),
        boot_files: None,
        cities: None,
        erase: Some(memory.desk()),
    };
    tokio::spawn(run(behind, config));
    let attempt = Attempt(3);
    for ask in [StoreAsk::OweWipe { attempt, returned: None }, StoreAsk::Wipe { attempt, step: WipeStep::Data }] {
        store.asks.send(ask).await.unwrap();
    }
    let mut done = 0;
    let all = async {
        while done < 2 {
            tokio::select! {
                event = store.events.recv() => if let Some(StoreEvent::Done { result, .. }) = event {
                    assert_eq!(result, Ok(()));
                    done += 1;
                },
                // What the path unit does.
                () = tokio::time::sleep(Duration::from_millis(20)) => if memory.at("erase").exists() {
                    assert_eq!(done, 1, "not before the debt is noted");
                    assert!(!memory.at("state/data.key").exists() && !memory.at("data/loan.toml").exists());
                    memory.erase();
                },
            }
        }
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap();
    assert_eq!(memory.keyslots(), 0);
}
