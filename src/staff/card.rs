//! Looks whether a device's boot partition is still the image's: nothing else does on boards without signed boot.

use crate::boot_files::{BootFiles, typed};
use crate::words::message::{Kind, Message};
use std::path::Path;

/// What is compared with the image's list.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// The boot partition itself, mounted on this machine.
    Card(&'a Path),
    /// The number that the device's receipt told.
    Number(&'a str),
}

/// Compares a card, or the number that a device told, with the list that the image's build wrote.
///
/// # Errors
/// The list or the card cannot be read, or they differ: in what, and what to do.
pub fn check(list: &Path, seen: Seen<'_>) -> Result<Message, Message> {
    let text = read(list)?;
    let image = BootFiles::from_list(&text);
    let about = |id: &'static str| Message::new(id).with("list", list);
    if !text.lines().any(|line| line.ends_with("  boot.scr")) {
        return Err(about("card-no-list"));
    }
    match seen {
        Seen::Number(number) if typed(number) == typed(&image.number()) => {
            Ok(about("card-number-same").with("number", image.number()))
        }
        Seen::Number(number) => Err(about("card-number-differs").with("number", number).with("wanted", image.number())),
        Seen::Card(folder) => {
            let card = BootFiles::of_card(folder).map_err(|(file, error)| Kind::Card.not_read(&file, &error))?;
            let [changed, missing, added] = image.compared(&card);
            let lines = [("card-changed", changed), ("card-missing", missing), ("card-added", added)];
            let lines = lines
                .into_iter()
                .flat_map(|(id, names)| names.into_iter().map(move |name| Message::new(id).with("file", name)));
            let lines: Vec<Message> = lines.collect();
            let about = |id: &'static str| about(id).with("card", folder);
            if lines.is_empty() { Ok(about("card-same")) } else { Err(about("card-differs").with("lines", lines)) }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a command line reads the files it is told")]
fn read(list: &Path) -> Result<String, Message> {
    std::fs::read_to_string(list).map_err(|error| Kind::BootFiles.not_read(list, &error))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a card is made of files")]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};
    use std::fs;

    #[test]
    fn a_card_is_compared_with_its_image_and_so_is_the_number_of_a_receipt() {
        let folder = tempfile::tempdir().unwrap();
        let (card, list) = (folder.path().join("card"), folder.path().join("image.boot-files.sha256"));
        fs::create_dir_all(card.join("site")).unwrap();
        let files = [("boot.scr", "script"), ("config.txt", "kernel=u-boot.bin"), ("u-boot.bin", "code")];
        let line = |(name, text): &(&str, &str)| {
            fs::write(card.join(name), text).unwrap();
            format!("{}  {name}\n", data_encoding::HEXLOWER.encode(&Sha256::digest(text)))
        };
        fs::write(&list, files.iter().map(line).collect::<String>()).unwrap();
        fs::write(card.join("site/midori.pub"), "a city's key").unwrap();
        let told = |seen: Seen<'_>| check(&list, seen).map(|said| said.to_string()).map_err(|said| said.to_string());
        assert!(told(Seen::Card(&card)).unwrap().contains("is that of the image"));
        let number = BootFiles::of_card(&card).unwrap().number();
        assert!(told(Seen::Number(&number.to_lowercase().replace('-', " "))).unwrap().contains(&number));
        let said = told(Seen::Number("3F2A-9C01-77DE-1B20")).unwrap_err();
        assert!(said.contains(&number) && said.contains("flash the card"), "{said}");
        fs::write(card.join("boot.scr"), "another").unwrap();
        fs::write(card.join("recovery.bin"), "").unwrap();
        fs::remove_file(card.join("u-boot.bin")).unwrap();
        let said = told(Seen::Card(&card)).unwrap_err();
        for words in ["boot.scr: changed", "u-boot.bin: missing", "recovery.bin: not part of", "flash the card"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        let said = told(Seen::Card(&folder.path().join("nowhere"))).unwrap_err();
        assert!(said.contains("nowhere"), "{said}");
        fs::write(&list, "no list").unwrap();
        assert!(told(Seen::Number(&number)).unwrap_err().contains("boot-files.sha256"));
    }
}
