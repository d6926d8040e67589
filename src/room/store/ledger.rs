//! Changes of the ledger: looked at, kept and written into the audit trail in one transaction.

use super::trail::Written;
use super::{Store, StoreError, devices, instant, loans, trail, unreadable};
use crate::lending::device::Device;
use crate::lending::loan::Loan;
use crate::lending::table::{self, Record, Terms};
use crate::lending::{Book, Change, Changed, Hand, Problem, Refusal, Row, csv, decide};
use crate::room::key::KeyHash;
use jiff::civil::Date;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Which rows are listed.
#[derive(Clone, Debug, Default)]
pub struct Wanted<F> {
    /// A text that stands in one of their fields; nothing for all.
    pub find: String,
    /// Which of them.
    pub filter: F,
    /// Page from 0, and rows on a page; nothing for all rows.
    pub page: Option<(u32, u32)>,
}

impl<F> Wanted<F> {
    pub(super) fn limit(&self) -> i64 {
        self.page.map_or(-1, |(_, rows)| i64::from(rows))
    }

    pub(super) fn offset(&self) -> i64 {
        self.page.map_or(0, |(page, rows)| i64::from(page) * i64::from(rows))
    }
}

/// A pattern that finds a text anywhere, or everything where there is none.
pub(super) fn like(find: &str) -> String {
    let find = find.trim();
    if find.is_empty() {
        return String::new();
    }
    format!("%{}%", find.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

pub(super) fn day(text: &str, column: usize) -> rusqlite::Result<Date> {
    text.parse().map_err(|_| unreadable(column, "not a day"))
}

pub(super) fn changed(row: &rusqlite::Row<'_>, from: usize) -> rusqlite::Result<Changed> {
    Ok(Changed { by: row.get(from)?, at: instant(row, from + 1)?, did: row.get(from + 2)? })
}

/// The ledger as a transaction sees it.
struct Pages<'a>(&'a Connection);

impl Book for Pages<'_> {
    type Trouble = rusqlite::Error;

    fn device(&self, number: &str) -> rusqlite::Result<Option<Device>> {
        devices::of_number(self.0, number)
    }

    fn loan(&self, number: &str) -> rusqlite::Result<Option<Loan>> {
        loans::of_number(self.0, number)
    }

    fn open_loan_of(&self, device: &str) -> rusqlite::Result<Option<String>> {
        loans::open_of(self.0, device)
    }

    fn has_counter(&self, id: &str) -> rusqlite::Result<bool> {
        let mut statement = self.0.prepare_cached("SELECT count(*) FROM counter WHERE id = ?1")?;
        statement.query_row([id], |row| row.get::<_, u32>(0)).map(|count| count > 0)
    }
}

/// Keeps a row, and a line of the trail about it.
fn keep(all: &Transaction<'_>, row: &Row, hand: &Hand) -> rusqlite::Result<Written> {
    match row {
        Row::Device(device) => devices::put(all, device)?,
        Row::Loan(loan) => loans::put(all, loan)?,
    }
    trail::add(all, hand.at, &hand.staff, &row.changed().did, Some(row.number()))
}

/// Which of the ledger's two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
    /// The devices.
    Devices,
    /// The loans.
    Loans,
}

/// What becomes of a line of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// All of it is so already.
    Same,
    /// What is done, by the words of the audit trail.
    Done {
        /// One after another.
        steps: Vec<String>,
    },
    /// Why it cannot be done.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}

/// A line of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Where it begins, from 1.
    pub line: usize,
    /// Number of the device or loan.
    pub number: String,
    /// What becomes of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What a whole table does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Line by line.
    pub lines: Vec<Line>,
    /// Stands for exactly these changes: whoever applies them names it.
    pub plan: String,
    /// The lines that it left in the audit trail; none of a dry run.
    pub written: Vec<Written>,
    /// All of it was done.
    pub applied: bool,
}

impl Store {
    /// Makes one change, and writes it into the audit trail.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn change_ledger(&self, change: &Change, hand: &Hand) -> Result<Result<(Row, Written), Refusal>, StoreError> {
        self.with(|db| {
            let all = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
            let row = match decide(&Pages(&all), change, hand)? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let written = keep(&all, &row, hand)?;
            all.commit()?;
            Ok(Ok((row, written)))
        })
    }

    /// Reads a table that came back from a spreadsheet: all of it is done when `plan` is what a dry run (without one) gave and no
    /// line is refused, else nothing. `None` when it is no such table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn import_ledger(
        &self,
        which: Table,
        text: &str,
        hand: &Hand,
        terms: &Terms<'_>,
        plan: Option<&str>,
    ) -> Result<Option<Imported>, StoreError> {
        let Ok(rows) = csv::read(text) else { return Ok(None) };
        let known: &'static [&'static str] = match which {
            Table::Devices => &table::DEVICE,
            Table::Loans => &table::LOAN,
        };
        let Some((head, rows)) = rows.split_first() else { return Ok(None) };
        let Some(columns) = table::columns(known, &head.1, terms) else { return Ok(None) };
        self.with(|db| {
            // A dry run is a run that is not committed: it cannot say anything else.
            let all = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
            let mut imported = Imported { lines: Vec::new(), plan: String::new(), written: Vec::new(), applied: false };
            let mut planned = text.to_owned();
            for (line, row) in rows {
                let record = Record::new(&columns, row);
                let number = record.number();
                let outcome = match import_row(&all, which, &record, hand, terms, &mut imported.written)? {
                    Ok(made) if made.is_empty() => Outcome::Same,
                    Ok(made) => {
                        let _ = write!(
                            planned,
                            "\n{number} {}",
                            made.iter().map(|(_, revision)| revision).max().unwrap_or(&0)
                        );
                        Outcome::Done { steps: made.into_iter().map(|(did, _)| did).collect() }
                    }
                    Err(refusal) => Outcome::Refused { refusal },
                };
                imported.lines.push(Line { line: *line, number, outcome });
            }
            imported.plan = KeyHash::of(&planned).to_hex();
            let refused = imported.lines.iter().any(|line| matches!(line.outcome, Outcome::Refused { .. }));
            imported.applied = !refused && plan == Some(imported.plan.as_str());
            if imported.applied {
                all.commit()?;
            } else {
                imported.written.clear();
                all.rollback()?;
            }
            Ok(Some(imported))
        })
    }
}

/// What was done, and the revision that came of it.
type Made = Vec<(String, u32)>;

fn import_row(
    all: &Transaction<'_>,
    which: Table,
    record: &Record<'_>,
    hand: &Hand,
    terms: &Terms<'_>,
    written: &mut Vec<Written>,
) -> rusqlite::Result<Result<Made, Refusal>> {
    let book = Pages(all);
    let number = record.number();
    if number.is_empty() {
        return Ok(Err(Refusal::Field { field: "number", problem: Problem::Missing }));
    }
    let changes = match which {
        Table::Devices => record.device_changes(book.device(&number)?.as_ref(), terms),
        Table::Loans => {
            let kept = book.loan(&number)?;
            if kept.as_ref().is_some_and(|kept| !kept.is_within(&hand.rights)) {
                // Another counter's: its number is taken, and nothing more is told.
                return Ok(Err(Refusal::Exists));
            }
            record.loan_changes(kept.as_ref(), terms)
        }
    };
    let changes = match changes {
        Ok(changes) => changes,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut made = Vec::new();
    for change in changes {
        match decide(&book, &change, hand)? {
            Ok(row) => {
                written.push(keep(all, &row, hand)?);
                let revision = match &row {
                    Row::Device(device) => device.revision,
                    Row::Loan(loan) => loan.revision,
                };
                made.push((row.changed().did.clone(), revision));
            }
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    Ok(Ok(made))
}
