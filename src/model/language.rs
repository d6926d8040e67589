//! The languages that the screens can speak.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// The one list of languages, the first of which stands in for what another lacks. Another one is a line here and a folder of
/// its tag in `src/words`. Hands the list to the macro `take`.
macro_rules! languages {
    ($take:ident) => {
        $take! {
            /// Japanese.
            #[default]
            Japanese = "ja",
            /// English.
            English = "en",
        }
    };
}
#[cfg_attr(not(feature = "words"), allow(unused_imports, reason = "the words of each language"))]
pub(crate) use languages;

macro_rules! language {
    ($($(#[$about:meta])* $name:ident = $tag:literal,)+) => {
        /// A language of the screens. The loan says which are offered and in which order a press goes through them.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
        pub enum Language {
            $($(#[$about])* #[serde(rename = $tag)] $name,)+
        }

        impl Language {
            /// Every language that has words.
            pub const ALL: [Self; [$($tag),+].len()] = [$(Self::$name),+];

            /// BCP 47 tag.
            pub const fn tag(self) -> &'static str {
                match self {
                    $(Self::$name => $tag,)+
                }
            }
        }
    };
}
languages!(language);

impl Language {
    /// The language of a BCP 47 tag, by its primary subtag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }
}

/// A language as an end of a line names it (a BCP 47 tag): one that this version has no words for is passed on as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct LanguageTag(String);

impl LanguageTag {
    /// The longest tag that RFC 5646, section 4.4.1 asks software to keep.
    const LONGEST: usize = 35;
    /// What stands for whatever is no tag ("undetermined" in ISO 639-2).
    const NONE: &str = "und";

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language, where this version has words for it.
    pub fn spoken(&self) -> Option<Language> {
        Language::from_tag(&self.0)
    }
}

impl From<Language> for LanguageTag {
    fn from(language: Language) -> Self {
        Self(language.tag().to_owned())
    }
}

impl From<&str> for LanguageTag {
    fn from(text: &str) -> Self {
        let is_tag = (1..=Self::LONGEST).contains(&text.len())
            && text.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-');
        Self(if is_tag { text } else { Self::NONE }.to_owned())
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Any text: what is no tag is nobody's fault who reads it.
impl<'de> Deserialize<'de> for LanguageTag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(from)?.as_str().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_kept_whoever_speaks_it_and_anything_else_is_none() {
        for (text, kept) in [
            ("\"vi\"", "vi"),
            ("\"zh-Hant-TW\"", "zh-Hant-TW"),
            ("\"en-GB\"", "en-GB"),
            ("\"\"", "und"),
            ("\"<b>ja</b>\"", "und"),
            ("\"ああ\"", "und"),
            ("\"abcdefgh-abcdefgh-abcdefgh-abcdefgh-a\"", "und"),
        ] {
            let tag: LanguageTag = serde_json::from_str(text).unwrap();
            assert_eq!(tag.as_str(), kept, "{text}");
        }
        let spoken = ["ja", "en-GB", "vi"].map(|tag| LanguageTag::from(tag).spoken());
        assert_eq!(spoken, [Some(Language::Japanese), Some(Language::English), None]);
    }
}
