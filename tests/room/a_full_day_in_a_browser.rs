//! Thirty appointments of two counters on a small counter screen: who waits and what comes next stays in sight, and everything
//! is found. Pictures are left in `target/room-pages`.

use crate::browser::Browser;
use crate::desk::{Desk, Peer, header, hello};
use crate::pages_fit_their_windows::look;
use crate::pages_in_trouble::{says, says_nothing};
use crate::staff_and_guest_in_a_browser::{press_behind, sign_in};
use jiff::{SignedDuration, Timestamp};
use madoguchi::meeting::appointment::{Counter, Standing};
use madoguchi::model::language::Language;
use madoguchi::model::wire::{Proof, Words};
use madoguchi::room::appointments::reserve::{Wanted, reserve};
use madoguchi::room::store::Store;
use madoguchi::room::web::sign_in::hash_password;

const TAXES: &str = "zei";

/// The demo's counter and another one, with 29 appointments beside the demo's: 5 are over, one is withdrawn, one is a colleague's,
/// and the others come.
struct Day {
    /// In the order of their starts.
    numbers: Vec<String>,
    colleagues: String,
}

impl Day {
    fn fill(desk: &Desk) -> Self {
        let store = Store::open(&desk.demo.database).unwrap();
        let name = Words::ja_en("市民税・固定資産税の相談窓口", "Residents' and property tax");
        store.put_counter(&Counter { id: TAXES.to_owned(), name, telephone: "0422-00-5678".to_owned() }).unwrap();
        let now = Timestamp::now();
        let numbers: Vec<_> = (0..29)
            .map(|at: i64| {
                let starts = now + SignedDuration::from_mins(20 * at - 135);
                let wanted = Wanted {
                    counter: if at % 2 == 0 { TAXES } else { "kosodate" }.to_owned(),
                    starts,
                    minutes: 20,
                    languages: vec![Language::Japanese],
                    sites: 2,
                    remark: if at % 3 == 0 { "車いす".to_owned() } else { String::new() },
                    form: None,
                };
                reserve(&store, starts, wanted).unwrap().appointment.id
            })
            .collect();
        store.set_standing(&numbers[12], Standing::Revoked).unwrap();
        store.put_staff("佐藤", &hash_password("佐藤", &desk.demo.password).unwrap()).unwrap();
        Self { colleagues: numbers[6].clone(), numbers }
    }
}

/// The numbers of the appointments that are listed in a part, in their order.
async fn listed(staff: &Browser, part: &str) -> Vec<String> {
    let numbers = format!(
        "return [...document.querySelectorAll('#{part} .card')].map(card => card.dataset.testid.replace('appointment-', ''));"
    );
    let numbers = staff.script(&numbers).await;
    numbers.as_array().unwrap().iter().map(|number| number.as_str().unwrap().to_owned()).collect()
}

/// Whether the whole card of an appointment can be seen now.
async fn in_sight(staff: &Browser, number: &str) -> bool {
    let seen = format!(
        "const box = document.querySelector('[data-testid=\"appointment-{number}\"]').getBoundingClientRect();
         return box.height > 20 && [box.top + 2, box.bottom - 2].every(y =>
           document.elementFromPoint(box.left + 20, y)?.closest('.card')?.dataset.testid === 'appointment-{number}');"
    );
    staff.script(&seen).await == true
}

async fn a_colleague_is_seated(desk: &Desk, appointment: &str) -> Peer {
    let answer = desk.sign_in("佐藤", desk.demo.password.expose()).await;
    let cookie = header(&answer, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let mut colleague = Peer::connect(desk.running(), Some(&cookie)).await.unwrap();
    colleague.say(&hello(Proof::Staff { appointment: appointment.to_owned(), take_over: false })).await;
    colleague.welcome().await;
    colleague
}

async fn choose_counter(staff: &Browser, counter: &str) {
    let choose = format!(
        "const it = document.getElementById('counter'); it.value = '{counter}'; it.dispatchEvent(new Event('change'));"
    );
    staff.script(&choose).await;
}

async fn find(staff: &Browser, text: &str) {
    let find = format!(
        "const it = document.getElementById('find'); it.value = '{text}'; it.dispatchEvent(new Event('input'));"
    );
    staff.script(&find).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_and_what_comes_next_stays_in_sight() {
    let desk = Desk::open().await;
    let day = Day::fill(&desk);
    let staff = Browser::sized(1366, 768, &[]).await;
    sign_in(&desk, &staff).await;
    staff.until("all are listed", "return document.querySelectorAll('.card').length >= 28;").await;
    let _colleague = a_colleague_is_seated(&desk, &day.colleagues).await;
    says(&staff, "appointments", "佐藤さんが対応中").await;
    // A family with its paper in hand does not wait yet; one that agreed does.
    let (guest, _) = desk.guest().await;
    says(&staff, "appointments", "参加の準備中です").await;
    assert_eq!(staff.data("calling").await.as_deref(), Some("0"));
    drop(guest);
    let (_guest, _) = desk.waiting_guest().await;
    says(&staff, "appointments", "職員がいません").await;
    look(&staff, "day-30").await;
    let first = listed(&staff, "first").await;
    let (waits, next) = (&desk.demo.appointment, &day.numbers[7]);
    assert_eq!(first, [waits.clone(), next.clone()], "who waits, and what comes next");
    // The rest is in the order of its starts, under its day, and what is over comes last.
    let others = listed(&staff, "others").await;
    assert_eq!(others[0], day.colleagues);
    assert_eq!(others[1..others.len() - 5], [&day.numbers[8..12], &day.numbers[13..]].concat());
    for end in ["others.scrollHeight", "0"] {
        staff.script(&format!("const others = document.getElementById('others'); others.scrollTop = {end};")).await;
        for number in [waits, next] {
            assert!(in_sight(&staff, number).await, "{number} is out of sight");
        }
    }
    let mut seen = 0;
    for number in &others {
        seen += usize::from(in_sight(&staff, number).await);
    }
    // Between them stand the days: one, or around midnight another, which takes a row.
    let days = "const view = document.getElementById('others').getBoundingClientRect();
        return [...document.querySelectorAll('#others li.day')].map(day => day.getBoundingClientRect())
          .filter(day => day.top >= view.top && day.bottom <= view.bottom).length;";
    let days = staff.script(days).await.as_u64().unwrap();
    assert!(seen as u64 + days >= 6, "only {seen} others and {days} days are in sight");
    // One counter's own, on one line each; who waits elsewhere is not forgotten.
    choose_counter(&staff, TAXES).await;
    let first = listed(&staff, "first").await;
    assert_eq!(first, [waits.clone(), day.numbers[8].clone()]);
    let others = listed(&staff, "others").await;
    assert!(others.contains(&day.numbers[10]) && !others.contains(&day.numbers[9]));
    let low = "return [...document.querySelectorAll('#others .card')].every(card => card.getBoundingClientRect().height <= 36);";
    assert_eq!(staff.script(low).await, true, "a row is not one line");
    let apart = "return [...document.querySelectorAll('#others .more')].every(line => {
        const [hours, number, badge] = ['.hours', '.number', '.badge'].map(of => line.querySelector(of).getBoundingClientRect());
        return hours.right <= number.left && number.right <= badge.left && badge.right <= line.getBoundingClientRect().right; });";
    assert_eq!(staff.script(apart).await, true, "words lie over each other");
    look(&staff, "day-30-counter").await;
    // The choice stays.
    staff.session.refresh().await.unwrap();
    staff.until_data("ready", "yes").await;
    assert_eq!(staff.script("return document.getElementById('counter').value;").await, TAXES);
    choose_counter(&staff, "").await;
    // By number, as somebody reads it over the telephone; also of one that is over.
    for number in [&day.numbers[27], &day.numbers[0]] {
        find(&staff, &number.to_lowercase()).await;
        let found = [listed(&staff, "first").await, listed(&staff, "others").await].concat();
        assert_eq!(found, [waits.clone(), number.clone()]);
    }
    find(&staff, "ZZZZ").await;
    says(&staff, "appointments", "あてはまる予約はありません").await;
    find(&staff, "").await;
    // What stands behind a line, by keyboard, and another line closes it.
    let number = &day.numbers[20];
    staff.press(&format!("more-{number}")).await;
    staff
        .until("it has the focus", &format!("return document.activeElement.dataset.testid === 'more-{number}';"))
        .await;
    look(&staff, "day-30-open").await;
    let behind = format!(
        "const box = document.querySelector('[data-testid=\"revoke-{number}\"]').getBoundingClientRect(); return document.elementFromPoint(box.left + 5, box.bottom - 5)?.dataset.testid === 'revoke-{number}';"
    );
    staff.until("what stands behind the line is in sight", &behind).await;
    press_behind(&staff, "time", number).await;
    says(&staff, "move", number).await;
    staff.press("move-cancel").await;
    staff.press("language-en").await;
    staff.press(&format!("more-{waits}")).await;
    says_nothing(&staff, &format!("time-{number}")).await;
    look(&staff, "day-30-en").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_two_hundred_per_cent_nothing_is_cut_off_and_who_waits_is_said() {
    let desk = Desk::open().await;
    Day::fill(&desk);
    // What a window of 1366 by 768 becomes; its own frame does not grow.
    let staff = Browser::sized(683, 455, &["--force-device-scale-factor=2"]).await;
    sign_in(&desk, &staff).await;
    staff.until("all are listed", "return document.querySelectorAll('.card').length >= 28;").await;
    look(&staff, "day-30-zoomed").await;
    let (_guest, _) = desk.waiting_guest().await;
    says(&staff, "calling", "1件").await;
    assert!(in_sight(&staff, &desk.demo.appointment).await, "the day does not come first");
    staff.script("document.querySelector('.side').scrollIntoView();").await;
    let said = "const box = document.getElementById('calling').getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight;";
    staff.until("who waits is said wherever the page is", said).await;
    look(&staff, "day-30-zoomed-below").await;
    // A press on that leads there.
    staff.press("calling").await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    staff.until_data("guest", "waiting").await;
    // The call is in sight, and nobody is led to where they are.
    let call = "const box = document.getElementById('picture').getBoundingClientRect(); return box.top >= -1 && box.top < innerHeight / 2;";
    staff.until("the call is in sight", call).await;
    says_nothing(&staff, "calling").await;
    let admit = "const box = document.getElementById('admit').getBoundingClientRect(); return box.height > 0 && box.bottom <= innerHeight;";
    staff.until("the family can be let in without scrolling", admit).await;
    look(&staff, "day-30-zoomed-seated").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_forced_colours_the_states_are_still_told_apart() {
    let desk = Desk::open().await;
    let day = Day::fill(&desk);
    let staff = Browser::sized(1366, 768, &["--force-high-contrast"]).await;
    sign_in(&desk, &staff).await;
    assert_eq!(staff.script("return matchMedia('(forced-colors: active)').matches;").await, true);
    staff.until("all are listed", "return document.querySelectorAll('.card').length >= 28;").await;
    let (_guest, _) = desk.waiting_guest().await;
    says(&staff, "appointments", "職員がいません").await;
    staff.press(&format!("join-{}", day.numbers[7])).await;
    staff.until_data("room", "seated").await;
    look(&staff, "day-30-forced-colours").await;
    let line = |of: &str| {
        format!(
            "return parseFloat(getComputedStyle(document.querySelector('{of}')).{});",
            if of == ".card.alone" { "borderTopWidth" } else { "outlineWidth" }
        )
    };
    for of in [".card.alone", ".card.chosen"] {
        assert!(staff.script(&line(of)).await.as_f64().unwrap() >= 2.0, "{of} is told by its colour only");
    }
}
