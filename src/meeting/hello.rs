//! Who gets a seat: by room key, by the token of an earlier welcome, or as signed-in staff.

use super::appointment::Standing;
use super::invitation::InvitationState;
use super::room::{Firmware, Line, Off, Room, Seat};
use super::{ConnectionId, Now, Out, Registry, invited_by};
use crate::meeting::key::{KeyHash, hash_of_sent};
use crate::meeting::limits::network_of;
use crate::meeting::rights::Clerk;
use crate::model::ids::PeerId;
use crate::model::language::LanguageTag;
use crate::model::wire::{Abilities, ByeReason, Notice, Proof, Refusal, Role, ToClient, Versions, Welcome};

/// The seat that a hello got.
struct Granted {
    room: String,
    peer: PeerId,
    resumed: bool,
    /// Its earlier media connections are gone with the page that made them.
    anew: bool,
}

/// What lets somebody sit.
enum Comes {
    /// This invitation's key.
    Invited(String),
    /// This account.
    AsStaff(String),
}

/// What somebody says who wants a seat.
pub(super) struct Hello<'a> {
    pub(super) versions: Versions,
    pub(super) proof: &'a Proof,
    pub(super) language: LanguageTag,
    pub(super) abilities: Abilities,
    /// Version of the appliance's firmware.
    pub(super) firmware: Option<String>,
}

impl Registry {
    pub(super) fn hello(&mut self, now: Now, connection: ConnectionId, hello: Hello<'_>, out: &mut Vec<Out>) {
        let Hello { versions, proof, language, abilities, firmware } = hello;
        let version = Versions::OWN.common(versions).ok_or_else(Refusal::version);
        let granted = version.and_then(|version| {
            let granted = match proof {
                Proof::Key { key } => self.by_key(now, connection, key.expose(), language, out),
                Proof::Resume { token } => self.by_token(connection, token.expose(), language, out),
                Proof::Staff { appointment, take_over } => {
                    self.by_staff(now, connection, appointment, *take_over, language, out)
                }
                Proof::Unknown => Err(Refusal::version()),
            };
            granted.map(|granted| (version, granted))
        });
        match granted {
            Ok((version, granted)) => {
                let seat = self.rooms.get_mut(&granted.room).and_then(|room| room.seats.get_mut(&granted.peer));
                if let Some(seat) = seat {
                    seat.abilities = Abilities::of_server().both(&abilities);
                    seat.told.clear();
                    if seat.role == Role::Guest {
                        let oldest = self.settings.oldest_firmware.as_deref();
                        seat.firmware = firmware.map(|version| Firmware::new(version, oldest));
                    }
                }
                self.welcome(now, connection, version, granted, out);
            }
            Err(refusal) => {
                out.push(Out::Send { connection, message: ToClient::Refused(refusal) });
                out.push(Out::Close { connection });
            }
        }
    }

    fn by_key(
        &mut self,
        now: Now,
        connection: ConnectionId,
        key: &str,
        language: LanguageTag,
        out: &mut Vec<Out>,
    ) -> Result<Granted, Refusal> {
        let Some(open) = self.connections.get(&connection) else { return Err(Refusal::Busy) };
        // A key of 130 bits is not guessed, so a right one is never locked out: a whole neighbourhood may share an address
        // (RFC 7597 MAP-E, RFC 6333 DS-Lite). Only wrong ones are told to wait.
        let Some((id, invitation)) = invited_by(&self.rooms, &hash_of_sent(key)) else {
            let counted = self.wrong_keys.failed(now.steady, network_of(open.from));
            return Err(counted
                .err()
                .map_or(Refusal::UnknownKey, |wait_seconds| Refusal::TooManyTries { wait_seconds }));
        };
        let token = KeyHash::of(open.token.expose());
        let Some(room) = self.rooms.get_mut(&id) else { return Err(Refusal::UnknownKey) };
        let state = room.appointment().invitation(&invitation).map(|invitation| invitation.state);
        match (room.appointment().standing, state) {
            (Standing::Revoked, _) => return Err(Refusal::Revoked),
            (Standing::Ended, _) => return Err(Refusal::Over),
            (Standing::Good, Some(InvitationState::Open)) if room.is_over(now.wall) => return Err(Refusal::Over),
            (Standing::Good, Some(InvitationState::Open)) => {}
            (Standing::Good, Some(InvitationState::Burnt)) => return Err(Refusal::LetLeave),
            (Standing::Good, Some(InvitationState::Withdrawn)) => return Err(Refusal::Revoked),
            (Standing::Good, None) => return Err(Refusal::UnknownKey),
        }
        // Somebody with the key in hand comes before a seat whose line is lost.
        room.make_place(&invitation, out)?;
        let peer = room.new_peer(Role::Guest);
        room.sit(&peer, connection, token, language, Comes::Invited(invitation));
        Ok(Granted { room: id, peer, resumed: false, anew: false })
    }

    fn by_token(
        &mut self,
        connection: ConnectionId,
        token: &str,
        language: LanguageTag,
        out: &mut Vec<Out>,
    ) -> Result<Granted, Refusal> {
        let Some(open) = self.connections.get(&connection) else { return Err(Refusal::Busy) };
        let sent = KeyHash::of(token);
        let mut found = None;
        for (id, room) in &self.rooms {
            for (peer, seat) in &room.seats {
                if seat.token.matches(&sent) {
                    found = Some((id.clone(), peer.clone()));
                }
            }
        }
        let Some((id, peer)) = found else {
            // Whoever comes back late has a key as well, and is to use it at once.
            return Err(Refusal::ResumeExpired);
        };
        let Some(room) = self.rooms.get_mut(&id) else { return Err(Refusal::ResumeExpired) };
        let counter = room.appointment().counter.id.clone();
        let Some(seat) = room.seats.get_mut(&peer) else { return Err(Refusal::ResumeExpired) };
        if seat.role == Role::Staff {
            let own = open.staff.as_ref().filter(|clerk| seat.staff.as_ref() == Some(&clerk.name));
            if !own.is_some_and(|clerk| clerk.rights.sits_at(&counter)) {
                return Err(Refusal::NotStaff);
            }
        }
        seat.language = language;
        let token = KeyHash::of(open.token.expose());
        self.take_over(&id, &peer, connection, token, out);
        Ok(Granted { room: id, peer, resumed: true, anew: false })
    }

    fn by_staff(
        &mut self,
        now: Now,
        connection: ConnectionId,
        appointment: &str,
        take_over: bool,
        language: LanguageTag,
        out: &mut Vec<Out>,
    ) -> Result<Granted, Refusal> {
        let Some(open) = self.connections.get(&connection) else { return Err(Refusal::Busy) };
        let Some(Clerk { name: staff, rights, .. }) = open.staff.clone() else { return Err(Refusal::NotStaff) };
        let token = KeyHash::of(open.token.expose());
        let Some(room) = self.rooms.get_mut(appointment) else { return Err(Refusal::NotStaff) };
        // Whose counter it is not learns nothing of it.
        if !rights.sits_at(&room.appointment().counter.id) {
            out.push(Out::Audit { staff, appointment: appointment.to_owned(), action: "seat-refused" });
            return Err(Refusal::NotStaff);
        }
        if room.appointment().standing == Standing::Revoked {
            return Err(Refusal::Revoked);
        }
        if room.is_over(now.wall) {
            return Err(Refusal::Over);
        }
        let own = room.seats.iter_mut().find(|(_, seat)| seat.staff.as_ref() == Some(&staff));
        if let Some((peer, seat)) = own {
            let peer = peer.clone();
            seat.language = language;
            self.take_over(appointment, &peer, connection, token, out);
            return Ok(Granted { room: appointment.to_owned(), peer, resumed: true, anew: true });
        }
        if !room.has_place(Role::Staff) {
            let Some((peer, by)) = room.whom_to_relieve() else { return Err(Refusal::RoomFull) };
            if !take_over {
                return Err(Refusal::Taken { by });
            }
            room.relieve(&peer, staff, language, out);
            self.take_over(appointment, &peer, connection, token, out);
            return Ok(Granted { room: appointment.to_owned(), peer, resumed: true, anew: true });
        }
        let peer = room.new_peer(Role::Staff);
        room.sit(&peer, connection, token, language, Comes::AsStaff(staff));
        room.audit(&peer, "joined", out);
        Ok(Granted { room: appointment.to_owned(), peer, resumed: false, anew: false })
    }

    /// A newer connection of the same participant takes its seat.
    fn take_over(&mut self, room: &str, peer: &PeerId, by: ConnectionId, token: KeyHash, out: &mut Vec<Out>) {
        let Some(seat) = self.rooms.get_mut(room).and_then(|room| room.seats.get_mut(peer)) else { return };
        seat.token = token;
        if let Line::Up(old) = std::mem::replace(&mut seat.line, Line::Up(by)) {
            out.push(Out::Send { connection: old, message: ToClient::Bye { reason: ByeReason::Replaced } });
            out.push(Out::Close { connection: old });
            self.connections.remove(&old);
        }
    }

    fn welcome(&mut self, now: Now, connection: ConnectionId, version: u16, granted: Granted, out: &mut Vec<Out>) {
        let (Some(open), Some(room)) = (self.connections.get_mut(&connection), self.rooms.get_mut(&granted.room))
        else {
            return;
        };
        let peer = granted.peer;
        open.seat = Some((granted.room, peer.clone()));
        let appointment = room.appointment();
        let seat = room.seats.get(&peer);
        let admitted = granted.resumed && seat.is_some_and(|seat| seat.admitted);
        let outdated = seat.and_then(|seat| seat.firmware.as_ref()).is_some_and(|firmware| firmware.outdated);
        let welcome = Welcome {
            version,
            abilities: seat.map(|seat| seat.abilities.clone()).unwrap_or_default(),
            you: peer.clone(),
            server_time: now.wall,
            slot: appointment.slot.clone(),
            time_zone: self.settings.time_zone.clone(),
            counter: appointment.counter.name.clone(),
            telephone: appointment.counter.telephone.clone(),
            rules: crate::model::wire::RULES_VERSION.to_owned(),
            ice_servers: room.ice_servers(now.wall, &peer),
            relay_only: self.settings.turn.relay_only,
            resume: open.token.clone(),
            admitted,
            outdated,
        };
        out.push(Out::Send { connection, message: ToClient::Welcome(welcome) });
        room.seated_again(&peer, granted.anew, out);
    }
}

impl Room {
    fn sit(&mut self, peer: &PeerId, connection: ConnectionId, token: KeyHash, language: LanguageTag, comes: Comes) {
        let (role, staff, invitation) = match comes {
            Comes::Invited(invitation) => (Role::Guest, None, Some(invitation)),
            Comes::AsStaff(account) => (Role::Staff, Some(account), None),
        };
        let (line, admitted) = (Line::Up(connection), role == Role::Staff);
        let seat = Seat {
            role,
            line,
            token,
            language,
            abilities: Abilities::default(),
            told: Vec::new(),
            staff,
            invitation,
            consented: admitted,
            admitted,
            off: None,
            firmware: None,
        };
        self.seats.insert(peer.clone(), seat);
    }

    /// Whether a seat of `role` is free: one place always stays for the counter, and one for a guest.
    fn has_place(&self, role: Role) -> bool {
        let sites = usize::from(self.appointment().sites.max(2));
        let same = self.seats.values().filter(|seat| seat.role == role).count();
        self.seats.len() < sites && same < sites - 1
    }

    /// Whose seat at the counter another clerk may take: one whose line is lost before one who is there.
    fn whom_to_relieve(&self) -> Option<(PeerId, String)> {
        let held = self.seats.iter().filter_map(|(peer, seat)| Some((peer, seat, seat.staff.clone()?)));
        let (peer, _, by) = held.min_by_key(|(_, seat, _)| matches!(seat.line, Line::Up(_)))?;
        Some((peer.clone(), by))
    }

    /// Gives a seat at the counter to another account. For the guest it is the same seat, whose connection is made anew and at
    /// which nothing is off until it is said.
    fn relieve(&mut self, peer: &PeerId, staff: String, language: LanguageTag, out: &mut Vec<Out>) {
        self.send(peer, ToClient::TakenOver { by: staff.clone() }, out);
        self.audit(peer, "relieved", out);
        if let Some(seat) = self.seats.get_mut(peer) {
            (seat.staff, seat.language) = (Some(staff), language);
            seat.off = Some(Off { microphone: false, camera: false, speaker: false });
        }
        self.audit(peer, "took-over", out);
    }

    /// Finds a guest's free seat, or frees one of the same invitation whose line is lost.
    fn make_place(&mut self, invitation: &str, out: &mut Vec<Out>) -> Result<(), Refusal> {
        loop {
            if self.has_place(Role::Guest) {
                return Ok(());
            }
            let own_and_lost = |seat: &Seat| seat.invitation.as_deref() == Some(invitation) && !seat.is_up();
            let lost = self.seats.iter().find(|(_, seat)| own_and_lost(seat));
            let Some(lost) = lost.map(|(peer, _)| peer.clone()) else { return Err(Refusal::RoomFull) };
            self.free(&lost, None, out);
        }
    }

    /// What a participant needs to know after its welcome, and the others about it.
    fn seated_again(&mut self, peer: &PeerId, anew: bool, out: &mut Vec<Out>) {
        let Some(seat) = self.seats.get(peer) else { return };
        if seat.role == Role::Guest && seat.consented && !seat.admitted {
            self.send(peer, ToClient::Lobby { staff_present: self.staff_present() }, out);
        }
        if seat.role == Role::Staff {
            self.notice(Some(Role::Guest), Notice::StaffPresent, out);
        }
        self.connect(peer, anew, out);
        if self.hold {
            self.send(peer, ToClient::Notice { notice: Notice::Hold }, out);
        }
    }
}
