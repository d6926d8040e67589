//! Fuzz targets of the code parsers: what a stranger can hold before the camera must never stop the appliance.
//!
//! Plain `cargo test` runs the committed corpus (`__fuzz__/*/corpus`) and a fixed number of random inputs;
//! `cargo bolero test invite` goes on for as long as it is let.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads its files and fails by panicking"
)]

use madoguchi::model::code::{self, Code};
use madoguchi::model::invite::{Invite, KEY_LENGTH};
use madoguchi::model::loan::{Loan, is_id};
use madoguchi::model::secret::Secret;
use madoguchi::model::stick::{return_order, return_order_for};
use madoguchi::model::update::{classify, compare_versions};
use madoguchi::model::wifi_code::{Claim, WifiCode};
use std::path::Path;

/// Random inputs of each target in one run of the tests.
const ITERATIONS: usize = 100_000;

/// Pieces of which a Wi-Fi code is made, so that random bytes reach deep into the parser.
const WIFI_PIECES: [&str; 32] = [
    "WIFI:", "wifi:", "T:", "S:", "P:", "H:true", "R:1", "R:", "K:", "E:", "I:", ";", ";;", "\\", "\\;", "\"", "%3B",
    "%", "%C3%A9", "%8E%E8", "WPA", "WPA3", "SAE", "WEP", "nopass", "EAP", "home", "12345678", "手紙", "00ff", ":",
    " ",
];

/// Pieces of which a room-key address is made.
const INVITE_PIECES: [&str; 32] = [
    "https://",
    "http://",
    "HTTPS://",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "evil.example",
    ":8443",
    ":443",
    ":",
    "/j",
    "/J",
    "/",
    "?l=",
    "en",
    "ja",
    "&",
    "#",
    "0123456789ABCDEFGHJKMNPQRS",
    "abcdefgh",
    "ILOU",
    "@",
    "%6A",
    "..",
    "\\",
    "\t",
    "。",
    "ｌ",
    "xn--",
    "?",
    "0x7f.1",
    " ",
];

fn loan() -> Loan {
    Loan::from_toml(include_str!("../../src/workbench/demo-loan.toml")).expect("the demo loan is sound")
}

/// The input as text, as the text that its bytes choose from the pieces, and as that after the first piece.
fn texts(input: &[u8], pieces: &[&str; 32]) -> [String; 3] {
    let built: String = input.iter().take(200).map(|byte| pieces[usize::from(byte % 32)]).collect();
    let begun = format!("{}{built}", pieces[0]);
    [String::from_utf8_lossy(input).into_owned(), built, begun]
}

fn wifi_code_holds(text: &str) {
    let Ok(read) = WifiCode::parse(text) else {
        return;
    };
    assert!(WifiCode::looks_like(text));
    assert!(!read.ssid.is_empty());
    assert!(read.ssid.len() <= 32 || !read.other_forms.is_empty());
    assert!(read.other_forms.iter().all(|form| form.len() <= 32 && form != read.ssid.as_bytes()));
    match (read.claim, &read.passphrase) {
        (Claim::Open, passphrase) => assert!(passphrase.is_none()),
        (Claim::Wpa, Some(passphrase)) => assert!((8..=64).contains(&passphrase.len())),
        (Claim::Sae, Some(passphrase)) => assert!(!passphrase.is_empty()),
        (Claim::Wpa | Claim::Sae, None) => panic!("a network with a passphrase has none"),
        (Claim::Wep | Claim::Enterprise, _) => {}
    }
}

fn invite_holds(text: &str, loan: &Loan) {
    let Ok(read) = Invite::parse(text, loan) else {
        return;
    };
    assert!(loan.counter_at(&read.host).is_some());
    assert!(KEY_LENGTH.contains(&read.key.len()));
    assert!(read.tls || read.server_url().starts_with("http://"));
    // What was read reads the same again.
    let again = format!("{}/j#{}", read.server_url(), read.key.expose());
    assert!(Invite::parse(&again, loan).is_ok_and(|other| other.key == read.key && other.host == read.host));
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/__fuzz__").join(target).join("corpus");
    let files = std::fs::read_dir(&folder).expect("the corpus is part of the repository");
    files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn wifi_code() {
    bolero::check!().with_iterations(ITERATIONS).with_max_len(512).for_each(|input: &[u8]| {
        texts(input, &WIFI_PIECES).iter().for_each(|text| wifi_code_holds(text));
    });
}

#[test]
fn invite() {
    let loan = loan();
    bolero::check!().with_iterations(ITERATIONS).with_max_len(512).for_each(|input: &[u8]| {
        texts(input, &INVITE_PIECES).iter().for_each(|text| invite_holds(text, &loan));
    });
}

/// What a bundle or a stick says is a stranger's word until its signature is checked, and staff's mistakes after that.
#[test]
fn versions_and_orders() {
    bolero::check!().with_iterations(ITERATIONS).with_max_len(64).for_each(|input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let (a, b) = text.split_at(text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at));
        assert_eq!(compare_versions(a, b), compare_versions(b, a).reverse(), "{a:?} and {b:?}");
        assert!(compare_versions(a, a).is_eq());
        let _ = classify(&text);
        if let Ok(loan) = return_order(&text) {
            assert_eq!(return_order(&return_order_for(&loan.loan, loan.device.as_deref())), Ok(loan));
        }
        let named = return_order_for(&text, None);
        assert_eq!(return_order(&named).ok(), is_id(&text).then(|| text.into_owned().into()));
    });
}

#[test]
fn the_corpus_has_codes_of_every_kind() {
    let loan = loan();
    let named = |target: &str| -> Vec<Option<Code>> {
        let texts = corpus(target).into_iter().map(|bytes| Secret::new(String::from_utf8_lossy(&bytes)));
        texts.map(|text| code::name(&[text], &loan)).collect()
    };
    let wifi = named("wifi_code");
    assert!(wifi.iter().filter(|code| matches!(code, Some(Code::Wifi(_)))).count() >= 10);
    assert!(wifi.iter().filter(|code| matches!(code, Some(Code::Wrong(_)))).count() >= 3);
    let invites = named("invite");
    assert!(invites.iter().filter(|code| matches!(code, Some(Code::Invite(_)))).count() >= 3);
    assert!(invites.iter().filter(|code| matches!(code, Some(Code::Wrong(_)))).count() >= 10);
}
