//! Appointments in the store.

use super::{Store, StoreError, counter, instant, unreadable};
use crate::meeting::appointment::{Appointment, SITES_AT_MOST, Standing};
use crate::model::language::Language;
use crate::model::wire::Slot;
use crate::room::key::KeyHash;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

impl Store {
    /// Keeps a new appointment. `form` is the nonce of the form that made it: the second try with the same one
    /// changes nothing and gives `false`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_appointment(&self, appointment: &Appointment, form: &str) -> Result<bool, StoreError> {
        let languages: Vec<_> = appointment.languages.iter().map(|language| language.tag()).collect();
        self.with(|db| {
            let added = db.execute(
                "INSERT OR IGNORE INTO appointment
                     (id, counter, starts, ends, languages, sites, remark, key_hash, standing, form)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    appointment.id,
                    appointment.counter.id,
                    appointment.slot.starts.as_second(),
                    appointment.slot.ends.as_second(),
                    languages.join(" "),
                    appointment.sites,
                    appointment.remark,
                    appointment.key.to_hex(),
                    standing_word(appointment.standing),
                    form,
                ],
            )?;
            Ok(added == 1)
        })
    }

    /// Every appointment that has not been forgotten yet, the earliest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn appointments(&self) -> Result<Vec<Appointment>, StoreError> {
        self.reading(|db| {
            let mut statement = db.prepare(
                "SELECT a.id, starts, ends, languages, sites, remark, key_hash, standing, c.id, c.name, c.telephone
                 FROM appointment a JOIN counter c ON c.id = a.counter ORDER BY starts, a.id",
            )?;
            let rows = statement.query_map([], appointment)?;
            rows.collect()
        })
    }

    /// At which counter an appointment is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn counter_of(&self, appointment: &str) -> Result<Option<String>, StoreError> {
        self.reading(|db| {
            let counter = "SELECT counter FROM appointment WHERE id = ?1";
            db.query_row(counter, [appointment], |row| row.get(0)).optional()
        })
    }

    /// Changes how an appointment stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_standing(&self, appointment: &str, standing: Standing) -> Result<(), StoreError> {
        self.with(|db| {
            db.execute(
                "UPDATE appointment SET standing = ?2 WHERE id = ?1",
                params![appointment, standing_word(standing)],
            )
            .map(|_| ())
        })
    }

    /// Gives an appointment that is not over at `now` another time; `false` when it was over, ended or withdrawn.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_slot(&self, appointment: &str, now: Timestamp, slot: &Slot) -> Result<bool, StoreError> {
        self.with(|db| {
            let changed = db.execute(
                "UPDATE appointment SET starts = ?2, ends = ?3
                 WHERE id = ?1 AND standing IN ('good', 'burnt') AND ends > ?4",
                params![appointment, slot.starts.as_second(), slot.ends.as_second(), now.as_second()],
            )?;
            Ok(changed == 1)
        })
    }

    /// Gives an appointment that is not over another key, and makes it good again; `false` when it was ended or withdrawn.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_key(&self, appointment: &str, key: KeyHash) -> Result<bool, StoreError> {
        self.with(|db| {
            let changed = db.execute(
                "UPDATE appointment SET key_hash = ?2, standing = 'good' WHERE id = ?1 AND standing IN ('good', 'burnt')",
                params![appointment, key.to_hex()],
            )?;
            Ok(changed == 1)
        })
    }
}

fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Good => "good",
        Standing::Burnt => "burnt",
        Standing::Ended => "ended",
        Standing::Revoked => "revoked",
    }
}

fn appointment(row: &Row<'_>) -> rusqlite::Result<Appointment> {
    let languages: String = row.get(3)?;
    let (key, standing): (String, String) = (row.get(6)?, row.get(7)?);
    Ok(Appointment {
        id: row.get(0)?,
        slot: Appointment::slot(instant(row, 1)?, instant(row, 2)?),
        languages: languages.split(' ').filter_map(Language::from_tag).collect(),
        // An earlier version took more.
        sites: row.get::<_, u8>(4)?.min(SITES_AT_MOST),
        remark: row.get(5)?,
        key: KeyHash::from_hex(&key).ok_or_else(|| unreadable(6, "not a hash"))?,
        standing: match standing.as_str() {
            "good" => Standing::Good,
            "burnt" => Standing::Burnt,
            "ended" => Standing::Ended,
            "revoked" => Standing::Revoked,
            _ => return Err(unreadable(7, "not a standing")),
        },
        counter: counter(row, 8)?,
    })
}
