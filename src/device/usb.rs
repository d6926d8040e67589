//! USB sticks: put in, mounted by the system, and taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

/// Where `madoguchi-usb@.service` mounts every stick's partition, read-only, as a folder with the kernel's name of it.
/// Once it is mounted, `NAME.ready` lies beside the folder; `NAME.unreadable` alone where it cannot be.
pub const STICKS: &str = "/run/madoguchi/stick";
/// How soon a stick is noticed. The folder itself comes and goes with the sticks, so it is looked at, not watched.
const LOOK: Duration = Duration::from_millis(500);

/// What happened at the USB sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsbEvent {
    /// A stick was put in.
    In {
        /// Where its files are.
        folder: PathBuf,
        /// It was there at the first look.
        at_start: bool,
        /// It could be mounted.
        readable: bool,
    },
    /// It was taken out.
    Out {
        /// Where its files were.
        folder: PathBuf,
    },
}

/// A stick that was in before the power was switched on is ready by then, counted from the first look: the kernel waits for
/// slow ones, and the system checks and mounts them.
pub const SETTLING: Duration = Duration::from_secs(20);

/// Tells of the sticks in `folder` until nobody listens. Those already there at start come first; one that comes while the
/// start is `settling` counts as one of them, so that it is not taken for a hand that tries a failed update once more.
pub async fn run(events: mpsc::Sender<UsbEvent>, folder: PathBuf, settling: Duration) {
    let mut known = Sticks::new();
    let begun = Instant::now();
    let mut at_start = None;
    let mut looks = Looks::default();
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = events.closed() => return,
        }
        let marked = marked(&folder);
        let first: &Sticks = at_start.get_or_insert_with(|| marked.clone());
        let now = looks.alive(marked, &known).await;
        for event in changes(&known, &now, if begun.elapsed() < settling { &now } else { first }) {
            if events.send(event).await.is_err() {
                return;
            }
        }
        known = now;
    }
}

/// Folders, and what is known of them: a stick taken out and put in between two looks has another time.
type Sticks = BTreeMap<PathBuf, Mark>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    since: Option<SystemTime>,
    readable: bool,
}

/// The sticks that are marked as ready, and those that cannot be read although no other part of them can.
fn marked(folder: &Path) -> Sticks {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            if error.kind() != ErrorKind::NotFound {
                tracing::warn!("looking for sticks in {}: {error}", folder.display());
            }
            return Sticks::new();
        }
    };
    let marks = entries.flatten().filter_map(|entry| {
        let mark = entry.path();
        let readable = match mark.extension()?.to_str()? {
            "ready" => true,
            "unreadable" => false,
            _ => return None,
        };
        let since = entry.metadata().and_then(|about| about.modified()).ok();
        Some((mark.with_extension(""), Mark { since, readable }))
    });
    let mut sticks: Sticks = marks.collect();
    let good: BTreeSet<String> =
        sticks.iter().filter(|(_, mark)| mark.readable).map(|(stick, _)| disk(stick)).collect();
    sticks.retain(|stick, mark| mark.readable || !good.contains(&disk(stick)));
    sticks
}

/// The name of the whole stick that a partition belongs to.
fn disk(partition: &Path) -> String {
    let name = partition.file_name().unwrap_or_default().to_string_lossy();
    name.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_owned()
}

/// Looks whether sticks can be listed, one thread for each: one that does not answer holds up nobody but its own.
#[derive(Default)]
struct Looks(BTreeMap<PathBuf, (Mark, oneshot::Receiver<bool>)>);

impl Looks {
    /// Those of the marked sticks whose folder can be listed; one that cannot be is a stick that was just taken out. What
    /// has not answered by the next look counts as it did before.
    async fn alive(&mut self, marked: Sticks, before: &Sticks) -> Sticks {
        self.0.retain(|stick, (mark, _)| marked.get(stick) == Some(mark));
        for (stick, mark) in marked.iter().filter(|(_, mark)| mark.readable) {
            self.0.entry(stick.clone()).or_insert_with(|| (*mark, listed(stick.clone())));
        }
        let until = Instant::now() + LOOK;
        let mut alive = Sticks::new();
        for (stick, mark) in marked {
            let there = match self.0.get_mut(&stick) {
                None => true,
                Some((_, look)) => match timeout_at(until, look).await {
                    Ok(there) => {
                        self.0.remove(&stick);
                        there.unwrap_or_default()
                    }
                    Err(_) => before.get(&stick) == Some(&mark),
                },
            };
            if there {
                alive.insert(stick, mark);
            }
        }
        alive
    }
}

fn listed(stick: PathBuf) -> oneshot::Receiver<bool> {
    let (answer, look) = oneshot::channel();
    // Without a thread the answer is "no", and the next look tries again.
    let _ = std::thread::Builder::new().name("usb".to_owned()).spawn(move || answer.send(fs::read_dir(stick).is_ok()));
    look
}

fn changes(before: &Sticks, now: &Sticks, at_start: &Sticks) -> Vec<UsbEvent> {
    let gone = before.iter().filter(|(stick, mark)| now.get(*stick) != Some(*mark));
    let come = now.iter().filter(|(stick, mark)| before.get(*stick) != Some(*mark));
    gone.map(|(folder, _)| UsbEvent::Out { folder: folder.clone() })
        .chain(come.map(|(folder, mark)| UsbEvent::In {
            folder: folder.clone(),
            at_start: at_start.get(folder) == Some(mark),
            readable: mark.readable,
        }))
        .collect()
}
