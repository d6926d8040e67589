//! The media connection to the counter: being made, connected, or given up and to be asked for anew.

use super::ids::{Attempt, Epoch, PeerId};
use super::uptime::Uptime;
use std::time::Duration;

/// A connection must be made by then, else it is given up for a new one.
const CONNECTING: Duration = Duration::from_secs(30);
/// Pause before a new connection is asked for when the last one could not even be made.
const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// A new connection that was asked for and did not come is asked for again.
const AGAIN: Duration = Duration::from_secs(10);

/// Whom the call is with, and how far it is.
#[derive(Clone, Default)]
pub struct Call {
    peer: Option<(PeerId, String)>,
    connection: Option<Connection>,
    /// Epoch of a connection that was given up, and when a new one is asked for.
    given_up: Option<(Epoch, Uptime)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Connection {
    media: Attempt,
    epoch: Epoch,
    since: Uptime,
    connected: bool,
}

impl Call {
    /// Who is at the other end.
    pub fn peer(&self) -> Option<&PeerId> {
        self.peer.as_ref().map(|(peer, _)| peer)
    }

    /// The name to show.
    pub fn name(&self) -> &str {
        self.peer.as_ref().map_or("", |(_, name)| name)
    }

    /// The pipeline that is held open, if one is.
    pub fn media(&self) -> Option<Attempt> {
        self.connection.map(|connection| connection.media)
    }

    /// Epoch of the connection.
    pub fn epoch(&self) -> Option<Epoch> {
        self.connection.map(|connection| connection.epoch)
    }

    /// The pipeline of `epoch`; nothing for an older one.
    pub fn media_of(&self, epoch: Epoch) -> Option<Attempt> {
        self.connection.filter(|connection| connection.epoch == epoch).map(|connection| connection.media)
    }

    /// The path to the counter is there.
    pub fn is_connected(&self) -> bool {
        self.connection.is_some_and(|connection| connection.connected)
    }

    /// The room introduces somebody; says whether a connection of `epoch` is to be built. An epoch that is known or
    /// was given up is none.
    pub fn meet(&mut self, peer: PeerId, name: String, epoch: Epoch) -> bool {
        let same = self.peer() == Some(&peer);
        let newest = self.newest();
        self.peer = Some((peer, name));
        !(same && newest.is_some_and(|newest| newest >= epoch))
    }

    /// A connection is being made by the pipeline `media`.
    pub fn build(&mut self, now: Uptime, media: Attempt, epoch: Epoch) {
        self.connection = Some(Connection { media, epoch, since: now, connected: false });
        self.given_up = None;
    }

    /// The path is there.
    pub fn connect(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.connected = true;
        }
    }

    /// The path died or the pipeline failed: a new connection is asked for, at once or after a pause.
    pub fn fail(&mut self, now: Uptime) {
        let pause = if self.is_connected() { Duration::ZERO } else { AFTER_FAILURE };
        self.give_up(now + pause);
    }

    /// The line was lost and is back: what was not connected yet may have lost its offer or answer.
    pub fn doubt(&mut self, now: Uptime) {
        if !self.is_connected() {
            self.give_up(now);
        }
    }

    /// The other end cannot be verified, or must wait until somebody wants to try it again: nothing is asked for before
    /// the next [`Call::tick`].
    pub fn drop_connection(&mut self, now: Uptime) {
        self.give_up(now);
    }

    /// A connection of `epoch` is not built.
    pub fn skip(&mut self, now: Uptime, epoch: Epoch) {
        self.connection = None;
        self.given_up = Some((epoch, now));
    }

    /// The newest connection that was made or given up.
    pub fn newest(&self) -> Option<Epoch> {
        self.epoch().max(self.given_up.map(|(epoch, _)| epoch))
    }

    fn give_up(&mut self, ask_at: Uptime) {
        if let Some(connection) = self.connection.take() {
            self.given_up = Some((connection.epoch, ask_at));
        } else if let Some((_, at)) = &mut self.given_up {
            *at = ask_at;
        }
    }

    /// Takes the passing of time, while line and counter are there; says which epoch's rebuild to ask for now.
    pub fn tick(&mut self, now: Uptime) -> Option<Epoch> {
        if self.connecting_until().is_some_and(|until| now >= until) {
            self.give_up(now);
        }
        let (epoch, at) = self.given_up?;
        if now < at {
            return None;
        }
        self.given_up = Some((epoch, now + AGAIN));
        Some(epoch)
    }

    fn connecting_until(&self) -> Option<Uptime> {
        let connection = self.connection.filter(|connection| !connection.connected)?;
        Some(connection.since + CONNECTING)
    }

    /// When [`Call::tick`] must be called next.
    pub fn wake_at(&self) -> Option<Uptime> {
        self.connecting_until().or(self.given_up.map(|(_, at)| at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meets(call: &mut Call, epoch: u32) -> bool {
        call.meet(PeerId("staff-1".into()), String::new(), Epoch(epoch))
    }

    #[test]
    fn a_connection_given_up_waits_for_a_newer_epoch_and_asks_again() {
        let at = Uptime::from_millis;
        let mut call = Call::default();
        assert!(meets(&mut call, 1));
        call.build(at(0), Attempt(1), Epoch(1));
        call.connect();
        call.fail(at(5_000));
        assert_eq!(call.tick(at(5_000)), Some(Epoch(1)));
        assert!(!meets(&mut call, 1), "the other end still has the old one");
        assert_eq!(call.tick(at(6_000)), None);
        assert_eq!(call.tick(at(15_000)), Some(Epoch(1)), "the word was lost");
        assert!(meets(&mut call, 2));
    }

    #[test]
    fn a_connection_that_is_never_made_is_given_up() {
        let mut call = Call::default();
        call.build(Uptime::ZERO, Attempt(1), Epoch(1));
        assert_eq!(call.tick(Uptime::from_millis(29_999)), None);
        assert_eq!(call.tick(Uptime::from_millis(30_000)), Some(Epoch(1)));
        assert_eq!(call.media(), None);
    }
}
