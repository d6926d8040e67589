//! What the staff page asks for and changes: the list of appointments, a new one, a withdrawn one.

use super::http::{Desk, plain};
use super::registry::In;
use super::registry::appointment::{Appointment, Counter, State as RoomState};
use super::reserve::{Made, ReserveError, Wanted, reserve};
use crate::model::language::Language;
use crate::model::wire::{Slot, Words};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The list reaches this far ahead; it begins with the day before, so that nothing vanishes at midnight.
const AHEAD: SignedDuration = SignedDuration::from_hours(14 * 24);
const BACK: SignedDuration = SignedDuration::from_hours(24);

#[derive(Serialize)]
struct Listed {
    id: String,
    counter: Words,
    telephone: String,
    slot: Slot,
    languages: Vec<Language>,
    sites: u8,
    remark: String,
    state: RoomState,
}

#[derive(Serialize)]
struct List {
    staff: String,
    city: Words,
    server_time: Timestamp,
    time_zone: String,
    counters: Vec<Counter>,
    appointments: Vec<Listed>,
}

/// What the form for a new appointment sends.
#[derive(Deserialize)]
pub(super) struct Asked {
    counter: String,
    /// `YYYY-MM-DDTHH:MM` at the counter.
    starts: String,
    minutes: u32,
    #[serde(default)]
    languages: String,
    sites: u8,
    #[serde(default)]
    remark: String,
    form: String,
}

#[derive(Serialize)]
struct MadeAnswer {
    id: String,
    key_url: String,
}

/// `GET /api/appointments`.
pub(super) async fn list(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let Some(staff) = desk.signed_in(&headers).await else { return not_signed_in() };
    let (now, store) = (desk.now(), desk.store.clone());
    let read = tokio::task::spawn_blocking(move || {
        Ok::<_, super::store::StoreError>((store.counters()?, store.appointments()?))
    });
    let Ok(Ok((counters, appointments))) = read.await else { return database_trouble() };
    let states = desk.hub.states().await;
    let listed = appointments.into_iter().filter(|appointment| is_near(now, appointment)).filter_map(|appointment| {
        let state = *states.get(&appointment.id)?;
        Some(Listed {
            id: appointment.id,
            counter: appointment.counter.name,
            telephone: appointment.counter.telephone,
            slot: appointment.slot,
            languages: appointment.languages,
            sites: appointment.sites,
            remark: appointment.remark,
            state,
        })
    });
    Json(List {
        staff,
        city: desk.city.clone(),
        server_time: now,
        time_zone: desk.time_zone.iana_name().unwrap_or("Asia/Tokyo").to_owned(),
        counters,
        appointments: listed.collect(),
    })
    .into_response()
}

fn is_near(now: Timestamp, appointment: &Appointment) -> bool {
    appointment.slot.ends.saturating_add(BACK).is_ok_and(|end| end > now)
        && appointment.slot.starts.saturating_sub(AHEAD).is_ok_and(|start| start < now)
}

/// `POST /api/appointments`: the answer is the only place where the key is ever seen.
pub(super) async fn create(State(desk): State<Desk>, headers: HeaderMap, Json(asked): Json<Asked>) -> Response {
    let Some(staff) = desk.signed_in(&headers).await else { return not_signed_in() };
    match make(&desk, staff, asked).await {
        Ok(made) => {
            let language = made.appointment.languages.first().copied().unwrap_or_default();
            let key_url = made.key_url(&desk.public, language).expose().to_owned();
            (StatusCode::CREATED, Json(MadeAnswer { id: made.appointment.id, key_url })).into_response()
        }
        Err(refusal) => refusal,
    }
}

/// Makes an appointment and tells the rooms about it; the error is the answer to send.
pub(super) async fn make(desk: &Desk, staff: String, asked: Asked) -> Result<Made, Response> {
    let starts = asked.starts.parse::<jiff::civil::DateTime>().ok();
    let starts = starts.and_then(|local| local.to_zoned(desk.time_zone.clone()).ok());
    let Some(starts) = starts.map(|starts| starts.timestamp()) else {
        return Err(plain(StatusCode::UNPROCESSABLE_ENTITY, "The start is not a date and time."));
    };
    let wanted = Wanted {
        counter: asked.counter,
        starts,
        minutes: asked.minutes,
        languages: asked.languages.split([' ', ',']).filter_map(Language::from_tag).collect(),
        sites: asked.sites,
        remark: asked.remark.trim().to_owned(),
        form: Some(asked.form),
    };
    let (store, now) = (desk.store.clone(), desk.now());
    let made = tokio::task::spawn_blocking(move || {
        let made = reserve(&store, now, wanted)?;
        store.audit(now, &staff, "appointment-added", Some(&made.appointment.id))?;
        Ok::<_, ReserveError>(made)
    });
    match made.await {
        Ok(Ok(made)) => {
            desk.hub.tell(In::Appointment(made.appointment.clone())).await;
            Ok(made)
        }
        Ok(Err(ReserveError::Store(error))) => {
            tracing::error!(%error, "an appointment was not kept");
            Err(database_trouble())
        }
        Ok(Err(error)) => Err(plain(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string())),
        Err(_) => Err(database_trouble()),
    }
}

/// `POST /api/appointments/ID/revoke`.
pub(super) async fn revoke(State(desk): State<Desk>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let Some(staff) = desk.signed_in(&headers).await else { return not_signed_in() };
    if !desk.hub.states().await.contains_key(&id) {
        return plain(StatusCode::NOT_FOUND, "There is no such appointment.");
    }
    let (store, now, audited) = (desk.store.clone(), desk.now(), id.clone());
    let kept = tokio::task::spawn_blocking(move || store.audit(now, &staff, "appointment-revoked", Some(&audited)));
    if !matches!(kept.await, Ok(Ok(()))) {
        return database_trouble();
    }
    desk.hub.tell(In::Revoke { appointment: id }).await;
    StatusCode::NO_CONTENT.into_response()
}

pub(super) fn not_signed_in() -> Response {
    plain(StatusCode::UNAUTHORIZED, "Sign in first.")
}

fn database_trouble() -> Response {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "The room server cannot use its database; see its log.")
}
