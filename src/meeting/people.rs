//! What each end of a room knows of the other people in it: a function of the room's state, told whenever it changes.

use super::Out;
use super::room::{Room, Seat};
use crate::model::ids::PeerId;
use crate::model::wire::{PEOPLE, Participant, Role, ToClient, Track, TrackKind};

impl Room {
    /// Tells whoever can hear it, and whose people changed in this turn.
    pub(super) fn tell_people(&mut self, out: &mut Vec<Out>) {
        let able = self.seats.iter().filter(|(_, seat)| seat.is_up() && seat.abilities.has(PEOPLE));
        let news = able.map(|(peer, seat)| (peer.clone(), self.people_around(peer, seat)));
        let news: Vec<(PeerId, Vec<Participant>)> = news.collect();
        for (peer, people) in news {
            let Some(seat) = self.seats.get_mut(&peer).filter(|seat| seat.told != people) else { continue };
            seat.told.clone_from(&people);
            self.send(&peer, ToClient::People { people }, out);
        }
    }

    fn people_around(&self, peer: &PeerId, reader: &Seat) -> Vec<Participant> {
        let others = self.connections.iter().filter_map(|connection| connection.other(peer));
        let others = others.filter_map(|other| Some((other, self.seats.get(other)?)));
        others.map(|(other, seat)| self.participant(reader, other, seat)).collect()
    }

    fn participant(&self, reader: &Seat, id: &PeerId, seat: &Seat) -> Participant {
        let tracks = seat.off.map(|off| {
            let microphone = Track { kind: TrackKind::Microphone, muted: off.microphone };
            vec![microphone, Track { kind: TrackKind::Camera, muted: off.camera }]
        });
        Participant {
            id: id.clone(),
            role: seat.role,
            name: self.name_for(reader, seat),
            present: seat.is_up(),
            admitted: seat.admitted,
            tracks: tracks.unwrap_or_default(),
        }
    }

    /// The name under which `reader` is shown somebody: the counter's, in the reader's language, and none for a guest.
    pub(super) fn name_for(&self, reader: &Seat, seat: &Seat) -> String {
        match seat.role {
            Role::Staff => self.appointment().counter.name.get_by_tag(&reader.language).to_owned(),
            Role::Guest | Role::Unknown => String::new(),
        }
    }
}
