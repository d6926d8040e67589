//! Turns words and pictograms into pixels: the embedded fonts, the setting of text, and SVG drawn without a screen.

pub mod layout;
pub mod page;
#[cfg(any(feature = "room", feature = "staff"))]
pub mod pdf;
pub mod typeset;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};
use std::sync::{Arc, OnceLock};

/// The family of the embedded fonts, as templates name it.
pub const FAMILY: &str = "BIZ UDPGothic";
/// BIZ UDPGothic Regular and Bold, a universal-design typeface (SIL Open Font License 1.1). On the box they are files of
/// their own: in the program, they would be read anew with each of its updates.
#[cfg(any(feature = "embedded-fonts", not(feature = "device")))]
pub fn fonts() -> [&'static [u8]; 2] {
    [include_bytes!("drawing/fonts/BIZUDPGothic-Regular.ttf"), include_bytes!("drawing/fonts/BIZUDPGothic-Bold.ttf")]
}

/// BIZ UDPGothic Regular and Bold, from the verified system; nothing of one that cannot be read, which is said in the log.
#[cfg(all(feature = "device", not(feature = "embedded-fonts")))]
#[expect(clippy::disallowed_methods, reason = "files of the verified system, read once")]
pub fn fonts() -> [&'static [u8]; 2] {
    static FONTS: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    let read = |name: &str| {
        let path = format!("/usr/share/madoguchi/fonts/{name}");
        std::fs::read(&path).unwrap_or_else(|error| {
            tracing::error!(
                "reading the font {path}: {error}; the screens have no words until this system is installed anew"
            );
            Vec::new()
        })
    };
    let [regular, bold] = FONTS.get_or_init(|| ["BIZUDPGothic-Regular.ttf", "BIZUDPGothic-Bold.ttf"].map(read));
    [regular, bold]
}

/// Every pictogram as an SVG `<symbol>`; also for web pages.
pub const PICTOGRAMS: &str = include_str!("drawing/pictograms.svg");

/// Why a page could not be drawn: a mistake in a template, not in what it shows.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// minijinja refused the template.
    #[error("filling the template {template}: {source:#}")]
    Template {
        /// Which one.
        template: String,
        /// Where and why.
        source: minijinja::Error,
    },
    /// The filled template is not SVG.
    #[error("reading the filled template as SVG: {0}")]
    Svg(#[from] usvg::Error),
    /// The page has something that is not drawn as PDF.
    #[error("drawing the page as PDF: it has {0}; take it out of the template")]
    Pdf(&'static str),
    /// A picture of this size cannot be had.
    #[error("no memory for a picture of {0} × {1} pixels")]
    Size(u32, u32),
}

/// Draws `svg`, stretched to `width` × `height` pixels. Uses the embedded fonts only, so that every machine draws the same.
///
/// # Errors
/// The text is not SVG, or the size is zero or too large.
pub fn draw(svg: &str, width: u32, height: u32) -> Result<Pixmap, DrawError> {
    let tree = usvg::Tree::from_str(svg, options())?;
    let mut pixmap = Pixmap::new(width, height).ok_or(DrawError::Size(width, height))?;
    let size = tree.size();
    let scale = Transform::from_scale(width as f32 / size.width(), height as f32 / size.height());
    resvg::render(&tree, scale, &mut pixmap.as_mut());
    Ok(pixmap)
}

/// `svg` with its letters turned into outlines, for printers and programs without the fonts.
///
/// # Errors
/// The text is not SVG.
pub fn outlined(svg: &str) -> Result<String, DrawError> {
    Ok(usvg::Tree::from_str(svg, options())?.to_string(&usvg::WriteOptions::default()))
}

/// An outlined page as it stands within HTML: without the declaration of XML, and scaled by the page's style.
#[cfg(feature = "room")]
pub fn within_a_page(svg: &str) -> String {
    let from = svg.find("<svg").unwrap_or(0);
    let (head, rest) = svg.get(from..).and_then(|svg| svg.split_once('>')).unwrap_or_default();
    let size = |name: &str| {
        let value = head.split_once(&format!(" {name}=\"")).and_then(|(_, value)| value.split('"').next());
        value.unwrap_or_default().to_owned()
    };
    let namespaces = r#"xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink""#;
    format!(r#"<svg {namespaces} viewBox="0 0 {} {}" aria-hidden="true">{rest}"#, size("width"), size("height"))
}

fn options() -> &'static usvg::Options<'static> {
    static OPTIONS: OnceLock<usvg::Options<'static>> = OnceLock::new();
    OPTIONS.get_or_init(|| {
        let mut known = fontdb::Database::new();
        for font in fonts() {
            known.load_font_source(fontdb::Source::Binary(Arc::new(font)));
        }
        usvg::Options { fontdb: Arc::new(known), font_family: FAMILY.to_owned(), ..usvg::Options::default() }
    })
}

/// The inside of [`PICTOGRAMS`], to stand in a page's `<defs>`.
pub(crate) fn symbols() -> &'static str {
    let inside = PICTOGRAMS.find('>').and_then(|from| PICTOGRAMS.get(from + 1..)).unwrap_or_default();
    inside.rsplit_once("</svg>").map_or(inside, |(symbols, _)| symbols)
}
