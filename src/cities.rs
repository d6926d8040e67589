//! Whose loans and return orders count on a device: the city keys of the verified root, and those of the boot partition
//! that the release's key vouches for. Anybody's PC can write to the boot partition, so a bare key there counts for nothing,
//! but in a development build.
#![expect(clippy::disallowed_methods, reason = "reads the files of keys")]

use crate::model::stick::{KeyRefusal, KeyRefused};
use minisign_verify::{PublicKey, Signature};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What the image brings, in the verified root: `cities/*.pub`, `withdrawn/*.pub`, [`RELEASE`] and [`DEVELOPMENT`].
pub const TRUST: &str = "/usr/share/madoguchi/trust";
/// The keys of the boot partition, as the system copies them.
pub const SITE: &str = "/run/madoguchi/site";
/// The release's public key, which vouches for city keys and for pointers to updates, and for nothing else.
pub const RELEASE: &str = "madoguchi-release.pub";
/// Exists in a development build.
pub const DEVELOPMENT: &str = "development";
/// How the signed comment of a city key's certificate begins: whatever else the release's key may sign is none.
pub const CERTIFIES: &str = "madoguchi city key";
/// What a certificate's file is named: the key's name and this.
pub const CERTIFICATE: &str = ".minisig";
/// A key or certificate with more bytes is none.
const LONGEST: u64 = 4096;

/// Where keys lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// In the verified root.
    pub trust: PathBuf,
    /// On the boot partition.
    pub site: PathBuf,
    /// Exists once those of the boot partition have been copied, or could not be. Nothing: they are there from the beginning.
    pub settled: Option<PathBuf>,
}

impl Default for Places {
    fn default() -> Self {
        Self { trust: TRUST.into(), site: SITE.into(), settled: Some(Path::new(SITE).join("settled")) }
    }
}

/// The keys that count, and the others.
#[derive(Debug, Default)]
pub struct Cities {
    /// Whose signature is followed.
    pub keys: Vec<PublicKey>,
    /// Files that hold no key that counts, by name.
    pub refused: Vec<KeyRefused>,
    /// A development build, in which bare keys count.
    pub development: bool,
}

impl Places {
    /// Whose pointers to updates are followed: the release's, and in a system that knows none, its own cities'. In a
    /// development build also bare keys.
    pub fn releases(&self) -> Vec<PublicKey> {
        let release = key_in(&self.trust.join(RELEASE)).map(|(key, _)| key);
        if self.trust.join(DEVELOPMENT).exists() {
            return release.into_iter().chain(self.read().keys).collect();
        }
        let own = || {
            key_files(&self.trust.join("cities")).iter().filter_map(|file| key_in(file)).map(|(key, _)| key).collect()
        };
        release.map_or_else(own, |release| vec![release])
    }

    /// Reads all of them. Where nothing can be read, nobody counts.
    pub fn read(&self) -> Cities {
        let development = self.trust.join(DEVELOPMENT).exists();
        let release = key_in(&self.trust.join(RELEASE)).map(|(key, _)| key);
        let mut cities = Cities { development, ..Cities::default() };
        let withdrawn: Vec<PublicKey> = key_files(&self.trust.join("withdrawn"))
            .iter()
            .filter_map(|file| key_in(file))
            .map(|(key, _)| key)
            .collect();
        let built_in = key_files(&self.trust.join("cities")).into_iter().map(|file| (file, true));
        for (file, vouched) in built_in.chain(key_files(&self.site).into_iter().map(|file| (file, false))) {
            let judged = match key_in(&file) {
                None => Err(KeyRefusal::Broken),
                Some((key, _)) if withdrawn.contains(&key) => Err(KeyRefusal::Withdrawn),
                Some((key, _)) if vouched || development => Ok(key),
                Some((key, text)) => certified(&file, &text, release.as_ref()).map(|()| key),
            };
            match judged {
                Ok(key) if cities.keys.contains(&key) => {}
                Ok(key) => cities.keys.push(key),
                Err(why) => {
                    let name = file.file_name().unwrap_or_default().to_string_lossy();
                    // Who chose the name is not known, and the TV shows it.
                    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' };
                    let file = name.chars().take(60).map(plain).collect();
                    cities.refused.push(KeyRefused { file, why });
                }
            }
        }
        cities
    }
}

/// Whether the release's key vouches for this file.
fn certified(file: &Path, text: &str, release: Option<&PublicKey>) -> Result<(), KeyRefusal> {
    let beside = PathBuf::from(format!("{}{CERTIFICATE}", file.display()));
    let (Some(certificate), Some(release)) = (short_text(&beside), release) else {
        return Err(KeyRefusal::Uncertified);
    };
    let signature = Signature::decode(&certificate).map_err(|_| KeyRefusal::WrongCertificate)?;
    let vouches = release.verify(text.as_bytes(), &signature, false).is_ok();
    if vouches && signature.trusted_comment().starts_with(CERTIFIES) {
        Ok(())
    } else {
        Err(KeyRefusal::WrongCertificate)
    }
}

/// The folder's `*.pub`, in the order of their names.
fn key_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    let mut files: Vec<PathBuf> = entries.unwrap_or_default();
    // The Mac leaves a hidden "._NAME" beside each file that it writes.
    let hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    files.retain(|path| path.extension().is_some_and(|ending| ending == "pub") && !hidden(path));
    files.sort();
    files
}

/// A key without its comment, so that equal keys are equal, and the text of its file.
fn key_in(file: &Path) -> Option<(PublicKey, String)> {
    let text = short_text(file)?;
    let key = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    let key = PublicKey::from_base64(key).ok()?;
    Some((key, text))
}

fn short_text(file: &Path) -> Option<String> {
    if !file.symlink_metadata().is_ok_and(|about| about.is_file()) {
        return None;
    }
    let mut text = String::new();
    let read = File::open(file).ok()?.take(LONGEST + 1).read_to_string(&mut text);
    (read.is_ok() && text.len() as u64 <= LONGEST).then_some(text)
}
