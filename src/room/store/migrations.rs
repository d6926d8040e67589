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
    -- Keys belong to invitations: what an appointment had becomes the family's. A unique column cannot be dropped, so the table
    -- is made anew; what refers to it is looked at when the step is done.
    PRAGMA defer_foreign_keys = ON;
    CREATE TABLE earlier AS SELECT * FROM appointment;
    DROP TABLE appointment;
    CREATE TABLE appointment (
        id TEXT PRIMARY KEY,
        counter TEXT NOT NULL REFERENCES counter (id),
        starts INTEGER NOT NULL,
        ends INTEGER NOT NULL,
        languages TEXT NOT NULL,
        sites INTEGER NOT NULL,
        remark TEXT NOT NULL,
        standing TEXT NOT NULL,
        form TEXT NOT NULL UNIQUE
    ) STRICT;
    INSERT INTO appointment
        SELECT id, counter, starts, ends, languages, sites, remark, iif(standing = 'burnt', 'good', standing), form
        FROM earlier;
    CREATE TABLE invitation (
        appointment TEXT NOT NULL REFERENCES appointment (id) ON DELETE CASCADE,
        id TEXT NOT NULL,
        role TEXT NOT NULL,
        language TEXT,
        key_hash TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL,
        PRIMARY KEY (appointment, id)
    ) STRICT;
    INSERT INTO invitation
        SELECT id, '1', 'family', nullif(substr(languages, 1, instr(languages || ' ', ' ') - 1), ''), key_hash,
            CASE standing WHEN 'burnt' THEN 'burnt' WHEN 'revoked' THEN 'withdrawn' ELSE 'open' END
        FROM earlier;
    DROP TABLE earlier;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meeting::appointment::{Appointment, Standing};
    use crate::meeting::invitation::{FIRST, InvitationState, Invited};
    use crate::model::language::Language;
    use crate::room::key::KeyHash;
    use crate::room::store::Store;
    use jiff::Timestamp;

    /// A file as it was written while keys belonged to appointments.
    fn before_invitations(file: &Path) -> Connection {
        let db = Connection::open(file).unwrap();
        db.execute_batch(&STEPS[..4].concat()).unwrap();
        db.pragma_update(None, "user_version", 4).unwrap();
        db.execute_batch(
            r#"
            INSERT INTO counter VALUES
                ('kosodate', '{"ja":"子育て相談窓口","en":"Childcare consultation"}', '0422-00-1234');
            INSERT INTO staff (name, password) VALUES ('midori', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA');
            INSERT INTO session (token, staff, until) VALUES ('00ff', 'midori', 1795003600);
            INSERT INTO audit (at, staff, action, appointment) VALUES (1795000100, 'midori', 'let-leave', 'B0000002');
            "#,
        )
        .unwrap();
        let rows = [
            ("A0000001", "en ja", "good"),
            ("B0000002", "ja", "burnt"),
            ("C0000003", "ja en", "ended"),
            ("D0000004", "vi", "revoked"),
            ("E0000005", "", "good"),
        ];
        for (number, (id, languages, standing)) in (1_u8..).zip(rows) {
            let (starts, ends) = (1_795_000_000, 1_795_001_800 + i64::from(number));
            let appointment = "INSERT INTO appointment VALUES (?1, 'kosodate', ?2, ?3, ?4, 2, '三番', ?5, ?6, ?1)";
            let key = KeyHash::of(id).to_hex();
            db.execute(appointment, rusqlite::params![id, starts, ends, languages, key, standing]).unwrap();
        }
        let seats = r#"{"seats":[{"peer":"guest-1","role":"guest","token":"00","language":"ja","staff":null,
            "consented":true,"admitted":true,"muted":null,"no_sound":false}],
            "links":[],"last_epoch":1,"last_peer":1,"hold":false}"#;
        db.execute("INSERT INTO running VALUES ('A0000001', ?1)", [seats]).unwrap();
        db
    }

    #[test]
    fn each_appointments_key_becomes_its_familys_invitation() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("room.sqlite");
        drop(before_invitations(&file));
        let store = Store::open(&file).unwrap();
        let found = store.appointments().unwrap();
        let looks = |one: &Appointment| {
            assert_eq!(one.invitations.len(), 1, "{}", one.id);
            let invitation = &one.invitations[0];
            assert!(invitation.key.matches(&KeyHash::of(&one.id)), "another key than {}'s", one.id);
            assert_eq!((invitation.id.as_str(), invitation.role), (FIRST, Invited::Family));
            (one.id.clone(), invitation.language, one.standing, invitation.state)
        };
        let (japanese, english) = (Some(Language::Japanese), Some(Language::English));
        let (open, burnt, withdrawn) = (InvitationState::Open, InvitationState::Burnt, InvitationState::Withdrawn);
        let wanted = [
            ("A0000001", english, Standing::Good, open),
            ("B0000002", japanese, Standing::Good, burnt),
            ("C0000003", japanese, Standing::Ended, open),
            ("D0000004", Language::from_tag("vi"), Standing::Revoked, withdrawn),
            ("E0000005", None, Standing::Good, open),
        ];
        let wanted = wanted.map(|(id, language, standing, state)| (id.to_owned(), language, standing, state));
        assert_eq!(found.iter().map(looks).collect::<Vec<_>>(), wanted);
        let first = &found[0];
        assert_eq!((first.remark.as_str(), first.sites, first.slot.ends.as_second()), ("三番", 2, 1_795_001_801));

        // What refers to an appointment is still there, and still goes with it.
        assert_eq!(store.running().unwrap().len(), 1);
        assert_eq!(store.audit_trail(9).unwrap().len(), 1);
        let broken = |db: &Connection| db.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap();
        let db = Connection::open(&file).unwrap();
        assert!(!broken(&db));
        let absent = || db.execute("INSERT INTO running VALUES ('Z', '{}')", []);
        db.pragma_update(None, "foreign_keys", true).unwrap();
        assert!(absent().is_err(), "running refers to another table now");
        assert!(store.set_key("B0000002", FIRST, KeyHash::of("new")).unwrap());
        assert!(!store.set_key("D0000004", FIRST, KeyHash::of("newer")).unwrap(), "withdrawn for good");
        store.forget_old(Timestamp::from_second(1_800_000_000).unwrap()).unwrap();
        let left: i64 = db.query_row("SELECT count(*) FROM invitation", [], |row| row.get(0)).unwrap();
        assert_eq!((left, broken(&db)), (0, false));
    }

    #[test]
    fn a_step_that_cannot_be_made_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("room.sqlite");
        let db = before_invitations(&file);
        db.execute_batch("CREATE TABLE invitation (somebody TEXT) STRICT").unwrap();
        drop(db);
        assert!(Store::open(&file).is_err());
        let db = Connection::open(&file).unwrap();
        let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        let keys: i64 = db.query_row("SELECT count(key_hash) FROM appointment", [], |row| row.get(0)).unwrap();
        assert_eq!((version, keys), (4, 5));
    }
}
