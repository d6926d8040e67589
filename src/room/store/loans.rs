//! The ledger's loans in the store.

use super::ledger::{Wanted, changed, day, like};
use super::{Store, StoreError, unreadable};
use crate::lending::loan::{Loan, LoanTerms, State};
use crate::meeting::rights::{Counters, Rights};
use crate::model::language::Language;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Deserialize;

/// Which loans are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoanFilter {
    /// Those that are not closed.
    #[default]
    Open,
    /// Those whose last day is today or over.
    Due,
    /// Those that lie ready.
    Prepared,
    /// Those that a family has.
    Lent,
    /// Those that nobody finds.
    Lost,
    /// Those that came back, or were never handed out.
    Closed,
    /// Every one.
    All,
}

impl LoanFilter {
    /// `?2` is today.
    fn sql(self) -> &'static str {
        match self {
            Self::Open => "state IN ('prepared', 'lent', 'lost')",
            Self::Due => "state = 'lent' AND last_day <= ?2",
            Self::Prepared => "state = 'prepared'",
            Self::Lent => "state = 'lent'",
            Self::Lost => "state = 'lost'",
            Self::Closed => "state IN ('returned', 'withdrawn')",
            Self::All => "1",
        }
    }
}

const COLUMNS: &str = "number, device, first_day, last_day, counters, languages, remark, state, returned, receipt, revision, \
                       changed_by, changed_at, did";
/// What is open comes first, the most urgent before the rest; then what was closed, the last before the rest.
const ORDER: &str = "ORDER BY state IN ('returned', 'withdrawn'),
                     CASE WHEN state IN ('returned', 'withdrawn') THEN -changed_at ELSE 0 END, last_day, number";
/// `?3` is nothing, or a JSON list of the counters whose loans are meant.
const WITHIN: &str = "(?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(loan.counters) AS own
                       WHERE own.value IN (SELECT value FROM json_each(?3))))";

fn within(rights: &Rights) -> Option<String> {
    match rights.lends_where() {
        Counters::Every => None,
        Counters::These(these) => Some(serde_json::to_string(&these).unwrap_or_else(|_| "[]".to_owned())),
    }
}

impl Store {
    /// A page of the loans that an account may see, the most urgent first, and how many there are on all pages.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn loans(
        &self,
        wanted: &Wanted<LoanFilter>,
        rights: &Rights,
        today: Date,
    ) -> Result<(Vec<Loan>, u32), StoreError> {
        let from = format!(
            "FROM loan WHERE ({}) AND ?2 <> '' AND {WITHIN}
             AND (?1 = '' OR number LIKE ?1 ESCAPE '\\' OR device LIKE ?1 ESCAPE '\\' OR remark LIKE ?1 ESCAPE '\\')",
            wanted.filter.sql()
        );
        let (find, today, within) = (like(&wanted.find), today.to_string(), within(rights));
        self.reading(|db| {
            let all = db.unchecked_transaction()?;
            let count = format!("SELECT count(*) {from}");
            let count = all.query_row(&count, params![find, today, within], |row| row.get(0))?;
            let mut statement = all.prepare(&format!("SELECT {COLUMNS} {from} {ORDER} LIMIT ?4 OFFSET ?5"))?;
            let rows = statement.query_map(params![find, today, within, wanted.limit(), wanted.offset()], loan)?;
            Ok((rows.collect::<rusqlite::Result<_>>()?, count))
        })
    }
}

pub(super) fn of_number(db: &Connection, number: &str) -> rusqlite::Result<Option<Loan>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM loan WHERE number = ?1"))?;
    statement.query_row([number], loan).optional()
}

pub(super) fn open_of(db: &Connection, device: &str) -> rusqlite::Result<Option<String>> {
    let open = "SELECT number FROM loan WHERE device = ?1 AND state IN ('prepared', 'lent', 'lost')";
    db.prepare_cached(open)?.query_row([device], |row| row.get(0)).optional()
}

pub(super) fn put(db: &Connection, loan: &Loan) -> rusqlite::Result<()> {
    let terms = &loan.terms;
    let languages: Vec<_> = terms.languages.iter().map(|language| language.tag()).collect();
    let (returned, receipt) = match &loan.state {
        State::Returned { on, receipt } => (Some(on.to_string()), receipt.as_deref()),
        _ => (None, None),
    };
    // An upsert, and no replacement: what else is unique must not push another loan out.
    let mut statement = db.prepare_cached(&format!(
        "INSERT INTO loan ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (number) DO UPDATE SET device = ?2, first_day = ?3, last_day = ?4, counters = ?5, languages = ?6,
             remark = ?7, state = ?8, returned = ?9, receipt = ?10, revision = ?11, changed_by = ?12, changed_at = ?13, did = ?14"
    ))?;
    let written = statement.execute(params![
        terms.number,
        terms.device,
        terms.from.to_string(),
        terms.until.to_string(),
        serde_json::to_string(&terms.counters).unwrap_or_default(),
        languages.join(" "),
        terms.remark,
        loan.state.word(),
        returned,
        receipt,
        loan.revision,
        loan.changed.by,
        loan.changed.at.as_second(),
        loan.changed.did,
    ]);
    written.map(|_| ())
}

fn loan(row: &Row<'_>) -> rusqlite::Result<Loan> {
    let (counters, languages, state): (String, String, String) = (row.get(4)?, row.get(5)?, row.get(7)?);
    let terms = LoanTerms {
        number: row.get(0)?,
        device: row.get(1)?,
        from: day(&row.get::<_, String>(2)?, 2)?,
        until: day(&row.get::<_, String>(3)?, 3)?,
        counters: serde_json::from_str(&counters).map_err(|_| unreadable(4, "not a list of counters"))?,
        languages: languages.split(' ').filter_map(Language::from_tag).collect(),
        remark: row.get(6)?,
    };
    let state = match state.as_str() {
        "prepared" => State::Prepared,
        "lent" => State::Lent,
        "lost" => State::Lost,
        "returned" => State::Returned { on: day(&row.get::<_, String>(8)?, 8)?, receipt: row.get(9)? },
        "withdrawn" => State::Withdrawn,
        _ => return Err(unreadable(7, "not a state")),
    };
    Ok(Loan { terms, state, revision: row.get(10)?, changed: changed(row, 11)? })
}
