//! Reads a paper of the city field by field; what is wrong is named by its field, with what to write there.

use super::{DEVICE, Example, LONGEST_WORDS, LoanError, LoanProblem, is_device};
use crate::model::language::Language;
use crate::model::wire::Words;
use toml::{Table, Value};

/// A file or a section of it, and where in the file it stands.
pub(in crate::model) struct Paper<'a> {
    pub(in crate::model) table: &'a Table,
    pub(in crate::model) path: String,
}

/// Reads the TOML of a paper; what is no TOML is named by its field, where `example` knows it, else by its line.
///
/// # Errors
/// [`LoanError`] names the field or line and what to write there.
pub(in crate::model) fn table(text: &str, example: fn(&str) -> Option<Example>) -> Result<Table, LoanError> {
    text.parse::<Table>().map_err(|error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.as_bytes().get(..at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count();
        let written = text.lines().nth(line).unwrap_or_default();
        let field = written.split_once('=').map(|(field, _)| field.trim()).unwrap_or_default();
        // A value that a person may well write so, without its quotes say.
        match example(field) {
            Some((wanted, example)) if !error.message().contains("duplicate") => {
                LoanError { field: field.to_owned(), problem: LoanProblem::Value { wanted, example } }
            }
            _ => LoanError {
                field: format!("line {}", line + 1),
                problem: LoanProblem::Line { line: line + 1, said: short(error.message()) },
            },
        }
    })
}

/// What somebody wrote, as far as it fits into a sentence.
pub(super) fn short(written: &str) -> String {
    written.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(40).collect()
}

impl<'a> Paper<'a> {
    fn at(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    pub(in crate::model) fn wrong<T>(&self, field: &str, problem: LoanProblem) -> Result<T, LoanError> {
        Err(LoanError { field: self.at(field), problem })
    }

    /// The value is not what belongs there.
    pub(in crate::model) fn value<T>(&self, field: &str, (wanted, example): Example) -> Result<T, LoanError> {
        self.wrong(field, LoanProblem::Value { wanted, example })
    }

    /// Nothing stands there that has no place there.
    pub(in crate::model) fn only(&self, fields: &[&str]) -> Result<(), LoanError> {
        match self.table.keys().find(|key| !fields.contains(&key.as_str())) {
            Some(unknown) => self.wrong(&short(unknown), LoanProblem::Unknown { known: fields.join(", ") }),
            None => Ok(()),
        }
    }

    pub(super) fn needed(&self, field: &str, (_, example): Example) -> Result<&'a Value, LoanError> {
        match self.table.get(field) {
            Some(value) => Ok(value),
            None => self.wrong(field, LoanProblem::Missing { example }),
        }
    }

    pub(in crate::model) fn text(&self, field: &str, example: Example) -> Result<&'a str, LoanError> {
        match self.needed(field, example)? {
            Value::String(text) => Ok(text),
            _ => self.value(field, example),
        }
    }

    /// The board that the paper is for, in capital letters; nothing where it is for any.
    pub(in crate::model) fn device(&self) -> Result<Option<String>, LoanError> {
        if !self.table.contains_key("device") {
            return Ok(None);
        }
        match self.text("device", DEVICE)? {
            device if is_device(device) => Ok(Some(device.to_ascii_uppercase())),
            _ => self.value("device", DEVICE),
        }
    }

    pub(super) fn texts(&self, field: &str, example: Example) -> Result<Vec<&'a str>, LoanError> {
        let Value::Array(list) = self.needed(field, example)? else { return self.value(field, example) };
        let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
        texts.map_or_else(|| self.value(field, example), Ok)
    }

    pub(in crate::model) fn format(&self, read: u16) -> Result<(), LoanError> {
        let example = ("a number", "1");
        match self.needed("format", example)? {
            Value::Integer(written) if *written == i64::from(read) => Ok(()),
            Value::Integer(written) => self.wrong("format", LoanProblem::Format { written: *written, read }),
            _ => self.value("format", example),
        }
    }

    pub(super) fn section(&self, field: &str, example: Example) -> Result<Paper<'a>, LoanError> {
        match self.needed(field, example)? {
            Value::Table(table) => Ok(Paper { table, path: self.at(field) }),
            _ => self.value(field, example),
        }
    }

    pub(super) fn words(&self, field: &str, example: Example) -> Result<Words, LoanError> {
        let section = self.section(field, example)?;
        let tags = Language::ALL.map(|language| language.tag());
        section.only(&tags)?;
        let mut words = Words::default();
        for language in Language::ALL {
            if section.table.contains_key(language.tag()) {
                let text = section.text(language.tag(), ("text in quotes", example.1))?;
                if text.chars().count() > LONGEST_WORDS || text.chars().any(char::is_control) {
                    return section.wrong(language.tag(), LoanProblem::Long);
                }
                words.set(language, text);
            }
        }
        if words.get(Language::Japanese).trim().is_empty() {
            return section.wrong(Language::Japanese.tag(), LoanProblem::Missing { example: example.1 });
        }
        Ok(words)
    }

    /// A day, in quotes or without them.
    pub(super) fn day(&self, field: &str, example: Example) -> Result<jiff::civil::Date, LoanError> {
        let written = match self.needed(field, example)? {
            Value::String(text) => text.trim().parse().ok(),
            Value::Datetime(toml::value::Datetime { date: Some(date), time: None, offset: None }) => {
                date.to_string().parse().ok()
            }
            _ => None,
        };
        written.map_or_else(|| self.value(field, example), Ok)
    }
}
