//! Sticks: mounted where root says and nowhere else, and with no other file system's driver than their own two.

use super::{path_with, program, source, text};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

/// The script that mounts a stick, with stand-ins for what it calls; `mounted` has the words of each mount.
fn put_in(folder: &Path, sticks: &Path, name: &str) -> Output {
    let programs = folder.join("programs");
    program(&programs, "blkid", "echo vfat");
    program(&programs, "mount", &format!("echo \"$@\" >>{}", folder.join("mounted").display()));
    let mut run = Command::new("sh");
    run.arg(source("image/root/usr/lib/madoguchi/stick")).args(["in", name]);
    run.env("PATH", path_with(&programs)).env("STICKS", sticks).output().unwrap()
}

#[test]
fn a_link_leads_root_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (sticks, elsewhere, mounted) = (at("stick"), at("elsewhere"), at("mounted"));
    for made in [&sticks, &elsewhere] {
        fs::create_dir(made).unwrap();
        fs::set_permissions(made, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let refused = |why: &str, sticks: &Path, name: &str| {
        let ended = put_in(folder.path(), sticks, name);
        assert!(!ended.status.success() && !mounted.exists(), "{why}: {ended:?}");
    };
    symlink(&elsewhere, sticks.join("sda1")).unwrap();
    refused("a link in the place of the stick", &sticks, "sda1");
    symlink(&sticks, at("link")).unwrap();
    refused("a link in the place of all sticks", &at("link"), "sdb1");
    refused("a name that leads out", &sticks, "../elsewhere");
    fs::set_permissions(&sticks, PermissionsExt::from_mode(0o1775)).unwrap();
    refused("others can write there", &sticks, "sdb1");
    fs::set_permissions(&sticks, PermissionsExt::from_mode(0o755)).unwrap();

    // What a stick that was pulled out left is no reason to refuse the next one.
    fs::create_dir(sticks.join("sdb1")).unwrap();
    let ended = put_in(folder.path(), &sticks, "sdb1");
    assert!(ended.status.success(), "{ended:?}");
    let words = fs::read_to_string(&mounted).unwrap();
    let words: Vec<&str> = words.split_whitespace().collect();
    assert_eq!(words.last().copied(), sticks.join("sdb1").to_str());
    for option in ["ro", "nodev", "nosuid", "noexec", "nosymfollow"] {
        assert!(words[3].split(',').any(|given| given == option), "{option} is missing in {words:?}");
    }
}

/// A driver that is not there cannot be made to load. `steps/root` holds the finished root against the same list.
#[test]
fn the_image_has_drivers_of_few_file_systems() {
    let step = text("image/steps/root");
    let allowed = step.lines().find_map(|line| line.strip_prefix("file_systems=")).expect("steps/root names them");
    assert_eq!(allowed.trim_matches('\''), "autofs exfat ext4 fat jbd2 mbcache.ko nls squashfs");
    let modules = text("image/modules");
    let names: Vec<&str> = modules.lines().filter_map(|line| line.split_whitespace().last()).collect();
    for driver in ["ntfs3", "isofs", "udf", "hfs", "hfsplus", "btrfs", "xfs", "f2fs", "jfs", "nfs", "cifs", "fuse"] {
        assert!(!names.contains(&driver), "{driver} is in image/modules");
    }
}
