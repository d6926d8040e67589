//! Carries events to the registry and what follows from them to the sockets and the store, one turn after another.

#![expect(clippy::disallowed_methods, reason = "this is the registry's shell: it owns the server's one room task")]

use super::journal::{Entry, Journal};
use super::metrics::Metrics;
use crate::meeting::Accounts;
use crate::meeting::appointment::{Appointment, State};
use crate::meeting::rights::Clerk;
use crate::meeting::{ConnectionId, In, Now, Out, Registry, Running};
use crate::model::uptime::Uptime;
use crate::model::wire::ToClient;
use crate::room::key;
use crate::room::store::{Store, StoreError};
use crate::room::{Clock, Steady};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};

/// Messages waiting for one participant; whoever does not read them is cut off.
const UNREAD_ALLOWED: usize = 512;
/// Connections without a seat, from one network and overall. One more takes the place of the oldest: it had its time to
/// say hello, and whoever has a key is not locked out by a neighbour. Seats are bounded by the appointments.
const SEATLESS_OF_ONE_NETWORK: usize = 100;
const SEATLESS: usize = 3_000;
/// The store is looked at so often for what another program (the command line) wrote into it.
const LOOK_AT_STORE: Duration = Duration::from_secs(3);
/// What has been kept long enough is forgotten so often.
const FORGET_EACH: SignedDuration = SignedDuration::from_hours(24);
/// The wall clock may be set while we wait, so it is read at least this often.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// What a socket is to do.
pub(in crate::room) enum Line {
    /// Send this message.
    Say(String),
    /// Close.
    Close,
}

enum Ask {
    In(In),
    Open { from: IpAddr, staff: Option<Clerk>, reply: oneshot::Sender<Option<(ConnectionId, mpsc::Receiver<Line>)>> },
    States(oneshot::Sender<BTreeMap<String, State>>),
    Found(Result<Option<Found>, StoreError>),
    Stop(oneshot::Sender<()>),
}

/// What the store has.
struct Found {
    version: i64,
    appointments: Vec<Appointment>,
    running: Vec<(String, Running)>,
    accounts: Accounts,
    as_of: Uptime,
}

/// A handle on the room task.
#[derive(Clone)]
pub(in crate::room) struct Hub {
    asks: mpsc::Sender<Ask>,
    journal: Journal,
}

impl Hub {
    /// Reads the store and starts the task.
    pub(in crate::room) async fn start(
        registry: Registry,
        store: Store,
        (clock, steady): (Clock, Steady),
        metrics: Arc<Metrics>,
    ) -> Result<Self, StoreError> {
        let (asks, inbox) = mpsc::channel(1024);
        let journal = Journal::start(store.clone(), metrics.clone());
        let mut task = Task {
            registry,
            store,
            clock,
            steady,
            metrics,
            journal: journal.clone(),
            again: asks.downgrade(),
            reading: false,
            lines: HashMap::new(),
            last_connection: 0,
            version: 0,
            forgot: Timestamp::UNIX_EPOCH,
        };
        let found = task.look_at_store(true).await?;
        if let Some(found) = found {
            task.take(found);
        }
        tokio::spawn(task.run(inbox));
        Ok(Self { asks, journal })
    }

    /// Something happened. Nothing comes back: the server is going down when the task is gone.
    pub(in crate::room) async fn tell(&self, input: In) {
        let _ = self.asks.send(Ask::In(input)).await;
    }

    /// Opens a connection; `None` when the server is going down or has too many.
    pub(in crate::room) async fn open(
        &self,
        from: IpAddr,
        staff: Option<Clerk>,
    ) -> Option<(ConnectionId, mpsc::Receiver<Line>)> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Open { from, staff, reply }).await.ok()?;
        answer.await.ok().flatten()
    }

    /// The state of every appointment.
    pub(in crate::room) async fn states(&self) -> BTreeMap<String, State> {
        let (reply, answer) = oneshot::channel();
        let _ = self.asks.send(Ask::States(reply)).await;
        answer.await.unwrap_or_default()
    }

    /// Where to put what is to be kept.
    pub(in crate::room) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Says goodbye to everybody and ends the task. Seats stay in the store.
    pub(in crate::room) async fn stop(&self) {
        let (reply, answer) = oneshot::channel();
        let _ = self.asks.send(Ask::Stop(reply)).await;
        let _ = answer.await;
        self.journal.close().await;
    }
}

struct Task {
    registry: Registry,
    store: Store,
    clock: Clock,
    steady: Steady,
    metrics: Arc<Metrics>,
    journal: Journal,
    /// For what is read from the store beside the task.
    again: mpsc::WeakSender<Ask>,
    reading: bool,
    lines: HashMap<ConnectionId, mpsc::Sender<Line>>,
    last_connection: u64,
    version: i64,
    forgot: Timestamp,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::Receiver<Ask>) {
        let mut look = tokio::time::interval(LOOK_AT_STORE);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // The wall clock may be set while we wait.
            let wake = self.registry.wake_in(self.now()).map(|(left, _)| Instant::now() + left.min(LONGEST_WAIT));
            tokio::select! {
                ask = inbox.recv() => match ask {
                    None => return,
                    Some(Ask::Stop(done)) => {
                        self.turn(In::Closing);
                        let _ = done.send(());
                        return;
                    }
                    Some(ask) => self.answer(ask),
                },
                () = tokio::time::sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                    self.turn(In::Wake);
                }
                _ = look.tick(), if !self.reading => {
                    let (reads, again) = (self.look_at_store(false), self.again.clone());
                    self.reading = true;
                    tokio::spawn(async move {
                        let found = reads.await;
                        if let Some(again) = again.upgrade() {
                            let _ = again.send(Ask::Found(found)).await;
                        }
                    });
                }
            }
        }
    }

    fn now(&self) -> Now {
        Now { wall: (self.clock)(), steady: (self.steady)() }
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::In(input) => self.turn(input),
            Ask::Open { from, staff, reply } => {
                self.make_room(from);
                let opened = match key::draw(key::KEY_LETTERS) {
                    Ok(token) => {
                        self.last_connection += 1;
                        let connection = ConnectionId(self.last_connection);
                        let (line, lines) = mpsc::channel(UNREAD_ALLOWED);
                        self.lines.insert(connection, line);
                        self.turn(In::Connect { connection, from, staff, token });
                        Some((connection, lines))
                    }
                    Err(error) => {
                        tracing::error!(%error, "the operating system gives no random bytes; nobody can be seated");
                        None
                    }
                };
                let _ = reply.send(opened);
            }
            Ask::States(reply) => {
                let _ = reply.send(self.registry.states((self.clock)()));
            }
            Ask::Found(found) => {
                self.reading = false;
                match found {
                    Ok(Some(found)) => self.take(found),
                    Ok(None) => {}
                    Err(error) => tracing::error!(%error, "cannot look for new appointments"),
                }
            }
            Ask::Stop(_) => {}
        }
    }

    fn make_room(&mut self, from: IpAddr) {
        for (of, at_most) in [(Some(from), SEATLESS_OF_ONE_NETWORK), (None, SEATLESS)] {
            if let (count, Some(oldest)) = self.registry.without_seat(of)
                && count >= at_most
            {
                // Dropping the sender closes the socket.
                self.turn(In::Gone { connection: oldest });
            }
        }
    }

    fn turn(&mut self, input: In) {
        let now = self.now();
        if let In::Gone { connection } = &input {
            self.lines.remove(connection);
        }
        let follows = self.registry.handle(now, input);
        let (connections, seats) = self.registry.load();
        self.metrics.set_load(connections, seats);
        for item in follows {
            match item {
                Out::Send { connection, message } => {
                    if !self.say(connection, &message) {
                        // Dropping the sender closes the socket, which then reports that it is gone.
                        self.lines.remove(&connection);
                    }
                }
                Out::Close { connection } => {
                    if let Some(line) = self.lines.remove(&connection) {
                        let _ = line.try_send(Line::Close);
                    }
                }
                Out::Standing { appointment, standing } => self.journal.keep(Entry::Standing { appointment, standing }),
                Out::Invitation { appointment, invitation, state } => {
                    self.journal.keep(Entry::Invitation { appointment, invitation, state });
                }
                Out::Keep { appointment, running } => self.journal.keep(Entry::Running { appointment, running }),
                Out::Audit { staff, appointment, action } => {
                    self.journal.keep(Entry::Audit { at: now.wall, staff, action, appointment: Some(appointment) });
                }
            }
        }
    }

    fn say(&self, connection: ConnectionId, message: &ToClient) -> bool {
        self.metrics.said(message);
        let Ok(text) = serde_json::to_string(message) else { return true };
        self.lines.get(&connection).is_none_or(|line| line.try_send(Line::Say(text)).is_ok())
    }

    /// Reads the store beside the task, which may wait for the disk.
    fn look_at_store(&mut self, first: bool) -> impl Future<Output = Result<Option<Found>, StoreError>> + use<> {
        let (store, seen, now, as_of) = (self.store.clone(), self.version, (self.clock)(), (self.steady)());
        let forget = now.duration_since(self.forgot) > FORGET_EACH;
        if forget {
            self.forgot = now;
        }
        let read = tokio::task::spawn_blocking(move || {
            let version = store.version_elsewhere()?;
            let found = if first || version != seen {
                let running = if first { store.running()? } else { Vec::new() };
                Some(Found {
                    version,
                    appointments: store.appointments()?,
                    running,
                    accounts: store.accounts()?,
                    as_of,
                })
            } else {
                None
            };
            if forget && let Err(error) = store.forget_old(now) {
                tracing::error!(%error, "what is old enough is not forgotten today");
            }
            Ok(found)
        });
        async { read.await.unwrap_or(Ok(None)) }
    }

    fn take(&mut self, found: Found) {
        self.version = found.version;
        self.turn(In::Appointments(found.appointments));
        for (appointment, running) in found.running {
            self.turn(In::Restore { appointment, running });
        }
        self.turn(In::Accounts { accounts: Arc::new(found.accounts), as_of: found.as_of });
    }
}
