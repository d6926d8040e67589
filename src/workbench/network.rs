//! The network device's twin: runs the virtual radio in real time behind the device's channels.

use super::air::{AccessPoint, Adapter, Internet};
use super::radio::{Change, Radio};
use crate::device::Behind;
use crate::device::network::{NetworkAsk, NetworkEvent};
use crate::model::screen::NetworkTrouble;
use crate::model::uptime::Uptime;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// A change, and where to say whether it could be made.
pub(super) type Asked = (Change, oneshot::Sender<Result<(), String>>);

/// What the page shows of the radio.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct View {
    /// Access points in the air.
    pub air: Vec<AccessPoint>,
    /// What lies behind the cable, if one is in.
    pub cable: Option<Internet>,
    /// What the box's radio can do.
    pub adapter: Adapter,
    /// The line is cut.
    pub cut: bool,
    /// Name of the joined Wi-Fi.
    pub joined: Option<String>,
    /// A passphrase is held.
    pub remembers: bool,
    /// Traffic passes.
    pub carries: bool,
    /// Why not, by its name in the code.
    pub trouble: Option<String>,
}

/// Runs the radio until nobody asks any more. `line` says whether packets pass, for the adapters that use sockets.
pub(super) async fn run(
    mut radio: Radio,
    mut behind: Behind<NetworkAsk, NetworkEvent>,
    mut changes: mpsc::Receiver<Asked>,
    view: watch::Sender<View>,
    line: watch::Sender<bool>,
) {
    let start = Instant::now();
    let uptime = || Uptime::from_duration(start.elapsed());
    loop {
        let now = uptime();
        radio.poll(now);
        let seen = look(&radio, now);
        line.send_if_modified(|carries| std::mem::replace(carries, seen.carries) != seen.carries);
        view.send_if_modified(|old| {
            let changed = *old != seen;
            if changed {
                *old = seen;
            }
            changed
        });
        while let Some(event) = radio.next_event() {
            if behind.events.send(event).await.is_err() {
                return;
            }
        }
        let due = radio.wake_at(now);
        let wake = async {
            match due {
                Some(due) => tokio::time::sleep_until(start + due.since_power_on()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ask = behind.asks.recv() => match ask {
                Some(ask) => radio.ask(uptime(), ask),
                None => return,
            },
            Some((change, done)) = changes.recv() => {
                // Whoever asked may have gone.
                let _ = done.send(radio.change(uptime(), change));
            }
            () = wake => {}
        }
    }
}

fn look(radio: &Radio, now: Uptime) -> View {
    let carries = radio.carries(now);
    View {
        air: radio.air().to_vec(),
        cable: radio.cable(),
        adapter: radio.adapter(),
        cut: radio.is_cut(),
        joined: radio.joined().map(str::to_owned),
        remembers: radio.remembers(),
        carries: carries.is_ok(),
        trouble: carries.err().flatten().map(|trouble: NetworkTrouble| format!("{trouble:?}")),
    }
}
