//! The second step of a sign-in: the code of an app, or one from paper, after a right password.

use super::assets;
use super::cookies::{Cookie, cookie, set_cookie};
use super::http::{Address, Desk, plain};
use super::sign_in::{NotIn, SIGNED_IN_FOR, end_earlier};
use crate::meeting::limits::{Bucket, Failures, network_of};
use crate::model::secret::Secret;
use crate::room::key::{self, KeyHash};
use crate::room::second_factor::{Policy, recovery_hash};
use crate::room::shell::journal::Entry;
use crate::room::store::{NewSession, Shown, StoreError};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::PoisonError;

/// Whoever showed a right password holds a token for this.
#[derive(Clone)]
pub(in crate::room) struct Ticket {
    pub(in crate::room) name: String,
    /// The hash that the password fitted: a ticket is worth nothing once the account has another one.
    pub(in crate::room) password: String,
    /// The clerk has no second factor yet, and is to enrol.
    pub(in crate::room) enrols: bool,
}

/// Codes of one account, from wherever: ten at once, then one each five minutes. Whoever knows a password guesses a code of six
/// digits within a thousand days or so, by whatever number of addresses.
pub(in crate::room) fn limits() -> Failures<KeyHash> {
    Failures::new(Bucket::new(10, 300_000), Bucket::new(1_000, 1_000))
}

/// What the form sends: one of the two. It has no `Debug`.
#[derive(Deserialize)]
pub(in crate::room) struct Entered {
    #[serde(default)]
    code: String,
    #[serde(default)]
    recovery: String,
}

enum Outcome {
    In(Secret),
    /// It is none, or was used already.
    Wrong,
    /// Too many tries: so many seconds are to be waited.
    Wait(u32),
    /// No password was shown, or too long ago.
    Late,
    Trouble,
}

/// `GET /sign-in/code`.
pub(in crate::room) async fn page(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    match desk.ticket(&headers) {
        Some((_, ticket)) if !ticket.enrols => assets::page("code.html"),
        _ => Redirect::to("/sign-in?late=1").into_response(),
    }
}

/// `POST /sign-in/code`.
pub(in crate::room) async fn sign_in(
    State(desk): State<Desk>,
    Address(from): Address,
    headers: HeaderMap,
    Form(entered): Form<Entered>,
) -> Response {
    match try_code(&desk, from, &headers, entered).await {
        Outcome::In(token) => {
            let mut response = Redirect::to("/staff").into_response();
            set_cookie(&desk, &mut response, Cookie::Session, token.expose(), SIGNED_IN_FOR.as_secs());
            set_cookie(&desk, &mut response, Cookie::Ticket, "", 0);
            response
        }
        Outcome::Wrong => Redirect::to("/sign-in/code?wrong=1").into_response(),
        Outcome::Wait(wait) => Redirect::to(&format!("/sign-in/code?wait={wait}")).into_response(),
        Outcome::Late => Redirect::to("/sign-in?late=1").into_response(),
        Outcome::Trouble => plain(StatusCode::INTERNAL_SERVER_ERROR, TROUBLE),
    }
}

/// `POST /api/sign-in/code`: the same from within the staff page.
pub(in crate::room) async fn sign_in_again(
    State(desk): State<Desk>,
    Address(from): Address,
    headers: HeaderMap,
    Form(entered): Form<Entered>,
) -> Response {
    match try_code(&desk, from, &headers, entered).await {
        Outcome::In(token) => {
            end_earlier(&desk, &headers);
            let mut response = StatusCode::NO_CONTENT.into_response();
            set_cookie(&desk, &mut response, Cookie::Session, token.expose(), SIGNED_IN_FOR.as_secs());
            set_cookie(&desk, &mut response, Cookie::Ticket, "", 0);
            response
        }
        Outcome::Wrong => (StatusCode::FORBIDDEN, Json(NotIn { wait_seconds: None })).into_response(),
        Outcome::Wait(wait) => {
            (StatusCode::TOO_MANY_REQUESTS, Json(NotIn { wait_seconds: Some(wait) })).into_response()
        }
        Outcome::Late => plain(StatusCode::GONE, "Enter the password again."),
        Outcome::Trouble => plain(StatusCode::INTERNAL_SERVER_ERROR, TROUBLE),
    }
}

const TROUBLE: &str = "The room server cannot check the code; see its log.";

async fn try_code(desk: &Desk, from: IpAddr, headers: &HeaderMap, entered: Entered) -> Outcome {
    let Some((held, ticket)) = desk.ticket(headers).filter(|(_, ticket)| !ticket.enrols) else { return Outcome::Late };
    let (name, account) = (ticket.name.clone(), KeyHash::of(&ticket.name));
    let tried = (network_of(from), account);
    // Counted before it is looked at, and with the tries of passwords.
    if let Err(wait) = desk.charge_try(tried) {
        return Outcome::Wait(wait);
    }
    if let Err(wait) = desk.failed_codes.lock().unwrap_or_else(PoisonError::into_inner).charge((desk.steady)(), account)
    {
        desk.give_try_back(&tried);
        return Outcome::Wait(wait);
    }
    let (looks, now) = (desk.clone(), desk.now());
    let worked = tokio::task::spawn_blocking(move || look(&looks, &ticket, entered, now)).await;
    let tell = |action| {
        let entry = Entry::Audit { at: now, staff: name.clone(), action, appointment: None };
        desk.hub.journal().keep(entry);
    };
    if !matches!(worked, Ok(Ok(Looked::Wrong))) {
        desk.give_try_back(&tried);
        desk.failed_codes.lock().unwrap_or_else(PoisonError::into_inner).give_back(&account);
    }
    match worked {
        Ok(Ok(Looked::In(token, how))) => {
            desk.tickets.lock().unwrap_or_else(PoisonError::into_inner).remove(&held);
            desk.metrics.signed_in(true);
            tell(how);
            tell("signed-in");
            Outcome::In(token)
        }
        Ok(Ok(Looked::Wrong)) => {
            desk.metrics.signed_in(false);
            tell("second-factor-refused");
            let mut tries = desk.failed_codes.lock().unwrap_or_else(PoisonError::into_inner);
            if tries.newly_held_off((desk.steady)(), &account) {
                // Once: those that are held off from now on are no news.
                tell("sign-ins-held-off");
            }
            Outcome::Wrong
        }
        Ok(Ok(Looked::Reset)) => Outcome::Late,
        Ok(Err(error)) => {
            tracing::error!(%error, "a code could not be checked");
            Outcome::Trouble
        }
        Err(_) => Outcome::Trouble,
    }
}

/// What a look at a code found.
enum Looked {
    /// The session's token, and the word for the trail.
    In(Secret, &'static str),
    Wrong,
    /// The account has no second factor any more.
    Reset,
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the second factor of {0} was kept with another key, or is damaged; put the earlier second-factor-key back, or run \
         \"madoguchi-room staff reset-factor\" for them"
    )]
    OtherKey(String),
    #[error("the operating system gives no random bytes, or the clock is out of range")]
    Random,
}

fn look(desk: &Desk, ticket: &Ticket, entered: Entered, now: jiff::Timestamp) -> Result<Looked, Trouble> {
    let Entered { code, recovery } = entered;
    let [code, recovery] = [code, recovery].map(Secret::new);
    let (Policy::On { sealing, .. }, Some(factor)) = (&*desk.policy, desk.store.factor(&ticket.name)?) else {
        return Ok(Looked::Reset);
    };
    let (shown, how) = if recovery.expose().trim().is_empty() {
        let seed = sealing.open(&factor.sealed, &ticket.name);
        let seed = seed.ok_or_else(|| Trouble::OtherKey(ticket.name.clone()))?;
        let Some(step) = seed.step_of(code.expose(), now, factor.last_step) else { return Ok(Looked::Wrong) };
        (Shown::Step(step), "second-factor-used")
    } else {
        (Shown::Recovery(recovery_hash(recovery.expose())), "recovery-code-used")
    };
    let token = key::draw(key::KEY_LETTERS).map_err(|_| Trouble::Random)?;
    let until = now.checked_add(SIGNED_IN_FOR).map_err(|_| Trouble::Random)?;
    let session = NewSession { token: KeyHash::of(token.expose()), password: &ticket.password, until };
    let kept = desk.store.add_session_with(&ticket.name, shown, &session)?;
    Ok(if kept { Looked::In(token, how) } else { Looked::Wrong })
}

impl Desk {
    /// The ticket that a request carries, and its token's hash.
    pub(in crate::room) fn ticket(&self, headers: &HeaderMap) -> Option<(KeyHash, Ticket)> {
        let token = KeyHash::of(cookie(self, headers, Cookie::Ticket)?.expose());
        let ticket = self.tickets.lock().unwrap_or_else(PoisonError::into_inner).get((self.steady)(), &token)?;
        Some((token, ticket))
    }
}
