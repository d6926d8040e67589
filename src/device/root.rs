//! Asking root for something that the appliance may not do: a file with a number and what is meant, and an answer with that
//! number. A path unit of systemd waits for the file, and a script of the image reads it (`image/root/usr/lib/madoguchi`).
//!
//! So what the appliance may ask for is one thing with fixed arguments, and not whatever a bus or a command would take.

#![expect(clippy::disallowed_methods, reason = "leaves a file for another program and reads its answer")]

use super::store::write_whole;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A request that is not taken by then has nobody who takes it.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// Where a request is left and answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Written to ask.
    pub request: PathBuf,
    /// Written by root, when it is done.
    pub answer: PathBuf,
}

impl Desk {
    /// As the image has it.
    pub(super) fn of_the_box(request: &str, answer: &str) -> Self {
        Self {
            request: Path::new("/run/madoguchi/appliance").join(request),
            answer: Path::new("/run/madoguchi").join(answer),
        }
    }
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It is done.
    Well,
    /// It could not be done; whoever was called says why.
    Badly,
    /// It was not even tried, for this reason.
    Refused(String),
}

/// A request that was made.
#[derive(Clone)]
pub(super) struct Request {
    desk: Desk,
    number: u64,
    made: Instant,
}

impl Request {
    /// Asks. `what` is one line.
    pub(super) fn made(desk: &Desk, what: &str) -> Result<Self, String> {
        if what.contains(char::is_control) {
            return Err(format!("asking by {}: what is asked for is no line", desk.request.display()));
        }
        // Not counted: an answer from before the appliance was started anew is none to this request.
        let number = getrandom::u64().map_err(|error| format!("no number for a request: {error}"))?;
        write_whole(&desk.request, format!("{number}\n{what}\n").as_bytes())?;
        Ok(Self { desk: desk.clone(), number, made: Instant::now() })
    }

    /// Wants it no longer: takes it back where nobody has taken it yet, and else leaves its number in `file`, for which
    /// whoever carries it out looks.
    pub(super) fn abandon(&self, file: &Path) -> Result<(), String> {
        let _ = std::fs::remove_file(&self.desk.request);
        write_whole(file, format!("{}\n", self.number).as_bytes())
    }

    /// How it ended, once it has. A request that nobody takes is taken back.
    pub(super) fn ended(&self) -> Result<Option<Ended>, String> {
        let Desk { request, answer } = &self.desk;
        let text = match std::fs::read_to_string(answer) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(format!("reading {}: {error}", answer.display())),
        };
        if let Some(ended) = ended(&text, self.number) {
            return Ok(Some(ended));
        }
        if self.made.elapsed() > TAKEN_WITHIN && std::fs::remove_file(request).is_ok() {
            let waiting = "see the path unit that waits for it";
            return Err(format!("nobody took {} within {TAKEN_WITHIN:?}: {waiting}", request.display()));
        }
        Ok(None)
    }
}

/// What an answer says to the request with this number.
fn ended(answer: &str, number: u64) -> Option<Ended> {
    let mut lines = answer.lines();
    if lines.next()? != number.to_string() {
        return None;
    }
    match (lines.next()?, lines.next().unwrap_or_default()) {
        ("0", _) => Some(Ended::Well),
        (_, "") => Some(Ended::Badly),
        (_, why) => Some(Ended::Refused(why.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_to_one_request() {
        assert_eq!(ended("", 7), None);
        assert_eq!(ended("6\n0\n\n", 7), None);
        assert_eq!(ended("7\n0\n\n", 7), Some(Ended::Well));
        assert_eq!(ended("7\n1\n\n", 7), Some(Ended::Badly));
        assert_eq!(ended("7\n1\nthe update is a link\n", 7), Some(Ended::Refused("the update is a link".to_owned())));
    }
}
