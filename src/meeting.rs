//! Who is in which room, and what may happen next: pure, the time is an argument.
//!
//! One turn is [`Registry::handle`]: something happened, and these messages, closings and notes for the store
//! follow from it. [`Registry::wake_in`] says when it wants to be woken, and why.

pub mod appointment;
mod connections;
mod events;
mod hello;
pub mod invitation;
pub mod key;
pub mod limits;
mod may_stay;
mod people;
pub mod rights;
mod room;
mod slot;
mod speak;
#[cfg(test)]
mod tests;
pub mod turn;

use crate::model::ids::{Epoch, PeerId};
use crate::model::language::LanguageTag;
use crate::model::secret::Secret;
use crate::model::update;
use crate::model::uptime::Uptime;
use crate::model::wire::{ByeReason, Role, ToClient, ToServer, Versions};
use appointment::{Appointment, Standing, State};
pub use events::{Fault, In, Out, Why};
use hello::Hello;
use jiff::Timestamp;
use key::KeyHash;
use limits::{Bucket, Failures, network_of};
pub use may_stay::Accounts;
use rights::Clerk;
use room::Room;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use turn::Turn;

/// Numbers one WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The time of a turn, by both of the server's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The wall clock: appointments go by it. It may be set, in either direction.
    pub wall: Timestamp,
    /// Time since the server's start: how long something takes. Nobody can set it.
    pub steady: Uptime,
}

/// A connection says hello within this time.
pub const HELLO_WITHIN: Duration = Duration::from_secs(15);
/// So many malformed or misplaced messages end a connection.
pub const FAULTS_ALLOWED: u32 = 16;
/// Messages of one connection: so many at once ...
pub const MESSAGES_AT_ONCE: u32 = 200;
/// ... and then one in so many milliseconds.
pub const MESSAGE_EACH_MS: u64 = 25;

/// A room's seats and links, as the store keeps them over a restart. Nothing in it says who anybody is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    seats: Vec<RunningSeat>,
    links: Vec<(PeerId, PeerId, Epoch)>,
    last_epoch: u32,
    last_peer: u32,
    hold: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RunningSeat {
    peer: PeerId,
    role: Role,
    token: String,
    language: LanguageTag,
    staff: Option<String>,
    /// By which invitation a guest came. An older server knew of one for each appointment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invitation: Option<String>,
    consented: bool,
    admitted: bool,
    muted: Option<(bool, bool)>,
    /// Not in what an older server kept.
    #[serde(default)]
    no_sound: bool,
}

/// What the registry is told once.
#[derive(Clone)]
pub struct Settings {
    /// IANA time zone in which times are shown.
    pub time_zone: String,
    /// STUN and TURN servers.
    pub turn: Arc<Turn>,
    /// A device with an older firmware is to be brought back.
    pub oldest_firmware: Option<String>,
}

/// A line to somebody: one WebSocket.
struct Socket {
    from: IpAddr,
    staff: Option<Clerk>,
    since: Uptime,
    token: Secret,
    seat: Option<(String, PeerId)>,
    hello_by: Uptime,
    messages: Bucket,
    faults: u32,
}

/// Every room of the server.
pub struct Registry {
    settings: Settings,
    rooms: BTreeMap<String, Room>,
    connections: BTreeMap<ConnectionId, Socket>,
    wrong_keys: Failures,
}

impl Registry {
    /// A server without rooms.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            rooms: BTreeMap::new(),
            connections: BTreeMap::new(),
            wrong_keys: Failures::new(Bucket::new(10, 6_000), Bucket::new(300, 200)),
        }
    }

    /// One turn.
    pub fn handle(&mut self, now: Now, input: In) -> Vec<Out> {
        let mut out = Vec::new();
        self.pass_time(now, &mut out);
        let connection = input.connection();
        let mut touched = self.touched_by(&input);
        match input {
            In::Appointment(appointment) => self.appointment(appointment, &mut out),
            In::Appointments(all) => {
                for appointment in all {
                    self.appointment(appointment, &mut out);
                }
            }
            In::Restore { appointment, running } => {
                if let Some(room) = self.rooms.get_mut(&appointment) {
                    room.restore(now, running);
                }
            }
            In::Revoke { appointment, by } => {
                self.revoke(&appointment, &mut out);
                if let Some(staff) = by {
                    out.push(Out::Audit { staff, appointment, action: "appointment-revoked" });
                }
            }
            In::NewKey { appointment, invitation, key, by } => {
                if let Some(room) = self.rooms.get_mut(&appointment) {
                    room.set_key(&invitation, key);
                    out.push(Out::Audit { staff: by, appointment, action: "new-paper" });
                }
            }
            In::Move { appointment, slot, by } => self.move_to(now, appointment, &slot, by, &mut out),
            In::Connect { connection, from, staff, token } => {
                let fresh = Socket {
                    from,
                    staff,
                    since: now.steady,
                    token,
                    seat: None,
                    hello_by: now.steady + HELLO_WITHIN,
                    messages: Bucket::new(MESSAGES_AT_ONCE, MESSAGE_EACH_MS),
                    faults: 0,
                };
                self.connections.insert(connection, fresh);
            }
            In::Message { connection, message } => self.message(now, connection, message, &mut out),
            In::Noise { connection } => {
                self.within_rate(now, connection, &mut out);
            }
            In::Fault { connection, fault } => {
                let (code, text) = match fault {
                    Fault::Malformed => ("malformed", "This is not a message of this vocabulary."),
                    Fault::TooLarge => ("too-large", "The message is longer than 65536 bytes."),
                };
                self.fault(now, connection, code, text, &mut out);
            }
            In::Accounts { accounts, as_of } => self.look_who_may_stay(now, &accounts, as_of, &mut out),
            In::Gone { connection } => self.gone(now, connection, &mut out),
            In::Closing => self.say_bye_to_all(&mut out),
            In::Wake => {}
        }
        // A hello gives a seat only now.
        touched.extend(connection.and_then(|connection| self.room_of(connection)));
        for (id, room) in &mut self.rooms {
            if std::mem::take(&mut room.touched) || touched.contains(id) {
                room.tell_people(&mut out);
                out.extend(room.changed().map(|running| Out::Keep { appointment: id.clone(), running }));
            }
        }
        // A connection that is being closed says nothing any more, whatever is still on its way from it.
        for item in &out {
            if let Out::Close { connection } = item {
                self.connections.remove(connection);
            }
        }
        out
    }

    fn room_of(&self, connection: ConnectionId) -> Option<String> {
        self.connections.get(&connection)?.seat.as_ref().map(|(room, _)| room.clone())
    }

    /// The rooms that an input may change: looking at each of thousands for every pong would be most of the work.
    fn touched_by(&self, input: &In) -> BTreeSet<String> {
        match input {
            In::Noise { .. } | In::Wake | In::Closing | In::Appointments(_) => BTreeSet::new(),
            In::Appointment(appointment) => [appointment.id.clone()].into(),
            In::Restore { appointment, .. }
            | In::Revoke { appointment, .. }
            | In::NewKey { appointment, .. }
            | In::Move { appointment, .. } => [appointment.clone()].into(),
            In::Accounts { .. } => self.rooms.keys().cloned().collect(),
            In::Connect { connection, .. }
            | In::Message { connection, .. }
            | In::Fault { connection, .. }
            | In::Gone { connection } => self.room_of(*connection).into_iter().collect(),
        }
    }

    /// How long from `now` until the registry wants [`In::Wake`], and why.
    pub fn wake_in(&self, now: Now) -> Option<(Duration, Why)> {
        let hello = self.connections.values().filter(|connection| connection.seat.is_none());
        let hello = hello.map(|connection| (now.steady.until(connection.hello_by), Why::NoHello)).min();
        self.rooms.values().filter_map(|room| room.wake_in(now)).chain(hello).min()
    }

    /// How many connections of a network (a household, or a neighbourhood behind one address) have no seat yet, and the
    /// oldest of them. `None` counts everybody's.
    pub fn without_seat(&self, of: Option<IpAddr>) -> (usize, Option<ConnectionId>) {
        let network = of.map(network_of);
        let seatless = self.connections.iter().filter(|(_, open)| open.seat.is_none());
        let mut seatless = seatless.filter(|(_, open)| network.is_none_or(|network| network_of(open.from) == network));
        let oldest = seatless.next().map(|(id, _)| *id);
        (seatless.count() + usize::from(oldest.is_some()), oldest)
    }

    /// The state of every appointment, for the staff's list.
    pub fn states(&self, now: Timestamp) -> BTreeMap<String, State> {
        self.rooms.iter().map(|(id, room)| (id.clone(), room.state(now))).collect()
    }

    /// How many connections are open and how many seats are taken, for the metrics.
    pub fn load(&self) -> (usize, usize) {
        (self.connections.len(), self.rooms.values().map(Room::seated).sum())
    }

    fn appointment(&mut self, appointment: Appointment, out: &mut Vec<Out>) {
        let (id, withdrawn) = (appointment.id.clone(), appointment.standing == Standing::Revoked);
        let room = self.rooms.entry(id.clone()).or_insert_with(|| Room::new(appointment, self.settings.turn.clone()));
        // Somebody may withdraw it in the store, at the command line.
        if withdrawn && room.appointment().standing != Standing::Revoked {
            self.revoke(&id, out);
        }
    }

    fn revoke(&mut self, appointment: &str, out: &mut Vec<Out>) {
        if let Some(room) = self.rooms.get_mut(appointment) {
            room.touched = true;
            room.set_standing(Standing::Revoked, out);
            room.dismiss_all(ByeReason::Revoked, out);
        }
    }

    fn pass_time(&mut self, now: Now, out: &mut Vec<Out>) {
        for room in self.rooms.values_mut() {
            room.pass_time(now, out);
        }
        let late = self.connections.iter().filter(|(_, open)| open.seat.is_none() && open.hello_by <= now.steady);
        let late: Vec<_> = late.map(|(id, _)| *id).collect();
        for connection in late {
            out.push(Out::Send { connection, message: ToClient::Bye { reason: ByeReason::Misbehaved } });
            out.push(Out::Close { connection });
            self.connections.remove(&connection);
        }
    }

    fn gone(&mut self, now: Now, connection: ConnectionId, out: &mut Vec<Out>) {
        let Some(gone) = self.connections.remove(&connection) else { return };
        let Some((room, peer)) = gone.seat else { return };
        if let Some(room) = self.rooms.get_mut(&room) {
            room.line_lost(now.steady, &peer, connection, out);
        }
    }

    /// The seats are kept (for the store), so that everybody may resume them at the restarted server.
    fn say_bye_to_all(&self, out: &mut Vec<Out>) {
        for connection in self.connections.keys().copied() {
            out.push(Out::Send { connection, message: ToClient::Bye { reason: ByeReason::ServerClosing } });
            out.push(Out::Close { connection });
        }
    }

    /// Answers a message that is malformed or out of place, and ends the connection when there are too many.
    fn fault(&mut self, now: Now, connection: ConnectionId, code: &str, text: &str, out: &mut Vec<Out>) {
        let Some(open) = self.connections.get_mut(&connection) else { return };
        // Messages to somebody who has just left are in order: they crossed on the way.
        open.faults += u32::from(code != "no-such-peer");
        if open.faults <= FAULTS_ALLOWED {
            let message = ToClient::Error { code: code.to_owned(), text: text.to_owned() };
            out.push(Out::Send { connection, message });
            return;
        }
        out.push(Out::Send { connection, message: ToClient::Bye { reason: ByeReason::Misbehaved } });
        out.push(Out::Close { connection });
        let seat = open.seat.take();
        self.connections.remove(&connection);
        if let Some((room, peer)) = seat
            && let Some(room) = self.rooms.get_mut(&room)
        {
            // The seat may be resumed: a line that garbles messages is not the family's doing.
            room.line_lost(now.steady, &peer, connection, out);
        }
    }

    /// Counts one message of whatever kind; `false` when it was one too many and is dropped.
    fn within_rate(&mut self, now: Now, connection: ConnectionId, out: &mut Vec<Out>) -> bool {
        let Some(open) = self.connections.get_mut(&connection) else { return false };
        if open.messages.take(now.steady).is_ok() {
            return true;
        }
        self.fault(now, connection, "too-many", "Too many messages; this one was dropped.", out);
        false
    }

    fn message(&mut self, now: Now, connection: ConnectionId, message: ToServer, out: &mut Vec<Out>) {
        if !self.within_rate(now, connection, out) {
            return;
        }
        let Some(open) = self.connections.get_mut(&connection) else { return };
        let seat = open.seat.clone();
        match (seat, message) {
            (_, ToServer::Beat) => {
                out.push(Out::Send { connection, message: ToClient::Beat { server_time: now.wall } });
            }
            (None, ToServer::Hello { version, newest, proof, language, abilities, firmware }) => {
                let firmware = firmware.filter(|written| update::is_version(written));
                let versions = Versions::said(version, newest);
                let hello = Hello { versions, proof: &proof, language, abilities, firmware };
                self.hello(now, connection, hello, out);
            }
            (None, _) => self.fault(now, connection, "not-now", "Say hello first.", out),
            (Some((room, peer)), message) => {
                let Some(room) = self.rooms.get_mut(&room) else { return };
                if let Err((code, text)) = room.speak(now, &peer, message, out) {
                    self.fault(now, connection, code, text, out);
                }
            }
        }
    }
}

/// Finds the room and the invitation whose key hashes to `hash`. Every invitation is compared, so the time says nothing about
/// the key.
fn invited_by(rooms: &BTreeMap<String, Room>, hash: &KeyHash) -> Option<(String, String)> {
    let mut found = None;
    for (id, room) in rooms {
        for invitation in &room.appointment().invitations {
            if invitation.key.matches(hash) {
                found = Some((id, &invitation.id));
            }
        }
    }
    found.map(|(room, invitation)| (room.clone(), invitation.clone()))
}
