//! The home network: a cable, or an accepted Wi-Fi; nothing else is ever used.

mod air;
mod join;
mod proxy;
mod survey;

use super::Behind;
use crate::model::ids::Attempt;
use crate::model::screen::NetworkTrouble;
use crate::model::wifi_code::WifiCode;
use futures_util::{FutureExt, StreamExt};
use nmrs::NetworkManager;
use std::time::Duration;
use survey::Survey;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// What the network is asked. A newer question gives an unanswered older one up.
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
    /// Leaves every Wi-Fi and forgets its passphrase, in NetworkManager too; answers with [`NetworkNews::Forgotten`].
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
    let mut network = Network { asks, events, wanted: None, left: None, cable: None, carries: None };
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
    /// Why the last Wi-Fi was left without having been asked to; said until another one is asked for.
    left: Option<NetworkTrouble>,
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
            let lost = self.carries == Some((false, Some(NetworkTrouble::LineLost))) && self.cable != Some(true);
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
                    (self.wanted, self.left) = (None, None);
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
                NetworkAsk::Check { attempt } => match self.unless_asked(survey::checked(nm)).await {
                    Work::Done(result) => (attempt, news(result)),
                    Work::Interrupted(ask) => {
                        next = Some(ask);
                        continue;
                    }
                    Work::Gone => return Err(End::Gone),
                },
                NetworkAsk::Forget { attempt } => {
                    (self.wanted, self.left) = (None, None);
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
        // A question that was not answered tells nothing new; the next look is near.
        let Some(Survey { plugged, mut carries }) = survey::survey(nm).await else { return Ok(()) };
        if let Err(Some(trouble)) = carries
            && survey::not_accepted(trouble)
        {
            tracing::warn!("the Wi-Fi in use is left: {trouble:?}");
            join::leave(nm).await;
            let was_accepted = self.wanted.take().is_some();
            self.left = Some(if was_accepted { NetworkTrouble::Downgraded } else { trouble });
            carries = Err(self.left);
        }
        if carries == Err(None) {
            carries = Err(self.wanted.as_ref().map(|_| NetworkTrouble::LineLost).or(self.left));
        }
        self.told(plugged, carries).await
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

fn news(result: Result<(), NetworkTrouble>) -> NetworkNews {
    result.map_or_else(NetworkNews::Trouble, |()| NetworkNews::Up)
}
