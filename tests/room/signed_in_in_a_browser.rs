//! Staff stay signed in: they are warned, and sign in again on the page, whatever goes on there.

use crate::browser::Browser;
use crate::desk::Desk;
use crate::pages_fit_their_windows::look;
use crate::pages_in_trouble::{says, says_nothing};
use crate::staff_and_guest_in_a_browser::{join, sees_more_pictures, sign_in};
use crate::wire_in_trouble::Wire;
use jiff::SignedDuration;
use madoguchi::model::language::Language;
use thirtyfour::Key;

/// Every sign-in has ended by itself: whom somebody signs out leaves the seat as well.
fn sign_ins_end(desk: &Desk) {
    let database = rusqlite::Connection::open(&desk.demo.database).unwrap();
    assert_ne!(database.execute("UPDATE session SET until = 0", []).unwrap(), 0);
}

/// Signs in at a time from which so much of the sign-in is left now.
async fn sign_in_long_ago(desk: &Desk, staff: &Browser, left: SignedDuration) {
    let ago = SignedDuration::from_hours(12) - left;
    desk.set_clock(-ago);
    sign_in(desk, staff).await;
    desk.set_clock(ago);
}

async fn call(desk: &Desk, staff: &Browser, guest: &Browser) {
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    join(desk, guest, Language::Japanese).await;
    staff.press("admit").await;
    sees_more_pictures(staff, "staff").await;
}

async fn enters(staff: &Browser, password: &str) {
    staff.until("the password is asked for", "return document.activeElement.id === 'sign-in-password';").await;
    staff.keys(password.to_owned() + Key::Enter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_ends_soon_is_renewed_in_the_call() {
    let desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    sign_in_long_ago(&desk, &staff, SignedDuration::from_mins(17)).await;
    call(&desk, &staff, &guest).await;
    says_nothing(&staff, "sign-in-soon").await;
    desk.set_clock(SignedDuration::from_mins(5));
    says(&staff, "sign-in-soon", "あと 12 分").await;
    look(&staff, "signed-in-soon").await;
    staff.press("sign-in-extend").await;
    assert_eq!(staff.script("return document.getElementById('sign-in-name').value;").await, desk.demo.staff.as_str());
    // The call is at hand all the while.
    staff.keys(Key::F2).await;
    staff.until_data("microphone", "muted").await;
    enters(&staff, "not the password").await;
    says(&staff, "sign-in-problem", "パスワードが違います").await;
    look(&staff, "signed-in-wrong").await;
    enters(&staff, "").await;
    says(&staff, "sign-in-problem", "パスワードを入れて").await;
    staff.keys(Key::Escape).await;
    says_nothing(&staff, "sign-in-dialog").await;
    assert_eq!(staff.script("return document.activeElement.id;").await, "sign-in-extend");
    staff.press("language-en").await;
    says(&staff, "sign-in-soon", "ends in 12 min").await;
    staff.press("sign-in-extend").await;
    look(&staff, "signed-in-en").await;
    enters(&staff, desk.demo.password.expose()).await;
    says_nothing(&staff, "sign-in-dialog").await;
    says_nothing(&staff, "sign-in-soon").await;
    // Past the end that was.
    desk.set_clock(SignedDuration::from_mins(13));
    let page = staff.session.window().await.unwrap();
    let beside = staff.session.new_tab().await.unwrap();
    staff.session.switch_to_window(beside).await.unwrap();
    staff.go(&format!("{}/staff", desk.running().public)).await;
    staff.until_data("ready", "yes").await;
    staff.session.switch_to_window(page).await.unwrap();
    says_nothing(&staff, "trouble").await;
    sees_more_pictures(&staff, "staff").await;
    sees_more_pictures(&guest, "the guest").await;
    assert_eq!(staff.data("epoch").await.as_deref(), Some("1"), "the call was made anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_lost_after_the_sign_in_ended_costs_no_seat() {
    let (wire, desk) = Wire::to_a_desk(false, |_| {}).await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    sign_in(&desk, &staff).await;
    call(&desk, &staff, &guest).await;
    sign_ins_end(&desk);
    says(&staff, "trouble", "サインインが切れました").await;
    wire.breaks();
    // It comes back, and is not let in.
    staff.until_data("room", "lost").await;
    says(&staff, "trouble", "サインインが切れました").await;
    sees_more_pictures(&staff, "staff, from end to end").await;
    staff.press("sign-in-again").await;
    enters(&staff, desk.demo.password.expose()).await;
    staff.until_data("room", "seated").await;
    says_nothing(&staff, "trouble").await;
    sees_more_pictures(&staff, "staff").await;
    assert_eq!(staff.data("epoch").await.as_deref(), Some("1"), "the call was made anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_outlives_the_sign_in_and_an_idle_page_asks_for_it() {
    let desk = Desk::open().await;
    let staff = Browser::open(&[]).await;
    sign_in(&desk, &staff).await;
    staff.press("new-appointment").await;
    staff.type_into("make-remark", "車いす").await;
    sign_ins_end(&desk);
    says(&staff, "trouble", "サインインが切れました").await;
    staff.press("make-do").await;
    // In front of the form, which stays as it is.
    enters(&staff, desk.demo.password.expose()).await;
    says_nothing(&staff, "sign-in-dialog").await;
    assert_eq!(staff.script("return document.getElementById('make-remark').value;").await, "車いす");
    staff.press("make-do").await;
    staff.until("it asks about the other one", "return document.getElementById('confirm').open;").await;
    staff.press("confirm-no").await;
    staff.press("make-cancel").await;
    sign_ins_end(&desk);
    staff.until("the sign-in page", "return document.body.dataset.page === 'sign-in';").await;
}
