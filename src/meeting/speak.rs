//! What a seated participant says, and what follows from it.

use super::appointment::Standing;
use super::room::{Line, Off, Room};
use super::{Now, Out};
use crate::model::ids::{Epoch, PeerId};
use crate::model::wire::{ByeReason, Notice, RULES_VERSION, Role, ToClient, ToServer};

/// Code and sentence of [`ToClient::Error`].
type Fault = (&'static str, &'static str);

const NOT_NOW: Fault = ("not-now", "This message does not belong here.");
const NOT_ALLOWED: Fault = ("not-allowed", "Only the other role may say this.");
const NO_SUCH_PEER: Fault = ("no-such-peer", "Nobody of that name is connected with you.");

impl Room {
    pub(super) fn speak(
        &mut self,
        now: Now,
        peer: &PeerId,
        message: ToServer,
        out: &mut Vec<Out>,
    ) -> Result<(), Fault> {
        let Some(seat) = self.seats.get(peer) else { return Err(NOT_NOW) };
        match (seat.role, message) {
            (_, ToServer::Hello { .. }) => Err(("not-now", "You have a seat already.")),
            (Role::Guest, ToServer::Consent { rules }) => self.consent(now, peer, &rules, out),
            (Role::Guest, ToServer::Offer { to, epoch, sdp }) => {
                self.relay(peer, &to, epoch, ToClient::Offer { from: peer.clone(), epoch, sdp }, out)
            }
            (Role::Staff, ToServer::Answer { to, epoch, sdp }) => {
                self.relay(peer, &to, epoch, ToClient::Answer { from: peer.clone(), epoch, sdp }, out)
            }
            (_, ToServer::Candidate { to, epoch, candidate }) => {
                self.relay(peer, &to, epoch, ToClient::Candidate { from: peer.clone(), epoch, candidate }, out)
            }
            (_, ToServer::Rebuild { epoch }) => self
                .rebuild(now.steady, peer, epoch, out)
                .map_err(|()| ("too-many", "The connection was rebuilt too often; wait a few seconds.")),
            (_, ToServer::Unverified { epoch }) => {
                self.unverified(peer, epoch, out);
                Ok(())
            }
            (_, ToServer::Mute { microphone, camera, speaker }) => {
                self.mute(peer, Off { microphone, camera, speaker }, out);
                Ok(())
            }
            (role, ToServer::Stats { stats }) => {
                let told = if role == Role::Guest { self.others_connected(peer) } else { Vec::new() };
                for staff in told {
                    self.send(&staff, ToClient::PeerStats { peer: peer.clone(), stats }, out);
                }
                Ok(())
            }
            (_, ToServer::Bye { reason: _ }) => {
                self.audit(peer, "left", out);
                self.free(peer, Some(ByeReason::Left), out);
                Ok(())
            }
            (Role::Staff, message) => self.staff_says(peer, message, out),
            (Role::Guest | Role::Unknown, _) => Err(NOT_ALLOWED),
        }
    }

    fn staff_says(&mut self, peer: &PeerId, message: ToServer, out: &mut Vec<Out>) -> Result<(), Fault> {
        match message {
            ToServer::Admit { peer: guest } => self.admit(peer, &guest, out),
            ToServer::LetLeave { peer: guest } => {
                let seat = self.seats.get(&guest).filter(|seat| seat.role == Role::Guest);
                let invitation = seat.ok_or(NO_SUCH_PEER)?.invitation.clone();
                self.audit(peer, "let-leave", out);
                if let Some(invitation) = invitation {
                    self.burn(&invitation, out);
                }
                self.free(&guest, Some(ByeReason::LetLeave), out);
                Ok(())
            }
            ToServer::Hold { on } => {
                if self.hold != on {
                    self.hold = on;
                    self.audit(peer, if on { "hold" } else { "unhold" }, out);
                    self.notice(None, if on { Notice::Hold } else { Notice::Unhold }, out);
                }
                Ok(())
            }
            ToServer::WillPhone => {
                self.audit(peer, "will-phone", out);
                self.notice(None, Notice::WillPhone, out);
                Ok(())
            }
            ToServer::End => {
                self.audit(peer, "ended", out);
                self.set_standing(Standing::Ended, out);
                self.dismiss_all(ByeReason::Ended, out);
                Ok(())
            }
            _ => Err(NOT_ALLOWED),
        }
    }

    fn consent(&mut self, now: Now, peer: &PeerId, rules: &str, out: &mut Vec<Out>) -> Result<(), Fault> {
        if now.wall < self.appointment().slot.opens {
            return Err(("not-now", "The lobby is not open yet."));
        }
        let Some(seat) = self.seats.get_mut(peer) else { return Err(NOT_NOW) };
        if seat.consented {
            return Err(NOT_NOW);
        }
        if rules != RULES_VERSION {
            return Err(("not-allowed", "These are not the rules of this server; show the current ones."));
        }
        seat.consented = true;
        // Staff who came before the lobby opened have none yet, either.
        self.tell_servers(now.wall, out);
        self.send(peer, ToClient::Lobby { staff_present: self.staff_present() }, out);
        self.connect(peer, false, out);
        if self.hold {
            self.send(peer, ToClient::Notice { notice: Notice::Hold }, out);
        }
        Ok(())
    }

    fn admit(&mut self, staff: &PeerId, guest: &PeerId, out: &mut Vec<Out>) -> Result<(), Fault> {
        match self.seats.get_mut(guest) {
            Some(seat) if seat.role == Role::Guest && seat.consented => {
                if seat.admitted {
                    return Ok(());
                }
                seat.admitted = true;
            }
            _ => return Err(NO_SUCH_PEER),
        }
        self.audit(staff, "admitted", out);
        self.send(guest, ToClient::Admitted, out);
        for connection in &self.connections {
            if let Some(other) = connection.other(guest) {
                self.tell_peer(other, guest, connection.epoch, out);
            }
        }
        Ok(())
    }

    fn mute(&mut self, peer: &PeerId, off: Off, out: &mut Vec<Out>) {
        if let Some(seat) = self.seats.get_mut(peer) {
            seat.off = Some(off);
        }
        for other in self.others_connected(peer) {
            self.send(&other, off.told_of(peer), out);
        }
    }

    /// Passes a message on between two ends of a connection. An older epoch is an answer to an old question: it changes
    /// nothing, and nobody did wrong.
    fn relay(
        &mut self,
        from: &PeerId,
        to: &PeerId,
        epoch: Epoch,
        message: ToClient,
        out: &mut Vec<Out>,
    ) -> Result<(), Fault> {
        let Some(index) = self.connections.iter().position(|one| one.other(from) == Some(to)) else {
            return Err(NO_SUCH_PEER);
        };
        let current = self.connections[index].epoch;
        if epoch > current {
            return Err(("not-now", "This connection does not exist yet."));
        }
        if epoch < current {
            return Ok(());
        }
        match self.seats.get(to).map(|seat| seat.line) {
            Some(Line::Up(_)) => self.send(to, message, out),
            _ => self.connections[index].missed = true,
        }
        Ok(())
    }
}
