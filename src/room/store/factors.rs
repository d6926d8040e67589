//! Second factors of staff accounts in the store: the sealed secret, the last step that was used, and what is on paper.

use super::{Store, StoreError};
use crate::room::key::KeyHash;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use std::collections::BTreeSet;

/// An account's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// The secret, encrypted by the server.
    pub sealed: Vec<u8>,
    /// Codes of this step (RFC 6238: 30 s since 1970) and of earlier ones are not taken.
    pub last_step: i64,
}

/// What a sign-in shows beside the password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The code of this step.
    Step(i64),
    /// A code on paper.
    Recovery(KeyHash),
}

/// A sign-in that is to be kept.
#[derive(Clone, Copy)]
pub struct NewSession<'a> {
    /// Its token.
    pub token: KeyHash,
    /// The account's password hash when it was looked at.
    pub password: &'a str,
    /// When it ends.
    pub until: Timestamp,
}

/// Which sign-in an enrolment leaves: the others of the account end.
#[derive(Clone, Copy)]
pub enum Staying<'a> {
    /// The one that enrolled.
    This(KeyHash),
    /// A new one: who enrols because it is required was not signed in.
    New(NewSession<'a>),
}

/// `false` when the account has no longer that password.
fn insert(both: &Transaction<'_>, staff: &str, session: &NewSession<'_>) -> rusqlite::Result<bool> {
    let added = both.execute(
        "INSERT INTO session (token, staff, until, both)
         SELECT ?1, name, ?3, 1 FROM staff WHERE name = ?2 AND password = ?4",
        params![session.token.to_hex(), staff, session.until.as_second(), session.password],
    )?;
    Ok(added == 1)
}

impl Store {
    /// An account's second factor, if it has one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn factor(&self, staff: &str) -> Result<Option<Factor>, StoreError> {
        self.reading(|db| {
            db.query_row("SELECT sealed, last_step FROM second_factor WHERE staff = ?1", [staff], |row| {
                Ok(Factor { sealed: row.get(0)?, last_step: row.get(1)? })
            })
            .optional()
        })
    }

    /// The accounts that have one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn with_factor(&self) -> Result<BTreeSet<String>, StoreError> {
        self.reading(|db| {
            let mut statement = db.prepare("SELECT staff FROM second_factor")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect()
        })
    }

    /// Gives an account a second factor and codes on paper; `false`, with nothing changed, when it has one already, is gone, or has
    /// another password now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn enrol(
        &self,
        staff: &str,
        factor: &Factor,
        recovery: &[KeyHash],
        staying: Staying<'_>,
    ) -> Result<bool, StoreError> {
        self.with(|db| {
            let all = db.unchecked_transaction()?;
            let added = all.execute(
                "INSERT OR IGNORE INTO second_factor (staff, sealed, last_step)
                 SELECT name, ?2, ?3 FROM staff WHERE name = ?1",
                params![staff, factor.sealed, factor.last_step],
            )?;
            if added != 1 {
                return Ok(false);
            }
            for hash in recovery {
                all.execute("INSERT INTO recovery_code (staff, hash) VALUES (?1, ?2)", [staff, &hash.to_hex()])?;
            }
            let stays = match staying {
                Staying::This(token) => {
                    all.execute("DELETE FROM session WHERE staff = ?1 AND token <> ?2", [staff, &token.to_hex()])?;
                    all.execute("UPDATE session SET both = 1 WHERE token = ?1", [token.to_hex()])? == 1
                }
                Staying::New(session) => {
                    all.execute("DELETE FROM session WHERE staff = ?1", [staff])?;
                    insert(&all, staff, &session)?
                }
            };
            if stays {
                all.commit()?;
            }
            Ok(stays)
        })
    }

    /// Keeps a sign-in with both factors, and uses up what was shown; `false`, with nothing changed, when that was used already, or
    /// the account has another password now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_session_with(&self, staff: &str, shown: Shown, session: &NewSession<'_>) -> Result<bool, StoreError> {
        self.with(|db| {
            let all = db.unchecked_transaction()?;
            let used = match shown {
                Shown::Step(step) => all.execute(
                    "UPDATE second_factor SET last_step = ?2 WHERE staff = ?1 AND last_step < ?2",
                    params![staff, step],
                )?,
                Shown::Recovery(hash) => {
                    all.execute("DELETE FROM recovery_code WHERE staff = ?1 AND hash = ?2", [staff, &hash.to_hex()])?
                }
            };
            let kept = used == 1 && insert(&all, staff, session)?;
            if kept {
                all.commit()?;
            }
            Ok(kept)
        })
    }

    /// Takes an account's second factor and its codes away, and signs it out everywhere; `false` when it has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn reset_factor(&self, staff: &str) -> Result<bool, StoreError> {
        self.with(|db| {
            let all = db.unchecked_transaction()?;
            let had = all.execute("DELETE FROM second_factor WHERE staff = ?1", [staff])? == 1;
            if had {
                all.execute("DELETE FROM session WHERE staff = ?1", [staff])?;
            }
            all.commit()?;
            Ok(had)
        })
    }

    /// Ends the sign-ins that were made with a password alone: of everybody, or of those who have a second factor.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_sessions_with_one_factor(&self, of_everybody: bool) -> Result<(), StoreError> {
        self.with(|db| {
            let sql = "DELETE FROM session WHERE both = 0 AND (?1 OR staff IN (SELECT staff FROM second_factor))";
            db.execute(sql, [of_everybody]).map(|_| ())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIL: Timestamp = Timestamp::MAX;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&folder.path().join("room.sqlite")).unwrap();
        for name in ["midori", "hana"] {
            store.put_staff(name, "hash").unwrap();
        }
        (folder, store)
    }

    fn new(token: &str) -> NewSession<'static> {
        NewSession { token: KeyHash::of(token), password: "hash", until: UNTIL }
    }

    fn factor() -> Factor {
        Factor { sealed: vec![1, 2, 3], last_step: 10 }
    }

    fn is_in(store: &Store, token: &str) -> bool {
        store.session(KeyHash::of(token), Timestamp::UNIX_EPOCH).unwrap().is_some()
    }

    #[test]
    fn enrolling_ends_the_other_sign_ins_and_happens_once() {
        let (_folder, store) = store();
        for token in ["here", "elsewhere"] {
            store.add_session(KeyHash::of(token), ("midori", "hash"), UNTIL).unwrap();
        }
        let here = Staying::This(KeyHash::of("here"));
        assert!(store.enrol("midori", &factor(), &[KeyHash::of("a")], here).unwrap());
        assert_eq!(store.factor("midori").unwrap(), Some(factor()));
        assert_eq!((is_in(&store, "here"), is_in(&store, "elsewhere")), (true, false));
        assert!(store.session(KeyHash::of("here"), Timestamp::UNIX_EPOCH).unwrap().unwrap().both);
        let other = Factor { sealed: vec![9], last_step: 0 };
        assert!(!store.enrol("midori", &other, &[], here).unwrap());
        assert_eq!(store.factor("midori").unwrap(), Some(factor()));
        // Nobody enrols for an account whose password was changed meanwhile, or from a sign-in that ended.
        let late = NewSession { password: "another", ..new("late") };
        assert!(!store.enrol("hana", &other, &[], Staying::New(late)).unwrap());
        assert!(!store.enrol("hana", &other, &[], Staying::This(KeyHash::of("ended"))).unwrap());
        assert_eq!(store.factor("hana").unwrap(), None);
        assert!(store.enrol("hana", &other, &[], Staying::New(new("hana"))).unwrap() && is_in(&store, "hana"));
    }

    #[test]
    fn what_was_shown_is_used_up_and_only_with_a_sign_in() {
        let (_folder, store) = store();
        let paper = KeyHash::of("paper");
        assert!(store.enrol("midori", &factor(), &[paper], Staying::New(new("first"))).unwrap());
        let shown = [(Shown::Step(11), "a"), (Shown::Recovery(paper), "b")];
        for (shown, token) in shown {
            let other_password = NewSession { password: "another", ..new(token) };
            assert!(!store.add_session_with("midori", shown, &other_password).unwrap());
            assert!(!store.add_session_with("hana", shown, &new(token)).unwrap());
            assert!(!is_in(&store, token));
            assert!(store.add_session_with("midori", shown, &new(token)).unwrap());
            assert!(is_in(&store, token));
            assert!(!store.add_session_with("midori", shown, &new("again")).unwrap());
        }
        for earlier in [9, 10, 11] {
            assert!(!store.add_session_with("midori", Shown::Step(earlier), &new("again")).unwrap());
        }
        assert!(!is_in(&store, "again"));
    }

    #[test]
    fn a_reset_leaves_nothing_and_a_new_password_leaves_the_factor() {
        let (_folder, store) = store();
        let paper = KeyHash::of("paper");
        store.enrol("midori", &factor(), &[paper], Staying::New(new("first"))).unwrap();
        store.put_staff("midori", "hash").unwrap();
        assert!(store.factor("midori").unwrap().is_some());
        store.add_session_with("midori", Shown::Step(20), &new("second")).unwrap();
        assert!(store.reset_factor("midori").unwrap());
        assert!(!is_in(&store, "second") && store.factor("midori").unwrap().is_none());
        assert!(!store.reset_factor("midori").unwrap());
        assert!(!store.add_session_with("midori", Shown::Recovery(paper), &new("third")).unwrap());
        store.enrol("midori", &factor(), &[paper], Staying::New(new("fourth"))).unwrap();
        assert_eq!(store.with_factor().unwrap().len(), 1);
        assert!(store.remove_staff("midori").unwrap());
        assert!(store.with_factor().unwrap().is_empty());
    }

    #[test]
    fn sign_ins_with_a_password_alone_end_when_more_is_wanted() {
        let (_folder, store) = store();
        store.enrol("midori", &factor(), &[], Staying::New(new("both"))).unwrap();
        for (token, staff) in [("m", "midori"), ("h", "hana")] {
            store.add_session(KeyHash::of(token), (staff, "hash"), UNTIL).unwrap();
        }
        store.end_sessions_with_one_factor(false).unwrap();
        assert_eq!(["both", "m", "h"].map(|token| is_in(&store, token)), [true, false, true]);
        store.end_sessions_with_one_factor(true).unwrap();
        assert_eq!(["both", "m", "h"].map(|token| is_in(&store, token)), [true, false, false]);
    }
}
