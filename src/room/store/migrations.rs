//! The database's formats, oldest first: each step is applied once, in a transaction, and never changed afterwards.

use super::StoreError;
use rusqlite::Connection;
use std::path::Path;

const STEPS: &[&str] = &[
    "
    CREATE TABLE counter (id TEXT PRIMARY KEY, name TEXT NOT NULL, telephone TEXT NOT NULL) STRICT;
    CREATE TABLE appointment (
        id TEXT PRIMARY KEY,
        counter TEXT NOT NULL REFERENCES counter (id),
        starts INTEGER NOT NULL,
        ends INTEGER NOT NULL,
        languages TEXT NOT NULL,
        sites INTEGER NOT NULL,
        remark TEXT NOT NULL,
        key_hash TEXT NOT NULL UNIQUE,
        standing TEXT NOT NULL,
        form TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE running (appointment TEXT PRIMARY KEY REFERENCES appointment (id), seats TEXT NOT NULL) STRICT;
    CREATE TABLE staff (name TEXT PRIMARY KEY, password TEXT NOT NULL) STRICT;
    CREATE TABLE session (
        token TEXT PRIMARY KEY,
        staff TEXT NOT NULL REFERENCES staff (name),
        until INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        staff TEXT NOT NULL,
        action TEXT NOT NULL,
        appointment TEXT
    ) STRICT;
",
    "
    -- Accounts that exist may do what they could: everything, everywhere.
    ALTER TABLE staff ADD COLUMN roles TEXT NOT NULL DEFAULT 'desk lender admin';
    ALTER TABLE staff ADD COLUMN counters TEXT;
", "
    -- Each line's hash, and that of the one before it: none in lines of an earlier version. What was forgotten last is kept
    -- as the place where the chain begins.
    ALTER TABLE audit ADD COLUMN before TEXT;
    ALTER TABLE audit ADD COLUMN hash TEXT;
    CREATE TABLE audit_forgotten (number INTEGER NOT NULL, hash TEXT) STRICT;
", "
    -- A second factor: the secret is encrypted by the server, codes of `last_step` and before are used up, and what is on paper
    -- is there as hashes. `both`: the sign-in was made with both factors.
    CREATE TABLE second_factor (
        staff TEXT PRIMARY KEY REFERENCES staff (name) ON DELETE CASCADE,
        sealed BLOB NOT NULL,
        last_step INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE recovery_code (
        staff TEXT NOT NULL REFERENCES second_factor (staff) ON DELETE CASCADE,
        hash TEXT NOT NULL,
        PRIMARY KEY (staff, hash)
    ) STRICT;
    ALTER TABLE session ADD COLUMN both INTEGER NOT NULL DEFAULT 0;
", "
    -- The ledger: days as YYYY-MM-DD, counters as a JSON list, languages by their tags. A device is in one open loan.
    CREATE TABLE device (
        number TEXT PRIMARY KEY,
        board TEXT NOT NULL,
        version TEXT NOT NULL,
        slot TEXT,
        last_seen TEXT,
        health TEXT NOT NULL,
        remark TEXT NOT NULL,
        revision INTEGER NOT NULL,
        changed_by TEXT NOT NULL,
        changed_at INTEGER NOT NULL,
        did TEXT NOT NULL
    ) STRICT;
    CREATE TABLE loan (
        number TEXT PRIMARY KEY,
        device TEXT REFERENCES device (number),
        first_day TEXT NOT NULL,
        last_day TEXT NOT NULL,
        counters TEXT NOT NULL,
        languages TEXT NOT NULL,
        remark TEXT NOT NULL,
        state TEXT NOT NULL,
        returned TEXT,
        receipt TEXT,
        revision INTEGER NOT NULL,
        changed_by TEXT NOT NULL,
        changed_at INTEGER NOT NULL,
        did TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX loan_open ON loan (device) WHERE state IN ('prepared', 'lent', 'lost');
    CREATE INDEX loan_by_state ON loan (state, last_day);
",
];

/// Applies the steps that the file has not seen yet (`user_version` counts them).
pub(super) fn apply(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    let fail = |error| StoreError::Sqlite { file: file.to_owned(), error };
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
    if found == known {
        // Nothing is written: a server starts on a full disk, and a look at the trail waits for no lock.
        return Ok(());
    }
    // Two programs may open a new file at the same time: whoever comes second sees the first one's version.
    connection.execute_batch("BEGIN IMMEDIATE").map_err(fail)?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
    if found > known {
        connection.execute_batch("ROLLBACK").map_err(fail)?;
        return Err(StoreError::Newer { file: file.to_owned(), found, known });
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        connection.execute_batch(step).map_err(fail)?;
    }
    connection.pragma_update(None, "user_version", known).map_err(fail)?;
    connection.execute_batch("COMMIT").map_err(fail)
}
