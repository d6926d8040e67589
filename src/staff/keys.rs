//! The city's signing key: made once, its public half copied onto every device.
#![expect(clippy::disallowed_methods, reason = "a command line reads and writes the files it is told")]

use minisign::{KeyPair, SecretKey, SecretKeyBox};
use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Name of the secret half's file.
pub const SECRET: &str = "madoguchi-city.key";
/// Name of the public half's file.
pub const PUBLIC: &str = "madoguchi-city.pub";

/// Bytes of a key's checksum, which is its end.
const CHECKSUM: usize = 32;

/// Makes a key pair in `folder`. A password is prompted for unless `without_password`.
///
/// # Errors
/// Files that are there already are never replaced; else what was tried and how it failed.
pub fn new(folder: &Path, without_password: bool) -> Result<String, Box<dyn Error>> {
    fs::create_dir_all(folder).map_err(|error| format!("making {}: {error}", folder.display()))?;
    let (secret, public) = (folder.join(SECRET), folder.join(PUBLIC));
    for file in [&secret, &public] {
        if file.exists() {
            return Err(format!("{} is there already; choose another folder", file.display()).into());
        }
    }
    let pair = match without_password {
        true => KeyPair::generate_unencrypted_keypair(),
        false => KeyPair::generate_encrypted_keypair(None),
    };
    let pair = pair.map_err(|error| format!("making the key: {error}"))?;
    let secret_text = pair.sk.to_box(Some("Madoguchi: the city's signing key. Keep it secret."))?.into_string();
    let public_text = pair.pk.to_box()?.into_string();
    write_new(&secret, &secret_text, 0o600)?;
    write_new(&public, &public_text, 0o644)?;
    Ok(format!(
        "{} signs loans: keep it secret, and keep a copy in a safe.\n{} goes onto each device: copy it into the folder \
         \"site\" of its boot partition.",
        secret.display(),
        public.display()
    ))
}

fn write_new(file: &Path, text: &str, mode: u32) -> Result<(), String> {
    let written = OpenOptions::new().write(true).create_new(true).mode(mode).open(file).and_then(|mut open| {
        open.write_all(text.as_bytes())?;
        open.sync_all()
    });
    written.map_err(|error| format!("writing {}: {error}", file.display()))
}

/// Reads the secret half; prompts for its password where it has one.
///
/// # Errors
/// What was tried, on what, and what to do.
pub fn secret(file: &Path) -> Result<SecretKey, Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("reading the key {}: {error}", file.display()))?;
    let not_a_key = |error| format!("{} is no signing key, or its password is wrong: {error}", file.display());
    let boxed = |text: &str| SecretKeyBox::from_string(text).map_err(not_a_key);
    if let Some(key) = without_checksum(&text) {
        return Ok(key);
    }
    match boxed(&text)?.into_unencrypted_secret_key() {
        Ok(key) => Ok(key),
        Err(_) if !text.starts_with("untrusted comment:") => {
            Err(format!("{} is no signing key; give the file {SECRET}, not {PUBLIC}", file.display()).into())
        }
        Err(_) => Ok(boxed(&text)?.into_secret_key(None).map_err(not_a_key)?),
    }
}

/// A key without password as `minisign -G -W` writes it: its checksum is all zeros, which the crate takes for damage.
fn without_checksum(text: &str) -> Option<SecretKey> {
    let bytes = data_encoding::BASE64.decode(text.lines().nth(1)?.trim().as_bytes()).ok()?;
    let unchecked = bytes.last_chunk::<CHECKSUM>()?.iter().all(|byte| *byte == 0);
    let key = SecretKey::from_bytes(&bytes).ok()?;
    (unchecked && !key.is_encrypted()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_checksum_as_minisign_writes_it_signs() {
        let folder = tempfile::tempdir().unwrap();
        new(folder.path(), true).unwrap();
        let file = folder.path().join(SECRET);
        let text = fs::read_to_string(&file).unwrap();
        let (comment, key) = text.trim_end().split_once('\n').unwrap();
        let mut bytes = data_encoding::BASE64.decode(key.as_bytes()).unwrap();
        bytes.last_chunk_mut::<CHECKSUM>().unwrap().fill(0);
        fs::write(&file, format!("{comment}\n{}\n", data_encoding::BASE64.encode(&bytes))).unwrap();
        assert_eq!(secret(&file).unwrap().to_bytes(), bytes);
        // A wrong checksum is damage all the same.
        bytes.last_chunk_mut::<CHECKSUM>().unwrap().fill(1);
        fs::write(&file, format!("{comment}\n{}\n", data_encoding::BASE64.encode(&bytes))).unwrap();
        assert!(secret(&file).is_err());
    }
}
