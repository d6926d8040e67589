//! The audit trail: each line holds the hash of the one before, so that one that was changed or taken out shows.
//!
//! Whoever may write to the file can also hash all of it anew: then the hashes that the server wrote into the journal differ.

use super::{Store, StoreError, instant};
use crate::room::key::KeyHash;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use serde::Serialize;

/// One line of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// Which staff account (`-` for the command line).
    pub staff: String,
    /// What it did: a stable word.
    pub action: String,
    /// In which appointment, with which other account, device or loan, where there is one.
    pub appointment: Option<String>,
}

/// A line that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its number.
    pub number: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

/// What a look at the whole trail found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Every line is as it was written.
    Whole {
        /// How many lines are chained.
        lines: usize,
        /// How many an earlier version wrote, which no hash protects.
        unchained: usize,
        /// The last line.
        last: Option<Written>,
    },
    /// The chain breaks here.
    Broken {
        /// The first line that is not as it was written, or before which some are missing.
        line: i64,
    },
    /// The last lines are missing.
    Cut {
        /// The last line that was ever written.
        written: i64,
        /// The last that is there; 0 for none.
        found: i64,
    },
}

/// A line as it lies there.
struct Kept {
    number: i64,
    at: i64,
    staff: String,
    action: String,
    appointment: Option<String>,
    before: Option<String>,
    hash: Option<String>,
}

impl Kept {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            at: row.get(1)?,
            staff: row.get(2)?,
            action: row.get(3)?,
            appointment: row.get(4)?,
            before: row.get(5)?,
            hash: row.get(6)?,
        })
    }

    /// Over everything that stands in it: JSON, so that no two lines are written alike.
    fn hash(&self) -> String {
        let all = (self.number, self.at, &self.staff, &self.action, &self.appointment, &self.before);
        KeyHash::of(&serde_json::to_string(&all).unwrap_or_default()).to_hex()
    }
}

const ALL: &str = "SELECT number, at, staff, action, appointment, before, hash FROM audit ORDER BY number";
/// SQLite's own count of an AUTOINCREMENT: also after the last lines were deleted.
const LAST_WRITTEN: &str = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'audit'), 0)";
const FORGOTTEN: &str = "SELECT number, hash FROM audit_forgotten";

type Place = (i64, Option<String>);

fn forgotten(db: &Connection) -> rusqlite::Result<Place> {
    Ok(db.query_row(FORGOTTEN, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?.unwrap_or((0, None)))
}

/// Adds a line within a transaction that nobody else writes beside.
pub(super) fn add(
    both: &Transaction<'_>,
    at: Timestamp,
    staff: &str,
    action: &str,
    appointment: Option<&str>,
) -> rusqlite::Result<Written> {
    let number = both.query_row(LAST_WRITTEN, [], |row| row.get::<_, i64>(0))? + 1;
    let last = "SELECT hash FROM audit ORDER BY number DESC LIMIT 1";
    let last: Option<Option<String>> = both.query_row(last, [], |row| row.get(0)).optional()?;
    let before = if let Some(hash) = last { hash } else { forgotten(both)?.1 };
    let (staff, action) = (staff.to_owned(), action.to_owned());
    let appointment = appointment.map(str::to_owned);
    let mut line = Kept { number, at: at.as_second(), staff, action, appointment, before, hash: None };
    line.hash = Some(line.hash());
    both.execute(
        "INSERT INTO audit (number, at, staff, action, appointment, before, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![line.number, line.at, line.staff, line.action, line.appointment, line.before, line.hash],
    )?;
    Ok(Written { number, hash: line.hash.unwrap_or_default() })
}

/// Forgets lines from before `before`, and keeps where they ended.
pub(super) fn forget(db: &Connection, before: i64) -> rusqlite::Result<()> {
    let both = db.unchecked_transaction()?;
    // By number: a clock that was set leaves no gap.
    let last = "SELECT number, hash FROM audit WHERE number < coalesce((SELECT min(number) FROM audit WHERE at >= ?1),
                (SELECT max(number) + 1 FROM audit)) ORDER BY number DESC LIMIT 1";
    let last: Option<Place> = both.query_row(last, [before], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    if let Some((number, hash)) = last {
        both.execute("DELETE FROM audit_forgotten", [])?;
        both.execute("INSERT INTO audit_forgotten (number, hash) VALUES (?1, ?2)", params![number, hash])?;
        both.execute("DELETE FROM audit WHERE number <= ?1", [number])?;
    }
    both.commit()
}

impl Store {
    /// Adds a line to the audit trail.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit(
        &self,
        at: Timestamp,
        staff: &str,
        action: &str,
        appointment: Option<&str>,
    ) -> Result<Written, StoreError> {
        self.with(|db| {
            // The command line writes as well: nobody comes between the last line and this one.
            let both = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
            let written = add(&both, at, staff, action, appointment)?;
            both.commit()?;
            Ok(written)
        })
    }

    /// The last `count` lines of the audit trail, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit_trail(&self, count: u32) -> Result<Vec<AuditLine>, StoreError> {
        self.reading(|db| {
            let mut statement =
                db.prepare("SELECT at, staff, action, appointment FROM audit ORDER BY number DESC LIMIT ?1")?;
            let rows = statement.query_map([count], |row| {
                let (at, staff, action, appointment) = (instant(row, 0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                Ok(AuditLine { at, staff, action, appointment })
            })?;
            rows.collect()
        })
    }

    /// Looks whether every line of the trail is there, as it was written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn check_trail(&self) -> Result<Checked, StoreError> {
        self.reading(|db| {
            // All of one moment: the server may be writing.
            let moment = db.unchecked_transaction()?;
            let written: i64 = moment.query_row(LAST_WRITTEN, [], |row| row.get(0))?;
            let (mut number, mut hash) = forgotten(&moment)?;
            let mut statement = moment.prepare(ALL)?;
            let (mut lines, mut unchained) = (0, 0);
            for line in statement.query_map([], Kept::read)? {
                let line = line?;
                let follows = line.number == number + 1 && line.before == hash;
                // An earlier version's lines come before all others.
                let old = line.hash.is_none() && lines == 0 && hash.is_none();
                if !follows || !(old || line.hash.as_deref() == Some(&line.hash())) {
                    return Ok(Checked::Broken { line: line.number });
                }
                if old {
                    unchained += 1
                } else {
                    lines += 1
                }
                (number, hash) = (line.number, line.hash);
            }
            if number != written {
                return Ok(Checked::Cut { written, found: number });
            }
            Ok(Checked::Whole { lines, unchained, last: hash.map(|hash| Written { number, hash }) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&folder.path().join("room.sqlite")).unwrap();
        (folder, store)
    }

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + day * 86_400).unwrap()
    }

    fn with_lines(count: i64) -> (tempfile::TempDir, Store) {
        let (folder, store) = store();
        for day in 0..count {
            let written = store.audit(at(day), "hana", "joined", Some("A1")).unwrap();
            assert_eq!((written.number, written.hash.len()), (day + 1, 64));
        }
        (folder, store)
    }

    fn does(store: &Store, sql: &str) {
        store.with(|db| db.execute_batch(sql)).unwrap();
    }

    #[test]
    fn a_trail_that_nobody_touched_is_whole_and_a_changed_or_missing_line_is_named() {
        let (_folder, store) = store();
        assert_eq!(store.check_trail().unwrap(), Checked::Whole { lines: 0, unchained: 0, last: None });
        for (sql, found) in [
            ("", None),
            ("UPDATE audit SET staff = 'ken' WHERE number = 3", Some(Checked::Broken { line: 3 })),
            ("UPDATE audit SET appointment = NULL WHERE number = 5", Some(Checked::Broken { line: 5 })),
            ("UPDATE audit SET hash = NULL, before = NULL WHERE number = 2", Some(Checked::Broken { line: 2 })),
            ("DELETE FROM audit WHERE number = 4", Some(Checked::Broken { line: 5 })),
            ("DELETE FROM audit WHERE number < 3", Some(Checked::Broken { line: 3 })),
            ("DELETE FROM audit WHERE number = 5", Some(Checked::Cut { written: 5, found: 4 })),
            ("DELETE FROM audit", Some(Checked::Cut { written: 5, found: 0 })),
        ] {
            let (_folder, store) = with_lines(5);
            does(&store, sql);
            let checked = store.check_trail().unwrap();
            match found {
                Some(found) => assert_eq!(checked, found, "{sql}"),
                None => assert!(matches!(checked, Checked::Whole { lines: 5, unchained: 0, last: Some(_) })),
            }
        }
    }

    #[test]
    fn what_is_old_is_forgotten_without_a_break_and_lines_of_an_earlier_version_are_counted() {
        let (_folder, store) = with_lines(5);
        // The clock was behind when the fourth was written.
        store.audit(at(1), "hana", "left", None).unwrap();
        let three_years_on = at(3) + super::super::KEEP_AUDIT + SignedDuration::from_hours(0);
        store.forget_old(three_years_on).unwrap();
        assert!(matches!(store.check_trail().unwrap(), Checked::Whole { lines: 3, .. }));
        does(&store, "DELETE FROM audit WHERE number = 4");
        assert_eq!(store.check_trail().unwrap(), Checked::Broken { line: 5 });
        store.forget_old(three_years_on + SignedDuration::from_hours(24 * 30)).unwrap();
        store.audit(at(40), "hana", "joined", None).unwrap();
        assert!(matches!(store.check_trail().unwrap(), Checked::Whole { lines: 1, .. }));

        let (_folder, store) = store_of_an_earlier_version();
        store.audit(at(2), "hana", "joined", None).unwrap();
        assert!(matches!(store.check_trail().unwrap(), Checked::Whole { lines: 1, unchained: 2, last: Some(_) }));
        does(&store, "DELETE FROM audit WHERE number = 1");
        assert_eq!(store.check_trail().unwrap(), Checked::Broken { line: 2 });
    }

    fn store_of_an_earlier_version() -> (tempfile::TempDir, Store) {
        let (folder, store) = store();
        for _ in 0..2 {
            does(&store, "INSERT INTO audit (at, staff, action) VALUES (1795000000, 'hana', 'joined')");
        }
        (folder, store)
    }
}
