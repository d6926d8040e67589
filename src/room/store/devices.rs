//! The ledger's devices in the store.

use super::ledger::{Wanted, changed, day, like};
use super::{Store, StoreError, unreadable};
use crate::lending::device::{Device, DeviceTerms, Health, Slot};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

/// Which devices are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceFilter {
    /// Every one.
    #[default]
    All,
    /// Those that can be lent now.
    Free,
    /// Those with an open loan.
    Taken,
    /// Those that somebody is to look at, or to look for.
    Trouble,
}

impl DeviceFilter {
    fn sql(self) -> &'static str {
        match self {
            Self::All => "1",
            Self::Free => "loan.number IS NULL AND health NOT IN ('broken', 'retired')",
            Self::Taken => "loan.number IS NOT NULL",
            Self::Trouble => "health IN ('watch', 'broken') OR loan.state = 'lost'",
        }
    }
}

/// A device in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceListed {
    /// The device.
    #[serde(flatten)]
    pub device: Device,
    /// Number of its open loan.
    pub loan: Option<String>,
    /// Where that stands ([`crate::lending::loan::State::word`]).
    pub loan_state: Option<String>,
}

const COLUMNS: &str = "device.number, board, version, slot, last_seen, health, device.remark, device.revision, device.changed_by, \
                       device.changed_at, device.did";

impl Store {
    /// A page of the devices, by number, and how many there are on all pages.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn devices(&self, wanted: &Wanted<DeviceFilter>) -> Result<(Vec<DeviceListed>, u32), StoreError> {
        let from = format!(
            "FROM device LEFT JOIN loan ON loan.device = device.number AND state IN ('prepared', 'lent', 'lost')
             WHERE ({}) AND (?1 = '' OR device.number LIKE ?1 ESCAPE '\\' OR board LIKE ?1 ESCAPE '\\'
                             OR device.remark LIKE ?1 ESCAPE '\\')",
            wanted.filter.sql()
        );
        let find = like(&wanted.find);
        self.reading(|db| {
            let all = db.unchecked_transaction()?;
            let count = all.query_row(&format!("SELECT count(*) {from}"), [&find], |row| row.get(0))?;
            let rows =
                format!("SELECT {COLUMNS}, loan.number, loan.state {from} ORDER BY device.number LIMIT ?2 OFFSET ?3");
            let mut statement = all.prepare(&rows)?;
            let rows = statement.query_map(params![find, wanted.limit(), wanted.offset()], |row| {
                Ok(DeviceListed { device: device(row)?, loan: row.get(11)?, loan_state: row.get(12)? })
            })?;
            Ok((rows.collect::<rusqlite::Result<_>>()?, count))
        })
    }
}

pub(super) fn of_number(db: &Connection, number: &str) -> rusqlite::Result<Option<Device>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM device WHERE number = ?1"))?;
    statement.query_row([number], device).optional()
}

pub(super) fn put(db: &Connection, device: &Device) -> rusqlite::Result<()> {
    let terms = &device.terms;
    // An upsert, and no replacement: a loan may refer to it.
    let mut statement = db.prepare_cached(
        "INSERT INTO device (number, board, version, slot, last_seen, health, remark, revision, changed_by, changed_at, did)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (number) DO UPDATE SET board = ?2, version = ?3, slot = ?4, last_seen = ?5, health = ?6, remark = ?7,
             revision = ?8, changed_by = ?9, changed_at = ?10, did = ?11",
    )?;
    let written = statement.execute(params![
        terms.number,
        terms.board,
        terms.version,
        terms.slot.map(Slot::word),
        terms.last_seen.map(|day| day.to_string()),
        terms.health.word(),
        terms.remark,
        device.revision,
        device.changed.by,
        device.changed.at.as_second(),
        device.changed.did,
    ]);
    written.map(|_| ())
}

fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    let (slot, health): (Option<String>, String) = (row.get(3)?, row.get(5)?);
    let terms = DeviceTerms {
        number: row.get(0)?,
        board: row.get(1)?,
        version: row.get(2)?,
        slot: slot.and_then(|slot| Slot::ALL.into_iter().find(|known| known.word() == slot)),
        last_seen: row.get::<_, Option<String>>(4)?.map(|text| day(&text, 4)).transpose()?,
        health: Health::ALL
            .into_iter()
            .find(|known| known.word() == health)
            .ok_or_else(|| unreadable(5, "not a health"))?,
        remark: row.get(6)?,
    };
    Ok(Device { terms, revision: row.get(7)?, changed: changed(row, 8)? })
}
