//! The city's signing key: made once, its public half copied onto every device. And the release's, which vouches for it.
#![expect(clippy::disallowed_methods, reason = "a command line reads and writes the files it is told")]

use crate::cities::{CERTIFICATE, CERTIFIES, RELEASE};
use crate::model::language::Language;
use crate::model::secret::Secret;
use crate::password::{Weak, normal, sound};
pub use crate::stick::PUBLIC;
use crate::stick::public_key;
use crate::words::message::{Kind, Message, Told, folder_not_made};
use minisign::{ErrorKind, KeyPair, SecretKey, SecretKeyBox};
use minisign_verify::Signature;
use std::fs::{self, OpenOptions};
use std::io::{Cursor, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Name of the secret half's file.
pub const SECRET: &str = "madoguchi-city.key";
/// Name of the release's secret half.
pub const RELEASE_SECRET: &str = "madoguchi-release.key";

/// Whose key pair is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The city's, which signs loans.
    City,
    /// The release's, which vouches for city keys.
    Release,
}

impl Whose {
    /// Names of the halves' files, the secret one's first.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::City => (SECRET, PUBLIC),
            Self::Release => (RELEASE_SECRET, RELEASE),
        }
    }
}

/// Bytes of a key's checksum, which is its end.
const CHECKSUM: usize = 32;

/// Shows a question and reads an answer that is not shown.
pub type Ask<'a> = &'a mut dyn FnMut(&Message) -> std::io::Result<String>;

/// Asks at the terminal, in a language.
pub fn at_the_terminal(language: Language) -> impl FnMut(&Message) -> std::io::Result<String> {
    move |question: &Message| rpassword::prompt_password(format!("{} ", question.said(language)))
}

/// Makes a key pair in `folder`, with a password if there is somebody to `ask` for it.
///
/// # Errors
/// Files that are there already are never replaced, a password that is easily guessed is not taken; else what was tried
/// and how it failed. Nothing is written then.
pub fn new(folder: &Path, whose: Whose, ask: Option<Ask<'_>>) -> Result<Message, Message> {
    let (secret, public) = whose.names();
    let (secret, public) = (folder.join(secret), folder.join(public));
    for file in [&secret, &public] {
        if file.exists() {
            return Err(Message::new("key-there").with("file", file.as_path()));
        }
    }
    let password = ask.map(new_password).transpose()?;
    fs::create_dir_all(folder).map_err(|error| folder_not_made(folder, &error))?;
    let pair = match password {
        None => KeyPair::generate_unencrypted_keypair(),
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password.expose().to_owned())),
    };
    let not_made = |error: minisign::PError| Message::new("key-not-made").with("said", error.to_string());
    let pair = pair.map_err(not_made)?;
    let (comment, made) = match whose {
        Whose::City => ("Madoguchi: the city's signing key. Keep it secret.", "key-made"),
        Whose::Release => ("Madoguchi: the release's key for city keys. Keep it secret.", "key-made-release"),
    };
    let secret_text = pair.sk.to_box(Some(comment)).map_err(not_made)?.into_string();
    let public_text = pair.pk.to_box().map_err(not_made)?.into_string();
    write_new(Kind::SigningKey, &secret, &secret_text, 0o600)?;
    write_new(Kind::PublicKey, &public, &public_text, 0o644)?;
    Ok(Message::new(made).with("secret", secret.as_path()).with("public", public.as_path()))
}

/// Lets the release's key vouch for a city's public key: writes the certificate beside it. `ask` for the release key's
/// password, where it has one.
///
/// # Errors
/// What was tried and how it failed. No certificate is written then.
pub fn certify(public: &Path, key: &Path, ask: Ask<'_>) -> Result<Message, Message> {
    let text = fs::read_to_string(public).map_err(|error| Kind::PublicKey.not_read(public, &error))?;
    let city = public_key(public)?;
    let release = secret(key, ask)?;
    let comment = format!("{CERTIFIES}\tfile:{}", public.file_name().unwrap_or_default().to_string_lossy());
    let signature = minisign::sign(None, &release, Cursor::new(text.as_bytes()), Some(&comment), None);
    let not_signed =
        |error: minisign::PError| Message::new("stick-not-signed").with("name", public).with("said", error.to_string());
    let signature = signature.map_err(not_signed)?.into_string();
    // Whoever gives the city's key in place of the release's would find out on a device.
    if Signature::decode(&signature).is_ok_and(|signature| city.verify(text.as_bytes(), &signature, false).is_ok()) {
        return Err(Message::new("key-certifies-itself").with("key", key).with("release", RELEASE_SECRET));
    }
    let certificate = PathBuf::from(format!("{}{CERTIFICATE}", public.display()));
    fs::write(&certificate, signature).map_err(|error| Kind::Certificate.not_written(&certificate, &error))?;
    Ok(Message::new("key-certified").with("public", public).with("certificate", certificate.as_path()))
}

fn new_password(ask: Ask<'_>) -> Result<Secret, Message> {
    let password = typed(ask, Message::new("key-ask"))?;
    let password = sound(&password, "").map_err(|weak| {
        let refused = Message::new(if weak == Weak::Empty { "key-empty" } else { "key-weak" });
        refused.with("weak", weak.message())
    })?;
    if normal(typed(ask, Message::new("key-ask-again"))?.expose()) != password.expose() {
        return Err(Message::new("key-differ"));
    }
    Ok(password)
}

fn typed(ask: Ask<'_>, question: Message) -> Result<Secret, Message> {
    let answer = ask(&question).map(Secret::new);
    answer.map_err(|error| Message::new("password-no-terminal").with("said", error.to_string()))
}

fn write_new(kind: Kind, file: &Path, text: &str, mode: u32) -> Result<(), Message> {
    let written = OpenOptions::new().write(true).create_new(true).mode(mode).open(file).and_then(|mut open| {
        open.write_all(text.as_bytes())?;
        open.sync_all()
    });
    written.map_err(|error| kind.not_written(file, &error))
}

/// Reads the secret half; asks for its password where it has one.
///
/// # Errors
/// What was tried, on what, and what to do.
pub fn secret(file: &Path, ask: Ask<'_>) -> Result<SecretKey, Message> {
    let text = fs::read_to_string(file).map_err(|error| Kind::SigningKey.not_read(file, &error))?;
    if let Some(key) = without_checksum(&text) {
        return Ok(key);
    }
    let about = |id: &'static str| Message::new(id).with("file", file);
    let boxed = || SecretKeyBox::from(text.clone());
    match boxed().into_unencrypted_secret_key() {
        Ok(key) => return Ok(key),
        Err(_) if !text.starts_with("untrusted comment:") || !has_length_of_a_key(&text) => {
            return Err(about("key-none").with("secret", SECRET).with("public", PUBLIC));
        }
        Err(error) if matches!(error.kind(), ErrorKind::Verify) => {
            return Err(about("key-damaged").with("said", error.to_string()));
        }
        Err(_) => {}
    }
    let password = typed(ask, about("key-ask-to-open"))?;
    let open = |password: &str| boxed().into_secret_key(Some(password.to_owned()));
    // An earlier version, and minisign itself, set a password as it was typed.
    let one_form = Secret::new(normal(password.expose()));
    let opened = open(password.expose()).or_else(|error| match one_form == password {
        true => Err(error),
        false => open(one_form.expose()),
    });
    opened.map_err(|error| match error.kind() {
        ErrorKind::Verify => about("key-wrong-password"),
        _ => about("key-damaged").with("said", error.to_string()),
    })
}

/// A public key's file begins with the same words.
fn has_length_of_a_key(text: &str) -> bool {
    let key = text.lines().nth(1).and_then(|key| data_encoding::BASE64.decode(key.trim().as_bytes()).ok());
    key.is_some_and(|key| SecretKey::from_bytes(&key).is_ok())
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
            let mut ask = |_: &Message| Ok(answers.next().copied().unwrap_or_default().to_owned());
            let error = new(&folder, Whose::City, Some(&mut ask)).unwrap_err().to_string();
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
        let opens = |with: &str| secret(&file, &mut |_: &Message| Ok(with.to_owned())).is_ok();
        let mut answers = [mac, windows].into_iter();
        new(folder.path(), Whose::City, Some(&mut |_: &Message| Ok(answers.next().unwrap().to_owned()))).unwrap();
        assert_eq!([windows, mac, "another one altogether"].map(opens), [true, true, false]);
        let pair = KeyPair::generate_encrypted_keypair(Some(mac.to_owned())).unwrap();
        fs::write(&file, pair.sk.to_box(None).unwrap().into_string()).unwrap();
        assert!(opens(mac), "set before passwords had one form");
    }

    #[test]
    fn what_is_no_signing_key_or_does_not_open_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let told = |file: &Path| secret(file, &mut |_: &Message| Ok("wrong".to_owned())).err().unwrap().to_string();
        let file = folder.path().join(SECRET);
        assert!(told(&file).contains("there is no such file") && told(&file).contains(SECRET));
        assert!(told(folder.path()).contains("this is a folder"));
        new(folder.path(), Whose::City, None).unwrap();
        assert!(told(&folder.path().join(PUBLIC)).contains(&format!("is no signing key; give the file {SECRET}")));
        let text = fs::read_to_string(&file).unwrap();
        let (comment, key) = text.trim_end().split_once('\n').unwrap();
        let mut bytes = data_encoding::BASE64.decode(key.as_bytes()).unwrap();
        bytes[70] ^= 1;
        fs::write(&file, format!("{comment}\n{}\n", data_encoding::BASE64.encode(&bytes))).unwrap();
        assert!(told(&file).contains("take the copy from the safe"), "{}", told(&file));
        let pair = KeyPair::generate_encrypted_keypair(Some("umbrella tea".to_owned())).unwrap();
        fs::write(&file, pair.sk.to_box(None).unwrap().into_string()).unwrap();
        assert!(told(&file).contains("the password is wrong"), "{}", told(&file));
        let nobody = secret(&file, &mut |_: &Message| Err(std::io::Error::other("no terminal"))).err().unwrap();
        assert!(nobody.to_string().contains("run the command in a terminal"), "{nobody}");
    }

    #[test]
    fn the_release_s_key_vouches_for_a_city_s_key_and_a_city_s_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut unasked = |_: &Message| Err(std::io::Error::other("it has no password"));
        new(&at("city"), Whose::City, None).unwrap();
        let said = new(&at("release"), Whose::Release, None).unwrap().to_string();
        assert!(said.contains(RELEASE_SECRET) && said.contains("keys certify"), "{said}");
        let public = at("city").join(PUBLIC);
        let error = certify(&public, &at("city").join(SECRET), &mut unasked).unwrap_err().to_string();
        assert!(error.contains("is the key of this very city; give the file madoguchi-release.key"), "{error}");
        let certificate = at("city").join("madoguchi-city.pub.minisig");
        assert!(!certificate.exists(), "nothing is written that no device would take");
        let said = certify(&public, &at("release").join(RELEASE_SECRET), &mut unasked).unwrap().to_string();
        assert!(said.contains("madoguchi-city.pub.minisig") && said.contains("site"), "{said}");
        let release = public_key(&at("release").join(RELEASE)).unwrap();
        let signature = Signature::decode(&fs::read_to_string(&certificate).unwrap()).unwrap();
        release.verify(&fs::read(&public).unwrap(), &signature, false).unwrap();
        for (public, key, reason) in [
            (at("nowhere"), at("release").join(RELEASE_SECRET), "reading the public key"),
            (at("city").join(SECRET), at("release").join(RELEASE_SECRET), "is no public key"),
            (public.clone(), at("release").join(RELEASE), "is no signing key"),
        ] {
            let error = certify(&public, &key, &mut unasked).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_key_without_checksum_as_minisign_writes_it_signs() {
        let folder = tempfile::tempdir().unwrap();
        new(folder.path(), Whose::City, None).unwrap();
        let file = folder.path().join(SECRET);
        let text = fs::read_to_string(&file).unwrap();
        let (comment, key) = text.trim_end().split_once('\n').unwrap();
        let mut bytes = data_encoding::BASE64.decode(key.as_bytes()).unwrap();
        bytes.last_chunk_mut::<CHECKSUM>().unwrap().fill(0);
        fs::write(&file, format!("{comment}\n{}\n", data_encoding::BASE64.encode(&bytes))).unwrap();
        let unasked = || secret(&file, &mut |_: &Message| Err(std::io::Error::other("it has no password")));
        assert_eq!(unasked().unwrap().to_bytes(), bytes);
        // A wrong checksum is damage all the same.
        bytes.last_chunk_mut::<CHECKSUM>().unwrap().fill(1);
        fs::write(&file, format!("{comment}\n{}\n", data_encoding::BASE64.encode(&bytes))).unwrap();
        assert!(unasked().is_err());
    }
}
