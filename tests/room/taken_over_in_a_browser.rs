//! A clerk takes the seat that a colleague holds: after a question, with a word for the colleague, and with a moment's wait for
//! the family.

use crate::browser::Browser;
use crate::desk::{Desk, Peer, eventually, header, hello};
use crate::pages_fit_their_windows::look;
use crate::pages_in_trouble::says;
use crate::staff_and_guest_in_a_browser::{join, press_behind, sees_more_pictures, sign_in};
use crate::wire_in_trouble::Wire;
use madoguchi::model::language::Language;
use madoguchi::model::wire::{Proof, ToClient, ToServer};
use madoguchi::room::store::Store;
use madoguchi::room::web::sign_in::hash_password;

const COLLEAGUE: &str = "佐藤";

/// A second account with the demo's password.
fn second_account(desk: &Desk) {
    let hash = hash_password(COLLEAGUE, &desk.demo.password).unwrap();
    Store::open(&desk.demo.database).unwrap().put_staff(COLLEAGUE, &hash).unwrap();
}

async fn colleague_signs_in(desk: &Desk, staff: &Browser) {
    staff.go(&format!("{}/staff", desk.running().public)).await;
    staff.type_into("name", COLLEAGUE).await;
    staff.type_into("password", desk.demo.password.expose()).await;
    staff.press("sign-in").await;
    staff.until_data("ready", "yes").await;
}

/// Keeps every sentence that the guest's page shows from now on.
const WATCH: &str = "
  window.shown = new Set();
  const look = () => { for (const id of ['veil-text', 'veil-more', 'banner', 'off', 'message-title', 'message-text'])
    { const it = document.getElementById(id); if (it.checkVisibility() && it.innerText) window.shown.add(it.innerText); } };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_taken_over_and_the_family_waits_a_moment() {
    let desk = Desk::open().await;
    second_account(&desk);
    let (first, second) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    let guest = Browser::open(&[]).await;
    colleague_signs_in(&desk, &first).await;
    first.press(&format!("join-{}", desk.demo.appointment)).await;
    join(&desk, &guest, Language::Japanese).await;
    first.press("admit").await;
    sees_more_pictures(&guest, "the guest").await;
    first.press("microphone").await;
    first.type_into("notes", "折り返し").await;
    sign_in(&desk, &second).await;
    says(&second, "appointments", "佐藤さんが対応中").await;
    look(&second, "taken-over-list").await;
    guest.script(WATCH).await;
    // Asked first, and "no" changes nothing.
    press_behind(&second, "join", &desk.demo.appointment).await;
    second.until("it asks", "return document.getElementById('confirm').open;").await;
    says(&second, "confirm", "佐藤さんが対応中です").await;
    look(&second, "taken-over-confirm").await;
    second.press("confirm-no").await;
    assert_eq!(second.data("room").await.as_deref(), Some("none"));
    assert_eq!(first.data("room").await.as_deref(), Some("seated"));
    press_behind(&second, "join", &desk.demo.appointment).await;
    second.press("confirm-yes").await;
    first.until_data("room", "ended").await;
    says(&first, "veil", "midoriさんが引き継ぎました").await;
    look(&first, "taken-over-colleague").await;
    assert_eq!(first.script("return document.getElementById('notes').value;").await, "折り返し");
    let closed = "return document.getElementById('self-video').srcObject === null && document.getElementById('guest-video').srcObject === null;";
    assert_eq!(first.script(closed).await, true, "camera and picture are closed");
    second.until_data("room", "seated").await;
    second.until_data("guest", "admitted").await;
    sees_more_pictures(&second, "who took over").await;
    sees_more_pictures(&guest, "the guest").await;
    // The colleague's mute is gone with the colleague.
    guest.until("nothing is off", "return !document.getElementById('off').checkVisibility();").await;
    assert_eq!(guest.data("state").await.as_deref(), Some("call"));
    let shown = guest.script("return [...window.shown].filter(text => !['映像をつないでいます…', '窓口のマイクがオフです。'].includes(text));").await;
    assert_eq!(shown, serde_json::json!([]), "the family was told something else");
    let trail = Store::open(&desk.demo.database).unwrap();
    eventually("it is in the trail", async || {
        let lines = trail.audit_trail(99).unwrap();
        lines.iter().any(|line| line.action == "took-over" && line.staff == desk.demo.staff)
            && lines.iter().any(|line| line.action == "relieved" && line.staff == COLLEAGUE)
    })
    .await;
    first
        .until(
            "the list says who is there",
            "return document.getElementById('appointments').innerText.includes('midoriさんが対応中');",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleague_who_was_quicker_is_named_and_asked_about() {
    let desk = Desk::open().await;
    second_account(&desk);
    let staff = Browser::open(&[]).await;
    sign_in(&desk, &staff).await;
    staff.press("language-en").await;
    // The page's list is the one from before.
    staff
        .script(
            "const real = window.fetch;
             window.fetch = (address, options) => address === '/api/appointments' ? new Promise(() => {}) : real(address, options);",
        )
        .await;
    let answer = desk.sign_in(COLLEAGUE, desk.demo.password.expose()).await;
    let cookie = header(&answer, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let mut colleague = Peer::connect(desk.running(), Some(&cookie)).await.unwrap();
    let seat = |take_over| hello(Proof::Staff { appointment: desk.demo.appointment.clone(), take_over });
    colleague.say(&seat(false)).await;
    colleague.welcome().await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    staff.until("it asks", "return document.getElementById('confirm').open;").await;
    says(&staff, "confirm", "佐藤 holds this seat").await;
    staff.press("confirm-yes").await;
    staff.until_data("room", "seated").await;
    colleague.until(|message| matches!(message, ToClient::TakenOver { by } if *by == desk.demo.staff)).await;
    // Taken back while this page's line is up: it says by whom.
    let mut colleague = Peer::connect(desk.running(), Some(&cookie)).await.unwrap();
    colleague.say(&seat(true)).await;
    colleague.welcome().await;
    staff.until_data("room", "ended").await;
    says(&staff, "veil", "佐藤 took over").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleague_who_took_over_while_the_line_was_lost_is_not_thrown_out_again() {
    let (wire, desk) = Wire::to_a_desk(false, |_| {}).await;
    second_account(&desk);
    let staff = Browser::open(&[]).await;
    sign_in(&desk, &staff).await;
    let answer = desk.sign_in(COLLEAGUE, desk.demo.password.expose()).await;
    let cookie = header(&answer, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let takes_over = hello(Proof::Staff { appointment: desk.demo.appointment.clone(), take_over: true });
    let mut colleague = Peer::connect(desk.running(), Some(&cookie)).await.unwrap();
    colleague.say(&takes_over).await;
    colleague.welcome().await;
    says(&staff, "appointments", "佐藤さんが対応中").await;
    press_behind(&staff, "join", &desk.demo.appointment).await;
    staff.press("confirm-yes").await;
    staff.until_data("room", "seated").await;
    wire.goes_silent();
    let mut colleague = Peer::connect(desk.running(), Some(&cookie)).await.unwrap();
    colleague.say(&takes_over).await;
    let welcome = colleague.welcome().await;
    wire.is_mended();
    staff.script("window.dispatchEvent(new Event('online'));").await;
    staff.until_data("room", "ended").await;
    says(&staff, "veil", "佐藤さんが引き継ぎました").await;
    colleague.say(&ToServer::Beat).await;
    match colleague.next().await {
        Some(ToClient::Beat { .. }) => {}
        other => panic!("{}: {}", welcome.you.0, serde_json::to_string(&other).unwrap()),
    }
}
