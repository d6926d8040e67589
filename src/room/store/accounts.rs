//! Staff accounts and their sign-ins in the store.

use super::{Store, StoreError, instant};
use crate::meeting::Accounts;
use crate::meeting::rights::Rights;
use crate::room::key::KeyHash;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use std::collections::BTreeMap;

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The staff account.
    pub staff: String,
    /// When the sign-in ends by itself, in whole seconds.
    pub until: Timestamp,
    /// What the account may do.
    pub rights: Rights,
    /// It was made with both factors, and not with the password alone.
    pub both: bool,
    /// The account has a second factor.
    pub enrolled: bool,
}

fn rights(row: &Row<'_>, from: usize) -> rusqlite::Result<Rights> {
    let (roles, counters): (String, Option<String>) = (row.get(from)?, row.get(from + 1)?);
    Ok(Rights::read(&roles, counters.as_deref()))
}

impl Store {
    /// Makes a staff account that may do everything, or changes its password and leaves its rights as they are. Signs it out
    /// everywhere. `hash` is a PHC string.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_staff(&self, name: &str, hash: &str) -> Result<(), StoreError> {
        let rights = self.staff()?.remove(name).unwrap_or_else(Rights::all);
        self.put_staff_with(name, hash, &rights)
    }

    /// Makes a staff account that may do `rights`, or changes its password and rights (and then signs it out everywhere).
    /// `hash` is a PHC string.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_staff_with(&self, name: &str, hash: &str, rights: &Rights) -> Result<(), StoreError> {
        self.with(|db| {
            let both = db.unchecked_transaction()?;
            both.execute(
                "INSERT INTO staff (name, password, roles, counters) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (name) DO UPDATE SET password = ?2, roles = ?3, counters = ?4",
                params![name, hash, rights.roles_text(), rights.counters_text()],
            )?;
            both.execute("DELETE FROM session WHERE staff = ?1", [name])?;
            both.commit()
        })
    }

    /// Removes a staff account and its sign-ins; `false` when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_staff(&self, name: &str) -> Result<bool, StoreError> {
        self.with(|db| {
            db.execute("DELETE FROM session WHERE staff = ?1", [name])?;
            Ok(db.execute("DELETE FROM staff WHERE name = ?1", [name])? > 0)
        })
    }

    /// The staff accounts' names, and what they may do.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn staff(&self) -> Result<BTreeMap<String, Rights>, StoreError> {
        self.reading(|db| {
            let mut statement = db.prepare("SELECT name, roles, counters FROM staff ORDER BY name")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, rights(row, 1)?)))?;
            rows.collect()
        })
    }

    /// Accounts and sign-ins.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn accounts(&self) -> Result<Accounts, StoreError> {
        let rights = self.staff()?;
        let tokens: Vec<String> = self.reading(|db| {
            let mut statement = db.prepare("SELECT token FROM session")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect()
        })?;
        Ok(Accounts { rights, sessions: tokens.iter().filter_map(|token| KeyHash::from_hex(token)).collect() })
    }

    /// The password hash of a staff account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn staff_password(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.reading(|db| {
            db.query_row("SELECT password FROM staff WHERE name = ?1", [name], |row| row.get(0)).optional()
        })
    }

    /// Gives a staff account another password, `from` one hash `to` another, and ends its sign-ins but for `staying`;
    /// `false`, with nothing changed, when its password is no longer the former.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn change_password(&self, name: &str, (from, to): (&str, &str), staying: KeyHash) -> Result<bool, StoreError> {
        self.with(|db| {
            let both = db.unchecked_transaction()?;
            let changed =
                both.execute("UPDATE staff SET password = ?3 WHERE name = ?1 AND password = ?2", [name, from, to])?;
            if changed == 1 {
                both.execute("DELETE FROM session WHERE staff = ?1 AND token <> ?2", [name, &staying.to_hex()])?;
            }
            both.commit()?;
            Ok(changed == 1)
        })
    }

    /// Keeps a sign-in of an account with this password's hash; `false` when it has no longer that one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_session(
        &self,
        token: KeyHash,
        (staff, password): (&str, &str),
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.with(|db| {
            let added = db.execute(
                "INSERT INTO session (token, staff, until)
                 SELECT ?1, name, ?3 FROM staff WHERE name = ?2 AND password = ?4",
                params![token.to_hex(), staff, until.as_second(), password],
            )?;
            Ok(added == 1)
        })
    }

    /// The session of a sign-in that has not ended at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn session(&self, token: KeyHash, now: Timestamp) -> Result<Option<Session>, StoreError> {
        self.reading(|db| {
            db.query_row(
                "SELECT session.staff, until, roles, counters, both, second_factor.staff IS NOT NULL
                 FROM session JOIN staff ON name = session.staff LEFT JOIN second_factor ON second_factor.staff = name
                 WHERE token = ?1 AND until > ?2",
                params![token.to_hex(), now.as_second()],
                |row| {
                    let (until, rights) = (instant(row, 1)?, rights(row, 2)?);
                    Ok(Session { staff: row.get(0)?, until, rights, both: row.get(4)?, enrolled: row.get(5)? })
                },
            )
            .optional()
        })
    }

    /// Ends a sign-in at `until`, unless it ends sooner.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_session_at(&self, token: KeyHash, until: Timestamp) -> Result<(), StoreError> {
        self.with(|db| {
            db.execute(
                "UPDATE session SET until = min(until, ?2) WHERE token = ?1",
                params![token.to_hex(), until.as_second()],
            )
            .map(|_| ())
        })
    }

    /// Ends a sign-in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_session(&self, token: KeyHash) -> Result<(), StoreError> {
        self.with(|db| db.execute("DELETE FROM session WHERE token = ?1", [token.to_hex()]).map(|_| ()))
    }
}
