//! Who may sign updates, by the real RAUC with the device's own settings: a signer is changed and the one before is taken
//! back, and a certificate that is made for something else counts for nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where updates are signed, and the keyrings of the versions that came one after the other.
struct Desk {
    folder: tempfile::TempDir,
}

fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(desk.at("bundle")).unwrap();
        // A file that does not get smaller: RAUC wants more than one block.
        let mut noise = 1u64;
        let bytes = std::iter::repeat_with(|| {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            noise.to_le_bytes()
        });
        fs::write(desk.at("bundle/root.img"), bytes.take(5_000).flatten().collect::<Vec<_>>()).unwrap();
        let manifest =
            "[update]\ncompatible=x\nversion=1\n[bundle]\nformat=verity\n[image.rootfs]\nfilename=root.img\n";
        fs::write(desk.at("bundle/manifest.raucm"), manifest).unwrap();
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn signers(&self, words: &[&str]) -> Result<(), String> {
        let ran = Command::new("/bin/sh").arg(source("image/signers")).args(words).current_dir(&self.folder).output();
        let ran = ran.unwrap();
        if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned()) }
    }

    /// Signs an update with what a folder for KEYS has.
    fn signed(&self, keys: &str) -> PathBuf {
        let bundle = self.at(&format!("{}.raucb", keys.replace('/', "-")));
        let _ = fs::remove_file(&bundle);
        let mut rauc = Command::new("rauc");
        rauc.arg("bundle");
        for what in ["cert", "key"] {
            rauc.arg(format!("--{what}={}", self.at(keys).join(format!("updates-{what}.pem")).display()));
        }
        let ran = rauc.arg(self.at("bundle")).arg(&bundle).output();
        let ran = ran.expect("rauc is there (apt-get install rauc squashfs-tools)");
        assert!(ran.status.success(), "{ran:?}");
        bundle
    }

    /// What a device says of an update whose keyring is that of a folder for KEYS.
    fn device_says(&self, keyring: &str, bundle: &Path) -> String {
        let settings = fs::read_to_string(source("image/root/etc/rauc/system.conf.in")).unwrap();
        let (_, rest) = settings.split_once("[keyring]\n").unwrap();
        let (section, _) = rest.split_once("\n[").unwrap();
        let keyring = self.at(keyring).join("updates-keyring.pem");
        let section = section.replace("/etc/rauc/keyring.pem", &keyring.display().to_string());
        assert!(section.contains(&format!("path={}", keyring.display())), "{section}");
        let conf = self.at("system.conf");
        fs::write(&conf, format!("[system]\ncompatible=x\nbootloader=noop\n[keyring]\n{section}\n")).unwrap();
        let ran = Command::new("rauc").arg("--conf").arg(conf).arg("info").arg(bundle).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        if ran.status.success() { "installed".to_owned() } else { said }
    }
}

#[test]
fn a_signer_is_changed_and_the_one_before_is_taken_back() {
    let desk = Desk::new();
    desk.signers(&["authority", "authority", "/O=みどり市/CN=Madoguchi updates"]).unwrap();
    desk.signers(&["signer", "authority", "/O=みどり市/CN=Madoguchi updates 2026", "v1"]).unwrap();
    desk.signers(&["signer", "authority", "/O=みどり市/CN=Madoguchi updates 2027", "v2"]).unwrap();
    let (old, new) = (desk.signed("v1"), desk.signed("v2"));
    // No device has to have anything new for that: it trusts the authority.
    for bundle in [&old, &new] {
        assert_eq!(desk.device_says("v1", bundle), "installed");
    }
    desk.signers(&["revoke", "authority", "v1/updates-cert.pem", "v2"]).unwrap();
    // The version that brings the list came signed by the new one; from then on the old one counts for nothing.
    assert_eq!(desk.device_says("v1", &new), "installed");
    let said = desk.device_says("v2", &old);
    assert!(said.contains("certificate revoked"), "{said}");
    assert_eq!(desk.device_says("v2", &new), "installed");
    // A thief of the old key signs again.
    let said = desk.device_says("v2", &desk.signed("v1"));
    assert!(said.contains("certificate revoked"), "{said}");
}

/// The authority itself is changed: for one version the keyring has both.
#[test]
fn a_keyring_with_both_authorities_takes_either_s_signers_but_those_taken_back() {
    let desk = Desk::new();
    for which in ["old", "new"] {
        desk.signers(&["authority", &format!("{which}-authority"), &format!("/CN={which}")]).unwrap();
        desk.signers(&["signer", &format!("{which}-authority"), &format!("/CN={which} signer"), which]).unwrap();
    }
    let (old, new) = (desk.signed("old"), desk.signed("new"));
    let said = desk.device_says("old", &new);
    assert!(said.contains("unable to get") || said.contains("self"), "a stranger's authority: {said}");
    fs::create_dir(desk.at("both")).unwrap();
    let both = |desk: &Desk| {
        let rings = ["old", "new"].map(|which| fs::read_to_string(desk.at(which).join("updates-keyring.pem")).unwrap());
        fs::write(desk.at("both/updates-keyring.pem"), rings.concat()).unwrap();
    };
    both(&desk);
    for bundle in [&old, &new] {
        assert_eq!(desk.device_says("both", bundle), "installed");
    }
    desk.signers(&["revoke", "old-authority", "old/updates-cert.pem", "old"]).unwrap();
    both(&desk);
    assert!(desk.device_says("both", &old).contains("certificate revoked"));
    assert_eq!(desk.device_says("both", &new), "installed");
}

#[test]
fn a_certificate_for_something_else_and_a_keyring_without_a_list_count_for_nothing() {
    let desk = Desk::new();
    desk.signers(&["authority", "authority", "/CN=authority"]).unwrap();
    desk.signers(&["signer", "authority", "/CN=updates", "updates"]).unwrap();
    let settings = desk.at("authority/openssl.cnf");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace("codeSigning,emailProtection", "emailProtection")).unwrap();
    desk.signers(&["signer", "authority", "/CN=mail", "mail"]).unwrap();
    let (update, mail) = (desk.signed("updates"), desk.signed("mail"));
    let said = desk.device_says("mail", &mail);
    assert!(said.contains("purpose"), "{said}");
    assert_eq!(desk.device_says("mail", &update), "installed");
    fs::copy(desk.at("authority/authority-cert.pem"), desk.at("mail/updates-keyring.pem")).unwrap();
    let said = desk.device_says("mail", &update);
    assert!(said.contains("CRL"), "{said}");
    for (words, says) in [
        (["signer", "nowhere", "/CN=x", "x"], "is no authority"),
        (["authority", "authority", "/CN=x", ""], "is there already"),
        (["signer", "authority", "/CN=x", "updates"], "updates-cert.pem is there already"),
        (["sign", "authority", "x", "y"], "there are authority, signer and revoke"),
    ] {
        let said = desk.signers(&words).unwrap_err();
        assert!(said.contains(says), "{words:?}: {said}");
    }
}
