//! What outlives the server: one SQLite file with appointments, staff accounts, sessions, the ledger of devices and loans, and the
//! audit trail.
//!
//! Nothing in it is about a family: keys and tokens are there as hashes only, and there are no names or addresses.

mod accounts;
mod appointments;
mod devices;
mod factors;
mod ledger;
mod loans;
mod migrations;
mod trail;

use crate::meeting::Running;
use crate::meeting::appointment::Counter;
pub use accounts::Session;
pub use devices::{DeviceFilter, DeviceListed};
pub use factors::{Factor, NewSession, Shown, Staying};
use jiff::{SignedDuration, Timestamp};
pub use ledger::{Imported, Line, Outcome, Table, Wanted};
pub use loans::LoanFilter;
use rusqlite::{Connection, OpenFlags, Row, params};
use std::fs::{OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
pub use trail::{AuditLine, Checked, Written};

/// Appointments stay for so long after their end, so that an old key is told "over" and not "unknown".
pub const KEEP_APPOINTMENTS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Sign-ins stay for so long after their end: nobody who signed in since then is mistaken for one who was signed out.
const KEEP_SESSIONS: SignedDuration = SignedDuration::from_hours(24);
/// The audit trail stays for so long.
pub const KEEP_AUDIT: SignedDuration = SignedDuration::from_hours(3 * 365 * 24);

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite's own words, and on which file.
    Sqlite {
        /// The file.
        file: PathBuf,
        /// What SQLite says.
        error: rusqlite::Error,
    },
    /// Nothing is there.
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// The file is something else.
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// The file cannot be made, or not kept from other accounts of the machine.
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A copy of it cannot be made there.
    Copy {
        /// The copy's file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Written by a newer program.
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: i64,
        /// The newest known.
        known: i64,
    },
}

impl StoreError {
    /// Whether the same write may succeed later: a disk that is full, a file that is locked.
    pub fn may_pass(&self) -> bool {
        use rusqlite::ErrorCode as Code;
        let Self::Sqlite { error, .. } = self else { return false };
        !matches!(
            error.sqlite_error_code(),
            None | Some(Code::ConstraintViolation | Code::TypeMismatch | Code::ParameterOutOfRange | Code::ApiMisuse)
        )
    }
}

/// A handle on the file. Its calls block for some milliseconds, writes for up to [`LOCKED_AT_MOST`]: async code goes
/// through `spawn_blocking`, and no room waits for a write.
#[derive(Clone)]
pub struct Store {
    file: Arc<PathBuf>,
    writes: Arc<Mutex<Connection>>,
    /// Reading goes on while a write waits (SQLite's WAL).
    reads: Arc<Mutex<Connection>>,
}

/// A write waits for another program's lock on the file for so long.
pub const LOCKED_AT_MOST: Duration = Duration::from_secs(5);

impl Store {
    /// Opens the file that is there, and brings its format up to date.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none: a mistyped path makes no new database. Else [`StoreError`].
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        if !file.exists() {
            return Err(StoreError::Missing { file: file.to_owned() });
        }
        Self::connect(file, false)
    }

    /// As [`Store::open`], but makes the file when there is none. Nobody but its owner may read it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create(file: &Path) -> Result<Self, StoreError> {
        let fail = |error| StoreError::File { file: file.to_owned(), error };
        let made = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(file);
        match made {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => keep_from_others(file).map_err(fail)?,
            Err(error) => return Err(fail(error)),
        }
        Self::connect(file, true)
    }

    fn connect(file: &Path, may_be_empty: bool) -> Result<Self, StoreError> {
        if file.is_dir() {
            return Err(StoreError::File { file: file.to_owned(), error: ErrorKind::IsADirectory.into() });
        }
        let fail = |error| StoreError::Sqlite { file: file.to_owned(), error };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let writes = Connection::open_with_flags(file, flags).map_err(fail)?;
        writes.busy_timeout(LOCKED_AT_MOST).map_err(fail)?;
        let not_ours = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => StoreError::Foreign { file: file.to_owned() },
            _ => fail(error),
        };
        let tables = "SELECT count(*), count(CASE name WHEN 'appointment' THEN 1 END) FROM sqlite_master";
        let (tables, ours): (u32, u32) =
            writes.query_row(tables, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(not_ours)?;
        let version: i64 = writes.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
        if version == 0 && (tables > 0 || !may_be_empty) && ours == 0 {
            return Err(StoreError::Foreign { file: file.to_owned() });
        }
        // What is WAL already stays it without a write.
        writes.pragma_update(None, "journal_mode", "WAL").map_err(fail)?;
        writes.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
        writes.pragma_update(None, "foreign_keys", true).map_err(fail)?;
        writes.pragma_update(None, "secure_delete", true).map_err(fail)?;
        migrations::apply(&writes, file)?;
        let reads = Connection::open_with_flags(file, flags).map_err(fail)?;
        reads.busy_timeout(LOCKED_AT_MOST).map_err(fail)?;
        reads.pragma_update(None, "query_only", true).map_err(fail)?;
        let [writes, reads] = [writes, reads].map(|connection| Arc::new(Mutex::new(connection)));
        Ok(Self { file: Arc::new(file.to_owned()), writes, reads })
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.on(&self.writes, work)
    }

    fn reading<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.on(&self.reads, work)
    }

    fn on<T>(
        &self,
        connection: &Mutex<Connection>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        // A panic elsewhere leaves SQLite's own state sound: a statement either ran or did not.
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        work(&connection).map_err(|error| StoreError::Sqlite { file: self.file.as_ref().clone(), error })
    }

    /// Makes a counter, or changes its name and telephone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_counter(&self, counter: &Counter) -> Result<(), StoreError> {
        let name = serde_json::to_string(&counter.name).unwrap_or_default();
        self.with(|db| {
            db.execute(
                "INSERT INTO counter (id, name, telephone) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET name = ?2, telephone = ?3",
                params![counter.id, name, counter.telephone],
            )
            .map(|_| ())
        })
    }

    /// Every counter.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn counters(&self) -> Result<Vec<Counter>, StoreError> {
        self.reading(|db| {
            let mut statement = db.prepare("SELECT id, name, telephone FROM counter ORDER BY id")?;
            let rows = statement.query_map([], |row| counter(row, 0))?;
            rows.collect()
        })
    }

    /// Keeps what goes on in a room, or that nobody is in it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_running(&self, appointment: &str, running: Option<&Running>) -> Result<(), StoreError> {
        let text = running.map(|running| serde_json::to_string(running).unwrap_or_default());
        self.with(|db| match &text {
            Some(text) => db
                .execute("INSERT OR REPLACE INTO running (appointment, seats) VALUES (?1, ?2)", [appointment, text])
                .map(|_| ()),
            None => db.execute("DELETE FROM running WHERE appointment = ?1", [appointment]).map(|_| ()),
        })
    }

    /// What went on in the rooms when the server went down. A record that cannot be read is left out: its
    /// participants say hello again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn running(&self) -> Result<Vec<(String, Running)>, StoreError> {
        let rows: Vec<(String, String)> = self.reading(|db| {
            let mut statement = db.prepare("SELECT appointment, seats FROM running")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })?;
        Ok(rows.into_iter().filter_map(|(id, text)| Some((id, serde_json::from_str(&text).ok()?))).collect())
    }

    /// A number that changes when another program wrote to the file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn version_elsewhere(&self) -> Result<i64, StoreError> {
        self.reading(|db| db.pragma_query_value(None, "data_version", |row| row.get(0)))
    }

    /// Forgets what has been kept long enough.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_old(&self, now: Timestamp) -> Result<(), StoreError> {
        let before = |age| now.saturating_sub(age).map_or(0, Timestamp::as_second);
        self.with(|db| {
            let old = before(KEEP_APPOINTMENTS);
            db.execute("DELETE FROM running WHERE appointment IN (SELECT id FROM appointment WHERE ends < ?1)", [old])?;
            db.execute("DELETE FROM appointment WHERE ends < ?1", [old])?;
            // One that has ended by itself is told for a while from one that somebody ended.
            db.execute("DELETE FROM session WHERE until < ?1", [before(KEEP_SESSIONS)])?;
            trail::forget(db, before(KEEP_AUDIT))
        })
    }

    /// Copies the whole database into the new `file`, which only its owner may read, while it is in use (SQLite's online backup).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn backup(&self, file: &Path) -> Result<(), StoreError> {
        let made = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(file);
        made.map_err(|error| StoreError::Copy { file: file.to_owned(), error })?;
        let copied = self.reading(|db| db.backup("main", file, None));
        // What is full or cannot be written to is the copy's disk.
        let copied = copied.map_err(|error| match error {
            StoreError::Sqlite { error, .. } => StoreError::Sqlite { file: file.to_owned(), error },
            other => other,
        });
        if copied.is_err() {
            // Half a copy must not be taken for one.
            let _ = std::fs::remove_file(file);
        }
        copied
    }
}

/// Mode of the database's files: SQLite gives the two beside it the same.
const OWNER_ONLY: u32 = 0o600;

/// A file of an earlier version may be readable by others.
fn keep_from_others(file: &Path) -> std::io::Result<()> {
    for beside in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(beside);
        match std::fs::metadata(&name) {
            Ok(found) if found.is_file() && found.permissions().mode() & 0o077 != 0 => {
                std::fs::set_permissions(&name, Permissions::from_mode(OWNER_ONLY))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn unreadable(column: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, what.into())
}

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_second(row.get(column)?).map_err(|_| unreadable(column, "not a time"))
}

fn counter(row: &Row<'_>, from: usize) -> rusqlite::Result<Counter> {
    let name: String = row.get(from + 1)?;
    let name = serde_json::from_str(&name).map_err(|_| unreadable(from + 1, "not a name in languages"))?;
    Ok(Counter { id: row.get(from)?, name, telephone: row.get(from + 2)? })
}
