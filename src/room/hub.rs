//! Carries events to the registry and what follows from them to the sockets and the store, one turn after another.

#![expect(clippy::disallowed_methods, reason = "this is the registry's shell: it owns the server's one room task")]

use super::Clock;
use super::key;
use super::metrics::Metrics;
use super::registry::appointment::{Appointment, State};
use super::registry::{ConnectionId, In, Out, Registry};
use super::store::{Store, StoreError};
use crate::model::wire::ToClient;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};

/// Messages waiting for one participant; whoever does not read them is cut off.
const UNREAD_ALLOWED: usize = 512;
/// Connections open at once, from one address (a city hall may be one) and overall.
const CONNECTIONS_OF_ONE_ADDRESS: usize = 100;
const CONNECTIONS: usize = 4_000;
/// The store is looked at so often for what another program (the command line) wrote into it.
const LOOK_AT_STORE: Duration = Duration::from_secs(3);
/// What has been kept long enough is forgotten so often.
const FORGET_EACH: SignedDuration = SignedDuration::from_hours(24);
/// The wall clock may be set while we wait, so it is read at least this often.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// What a socket is to do.
pub(super) enum Line {
    /// Send this message.
    Say(String),
    /// Close.
    Close,
}

enum Ask {
    In(In),
    Open { from: IpAddr, staff: Option<String>, reply: oneshot::Sender<Option<(ConnectionId, mpsc::Receiver<Line>)>> },
    States(oneshot::Sender<BTreeMap<String, State>>),
    Stop(oneshot::Sender<()>),
}

/// A handle on the room task.
#[derive(Clone)]
pub(super) struct Hub {
    asks: mpsc::Sender<Ask>,
}

impl Hub {
    /// Reads the store and starts the task.
    pub(super) async fn start(
        registry: Registry,
        store: Store,
        clock: Clock,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StoreError> {
        let (asks, inbox) = mpsc::channel(1024);
        let mut task = Task {
            registry,
            store,
            clock,
            metrics,
            lines: HashMap::new(),
            last_connection: 0,
            version: 0,
            forgot: Timestamp::UNIX_EPOCH,
        };
        task.read_store(true).await?;
        tokio::spawn(task.run(inbox));
        Ok(Self { asks })
    }

    /// Something happened. Nothing comes back: the server is going down when the task is gone.
    pub(super) async fn tell(&self, input: In) {
        let _ = self.asks.send(Ask::In(input)).await;
    }

    /// Opens a connection; `None` when the server is going down or has too many.
    pub(super) async fn open(
        &self,
        from: IpAddr,
        staff: Option<String>,
    ) -> Option<(ConnectionId, mpsc::Receiver<Line>)> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Open { from, staff, reply }).await.ok()?;
        answer.await.ok().flatten()
    }

    /// The state of every appointment.
    pub(super) async fn states(&self) -> BTreeMap<String, State> {
        let (reply, answer) = oneshot::channel();
        let _ = self.asks.send(Ask::States(reply)).await;
        answer.await.unwrap_or_default()
    }

    /// Says goodbye to everybody and ends the task. Seats stay in the store.
    pub(super) async fn stop(&self) {
        let (reply, answer) = oneshot::channel();
        let _ = self.asks.send(Ask::Stop(reply)).await;
        let _ = answer.await;
    }
}

struct Open {
    from: IpAddr,
    line: mpsc::Sender<Line>,
}

struct Task {
    registry: Registry,
    store: Store,
    clock: Clock,
    metrics: Arc<Metrics>,
    lines: HashMap<ConnectionId, Open>,
    last_connection: u64,
    version: i64,
    forgot: Timestamp,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::Receiver<Ask>) {
        let mut look = tokio::time::interval(LOOK_AT_STORE);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wake = self.registry.wake_at().map(|(at, _)| self.until(at));
            tokio::select! {
                ask = inbox.recv() => match ask {
                    None => return,
                    Some(Ask::Stop(done)) => {
                        self.turn(In::Closing).await;
                        let _ = done.send(());
                        return;
                    }
                    Some(ask) => self.answer(ask).await,
                },
                () = tokio::time::sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                    self.turn(In::Wake).await;
                }
                _ = look.tick() => {
                    if let Err(error) = self.read_store(false).await {
                        tracing::error!(%error, "cannot look for new appointments");
                    }
                }
            }
        }
    }

    fn until(&self, at: Timestamp) -> Instant {
        let left = at.duration_since((self.clock)());
        Instant::now() + Duration::try_from(left).unwrap_or(Duration::ZERO).min(LONGEST_WAIT)
    }

    async fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::In(input) => self.turn(input).await,
            Ask::Open { from, staff, reply } => {
                let same = self.lines.values().filter(|open| open.from == from).count();
                if same >= CONNECTIONS_OF_ONE_ADDRESS || self.lines.len() >= CONNECTIONS {
                    let _ = reply.send(None);
                    return;
                }
                let opened = match key::draw(key::KEY_LETTERS) {
                    Ok(token) => {
                        self.last_connection += 1;
                        let connection = ConnectionId(self.last_connection);
                        let (line, lines) = mpsc::channel(UNREAD_ALLOWED);
                        self.lines.insert(connection, Open { from, line });
                        self.turn(In::Connect { connection, from, staff, token }).await;
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
                let now = (self.clock)();
                let _ = reply.send(self.registry.states(now));
            }
            Ask::Stop(_) => {}
        }
    }

    async fn turn(&mut self, input: In) {
        let now = (self.clock)();
        if let In::Gone { connection } = &input {
            self.lines.remove(connection);
        }
        let mut cut = Vec::new();
        let follows = self.registry.handle(now, input);
        let (connections, seats) = self.registry.load();
        self.metrics.set_load(connections, seats);
        for item in follows {
            match item {
                Out::Send { connection, message } => {
                    if !self.say(connection, &message) {
                        cut.push(connection);
                    }
                }
                Out::Close { connection } => {
                    if let Some(open) = self.lines.remove(&connection) {
                        let _ = open.line.try_send(Line::Close);
                    }
                }
                kept => self.keep(now, kept).await,
            }
        }
        for connection in cut {
            // Dropping the sender closes the socket, which then reports that it is gone.
            self.lines.remove(&connection);
        }
    }

    fn say(&self, connection: ConnectionId, message: &ToClient) -> bool {
        self.metrics.said(message);
        let Ok(text) = serde_json::to_string(message) else { return true };
        self.lines.get(&connection).is_none_or(|open| open.line.try_send(Line::Say(text)).is_ok())
    }

    async fn keep(&self, now: jiff::Timestamp, what: Out) {
        let store = self.store.clone();
        let written = tokio::task::spawn_blocking(move || match what {
            Out::Standing { appointment, standing } => store.set_standing(&appointment, standing),
            Out::Keep { appointment, running } => store.keep_running(&appointment, running.as_ref()),
            Out::Audit { staff, appointment, action } => store.audit(now, &staff, action, Some(&appointment)),
            Out::Send { .. } | Out::Close { .. } => Ok(()),
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the rooms go on, but a restart would not know this change"),
            Err(error) => tracing::error!(%error, "a write to the database was cut short"),
        }
    }

    async fn read_store(&mut self, first: bool) -> Result<(), StoreError> {
        let (store, seen, now) = (self.store.clone(), self.version, (self.clock)());
        let forget = now.duration_since(self.forgot) > FORGET_EACH;
        if forget {
            self.forgot = now;
        }
        let read = tokio::task::spawn_blocking(move || {
            if forget {
                store.forget_old(now)?;
            }
            let version = store.version_elsewhere()?;
            if !first && version == seen {
                return Ok(None);
            }
            Ok(Some((version, store.appointments()?, if first { store.running()? } else { Vec::new() })))
        });
        let Ok(read) = read.await else { return Ok(()) };
        let Some((version, appointments, running)): Option<(i64, Vec<Appointment>, _)> = read? else { return Ok(()) };
        self.version = version;
        for appointment in appointments {
            self.turn(In::Appointment(appointment)).await;
        }
        for (appointment, running) in running {
            self.turn(In::Restore { appointment, running }).await;
        }
        Ok(())
    }
}
