//! Text in several languages, of which a reader may not know all.

use crate::model::language::{Language, LanguageTag};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Text in several languages by BCP 47 tag; Japanese is always there. Languages that this version has no words for are kept
/// as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Words(pub BTreeMap<String, String>);

impl Words {
    /// The text in `language` (`en-GB` is English, too), else in Japanese, else empty.
    pub fn get(&self, language: Language) -> &str {
        self.find(language.tag()).or_else(|| self.find(Language::Japanese.tag())).unwrap_or_default()
    }

    /// The text for somebody whose language this version may have no words for, else in Japanese, else empty.
    pub fn get_by_tag(&self, language: &LanguageTag) -> &str {
        self.find(language.as_str()).or_else(|| self.find(Language::Japanese.tag())).unwrap_or_default()
    }

    fn find(&self, language: &str) -> Option<&str> {
        let same = |tag: &str| primary(tag).eq_ignore_ascii_case(primary(language));
        let related = || self.0.iter().find(|(tag, _)| same(tag)).map(|(_, text)| text);
        self.0.get(language).or_else(related).map(String::as_str)
    }

    /// Sets the text in `language`.
    pub fn set(&mut self, language: Language, text: impl Into<String>) {
        self.0.insert(language.tag().to_owned(), text.into());
    }

    /// The same text for Japanese and English readers.
    pub fn ja_en(ja: &str, en: &str) -> Self {
        let mut words = Self::default();
        words.set(Language::Japanese, ja);
        words.set(Language::English, en);
        words
    }
}

/// The primary subtag of a BCP 47 tag (RFC 5646, section 2.2.1).
fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_that_nobody_here_speaks_costs_nothing_of_the_others() {
        let text = r#"{"en-GB":"Childcare","ja":"子育て相談窓口","vi":"Tư vấn nuôi dạy trẻ","zh-Hans":"育儿咨询窗口"}"#;
        let words: Words = serde_json::from_str(text).unwrap();
        assert_eq!(words.get(Language::Japanese), "子育て相談窓口");
        assert_eq!(words.get(Language::English), "Childcare");
        assert_eq!(words.get_by_tag(&"vi-VN".into()), "Tư vấn nuôi dạy trẻ");
        assert_eq!(words.get_by_tag(&"pt".into()), "子育て相談窓口");
        assert_eq!(serde_json::to_string(&words).unwrap(), text, "what is not known is passed on");
        let words: Words = serde_json::from_str(r#"{"vi":"Tư vấn","ja":"窓口"}"#).unwrap();
        assert_eq!(words.get(Language::English), "窓口");
        assert_eq!(Words::default().get(Language::English), "");
    }
}
