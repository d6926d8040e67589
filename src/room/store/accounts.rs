//! Staff accounts and their sign-ins in the store.

use super::{Store, StoreError};
use crate::room::key::KeyHash;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

impl Store {
    /// Makes a staff account, or changes its password (and then signs it out everywhere). `hash` is a PHC string.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_staff(&self, name: &str, hash: &str) -> Result<(), StoreError> {
        self.with(|db| {
            db.execute("DELETE FROM session WHERE staff = ?1", [name])?;
            db.execute(
                "INSERT INTO staff (name, password) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET password = ?2",
                [name, hash],
            )
            .map(|_| ())
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

    /// The staff accounts' names.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn staff(&self) -> Result<Vec<String>, StoreError> {
        self.reading(|db| {
            let mut statement = db.prepare("SELECT name FROM staff ORDER BY name")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect()
        })
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

    /// Keeps a sign-in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_session(&self, token: KeyHash, staff: &str, until: Timestamp) -> Result<(), StoreError> {
        self.with(|db| {
            db.execute(
                "INSERT INTO session (token, staff, until) VALUES (?1, ?2, ?3)",
                params![token.to_hex(), staff, until.as_second()],
            )
            .map(|_| ())
        })
    }

    /// The staff account of a session that has not ended at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn session(&self, token: KeyHash, now: Timestamp) -> Result<Option<String>, StoreError> {
        self.reading(|db| {
            db.query_row(
                "SELECT staff FROM session WHERE token = ?1 AND until > ?2",
                params![token.to_hex(), now.as_second()],
                |row| row.get(0),
            )
            .optional()
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
