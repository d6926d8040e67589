//! Sticks that were put in, turned into what they bring.

use super::usb::UsbEvent;
use crate::cities::Places;
use crate::model::stick::{PaperRefusal, Stick, StickId, StickNews};
use crate::stick;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// A stick that has not been read by then is not waited for: the next one is to be heard.
const READ_WITHIN: Duration = Duration::from_secs(15);

/// Reads each stick that comes, until either side is gone.
pub async fn run(sticks: mpsc::Receiver<UsbEvent>, news: mpsc::Sender<StickNews>, keys: Places) {
    let reader: Reader = Arc::new(move |folder| read(folder, &keys));
    serve(sticks, news, reader, READ_WITHIN).await;
}

/// Reads what lies in a folder, however long that takes.
type Reader = Arc<dyn Fn(&Path) -> Stick + Send + Sync>;

async fn serve(mut sticks: mpsc::Receiver<UsbEvent>, news: mpsc::Sender<StickNews>, reader: Reader, within: Duration) {
    let mut known = BTreeMap::new();
    let mut number = 0;
    while let Some(event) = sticks.recv().await {
        let told = match event {
            UsbEvent::In { folder, at_start, readable } => {
                number += 1;
                let id = StickId(number);
                known.insert(folder.clone(), id);
                let read = if readable { read_in_time(folder, reader.clone(), within).await } else { None };
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
async fn read_in_time(folder: PathBuf, reader: Reader, within: Duration) -> Option<Stick> {
    let (answer, answered) = oneshot::channel();
    let place = folder.display().to_string();
    let thread = std::thread::Builder::new().name("stick".to_owned());
    if let Err(error) = thread.spawn(move || {
        let _ = answer.send(reader(&folder));
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

fn read(folder: &Path, keys: &Places) -> Stick {
    let cities = keys.read();
    if cities.keys.is_empty() {
        let (site, trust) = (keys.site.display(), keys.trust.display());
        tracing::error!("no city's key that counts lies in {site} or {trust}: loans and return orders are refused");
    }
    let read = stick::read(folder, &cities.keys);
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
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stick_that_never_answers_holds_up_no_other() {
        // Whoever reads waits for ever, however long it is waited for.
        let (never, answers) = std::sync::mpsc::channel::<Stick>();
        let answers = std::sync::Mutex::new(answers);
        let reader: Reader = Arc::new(move |_| answers.lock().unwrap().recv().unwrap());
        let (plugs, plugged) = mpsc::channel(4);
        let (news, mut heard) = mpsc::channel(4);
        let served = serve(plugged, news, reader, Duration::from_millis(50));
        let asked = async {
            for (number, readable) in [(1, true), (2, false), (3, true)] {
                let event = UsbEvent::In { folder: "/sda1".into(), at_start: false, readable };
                plugs.send(event).await.unwrap();
                let told = timeout(Duration::from_secs(60), heard.recv()).await.unwrap();
                let loan = Some(Err(PaperRefusal::UnreadableStick));
                let stick = Stick { id: StickId(number), by_hand: true, loan, ..Stick::default() };
                assert_eq!(told, Some(StickNews::In(stick)));
            }
        };
        tokio::select! {
            () = served => unreachable!("it serves as long as it is asked"),
            () = asked => drop(never),
        }
    }
}
