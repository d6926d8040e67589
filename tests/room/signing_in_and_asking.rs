//! The HTTP side: signing in, the headers of every answer, the list of appointments, the paper, health and metrics.

use crate::desk::{Desk, header};
use madoguchi::room::store::Store;
use serde_json::{Value, json};

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer_and_too_many_must_wait() {
    let desk = Desk::open().await;
    let wrong = desk.sign_in(&desk.demo.staff, "wrong password").await;
    let unknown = desk.sign_in("nobody", "wrong password").await;
    assert_eq!(header(&wrong, "location"), Some("/sign-in?wrong=1"));
    assert_eq!(header(&wrong, "location"), header(&unknown, "location"));
    assert_eq!(header(&wrong, "set-cookie"), None);
    for _ in 0..9 {
        desk.sign_in(&desk.demo.staff, "wrong password").await;
    }
    let right = desk.sign_in(&desk.demo.staff, desk.demo.password.expose()).await;
    assert!(header(&right, "location").unwrap().starts_with("/sign-in?wait="), "{right}");
    // A colleague behind the same address is not locked out with them.
    let hash = madoguchi::room::web::sign_in::hash_password("hana", &desk.demo.password).unwrap();
    Store::open(&desk.demo.database).unwrap().put_staff("hana", &hash).unwrap();
    let colleague = desk.sign_in("hana", desk.demo.password.expose()).await;
    assert_eq!(header(&colleague, "location"), Some("/staff"));
    // Nor does a clock that was set make anybody wait longer, or less.
    desk.set_clock(jiff::SignedDuration::from_hours(2));
    let right = desk.sign_in(&desk.demo.staff, desk.demo.password.expose()).await;
    assert!(header(&right, "location").unwrap().starts_with("/sign-in?wait="), "{right}");
    desk.advance(jiff::SignedDuration::from_secs(31));
    let right = desk.sign_in(&desk.demo.staff, desk.demo.password.expose()).await;
    assert_eq!(header(&right, "location"), Some("/staff"));
    let cookie = header(&right, "set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
}

#[tokio::test]
async fn wrong_passwords_beside_each_other_are_counted_before_they_are_looked_at() {
    let desk = Desk::open().await;
    let tries = (0..40).map(|_| desk.sign_in(&desk.demo.staff, "wrong password"));
    let answers = futures_util::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|answer| header(answer, "location") == Some("/sign-in?wrong=1"));
    assert_eq!(looked_at.count(), 10);
    assert!(answers.iter().any(|answer| header(answer, "location").unwrap().starts_with("/sign-in?wait=")));
}

#[tokio::test]
async fn a_flood_of_sign_ins_is_told_to_come_back_and_a_right_password_costs_no_try() {
    let desk = Desk::open().await;
    let names: Vec<_> = (0..80).map(|number| format!("nobody-{number}")).collect();
    let flood = futures_util::future::join_all(names.iter().map(|name| desk.sign_in(name, "wrong password"))).await;
    for answer in &flood {
        let to = header(answer, "location").unwrap();
        assert!(["/sign-in?wrong=1", "/sign-in?busy=1"].contains(&to), "{answer}");
    }
    // More often than there are tries.
    for _ in 0..12 {
        let right = desk.sign_in(&desk.demo.staff, desk.demo.password.expose()).await;
        assert_eq!(header(&right, "location"), Some("/staff"));
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_and_nothing_is_open_without_signing_in() {
    let desk = Desk::open().await;
    for (path, status) in [
        ("/", 303),
        ("/sign-in", 200),
        ("/j?l=ja", 200),
        ("/staff", 303),
        ("/assets/staff.js", 200),
        ("/assets/staff.html", 404),
        ("/assets/..%2froom.rs", 404),
        ("/api/appointments", 401),
        ("/metrics", 404),
    ] {
        let answer = desk.request("GET", path, &[], "").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
        let policy = header(&answer, "content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe"));
        assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"));
        assert_eq!(header(&answer, "x-frame-options"), Some("DENY"));
        assert_eq!(header(&answer, "referrer-policy"), Some("same-origin"));
    }
    let from = desk.running().public.clone();
    for path in ["/api/appointments", "/sheet"] {
        let kind = if path == "/sheet" { "application/x-www-form-urlencoded" } else { "application/json" };
        let body = if path == "/sheet" {
            "counter=kosodate&starts=2030-01-01T10:00&minutes=30&sites=2&form=x".to_owned()
        } else {
            asked("x").to_string()
        };
        let answer = desk.request("POST", path, &[("origin", &from), ("content-type", kind)], &body).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{path}: {answer}");
    }
    let long = "x".repeat(20_000);
    let kind = "application/x-www-form-urlencoded";
    let answer = desk.request("POST", "/sign-in", &[("origin", &from), ("content-type", kind)], &long).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

fn asked(form: &str) -> Value {
    let soon = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)).in_tz("Asia/Tokyo").unwrap();
    json!({
        "counter": "kosodate", "starts": soon.strftime("%Y-%m-%dT%H:%M").to_string(), "minutes": 30,
        "languages": "en ja", "sites": 2, "remark": "", "form": form,
    })
}

#[tokio::test]
async fn a_new_appointment_shows_its_key_once_and_a_form_sent_twice_makes_one() {
    let desk = Desk::open().await;
    let (cookie, from) = (desk.cookie().await, desk.running().public.clone());
    let headers = [("cookie", cookie.as_str()), ("origin", &from), ("content-type", "application/json")];
    let answer = desk.request("POST", "/api/appointments", &headers, &asked("nonce").to_string()).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let made: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let key_url = made["key_url"].as_str().unwrap();
    assert!(key_url.starts_with(&format!("{from}/j?l=en#")), "{key_url}");
    let twice = desk.request("POST", "/api/appointments", &headers, &asked("nonce").to_string()).await;
    assert!(twice.starts_with("HTTP/1.1 422") && twice.contains("sent already"), "{twice}");
    let list = desk.request("GET", "/api/appointments", &headers, "").await;
    assert!(!list.contains(key_url.split('#').nth(1).unwrap()));
    let list: Value = serde_json::from_str(list.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let phases: Vec<_> = list["appointments"].as_array().unwrap().iter().map(|a| a["state"]["phase"].clone()).collect();
    assert_eq!(phases, ["open", "not-yet"]);
    assert_eq!(list["staff"], "midori");
}

#[tokio::test]
async fn health_and_metrics_are_on_a_port_of_their_own() {
    let desk = Desk::open_with(|config| config.metrics = Some("127.0.0.1:0".parse().unwrap())).await;
    let (_guest, _) = desk.guest().await;
    let address = desk.running().metrics.unwrap();
    let ask = async |path: &str| {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    assert!(ask("/health").await.ends_with("ok\n"));
    let metrics = ask("/metrics").await;
    assert!(
        metrics.contains("madoguchi_room_seats 1\n") && metrics.contains("madoguchi_room_welcomes_total 1\n"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_refused_paper_speaks_the_clerks_language_and_a_public_number_needs_no_sign_in() {
    let desk = Desk::open().await;
    let (cookie, from) = (desk.cookie().await, desk.running().public.clone());
    let kind = "application/x-www-form-urlencoded";
    let headers = [("cookie", cookie.as_str()), ("origin", from.as_str()), ("content-type", kind)];
    for (language, sentence) in [("ja", "もう過ぎた時間です"), ("en", "That time is over")] {
        let body = format!("counter=kosodate&starts=2001-01-01T10:00&minutes=30&sites=2&form=x&language={language}");
        let answer = desk.request("POST", "/sheet", &headers, &body).await;
        assert!(answer.starts_with("HTTP/1.1 422") && answer.contains(sentence), "{answer}");
    }
    let four = "counter=kosodate&starts=2030-01-01T10:00&minutes=30&sites=4&form=x";
    let answer = desk.request("POST", "/sheet", &headers, four).await;
    assert!(answer.starts_with("HTTP/1.1 422") && answer.contains("2か所"), "{answer}");
    let answer = desk.request("POST", "/api/appointments/check", &headers[1..], four).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let counters = desk.request("GET", "/api/counters", &[], "").await;
    assert!(counters.contains("0422-00-1234") && !counters.contains("kosodate"), "{counters}");
}

#[tokio::test]
async fn a_name_and_a_password_are_the_same_from_every_keyboard() {
    let desk = Desk::open().await;
    let store = Store::open(&desk.demo.database).unwrap();
    let (windows, mac) = ("がくどう ほいくの まど", "か\u{3099}くと\u{3099}う ほいくの まと\u{3099}");
    let hash =
        madoguchi::room::web::sign_in::hash_password("学童が", &madoguchi::model::secret::Secret::new(mac)).unwrap();
    store.put_staff("学童が", &hash).unwrap();
    for (name, password) in [("学童が", windows), ("学童か\u{3099}", mac), ("学童か\u{3099}", windows)] {
        let answer = desk.sign_in(name, password).await;
        assert_eq!(header(&answer, "location"), Some("/staff"), "{name} {password}");
    }
}

#[tokio::test]
async fn a_sign_in_is_renewed_from_within_the_page_and_the_earlier_one_ends_soon() {
    use jiff::SignedDuration;
    let desk = Desk::open().await;
    let (earlier, from) = (desk.cookie().await, desk.running().public.clone());
    let list = async |cookie: &str| desk.request("GET", "/api/appointments", &[("cookie", cookie)], "").await;
    let until = |answer: &str| -> jiff::Timestamp {
        let list: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        list["signed_in_until"].as_str().unwrap().parse().unwrap()
    };
    let first = until(&list(&earlier).await);
    desk.advance(SignedDuration::from_hours(11));
    let kind = "application/x-www-form-urlencoded";
    let headers = [("cookie", earlier.as_str()), ("origin", from.as_str()), ("content-type", kind)];
    let again = async |password: &str| {
        let body = format!("name={}&password={password}", desk.demo.staff);
        desk.request("POST", "/api/sign-in", &headers, &body).await
    };
    let wrong = again("not the password").await;
    assert!(wrong.starts_with("HTTP/1.1 403") && wrong.contains(r#"{"wait_seconds":null}"#), "{wrong}");
    let right = again(desk.demo.password.expose()).await;
    assert!(right.starts_with("HTTP/1.1 204"), "{right}");
    let cookie = header(&right, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert!(until(&list(&cookie).await) >= first + SignedDuration::from_hours(11));
    // What the page asked a moment ago is still answered; what somebody copied is soon worth nothing.
    assert!(list(&earlier).await.starts_with("HTTP/1.1 200"));
    let (store, kept) = (Store::open(&desk.demo.database).unwrap(), &earlier.split_once('=').unwrap().1);
    let in_a_minute = desk.running_now() + SignedDuration::from_secs(61);
    crate::desk::eventually("its end is kept", async || {
        store.session(madoguchi::room::key::KeyHash::of(kept), in_a_minute).unwrap().is_none()
    })
    .await;
    desk.advance(SignedDuration::from_secs(61));
    assert!(list(&earlier).await.starts_with("HTTP/1.1 401"));
    assert!(list(&cookie).await.starts_with("HTTP/1.1 200"));
    for _ in 0..10 {
        again("not the password").await;
    }
    let wait = again(desk.demo.password.expose()).await;
    assert!(wait.starts_with("HTTP/1.1 429") && !wait.contains("null"), "{wait}");
}
