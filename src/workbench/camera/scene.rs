//! A person at a desk, drawn and moving: what the camera sees while nobody holds a paper before it.

use super::mark;
use image::RgbImage;
use madoguchi_pixels::frames;
use resvg::tiny_skia::{Color, LineCap, Paint, PathBuilder, Pixmap, Stroke, Transform};
use resvg::usvg;
use std::f32::consts::TAU;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Centre and reach of the wall clock in the drawing.
const CLOCK: (f32, f32) = (104.0, 92.0);
const REACH: f32 = 44.0;
/// How often the second hand ticks in a second.
const TICKS: f32 = 5.0;

/// The drawing, made ready in one size.
pub struct Scene {
    room: RgbImage,
    person: Layer,
    desk: Layer,
    to_frame: Transform,
    /// The clock's hands as they were painted last, and when.
    hands: Mutex<Option<(u32, Arc<Layer>)>>,
}

/// A part of the drawing, cut to what is painted.
struct Layer {
    at: (i32, i32),
    size: (usize, usize),
    /// Premultiplied red, green, blue, alpha.
    pixels: Vec<u8>,
}

impl Scene {
    /// Draws it in `width` by `height` pixels.
    ///
    /// # Errors
    /// A sentence, when the drawing or the size is unsound.
    pub fn new(width: u32, height: u32) -> Result<Self, String> {
        let zoom = (width as f32 / 640.0).max(height as f32 / 480.0);
        let (left, top) = ((width as f32 - 640.0 * zoom) / 2.0, (height as f32 - 480.0 * zoom) / 2.0);
        let to_frame = Transform::from_row(zoom, 0.0, 0.0, zoom, left, top);
        let draw = |svg: &str| {
            let tree = usvg::Tree::from_str(svg, &usvg::Options::default())
                .map_err(|error| format!("the drawing of the person cannot be read: {error}"))?;
            let mut pixmap = Pixmap::new(width, height)
                .ok_or_else(|| format!("a picture of {width} by {height} pixels cannot be drawn"))?;
            resvg::render(&tree, to_frame, &mut pixmap.as_mut());
            Ok::<_, String>(pixmap)
        };
        let mut room = RgbImage::new(width, height);
        Layer::cut(&draw(include_str!("room.svg"))?).over(&mut room, (0, 0));
        let person = Layer::cut(&draw(include_str!("person.svg"))?);
        let desk = Layer::cut(&draw(include_str!("desk.svg"))?);
        Ok(Self { room, person, desk, to_frame, hands: Mutex::default() })
    }

    /// The picture `t` after the desk was set up; with a mark, if one is wanted.
    pub fn frame(&self, t: Duration, mark: Option<&str>) -> RgbImage {
        let seconds = t.as_secs_f32();
        let mut frame = self.room.clone();
        if let Some(hands) = self.hands(seconds) {
            hands.over(&mut frame, (0, 0));
        }
        let sway = |hertz: f32, reach: f32| ((TAU * hertz * seconds).sin() * reach * self.to_frame.sx).round() as i32;
        self.person.over(&mut frame, (sway(0.21, 5.0), sway(0.4, 3.0)));
        self.desk.over(&mut frame, (0, 0));
        if let Some(text) = mark {
            let counter = (t.as_secs() % 256) as u8;
            mark::paint(&mut frame, mark::Seen { identity: mark::identity(text), counter });
        }
        frame
    }

    /// The room without anybody in it.
    pub fn empty(&self) -> RgbImage {
        let mut frame = self.room.clone();
        self.desk.over(&mut frame, (0, 0));
        frame
    }

    /// The clock's hands. Painted anew only for each tick, because that takes longer than all the rest.
    fn hands(&self, seconds: f32) -> Option<Arc<Layer>> {
        let tick = (seconds * TICKS) as u32;
        let mut painted = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        if painted.as_ref().is_none_or(|(when, _)| *when != tick) {
            *painted = self.paint_hands(tick as f32 / TICKS).map(|hands| (tick, Arc::new(hands)));
        }
        painted.as_ref().map(|(_, hands)| hands.clone())
    }

    /// Only the second hand moves.
    fn paint_hands(&self, seconds: f32) -> Option<Layer> {
        let zoom = self.to_frame.sx;
        let middle = REACH * zoom;
        let mut canvas = Pixmap::new((2.0 * middle) as u32, (2.0 * middle) as u32)?;
        let red = Color::from_rgba8(190, 50, 40, 255);
        let black = Color::from_rgba8(40, 34, 28, 255);
        for (turn, length, width, colour) in
            [(seconds / 60.0, 36.0, 3.0, red), (0.17, 30.0, 5.0, black), (0.85, 22.0, 6.0, black)]
        {
            let (sin, cos) = (turn * TAU).sin_cos();
            let mut path = PathBuilder::new();
            path.move_to(middle, middle);
            path.line_to(middle + sin * length * zoom, middle - cos * length * zoom);
            let mut paint = Paint { anti_alias: true, ..Paint::default() };
            paint.set_color(colour);
            let stroke = Stroke { width: width * zoom, line_cap: LineCap::Round, ..Stroke::default() };
            canvas.stroke_path(&path.finish()?, &paint, &stroke, Transform::identity(), None);
        }
        let mut layer = Layer::cut(&canvas);
        layer.at.0 += (CLOCK.0 * zoom + self.to_frame.tx - middle) as i32;
        layer.at.1 += (CLOCK.1 * zoom + self.to_frame.ty - middle) as i32;
        Some(layer)
    }
}

impl Layer {
    fn cut(canvas: &Pixmap) -> Self {
        let (width, height) = (canvas.width() as usize, canvas.height() as usize);
        let painted = |x: usize, y: usize| canvas.data()[(y * width + x) * 4 + 3] > 0;
        let columns: Vec<_> = (0..width).filter(|x| (0..height).any(|y| painted(*x, y))).collect();
        let rows: Vec<_> = (0..height).filter(|y| (0..width).any(|x| painted(x, *y))).collect();
        let (Some(left), Some(right), Some(top), Some(bottom)) =
            (columns.first(), columns.last(), rows.first(), rows.last())
        else {
            return Self { at: (0, 0), size: (0, 0), pixels: Vec::new() };
        };
        let size = (right - left + 1, bottom - top + 1);
        let row = |y: usize| &canvas.data()[(y * width + left) * 4..(y * width + right + 1) * 4];
        let pixels = (*top..=*bottom).flat_map(row).copied().collect();
        Self { at: (*left as i32, *top as i32), size, pixels }
    }

    /// Lays it over a frame, shifted by whole pixels (Porter and Duff 1984, "over").
    fn over(&self, frame: &mut RgbImage, shift: (i32, i32)) {
        let (width, height) = (frame.width() as i32, frame.height() as i32);
        let (x, y) = (self.at.0 + shift.0, self.at.1 + shift.1);
        let (wide, high) = (self.size.0 as i32, self.size.1 as i32);
        let (from, to) = ((-x).clamp(0, wide) as usize, (width - x).clamp(0, wide) as usize);
        let pixels: &mut [u8] = frame;
        for line in (-y).clamp(0, high)..(height - y).clamp(0, high) {
            let source = &self.pixels[(line as usize * self.size.0) * 4..][from * 4..to.max(from) * 4];
            let start = ((y + line) as usize * width as usize + (x + from as i32) as usize) * 3;
            frames::over(&mut pixels[start..], source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_moves_and_its_mark_counts_the_seconds() {
        let scene = Scene::new(640, 480).unwrap();
        let at = |millis| scene.frame(Duration::from_millis(millis), Some("appliance"));
        assert_ne!(at(0), at(400));
        for (millis, counter) in [(0, 0), (5_200, 5), (257_000, 1)] {
            assert_eq!(mark::read(&at(millis)), Some(mark::Seen { identity: mark::identity("appliance"), counter }));
        }
        assert_eq!(mark::read(&scene.frame(Duration::ZERO, None)), None);
        assert!(Scene::new(0, 480).is_err());
    }
}
