//! Which slot the box runs from, and whether it is marked good.

use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// Longest wait for RAUC.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// A mark that failed is tried so often, because the next start would otherwise go back to the old system.
const TRIES: u32 = 5;
/// Wait between two tries.
const RETRY: Duration = Duration::from_secs(2);

/// What the slots are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotAsk {
    /// A call could be made: this slot is good.
    MarkGood,
}

/// RAUC's D-Bus interface, as far as the box uses it.
#[zbus::proxy(interface = "de.pengutronix.rauc.Installer", default_service = "de.pengutronix.rauc", default_path = "/")]
trait Installer {
    /// Marks a slot (`booted`, `other` or a name) as `good`, `bad` or `active`; answers with its name and a sentence.
    fn mark(&self, state: &str, slot_identifier: &str) -> zbus::Result<(String, String)>;
}

/// Marks the booted slot as often as it is asked, until nobody can ask any more.
pub async fn run(mut asks: mpsc::Receiver<SlotAsk>) {
    while let Some(SlotAsk::MarkGood) = asks.recv().await {
        let mut tries = 1;
        loop {
            match timeout(ANSWER_WITHIN, mark_good()).await {
                Ok(Ok(slot)) => {
                    tracing::info!("slot {slot} is marked good");
                    break;
                }
                Ok(Err(error)) => tracing::warn!("marking the slot good (try {tries} of {TRIES}): {error}"),
                Err(_) => tracing::warn!("marking the slot good (try {tries} of {TRIES}): RAUC did not answer in time"),
            }
            if tries == TRIES {
                tracing::error!("the slot could not be marked good: the next starts may go back to the other slot");
                break;
            }
            tries += 1;
            sleep(RETRY).await;
        }
    }
}

async fn mark_good() -> zbus::Result<String> {
    let bus = zbus::Connection::system().await?;
    let (slot, _) = InstallerProxy::new(&bus).await?.mark("good", "booted").await?;
    Ok(slot)
}
