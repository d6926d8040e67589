//! What the two ends of a line can do, and which versions of the vocabulary they speak: what both have is used.

use super::PEOPLE;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The versions of this vocabulary that one end speaks, from the oldest to the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The oldest.
    pub oldest: u16,
    /// The newest.
    pub newest: u16,
}

impl Versions {
    /// What this code speaks. A word that is merely new needs no new version; one whose meaning changes does.
    pub const OWN: Self = Self { oldest: 1, newest: 1 };

    /// What a hello or a refusal says: a first version, and a second one unless there is one alone.
    pub fn said(oldest: u16, newest: Option<u16>) -> Self {
        Self { oldest, newest: newest.unwrap_or(oldest).max(oldest) }
    }

    /// The newest that both speak.
    pub fn common(self, other: Self) -> Option<u16> {
        let (oldest, newest) = (self.oldest.max(other.oldest), self.newest.min(other.newest));
        (oldest <= newest).then_some(newest)
    }

    /// Whether `version` is spoken.
    pub const fn has(self, version: u16) -> bool {
        self.oldest <= version && version <= self.newest
    }

    /// The newest, where it is another one than the oldest: what a hello says beside it.
    pub fn newest_said(self) -> Option<u16> {
        (self.newest != self.oldest).then_some(self.newest)
    }
}

/// Names of what an end can do. Those that nobody here knows are kept, and never in common with ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Abilities(BTreeSet<String>);

impl Abilities {
    /// What the room server can do.
    pub fn of_server() -> Self {
        Self::from([PEOPLE])
    }

    /// What both can do.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// Whether it can do that.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether it can do nothing that has a name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> FromIterator<&'a str> for Abilities {
    fn from_iter<Names: IntoIterator<Item = &'a str>>(names: Names) -> Self {
        Self(names.into_iter().map(str::to_owned).collect())
    }
}

impl<const COUNT: usize> From<[&str; COUNT]> for Abilities {
    fn from(names: [&str; COUNT]) -> Self {
        names.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_common_version_is_spoken() {
        let own = Versions::said(2, Some(4));
        for (other, common) in [
            (Versions::said(1, None), None),
            (Versions::said(1, Some(2)), Some(2)),
            (Versions::said(3, None), Some(3)),
            (Versions::said(1, Some(9)), Some(4)),
            (Versions::said(4, Some(0)), Some(4)),
            (Versions::said(5, Some(9)), None),
        ] {
            assert_eq!((own.common(other), other.common(own)), (common, common), "{other:?}");
        }
        assert_eq!((Versions::said(3, None).newest_said(), own.newest_said()), (None, Some(4)));
        assert!(own.has(2) && own.has(4) && !own.has(1) && !own.has(5));
    }

    #[test]
    fn what_both_can_do_is_used_and_nothing_else() {
        let (ours, theirs) = (Abilities::from(["people", "vp8"]), Abilities::from(["fly", "people"]));
        assert_eq!(ours.both(&theirs), Abilities::from(["people"]));
        assert!(ours.both(&Abilities::default()).is_empty());
    }
}
