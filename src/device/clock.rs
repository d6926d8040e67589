//! Whether the wall clock may be believed. The box has no RTC.

use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// How soon a clock that was set is noticed.
const LOOK: Duration = Duration::from_secs(1);

/// The clock became known (set from the network) or is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockEvent {
    /// TLS certificates may be judged by it.
    pub known: bool,
}

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockConfig {
    /// The file that systemd-timesyncd makes when it has set the clock since power-on.
    pub synchronized: PathBuf,
}

impl Default for ClockConfig {
    fn default() -> Self {
        Self { synchronized: "/run/systemd/timesync/synchronized".into() }
    }
}

/// Says at start whether the clock is known, and once more when it becomes so. A clock once set stays known:
/// it drifts by seconds a day, certificates last for weeks.
pub async fn run(events: mpsc::Sender<ClockEvent>, config: ClockConfig) {
    let mut known = is_known(&config).await;
    if events.send(ClockEvent { known }).await.is_err() {
        return;
    }
    while !known {
        tokio::select! {
            () = sleep(LOOK) => {}
            () = events.closed() => return,
        }
        known = is_known(&config).await;
        if known && events.send(ClockEvent { known }).await.is_err() {
            return;
        }
    }
    events.closed().await;
}

async fn is_known(config: &ClockConfig) -> bool {
    tokio::fs::try_exists(&config.synchronized).await.unwrap_or(false)
}
