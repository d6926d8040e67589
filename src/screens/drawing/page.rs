//! What a page's template may ask for: a text set into a box, a plate around a text, a pictogram; each text is noted
//! in the page's [`Layout`].

use super::layout::{Color, Layout, PlacedText, Rect, Ring};
use super::typeset::{self, ASCENT, Block, CAP_HEIGHT, DESCENT, FontFace, Space, Weight};
use super::{DrawError, FAMILY, symbols};
use minijinja::value::{Kwargs, Object, Value, from_args};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, context};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// An environment for SVG templates: values are escaped, unknown names are mistakes.
pub fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::SemiStrict);
    environment
}

/// Fills a template of `environment` with `values`; `page` and `symbols` are added to them.
///
/// # Errors
/// A mistake in the template.
pub fn compose(environment: &Environment<'_>, template: &str, values: Value) -> Result<(String, Layout), DrawError> {
    let page = Arc::new(Page::default());
    let filled = environment.get_template(template).and_then(|found| {
        let page = Value::from_dyn_object(page.clone());
        found.render(context! { page, symbols => Value::from_safe_string(symbols().to_owned()), ..values })
    });
    let svg = filled.map_err(|source| DrawError::Template { template: template.to_owned(), source })?;
    let layout = page.noted.lock().unwrap_or_else(PoisonError::into_inner).layout.clone();
    Ok((svg, layout))
}

/// The object `page` that templates call.
#[derive(Debug, Default)]
struct Page {
    noted: Mutex<Noted>,
}

/// What was drawn so far.
#[derive(Debug, Default)]
struct Noted {
    layout: Layout,
    /// Edges of what was drawn last.
    left: f32,
    bottom: f32,
    right: f32,
}

impl Object for Page {
    fn call_method(self: &Arc<Self>, _state: &State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let svg = match method {
            "text" => noted.text(args)?,
            "plate" => noted.plate(args)?,
            "icon" => icon(args)?,
            "hole" => {
                let (x, y, width, height) = from_args(args)?;
                noted.layout.holes.push(Rect { x, y, width, height });
                String::new()
            }
            "meter" => {
                let (x, y, width, height) = from_args(args)?;
                noted.layout.meter = Some(Rect { x, y, width, height });
                String::new()
            }
            "ring" => {
                let (x, y, radius, line) = from_args(args)?;
                noted.layout.ring = Some(Ring { x, y, radius, line });
                String::new()
            }
            "bottom" => return Ok(Value::from(noted.bottom)),
            "left" => return Ok(Value::from(noted.left)),
            "right" => return Ok(Value::from(noted.right)),
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        };
        Ok(Value::from_safe_string(svg))
    }
}

/// How letters look: `size`, `min`, `bold`, `fill`, `on`.
struct Ink {
    size: f32,
    smallest: f32,
    weight: Weight,
    fill: Color,
    on: Color,
}

impl Ink {
    fn read(kwargs: &Kwargs) -> Result<Self, Error> {
        let size = kwargs.get("size")?;
        let bold: Option<bool> = kwargs.get("bold")?;
        Ok(Self {
            size,
            smallest: kwargs.get::<Option<f32>>("min")?.unwrap_or(size).min(size),
            weight: if bold == Some(true) { Weight::Bold } else { Weight::Regular },
            fill: color(kwargs, "fill")?,
            on: color(kwargs, "on")?,
        })
    }
}

impl Noted {
    /// `page.text(role, text, x, y, w, h, size, min, bold, fill, on, align = start|middle|end, valign = top|middle|bottom)`
    fn text(&mut self, args: &[Value]) -> Result<String, Error> {
        let (role, text, kwargs): (String, String, Kwargs) = from_args(args)?;
        let ink = Ink::read(&kwargs)?;
        let (x, y, width, height): (f32, f32, f32, f32) =
            (kwargs.get("x")?, kwargs.get("y")?, kwargs.get("w")?, kwargs.get("h")?);
        let leading = kwargs.get::<Option<f32>>("leading")?.unwrap_or(1.32);
        let space = Space { width, height, size: ink.size, smallest: ink.smallest, leading };
        let block = typeset::set(&text, ink.weight, space);
        let align = kwargs.get::<Option<String>>("align")?.unwrap_or_default();
        let left = match align.as_str() {
            "middle" => x + (width - block.width) / 2.0,
            "end" => x + width - block.width,
            _ => x,
        };
        let tall = block.size * (1.0 + leading * (block.lines.len().saturating_sub(1)) as f32);
        let top = match kwargs.get::<Option<String>>("valign")?.as_deref() {
            Some("middle") => y + (height - tall) / 2.0,
            Some("bottom") => y + height - tall,
            _ => y,
        };
        kwargs.assert_all_used()?;
        Ok(self.set_down(&role, &block, &ink, (left, top, leading), align.as_str()))
    }

    /// `page.plate(role, text, x, y, h, max, size, min, bold, fill, on, icon, lead = room kept on the left, end = x is the right edge, border)`: a
    /// rounded plate as wide as its text.
    fn plate(&mut self, args: &[Value]) -> Result<String, Error> {
        let (role, text, kwargs): (String, String, Kwargs) = from_args(args)?;
        let ink = Ink::read(&kwargs)?;
        let (x, y, height, max): (f32, f32, f32, f32) =
            (kwargs.get("x")?, kwargs.get("y")?, kwargs.get("h")?, kwargs.get("max")?);
        let mark: Option<String> = kwargs.get("icon")?;
        let border: Option<String> = kwargs.get("border")?;
        let end = kwargs.get::<Option<bool>>("end")?.unwrap_or(false);
        let leading = 1.15;
        let pad = kwargs.get::<Option<f32>>("pad")?.unwrap_or(height * 0.3);
        let mark_size = kwargs.get::<Option<f32>>("mark")?.unwrap_or(height * 0.66);
        let blank = kwargs.get::<Option<f32>>("lead")?.unwrap_or(0.0);
        kwargs.assert_all_used()?;
        let lead = if mark.is_some() { mark_size + pad * 0.7 } else { blank };
        let space = Space {
            width: max - 2.0 * pad - lead,
            height: height * 0.98,
            size: ink.size,
            smallest: ink.smallest,
            leading,
        };
        let block = typeset::set(&text, ink.weight, space);
        let width = block.width + 2.0 * pad + lead;
        let left = if end { x - width } else { x };
        // The border's line lies inside the plate.
        let inset = if border.is_some() { 2.5 } else { 0.0 };
        let mut svg = format!(
            r##"<rect x="{}" y="{}" width="{}" height="{}" rx="{}" {} {}/>"##,
            left + inset,
            y + inset,
            width - 2.0 * inset,
            height - 2.0 * inset,
            (height / 2.0).min(28.0),
            paint("fill", ink.on),
            border.map(|color| format!(r#"stroke="{color}" stroke-width="5""#)).unwrap_or_default(),
        );
        if let Some(mark) = mark {
            let at = y + (height - mark_size) / 2.0;
            svg.push_str(&symbol(&mark, left + pad * 0.9, at, mark_size, ink.fill));
        }
        let tall = block.size * (1.0 + leading * (block.lines.len().saturating_sub(1)) as f32);
        let place = (left + pad + lead, y + (height - tall) / 2.0, leading);
        svg.push_str(&self.set_down(&role, &block, &ink, place, ""));
        self.left = left;
        self.bottom = y + height;
        self.right = left + width;
        Ok(svg)
    }

    /// Notes a block at (left, top, leading) and gives its SVG; `align` orders the lines among themselves.
    fn set_down(&mut self, role: &str, block: &Block, ink: &Ink, place: (f32, f32, f32), align: &str) -> String {
        let (left, top, leading) = place;
        let size = block.size;
        let mut svg = format!(
            r#"<g font-family="{FAMILY}" font-size="{size}" font-weight="{}" {} xml:space="preserve">"#,
            if ink.weight == Weight::Bold { 700 } else { 400 },
            paint("fill", ink.fill),
        );
        for (number, line) in block.lines.iter().enumerate() {
            let slack = block.width - FontFace::of(ink.weight).map_or(0.0, |face| face.width(line)) * size;
            let x = match align {
                "middle" => left + slack / 2.0,
                "end" => left + slack,
                _ => left,
            };
            let y = top + size * (ASCENT + leading * number as f32);
            let _ = write!(svg, r#"<text x="{x:.2}" y="{y:.2}">{}</text>"#, escaped(line));
        }
        svg.push_str("</g>");
        let below = size * (leading * block.lines.len().saturating_sub(1) as f32 + ASCENT + DESCENT);
        let rect = Rect { x: left, y: top, width: block.width, height: below };
        self.left = left;
        self.bottom = top + below;
        self.right = left + block.width;
        self.layout.texts.push(PlacedText {
            role: role.to_owned(),
            text: block.lines.join("\n"),
            rect,
            size,
            cap_height: size * CAP_HEIGHT,
            color: ink.fill,
            on: ink.on,
            whole: block.whole,
        });
        svg
    }
}

/// `page.icon(id, x, y, size, color)`
fn icon(args: &[Value]) -> Result<String, Error> {
    let (id, x, y, size, color): (String, f32, f32, f32, String) = from_args(args)?;
    let color = Color::parse(&color)
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("{color:?} is no colour like #1a2b3c")))?;
    Ok(symbol(&id, x, y, size, color))
}

fn symbol(id: &str, x: f32, y: f32, size: f32, color: Color) -> String {
    let [r, g, b, _] = color.0;
    format!(
        r##"<g color="#{r:02x}{g:02x}{b:02x}"><use xlink:href="#{}" x="{x}" y="{y}" width="{size}" height="{size}"/></g>"##,
        escaped(id)
    )
}

fn color(kwargs: &Kwargs, name: &str) -> Result<Color, Error> {
    let text: String = kwargs.get(name)?;
    Color::parse(&text)
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("{name}={text:?} is no colour like #1a2b3c")))
}

fn paint(attribute: &str, color: Color) -> String {
    let [r, g, b, alpha] = color.0;
    let opacity = f32::from(alpha) / 255.0;
    format!(r##"{attribute}="#{r:02x}{g:02x}{b:02x}" {attribute}-opacity="{opacity:.3}""##)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
