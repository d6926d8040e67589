//! Appointments and their invitations in the store.

use super::{Store, StoreError, counter, instant, unreadable};
use crate::meeting::appointment::{Appointment, SITES_AT_MOST, Standing};
use crate::meeting::invitation::{Invitation, InvitationState, Invited};
use crate::model::language::Language;
use crate::model::wire::Slot;
use crate::room::key::KeyHash;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashMap;

impl Store {
    /// Keeps a new appointment with its invitations. `form` is the nonce of the form that made it: the second try with the same one
    /// changes nothing and gives `false`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_appointment(&self, appointment: &Appointment, form: &str) -> Result<bool, StoreError> {
        let languages: Vec<_> = appointment.languages.iter().map(|language| language.tag()).collect();
        self.with(|db| {
            let all = db.unchecked_transaction()?;
            let added = all.execute(
                "INSERT OR IGNORE INTO appointment (id, counter, starts, ends, languages, sites, remark, standing, form)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    appointment.id,
                    appointment.counter.id,
                    appointment.slot.starts.as_second(),
                    appointment.slot.ends.as_second(),
                    languages.join(" "),
                    appointment.sites,
                    appointment.remark,
                    standing_word(appointment.standing),
                    form,
                ],
            )?;
            if added == 1 {
                for invitation in &appointment.invitations {
                    add_invitation(&all, &appointment.id, invitation)?;
                }
            }
            all.commit()?;
            Ok(added == 1)
        })
    }

    /// Every appointment that has not been forgotten yet, the earliest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn appointments(&self) -> Result<Vec<Appointment>, StoreError> {
        self.reading(|db| {
            // Both tables as they are at one moment.
            let moment = db.unchecked_transaction()?;
            let mut invitations: HashMap<String, Vec<Invitation>> = HashMap::new();
            let mut statement = moment
                .prepare("SELECT appointment, id, role, language, key_hash, state FROM invitation ORDER BY rowid")?;
            for row in statement.query_map([], |row| Ok((row.get(0)?, invitation(row)?)))? {
                let (of, invitation): (String, Invitation) = row?;
                invitations.entry(of).or_default().push(invitation);
            }
            let mut statement = moment.prepare(
                "SELECT a.id, starts, ends, languages, sites, remark, standing, c.id, c.name, c.telephone
                 FROM appointment a JOIN counter c ON c.id = a.counter ORDER BY starts, a.id",
            )?;
            let rows = statement.query_map([], appointment)?;
            let with_invitations = rows.map(|row| {
                let mut appointment = row?;
                appointment.invitations = invitations.remove(&appointment.id).unwrap_or_default();
                Ok(appointment)
            });
            with_invitations.collect()
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

    /// Changes how an appointment stands. Withdrawing it withdraws all its invitations.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_standing(&self, appointment: &str, standing: Standing) -> Result<(), StoreError> {
        self.with(|db| {
            let all = db.unchecked_transaction()?;
            let word = standing_word(standing);
            all.execute("UPDATE appointment SET standing = ?2 WHERE id = ?1", params![appointment, word])?;
            if standing == Standing::Revoked {
                let withdrawn = InvitationState::Withdrawn.word();
                all.execute(
                    "UPDATE invitation SET state = ?2 WHERE appointment = ?1",
                    params![appointment, withdrawn],
                )?;
            }
            all.commit()
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
                 WHERE id = ?1 AND standing = 'good' AND ends > ?4",
                params![appointment, slot.starts.as_second(), slot.ends.as_second(), now.as_second()],
            )?;
            Ok(changed == 1)
        })
    }

    /// Gives an invitation another key, with which it counts again; `false` when its appointment was ended or withdrawn.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_key(&self, appointment: &str, invitation: &str, key: KeyHash) -> Result<bool, StoreError> {
        self.with(|db| {
            let changed = db.execute(
                "UPDATE invitation SET key_hash = ?3, state = ?4 WHERE appointment = ?1 AND id = ?2
                 AND EXISTS (SELECT 1 FROM appointment a WHERE a.id = ?1 AND a.standing = 'good')",
                params![appointment, invitation, key.to_hex(), InvitationState::Open.word()],
            )?;
            Ok(changed == 1)
        })
    }

    /// Changes whether an invitation's key lets anybody in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_invitation(&self, of: &str, invitation: &str, state: InvitationState) -> Result<(), StoreError> {
        self.with(|db| {
            let change = "UPDATE invitation SET state = ?3 WHERE appointment = ?1 AND id = ?2";
            db.execute(change, params![of, invitation, state.word()]).map(|_| ())
        })
    }
}

fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Good => "good",
        Standing::Ended => "ended",
        Standing::Revoked => "revoked",
    }
}

fn add_invitation(db: &Connection, of: &str, invitation: &Invitation) -> rusqlite::Result<()> {
    let Invitation { id, role, language, key, state } = invitation;
    let language = language.map(|language| language.tag());
    db.execute(
        "INSERT INTO invitation (appointment, id, role, language, key_hash, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![of, id, role.word(), language, key.to_hex(), state.word()],
    )
    .map(|_| ())
}

fn invitation(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    let (role, language): (String, Option<String>) = (row.get(2)?, row.get(3)?);
    let (key, state): (String, String) = (row.get(4)?, row.get(5)?);
    Ok(Invitation {
        id: row.get(1)?,
        role: Invited::from_word(&role).ok_or_else(|| unreadable(2, "not a role"))?,
        language: language.and_then(|tag| Language::from_tag(&tag)),
        key: KeyHash::from_hex(&key).ok_or_else(|| unreadable(4, "not a hash"))?,
        state: InvitationState::from_word(&state).ok_or_else(|| unreadable(5, "not an invitation's state"))?,
    })
}

fn appointment(row: &Row<'_>) -> rusqlite::Result<Appointment> {
    let languages: String = row.get(3)?;
    let standing: String = row.get(6)?;
    Ok(Appointment {
        id: row.get(0)?,
        slot: Appointment::slot(instant(row, 1)?, instant(row, 2)?),
        languages: languages.split(' ').filter_map(Language::from_tag).collect(),
        // An earlier version took more.
        sites: row.get::<_, u8>(4)?.min(SITES_AT_MOST),
        remark: row.get(5)?,
        // They are in a table of their own.
        invitations: Vec::new(),
        standing: match standing.as_str() {
            "good" => Standing::Good,
            "ended" => Standing::Ended,
            "revoked" => Standing::Revoked,
            _ => return Err(unreadable(6, "not a standing")),
        },
        counter: counter(row, 7)?,
    })
}
