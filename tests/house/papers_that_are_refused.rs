//! Papers that do not lead in: each is named for what it is, and the right one works afterwards.

use crate::desk::Desk;
use crate::home::{Home, count, eventually};
use jiff::{SignedDuration, Timestamp};
use madoguchi::meeting::appointment::Standing;
use madoguchi::meeting::invitation::InvitationState;
use madoguchi::model::language::Language;
use madoguchi::model::screen::{HoldDoes, PressDoes};
use madoguchi::room::appointments::reserve::{Made, Wanted, reserve};
use madoguchi::room::demo;
use madoguchi::room::store::Store;
use std::path::Path;

/// Appointments beside today's, as the city's store holds them.
struct Others {
    burnt: Made,
    ended: Made,
    past: Made,
}

fn make(database: &Path) -> Others {
    let store = Store::open(database).unwrap();
    let make = |hours: i64| {
        let then = Timestamp::now() - SignedDuration::from_hours(hours);
        let wanted = Wanted { remark: String::new(), ..demo::open_now(then) };
        reserve(&store, then, wanted).unwrap()
    };
    let (burnt, ended) = (make(0), make(0));
    store.set_invitation(&burnt.appointment.id, &burnt.invitation.id, InvitationState::Burnt).unwrap();
    store.set_standing(&ended.appointment.id, Standing::Ended).unwrap();
    Others { burnt, ended, past: make(5) }
}

pub async fn every_wrong_paper_is_named_and_the_right_one_works() {
    let mut others = None;
    let desk = Desk::open_with(|config| others = Some(make(&config.database))).await;
    let (others, public) = (others.unwrap(), desk.running().public.clone());
    let mut home = Home::near(&desk).await;
    let text = |made: &Made| made.key_url(&public, Language::Japanese).expose().to_owned();
    home.has_paper("burnt", &text(&others.burnt));
    home.has_paper("ended", &text(&others.ended));
    home.has_paper("past", &text(&others.past));
    home.has_paper("unknown", &format!("{public}/j?l=ja#ZZZZZZZZZZZZZZZZZZZZZZZZZZ"));
    home.has_paper("damaged", &format!("{public}/j?l=ja#TOOSHORT"));
    home.is_asked_for_the_paper().await;

    // What is not for this device is never asked of any server.
    for (paper, face) in [
        ("room-elsewhere", "qr-show-paper-another-city"),
        ("wifi-good", "qr-show-paper-wifi-instead"),
        ("damaged", "qr-show-paper-damaged-key"),
    ] {
        home.shows(paper).await;
        home.reads(face, PressDoes::TryOut, HoldDoes::StartAgain).await;
    }
    let lines = home.trace_to("qr-show-paper-damaged-key").await;
    assert_eq!(count(&lines, "OpenLink"), 0, "{lines:#?}");
    home.puts_paper_away().await;

    for (paper, face) in [
        ("unknown", "ready-refused-unknown-key"),
        ("burnt", "ready-refused-let-leave"),
        ("ended", "ready-refused-over"),
        ("past", "ready-refused-over"),
        ("room-yesterday", "ready-refused-over"),
    ] {
        home.shows(paper).await;
        home.reads(face, PressDoes::ShowCode, HoldDoes::StartAgain).await;
        let lines = home.trace_to(face).await;
        assert_eq!(count(&lines, "OpenLink"), 1, "asked once, not again by itself: {lines:#?}");
        home.puts_paper_away().await;
        home.presses().await;
        home.is_asked_for_the_paper().await;
    }

    home.shows("paper").await;
    home.reads("ready-mirror", PressDoes::Next, HoldDoes::Language).await;
    home.puts_paper_away().await;
    // Staff withdraw the appointment while the family looks at itself.
    revoke(&desk).await;
    home.reads("ready-refused-revoked", PressDoes::ShowCode, HoldDoes::StartAgain).await;
    let control = home.house.control();
    eventually("the camera is closed", || control.camera_open() == 0).await;
    home.presses().await;
    home.is_asked_for_the_paper().await;
    home.shows("paper").await;
    home.reads("ready-refused-revoked", PressDoes::ShowCode, HoldDoes::StartAgain).await;
    home.puts_paper_away().await;
    home.presses().await;
    home.goes_on_well().await;
    home.moves_out().await;
}

async fn revoke(desk: &Desk) {
    let cookie = desk.cookie().await;
    let path = format!("/api/appointments/{}/revoke", desk.demo.appointment);
    let answer = desk.request("POST", &path, &[("cookie", &cookie), ("origin", &desk.running().public)], "").await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
}
