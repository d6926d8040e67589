//! Sticks that were put in, turned into what they bring.

use super::usb::UsbEvent;
use crate::model::stick::{PaperRefusal, Stick, StickId, StickNews};
use crate::stick;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// The city's public keys, as the system copies them from the boot partition.
pub const SITE_KEYS: &str = "/run/madoguchi/site";

/// Reads each stick that comes, until either side is gone.
pub async fn run(mut sticks: mpsc::Receiver<UsbEvent>, news: mpsc::Sender<StickNews>, keys: PathBuf) {
    let mut known = BTreeMap::new();
    let mut number = 0;
    while let Some(event) = sticks.recv().await {
        let told = match event {
            UsbEvent::In { folder, at_start } => {
                number += 1;
                let id = StickId(number);
                known.insert(folder.clone(), id);
                let keys = keys.clone();
                let read = tokio::task::spawn_blocking(move || read(&folder, &keys)).await;
                StickNews::In(Stick { id, by_hand: !at_start, ..read.unwrap_or_default() })
            }
            UsbEvent::Out { folder } => match known.remove(&folder) {
                Some(id) => StickNews::Out(id),
                None => continue,
            },
        };
        tracing::info!("{told}");
        if news.send(told).await.is_err() {
            return;
        }
    }
}

fn read(folder: &Path, keys: &Path) -> Stick {
    let (sound, broken) = stick::public_keys(keys).unwrap_or_else(|error| (Vec::new(), vec![error]));
    for why in broken {
        tracing::error!("a city's key is left out: {why}");
    }
    if sound.is_empty() {
        tracing::error!("no sound key (*.pub) lies in {}: loans and return orders are refused", keys.display());
    }
    let read = stick::read(folder, &sound);
    for why in [
        read.loan.as_ref().and_then(|loan| loan.as_ref().err()),
        read.give_back.as_ref().and_then(|id| id.as_ref().err()),
    ] {
        if let Some(PaperRefusal::Invalid { problem }) = why {
            tracing::warn!("a paper in {} is refused: {problem}", folder.display());
        }
    }
    read
}
