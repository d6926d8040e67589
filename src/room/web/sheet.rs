//! The paper that a family gets, as the server shows it: once, to be printed or kept as PDF.

use super::assets;
use super::desk_api::{self, Asked};
use super::http::{Desk, plain};
use super::sign_in::Beyond;
use crate::meeting::In;
use crate::meeting::appointment::{Appointment, Standing};
use crate::meeting::invitation::{Invitation, InvitationState};
use crate::model::language::Language;
use crate::model::screen::{HourMinute, Telephone};
use crate::model::secret::Secret;
use crate::model::wire::Words;
use crate::room::appointments::reserve::Made;
use crate::room::key::{self, KeyHash};
use crate::room::shell::journal::Entry;
use crate::room::store::StoreError;
use crate::screens::drawing;
use crate::sheet::{self, Sheet, SheetError};
use crate::words::Catalog;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::tz::TimeZone;
use serde::Deserialize;

const PAGE: &str = include_str!("pages/sheet.html");

/// `POST /sheet`: makes an appointment; the answer is its sheet, and the key is never shown again.
pub(in crate::room) async fn create(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Form(asked): Form<Asked>,
) -> Response {
    let language = asked.language.unwrap_or_default();
    let Some(session) = desk.session(&headers).await else { return not_signed_in(language) };
    let made = match desk_api::make(&desk, session, asked).await {
        Ok(made) => made,
        Err(refused) => {
            let sentence = assets::said(language, &format!("why-{}", refused.why));
            return plain(refused.status(), &sentence);
        }
    };
    shown(&desk, made, language).await
}

/// In which language a refusal is said.
#[derive(Deserialize)]
pub(in crate::room) struct Reads {
    #[serde(default)]
    language: Language,
}

/// `POST /sheet/ID`: another key for an appointment's family, and its sheet. The old key is no longer good.
pub(in crate::room) async fn again(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(Reads { language }): Query<Reads>,
) -> Response {
    let staff = match desk.reaching(&headers, &id).await {
        Ok(session) => session.staff,
        Err(beyond) => return out_of_reach(beyond, language, "why-gone"),
    };
    let (store, now, wanted) = (desk.store.clone(), desk.now(), id.clone());
    let made = tokio::task::spawn_blocking(move || {
        let Some(appointment) = store.appointments()?.into_iter().find(|kept| kept.id == wanted) else {
            return Ok(None);
        };
        let Ok(key) = key::draw_room_key() else { return Ok(None) };
        let hash = KeyHash::of(key.expose());
        let Some(earlier) = appointment.family().cloned() else { return Ok(None) };
        let good = appointment.slot.ends > now && store.set_key(&wanted, &earlier.id, hash)?;
        let invitation = Invitation { key: hash, state: InvitationState::Open, ..earlier };
        Ok::<_, StoreError>(good.then_some(Made { appointment, invitation, key }))
    });
    match made.await {
        Ok(Ok(Some(made))) => {
            let Invitation { id: invitation, key, .. } = made.invitation.clone();
            desk.hub.tell(In::NewKey { appointment: id, invitation, key, by: staff }).await;
            shown(&desk, made, language).await
        }
        Ok(Ok(None)) => plain(StatusCode::NOT_FOUND, &assets::said(language, "why-gone")),
        failed => {
            if let Ok(Err(error)) = failed {
                tracing::error!(%error, "a new key was not kept; the old one is still good");
            }
            plain(StatusCode::INTERNAL_SERVER_ERROR, &assets::said(language, "why-server"))
        }
    }
}

fn out_of_reach(beyond: Beyond, language: Language, gone: &str) -> Response {
    match beyond {
        Beyond::NotSignedIn => not_signed_in(language),
        Beyond::NoSuch => plain(StatusCode::NOT_FOUND, &assets::said(language, gone)),
        Beyond::Trouble => plain(StatusCode::INTERNAL_SERVER_ERROR, &assets::said(language, "why-server")),
    }
}

/// A clerk reads this one.
fn not_signed_in(language: Language) -> Response {
    plain(StatusCode::UNAUTHORIZED, &assets::said(language, "refused-not-staff"))
}

/// What the page of a paper sends to have it as PDF. It has no `Debug`: the key is in it.
#[derive(Deserialize)]
pub(in crate::room) struct Kept {
    key: String,
    #[serde(default)]
    language: Language,
}

/// `POST /sheet/ID/pdf`: the paper again as PDF, for the page that shows its key. No other key is taken.
pub(in crate::room) async fn as_pdf(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(Kept { key, language }): Form<Kept>,
) -> Response {
    let staff = match desk.reaching(&headers, &id).await {
        Ok(session) => session.staff,
        Err(beyond) => return out_of_reach(beyond, language, "why-paper-old"),
    };
    let (journal, at) = (desk.hub.journal().clone(), desk.now());
    let (key, store, now) = (Secret::new(key), desk.store.clone(), desk.now());
    let drawn = tokio::task::spawn_blocking(move || {
        let hash = key::hash_of_sent(key.expose());
        let good = |kept: &Appointment| kept.id == id && kept.standing == Standing::Good && kept.slot.ends > now;
        let Some(appointment) = store.appointments()?.into_iter().find(good) else { return Ok(None) };
        let invitation = appointment.invited_by(&hash).filter(|one| one.state == InvitationState::Open).cloned();
        let Some(invitation) = invitation else { return Ok(None) };
        let id = appointment.id.clone();
        let made = Made { appointment, invitation, key };
        Ok::<_, StoreError>(Some((id, sheet::pdf(&paper(&made, &desk.public, &desk.city, &desk.time_zone)))))
    });
    match drawn.await {
        Ok(Ok(Some((id, Ok(pdf))))) => {
            let name = format!("attachment; filename=\"room-key-{id}.pdf\"");
            journal.keep(Entry::Audit { at, staff, action: "paper-as-pdf", appointment: Some(id) });
            let headers = [(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, name)];
            (headers, pdf).into_response()
        }
        Ok(Ok(Some((_, Err(error))))) => not_drawn(&error, language),
        Ok(Ok(None)) => plain(StatusCode::NOT_FOUND, &assets::said(language, "why-paper-old")),
        failed => {
            if let Ok(Err(error)) = failed {
                tracing::error!(%error, "a paper was not drawn as PDF");
            }
            plain(StatusCode::INTERNAL_SERVER_ERROR, &assets::said(language, "why-server"))
        }
    }
}

async fn shown(desk: &Desk, made: Made, language: Language) -> Response {
    let (public, city, zone) = (desk.public.clone(), desk.city.clone(), desk.time_zone.clone());
    match tokio::task::spawn_blocking(move || page(&made, &public, &city, &zone, language)).await {
        Ok(Ok(page)) => Html(page).into_response(),
        Ok(Err(error)) => not_drawn(&error, language),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, &assets::said(language, "why-server")),
    }
}

fn not_drawn(error: &SheetError, language: Language) -> Response {
    tracing::error!(%error, "a paper was not drawn");
    plain(StatusCode::INTERNAL_SERVER_ERROR, &assets::said(language, "why-paper"))
}

/// The paper of an invitation, in the counter's time zone.
pub fn paper(made: &Made, public: &str, city: &Words, time_zone: &TimeZone) -> Sheet {
    let appointment = &made.appointment;
    let first = || appointment.languages.first().copied();
    let language = made.invitation.language.or_else(first).unwrap_or_default();
    let at = |time: jiff::Timestamp| time.to_zoned(time_zone.clone());
    let clock = |time| {
        let time: jiff::Zoned = at(time);
        HourMinute { hour: time.hour(), minute: time.minute() }
    };
    let telephone = Telephone { number: appointment.counter.telephone.clone(), hours: Words::default() };
    Sheet {
        url: made.key_url(public, language).expose().to_owned(),
        city: city.clone(),
        counter: appointment.counter.name.clone(),
        date: at(appointment.slot.starts).date(),
        starts: clock(appointment.slot.starts),
        ends: clock(appointment.slot.ends),
        telephone,
        opens: Some(clock(appointment.slot.opens)),
        number: Some(appointment.id.clone()),
    }
}

/// The page that shows the paper, with what to do with it.
fn page(
    made: &Made,
    public: &str,
    city: &Words,
    time_zone: &TimeZone,
    language: Language,
) -> Result<String, SheetError> {
    let paper = paper(made, public, city, time_zone);
    let page = assets::filled(PAGE, &Catalog::embedded().of_the_pages(Language::default()));
    let drawn = drawing::within_a_page(&sheet::svg(&paper)?);
    let fill = [
        ("{number}", assets::escaped(&made.appointment.id)),
        ("{words}", assets::escaped(&sheet::in_words(&paper))),
        ("{language}", language.tag().to_owned()),
        ("{key}", assets::escaped(made.key.expose())),
        // Last: nothing in it is a blank.
        ("{paper}", drawn),
    ];
    Ok(fill.iter().fold(page, |page, (blank, text)| page.replace(blank, text)))
}
