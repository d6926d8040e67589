//! A stick as staff write it and the device reads it: which files lie where, and whose signature counts.
#![expect(clippy::disallowed_methods, reason = "reads the stick's files, and the date against which a loan is judged")]

use crate::model::loan::Loan;
use crate::model::stick::{LoanOrder, PaperRefusal, ReturnOrder, Stick, kept, return_order, taken_apart};
use crate::model::update::{compare_versions, version_in};
use crate::words::message::{Kind, Message};
use minisign_verify::{PublicKey, Signature};
use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Folder on a stick where papers lie; the top folder will do as well.
pub const FOLDER: &str = "madoguchi";
/// A loan's file.
pub const LOAN: &str = "loan.toml";
/// A return order's file.
pub const RETURN: &str = "return.toml";
/// What a signature's file is named: the paper's name and this.
pub const SIGNATURE: &str = ".minisig";
/// What stands before the second of the signature in its signed comment.
pub const SIGNED_AT: &str = "timestamp:";
/// What staff call the public half of the city's key; on a device any name that ends in `.pub` will do.
pub const PUBLIC: &str = "madoguchi-city.pub";
/// Larger papers are not read. A loan with a few certificates has some kilobytes.
const LONGEST: u64 = 256 * 1024;

/// What lies on the stick that is mounted at `folder`; its number is for the caller to give. Only plain files are opened: a
/// pipe would never answer, and a link may lead anywhere.
pub fn read(folder: &Path, keys: &[PublicKey]) -> Stick {
    let loan = paper(folder, LOAN, keys).map(|paper| paper.and_then(loan_order).map(Box::new));
    let give_back = paper(folder, RETURN, keys).map(|paper| {
        paper.and_then(|paper| {
            let order = return_order(&paper.text).map_err(|error| PaperRefusal::Invalid { error })?;
            Ok(ReturnOrder { signed: paper.signed, ..order })
        })
    });
    Stick { update: update(folder), loan, give_back, ..Stick::default() }
}

/// The update in the top folder; of several the newest by the version in its name, then the last by name.
fn update(folder: &Path) -> Option<PathBuf> {
    let bundles = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    // The Mac leaves a hidden "._NAME" beside each file that it writes.
    let visible = |path: &Path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'));
    let named = |path: &Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("raucb"));
    bundles.filter(|path| named(path) && visible(path) && is_plain(path)).max_by(|one, other| newer(one, other))
}

fn newer(one: &Path, other: &Path) -> Ordering {
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (a, b) = (stem(one), stem(other));
    compare_versions(version_in(&a), version_in(&b)).then_with(|| one.cmp(other))
}

/// A paper that may be believed.
struct Paper {
    text: String,
    signature: String,
    signed: u64,
}

fn loan_order(paper: Paper) -> Result<LoanOrder, PaperRefusal> {
    let loan = Loan::from_toml(&paper.text).map_err(|error| PaperRefusal::Invalid { error })?;
    let past = loan.is_over(jiff::Timestamp::now());
    Ok(LoanOrder { loan, text: kept(&paper.text, &paper.signature), past, signed: paper.signed })
}

/// A loan as the device keeps it, looked at as on the day when it came on its stick.
///
/// # Errors
/// Why it would not be followed today.
pub fn kept_loan(text: &str, keys: &[PublicKey]) -> Result<LoanOrder, PaperRefusal> {
    let (text, signature) = taken_apart(text).ok_or(PaperRefusal::NoSignature)?;
    loan_order(believed(text.to_owned(), signature, keys)?)
}

/// A signed paper; nothing when none lies there.
fn paper(folder: &Path, name: &'static str, keys: &[PublicKey]) -> Option<Result<Paper, PaperRefusal>> {
    let folders = [folder.join(FOLDER), folder.to_owned()];
    let place = folders.iter().map(|folder| folder.join(name)).find(|place| place.symlink_metadata().is_ok());
    match place {
        Some(place) => Some(signed(&place, keys)),
        None => folders.iter().find_map(|folder| misnamed(folder, name)).map(Err),
    }
}

/// A file that is meant to be `name`: Windows hides the last ending of a name and adds another (`loan.toml.txt`).
fn misnamed(folder: &Path, name: &'static str) -> Option<PaperRefusal> {
    let stem = name.split('.').next().unwrap_or_default();
    let meant = |file: &str| {
        let rest = file.to_lowercase().strip_prefix(stem).map(str::to_owned).unwrap_or_default();
        let ours = rest.ends_with(SIGNATURE) || rest.ends_with(".new");
        !ours && rest.starts_with([' ', '.', '(', '-', '_']) && (rest.contains(".toml") || rest == ".txt")
    };
    let files = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let written = files.filter(|file| meant(file)).min()?;
    Some(PaperRefusal::Misnamed { written, name })
}

fn is_plain(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|about| about.is_file())
}

fn signed(place: &Path, keys: &[PublicKey]) -> Result<Paper, PaperRefusal> {
    let text = short_file(place)?.ok_or(PaperRefusal::Unreadable)?;
    let beside = PathBuf::from(format!("{}{SIGNATURE}", place.display()));
    let signature = short_file(&beside)?.ok_or(PaperRefusal::NoSignature)?;
    believed(text, signature, keys)
}

/// Checks a paper's signature; the refusal says why it is not to be believed.
fn believed(text: String, written: String, keys: &[PublicKey]) -> Result<Paper, PaperRefusal> {
    let signature = Signature::decode(&written).map_err(|_| PaperRefusal::Changed)?;
    let mut refusal = if keys.is_empty() { PaperRefusal::NoKeys } else { PaperRefusal::WrongKey };
    for key in keys {
        match key.verify(text.as_bytes(), &signature, false) {
            Ok(()) => {
                let signed = signed_at(signature.trusted_comment());
                return Ok(Paper { text, signature: written, signed });
            }
            Err(minisign_verify::Error::UnexpectedKeyId) => {}
            Err(_) => refusal = PaperRefusal::Changed,
        }
    }
    Err(refusal)
}

/// When something was signed, by its signed comment: as minisign writes it, and `madoguchi-staff`.
fn signed_at(comment: &str) -> u64 {
    let words = comment.split([' ', '\t']);
    words.filter_map(|word| word.strip_prefix(SIGNED_AT)?.parse().ok()).next().unwrap_or_default()
}

fn short_file(place: &Path) -> Result<Option<String>, PaperRefusal> {
    let file = match place.symlink_metadata() {
        Ok(about) if about.is_file() => File::open(place).map_err(|_| PaperRefusal::Unreadable)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Ok(_) | Err(_) => return Err(PaperRefusal::Unreadable),
    };
    let mut text = String::new();
    let read = file.take(LONGEST + 1).read_to_string(&mut text);
    if read.is_err() || text.len() as u64 > LONGEST {
        return Err(PaperRefusal::Unreadable);
    }
    Ok(Some(text))
}

/// One key's file, as `madoguchi-staff keys new` or `minisign -G` writes it.
///
/// # Errors
/// It cannot be read, or is none.
pub fn public_key(file: &Path) -> Result<PublicKey, Message> {
    let text = fs::read_to_string(file).map_err(|error| Kind::PublicKey.not_read(file, &error))?;
    PublicKey::decode(&text).or_else(|_| PublicKey::from_base64(text.trim())).map_err(|error| {
        let said = Message::new("key-not-public").with("file", file).with("public", PUBLIC);
        said.with("said", error.to_string())
    })
}
