//! The room server is down, or nobody vouches for it: said on the screen, and a press leads on.

use crate::desk::Desk;
use crate::home::{Home, count};
use madoguchi::model::screen::{HoldDoes, PressDoes};
use madoguchi::room::Tls;

pub async fn a_server_that_is_down_is_named_and_a_press_finds_it_again() {
    let mut desk = Desk::open().await;
    let mut home = Home::near(&desk).await;
    home.is_asked_for_the_paper().await;
    desk.config.listen = desk.running().address;
    desk.running.take().unwrap().stop().await;
    home.trace_to("(qr-show-paper-looking)").await;
    home.shows("paper").await;
    home.reads("network-trouble-server-unreachable", PressDoes::Again, HoldDoes::StartAgain).await;
    let lines = home.trace_to("(network-trouble-server-unreachable)").await;
    assert_eq!(count(&lines, "OpenLink"), 4, "tried a few times, not for ever: {lines:#?}");
    home.puts_paper_away().await;
    desk.start_again().await;
    home.presses().await;
    home.reads("ready-mirror", PressDoes::Next, HoldDoes::Language).await;
    home.moves_out().await;
}

pub async fn a_server_that_nobody_vouches_for_hears_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let tls = Tls { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    std::fs::write(&tls.cert, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    let desk = Desk::open_with(|config| config.tls = Some(tls)).await;
    assert!(desk.running().public.starts_with("https:"));
    let mut home = Home::near(&desk).await;
    home.is_asked_for_the_paper().await;
    home.shows("paper").await;
    for _ in 0..2 {
        home.reads("network-trouble-untrusted", PressDoes::Again, HoldDoes::StartAgain).await;
        let lines = home.trace_to("(network-trouble-untrusted)").await;
        assert_eq!(count(&lines, "OpenLink"), 1, "no retry by itself: {lines:#?}");
        home.puts_paper_away().await;
        home.presses().await;
    }
    home.trace_to("(network-trouble-untrusted)").await;
    home.holds().await;
    home.sees("boot-starting").await;
    home.goes_on_well().await;
    let lines = home.moves_out().await;
    assert_eq!(count(&lines, "Say"), 1, "only the trusted room hears a hello: {lines:#?}");
}
