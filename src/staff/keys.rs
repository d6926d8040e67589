//! The city's signing key: made once, its public half copied onto every device.
#![expect(clippy::disallowed_methods, reason = "a command line reads and writes the files it is told")]

use crate::model::secret::Secret;
use minisign::{KeyPair, SecretKey, SecretKeyBox};
use std::collections::BTreeSet;
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

/// The shortest password of a signing key, in characters. Whoever finds the file may try passwords without anybody noticing.
const SHORTEST_PASSWORD: usize = 12;
/// A password has at least so many different characters.
const DIFFERENT_CHARACTERS: usize = 6;
/// What does not count towards a password's length, because it is tried first.
const TRIED_FIRST: [&str; 6] = ["password", "passw0rd", "madoguchi", "qwerty", "窓口", "パスワード"];

/// Shows a question and reads an answer that is not shown.
type Ask<'a> = &'a mut dyn FnMut(&str) -> std::io::Result<String>;

/// Makes a key pair in `folder`. A password is prompted for unless `without_password`.
///
/// # Errors
/// Files that are there already are never replaced, a password that is easily guessed is not taken; else what was tried
/// and how it failed. Nothing is written then.
pub fn new(folder: &Path, without_password: bool) -> Result<String, Box<dyn Error>> {
    let mut prompt = |question: &str| rpassword::prompt_password(question);
    make(folder, if without_password { None } else { Some(&mut prompt) })
}

fn make(folder: &Path, ask: Option<Ask<'_>>) -> Result<String, Box<dyn Error>> {
    let (secret, public) = (folder.join(SECRET), folder.join(PUBLIC));
    for file in [&secret, &public] {
        if file.exists() {
            return Err(format!("{} is there already; choose another folder", file.display()).into());
        }
    }
    let password = ask.map(new_password).transpose()?;
    fs::create_dir_all(folder).map_err(|error| format!("making {}: {error}", folder.display()))?;
    let pair = match password {
        None => KeyPair::generate_unencrypted_keypair(),
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password.expose().to_owned())),
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

fn new_password(ask: Ask<'_>) -> Result<Secret, String> {
    let mut typed = |question: &str| {
        let answer = ask(question).map(Secret::new);
        answer.map_err(|error| format!("asking for the password at the terminal: {error}; --no-password asks for none"))
    };
    let password = typed("Password for the signing key: ")?;
    check_password(password.expose())?;
    if typed("The same once more: ")? != password {
        return Err("the two passwords differ; no key was made, start again".to_owned());
    }
    Ok(password)
}

/// Whether a password protects a key that signs for a whole city.
fn check_password(password: &str) -> Result<(), String> {
    let advice = "choose a longer one, such as five words; no key was made";
    if password.trim().is_empty() {
        return Err(format!("the password is empty; {advice} (--no-password is for a machine that signs by itself)"));
    }
    let mut counted = password.trim().to_lowercase();
    for word in TRIED_FIRST {
        counted = counted.replace(word, "");
    }
    let characters: Vec<char> = counted.chars().collect();
    if characters.len() < SHORTEST_PASSWORD {
        return Err(format!(
            "the password has fewer than {SHORTEST_PASSWORD} characters (words that are tried first, such as \
             \"password\", do not count); {advice}"
        ));
    }
    let neighbours = characters.windows(2).filter(|pair| u32::from(pair[0]).abs_diff(u32::from(pair[1])) <= 1).count();
    let different: BTreeSet<&char> = characters.iter().collect();
    if different.len() < DIFFERENT_CHARACTERS || neighbours * 2 > characters.len() {
        return Err(format!("the password repeats or counts, such as 1234; {advice}"));
    }
    Ok(())
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
    let text = fs::read_to_string(file).map_err(|error| {
        format!("reading the key {}: {error}; give the file {SECRET} that \"keys new\" wrote", file.display())
    })?;
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
    fn a_signing_key_needs_a_real_password_and_else_nothing_is_written() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("keys");
        let refused = |typed: &[&str]| {
            let mut answers = typed.iter();
            let mut ask = |_: &str| Ok(answers.next().copied().unwrap_or_default().to_owned());
            let error = make(&folder, Some(&mut ask)).unwrap_err().to_string();
            assert!(!folder.exists(), "{typed:?}");
            error
        };
        for (password, reason) in [
            ("", "empty"),
            ("             ", "empty"),
            ("short", "fewer than 12"),
            ("Password-2026", "fewer than 12"),
            ("窓口窓口窓口窓口", "fewer than 12"),
            ("aaaaaaaaaaaaaaaa", "repeats or counts"),
            ("123456789012345", "repeats or counts"),
            ("abcdefghijklmnop", "repeats or counts"),
            ("abcabcabcabcabc", "repeats or counts"),
        ] {
            let error = refused(&[password, password]);
            assert!(error.contains(reason) && error.contains("no key was made"), "{password}: {error}");
        }
        let error = refused(&["umbrella tea river stone", "umbrella tea river stove"]);
        assert!(error.contains("differ"), "{error}");
    }

    #[test]
    fn a_real_password_is_taken() {
        for password in ["umbrella tea river stone", "さくら やまみち ゆうびん こたつ", "k8#Vq2!mZr5pT"] {
            assert_eq!(check_password(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn a_key_that_is_not_there_is_said_with_what_to_give() {
        let folder = tempfile::tempdir().unwrap();
        let error = secret(&folder.path().join("nowhere").join(SECRET)).err().unwrap().to_string();
        assert!(error.contains("nowhere") && error.contains("that \"keys new\" wrote"), "{error}");
    }

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
