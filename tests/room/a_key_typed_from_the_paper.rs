//! A PC that reads no code: the paper's short address is opened, and the key is typed as somebody writes it. It reaches
//! the room over its own connection, and no address, history or log.

use crate::browser::Browser;
use crate::desk::Desk;
use crate::pages_fit_their_windows::look;
use serde_json::{Value, json};
use thirtyfour::Key;

const TIDIED: &str = "(async (texts) => { const { tidied, grouped } = await import('/assets/typed.js'); \
    return texts.map((text) => { const { letters, count, wrong } = tidied(text); return [grouped(letters), count, wrong]; }); })";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_it_is_written_it_leads_in_and_stands_in_no_address() {
    let desk = Desk::open().await;
    let key = desk.demo.key.expose().to_owned();
    let guest = Browser::sized(1024, 768, &[]).await;
    guest.go(&format!("{}/j", desk.running().public)).await;
    guest.until_data("reason", "no-key").await;
    look(&guest, "typed-empty").await;

    let cases = [
        ("7kq2-m9xr-4tzp", "7KQ2-M9XR-4TZP", 12, ""),
        ("７ＫＱ２－ｍ９ｘｒ　４ｔｚｐ", "7KQ2-M9XR-4TZP", 12, ""),
        ("7KQ2ーM9XR−4TZP‐7・8", "7KQ2-M9XR-4TZP-78", 14, ""),
        ("ilo o", "1100", 4, ""),
        ("ＯＩｌ", "011", 3, ""),
        ("abcu5!", "ABCU-5!", 6, "U!"),
        ("きー", "き", 1, "き"),
        ("", "", 0, ""),
    ];
    let texts = json!(cases.map(|(text, ..)| text));
    let expected = json!(cases.map(|(_, letters, count, wrong)| json!([letters, count, wrong])));
    assert_eq!(guest.call(TIDIED, vec![texts]).await, expected);

    let says = async |words: &str| {
        let said = format!(
            "const [it, problem] = ['typed-key', 'typed-problem'].map((id) => document.getElementById(id)); \
             return problem.checkVisibility() && problem.textContent.includes('{words}') && document.activeElement === it \
               && it.getAttribute('aria-invalid') === 'true';"
        );
        guest.until(&format!("it says {words}"), &said).await;
    };
    let fill = async |text: &str| {
        guest.script("document.getElementById('typed-key').value = '';").await;
        guest.type_into("typed-key", text).await;
    };
    fill(&key[..20]).await;
    guest.press("typed-do").await;
    says("あと6文字足りません").await;
    look(&guest, "typed-short").await;
    fill(&format!("{}U", &key[..25])).await;
    guest.keys(Key::Enter).await;
    says("「U」はキーに使われない文字です").await;
    fill(&format!("{key}77")).await;
    guest.keys(Key::Enter).await;
    says("2文字多いようです").await;
    // Nobody has this one; what was typed stays to be corrected.
    fill("ZZZZZZZZZZZZZZZZZZZZZZZZZZ").await;
    guest.keys(Key::Enter).await;
    guest.until_data("reason", "unknown-key").await;
    guest
        .until("it is still there", "return document.getElementById('typed-key').value.startsWith('ZZZZ-ZZZZ');")
        .await;
    look(&guest, "typed-unknown").await;
    guest.press("language-en").await;
    guest.until("English", "return document.getElementById('typed-count').textContent.includes('of 26');").await;
    look(&guest, "typed-unknown-en").await;
    guest.press("language-ja").await;

    let written: String = key
        .to_lowercase()
        .chars()
        .collect::<Vec<_>>()
        .chunks(4)
        .map(|group| group.iter().collect::<String>() + " ")
        .collect();
    fill(&written).await;
    guest.press("typed-do").await;
    guest.until_data("state", "ready").await;
    let nowhere = "const key = arguments[0]; const tidy = (text) => text.toUpperCase().replace(/[-\\s]/g, ''); \
        const entries = performance.getEntries().map(({ name }) => name); \
        return [location.href, document.referrer, document.title, document.getElementById('typed-key').value, history.length, ...entries] \
          .map(String).filter((text) => tidy(text).includes(key));";
    let found = guest.session.execute(nowhere, vec![json!(key)]).await.unwrap().json().clone();
    assert_eq!(found, Value::Array(Vec::new()), "the key stands there");
    assert!(guest.session.current_url().await.unwrap().as_str().ends_with("/j"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_phone_and_with_the_whole_address_typed() {
    let desk = Desk::open().await;
    let guest = Browser::sized(500, 900, &[]).await;
    guest.go(&format!("{}/j", desk.running().public)).await;
    guest.until_data("reason", "no-key").await;
    look(&guest, "typed-phone").await;
    guest.go(&format!("{}/j#{}", desk.running().public, desk.demo.key.expose().to_lowercase())).await;
    guest.until_data("state", "ready").await;
    assert!(guest.session.current_url().await.unwrap().as_str().ends_with("/j"));
}
