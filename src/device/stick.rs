//! Sticks that were put in, turned into what they bring.

use super::usb::UsbEvent;
use crate::model::stick::{PaperRefusal, Stick, StickId, StickNews};
use crate::stick;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// The city's public keys, as the system copies them from the boot partition.
pub const SITE_KEYS: &str = "/run/madoguchi/site";

/// A stick that has not been read by then is not waited for: the next one is to be heard.
const READ_WITHIN: Duration = Duration::from_secs(15);

/// Reads each stick that comes, until either side is gone.
pub async fn run(sticks: mpsc::Receiver<UsbEvent>, news: mpsc::Sender<StickNews>, keys: PathBuf) {
    serve(sticks, news, keys, READ_WITHIN).await;
}

async fn serve(mut sticks: mpsc::Receiver<UsbEvent>, news: mpsc::Sender<StickNews>, keys: PathBuf, within: Duration) {
    let mut known = BTreeMap::new();
    let mut number = 0;
    while let Some(event) = sticks.recv().await {
        let told = match event {
            UsbEvent::In { folder, at_start, readable } => {
                number += 1;
                let id = StickId(number);
                known.insert(folder.clone(), id);
                let read = if readable { read_in_time(folder, keys.clone(), within).await } else { None };
                let said = || Stick { loan: Some(Err(PaperRefusal::UnreadableStick)), ..Stick::default() };
                StickNews::In(Stick { id, by_hand: !at_start, ..read.unwrap_or_else(said) })
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

/// Nothing where the stick does not answer. It is read by a thread of its own, which nobody waits for at the end.
async fn read_in_time(folder: PathBuf, keys: PathBuf, within: Duration) -> Option<Stick> {
    let (answer, answered) = oneshot::channel();
    let place = folder.display().to_string();
    let reader = std::thread::Builder::new().name("stick".to_owned());
    if let Err(error) = reader.spawn(move || {
        let _ = answer.send(read(&folder, &keys));
    }) {
        tracing::error!("reading the stick in {place}: no thread: {error}");
        return None;
    }
    match timeout(within, answered).await {
        Ok(read) => read.ok(),
        Err(_) => {
            tracing::warn!("reading the stick in {place}: not done within {within:?}; it is not waited for");
            None
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
        if let Some(PaperRefusal::Invalid { error }) = why {
            tracing::warn!("a paper in {} is refused: {error}", folder.display());
        }
    }
    read
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a pipe is made by a program")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stick_that_never_answers_holds_up_no_other() {
        let folder = tempfile::tempdir().unwrap();
        // Whoever opens this waits for ever, however long it is waited for.
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("city.pub")).status().unwrap();
        assert!(made.success());
        let (plugs, plugged) = mpsc::channel(4);
        let (news, mut heard) = mpsc::channel(4);
        let served = serve(plugged, news, folder.path().to_owned(), Duration::from_millis(50));
        let asked = async {
            for (number, readable) in [(1, true), (2, false), (3, true)] {
                let event = UsbEvent::In { folder: folder.path().join("sda1"), at_start: false, readable };
                plugs.send(event).await.unwrap();
                let told = timeout(Duration::from_secs(60), heard.recv()).await.unwrap();
                let loan = Some(Err(PaperRefusal::UnreadableStick));
                let stick = Stick { id: StickId(number), by_hand: true, loan, ..Stick::default() };
                assert_eq!(told, Some(StickNews::In(stick)));
            }
        };
        tokio::select! {
            () = served => unreachable!("it serves as long as it is asked"),
            () = asked => {}
        }
    }
}
