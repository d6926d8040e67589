//! The ledger of devices and loans as a page and a program meet it: who may, what becomes of two at once, tables, papers, and
//! how quick a full one is.

use crate::desk::{Desk, header};
use jiff::SignedDuration;
use madoguchi::meeting::appointment::Counter;
use madoguchi::meeting::rights::{Counters, Rights, StaffRole};
use madoguchi::model::wire::Words;
use madoguchi::room::store::{Checked, Store};
use madoguchi::room::web::sign_in::hash_password;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The demo city with a second counter, and clerks of one thing each.
async fn desk() -> Desk {
    let desk = Desk::open().await;
    let store = Store::open(&desk.demo.database).unwrap();
    let name = Words::ja_en("税務窓口", "Taxes");
    store.put_counter(&Counter { id: "zeimu".to_owned(), name, telephone: "0422-00-9999".to_owned() }).unwrap();
    let accounts = [("ken", StaffRole::Lender, "kosodate"), ("rei", StaffRole::Lender, "zeimu")];
    for (name, role, counter) in accounts.into_iter().chain([("sora", StaffRole::Desk, "kosodate")]) {
        let rights = Rights { roles: [role].into(), counters: Counters::These([counter.to_owned()].into()) };
        store.put_staff_with(name, &hash_password(name, &desk.demo.password).unwrap(), &rights).unwrap();
    }
    desk
}

/// A clerk's browser, as far as HTTP goes.
struct Clerk<'a> {
    desk: &'a Desk,
    cookie: String,
}

impl<'a> Clerk<'a> {
    async fn of(desk: &'a Desk, name: &str) -> Self {
        let answer = desk.sign_in(name, desk.demo.password.expose()).await;
        let cookie = header(&answer, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
        Self { desk, cookie }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        apart(&self.desk.request("GET", path, &[("cookie", &self.cookie)], "").await)
    }

    async fn list(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    async fn post(&self, path: &str, kind: &str, body: &str) -> (u16, Value) {
        let from = self.desk.running().public.clone();
        let headers = [("cookie", self.cookie.as_str()), ("origin", &from), ("content-type", kind)];
        let (status, body) = apart(&self.desk.request("POST", path, &headers, body).await);
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    async fn wants(&self, change: Value) -> (u16, Value) {
        self.post("/api/ledger", "application/json", &change.to_string()).await
    }

    async fn table(&self, query: &str, text: &str) -> Value {
        let (status, answer) = self.post(&format!("/api/ledger/table?{query}"), "text/csv", text).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

fn apart(answer: &str) -> (u16, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn device(number: &str) -> Value {
    json!({"what": "device", "revision": null, "terms": {"number": number, "board": "Raspberry Pi 4", "health": "good"}})
}

fn loan(desk: &Desk, number: &str, device: Option<&str>) -> Value {
    json!({"what": "loan", "revision": null, "terms": {
        "number": number, "device": device, "from": day(desk, 0), "until": day(desk, 14), "counters": ["kosodate"],
        "languages": ["ja", "en"]
    }})
}

/// So many days from today, at the counter.
fn day(desk: &Desk, days: i64) -> String {
    let zone = jiff::tz::TimeZone::get(&desk.config.time_zone).unwrap();
    let then = desk.running_now() + SignedDuration::from_hours(24 * days);
    then.to_zoned(zone).date().to_string()
}

fn step(number: &str, revision: u32, step: &str) -> Value {
    json!({"what": "step", "loan": number, "revision": revision, "step": step})
}

#[tokio::test]
async fn only_who_lends_gets_to_the_ledger_and_only_to_the_loans_of_the_own_counters() {
    let desk = desk().await;
    let stranger = Clerk { desk: &desk, cookie: String::new() };
    let (ken, rei, sora) =
        (Clerk::of(&desk, "ken").await, Clerk::of(&desk, "rei").await, Clerk::of(&desk, "sora").await);
    for (clerk, page, rows) in [(&stranger, 303, 401), (&sora, 303, 403), (&ken, 200, 200)] {
        assert_eq!(clerk.get("/loans").await.0, page);
        for path in ["/api/ledger/loans", "/api/ledger/devices", "/ledger/loans.csv", "/ledger/list", "/ledger/labels"]
        {
            assert_eq!(clerk.get(path).await.0, rows, "{path}");
        }
        let expected = if rows == 200 { 404 } else { rows };
        assert_eq!(clerk.wants(step("L-9", 1, "withdraw")).await.0, expected);
    }
    assert_eq!(ken.list("/api/appointments").await["may_lend"], true);
    assert_eq!(sora.list("/api/appointments").await["may_lend"], false);
    assert_eq!(ken.wants(device("D-1")).await.0, 200);
    assert_eq!(ken.wants(loan(&desk, "L-1", Some("D-1"))).await.0, 200);
    assert_eq!(ken.list("/api/ledger/loans").await["count"], 1);
    // To another counter's clerk there is no such loan.
    assert_eq!(rei.list("/api/ledger/loans").await["count"], 0);
    assert!(!rei.get("/ledger/loans.csv").await.1.contains("L-1"));
    assert!(!rei.get("/ledger/list").await.1.contains("L-1"));
    let (status, refused) = rei.wants(step("L-1", 1, "withdraw")).await;
    assert_eq!((status, refused["why"].as_str()), (404, Some("no-such")));
    let (status, refused) = rei.wants(loan(&desk, "L-2", None)).await;
    assert_eq!((status, &refused), (422, &json!({"why": "field", "field": "counters", "problem": "counter"})));
    // And no other page changes anything.
    let elsewhere = [("cookie", ken.cookie.as_str()), ("origin", "https://elsewhere.example")];
    let answer = desk.request("POST", "/api/ledger", &elsewhere, &step("L-1", 1, "withdraw").to_string()).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[tokio::test]
async fn a_loan_is_lent_due_lost_and_returned_and_every_step_is_in_the_trail() {
    let desk = desk().await;
    let (ken, midori) = (Clerk::of(&desk, "ken").await, Clerk::of(&desk, &desk.demo.staff).await);
    ken.wants(device("d-1")).await;
    ken.wants(loan(&desk, "L-1", Some("D-1"))).await;
    assert_eq!(ken.list("/api/ledger/loans").await["rows"][0]["steps"], json!(["lend", "withdraw"]));
    let (status, row) = ken.wants(step("L-1", 1, "lend")).await;
    assert_eq!((status, row["state"].as_str(), row["revision"].as_u64()), (200, Some("lent"), Some(2)));
    let taken = ken.list("/api/ledger/devices?filter=taken").await;
    assert_eq!((taken["rows"][0]["loan"].as_str(), taken["count"].as_u64()), (Some("L-1"), Some(1)));
    // A colleague with the page of before is told who did what, and changes nothing.
    let (status, refused) = midori.wants(step("L-1", 1, "withdraw")).await;
    assert_eq!((status, refused["why"].as_str()), (409, Some("stale")));
    let newer = &refused["newer"];
    assert_eq!((newer["changed"]["by"].as_str(), newer["changed"]["did"].as_str()), (Some("ken"), Some("loan-lent")));
    assert_eq!((newer["row"].as_str(), newer["state"].as_str()), (Some("loan"), Some("lent")));
    assert_eq!(ken.list("/api/ledger/loans").await["due"], 0);
    desk.advance(SignedDuration::from_hours(24 * 14));
    let ken = Clerk::of(&desk, "ken").await;
    let due = ken.list("/api/ledger/loans?filter=due").await;
    assert_eq!((due["due"].as_u64(), due["rows"][0]["standing"].as_str()), (Some(1), Some("due")));
    desk.advance(SignedDuration::from_hours(24));
    let ken = Clerk::of(&desk, "ken").await;
    assert_eq!(ken.list("/api/ledger/loans").await["rows"][0]["standing"], "overdue");
    let extend = json!({"what": "step", "loan": "L-1", "revision": 2, "step": "extend", "until": day(&desk, 7)});
    assert_eq!(ken.wants(extend).await.1["revision"], 3);
    assert_eq!(ken.wants(step("L-1", 3, "lose")).await.1["state"], "lost");
    assert_eq!(ken.list("/api/ledger/devices?filter=trouble").await["count"], 1);
    let back = json!({"what": "step", "loan": "L-1", "revision": 4, "step": "return", "receipt": "K7Q2-88"});
    assert_eq!(ken.wants(back).await.1["receipt"], "K7Q2-88");
    assert_eq!(ken.wants(step("L-1", 5, "lose")).await.1, json!({"why": "step", "state": "returned"}));
    let store = Store::open(&desk.demo.database).unwrap();
    let trail = store.audit_trail(100).unwrap();
    let did: Vec<_> = trail.iter().rev().filter(|line| line.appointment.as_deref() == Some("L-1")).collect();
    let did: Vec<_> = did.iter().map(|line| (line.staff.as_str(), line.action.as_str())).collect();
    let steps = ["loan-added", "loan-lent", "loan-extended", "loan-lost", "loan-returned"];
    assert_eq!(did, steps.map(|step| ("ken", step)));
    assert!(matches!(store.check_trail().unwrap(), Checked::Whole { .. }));
}

#[tokio::test]
async fn what_looks_like_a_person_is_asked_about_and_then_taken() {
    let desk = desk().await;
    let ken = Clerk::of(&desk, "ken").await;
    let mut named = device("D-1");
    named["terms"]["remark"] = "連絡先 090-1234-5678".into();
    assert_eq!(ken.wants(named.clone()).await, (422, json!({"why": "doubt", "field": "remark", "looks": "telephone"})));
    assert_eq!(ken.list("/api/ledger/devices").await["count"], 0);
    named["confirmed"] = true.into();
    assert_eq!(ken.wants(named).await.0, 200);
}

#[tokio::test]
async fn a_table_goes_to_a_spreadsheet_and_back_all_of_it_or_nothing() {
    let desk = desk().await;
    let (ken, rei) = (Clerk::of(&desk, "ken").await, Clerk::of(&desk, "rei").await);
    let devices = "番号,基板,調子,備考\r\nD-1,Raspberry Pi 4,良好,=1+1\r\nD-2,Raspberry Pi 4,故障,\r\n";
    let looked = ken.table("table=devices", devices).await;
    assert_eq!((looked["done"].as_u64(), looked["applied"].as_bool()), (Some(2), Some(false)));
    assert_eq!(ken.list("/api/ledger/devices").await["count"], 0, "a dry run changes nothing");
    let plan = looked["plan"].as_str().unwrap();
    assert_eq!(ken.table(&format!("table=devices&plan={plan}"), devices).await["applied"], true);
    let (_, saved) = ken.get("/ledger/devices.csv").await;
    assert!(saved.starts_with("\u{feff}番号,基板,") && saved.contains("'=1+1"), "{saved}");
    assert_eq!(ken.table("table=devices", &saved).await["same"], 2, "what is saved is what there is");
    // As Excel in Japan saves it.
    let written = encoding_rs::SHIFT_JIS.encode("番号,備考\r\nD-1,予備の電源つき\r\n").0;
    let from = desk.running().public.clone();
    let head = format!(
        "POST /api/ledger/table?table=devices HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: {}\r\norigin: {from}\r\n\
         content-length: {}\r\n\r\n",
        ken.cookie,
        written.len()
    );
    let answer = raw(&desk, &[head.as_bytes(), &*written].concat()).await;
    assert!(answer.contains("\"done\":1"), "{answer}");

    let (from, until) = (day(&desk, 0), day(&desk, 9));
    let loans = format!("番号,機器,開始日,返却期限,窓口,ことば,状態\nL-1,D-1,{from},{until},kosodate,ja,貸出中\n");
    let wrong = format!("{loans}L-2,D-2,{from},{until},kosodate,ja,\nL-3,,{from},きのう,kosodate,ja,\n");
    let looked = ken.table("table=loans", &wrong).await;
    assert_eq!((looked["done"].as_u64(), looked["refused"].as_u64()), (Some(1), Some(2)));
    let refused: Vec<_> = looked["lines"].as_array().unwrap().iter().map(|line| &line["refusal"]["problem"]).collect();
    assert_eq!(refused, [&json!("unfit"), &json!("day"), &Value::Null]);
    let plan = looked["plan"].as_str().unwrap();
    assert_eq!(ken.table(&format!("table=loans&plan={plan}"), &wrong).await["applied"], false);
    assert_eq!(ken.list("/api/ledger/loans").await["count"], 0, "all of it or nothing");
    let looked = ken.table("table=loans", &loans).await;
    assert_eq!(looked["lines"][0]["steps"], json!(["loan-added", "loan-lent"]));
    let plan = looked["plan"].as_str().unwrap().to_owned();
    // Somebody was faster with the device: the plan is another one now.
    let other = loan(&desk, "L-7", Some("D-1"));
    assert_eq!(ken.wants(other).await.0, 200);
    let late = ken.table(&format!("table=loans&plan={plan}"), &loans).await;
    assert_eq!((late["applied"].as_bool(), late["refused"].as_u64()), (Some(false), Some(1)));
    assert_eq!(late["lines"][0]["refusal"], json!({"why": "device-taken", "loan": "L-7"}));
    // Another counter's rows are not theirs to change, and are not told.
    let theirs = rei.table("table=loans", "番号,状態\nL-7,取りやめ\n").await;
    assert_eq!(theirs["lines"][0]["refusal"], json!({"why": "exists"}));
    assert_eq!(ken.post("/api/ledger/table?table=loans", "text/csv", "なにか,別の\n1,2\n").await.0, 422);
    assert!(matches!(Store::open(&desk.demo.database).unwrap().check_trail().unwrap(), Checked::Whole { .. }));
}

async fn raw(desk: &Desk, request: &[u8]) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(desk.running().address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(crate::desk::PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

#[tokio::test]
async fn labels_have_a_code_each_and_nothing_on_paper_is_markup() {
    let desk = desk().await;
    let ken = Clerk::of(&desk, "ken").await;
    for number in ["D-1", "D-2"] {
        ken.wants(device(number)).await;
    }
    let mut marked = loan(&desk, "L-1", None);
    marked["terms"]["remark"] = "<b>&</b>".into();
    ken.wants(marked).await;
    let (_, labels) = ken.get("/ledger/labels?find=D-2&language=en").await;
    assert!(labels.contains("<html lang=\"en\">") && labels.contains("data-testid=\"label-D-2\""), "{labels}");
    assert_eq!(labels.matches("<path").count(), 1, "the others were not asked for");
    let (_, list) = ken.get("/ledger/list").await;
    assert!(list.contains("<td>子育て相談窓口</td>"), "{list}");
    assert!(list.contains("&lt;b&gt;&amp;&lt;/b&gt;") && !list.contains("<b>&"), "{list}");
}

#[tokio::test]
async fn a_thousand_devices_and_ten_thousand_loans_are_still_quick() {
    let desk = desk().await;
    let ken = Clerk::of(&desk, "ken").await;
    let devices: String = (0..1_000).map(|at| format!("D-{at:04},Raspberry Pi 4,良好\n")).collect();
    let devices = format!("番号,基板,調子\n{devices}");
    let (from, until) = (day(&desk, -30), day(&desk, 0));
    let row = |at: i32| {
        let (device, state) = match at % 10 {
            0 => (format!("D-{:04}", at / 10), "貸出中"),
            _ => (String::new(), "準備済み"),
        };
        format!("L-{at:05},{device},{from},{until},kosodate,ja,{state},予備 {at}\n")
    };
    let loans: String = (0..10_000).map(row).collect();
    let loans = format!("番号,機器,開始日,返却期限,窓口,ことば,状態,備考\n{loans}");
    for (which, text) in [("devices", &devices), ("loans", &loans)] {
        let plan = ken.table(&format!("table={which}"), text).await["plan"].as_str().unwrap().to_owned();
        assert_eq!(ken.table(&format!("table={which}&plan={plan}"), text).await["applied"], true);
    }
    for path in [
        "loans",
        "loans?filter=due",
        "loans?find=L-09&page=1",
        "loans?filter=all&page=199",
        "devices",
        "devices?find=D-09",
    ] {
        let begun = Instant::now();
        let listed = ken.list(&format!("/api/ledger/{path}")).await;
        let took = begun.elapsed();
        println!("{path}: {} rows of {}, {took:?}", listed["rows"].as_array().unwrap().len(), listed["count"]);
        assert!(listed["rows"].as_array().unwrap().len() <= 50);
        // Far more than it takes, on a machine that others use as well.
        assert!(took < Duration::from_secs(2), "{path} took {took:?}");
    }
    assert_eq!(ken.list("/api/ledger/loans?filter=all&page=199").await["rows"].as_array().unwrap().len(), 50);
}
