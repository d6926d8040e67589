//! A browser finds another certificate at the other end than signalling names: both pages say so, and nothing flows.

use crate::browser::Browser;
use crate::desk::{Desk, eventually};
use crate::pages_fit_their_windows::look;
use crate::staff_and_guest_in_a_browser::{sees_more_pictures, sign_in};
use madoguchi::model::language::Language;
use madoguchi::room::store::Store;
use std::time::Duration;

/// From now on the page is told other fingerprints than those that the other end has, as if the other end were somebody else.
const FORGE: &str = r"
window.forging = true;
const real = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
  const other = (_, name, digit) => name + (digit === '0' ? '1' : '0');
  return real.call(this, { type, sdp: window.forging ? sdp.replace(/(a=fingerprint:\S+ )(.)/g, other) : sdp });
};
";

/// Long enough for whatever would be tried by itself.
const A_WHILE: Duration = Duration::from_secs(6);

struct Two {
    desk: Desk,
    staff: Browser,
    guest: Browser,
}

/// Staff at the counter and a guest at the rules, with or without a forgery on either page.
async fn two(width: u32, height: u32, language: Language, forge_at_guest: bool) -> Two {
    let desk = Desk::open().await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::sized(width, height, &[]));
    sign_in(&desk, &staff).await;
    staff.press(&format!("language-{}", language.tag())).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    staff.until_data("room", "seated").await;
    guest.go(desk.demo.key_url(&desk.running().public, language).expose()).await;
    guest.until_data("state", "ready").await;
    if forge_at_guest { &guest } else { &staff }.script(FORGE).await;
    guest.press("check").await;
    guest.press("agree").await;
    guest.until_data("verified", "no").await;
    staff.until_data("verified", "no").await;
    Two { desk, staff, guest }
}

impl Two {
    fn noted(&self) -> usize {
        let lines = Store::open(&self.desk.demo.database).unwrap().audit_trail(100).unwrap();
        let noted = lines.iter().filter(|line| line.action == "peer-unverified");
        noted.inspect(|line| assert_eq!(line.staff, self.desk.demo.staff)).count()
    }

    async fn until_noted(&self, times: usize) {
        eventually("the audit trail names it", || async { self.noted() == times }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guests_browser_finds_it() {
    let two = two(500, 900, Language::Japanese, true).await;
    let Two { staff, guest, .. } = &two;
    two.until_noted(1).await;
    look(guest, "phone-ja-guest-unverified").await;
    look(staff, "1440-ja-staff-unverified").await;
    let telephone = guest.text("telephone").await;
    assert!(telephone.contains(char::is_numeric), "{telephone}");
    assert!(staff.text("veil").await.contains("電話に切替"));

    // Let in or not: nothing flows, and nothing is tried by itself.
    staff.press("admit").await;
    guest.until_data("state", "call").await;
    tokio::time::sleep(A_WHILE).await;
    for page in [staff, guest] {
        assert_eq!(page.data("verified").await.as_deref(), Some("no"));
        assert_eq!(
            (page.data("epoch").await.as_deref(), page.data("media").await.as_deref()),
            (Some("1"), Some("none"))
        );
        assert_eq!(page.data("framesDecoded").await, None);
    }
    assert!(guest.text("veil").await.contains("お電話"));
    look(guest, "phone-ja-guest-unverified-in-the-call").await;

    guest.press("veil-again").await;
    guest.until_data("epoch", "2").await;
    two.until_noted(2).await;
    guest.until_data("verified", "no").await;
    staff.until_data("verified", "no").await;
    let unseen = "return !['veil-again', 'again'].some((id) => document.getElementById(id).checkVisibility());";
    guest.until("it is tried again only once", unseen).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_the_stranger_is_gone_one_press_brings_the_counter() {
    let two = two(1440, 900, Language::English, true).await;
    let Two { staff, guest, .. } = &two;
    look(guest, "1440-en-guest-unverified").await;
    guest.script("window.forging = false;").await;
    guest.press("again").await;
    guest.until_data("media", "connected").await;
    staff.until_data("media", "connected").await;
    staff.press("admit").await;
    sees_more_pictures(staff, "staff").await;
    sees_more_pictures(guest, "the guest").await;
    assert_eq!(guest.data("verified").await.as_deref(), Some("yes"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_counters_browser_finds_it() {
    let two = two(1024, 768, Language::English, false).await;
    two.until_noted(1).await;
    look(&two.staff, "1440-en-staff-unverified").await;
    two.staff.script("window.forging = false;").await;
    two.guest.press("again").await;
    two.guest.until_data("media", "connected").await;
    two.staff.until_data("verified", "yes").await;
}
