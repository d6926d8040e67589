//! The ledger to and from a spreadsheet.

use super::http::Desk;
use super::ledger::{Asked, told, trouble};
use crate::lending::table::{self, Terms};
use crate::lending::{Hand, csv};
use crate::meeting::rights::Rights;
use crate::model::language::Language;
use crate::room::store::{DeviceFilter, LoanFilter, Outcome, StoreError, Table};
use crate::words::Catalog;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A table is at most so long, in bytes: 10,000 loans with remarks.
pub(in crate::room) const LONGEST: usize = 4 << 20;
/// The page is told so many lines of those that change something, and of those that are refused.
const TOLD: usize = 200;

/// Words of the pages, those of `language` before the others.
fn words(language: Language) -> Vec<BTreeMap<String, String>> {
    let others = Language::ALL.into_iter().filter(|other| *other != language);
    std::iter::once(language).chain(others).map(|language| Catalog::embedded().of_the_pages(language)).collect()
}

/// `GET /ledger/loans.csv`.
pub(in crate::room) async fn loans(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(asked): Query<Asked<LoanFilter>>,
) -> Response {
    file(desk, &headers, "loans", move |desk, rights| {
        let (words, today) = (words(asked.language), desk.today());
        let (loans, _) = desk.store.loans(&asked.whole(), rights, today)?;
        let terms = Terms(&words);
        let rows = loans.iter().map(|loan| table::loan_row(loan, today, &terms));
        Ok(csv::write(std::iter::once(table::head(&table::LOAN, &terms)).chain(rows)))
    })
    .await
}

/// `GET /ledger/devices.csv`.
pub(in crate::room) async fn devices(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(asked): Query<Asked<DeviceFilter>>,
) -> Response {
    file(desk, &headers, "devices", move |desk, _| {
        let words = words(asked.language);
        let (devices, _) = desk.store.devices(&asked.whole())?;
        let terms = Terms(&words);
        let rows = devices.iter().map(|listed| table::device_row(&listed.device, &terms));
        Ok(csv::write(std::iter::once(table::head(&table::DEVICE, &terms)).chain(rows)))
    })
    .await
}

async fn file(
    desk: Desk,
    headers: &HeaderMap,
    which: &str,
    write: impl FnOnce(&Desk, &Rights) -> Result<String, StoreError> + Send + 'static,
) -> Response {
    let session = match desk.lender(headers).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    let today = desk.today();
    match tokio::task::spawn_blocking(move || write(&desk, &session.rights)).await {
        Ok(Ok(text)) => {
            let name = format!("attachment; filename=\"{which}-{today}.csv\"");
            let kind = "text/csv; charset=utf-8".to_owned();
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text).into_response()
        }
        failed => trouble(failed.map(|written| written.map(|_| ()))),
    }
}

/// What is read in, and how.
#[derive(Deserialize)]
pub(in crate::room) struct Reading {
    table: Table,
    /// What the dry run gave; without it, this is one.
    plan: Option<String>,
    #[serde(default)]
    confirmed: bool,
}

/// What the table does, or did.
#[derive(Serialize)]
struct Answer {
    applied: bool,
    plan: String,
    same: usize,
    done: usize,
    refused: usize,
    /// Lines that are refused, then lines that change something; at most [`TOLD`] of each.
    lines: Vec<crate::room::store::Line>,
}

/// `POST /api/ledger/table`: a dry run says what would change; with its plan it is done, all of it or nothing.
pub(in crate::room) async fn read(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(Reading { table, plan, confirmed }): Query<Reading>,
    body: Bytes,
) -> Response {
    let session = match desk.lender(&headers).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    let (store, hand): (_, Hand) = (desk.store.clone(), desk.hand(session, confirmed));
    let read = tokio::task::spawn_blocking(move || {
        let words = words(Language::default());
        store.import_ledger(table, &decoded(&body), &hand, &Terms(&words), plan.as_deref())
    });
    let imported = match read.await {
        Ok(Ok(Some(imported))) => imported,
        Ok(Ok(None)) => return StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        failed => return trouble(failed.map(|read| read.map(|_| ()))),
    };
    for written in &imported.written {
        told("ledger-table", written);
    }
    let count = |is: fn(&Outcome) -> bool| imported.lines.iter().filter(|line| is(&line.outcome)).count();
    let refused = |outcome: &Outcome| matches!(outcome, Outcome::Refused { .. });
    let done = |outcome: &Outcome| matches!(outcome, Outcome::Done { .. });
    let (same, all_done, all_refused) = (count(|outcome| *outcome == Outcome::Same), count(done), count(refused));
    let some = |is: fn(&Outcome) -> bool| imported.lines.iter().filter(move |line| is(&line.outcome)).take(TOLD);
    let lines = some(refused).chain(some(done)).cloned().collect();
    let (applied, plan) = (imported.applied, imported.plan.clone());
    Json(Answer { applied, plan, same, done: all_done, refused: all_refused, lines }).into_response()
}

/// A table as Excel saves it: UTF-8, or in Japan Shift_JIS.
fn decoded(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::SHIFT_JIS.decode(bytes).0.into_owned(),
    }
}
