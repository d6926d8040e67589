//! Staff sign in with a name and a password, and stay signed in with a cookie.

use super::cookies::{Cookie, session_token, set_cookie};
use super::http::{Address, Desk, plain};
use super::second_step::Ticket;
use super::{assets, brief};
use crate::meeting::limits::{Bucket, Failures, network_of};
use crate::meeting::rights::Clerk;
use crate::model::secret::Secret;
use crate::password::{Weak, normal, sound};
use crate::room::key::{self, KeyHash};
use crate::room::second_factor::{Next, Policy};
use crate::room::shell::journal::Entry;
use crate::room::store::{Session, Store, StoreError};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::PoisonError;

/// A sign-in lasts a working day.
pub(in crate::room) const SIGNED_IN_FOR: SignedDuration = SignedDuration::from_hours(12);
/// After signing in again the earlier session ends then.
const EARLIER_GOES_ON: SignedDuration = SignedDuration::from_secs(60);

/// What is counted: an account's name (hashed, whether there is one or not) from a network. One clerk's mistakes do not
/// keep a colleague behind the same address outside.
pub(in crate::room) type Tried = (IpAddr, KeyHash);

/// Tries before one has to wait: ten at once, then one each half minute.
pub(in crate::room) fn limits() -> Failures<Tried> {
    Failures::new(Bucket::new(10, 30_000), Bucket::new(200, 1_000))
}

/// Why a password cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Easily guessed.
    Weak(#[from] Weak),
    /// The operating system or the hash function failed.
    Hash(String),
}

/// Argon2id with the memory, passes and lanes of the OWASP recommendation (19 MiB, 2, 1).
fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// Hashes a password that is to be set for the account `name` into a PHC string for [`crate::room::store::Store::put_staff`].
///
/// # Errors
/// [`PasswordError`].
pub fn hash_password(name: &str, password: &Secret) -> Result<String, PasswordError> {
    let password = sound(password, name)?;
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|error| PasswordError::Hash(error.to_string()))?;
    let salt = SaltString::encode_b64(&salt).map_err(|error| PasswordError::Hash(error.to_string()))?;
    let hash = hasher().hash_password(password.expose().as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
}

/// A well-formed hash that no password has, so that an unknown name takes as long as a wrong password.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5MTIzNA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(in crate::room) fn is_right(password: &Secret, hash: Option<&str>) -> bool {
    let known = hash.is_some();
    let Ok(hash) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    let fits = |typed: &str| hasher().verify_password(typed.as_bytes(), &hash).is_ok();
    let normal = Secret::new(normal(password.expose()));
    // An earlier version hashed what was typed as it was.
    (fits(normal.expose()) || (normal != *password && fits(password.expose()))) && known
}

/// What the form sends. It has no `Debug`: the password is in it.
#[derive(Deserialize)]
pub(in crate::room) struct Entered {
    name: String,
    password: String,
}

/// `GET /sign-in`.
pub(in crate::room) async fn page() -> Response {
    assets::page("sign-in.html")
}

/// `GET /staff`.
pub(in crate::room) async fn staff_page(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    match desk.signed_in(&headers).await {
        Some(_) => assets::page("staff.html"),
        None => Redirect::to("/sign-in").into_response(),
    }
}

/// What became of a try to sign in.
enum Outcome {
    /// It worked: the session's token.
    In(Secret),
    /// The password is right, and more is wanted: the ticket's token, and whether the clerk is to enrol first.
    More(Secret, bool),
    /// The name or the password is wrong.
    Wrong,
    /// Too many tries: so many seconds are to be waited.
    Wait(u32),
    /// Too many others are looked at.
    Busy,
    /// It is not the clerk's doing.
    Trouble(StatusCode, &'static str),
}

async fn try_to_sign_in(desk: &Desk, from: IpAddr, entered: Entered) -> Outcome {
    let (name, password, now) = (normal(entered.name.trim()), Secret::new(entered.password), desk.now());
    let tried = (network_of(from), KeyHash::of(&name));
    if let Err(wait) = desk.charge_try(tried) {
        return Outcome::Wait(wait);
    }
    let Some(turn) = desk.hashing.turn(tried.0).await else {
        desk.give_try_back(&tried);
        return Outcome::Busy;
    };
    let (store, policy) = (desk.store.clone(), desk.policy.clone());
    let worked = tokio::task::spawn_blocking(move || {
        // Whoever hangs up has asked for the work all the same.
        let _turn = turn;
        look(&store, &policy, name, &password, now)
    });
    let worked = worked.await;
    if let Ok(Ok((_, Some((staff, action))))) = &worked {
        desk.hub.journal().keep(Entry::Audit { at: now, staff: staff.clone(), action, appointment: None });
    }
    // Only what was wrong stays counted.
    if !matches!(worked, Ok(Ok((None, _)))) {
        desk.give_try_back(&tried);
    }
    match worked {
        Ok(Ok((Some(Passed::In(token)), _))) => {
            desk.metrics.signed_in(true);
            Outcome::In(token)
        }
        Ok(Ok((Some(Passed::More(token, ticket)), _))) => {
            let (held, enrols) = (KeyHash::of(token.expose()), ticket.enrols);
            desk.tickets.lock().unwrap_or_else(PoisonError::into_inner).put((desk.steady)(), held, ticket);
            Outcome::More(token, enrols)
        }
        Ok(Ok((None, known))) => {
            desk.metrics.signed_in(false);
            let mut tries = desk.failed_sign_ins.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((staff, _)) = known
                && tries.newly_held_off((desk.steady)(), &tried)
            {
                // Once: those that are held off from now on are no news.
                let entry = Entry::Audit { at: now, staff, action: "sign-ins-held-off", appointment: None };
                desk.hub.journal().keep(entry);
            }
            drop(tries);
            Outcome::Wrong
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "a sign-in could not be checked");
            let sentence = "The room server cannot read its database; see its log.";
            Outcome::Trouble(StatusCode::INTERNAL_SERVER_ERROR, sentence)
        }
        Err(_) => Outcome::Trouble(StatusCode::INTERNAL_SERVER_ERROR, "The sign-in was cut short; try again."),
    }
}

/// What a right password leads to, with its token.
enum Passed {
    In(Secret),
    More(Secret, Ticket),
}

/// The account and the word for the trail, where there is an account.
type ForTrail = Option<(String, &'static str)>;

/// Looks at a password.
fn look(
    store: &Store,
    policy: &Policy,
    name: String,
    password: &Secret,
    now: Timestamp,
) -> Result<(Option<Passed>, ForTrail), StoreError> {
    let hash = store.staff_password(&name)?;
    let right = is_right(password, hash.as_deref());
    let (Some(hash), Ok(token), Ok(until)) = (hash, key::draw(key::KEY_LETTERS), now.checked_add(SIGNED_IN_FOR)) else {
        return Ok((None, None));
    };
    let failed = |name| Ok((None, Some((name, "sign-in-failed"))));
    if !right {
        return failed(name);
    }
    let (word, enrols) = match policy.after_password(store.factor(&name)?.is_some()) {
        Next::In => {
            if !store.add_session(KeyHash::of(token.expose()), (&name, &hash), until)? {
                // Its password was changed while this one was looked at.
                return failed(name);
            }
            return Ok((Some(Passed::In(token)), Some((name, "signed-in"))));
        }
        Next::Code => ("second-factor-asked", false),
        Next::Enrol => ("enrolment-asked", true),
    };
    let ticket = Ticket { name: name.clone(), password: hash, enrols };
    Ok((Some(Passed::More(token, ticket)), Some((name, word))))
}

/// `POST /sign-in`.
pub(in crate::room) async fn sign_in(
    State(desk): State<Desk>,
    Address(from): Address,
    Form(entered): Form<Entered>,
) -> Response {
    match try_to_sign_in(&desk, from, entered).await {
        Outcome::In(token) => {
            let mut response = Redirect::to("/staff").into_response();
            set_cookie(&desk, &mut response, Cookie::Session, token.expose(), SIGNED_IN_FOR.as_secs());
            response
        }
        Outcome::More(token, enrols) => {
            let mut response = Redirect::to(if enrols { "/second-factor" } else { "/sign-in/code" }).into_response();
            set_cookie(&desk, &mut response, Cookie::Ticket, token.expose(), brief_seconds());
            response
        }
        Outcome::Wrong => Redirect::to("/sign-in?wrong=1").into_response(),
        Outcome::Wait(wait) => Redirect::to(&format!("/sign-in?wait={wait}")).into_response(),
        Outcome::Busy => Redirect::to("/sign-in?busy=1").into_response(),
        Outcome::Trouble(status, sentence) => plain(status, sentence),
    }
}

/// `POST /api/sign-in`: the same from within the staff page, which stays as it is. The cookie is a new one; what was asked
/// with the earlier one a moment ago is still answered.
pub(in crate::room) async fn sign_in_again(
    State(desk): State<Desk>,
    Address(from): Address,
    headers: HeaderMap,
    Form(entered): Form<Entered>,
) -> Response {
    match try_to_sign_in(&desk, from, entered).await {
        Outcome::In(token) => {
            end_earlier(&desk, &headers);
            let mut response = StatusCode::NO_CONTENT.into_response();
            set_cookie(&desk, &mut response, Cookie::Session, token.expose(), SIGNED_IN_FOR.as_secs());
            response
        }
        Outcome::More(token, false) => {
            let mut response = StatusCode::ACCEPTED.into_response();
            set_cookie(&desk, &mut response, Cookie::Ticket, token.expose(), brief_seconds());
            response
        }
        Outcome::More(_, true) => {
            plain(StatusCode::CONFLICT, "Sign in on the sign-in page, and enrol a second factor.")
        }
        Outcome::Wrong => (StatusCode::FORBIDDEN, Json(NotIn { wait_seconds: None })).into_response(),
        Outcome::Wait(wait) => {
            (StatusCode::TOO_MANY_REQUESTS, Json(NotIn { wait_seconds: Some(wait) })).into_response()
        }
        Outcome::Busy => plain(StatusCode::SERVICE_UNAVAILABLE, "Too many sign in at once; try again in a moment."),
        Outcome::Trouble(status, sentence) => plain(status, sentence),
    }
}

/// Why nobody was signed in: with no time to wait, the name or the password is wrong.
#[derive(Serialize)]
pub(in crate::room) struct NotIn {
    pub(in crate::room) wait_seconds: Option<u32>,
}

/// `POST /sign-out`.
pub(in crate::room) async fn sign_out(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    if let (Some(token), Some(staff)) = (session_token(&desk, &headers), desk.signed_in(&headers).await) {
        desk.ended_sessions.lock().unwrap_or_else(PoisonError::into_inner).insert(token);
        desk.hub.journal().keep(Entry::SessionEnded { token });
        desk.hub.journal().keep(Entry::Audit { at: desk.now(), staff, action: "signed-out", appointment: None });
    }
    let mut response = Redirect::to("/sign-in").into_response();
    set_cookie(&desk, &mut response, Cookie::Session, "", 0);
    response
}

impl Desk {
    /// Counts a try before its password is looked at.
    ///
    /// # Errors
    /// Seconds to wait.
    pub(in crate::room) fn charge_try(&self, tried: Tried) -> Result<(), u32> {
        let mut tries = self.failed_sign_ins.lock().unwrap_or_else(PoisonError::into_inner);
        tries.charge((self.steady)(), tried)
    }

    /// A try that was not wrong does not count.
    pub(in crate::room) fn give_try_back(&self, tried: &Tried) {
        self.failed_sign_ins.lock().unwrap_or_else(PoisonError::into_inner).give_back(tried);
    }

    /// The staff account whose session cookie a request carries.
    pub(in crate::room) async fn signed_in(&self, headers: &HeaderMap) -> Option<String> {
        Some(self.session(headers).await?.staff)
    }

    /// The same for a line.
    pub(in crate::room) async fn clerk(&self, headers: &HeaderMap) -> Option<Clerk> {
        let (session, Session { staff, until, rights, .. }) =
            (session_token(self, headers)?, self.session(headers).await?);
        Some(Clerk { name: staff, rights, session, until })
    }

    /// The account's session when its rights reach an appointment's counter.
    ///
    /// # Errors
    /// Nobody is signed in, or to them there is no such appointment.
    pub(in crate::room) async fn reaching(&self, headers: &HeaderMap, appointment: &str) -> Result<Session, Beyond> {
        let session = self.session(headers).await.ok_or(Beyond::NotSignedIn)?;
        let (store, id) = (self.store.clone(), appointment.to_owned());
        let counter = tokio::task::spawn_blocking(move || store.counter_of(&id)).await;
        match counter {
            Ok(Ok(Some(counter))) if session.rights.reaches(&counter) => Ok(session),
            Ok(Ok(Some(_))) => {
                let (staff, appointment) = (session.staff, Some(appointment.to_owned()));
                self.hub.journal().keep(Entry::Audit { at: self.now(), staff, action: "counter-refused", appointment });
                Err(Beyond::NoSuch)
            }
            Ok(Ok(None)) => Err(Beyond::NoSuch),
            Ok(Err(error)) => {
                tracing::error!(%error, "an appointment's counter could not be read");
                Err(Beyond::Trouble)
            }
            Err(_) => Err(Beyond::Trouble),
        }
    }

    /// The session whose cookie a request carries.
    pub(in crate::room) async fn session(&self, headers: &HeaderMap) -> Option<Session> {
        let token = session_token(self, headers)?;
        if self.ended_sessions.lock().unwrap_or_else(PoisonError::into_inner).contains(&token) {
            return None;
        }
        let (store, now) = (self.store.clone(), self.now());
        let found = tokio::task::spawn_blocking(move || store.session(token, now)).await.ok()?;
        let found = found.inspect_err(|error| tracing::error!(%error, "a session could not be read")).ok()?;
        // Before one was wanted, the password was enough.
        found.filter(|session| self.policy.takes(session.both, session.enrolled))
    }
}

/// Why an appointment is out of reach.
#[derive(Clone, Copy)]
pub(in crate::room) enum Beyond {
    NotSignedIn,
    /// There is none, or it is another counter's: that is not told apart.
    NoSuch,
    Trouble,
}

/// The session that was there before somebody signed in again ends soon.
pub(in crate::room) fn end_earlier(desk: &Desk, headers: &HeaderMap) {
    if let (Some(token), Ok(until)) = (session_token(desk, headers), desk.now().checked_add(EARLIER_GOES_ON)) {
        desk.hub.journal().keep(Entry::SessionEnds { token, until });
    }
}

fn brief_seconds() -> i64 {
    i64::try_from(brief::WITHIN.as_secs()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hashed_with_argon2id_and_recognised() {
        let right = Secret::new("わかばの丘と青い空を見る");
        let hash = hash_password("midori", &right).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(is_right(&right, Some(&hash)));
        assert!(!is_right(&Secret::new("another password"), Some(&hash)));
        assert!(!is_right(&right, None));
        assert!(PasswordHash::new(NOBODY).is_ok(), "an unknown name must cost a whole hash");
        assert!(matches!(hash_password("midori", &Secret::new("short")), Err(PasswordError::Weak(Weak::Short))));
    }

    #[test]
    fn a_password_is_the_same_from_every_keyboard() {
        let (windows, mac) = ("がくどう ほいくの まど", "か\u{3099}くと\u{3099}う ほいくの まと\u{3099}");
        for (set, typed) in [(windows, mac), (mac, windows), (mac, mac)] {
            let hash = hash_password("midori", &Secret::new(set)).unwrap();
            assert!(is_right(&Secret::new(typed), Some(&hash)));
        }
        let salt = SaltString::encode_b64(&[7; 16]).unwrap();
        let earlier = hasher().hash_password(mac.as_bytes(), &salt).unwrap().to_string();
        assert!(is_right(&Secret::new(mac), Some(&earlier)), "set before passwords were normalised");
    }
}
