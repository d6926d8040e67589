//! The boot counters in their two copies, as RAUC asks for them: what is damaged, and what a power cut leaves. Debian's own
//! tools write them (`fw_setenv`), into a file in place of the disk.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where the copies lie on the disk, in bytes.
const PLACES: [u64; 2] = [0x10_0000, 0x20_0000];
const CONFIGS: [&str; 2] = ["fw_env.config", "fw_env.second.config"];

fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn text(file: &str) -> String {
    fs::read_to_string(source(file)).unwrap()
}

/// A disk with counters, and a system that runs from one of its slots.
struct Card {
    folder: tempfile::TempDir,
}

impl Card {
    /// Both copies as they are after this many words to them.
    fn new(running: &str, counters: &str) -> Self {
        let card = Self { folder: tempfile::tempdir().unwrap() };
        File::create(card.file("disk")).unwrap().set_len(4 << 20).unwrap();
        for (config, place) in CONFIGS.iter().zip(PLACES) {
            let line = format!("{} {place:#x} 0x200\n", card.file("disk").display());
            fs::write(card.file(config), line).unwrap();
            card.write(config, counters);
        }
        fs::write(card.file("cmdline"), format!("ro madoguchi.slot={running} quiet\n")).unwrap();
        card
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `ORDER/A/B`
    fn write(&self, config: &str, counters: &str) {
        let words: Vec<&str> = counters.split('/').collect();
        let lines = format!("BOOT_ORDER={}\nBOOT_A_LEFT={}\nBOOT_B_LEFT={}\n", words[0], words[1], words[2]);
        fs::write(self.file("lines"), lines).unwrap();
        let mut tool = Command::new("fw_setenv");
        tool.arg("-c").arg(self.file(config)).args(["-f", "/dev/null", "-s"]).arg(self.file("lines"));
        let done = tool.output().expect("fw_setenv is there (apt-get install libubootenv-tool)");
        assert!(done.status.success(), "{done:?}");
    }

    /// What a copy says; nothing where it is not whole.
    fn copy(&self, number: usize) -> Option<String> {
        let value = |name: &str| {
            let mut tool = Command::new("fw_printenv");
            let said = tool.arg("-c").arg(self.file(CONFIGS[number])).args(["-n", name]).output().unwrap();
            said.status.success().then(|| String::from_utf8(said.stdout).unwrap().trim().to_owned())
        };
        Some([value("BOOT_ORDER")?, value("BOOT_A_LEFT")?, value("BOOT_B_LEFT")?].join("/"))
    }

    fn copies(&self) -> [Option<String>; 2] {
        [self.copy(0), self.copy(1)]
    }

    fn damage(&self, number: usize) {
        let mut disk = File::options().write(true).open(self.file("disk")).unwrap();
        disk.seek(SeekFrom::Start(PLACES[number] + 20)).unwrap();
        disk.write_all(&[0xa5; 64]).unwrap();
        assert_eq!(self.copy(number), None);
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg(source("image/root/usr/lib/madoguchi/counters")).args(words.split(' '));
        command.env("COUNTERS", self.folder.path()).env("CMDLINE", self.file("cmdline"));
        command
    }

    fn asked(&self, words: &str) -> Output {
        self.command(words).output().unwrap()
    }

    /// The answer to a question that has one.
    fn says(&self, words: &str) -> String {
        let said = self.asked(words);
        assert!(said.status.success(), "{words}: {said:?}");
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    }
}

fn both(counters: &str) -> [Option<String>; 2] {
    [Some(counters.to_owned()), Some(counters.to_owned())]
}

/// An update from A to B, as RAUC goes about it, and back by hand.
#[test]
fn rauc_reads_and_writes_both_copies() {
    let card = Card::new("A", "A/2/3");
    assert_eq!([card.says("get-current"), card.says("get-primary")], ["A", "A"]);
    assert_eq!([card.says("get-state A"), card.says("get-state B")], ["good", "bad"]);
    for (words, left) in [
        ("set-state A good", "A/3/3"),
        ("set-state B bad", "A/3/0"),
        ("set-primary B", "B A/3/3"),
        ("set-primary A", "A B/3/3"),
        ("set-state A bad", "B/0/3"),
        ("set-state B bad", "B/0/0"),
    ] {
        assert_eq!(card.says(words), "");
        assert_eq!(card.copies(), both(left), "{words}");
    }
    let none = card.asked("get-primary");
    assert!(!none.status.success() && String::from_utf8_lossy(&none.stderr).contains("no slot has an attempt left"));
    for wrong in ["get-state C", "set-primary ../A", "reboot"] {
        assert!(!card.asked(wrong).status.success(), "{wrong}");
        assert_eq!(card.copies(), both("B/0/0"));
    }
}

#[test]
fn one_damaged_copy_changes_nothing_and_is_mended_by_the_next_mark() {
    for damaged in [0, 1] {
        let card = Card::new("B", "B A/3/2");
        card.damage(damaged);
        assert_eq!(
            [card.says("get-primary"), card.says("get-state A"), card.says("get-state B")],
            ["B", "good", "good"]
        );
        card.says("set-state B good");
        assert_eq!(card.copies(), both("B A/3/3"), "copy {damaged} was damaged");
    }
}

/// Where both are lost, the system that runs is one that can: it goes first, and the other stays within reach.
#[test]
fn two_damaged_copies_make_the_running_system_the_first() {
    for (running, order) in [("A", "A B"), ("B", "B A")] {
        let card = Card::new(running, "A/0/0");
        card.damage(0);
        card.damage(1);
        assert_eq!(card.says("get-primary"), running);
        card.says(&format!("set-state {running} good"));
        assert_eq!(card.copies(), both(&format!("{order}/3/3")));
    }
    // Whole, but without what counts: that is no copy either.
    let card = Card::new("B", "A/3/3");
    for config in CONFIGS {
        card.write(config, "/3/3");
    }
    assert_eq!(card.says("get-primary"), "B");
}

/// A `fw_setenv` that goes wrong at the `write`th copy, in place of the tool.
fn goes_wrong(card: &Card, write: usize, how: &str) -> Output {
    let programs = card.file("programs");
    fs::create_dir_all(&programs).unwrap();
    let _ = fs::remove_file(card.file("writes"));
    let (disk, place) = (card.file("disk"), PLACES[write - 1] + 20);
    let tear = format!("head -c 64 /dev/zero | dd of={} bs=1 seek={place} conv=notrunc status=none", disk.display());
    let program = format!(
        "#!/bin/sh\n\
         echo >>{writes}\n\
         number=$(wc -l <{writes})\n\
         real=$(PATH=${{PATH#*:}} command -v fw_setenv)\n\
         [ $number = {write} ] || exec $real \"$@\"\n\
         case {how} in\n\
         before) kill -9 $PPID ;;\n\
         torn) $real \"$@\" && {tear} && kill -9 $PPID ;;\n\
         after) $real \"$@\" && kill -9 $PPID ;;\n\
         refused) exit 1 ;;\n\
         esac\n",
        writes = card.file("writes").display(),
    );
    fs::write(programs.join("fw_setenv"), program).unwrap();
    fs::set_permissions(programs.join("fw_setenv"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    card.command("set-primary B").env("PATH", path).output().unwrap()
}

#[test]
fn a_power_cut_between_the_writes_leaves_the_old_counters_or_the_new_ones() {
    for (write, how, left) in [
        (1, "before", "A"),
        (1, "torn", "A"),
        (1, "after", "B"),
        (2, "before", "B"),
        (2, "torn", "B"),
        (2, "after", "B"),
    ] {
        let card = Card::new("A", "A/3/0");
        let cut = goes_wrong(&card, write, how);
        assert!(!cut.status.success(), "{how} write {write}: it was cut");
        let state = card.says("get-state B");
        assert_eq!((card.says("get-primary").as_str(), state == "good"), (left, left == "B"), "{how} write {write}");
        assert!(card.copies().iter().any(Option::is_some));
        card.says("set-primary B");
        assert_eq!(card.copies(), both("B A/3/3"), "{how} write {write}, and once more");
    }
}

#[test]
fn a_copy_that_cannot_be_written_is_told_unless_nobody_reads_it() {
    // The first keeps its old word, which would count at the next start.
    let card = Card::new("A", "A/3/0");
    let refused = goes_wrong(&card, 1, "refused");
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("still the old ones"), "{refused:?}");
    // A dead first copy: the second counts alone.
    let card = Card::new("A", "A/3/0");
    card.damage(0);
    let dead = goes_wrong(&card, 1, "refused");
    assert!(dead.status.success(), "{dead:?}");
    assert_eq!((card.copies(), card.says("get-primary")), ([None, Some("B A/3/3".to_owned())], "B".to_owned()));
}

/// U-Boot, the tools in the system and the factory mean the same two sectors.
#[test]
fn everybody_means_the_same_sectors() {
    let script = text("image/boot/boot.cmd");
    assert!(script.contains("for place in 0x800 0x1000; do"), "the first copy that is whole counts");
    assert_eq!(PLACES.map(|place| format!("{:#x}", place / 512)), ["0x800", "0x1000"]);
    let writes = |place: &str| script.matches(&format!("${{devtype}} write ${{scratch}} {place} 1")).count();
    assert_eq!((writes("0x800"), writes("0x1000")), (2, 2), "each write goes to both");
    for (config, place) in CONFIGS.iter().zip(PLACES) {
        let text = text(&format!("image/root/etc/{config}"));
        let line = text.lines().find(|line| !line.starts_with('#')).unwrap();
        assert_eq!(line, format!("/dev/madoguchi/disk {place:#x} 0x200"));
    }
    let factory = text("image/steps/disk");
    for place in PLACES {
        assert!(factory.contains(&format!("put \"$build/counters.bin\" {}\n", place >> 20)));
    }
    // Neither lies in a partition.
    let first =
        text("image/layout").lines().find_map(|line| line.strip_prefix("1 boot ")?.split(' ').next()?.parse().ok());
    assert!(PLACES.iter().all(|place| Some(*place) < first.map(|mib: u64| mib << 20)));
    let rauc = text("image/root/etc/rauc/system.conf.in");
    assert!(rauc.contains("bootloader=custom") && rauc.contains("custom-backend=/usr/lib/madoguchi/counters"));
}
