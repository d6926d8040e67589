//! Paints a screen: words and pictograms from SVG templates, with holes where camera and staff pictures are seen.

mod labels;
mod live;
mod sentences;
mod signs;
mod speak;
mod view;

use crate::model::screen::{Live, Screen};
use crate::screens::drawing::layout::Layout;
use crate::screens::drawing::{self, DrawError, page};
use minijinja::Environment;
use resvg::tiny_skia::Pixmap;
use std::sync::OnceLock;

/// Width of the templates' field; its height is 1080.
const FIELD: f32 = 1920.0;

/// Paints screens of one size. It keeps the last picture, so that what moves many times a second costs little.
pub struct Painter {
    width: u32,
    height: u32,
    base: Option<Base>,
}

/// A picture without its moving parts.
struct Base {
    /// With [`Screen::live`] empty.
    screen: Screen,
    svg: String,
    picture: Pixmap,
    layout: Layout,
}

impl Painter {
    /// A painter for a TV of `width` × `height` pixels (16:9).
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, base: None }
    }

    /// The whole picture of a screen: premultiplied RGBA, transparent where another picture is seen beneath.
    ///
    /// # Errors
    /// A mistake in a template (a test paints every screen), or no memory.
    pub fn paint(&mut self, screen: &Screen) -> Result<Pixmap, DrawError> {
        let base = self.base(screen)?;
        let mut picture = base.picture.clone();
        live::draw(&mut picture, &base.layout, screen.live);
        Ok(picture)
    }

    /// Where everything stands on the picture of a screen, in its pixels.
    ///
    /// # Errors
    /// As [`Painter::paint`].
    pub fn layout(&mut self, screen: &Screen) -> Result<Layout, DrawError> {
        Ok(self.base(screen)?.layout.clone())
    }

    /// Brings a picture that this painter painted up to date. Where only [`Screen::live`] changed, only the ring and the
    /// microphone level are drawn anew; anything else paints the whole.
    ///
    /// # Errors
    /// As [`Painter::paint`].
    pub fn paint_live(&mut self, picture: &mut Pixmap, screen: &Screen) -> Result<(), DrawError> {
        let same = self.base.as_ref().is_some_and(|base| base.is_of(screen));
        if !same || (picture.width(), picture.height()) != (self.width, self.height) {
            *picture = self.paint(screen)?;
            return Ok(());
        }
        if let Some(base) = &self.base {
            live::restore(picture, &base.picture, &base.layout);
            live::draw(picture, &base.layout, screen.live);
        }
        Ok(())
    }

    fn base(&mut self, screen: &Screen) -> Result<&Base, DrawError> {
        let base = match self.base.take() {
            Some(base) if base.is_of(screen) => base,
            old => self.render(screen, old)?,
        };
        Ok(self.base.insert(base))
    }

    /// Draws a screen; a countdown that still says the same number keeps the old picture.
    fn render(&self, screen: &Screen, old: Option<Base>) -> Result<Base, DrawError> {
        let (template, values) = view::of(screen);
        let (svg, layout) = page::compose(templates()?, template, values)?;
        let picture = match old {
            Some(old) if old.svg == svg => old.picture,
            _ => drawing::draw(&svg, self.width, self.height)?,
        };
        let layout = layout.scaled(self.width as f32 / FIELD);
        Ok(Base { screen: Screen { live: Live::default(), ..screen.clone() }, svg, picture, layout })
    }
}

impl Base {
    fn is_of(&self, screen: &Screen) -> bool {
        let Screen { language, city, face, press, hold, telephone, aside, live: _ } = screen;
        let mine = &self.screen;
        mine.face == *face
            && mine.language == *language
            && mine.press == *press
            && mine.hold == *hold
            && mine.aside == *aside
            && mine.city == *city
            && mine.telephone == *telephone
    }
}

fn templates() -> Result<&'static Environment<'static>, DrawError> {
    const FILES: [(&str, &str); 6] = [
        ("base.svg", include_str!("templates/base.svg")),
        ("message.svg", include_str!("templates/message.svg")),
        ("viewfinder.svg", include_str!("templates/viewfinder.svg")),
        ("mirror.svg", include_str!("templates/mirror.svg")),
        ("rules.svg", include_str!("templates/rules.svg")),
        ("live.svg", include_str!("templates/live.svg")),
    ];
    static TEMPLATES: OnceLock<Environment<'static>> = OnceLock::new();
    if let Some(known) = TEMPLATES.get() {
        return Ok(known);
    }
    let mut environment = page::environment();
    for (name, text) in FILES {
        environment
            .add_template(name, text)
            .map_err(|source| DrawError::Template { template: name.to_owned(), source })?;
    }
    Ok(TEMPLATES.get_or_init(|| environment))
}
