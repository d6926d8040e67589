//! The signalling line to a room server: one WebSocket (RFC 6455) at a time, opened, held and given up with deadlines.

mod connect;
pub(crate) mod fetch;
mod hear;

use super::Behind;
use crate::model::ids::Attempt;
pub use crate::model::turn::{LinkClosed, LinkNews};
use crate::model::wire::{SILENCE_SECONDS, ToServer};
pub(crate) use connect::system_roots;
use connect::{Socket, Trust};
use futures_util::{SinkExt, StreamExt};
use hear::Unread;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

/// A line that is replaced may be dead: the new one does not wait longer for it to take what was said.
const REPLACED: Duration = Duration::from_millis(200);

/// What the line is asked.
pub enum LinkAsk {
    /// Opens a line and closes any older one. `address` is the WebSocket's `ws:` or `wss:` URL without secrets.
    Open {
        /// Number of this line.
        attempt: Attempt,
        /// `wss://HOST[:PORT]/ws` (`ws:` on loopback only).
        address: String,
        /// PEM certificates trusted beside the public ones.
        trust_anchors: Vec<String>,
    },
    /// Says something on the open line.
    Say {
        /// The line meant; an older one's messages are dropped.
        attempt: Attempt,
        /// The message.
        message: ToServer,
    },
    /// Closes the line after what was said before it has been sent. No [`LinkNews::Closed`] follows an asked close.
    Close,
}

/// What the line says.
pub struct LinkEvent {
    /// Which line.
    pub attempt: Attempt,
    /// What about it.
    pub news: LinkNews,
}

/// How a line is opened and held. The default is what the box uses; tests shorten the spans.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// The workbench's wire cutter: while it says true, an open line drops and no new one can be opened.
    pub line_cut: Option<watch::Receiver<bool>>,
    /// Looking the name up, TCP, TLS and the upgrade together.
    pub open_within: Duration,
    /// Nothing heard for this long means that the line is dead.
    pub silence: Duration,
    /// A message that cannot be sent within this time means that the line is dead.
    pub say_within: Duration,
    /// How long an asked close may wait for the other end to take what was said.
    pub close_within: Duration,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            line_cut: None,
            open_within: Duration::from_secs(10),
            silence: Duration::from_secs(SILENCE_SECONDS),
            say_within: Duration::from_secs(10),
            close_within: Duration::from_secs(1),
        }
    }
}

/// Serves the line until either end of `behind` is gone.
pub async fn run(behind: Behind<LinkAsk, LinkEvent>, config: LinkConfig) {
    let Behind { asks, events } = behind;
    let mut link = Link { asks, events, config, trust: Trust::default() };
    let mut order = None;
    loop {
        let Some(open) = (match order.take() {
            Some(open) => Some(open),
            None => link.next_order().await,
        }) else {
            return;
        };
        match link.serve(open).await {
            Next::Open(open) => order = Some(open),
            Next::Idle => {}
            Next::End => return,
        }
    }
}

/// What [`LinkAsk::Open`] holds.
struct Order {
    attempt: Attempt,
    address: String,
    trust_anchors: Vec<String>,
}

/// What to do after a line has ended.
enum Next {
    Open(Order),
    Idle,
    End,
}

/// Why a held line ends.
enum End {
    Asked(Next),
    Closed(LinkClosed),
}

struct Link {
    asks: mpsc::Receiver<LinkAsk>,
    events: mpsc::Sender<LinkEvent>,
    config: LinkConfig,
    trust: Trust,
}

impl Link {
    async fn next_order(&mut self) -> Option<Order> {
        loop {
            if let LinkAsk::Open { attempt, address, trust_anchors } = self.asks.recv().await? {
                return Some(Order { attempt, address, trust_anchors });
            }
        }
    }

    /// Opens the line and holds it to its end.
    async fn serve(&mut self, order: Order) -> Next {
        let attempt = order.attempt;
        let end = match self.open(&order).await {
            Ok(socket) => {
                if self.events.send(LinkEvent { attempt, news: LinkNews::Opened }).await.is_err() {
                    return Next::End;
                }
                self.hold(attempt, socket).await
            }
            Err(end) => end,
        };
        match end {
            End::Asked(next) => next,
            End::Closed(why) => match self.events.send(LinkEvent { attempt, news: LinkNews::Closed(why) }).await {
                Ok(()) => Next::Idle,
                Err(_) => Next::End,
            },
        }
    }

    async fn open(&mut self, order: &Order) -> Result<Socket, End> {
        let opening = connect::open(
            &order.address,
            &order.trust_anchors,
            &mut self.trust,
            Instant::now() + self.config.open_within,
        );
        let mut opening = std::pin::pin!(opening);
        loop {
            tokio::select! {
                biased;
                () = until_cut(&mut self.config.line_cut) => return Err(End::Closed(LinkClosed::Unreachable)),
                ask = self.asks.recv() => match ask {
                    // Nothing can have been said to a room that has not been reached yet.
                    Some(LinkAsk::Say { .. }) => {}
                    other => return Err(End::Asked(after(other))),
                },
                opened = &mut opening => return opened.map_err(|failure| {
                    tracing::warn!(line = %order.attempt, "{failure}");
                    End::Closed(failure.why)
                }),
            }
        }
    }

    /// Carries messages both ways until the line ends.
    async fn hold(&mut self, attempt: Attempt, mut socket: Socket) -> End {
        let mut dead_at = Instant::now() + self.config.silence;
        let mut unread = Unread::default();
        loop {
            tokio::select! {
                biased;
                () = until_cut(&mut self.config.line_cut) => return End::Closed(LinkClosed::Lost),
                ask = self.asks.recv() => match ask {
                    Some(LinkAsk::Say { attempt: meant, message }) => {
                        if meant == attempt && !self.say(&mut socket, &message).await {
                            return End::Closed(LinkClosed::Lost);
                        }
                    }
                    other => {
                        let next = after(other);
                        let within = match next {
                            Next::Open(_) => self.config.close_within.min(REPLACED),
                            Next::Idle | Next::End => self.config.close_within,
                        };
                        let _ = timeout(within, hang_up(&mut socket)).await;
                        return End::Asked(next);
                    }
                },
                heard = socket.next() => {
                    dead_at = Instant::now() + self.config.silence;
                    match heard {
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Text(text))) => if let Some(message) = unread.read(attempt, &text)
                            && self.events.send(LinkEvent { attempt, news: LinkNews::Heard(message) }).await.is_err() {
                                return End::Asked(Next::End);
                            },
                        Some(Ok(Message::Close(_))) | None => return End::Closed(LinkClosed::Lost),
                        Some(Ok(_)) => unread.malformed(attempt, "it is not text"),
                        Some(Err(error)) => {
                            tracing::warn!(line = %attempt, "the line broke: {error}");
                            return End::Closed(LinkClosed::Lost);
                        }
                    }
                }
                () = sleep_until(dead_at) => {
                    tracing::warn!(line = %attempt, "nothing heard for {:?}: the line is given up", self.config.silence);
                    return End::Closed(LinkClosed::Lost);
                }
            }
        }
    }

    /// Whether the message went out in time.
    async fn say(&mut self, socket: &mut Socket, message: &ToServer) -> bool {
        let Ok(text) = serde_json::to_string(message) else {
            tracing::error!("a message to the room could not be written as JSON and was dropped");
            return true;
        };
        tokio::select! {
            () = until_cut(&mut self.config.line_cut) => false,
            sent = timeout(self.config.say_within, socket.send(Message::text(text))) => matches!(sent, Ok(Ok(()))),
        }
    }
}

/// What follows an ask that ends a line.
fn after(ask: Option<LinkAsk>) -> Next {
    match ask {
        Some(LinkAsk::Open { attempt, address, trust_anchors }) => {
            Next::Open(Order { attempt, address, trust_anchors })
        }
        Some(_) => Next::Idle,
        None => Next::End,
    }
}

/// Says goodbye and reads on until the other end has closed: a socket dropped with unread data would be reset,
/// and what was said last could be lost with it.
async fn hang_up(socket: &mut Socket) {
    if socket.close(None).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
    }
}

/// Waits until the workbench cuts the line; for ever where nobody can.
async fn until_cut(line_cut: &mut Option<watch::Receiver<bool>>) {
    if let Some(line_cut) = line_cut
        && line_cut.wait_for(|cut| *cut).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}
