//! The files of the boot partition, which nothing verifies, as a list with their SHA-256: the image's own list is written
//! beside it when it is built (`NAME.boot-files.sha256`), a device makes one of what it was started with, and a PC of a card.
//!
//! A device that was tampered with may tell anything. Its number finds accidents and clumsy changes; a card that is read in
//! a PC of the city's own finds all of them.
#![expect(clippy::disallowed_methods, reason = "reads the boot partition's files")]

use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

/// The device's list, as the system makes it.
pub const LIST: &str = "/run/madoguchi/boot-files/list";
/// Which city's keys lie there is the city's affair; they have certificates of their own.
const SITE: &str = "site/";
/// What PCs leave on a card that is put into them; neither firmware nor U-Boot looks there.
const LEFT_BY_PCS: [&str; 5] =
    ["system volume information/", ".fseventsd/", ".spotlight-v100/", ".trashes/", ".trashes"];

/// Files by their names, in small letters as FAT compares them, with their SHA-256 in small hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BootFiles(BTreeMap<String, String>);

impl BootFiles {
    /// Reads a list as `sha256sum` writes it. A line that is none counts as a file of that name without a sum.
    pub fn from_list(list: &str) -> Self {
        let lines = list.lines().filter(|line| !line.trim().is_empty()).map(|line| match line.split_once("  ") {
            Some((sum, name)) if sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                (name.to_lowercase(), sum.to_lowercase())
            }
            _ => (line.to_lowercase(), String::new()),
        });
        Self(lines.filter(|(name, _)| counts(name)).collect())
    }

    /// Reads the files of a boot partition that is mounted at `folder`.
    ///
    /// # Errors
    /// What could not be read, with the system's word on it.
    pub fn of_card(folder: &Path) -> Result<Self, (std::path::PathBuf, io::Error)> {
        let (mut files, mut folders) = (BTreeMap::new(), vec![(folder.to_owned(), String::new())]);
        while let Some((folder, above)) = folders.pop() {
            let entries = fs::read_dir(&folder).map_err(|error| (folder.clone(), error))?;
            for entry in entries {
                let path = entry.map_err(|error| (folder.clone(), error))?.path();
                let name = format!("{above}{}", path.file_name().unwrap_or_default().to_string_lossy().to_lowercase());
                if path.is_dir() {
                    if counts(&format!("{name}/")) {
                        folders.push((path, format!("{name}/")));
                    }
                } else if counts(&name) {
                    let data = fs::read(&path).map_err(|error| (path.clone(), error))?;
                    files.insert(name, data_encoding::HEXLOWER.encode(&Sha256::digest(&data)));
                }
            }
        }
        Ok(Self(files))
    }

    /// No file that counts.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A number of the whole list that people can read to one another: 64 bits of its SHA-256.
    pub fn number(&self) -> String {
        let lines: String = self.0.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
        let digits = data_encoding::HEXUPPER.encode(&Sha256::digest(lines));
        let groups = digits.as_bytes().chunks(4).take(4).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join("-")
    }

    /// In what another list differs from this one: changed, missing and added names, each in their order.
    pub fn compared(&self, other: &Self) -> [Vec<String>; 3] {
        let names: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let (mut changed, mut missing, mut added) = (Vec::new(), Vec::new(), Vec::new());
        for name in names {
            match (self.0.get(name), other.0.get(name)) {
                (Some(own), Some(others)) if own == others => {}
                (Some(_), Some(_)) => changed.push(name.clone()),
                (Some(_), None) => missing.push(name.clone()),
                (None, _) => added.push(name.clone()),
            }
        }
        [changed, missing, added]
    }
}

/// Whether a file of this name can change how the device starts.
fn counts(name: &str) -> bool {
    !name.starts_with(SITE) && !LEFT_BY_PCS.iter().any(|left| name.starts_with(left))
}

/// What people may type of a number: groups with or without hyphens, in any letters.
pub fn typed(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> tempfile::TempDir {
        let card = tempfile::tempdir().unwrap();
        for (name, text) in [("BOOTCODE.BIN", "code"), ("config.txt", "kernel=u-boot.bin"), ("boot.scr", "script")] {
            fs::write(card.path().join(name), text).unwrap();
        }
        for folder in ["site", "System Volume Information", "overlays"] {
            fs::create_dir(card.path().join(folder)).unwrap();
        }
        fs::write(card.path().join("overlays/button.dtbo"), "tree").unwrap();
        card
    }

    #[test]
    fn a_card_and_the_list_of_its_image_have_the_same_number() {
        let card = card();
        let sum = |text: &str| data_encoding::HEXLOWER.encode(&Sha256::digest(text));
        let list = format!(
            "{}  boot.scr\n{}  bootcode.bin\n{}  config.txt\n{}  overlays/button.dtbo\n",
            sum("script"),
            sum("code"),
            sum("kernel=u-boot.bin"),
            sum("tree")
        );
        let (list, mut seen) = (BootFiles::from_list(&list), BootFiles::of_card(card.path()).unwrap());
        assert_eq!((seen.number(), list.compared(&seen)), (list.number(), Default::default()));
        assert_eq!(list.number().len(), 19);
        assert_eq!(typed(&list.number().to_lowercase().replace('-', " ")), typed(&list.number()));
        // A city's keys, and what a PC leaves behind.
        for name in ["site/midori.pub", "System Volume Information/IndexerVolumeGuid"] {
            fs::write(card.path().join(name), "").unwrap();
        }
        seen = BootFiles::of_card(card.path()).unwrap();
        assert_eq!(seen.number(), list.number());
        for (change, found) in [
            (
                Box::new(|at: &Path| fs::write(at.join("boot.scr"), "another")) as Box<dyn Fn(&Path) -> _>,
                ["boot.scr", "", ""],
            ),
            (Box::new(|at: &Path| fs::remove_file(at.join("boot.scr"))), ["", "boot.scr", ""]),
            (Box::new(|at: &Path| fs::write(at.join("recovery.bin"), "")), ["", "boot.scr", "recovery.bin"]),
        ] {
            change(card.path()).unwrap();
            seen = BootFiles::of_card(card.path()).unwrap();
            assert_eq!(list.compared(&seen).map(|names| names.join(" ")), found);
            assert_ne!(seen.number(), list.number());
        }
    }

    #[test]
    fn a_line_that_is_none_makes_another_number() {
        let sum = "0".repeat(64);
        let list = format!("{sum}  a\n");
        let numbers = [list.clone(), format!("{list}\\{sum}  b\\n\n"), format!("{list}x"), String::new()];
        let numbers: BTreeSet<String> = numbers.iter().map(|list| BootFiles::from_list(list).number()).collect();
        assert_eq!(numbers.len(), 4);
        assert!(BootFiles::from_list(" \n").is_empty());
    }
}
