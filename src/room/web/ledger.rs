//! The ledger of devices and loans as its page asks for it and changes it.

use super::assets;
use super::desk_api::not_signed_in;
use super::http::{Desk, plain};
use crate::lending::device::Health;
use crate::lending::loan::{Loan, Standing};
use crate::lending::{Change, Hand, Refusal, Row};
use crate::meeting::appointment::Counter;
use crate::meeting::rights::{Rights, StaffRole};
use crate::model::language::Language;
use crate::room::store::{DeviceFilter, DeviceListed, LoanFilter, Session, StoreError, Wanted, Written};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Rows on a page: a screen's worth, and some.
const ROWS: u32 = 50;

/// What the page asks for.
#[derive(Deserialize)]
pub(in crate::room) struct Asked<F> {
    #[serde(default)]
    find: String,
    #[serde(default)]
    filter: F,
    #[serde(default)]
    page: u32,
    /// In which the clerk reads.
    #[serde(default)]
    pub(super) language: Language,
}

impl<F> Asked<F> {
    /// One page of what is asked for.
    fn paged(self) -> Wanted<F> {
        Wanted { find: self.find, filter: self.filter, page: Some((self.page.min(u32::MAX / ROWS), ROWS)) }
    }

    /// All of it.
    pub(super) fn whole(self) -> Wanted<F> {
        Wanted { find: self.find, filter: self.filter, page: None }
    }
}

/// What the page knows beside its rows.
#[derive(Serialize)]
struct About {
    staff: String,
    may_enrol: bool,
    signed_in_until: Timestamp,
    server_time: Timestamp,
    time_zone: String,
    today: Date,
    /// The account may take devices out of use.
    admin: bool,
    /// Counters at which the account lends.
    counters: Vec<Counter>,
    healths: Vec<&'static str>,
    languages: Vec<Language>,
    /// So many loans are to be back today, or were before.
    due: u32,
    /// So many rows there are on all pages.
    count: u32,
    rows_of_page: u32,
}

#[derive(Serialize)]
struct Listed<R> {
    #[serde(flatten)]
    about: About,
    rows: Vec<R>,
}

/// A loan in the list.
#[derive(Serialize)]
struct LoanListed {
    #[serde(flatten)]
    loan: Loan,
    standing: Standing,
    /// What may follow.
    steps: &'static [&'static str],
}

impl Desk {
    /// The day at the counter.
    pub(super) fn today(&self) -> Date {
        self.now().to_zoned(self.time_zone.clone()).date()
    }

    /// The account's session when it may open the ledger; else the answer.
    pub(super) async fn lender(&self, headers: &HeaderMap) -> Result<Session, Response> {
        match self.session(headers).await {
            Some(session) if session.rights.lends() => Ok(session),
            Some(_) => Err(plain(StatusCode::FORBIDDEN, "This account does not lend devices.")),
            None => Err(not_signed_in()),
        }
    }

    /// Who changes something now.
    pub(super) fn hand(&self, session: Session, confirmed: bool) -> Hand {
        let Session { staff, rights, .. } = session;
        Hand { staff, rights, today: self.today(), at: self.now(), confirmed }
    }
}

/// `GET /loans`.
pub(in crate::room) async fn page(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    match desk.session(&headers).await {
        Some(session) if session.rights.lends() => assets::page("loans.html"),
        Some(_) => Redirect::to("/staff").into_response(),
        None => Redirect::to("/sign-in").into_response(),
    }
}

/// What is read from the store for both lists.
struct Beside {
    counters: Vec<Counter>,
    due: u32,
}

impl Beside {
    fn read(desk: &Desk, rights: &Rights) -> Result<Self, StoreError> {
        let due = Wanted { filter: LoanFilter::Due, page: Some((0, 0)), ..Wanted::default() };
        let counters = desk.store.counters()?.into_iter().filter(|counter| rights.lends_at(&counter.id)).collect();
        Ok(Self { counters, due: desk.store.loans(&due, rights, desk.today())?.1 })
    }

    fn about(self, desk: &Desk, session: Session, count: u32) -> About {
        let admin = session.rights.roles.contains(&StaffRole::Admin);
        let healths = Health::ALL.into_iter().filter(|health| admin || *health != Health::Retired);
        About {
            staff: session.staff,
            may_enrol: desk.policy.offers() && !session.enrolled,
            signed_in_until: session.until,
            server_time: desk.now(),
            time_zone: desk.time_zone.iana_name().unwrap_or("Asia/Tokyo").to_owned(),
            today: desk.today(),
            admin,
            counters: self.counters,
            healths: healths.map(Health::word).collect(),
            languages: Language::ALL.to_vec(),
            due: self.due,
            count,
            rows_of_page: ROWS,
        }
    }
}

/// `GET /api/ledger/loans`.
pub(in crate::room) async fn loans(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(asked): Query<Asked<LoanFilter>>,
) -> Response {
    listed(desk, &headers, move |desk, rights| {
        let today = desk.today();
        let (loans, count) = desk.store.loans(&asked.paged(), rights, today)?;
        let row = |loan: Loan| LoanListed { standing: loan.standing(today), steps: loan.state.steps(), loan };
        Ok((loans.into_iter().map(row).collect::<Vec<_>>(), count))
    })
    .await
}

/// `GET /api/ledger/devices`.
pub(in crate::room) async fn devices(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(asked): Query<Asked<DeviceFilter>>,
) -> Response {
    let read = move |desk: &Desk, _: &Rights| desk.store.devices(&asked.paged());
    listed::<DeviceListed>(desk, &headers, read).await
}

async fn listed<R: Serialize + Send + 'static>(
    desk: Desk,
    headers: &HeaderMap,
    read: impl FnOnce(&Desk, &Rights) -> Result<(Vec<R>, u32), StoreError> + Send + 'static,
) -> Response {
    let session = match desk.lender(headers).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    let (asked, rights) = (desk.clone(), session.rights.clone());
    let read = move || Ok((read(&asked, &rights)?, Beside::read(&asked, &rights)?));
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(((rows, count), beside))) => {
            Json(Listed { about: beside.about(&desk, session, count), rows }).into_response()
        }
        failed => trouble(failed.map(|read| read.map(|_| ()))),
    }
}

/// The store could not be used.
pub(super) fn trouble(failed: Result<Result<(), StoreError>, tokio::task::JoinError>) -> Response {
    if let Ok(Err(error)) = failed {
        tracing::error!(%error, "the ledger could not be used");
    }
    plain(StatusCode::INTERNAL_SERVER_ERROR, "The room server cannot use its database; see its log.")
}

/// Kept where nobody at the database gets, as every line of the trail.
pub(super) fn told(action: &str, Written { number, hash }: &Written) {
    tracing::info!(line = number, %action, %hash, "audit trail");
}

/// What the page sends.
#[derive(Deserialize)]
pub(in crate::room) struct Wish {
    #[serde(flatten)]
    change: Change,
    /// The clerk was asked about what looks like a person.
    #[serde(default)]
    confirmed: bool,
}

/// `POST /api/ledger`: the row as it is now, or why nothing changed.
pub(in crate::room) async fn change(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Json(Wish { change, confirmed }): Json<Wish>,
) -> Response {
    let session = match desk.lender(&headers).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    let (store, hand) = (desk.store.clone(), desk.hand(session, confirmed));
    let made = tokio::task::spawn_blocking(move || store.change_ledger(&change, &hand));
    match made.await {
        Ok(Ok(Ok((row, written)))) => {
            told(&row.changed().did, &written);
            Json::<Row>(row).into_response()
        }
        Ok(Ok(Err(refusal))) => {
            let status = match refusal {
                Refusal::Stale { .. } => StatusCode::CONFLICT,
                Refusal::NoSuch => StatusCode::NOT_FOUND,
                Refusal::NotYours => StatusCode::FORBIDDEN,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            (status, Json(refusal)).into_response()
        }
        failed => trouble(failed.map(|made| made.map(|_| ()))),
    }
}
