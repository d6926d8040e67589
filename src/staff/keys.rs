//! The city's signing key: made once, its public half copied onto every device.
#![expect(clippy::disallowed_methods, reason = "a command line reads and writes the files it is told")]

use crate::model::secret::Secret;
use crate::password::{Weak, normal, sound};
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

/// Shows a question and reads an answer that is not shown.
type Ask<'a> = &'a mut dyn FnMut(&str) -> std::io::Result<String>;

/// Makes a key pair in `folder`. A password is prompted for unless `without_password`.
///
/// # Errors
/// Files that are there already are never replaced, a password that is easily guessed is not taken; else what was tried
/// and how it failed. Nothing is written then.
pub fn new(folder: &Path, without_password: bool) -> Result<String, Box<dyn Error>> {
    let mut ask = at_the_terminal;
    make(folder, if without_password { None } else { Some(&mut ask) })
}

fn at_the_terminal(question: &str) -> std::io::Result<String> {
    rpassword::prompt_password(question)
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
    let password = typed(ask, "Password for the signing key: ")?;
    let password = sound(&password, "").map_err(|weak| match weak {
        Weak::Empty => format!("{weak}; no key was made (--no-password is for a machine that signs by itself)"),
        Weak::Short | Weak::Guessable => format!("{weak}; no key was made"),
    })?;
    if normal(typed(ask, "The same once more: ")?.expose()) != password.expose() {
        return Err("the two passwords differ; no key was made, start again".to_owned());
    }
    Ok(password)
}

fn typed(ask: Ask<'_>, question: &str) -> Result<Secret, String> {
    let answer = ask(question).map(Secret::new);
    answer.map_err(|error| format!("asking for the password at the terminal: {error}; run it in a terminal"))
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
    secret_with(file, &mut at_the_terminal)
}

fn secret_with(file: &Path, ask: Ask<'_>) -> Result<SecretKey, Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| {
        format!("reading the key {}: {error}; give the file {SECRET} that \"keys new\" wrote", file.display())
    })?;
    if let Some(key) = without_checksum(&text) {
        return Ok(key);
    }
    let boxed = || SecretKeyBox::from(text.clone());
    match boxed().into_unencrypted_secret_key() {
        Ok(key) => Ok(key),
        Err(_) if !text.starts_with("untrusted comment:") => {
            Err(format!("{} is no signing key; give the file {SECRET}, not {PUBLIC}", file.display()).into())
        }
        Err(_) => {
            let password = typed(ask, &format!("Password of {}: ", file.display()))?;
            let open = |password: &str| boxed().into_secret_key(Some(password.to_owned()));
            // An earlier version, and minisign itself, set a password as it was typed.
            let one_form = Secret::new(normal(password.expose()));
            let opened = open(password.expose()).or_else(|error| match one_form == password {
                true => Err(error),
                false => open(one_form.expose()),
            });
            Ok(opened
                .map_err(|error| format!("{} is no signing key, or its password is wrong: {error}", file.display()))?)
        }
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
        for (password, reason) in
            [("", "empty"), ("窓口窓口窓口窓口", "fewer than 12"), ("abcabcabcabcabc", "repeats or counts")]
        {
            let error = refused(&[password, password]);
            assert!(error.contains(reason) && error.contains("no key was made"), "{password}: {error}");
        }
        let error = refused(&["umbrella tea river stone", "umbrella tea river stove"]);
        assert!(error.contains("differ"), "{error}");
    }

    #[test]
    fn a_key_opens_from_every_keyboard_and_one_made_before_opens_still() {
        let (windows, mac) = ("がくどう ほいくの まどべ", "か\u{3099}くと\u{3099}う ほいくの まと\u{3099}へ\u{3099}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(SECRET);
        let opens = |with: &str| secret_with(&file, &mut |_: &str| Ok(with.to_owned())).is_ok();
        let mut answers = [mac, windows].into_iter();
        make(folder.path(), Some(&mut |_: &str| Ok(answers.next().unwrap().to_owned()))).unwrap();
        assert_eq!([windows, mac, "another one altogether"].map(opens), [true, true, false]);
        let pair = KeyPair::generate_encrypted_keypair(Some(mac.to_owned())).unwrap();
        fs::write(&file, pair.sk.to_box(None).unwrap().into_string()).unwrap();
        assert!(opens(mac), "set before passwords had one form");
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
