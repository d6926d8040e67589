//! A second factor of the staff, over HTTP: enrolling, signing in with both, codes on paper, every refusal, and what the disk holds.

use crate::desk::{Desk, database_bytes, eventually, header};
use crate::what_outlives_the_server::command;
use data_encoding::{BASE32_NOPAD, BASE64};
use jiff::SignedDuration;
use madoguchi::model::secret::Secret;
use madoguchi::room::second_factor::{Demand, Rule};
use madoguchi::room::serve;
use madoguchi::room::store::Store;
use madoguchi::room::web::sign_in::hash_password;
use serde_json::{Value, json};
use totp_rs::{Algorithm, TOTP};

pub fn rule(demand: Demand) -> Rule {
    Rule { demand, key: Some(Secret::new(BASE64.encode(&[7; 32]))) }
}

pub async fn desk_with(demand: Demand) -> Desk {
    Desk::open_with(|config| config.second_factor = rule(demand)).await
}

/// The app of the clerk's telephone.
pub struct App(TOTP);

impl App {
    pub fn new(secret: &str) -> Self {
        let bytes = BASE32_NOPAD.decode(secret.replace(' ', "").as_bytes()).unwrap();
        Self(TOTP::new(Algorithm::SHA1, 6, 0, 30, bytes, None, String::new()).unwrap())
    }

    /// What it shows so many steps from the server's now.
    pub fn shows(&self, desk: &Desk, steps: i64) -> String {
        self.0.generate(u64::try_from(desk.running_now().as_second() + steps * 30).unwrap())
    }

    /// A code that is none of now, nor of the steps beside it.
    pub fn wrong(&self, desk: &Desk) -> String {
        let near: Vec<_> = (-3..=3).map(|step| self.shows(desk, step)).collect();
        (0..).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).unwrap()
    }
}

async fn post(desk: &Desk, path: &str, cookie: &str, fields: &[(&str, &str)]) -> String {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let kind = "application/x-www-form-urlencoded";
    let headers = [("content-type", kind), ("origin", &desk.running().public), ("cookie", cookie)];
    desk.request("POST", path, &headers, &body).await
}

/// The cookie of this name that an answer sets.
fn set(answer: &str, name: &str) -> Option<String> {
    let lines = answer.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let pairs = lines.filter_map(|line| line.split(';').next());
    pairs.filter(|pair| !pair.ends_with('=')).find(|pair| pair.starts_with(&format!("{name}="))).map(str::to_owned)
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap_or_else(|_| panic!("{answer}"))
}

async fn list(desk: &Desk, cookie: &str) -> String {
    desk.request("GET", "/api/appointments", &[("cookie", cookie)], "").await
}

async fn is_in(desk: &Desk, cookie: &str) -> bool {
    list(desk, cookie).await.starts_with("HTTP/1.1 200")
}

/// Shows the right password: where that leads, and the ticket.
async fn password(desk: &Desk) -> (String, String) {
    let answer = desk.sign_in(&desk.demo.staff, desk.demo.password.expose()).await;
    assert_eq!(set(&answer, "session"), None, "{answer}");
    let ticket = set(&answer, "ticket").unwrap_or_else(|| panic!("no ticket: {answer}"));
    (header(&answer, "location").unwrap().to_owned(), ticket)
}

async fn code(desk: &Desk, ticket: &str, code: &str) -> String {
    post(desk, "/sign-in/code", ticket, &[("code", code)]).await
}

/// Enrols with whatever cookie there is: the app, the codes on paper, and the session.
async fn enrol(desk: &Desk, cookie: &str) -> (App, Vec<String>, String) {
    let begun = body(&post(desk, "/second-factor/secret", cookie, &[]).await);
    let app = App::new(begun["secret"].as_str().unwrap());
    let answer = post(desk, "/second-factor", cookie, &[("code", &app.shows(desk, 0))]).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let codes: Vec<String> = serde_json::from_value(body(&answer)["codes"].clone()).unwrap();
    (app, codes, set(&answer, "session").unwrap_or_else(|| cookie.to_owned()))
}

async fn enrolled() -> (Desk, App, Vec<String>) {
    let desk = desk_with(Demand::Required).await;
    let (_, ticket) = password(&desk).await;
    let (app, codes, _) = enrol(&desk, &ticket).await;
    desk.advance(SignedDuration::from_secs(90));
    (desk, app, codes)
}

fn trail(desk: &Desk) -> Vec<String> {
    let lines = Store::open(&desk.demo.database).unwrap().audit_trail(200).unwrap();
    lines.into_iter().rev().map(|line| format!("{} {}", line.staff, line.action)).collect()
}

#[tokio::test]
async fn where_it_is_required_nobody_is_in_before_enrolling_and_then_with_both_only() {
    let desk = desk_with(Demand::Required).await;
    for name in [desk.demo.staff.as_str(), "nobody"] {
        let wrong = desk.sign_in(name, "wrong password").await;
        assert_eq!((header(&wrong, "location"), header(&wrong, "set-cookie")), (Some("/sign-in?wrong=1"), None));
    }
    let (to, ticket) = password(&desk).await;
    assert_eq!(to, "/second-factor");
    assert!(!is_in(&desk, &ticket).await && !is_in(&desk, &ticket.replace("ticket=", "session=")).await);
    assert_eq!(header(&desk.request("GET", "/staff", &[("cookie", &ticket)], "").await, "location"), Some("/sign-in"));
    // The step of those who have enrolled is not theirs.
    assert_eq!(header(&code(&desk, &ticket, "000000").await, "location"), Some("/sign-in?late=1"));

    let begun = body(&post(&desk, "/second-factor/secret", &ticket, &[]).await);
    assert_eq!((&begun["staff"], &begun["enrolled"]), (&json!("midori"), &json!(false)));
    let again = body(&post(&desk, "/second-factor/secret", &ticket, &[]).await);
    assert_eq!(again["secret"], begun["secret"], "whoever reloads the page has scanned already");
    let app = App::new(begun["secret"].as_str().unwrap());
    let wrong = post(&desk, "/second-factor", &ticket, &[("code", &app.wrong(&desk))]).await;
    assert!(wrong.starts_with("HTTP/1.1 422") && body(&wrong)["why"] == "wrong", "{wrong}");
    assert!(!is_in(&desk, &ticket).await);
    let (_, codes, session) = enrol(&desk, &ticket).await;
    assert_eq!(codes.len(), 10);
    assert!(is_in(&desk, &session).await);
    let spent = post(&desk, "/second-factor/secret", &ticket, &[]).await;
    assert!(spent.starts_with("HTTP/1.1 401"), "{spent}");

    desk.advance(SignedDuration::from_secs(90));
    let (to, ticket) = password(&desk).await;
    assert_eq!(to, "/sign-in/code");
    assert!(desk.request("GET", &to, &[("cookie", &ticket)], "").await.starts_with("HTTP/1.1 200"));
    assert!(!is_in(&desk, &ticket).await);
    // Nobody enrols another app with a password alone.
    let begun = post(&desk, "/second-factor/secret", &ticket, &[]).await;
    assert!(begun.starts_with("HTTP/1.1 401"), "{begun}");
    let wrong = code(&desk, &ticket, &app.wrong(&desk)).await;
    assert_eq!((header(&wrong, "location"), set(&wrong, "session")), (Some("/sign-in/code?wrong=1"), None));
    let full_width =
        app.shows(&desk, 0).chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap()).collect::<String>();
    let right = code(&desk, &ticket, &format!(" {full_width} ")).await;
    assert_eq!(header(&right, "location"), Some("/staff"));
    let session = set(&right, "session").unwrap();
    assert!(is_in(&desk, &session).await);
    assert!(right.contains("set-cookie: ticket=; ") && right.contains("HttpOnly"), "{right}");
    assert_eq!(header(&code(&desk, &ticket, &app.shows(&desk, 1)).await, "location"), Some("/sign-in?late=1"));
    let expected = [
        "sign-in-failed",
        "enrolment-asked",
        "second-factor-enrolled",
        "signed-in",
        "second-factor-asked",
        "second-factor-refused",
        "second-factor-used",
        "signed-in",
    ]
    .map(|action| format!("midori {action}"));
    eventually("all of it is in the trail", async || trail(&desk) == expected).await;
}

#[tokio::test]
async fn a_code_is_taken_once_and_one_step_early_or_late() {
    let (desk, app, _) = enrolled().await;
    for (step, taken) in [(-2, false), (2, false), (-1, true), (-1, false), (1, true), (0, false), (1, false)] {
        let (_, ticket) = password(&desk).await;
        let answer = code(&desk, &ticket, &app.shows(&desk, step)).await;
        assert_eq!(header(&answer, "location") == Some("/staff"), taken, "{step}");
    }
    // Beside each other, one of them is in.
    desk.advance(SignedDuration::from_secs(300));
    let mut tickets = Vec::new();
    for _ in 0..5 {
        tickets.push(password(&desk).await.1);
    }
    let shown = app.shows(&desk, 0);
    let answers = futures_util::future::join_all(tickets.iter().map(|ticket| code(&desk, ticket, &shown))).await;
    assert_eq!(answers.iter().filter(|answer| set(answer, "session").is_some()).count(), 1);
}

#[tokio::test]
async fn a_code_on_paper_stands_in_once() {
    let (desk, _, codes) = enrolled().await;
    let typed = codes[0].replace('-', " ").to_lowercase();
    for (typed, taken) in
        [(typed.as_str(), true), (&codes[0], false), (&codes[1], true), ("0000-0000-0000-0000", false)]
    {
        let (_, ticket) = password(&desk).await;
        let answer = post(&desk, "/sign-in/code", &ticket, &[("recovery", typed)]).await;
        assert_eq!(header(&answer, "location") == Some("/staff"), taken, "{typed}");
        if let Some(session) = set(&answer, "session") {
            assert!(is_in(&desk, &session).await);
        }
    }
    let count = |what: &str| trail(&desk).iter().filter(|line| line.ends_with(what)).count();
    eventually("in the trail", async || (count("recovery-code-used"), count("second-factor-refused")) == (2, 2)).await;
}

#[tokio::test]
async fn codes_are_counted_before_they_are_looked_at_and_by_account() {
    let (desk, app, _) = enrolled().await;
    let (_, ticket) = password(&desk).await;
    let wrong = app.wrong(&desk);
    let answers = futures_util::future::join_all((0..30).map(|_| code(&desk, &ticket, &wrong))).await;
    let looked_at = answers.iter().filter(|answer| header(answer, "location") == Some("/sign-in/code?wrong=1"));
    assert_eq!(looked_at.count(), 10);
    let waits = code(&desk, &ticket, &app.shows(&desk, 0)).await;
    assert!(header(&waits, "location").unwrap().starts_with("/sign-in/code?wait="), "{waits}");
    eventually("once in the trail", async || {
        trail(&desk).iter().filter(|line| line.ends_with("sign-ins-held-off")).count() == 1
    })
    .await;
    // The network's tries come back sooner than the account's.
    desk.advance(SignedDuration::from_secs(62));
    let waits = code(&desk, &ticket, &app.shows(&desk, 0)).await;
    let wait: u32 = header(&waits, "location").unwrap().strip_prefix("/sign-in/code?wait=").unwrap().parse().unwrap();
    assert!((200..=300).contains(&wait), "{wait}");
    desk.advance(SignedDuration::from_secs(240));
    assert_eq!(header(&code(&desk, &ticket, &app.shows(&desk, 0)).await, "location"), Some("/staff"));
    // A ticket is good for some minutes.
    let (_, ticket) = password(&desk).await;
    desk.advance(SignedDuration::from_secs(15 * 60));
    assert_eq!(header(&code(&desk, &ticket, &app.shows(&desk, 0)).await, "location"), Some("/sign-in?late=1"));
}

#[tokio::test]
async fn another_password_or_a_reset_meanwhile_leaves_a_ticket_worth_nothing() {
    let (desk, app, _) = enrolled().await;
    let store = Store::open(&desk.demo.database).unwrap();
    let (_, ticket) = password(&desk).await;
    let other = hash_password("midori", &Secret::new("umbrella tea river stone")).unwrap();
    store.put_staff("midori", &other).unwrap();
    assert_eq!(set(&code(&desk, &ticket, &app.shows(&desk, 0)).await, "session"), None);
    let same = hash_password("midori", &desk.demo.password).unwrap();
    store.put_staff("midori", &same).unwrap();

    let (_, ticket) = password(&desk).await;
    let session = set(&code(&desk, &ticket, &app.shows(&desk, 0)).await, "session").unwrap();
    let (_, ticket) = password(&desk).await;
    let database = desk.demo.database.display().to_string();
    let all = command(&["staff", "list", "--database", &database], "").await.unwrap();
    assert_eq!(all, "midori\tdesk lender admin\t*\tsecond-factor\n");
    let said = command(&["staff", "reset-factor", "--database", &database, "midori"], "").await.unwrap();
    assert!(said.contains("enrol anew at once"), "{said}");
    assert!(!is_in(&desk, &session).await);
    assert_eq!(header(&code(&desk, &ticket, &app.shows(&desk, 1)).await, "location"), Some("/sign-in?late=1"));
    assert!(trail(&desk).contains(&"- second-factor-reset".to_owned()));
    let said = command(&["staff", "reset-factor", "--database", &database, "midori"], "").await.unwrap();
    assert!(said.contains("has no second factor"), "{said}");
    let wrong = command(&["staff", "reset-factor", "--database", &database, "midorii"], "").await.unwrap_err();
    assert!(wrong.contains("known are: midori"), "{wrong}");
    assert_eq!(password(&desk).await.0, "/second-factor");
}

#[tokio::test]
async fn where_it_is_offered_a_clerk_enrols_from_the_page_and_is_asked_from_then_on() {
    let desk = desk_with(Demand::Offered).await;
    let (here, elsewhere) = (desk.cookie().await, desk.cookie().await);
    assert_eq!(body(&list(&desk, &here).await)["may_enrol"], true);
    let (app, _, _) = enrol(&desk, &here).await;
    assert!(is_in(&desk, &here).await && !is_in(&desk, &elsewhere).await);
    assert_eq!(body(&list(&desk, &here).await)["may_enrol"], false);
    let again = body(&post(&desk, "/second-factor/secret", &here, &[]).await);
    assert_eq!(again, json!({"staff": "midori", "enrolled": true, "secret": null, "code": null}));
    desk.advance(SignedDuration::from_secs(90));

    // Signing in again from within the staff page.
    let fields = [("name", "midori"), ("password", desk.demo.password.expose())];
    let asked = post(&desk, "/api/sign-in", &here, &fields).await;
    assert!(asked.starts_with("HTTP/1.1 202"), "{asked}");
    let both = format!("{here}; {}", set(&asked, "ticket").unwrap());
    let wrong = post(&desk, "/api/sign-in/code", &both, &[("code", &app.wrong(&desk))]).await;
    assert!(wrong.starts_with("HTTP/1.1 403"), "{wrong}");
    let right = post(&desk, "/api/sign-in/code", &both, &[("code", &app.shows(&desk, 0))]).await;
    assert!(right.starts_with("HTTP/1.1 204"), "{right}");
    let session = set(&right, "session").unwrap();
    desk.advance(SignedDuration::from_secs(61));
    eventually("the earlier one has ended", async || !is_in(&desk, &here).await).await;
    assert!(is_in(&desk, &session).await);
    let late = post(&desk, "/api/sign-in/code", &both, &[("code", &app.shows(&desk, 0))]).await;
    assert!(late.starts_with("HTTP/1.1 410"), "{late}");
    // A colleague who has none goes in as ever.
    let store = Store::open(&desk.demo.database).unwrap();
    store.put_staff("hana", &hash_password("hana", &desk.demo.password).unwrap()).unwrap();
    assert_eq!(header(&desk.sign_in("hana", desk.demo.password.expose()).await, "location"), Some("/staff"));
    let foreign = desk.request("POST", "/second-factor/secret", &[("cookie", &session)], "").await;
    assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
}

#[tokio::test]
async fn sign_ins_with_a_password_alone_end_once_more_is_wanted_and_the_seats_with_them() {
    let mut desk = Desk::open().await;
    let cookie = desk.cookie().await;
    let begun = post(&desk, "/second-factor/secret", &cookie, &[]).await;
    assert!(begun.starts_with("HTTP/1.1 401"), "switched off, there is none: {begun}");
    drop(desk.running.take());
    desk.config.second_factor = Rule { demand: Demand::Required, key: None };
    let error = serve(desk.config.clone()).await.err().unwrap();
    assert!(error.to_string().contains("head -c 32 /dev/urandom"), "{error}");
    desk.config.second_factor = rule(Demand::Required);
    desk.start_again().await;
    assert!(!is_in(&desk, &cookie).await);
    // Also where the database took no change at the start.
    drop(desk.running.take());
    desk.config.second_factor = Rule::default();
    desk.start_again().await;
    let cookie = desk.cookie().await;
    let database = rusqlite::Connection::open(&desk.demo.database).unwrap();
    database
        .execute_batch("CREATE TRIGGER full BEFORE DELETE ON session BEGIN SELECT RAISE(ABORT, 'full'); END")
        .unwrap();
    drop(desk.running.take());
    desk.config.second_factor = rule(Demand::Required);
    desk.start_again().await;
    assert!(!is_in(&desk, &cookie).await);
    let (mut peer, from) = (desk.connect().await, &desk.running().public);
    drop(peer.0.close(None).await);
    let answer = desk.request("GET", "/staff", &[("cookie", &cookie), ("origin", from)], "").await;
    assert_eq!(header(&answer, "location"), Some("/sign-in"));
}

#[tokio::test]
async fn the_disk_holds_no_secret_in_the_clear_and_another_key_opens_none() {
    let (mut desk, app, codes) = enrolled().await;
    let bytes = database_bytes(desk.folder.path());
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(holds(b"second_factor"), "this is the database");
    assert!(!holds(&app.0.secret) && !holds(BASE32_NOPAD.encode(&app.0.secret).as_bytes()));
    for code in &codes {
        assert!(!holds(code.as_bytes()) && !holds(code.replace('-', "").as_bytes()));
    }
    drop(desk.running.take());
    desk.config.second_factor.key = Some(Secret::new(BASE64.encode(&[8; 32])));
    desk.start_again().await;
    let (_, ticket) = password(&desk).await;
    let answer = code(&desk, &ticket, &app.shows(&desk, 0)).await;
    assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("see its log"), "{answer}");
    // What is on paper needs no key.
    let answer = post(&desk, "/sign-in/code", &ticket, &[("recovery", &codes[0])]).await;
    assert_eq!(header(&answer, "location"), Some("/staff"));
}

#[tokio::test]
async fn a_database_of_the_version_before_opens_and_its_accounts_enrol() {
    let mut desk = desk_with(Demand::Off).await;
    let file = desk.folder.path().join("earlier.sqlite");
    Store::open(&desk.demo.database).unwrap().backup(&file).unwrap();
    let database = rusqlite::Connection::open(&file).unwrap();
    let earlier = "INSERT INTO session (token, staff, until) VALUES ('00', 'midori', 9999999999);
                   DROP TABLE recovery_code; DROP TABLE second_factor; ALTER TABLE session DROP COLUMN both;
                   DROP TABLE loan; DROP TABLE device;
                   ALTER TABLE appointment ADD COLUMN key_hash TEXT NOT NULL DEFAULT '';
                   UPDATE appointment SET key_hash = (SELECT key_hash FROM invitation WHERE appointment = appointment.id);
                   DROP TABLE invitation;
                   PRAGMA user_version = 3";
    database.execute_batch(earlier).unwrap();
    drop(database);
    drop(desk.running.take());
    desk.config.database = file.clone();
    desk.config.second_factor = rule(Demand::Offered);
    desk.start_again().await;
    let cookie = desk.cookie().await;
    let (_, _, session) = enrol(&desk, &cookie).await;
    assert!(is_in(&desk, &session).await);
    let kept: i64 = rusqlite::Connection::open(&file)
        .unwrap()
        .query_row("SELECT count(*) FROM session WHERE token = '00'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 0, "who enrols is signed out elsewhere, also where an earlier version signed them in");
}
