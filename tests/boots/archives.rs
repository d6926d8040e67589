//! Layers of the image are made anew when Debian brings out something newer of what is in them: archives of our own in a
//! folder, and the script that asks them.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A layer with one package, and archives of Debian's shape that have a version of it.
struct Archives {
    folder: TempDir,
}

/// What the script said, and whether it took the layer as it was; without a verdict it broke off.
struct Answer {
    said: String,
    fresh: Option<bool>,
}

impl Archives {
    /// The layer and the release have `version`; the archives of updates have nothing.
    fn new(version: &str) -> Self {
        let archives = Self { folder: TempDir::new().unwrap() };
        archives.brings_out("debian", "trixie", &entry(version));
        archives.brings_out("debian", "trixie-updates", "");
        archives.brings_out("debian-security", "trixie-security", "");
        let cache = archives.at("cache");
        std::fs::create_dir_all(cache.join("tried")).unwrap();
        std::fs::write(cache.join("tried.key"), "the key\n").unwrap();
        let status = format!("{}Status: install ok installed\n\n", entry(version));
        std::fs::write(cache.join("tried.all.status"), status).unwrap();
        archives
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn brings_out(&self, archive: &str, suite: &str, packages: &str) {
        let suite_folder = self.at(archive).join("dists").join(suite);
        let file = suite_folder.join("main/binary-arm64/Packages");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, packages).unwrap();
        let sum: String = Sha256::digest(packages).iter().map(|byte| format!("{byte:02x}")).collect();
        let release = format!(
            "Origin: Debian\nSuite: {suite}\nCodename: {suite}\nArchitectures: arm64\nComponents: main\n\
             Date: Sun, 29 Nov 2026 12:00:00 UTC\nSHA256:\n {sum} {} main/binary-arm64/Packages\n",
            packages.len()
        );
        std::fs::write(suite_folder.join("Release"), release).unwrap();
    }

    /// Whether the build would take the layer as it is.
    fn ask(&self, release_keys: Option<&Path>) -> Answer {
        let script = "set -eu; . image/steps/layers; asked_again_after=0
            debian() { echo \"deb [trusted=yes arch=arm64] $1 $2 $3\"; }
            archives trixie main >\"$cache/tried.all.list\"
            if fresh tried 'the key'; then echo taken; else echo anew; fi";
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(env!("CARGO_MANIFEST_DIR"));
        command.env("MADOGUCHI_IMAGE_CACHE", self.at("cache")).env_remove("KEYS");
        let mirror = |name: &str| format!("file://{}", self.at(name).display());
        command.env("MIRROR", mirror("debian")).env("SECURITY_MIRROR", mirror("debian-security"));
        if let Some(keys) = release_keys {
            command.env("KEYS", keys);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let last = |word: &str| said.lines().any(|line| line == word);
        let fresh = output.status.success().then(|| last("taken") && !last("anew"));
        Answer { said, fresh }
    }
}

fn entry(version: &str) -> String {
    format!(
        "Package: libtried\nVersion: {version}\nArchitecture: arm64\nMaintainer: Nobody <nobody@example.org>\n\
         Filename: pool/libtried_{version}_arm64.deb\nSize: 1000\nSHA256: {}\nDescription: a package\n",
        "0".repeat(64)
    )
}

#[test]
fn a_security_update_makes_the_layer_anew_and_is_named() {
    let archives = Archives::new("1.0-1");
    let before = archives.ask(None);
    assert_eq!(before.fresh, Some(true), "{}", before.said);
    archives.brings_out("debian-security", "trixie-security", &format!("{}\n", entry("1.0-1+deb13u1")));
    let after = archives.ask(None);
    assert_eq!(after.fresh, Some(false), "{}", after.said);
    assert!(after.said.contains("libtried 1.0-1 -> 1.0-1+deb13u1 (trixie-security)"), "{}", after.said);
    assert!(!archives.at("cache/tried").exists(), "what is old stayed");
}

#[test]
fn so_does_a_point_release() {
    let archives = Archives::new("1.0-1");
    archives.brings_out("debian", "trixie", &format!("{}\n", entry("1.0-2")));
    let answer = archives.ask(None);
    assert_eq!(answer.fresh, Some(false), "{}", answer.said);
    assert!(answer.said.contains("libtried 1.0-1 -> 1.0-2 (trixie)"), "{}", answer.said);
}

#[test]
fn a_layer_of_which_nothing_is_known_is_made_anew() {
    let archives = Archives::new("1.0-1");
    std::fs::remove_file(archives.at("cache/tried.all.status")).unwrap();
    let answer = archives.ask(None);
    assert_eq!(answer.fresh, Some(false), "{}", answer.said);
}

#[test]
fn archives_that_do_not_answer_are_said_and_a_release_is_not_built_without_them() {
    let archives = Archives::new("1.0-1");
    std::fs::remove_dir_all(archives.at("debian-security")).unwrap();
    let answer = archives.ask(None);
    assert_eq!(answer.fresh, Some(true), "{}", answer.said);
    assert!(answer.said.contains("security updates may be missing"), "{}", answer.said);
    let release = archives.ask(Some(archives.folder.path()));
    assert_eq!(release.fresh, None, "{}", release.said);
    assert!(release.said.contains("a release is not built without them"), "{}", release.said);
}
