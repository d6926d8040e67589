//! USB sticks: put in and taken out.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

/// Where udev links every stick's partition (udev/60-madoguchi.rules).
pub const STICKS: &str = "/dev/madoguchi/stick";
/// How soon a stick is noticed. The folder itself comes and goes with the sticks, so it is looked at, not watched.
const LOOK: Duration = Duration::from_millis(500);

/// What happened at the USB sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsbEvent {
    /// A stick was put in.
    In {
        /// Its block device.
        device: PathBuf,
    },
    /// It was taken out.
    Out {
        /// Its block device.
        device: PathBuf,
    },
}

/// Tells of the sticks that udev links in `folder` until nobody listens. Those already there at start come first.
pub async fn run(events: mpsc::Sender<UsbEvent>, folder: PathBuf) {
    let mut known = BTreeMap::new();
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = events.closed() => return,
        }
        let now = sticks(&folder);
        for event in changes(&known, &now) {
            if events.send(event).await.is_err() {
                return;
            }
        }
        known = now;
    }
}

/// Links and the block devices behind them.
type Sticks = BTreeMap<PathBuf, PathBuf>;

fn sticks(folder: &Path) -> Sticks {
    let entries = match std::fs::read_dir(folder) {
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
            let link = entry.path();
            // A link whose device is gone is a stick that was just taken out.
            let device = link.canonicalize().ok()?;
            Some((link, device))
        })
        .collect()
}

fn changes(before: &Sticks, now: &Sticks) -> Vec<UsbEvent> {
    let gone = before.iter().filter(|(link, device)| now.get(*link) != Some(*device));
    let come = now.iter().filter(|(link, device)| before.get(*link) != Some(*device));
    gone.map(|(_, device)| UsbEvent::Out { device: device.clone() })
        .chain(come.map(|(_, device)| UsbEvent::In { device: device.clone() }))
        .collect()
}
