//! Sticks for the device: a loan, a return order, and a look at what lies on one.
#![expect(clippy::disallowed_methods, reason = "a command line reads and writes the files it is told")]

use super::keys::{self, Ask};
use crate::model::language::Language;
use crate::model::loan::Loan;
use crate::model::stick::{PaperRefusal, return_order, return_order_for};
use crate::stick::{FOLDER, LOAN, RETURN, SIGNATURE, SIGNED_AT, public_key, read};
use crate::words::message::{Kind, Message, Told, folder_not_made, why};
use minisign::SecretKey;
use std::fs::{self, File};
use std::io::{Cursor, Error, Write};
use std::path::{Path, PathBuf};

/// A loan's file and what is in it.
///
/// # Errors
/// It cannot be read, or a field is wrong: which one, and what to write there.
pub fn loan_file(file: &Path) -> Result<(Loan, String), Message> {
    let text = fs::read_to_string(file).map_err(|error| Kind::Loan.not_read(file, &error))?;
    let wrong = |error: crate::model::loan::LoanError| {
        Message::new("loan-file-wrong").with("file", file).with("error", error.message())
    };
    Ok((Loan::from_toml(&text).map_err(wrong)?, text))
}

/// Signs a loan and writes it onto the stick at `to`; `ask` for the key's password, where it has one.
///
/// # Errors
/// The loan is not sound, or what was tried and how it failed. The stick then holds no new loan.
pub fn loan(
    file: &Path,
    key: &Path,
    to: &Path,
    today: jiff::civil::Date,
    replace: bool,
    ask: Ask<'_>,
) -> Result<Message, Message> {
    let (loan, text) = loan_file(file)?;
    if loan.until < today {
        return Err(Message::new("loan-file-over").with("file", file).with("until", loan.until.to_string()));
    }
    // What is damaged is nobody's loan.
    let same = |there: &str| Loan::from_toml(there).ok().is_none_or(|there| there.id == loan.id);
    leave_what_is_there(to, LOAN, replace, same)?;
    let place = put(&text, LOAN, &keys::secret(key, ask)?, to)?;
    let written = Message::new("stick-loan-written").with("file", place.as_path()).with("id", loan.id.as_str());
    Ok(written.with("city", loan.city.get(Language::Japanese)).with("until", loan.until.to_string()))
}

/// Signs an order to return the loan `id` and writes it onto the stick at `to`; `ask` for the key's password.
///
/// # Errors
/// What was tried and how it failed. The stick then holds no new order.
pub fn give_back(
    id: &str,
    device: Option<&str>,
    key: &Path,
    to: &Path,
    replace: bool,
    ask: Ask<'_>,
) -> Result<Message, Message> {
    let text = return_order_for(id, device);
    let wrong = |error: crate::model::loan::LoanError| {
        Message::new("stick-return-wrong").with("id", id).with("error", error.message())
    };
    let order = return_order(&text).map_err(wrong)?;
    if !id.chars().any(|c| c.is_ascii_digit()) {
        return Err(Message::new("stick-return-name").with("id", id));
    }
    leave_what_is_there(to, RETURN, replace, |there| return_order(there).ok().is_none_or(|there| there == order))?;
    let place = put(&text, RETURN, &keys::secret(key, ask)?, to)?;
    Ok(Message::new("stick-return-written").with("file", place.as_path()).with("id", id))
}

/// Another family's paper on a stick is not written over unasked.
fn leave_what_is_there(to: &Path, name: &str, replace: bool, same: impl FnOnce(&str) -> bool) -> Result<(), Message> {
    if !to.is_dir() {
        return Err(Message::new("stick-no-folder").with("folder", to));
    }
    let place = to.join(FOLDER).join(name);
    match fs::read_to_string(&place) {
        Ok(there) if !replace && !same(&there) => Err(Message::new("stick-other-there").with("file", place.as_path())),
        _ => Ok(()),
    }
}

/// The pair is valid only with its last step: until then its signature is missing, and the device says so.
fn put(text: &str, name: &str, key: &SecretKey, to: &Path) -> Result<PathBuf, Message> {
    // A device follows each paper once, in the order of their signatures.
    let comment = format!("{SIGNED_AT}{}\tfile:{name}", jiff::Timestamp::now().as_second());
    let signature = minisign::sign(None, key, Cursor::new(text.as_bytes()), Some(&comment), None);
    let not_signed =
        |error: minisign::PError| Message::new("stick-not-signed").with("name", name).with("said", error.to_string());
    let signature = signature.map_err(not_signed)?;
    let folder = to.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|error| folder_not_made(&folder, &error))?;
    let (place, beside) = (folder.join(name), folder.join(format!("{name}{SIGNATURE}")));
    let (place_aside, beside_aside) = (aside(&place), aside(&beside));
    write_synced(&place_aside, text)?;
    write_synced(&beside_aside, &signature.into_string())?;
    let failed = |id: &'static str, file: &Path, error: &Error| {
        Message::new(id).with("file", file).with("why", why(error, true))
    };
    if beside.exists() {
        fs::remove_file(&beside).map_err(|error| failed("stick-not-removed", &beside, &error))?;
    }
    for (from, into) in [(&place_aside, &place), (&beside_aside, &beside)] {
        let renamed = fs::rename(from, into);
        renamed.map_err(|error| failed("stick-not-renamed", into, &error).with("from", from.as_path()))?;
    }
    let synced = File::open(&folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| failed("stick-not-kept", &folder, &error))?;
    Ok(place)
}

fn aside(place: &Path) -> PathBuf {
    PathBuf::from(format!("{}.new", place.display()))
}

fn write_synced(place: &Path, text: &str) -> Result<(), Message> {
    let written = File::create(place).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| Kind::OnStick.not_written(place, &error))
}

/// Says what a device with the public key would do with the stick.
///
/// # Errors
/// Nothing is on it, or something on it would be refused.
pub fn check(stick: &Path, key: &Path) -> Result<Message, Message> {
    let key = public_key(key)?;
    if !stick.is_dir() {
        return Err(Message::new("stick-no-folder").with("folder", stick));
    }
    let found = read(stick, &[key]);
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    if let Some(kind) = unread_file_system(stick) {
        bad.push(Message::new("stick-file-system").with("kind", kind));
    }
    if let Some(update) = &found.update {
        good.push(Message::new("stick-update").with("file", update.as_path()));
    }
    match found.loan {
        Some(Ok(order)) if matches!(&found.give_back, Some(Ok(over)) if over.loan == order.loan.id) => {
            bad.push(Message::new("stick-both").with("id", order.loan.id).with("return", RETURN));
        }
        Some(Ok(order)) => {
            let said = Message::new(if order.past { "stick-loan-over" } else { "stick-loan-good" });
            let said = said.with("id", order.loan.id).with("until", order.loan.until.to_string());
            if order.past { bad.push(said) } else { good.push(said) }
        }
        Some(Err(why)) => bad.push(refused(LOAN, &why)),
        None => {}
    }
    match found.give_back {
        Some(Ok(order)) => good.push(Message::new("stick-return-good").with("id", order.loan)),
        Some(Err(why)) => bad.push(refused(RETURN, &why)),
        None => {}
    }
    let is_good = bad.is_empty();
    bad.append(&mut good);
    if bad.is_empty() {
        let nothing = Message::new("stick-nothing").with("stick", stick);
        return Err(nothing.with("loan", format!("{FOLDER}/{LOAN}")).with("return", format!("{FOLDER}/{RETURN}")));
    }
    let said = Message::new(if is_good { "stick-good" } else { "stick-refused" });
    let said = said.with("stick", stick).with("lines", bad);
    if is_good { Ok(said) } else { Err(said) }
}

/// What a device mounts (`image/root/usr/lib/madoguchi/stick`), as Linux names it.
const READ_BY_A_DEVICE: [&str; 3] = ["vfat", "msdos", "exfat"];
/// Where PCs mount sticks. A folder elsewhere is one of the PC's own, to be copied later.
const STICKS: [&str; 3] = ["/media", "/run/media", "/mnt"];

/// The file system of the stick on which the folder lies, if a device does not read it; nothing where that cannot be told.
fn unread_file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    unread_in(&fs::read_to_string("/proc/self/mountinfo").ok()?, &folder)
}

/// Reads `proc_pid_mountinfo(5)`: of the mounts above the folder the deepest, and of those the last one.
fn unread_in(mounts: &str, folder: &Path) -> Option<String> {
    let mounts = mounts.lines().filter_map(|line| {
        let (place, about) = line.split_once(" - ")?;
        let point = PathBuf::from(place.split(' ').nth(4)?.replace("\\040", " "));
        let kind = about.split(' ').next()?;
        folder.starts_with(&point).then(|| (point.components().count(), point, kind.to_owned()))
    });
    let (_, point, kind) = mounts.max_by_key(|(depth, ..)| *depth)?;
    let stick = STICKS.iter().any(|sticks| point.starts_with(sticks));
    (stick && !READ_BY_A_DEVICE.contains(&kind.as_str())).then_some(kind)
}

fn refused(name: &'static str, why: &PaperRefusal) -> Message {
    let why = match why {
        PaperRefusal::NoSignature => Message::new("stick-no-signature").with("signature", SIGNATURE),
        PaperRefusal::WrongKey => Message::new("stick-wrong-key"),
        PaperRefusal::Changed => Message::new("stick-changed"),
        PaperRefusal::Unreadable => Message::new("stick-unreadable"),
        PaperRefusal::UnreadableStick => Message::new("stick-unreadable-stick"),
        PaperRefusal::Misnamed { written, name } => {
            Message::new("stick-misnamed").with("written", written.as_str()).with("name", *name)
        }
        PaperRefusal::Invalid { error } => error.message(),
        // What depends on the device is not known at the desk.
        other => Message::new("stick-other-refusal").with("said", other.name()),
    };
    Message::new("stick-paper").with("name", name).with("why", why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::keys::Whose;

    const DEMO: &str = include_str!("../workbench/demo-loan.toml");

    const TODAY: jiff::civil::Date = jiff::civil::date(2020, 1, 1);

    fn loan(file: &Path, key: &Path, to: &Path, today: jiff::civil::Date, replace: bool) -> Result<String, String> {
        let told = super::loan(file, key, to, today, replace, &mut |_| Err(Error::other("the key has no password")));
        told.map(|said| said.to_string()).map_err(|error| error.to_string())
    }

    fn give_back(id: &str, key: &Path, to: &Path, replace: bool) -> Result<String, String> {
        let told = super::give_back(id, None, key, to, replace, &mut |_| Err(Error::other("the key has no password")));
        told.map(|said| said.to_string()).map_err(|error| error.to_string())
    }

    struct Desk {
        folder: tempfile::TempDir,
    }

    impl Desk {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            keys::new(&folder.path().join("keys"), Whose::City, None).unwrap();
            fs::create_dir(folder.path().join("stick")).unwrap();
            let valid = DEMO.lines().map(|line| match line.starts_with("until") {
                true => "until = \"2999-12-31\"".to_owned(),
                false => line.to_owned(),
            });
            fs::write(folder.path().join("loan.toml"), valid.collect::<Vec<_>>().join("\n")).unwrap();
            Self { folder }
        }

        fn at(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn secret(&self) -> PathBuf {
            self.at("keys").join(keys::SECRET)
        }

        fn check(&self) -> Result<String, String> {
            let told = check(&self.at("stick"), &self.at("keys").join(keys::PUBLIC));
            told.map(|said| said.to_string()).map_err(|error| error.to_string())
        }
    }

    #[test]
    fn a_stick_with_loan_and_return_order_is_written_and_found_good() {
        let desk = Desk::new();
        assert!(desk.check().unwrap_err().contains("nothing for a device"));
        let said = loan(&desk.at("loan.toml"), &desk.secret(), &desk.at("stick"), TODAY, false).unwrap();
        assert!(said.contains("loan DEMO-2026-001"), "{said}");
        give_back("DEMO-2026-000", &desk.secret(), &desk.at("stick"), false).unwrap();
        // Written again over itself.
        loan(&desk.at("loan.toml"), &desk.secret(), &desk.at("stick"), TODAY, false).unwrap();
        let said = desk.check().unwrap();
        assert!(said.contains("loan DEMO-2026-001 until 2999-12-31: signed and sound"), "{said}");
        assert!(said.contains("return loan DEMO-2026-000: signed and sound"), "{said}");
        let mut names: Vec<_> = fs::read_dir(desk.at("stick").join(FOLDER))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["loan.toml", "loan.toml.minisig", "return.toml", "return.toml.minisig"]);
        give_back("DEMO-2026-001", &desk.secret(), &desk.at("stick"), true).unwrap();
        let said = desk.check().unwrap_err();
        assert!(said.contains("loan DEMO-2026-001: the order to return it (return.toml) lies beside it"), "{said}");
    }

    #[test]
    fn what_a_device_would_refuse_is_said() {
        let desk = Desk::new();
        let papers = desk.at("stick").join(FOLDER);
        let sign = || loan(&desk.at("loan.toml"), &desk.secret(), &desk.at("stick"), TODAY, false).unwrap();
        sign();
        fs::write(papers.join(LOAN), "changed").unwrap();
        assert!(desk.check().unwrap_err().contains("changed or damaged"));
        sign();
        fs::remove_file(papers.join("loan.toml.minisig")).unwrap();
        assert!(desk.check().unwrap_err().contains("no signature"));
        keys::new(&desk.at("other"), Whose::City, None).unwrap();
        loan(&desk.at("loan.toml"), &desk.at("other").join(keys::SECRET), &desk.at("stick"), TODAY, false).unwrap();
        assert!(desk.check().unwrap_err().contains("another key"));
        fs::write(desk.at("loan.toml"), fs::read_to_string(desk.at("loan.toml")).unwrap().replace("2999", "2020"))
            .unwrap();
        sign();
        assert!(desk.check().unwrap_err().contains("its last day, 2020-12-31, is over"));
    }

    #[test]
    fn a_file_with_another_name_and_a_file_system_that_is_not_read_are_said() {
        let desk = Desk::new();
        fs::write(desk.at("stick").join("loan.toml.txt"), "").unwrap();
        let said = desk.check().unwrap_err();
        assert!(said.contains("the file is called \"loan.toml.txt\"; rename it to \"loan.toml\""), "{said}");
        let mounts = "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n\
            40 22 8:17 / /media/A\\040B rw,nosuid shared:9 - fuseblk /dev/sdb1 rw\n\
            41 22 8:33 / /media/C rw - vfat /dev/sdc1 rw\n\
            42 22 8:49 / /run/media/D rw - ext4 /dev/sdd1 rw\n";
        let unread = |folder: &str| unread_in(mounts, Path::new(folder));
        assert_eq!(unread("/media/A B/madoguchi").as_deref(), Some("fuseblk"));
        assert_eq!(unread("/media/C"), None);
        assert_eq!(unread("/run/media/D").as_deref(), Some("ext4"), "what a PC reads, a device need not");
        assert_eq!(unread("/home/desk/stick"), None, "no stick, but a folder to be copied");
    }

    #[test]
    fn mistakes_leave_the_stick_as_it_was() {
        let desk = Desk::new();
        fs::write(desk.at("loan.toml"), DEMO.replace("format = 1", "format = 2")).unwrap();
        let error = loan(&desk.at("loan.toml"), &desk.secret(), &desk.at("stick"), TODAY, false).unwrap_err();
        assert!(error.contains("format: is 2"), "{error}");
        let error = give_back("", &desk.secret(), &desk.at("stick"), false).unwrap_err();
        assert!(error.contains("must be 1 to 40 letters"), "{error}");
        for name in ["tanaka", "田中", "M_1", "../M-1"] {
            let error = give_back(name, &desk.secret(), &desk.at("stick"), false).unwrap_err();
            assert!(error.contains("M-2026-014"), "{name}: {error}");
        }
        let error = give_back("M-1", &desk.at("keys").join(keys::PUBLIC), &desk.at("stick"), false).unwrap_err();
        assert!(error.contains("is no signing key"), "{error}");
        let error = give_back("M-1", &desk.secret(), &desk.at("nowhere"), false).unwrap_err();
        assert!(error.contains("where the stick is mounted"), "{error}");
        assert_eq!(fs::read_dir(desk.at("stick")).unwrap().count(), 0);
        let error = keys::new(&desk.at("keys"), Whose::City, None).unwrap_err().to_string();
        assert!(error.contains("is there already"), "{error}");
    }

    #[test]
    fn a_loan_that_is_over_is_not_signed_and_another_family_s_paper_not_written_over() {
        let desk = Desk::new();
        let (file, stick, key) = (desk.at("loan.toml"), desk.at("stick"), desk.secret());
        let error = loan(&file, &key, &stick, jiff::civil::date(3000, 1, 1), false).unwrap_err();
        assert!(error.contains("2999-12-31, is over"), "{error}");
        assert!(!stick.join(FOLDER).exists());
        loan(&file, &key, &stick, TODAY, false).unwrap();
        give_back("M-1", &key, &stick, false).unwrap();
        let other = fs::read_to_string(&file).unwrap().replace("DEMO-2026-001", "DEMO-2026-002");
        fs::write(&file, other).unwrap();
        for error in [loan(&file, &key, &stick, TODAY, false), give_back("M-2", &key, &stick, false)] {
            assert!(error.unwrap_err().contains("--replace"));
        }
        let said = desk.check().unwrap();
        assert!(said.contains("loan DEMO-2026-001") && said.contains("return loan M-1"), "{said}");
        loan(&file, &key, &stick, TODAY, true).unwrap();
        give_back("M-2", &key, &stick, true).unwrap();
        assert!(desk.check().unwrap().contains("loan DEMO-2026-002"));
    }

    #[test]
    fn nobody_else_can_read_the_signing_key() {
        use std::os::unix::fs::PermissionsExt;
        let desk = Desk::new();
        assert_eq!(fs::metadata(desk.secret()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
