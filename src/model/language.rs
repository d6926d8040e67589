//! The languages that the screens can speak.

use serde::{Deserialize, Serialize};

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
