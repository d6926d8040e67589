//! The media connections of a room, apart from the people in it: between whom, who offers, which epoch.

use super::Out;
use super::limits::Bucket;
use super::room::{Room, Seat};
use crate::model::ids::{Epoch, PeerId};
use crate::model::uptime::Uptime;
use crate::model::wire::{Role, ToClient};

/// A media connection between two participants.
pub(super) struct Connection {
    /// Who offers (RFC 8829, section 4.1).
    pub(super) offerer: PeerId,
    pub(super) answerer: PeerId,
    pub(super) epoch: Epoch,
    /// Something for the other end was lost while its line was down: the connection must be made anew.
    pub(super) missed: bool,
    /// One end could not verify the other. The audit trail names it once a connection.
    unverified: bool,
    rebuilds: Bucket,
}

impl Connection {
    pub(super) fn new(offerer: PeerId, answerer: PeerId, epoch: Epoch) -> Self {
        Self { offerer, answerer, epoch, missed: false, unverified: false, rebuilds: Bucket::new(6, 3_000) }
    }

    /// Who is at the other end than `peer`.
    pub(super) fn other(&self, peer: &PeerId) -> Option<&PeerId> {
        if self.offerer == *peer {
            Some(&self.answerer)
        } else if self.answerer == *peer {
            Some(&self.offerer)
        } else {
            None
        }
    }
}

/// The policy of a room: which two are connected, and whether the first of them offers. Every guest who agreed to the rules is
/// connected with the counter, and offers.
fn first_offers(first: &Seat, second: &Seat) -> Option<bool> {
    match (first.role, second.role) {
        (Role::Guest, Role::Staff) => first.consented.then_some(true),
        (Role::Staff, Role::Guest) => second.consented.then_some(false),
        _ => None,
    }
}

impl Room {
    fn next_epoch(&mut self) -> Epoch {
        self.last_epoch += 1;
        Epoch(self.last_epoch)
    }

    /// Connects `peer` with everybody whom the policy says, and tells both ends. `anew` gives what is connected a new epoch.
    pub(super) fn connect(&mut self, peer: &PeerId, anew: bool, out: &mut Vec<Out>) {
        let Some(own) = self.seats.get(peer) else { return };
        let others = self.seats.iter().filter(|(_, seat)| seat.is_up());
        let others = others.filter_map(|(other, seat)| Some((other.clone(), first_offers(own, seat)?)));
        let others: Vec<(PeerId, bool)> = others.collect();
        for (other, offers) in others {
            let index = match self.connections.iter().position(|one| one.other(peer) == Some(&other)) {
                Some(index) => {
                    if anew || self.connections[index].missed {
                        self.renew(index);
                    }
                    index
                }
                None => {
                    let epoch = self.next_epoch();
                    let (offerer, answerer) = if offers { (peer.clone(), other) } else { (other, peer.clone()) };
                    self.connections.push(Connection::new(offerer, answerer, epoch));
                    self.connections.len() - 1
                }
            };
            self.tell_ends(index, out);
        }
    }

    /// The connection of `epoch` is given up for a new one.
    pub(super) fn rebuild(&mut self, now: Uptime, peer: &PeerId, epoch: Epoch, out: &mut Vec<Out>) -> Result<(), ()> {
        let Some(index) = self.connections.iter().position(|one| one.epoch == epoch && one.other(peer).is_some())
        else {
            // Both ends may ask for it at the same time: the second asks about a connection that is already gone.
            return Ok(());
        };
        self.connections[index].rebuilds.take(now).map_err(|_| ())?;
        self.renew(index);
        self.tell_ends(index, out);
        Ok(())
    }

    fn renew(&mut self, index: usize) {
        let epoch = self.next_epoch();
        if let Some(connection) = self.connections.get_mut(index) {
            (connection.epoch, connection.missed, connection.unverified) = (epoch, false, false);
        }
    }

    /// An end of the connection of `epoch` could not verify the other, which is told; nothing is rebuilt by itself. The
    /// staff account names the incident, because nothing may be kept about the family.
    pub(super) fn unverified(&mut self, peer: &PeerId, epoch: Epoch, out: &mut Vec<Out>) {
        let Some(one) = self.connections.iter_mut().find(|one| one.epoch == epoch && one.other(peer).is_some()) else {
            return;
        };
        if std::mem::replace(&mut one.unverified, true) {
            return;
        }
        let Some(other) = one.other(peer).cloned() else { return };
        // Only an end of the counter has an account to be named.
        for end in [peer, &other] {
            self.audit(end, "peer-unverified", out);
        }
        self.send(&other, ToClient::PeerUnverified { peer: peer.clone(), epoch }, out);
    }

    fn tell_ends(&self, index: usize, out: &mut Vec<Out>) {
        let Some(one) = self.connections.get(index) else { return };
        for (to, about) in [(&one.offerer, &one.answerer), (&one.answerer, &one.offerer)] {
            self.tell_peer(to, about, one.epoch, out);
            if let Some(off) = self.seats.get(about).and_then(|seat| seat.off) {
                self.send(to, off.told_of(about), out);
            }
        }
    }

    /// With whom `peer` is connected.
    pub(super) fn others_connected(&self, peer: &PeerId) -> Vec<PeerId> {
        self.connections.iter().filter_map(|one| one.other(peer)).cloned().collect()
    }
}
