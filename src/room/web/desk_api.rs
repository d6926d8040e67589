//! What the staff page asks for and changes: the list of appointments, a new one, a withdrawn one.

use super::http::{Desk, plain};
use super::sign_in::Beyond;
use crate::meeting::In;
use crate::meeting::appointment::{Appointment, Counter, State as RoomState};
use crate::model::language::Language;
use crate::model::wire::{Slot, Words};
use crate::room::appointments::moving::{MoveError, Moved, NewTime, move_to};
use crate::room::appointments::reserve::{Made, ReserveError, Wanted, check, reserve};
use crate::room::shell::journal::Entry;
use crate::room::store::Session;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The list reaches this far ahead; it begins with the day before, so that nothing vanishes at midnight.
const AHEAD: SignedDuration = SignedDuration::from_hours(14 * 24);
const BACK: SignedDuration = SignedDuration::from_hours(24);

#[derive(Serialize)]
struct Listed {
    id: String,
    counter: Words,
    counter_id: String,
    telephone: String,
    slot: Slot,
    languages: Vec<Language>,
    sites: u8,
    remark: String,
    state: RoomState,
    /// Whether the account may take a seat there.
    may_sit: bool,
}

#[derive(Serialize)]
struct List {
    staff: String,
    /// Whether the clerk may enrol a second factor, and has not.
    may_enrol: bool,
    /// Whether the account may open the ledger of devices and loans.
    may_lend: bool,
    /// When the sign-in ends, unless the clerk signs in again.
    signed_in_until: Timestamp,
    city: Words,
    server_time: Timestamp,
    time_zone: String,
    /// The database takes no changes at the moment: what is done works, but is not kept yet.
    store_trouble: bool,
    counters: Vec<Counter>,
    appointments: Vec<Listed>,
}

/// What the form for a new appointment sends.
#[derive(Deserialize)]
pub(in crate::room) struct Asked {
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
    /// In which the clerk reads: a refusal is said in it.
    #[serde(default)]
    pub(in crate::room) language: Option<Language>,
}

impl Asked {
    fn wanted(self, zone: &TimeZone) -> Result<Wanted, Refused> {
        let starts = at_the_counter(&self.starts, zone).ok_or_else(|| Refused::no_time("starts"))?;
        Ok(Wanted {
            counter: self.counter,
            starts,
            minutes: self.minutes,
            languages: self.languages.split([' ', ',']).filter_map(Language::from_tag).collect(),
            sites: self.sites,
            remark: self.remark.trim().to_owned(),
            form: Some(self.form),
        })
    }
}

/// What the form for another time sends: `YYYY-MM-DDTHH:MM` at the counter, and only what was changed.
#[derive(Deserialize)]
pub(in crate::room) struct AskedTime {
    starts: Option<String>,
    ends: Option<String>,
    #[serde(default)]
    confirmed: bool,
}

impl AskedTime {
    fn wanted(&self, zone: &TimeZone) -> Result<NewTime, Refused> {
        let read = |field: &'static str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => at_the_counter(text, zone).map(Some).ok_or_else(|| Refused::no_time(field)),
        };
        let (starts, ends) = (read("starts", &self.starts)?, read("ends", &self.ends)?);
        Ok(NewTime { starts, ends, confirmed: self.confirmed })
    }
}

fn at_the_counter(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let local = text.parse::<jiff::civil::DateTime>().ok()?;
    Some(local.to_zoned(zone.clone()).ok()?.timestamp())
}

/// Why a form is not taken.
#[derive(Serialize)]
pub(in crate::room) struct Refused {
    field: Option<&'static str>,
    pub(in crate::room) why: &'static str,
    /// In English, for programs.
    #[serde(skip)]
    pub(in crate::room) sentence: String,
}

impl From<ReserveError> for Refused {
    fn from(error: ReserveError) -> Self {
        let (field, why) = error.field_and_why();
        if why == "server" {
            tracing::error!(%error, "an appointment was not kept");
        }
        Self { field, why, sentence: error.to_string() }
    }
}

impl From<MoveError> for Refused {
    fn from(error: MoveError) -> Self {
        let (field, why) = error.field_and_why();
        if why == "server" {
            tracing::error!(%error, "another time of an appointment was not kept");
        }
        Self { field, why, sentence: error.to_string() }
    }
}

impl Refused {
    /// `field` is also the word for why.
    fn no_time(field: &'static str) -> Self {
        Self { field: Some(field), why: field, sentence: format!("{field}: this is no date and time") }
    }

    fn database() -> Self {
        Self { field: None, why: "server", sentence: DATABASE_TROUBLE.to_owned() }
    }

    pub(in crate::room) fn status(&self) -> StatusCode {
        if self.why == "server" { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::UNPROCESSABLE_ENTITY }
    }
}

/// Whether a form would be taken.
#[derive(Serialize)]
struct CheckAnswer {
    refused: Option<Refused>,
    /// The number of an appointment at the same counter and time.
    warning: Option<String>,
}

#[derive(Serialize)]
struct MadeAnswer {
    id: String,
    key_url: String,
}

/// `GET /api/appointments`.
pub(in crate::room) async fn list(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let Some(Session { staff, until, rights, enrolled, .. }) = desk.session(&headers).await else {
        return not_signed_in();
    };
    let (now, store) = (desk.now(), desk.store.clone());
    let read = tokio::task::spawn_blocking(move || {
        Ok::<_, crate::room::store::StoreError>((store.counters()?, store.appointments()?))
    });
    let Ok(Ok((counters, appointments))) = read.await else { return database_trouble() };
    let states = desk.hub.states().await;
    let near = appointments.into_iter().filter(|appointment| is_near(now, appointment));
    let reached = near.filter(|appointment| rights.reaches(&appointment.counter.id));
    let listed = reached.filter_map(|appointment| {
        let may_sit = rights.sits_at(&appointment.counter.id);
        let state = states.get(&appointment.id)?.clone();
        Some(Listed {
            id: appointment.id,
            counter: appointment.counter.name,
            counter_id: appointment.counter.id,
            telephone: appointment.counter.telephone,
            slot: appointment.slot,
            languages: appointment.languages,
            sites: appointment.sites,
            remark: appointment.remark,
            state,
            may_sit,
        })
    });
    Json(List {
        staff,
        may_enrol: desk.policy.offers() && !enrolled,
        may_lend: rights.lends(),
        signed_in_until: until,
        city: desk.city.clone(),
        server_time: now,
        time_zone: desk.time_zone.iana_name().unwrap_or("Asia/Tokyo").to_owned(),
        store_trouble: desk.metrics.has_store_trouble(),
        counters: counters.into_iter().filter(|counter| rights.reaches(&counter.id)).collect(),
        appointments: listed.collect(),
    })
    .into_response()
}

fn is_near(now: Timestamp, appointment: &Appointment) -> bool {
    appointment.slot.ends.saturating_add(BACK).is_ok_and(|end| end > now)
        && appointment.slot.starts.saturating_sub(AHEAD).is_ok_and(|start| start < now)
}

/// `POST /api/appointments`: the answer is the only place where the key is ever seen.
pub(in crate::room) async fn create(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Json(asked): Json<Asked>,
) -> Response {
    let Some(session) = desk.session(&headers).await else { return not_signed_in() };
    match make(&desk, session, asked).await {
        Ok(made) => {
            let language = made.appointment.languages.first().copied().unwrap_or_default();
            let key_url = made.key_url(&desk.public, language).expose().to_owned();
            (StatusCode::CREATED, Json(MadeAnswer { id: made.appointment.id, key_url })).into_response()
        }
        Err(refused) => plain(refused.status(), &refused.sentence),
    }
}

/// `POST /api/appointments/check`: looks at the form and makes nothing.
pub(in crate::room) async fn look(State(desk): State<Desk>, headers: HeaderMap, Form(asked): Form<Asked>) -> Response {
    let Some(session) = desk.session(&headers).await else { return not_signed_in() };
    let (store, now) = (desk.store.clone(), desk.now());
    let reached = within_reach(&session, &asked);
    let looked = match reached.and_then(|()| asked.wanted(&desk.time_zone)) {
        Ok(wanted) => tokio::task::spawn_blocking(move || check(&store, now, &wanted).map_err(Refused::from))
            .await
            .unwrap_or_else(|_| Err(Refused::database())),
        Err(refused) => Err(refused),
    };
    let answer = match looked {
        Ok(checked) => CheckAnswer { refused: None, warning: checked.overlaps },
        Err(refused) => CheckAnswer { refused: Some(refused), warning: None },
    };
    Json(answer).into_response()
}

/// `GET /api/counters`: whom to phone, for whoever gets no seat. It stands in the city's leaflets as well.
pub(in crate::room) async fn counters(State(desk): State<Desk>) -> Response {
    #[derive(Serialize)]
    struct Public {
        name: Words,
        telephone: String,
    }
    let store = desk.store.clone();
    let Ok(Ok(counters)) = tokio::task::spawn_blocking(move || store.counters()).await else {
        return database_trouble();
    };
    let public = counters.into_iter().map(|Counter { name, telephone, .. }| Public { name, telephone });
    Json(public.collect::<Vec<_>>()).into_response()
}

/// Another counter is told as one that there is not.
fn within_reach(session: &Session, asked: &Asked) -> Result<(), Refused> {
    if session.rights.reaches(&asked.counter) {
        return Ok(());
    }
    let sentence = format!("there is no counter \"{}\" for this account; choose another", asked.counter);
    Err(Refused { field: Some("counter"), why: "counter", sentence })
}

/// Makes an appointment and tells the rooms about it.
pub(in crate::room) async fn make(desk: &Desk, session: Session, asked: Asked) -> Result<Made, Refused> {
    if let Err(refused) = within_reach(&session, &asked) {
        let staff = session.staff;
        desk.hub.journal().keep(Entry::Audit { at: desk.now(), staff, action: "counter-refused", appointment: None });
        return Err(refused);
    }
    let staff = session.staff;
    let wanted = asked.wanted(&desk.time_zone)?;
    let (store, now) = (desk.store.clone(), desk.now());
    let made = tokio::task::spawn_blocking(move || reserve(&store, now, wanted)).await;
    let made = made.unwrap_or(Err(ReserveError::Random("cut short".to_owned())))?;
    let appointment = Some(made.appointment.id.clone());
    desk.hub.journal().keep(Entry::Audit { at: now, staff, action: "appointment-added", appointment });
    desk.hub.tell(In::Appointment(made.appointment.clone())).await;
    Ok(made)
}

/// `POST /api/appointments/ID/time`: done when nothing is refused and nothing is asked.
pub(in crate::room) async fn change_time(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(asked): Form<AskedTime>,
) -> Response {
    let staff = match desk.reaching(&headers, &id).await {
        Ok(session) => session.staff,
        Err(Beyond::NoSuch) => {
            return Json(CheckAnswer { refused: Some(MoveError::Gone.into()), warning: None }).into_response();
        }
        Err(beyond) => return out_of_reach(beyond),
    };
    let wanted = match asked.wanted(&desk.time_zone) {
        Ok(wanted) => wanted,
        Err(refused) => return Json(CheckAnswer { refused: Some(refused), warning: None }).into_response(),
    };
    // A task of its own: a clerk who closes the page meanwhile must not leave the room without what the store has.
    let moving = tokio::spawn(async move {
        let guests = desk.hub.states().await.get(&id).is_some_and(|state| state.guests > 0);
        let (store, now, which) = (desk.store.clone(), desk.now(), id.clone());
        let moved = tokio::task::spawn_blocking(move || move_to(&store, now, &which, guests, wanted));
        let moved = moved.await.map_err(|_| Refused::database())??;
        if let Moved::To(slot) = &moved {
            desk.hub.tell(In::Move { appointment: id, slot: slot.clone(), by: staff }).await;
        }
        Ok::<_, Refused>(moved)
    });
    let answer = match moving.await.unwrap_or_else(|_| Err(Refused::database())) {
        Ok(Moved::Overlaps(other)) => CheckAnswer { refused: None, warning: Some(other) },
        Ok(Moved::To(_) | Moved::Unchanged) => CheckAnswer { refused: None, warning: None },
        Err(refused) => CheckAnswer { refused: Some(refused), warning: None },
    };
    Json(answer).into_response()
}

/// `POST /api/appointments/ID/revoke`.
pub(in crate::room) async fn revoke(State(desk): State<Desk>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let staff = match desk.reaching(&headers, &id).await {
        Ok(session) => session.staff,
        Err(beyond) => return out_of_reach(beyond),
    };
    if !desk.hub.states().await.contains_key(&id) {
        return plain(StatusCode::NOT_FOUND, "There is no such appointment.");
    }
    // The room first: whoever is in it must not stay because a disk is full.
    desk.hub.tell(In::Revoke { appointment: id, by: Some(staff) }).await;
    StatusCode::NO_CONTENT.into_response()
}

fn out_of_reach(beyond: Beyond) -> Response {
    match beyond {
        Beyond::NotSignedIn => not_signed_in(),
        Beyond::NoSuch => plain(StatusCode::NOT_FOUND, "There is no such appointment."),
        Beyond::Trouble => database_trouble(),
    }
}

pub(in crate::room) fn not_signed_in() -> Response {
    plain(StatusCode::UNAUTHORIZED, "Sign in first.")
}

const DATABASE_TROUBLE: &str = "The room server cannot use its database; see its log.";

fn database_trouble() -> Response {
    plain(StatusCode::INTERNAL_SERVER_ERROR, DATABASE_TROUBLE)
}
