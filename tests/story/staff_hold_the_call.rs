//! Staff pause picture and sound both ways; nothing flows until they go on.

use crate::life::{Life, minutes, seconds};
use madoguchi::model::turn::Gates;

#[test]
fn staff_hold_the_call() {
    let mut life = Life::talking();
    life.staff(|room| room.hold(true));
    life.until("session-held");
    assert_eq!(life.media.gates, Gates::default());
    assert!(life.screen().telephone.is_some());
    life.waits(minutes(3));
    life.expect_face("session-held");
    life.staff(|room| room.hold(false));
    life.until("session-live-good");
    assert!(life.media.gates.picture && life.media.gates.sound && life.media.gates.show);
}

/// The clerk's own microphone is off: the silence is explained.
#[test]
fn a_muted_clerk_is_said_so() {
    use madoguchi::model::ids::PeerId;
    use madoguchi::model::screen::Aside;
    use madoguchi::model::wire::ToClient;
    let mut life = Life::talking();
    for microphone in [true, false] {
        let peer = PeerId("staff-1".to_owned());
        life.staff(|room| room.say(ToClient::Muted { peer, microphone, camera: false, speaker: false }));
        life.waits(seconds(1));
        assert_eq!(life.screen().aside, microphone.then_some(Aside::StaffMuted));
    }
}

/// The clerk's camera is off: the dark TV is explained.
#[test]
fn a_camera_that_the_clerk_switched_off_is_said_so() {
    use madoguchi::model::ids::PeerId;
    use madoguchi::model::screen::Aside;
    use madoguchi::model::wire::ToClient;
    let mut life = Life::talking();
    for camera in [true, false] {
        let peer = PeerId("staff-1".to_owned());
        life.staff(|room| room.say(ToClient::Muted { peer, microphone: false, camera, speaker: false }));
        life.waits(seconds(1));
        assert_eq!(life.screen().aside, camera.then_some(Aside::StaffCameraOff));
    }
}

/// The word that the pause is over was lost with the line.
#[test]
fn a_hold_that_ended_while_the_line_was_lost_is_over() {
    let mut life = Life::talking();
    life.staff(|room| room.hold(true));
    life.until("session-held");
    life.line_dies();
    life.until("session-coming-back");
    life.waits(seconds(5));
    life.staff(|room| room.hold(false));
    life.line_comes_back();
    life.until("session-live-good");
}
