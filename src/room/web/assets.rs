//! The pages and what they are made of, inside the binary.

use crate::model::language::Language;
use crate::words::Catalog;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Name, media type and text of every file.
const FILES: &[(&str, &str, &str)] = &[
    ("sign-in.html", "text/html; charset=utf-8", include_str!("pages/sign-in.html")),
    ("staff.html", "text/html; charset=utf-8", include_str!("pages/staff.html")),
    ("code.html", "text/html; charset=utf-8", include_str!("pages/code.html")),
    ("second-factor.html", "text/html; charset=utf-8", include_str!("pages/second-factor.html")),
    ("password.html", "text/html; charset=utf-8", include_str!("pages/password.html")),
    ("loans.html", "text/html; charset=utf-8", include_str!("pages/loans.html")),
    ("guest.html", "text/html; charset=utf-8", include_str!("pages/guest.html")),
    ("page.css", "text/css; charset=utf-8", include_str!("pages/page.css")),
    ("sheet.css", "text/css; charset=utf-8", include_str!("pages/sheet.css")),
    ("ledger.css", "text/css; charset=utf-8", include_str!("pages/ledger.css")),
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
    ("loans.js", "text/javascript; charset=utf-8", include_str!("pages/loans.js")),
    ("ledger-forms.js", "text/javascript; charset=utf-8", include_str!("pages/ledger-forms.js")),
    ("ledger-table.js", "text/javascript; charset=utf-8", include_str!("pages/ledger-table.js")),
    ("ledger-why.js", "text/javascript; charset=utf-8", include_str!("pages/ledger-why.js")),
    ("ledger-paper.js", "text/javascript; charset=utf-8", include_str!("pages/ledger-paper.js")),
    ("guest.js", "text/javascript; charset=utf-8", include_str!("pages/guest.js")),
];

/// Name, media type and text of everything that is served: the files, their words filled in, and what is made of the words.
static SERVED: LazyLock<Vec<(String, &str, String)>> = LazyLock::new(|| {
    let first = Catalog::embedded().of_the_pages(Language::default());
    let mut served: Vec<_> = FILES
        .iter()
        .map(|(name, kind, text)| {
            let text = if name.ends_with(".html") { filled(text, &first) } else { (*text).to_owned() };
            ((*name).to_owned(), *kind, text)
        })
        .collect();
    for language in Language::ALL {
        let table = serde_json::to_string(&Catalog::embedded().of_the_pages(language)).unwrap_or_default();
        served.push((format!("{}.json", language.tag()), "application/json", table));
    }
    let script = "text/javascript; charset=utf-8";
    let tags = Language::ALL.map(|language| format!("\"{}\"", language.tag())).join(", ");
    served.push(("languages.js".to_owned(), script, format!("export const LANGUAGES = [{tags}];\n")));
    served
});

/// A whole page.
pub(in crate::room) fn page(name: &str) -> Response {
    file(name)
}

/// `GET /j`.
pub(in crate::room) async fn guest_page() -> Response {
    page("guest.html")
}

/// `GET /assets/NAME`.
pub(in crate::room) async fn asset(Path(name): Path<String>) -> Response {
    if name.ends_with(".html") { nothing() } else { file(&name) }
}

fn file(name: &str) -> Response {
    match SERVED.iter().find(|(known, _, _)| *known == name) {
        Some((_, kind, text)) => ([(header::CONTENT_TYPE, *kind)], text.as_str()).into_response(),
        None => nothing(),
    }
}

/// A page with the first language's words in each empty element that names its word (`data-word`, or `data-said` where the page
/// never changes it), so that it reads well before its script runs.
pub(in crate::room) fn filled(page: &str, words: &BTreeMap<String, String>) -> String {
    const MARKS: [&str; 2] = [" data-word=\"", " data-said=\""];
    let (mut out, mut rest) = (String::with_capacity(page.len() * 2), page);
    loop {
        let mark = MARKS.iter().filter_map(|mark| Some((rest.find(mark)?, mark.len()))).min();
        let parts = mark.and_then(|(at, long)| {
            let (key, _) = rest.get(at + long..)?.split_once('"')?;
            let end = at + rest.get(at..)?.find('>')? + 1;
            Some((key, rest.get(..end)?, rest.get(end..)?))
        });
        let Some((key, through, after)) = parts else {
            out.push_str(rest);
            return out;
        };
        out.push_str(through);
        if let Some(text) = words.get(key).filter(|_| after.starts_with("</")) {
            out.push_str(&escaped(text));
        }
        rest = after;
    }
}

/// A text as it stands in HTML.
pub(in crate::room) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A text of the pages.
pub(in crate::room) fn said(language: Language, key: &str) -> String {
    Catalog::embedded().of_a_page(language, key)
}

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing at this address.\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wire::Refusal;
    use std::collections::BTreeSet;

    fn served(name: &str) -> &'static str {
        SERVED.iter().find(|(known, _, _)| known == name).map(|(_, _, text)| text.as_str()).unwrap()
    }

    fn words(language: Language) -> BTreeMap<String, String> {
        Catalog::embedded().of_the_pages(language)
    }

    /// The script's own filler takes `{places}`.
    #[test]
    fn each_language_is_served_as_a_table_with_the_places_that_the_pages_fill() {
        let places = |text: &str| -> BTreeSet<String> {
            text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect()
        };
        let first = words(Language::default());
        for language in Language::ALL {
            let table: BTreeMap<String, String> =
                serde_json::from_str(served(&format!("{}.json", language.tag()))).unwrap();
            assert_eq!(table, words(language));
            assert_eq!(table.keys().collect::<Vec<_>>(), first.keys().collect::<Vec<_>>());
            for (key, text) in &table {
                assert_eq!(places(text), places(&first[key]), "{key} has other places in {language:?}");
                let named = |place: &String| place.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
                assert!(places(text).iter().all(named), "{key}: {text}");
            }
        }
        assert!(served("languages.js").contains("[\"ja\", "));
    }

    #[test]
    fn pages_hold_no_words_of_their_own_and_are_served_with_those_of_the_first_language() {
        let japanese = |letter: char| matches!(letter, '\u{3040}'..='\u{9fff}');
        for (name, _, text) in FILES {
            // The mark of the product is a picture made of a letter.
            let own: String = text.chars().filter(|letter| japanese(*letter) && !"窓・".contains(*letter)).collect();
            assert_eq!(own, "", "{name} has words of its own");
        }
        let page = served("guest.html");
        assert!(page.contains("<title data-said=\"brand\">オンライン窓口</title>"), "{page}");
        assert!(page.contains(&words(Language::Japanese)["rule-myself"]));
        let words = BTreeMap::from([("a".to_owned(), "1 < 2".to_owned())]);
        for (page, wanted) in [
            (r#"<p data-word="a"></p>"#, r#"<p data-word="a">1 &lt; 2</p>"#),
            (
                r#"<b id="x" data-said="a" hidden></b><p data-word="b"></p>"#,
                r#"<b id="x" data-said="a" hidden>1 &lt; 2</b><p data-word="b"></p>"#,
            ),
            (r#"<p data-word="a"><b></b></p>"#, r#"<p data-word="a"><b></b></p>"#),
            (r#"<p data-word-label="a"></p><p data-word="a"#, r#"<p data-word-label="a"></p><p data-word="a"#),
        ] {
            assert_eq!(filled(page, &words), wanted);
        }
    }

    #[test]
    fn the_guest_page_shows_every_rule_in_its_order() {
        let page = FILES.iter().find(|(name, _, _)| *name == "guest.html").unwrap().2;
        let shown = page.split("data-word=\"rule-").skip(1).filter_map(|rest| rest.split('"').next());
        assert_eq!(shown.map(|rule| format!("rule-{rule}")).collect::<Vec<_>>(), crate::words::RULES);
    }

    #[test]
    fn every_word_of_the_pages_has_a_text_and_no_text_is_left_over() {
        let known = words(Language::default());
        let mut used = BTreeSet::new();
        let paper = ("sheet.html", "", include_str!("pages/sheet.html"));
        let list = ("ledger-paper.html", "", include_str!("pages/ledger-paper.html"));
        for (name, _, text) in FILES.iter().chain([&paper, &list]) {
            let marks = [
                "data-word=\"",
                "data-said=\"",
                "data-word-label=\"",
                "data-word-placeholder=\"",
                "word(\"",
                "word: \"",
            ];
            for rest in marks.iter().flat_map(|mark| text.split(mark).skip(1)) {
                let key = rest.split('"').next().unwrap();
                assert!(known.contains_key(key), "{name} uses the word {key}, which has no text");
                used.insert(key.to_owned());
            }
        }
        assert!(used.len() > 60, "only {} words were found in the pages", used.len());
        // Some are named by a table, or by the server.
        let sources = FILES
            .iter()
            .map(|(_, _, text)| *text)
            .chain([include_str!("sheet.rs"), include_str!("../appointments/reserve.rs")]);
        let sources: Vec<_> = sources.collect();
        // And what a refusal is called, where the guest page has no more to say of it.
        let refusals = Refusal::examples()
            .into_iter()
            .map(|refusal| format!("end-{}", serde_json::to_value(&refusal).unwrap()["why"].as_str().unwrap()));
        used.extend(refusals);
        // The ledger's columns, states and steps are named by what they are called in messages.
        used.extend(named_in_the_ledger());
        for key in known.keys().filter(|key| !used.contains(*key)) {
            assert!(sources.iter().any(|text| text.contains(&format!("\"{key}\""))), "nobody says {key}");
        }
    }

    fn named_in_the_ledger() -> Vec<String> {
        use crate::lending::{device::Health, loan::Standing, table};
        let columns =
            table::DEVICE.iter().chain(&table::LOAN).chain(&["loan"]).map(|column| format!("ledger-col-{column}"));
        let states = Standing::ALL.iter().map(|standing| format!("ledger-state-{}", standing.word()));
        let healths = Health::ALL.iter().map(|health| format!("ledger-health-{}", health.word()));
        let did = ["device-added", "device-changed", "loan-added", "loan-changed"];
        let steps = ["lent", "extended", "lost", "returned", "withdrawn"].map(|step| format!("ledger-did-loan-{step}"));
        let did = did.map(|did| format!("ledger-did-{did}")).into_iter().chain(steps);
        let all: Vec<_> = columns.chain(states).chain(healths).chain(did).collect();
        let known = words(Language::default());
        for name in &all {
            assert!(known.contains_key(name), "{name} has no text");
        }
        all
    }

    /// What the counter's guide names in brackets stands on the pages, word for word.
    #[test]
    fn the_guide_for_the_counter_names_what_is_on_the_pages() {
        let guide = include_str!("../../../systemd/counter-ja.md");
        let ja = words(Language::Japanese);
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
