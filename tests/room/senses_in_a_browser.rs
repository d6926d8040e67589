//! A phone or a PC at either end: camera and microphone are unplugged, the browser pauses what it plays, the phone is
//! locked. Each comes back by itself, and until then both pages say what is off.

use crate::browser::Browser;
use crate::desk::Desk;
use crate::staff_and_guest_in_a_browser::{sees_more_pictures, sign_in};
use jiff::SignedDuration;
use madoguchi::model::language::Language;

/// Both in a call, with hands at their devices.
async fn in_a_call(desk: &Desk, language: Language) -> (Browser, Browser) {
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    sign_in(desk, &staff).await;
    staff.script(include_str!("senses.js")).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    staff.until_data("room", "seated").await;
    guest.go(desk.demo.key_url(&desk.running().public, language).expose()).await;
    guest.until_data("state", "ready").await;
    guest.script(include_str!("senses.js")).await;
    guest.press("check").await;
    guest.press("agree").await;
    guest.until_data("state", "lobby").await;
    staff.press("admit").await;
    guest.until_data("state", "call").await;
    sees_more_pictures(&staff, "staff").await;
    sees_more_pictures(&guest, "the guest").await;
    (staff, guest)
}

async fn hears_more(browser: &Browser, who: &str) {
    let energy = "Number(document.body.dataset.audioEnergy ?? 0)";
    let heard = browser.script(&format!("return {energy};")).await.as_f64().unwrap();
    browser.until(&format!("{who} hears more"), &format!("return {energy} > {heard} + 0.0005;")).await;
}

async fn says(browser: &Browser, id: &str, words: &str) {
    let said = format!(
        "const it = document.querySelector('[data-testid=\"{id}\"]'); \
         return !it.hidden && it.textContent.includes('{words}');"
    );
    browser.until(&format!("{id} says: {words}"), &said).await;
}

async fn says_nothing(browser: &Browser, id: &str) {
    let hidden = format!("return document.querySelector('[data-testid=\"{id}\"]').hidden;");
    browser.until(&format!("{id} says nothing"), &hidden).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guests_devices_come_back_again_and_again() {
    let desk = Desk::open().await;
    let (staff, guest) = in_a_call(&desk, Language::English).await;
    staff.press("language-en").await;
    let times = std::env::var("TIMES").ok().and_then(|times| times.parse().ok()).unwrap_or(3);
    for time in 0..times {
        if time % 3 != 2 {
            guest.script("lab.unplug('video');").await;
            guest.until_data("camera", "missing").await;
            says(&guest, "off", "Your camera does not work").await;
            says(&staff, "guest-muted", "camera is off").await;
        }
        if time % 3 != 1 {
            guest.script("lab.unplug('audio');").await;
            guest.until_data("microphone", "missing").await;
            says(&guest, "off", "Your microphone does not work").await;
            says(&guest, "off", madoguchi::room::demo::TELEPHONE).await;
            says(&staff, "guest-muted", if time % 3 == 0 { "microphone and camera" } else { "microphone is off" })
                .await;
        }
        guest.script("lab.plug('video', 'audio');").await;
        guest.until_data("camera", "on").await;
        guest.until_data("microphone", "on").await;
        says_nothing(&guest, "off").await;
        says_nothing(&staff, "guest-muted").await;
        sees_more_pictures(&staff, "staff").await;
        hears_more(&staff, "staff").await;
    }
    assert_eq!(guest.data("epoch").await.as_deref(), Some("1"), "the connection was made anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_staffs_devices_come_back_without_a_devicechange_too() {
    let desk = Desk::open().await;
    let (staff, guest) = in_a_call(&desk, Language::English).await;
    staff.script("lab.unplug('audio', 'video');").await;
    staff.until_data("microphone", "missing").await;
    staff.until_data("camera", "missing").await;
    says(&guest, "off", "microphone is off").await;
    // Another program gives them back: no browser tells of that.
    staff.script("lab.out.clear();").await;
    staff.until_data("microphone", "on").await;
    staff.until_data("camera", "on").await;
    says_nothing(&guest, "off").await;
    says_nothing(&staff, "device-problem").await;
    sees_more_pictures(&guest, "the guest").await;
    hears_more(&guest, "the guest").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missing_before_the_call_is_used_in_it() {
    let desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    sign_in(&desk, &staff).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    staff.until_data("room", "seated").await;
    guest.go(desk.demo.key_url(&desk.running().public, Language::Japanese).expose()).await;
    guest.until_data("state", "ready").await;
    guest.script(include_str!("senses.js")).await;
    guest.script("lab.unplug('audio', 'video');").await;
    guest.press("check").await;
    says(&guest, "device-problem", "見つかりません").await;
    guest.press("agree").await;
    guest.until_data("state", "lobby").await;
    staff.press("admit").await;
    guest.until_data("state", "call").await;
    says(&staff, "guest-muted", "切れています").await;
    guest.script("lab.plug('audio', 'video');").await;
    says_nothing(&staff, "guest-muted").await;
    sees_more_pictures(&staff, "staff").await;
    hears_more(&staff, "staff").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_browser_pauses_is_played_again_or_asks_for_a_press() {
    let desk = Desk::open().await;
    let (staff, guest) = in_a_call(&desk, Language::English).await;
    staff.press("language-en").await;
    for (page, other, video) in [(&guest, &staff, "staff-video"), (&staff, &guest, "guest-video")] {
        let player = format!("document.getElementById('{video}')");
        page.script(&format!("{player}.pause();")).await;
        page.until("it plays again", &format!("return !{player}.paused;")).await;
        // A browser that wants a press first.
        page.script(&format!(
            "{player}.play = () => Promise.reject(new DOMException('', 'NotAllowedError')); {player}.pause();"
        ))
        .await;
        page.until_data("sound", "blocked").await;
        if video == "staff-video" {
            says(page, "off", "press").await;
            says(other, "guest-muted", "hears nothing").await;
        } else {
            says(other, "off", "does not hear you").await;
        }
        page.script(&format!("delete {player}.play;")).await;
        page.press("sound").await;
        page.until_data("sound", "on").await;
        page.until("it plays again", &format!("return !{player}.paused;")).await;
        says_nothing(other, if video == "staff-video" { "guest-muted" } else { "off" }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_stays_awake_while_somebody_waits_or_talks() {
    let desk = Desk::open().await;
    let (_staff, guest) = in_a_call(&desk, Language::Japanese).await;
    guest.until_data("awake", "on").await;
    for locks in 2..5 {
        // As a browser does when the page is hidden.
        guest.script("lab.locks.at(-1).release();").await;
        guest.until("it is kept awake again", &format!("return lab.locks.length >= {locks};")).await;
        guest.until_data("awake", "on").await;
    }
    guest.press("leave").await;
    guest.until_data("state", "over").await;
    guest.until_data("awake", "off").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_was_locked_for_a_minute_is_back_in_the_call() {
    let desk = Desk::open().await;
    let (staff, guest) = in_a_call(&desk, Language::Japanese).await;
    guest.until("the line is known", "return Boolean(lab.line);").await;
    guest.script("lab.lock();").await;
    staff.until_data("guest", "away").await;
    desk.advance(SignedDuration::from_secs(60));
    guest.script("lab.unlock();").await;
    staff.until_data("guest", "admitted").await;
    assert_eq!(guest.data("state").await.as_deref(), Some("call"), "nobody had to agree again");
    sees_more_pictures(&staff, "staff").await;
    sees_more_pictures(&guest, "the guest").await;

    // Longer than the seat is kept: somebody must let them in again, but they agreed already.
    guest.script("lab.lock();").await;
    staff.until_data("guest", "away").await;
    desk.advance(SignedDuration::from_secs(120));
    staff.until_data("guest", "none").await;
    guest.script("lab.unlock();").await;
    staff.until_data("guest", "waiting").await;
    assert_eq!(guest.data("state").await.as_deref(), Some("lobby"), "they are asked to agree again");
    staff.press("admit").await;
    guest.until_data("state", "call").await;
    sees_more_pictures(&staff, "staff").await;
}
