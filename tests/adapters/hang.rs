//! What restarts a box that hangs, from power to the appliance: the settings of each stretch, and that the guide tells
//! them all (`image/README.md`, "What restarts a box that hangs"). How they act is seen in the booted tests and on boards.

use std::fs;
use std::path::Path;

/// The most that the boards' watchdog can count, in seconds (20 bits of 1/65536 s).
const HARDWARE: u32 = 15;

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The value of a unit's or systemd's own setting, which is there once.
fn setting(file: &str, name: &str) -> String {
    let text = text(file);
    let mut values = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let value = values.next().unwrap_or_else(|| panic!("{file} has no {name}")).to_owned();
    assert_eq!(values.next(), None, "{file} has {name} more than once");
    value
}

fn seconds(file: &str, name: &str) -> u32 {
    setting(file, name).trim_end_matches('s').parse().unwrap()
}

#[test]
fn the_boot_script_starts_the_boards_watchdog_before_anything_else_and_once_more_for_the_kernel() {
    let script = text("image/boot/boot.cmd");
    let lines: Vec<&str> = script.lines().map(str::trim).collect();
    let place = |wanted: &str| {
        lines.iter().position(|line| line.starts_with(wanted)).unwrap_or_else(|| panic!("boot.cmd has no {wanted}"))
    };
    assert!(place("run feed") < place("${devtype} dev"), "nothing is read before it runs");
    let board = lines.iter().rposition(|line| line.starts_with("bootm")).unwrap();
    assert_eq!(lines[board - 1], "run feed", "the kernel gets all of its time");
    // Registers by chip: /soc/watchdog (or the like) of the kernel's device trees, in the processor's addresses.
    for (chip, registers) in [("bcm2837", "0x3f1000"), ("bcm2711", "0xfe1000"), ("bcm2712", "0x107d2000")] {
        let at = place(&format!("if test \"x${{soc}}\" = \"x{chip}\""));
        assert_eq!(lines[at + 1], format!("setenv registers {registers}"));
    }
    // Each chip whose boards have a device tree in a slot.
    let trees = text("image/steps/slot");
    for pattern in ["bcm283[0-9]-rpi-*", "bcm2711-rpi-*", "bcm2712-*"] {
        assert!(trees.contains(pattern), "the boards are others now: does boot.cmd know their watchdogs?");
    }
    // PM_WDOG and PM_RSTC with their password: all of the 20 bits, then a full reset at their end.
    let feed = "setenv feed \"mw.l ${registers}24 0x5a0fffff; mw.l ${registers}1c 0x5a000122\"";
    assert_eq!(lines[place("setenv feed \"")], feed);
}

#[test]
fn a_kernel_that_panics_restarts_and_an_initrd_that_hangs_is_not_fed_for_ever() {
    let script = text("image/boot/boot.cmd");
    let line = script.lines().find(|line| line.starts_with("setenv bootargs ")).unwrap();
    let words: Vec<&str> = line.split(['"', ' ']).collect();
    for word in ["panic=5", "oops=panic", "watchdog.open_timeout=60"] {
        assert!(words.contains(&word), "the kernel's command line has no {word}");
    }
    let modules = text("image/modules");
    let first = modules.lines().find(|line| line.starts_with("initrd "));
    assert_eq!(first, Some("initrd bcm2835_wdt"), "nobody feeds the watchdog before its driver");
    let init = text("image/initrd/init");
    let loading = init.find("done </modules/initrd").unwrap();
    let mounts = ["proc proc /proc", "sysfs sys /sys", "devtmpfs dev /dev"];
    let before = init[..loading].lines().filter(|line| line.starts_with("mount "));
    assert!(
        before.eq(mounts.map(|what| format!("mount -t {what}"))),
        "the drivers are loaded before anything can hang"
    );
}

#[test]
fn systemd_and_the_appliance_are_watched_within_what_the_hardware_can_count() {
    let system = "image/root/etc/systemd/system.conf.d/madoguchi.conf";
    assert!(seconds(system, "RuntimeWatchdogSec") <= HARDWARE);
    assert!(seconds(system, "RebootWatchdogSec") > 0);
    assert_eq!(setting(system, "CrashReboot"), "yes");
    let unit = "systemd/madoguchi.service";
    assert_eq!((setting(unit, "Type"), setting(unit, "Restart")), ("notify".to_owned(), "always".to_owned()));
    assert_eq!((seconds(unit, "WatchdogSec"), seconds(unit, "TimeoutStartSec")), (30, 60));
    assert_eq!(seconds(unit, "StartLimitIntervalSec"), 0, "it is started anew for ever");
    let media = "systemd/madoguchi-media@.service";
    assert_eq!((seconds(media, "WatchdogSec"), setting(media, "WatchdogSignal")), (20, "SIGKILL".to_owned()));
    let good = "systemd/madoguchi-good.service";
    assert!(seconds(good, "TimeoutStartSec") > 180 && setting(good, "ExecStart").ends_with("--deadline 180"));
    assert_eq!(setting(good, "OnFailure"), "madoguchi-not-good.service");
}

/// The firmware that is in the image does not know it, and one that does may count with another watchdog than the one
/// that Debian's kernel feeds.
#[test]
fn the_firmware_is_told_nothing_that_was_not_tried_and_the_guide_tells_every_stretch() {
    assert!(!text("image/boot/config.txt").lines().any(|line| line.starts_with("kernel_watchdog")));
    let guide = text("image/README.md");
    let (_, rest) = guide.split_once("\n## What restarts a box that hangs\n").unwrap();
    let (section, _) = rest.split_once("\n## ").unwrap();
    let rows: Vec<&str> =
        section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Stretch")).collect();
    let stretches =
        ["firmware", "U-Boot's start", "boot script", "kernel", "initrd", "systemd", "appliance", "restart"];
    for stretch in stretches {
        let rows = rows.iter().filter(|row| row.starts_with(&format!("| {stretch}"))).count();
        assert_eq!(rows, 1, "the guide's row for \"{stretch}\"");
    }
    assert_eq!(rows.len(), stretches.len());
    for said in
        ["kernel_watchdog_timeout", "CONFIG_WDT", "watchdog=off", "watchdog.open_timeout=60", "RuntimeWatchdogSec=15s"]
    {
        assert!(section.contains(said), "the guide does not say {said}");
    }
}
