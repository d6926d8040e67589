//! The desk's page and its commands over HTTP, strictly on loopback: nobody but this machine, and no other page in
//! its browser, can use them.

mod socket;
mod tv;
mod upload;

use super::{Command, Control, TvPicture};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What the handlers share.
#[derive(Clone)]
struct Page {
    control: Control,
    jpegs: tv::Jpegs,
    /// `Host` headers that mean this page; anything else is another site's name for this machine.
    hosts: Arc<[String; 2]>,
}

/// Files of the page.
const FILES: [(&str, &str, &str); 4] = [
    ("/", "text/html; charset=utf-8", include_str!("panel/page.html")),
    ("/panel.css", "text/css; charset=utf-8", include_str!("panel/panel.css")),
    ("/panel.js", "text/javascript; charset=utf-8", include_str!("panel/panel.js")),
    ("/speaker.js", "text/javascript; charset=utf-8", include_str!("panel/speaker.js")),
];

/// Serves the page until the desk ends.
pub(super) async fn serve(
    listener: TcpListener,
    address: SocketAddr,
    control: Control,
    tv: watch::Receiver<Option<TvPicture>>,
) {
    let (jpegs, encoding) = tv::jpegs(tv);
    let port = address.port();
    let hosts = Arc::new([format!("127.0.0.1:{port}"), format!("localhost:{port}")]);
    let page = Page { control, jpegs, hosts };
    let served = async {
        if let Err(error) = axum::serve(listener, router(page)).await {
            tracing::error!("the workbench's page stopped: {error}");
        }
    };
    tokio::join!(served, encoding);
}

fn router(page: Page) -> Router {
    let mut router = Router::new()
        .route("/socket", get(socket::state))
        .route("/tv", get(socket::tv))
        .route("/sound", get(socket::sound))
        .route("/state", get(state))
        .route("/command", post(command))
        .route("/upload", post(upload::upload))
        .route("/thumbnail/{id}", get(thumbnail));
    for (path, kind, content) in FILES {
        router = router.route(path, get(move || async move { ([(header::CONTENT_TYPE, kind)], content) }));
    }
    router.layer(from_fn_with_state(page.clone(), guard)).with_state(page)
}

/// Refuses whatever does not come from this page, and sets the headers that keep it to itself.
async fn guard(State(page): State<Page>, request: Request, next: Next) -> Response {
    let mut response = if comes_from_here(&page, request.headers()) {
        next.run(request).await
    } else {
        refuse(StatusCode::FORBIDDEN, "this page answers to its own address on this machine only")
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws://{} ws://{}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        page.hosts[0], page.hosts[1]
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn comes_from_here(page: &Page, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or(""));
    let is_ours = |host: &str| page.hosts.iter().any(|known| known == host);
    text(header::HOST).is_some_and(is_ours)
        && text(header::ORIGIN).is_none_or(|origin| origin.strip_prefix("http://").is_some_and(is_ours))
}

/// An answer with one sentence, as JSON.
fn refuse(status: StatusCode, why: impl Into<String>) -> Response {
    (status, axum::Json(serde_json::json!({ "refused": why.into() }))).into_response()
}

async fn state(State(page): State<Page>) -> Response {
    axum::Json(page.control.bench.look()).into_response()
}

/// Does one command; the answer comes when it is done.
async fn command(State(page): State<Page>, body: Bytes) -> Response {
    let command: Command = match serde_json::from_slice(&body) {
        Ok(command) => command,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, format!("this is no command of the desk: {error}")),
    };
    match page.control.run(command).await {
        Ok(()) => axum::Json(serde_json::json!({ "done": true })).into_response(),
        Err(refused) => refuse(StatusCode::CONFLICT, refused.0),
    }
}

async fn thumbnail(State(page): State<Page>, Path(id): Path<String>) -> Response {
    match page.control.bench.thumbnail(&id) {
        Some(png) => ([(header::CONTENT_TYPE, "image/png")], Bytes::from_owner(png)).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "nothing of that name lies on the desk"),
    }
}
