//! The ledger on paper: the list as it is filtered, and labels for the boxes.

use super::assets;
use super::http::Desk;
use super::ledger::{Asked, trouble};
use crate::lending::table::{self, Terms};
use crate::meeting::rights::Rights;
use crate::model::language::Language;
use crate::room::store::{DeviceFilter, LoanFilter, StoreError};
use crate::sheet::drawn_code;
use crate::words::Catalog;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use std::borrow::Cow;
use std::fmt::Write as _;

const PAGE: &str = include_str!("pages/ledger-paper.html");
/// Labels of one sheet of 3 by 8, each 70 by 37 mm: so many sheets at most.
const LABELS_AT_MOST: usize = 24 * 50;

/// `GET /ledger/list`: the loans that the page shows, on paper.
pub(in crate::room) async fn list(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(asked): Query<Asked<LoanFilter>>,
) -> Response {
    let language = asked.language;
    paper(desk, &headers, language, "list", move |desk, rights| {
        let today = desk.today();
        let (loans, count) = desk.store.loans(&asked.whole(), rights, today)?;
        let counters = desk.store.counters()?;
        let words = [Catalog::embedded().of_the_pages(language)];
        let terms = Terms(&words);
        let mut html = format!("<h1>{} {today} ({count})</h1><table><thead>", escaped(terms.say("loans")));
        // The revision is for tables that come back.
        row(&mut html, "th", &table::head(&table::LOAN, &terms));
        html.push_str("</thead><tbody>");
        for loan in &loans {
            let mut cells = table::loan_row(loan, today, &terms);
            // Whoever reads a list knows a counter by its name.
            let named = counters.iter().filter(|counter| loan.terms.counters.contains(&counter.id));
            let names: Vec<_> = named.map(|counter| counter.name.get(language)).collect();
            let column = table::LOAN.iter().position(|column| *column == "counters");
            if let Some(cell) = column.and_then(|at| cells.get_mut(at)) {
                *cell = names.join("・").into();
            }
            row(&mut html, "td", &cells);
        }
        html.push_str("</tbody></table>");
        Ok(html)
    })
    .await
}

fn row(html: &mut String, cell: &str, cells: &[Cow<'_, str>]) {
    html.push_str("<tr>");
    for text in cells.iter().take(table::LOAN.len() - 1) {
        let _ = write!(html, "<{cell}>{}</{cell}>", escaped(text));
    }
    html.push_str("</tr>");
}

/// `GET /ledger/labels`: a label for each device that the page shows. Its code is the number, as a reader types it.
pub(in crate::room) async fn labels(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(asked): Query<Asked<DeviceFilter>>,
) -> Response {
    let language = asked.language;
    paper(desk, &headers, language, "labels", move |desk, _| {
        let (devices, _) = desk.store.devices(&asked.whole())?;
        let city = match desk.city.get(language) {
            "" => assets::said(language, "brand"),
            city => city.to_owned(),
        };
        let what = assets::said(language, "ledger-col-device");
        let mut html = "<ol>".to_owned();
        for listed in devices.iter().take(LABELS_AT_MOST) {
            let number = &listed.device.terms.number;
            // A number is short: there is always a code of it.
            let Ok((side, path)) = drawn_code(number) else { continue };
            let _ = write!(
                html,
                "<li data-testid=\"label-{number}\"><svg viewBox=\"0 0 {side} {side}\" aria-hidden=\"true\"><path fill-rule=\"evenodd\" \
                 d=\"{path}\"/></svg><p><span>{}</span><span>{}</span><strong>{number}</strong></p></li>",
                escaped(&city),
                escaped(&what),
            );
        }
        html.push_str("</ol>");
        Ok(html)
    })
    .await
}

async fn paper(
    desk: Desk,
    headers: &HeaderMap,
    language: Language,
    kind: &'static str,
    draw: impl FnOnce(&Desk, &Rights) -> Result<String, StoreError> + Send + 'static,
) -> Response {
    let session = match desk.lender(headers).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    match tokio::task::spawn_blocking(move || draw(&desk, &session.rights)).await {
        Ok(Ok(drawn)) => {
            let page = assets::filled(PAGE, &Catalog::embedded().of_the_pages(language));
            let page = page.replace("{language}", language.tag()).replace("{kind}", kind);
            // Last: what stands in it is no blank.
            Html(page.replace("{paper}", &drawn)).into_response()
        }
        failed => trouble(failed.map(|drawn| drawn.map(|_| ()))),
    }
}

fn escaped(text: &str) -> String {
    assets::escaped(text)
}
