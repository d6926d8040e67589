//! Staff change their own password: the old one first, then the new one twice.

use super::assets;
use super::cookies::session_token;
use super::http::{Address, Desk};
use super::sign_in::{PasswordError, hash_password, is_right};
use crate::meeting::limits::network_of;
use crate::model::secret::Secret;
use crate::password::{normal, sound};
use crate::room::key::KeyHash;
use crate::room::shell::journal::Entry;
use crate::room::store::StoreError;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use serde::{Deserialize, Serialize};

/// What the form sends. It has no `Debug`: three passwords are in it.
#[derive(Deserialize)]
pub(in crate::room) struct Entered {
    old: String,
    new: String,
    again: String,
}

/// Why nothing was changed: a field of the form, and a word that the page says in the clerk's language.
#[derive(Serialize)]
struct Refused {
    field: Option<&'static str>,
    why: &'static str,
    /// For `wait`: seconds.
    seconds: Option<u32>,
}

impl Refused {
    fn answer(field: impl Into<Option<&'static str>>, why: &'static str) -> Response {
        Self { field: field.into(), why, seconds: None }.with(StatusCode::UNPROCESSABLE_ENTITY)
    }

    fn with(self, status: StatusCode) -> Response {
        (status, Json(self)).into_response()
    }

    fn server() -> Response {
        Self { field: None, why: "server", seconds: None }.with(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// What came of a try.
enum Outcome {
    Changed,
    Wrong,
    /// The account was removed or given another password meanwhile.
    Elsewhere,
}

/// `GET /password`.
pub(in crate::room) async fn page(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    match desk.signed_in(&headers).await {
        Some(_) => assets::page("password.html"),
        None => Redirect::to("/sign-in").into_response(),
    }
}

/// `POST /password`: 204 when it was changed. The account's other sign-ins have ended then; this one stays.
pub(in crate::room) async fn change(
    State(desk): State<Desk>,
    Address(from): Address,
    headers: HeaderMap,
    Form(entered): Form<Entered>,
) -> Response {
    let (Some(staff), Some(token)) = (desk.signed_in(&headers).await, session_token(&desk, &headers)) else {
        let refused = Refused { field: None, why: "signed-out", seconds: None };
        return refused.with(StatusCode::UNAUTHORIZED);
    };
    let [old, new, again] = [entered.old, entered.new, entered.again].map(Secret::new);
    if let Err(weak) = sound(&new, &staff) {
        return Refused::answer("new", weak.name());
    }
    let one_form = |password: &Secret| Secret::new(normal(password.expose()));
    if one_form(&new) != one_form(&again) {
        return Refused::answer("again", "differs");
    }
    if one_form(&new) == one_form(&old) {
        return Refused::answer("new", "same");
    }
    // Counted with the tries to sign in: whoever found a browser open does not guess on here.
    let tried = (network_of(from), KeyHash::of(&staff));
    if let Err(seconds) = desk.charge_try(tried) {
        let refused = Refused { field: Some("old"), why: "wait", seconds: Some(seconds) };
        return refused.with(StatusCode::TOO_MANY_REQUESTS);
    }
    let Some(turn) = desk.hashing.turn(tried.0).await else {
        desk.give_try_back(&tried);
        return Refused { field: None, why: "busy", seconds: None }.with(StatusCode::SERVICE_UNAVAILABLE);
    };
    let (store, name) = (desk.store.clone(), staff.clone());
    let worked = tokio::task::spawn_blocking(move || {
        // Whoever hangs up has asked for the work all the same.
        let _turn = turn;
        let Some(known) = store.staff_password(&name)? else { return Ok(Outcome::Elsewhere) };
        if !is_right(&old, Some(&known)) {
            return Ok(Outcome::Wrong);
        }
        let hash = hash_password(&name, &new)?;
        Ok::<_, Trouble>(match store.change_password(&name, (&known, &hash), token)? {
            true => Outcome::Changed,
            false => Outcome::Elsewhere,
        })
    });
    let tell = |action| {
        desk.hub.journal().keep(Entry::Audit { at: desk.now(), staff: staff.clone(), action, appointment: None });
    };
    let worked = worked.await.unwrap_or(Err(Trouble::CutShort));
    if !matches!(worked, Ok(Outcome::Wrong)) {
        desk.give_try_back(&tried);
    }
    match worked {
        Ok(Outcome::Changed) => {
            tell("password-changed");
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(Outcome::Wrong) => {
            tell("password-change-failed");
            Refused::answer("old", "wrong")
        }
        Ok(Outcome::Elsewhere) => Refused::answer(None, "elsewhere"),
        Err(error) => {
            tracing::error!(%error, "a password was not changed");
            Refused::server()
        }
    }
}

/// Why a try came to nothing through no fault of the clerk's.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("it was cut short")]
    CutShort,
}
