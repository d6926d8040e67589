//! What a boot partition that somebody changed may say to the kernel and the initrd: the real texts of U-Boot's script and of
//! `/init`, run by a shell with stand-ins for the commands of U-Boot and for the programs that touch the machine.

use madoguchi::boot_files::BootFiles;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn program(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
}

/// U-Boot's commands as the script uses them; `bootm` says what the kernel would be told.
const U_BOOT: &str = r#"
setenv() { name=$1; shift; eval "$name=\$*"; }
setexpr() {
    case $2 in
    sub) eval "$1=\$(printf %s \"\$5\" | sed \"s|\$3|\$4|\")" ;;
    gsub) eval "$1=\$(printf %s \"\$5\" | sed \"s|\$3|\$4|g\")" ;;
    *) eval "$1=$(($2 $3 $4))" ;;
    esac
}
run() { eval "eval \"\$$1\""; }
env() { :; }
mw_l() { :; }
mmc() { :; }
load() { :; }
sleep() { :; }
reset() { exit 3; }
bootm() { printf 'bootargs %s\n' "$bootargs"; exit 0; }
"#;

/// The kernel's command line as the script writes it, after what `uboot.env` says.
fn command_line(uboot_env: &[(&str, &str)]) -> Vec<String> {
    // These two are no names of a shell's.
    let script = fs::read_to_string(source("image/boot/boot.cmd")).unwrap();
    let script = format!("{U_BOOT}\n{}", script.replace("mw.l ", "mw_l ").replace("serial#", "serial"));
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(script).env_clear().env("PATH", std::env::var("PATH").unwrap());
    let good = [("BOOT_ORDER", "A"), ("BOOT_A_LEFT", "3"), ("BOOT_B_LEFT", "3"), ("devtype", "mmc"), ("devnum", "0")];
    let ran = shell.envs(good).envs(uboot_env.iter().copied()).output().unwrap();
    let said = String::from_utf8(ran.stdout.clone()).unwrap();
    let line = said.lines().find_map(|line| line.strip_prefix("bootargs ")).unwrap_or_else(|| panic!("{ran:?}"));
    line.split_whitespace().map(str::to_owned).collect()
}

const BOARD: (&str, &str) = ("fdtfile", "broadcom/bcm2711-rpi-4-b.dtb");

#[test]
fn nothing_that_stands_in_uboot_env_gets_onto_the_kernels_command_line() {
    let plain = command_line(&[BOARD]);
    for word in ["madoguchi.slot=A", "rauc.slot=A", "ro", "panic=5", "console=tty1", "console=ttyS1,115200", "quiet"] {
        assert!(plain.iter().any(|there| there == word), "{word} is missing: {plain:?}");
    }
    for (name, value) in [
        ("consoles", "console=tty1 init=/bin/sh"),
        ("bootargs", "init=/bin/sh"),
        ("unwatched", "init=/bin/sh"),
        ("switched", "systemd.debug_shell"),
        ("slot", "A init=/bin/sh"),
        ("mode", "init=/bin/sh"),
        ("log", "on init=/bin/sh"),
        ("tv", "1280x720 init=/bin/sh"),
        ("tv", "1280x720;init"),
        ("tv", "big"),
        ("watchdog", "off init=/bin/sh"),
    ] {
        assert_eq!(command_line(&[BOARD, (name, value)]), plain, "{name}={value}");
    }
    let added = |switched: &[(&str, &str)]| -> Vec<String> {
        command_line(&[&[BOARD], switched].concat()).into_iter().filter(|word| !plain.contains(word)).collect()
    };
    assert_eq!(added(&[("tv", "1280x720@50")]), ["madoguchi.tv=1280x720@50"]);
    let log = ["systemd.journald.forward_to_console=1", "systemd.journald.max_level_console=info", "loglevel=6"];
    assert_eq!(added(&[("log", "on")]), log);
    let emulated = command_line(&[]);
    assert!(emulated.contains(&"console=ttyAMA0".to_owned()) && !emulated.contains(&"console=tty1".to_owned()));
    // What the images bring sets nothing of it.
    for file in ["pi.env", "qemu.env"] {
        let text = fs::read_to_string(source("image/boot").join(file)).unwrap();
        let sets = |name: &str| text.lines().any(|line| line.starts_with(name));
        assert!(!["consoles=", "log=", "tv="].into_iter().any(sets), "{file}");
    }
}

/// What the initrd says of a command line, where no disk is.
fn initrd_says(line: &str) -> String {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    for folder in ["proc", "dev", "modules"] {
        fs::create_dir(at(folder)).unwrap();
    }
    fs::write(at("proc/cmdline"), format!("{line}\n")).unwrap();
    fs::write(at("modules/initrd"), "").unwrap();
    fs::write(at("slot.conf"), "partition_a=6\npartition_b=8\nlinks='1:boot'\n").unwrap();
    for name in ["mount", "insmod", "mknod", "usleep", "sleep"] {
        program(&at("bin"), name, "exit 0");
    }
    program(&at("bin"), "reboot", "kill -9 $PPID");
    std::os::unix::fs::symlink("/bin/cat", at("bin/cat")).unwrap();
    let here = root.path().display().to_string();
    let mut text = fs::read_to_string(source("image/initrd/init")).unwrap();
    for (from, to) in [
        ("PATH=/bin", format!("PATH={here}/bin")),
        ("/proc/cmdline", format!("{here}/proc/cmdline")),
        ("/dev/", format!("{here}/dev/")),
        (". /slot.conf", format!(". {here}/slot.conf")),
        ("/modules/", format!("{here}/modules/")),
    ] {
        assert!(text.contains(from), "the initrd no longer has {from}");
        text = text.replace(from, &to);
    }
    let ran = Command::new("/bin/sh").arg("-c").arg(text).current_dir(&root).output().unwrap();
    assert!(!ran.status.success(), "it starts again");
    fs::read_to_string(at("dev/kmsg")).unwrap_or_else(|_| panic!("{ran:?}"))
}

#[test]
fn the_initrd_follows_no_word_of_ours_that_it_does_not_know() {
    // Further than this it does not come here.
    for (line, partition) in [
        ("ro quiet madoguchi.slot=A rauc.slot=A", 6),
        ("madoguchi.slot=B console=tty1", 8),
        ("madoguchi.tv=1280x720@50 madoguchi.slot=A", 6),
    ] {
        let said = initrd_says(line);
        assert_eq!(said, format!("<3>madoguchi: no disk with partition {partition}; starting again\n"), "{line}");
    }
    for (line, words) in [
        ("madoguchi.slot=A madoguchi.shell=1", "\"madoguchi.shell=1\", which this system does not know"),
        ("madoguchi.slot=C", "\"madoguchi.slot=C\""),
        ("madoguchi.slot=A madoguchi.slot=B", "madoguchi.slot twice"),
        ("madoguchi.slot=A madoguchi.tv=1x1 madoguchi.tv=2x2", "madoguchi.tv twice"),
        ("madoguchi.slot=A madoguchi.tv=", "\"madoguchi.tv=\""),
        ("madoguchi.slot=A \"madoguchi.slot=B\"", "does not know"),
        ("madoguchi.slot=A x=madoguchi.slot=B", "does not know"),
        ("madoguchi.slot=A madoguchi.*", "\"madoguchi.*\""),
    ] {
        let said = initrd_says(line);
        assert!(said.starts_with("<3>madoguchi: the command line has ") && said.contains(words), "{line}: {said}");
        assert!(said.contains("flash the card again"), "{said}");
    }
    assert!(initrd_says("ro quiet").contains("names no slot"));
}

/// The script that lists the boot files, and the step that lists the image's, mean the same as what a PC sees.
#[test]
fn device_image_and_pc_list_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("card/site")).unwrap();
    fs::create_dir_all(at("card/overlays")).unwrap();
    for (name, text) in [
        ("boot.scr", "script"),
        ("config.txt", ""),
        ("a b.txt", "x"),
        ("overlays/x.dtbo", "tree"),
        ("site/a.pub", "key"),
    ] {
        fs::write(at("card").join(name), text).unwrap();
    }
    let (card, boot) = (at("card").display().to_string(), at("boot").display().to_string());
    program(&at("programs"), "mount", &format!("cp -R {card}/. {boot}"));
    program(&at("programs"), "umount", &format!("rm -r {boot} && mkdir {boot}"));
    program(&at("programs"), "busybox", "exec \"$@\"");
    let path = format!("{}:{}", at("programs").display(), std::env::var("PATH").unwrap());
    let shell = |script: &mut Command| -> Output {
        let ran = script.env("PATH", &path).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        ran
    };
    let mut list = Command::new("/bin/sh");
    list.arg(source("image/root/usr/lib/madoguchi/boot-files")).env("BOOT", &boot).env("LIST", at("list"));
    let said = shell(&mut list);
    let on_device = fs::read_to_string(at("list")).unwrap();
    assert_eq!(String::from_utf8(said.stdout).unwrap(), on_device, "the journal has it, too");
    let step = fs::read_to_string(source("image/steps/disk")).unwrap();
    let from = step.find("(cd \"$fat\" && find").unwrap();
    let line = &step[from..from + step[from..].find("\nsay").unwrap()];
    let mut built = Command::new("/bin/sh");
    shell(built.arg("-euc").arg(line).env("fat", at("card")).env("out", folder.path()).env("name", "image"));
    let of_image = fs::read_to_string(at("image.boot-files.sha256")).unwrap();
    assert!(of_image.contains("  overlays/x.dtbo\n") && !of_image.contains("site/"), "{of_image}");
    let (device, image) = (BootFiles::from_list(&on_device), BootFiles::from_list(&of_image));
    let pc = BootFiles::of_card(&at("card")).unwrap();
    assert_eq!((device.number(), pc.number()), (image.number(), image.number()));
}
