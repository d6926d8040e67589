//! Every word that a family or the staff read, as Fluent files that anyone can translate; Japanese stands in for what is
//! missing. What command lines say is a [`message::Message`] until it is printed.
//!
//! A plain space between two Japanese characters in a file marks a place where a line may break. [`Catalog::text`]
//! turns it into U+200B ZERO WIDTH SPACE, so that it is invisible on the TV and in a browser, yet honoured by both
//! (a web page adds `word-break: keep-all`). Only for a terminal, [`Catalog::plain`], a space is a space.

pub mod message;

use crate::model::language::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
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

/// The embedded Fluent files of a language.
pub const fn files(language: Language) -> [&'static str; 5] {
    match language {
        Language::Japanese => [
            include_str!("words/ja/screens.ftl"),
            include_str!("words/ja/signs.ftl"),
            include_str!("words/ja/rules.ftl"),
            include_str!("words/ja/sheet.ftl"),
            include_str!("words/ja/tools.ftl"),
        ],
        Language::English => [
            include_str!("words/en/screens.ftl"),
            include_str!("words/en/signs.ftl"),
            include_str!("words/en/rules.ftl"),
            include_str!("words/en/sheet.ftl"),
            include_str!("words/en/tools.ftl"),
        ],
    }
}

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

/// All words in all languages.
pub struct Catalog {
    bundles: Vec<(Language, FluentBundle<FluentResource>)>,
}

impl Catalog {
    /// The words that this program was built with.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: OnceLock<Catalog> = OnceLock::new();
        EMBEDDED.get_or_init(|| Self { bundles: Language::ALL.map(|language| (language, bundle(language))).into() })
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

    fn as_written(&self, language: Language, id: &str, args: &[(&str, Arg<'_>)]) -> Option<String> {
        let bundle = &self.bundles.iter().find(|(known, _)| *known == language)?.1;
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

    /// The rules to agree to: message name and text, in their order.
    pub fn rules(&self, language: Language) -> Vec<(&'static str, String)> {
        RULES.iter().map(|id| (*id, self.text(language, id, &[]))).collect()
    }
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // The TV has no mixed text directions; the isolation marks would only be missing glyphs.
    bundle.set_use_isolating(false);
    let help = (language == Language::Japanese).then_some(HELP);
    for file in files(language).into_iter().chain(help) {
        // A broken message is left out and Japanese stands in; a test shows that none is broken.
        let resource = FluentResource::try_new(file.to_owned()).unwrap_or_else(|(partial, _)| partial);
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
    use std::collections::{BTreeMap, BTreeSet};

    /// Every message and attribute of a language with the variables it uses, read from the files' text.
    fn variables(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut found = BTreeMap::new();
        let mut message = String::new();
        let mut id = String::new();
        for line in files(language).iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with('#')) {
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
                used.insert(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect());
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
            for file in files(language).into_iter().chain([HELP]) {
                let resource = FluentResource::try_new(file.to_owned()).map_err(|(_, errors)| errors).unwrap();
                bundle.add_resource(resource).unwrap();
            }
        }
    }

    #[test]
    fn a_missing_text_falls_back_to_japanese() {
        let only_japanese = Catalog { bundles: vec![(Language::Japanese, bundle(Language::Japanese))] };
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
