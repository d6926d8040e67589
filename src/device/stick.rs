//! Reads a stick: which update lies on it, and which loan or return order, signed by the device's city.
#![expect(clippy::disallowed_methods, reason = "reads the stick's files, and the date against which a loan is judged")]

use super::usb::UsbEvent;
use crate::model::loan::Loan;
use crate::model::stick::{LoanOrder, PaperRefusal, Stick, StickId, StickNews, return_order};
use minisign_verify::{PublicKey, Signature};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// The city's public keys, as the system copies them from the boot partition.
pub const SITE_KEYS: &str = "/run/madoguchi/site";
/// Folder on a stick where papers may lie; the top folder will do as well.
pub const FOLDER: &str = "madoguchi";
/// A loan's file.
pub const LOAN: &str = "loan.toml";
/// A return order's file.
pub const RETURN: &str = "return.toml";
/// What a signature's file is named: the paper's name and this.
pub const SIGNATURE: &str = ".minisig";
/// Larger papers are not read. A loan with a few certificates has some kilobytes.
const LONGEST: u64 = 256 * 1024;

/// Turns sticks into what they bring, until either side is gone.
pub async fn run(mut sticks: mpsc::Receiver<UsbEvent>, news: mpsc::Sender<StickNews>, keys: PathBuf) {
    let mut known = BTreeMap::new();
    let mut number = 0;
    while let Some(event) = sticks.recv().await {
        let told = match event {
            UsbEvent::In { folder, at_start } => {
                number += 1;
                let id = StickId(number);
                known.insert(folder.clone(), id);
                let keys = keys.clone();
                let read = tokio::task::spawn_blocking(move || read(&folder, &keys)).await;
                StickNews::In(Stick { id, by_hand: !at_start, ..read.unwrap_or_default() })
            }
            UsbEvent::Out { folder } => match known.remove(&folder) {
                Some(id) => StickNews::Out(id),
                None => continue,
            },
        };
        tracing::info!("{told}");
        if news.send(told).await.is_err() {
            return;
        }
    }
}

/// What lies on the stick that is mounted at `folder`; its number is for the caller to give.
pub fn read(folder: &Path, keys: &Path) -> Stick {
    let keys = public_keys(keys);
    let loan = paper(folder, LOAN, &keys).map(|text| text.and_then(loan_order).map(Box::new));
    let give_back = paper(folder, RETURN, &keys)
        .map(|text| text.and_then(|text| return_order(&text).map_err(|error| invalid(&error.to_string()))));
    Stick { update: update(folder), loan, give_back, ..Stick::default() }
}

/// The update in the top folder; of several the last by name.
fn update(folder: &Path) -> Option<PathBuf> {
    let bundles = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    // The Mac leaves a hidden "._NAME" beside each file that it writes.
    let visible = |path: &Path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'));
    let named = |path: &Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("raucb"));
    bundles.filter(|path| named(path) && visible(path) && path.is_file()).max()
}

fn loan_order(text: String) -> Result<LoanOrder, PaperRefusal> {
    let loan = Loan::from_toml(&text).map_err(|error| invalid(&error.to_string()))?;
    let zone = jiff::tz::TimeZone::get(&loan.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let past = jiff::Timestamp::now().to_zoned(zone).date() > loan.until;
    Ok(LoanOrder { loan, text, past })
}

/// One line, as it fits on the TV.
fn invalid(problem: &str) -> PaperRefusal {
    let line = problem.lines().next().unwrap_or_default();
    PaperRefusal::Invalid { problem: line.chars().take(90).collect() }
}

/// The text of a signed paper; nothing when none lies there.
fn paper(folder: &Path, name: &str, keys: &[PublicKey]) -> Option<Result<String, PaperRefusal>> {
    let places = [folder.join(FOLDER).join(name), folder.join(name)];
    let place = places.into_iter().find(|place| place.exists())?;
    Some(signed(&place, keys).inspect_err(|why| tracing::warn!("{} is refused: {}", place.display(), why.name())))
}

/// Reads a file and checks its signature.
///
/// # Errors
/// Why the file is not to be believed.
pub fn signed(place: &Path, keys: &[PublicKey]) -> Result<String, PaperRefusal> {
    let text = short_file(place)?.ok_or(PaperRefusal::Unreadable)?;
    let beside = PathBuf::from(format!("{}{SIGNATURE}", place.display()));
    let signature = short_file(&beside)?.ok_or(PaperRefusal::NoSignature)?;
    let signature = Signature::decode(&signature).map_err(|_| PaperRefusal::Changed)?;
    let mut refusal = if keys.is_empty() { PaperRefusal::NoKeys } else { PaperRefusal::WrongKey };
    for key in keys {
        match key.verify(text.as_bytes(), &signature, false) {
            Ok(()) => return Ok(text),
            Err(minisign_verify::Error::UnexpectedKeyId) => {}
            Err(_) => refusal = PaperRefusal::Changed,
        }
    }
    Err(refusal)
}

fn short_file(place: &Path) -> Result<Option<String>, PaperRefusal> {
    let file = match File::open(place) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            tracing::warn!("opening {}: {error}", place.display());
            return Err(PaperRefusal::Unreadable);
        }
    };
    let mut text = String::new();
    let read = file.take(LONGEST + 1).read_to_string(&mut text);
    if read.is_err() || text.len() as u64 > LONGEST {
        tracing::warn!("{} cannot be read as text of at most {LONGEST} bytes", place.display());
        return Err(PaperRefusal::Unreadable);
    }
    Ok(Some(text))
}

/// Every key in `*.pub`; one that cannot be read is named in the log and left out.
pub fn public_keys(folder: &Path) -> Vec<PublicKey> {
    let Ok(entries) = fs::read_dir(folder) else {
        tracing::warn!("no city's keys are in {}: loans on sticks are refused", folder.display());
        return Vec::new();
    };
    let files = entries.flatten().map(|entry| entry.path());
    let named = files.filter(|path| path.extension().is_some_and(|ending| ending == "pub"));
    let keys = named.filter_map(|path| {
        let text = fs::read_to_string(&path).unwrap_or_default();
        PublicKey::decode(&text)
            .or_else(|_| PublicKey::from_base64(text.trim()))
            .inspect_err(|error| tracing::error!("{} is no minisign public key: {error}", path.display()))
            .ok()
    });
    keys.collect()
}
