//! An appointment is given another time: whoever is in the room learns it, the room goes by it, and what cannot be is refused.

use crate::desk::{Desk, eventually, hello};
use jiff::{SignedDuration, Timestamp};
use madoguchi::model::language::Language;
use madoguchi::model::wire::{ByeReason, Proof, ToClient, ToServer};
use madoguchi::room::appointments::reserve::{Wanted, reserve};
use madoguchi::room::store::Store;
use serde_json::{Value, json};

/// A time as the form's field has it.
pub fn field(time: Timestamp) -> String {
    time.in_tz("Asia/Tokyo").unwrap().strftime("%Y-%m-%dT%H:%M").to_string()
}

/// Asks for another time, signed in; gives the answer.
async fn ask(desk: &Desk, appointment: &str, changed: &[(&str, &str)]) -> Value {
    let (cookie, from) = (desk.cookie().await, desk.running().public.clone());
    let kind = "application/x-www-form-urlencoded";
    let headers = [("cookie", cookie.as_str()), ("origin", from.as_str()), ("content-type", kind)];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(changed).finish();
    let path = format!("/api/appointments/{appointment}/time");
    let answer = desk.request("POST", &path, &headers, &body).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

fn done() -> Value {
    json!({ "refused": null, "warning": null })
}

/// An appointment at the demo's counter that starts in so many minutes and lasts half an hour.
pub fn planned(desk: &Desk, minutes: i64) -> String {
    let (store, now) = (Store::open(&desk.demo.database).unwrap(), desk.running_now());
    let wanted = Wanted {
        counter: "kosodate".to_owned(),
        starts: now + SignedDuration::from_mins(minutes),
        minutes: 30,
        languages: vec![Language::Japanese],
        sites: 2,
        remark: String::new(),
        form: None,
    };
    reserve(&store, now, wanted).unwrap().appointment.id
}

fn slot(desk: &Desk, id: &str) -> (Timestamp, Timestamp) {
    let kept = Store::open(&desk.demo.database).unwrap().appointments().unwrap();
    let found = kept.into_iter().find(|appointment| appointment.id == id).unwrap();
    (found.slot.starts, found.slot.ends)
}

#[tokio::test]
async fn a_room_that_is_extended_tells_everybody_and_ends_at_the_new_end() {
    let mut desk = Desk::open().await;
    let (mut guest, welcome) = desk.waiting_guest().await;
    let (mut staff, _) = desk.staff().await;
    let id = desk.demo.appointment.clone();
    let later = desk.demo.ends + SignedDuration::from_mins(30);
    assert_eq!(ask(&desk, &id, &[("ends", &field(later))]).await, done());
    let told = Timestamp::from_second(later.as_second() / 60 * 60).unwrap();
    for peer in [&mut guest, &mut staff] {
        let moved = peer.until(|message| matches!(message, ToClient::Moved { .. })).await;
        let ToClient::Moved { slot, .. } = moved else { unreachable!() };
        assert_eq!((slot.starts, slot.ends), (welcome.slot.starts, told));
    }
    // Past the end that was: the seats are there, and whoever comes back is told the new end, even by another server.
    desk.leave(SignedDuration::from_mins(-10));
    guest.say(&ToServer::Beat).await;
    guest.until(|message| matches!(message, ToClient::Beat { .. })).await;
    let trail = Store::open(&desk.demo.database).unwrap();
    eventually("it is in the trail", async || {
        trail.audit_trail(9).unwrap().iter().any(|line| line.action == "appointment-new-end" && line.staff == "midori")
    })
    .await;
    desk.running.take().unwrap().stop().await;
    desk.start_again().await;
    let mut guest = desk.connect().await;
    guest.say(&hello(Proof::Resume { token: welcome.resume })).await;
    assert_eq!(guest.welcome().await.slot.ends, told);
    desk.leave(SignedDuration::from_mins(-31));
    assert!(matches!(guest.rest().await.last(), Some(ToClient::Bye { reason: ByeReason::SlotOver })));
}

#[tokio::test]
async fn what_cannot_be_is_refused_at_its_field_and_changes_nothing() {
    let desk = Desk::open().await;
    let id = desk.demo.appointment.clone();
    let now = desk.running_now();
    let at = |minutes: i64| field(now + SignedDuration::from_mins(minutes));
    let later = planned(&desk, 60 * 24);
    let before = (slot(&desk, &id), slot(&desk, &later));
    eventually("the server knows it", async || {
        desk.request("GET", "/api/appointments", &[("cookie", &desk.cookie().await)], "").await.contains(&later)
    })
    .await;
    let day = 60 * 24;
    for (which, changed, wrong, why) in [
        (&id, vec![("starts", at(20))], json!("starts"), "begun"),
        (&id, vec![("ends", at(-30))], json!("ends"), "end-before-start"),
        (&id, vec![("ends", at(300))], json!("ends"), "length"),
        (&id, vec![("ends", String::new())], json!("ends"), "ends"),
        (&later, vec![("starts", "soon".to_owned())], json!("starts"), "starts"),
        (&later, vec![("starts", at(day + 40))], json!("ends"), "end-before-start"),
        (&later, vec![("ends", at(day))], json!("ends"), "end-before-start"),
        (&later, vec![("ends", at(day + 3))], json!("ends"), "length"),
        (&later, vec![("starts", at(-60)), ("ends", at(-20))], json!("ends"), "past"),
        (&later, vec![("starts", at(day * 400)), ("ends", at(day * 400 + 30))], json!("starts"), "too-far"),
        (&"NOBODY".to_owned(), vec![("ends", at(30))], Value::Null, "gone"),
    ] {
        let changed: Vec<_> = changed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = ask(&desk, which, &changed).await;
        assert_eq!(answer["refused"], json!({ "field": wrong, "why": why }), "{changed:?}");
    }
    assert_eq!((slot(&desk, &id), slot(&desk, &later)), before);
    // What stays as it is, is no change.
    assert_eq!(ask(&desk, &id, &[]).await, done());
    let trail = Store::open(&desk.demo.database).unwrap().audit_trail(99).unwrap();
    assert!(trail.iter().all(|line| line.action != "appointment-new-end"), "{trail:?}");
    // Nor does one that is over begin again.
    desk.leave(SignedDuration::from_secs(-1));
    assert_eq!(ask(&desk, &id, &[("ends", &at(90))]).await["refused"]["why"], "gone");
}

#[tokio::test]
async fn a_family_in_the_lobby_is_not_shut_out_again() {
    let desk = Desk::open().await;
    // Five minutes before the start: the lobby is open, and somebody is in it.
    desk.leave(SignedDuration::from_mins(65));
    let (mut guest, _) = desk.waiting_guest().await;
    let now = desk.running_now();
    let at = |minutes: i64| field(now + SignedDuration::from_mins(minutes));
    let id = &desk.demo.appointment;
    let tomorrow = [("starts", at(60 * 24)), ("ends", at(60 * 25))];
    let tomorrow = tomorrow.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(ask(&desk, id, &tomorrow).await["refused"], json!({ "field": "starts", "why": "somebody-there" }));
    assert_eq!(ask(&desk, id, &[("starts", &at(9))]).await, done());
    guest.until(|message| matches!(message, ToClient::Moved { .. })).await;
    guest.say(&ToServer::Bye { reason: ByeReason::Left }).await;
    guest.rest().await;
    assert_eq!(ask(&desk, id, &tomorrow).await, done());
    let trail = Store::open(&desk.demo.database).unwrap();
    eventually("both are in the trail", async || {
        trail.audit_trail(99).unwrap().iter().filter(|line| line.action == "appointment-moved").count() == 2
    })
    .await;
}

#[tokio::test]
async fn an_overlap_is_asked_about_as_when_making_one() {
    let desk = Desk::open().await;
    let other = planned(&desk, 70);
    let (id, later) = (&desk.demo.appointment, field(desk.demo.ends + SignedDuration::from_mins(30)));
    let before = slot(&desk, id);
    assert_eq!(ask(&desk, id, &[("ends", &later)]).await, json!({ "refused": null, "warning": other }));
    assert_eq!(slot(&desk, id), before);
    assert_eq!(ask(&desk, id, &[("ends", &later), ("confirmed", "true")]).await, done());
    assert!(slot(&desk, id).1 > before.1);
}
