//! The commands that staff type: `sheet`, `loan check`, `keys new`, `keys certify`, `card check`, `stick loan`, `stick return`,
//! `stick check` and `update point`.
#![expect(clippy::disallowed_methods, reason = "a command line reads and writes the files it is told")]

use super::card::{self, Seen};
use super::keys::Whose;
use super::{keys, stick, update};
use crate::model::language::Language;
use crate::model::loan::is_telephone;
use crate::model::screen::{HourMinute, Telephone};
use crate::model::wire::Words;
use crate::sheet::{self, Sheet, SheetError};
use crate::words::message::{Kind, Message, Told};
use clap::{Args, Parser, Subcommand};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Prepares papers and loans for the city's online counter.
#[derive(Parser)]
#[command(name = "madoguchi-staff", version)]
pub struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Writes the A4 room-key paper of one appointment.
    Sheet(SheetArgs),
    /// Works on the loan file of a device.
    Loan {
        #[command(subcommand)]
        task: LoanTask,
    },
    /// Works on the city's signing key.
    Keys {
        #[command(subcommand)]
        task: KeysTask,
    },
    /// Looks at a device's card.
    Card {
        #[command(subcommand)]
        task: CardTask,
    },
    /// Writes and checks USB sticks for the device.
    Stick {
        #[command(subcommand)]
        task: StickTask,
    },
    /// Offers an update to the devices that are lent.
    Update {
        #[command(subcommand)]
        task: UpdateTask,
    },
}

#[derive(Subcommand)]
enum UpdateTask {
    /// Signs the pointer to a bundle and writes it beside the bundle: both go into the room server's folder of updates.
    Point {
        /// The bundle, madoguchi-VERSION-arm64.raucb.
        bundle: PathBuf,
        /// The release's key, madoguchi-release.key.
        #[arg(long)]
        key: PathBuf,
        /// The first moment at which devices take it, such as 2026-12-01T00:00:00+09:00; at once, if none is given.
        #[arg(long)]
        from: Option<jiff::Timestamp>,
        /// For how many days they take it.
        #[arg(long, default_value_t = 180)]
        days: u16,
    },
}

#[derive(Subcommand)]
enum KeysTask {
    /// Makes the city's key pair: madoguchi-city.key signs, madoguchi-city.pub goes onto each device.
    New {
        /// Folder to write it into.
        folder: PathBuf,
        /// Without a password: for a machine that signs by itself.
        #[arg(long)]
        no_password: bool,
        /// The release's key pair instead (madoguchi-release.key), which vouches for city keys.
        #[arg(long)]
        release: bool,
    },
    /// Lets the release's key vouch for a city's key: writes NAME.pub.minisig beside it, which goes onto devices with it.
    Certify {
        /// The city's public key, madoguchi-city.pub.
        public: PathBuf,
        /// The release's key, madoguchi-release.key.
        #[arg(long)]
        key: PathBuf,
    },
}

#[derive(Subcommand)]
enum CardTask {
    /// Says whether a device's boot files are still those of its image.
    Check {
        /// The image's list, madoguchi-VERSION-arm64.boot-files.sha256.
        list: PathBuf,
        /// The folder where the card's partition MADOGUCHI is mounted.
        #[arg(long, required_unless_present = "number", conflicts_with = "number")]
        card: Option<PathBuf>,
        /// The number of the boot files that the TV shows after a return, such as 3F2A-9C01-77DE-1B20.
        #[arg(long)]
        number: Option<String>,
    },
}

#[derive(Subcommand)]
enum StickTask {
    /// Signs a loan and writes it onto a stick.
    Loan {
        /// The loan file (TOML).
        file: PathBuf,
        /// The signing key, madoguchi-city.key.
        #[arg(long)]
        key: PathBuf,
        /// The folder where the stick is mounted.
        #[arg(long)]
        to: PathBuf,
        /// Writes over another loan that is on the stick.
        #[arg(long)]
        replace: bool,
    },
    /// Signs an order to return a loan and writes it onto a stick.
    Return {
        /// Id of the loan, such as M-2026-014.
        loan: String,
        /// The device's number, if the order is for that one alone.
        #[arg(long)]
        device: Option<String>,
        /// The signing key, madoguchi-city.key.
        #[arg(long)]
        key: PathBuf,
        /// The folder where the stick is mounted.
        #[arg(long)]
        to: PathBuf,
        /// Writes over another order that is on the stick.
        #[arg(long)]
        replace: bool,
    },
    /// Says what a device would do with a stick.
    Check {
        /// The folder where the stick is mounted.
        stick: PathBuf,
        /// The public key that is on the device, madoguchi-city.pub.
        #[arg(long)]
        key: PathBuf,
    },
}

#[derive(Subcommand)]
enum LoanTask {
    /// Says whether a loan file is sound, or what to change in it.
    Check {
        /// The loan file (TOML).
        file: PathBuf,
    },
}

#[derive(Args)]
struct SheetArgs {
    /// The appointment's address with the room key: https://HOST/j#KEY
    #[arg(long)]
    url: String,
    /// The city's name.
    #[arg(long)]
    city: String,
    /// The city's name in English.
    #[arg(long)]
    city_en: Option<String>,
    /// The counter's name.
    #[arg(long)]
    counter: String,
    /// The counter's name in English.
    #[arg(long)]
    counter_en: Option<String>,
    /// The day, such as 2026-11-24.
    #[arg(long)]
    date: jiff::civil::Date,
    /// Start, such as 14:00.
    #[arg(long, value_parser = hour_minute)]
    start: HourMinute,
    /// End, such as 14:30.
    #[arg(long, value_parser = hour_minute)]
    end: HourMinute,
    /// The counter's telephone number.
    #[arg(long)]
    telephone: String,
    /// When somebody answers it.
    #[arg(long, default_value = "")]
    hours: String,
    /// The same in English.
    #[arg(long)]
    hours_en: Option<String>,
    /// Writes over a file that is there.
    #[arg(long)]
    replace: bool,
    /// Where to write it: a name that ends in .pdf (to be printed), .svg or .png (300 dpi).
    out: PathBuf,
}

/// Today at the counter.
fn today() -> jiff::civil::Date {
    let zone = jiff::tz::TimeZone::get("Asia/Tokyo").unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::now().to_zoned(zone).date()
}

impl Command {
    /// Does what was asked; says in one sentence what came of it. Questions are asked at the terminal, in `language`.
    ///
    /// # Errors
    /// What was tried, on what, and what to do.
    pub fn run(self, language: Language) -> Result<Message, Message> {
        let mut ask = keys::at_the_terminal(language);
        match self.task {
            Task::Sheet(args) => args.write(),
            Task::Loan { task: LoanTask::Check { file } } => check_loan(&file),
            Task::Keys { task: KeysTask::New { folder, no_password, release } } => {
                let whose = if release { Whose::Release } else { Whose::City };
                keys::new(&folder, whose, if no_password { None } else { Some(&mut ask) })
            }
            Task::Keys { task: KeysTask::Certify { public, key } } => keys::certify(&public, &key, &mut ask),
            Task::Card { task: CardTask::Check { list, card, number } } => {
                let number = number.unwrap_or_default();
                card::check(&list, card.as_deref().map_or(Seen::Number(&number), Seen::Card))
            }
            Task::Stick { task: StickTask::Loan { file, key, to, replace } } => {
                stick::loan(&file, &key, &to, today(), replace, &mut ask)
            }
            Task::Stick { task: StickTask::Return { loan, device, key, to, replace } } => {
                stick::give_back(&loan, device.as_deref(), &key, &to, replace, &mut ask)
            }
            Task::Stick { task: StickTask::Check { stick: folder, key } } => stick::check(&folder, &key),
            Task::Update { task: UpdateTask::Point { bundle, key, from, days } } => {
                let from = from.unwrap_or_else(jiff::Timestamp::now);
                update::point(&bundle, &key, from, days, &mut ask)
            }
        }
    }
}

impl SheetArgs {
    fn write(self) -> Result<Message, Message> {
        self.check(today())?;
        let (out, replace) = (self.out.clone(), self.replace);
        let about = |id: &'static str| Message::new(id).with("file", out.as_path());
        let not_drawn = |error: SheetError| error.message();
        let sheet = self.into_sheet();
        let data = match out.extension().and_then(|ending| ending.to_str()) {
            Some("pdf") => sheet::pdf(&sheet).map_err(not_drawn)?,
            Some("svg") => sheet::svg(&sheet).map_err(not_drawn)?.into_bytes(),
            Some("png") => {
                let png = sheet::render(&sheet, 2480).map_err(not_drawn)?.encode_png();
                png.map_err(|error| Message::new("paper-not-drawn").with("said", error.to_string()))?
            }
            _ => return Err(about("paper-ending")),
        };
        let mut file = fs::OpenOptions::new();
        // A paper holds a key: nobody else on this machine reads it.
        file.write(true).mode(0o600).create_new(!replace).create(replace).truncate(replace);
        let written = file.open(&out).and_then(|mut file| file.write_all(&data));
        written.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => about("paper-there"),
            _ => Kind::Paper.not_written(&out, &error),
        })?;
        Ok(about("paper-written"))
    }

    /// What would be a wrong paper is noticed at the desk, not at home.
    fn check(&self, today: jiff::civil::Date) -> Result<(), Message> {
        let minutes = |at: HourMinute| i32::from(at.hour) * 60 + i32::from(at.minute);
        if self.date < today {
            return Err(Message::new("paper-day-over").with("date", self.date.to_string()));
        }
        if minutes(self.end) <= minutes(self.start) {
            return Err(Message::new("paper-end"));
        }
        if !is_telephone(&self.telephone) {
            return Err(Message::new("paper-telephone").with("written", self.telephone.as_str()));
        }
        for (name, text) in [("--city", &self.city), ("--counter", &self.counter)] {
            if text.trim().is_empty() || text.chars().any(char::is_control) {
                return Err(Message::new("paper-one-line").with("option", name));
            }
        }
        Ok(())
    }

    fn into_sheet(self) -> Sheet {
        Sheet {
            url: self.url,
            city: words(&self.city, self.city_en.as_deref()),
            counter: words(&self.counter, self.counter_en.as_deref()),
            date: self.date,
            starts: self.start,
            ends: self.end,
            telephone: Telephone { number: self.telephone, hours: words(&self.hours, self.hours_en.as_deref()) },
            opens: None,
            number: None,
        }
    }
}

fn words(ja: &str, en: Option<&str>) -> Words {
    Words::ja_en(ja, en.unwrap_or(ja))
}

fn hour_minute(text: &str) -> Result<HourMinute, Message> {
    let time: jiff::civil::Time = format!("{text:0>5}").parse().map_err(|_| Message::new("paper-time"))?;
    Ok(HourMinute { hour: time.hour(), minute: time.minute() })
}

fn check_loan(file: &Path) -> Result<Message, Message> {
    let (loan, _) = stick::loan_file(file)?;
    let hosts: Vec<&str> = loan.counters.iter().flat_map(|counter| &counter.hosts).map(String::as_str).collect();
    let languages: Vec<&str> = loan.languages.iter().map(|language| language.tag()).collect();
    let sound = Message::new("loan-file-sound").with("file", file).with("id", loan.id);
    let sound = sound.with("city", loan.city.get(Language::Japanese)).with("until", loan.until.to_string());
    Ok(sound.with("hosts", hosts.join(", ")).with("languages", languages.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> Result<String, String> {
        let all = std::iter::once("madoguchi-staff").chain(arguments.iter().copied());
        let command = Command::try_parse_from(all).map_err(|error| error.to_string())?;
        command.run(Language::English).map(|said| said.to_string()).map_err(|error| error.to_string())
    }

    /// `sheet` with these arguments changed.
    fn sheet(out: &Path, changed: &[(&str, &str)]) -> Result<String, String> {
        let sound = [
            ("--url", "https://a.example/j#7KQ2M9XR4TZP8WBD3HNC6VJS5"),
            ("--city", "みどり市"),
            ("--counter", "子育て相談窓口"),
            ("--date", "2999-11-24"),
            ("--start", "9:00"),
            ("--end", "14:30"),
            ("--telephone", "0422-00-1234"),
        ];
        let mut arguments = vec!["sheet"];
        for (name, value) in sound {
            let value = changed.iter().find(|(changed, _)| *changed == name).map_or(value, |(_, value)| *value);
            arguments.extend([name, value]);
        }
        arguments.extend(changed.iter().filter(|(name, _)| *name == "--replace").map(|(name, _)| *name));
        arguments.push(out.to_str().unwrap());
        run(&arguments)
    }

    #[test]
    fn a_sheet_is_written_as_pdf_svg_or_png() {
        let folder = tempfile::tempdir().unwrap();
        let kinds = [("key.pdf", b"%PDF-".as_slice()), ("key.svg", b"<svg"), ("key.png", b"\x89PNG")];
        for (name, begins) in kinds {
            let out = folder.path().join(name);
            assert!(sheet(&out, &[]).unwrap().contains("is written"));
            assert!(fs::read(&out).unwrap().starts_with(begins), "{name}");
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_sheet_that_would_be_wrong_is_not_written_nor_one_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("key.svg");
        for (name, value, reason) in [
            ("--date", "2001-11-24", "--date: 2001-11-24 is over"),
            ("--end", "9:00", "--end: must be later"),
            ("--telephone", "窓口", "--telephone"),
            ("--telephone", "call us", "--telephone"),
            ("--city", " ", "--city"),
        ] {
            let error = sheet(&out, &[(name, value)]).unwrap_err();
            assert!(error.contains(reason), "{name} {value}: {error}");
            assert!(!out.exists());
        }
        sheet(&out, &[]).unwrap();
        fs::write(&out, "another paper").unwrap();
        assert!(sheet(&out, &[]).unwrap_err().contains("--replace"));
        assert_eq!(fs::read_to_string(&out).unwrap(), "another paper");
        sheet(&out, &[("--replace", "")]).unwrap();
        assert!(fs::read_to_string(&out).unwrap().starts_with("<svg"));
    }

    #[test]
    fn a_wrong_time_is_explained() {
        assert_eq!(hour_minute("9:05").unwrap(), HourMinute { hour: 9, minute: 5 });
        assert!(hour_minute("25:00").unwrap_err().to_string().contains("14:00"));
    }

    #[test]
    fn a_loan_is_checked_with_its_field_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("loan.toml");
        let sound = include_str!("../workbench/demo-loan.toml");
        fs::write(&file, sound).unwrap();
        assert!(run(&["loan", "check", file.to_str().unwrap()]).unwrap().contains("is sound"));
        fs::write(&file, sound.replace("telephone = \"", "telephone = \"call ")).unwrap();
        let error = run(&["loan", "check", file.to_str().unwrap()]).unwrap_err();
        assert!(error.contains("counter[0].telephone"), "{error}");
    }

    /// Every command with every file that it is given missing, a folder, or beyond a file; and a full disk.
    #[test]
    fn every_trouble_with_a_file_says_what_was_tried_on_what_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let demo = include_str!("../workbench/demo-loan.toml");
        let until = demo.lines().find(|line| line.starts_with("until")).unwrap();
        fs::write(at("loan.toml"), demo.replace(until, "until = \"2999-12-31\"")).unwrap();
        fs::write(at("wrong.toml"), "format = 1").unwrap();
        fs::write(at("picture"), [0xff, 0xfe, 0xd8]).unwrap();
        keys::new(&folder.path().join("keys"), Whose::City, None).unwrap();
        for stick in ["stick", "full", "blocked"] {
            fs::create_dir_all(folder.path().join(stick).join("madoguchi")).unwrap();
        }
        // Whatever is written there finds the disk full.
        let full = |name: &str| std::os::unix::fs::symlink("/dev/full", folder.path().join(name)).unwrap();
        full("full/madoguchi/loan.toml.new");
        full("full/madoguchi/return.toml.new");
        full("paper.svg");
        fs::create_dir(folder.path().join("blocked/madoguchi/loan.toml.new")).unwrap();
        fs::create_dir(folder.path().join("folder.svg")).unwrap();

        let (key, public) = (at("keys/madoguchi-city.key"), at("keys/madoguchi-city.pub"));
        let stick = at("stick");
        let loan =
            |file: &str, key: &str, to: &str| ["stick", "loan", file, "--key", key, "--to", to].map(str::to_owned);
        let give_back = |key: &str, to: &str| ["stick", "return", "M-1", "--key", key, "--to", to].map(str::to_owned);
        let check = |stick: &str, key: &str| ["stick", "check", stick, "--key", key].map(str::to_owned);
        let check_loan = |file: &str| ["loan", "check", file].map(str::to_owned);
        let new = |folder: &str| ["keys", "new", folder, "--no-password"].map(str::to_owned);
        let missing = "there is no such file; check its name and folder";
        let is_folder = "this is a folder; name the file in it, such as";
        let beyond = "a part of this path is a file and no folder; correct the path";
        let no_stick = "is no folder; give the folder where the stick is mounted";
        let full_disk = "the disk is full; delete something on it, or take another";
        let table: Vec<(Vec<String>, &str, String, &str)> = vec![
            (check_loan(&at("nowhere.toml")).into(), "reading the loan file", at("nowhere.toml"), missing),
            (check_loan(&stick).into(), "reading the loan file", stick.clone(), is_folder),
            (check_loan(&at("loan.toml/x")).into(), "reading the loan file", at("loan.toml/x"), beyond),
            (
                check_loan(&at("picture")).into(),
                "reading the loan file",
                at("picture"),
                "it holds no text; give a text file",
            ),
            (check_loan(&at("wrong.toml")).into(), "id: is missing", at("wrong.toml"), "write it like \"M-2026-014\""),
            (loan(&at("nowhere"), &key, &stick).into(), "reading the loan file", at("nowhere"), missing),
            (loan(&stick, &key, &stick).into(), "reading the loan file", stick.clone(), is_folder),
            (loan(&at("wrong.toml"), &key, &stick).into(), "id: is missing", at("wrong.toml"), "write it like"),
            (loan(&at("loan.toml"), &at("nowhere"), &stick).into(), "reading the signing key", at("nowhere"), missing),
            (loan(&at("loan.toml"), &at("keys"), &stick).into(), "reading the signing key", at("keys"), is_folder),
            (
                loan(&at("loan.toml"), &public, &stick).into(),
                "is no signing key",
                public.clone(),
                "give the file madoguchi-city.key",
            ),
            (loan(&at("loan.toml"), &key, &at("nowhere")).into(), "", at("nowhere"), no_stick),
            (loan(&at("loan.toml"), &key, &at("loan.toml")).into(), "", at("loan.toml"), no_stick),
            (
                loan(&at("loan.toml"), &key, &at("full")).into(),
                "writing the file on the stick",
                at("full/madoguchi/loan.toml.new"),
                full_disk,
            ),
            (
                loan(&at("loan.toml"), &key, &at("blocked")).into(),
                "writing the file on the stick",
                at("blocked/madoguchi/loan.toml.new"),
                is_folder,
            ),
            (give_back(&at("nowhere"), &stick).into(), "reading the signing key", at("nowhere"), missing),
            (give_back(&key, &at("nowhere")).into(), "", at("nowhere"), no_stick),
            (
                give_back(&key, &at("full")).into(),
                "writing the file on the stick",
                at("full/madoguchi/return.toml.new"),
                full_disk,
            ),
            (check(&stick, &at("nowhere")).into(), "reading the public key", at("nowhere"), missing),
            (check(&stick, &at("keys")).into(), "reading the public key", at("keys"), is_folder),
            (
                check(&stick, &at("loan.toml")).into(),
                "is no public key",
                at("loan.toml"),
                "give the file madoguchi-city.pub",
            ),
            (check(&at("nowhere"), &public).into(), "", at("nowhere"), no_stick),
            (
                check(&stick, &public).into(),
                "nothing for a device is on this stick",
                stick.clone(),
                "write it with \"stick loan\"",
            ),
            (new(&at("keys")).into(), "is there already", key.clone(), "choose another folder"),
            (new(&at("loan.toml/x")).into(), "making the folder", at("loan.toml/x"), "correct the path"),
            (new(&at("loan.toml")).into(), "making the folder", at("loan.toml"), "take another name"),
        ];
        let told = |line: &[String]| {
            let line: Vec<&str> = line.iter().map(String::as_str).collect();
            run(&line).unwrap_err()
        };
        for (line, tried, on, remedy) in table {
            let error = told(&line);
            assert!(error.contains(tried) && error.contains(&on) && error.contains(remedy), "{line:?}: {error}");
        }
        for (out, remedy) in [
            ("nowhere/paper.svg", "its folder is not there; make it first"),
            ("loan.toml/paper.svg", beyond),
            ("folder.svg", is_folder),
            ("paper.svg", full_disk),
        ] {
            let error = sheet(&folder.path().join(out), &[("--replace", "")]).unwrap_err();
            let expected = format!("writing the paper {}: {remedy}", at(out));
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}
