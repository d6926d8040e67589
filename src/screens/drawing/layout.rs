//! What stands where on a drawn page: the values by which a test judges whether a person can read it.

/// A rectangle in pixels of the drawn picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl Rect {
    /// Whether the two share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.x < other.x + other.width
            && other.x < self.x + self.width
            && self.y < other.y + other.height
            && other.y < self.y + self.height
    }

    /// Whether `inner` lies wholly inside.
    pub fn contains(&self, inner: &Self) -> bool {
        inner.x >= self.x
            && inner.y >= self.y
            && inner.x + inner.width <= self.x + self.width
            && inner.y + inner.height <= self.y + self.height
    }

    pub(crate) fn scaled(&self, by: f32) -> Self {
        Self { x: self.x * by, y: self.y * by, width: self.width * by, height: self.height * by }
    }
}

/// A colour with its opacity, as `#rrggbb` or `#rrggbbaa` says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Color(pub [u8; 4]);

impl Color {
    /// Reads `#rrggbb` or `#rrggbbaa`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        let alpha = match digits.len() {
            6 => 255,
            8 => byte(6)?,
            _ => return None,
        };
        Some(Self([byte(0)?, byte(2)?, byte(4)?, alpha]))
    }

    /// This colour over an opaque one.
    #[must_use]
    pub fn over(&self, beneath: Self) -> Self {
        let [r, g, b, alpha] = self.0;
        let mix = |above: u8, below: u8| {
            let sum = u32::from(above) * u32::from(alpha) + u32::from(below) * (255 - u32::from(alpha));
            u8::try_from((sum + 127) / 255).unwrap_or(255)
        };
        Self([mix(r, beneath.0[0]), mix(g, beneath.0[1]), mix(b, beneath.0[2]), 255])
    }

    /// Relative luminance (WCAG 2.2).
    pub fn luminance(&self) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(self.0[0]) + 0.7152 * part(self.0[1]) + 0.0722 * part(self.0[2])
    }

    /// Contrast ratio (WCAG 2.2) of an opaque text colour on this background, over the worst picture beneath it.
    pub fn contrast_under(&self, text: Self) -> f64 {
        let ratio = |background: Self| {
            let (a, b) = (background.luminance(), text.luminance());
            (a.max(b) + 0.05) / (a.min(b) + 0.05)
        };
        let black = Self([0, 0, 0, 255]);
        let white = Self([255, 255, 255, 255]);
        ratio(self.over(black)).min(ratio(self.over(white)))
    }
}

/// One text as it was set.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedText {
    /// What it is for: `sentence`, `next`, `press`, `hold`, `telephone`, `aside`, …
    pub role: String,
    /// The words without marks for line breaks; lines are separated by `\n`.
    pub text: String,
    /// The box of its letters.
    pub rect: Rect,
    /// Font size in pixels.
    pub size: f32,
    /// Height of a capital letter in pixels.
    pub cap_height: f32,
    /// Colour of the letters.
    pub color: Color,
    /// What lies right behind them; not opaque where a picture shines through.
    pub on: Color,
    /// Nothing was cut off and no letter was missing from the font.
    pub whole: bool,
}

/// The ring that fills while the button is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ring {
    /// Centre.
    pub x: f32,
    /// Centre.
    pub y: f32,
    /// From the centre to the middle of the line.
    pub radius: f32,
    /// Width of the line.
    pub line: f32,
}

/// What stands where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Every text.
    pub texts: Vec<PlacedText>,
    /// Where the hold ring is.
    pub ring: Option<Ring>,
    /// Where the microphone level is shown.
    pub meter: Option<Rect>,
    /// Where a picture is seen beneath the page.
    pub holes: Vec<Rect>,
}

impl Layout {
    /// The texts of one role.
    pub fn of<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a PlacedText> {
        self.texts.iter().filter(move |text| text.role == role)
    }

    /// The same layout on a picture `by` times as large.
    #[must_use]
    pub fn scaled(&self, by: f32) -> Self {
        let texts = self.texts.iter().map(|text| PlacedText {
            rect: text.rect.scaled(by),
            size: text.size * by,
            cap_height: text.cap_height * by,
            ..text.clone()
        });
        Self {
            texts: texts.collect(),
            ring: self.ring.map(|ring| Ring {
                x: ring.x * by,
                y: ring.y * by,
                radius: ring.radius * by,
                line: ring.line * by,
            }),
            meter: self.meter.map(|meter| meter.scaled(by)),
            holes: self.holes.iter().map(|hole| hole.scaled(by)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_the_worst_over_any_picture() {
        let white = Color::parse("#ffffff").unwrap();
        let black = Color::parse("#000000").unwrap();
        assert!((black.contrast_under(white) - 21.0).abs() < 0.01);
        assert!((Color::parse("#00000000").unwrap().contrast_under(white) - 1.0).abs() < 0.01);
        assert!(Color::parse("#0b1220d9").unwrap().contrast_under(white) > 7.0);
        assert_eq!(Color::parse("red"), None);
    }
}
