//! Two clerks in two browsers at the ledger of devices and loans: whoever comes second is told what the first one did, and
//! overwrites nothing. Pictures are left in `target/room-pages`.

use crate::browser::Browser;
use crate::desk::Desk;
use crate::pages_fit_their_windows::look;
use crate::pages_in_trouble::{says, says_nothing};
use jiff::SignedDuration;
use madoguchi::lending::device::{DeviceTerms, Health};
use madoguchi::lending::loan::{LoanTerms, Step};
use madoguchi::lending::{Change, Hand};
use madoguchi::meeting::rights::{Counters, Rights, StaffRole};
use madoguchi::model::language::Language;
use madoguchi::room::store::Store;
use madoguchi::room::web::sign_in::hash_password;
use thirtyfour::Key;

/// A clerk who only lends, and a ledger of 120 devices and as many loans, of which some are overdue.
fn fill(desk: &Desk) -> Store {
    let store = Store::open(&desk.demo.database).unwrap();
    let rights = Rights { roles: [StaffRole::Lender].into(), counters: Counters::Every };
    store.put_staff_with("佐藤", &hash_password("佐藤", &desk.demo.password).unwrap(), &rights).unwrap();
    let zone = jiff::tz::TimeZone::get(&desk.config.time_zone).unwrap();
    let at = desk.running_now();
    let on = |days: i64| (at + SignedDuration::from_hours(24 * days)).to_zoned(zone.clone()).date();
    let hand = |days| Hand { staff: "佐藤".to_owned(), rights: Rights::all(), today: on(days), at, confirmed: false };
    let does = |change: Change, days| drop(store.change_ledger(&change, &hand(days)).unwrap().unwrap());
    for number in 1..=120_i64 {
        let (device, loan) = (format!("M-{number:03}"), format!("K-2026-{number:03}"));
        let terms = DeviceTerms {
            number: device.clone(),
            board: "Raspberry Pi 4 Model B".to_owned(),
            version: "0.1.0".to_owned(),
            slot: None,
            last_seen: Some(on(-3)),
            health: if number % 40 == 0 { Health::Watch } else { Health::Good },
            remark: String::new(),
        };
        does(Change::Device { terms, revision: None }, 0);
        let terms = LoanTerms {
            number: loan.clone(),
            device: Some(device),
            from: on(-20),
            until: on(number - 5),
            counters: vec!["kosodate".to_owned()],
            languages: vec![Language::Japanese, Language::English],
            remark: if number % 3 == 0 { "ＨＤＭＩケーブルつき".to_owned() } else { String::new() },
        };
        does(Change::Loan { terms, revision: None }, -20);
        if number % 4 != 0 {
            does(Change::Step { loan, revision: 1, step: Step::Lend { device: None } }, -20);
        }
    }
    store
}

async fn opens(desk: &Desk, name: &str, size: (u32, u32)) -> Browser {
    let clerk = Browser::sized(size.0, size.1, &[]).await;
    clerk.go(&format!("{}/sign-in", desk.running().public)).await;
    clerk.type_into("name", name).await;
    clerk.type_into("password", desk.demo.password.expose()).await;
    clerk.press("sign-in").await;
    clerk.until("the staff page", "return document.body.dataset.page === 'staff';").await;
    says(&clerk, "to-ledger", "機器と貸し出し").await;
    clerk.go(&format!("{}/loans", desk.running().public)).await;
    clerk.until_data("ready", "yes").await;
    clerk
}

async fn finds(clerk: &Browser, number: &str) {
    clerk.script("document.getElementById('find').value = '';").await;
    clerk.type_into("find", number).await;
    let only = format!(
        "const rows = [...document.querySelectorAll('#body tr')];
         return rows.length === 1 && rows[0].dataset.testid === 'row-{number}';"
    );
    clerk.until(&format!("only {number} is listed"), &only).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_second_is_told_and_overwrites_nothing() {
    let desk = Desk::open().await;
    let store = fill(&desk);
    let (midori, sato) = tokio::join!(opens(&desk, "midori", (1366, 768)), opens(&desk, "佐藤", (1024, 768)));
    look(&midori, "ledger-loans").await;
    says(&midori, "due", "4件").await;
    midori.press("due").await;
    says(&midori, "count", "全 4件").await;
    midori.press("tab-devices").await;
    says(&midori, "count", "1〜50（全 120件）").await;
    look(&midori, "ledger-devices").await;
    midori.press("after").await;
    says(&midori, "count", "51〜100").await;
    midori.press("tab-loans").await;

    // Both have the same loan before them.
    finds(&midori, "K-2026-050").await;
    finds(&sato, "K-2026-050").await;
    sato.press("return-K-2026-050").await;
    midori.press("lose-K-2026-050").await;
    look(&midori, "ledger-step").await;
    sato.type_into("step-value", "k7q2-88").await;
    // The keyboard alone will do.
    sato.keys(Key::Enter).await;
    says_nothing(&sato, "step-dialog").await;
    sato.until("it is no longer listed", "return document.querySelectorAll('#body tr').length === 0;").await;
    midori.press("step-do").await;
    says(&midori, "conflict-text", "佐藤さんが K-2026-050 を変えました（返却）").await;
    look(&midori, "ledger-conflict").await;
    midori.press("conflict-do").await;
    midori.until("it is as it is", "return document.querySelectorAll('#body tr').length === 0;").await;
    let trail = store.audit_trail(1).unwrap();
    assert_eq!((trail[0].staff.as_str(), trail[0].action.as_str()), ("佐藤", "loan-returned"));

    // A new one, with a remark that is about somebody.
    midori.press("new").await;
    midori.type_into("loan-number", "k-2026-900").await;
    midori.type_into("loan-device", "M-050").await;
    midori.script("const it = document.getElementById('loan-until'); it.value = it.form.elements.from.value;").await;
    midori.type_into("loan-remark", "山田　花子様").await;
    midori.press("loan-do").await;
    says(&midori, "loan-problem", "お名前のような文字").await;
    look(&midori, "ledger-doubt").await;
    midori.script("document.getElementById('loan-remark').value = '';").await;
    midori.type_into("loan-remark", "車いす").await;
    midori.press("loan-do").await;
    says_nothing(&midori, "loan-dialog").await;
    finds(&midori, "K-2026-900").await;

    // A table of a spreadsheet: first what it would do.
    let file = desk.folder.path().join("機器.csv");
    std::fs::write(&file, "\u{feff}番号,調子\r\nM-001,故障\r\nM-999,なんでも\r\n").unwrap();
    midori.press("tab-devices").await;
    midori.press("import").await;
    midori.type_into("table-file", file.to_str().unwrap()).await;
    says(&midori, "table-said", "変わる行：1、同じ行：0、読めない行：1").await;
    look(&midori, "ledger-table").await;
    std::fs::write(&file, "\u{feff}番号,調子\r\nM-001,故障\r\n").unwrap();
    midori.script("document.getElementById('table-file').value = '';").await;
    midori.type_into("table-file", file.to_str().unwrap()).await;
    midori.press("table-do").await;
    says_nothing(&midori, "table-dialog").await;
    let one = "return document.querySelector('[data-testid=\"row-M-001\"] .standing')?.dataset.standing === 'broken';";
    midori.script("document.getElementById('find').value = '';").await;
    finds(&midori, "M-001").await;
    midori.until("it is broken now", one).await;

    // On paper.
    let labels = midori.script("return document.getElementById('print').href;").await;
    midori.go(labels.as_str().unwrap()).await;
    midori.until("one label", "return document.querySelectorAll('.labels li').length === 1;").await;
    look(&midori, "ledger-labels").await;
    midori.go(&format!("{}/ledger/list?filter=due", desk.running().public)).await;
    look(&midori, "ledger-list").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_outlives_the_sign_in() {
    let desk = Desk::open().await;
    let store = fill(&desk);
    let sato = opens(&desk, "佐藤", (1366, 768)).await;
    sato.press("language-en").await;
    says(&sato, "new", "New loan").await;
    look(&sato, "ledger-loans-en").await;
    finds(&sato, "K-2026-030").await;
    sato.press("extend-K-2026-030").await;
    sato.script("document.getElementById('step-value').value = '2099-01-01';").await;
    store.put_staff_with("佐藤", &hash_password("佐藤", &desk.demo.password).unwrap(), &Rights::all()).unwrap();
    sato.press("step-do").await;
    says(&sato, "step-problem", "signed out").await;
    sato.type_into("sign-in-password", desk.demo.password.expose()).await;
    sato.press("sign-in-do").await;
    says_nothing(&sato, "sign-in-dialog").await;
    sato.press("step-do").await;
    // Three years are the most: it was a slip of the finger.
    says(&sato, "step-problem", "Three years at most").await;
}
