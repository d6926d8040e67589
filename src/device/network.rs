//! The home network: a cable, or an accepted Wi-Fi; nothing else is ever used.

mod air;
mod join;
mod proxy;

use super::Behind;
use crate::model::ids::Attempt;
use crate::model::screen::NetworkTrouble;
use crate::model::wifi_code::WifiCode;
use futures_util::{FutureExt, StreamExt};
use join::asked;
use nmrs::{DeviceState, NetworkManager};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// What the network is asked.
pub enum NetworkAsk {
    /// Judges and joins the Wi-Fi of a code. Answers with [`NetworkNews::Up`] or [`NetworkNews::Trouble`].
    Join {
        /// Number of this question.
        attempt: Attempt,
        /// The network.
        wifi: WifiCode,
    },
    /// Looks again whether the internet can be reached (after a portal, a router restart, ...).
    Check {
        /// Number of this question.
        attempt: Attempt,
    },
    /// Leaves every Wi-Fi and forgets its passphrase; answers with [`NetworkNews::Forgotten`].
    Forget {
        /// Number of this question.
        attempt: Attempt,
    },
}

/// What the network says.
pub enum NetworkEvent {
    /// A cable is in (carrier) or out.
    Cable {
        /// Carrier.
        plugged: bool,
    },
    /// An answer to a question.
    Answer {
        /// Which question.
        attempt: Attempt,
        /// The answer.
        news: NetworkNews,
    },
    /// Whether the accepted network (cable or Wi-Fi) carries traffic now; told at start and on each change.
    Carries {
        /// Internet can be reached.
        up: bool,
        /// Why not, where known.
        trouble: Option<NetworkTrouble>,
    },
}

/// The answer to a [`NetworkAsk`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkNews {
    /// Joined, judged again and usable.
    Up,
    /// Not usable. A network that is not accepted is left again; one without internet is kept, to be checked again.
    Trouble(NetworkTrouble),
    /// Left and forgotten.
    Forgotten,
}

/// A NetworkManager that is not there is looked for again after this time, a lost Wi-Fi likewise.
const RETRY: Duration = Duration::from_secs(5);
/// How often the network is looked at although nothing was heard of it: beacons get worse without an event.
const LOOK: Duration = Duration::from_secs(10);
/// NetworkManager tells one change in many signals.
const SETTLE: Duration = Duration::from_millis(200);

/// Serves the network until either end of `behind` is gone.
pub async fn run(behind: Behind<NetworkAsk, NetworkEvent>) {
    let Behind { asks, events } = behind;
    let mut network = Network { asks, events, wanted: None, cable: None, carries: None };
    let mut told = false;
    loop {
        let end = match timeout(join::ANSWER_WITHIN, open()).await {
            Ok(Ok((nm, changes))) => {
                told = false;
                tracing::info!("NetworkManager is there");
                network.serve(&nm, changes).await
            }
            Ok(Err(_)) | Err(_) => {
                if !told {
                    tracing::error!("no network: NetworkManager does not answer on the system's D-Bus; waiting for it");
                    told = true;
                }
                network.without().await
            }
        };
        if let End::Gone = end {
            return;
        }
    }
}

async fn open() -> nmrs::Result<(NetworkManager, nmrs::NetworkEventStream)> {
    let nm = NetworkManager::new().await?;
    let changes = nm.network_events().await?;
    Ok((nm, changes))
}

/// Why serving ends.
enum End {
    /// Nobody asks or listens any more.
    Gone,
    /// NetworkManager went away.
    Lost,
}

/// How a longer piece of work ended.
enum Work<T> {
    Done(T),
    /// Something else is asked now.
    Interrupted(NetworkAsk),
    Gone,
}

struct Network {
    asks: mpsc::Receiver<NetworkAsk>,
    events: mpsc::Sender<NetworkEvent>,
    /// The accepted Wi-Fi, joined again by itself when it was lost. Forgotten when asked to.
    wanted: Option<WifiCode>,
    cable: Option<bool>,
    carries: Option<(bool, Option<NetworkTrouble>)>,
}

impl Network {
    async fn tell(&self, event: NetworkEvent) -> Result<(), End> {
        self.events.send(event).await.map_err(|_| End::Gone)
    }

    async fn answer(&self, attempt: Attempt, news: NetworkNews) -> Result<(), End> {
        self.tell(NetworkEvent::Answer { attempt, news }).await
    }

    /// Answers for a while without NetworkManager.
    async fn without(&mut self) -> End {
        let until = Instant::now() + RETRY;
        let told = self.told(false, Err(Some(NetworkTrouble::NoRadio))).await;
        if let Err(end) = told {
            return end;
        }
        loop {
            let ask = tokio::select! {
                ask = self.asks.recv() => ask,
                () = sleep_until(until) => return End::Lost,
            };
            let answered = match ask {
                Some(NetworkAsk::Join { attempt, .. } | NetworkAsk::Check { attempt }) => {
                    self.answer(attempt, NetworkNews::Trouble(NetworkTrouble::NoRadio)).await
                }
                // The profile was volatile: it went with NetworkManager.
                Some(NetworkAsk::Forget { attempt }) => {
                    self.wanted = None;
                    self.answer(attempt, NetworkNews::Forgotten).await
                }
                None => Err(End::Gone),
            };
            if let Err(end) = answered {
                return end;
            }
        }
    }

    async fn serve(&mut self, nm: &NetworkManager, changes: nmrs::NetworkEventStream) -> End {
        let Err(end) = self.watch(nm, changes).await;
        end
    }

    async fn watch(
        &mut self,
        nm: &NetworkManager,
        mut changes: nmrs::NetworkEventStream,
    ) -> Result<std::convert::Infallible, End> {
        self.look(nm).await?;
        loop {
            let lost = self.wanted.is_some() && self.carries.is_some_and(|(up, _)| !up) && self.cable != Some(true);
            let again = sleep(if lost { RETRY } else { LOOK });
            tokio::select! {
                ask = self.asks.recv() => self.asked(nm, ask.ok_or(End::Gone)?).await?,
                change = changes.next() => match change {
                    None | Some(Err(_)) | Some(Ok(nmrs::NetworkEvent::NetworkManagerRestarted)) => return Err(End::Lost),
                    // Every change of a signal's strength.
                    Some(Ok(nmrs::NetworkEvent::AccessPointsChanged)) => continue,
                    Some(Ok(_)) => {
                        sleep(SETTLE).await;
                        while let Some(Some(Ok(_))) = changes.next().now_or_never() {}
                    }
                },
                () = again => if lost && let Some(wifi) = self.wanted.clone() {
                    self.rejoin(nm, &wifi).await?;
                },
            }
            self.look(nm).await?;
        }
    }

    /// Does `work` unless something else is asked meanwhile.
    async fn unless_asked<T>(&mut self, work: impl Future<Output = T>) -> Work<T> {
        tokio::select! {
            biased;
            done = work => Work::Done(done),
            ask = self.asks.recv() => ask.map_or(Work::Gone, Work::Interrupted),
        }
    }

    async fn rejoin(&mut self, nm: &NetworkManager, wifi: &WifiCode) -> Result<(), End> {
        match self.unless_asked(join::join(nm, wifi)).await {
            Work::Done(Ok(())) => tracing::info!("the lost network is joined again"),
            Work::Done(Err(trouble)) => tracing::info!("joining the lost network again: {trouble:?}"),
            Work::Interrupted(ask) => Box::pin(self.asked(nm, ask)).await?,
            Work::Gone => return Err(End::Gone),
        }
        Ok(())
    }

    /// Answers an ask, and those that interrupt it.
    async fn asked(&mut self, nm: &NetworkManager, first: NetworkAsk) -> Result<(), End> {
        let mut next = Some(first);
        while let Some(ask) = next.take() {
            let (attempt, news) = match ask {
                NetworkAsk::Join { attempt, wifi } => {
                    self.wanted = None;
                    match self.unless_asked(join::join(nm, &wifi)).await {
                        Work::Done(result) => {
                            if joined(&result) {
                                self.wanted = Some(wifi);
                            }
                            (attempt, news(result))
                        }
                        Work::Interrupted(ask) => {
                            join::leave(nm).await;
                            next = Some(ask);
                            continue;
                        }
                        Work::Gone => return Err(End::Gone),
                    }
                }
                NetworkAsk::Check { attempt } => match self.unless_asked(checked(nm)).await {
                    Work::Done(result) => (attempt, news(result)),
                    Work::Interrupted(ask) => {
                        next = Some(ask);
                        continue;
                    }
                    Work::Gone => return Err(End::Gone),
                },
                NetworkAsk::Forget { attempt } => {
                    self.wanted = None;
                    if join::leave(nm).await {
                        (attempt, NetworkNews::Forgotten)
                    } else {
                        tracing::error!("a Wi-Fi profile could not be deleted: NetworkManager keeps it");
                        (attempt, NetworkNews::Trouble(NetworkTrouble::NoRadio))
                    }
                }
            };
            self.answer(attempt, news).await?;
        }
        Ok(())
    }

    /// Looks at the whole network, tells what changed, and leaves a Wi-Fi that is not accepted (any more).
    async fn look(&mut self, nm: &NetworkManager) -> Result<(), End> {
        let cable = cable(nm).await;
        let mut carries = carries(nm, &cable).await;
        if let Err(Some(trouble)) = carries
            && not_accepted(trouble)
        {
            tracing::warn!("the Wi-Fi in use is left: {trouble:?}");
            join::leave(nm).await;
            if self.wanted.take().is_some() {
                carries = Err(Some(NetworkTrouble::Downgraded));
            }
        }
        if carries == Err(None) && self.wanted.is_some() {
            carries = Err(Some(NetworkTrouble::LineLost));
        }
        self.told(cable.plugged, carries).await
    }

    /// Tells what is new in this.
    async fn told(&mut self, plugged: bool, carries: Result<(), Option<NetworkTrouble>>) -> Result<(), End> {
        if self.cable.replace(plugged) != Some(plugged) {
            self.tell(NetworkEvent::Cable { plugged }).await?;
        }
        let (up, trouble) = (carries.is_ok(), carries.err().flatten());
        if self.carries.replace((up, trouble)) != Some((up, trouble)) {
            self.tell(NetworkEvent::Carries { up, trouble }).await?;
        }
        Ok(())
    }
}

/// Whether a join left us on the network: yes, or yes but without internet.
fn joined(result: &Result<(), NetworkTrouble>) -> bool {
    matches!(result, Ok(()) | Err(NetworkTrouble::Portal | NetworkTrouble::NoInternet))
}

/// Whether a trouble means that the network must not be used at all.
fn not_accepted(trouble: NetworkTrouble) -> bool {
    use NetworkTrouble::{Downgraded, Enterprise, Open, Owe, Wep, Wpa1, WpsOnly};
    matches!(trouble, Open | Wep | Wpa1 | Owe | WpsOnly | Enterprise | Downgraded)
}

fn news(result: Result<(), NetworkTrouble>) -> NetworkNews {
    result.map_or_else(NetworkNews::Trouble, |()| NetworkNews::Up)
}

/// The wired devices together.
struct Cable {
    /// Something is on the other end of a cable.
    plugged: bool,
    /// It has an address.
    up: bool,
}

async fn cable(nm: &NetworkManager) -> Cable {
    let mut cable = Cable { plugged: false, up: false };
    for device in asked("for wired devices", nm.list_wired_device_details()).await.unwrap_or_default() {
        let carrier = asked("for a cable", async {
            proxy::WiredProxy::builder(nm.dbus_connection()).path(device.path.as_str())?.build().await?.carrier().await
        });
        cable.plugged |= carrier.await.unwrap_or(false);
        cable.up |= device.state == DeviceState::Activated;
    }
    cable
}

/// Whether an accepted network carries traffic; without a trouble where there is simply none.
async fn carries(nm: &NetworkManager, cable: &Cable) -> Result<(), Option<NetworkTrouble>> {
    let radios = asked("for Wi-Fi devices", nm.list_wifi_devices()).await.unwrap_or_default();
    if radios.iter().any(|radio| radio.state == DeviceState::Activated) {
        let beacon = join::active_beacon(nm).await.ok_or(None)?;
        beacon.judge().map_err(Some)?;
    } else if !cable.up {
        return Err(None);
    }
    let connectivity = asked("for the connectivity", nm.connectivity()).await.ok_or(None)?;
    join::usable(connectivity).map_err(Some)
}

/// Looks afresh whether the internet can be reached over what is there.
async fn checked(nm: &NetworkManager) -> Result<(), NetworkTrouble> {
    let cable = cable(nm).await;
    match carries(nm, &cable).await {
        Err(None) => Err(NetworkTrouble::LineLost),
        Err(Some(trouble)) if not_accepted(trouble) => Err(trouble),
        _ => join::internet(nm).await,
    }
}
