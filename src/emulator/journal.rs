//! What a machine said line by line, kept from its first letter on, to wait for something in it.
#![expect(clippy::disallowed_methods, reason = "lines carry the time at which they came")]

use super::EmulatorError;
use regex::Regex;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// So many lines are told when something did not come.
const LAST: usize = 25;

/// A line that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When its first letter came, counted from the start of the machine.
    pub at: Duration,
    /// The line, without its end; a prompt that waits counts as a line.
    pub text: String,
}

/// All lines so far. Clones are the same journal.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

struct Shared {
    name: &'static str,
    start: Instant,
    text: Mutex<Text>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Text {
    lines: Vec<Line>,
    /// Whether the last line may still grow.
    open: bool,
    ended: bool,
}

impl Journal {
    /// An empty journal; `name` says in errors what it is.
    pub fn new(name: &'static str) -> Self {
        let (start, changed) = (Instant::now(), watch::Sender::new(0));
        Self { shared: Arc::new(Shared { name, start, text: Mutex::default(), changed }) }
    }

    /// Writes down what comes until its end. To be run on a thread of its own: QEMU stands still when nobody reads.
    pub(super) fn follow(&self, mut from: impl Read) {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            self.add(&buffer[..count]);
        }
        self.end();
    }

    /// Notes that nothing more can come.
    pub fn end(&self) {
        self.change(|text, _| text.ended = true);
    }

    /// Writes down what came.
    pub fn add(&self, bytes: &[u8]) {
        self.change(|text, at| {
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                let whole = piece.ends_with(b"\n");
                let piece: String = String::from_utf8_lossy(piece).chars().filter(|sign| !sign.is_control()).collect();
                match text.lines.last_mut().filter(|_| text.open) {
                    Some(line) => line.text.push_str(&piece),
                    None => text.lines.push(Line { at, text: piece }),
                }
                text.open = !whole;
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Text, Duration)) {
        change(&mut self.shared.text.lock().unwrap_or_else(PoisonError::into_inner), self.shared.start.elapsed());
        self.shared.changed.send_modify(|version| *version += 1);
    }

    fn read<T>(&self, read: impl FnOnce(&Text) -> T) -> T {
        read(&self.shared.text.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Time since the start of the machine.
    pub fn elapsed(&self) -> Duration {
        self.shared.start.elapsed()
    }

    /// How many whole lines there are: the place to wait from for something that is still to come.
    pub fn position(&self) -> usize {
        self.read(|text| text.lines.len() - usize::from(text.open))
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<Line> {
        self.read(|text| text.lines.clone())
    }

    /// The last lines, for a person.
    pub fn last(&self, count: usize) -> String {
        self.read(|text| {
            let from = text.lines.len().saturating_sub(count);
            let lines = text.lines[from..].iter();
            lines.map(|line| format!("  [{:7.2}] {}\n", line.at.as_secs_f64(), line.text)).collect()
        })
    }

    /// Waits until nothing more can come.
    pub async fn ended(&self) {
        let mut changed = self.shared.changed.subscribe();
        // The sender lives as long as this does.
        let _ = changed.wait_for(|_| self.read(|text| text.ended)).await;
    }

    /// Waits until more than so many whole lines are there, and gives how many. Never comes back after the end.
    pub async fn more_than(&self, count: usize) -> usize {
        let mut changed = self.shared.changed.subscribe();
        let _ = changed.wait_for(|_| self.position() > count).await;
        self.position()
    }

    /// Waits for a line that the pattern finds, at or after `from` (see [`Journal::position`]; 0 is the first).
    ///
    /// # Errors
    /// When it does not come in time or can no longer come; both tell the last lines. A pattern that is none.
    pub async fn wait_for(&self, pattern: &str, from: usize, within: Duration) -> Result<Line, EmulatorError> {
        self.find(pattern, from, within).await.map(|(_, line)| line)
    }

    /// The same; gives the place of the line, too.
    ///
    /// # Errors
    /// As [`Journal::wait_for`].
    pub async fn find(&self, pattern: &str, from: usize, within: Duration) -> Result<(usize, Line), EmulatorError> {
        let wanted = Regex::new(pattern).map_err(|error| EmulatorError::Wrong(error.to_string()))?;
        let what = || format!("a line like /{pattern}/ in the {}", self.shared.name);
        let mut changed = self.shared.changed.subscribe();
        let mut from = from;
        let search = async {
            loop {
                changed.borrow_and_update();
                let found = self.read(|text| {
                    let start = from.min(text.lines.len());
                    let mut lines = text.lines.iter().enumerate().skip(start);
                    let found = lines.find(|(_, line)| wanted.is_match(&line.text));
                    let found = found.map(|(place, line)| (place, line.clone()));
                    from = start.max(text.lines.len().saturating_sub(1));
                    found.map(Ok).or_else(|| text.ended.then_some(Err(())))
                });
                if let Some(found) = found {
                    return found;
                }
                if changed.changed().await.is_err() {
                    return Err(());
                }
            }
        };
        match tokio::time::timeout(within, search).await {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(())) => {
                let how = "nothing more can come".to_owned();
                Err(EmulatorError::Ended { tried: format!("{} was waited for", what()), how, said: self.last(LAST) })
            }
            Err(_) => Err(EmulatorError::TooLate { what: what(), within, last: self.last(LAST) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_line_is_found_in_pieces_and_only_after_its_place() {
        let journal = Journal::new("serial line");
        journal.add(b"U-Boot 2023\r\nboo");
        journal.add(b"ting\n=> ");
        assert_eq!(journal.wait_for("^booting$", 0, SOON).await.expect("it came").text, "booting");
        assert_eq!(journal.wait_for("^=> $", 0, SOON).await.expect("a prompt counts").text, "=> ");
        assert_eq!(journal.position(), 2);
        journal.end();
        assert!(matches!(journal.wait_for("booting", 2, SOON).await, Err(EmulatorError::Ended { .. })));
    }

    #[tokio::test]
    async fn a_line_that_comes_later_is_waited_for() {
        let journal = Journal::new("serial line");
        let behind = journal.clone();
        let wait = journal.wait_for("READY=1", 0, SOON);
        let (found, ()) = tokio::join!(wait, async { behind.add(b"a\nREADY=1") });
        assert_eq!(found.expect("it came").text, "READY=1");
    }

    #[tokio::test]
    async fn too_late_tells_the_last_lines() {
        let journal = Journal::new("serial line");
        journal.add(b"Kernel panic\n");
        let error = journal.wait_for("login:", 0, Duration::from_millis(1)).await.expect_err("it never came");
        assert!(error.to_string().contains("Kernel panic"), "{error}");
    }
}
