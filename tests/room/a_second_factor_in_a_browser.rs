//! A second factor on the pages: enrolling because it is required, the printed codes, the second step of a sign-in, and signing
//! in again beside a call.

use crate::a_second_factor::{App, desk_with};
use crate::browser::Browser;
use crate::desk::{Desk, eventually};
use crate::pages_fit_their_windows::look;
use crate::pages_in_trouble::{says, says_nothing};
use jiff::SignedDuration;
use madoguchi::room::second_factor::Demand;
use madoguchi::room::store::Store;
use thirtyfour::Key;

async fn shows_password(desk: &Desk, staff: &Browser) {
    staff.go(&format!("{}/staff", desk.running().public)).await;
    staff.type_into("name", &desk.demo.staff).await;
    staff.type_into("password", desk.demo.password.expose()).await;
    staff.press("sign-in").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clerk_enrols_prints_and_signs_in_with_both_in_a_browser() {
    let desk = desk_with(Demand::Required).await;
    let staff = Browser::sized(1366, 768, &[]).await;
    shows_password(&desk, &staff).await;
    staff.until_data("state", "asking").await;
    look(&staff, "factor-asking").await;
    let secret = staff.text("factor-secret").await;
    let app = App::new(&secret);

    // What is drawn is what the app reads.
    let picture = desk.folder.path().join("code.png");
    let element = staff.element("[data-testid='factor-code']").await;
    element.screenshot(&picture).await.unwrap();
    let grey = image::open(&picture).unwrap().into_luma8();
    let format = zxingcpp::ImageFormat::Lum;
    let view = zxingcpp::ImageView::from_slice(grey.as_raw(), grey.width(), grey.height(), format).unwrap();
    let read = zxingcpp::read().formats(zxingcpp::BarcodeFormat::QRCode).from(view).unwrap();
    let read = read.first().unwrap().text();
    assert!(read.starts_with("otpauth://totp/") && read.contains(&secret.replace(' ', "")), "{read}");

    staff.keys("000").await;
    staff.keys(Key::Enter).await;
    says(&staff, "problem", "番号が違うか").await;
    look(&staff, "factor-wrong").await;
    staff.press("language-en").await;
    says(&staff, "problem", "That code is wrong").await;
    look(&staff, "factor-wrong-en").await;
    staff.press("language-ja").await;
    staff.script("document.getElementById('code').value = '';").await;
    let full_width: String = app.shows(&desk, 0).chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap()).collect();
    staff.type_into("code", &full_width).await;
    staff.keys(Key::Enter).await;
    staff.until_data("state", "done").await;
    look(&staff, "factor-done").await;
    assert_eq!(staff.script("return document.activeElement.id;").await, "done-title");
    assert!(!staff.session.source().await.unwrap().contains(&secret), "it is seen no more");
    let codes = staff.text("factor-codes").await;
    let codes: Vec<_> = codes.lines().map(str::to_owned).collect();
    assert_eq!(codes.len(), 10);
    let printed = desk.folder.path().join("codes.pdf");
    std::fs::write(&printed, staff.printed().await).unwrap();
    let text = std::process::Command::new("pdftotext").arg(&printed).arg("-").output().expect("install poppler-utils");
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(codes.iter().all(|code| text.contains(code.as_str())) && text.contains("midori"), "{text}");
    assert!(!text.contains("印刷する"), "{text}");
    let about = std::process::Command::new("pdfinfo").arg(&printed).output().unwrap();
    assert!(String::from_utf8(about.stdout).unwrap().contains("Pages:           1\n"));
    staff.press("factor-on").await;
    staff.until_data("ready", "yes").await;
    says_nothing(&staff, "factor-add").await;

    desk.advance(SignedDuration::from_secs(90));
    staff.press("sign-out").await;
    shows_password(&desk, &staff).await;
    staff.until_data("page", "code").await;
    look(&staff, "code-asking").await;
    staff.until("the code's field has the focus", "return document.activeElement.id === 'code';").await;
    staff.keys(app.wrong(&desk) + Key::Enter).await;
    says(&staff, "problem", "番号が違うか").await;
    look(&staff, "code-wrong").await;
    staff.press("code-lost").await;
    look(&staff, "code-lost").await;
    staff.type_into("recovery", &codes[3].to_lowercase()).await;
    staff.press("recovery-do").await;
    staff.until_data("ready", "yes").await;

    staff.press("sign-out").await;
    shows_password(&desk, &staff).await;
    staff.type_into("code", &app.shows(&desk, 0)).await;
    staff.press("code-do").await;
    staff.until_data("ready", "yes").await;

    // Beside what goes on: the password, then the code.
    desk.advance(SignedDuration::from_hours(12) - SignedDuration::from_mins(12));
    says(&staff, "sign-in-soon", "切れます").await;
    staff.press("sign-in-extend").await;
    staff.type_into("sign-in-password", desk.demo.password.expose()).await;
    staff.keys(Key::Enter).await;
    staff.until("the code is asked for", "return document.activeElement.id === 'sign-in-code';").await;
    look(&staff, "factor-beside").await;
    staff.keys(app.wrong(&desk) + Key::Enter).await;
    says(&staff, "sign-in-problem", "番号が違うか").await;
    look(&staff, "factor-beside-wrong").await;
    staff.keys(app.shows(&desk, 0) + Key::Enter).await;
    says_nothing(&staff, "sign-in-dialog").await;
    says_nothing(&staff, "sign-in-soon").await;
    let store = Store::open(&desk.demo.database).unwrap();
    let count = |action: &str| store.audit_trail(100).unwrap().iter().filter(|line| line.action == action).count();
    eventually("used three times", async || {
        (count("second-factor-used"), count("recovery-code-used"), count("second-factor-refused")) == (2, 1, 2)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_offered_the_staff_page_says_so_in_a_browser() {
    let desk = desk_with(Demand::Offered).await;
    let staff = Browser::sized(1366, 768, &[]).await;
    crate::staff_and_guest_in_a_browser::sign_in(&desk, &staff).await;
    staff.until("it is offered", "return document.getElementById('factor-add').offsetParent !== null;").await;
    look(&staff, "factor-offered").await;
    let desk_page = staff.session.window().await.unwrap();
    staff.press("factor-add").await;
    let other = async || staff.session.windows().await.unwrap().into_iter().find(|window| *window != desk_page);
    let page = staff.wait("the page's own window", other).await;
    staff.session.switch_to_window(page).await.unwrap();
    staff.until_data("state", "asking").await;
    staff.press("factor-do").await;
    says(&staff, "problem", "6桁の番号を入れて").await;
    let app = App::new(&staff.text("factor-secret").await);
    staff.type_into("code", &app.shows(&desk, 0)).await;
    staff.keys(Key::Enter).await;
    staff.until_data("state", "done").await;
    staff.go(&format!("{}/second-factor", desk.running().public)).await;
    staff.until_data("state", "enrolled").await;
    look(&staff, "factor-enrolled").await;
    staff.session.close_window().await.unwrap();
    staff.session.switch_to_window(desk_page).await.unwrap();
    says_nothing(&staff, "factor-add").await;
}
