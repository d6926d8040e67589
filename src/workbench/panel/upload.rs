//! Pictures and clips that somebody brings to the desk: looked at as a whole before anything changes.

use super::{Page, refuse};
use crate::workbench::Command;
use crate::workbench::bench::Item;
use crate::workbench::papers::Paper;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use image::RgbaImage;
use serde::Deserialize;
use std::io::Cursor;
use std::sync::Arc;

/// Largest file.
pub(super) const LARGEST: usize = 32 << 20;
/// Largest side of a picture in pixels.
const LARGEST_SIDE: u32 = 8_000;
/// Memory that decoding a picture may take.
const LARGEST_MEMORY: u64 = 320 << 20;
/// Longest title in characters.
const LONGEST_TITLE: usize = 40;

/// What comes in the address.
#[derive(Deserialize)]
pub(super) struct About {
    /// The file's name.
    name: String,
    /// Whether a picture is a paper to be held up, or fills the view.
    #[serde(default)]
    paper: bool,
}

/// Takes a file, lays it on the desk and puts it before the camera.
pub(super) async fn upload(State(page): State<Page>, Query(about): Query<About>, request: Request) -> Response {
    let Ok(bytes) = axum::body::to_bytes(request.into_body(), LARGEST).await else {
        let why = format!("\"{}\" is larger than {} MB; choose a smaller file", title(&about.name), LARGEST >> 20);
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, why);
    };
    let id = page.control.bench.upload_id();
    let looked = tokio::task::spawn_blocking({
        let id = id.clone();
        move || look(id, &about, bytes.as_ref())
    });
    let item = match looked.await {
        Ok(Ok(item)) => item,
        Ok(Err(why)) => return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, why),
        Err(_) => return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "this file could not be read; choose another"),
    };
    page.control.bench.put(item.uploaded());
    match page.control.run(Command::Show { id: id.clone() }).await {
        Ok(()) => axum::Json(serde_json::json!({ "id": id })).into_response(),
        Err(refused) => refuse(StatusCode::CONFLICT, refused.0),
    }
}

/// Tells what a file is by its content.
fn look(id: String, about: &About, bytes: &[u8]) -> Result<Item, String> {
    let title = title(&about.name);
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"AVI ") {
        return Item::clip(&id, &title, Arc::from(bytes)).map_err(|refused| format!("\"{title}\": {refused}"));
    }
    let image = picture(bytes).map_err(|why| {
        format!(
            "\"{title}\" is neither a picture (PNG, JPEG, WebP, GIF, BMP or PNM) nor an AVI clip with Motion JPEG: {why}"
        )
    })?;
    let paper = Paper::new(&id, &title, &title, image);
    Ok(if about.paper { Item::paper(paper) } else { Item::picture(paper) })
}

fn picture(bytes: &[u8]) -> Result<RgbaImage, String> {
    let mut reader = image::ImageReader::new(Cursor::new(bytes));
    reader.set_format(image::guess_format(bytes).map_err(|_| "its beginning is unknown".to_owned())?);
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(LARGEST_MEMORY);
    reader.limits(limits);
    reader.decode().map(image::DynamicImage::into_rgba8).map_err(|error| error.to_string())
}

fn title(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(LONGEST_TITLE).collect()
}
