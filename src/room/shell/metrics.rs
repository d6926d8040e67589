//! Counts for the operator, as Prometheus text and a health answer, on a port of their own.

use crate::model::wire::{Refusal, ToClient};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// The counts. None of them says anything about a single participant.
#[derive(Debug, Default)]
pub struct Metrics {
    connections: AtomicUsize,
    seats: AtomicUsize,
    welcomes: AtomicU64,
    refusals: AtomicU64,
    unknown_keys: AtomicU64,
    admitted: AtomicU64,
    unverified: AtomicU64,
    errors: AtomicU64,
    sign_ins: AtomicU64,
    failed_sign_ins: AtomicU64,
    store_trouble: AtomicBool,
    failed_writes: AtomicU64,
    audit_lines_lost: AtomicU64,
    turned_away: AtomicU64,
}

impl Metrics {
    pub(in crate::room) fn set_load(&self, connections: usize, seats: usize) {
        self.connections.store(connections, Relaxed);
        self.seats.store(seats, Relaxed);
    }

    pub(in crate::room) fn said(&self, message: &ToClient) {
        let count = match message {
            ToClient::Welcome(_) => &self.welcomes,
            ToClient::Refused(Refusal::UnknownKey) => &self.unknown_keys,
            ToClient::Refused(_) => &self.refusals,
            ToClient::Admitted => &self.admitted,
            ToClient::PeerUnverified { .. } => &self.unverified,
            ToClient::Error { .. } => &self.errors,
            _ => return,
        };
        count.fetch_add(1, Relaxed);
    }

    pub(in crate::room) fn signed_in(&self, well: bool) {
        let count = if well { &self.sign_ins } else { &self.failed_sign_ins };
        count.fetch_add(1, Relaxed);
    }

    /// The database took everything that was to be kept.
    pub(in crate::room) fn store_works(&self) {
        if self.store_trouble.swap(false, Relaxed) {
            tracing::info!("the database takes changes again");
        }
    }

    /// A write failed; `true` for the first one of a row.
    pub(in crate::room) fn store_fails(&self) -> bool {
        self.failed_writes.fetch_add(1, Relaxed);
        !self.store_trouble.swap(true, Relaxed)
    }

    pub(in crate::room) fn audit_line_lost(&self) {
        self.audit_lines_lost.fetch_add(1, Relaxed);
    }

    /// A connection found no place.
    pub(in crate::room) fn turned_away(&self) {
        self.turned_away.fetch_add(1, Relaxed);
    }

    /// Whether something waits that the database did not take.
    pub(in crate::room) fn has_store_trouble(&self) -> bool {
        self.store_trouble.load(Relaxed)
    }

    /// Prometheus' text format 0.0.4.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let gauges = [
            ("connections", "Open WebSockets.", self.connections.load(Relaxed)),
            ("store_trouble", "1 while the database takes no changes.", usize::from(self.has_store_trouble())),
            ("seats", "Seats taken, those kept for a lost line included.", self.seats.load(Relaxed)),
        ];
        for (name, help, value) in gauges {
            let _ = write!(
                text,
                "# HELP madoguchi_room_{name} {help}\n# TYPE madoguchi_room_{name} gauge\nmadoguchi_room_{name} {value}\n"
            );
        }
        let counters = [
            ("welcomes", "Participants seated.", &self.welcomes),
            ("refusals", "Participants refused for a reason other than an unknown key.", &self.refusals),
            ("unknown_keys", "Keys that belong to no appointment.", &self.unknown_keys),
            ("admissions", "Guests let in.", &self.admitted),
            ("peers_unverified", "Ends told that the other end could not verify them.", &self.unverified),
            ("message_errors", "Messages answered with an error.", &self.errors),
            ("sign_ins", "Staff signed in.", &self.sign_ins),
            ("failed_sign_ins", "Staff sign-ins refused.", &self.failed_sign_ins),
            ("failed_writes", "Tries to write to the database that failed.", &self.failed_writes),
            ("turned_away", "Connections that found no place.", &self.turned_away),
            (
                "audit_lines_lost",
                "Lines of the audit trail given up while it could not be written.",
                &self.audit_lines_lost,
            ),
        ];
        for (name, help, value) in counters {
            let _ = write!(
                text,
                "# HELP madoguchi_room_{name}_total {help}\n# TYPE madoguchi_room_{name}_total counter\n\
                 madoguchi_room_{name}_total {}\n",
                value.load(Relaxed)
            );
        }
        text
    }
}

/// `/health` and `/metrics`.
pub(in crate::room) fn routes(metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(async |State(metrics): State<Arc<Metrics>>| metrics.text()))
        .with_state(metrics)
}

/// `GET /health`: the rooms work even when the database does not, but somebody must look at it.
async fn health(State(metrics): State<Arc<Metrics>>) -> Response {
    if metrics.has_store_trouble() {
        let sentence = "The database takes no changes (disk full, or locked?); the rooms go on. See the log.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, sentence).into_response();
    }
    "ok\n".into_response()
}
