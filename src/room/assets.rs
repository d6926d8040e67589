//! The pages and what they are made of, inside the binary.

use crate::model::language::Language;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;

/// Name, media type and text of every file.
const FILES: &[(&str, &str, &str)] = &[
    ("sign-in.html", "text/html; charset=utf-8", include_str!("pages/sign-in.html")),
    ("staff.html", "text/html; charset=utf-8", include_str!("pages/staff.html")),
    ("code.html", "text/html; charset=utf-8", include_str!("pages/code.html")),
    ("second-factor.html", "text/html; charset=utf-8", include_str!("pages/second-factor.html")),
    ("password.html", "text/html; charset=utf-8", include_str!("pages/password.html")),
    ("guest.html", "text/html; charset=utf-8", include_str!("pages/guest.html")),
    ("page.css", "text/css; charset=utf-8", include_str!("pages/page.css")),
    ("sheet.css", "text/css; charset=utf-8", include_str!("pages/sheet.css")),
    ("words.js", "text/javascript; charset=utf-8", include_str!("pages/words.js")),
    ("room.js", "text/javascript; charset=utf-8", include_str!("pages/room.js")),
    ("media.js", "text/javascript; charset=utf-8", include_str!("pages/media.js")),
    ("devices.js", "text/javascript; charset=utf-8", include_str!("pages/devices.js")),
    ("attention.js", "text/javascript; charset=utf-8", include_str!("pages/attention.js")),
    ("contacts.js", "text/javascript; charset=utf-8", include_str!("pages/contacts.js")),
    ("kept.js", "text/javascript; charset=utf-8", include_str!("pages/kept.js")),
    ("own.js", "text/javascript; charset=utf-8", include_str!("pages/own.js")),
    ("player.js", "text/javascript; charset=utf-8", include_str!("pages/player.js")),
    ("awake.js", "text/javascript; charset=utf-8", include_str!("pages/awake.js")),
    ("sign-in.js", "text/javascript; charset=utf-8", include_str!("pages/sign-in.js")),
    ("code.js", "text/javascript; charset=utf-8", include_str!("pages/code.js")),
    ("second-factor.js", "text/javascript; charset=utf-8", include_str!("pages/second-factor.js")),
    ("password.js", "text/javascript; charset=utf-8", include_str!("pages/password.js")),
    ("sheet.js", "text/javascript; charset=utf-8", include_str!("pages/sheet.js")),
    ("typed.js", "text/javascript; charset=utf-8", include_str!("pages/typed.js")),
    ("staff.js", "text/javascript; charset=utf-8", include_str!("pages/staff.js")),
    ("cards.js", "text/javascript; charset=utf-8", include_str!("pages/cards.js")),
    ("day.js", "text/javascript; charset=utf-8", include_str!("pages/day.js")),
    ("asking.js", "text/javascript; charset=utf-8", include_str!("pages/asking.js")),
    ("form.js", "text/javascript; charset=utf-8", include_str!("pages/form.js")),
    ("make.js", "text/javascript; charset=utf-8", include_str!("pages/make.js")),
    ("moving.js", "text/javascript; charset=utf-8", include_str!("pages/moving.js")),
    ("signed-in.js", "text/javascript; charset=utf-8", include_str!("pages/signed-in.js")),
    ("appointments.js", "text/javascript; charset=utf-8", include_str!("pages/appointments.js")),
    ("guest.js", "text/javascript; charset=utf-8", include_str!("pages/guest.js")),
    ("ja.json", "application/json", include_str!("pages/ja.json")),
    ("en.json", "application/json", include_str!("pages/en.json")),
];

/// A whole page.
pub(super) fn page(name: &str) -> Response {
    file(name)
}

/// `GET /j`.
pub(super) async fn guest_page() -> Response {
    page("guest.html")
}

/// `GET /assets/NAME`.
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    if name.ends_with(".html") { nothing() } else { file(&name) }
}

fn file(name: &str) -> Response {
    match FILES.iter().find(|(known, _, _)| *known == name) {
        Some((_, kind, text)) => ([(header::CONTENT_TYPE, *kind)], *text).into_response(),
        None => nothing(),
    }
}

/// A text of the pages; the key itself where there is none.
pub(super) fn said(language: Language, key: &str) -> String {
    let name = if language == Language::English { "en.json" } else { "ja.json" };
    let text = FILES.iter().find(|(known, _, _)| *known == name).map_or("{}", |(_, _, text)| text);
    let words: BTreeMap<String, String> = serde_json::from_str(text).unwrap_or_default();
    words.get(key).cloned().unwrap_or_else(|| key.to_owned())
}

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing at this address.\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn text(name: &str) -> &'static str {
        FILES.iter().find(|(known, _, _)| *known == name).map(|(_, _, text)| *text).unwrap()
    }

    fn words(name: &str) -> BTreeMap<String, String> {
        serde_json::from_str(text(name)).unwrap()
    }

    #[test]
    fn japanese_and_english_say_the_same_things() {
        let (ja, en) = (words("ja.json"), words("en.json"));
        assert_eq!(ja.keys().collect::<Vec<_>>(), en.keys().collect::<Vec<_>>());
        let blanks = |text: &str| -> BTreeSet<String> {
            text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect()
        };
        for (key, text) in &ja {
            assert!(!text.trim().is_empty() && !en[key].trim().is_empty(), "{key} is empty");
            assert_eq!(blanks(text), blanks(&en[key]), "{key} has other blanks in English");
        }
    }

    #[test]
    fn every_word_of_the_pages_is_in_the_files() {
        let ja = words("ja.json");
        let mut used = BTreeSet::new();
        for (name, _, text) in FILES.iter().filter(|(name, _, _)| !name.ends_with(".json")) {
            for mark in ["data-word=\"", "data-word-label=\"", "data-word-placeholder=\"", "word(\"", "word: \""] {
                for rest in text.split(mark).skip(1) {
                    let key = rest.split('"').next().unwrap();
                    assert!(ja.contains_key(key), "{name} uses the word {key}, which ja.json does not have");
                    used.insert(key.to_owned());
                }
            }
        }
        assert!(used.len() > 60, "only {} words were found in the pages", used.len());
    }

    /// What the counter's guide names in brackets stands on the pages, word for word.
    #[test]
    fn the_guide_for_the_counter_names_what_is_on_the_pages() {
        let guide = include_str!("../../systemd/counter-ja.md");
        let ja = words("ja.json");
        let named: Vec<_> = guide.split('「').skip(1).filter_map(|rest| Some(rest.split_once('」')?.0)).collect();
        assert!(named.len() > 20, "{named:?}");
        // What the browser asks, and an answer to it.
        let elsewhere = ["許可"];
        for name in named.into_iter().filter(|name| !elsewhere.contains(name)) {
            assert!(ja.values().any(|text| text.contains(name)), "no page says 「{name}」");
        }
        // In the table of what to do, too.
        for line in guide.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| 画面")) {
            let said = line.trim_start_matches("| ").split(['|', '（']).next().unwrap().trim();
            assert!(ja.values().any(|text| text.contains(said)), "no page says {said}");
        }
    }

    #[test]
    fn pages_hold_nothing_inline_and_nothing_from_elsewhere() {
        for (name, _, text) in FILES {
            assert!(!text.contains("style=\""), "{name} has an inline style");
            let elsewhere =
                ["//cdn", "https://", "http://", "@import", "url("].iter().find(|mark| text.contains(**mark));
            assert_eq!(elsewhere, None, "{name} takes something from elsewhere");
            if name.ends_with(".html") {
                assert!(!text.contains("<script>") && !text.contains(" onclick="), "{name} has an inline script");
                assert!(text.contains("<html lang=\"ja\">"), "{name} does not say its language");
            }
        }
    }
}
