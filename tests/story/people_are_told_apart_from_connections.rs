//! A newer server tells who else is in the room apart from the connection; the one whom the call is with is shown.

use crate::life::Life;
use madoguchi::model::ids::PeerId;
use madoguchi::model::screen::Aside;
use madoguchi::model::wire::{Participant, Role, ToClient, Track, TrackKind};

fn person(id: &str, role: Role, muted: bool) -> Participant {
    let tracks = vec![Track { kind: TrackKind::Microphone, muted }, Track { kind: TrackKind::Unknown, muted: true }];
    Participant { id: PeerId(id.to_owned()), role, name: String::new(), present: true, admitted: true, tracks }
}

#[test]
fn people_are_told_apart_from_connections() {
    let mut life = Life::talking();
    let tell = |life: &mut Life, people| {
        life.staff(|room| room.say(ToClient::People { people }));
        life.expect_face("session-live");
        life.waits(crate::life::seconds(1));
        life.screen().aside
    };
    // An interpreter whom nobody here knows what to do with, and the counter.
    let others = |muted| vec![person("interpreter-3", Role::Unknown, true), person("staff-1", Role::Staff, muted)];
    assert_eq!(tell(&mut life, others(true)), Some(Aside::StaffMuted));
    assert_eq!(tell(&mut life, others(false)), None, "another one's microphone is nothing to the counter's");
    assert_eq!(tell(&mut life, Vec::new()), None);
    assert_eq!(life.media.built, 1, "people make no connection");
}
