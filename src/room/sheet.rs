//! The paper that a family gets: the room key as a code that the appliance reads, when, where, and the rules in short.

use super::assets;
use super::desk_api::{self, Asked};
use super::http::{Desk, plain};
use super::key::{self, KeyHash};
use super::registry::In;
use super::registry::appointment::Appointment;
use super::reserve::Made;
use super::store::StoreError;
use crate::model::language::Language;
use crate::model::wire::Words;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use jiff::tz::TimeZone;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;

const PAGE: &str = include_str!("pages/sheet.html");

/// `POST /sheet`: makes an appointment; the answer is its sheet, and the key is never shown again.
pub(super) async fn create(State(desk): State<Desk>, headers: HeaderMap, Form(asked): Form<Asked>) -> Response {
    let language = asked.language.unwrap_or_default();
    let Some(staff) = desk.signed_in(&headers).await else { return not_signed_in(language) };
    let made = match desk_api::make(&desk, staff, asked).await {
        Ok(made) => made,
        Err(refused) => {
            let sentence = assets::said(language, &format!("why-{}", refused.why));
            return plain(refused.status(), &sentence);
        }
    };
    shown(&desk, &made)
}

/// In which language a refusal is said.
#[derive(Deserialize)]
pub(super) struct Reads {
    #[serde(default)]
    language: Language,
}

/// `POST /sheet/ID`: another key for an appointment, and its sheet. The old key is no longer good.
pub(super) async fn again(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(Reads { language }): Query<Reads>,
) -> Response {
    let Some(staff) = desk.signed_in(&headers).await else { return not_signed_in(language) };
    let (store, now, wanted) = (desk.store.clone(), desk.now(), id.clone());
    let made = tokio::task::spawn_blocking(move || {
        let Some(appointment) = store.appointments()?.into_iter().find(|kept| kept.id == wanted) else {
            return Ok(None);
        };
        let Ok(key) = key::draw_room_key() else { return Ok(None) };
        let hash = KeyHash::of(key.expose());
        let good = appointment.slot.ends > now && store.set_key(&wanted, hash)?;
        Ok::<_, StoreError>(good.then(|| Made { appointment: Appointment { key: hash, ..appointment }, key }))
    });
    match made.await {
        Ok(Ok(Some(made))) => {
            desk.hub.tell(In::NewKey { appointment: id, key: made.appointment.key, by: staff }).await;
            shown(&desk, &made)
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

/// A clerk reads this one.
fn not_signed_in(language: Language) -> Response {
    plain(StatusCode::UNAUTHORIZED, &assets::said(language, "refused-not-staff"))
}

fn shown(desk: &Desk, made: &Made) -> Response {
    match page(made, &desk.public, &desk.city, &desk.time_zone) {
        Some(page) => Html(page).into_response(),
        None => {
            plain(StatusCode::INTERNAL_SERVER_ERROR, "The code does not fit: the server's public address is too long.")
        }
    }
}

/// The sheet as one HTML page; `None` when the address is too long for a code.
pub fn page(made: &Made, public: &str, city: &Words, time_zone: &TimeZone) -> Option<String> {
    let appointment = &made.appointment;
    let language = appointment.languages.first().copied().unwrap_or_default();
    let url = made.key_url(public, language);
    let code = QrCode::with_error_correction_level(url.expose().as_bytes(), EcLevel::M).ok()?;
    let code = code.render::<svg::Color<'_>>().min_dimensions(480, 480).quiet_zone(true).build();
    // Within HTML, an SVG has no XML declaration.
    let code = code.split_once("?>").map_or(code.as_str(), |(_, svg)| svg).to_owned();
    let (starts, ends) =
        (appointment.slot.starts.to_zoned(time_zone.clone()), appointment.slot.ends.to_zoned(time_zone.clone()));
    let opens = appointment.slot.opens.to_zoned(time_zone.clone());
    let weekday_ja = ["月", "火", "水", "木", "金", "土", "日"]
        .get(usize::try_from(starts.weekday().to_monday_zero_offset()).unwrap_or(0))
        .copied()
        .unwrap_or_default();
    let date_ja = format!("{}年{}月{}日（{weekday_ja}）", starts.year(), starts.month(), starts.day());
    let fill = [
        ("{code}", code),
        ("{city_ja}", escaped(city.get(Language::Japanese))),
        ("{city_en}", escaped(city.get(Language::English))),
        ("{counter_ja}", escaped(appointment.counter.name.get(Language::Japanese))),
        ("{counter_en}", escaped(appointment.counter.name.get(Language::English))),
        ("{date_ja}", date_ja),
        ("{date_en}", starts.strftime("%A, %-d %B %Y").to_string()),
        ("{starts}", starts.strftime("%-H:%M").to_string()),
        ("{ends}", ends.strftime("%-H:%M").to_string()),
        ("{opens}", opens.strftime("%-H:%M").to_string()),
        ("{telephone}", escaped(&appointment.counter.telephone)),
        ("{number}", escaped(&appointment.id)),
    ];
    Some(fill.iter().fold(PAGE.to_owned(), |page, (blank, text)| page.replace(blank, text)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
