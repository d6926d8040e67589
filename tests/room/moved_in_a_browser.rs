//! The form for another time, and what the two pages show of it.

use crate::another_time::{field, planned};
use crate::browser::Browser;
use crate::desk::Desk;
use crate::pages_fit_their_windows::look;
use crate::pages_in_trouble::{says, says_nothing};
use crate::staff_and_guest_in_a_browser::{join, press_behind, sees_more_pictures, sign_in};
use jiff::{SignedDuration, Timestamp};
use madoguchi::model::language::Language;
use madoguchi::room::store::Store;

fn o_clock(time: Timestamp) -> String {
    time.in_tz("Asia/Tokyo").unwrap().strftime("%-H:%M").to_string()
}

async fn value(staff: &Browser, id: &str) -> String {
    staff.script(&format!("return document.getElementById('{id}').value;")).await.as_str().unwrap().to_owned()
}

async fn fill(staff: &Browser, id: &str, text: &str) {
    let fill = format!(
        "const field = document.getElementById('{id}'); field.value = '{text}';
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    );
    staff.script(&fill).await;
}

async fn is_refused_at(staff: &Browser, id: &str, words: &str) {
    says(staff, "move-problem", words).await;
    let at = format!(
        "const it = document.getElementById('{id}'); return it.getAttribute('aria-invalid') === 'true' && \
         document.activeElement === it && it.closest('label').contains(document.getElementById('move-problem'));"
    );
    staff.until("it is said at the field", &at).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_extended_and_goes_on_past_the_end_that_was() {
    let desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    sign_in(&desk, &staff).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    join(&desk, &guest, Language::English).await;
    staff.press("admit").await;
    sees_more_pictures(&staff, "staff").await;
    desk.leave(SignedDuration::from_mins(4));
    guest.until_data("notice", "five-minutes").await;
    staff.press("change-time").await;
    assert_eq!(staff.script("return document.getElementById('move-starts').disabled;").await, true);
    // What cannot be is said at its field, and what was typed stays.
    let past = field(desk.running_now() - SignedDuration::from_mins(10));
    fill(&staff, "move-ends", &past).await;
    staff.press("move-do").await;
    is_refused_at(&staff, "move-ends", "もう過ぎた時間です").await;
    look(&staff, "moved-refused").await;
    assert_eq!(value(&staff, "move-ends").await, past);
    fill(&staff, "move-ends", &field(desk.demo.ends)).await;
    says_nothing(&staff, "move-problem").await;
    staff.press("move-15").await;
    look(&staff, "moved-form").await;
    staff.press("move-do").await;
    says_nothing(&staff, "move").await;
    let later = o_clock(desk.demo.ends + SignedDuration::from_mins(15));
    says(&staff, "banner", &format!("{later} に変わりました")).await;
    says(&guest, "banner", &format!("–{later}")).await;
    look(&staff, "moved-staff").await;
    look(&guest, "moved-guest").await;
    for page in [&staff, &guest] {
        // By the clock that the page was told when it came, or by the one that has been set since.
        let left = "return /^(1:1[0-4]:|1[5-9]:)/.test(document.getElementById('left').innerText);";
        page.until("what is left counts to the new end", left).await;
    }
    desk.leave(SignedDuration::from_mins(-10));
    for (page, who) in [(&staff, "staff"), (&guest, "the guest")] {
        sees_more_pictures(page, who).await;
    }
    desk.leave(SignedDuration::from_mins(-15));
    guest.until_data("reason", "slot-over").await;
    staff.until_data("room", "ended").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_has_not_begun_is_moved_with_its_end() {
    let desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    let other = planned(&desk, 60 * 24);
    desk.leave(SignedDuration::from_mins(120));
    guest.go(desk.demo.key_url(&desk.running().public, Language::Japanese).expose()).await;
    guest.until_data("state", "ready").await;
    sign_in(&desk, &staff).await;
    let starts = desk.demo.ends - SignedDuration::from_mins(60);
    press_behind(&staff, "time", &desk.demo.appointment).await;
    let moved = starts + SignedDuration::from_mins(95);
    fill(&staff, "move-starts", &field(moved)).await;
    assert_eq!(
        value(&staff, "move-ends").await,
        field(moved + SignedDuration::from_mins(60)),
        "it takes its end along"
    );
    staff.press("move-do").await;
    says_nothing(&staff, "move").await;
    let hours = format!("{}–{}", o_clock(moved), o_clock(moved + SignedDuration::from_mins(60)));
    let shown = format!("return document.getElementById('ready-slot').innerText.includes('{hours}');");
    guest.until("the guest sees the new time", &shown).await;
    says(&staff, "appointments", &hours).await;
    // Onto the other one: it is asked, and nothing is lost by saying no.
    press_behind(&staff, "time", &other).await;
    fill(&staff, "move-starts", &field(moved)).await;
    staff.press("move-do").await;
    staff.until("it asks", "return document.getElementById('confirm').open;").await;
    says(&staff, "confirm", &desk.demo.appointment).await;
    look(&staff, "moved-double").await;
    staff.press("confirm-no").await;
    assert_eq!(value(&staff, "move-starts").await, field(moved));
    staff.press("move-cancel").await;
    staff.press("language-en").await;
    press_behind(&staff, "time", &other).await;
    fill(&staff, "move-starts", &field(moved)).await;
    look(&staff, "moved-form-en").await;
    staff.press("move-do").await;
    staff.until("it asks", "return document.getElementById('confirm').open;").await;
    staff.press("confirm-yes").await;
    says_nothing(&staff, "move").await;
    let kept = Store::open(&desk.demo.database).unwrap().appointments().unwrap();
    let times: Vec<_> = kept.iter().map(|one| field(one.slot.starts)).collect();
    assert_eq!(times, [field(moved), field(moved)]);
}
