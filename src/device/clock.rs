//! Whether the wall clock may be believed. The box has no RTC.

use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// How soon a clock that was set is noticed.
const LOOK: Duration = Duration::from_secs(1);
/// The D-Bus service is asked once in so many looks: it is started for each question.
const ASK_EVERY: u32 = 5;
/// Longest wait for D-Bus.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

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

#[zbus::proxy(
    interface = "org.freedesktop.timedate1",
    default_service = "org.freedesktop.timedate1",
    default_path = "/org/freedesktop/timedate1"
)]
trait TimeDate {
    /// The kernel's own judgement (`adjtimex`), whoever set the clock: timesyncd, chrony, ...
    #[zbus(property(emits_changed_signal = "false"), name = "NTPSynchronized")]
    fn ntp_synchronized(&self) -> zbus::Result<bool>;
}

/// Says at start whether the clock is known, and once more when it becomes so. A clock once set stays known:
/// it drifts by seconds a day, certificates last for weeks.
pub async fn run(events: mpsc::Sender<ClockEvent>, config: ClockConfig) {
    let mut known = is_known(&config, true).await;
    if events.send(ClockEvent { known }).await.is_err() {
        return;
    }
    let mut looks = 0u32;
    while !known {
        tokio::select! {
            () = sleep(LOOK) => {}
            () = events.closed() => return,
        }
        looks = looks.wrapping_add(1);
        known = is_known(&config, looks.is_multiple_of(ASK_EVERY)).await;
        if known && events.send(ClockEvent { known }).await.is_err() {
            return;
        }
    }
    events.closed().await;
}

async fn is_known(config: &ClockConfig, ask: bool) -> bool {
    if tokio::fs::try_exists(&config.synchronized).await.unwrap_or(false) {
        return true;
    }
    if !ask {
        return false;
    }
    match timeout(ANSWER_WITHIN, asked()).await {
        Ok(Ok(known)) => known,
        Ok(Err(error)) => {
            tracing::debug!("asking timedate1 whether the clock is set: {error}");
            false
        }
        Err(_) => false,
    }
}

async fn asked() -> zbus::Result<bool> {
    let bus = zbus::Connection::system().await?;
    TimeDateProxy::new(&bus).await?.ntp_synchronized().await
}
