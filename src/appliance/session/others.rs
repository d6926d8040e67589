//! The other people in the room. Of them the one whom the call is with is shown today.

use crate::model::ids::PeerId;
use crate::model::wire::{Participant, Role, Track, TrackKind};

/// Everybody else in the room, as far as the server told.
#[derive(Clone, Default)]
pub(super) struct Others(Vec<Participant>);

impl Others {
    /// A server that can say so tells who is there, whenever that changes.
    pub(super) fn told(&mut self, people: Vec<Participant>) {
        self.0 = people;
    }

    /// An older server introduces somebody together with a connection.
    pub(super) fn meet(&mut self, id: &PeerId, role: Role, name: &str, admitted: bool) {
        let name = name.to_owned();
        match self.0.iter_mut().find(|person| person.id == *id) {
            Some(known) => (known.role, known.name, known.present, known.admitted) = (role, name, true, admitted),
            None => {
                self.0.push(Participant { id: id.clone(), role, name, present: true, admitted, tracks: Vec::new() })
            }
        }
    }

    /// Somebody's line is lost, or they have left.
    pub(super) fn gone(&mut self, id: &PeerId, may_return: bool) {
        self.0.retain(|person| may_return || person.id != *id);
        if let Some(person) = self.0.iter_mut().find(|person| person.id == *id) {
            person.present = false;
        }
    }

    /// What is off at somebody's end.
    pub(super) fn mute(&mut self, id: &PeerId, microphone: bool, camera: bool) {
        if let Some(person) = self.0.iter_mut().find(|person| person.id == *id) {
            let microphone = Track { kind: TrackKind::Microphone, muted: microphone };
            person.tracks = vec![microphone, Track { kind: TrackKind::Camera, muted: camera }];
        }
    }

    /// Whether that is off at somebody's end. Nothing is before it was said.
    pub(super) fn is_off(&self, id: Option<&PeerId>, kind: TrackKind) -> bool {
        let person = self.0.iter().find(|person| Some(&person.id) == id);
        person.and_then(|person| person.track(kind)).is_some_and(|track| track.muted)
    }

    /// Another seat, perhaps in another room: nobody is known there yet.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> PeerId {
        PeerId(name.to_owned())
    }

    #[test]
    fn a_server_that_tells_and_an_older_one_come_to_the_same() {
        let mut older = Others::default();
        older.meet(&id("staff-1"), Role::Staff, "窓口", true);
        older.mute(&id("staff-1"), true, false);
        older.mute(&id("nobody"), true, true);
        let mut newer = Others::default();
        newer.told(older.0.clone());
        for others in [&older, &newer] {
            let off =
                |who: &str| [TrackKind::Microphone, TrackKind::Camera].map(|kind| others.is_off(Some(&id(who)), kind));
            assert_eq!((off("staff-1"), off("nobody")), ([true, false], [false, false]));
            assert!(!others.is_off(None, TrackKind::Microphone));
        }
        assert_eq!(older.0.len(), 1);
    }

    #[test]
    fn who_comes_back_is_the_same_and_who_has_left_is_forgotten() {
        let mut others = Others::default();
        others.meet(&id("staff-1"), Role::Staff, "", true);
        others.meet(&id("interpreter-2"), Role::Unknown, "", false);
        others.mute(&id("staff-1"), false, true);
        others.gone(&id("staff-1"), true);
        others.gone(&id("interpreter-2"), false);
        assert_eq!(
            others.0.iter().map(|person| (&*person.id.0, person.present)).collect::<Vec<_>>(),
            [("staff-1", false)]
        );
        others.meet(&id("staff-1"), Role::Staff, "", true);
        assert!(others.0[0].present && others.is_off(Some(&id("staff-1")), TrackKind::Camera));
        others.gone(&id("staff-1"), false);
        others.meet(&id("staff-1"), Role::Staff, "", true);
        assert!(!others.is_off(Some(&id("staff-1")), TrackKind::Camera));
    }
}
