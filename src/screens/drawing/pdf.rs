//! A drawn page as PDF (ISO 32000-1): outlines in their true size, so that every printer prints the same.

use super::{DrawError, options};
use pdf_writer::types::{LineCapStyle, LineJoinStyle};
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, TextStr};
use resvg::tiny_skia::{PathSegment, Transform};
use resvg::usvg::{self, ClipPath, Fill, FillRule, Group, LineCap, LineJoin, Node, Paint, PaintOrder, Path, Stroke};

/// Points in an inch, the unit of PDF.
const POINTS: f32 = 72.0;
/// Millimetres in an inch.
const INCH: f32 = 25.4;
/// How hard the page is compressed (zlib).
const COMPRESSION: u8 = 9;

/// `svg` as the one page of a PDF, `width` × `height` millimetres, named `title` and in a language (BCP 47). The page asks
/// to be printed without scaling.
///
/// # Errors
/// The text is not SVG, or has more than outlines in plain colours.
pub fn pdf(svg: &str, (width, height): (f32, f32), title: &str, language: &str) -> Result<Vec<u8>, DrawError> {
    let tree = usvg::Tree::from_str(svg, options())?;
    let (wide, high) = (width / INCH * POINTS, height / INCH * POINTS);
    let mut content = Content::new();
    // The origin of SVG is the upper left corner, that of PDF the lower left one.
    content.transform([wide / tree.size().width(), 0.0, 0.0, -high / tree.size().height(), 0.0, high]);
    group(tree.root(), &mut content)?;
    let content = miniz_oxide::deflate::compress_to_vec_zlib(&content.finish(), COMPRESSION);

    let mut numbers = (1..).map(Ref::new);
    let mut next = || numbers.next().unwrap_or(Ref::new(i32::MAX));
    let (catalog, pages, page, drawn, about) = (next(), next(), next(), next(), next());
    let mut pdf = Pdf::new();
    let mut root = pdf.catalog(catalog);
    root.pages(pages).lang(TextStr(language));
    let mut preferences = root.viewer_preferences();
    preferences.display_doc_title(true).pair(Name(b"PrintScaling"), Name(b"None"));
    preferences.finish();
    root.finish();
    pdf.pages(pages).kids([page]).count(1);
    let mut sheet = pdf.page(page);
    sheet.media_box(Rect::new(0.0, 0.0, wide, high)).parent(pages).contents(drawn);
    sheet.resources();
    sheet.finish();
    pdf.stream(drawn, &content).filter(Filter::FlateDecode);
    pdf.document_info(about).title(TextStr(title)).producer(TextStr("Madoguchi"));
    Ok(pdf.finish())
}

fn group(group: &Group, content: &mut Content) -> Result<(), DrawError> {
    let plain = group.opacity().get() >= 1.0 && group.mask().is_none() && group.filters().is_empty();
    if !plain {
        return Err(DrawError::Pdf("a group that is transparent, masked or filtered"));
    }
    let Some(window) = group.clip_path() else { return children(group, content) };
    content.save_state();
    clip(window, group.abs_transform(), content)?;
    children(group, content)?;
    content.restore_state();
    Ok(())
}

/// Pictograms are clipped to their own square.
fn clip(window: &ClipPath, placed: Transform, content: &mut Content) -> Result<(), DrawError> {
    if let Some(outer) = window.clip_path() {
        clip(outer, placed, content)?;
    }
    let placed = placed.pre_concat(window.transform());
    for node in window.root().children() {
        let Node::Path(path) = node else { return Err(DrawError::Pdf("a window that is no simple shape")) };
        outline(path, placed.pre_concat(path.abs_transform()), content);
    }
    content.clip_nonzero();
    content.end_path();
    Ok(())
}

fn children(group: &Group, content: &mut Content) -> Result<(), DrawError> {
    for node in group.children() {
        match node {
            Node::Group(inner) => self::group(inner, content)?,
            Node::Text(text) => self::group(text.flattened(), content)?,
            Node::Path(path) if path.is_visible() => self::path(path, content)?,
            Node::Path(_) => {}
            Node::Image(_) => return Err(DrawError::Pdf("an image")),
        }
    }
    Ok(())
}

fn path(path: &Path, content: &mut Content) -> Result<(), DrawError> {
    if path.paint_order() == PaintOrder::FillAndStroke {
        fill(path, content)?;
        stroke(path, content)
    } else {
        stroke(path, content)?;
        fill(path, content)
    }
}

fn fill(path: &Path, content: &mut Content) -> Result<(), DrawError> {
    let Some(fill) = path.fill() else { return Ok(()) };
    let [r, g, b] = color(fill.paint(), fill.opacity().get())?;
    content.set_fill_rgb(r, g, b);
    outline(path, path.abs_transform(), content);
    match Fill::rule(fill) {
        FillRule::NonZero => content.fill_nonzero(),
        FillRule::EvenOdd => content.fill_even_odd(),
    };
    Ok(())
}

fn stroke(path: &Path, content: &mut Content) -> Result<(), DrawError> {
    let Some(stroke) = path.stroke() else { return Ok(()) };
    let [r, g, b] = color(stroke.paint(), stroke.opacity().get())?;
    // Of one size both ways: pictograms are turned and scaled, never stretched.
    let (x, y) = path.abs_transform().get_scale();
    let scale = (x * y).sqrt();
    content.set_stroke_rgb(r, g, b);
    content.set_line_width(stroke.width().get() * scale);
    content.set_line_cap(match Stroke::linecap(stroke) {
        LineCap::Butt => LineCapStyle::ButtCap,
        LineCap::Round => LineCapStyle::RoundCap,
        LineCap::Square => LineCapStyle::ProjectingSquareCap,
    });
    content.set_line_join(match Stroke::linejoin(stroke) {
        LineJoin::Miter | LineJoin::MiterClip => LineJoinStyle::MiterJoin,
        LineJoin::Round => LineJoinStyle::RoundJoin,
        LineJoin::Bevel => LineJoinStyle::BevelJoin,
    });
    content.set_miter_limit(stroke.miterlimit().get());
    let dashes = stroke.dasharray().unwrap_or_default().iter().map(|length| length * scale);
    content.set_dash_pattern(dashes, stroke.dashoffset() * scale);
    outline(path, path.abs_transform(), content);
    content.stroke();
    Ok(())
}

fn color(paint: &Paint, opacity: f32) -> Result<[f32; 3], DrawError> {
    match paint {
        Paint::Color(color) if opacity >= 1.0 => {
            Ok([color.red, color.green, color.blue].map(|part| f32::from(part) / 255.0))
        }
        Paint::Color(_) => Err(DrawError::Pdf("a transparent colour")),
        _ => Err(DrawError::Pdf("a gradient or pattern")),
    }
}

fn outline(path: &Path, placed: Transform, content: &mut Content) {
    // Hundredths of the template's units are far finer than any printer.
    let fine = |at: f32| (at * 100.0).round() / 100.0;
    let Some(placed) = path.data().clone().transform(placed) else { return };
    let mut at = (0.0, 0.0);
    for segment in placed.segments() {
        match segment {
            PathSegment::MoveTo(to) => {
                content.move_to(fine(to.x), fine(to.y));
                at = (to.x, to.y);
            }
            PathSegment::LineTo(to) => {
                content.line_to(fine(to.x), fine(to.y));
                at = (to.x, to.y);
            }
            PathSegment::QuadTo(bend, to) => {
                // PDF has cubic curves only; this one is the same.
                let third = |from: f32, bend: f32| from + (bend - from) * 2.0 / 3.0;
                let (x1, y1) = (third(at.0, bend.x), third(at.1, bend.y));
                let (x2, y2) = (third(to.x, bend.x), third(to.y, bend.y));
                content.cubic_to(fine(x1), fine(y1), fine(x2), fine(y2), fine(to.x), fine(to.y));
                at = (to.x, to.y);
            }
            PathSegment::CubicTo(one, two, to) => {
                content.cubic_to(fine(one.x), fine(one.y), fine(two.x), fine(two.y), fine(to.x), fine(to.y));
                at = (to.x, to.y);
            }
            PathSegment::Close => {
                content.close_path();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_its_true_size_and_what_cannot_be_drawn_is_refused() {
        let page = |inside: &str| {
            let svg = format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2100 2970" width="2100" height="2970">{inside}</svg>"#
            );
            pdf(&svg, (210.0, 297.0), "鍵", "ja")
        };
        let drawn =
            page(r##"<path d="M0 0Q50 0 50 50H0z" fill="#102030" stroke="#000000" stroke-width="4"/>"##).unwrap();
        let text = String::from_utf8_lossy(&drawn);
        assert!(text.starts_with("%PDF-1.") && text.contains("/MediaBox [0 0 595.27"), "{text}");
        assert!(text.contains("/PrintScaling /None") && text.contains("/Lang (ja)"), "{text}");
        assert_eq!(
            drawn,
            page(r##"<path d="M0 0Q50 0 50 50H0z" fill="#102030" stroke="#000000" stroke-width="4"/>"##).unwrap()
        );
        for inside in [
            r##"<rect width="9" height="9" fill="#000000" opacity="0.5"/>"##,
            r##"<rect width="9" height="9" fill="#000000" fill-opacity="0.5"/>"##,
            r##"<linearGradient id="g"><stop stop-color="#fff"/><stop offset="1"/></linearGradient><rect width="9" height="9" fill="url(#g)"/>"##,
        ] {
            assert!(matches!(page(inside), Err(DrawError::Pdf(_))), "{inside}");
        }
    }
}
