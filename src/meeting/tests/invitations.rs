//! Several invitations to one appointment: each has a key of its own, and what becomes of one is nothing to the others.

use super::*;

fn invited(sites: u8) -> Room {
    Room::to(Appointment { invitations: family_and_interpreter(), ..appointment(sites) })
}

/// Both are in the call: (family, interpreter, staff).
fn both_in_call(room: &mut Room) -> (ConnectionId, ConnectionId, ConnectionId) {
    let (family, staff) = room.in_call();
    let interpreter = room.with_key(SECOND_KEY);
    room.say(interpreter, ToServer::Consent { rules: RULES_VERSION.to_owned() });
    let peer = room.welcome(interpreter).you;
    room.say(staff, ToServer::Admit { peer });
    (family, interpreter, staff)
}

#[test]
fn let_leave_burns_one_invitation_and_the_other_still_gets_in() {
    let mut room = invited(3);
    let (family, interpreter, staff) = both_in_call(&mut room);
    let heard = room.heard(interpreter).len();
    let peer = room.welcome(family).you;
    room.say(staff, ToServer::LetLeave { peer });
    assert_eq!(room.bye(family), Some(ByeReason::LetLeave));
    assert_eq!(room.heard(interpreter).len(), heard, "the other one is not disturbed");
    assert_eq!(room.invitations, [(FIRST.to_owned(), InvitationState::Burnt)]);
    assert!(!room.registry.states(at(0))["A1"].burnt, "a key still lets somebody in");

    let again = room.guest();
    assert_eq!(room.refusal(again), Some(Refusal::LetLeave));
    room.say(interpreter, ToServer::Bye { reason: ByeReason::Left });
    let interpreter = room.with_key(SECOND_KEY);
    let peer = room.welcome(interpreter).you;
    room.say(interpreter, ToServer::Consent { rules: RULES_VERSION.to_owned() });
    room.say(staff, ToServer::LetLeave { peer });
    let again = room.with_key(SECOND_KEY);
    assert_eq!(room.refusal(again), Some(Refusal::LetLeave));
    assert!(room.registry.states(at(0))["A1"].burnt, "nobody gets in any more");
    assert_eq!(room.standing, Standing::Good, "and the appointment is still there");
}

#[test]
fn another_key_makes_only_its_own_invitation_good_again() {
    let mut room = invited(3);
    let (family, interpreter, staff) = both_in_call(&mut room);
    for guest in [family, interpreter] {
        let peer = room.welcome(guest).you;
        room.say(staff, ToServer::LetLeave { peer });
    }
    let (appointment, invitation) = ("A1".to_owned(), SECOND.to_owned());
    let key = KeyHash::of(&KEY.replace('S', "T"));
    room.turn(In::NewKey { appointment, invitation, key, by: "hana".to_owned() });
    let (old, old_family) = (room.with_key(SECOND_KEY), room.guest());
    assert_eq!((room.refusal(old), room.refusal(old_family)), (Some(Refusal::UnknownKey), Some(Refusal::LetLeave)));
    let renewed = room.with_key(&KEY.replace('S', "T"));
    assert!(!room.welcome(renewed).admitted);
}

#[test]
fn withdrawing_an_appointment_burns_every_key() {
    let mut room = invited(3);
    let (family, interpreter, _) = both_in_call(&mut room);
    room.turn(In::Revoke { appointment: "A1".to_owned(), by: None });
    assert_eq!([room.bye(family), room.bye(interpreter)], [Some(ByeReason::Revoked); 2]);
    let (family, interpreter) = (room.guest(), room.with_key(SECOND_KEY));
    assert_eq!([room.refusal(family), room.refusal(interpreter)], [const { Some(Refusal::Revoked) }; 2]);
}

/// How many there may be is the room's policy: in one of two sites the second waits until the first has left.
#[test]
fn a_room_for_one_guest_takes_either_invitation_but_not_both() {
    for [first, second] in [[KEY, SECOND_KEY], [SECOND_KEY, KEY]] {
        let mut room = invited(2);
        let seated = room.with_key(first);
        let token = room.welcome(seated).resume;
        let other = room.with_key(second);
        assert_eq!(room.refusal(other), Some(Refusal::RoomFull));
        // A seat whose line is lost is kept from another's key, and given to whoever has its own.
        room.gone(seated);
        let other = room.with_key(second);
        assert_eq!(room.refusal(other), Some(Refusal::RoomFull));
        let again = room.with_key(first);
        assert!(room.is_seated(again));
        let resumed = room.resume(&token, None);
        assert_eq!(room.refusal(resumed), Some(Refusal::ResumeExpired));
        room.gone(again);
        room.wait(i64::try_from(RESUME_SECONDS).unwrap());
        let other = room.with_key(second);
        assert!(room.is_seated(other));
    }
}

#[test]
fn a_restart_forgets_nobodys_invitation_and_an_older_servers_guest_is_the_family() {
    for older in [false, true] {
        let mut room = invited(3);
        let (family, interpreter, staff) = both_in_call(&mut room);
        let guest = if older { family } else { interpreter };
        let [guest_token, staff_token] = [guest, staff].map(|one| room.welcome(one).resume);
        let mut running = serde_json::to_value(room.kept.clone().unwrap()).unwrap();
        for seat in running["seats"].as_array_mut().unwrap().iter_mut().filter(|_| older) {
            seat.as_object_mut().unwrap().remove("invitation");
        }
        let running = serde_json::from_value(running).unwrap();
        let mut room = invited(3);
        room.next = 100;
        room.turn(In::Restore { appointment: "A1".to_owned(), running });
        let (guest, staff) = (room.resume(&guest_token, None), room.resume(&staff_token, Some("hana")));
        let peer = room.welcome(guest).you;
        room.say(staff, ToServer::LetLeave { peer });
        let burnt = if older { FIRST } else { SECOND };
        assert_eq!(room.invitations, [(burnt.to_owned(), InvitationState::Burnt)]);
    }
}
