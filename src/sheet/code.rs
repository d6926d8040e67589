//! A QR code as a shape.

use qrcode::QrCode;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Modules left white around a code (ISO/IEC 18004).
const QUIET: i32 = 4;

/// The QR code of a text: the side of its square in modules, quiet zone included, and the dark modules as an SVG path.
///
/// # Errors
/// The text is too long.
#[cfg(feature = "room")]
pub(crate) fn drawn_code(text: &str) -> Result<(usize, String), qrcode::types::QrError> {
    let code = QrCode::with_error_correction_level(text.as_bytes(), qrcode::EcLevel::M)?;
    Ok((code.width() + 2 * usize::try_from(QUIET).unwrap_or(0), outline(&code)))
}

/// The dark modules as an SVG path (fill rule even-odd), one unit each, behind a quiet zone of [`QUIET`]. Modules that touch
/// are one shape: drawn one by one, thin light lines would show between them.
pub(super) fn outline(code: &QrCode) -> String {
    let width = i32::try_from(code.width()).unwrap_or(1).max(1);
    let colors = code.to_colors();
    let dark = |x: i32, y: i32| {
        let inside = (0..width).contains(&x) && (0..width).contains(&y);
        inside && usize::try_from(y * width + x).is_ok_and(|at| colors.get(at) == Some(&qrcode::Color::Dark))
    };
    // Every edge between dark and light, with the dark to its right; a corner has at most two that begin there.
    let mut edges: BTreeMap<(i32, i32), Vec<(i32, i32)>> = BTreeMap::new();
    for (x, y) in (0..width).flat_map(|y| (0..width).map(move |x| (x, y))).filter(|&(x, y)| dark(x, y)) {
        let sides = [
            (dark(x, y - 1), (x, y), (x + 1, y)),
            (dark(x + 1, y), (x + 1, y), (x + 1, y + 1)),
            (dark(x, y + 1), (x + 1, y + 1), (x, y + 1)),
            (dark(x - 1, y), (x, y + 1), (x, y)),
        ];
        for (_, from, to) in sides.into_iter().filter(|(inner, ..)| !inner) {
            edges.entry(from).or_default().push(to);
        }
    }
    let mut path = String::new();
    while let Some((&start, _)) = edges.first_key_value() {
        let _ = write!(path, "M{} {}", start.0 + QUIET, start.1 + QUIET);
        let mut at = start;
        while let Some(to) = edges.get_mut(&at).and_then(Vec::pop) {
            if edges.get(&at).is_some_and(Vec::is_empty) {
                edges.remove(&at);
            }
            let _ = write!(path, "L{} {}", to.0 + QUIET, to.1 + QUIET);
            at = to;
        }
        path.push('z');
    }
    path
}
