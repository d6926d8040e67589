//! Staff and a guest in real Chromium: both see each other, and every control does what it says.

use crate::browser::Browser;
use crate::desk::Desk;
use madoguchi::model::language::Language;
use thirtyfour::Key;

pub async fn sign_in(desk: &Desk, staff: &Browser) {
    staff.go(&format!("{}/staff", desk.running().public)).await;
    staff.type_into("name", &desk.demo.staff).await;
    staff.type_into("password", desk.demo.password.expose()).await;
    staff.press("sign-in").await;
    staff.until_data("ready", "yes").await;
}

/// Presses one of what stands behind an appointment's line: `time`, `paper`, `revoke`, or `join` where it is not next.
pub async fn press_behind(staff: &Browser, what: &str, appointment: &str) {
    if staff.attribute(&format!("[data-testid='more-{appointment}']"), "aria-expanded").await.as_deref() != Some("true")
    {
        staff.press(&format!("more-{appointment}")).await;
    }
    staff.press(&format!("{what}-{appointment}")).await;
}

pub async fn join(desk: &Desk, guest: &Browser, language: Language) {
    guest.go("about:blank").await;
    guest.go(desk.demo.key_url(&desk.running().public, language).expose()).await;
    guest.until_data("state", "ready").await;
    guest.press("check").await;
    guest.press("agree").await;
    guest.until_data("state", "lobby").await;
}

async fn frames(browser: &Browser) -> f64 {
    browser.data("framesDecoded").await.and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

pub async fn sees_more_pictures(browser: &Browser, who: &str) {
    let seen = frames(browser).await;
    let more = format!("return Number(document.body.dataset.framesDecoded ?? 0) > {seen} + 10;");
    browser.until(&format!("{who} sees more pictures"), &more).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_see_each_other_mute_hold_and_the_guest_is_made_to_leave() {
    let desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    sign_in(&desk, &staff).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    staff.until_data("room", "seated").await;

    join(&desk, &guest, Language::Japanese).await;
    let address = guest.session.current_url().await.unwrap();
    assert_eq!(address.fragment(), None, "the key is still in the address bar");
    staff.until_data("guest", "waiting").await;
    staff.until_data("people", "1").await;
    guest.until_data("people", "1").await;
    // The connection stands already in the lobby, but nothing flows on it.
    staff.until_data("media", "connected").await;
    guest.until_data("media", "connected").await;
    assert_eq!((frames(&staff).await, frames(&guest).await), (0.0, 0.0));

    staff.press("admit").await;
    guest.until_data("state", "call").await;
    staff.until_data("guest", "admitted").await;
    sees_more_pictures(&staff, "staff").await;
    sees_more_pictures(&guest, "the guest").await;
    let heard = "return Number(document.body.dataset.audioEnergy ?? 0) > 0;";
    staff.until("staff hear the guest", heard).await;
    guest.until("the guest hears staff", heard).await;

    guest.press("microphone").await;
    staff.until("the guest's mute is shown", "return !document.getElementById('guest-muted').hidden;").await;
    staff.press("microphone").await;
    staff.until_data("microphone", "muted").await;

    staff.press("share").await;
    staff.press("confirm-yes").await;
    staff.until_data("sharing", "on").await;
    sees_more_pictures(&guest, "the guest of the shared screen").await;
    staff.press("share").await;
    staff.until_data("sharing", "off").await;

    staff.press("hold").await;
    guest.until_data("hold", "on").await;
    staff.until_data("hold", "on").await;
    staff.press("hold").await;
    guest.until_data("hold", "off").await;
    sees_more_pictures(&guest, "the guest after the hold").await;

    staff.press("will-phone").await;
    staff.press("confirm-yes").await;
    guest.until_data("notice", "will-phone").await;

    staff.press("let-leave").await;
    staff.press("confirm-yes").await;
    guest.until_data("state", "over").await;
    assert_eq!(guest.data("reason").await.as_deref(), Some("let-leave"));
    staff.until_data("guest", "none").await;
    staff.until_data("people", "0").await;
    guest.go("about:blank").await;
    guest.go(desk.demo.key_url(&desk.running().public, Language::English).expose()).await;
    guest.until_data("state", "over").await;
    assert_eq!(guest.data("reason").await.as_deref(), Some("let-leave"), "the key is still good");
}

/// Presses Tab until what has this `data-testid` has the focus.
/// A box that is too slow for a large picture says so with its figures, and staff's browser sends it a smaller one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_end_gets_a_picture_that_it_can_show() {
    const HEIGHT: &str = "const height = document.getElementById('staff-video').videoHeight;";
    let desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    sign_in(&desk, &staff).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    staff.until_data("room", "seated").await;
    join(&desk, &guest, Language::Japanese).await;
    staff.until_data("guest", "waiting").await;
    staff.press("admit").await;
    guest.until_data("state", "call").await;
    sees_more_pictures(&guest, "the guest").await;
    let until = async |what: &str, is: &str| guest.until(what, &format!("{HEIGHT} return {is};")).await;
    until("a large picture", "height > 270").await;
    let slow = "const send = WebSocket.prototype.send; window.takes = { height: 180, rate: 10 };
        WebSocket.prototype.send = function (text) {
          const message = JSON.parse(text);
          if (message.kind === 'stats' && window.takes) { message.stats.takes = window.takes; }
          send.call(this, JSON.stringify(message));
        };";
    guest.script(slow).await;
    until("a picture that it can show", "height > 0 && height <= 180").await;
    sees_more_pictures(&guest, "the slow guest").await;
    staff.press("share").await;
    staff.press("confirm-yes").await;
    staff.until_data("sharing", "on").await;
    until("a window in which the words can be read", "height > 180").await;
    staff.press("share").await;
    staff.until_data("sharing", "off").await;
    until("the small picture again", "height > 0 && height <= 180").await;
    guest.script("window.takes = null;").await;
    until("a large picture again", "height > 270").await;
}

async fn tab_to(browser: &Browser, id: &str) {
    for _ in 0..60 {
        let focused = browser.script("return document.activeElement?.dataset?.testid ?? '';").await;
        if focused == id {
            let outline = browser.script("return getComputedStyle(document.activeElement).outlineStyle;").await;
            assert_eq!(outline, "solid", "{id} has no visible focus");
            return;
        }
        browser.keys(Key::Tab).await;
    }
    panic!("{id} cannot be reached with the Tab key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_consultation_with_the_keyboard_alone() {
    let desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    staff.go(&format!("{}/staff", desk.running().public)).await;
    tab_to(&staff, "name").await;
    staff.keys(desk.demo.staff.as_str()).await;
    tab_to(&staff, "password").await;
    staff.keys(desk.demo.password.expose() + Key::Enter).await;
    staff.until_data("ready", "yes").await;
    tab_to(&staff, &format!("join-{}", desk.demo.appointment)).await;
    staff.keys(Key::Enter).await;
    staff.until_data("room", "seated").await;
    join(&desk, &guest, Language::Japanese).await;
    staff.until_data("guest", "waiting").await;
    staff.keys(Key::F8).await;
    guest.until_data("state", "call").await;
    staff.until_data("guest", "admitted").await;
    staff.keys(Key::F2).await;
    staff.until_data("microphone", "muted").await;
    staff.keys(Key::F4).await;
    staff.until_data("camera", "off").await;
    staff.keys(Key::F9).await;
    staff.until_data("hold", "on").await;
    tab_to(&staff, "will-phone").await;
    staff.keys(Key::Enter).await;
    tab_to(&staff, "confirm-yes").await;
    staff.keys(Key::Enter).await;
    guest.until_data("notice", "will-phone").await;
    tab_to(&staff, "end").await;
    staff.keys(Key::Enter).await;
    // The first choice is the harmless one, and Escape is "no".
    tab_to(&staff, "confirm-no").await;
    staff.keys(Key::Escape).await;
    assert_eq!(guest.data("state").await.as_deref(), Some("call"));
    tab_to(&staff, "end").await;
    staff.keys(Key::Enter).await;
    tab_to(&staff, "confirm-yes").await;
    staff.keys(Key::Enter).await;
    guest.until_data("reason", "ended").await;
    staff.until_data("room", "ended").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_outlives_the_server_and_a_page_that_is_loaded_again() {
    let mut desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    sign_in(&desk, &staff).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    join(&desk, &guest, Language::Japanese).await;
    staff.press("admit").await;
    sees_more_pictures(&staff, "staff").await;
    let address = desk.running().address;
    desk.running.take().unwrap().stop().await;
    staff.until_data("room", "lost").await;
    sees_more_pictures(&guest, "the guest without a server").await;
    desk.config.listen = address;
    desk.start_again().await;
    staff.until_data("room", "seated").await;
    sees_more_pictures(&staff, "staff after the restart").await;
    assert_eq!(staff.data("epoch").await.as_deref(), Some("1"), "the same connection goes on");

    guest.session.refresh().await.unwrap();
    guest.until_data("state", "call").await;
    sees_more_pictures(&guest, "the guest after loading the page again").await;
    sees_more_pictures(&staff, "staff after the guest's new page").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_camera_is_said_in_plain_words_and_is_no_dead_end() {
    let desk = Desk::open().await;
    let guest = Browser::open(&["--use-fake-ui-for-media-stream=deny"]).await;
    guest.go(desk.demo.key_url(&desk.running().public, Language::English).expose()).await;
    guest.press("check").await;
    guest.until("the reason is shown", "return !document.getElementById('device-problem').hidden;").await;
    assert!(guest.text("device-problem").await.contains("Camera and microphone are not allowed"));
    guest.press("agree").await;
    guest.until_data("state", "lobby").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_camera_there_is_a_call_with_sound() {
    let desk = Desk::open().await;
    let (staff, guest) =
        (Browser::open(&[]).await, Browser::open(&["--use-fake-device-for-media-stream=device-count=0"]).await);
    sign_in(&desk, &staff).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    join(&desk, &guest, Language::English).await;
    assert_eq!(guest.data("camera").await.as_deref(), Some("missing"));
    staff.press("admit").await;
    sees_more_pictures(&guest, "the guest").await;
    staff.until("staff learn that there is no picture", "return !document.getElementById('guest-muted').hidden;").await;
}
