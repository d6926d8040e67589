//! A clerk sees and reaches what belongs to the counters that the account is for, and nothing else; and no longer than it is.

use crate::desk::{Desk, Peer, eventually, header, hello};
use clap::Parser;
use madoguchi::meeting::appointment::Counter;
use madoguchi::model::language::Language;
use madoguchi::model::wire::{ByeReason, Proof, Refusal, ToClient, ToServer, Words};
use madoguchi::room::command::{Command, run};
use madoguchi::room::store::Store;
use serde_json::Value;

const PASSWORD: &str = "わかばの丘と青い空を見る";

/// What a command says; `database` is the desk's.
async fn command(desk: &Desk, line: &[&str]) -> String {
    let database = desk.demo.database.display().to_string();
    let [what, does, rest @ ..] = line else { panic!("a command has two words") };
    let words = [&["madoguchi-room", what, does, "--database", &database], rest].concat();
    let mut said = Vec::new();
    let typed = format!("{PASSWORD}\n");
    let done = run(Command::parse_from(words), Language::English, &mut typed.as_bytes(), &mut said).await;
    done.map_or_else(|error| error.to_string(), |()| String::from_utf8(said).unwrap())
}

/// With a second counter, and accounts as they are asked for.
async fn desk_with(accounts: &[(&str, &[&str])]) -> Desk {
    let desk = Desk::open().await;
    let name = Words::ja_en("税務窓口", "Taxes");
    let counter = Counter { id: "zeimu".to_owned(), name, telephone: "0422-00-9999".to_owned() };
    Store::open(&desk.demo.database).unwrap().put_counter(&counter).unwrap();
    for (name, rights) in accounts {
        let said = command(&desk, &[&["staff", "add", name], *rights].concat()).await;
        assert!(said.contains("can sign in"), "{said}");
    }
    desk
}

async fn cookie(desk: &Desk, name: &str) -> String {
    let answer = desk.sign_in(name, PASSWORD).await;
    header(&answer, "set-cookie").unwrap_or_else(|| panic!("{answer}")).split(';').next().unwrap().to_owned()
}

async fn list(desk: &Desk, cookie: &str) -> Value {
    let answer = desk.request("GET", "/api/appointments", &[("cookie", cookie)], "").await;
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

async fn seat(desk: &Desk, cookie: &str) -> Peer {
    let mut peer = Peer::connect(desk.running(), Some(cookie)).await.unwrap();
    peer.say(&hello(Proof::Staff { appointment: desk.demo.appointment.clone(), take_over: true })).await;
    peer
}

#[tokio::test]
async fn another_counters_appointment_is_neither_seen_nor_reached() {
    let desk = desk_with(&[("ken", &["--role", "desk", "--counter", "zeimu"])]).await;
    let (own, from) = (cookie(&desk, "ken").await, desk.running().public.clone());
    let listed = list(&desk, &own).await;
    assert_eq!(
        (listed["appointments"].as_array().unwrap().len(), listed["counters"].as_array().unwrap().len()),
        (0, 1)
    );
    assert_eq!(listed["counters"][0]["id"], "zeimu");
    assert!(matches!(seat(&desk, &own).await.rest().await.as_slice(), [ToClient::Refused(Refusal::NotStaff)]));
    let id = &desk.demo.appointment;
    let form = "application/x-www-form-urlencoded";
    let headers = [("cookie", own.as_str()), ("origin", from.as_str()), ("content-type", form)];
    let wanted = "counter=kosodate&starts=2030-01-01T10:00&minutes=30&sites=2&form=x";
    for (path, body, status, says) in [
        (format!("/api/appointments/{id}/revoke"), "", 404, "no such appointment"),
        (format!("/api/appointments/{id}/time"), "ends=2030-01-01T10:00", 200, r#""why":"gone""#),
        (format!("/sheet/{id}"), "", 404, ""),
        (format!("/sheet/{id}/pdf"), "key=x", 404, ""),
        ("/sheet".to_owned(), wanted, 422, ""),
        ("/api/appointments/check".to_owned(), wanted, 200, r#""why":"counter""#),
    ] {
        let answer = desk.request("POST", &path, &headers, body).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(says), "{path}: {answer}");
    }
    // Nor does the account exist less for having tried: all of it is in the trail.
    let store = Store::open(&desk.demo.database).unwrap();
    eventually("the refusals are kept", async || {
        let trail = store.audit_trail(100).unwrap();
        let of = |action: &str| trail.iter().filter(|line| line.staff == "ken" && line.action == action).count();
        of("seat-refused") == 1 && of("counter-refused") == 5
    })
    .await;
}

#[tokio::test]
async fn a_lender_makes_papers_and_sits_with_nobody() {
    let desk = desk_with(&[("ken", &["--role", "lender", "--counter", "kosodate"])]).await;
    let (own, from) = (cookie(&desk, "ken").await, desk.running().public.clone());
    let listed = list(&desk, &own).await;
    assert_eq!(
        (listed["appointments"][0]["id"].as_str(), listed["appointments"][0]["may_sit"].as_bool()),
        (Some(desk.demo.appointment.as_str()), Some(false))
    );
    assert!(matches!(seat(&desk, &own).await.rest().await.as_slice(), [ToClient::Refused(Refusal::NotStaff)]));
    let headers = [("cookie", own.as_str()), ("origin", from.as_str())];
    let paper = desk.request("POST", &format!("/sheet/{}", desk.demo.appointment), &headers, "").await;
    assert!(paper.starts_with("HTTP/1.1 200"), "{paper}");
}

#[tokio::test]
async fn a_removed_account_and_one_whose_counter_changed_leave_their_seat_and_are_signed_out() {
    let desk = desk_with(&[("ken", &[])]).await;
    let (mut guest, _) = desk.waiting_guest().await;
    let changes: [&[&str]; 2] = [&["staff", "add", "ken", "--counter", "zeimu"], &["staff", "remove", "ken"]];
    for change in changes {
        let own = cookie(&desk, "ken").await;
        let mut staff = seat(&desk, &own).await;
        staff.welcome().await;
        command(&desk, change).await;
        let last = staff.rest().await;
        assert!(matches!(last.last(), Some(ToClient::Bye { reason: ByeReason::SignedOut })));
        let answer = desk.request("GET", "/api/appointments", &[("cookie", &own)], "").await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        command(&desk, &["staff", "add", "ken", "--counter", "*"]).await;
    }
    guest.say(&ToServer::Beat).await;
    guest.until(|message| matches!(message, ToClient::Beat { .. })).await;
}

#[tokio::test]
async fn accounts_of_an_earlier_version_may_do_everything_and_new_ones_what_is_said() {
    let desk =
        desk_with(&[("ken", &["--role", "lender", "--role", "admin", "--counter", "zeimu"]), ("hana", &[])]).await;
    let said = command(&desk, &["staff", "list"]).await;
    assert_eq!(said, "hana\tdesk\t*\nken\tlender admin\tzeimu\nmidori\tdesk lender admin\t*\n");
    // Another password leaves the rest as it was.
    command(&desk, &["staff", "add", "ken"]).await;
    assert_eq!(command(&desk, &["staff", "list"]).await, said);
    let wrong = command(&desk, &["staff", "add", "ken", "--role", "chief"]).await;
    assert!(wrong.contains("write desk, lender or admin"), "{wrong}");
    let wrong = command(&desk, &["staff", "add", "ken", "--counter", "nowhere"]).await;
    assert!(wrong.contains("known are: kosodate, zeimu"), "{wrong}");
    // As it was before there were rights.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("room.sqlite");
    drop(Store::create(&file).unwrap());
    let database = rusqlite::Connection::open(&file).unwrap();
    database.execute_batch("INSERT INTO staff (name, password) VALUES ('midori', 'x')").unwrap();
    let rights = Store::open(&file).unwrap().staff().unwrap().remove("midori").unwrap();
    assert!(rights.sits_at("kosodate") && rights.reaches("zeimu"));
}
