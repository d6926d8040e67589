//! Whether the wall clock may be believed. The box has no RTC.
#![expect(clippy::disallowed_methods, reason = "the clock itself")]

use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// How soon a clock that was set is noticed.
const LOOK: Duration = Duration::from_secs(1);
/// How often one that is known is compared with the time that has passed, and what is nothing to tell.
const COMPARE: Duration = Duration::from_secs(20);
const DRIFT: SignedDuration = SignedDuration::from_secs(30);

/// The clock became known (set from the network), is unknown, or was set anew.
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

/// Says at start whether the clock is known, once more when it becomes so, and then whenever it was set anew. A clock once set
/// stays known: it drifts by seconds a day, certificates last for weeks.
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
    let mut told = (Instant::now(), Timestamp::now());
    loop {
        tokio::select! {
            () = sleep(COMPARE) => {}
            () = events.closed() => return,
        }
        let now = Timestamp::now();
        let passed = SignedDuration::try_from(told.0.elapsed()).unwrap_or_default();
        if (now.duration_since(told.1) - passed).abs() > DRIFT {
            told = (Instant::now(), now);
            if events.send(ClockEvent { known }).await.is_err() {
                return;
            }
        }
    }
}

async fn is_known(config: &ClockConfig) -> bool {
    tokio::fs::try_exists(&config.synchronized).await.unwrap_or(false)
}
