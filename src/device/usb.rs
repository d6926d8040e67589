//! USB sticks: put in, mounted by the system, and taken out.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

/// Where `madoguchi-usb@.service` mounts every stick's partition, read-only, as a folder with the kernel's name of it.
/// Once it is mounted, `NAME.ready` lies beside the folder.
pub const STICKS: &str = "/run/madoguchi/stick";
/// How soon a stick is noticed. The folder itself comes and goes with the sticks, so it is looked at, not watched.
const LOOK: Duration = Duration::from_millis(500);

/// What happened at the USB sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsbEvent {
    /// A stick was put in and can be read.
    In {
        /// Where its files are.
        folder: PathBuf,
        /// It was there at the first look.
        at_start: bool,
    },
    /// It was taken out.
    Out {
        /// Where its files were.
        folder: PathBuf,
    },
}

/// Tells of the sticks that are ready in `folder` until nobody listens. Those already there at start come first.
pub async fn run(events: mpsc::Sender<UsbEvent>, folder: PathBuf) {
    let mut known = None;
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = events.closed() => return,
        }
        let looked = folder.clone();
        // A stick that does not answer holds up whoever looks at it.
        let Ok(now) = tokio::task::spawn_blocking(move || sticks(&looked)).await else { return };
        for event in changes(known.as_ref(), &now) {
            if events.send(event).await.is_err() {
                return;
            }
        }
        known = Some(now);
    }
}

/// Folders, and when each became ready: a stick taken out and put in between two looks is another one.
type Sticks = BTreeMap<PathBuf, Option<SystemTime>>;

fn sticks(folder: &Path) -> Sticks {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            if error.kind() != ErrorKind::NotFound {
                tracing::warn!("looking for sticks in {}: {error}", folder.display());
            }
            return Sticks::new();
        }
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let ready = entry.path();
            let stick = ready.extension().is_some_and(|ending| ending == "ready").then(|| ready.with_extension(""))?;
            // A folder that cannot be listed is a stick that was just taken out.
            fs::read_dir(&stick).ok()?;
            Some((stick, entry.metadata().and_then(|about| about.modified()).ok()))
        })
        .collect()
}

fn changes(before: Option<&Sticks>, now: &Sticks) -> Vec<UsbEvent> {
    let none = Sticks::new();
    let at_start = before.is_none();
    let before = before.unwrap_or(&none);
    let gone = before.iter().filter(|(stick, since)| now.get(*stick) != Some(*since));
    let come = now.iter().filter(|(stick, since)| before.get(*stick) != Some(*since));
    gone.map(|(folder, _)| UsbEvent::Out { folder: folder.clone() })
        .chain(come.map(|(folder, _)| UsbEvent::In { folder: folder.clone(), at_start }))
        .collect()
}
