//! Every page in every state, at both sizes of a counter's screen and on a phone: nothing is cut off, every control
//! is large enough and named, and text stands out from its ground. Pictures are left in `target/room-pages`.

use crate::browser::Browser;
use crate::desk::Desk;
use crate::staff_and_guest_in_a_browser::{join, sign_in};
use madoguchi::model::language::Language;
use serde_json::Value;
use std::path::PathBuf;

/// What is wrong with what can be seen now: one sentence each.
const LOOK: &str = r"
const wrong = [];
const root = document.documentElement;
if (root.scrollWidth > innerWidth + 1) wrong.push(`the page is ${root.scrollWidth} wide in a window of ${innerWidth}`);
const seen = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
const modal = document.querySelector('dialog[open]');
const name = (e) => e.dataset.testid ?? e.id ?? e.tagName;
const channel = (v) => { const c = v / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const parse = (text) => { const m = text.match(/[\d.]+/g).map(Number); return { rgb: m.slice(0, 3), a: m[3] ?? 1 }; };
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const ground = (e) => {
  for (let at = e; at; at = at.parentElement) {
    const { rgb, a } = parse(getComputedStyle(at).backgroundColor);
    if (a > 0.9) return rgb;
  }
  return [255, 255, 255];
};
for (const e of (modal ?? document).querySelectorAll('button, input, select, textarea')) {
  if (!seen(e) || e.type === 'hidden') continue;
  const box = e.getBoundingClientRect();
  if (box.width < 24 || box.height < 24) wrong.push(`${name(e)} is only ${box.width} by ${box.height}`);
  const called = e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.[0]?.textContent.trim();
  if (!called) wrong.push(`${name(e)} has no name`);
  if (e.scrollWidth > e.clientWidth + 2 && e.tagName === 'BUTTON') wrong.push(`the words of ${name(e)} are cut off`);
  if (document.body.dataset.page === 'staff' && getComputedStyle(document.body).overflowY === 'hidden' && (box.right > innerWidth + 1 || (!e.closest('#others, .side') && box.bottom > innerHeight + 1)))
    wrong.push(`${name(e)} lies outside of the window`);
}
const texts = document.createTreeWalker(modal ?? document.body, NodeFilter.SHOW_TEXT);
for (let node = texts.nextNode(); node; node = texts.nextNode()) {
  const e = node.parentElement;
  if (!node.data.trim() || !seen(e) || e.closest('.unseen, script, svg, :disabled, option')) continue;
  const [front, back] = [light(parse(getComputedStyle(e).color).rgb), light(ground(e))];
  const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
  if (ratio < 4.5) wrong.push(`'${node.data.trim().slice(0, 20)}' has a contrast of only ${ratio.toFixed(1)}`);
  if (/^[a-z]+(-[a-z]+)+$/.test(node.data.trim()) && !document.getElementById('who')?.contains(node)) wrong.push(`'${node.data}' looks like a key without words`);
}
return wrong;
";

fn pictures() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/room-pages");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub async fn look(browser: &Browser, name: &str) {
    browser.picture(&pictures().join(format!("{name}.png"))).await;
    let wrong = browser.script(LOOK).await;
    assert_eq!(wrong, Value::Array(Vec::new()), "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_1440_by_900_in_japanese() {
    walk(1440, 900, Language::Japanese).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_1024_by_768_in_english() {
    walk(1024, 768, Language::English).await;
}

async fn walk(width: u32, height: u32, language: Language) {
    let desk = Desk::open().await;
    let size = format!("{width}-{}", language.tag());
    let (staff, guest) = tokio::join!(Browser::sized(width, height, &[]), Browser::sized(width, height, &[]));
    staff.go(&format!("{}/sign-in?wrong=1", desk.running().public)).await;
    staff.press(&format!("language-{}", language.tag())).await;
    staff.until("the words are there", "return document.getElementById('problem').textContent.length > 5;").await;
    look(&staff, &format!("{size}-sign-in")).await;
    sign_in(&desk, &staff).await;
    look(&staff, &format!("{size}-staff-none")).await;
    staff.press("new-appointment").await;
    look(&staff, &format!("{size}-staff-new")).await;
    staff.press("make-do").await;
    // The demo's own appointment is at the same counter and time.
    staff.until("it asks about the other one", "return document.getElementById('confirm').open;").await;
    look(&staff, &format!("{size}-staff-double")).await;
    staff.press("confirm-yes").await;
    let staff_window = staff.session.window().await.unwrap();
    let other = async || staff.session.windows().await.unwrap().into_iter().find(|window| *window != staff_window);
    let paper = staff.wait("the paper's own window", other).await;
    staff.session.switch_to_window(paper).await.unwrap();
    staff
        .until(
            "the paper is there",
            "return document.querySelector('.sheet svg') !== null && document.body.dataset.ready === 'yes';",
        )
        .await;
    look(&staff, &format!("{size}-paper")).await;
    let printed = pictures().join(format!("{size}-paper.pdf"));
    std::fs::write(&printed, staff.printed().await).unwrap();
    let about = std::process::Command::new("pdfinfo").arg(&printed).output().expect("install poppler-utils");
    let about = String::from_utf8(about.stdout).unwrap();
    let pages = about.lines().find_map(|line| line.strip_prefix("Pages:")).unwrap().trim();
    assert!(pages == "1" && about.contains("(A4)"), "printed, it is not one page of A4: {about}");
    staff.session.close_window().await.unwrap();
    staff.session.switch_to_window(staff_window).await.unwrap();
    staff.until("two appointments", "return document.querySelectorAll('.card').length === 2;").await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    staff.until_data("room", "seated").await;
    staff.until_data("microphone", "on").await;
    look(&staff, &format!("{size}-staff-empty")).await;
    staff.press("leave-room").await;

    guest.go(desk.demo.key_url(&desk.running().public, language).expose()).await;
    guest.until_data("state", "ready").await;
    look(&guest, &format!("{size}-guest-ready")).await;
    join(&desk, &guest, language).await;
    look(&guest, &format!("{size}-guest-lobby")).await;
    staff.until("a family waits alone", "return document.querySelector('.card.alone') !== null;").await;
    look(&staff, &format!("{size}-staff-alone")).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    staff.until_data("guest", "waiting").await;
    staff.until("the list knows", "return document.querySelector('[data-waiting=\"1\"]') !== null;").await;
    look(&staff, &format!("{size}-staff-waiting")).await;
    staff.press("admit").await;
    for browser in [&staff, &guest] {
        browser.until("a good line", "return Number(document.body.dataset.framesDecoded) > 60;").await;
    }
    look(&staff, &format!("{size}-staff-call")).await;
    look(&guest, &format!("{size}-guest-call")).await;
    staff.press("let-leave").await;
    look(&staff, &format!("{size}-staff-confirm")).await;
    staff.press("confirm-no").await;
    staff.press("hold").await;
    guest.until_data("hold", "on").await;
    staff.until_data("hold", "on").await;
    look(&staff, &format!("{size}-staff-hold")).await;
    look(&guest, &format!("{size}-guest-hold")).await;
    staff.press("end").await;
    staff.press("confirm-yes").await;
    guest.until_data("state", "over").await;
    staff.until_data("room", "ended").await;
    look(&guest, &format!("{size}-guest-end")).await;
    look(&staff, &format!("{size}-staff-end")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_phone() {
    let desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::sized(500, 900, &[]));
    guest.go(desk.demo.key_url(&desk.running().public, Language::Japanese).expose()).await;
    guest.until_data("state", "ready").await;
    look(&guest, "phone-guest-ready").await;
    join(&desk, &guest, Language::Japanese).await;
    look(&guest, "phone-guest-lobby").await;
    sign_in(&desk, &staff).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    staff.press("admit").await;
    guest.until("pictures come", "return Number(document.body.dataset.framesDecoded) > 10;").await;
    look(&guest, "phone-guest-call").await;
    guest.press("leave").await;
    guest.until_data("state", "over").await;
    look(&guest, "phone-guest-left").await;
}
