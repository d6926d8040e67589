//! Every word that a family or the staff read, as Fluent files that anyone can translate; Japanese stands in for what is
//! missing. What command lines say is a [`message::Message`] until it is printed.
//!
//! A plain space between two Japanese characters in a file marks a place where a line may break. [`Catalog::text`]
//! turns it into U+200B ZERO WIDTH SPACE, so that it is invisible on the TV and in a browser, yet honoured by both
//! (a web page adds `word-break: keep-all`). Only for a terminal, [`Catalog::plain`], a space is a space.

pub mod message;
pub mod ruby;

use crate::model::language::{Language, languages};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use unic_langid::LanguageIdentifier;

/// The rules a family agrees to, in their order: the names of the messages in `rules.ftl` and of the pictograms.
pub const RULES: [&str; 11] = [
    "rule-myself",
    "rule-no-recording",
    "rule-nobody-else",
    "rule-no-posting",
    "rule-keep-key",
    "rule-guardian",
    "rule-background",
    "rule-on-time",
    "rule-staff-may-end",
    "rule-telephone",
    "rule-own-cost",
];

macro_rules! files {
    ($($(#[$about:meta])* $name:ident = $tag:literal,)+) => {
        /// The embedded Fluent files of a language, each with its name.
        pub const fn files(language: Language) -> [(&'static str, &'static str); 6] {
            match language {
                $(Language::$name => files!($tag: "screens", "signs", "rules", "sheet", "tools", "pages"),)+
            }
        }
    };
    ($tag:literal: $($file:literal),+) => {
        [$(($file, include_str!(concat!("words/", $tag, "/", $file, ".ftl")))),+]
    };
}
languages!(files);

/// One of the [`files`].
pub fn file(language: Language, name: &str) -> &'static str {
    files(language).into_iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}

/// What the names of the web pages' texts begin with in `pages.ftl`; the pages leave it out.
const PAGE: &str = "page-";

/// What the command lines' help says in Japanese; in English it stands where the options are declared.
pub const HELP: &str = include_str!("words/ja/help.ftl");

/// A value that stands in a message's `{ $place }`.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    /// Text, as it is.
    Text(&'a str),
    /// A whole number; the language chooses its plural.
    Number(i64),
}

type Bundles = Vec<(Language, FluentBundle<FluentResource>)>;

/// All words in all languages.
pub struct Catalog {
    bundles: Bundles,
    /// The same with the readings of kanji; made when one is asked for.
    read: OnceLock<Bundles>,
}

impl Catalog {
    /// The words that this program was built with.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: OnceLock<Catalog> = OnceLock::new();
        EMBEDDED.get_or_init(|| {
            let bundles = Language::ALL.map(|language| (language, bundle(language, &sources(language), false)));
            Self { bundles: bundles.into(), read: OnceLock::new() }
        })
    }

    /// The text `id` (`message` or `message.attribute`) in `language`, else in Japanese, else the id itself.
    pub fn text(&self, language: Language, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.find(language, id, args)
            .or_else(|| self.find(Language::Japanese, id, args))
            .unwrap_or_else(|| id.to_owned())
    }

    /// As [`Catalog::text`], with every space kept: for a terminal, where a path is copied from a sentence.
    pub fn plain(&self, language: Language, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.as_written(language, id, args)
            .or_else(|| self.as_written(Language::Japanese, id, args))
            .unwrap_or_else(|| id.to_owned())
    }

    /// The text `id` if this very language has it.
    pub fn find(&self, language: Language, id: &str, args: &[(&str, Arg<'_>)]) -> Option<String> {
        self.as_written(language, id, args).map(|text| breakable(&text))
    }

    /// The text `id` as [`Catalog::text`] gives it, in parts of which those with a reading stand alone: for furigana.
    pub fn spans(&self, language: Language, id: &str, args: &[(&str, Arg<'_>)]) -> Vec<ruby::Span> {
        let read = self.read.get_or_init(|| {
            Language::ALL.map(|language| (language, bundle(language, &sources(language), true))).into()
        });
        read_in(read, language, id, args)
    }

    /// The texts that the web pages say, by the names that they use: those of `pages.ftl` and the rules. What a page fills in
    /// itself is a `{place}`.
    pub fn of_the_pages(&self, language: Language) -> BTreeMap<String, String> {
        let file = file(Language::default(), "pages");
        let places: Vec<(&str, String)> =
            places(file).into_iter().map(|place| (place, format!("{{{place}}}"))).collect();
        let args: Vec<_> = places.iter().map(|(place, shown)| (*place, Arg::Text(shown))).collect();
        let texts = names(file).filter_map(|id| Some((id.strip_prefix(PAGE)?, self.plain(language, id, &args))));
        texts.chain(self.rules(language)).map(|(name, text)| (name.to_owned(), text)).collect()
    }

    /// A text of the pages; the name itself where there is none.
    pub fn of_a_page(&self, language: Language, name: &str) -> String {
        self.plain(language, &format!("{PAGE}{name}"), &[])
    }

    fn as_written(&self, language: Language, id: &str, args: &[(&str, Arg<'_>)]) -> Option<String> {
        written(&self.bundles, language, id, args)
    }

    /// The rules to agree to: message name and text, in their order.
    pub fn rules(&self, language: Language) -> Vec<(&'static str, String)> {
        RULES.iter().map(|id| (*id, self.text(language, id, &[]))).collect()
    }
}

fn written(bundles: &Bundles, language: Language, id: &str, args: &[(&str, Arg<'_>)]) -> Option<String> {
    let bundle = &bundles.iter().find(|(known, _)| *known == language)?.1;
    let (message, attribute) = id.split_once('.').map_or((id, None), |(message, name)| (message, Some(name)));
    let message = bundle.get_message(message)?;
    let pattern = match attribute {
        Some(name) => message.get_attribute(name)?.value(),
        None => message.value()?,
    };
    let mut values = FluentArgs::new();
    for (name, arg) in args {
        let value = match arg {
            Arg::Text(text) => FluentValue::from((*text).to_owned()),
            Arg::Number(number) => FluentValue::from(*number),
        };
        values.set((*name).to_owned(), value);
    }
    let mut errors = Vec::new();
    Some(bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned())
}

/// A text with its readings. What is filled in brings none: its marks are letters like others.
fn read_in(bundles: &Bundles, language: Language, id: &str, args: &[(&str, Arg<'_>)]) -> Vec<ruby::Span> {
    const MARKS: [(&str, &str); 3] = [("｜", "\u{e000}"), ("《", "\u{e001}"), ("》", "\u{e002}")];
    let hidden = |text: &str| MARKS.iter().fold(text.to_owned(), |text, (mark, hidden)| text.replace(mark, hidden));
    let shown = |text: String| MARKS.iter().fold(text, |text, (mark, hidden)| text.replace(hidden, mark));
    let texts: Vec<Option<String>> =
        args.iter().map(|(_, arg)| if let Arg::Text(text) = arg { Some(hidden(text)) } else { None }).collect();
    let args: Vec<(&str, Arg<'_>)> =
        args.iter().zip(&texts).map(|((name, arg), text)| (*name, text.as_deref().map_or(*arg, Arg::Text))).collect();
    let text = written(bundles, language, id, &args).or_else(|| written(bundles, Language::default(), id, &args));
    let spans = ruby::spans(&breakable(&text.unwrap_or_else(|| id.to_owned())));
    spans.into_iter().map(|span| ruby::Span { text: shown(span.text), reading: span.reading }).collect()
}

/// The names of the messages in a file.
pub(crate) fn names(file: &str) -> impl Iterator<Item = &str> {
    let own = file.lines().filter(|line| line.starts_with(|letter: char| letter.is_ascii_lowercase()));
    own.filter_map(|line| Some(line.split_once(" =")?.0))
}

/// Every `$place` that is filled in somewhere in a file.
fn places(file: &str) -> BTreeSet<&str> {
    let after = file.split('$').skip(1);
    after
        .filter_map(|rest| rest.split(|letter: char| !letter.is_ascii_alphanumeric() && !"-_".contains(letter)).next())
        .collect()
}

fn sources(language: Language) -> Vec<&'static str> {
    let help = (language == Language::Japanese).then_some(HELP);
    files(language).into_iter().map(|(_, text)| text).chain(help).collect()
}

/// With the readings of kanji, or without.
fn bundle(language: Language, sources: &[&str], readings: bool) -> FluentBundle<FluentResource> {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // The TV has no mixed text directions; the isolation marks would only be missing glyphs.
    bundle.set_use_isolating(false);
    for source in sources {
        let text = if readings { (*source).to_owned() } else { ruby::without(source) };
        // A broken message is left out and Japanese stands in; a test shows that none is broken.
        let resource = FluentResource::try_new(text).unwrap_or_else(|(partial, _)| partial);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// Turns each plain space that touches a Japanese character into a place where a line may break.
fn breakable(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (place, letter) in letters.iter().enumerate() {
        let neighbours = [place.checked_sub(1).and_then(|before| letters.get(before)), letters.get(place + 1)];
        let japanese = neighbours.into_iter().flatten().any(|near| is_japanese(*near));
        out.push(if *letter == ' ' && japanese { '\u{200b}' } else { *letter });
    }
    out
}

/// Kana, kanji, full-width forms and the punctuation that goes with them.
fn is_japanese(letter: char) -> bool {
    matches!(letter, '\u{3000}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every message and attribute of a language with the variables it uses, read from the files' text.
    fn variables(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut found = BTreeMap::new();
        let mut message = String::new();
        let mut id = String::new();
        for line in files(language).iter().flat_map(|(_, file)| file.lines()).filter(|line| !line.starts_with('#')) {
            let name = line.trim_start().split_once(" =").map(|(name, _)| name);
            match name {
                Some(name) if !line.starts_with(' ') => {
                    message = name.to_owned();
                    id = name.to_owned();
                }
                Some(name) if name.starts_with('.') => id = format!("{message}{name}"),
                _ => {}
            }
            if id.is_empty() || line.is_empty() {
                continue;
            }
            let used: &mut BTreeSet<String> = found.entry(id.clone()).or_default();
            for rest in line.split('$').skip(1) {
                used.insert(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect());
            }
        }
        found
    }

    #[test]
    fn every_language_has_every_text_with_the_same_variables() {
        let japanese = variables(Language::Japanese);
        assert!(japanese.len() > 150, "only {} texts found", japanese.len());
        assert_eq!(japanese["wait"], BTreeSet::from(["unit".to_owned(), "count".to_owned()]));
        assert!(japanese.contains_key("boot-starting.next"));
        for language in Language::ALL {
            assert_eq!(variables(language), japanese, "{language:?} differs from Japanese");
            for id in japanese.keys() {
                assert!(Catalog::embedded().find(language, id, &[]).is_some(), "{language:?} lacks {id}");
            }
        }
    }

    #[test]
    fn no_file_has_a_syntax_error_or_a_text_twice() {
        for language in Language::ALL {
            let mut bundle = FluentBundle::<FluentResource>::new_concurrent(vec![language.tag().parse().unwrap()]);
            for (_, file) in files(language).into_iter().chain([("help", HELP)]) {
                let resource = FluentResource::try_new(file.to_owned()).map_err(|(_, errors)| errors).unwrap();
                bundle.add_resource(resource).unwrap();
            }
        }
    }

    #[test]
    fn a_missing_text_falls_back_to_japanese() {
        let japanese = bundle(Language::Japanese, &sources(Language::Japanese), false);
        let only_japanese = Catalog { bundles: vec![(Language::Japanese, japanese)], read: OnceLock::new() };
        assert_eq!(only_japanese.text(Language::English, "staff", &[]), "担当者");
        assert_eq!(only_japanese.text(Language::English, "no-such-text", &[]), "no-such-text");
    }

    #[test]
    fn spaces_between_japanese_words_become_places_to_break() {
        let words = Catalog::embedded();
        assert_eq!(words.text(Language::Japanese, "press-come-back", &[]), "相談に\u{200b}もどる");
        assert_eq!(words.text(Language::English, "press-read-rules", &[]), "read the rules");
        let telephone = words.text(Language::Japanese, "telephone", &[("number", Arg::Text("0422-00-1234"))]);
        assert_eq!(telephone, "電話：0422-00-1234");
    }

    #[test]
    fn a_reading_is_shown_nowhere_and_kept_for_who_asks() {
        let source = ["call = ｜市《し》の 窓口、 { $name }さん"];
        let of = |readings| vec![(Language::Japanese, bundle(Language::Japanese, &source, readings))];
        let words = Catalog { bundles: of(false), read: OnceLock::from(of(true)) };
        let name = [("name", Arg::Text("｜山田《やまだ》"))];
        assert_eq!(words.text(Language::Japanese, "call", &name), "市の\u{200b}窓口、\u{200b}｜山田《やまだ》さん");
        assert_eq!(words.plain(Language::Japanese, "call", &name), "市の 窓口、 ｜山田《やまだ》さん");
        let spans = words.spans(Language::English, "call", &name);
        let (read, rest) = spans.split_first().unwrap();
        assert_eq!((read.text.as_str(), read.reading.as_deref()), ("市", Some("し")));
        assert!(rest.iter().all(|span| span.reading.is_none()), "{rest:?}");
        let whole: String = spans.iter().map(|span| span.text.as_str()).collect();
        assert_eq!(whole, words.text(Language::Japanese, "call", &name));
    }

    #[test]
    fn the_pages_say_their_own_texts_and_the_very_rules_of_the_tv() {
        let words = Catalog::embedded();
        for language in Language::ALL {
            let said = words.of_the_pages(language);
            assert!(said.len() > 300 && said.values().all(|text| !text.trim().is_empty()), "{language:?}");
            for (rule, text) in words.rules(language) {
                assert_eq!(said[rule], text);
            }
        }
        assert_eq!(words.of_the_pages(Language::English)["number"], "No. {number}");
        assert_eq!(words.of_a_page(Language::English, "cancel"), words.of_the_pages(Language::English)["cancel"]);
    }

    #[test]
    fn english_counts_properly() {
        let words = Catalog::embedded();
        let wait = |count| {
            words.text(Language::English, "wait", &[("unit", Arg::Text("days")), ("count", Arg::Number(count))])
        };
        assert_eq!(wait(1), "1 day");
        assert_eq!(wait(3), "3 days");
    }

    #[test]
    fn there_are_eleven_rules_each_in_every_language() {
        for language in Language::ALL {
            let rules = Catalog::embedded().rules(language);
            assert!(rules.iter().all(|(id, text)| id != text && !text.is_empty()));
            assert_eq!(rules.iter().map(|(_, text)| text).collect::<BTreeSet<_>>().len(), 11);
        }
    }
}
