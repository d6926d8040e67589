//! The ledger as a table for a spreadsheet: which columns there are, what stands in them, and what a row that comes back wants.

use super::device::{Device, DeviceTerms, Health, Slot};
use super::loan::{Loan, LoanTerms, Standing, State, Step};
use super::{Change, Problem, Refusal, number};
use crate::model::language::Language;
use jiff::civil::Date;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Words of the pages by language, the one that is written first: what is read back may be in any.
pub struct Terms<'a>(pub &'a [BTreeMap<String, String>]);

impl Terms<'_> {
    /// The word for `key`.
    pub fn say(&self, key: &str) -> &str {
        self.0.first().and_then(|words| words.get(&format!("ledger-{key}"))).map_or("", String::as_str)
    }

    /// Which of some keys, all of which begin with `kind`, a cell means: its word in any language, or the key's own end.
    fn meant<'k>(&self, written: &str, kind: &str, mut keys: impl Iterator<Item = &'k str>) -> Option<&'k str> {
        let same = |word: &str| word.trim().eq_ignore_ascii_case(written.trim());
        keys.find(|key| {
            let name = format!("ledger-{kind}{key}");
            same(key) || self.0.iter().any(|words| words.get(&name).is_some_and(|word| same(word)))
        })
    }
}

/// Columns of the table of devices.
pub const DEVICE: [&str; 8] = ["number", "board", "version", "slot", "last-seen", "health", "remark", "revision"];
/// Columns of the table of loans.
pub const LOAN: [&str; 11] = [
    "number",
    "device",
    "from",
    "until",
    "counters",
    "languages",
    "state",
    "returned",
    "receipt",
    "remark",
    "revision",
];
/// Between several values in a cell.
const AND: &str = ";";

/// The words above the columns.
pub fn head<'a>(columns: &[&str], terms: &'a Terms<'_>) -> Vec<Cow<'a, str>> {
    columns.iter().map(|column| terms.say(&format!("col-{column}")).into()).collect()
}

/// A device's row.
pub fn device_row<'a>(device: &'a Device, terms: &'a Terms<'_>) -> Vec<Cow<'a, str>> {
    let kept = &device.terms;
    vec![
        kept.number.as_str().into(),
        kept.board.as_str().into(),
        kept.version.as_str().into(),
        kept.slot.map_or("", Slot::word).into(),
        kept.last_seen.map(|day| day.to_string()).unwrap_or_default().into(),
        terms.say(&format!("health-{}", kept.health.word())).into(),
        kept.remark.as_str().into(),
        device.revision.to_string().into(),
    ]
}

/// A loan's row, as it stands on a day.
pub fn loan_row<'a>(loan: &'a Loan, today: Date, terms: &'a Terms<'_>) -> Vec<Cow<'a, str>> {
    let kept = &loan.terms;
    let (returned, receipt) = match &loan.state {
        State::Returned { on, receipt } => (on.to_string(), receipt.as_deref().unwrap_or_default()),
        _ => (String::new(), ""),
    };
    let languages: Vec<_> = kept.languages.iter().map(|language| language.tag()).collect();
    vec![
        kept.number.as_str().into(),
        kept.device.as_deref().unwrap_or_default().into(),
        kept.from.to_string().into(),
        kept.until.to_string().into(),
        kept.counters.join(AND).into(),
        languages.join(AND).into(),
        terms.say(&format!("state-{}", loan.standing(today).word())).into(),
        returned.into(),
        receipt.into(),
        kept.remark.as_str().into(),
        loan.revision.to_string().into(),
    ]
}

/// A row that came back: its cells by their columns.
pub struct Record<'a> {
    cells: BTreeMap<&'static str, &'a str>,
}

/// Which column each cell of the head names; nothing when none is for the number: this is another table.
pub fn columns(
    known: &'static [&'static str],
    head: &[String],
    terms: &Terms<'_>,
) -> Option<Vec<Option<&'static str>>> {
    let named: Vec<_> = head.iter().map(|cell| terms.meant(cell, "col-", known.iter().copied())).collect();
    named.contains(&Some("number")).then_some(named)
}

impl<'a> Record<'a> {
    /// A row under its head.
    pub fn new(columns: &[Option<&'static str>], row: &'a [String]) -> Self {
        let cells = columns.iter().zip(row).filter_map(|(column, cell)| Some(((*column)?, cell.trim())));
        Self { cells: cells.collect() }
    }

    /// The number that the row is about.
    pub fn number(&self) -> String {
        number(self.text("number").unwrap_or_default())
    }

    /// What stands in a column; nothing when the table has no such column.
    fn text(&self, column: &str) -> Option<&'a str> {
        self.cells.get(column).copied()
    }

    fn day(&self, column: &'static str) -> Result<Option<Date>, Refusal> {
        match self.text(column) {
            None | Some("") => Ok(None),
            Some(written) => day(written).map(Some).ok_or(Refusal::Field { field: column, problem: Problem::Day }),
        }
    }

    /// The revision that is to be changed: the one of the table, or the newest where the table tells none.
    fn revision(&self, newest: u32) -> Result<u32, Refusal> {
        match self.text("revision") {
            None | Some("") => Ok(newest),
            Some(written) => written.parse().map_err(|_| Refusal::Field { field: "revision", problem: Problem::Word }),
        }
    }

    fn word<'k>(
        &self,
        column: &'static str,
        kind: &str,
        keys: impl Iterator<Item = &'k str>,
        terms: &Terms<'_>,
    ) -> Result<Option<&'k str>, Refusal> {
        match self.text(column) {
            None | Some("") => Ok(None),
            Some(written) => {
                let meant = terms.meant(written, kind, keys);
                meant.map(Some).ok_or(Refusal::Field { field: column, problem: Problem::Word })
            }
        }
    }

    /// What a row of devices wants; nothing when all of it is so already.
    ///
    /// # Errors
    /// A cell cannot be read.
    pub fn device_changes(&self, kept: Option<&Device>, terms: &Terms<'_>) -> Result<Vec<Change>, Refusal> {
        let before = kept.map(|device| device.terms.clone());
        let text =
            |column: &str, before: Option<&str>| self.text(column).or(before).map(str::to_owned).unwrap_or_default();
        let had = before.as_ref();
        let slot = self.word("slot", "slot-", Slot::ALL.iter().map(|slot| slot.word()), terms)?;
        let health = self.word("health", "health-", Health::ALL.iter().map(|health| health.word()), terms)?;
        let wanted = DeviceTerms {
            number: self.number(),
            board: text("board", had.map(|had| had.board.as_str())),
            version: text("version", had.map(|had| had.version.as_str())),
            slot: match self.text("slot") {
                None => had.and_then(|had| had.slot),
                Some(_) => Slot::ALL.into_iter().find(|one| Some(one.word()) == slot),
            },
            last_seen: match self.text("last-seen") {
                None => had.and_then(|had| had.last_seen),
                Some(_) => self.day("last-seen")?,
            },
            health: match health {
                None => had.map(|had| had.health).unwrap_or_default(),
                Some(word) => Health::ALL.into_iter().find(|one| one.word() == word).unwrap_or_default(),
            },
            remark: text("remark", had.map(|had| had.remark.as_str())),
        };
        if had == Some(&wanted) {
            return Ok(Vec::new());
        }
        let revision = kept.map(|kept| self.revision(kept.revision)).transpose()?;
        Ok(vec![Change::Device { terms: wanted, revision }])
    }

    /// What a row of loans wants, one step after another; nothing when all of it is so already.
    ///
    /// # Errors
    /// A cell cannot be read, or no step leads to what stands there.
    pub fn loan_changes(&self, kept: Option<&Loan>, terms: &Terms<'_>) -> Result<Vec<Change>, Refusal> {
        let had = kept.map(|loan| &loan.terms);
        let missing = |field| Refusal::Field { field, problem: Problem::Missing };
        let list = |column: &str, before: Option<Vec<String>>| match self.text(column) {
            None => before.unwrap_or_default(),
            Some(written) => {
                let parts = written.split([';', '；', ',', '、']).map(str::trim);
                parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
            }
        };
        let tags = list("languages", had.map(|had| had.languages.iter().map(|one| one.tag().to_owned()).collect()));
        let languages: Option<Vec<_>> = tags.iter().map(|tag| Language::from_tag(tag)).collect();
        let wanted = LoanTerms {
            number: self.number(),
            device: match self.text("device") {
                None => had.and_then(|had| had.device.clone()),
                Some(written) => Some(number(written)).filter(|device| !device.is_empty()),
            },
            from: self.day("from")?.or(had.map(|had| had.from)).ok_or(missing("from"))?,
            until: self.day("until")?.or(had.map(|had| had.until)).ok_or(missing("until"))?,
            counters: list("counters", had.map(|had| had.counters.clone())),
            languages: languages.ok_or(Refusal::Field { field: "languages", problem: Problem::Word })?,
            remark: self.text("remark").or(had.map(|had| had.remark.as_str())).unwrap_or_default().to_owned(),
        };
        let state = self.word("state", "state-", Standing::ALL.iter().map(|standing| standing.word()), terms)?;
        let mut changes = Changes::new(&wanted, kept.map(|kept| self.revision(kept.revision)).transpose()?);
        let from = kept.map_or(State::Prepared, |kept| kept.state.clone());
        match had {
            Some(had) if *had == wanted => {}
            // Once it is lent, more days are a step of their own.
            Some(had) if from == State::Lent && LoanTerms { until: had.until, ..wanted.clone() } == *had => {
                changes.step(Step::Extend { until: wanted.until });
            }
            _ => changes.terms(wanted.clone()),
        }
        let receipt = self.text("receipt").filter(|receipt| !receipt.is_empty()).map(str::to_owned);
        let back = || Step::Return { receipt: receipt.clone() };
        let steps = match (from.word(), state) {
            (_, None) | ("prepared", Some("prepared")) | ("lent", Some("lent" | "due" | "overdue")) => vec![],
            ("lost", Some("lost")) | ("returned", Some("returned")) | ("withdrawn", Some("withdrawn")) => vec![],
            ("prepared", Some("lent" | "due" | "overdue")) => vec![Step::Lend { device: None }],
            ("prepared", Some("lost")) => vec![Step::Lend { device: None }, Step::Lose],
            ("prepared", Some("returned")) => vec![Step::Lend { device: None }, back()],
            ("prepared", Some("withdrawn")) => vec![Step::Withdraw],
            ("lent", Some("lost")) => vec![Step::Lose],
            ("lent" | "lost", Some("returned")) => vec![back()],
            (state, Some(_)) => return Err(Refusal::Step { state: state.to_owned() }),
        };
        for step in steps {
            changes.step(step);
        }
        Ok(changes.all)
    }
}

/// Changes of one loan, each of the revision that the one before made.
struct Changes {
    loan: String,
    revision: Option<u32>,
    all: Vec<Change>,
}

impl Changes {
    fn new(terms: &LoanTerms, revision: Option<u32>) -> Self {
        Self { loan: terms.number.clone(), revision, all: Vec::new() }
    }

    fn next(&mut self) -> Option<u32> {
        let before = self.revision;
        self.revision = Some(before.map_or(1, |before| before.saturating_add(1)));
        before
    }

    fn terms(&mut self, terms: LoanTerms) {
        let revision = self.next();
        self.all.push(Change::Loan { terms, revision });
    }

    fn step(&mut self, step: Step) {
        let (loan, revision) = (self.loan.clone(), self.next().unwrap_or_default());
        self.all.push(Change::Step { loan, revision, step });
    }
}

/// A day as a spreadsheet writes it: `2026-12-01`, or `2026/12/1`.
fn day(written: &str) -> Option<Date> {
    let mut parts = written.split(['-', '/', '.']);
    let mut part = || parts.next()?.trim().parse::<i16>().ok();
    let (year, month, day) = (part()?, part()?, part()?);
    if parts.next().is_some() {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}
