//! What a command line tells its reader: the name of a text in `tools.ftl` and what stands in it. It becomes words at the
//! end, in the reader's language; a log reads it in English.

use super::{Arg, Catalog};
use crate::model::language::Language;
use crate::model::loan::{LoanError, LoanProblem};
use std::fmt;
use std::io::{Error, ErrorKind};
use std::path::Path;

/// A text and what stands in its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    id: &'static str,
    parts: Vec<(&'static str, Part)>,
}

/// What stands in a place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text, as it is: a file's name, what somebody wrote.
    Text(String),
    /// A whole number; the language chooses its plural.
    Number(i64),
    /// Another message.
    Message(Box<Message>),
    /// Messages, each on a line of its own.
    Lines(Vec<Message>),
}

impl Part {
    fn said(&self, language: Language) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Message(message) => message.said(language),
            Self::Lines(lines) => lines.iter().map(|line| format!("\n- {}", line.said(language))).collect(),
        }
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&Path> for Part {
    fn from(path: &Path) -> Self {
        Self::Text(path.display().to_string())
    }
}

impl From<i64> for Part {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Message> for Part {
    fn from(message: Message) -> Self {
        Self::Message(Box::new(message))
    }
}

impl From<Vec<Message>> for Part {
    fn from(lines: Vec<Message>) -> Self {
        Self::Lines(lines)
    }
}

impl Message {
    /// The text `id`, with nothing in its places yet.
    pub fn new(id: &'static str) -> Self {
        Self { id, parts: Vec::new() }
    }

    /// Fills a place of the text.
    #[must_use]
    pub fn with(mut self, place: &'static str, part: impl Into<Part>) -> Self {
        self.parts.push((place, part.into()));
        self
    }

    /// The words in a language. Spaces and paths are kept as they are: this is for a terminal.
    pub fn said(&self, language: Language) -> String {
        let parts: Vec<_> = self.parts.iter().map(|(place, part)| (*place, part, part.said(language))).collect();
        let args: Vec<_> = parts
            .iter()
            .map(|(place, part, said)| match part {
                Part::Number(number) => (*place, Arg::Number(*number)),
                _ => (*place, Arg::Text(said)),
            })
            .collect();
        Catalog::embedded().plain(language, self.id, &args)
    }
}

/// In English, for a log.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said(Language::English))
    }
}

impl std::error::Error for Message {}

/// An error that has words in every language.
pub trait Told {
    /// What was tried, on what, and what to do.
    fn message(&self) -> Message;
}

/// Prints errors in English through their [`Told::message`].
#[cfg_attr(not(any(feature = "room", feature = "staff")), allow(unused_macros, reason = "the command lines' errors"))]
macro_rules! told_in_english {
    ($($error:ty),*) => {$(
        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&$crate::words::message::Told::message(self), f)
            }
        }
    )*};
}
#[cfg_attr(
    not(any(feature = "room", feature = "staff")),
    expect(unused_imports, reason = "the command lines' errors")
)]
pub(crate) use told_in_english;

/// What kind of file somebody gave: its name in a sentence, and what such a file is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A loan.
    Loan,
    /// The secret half of the city's key.
    SigningKey,
    /// Its public half.
    PublicKey,
    /// What the release's key signed about it.
    Certificate,
    /// An image's list of boot files.
    BootFiles,
    /// A card that is read in this machine.
    Card,
    /// The room-key paper.
    Paper,
    /// A signed file on a stick.
    OnStick,
    /// The room server's settings.
    Settings,
    /// The secret that is shared with coturn.
    TurnSecret,
    /// What second factors are encrypted with.
    SecondFactorKey,
    /// The room server's database.
    Database,
    /// A copy of it.
    Copy,
    /// An update, or the pointer to it.
    Update,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Loan,
        Self::SigningKey,
        Self::PublicKey,
        Self::Certificate,
        Self::BootFiles,
        Self::Card,
        Self::Paper,
        Self::OnStick,
        Self::Settings,
        Self::TurnSecret,
        Self::SecondFactorKey,
        Self::Database,
        Self::Copy,
        Self::Update,
    ];

    fn name(self) -> Message {
        Message::new(match self {
            Self::Loan => "file-loan",
            Self::SigningKey => "file-signing-key",
            Self::PublicKey => "file-public-key",
            Self::Certificate => "file-certificate",
            Self::BootFiles => "file-boot-files",
            Self::Card => "file-card",
            Self::Paper => "file-paper",
            Self::OnStick => "file-on-stick",
            Self::Settings => "file-settings",
            Self::TurnSecret => "file-turn-secret",
            Self::SecondFactorKey => "file-second-factor-key",
            Self::Database => "file-database",
            Self::Copy => "file-copy",
            Self::Update => "file-update",
        })
    }

    fn example(self) -> &'static str {
        match self {
            Self::Loan | Self::OnStick => "loan.toml",
            Self::SigningKey => "madoguchi-city.key",
            Self::PublicKey => "madoguchi-city.pub",
            Self::Certificate => "madoguchi-city.pub.minisig",
            Self::BootFiles => "madoguchi-0.1.0-arm64.boot-files.sha256",
            Self::Card => "boot.scr",
            Self::Paper => "paper.pdf",
            Self::Settings => "madoguchi-room.toml",
            Self::TurnSecret => "turn-secret",
            Self::SecondFactorKey => "second-factor-key",
            Self::Database => "room.sqlite",
            Self::Copy => "copy.sqlite",
            Self::Update => "madoguchi-0.2.0-arm64.raucb",
        }
    }

    /// It could not be read.
    pub fn not_read(self, file: &Path, error: &Error) -> Message {
        let message = Message::new("file-reading").with("what", self.name()).with("file", file);
        message.with("why", self.why(error, false))
    }

    /// It could not be written.
    pub fn not_written(self, file: &Path, error: &Error) -> Message {
        let message = Message::new("file-writing").with("what", self.name()).with("file", file);
        message.with("why", self.why(error, true))
    }

    fn why(self, error: &Error, writes: bool) -> Message {
        match error.kind() {
            ErrorKind::NotFound if !writes => Message::new("file-missing").with("example", self.example()),
            ErrorKind::IsADirectory => Message::new("file-is-folder").with("example", self.example()),
            ErrorKind::InvalidData => Message::new("file-no-text").with("example", self.example()),
            _ => why(error, writes),
        }
    }
}

/// A folder could not be made.
pub fn folder_not_made(folder: &Path, error: &Error) -> Message {
    Message::new("file-making-folder").with("file", folder).with("why", why(error, true))
}

/// Why the system did not do what was asked, and what to do.
pub fn why(error: &Error, writes: bool) -> Message {
    Message::new(match error.kind() {
        ErrorKind::NotFound => "file-no-folder",
        ErrorKind::IsADirectory => "file-folder-there",
        ErrorKind::NotADirectory => "file-not-a-folder",
        ErrorKind::PermissionDenied if writes => "file-may-not-write",
        ErrorKind::PermissionDenied => "file-may-not-read",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "file-full",
        ErrorKind::ReadOnlyFilesystem => "file-write-protected",
        ErrorKind::AlreadyExists => "file-there-already",
        _ => return Message::new("file-other").with("said", error.to_string()),
    })
}

impl Told for LoanError {
    fn message(&self) -> Message {
        let problem = match &self.problem {
            LoanProblem::Line { line: _, said } => Message::new("loan-file-line").with("said", said.as_str()),
            LoanProblem::Missing { example } => Message::new("loan-file-missing").with("example", *example),
            LoanProblem::Unknown { known } => Message::new("loan-file-unknown").with("known", known.as_str()),
            LoanProblem::Value { wanted, example } => {
                Message::new("loan-file-value").with("wanted", *wanted).with("example", *example)
            }
            LoanProblem::Format { written, read } => {
                Message::new("loan-file-format").with("written", *written).with("read", i64::from(*read))
            }
            LoanProblem::Twice { written } => Message::new("loan-file-twice").with("written", written.as_str()),
            LoanProblem::Language { written, known } => {
                Message::new("loan-file-language").with("written", written.as_str()).with("known", known.as_str())
            }
            LoanProblem::Long => Message::new("loan-file-long"),
        };
        let field: Part = match &self.problem {
            LoanProblem::Line { line, .. } => {
                Message::new("loan-file-at-line").with("line", i64::try_from(*line).unwrap_or(i64::MAX)).into()
            }
            _ => self.field.as_str().into(),
        };
        Message::new("loan-file-problem").with("field", field).with("problem", problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_with_a_file_says_on_what_and_what_to_do() {
        let remedies = [
            (ErrorKind::NotFound, false, "check its name and folder"),
            (ErrorKind::NotFound, true, "make it first"),
            (ErrorKind::IsADirectory, false, "name the file in it"),
            (ErrorKind::NotADirectory, false, "correct the path"),
            (ErrorKind::PermissionDenied, false, "as the account that it belongs to"),
            (ErrorKind::PermissionDenied, true, "as the account that it belongs to"),
            (ErrorKind::StorageFull, true, "delete something"),
            (ErrorKind::ReadOnlyFilesystem, true, "take the protection off"),
            (ErrorKind::AlreadyExists, true, "take another name"),
            (ErrorKind::InvalidData, false, "such as"),
            (ErrorKind::TimedOut, true, "try it again"),
        ];
        let file = Path::new("/media/私の STICK/x.toml");
        for kind in Kind::ALL {
            for (error, writes, remedy) in remedies {
                let told =
                    |error: &Error| if writes { kind.not_written(file, error) } else { kind.not_read(file, error) };
                let (english, japanese) =
                    (told(&error.into()).to_string(), told(&error.into()).said(Language::Japanese));
                assert!(english.contains("/media/私の STICK/x.toml"), "{english}");
                assert!(english.contains(remedy), "{error:?}: {english}");
                assert!(japanese.contains("/media/私の STICK/x.toml"), "a path is changed: {japanese}");
                assert!(japanese.contains("ください"), "{japanese}");
            }
        }
    }

    #[test]
    fn a_mistake_in_a_loan_is_said_alike_here_and_in_the_log_of_a_device() {
        let problems = [
            LoanProblem::Line { line: 3, said: "expected `=`".to_owned() },
            LoanProblem::Missing { example: "\"M-2026-014\"" },
            LoanProblem::Unknown { known: "format, id".to_owned() },
            LoanProblem::Value { wanted: "a number", example: "1" },
            LoanProblem::Format { written: 2, read: 1 },
            LoanProblem::Twice { written: "ja".to_owned() },
            LoanProblem::Language { written: "tlh".to_owned(), known: "ja, en".to_owned() },
            LoanProblem::Long,
        ];
        for problem in problems {
            let field = if matches!(problem, LoanProblem::Line { .. }) { "line 3" } else { "id" };
            let error = LoanError { field: field.to_owned(), problem };
            assert_eq!(error.message().to_string(), error.to_string());
            let japanese = error.message().said(Language::Japanese);
            assert!(japanese.contains("ください") && !japanese.contains('\u{200b}'), "{japanese}");
        }
    }

    /// The sources whose messages are texts of `tools.ftl`.
    const SPEAKERS: [&str; 14] = [
        include_str!("message.rs"),
        include_str!("../command_line.rs"),
        include_str!("../password.rs"),
        include_str!("../stick.rs"),
        include_str!("../staff/command.rs"),
        include_str!("../staff/card.rs"),
        include_str!("../staff/keys.rs"),
        include_str!("../sheet.rs"),
        include_str!("../staff/stick.rs"),
        include_str!("../staff/update.rs"),
        include_str!("../room/command.rs"),
        include_str!("../room/told.rs"),
        include_str!("../bin/madoguchi-room.rs"),
        include_str!("../bin/madoguchi-staff.rs"),
    ];

    #[test]
    fn every_message_has_its_words_in_japanese_and_in_english_and_none_is_left_over() {
        let texts: Vec<_> = [Language::Japanese, Language::English]
            .map(|language| {
                let tools = crate::words::file(language, "tools");
                crate::words::names(tools).map(str::to_owned).collect::<Vec<_>>()
            })
            .into();
        assert!(texts[0].len() > 120 && texts[0] == texts[1], "{texts:?}");
        for id in &texts[0] {
            let said = SPEAKERS.iter().any(|source| source.contains(&format!("\"{id}\"")));
            assert!(said, "{id} is said nowhere");
        }
        for source in SPEAKERS {
            for call in ["Message::new(\"", "about(\"", "failed(\""] {
                for id in source.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
                    assert!(texts[0].iter().any(|text| text == id), "{id} has no words");
                }
            }
        }
        // A sentence that Japanese took over from English was forgotten.
        for id in &texts[0] {
            let said = Catalog::embedded().plain(Language::Japanese, id, &[]);
            assert!(said.chars().any(|letter| letter > '\u{3000}'), "{id} is not Japanese: {said}");
        }
    }
}
