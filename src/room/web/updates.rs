//! What devices can have from this counter: signed pointers and bundles out of one folder, to be read in parts (RFC 9110,
//! section 14), since RAUC takes of a bundle what it does not have.

use super::http::{Desk, plain};
use crate::model::release::is_file;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tower_http::services::ServeFile;

/// A file of the folder, whose signatures are the device's to judge. Other names are not even looked for.
pub(in crate::room) async fn file(State(desk): State<Desk>, Path(name): Path<String>, request: Request) -> Response {
    let nothing = || plain(StatusCode::NOT_FOUND, "There is nothing at this address.");
    let Some(folder) = desk.updates.as_ref().filter(|_| is_file(&name)) else { return nothing() };
    match ServeFile::new(folder.join(&name)).try_call(request).await {
        Ok(answer) if answer.status() == StatusCode::NOT_FOUND => nothing(),
        Ok(answer) => answer.into_response(),
        Err(error) => {
            tracing::error!(%error, name, "reading a file of the updates");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "The file could not be read.")
        }
    }
}
