//! The addresses of the room server, who may ask what there, and the headers that every answer carries.

use super::brief::Brief;
use super::hashing::Hashing;
use super::second_step::Ticket;
use super::{
    assets, desk_api, enrolment, ledger, ledger_papers, ledger_table, password_change, second_step, sheet, sign_in,
    updates,
};
use crate::meeting::limits::Failures;
use crate::model::wire::Words;
use crate::room::key::KeyHash;
use crate::room::second_factor::{Policy, Seed};
use crate::room::shell::hub::Hub;
use crate::room::shell::metrics::Metrics;
use crate::room::shell::socket;
use crate::room::store::Store;
use crate::room::{Clock, Steady};
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use std::collections::HashSet;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What every request needs.
#[derive(Clone)]
pub(in crate::room) struct Desk {
    pub(in crate::room) hub: Hub,
    pub(in crate::room) store: Store,
    pub(in crate::room) clock: Clock,
    pub(in crate::room) steady: Steady,
    pub(in crate::room) metrics: Arc<Metrics>,
    pub(in crate::room) city: Words,
    pub(in crate::room) time_zone: jiff::tz::TimeZone,
    /// `SCHEME://HOST[:PORT]` that stands on paper.
    pub(in crate::room) public: String,
    /// Origins of our own pages.
    pub(in crate::room) origins: Arc<Vec<String>>,
    pub(in crate::room) behind_proxy: bool,
    pub(in crate::room) failed_sign_ins: Arc<Mutex<Failures<sign_in::Tried>>>,
    /// Sessions that were ended here: they are over even while the database takes no changes.
    pub(in crate::room) ended_sessions: Arc<Mutex<HashSet<KeyHash>>>,
    pub(in crate::room) hashing: Hashing,
    pub(in crate::room) policy: Arc<Policy>,
    /// Who showed a right password, and is to show more.
    pub(in crate::room) tickets: Arc<Mutex<Brief<Ticket>>>,
    /// Secrets that are being enrolled.
    pub(in crate::room) seeds: Arc<Mutex<Brief<Seed>>>,
    pub(in crate::room) failed_codes: Arc<Mutex<Failures<KeyHash>>>,
    /// Folder with updates for devices.
    pub(in crate::room) updates: Option<Arc<PathBuf>>,
}

impl Desk {
    /// Whether a browser's `Origin` is one of our own pages.
    pub(in crate::room) fn is_our_origin(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.origins.iter().any(|ours| ours == origin))
    }

    /// Cookies are `Secure` unless the whole server is a plain one on loopback.
    pub(in crate::room) fn secure(&self) -> bool {
        self.public.starts_with("https:")
    }

    pub(in crate::room) fn now(&self) -> jiff::Timestamp {
        (self.clock)()
    }
}

/// Where a request comes from: the peer, or what the proxy beside us says about it.
pub(in crate::room) struct Address(pub(in crate::room) IpAddr);

impl FromRequestParts<Desk> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
        if desk.behind_proxy && peer.is_loopback() {
            // The last entry is the one our own proxy added; the earlier ones are the client's to invent.
            let said = parts.headers.get_all("x-forwarded-for").iter().next_back();
            let said = said.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
            return Ok(Self(said.unwrap_or(peer)));
        }
        Ok(Self(peer))
    }
}

/// Every address of the server.
pub(in crate::room) fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/", get(async || Redirect::to("/staff")))
        .route("/j", get(assets::guest_page))
        .route("/staff", get(sign_in::staff_page))
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/sign-in/code", get(second_step::page).post(second_step::sign_in))
        .route("/second-factor", get(enrolment::page).post(enrolment::enrol))
        .route("/second-factor/secret", post(enrolment::begin))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/password", get(password_change::page).post(password_change::change))
        .route("/assets/{name}", get(assets::asset))
        .route("/api/sign-in", post(sign_in::sign_in_again))
        .route("/api/sign-in/code", post(second_step::sign_in_again))
        .route("/api/appointments", get(desk_api::list).post(desk_api::create))
        .route("/api/appointments/check", post(desk_api::look))
        .route("/api/counters", get(desk_api::counters))
        .route("/api/appointments/{id}/time", post(desk_api::change_time))
        .route("/api/appointments/{id}/revoke", post(desk_api::revoke))
        .route("/sheet", post(sheet::create))
        .route("/sheet/{id}", post(sheet::again))
        .route("/sheet/{id}/pdf", post(sheet::as_pdf))
        .route("/loans", get(ledger::page))
        .route("/api/ledger", post(ledger::change))
        .route("/api/ledger/loans", get(ledger::loans))
        .route("/api/ledger/devices", get(ledger::devices))
        .route("/api/ledger/table", post(ledger_table::read).layer(DefaultBodyLimit::max(ledger_table::LONGEST)))
        .route("/ledger/loans.csv", get(ledger_table::loans))
        .route("/ledger/devices.csv", get(ledger_table::devices))
        .route("/ledger/list", get(ledger_papers::list))
        .route("/ledger/labels", get(ledger_papers::labels))
        .route("/updates/{name}", get(updates::file))
        .route("/ws", get(socket::upgrade))
        .fallback(async || (StatusCode::NOT_FOUND, "There is nothing at this address.\n"))
        .layer(middleware::from_fn_with_state(desk.clone(), only_our_pages_may_change_things))
        .layer(middleware::from_fn_with_state(desk.clone(), add_headers))
        .layer(middleware::from_fn(in_time))
        .layer(DefaultBodyLimit::max(16 * 1024))
        .with_state(desk)
}

/// A request that changes something must come from one of our own pages (beside `SameSite`).
async fn only_our_pages_may_change_things(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let ours = request.headers().get(header::ORIGIN).is_some_and(|origin| desk.is_our_origin(origin));
    if reads || ours {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This request does not come from a page of this server.\n").into_response()
}

/// A request is answered within this time: drawing a paper takes seconds on a slow machine.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A body that never ends is not waited for. A line is answered at once, and goes on.
async fn in_time(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await;
    answer.unwrap_or_else(|_| plain(StatusCode::REQUEST_TIMEOUT, "The request took too long; try again."))
}

async fn add_headers(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let cacheable = request.uri().path().starts_with("/assets/");
    let mut response = next.run(request).await;
    let web_socket = format!("ws{}", desk.public.trim_start_matches("http"));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {web_socket}; \
         media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let headers = response.headers_mut();
    set(headers, header::CONTENT_SECURITY_POLICY, &policy);
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer`: with that, browsers send `Origin: null` with our own forms.
    set(headers, header::REFERRER_POLICY, "same-origin");
    set(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        headers,
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(self), display-capture=(self), screen-wake-lock=(self), geolocation=(), payment=(), \
         usb=()",
    );
    set(headers, header::CACHE_CONTROL, if cacheable { "no-cache" } else { "no-store" });
    if desk.secure() {
        set(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// What went wrong in an answer, said in one plain sentence.
pub(in crate::room) fn plain(status: StatusCode, sentence: &str) -> Response {
    (status, format!("{sentence}\n")).into_response()
}
