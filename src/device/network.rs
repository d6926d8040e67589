//! The home network: a cable, or an accepted Wi-Fi; nothing else is ever used.

mod access_points;
mod air;
mod changes;
mod join;
mod joining;
mod known;
pub mod last_day;
mod looking;
mod presence;
mod proxy;
mod said;
mod supplicant;
mod survey;

use super::Behind;
use crate::model::ids::Attempt;
use crate::model::screen::NetworkTrouble;
use crate::model::verdict::Security;
use crate::model::wifi_code::WifiCode;
use changes::{Changes, Heard};
use known::Known;
use nmrs::NetworkManager;
use presence::{arrival, comes};
pub use said::{NetworkAsk, NetworkEvent, NetworkNews};
use std::path::PathBuf;
use std::time::Duration;
use survey::GLANCE;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// A NetworkManager that is not there is looked for again after this time, a lost Wi-Fi likewise.
const RETRY: Duration = Duration::from_secs(5);
/// A Wi-Fi that refuses us is not asked every few seconds: each attempt is another handshake for whoever listens. Known
/// ones that are not in the air are looked for as seldom, for each look is a scan.
const RETRY_SELDOM: Duration = Duration::from_secs(20);
/// After so many looks in a row without an answer NetworkManager counts as gone.
const UNANSWERED: u8 = 2;
/// It starts after the first screen; it is not called missing before this time.
const ARRIVES_WITHIN: Duration = Duration::from_secs(20);
/// How often the network is looked at although nothing was heard of it: beacons get worse without an event.
const LOOK: Duration = Duration::from_secs(10);
/// How long known networks are looked for in the air.
const LOOK_FOR_KNOWN: Duration = Duration::from_secs(6);
/// A counter that answered is not dialled again for so long.
const ANSWERED: Duration = Duration::from_secs(60);
/// NetworkManager tells one change in many signals.
const SETTLE: Duration = Duration::from_millis(200);

/// Where joined networks are kept: on the loan's encrypted memory, beside the loan.
pub const KNOWN: &str = "/var/lib/madoguchi/data/known/wifi.json";

/// Serves the network until either end of `behind` is gone. Joined networks are kept in the file `known`; what a call must
/// reach are the loan's `counters` (`HOST[:PORT]`).
pub async fn run(behind: Behind<NetworkAsk, NetworkEvent>, known: PathBuf, counters: watch::Receiver<Vec<String>>) {
    let Behind { asks, events } = behind;
    let (wanted, failing, left, cable, carries) = (None, None, None, None, None);
    let (wireless, wired, seeking, unanswered) = (false, false, false, 0);
    let asking = None;
    let mut network = Network {
        asks,
        events,
        asking,
        known,
        wanted,
        failing,
        left,
        cable,
        carries,
        wireless,
        wired,
        seeking,
        unanswered,
        counters,
        answered: None,
    };
    // While the system is starting, its not being there yet says nothing.
    let _ = timeout(ARRIVES_WITHIN, arrival()).await;
    let mut told = false;
    loop {
        let end = match timeout(join::ANSWER_WITHIN, open()).await {
            Ok(Ok((nm, changes, heard))) => {
                told = false;
                tracing::info!("NetworkManager is there");
                let end = network.serve(&nm, changes, heard).await;
                if let End::Lost = end {
                    tracing::warn!("NetworkManager has gone, or starts anew");
                    // A restart takes it a second or two. Only what takes longer is told.
                    let _ = timeout(RETRY, arrival()).await;
                }
                end
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

async fn open() -> nmrs::Result<(NetworkManager, Changes, watch::Receiver<Heard>)> {
    let nm = NetworkManager::new().await?;
    let (changes, heard) = Changes::open(nm.dbus_connection()).await?;
    nm.connectivity().await?;
    Ok((nm, changes, heard))
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

impl<T> Work<Result<Result<T, NetworkTrouble>, NetworkTrouble>> {
    fn flatten(self) -> Work<Result<T, NetworkTrouble>> {
        match self {
            Self::Done(done) => Work::Done(done.flatten()),
            Self::Interrupted(ask) => Work::Interrupted(ask),
            Self::Gone => Work::Gone,
        }
    }
}

struct Network {
    asks: mpsc::Receiver<NetworkAsk>,
    events: mpsc::Sender<NetworkEvent>,
    /// Not answered yet: asked again when NetworkManager goes away meanwhile.
    asking: Option<NetworkAsk>,
    /// The file of joined networks.
    known: PathBuf,
    /// The accepted Wi-Fi and the security it was joined with; joined again by itself when it was lost. Forgotten when
    /// asked to.
    wanted: Option<(WifiCode, Security)>,
    /// Why the wanted Wi-Fi cannot be joined again, where it is more than its being out of reach.
    failing: Option<NetworkTrouble>,
    /// Why the last Wi-Fi was left without having been asked to; said until another one is asked for.
    left: Option<NetworkTrouble>,
    cable: Option<bool>,
    carries: Option<(bool, Option<NetworkTrouble>)>,
    /// A Wi-Fi is in use.
    wireless: bool,
    /// A cable is in use: in, and with an address.
    wired: bool,
    /// A known network was asked for: it is looked for again and again until something is joined.
    seeking: bool,
    /// Looks in a row that were not answered.
    unanswered: u8,
    /// Where a call must reach.
    counters: watch::Receiver<Vec<String>>,
    /// When a counter answered last although NetworkManager's own check fails.
    answered: Option<Instant>,
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
        let told = self.told(false, Err(Some(NetworkTrouble::NotWorking))).await;
        if let Err(end) = told {
            return end;
        }
        let mut waiting = self.asking.take();
        loop {
            let ask = match waiting.take() {
                Some(ask) => Some(ask),
                None => tokio::select! {
                    ask = self.asks.recv() => ask,
                    () = sleep_until(until) => return End::Lost,
                    Ok(()) = comes() => return End::Lost,
                },
            };
            let answered = match ask {
                Some(ask @ (NetworkAsk::Join { .. } | NetworkAsk::JoinKnown { .. } | NetworkAsk::Check { .. })) => {
                    // A known one is looked for by ourselves as soon as NetworkManager is there.
                    self.seeking |= matches!(ask, NetworkAsk::JoinKnown { .. });
                    self.answer(ask.attempt(), NetworkNews::Trouble(NetworkTrouble::NotWorking)).await
                }
                // The profile was volatile: it went with NetworkManager.
                Some(NetworkAsk::Forget { attempt }) => {
                    self.wanted = None;
                    let news = if Known::read(self.known.clone()).forget() {
                        NetworkNews::Forgotten
                    } else {
                        NetworkNews::Trouble(NetworkTrouble::NotWorking)
                    };
                    self.answer(attempt, news).await
                }
                None => Err(End::Gone),
            };
            if let Err(end) = answered {
                return end;
            }
        }
    }

    /// Ends at once when NetworkManager does, whatever is being done: it would not come to an end.
    async fn serve(&mut self, nm: &NetworkManager, changes: Changes, heard: watch::Receiver<Heard>) -> End {
        tokio::select! {
            Err(end) = self.watch(nm, heard) => end,
            () = changes.tell() => End::Lost,
        }
    }

    async fn watch(
        &mut self,
        nm: &NetworkManager,
        mut heard: watch::Receiver<Heard>,
    ) -> Result<std::convert::Infallible, End> {
        if let Some(ask) = self.asking.take() {
            self.asked(nm, ask).await?;
        }
        self.look(nm).await?;
        let (mut looked, mut glanced) = (Instant::now(), Instant::now());
        loop {
            let lost = !self.wireless && !self.wired && (self.wanted.is_some() || self.seeking);
            let retry = if self.failing.is_some() || self.wanted.is_none() { RETRY_SELDOM } else { RETRY };
            let next_look = looked + if lost { retry } else { LOOK };
            let glance = self.wireless.then_some(glanced + GLANCE).filter(|glance| *glance < next_look);
            tokio::select! {
                ask = self.asks.recv() => self.asked(nm, ask.ok_or(End::Gone)?).await?,
                changed = heard.changed() => {
                    changed.map_err(|_| End::Lost)?;
                    sleep(SETTLE).await;
                    heard.mark_unchanged();
                }
                () = sleep_until(glance.unwrap_or(next_look)) => {
                    glanced = Instant::now();
                    if glance.is_some() {
                        match survey::negotiated(nm, self.least()).await {
                            Ok(()) => continue,
                            // Before anything else is looked at: that takes its time.
                            Err(why) => self.leave(nm, Some(why)).await,
                        }
                    }
                    match self.wanted.clone() {
                        Some((wifi, security)) if lost => self.rejoin(nm, &wifi, security).await?,
                        None if lost => self.seek(nm).await?,
                        _ => {}
                    }
                }
            }
            self.look(nm).await?;
            looked = Instant::now();
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

    /// Does `work` unless something else is asked or what was negotiated gets weaker meanwhile; that is left then, because
    /// such work takes longer than a weaker network may be used.
    async fn unless_weaker<T>(
        &mut self,
        nm: &NetworkManager,
        least: Option<Security>,
        work: impl Future<Output = T>,
    ) -> Work<Result<T, NetworkTrouble>> {
        let watched = async {
            tokio::select! {
                biased;
                done = work => Ok(done),
                why = survey::until_weaker(nm, least) => Err(why),
            }
        };
        match self.unless_asked(watched).await {
            Work::Done(Err(why)) => {
                self.leave(nm, Some(why)).await;
                Work::Done(Err(NetworkTrouble::Downgraded))
            }
            other => other,
        }
    }

    /// Looks whether there is internet behind what was joined with this security.
    async fn internet(&mut self, nm: &NetworkManager, joined: Security) -> Work<Result<(), NetworkTrouble>> {
        self.answered = None;
        let counters = self.counters.borrow().clone();
        self.unless_weaker(nm, Some(joined), join::internet(nm, &counters)).await.flatten()
    }

    /// Leaves the Wi-Fi in use: it is not accepted (any more), or nobody asked for it.
    async fn leave(&mut self, nm: &NetworkManager, why: Option<NetworkTrouble>) {
        let said = why.map_or("nobody asked for it".to_owned(), |why| format!("{why:?}"));
        tracing::warn!("the Wi-Fi in use is left: {said}");
        join::leave(nm).await;
        let was_accepted = self.wanted.take().is_some();
        self.left = if was_accepted { Some(NetworkTrouble::Downgraded) } else { why };
    }

    /// Answers an ask, and those that interrupt it.
    async fn asked(&mut self, nm: &NetworkManager, first: NetworkAsk) -> Result<(), End> {
        let mut next = Some(first);
        while let Some(ask) = next.take() {
            self.asking = Some(ask.clone());
            let (attempt, news) = match ask {
                ask @ (NetworkAsk::Join { .. } | NetworkAsk::JoinKnown { .. }) => {
                    let (attempt, work) = match ask {
                        NetworkAsk::Join { attempt, wifi } => {
                            (self.wanted, self.failing, self.left) = (None, None, None);
                            (attempt, self.join(nm, wifi).await)
                        }
                        ask => (ask.attempt(), self.join_known(nm).await),
                    };
                    match work {
                        Work::Done(result) => (attempt, news(result)),
                        Work::Interrupted(ask) => {
                            join::leave(nm).await;
                            next = Some(ask);
                            continue;
                        }
                        Work::Gone => return Err(End::Gone),
                    }
                }
                NetworkAsk::Check { attempt } => match self.checked(nm).await {
                    Work::Done(result) => (attempt, news(result)),
                    Work::Interrupted(ask) => {
                        next = Some(ask);
                        continue;
                    }
                    Work::Gone => return Err(End::Gone),
                },
                NetworkAsk::Forget { attempt } => {
                    (self.wanted, self.failing, self.left, self.seeking) = (None, None, None, false);
                    let forgotten = Known::read(self.known.clone()).forget();
                    if join::leave(nm).await && forgotten {
                        (attempt, NetworkNews::Forgotten)
                    } else {
                        tracing::error!("a Wi-Fi could not be forgotten: NetworkManager or the memory keeps it");
                        (attempt, NetworkNews::Trouble(NetworkTrouble::NoRadio))
                    }
                }
            };
            self.answer(attempt, news).await?;
            self.asking = None;
        }
        Ok(())
    }

    async fn checked(&mut self, nm: &NetworkManager) -> Work<Result<(), NetworkTrouble>> {
        let least = self.least();
        self.answered = None;
        let counters = self.counters.borrow().clone();
        self.unless_weaker(nm, least, survey::checked(nm, least, &counters)).await.flatten()
    }

    fn least(&self) -> Option<Security> {
        self.wanted.as_ref().map(|(_, security)| *security)
    }
}

fn news(result: Result<(), NetworkTrouble>) -> NetworkNews {
    result.map_or_else(NetworkNews::Trouble, |()| NetworkNews::Up)
}
