//! The pages when something is wrong: a dead line, a proxy in the way, site data blocked, a question answered too late, a
//! sign-in that ended, a server that does not do what was asked.

use crate::browser::{BLOCK_SITE_DATA, Browser};
use crate::desk::{Desk, key};
use crate::pages_fit_their_windows::look;
use crate::staff_and_guest_in_a_browser::{join, press_behind, sees_more_pictures, sign_in};
use crate::wire_in_trouble::Wire;
use madoguchi::model::language::Language;
use madoguchi::model::uptime::Uptime;
use madoguchi::model::wire::{Refusal, ToClient};
use madoguchi::room::store::Store;
use std::sync::Arc;

/// Whether what has this `data-testid` is shown with these words.
pub async fn says(browser: &Browser, id: &str, words: &str) {
    let said = format!(
        "const it = document.querySelector('[data-testid=\"{id}\"]'); \
         return it.checkVisibility() && it.innerText.includes('{words}');"
    );
    browser.until(&format!("{id} says: {words}"), &said).await;
}

pub async fn says_nothing(browser: &Browser, id: &str) {
    let gone = format!("return !document.querySelector('[data-testid=\"{id}\"]').checkVisibility();");
    browser.until(&format!("{id} is not there"), &gone).await;
}

const DIALS: &str = "return document.querySelector('#telephone a[href=\"tel:0422001234\"]')?.checkVisibility();";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_goes_silent_is_noticed_and_comes_back() {
    let (wire, desk) = Wire::to_a_desk(false, |_| {}).await;
    let guest = Browser::open(&[]).await;
    join(&desk, &guest, Language::Japanese).await;
    says(&guest, "message", "職員を待っています").await;
    wire.goes_silent();
    // Nobody tells the browser: only its own question without an answer does.
    guest.until_data("line", "lost").await;
    says(&guest, "message", "回線が切れました").await;
    guest.until("somebody can be phoned", DIALS).await;
    look(&guest, "trouble-guest-line-lost").await;
    wire.is_mended();
    guest.until_data("line", "up").await;
    says(&guest, "message", "職員を待っています").await;

    // Another network, or a lid that was opened: it is asked at once.
    wire.goes_silent();
    guest.script("window.dispatchEvent(new Event('online'));").await;
    guest.until_data("line", "lost").await;
    wire.is_mended();
    guest.script("window.dispatchEvent(new Event('online'));").await;
    guest.until_data("line", "up").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_lets_no_websocket_through_is_told_with_the_telephone() {
    let (wire, desk) = Wire::to_a_desk(true, |_| {}).await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    sign_in(&desk, &staff).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    guest.go(desk.demo.key_url(&desk.running().public, Language::Japanese).expose()).await;
    says(&guest, "message", "つながりません").await;
    guest.until("somebody can be phoned", DIALS).await;
    look(&guest, "trouble-guest-stuck").await;
    says(&staff, "veil", "サーバーにつながりません").await;
    look(&staff, "trouble-staff-stuck").await;
    wire.is_mended();
    guest.press("again").await;
    guest.until_data("state", "ready").await;
    staff.until_data("room", "seated").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_keeps_nothing_brings_a_guest_in_all_the_same() {
    let desk = Desk::open().await;
    let guest = Browser::open(&[BLOCK_SITE_DATA]).await;
    guest.go(desk.demo.key_url(&desk.running().public, Language::Japanese).expose()).await;
    let blocked = "try { return sessionStorage.length < 0; } catch { return true; }";
    assert_eq!(guest.script(blocked).await, true, "the browser keeps something");
    guest.until_data("state", "ready").await;
    guest.press("language-en").await;
    guest.press("check").await;
    guest.press("agree").await;
    guest.until_data("state", "lobby").await;
}

/// What the page's line hears from a server that is newer than the page; the line is caught when something is said on it.
async fn hears(browser: &Browser, message: &str) {
    let caught = format!("line.dispatchEvent(new MessageEvent('message', {{ data: JSON.stringify({message}) }}));");
    browser.script(&caught).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_stands_open_while_the_server_becomes_newer_goes_on() {
    let desk = Desk::open().await;
    let catch = "const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (text) { window.line = this; return send.call(this, text); };";
    for (message, reason, words) in [
        ("{ kind: 'bye', reason: 'goes-on-at-the-branch-office' }", "ended", "相談は終わりました"),
        ("{ kind: 'refused', why: 'city-is-closed', until: '2031-01-04' }", "city-is-closed", "おつなぎできません"),
    ] {
        let guest = Browser::open(&[]).await;
        guest.go(desk.demo.key_url(&desk.running().public, Language::Japanese).expose()).await;
        guest.until_data("state", "ready").await;
        guest.script(catch).await;
        guest.press("check").await;
        guest.press("agree").await;
        guest.until_data("state", "lobby").await;
        for newer in [
            "null",
            "{ kind: 7 }",
            "{ kind: 'constructor' }",
            "{ kind: 'captions', text: { vi: 'xin chào' } }",
            "{ kind: 'notice', notice: 'captions-are-written', since: 1 }",
            "{ kind: 'peer', peer: 'interpreter-3', role: 'interpreter', name: 'Lan', epoch: 7, admitted: true }",
            "{ kind: 'people', people: [{ id: 'interpreter-3', role: 'interpreter' }] }",
        ] {
            hears(&guest, newer).await;
        }
        assert_eq!(guest.script("return document.body.dataset.state;").await, "lobby");
        hears(&guest, message).await;
        guest.until_data("reason", reason).await;
        let said = format!("return document.getElementById('message-title').textContent.includes('{words}');");
        guest.until(words, &said).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_too_many_wrong_papers_the_right_one_has_the_page_for_itself() {
    // No time passes that would fill the bucket again.
    let desk = Desk::open_with(|config| config.steady = Arc::new(|| Uptime::ZERO)).await;
    for number in 0..12 {
        let mut peer = desk.connect().await;
        peer.say(&key(&format!("{number:026}"))).await;
        assert!(matches!(
            peer.rest().await.as_slice(),
            [ToClient::Refused(Refusal::UnknownKey | Refusal::TooManyTries { .. })]
        ));
    }
    let guest = Browser::open(&[]).await;
    guest.go(&format!("{}/j?l=ja#ZZZZZZZZZZZZZZZZZZZZZZZZZZ", desk.running().public)).await;
    guest.until_data("reason", "too-many-tries").await;
    guest.until("somebody can be phoned", DIALS).await;
    look(&guest, "trouble-guest-too-many").await;
    guest
        .script(
            "window.opened = 0; const Real = WebSocket;
             window.WebSocket = Object.assign(function (address) { window.opened += 1; return new Real(address); },
               { OPEN: Real.OPEN, CONNECTING: Real.CONNECTING, CLOSED: Real.CLOSED });",
        )
        .await;
    // The earlier connection would try again every few seconds.
    let later = "window.later ??= performance.now() + 7000; return performance.now() > window.later;";
    guest.until("some seconds have passed", later).await;
    assert_eq!(guest.script("return window.opened;").await, 0, "a connection outlives its refusal");
    guest.script(&format!("location.hash = '{}';", desk.demo.key.expose())).await;
    guest.until_data("state", "ready").await;
    guest.press("check").await;
    guest.press("agree").await;
    guest.until_data("state", "lobby").await;
    assert_eq!(guest.script("return window.opened;").await, 1);
}

/// Answers of the browser to its questions wait until the test opens the gate.
const GATE: &str = "
  const media = navigator.mediaDevices;
  window.tracks = []; window.gate = Promise.withResolvers();
  for (const name of ['getUserMedia', 'getDisplayMedia']) {
    const ask = media[name].bind(media);
    media[name] = async (wanted) => {
      await window.gate.promise;
      const stream = await ask(wanted);
      window.tracks.push(...stream.getTracks());
      return stream;
    };
  }";
const NOTHING_IS_OPEN: &str = "return tracks.length > 0 && tracks.every(({ readyState }) => readyState === 'ended');";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_browser_gives_after_the_guest_has_left_is_closed() {
    let desk = Desk::open().await;
    let guest = Browser::open(&[]).await;
    guest.go(desk.demo.key_url(&desk.running().public, Language::Japanese).expose()).await;
    guest.until_data("state", "ready").await;
    guest.script(GATE).await;
    guest.press("check").await;
    guest.press("check").await;
    guest.script("location.hash = 'ZZZZZZZZZZZZZZZZZZZZZZZZZZ';").await;
    guest.until_data("state", "over").await;
    guest.script("gate.resolve();").await;
    guest.until("camera and microphone are closed", NOTHING_IS_OPEN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screen_or_camera_that_is_chosen_after_the_seat_was_left_is_closed() {
    let desk = Desk::open().await;
    let staff = Browser::open(&["--use-fake-device-for-media-stream=device-count=2"]).await;
    sign_in(&desk, &staff).await;
    for control in ["share", "other-camera"] {
        staff.press(&format!("join-{}", desk.demo.appointment)).await;
        staff.until_data("room", "seated").await;
        staff.until_data("camera", "on").await;
        staff.script(GATE).await;
        staff.press(control).await;
        if control == "share" {
            look(&staff, "trouble-staff-share").await;
            staff.press("confirm-yes").await;
        }
        staff.press("leave-room").await;
        staff.until_data("room", "none").await;
        staff.script("gate.resolve();").await;
        staff.until(&format!("{control}: it is closed"), NOTHING_IS_OPEN).await;
        assert_eq!(staff.data("sharing").await.as_deref(), Some("off"));
        staff.session.refresh().await.unwrap();
        staff.until_data("ready", "yes").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_was_busy_is_tried_again_with_one_press() {
    let desk = Desk::open().await;
    let guest = Browser::open(&[]).await;
    guest.go(desk.demo.key_url(&desk.running().public, Language::Japanese).expose()).await;
    guest.until_data("state", "ready").await;
    guest
        .script(
            "const media = navigator.mediaDevices, ask = media.getUserMedia.bind(media);
             window.busy = true; window.asked = [];
             // Nobody tells that it is free again, and nothing says that it may be tried.
             navigator.permissions.query = () => Promise.reject(new Error());
             media.enumerateDevices = async () => [];
             media.getUserMedia = async (wanted) => {
               window.asked.push(Object.keys(wanted).join('+'));
               if (wanted.video && window.busy) throw new DOMException('', 'NotReadableError');
               return ask(wanted);
             };",
        )
        .await;
    guest.press("check").await;
    says(&guest, "device-problem", "カメラかマイクを使えません").await;
    says(&guest, "check", "もう一度").await;
    look(&guest, "trouble-guest-busy").await;
    assert_eq!(guest.data("microphone").await.as_deref(), Some("on"));
    guest.script("window.busy = false; window.asked = [];").await;
    guest.press("check").await;
    guest.until_data("camera", "on").await;
    says_nothing(&guest, "device-problem").await;
    assert_eq!(guest.script("return asked.join();").await, "video", "only what is missing is opened");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_goes_in_the_call_is_not_said_to_be_on() {
    let desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    sign_in(&desk, &staff).await;
    guest.go(desk.demo.key_url(&desk.running().public, Language::Japanese).expose()).await;
    guest.until_data("state", "ready").await;
    for page in [&staff, &guest] {
        page.script(include_str!("senses.js")).await;
    }
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    guest.press("check").await;
    guest.press("agree").await;
    staff.press("admit").await;
    sees_more_pictures(&staff, "staff").await;
    staff.script("lab.unplug('audio');").await;
    says(&staff, "microphone", "マイクなし").await;
    says(&staff, "device-problem", "もう一度").await;
    look(&staff, "trouble-staff-device").await;
    guest.script("lab.unplug('audio', 'video');").await;
    for id in ["microphone", "camera"] {
        says_nothing(&guest, id).await;
    }
    says(&guest, "devices-again", "もう一度").await;
    look(&guest, "trouble-guest-device").await;
    guest.script("lab.out.clear();").await;
    says(&guest, "microphone", "マイク入").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_family_without_staff_is_flagged_on_top_and_calls() {
    let desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    let store = Store::open(&desk.demo.database).unwrap();
    let now = jiff::Timestamp::now();
    let mut earlier = madoguchi::room::demo::open_now(now);
    earlier.starts = now - jiff::SignedDuration::from_mins(20);
    let earlier = madoguchi::room::appointments::reserve::reserve(&store, now, earlier).unwrap();
    sign_in(&desk, &staff).await;
    staff.until("both are listed", "return document.querySelectorAll('.card').length === 2;").await;
    let first = "document.querySelector('.card').dataset.testid";
    let other = format!("appointment-{}", earlier.appointment.id);
    assert_eq!(staff.script(&format!("return {first};")).await, other.as_str());
    join(&desk, &guest, Language::Japanese).await;
    let calls = format!(
        "return {first} === 'appointment-{}' && document.querySelector('.card').innerText.includes('職員がいません') \
         && document.title.startsWith('(1)') && Number(document.body.dataset.sounded) > 0 \
         && document.getElementById('announce').textContent.includes('お待ちです');",
        desk.demo.appointment
    );
    staff.until("it calls", &calls).await;
    assert!(
        staff
            .script("return document.querySelector('.card').innerText;")
            .await
            .as_str()
            .unwrap()
            .contains(&desk.demo.appointment)
    );
    // A colleague takes the seat and leaves the family alone.
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    staff.press("admit").await;
    guest.until_data("state", "call").await;
    staff.until("nobody waits", "return document.title.startsWith('窓口');").await;
    staff.press("leave-room").await;
    staff.until("left alone, it calls again", &calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_ends_in_a_call_is_said_and_the_call_goes_on() {
    let mut desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    sign_in(&desk, &staff).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    join(&desk, &guest, Language::Japanese).await;
    staff.press("admit").await;
    sees_more_pictures(&staff, "staff").await;
    // By itself: whom somebody signs out leaves the seat as well.
    let database = rusqlite::Connection::open(&desk.demo.database).unwrap();
    assert_eq!(database.execute("UPDATE session SET until = 0", []).unwrap(), 1);
    says(&staff, "trouble", "サインインが切れました").await;
    says(&staff, "sign-in-again", "サインイン").await;
    look(&staff, "trouble-staff-signed-out").await;
    sees_more_pictures(&staff, "staff").await;
    // Signed in beside it (the other page shares its cookie), the list goes on.
    let page = staff.session.window().await.unwrap();
    let beside = staff.session.new_tab().await.unwrap();
    staff.session.switch_to_window(beside).await.unwrap();
    sign_in(&desk, &staff).await;
    staff.session.switch_to_window(page).await.unwrap();
    says_nothing(&staff, "trouble").await;
    // A server that does not answer is said, too; so is what it did not do.
    desk.running.take().unwrap().stop().await;
    says(&staff, "trouble", "サーバーから返事がありません").await;
    press_behind(&staff, "revoke", &desk.demo.appointment).await;
    staff.press("confirm-yes").await;
    says(&staff, "trouble", "取り消せませんでした").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_says_what_is_wrong_at_its_field_and_keeps_what_was_typed() {
    let desk = Desk::open().await;
    let staff = Browser::open(&[]).await;
    sign_in(&desk, &staff).await;
    staff.press("new-appointment").await;
    staff.type_into("make-remark", "車いす").await;
    for (field, value, words) in [
        ("starts", "2001-01-01T10:00", "もう過ぎた時間です"),
        ("starts", "2101-01-01T10:00", "1年より先"),
        ("starts", "", "開始の日時"),
        ("minutes", "500", "5分から240分"),
        ("minutes", "", "5分から240分"),
    ] {
        staff.script(&format!("window.was = document.getElementById('make-{field}').value; document.getElementById('make-{field}').value = '{value}';")).await;
        staff.press("make-do").await;
        says(&staff, "make-problem", words).await;
        let at = format!(
            "const it = document.getElementById('make-{field}'); return it.getAttribute('aria-invalid') === 'true' && \
             document.activeElement === it && it.closest('label').contains(document.getElementById('make-problem'));"
        );
        staff.until("it is said at the field", &at).await;
        if field == "starts" && value.starts_with("2001") {
            look(&staff, "trouble-staff-form").await;
        }
        staff.script(&format!("document.getElementById('make-{field}').value = window.was;")).await;
    }
    assert_eq!(staff.script("return document.getElementById('make-remark').value;").await, "車いす");
    // The demo's appointment is at the same time.
    staff.press("make-do").await;
    staff.until("it asks", "return document.getElementById('confirm').open;").await;
    assert!(staff.text("confirm").await.contains(&desk.demo.appointment));
    staff.press("confirm-no").await;
    assert_eq!(Store::open(&desk.demo.database).unwrap().appointments().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_keeps_the_name_that_was_typed() {
    let desk = Desk::open().await;
    let staff = Browser::open(&[]).await;
    staff.go(&format!("{}/sign-in", desk.running().public)).await;
    staff.type_into("name", "みどり").await;
    staff.type_into("password", "not the password").await;
    staff.press("sign-in").await;
    says(&staff, "problem", "違います").await;
    let kept = "return document.getElementById('name').value === 'みどり' && document.activeElement.id === 'password';";
    staff.until("only the password is to be typed", kept).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_paper_ends_the_old_one_and_notes_are_not_lost_unasked() {
    let desk = Desk::open().await;
    let staff = Browser::open(&[]).await;
    sign_in(&desk, &staff).await;
    press_behind(&staff, "paper", &desk.demo.appointment).await;
    look(&staff, "trouble-staff-paper").await;
    staff.press("confirm-yes").await;
    let page = staff.session.window().await.unwrap();
    let other = async || staff.session.windows().await.unwrap().into_iter().find(|window| *window != page);
    let paper = staff.wait("the paper's own window", other).await;
    staff.session.switch_to_window(paper).await.unwrap();
    staff.until("the paper is there", "return document.querySelector('.sheet svg') !== null;").await;
    staff.session.close_window().await.unwrap();
    staff.session.switch_to_window(page).await.unwrap();
    let mut peer = desk.connect().await;
    peer.say(&key(desk.demo.key.expose())).await;
    assert!(matches!(peer.rest().await.as_slice(), [ToClient::Refused(Refusal::UnknownKey)]));

    staff.type_into("notes", "折り返し").await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    staff.until("it asks", "return document.getElementById('confirm').open;").await;
    assert!(staff.text("confirm").await.contains("メモは消えます"));
    staff.press("confirm-no").await;
    assert_eq!(staff.script("return document.getElementById('notes').value;").await, "折り返し");
    // The list is searched by number.
    staff.type_into("find", "ZZZZ").await;
    says(&staff, "appointments", "あてはまる予約はありません").await;
    staff
        .script(
            "const find = document.getElementById('find'); find.value = ''; find.dispatchEvent(new Event('input'));",
        )
        .await;
    staff.type_into("find", &desk.demo.appointment.to_lowercase()).await;
    says(&staff, "appointments", &desk.demo.appointment).await;
}
