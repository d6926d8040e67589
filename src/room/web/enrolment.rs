//! Staff enrol their second factor: a secret for the app, a code that proves that it arrived, and codes for a printer.

use super::assets;
use super::cookies::{Cookie, session_token, set_cookie};
use super::http::{Address, Desk};
use super::second_step::Ticket;
use super::sign_in::SIGNED_IN_FOR;
use crate::meeting::limits::network_of;
use crate::model::language::Language;
use crate::model::secret::{Secret, on_the_wire};
use crate::room::key::{self, KeyHash};
use crate::room::second_factor::{Policy, Seed, draw_recovery_codes, recovery_hash};
use crate::room::shell::journal::Entry;
use crate::room::store::{Factor, NewSession, Staying, StoreError};
use crate::sheet::drawn_code;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::PoisonError;

/// Who enrols: somebody who is signed in, or who showed a right password and must.
#[derive(Clone)]
struct Who {
    name: String,
    /// Of the sign-in, or of the ticket.
    token: KeyHash,
    ticket: Option<Ticket>,
}

/// What the page begins with.
#[derive(Serialize)]
struct Begun {
    staff: String,
    /// There is one already: nothing is shown.
    enrolled: bool,
    /// Base32 in groups of four, for whoever types it.
    #[serde(serialize_with = "optional")]
    secret: Option<Secret>,
    code: Option<Drawn>,
}

/// The QR code of an `otpauth:` address: dark modules as an SVG path in a square of so many units.
#[derive(Serialize)]
struct Drawn {
    side: usize,
    #[serde(with = "on_the_wire")]
    path: Secret,
}

fn optional<S: serde::Serializer>(secret: &Option<Secret>, to: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(to)
}

/// The codes for the printer: this answer is the only place where they are ever seen.
#[derive(Serialize)]
struct Enrolled<'a> {
    codes: Vec<&'a str>,
}

/// What the form sends. It has no `Debug`.
#[derive(Deserialize)]
pub(in crate::room) struct Entered {
    code: String,
}

/// Why nothing was done: a word that the page says in the clerk's language.
#[derive(Serialize)]
struct Refused {
    why: &'static str,
    /// For `wait`: seconds.
    seconds: Option<u32>,
}

impl Refused {
    fn answer(status: StatusCode, why: &'static str) -> Response {
        (status, Json(Self { why, seconds: None })).into_response()
    }

    fn server() -> Response {
        Self::answer(StatusCode::INTERNAL_SERVER_ERROR, "server")
    }

    fn late() -> Response {
        Self::answer(StatusCode::UNAUTHORIZED, "late")
    }
}

/// `GET /second-factor`.
pub(in crate::room) async fn page(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    match (&*desk.policy, who(&desk, &headers).await) {
        (Policy::Off, _) => Redirect::to("/staff").into_response(),
        (_, Some(_)) => assets::page("second-factor.html"),
        (_, None) => Redirect::to("/sign-in").into_response(),
    }
}

async fn who(desk: &Desk, headers: &HeaderMap) -> Option<Who> {
    if let (Some(name), Some(token)) = (desk.signed_in(headers).await, session_token(desk, headers)) {
        return Some(Who { name, token, ticket: None });
    }
    let (token, ticket) = desk.ticket(headers).filter(|(_, ticket)| ticket.enrols)?;
    Some(Who { name: ticket.name.clone(), token, ticket: Some(ticket) })
}

/// `POST /second-factor/secret`: draws one, or gives the one that this browser was given a moment ago.
pub(in crate::room) async fn begin(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let Some(Who { name, token, .. }) = who(&desk, &headers).await else { return Refused::late() };
    if matches!(*desk.policy, Policy::Off) {
        return Refused::late();
    }
    let (store, whose) = (desk.store.clone(), name.clone());
    let enrolled = match tokio::task::spawn_blocking(move || store.factor(&whose)).await {
        Ok(Ok(factor)) => factor.is_some(),
        _ => return Refused::server(),
    };
    if enrolled {
        return Json(Begun { staff: name, enrolled, secret: None, code: None }).into_response();
    }
    let now = (desk.steady)();
    let mut seeds = desk.seeds.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = match seeds.get(now, &token) {
        Some(seed) => seed,
        None => {
            let Some(seed) = Seed::draw() else { return Refused::server() };
            seeds.put(now, token, seed.clone());
            seed
        }
    };
    drop(seeds);
    let city = match desk.city.get(Language::default()) {
        "" => assets::said(Language::default(), "brand"),
        city => city.to_owned(),
    };
    let drawn = seed.address(&city, &name).and_then(|address| drawn_code(address.expose()).ok());
    let Some((side, path)) = drawn else { return Refused::server() };
    let code = Some(Drawn { side, path: Secret::new(path) });
    Json(Begun { staff: name, enrolled, secret: Some(seed.grouped()), code }).into_response()
}

/// `POST /second-factor`: a right code makes it the account's. Its other sign-ins have ended then; who enrolled because it is
/// required is signed in.
pub(in crate::room) async fn enrol(
    State(desk): State<Desk>,
    Address(from): Address,
    headers: HeaderMap,
    Form(entered): Form<Entered>,
) -> Response {
    let Some(who) = who(&desk, &headers).await else { return Refused::late() };
    let seed = desk.seeds.lock().unwrap_or_else(PoisonError::into_inner).get((desk.steady)(), &who.token);
    let Some(seed) = seed else { return Refused::late() };
    let tried = (network_of(from), KeyHash::of(&who.name));
    if let Err(seconds) = desk.charge_try(tried) {
        let refused = Refused { why: "wait", seconds: Some(seconds) };
        return (StatusCode::TOO_MANY_REQUESTS, Json(refused)).into_response();
    }
    let (now, code) = (desk.now(), Secret::new(entered.code));
    let Some(last_step) = seed.step_of(code.expose(), now, i64::MIN) else {
        return Refused::answer(StatusCode::UNPROCESSABLE_ENTITY, "wrong");
    };
    desk.give_try_back(&tried);
    let (does, whose) = (desk.clone(), who.clone());
    let done = tokio::task::spawn_blocking(move || keep(&does, &whose, &seed, last_step, now)).await;
    match done {
        Ok(Ok(Some((codes, token)))) => {
            desk.seeds.lock().unwrap_or_else(PoisonError::into_inner).remove(&who.token);
            let tell = |action| {
                let staff = who.name.clone();
                desk.hub.journal().keep(Entry::Audit { at: now, staff, action, appointment: None });
            };
            tell("second-factor-enrolled");
            let mut response = Json(Enrolled { codes: codes.iter().map(Secret::expose).collect() }).into_response();
            if let Some(token) = token {
                desk.tickets.lock().unwrap_or_else(PoisonError::into_inner).remove(&who.token);
                desk.metrics.signed_in(true);
                tell("signed-in");
                set_cookie(&desk, &mut response, Cookie::Session, token.expose(), SIGNED_IN_FOR.as_secs());
                set_cookie(&desk, &mut response, Cookie::Ticket, "", 0);
            }
            response
        }
        Ok(Ok(None)) => Refused::late(),
        Ok(Err(error)) => {
            tracing::error!(%error, "a second factor was not kept");
            Refused::server()
        }
        Err(_) => Refused::server(),
    }
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the operating system gives no random bytes, or the clock is out of range")]
    Random,
}

/// The codes for the printer, and the token of a new sign-in. `None`: the account has changed meanwhile.
type Kept = Option<(Vec<Secret>, Option<Secret>)>;

fn keep(desk: &Desk, who: &Who, seed: &Seed, last_step: i64, now: Timestamp) -> Result<Kept, Trouble> {
    let Policy::On { sealing, .. } = &*desk.policy else { return Ok(None) };
    let codes = draw_recovery_codes().ok_or(Trouble::Random)?;
    let hashes: Vec<_> = codes.iter().map(|code| recovery_hash(code.expose())).collect();
    let factor = Factor { sealed: sealing.seal(seed, &who.name).ok_or(Trouble::Random)?, last_step };
    let Some(ticket) = &who.ticket else {
        let kept = desk.store.enrol(&who.name, &factor, &hashes, Staying::This(who.token))?;
        return Ok(kept.then_some((codes, None)));
    };
    let token = key::draw(key::KEY_LETTERS).map_err(|_| Trouble::Random)?;
    let until = now.checked_add(SIGNED_IN_FOR).map_err(|_| Trouble::Random)?;
    let session = NewSession { token: KeyHash::of(token.expose()), password: &ticket.password, until };
    let kept = desk.store.enrol(&who.name, &factor, &hashes, Staying::New(session))?;
    Ok(kept.then_some((codes, Some(token))))
}
