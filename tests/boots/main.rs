//! How the booted image's tests are run and what is kept of them, without booting anything: a shell script stands in for
//! the test program.
#![cfg(feature = "workbench")]
#![expect(clippy::disallowed_methods, reason = "tests wait, write files and start programs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod archives;
mod packages;
#[path = "../image/proofs.rs"]
#[allow(dead_code, unreachable_pub, reason = "a part of it is looked at here")]
mod proofs;
#[path = "../image/runs.rs"]
#[allow(dead_code, unreachable_pub, reason = "a part of it is looked at here")]
mod runs;

use proofs::{Depends, Proofs};
use runs::{Runs, Test};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const TESTS: &[Test] = &[
    Test::new("a::slow", 90, |_| Box::pin(async { Ok(()) })),
    Test::new("b::alone", 5, |_| Box::pin(async { Ok(()) })).alone(),
    Test::new("c::quick", 10, |_| Box::pin(async { Ok(()) })).reads(&["CARGO_MANIFEST_DIR"]),
];

/// A desk with a stand-in for the test program: it notes which test begins and ends, and does what it is told.
struct Desk {
    folder: TempDir,
    lanes: usize,
    fresh: bool,
    image: &'static str,
}

impl Desk {
    fn new(does: &str) -> Self {
        let desk = Self { folder: TempDir::new().unwrap(), lanes: 1, fresh: false, image: "1" };
        desk.does(does);
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn does(&self, does: &str) {
        let notes = self.at("notes");
        let note = |word: &str| format!("echo {word} $MADOGUCHI_BOOT_TEST >>{}", notes.display());
        let text = format!(
            "#!/bin/sh\nfolder=$MADOGUCHI_BOOT_FOLDER\n{}\n( {does}\n)\nended=$?\n{}\nexit $ended\n",
            note("begins"),
            note("ends")
        );
        // Written beside and renamed: what is open for writing cannot be started.
        let program = self.at("program");
        std::fs::write(program.with_extension("new"), text).unwrap();
        std::fs::set_permissions(program.with_extension("new"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::rename(program.with_extension("new"), program).unwrap();
    }

    /// Whether they passed, and what was noted meanwhile.
    async fn run(&self, wanted: &[&str]) -> (bool, Vec<String>) {
        let _ = std::fs::remove_file(self.at("notes"));
        let runs = Runs {
            program: self.at("program"),
            folder: self.at("runs"),
            proofs: Proofs::at(&self.at("proofs")),
            depends: Some(Depends::of(&[("images", self.image.to_owned())])),
            fresh: self.fresh,
            lanes: self.lanes,
        };
        let wanted: Vec<_> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let passed = runs.run(runs::chosen(TESTS, &wanted).unwrap()).await;
        let notes = std::fs::read_to_string(self.at("notes")).unwrap_or_default();
        (passed, notes.lines().map(str::to_owned).collect())
    }

    fn log(&self, folder: &str) -> String {
        std::fs::read_to_string(self.at("runs").join(folder).join("log.txt")).unwrap()
    }
}

fn begun(notes: &[String]) -> Vec<&str> {
    notes.iter().filter_map(|note| note.strip_prefix("begins ")).collect()
}

#[tokio::test]
async fn the_quickest_is_first_and_a_pass_is_not_repeated() {
    let desk = Desk::new("true");
    let (passed, notes) = desk.run(&[]).await;
    assert!(passed);
    assert_eq!(begun(&notes), ["b::alone", "c::quick", "a::slow"]);
    assert_eq!(desk.run(&[]).await, (true, vec![]), "nothing changed");
}

#[tokio::test]
async fn a_pass_is_repeated_for_other_bytes_and_when_asked_to() {
    let mut desk = Desk::new("true");
    desk.run(&["quick"]).await;
    desk.image = "2";
    assert_eq!(begun(&desk.run(&["quick"]).await.1), ["c::quick"], "other bytes");
    desk.image = "1";
    assert_eq!(desk.run(&["quick"]).await.1.len(), 0, "the way back");
    desk.fresh = true;
    assert_eq!(begun(&desk.run(&["quick"]).await.1), ["c::quick"], "asked to");
}

#[tokio::test]
async fn what_passes_only_when_repeated_is_no_failure_and_no_proof() {
    let desk = Desk::new("echo said by $folder; case $folder in *.again) true;; *) false;; esac");
    for _ in 0..2 {
        let (passed, notes) = desk.run(&["quick"]).await;
        assert!(passed);
        assert_eq!(begun(&notes), ["c::quick", "c::quick"]);
    }
    assert!(!desk.log("c-quick").contains("again"));
    assert!(desk.log("c-quick.again").contains("again"));
}

#[tokio::test]
async fn what_fails_twice_fails_and_the_rest_runs_on() {
    let desk = Desk::new("echo to people >&2; [ $MADOGUCHI_BOOT_TEST != c::quick ]");
    let (passed, notes) = desk.run(&["quick", "slow"]).await;
    assert!(!passed);
    assert_eq!(begun(&notes), ["c::quick", "c::quick", "a::slow"]);
    assert_eq!(desk.log("c-quick"), "to people\n");
    desk.does("true");
    let (passed, notes) = desk.run(&["quick", "slow"]).await;
    assert!(passed);
    assert_eq!(begun(&notes), ["c::quick"], "the other one was proved");
}

#[tokio::test]
async fn two_run_at_once_unless_one_must_be_alone() {
    // The quick one ends only when the slow one has begun.
    let wait = "[ $MADOGUCHI_BOOT_TEST != c::quick ] || timeout 60 sh -c \
                'until grep -q \"begins a::slow\" NOTES; do sleep 0.05; done'";
    let mut desk = Desk::new("true");
    desk.does(&wait.replace("NOTES", &desk.at("notes").display().to_string()));
    desk.lanes = 2;
    let (passed, notes) = desk.run(&[]).await;
    assert!(passed);
    // Which of the two notes its beginning first is a matter of luck.
    assert_eq!(notes[4..], ["begins b::alone", "ends b::alone"]);
}

#[test]
fn a_name_that_no_test_has_is_said_though_others_are_known() {
    let wanted = ["quick", "quikc"].map(str::to_owned);
    let why = runs::chosen(TESTS, &wanted).err().unwrap();
    assert!(why.contains("in its name: quikc") && why.contains("c::quick"), "{why}");
}

#[test]
fn a_proof_tells_its_seconds_and_what_has_changed_since() {
    let folder = TempDir::new().unwrap();
    let proofs = Proofs::at(folder.path());
    let depends = Depends::of(&[("images", "1".to_owned()), ("tools", "1".to_owned())]);
    assert_eq!(proofs.changed("a::slow", &depends), [""; 0]);
    proofs.keep("a::slow", &depends, 84).unwrap();
    assert_eq!(proofs.find("a::slow", &depends).unwrap().seconds, 84);
    let others = Depends::of(&[("images", "1".to_owned()), ("tools", "2".to_owned())]);
    let others = others.and(&[("CUTS", "6".to_owned())]);
    assert_eq!(proofs.find("a::slow", &others), None);
    assert_eq!(proofs.changed("a::slow", &others), ["tools", "CUTS"]);
    assert_eq!(proofs.seconds("a::slow"), Some(84));
    assert_eq!(proofs.seconds("b::alone"), None);
}

#[test]
fn only_some_records_of_a_test_are_kept() {
    let folder = TempDir::new().unwrap();
    let proofs = Proofs::at(folder.path());
    for image in 0..20 {
        proofs.keep("a::slow", &Depends::of(&[("images", image.to_string())]), 1).unwrap();
    }
    let count = std::fs::read_dir(folder.path().join("a-slow")).unwrap().count();
    assert_eq!(count, 6);
    assert!(proofs.find("a::slow", &Depends::of(&[("images", "19".to_owned())])).is_some(), "the newest is kept");
}

#[test]
fn another_byte_in_what_is_booted_is_another_dependency() {
    let folder = TempDir::new().unwrap();
    let depends = |text: &str, name: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        Depends::gather(folder.path()).unwrap()
    };
    let before = depends("image", "a.img");
    assert_ne!(depends("imagf", "a.img"), before);
    assert_eq!(depends("image", "a.img"), before);
    // Made of the others, and not the same bytes each time.
    assert_eq!(depends("disk", "booted-once.qcow2"), before);
    assert_ne!(depends("image", "b.img"), before);
    assert!(Depends::gather(Path::new("/nowhere")).is_err());
}

/// What make says of a target in a clone where nothing was built, to somebody who is not root.
fn make_says(target: &str) -> String {
    let clone = TempDir::new().unwrap();
    std::fs::set_permissions(clone.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::copy("Makefile", clone.path().join("Makefile")).unwrap();
    let root = std::process::Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let nobody: &[&str] = &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
    let words = [if root { nobody } else { &[] }, &["make", target]].concat();
    let mut make = std::process::Command::new(words[0]);
    // Only make and the shell's own programs: no sudo, whatever this machine has.
    make.args(&words[1..])
        .current_dir(&clone)
        .env("PATH", only(&["id", "ls", "head", "make", "setpriv", "sh"], &clone));
    let output = make.output().unwrap();
    assert!(!output.status.success(), "make {target} went well");
    String::from_utf8(output.stderr).unwrap()
}

/// A folder with these programs alone.
fn only(programs: &[&str], clone: &TempDir) -> PathBuf {
    let folder = clone.path().join("programs");
    std::fs::create_dir(&folder).unwrap();
    for program in programs {
        let at = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(program)).into_iter().find(|at| at.exists());
        std::os::unix::fs::symlink(at.unwrap(), folder.join(program)).unwrap();
    }
    folder
}

#[test]
fn make_says_what_is_needed_before_it_installs_or_builds_anything() {
    for (target, says) in [
        ("boot", "run make image first"),
        ("image", "run make image as root"),
        ("test-image", "sudo make test-image"),
        ("test-wifi", "sudo make test-image"),
    ] {
        let said = make_says(target);
        assert!(said.contains(says), "make {target}: {said}");
    }
}

/// What a unit prepares is missing until the next start when it is given up; under load a start takes minutes.
#[test]
fn no_unit_that_prepares_something_is_given_up_early() {
    let units = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd")).unwrap();
    let units: Vec<_> = units.map(|unit| unit.unwrap().path()).collect();
    let seconds = |text: &str| {
        let given = text.lines().find_map(|line| line.strip_prefix("TimeoutStartSec="))?;
        Some(given.parse::<u64>().unwrap())
    };
    let mut looked_at = 0;
    for unit in units.iter().filter(|unit| unit.extension().is_some_and(|kind| kind == "service")) {
        let text = std::fs::read_to_string(unit).unwrap();
        if text.contains("Type=oneshot") {
            looked_at += 1;
            // systemd itself never gives up a oneshot unit that says nothing about it.
            let given = seconds(&text).unwrap_or(u64::MAX);
            assert!(given >= 90, "{} is given up after {given} s", unit.display());
        }
    }
    assert!(looked_at >= 6, "only {looked_at} units were looked at");
}
