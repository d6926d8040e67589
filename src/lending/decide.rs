//! The one turn of the ledger: a clerk wants a change, and a row follows from it or a refusal.

use super::device::{Device, DeviceTerms, Health};
use super::loan::{Loan, LoanTerms, State, Step};
use super::{Book, Change, Hand, Problem, Refusal, Row, number};
use crate::meeting::rights::StaffRole;
use crate::model::loan::is_id;
use jiff::civil::Date;

/// Characters of a remark, at most.
const LONGEST_REMARK: usize = 80;
/// Characters of a board or a version, at most.
const LONGEST_TEXT: usize = 40;
/// A loan lasts so many years at most: a longer one is a slip of the finger.
const YEARS: i64 = 3;

/// A refusal on the way to a row, or a book that cannot be read.
enum Stop<T> {
    No(Refusal),
    Trouble(T),
}

impl<T> From<Refusal> for Stop<T> {
    fn from(refusal: Refusal) -> Self {
        Self::No(refusal)
    }
}

/// The row as it is to be kept, or why nothing changes.
///
/// # Errors
/// The book cannot be read.
pub fn decide<B: Book>(book: &B, change: &Change, hand: &Hand) -> Result<Result<Row, Refusal>, B::Trouble> {
    let decided = match change {
        Change::Device { terms, revision } => write_device(book, terms, *revision, hand).map(Row::Device),
        Change::Loan { terms, revision } => write_loan(book, terms, *revision, hand).map(Row::Loan),
        Change::Step { loan, revision, step } => take_step(book, loan, *revision, step, hand).map(Row::Loan),
    };
    match decided {
        Ok(row) => Ok(Ok(row)),
        Err(Stop::No(refusal)) => Ok(Err(refusal)),
        Err(Stop::Trouble(trouble)) => Err(trouble),
    }
}

fn field<T>(field: &'static str, problem: Problem) -> Result<T, Refusal> {
    Err(Refusal::Field { field, problem })
}

fn good_number(written: &str) -> Result<String, Refusal> {
    let number = number(written);
    match number.as_str() {
        "" => field("number", Problem::Missing),
        number if !is_id(number) => field("number", Problem::Number),
        _ => Ok(number),
    }
}

fn good_text(name: &'static str, written: &str, longest: usize) -> Result<String, Refusal> {
    let text = written.trim();
    if text.chars().count() > longest || text.chars().any(char::is_control) {
        return field(name, Problem::Long);
    }
    Ok(text.to_owned())
}

/// The row that a clerk saw, when it is still so. Without a revision there must be none.
fn seen<T>(kept: Option<T>, revision: Option<u32>, of: fn(&T) -> u32, row: fn(T) -> Row) -> Result<Option<T>, Refusal> {
    match (kept, revision) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Refusal::NoSuch),
        (Some(_), None) => Err(Refusal::Exists),
        (Some(kept), Some(revision)) if of(&kept) == revision => Ok(Some(kept)),
        (Some(kept), Some(_)) => Err(Refusal::Stale { newer: Box::new(row(kept)) }),
    }
}

fn write_device<B: Book>(
    book: &B,
    terms: &DeviceTerms,
    revision: Option<u32>,
    hand: &Hand,
) -> Result<Device, Stop<B::Trouble>> {
    if !hand.rights.lends() {
        return Err(Refusal::NotYours.into());
    }
    let number = good_number(&terms.number)?;
    let kept = book.device(&number).map_err(Stop::Trouble)?;
    let kept = seen(kept, revision, |device| device.revision, Row::Device)?;
    let terms = DeviceTerms {
        number,
        board: good_text("board", &terms.board, LONGEST_TEXT)?,
        version: good_text("version", &terms.version, LONGEST_TEXT)?,
        slot: terms.slot,
        last_seen: terms.last_seen,
        health: terms.health,
        remark: good_text("remark", &terms.remark, LONGEST_REMARK)?,
    };
    let before = kept.as_ref().map(|device| &device.terms);
    hand.doubts("number", &terms.number, before.map(|terms| terms.number.as_str()), true)?;
    hand.doubts("board", &terms.board, before.map(|terms| terms.board.as_str()), false)?;
    hand.doubts("remark", &terms.remark, before.map(|terms| terms.remark.as_str()), false)?;
    let was = before.map(|terms| terms.health).unwrap_or_default();
    if terms.health != was && (terms.health == Health::Retired || was == Health::Retired) {
        // What the city owns is no single counter's to write off.
        if !hand.rights.roles.contains(&StaffRole::Admin) {
            return Err(Refusal::NotYours.into());
        }
        if let Some(loan) = book.open_loan_of(&terms.number).map_err(Stop::Trouble)? {
            return Err(Refusal::DeviceTaken { loan }.into());
        }
    }
    let (revision, did) = kept.map_or((1, "device-added"), |kept| (kept.revision + 1, "device-changed"));
    Ok(Device { terms, revision, changed: hand.changed(did) })
}

/// A device that a loan may have: it is there, fit, and free but for this loan.
fn free_device<B: Book>(book: &B, written: &str, loan: &str) -> Result<String, Stop<B::Trouble>> {
    let device = number(written);
    let Some(kept) = book.device(&device).map_err(Stop::Trouble)? else {
        return Ok(field("device", Problem::Device)?);
    };
    if !kept.terms.health.may_be_lent() {
        return Ok(field("device", Problem::Unfit)?);
    }
    match book.open_loan_of(&device).map_err(Stop::Trouble)? {
        Some(other) if other != loan => Err(Refusal::DeviceTaken { loan: other }.into()),
        _ => Ok(device),
    }
}

fn good_days(from: Date, until: Date) -> Result<(), Refusal> {
    if until < from {
        return field("until", Problem::Past);
    }
    let longest = from.checked_add(jiff::Span::new().years(YEARS));
    if longest.is_ok_and(|longest| until > longest) { field("until", Problem::Far) } else { Ok(()) }
}

fn write_loan<B: Book>(
    book: &B,
    terms: &LoanTerms,
    revision: Option<u32>,
    hand: &Hand,
) -> Result<Loan, Stop<B::Trouble>> {
    if !hand.rights.lends() {
        return Err(Refusal::NotYours.into());
    }
    let number = good_number(&terms.number)?;
    let kept = book.loan(&number).map_err(Stop::Trouble)?;
    if kept.as_ref().is_some_and(|kept| revision.is_some() && !kept.is_within(&hand.rights)) {
        return Err(Refusal::NoSuch.into());
    }
    let kept = seen(kept, revision, |loan| loan.revision, Row::Loan)?;
    let before = kept.as_ref().map(|loan| &loan.terms);
    let remark = good_text("remark", &terms.remark, LONGEST_REMARK)?;
    hand.doubts("number", &number, before.map(|terms| terms.number.as_str()), true)?;
    hand.doubts("remark", &remark, before.map(|terms| terms.remark.as_str()), false)?;
    if let Some(kept) = kept.as_ref().filter(|kept| kept.state != State::Prepared) {
        // A family has agreed to the rest.
        let same = LoanTerms { number, remark: kept.terms.remark.clone(), ..terms.clone() } == kept.terms;
        if !kept.state.is_open() || !same {
            return Err(Refusal::Step { state: kept.state.word().to_owned() }.into());
        }
        let terms = LoanTerms { remark, ..kept.terms.clone() };
        let (state, revision) = (kept.state.clone(), kept.revision + 1);
        return Ok(Loan { terms, state, revision, changed: hand.changed("loan-changed") });
    }
    good_days(terms.from, terms.until)?;
    if terms.counters.is_empty() {
        return Ok(field("counters", Problem::Missing)?);
    }
    for counter in &terms.counters {
        // Another counter's loan may have been kept with more counters than the account's own.
        let was_there = before.is_some_and(|before| before.counters.contains(counter));
        if !(was_there || hand.rights.lends_at(counter)) || !book.has_counter(counter).map_err(Stop::Trouble)? {
            return Ok(field("counters", Problem::Counter)?);
        }
    }
    let kept_out = before.map(|before| before.counters.as_slice()).unwrap_or_default();
    if kept_out.iter().any(|counter| !terms.counters.contains(counter) && !hand.rights.lends_at(counter)) {
        return Ok(field("counters", Problem::Counter)?);
    }
    if terms.languages.is_empty() {
        return Ok(field("languages", Problem::Missing)?);
    }
    let device = match terms.device.as_deref().map(str::trim).filter(|device| !device.is_empty()) {
        Some(device) => Some(free_device(book, device, &number)?),
        None => None,
    };
    let terms = LoanTerms { number, device, remark, ..terms.clone() };
    let (revision, did) = kept.map_or((1, "loan-added"), |kept| (kept.revision + 1, "loan-changed"));
    Ok(Loan { terms, state: State::Prepared, revision, changed: hand.changed(did) })
}

fn take_step<B: Book>(book: &B, loan: &str, revision: u32, step: &Step, hand: &Hand) -> Result<Loan, Stop<B::Trouble>> {
    let kept = book.loan(&number(loan)).map_err(Stop::Trouble)?.filter(|loan| loan.is_within(&hand.rights));
    let Some(kept) = seen(kept, Some(revision), |loan| loan.revision, Row::Loan)? else {
        return Err(Refusal::NoSuch.into());
    };
    if !step.leads_from(&kept.state) {
        return Err(Refusal::Step { state: kept.state.word().to_owned() }.into());
    }
    let Loan { mut terms, mut state, .. } = kept;
    match step {
        Step::Lend { device } => {
            if terms.until < hand.today {
                return Ok(field("until", Problem::Past)?);
            }
            let named = device.as_deref().map(number).filter(|device| !device.is_empty());
            let device = match (terms.device.take(), named) {
                (None, None) => return Ok(field("device", Problem::Missing)?),
                (Some(agreed), Some(named)) if agreed != named => return Ok(field("device", Problem::Fixed)?),
                (Some(device), _) | (None, Some(device)) => device,
            };
            terms.device = Some(free_device(book, &device, &terms.number)?);
            state = State::Lent;
        }
        Step::Extend { until } => {
            if *until <= terms.until || *until < hand.today {
                return Ok(field("until", Problem::Past)?);
            }
            good_days(hand.today.max(terms.from), *until)?;
            terms.until = *until;
        }
        Step::Lose => state = State::Lost,
        Step::Return { receipt } => {
            let receipt = receipt.as_deref().map(number).filter(|receipt| !receipt.is_empty());
            if receipt.as_deref().is_some_and(|receipt| !is_id(receipt)) {
                return Ok(field("receipt", Problem::Number)?);
            }
            hand.doubts("receipt", receipt.as_deref().unwrap_or_default(), None, true)?;
            state = State::Returned { on: hand.today, receipt };
        }
        Step::Withdraw => state = State::Withdrawn,
    }
    Ok(Loan { terms, state, revision: revision + 1, changed: hand.changed(step.word()) })
}
