//! The commands that staff type: `sheet`, `loan check`, `keys new`, `stick loan`, `stick return` and `stick check`.
#![expect(clippy::disallowed_methods, reason = "a command line reads and writes the files it is told")]

use super::sheet::{self, Sheet};
use super::{keys, stick};
use crate::model::language::Language;
use crate::model::loan::{Loan, is_telephone};
use crate::model::screen::{HourMinute, Telephone};
use crate::model::wire::Words;
use clap::{Args, Parser, Subcommand};
use std::error::Error;
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
    /// Writes and checks USB sticks for the device.
    Stick {
        #[command(subcommand)]
        task: StickTask,
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
    /// Where to write it: a name that ends in .svg or .png (300 dpi).
    out: PathBuf,
}

/// Today at the counter.
fn today() -> jiff::civil::Date {
    let zone = jiff::tz::TimeZone::get("Asia/Tokyo").unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::now().to_zoned(zone).date()
}

impl Command {
    /// Does what was asked; says in one sentence what came of it.
    ///
    /// # Errors
    /// What was tried, on what, and what to do.
    pub fn run(self) -> Result<String, Box<dyn Error>> {
        match self.task {
            Task::Sheet(args) => args.write(),
            Task::Loan { task: LoanTask::Check { file } } => check_loan(&file),
            Task::Keys { task: KeysTask::New { folder, no_password } } => keys::new(&folder, no_password),
            Task::Stick { task: StickTask::Loan { file, key, to, replace } } => {
                stick::loan(&file, &key, &to, today(), replace)
            }
            Task::Stick { task: StickTask::Return { loan, key, to, replace } } => {
                stick::give_back(&loan, &key, &to, replace)
            }
            Task::Stick { task: StickTask::Check { stick: folder, key } } => stick::check(&folder, &key),
        }
    }
}

impl SheetArgs {
    fn write(self) -> Result<String, Box<dyn Error>> {
        self.check(today())?;
        let (out, replace) = (self.out.clone(), self.replace);
        let sheet = self.into_sheet();
        let data = match out.extension().and_then(|ending| ending.to_str()) {
            Some("svg") => sheet::svg(&sheet)?.into_bytes(),
            Some("png") => sheet::render(&sheet, 2480)?.encode_png()?,
            _ => return Err(format!("{}: the name must end in .svg or .png", out.display()).into()),
        };
        let mut file = fs::OpenOptions::new();
        // A paper holds a key: nobody else on this machine reads it.
        file.write(true).mode(0o600).create_new(!replace).create(replace).truncate(replace);
        let written = file.open(&out).and_then(|mut file| file.write_all(&data));
        written.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => {
                format!("{} is there already; take another name, or say --replace", out.display())
            }
            ErrorKind::NotFound => format!("writing {}: its folder is not there; make it first", out.display()),
            _ => format!("writing {}: {error}", out.display()),
        })?;
        Ok(format!("{} is written. Print it on A4 without scaling; whoever holds it can join.", out.display()))
    }

    /// What would be a wrong paper is noticed at the desk, not at home.
    fn check(&self, today: jiff::civil::Date) -> Result<(), String> {
        let minutes = |at: HourMinute| i32::from(at.hour) * 60 + i32::from(at.minute);
        if self.date < today {
            return Err(format!("--date: {} is over", self.date));
        }
        if minutes(self.end) <= minutes(self.start) {
            return Err("--end: must be later than --start".to_owned());
        }
        if !is_telephone(&self.telephone) {
            let rule = "must be a number as people dial it, such as 0422-00-0000";
            return Err(format!("--telephone: \"{}\" {rule}", self.telephone));
        }
        for (name, text) in [("--city", &self.city), ("--counter", &self.counter)] {
            if text.trim().is_empty() || text.chars().any(char::is_control) {
                return Err(format!("{name}: must be one line of text"));
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
        }
    }
}

fn words(ja: &str, en: Option<&str>) -> Words {
    Words::ja_en(ja, en.unwrap_or(ja))
}

fn hour_minute(text: &str) -> Result<HourMinute, String> {
    let time: jiff::civil::Time = format!("{text:0>5}").parse().map_err(|_| "write it like 14:00".to_owned())?;
    Ok(HourMinute { hour: time.hour(), minute: time.minute() })
}

fn check_loan(file: &Path) -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("reading {}: {error}", file.display()))?;
    let loan = Loan::from_toml(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let hosts: Vec<&str> = loan.counters.iter().flat_map(|counter| &counter.hosts).map(String::as_str).collect();
    let languages: Vec<&str> = loan.languages.iter().map(|language| language.tag()).collect();
    Ok(format!(
        "{}: loan {} of {} until {} is sound; counters at {}; languages {}.",
        file.display(),
        loan.id,
        loan.city.get(Language::Japanese),
        loan.until,
        hosts.join(", "),
        languages.join(", "),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> Result<String, String> {
        let all = std::iter::once("madoguchi-staff").chain(arguments.iter().copied());
        let command = Command::try_parse_from(all).map_err(|error| error.to_string())?;
        command.run().map_err(|error| error.to_string())
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
    fn a_sheet_is_written_as_svg_or_png() {
        let folder = tempfile::tempdir().unwrap();
        for (name, begins) in [("key.svg", b"<svg".as_slice()), ("key.png", b"\x89PNG".as_slice())] {
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
        let nowhere = folder.path().join("nowhere/key.svg");
        assert!(sheet(&nowhere, &[]).unwrap_err().contains("its folder is not there"));
    }

    #[test]
    fn a_wrong_time_is_explained() {
        assert_eq!(hour_minute("9:05").unwrap(), HourMinute { hour: 9, minute: 5 });
        assert!(hour_minute("25:00").unwrap_err().contains("14:00"));
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
        assert!(run(&["loan", "check", "/nowhere.toml"]).unwrap_err().contains("reading /nowhere.toml"));
    }
}
