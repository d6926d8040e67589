//! What a staff account may do, and at which counters.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What an account is for; it may be for several things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffRole {
    /// Sits with families, and arranges appointments.
    Desk,
    /// Arranges appointments and hands out papers and boxes; sees no family.
    Lender,
    /// Looks after every counter's appointments; sees no family.
    Admin,
}

impl StaffRole {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Desk, Self::Lender, Self::Admin];

    /// The word that stands for it on the command line and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::Lender => "lender",
            Self::Admin => "admin",
        }
    }

    /// Reads [`StaffRole::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// At which counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counters {
    /// At all that there are, and will be.
    Every,
    /// At these ([`super::appointment::Counter::id`]).
    These(BTreeSet<String>),
}

impl Counters {
    fn have(&self, counter: &str) -> bool {
        match self {
            Self::Every => true,
            Self::These(these) => these.contains(counter),
        }
    }
}

/// What an account may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// What for.
    pub roles: BTreeSet<StaffRole>,
    /// Where.
    pub counters: Counters,
}

impl Rights {
    /// Everything, everywhere: what accounts had before there were rights.
    pub fn all() -> Self {
        Self { roles: StaffRole::ALL.into(), counters: Counters::Every }
    }

    /// Whether the appointments of a counter may be seen and arranged.
    pub fn reaches(&self, counter: &str) -> bool {
        !self.roles.is_empty() && (self.counters.have(counter) || self.roles.contains(&StaffRole::Admin))
    }

    /// Whether a seat with a family may be taken there.
    pub fn sits_at(&self, counter: &str) -> bool {
        self.counters.have(counter) && self.roles.contains(&StaffRole::Desk)
    }

    /// Whether devices and loans may be seen and changed.
    pub fn lends(&self) -> bool {
        self.roles.contains(&StaffRole::Lender) || self.roles.contains(&StaffRole::Admin)
    }

    /// Whether the loans of a counter may be.
    pub fn lends_at(&self, counter: &str) -> bool {
        self.lends_where().have(counter)
    }

    /// The counters whose loans may be seen and changed.
    pub fn lends_where(&self) -> Counters {
        if self.roles.contains(&StaffRole::Admin) {
            Counters::Every
        } else if self.roles.contains(&StaffRole::Lender) {
            self.counters.clone()
        } else {
            Counters::These(BTreeSet::new())
        }
    }

    /// Roles as the database keeps them.
    pub fn roles_text(&self) -> String {
        self.roles.iter().map(|role| role.word()).collect::<Vec<_>>().join(" ")
    }

    /// Counters as the database keeps them: nothing for every one.
    pub fn counters_text(&self) -> Option<String> {
        match &self.counters {
            Counters::Every => None,
            Counters::These(these) => Some(serde_json::to_string(these).unwrap_or_default()),
        }
    }

    /// Reads both. What cannot be read gives no right.
    pub fn read(roles: &str, counters: Option<&str>) -> Self {
        let roles = roles.split(' ').filter_map(StaffRole::from_word).collect();
        let counters = match counters {
            None => Counters::Every,
            Some(text) => Counters::These(serde_json::from_str(text).unwrap_or_default()),
        };
        Self { roles, counters }
    }
}

/// Roles, a tab, and counters (`*` for every one), as `staff list` prints them.
impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.counters {
            Counters::Every => write!(f, "{}\t*", self.roles_text()),
            Counters::These(these) => {
                write!(f, "{}\t{}", self.roles_text(), these.iter().cloned().collect::<Vec<_>>().join(" "))
            }
        }
    }
}

/// Somebody who is signed in, as the rooms know them.
#[derive(Clone, PartialEq, Eq)]
pub struct Clerk {
    /// The account.
    pub name: String,
    /// What it may do.
    pub rights: Rights,
    /// The sign-in, by its token's hash.
    pub session: super::key::KeyHash,
    /// When the sign-in ends by itself.
    pub until: jiff::Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(roles: &[StaffRole], counters: &[&str]) -> Rights {
        let counters = Counters::These(counters.iter().map(|&counter| counter.to_owned()).collect());
        Rights { roles: roles.iter().copied().collect(), counters }
    }

    #[test]
    fn a_role_reaches_its_counters_and_only_the_desk_sits_with_families() {
        let at = |rights: &Rights, counter| (rights.reaches(counter), rights.sits_at(counter));
        let desk = rights(&[StaffRole::Desk], &["kosodate"]);
        assert_eq!((at(&desk, "kosodate"), at(&desk, "zeimu")), ((true, true), (false, false)));
        let lender = rights(&[StaffRole::Lender], &["kosodate"]);
        assert_eq!((at(&lender, "kosodate"), at(&lender, "zeimu")), ((true, false), (false, false)));
        let admin = rights(&[StaffRole::Admin], &[]);
        assert_eq!(at(&admin, "zeimu"), (true, false));
        let both = rights(&[StaffRole::Admin, StaffRole::Desk], &["kosodate"]);
        assert_eq!((at(&both, "kosodate"), at(&both, "zeimu")), ((true, true), (true, false)));
        let lends = |rights: &Rights| (rights.lends(), rights.lends_at("kosodate"), rights.lends_at("zeimu"));
        assert_eq!(
            [&desk, &lender, &admin].map(lends),
            [(false, false, false), (true, true, false), (true, true, true)]
        );
        assert_eq!(at(&rights(&[], &["kosodate"]), "kosodate"), (false, false));
        assert_eq!(at(&Rights::all(), "whichever comes"), (true, true));
    }

    #[test]
    fn rights_survive_the_store_and_what_is_unreadable_gives_none() {
        for kept in [Rights::all(), rights(&[StaffRole::Desk, StaffRole::Admin], &["two words", "b"]), rights(&[], &[])]
        {
            assert_eq!(Rights::read(&kept.roles_text(), kept.counters_text().as_deref()), kept);
        }
        let garbled = Rights::read("chief desk", Some("not json"));
        assert_eq!((garbled.reaches("a"), garbled.roles.len()), (false, 1));
    }
}
