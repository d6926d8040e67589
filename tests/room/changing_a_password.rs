//! A clerk changes their own password: over HTTP with every refusal, and on the page.

use crate::browser::Browser;
use crate::desk::{Desk, eventually, header};
use crate::pages_fit_their_windows::look;
use crate::staff_and_guest_in_a_browser::sign_in;
use madoguchi::room::key::KeyHash;
use madoguchi::room::store::Store;
use madoguchi::room::web::sign_in::hash_password;
use serde_json::{Value, json};

const NEW: &str = "がくどう ほいくの まどべ";

async fn change(desk: &Desk, cookie: &str, [old, new, again]: [&str; 3]) -> String {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("old", old)
        .append_pair("new", new)
        .append_pair("again", again)
        .finish();
    let kind = "application/x-www-form-urlencoded";
    let headers = [("content-type", kind), ("origin", &desk.running().public), ("cookie", cookie)];
    desk.request("POST", "/password", &headers, &body).await
}

fn refused(answer: &str) -> Value {
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

async fn is_signed_in(desk: &Desk, cookie: &str) -> bool {
    desk.request("GET", "/api/appointments", &[("cookie", cookie)], "").await.starts_with("HTTP/1.1 200")
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sign_ins_and_every_refusal_names_its_field() {
    let desk = Desk::open().await;
    let (here, elsewhere) = (desk.cookie().await, desk.cookie().await);
    let old = desk.demo.password.expose();
    for ([typed_old, new, again], field, why) in [
        ([old, "", ""], json!("new"), "empty"),
        ([old, "short", "short"], json!("new"), "short"),
        ([old, "Midori-2026-midori", "Midori-2026-midori"], json!("new"), "short"),
        ([old, "123456789012345", "123456789012345"], json!("new"), "guessable"),
        ([old, NEW, "another one altogether"], json!("again"), "differs"),
        ([old, old, old], json!("new"), "same"),
        (["wrong", NEW, NEW], json!("old"), "wrong"),
    ] {
        let answer = change(&desk, &here, [typed_old, new, again]).await;
        assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
        assert_eq!((&refused(&answer)["field"], &refused(&answer)["why"]), (&field, &json!(why)), "{new}");
    }
    assert!(is_signed_in(&desk, &here).await && is_signed_in(&desk, &elsewhere).await);

    // Typed on a Mac the second time.
    let mac = "か\u{3099}くと\u{3099}う ほいくの まと\u{3099}へ\u{3099}";
    let changed = change(&desk, &here, [old, NEW, mac]).await;
    assert!(changed.starts_with("HTTP/1.1 204"), "{changed}");
    assert!(is_signed_in(&desk, &here).await, "whoever changed it goes on working");
    assert!(!is_signed_in(&desk, &elsewhere).await);
    assert_eq!(header(&desk.sign_in(&desk.demo.staff, old).await, "location"), Some("/sign-in?wrong=1"));
    assert_eq!(header(&desk.sign_in(&desk.demo.staff, mac).await, "location"), Some("/staff"));

    let store = Store::open(&desk.demo.database).unwrap();
    let told = async || {
        let trail = store.audit_trail(100).unwrap();
        let count = |action: &str| trail.iter().filter(|line| line.staff == "midori" && line.action == action).count();
        (count("password-change-failed"), count("password-changed")) == (1, 1)
    };
    eventually("both are in the trail", told).await;
}

#[tokio::test]
async fn nobody_changes_it_from_elsewhere_and_whoever_guesses_must_wait() {
    let desk = Desk::open().await;
    let (cookie, old) = (desk.cookie().await, desk.demo.password.expose());
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie.as_str())];
    let foreign = desk.request("POST", "/password", &headers, "old=a&new=b&again=b").await;
    assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
    let nobody = change(&desk, "session=unknown", [old, NEW, NEW]).await;
    assert!(nobody.starts_with("HTTP/1.1 401"), "{nobody}");
    assert_eq!(refused(&nobody)["why"], "signed-out");
    let page = desk.request("GET", "/password", &[], "").await;
    assert_eq!(header(&page, "location"), Some("/sign-in"));

    // Tries here and at the sign-in are counted together.
    for _ in 0..5 {
        assert_eq!(refused(&change(&desk, &cookie, ["wrong", NEW, NEW]).await)["why"], "wrong");
        desk.sign_in(&desk.demo.staff, "wrong").await;
    }
    let late = change(&desk, &cookie, [old, NEW, NEW]).await;
    assert!(late.starts_with("HTTP/1.1 429"), "{late}");
    assert_eq!((&refused(&late)["field"], &refused(&late)["why"]), (&json!("old"), &json!("wait")));
    assert!(refused(&late)["seconds"].as_u64().is_some_and(|seconds| (1..=31).contains(&seconds)), "{late}");
    assert!(header(&desk.sign_in(&desk.demo.staff, old).await, "location").unwrap().contains("wait="));
    desk.advance(jiff::SignedDuration::from_secs(31));
    assert!(change(&desk, &cookie, [old, NEW, NEW]).await.starts_with("HTTP/1.1 204"));
}

#[test]
fn a_sign_in_with_a_password_that_was_changed_meanwhile_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create(&folder.path().join("room.sqlite")).unwrap();
    let (token, until) = (KeyHash::of("token"), jiff::Timestamp::MAX);
    let [before, after] = ["umbrella tea river stone", "harbour lamp thread corn"]
        .map(|password| hash_password("midori", &madoguchi::model::secret::Secret::new(password)).unwrap());
    store.put_staff("midori", &before).unwrap();
    assert!(store.change_password("midori", (&before, &after), KeyHash::of("another")).unwrap());
    assert!(!store.add_session(token, ("midori", &before), until).unwrap());
    assert_eq!(store.session(token, jiff::Timestamp::UNIX_EPOCH).unwrap(), None);
    // Nor does a second change begin from a password that is no longer it.
    assert!(!store.change_password("midori", (&before, &before), token).unwrap());
    assert!(store.add_session(token, ("midori", &after), until).unwrap());
    assert_eq!(
        store.session(token, jiff::Timestamp::UNIX_EPOCH).unwrap().map(|session| session.staff).as_deref(),
        Some("midori")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_page_what_is_wrong_stands_at_its_field_in_the_clerks_language() {
    let desk = Desk::open().await;
    let staff = Browser::sized(1024, 768, &[]).await;
    sign_in(&desk, &staff).await;
    let desk_page = staff.session.window().await.unwrap();
    staff.press("password-change").await;
    let other = async || staff.session.windows().await.unwrap().into_iter().find(|window| *window != desk_page);
    let page = staff.wait("the page's own window", other).await;
    staff.session.switch_to_window(page).await.unwrap();
    staff.until("it says whose password", "return document.getElementById('name').value === 'midori';").await;
    look(&staff, "password-asking").await;

    let fill = async |old: &str, new: &str, again: &str| {
        for (id, text) in [("old", old), ("new", new), ("again", again)] {
            staff.script(&format!("document.getElementById('{id}').value = '';")).await;
            staff.type_into(id, text).await;
        }
        staff.keys(thirtyfour::Key::Enter).await;
    };
    let says_at = async |id: &str, words: &str| {
        let at = format!(
            "const [it, problem] = ['{id}', 'problem'].map((id) => document.getElementById(id)); \
             return problem.checkVisibility() && problem.textContent.includes('{words}') && \
             document.activeElement === it && it.getAttribute('aria-invalid') === 'true' && \
             it.getAttribute('aria-describedby').includes('problem') && it.nextElementSibling === problem;"
        );
        staff.until(&format!("{id} says {words}"), &at).await;
    };
    fill("wrong", "short", "short").await;
    says_at("new", "12文字以上").await;
    look(&staff, "password-short").await;
    staff.press("language-en").await;
    staff.until("English", "return document.getElementById('problem').textContent.includes('At least 12');").await;
    look(&staff, "password-short-en").await;
    staff.press("language-ja").await;
    fill("wrong", NEW, NEW).await;
    says_at("old", "今のパスワードが違います").await;
    fill(desk.demo.password.expose(), NEW, "umbrella tea river stone").await;
    says_at("again", "上の新しいパスワードと違います").await;
    fill(desk.demo.password.expose(), NEW, NEW).await;
    staff.until_data("state", "done").await;
    look(&staff, "password-done").await;
    assert_eq!(staff.script("return document.activeElement.id;").await, "done-title");

    staff.session.close_window().await.unwrap();
    staff.session.switch_to_window(desk_page).await.unwrap();
    staff.press("sign-out").await;
    staff.type_into("name", &desk.demo.staff).await;
    staff.type_into("password", NEW).await;
    staff.press("sign-in").await;
    staff.until_data("page", "staff").await;
}
