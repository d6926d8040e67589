//! The cookies of the staff's pages.

use super::http::Desk;
use crate::model::secret::Secret;
use crate::room::key::KeyHash;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

/// The session that a request's cookie names, whether there is one or not.
pub(in crate::room) fn session_token(desk: &Desk, headers: &HeaderMap) -> Option<KeyHash> {
    Some(KeyHash::of(cookie(desk, headers, Cookie::Session)?.expose()))
}

/// What a browser keeps for us.
#[derive(Clone, Copy)]
pub(in crate::room) enum Cookie {
    /// Somebody is signed in.
    Session,
    /// A right password was shown, and more is wanted.
    Ticket,
}

impl Cookie {
    fn name(self, desk: &Desk) -> &'static str {
        match (self, desk.secure()) {
            (Self::Session, true) => "__Host-session",
            (Self::Session, false) => "session",
            (Self::Ticket, true) => "__Host-ticket",
            (Self::Ticket, false) => "ticket",
        }
    }
}

pub(in crate::room) fn cookie(desk: &Desk, headers: &HeaderMap, which: Cookie) -> Option<Secret> {
    let name = which.name(desk);
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    pairs
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(key, _)| *key == name).map(|(_, token)| token))
        .map(Secret::new)
}

pub(in crate::room) fn set_cookie(desk: &Desk, response: &mut Response, which: Cookie, token: &str, seconds: i64) {
    let secure = if desk.secure() { "; Secure" } else { "" };
    let name = which.name(desk);
    let cookie = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
