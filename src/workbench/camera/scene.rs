//! A person at a desk, drawn and moving: what the camera sees while nobody holds a paper before it.

use super::mark;
use image::RgbImage;
use resvg::tiny_skia::{Color, LineCap, Paint, PathBuilder, Pixmap, PixmapPaint, Stroke, Transform};
use resvg::usvg;
use std::f32::consts::TAU;
use std::time::Duration;

/// Centre and reach of the wall clock in the drawing.
const CLOCK: (f32, f32) = (104.0, 92.0);

/// The drawing, made ready in one size.
pub struct Scene {
    room: Pixmap,
    person: Pixmap,
    desk: Pixmap,
    to_frame: Transform,
}

impl Scene {
    /// Draws it in `width` by `height` pixels.
    ///
    /// # Errors
    /// A sentence, when the drawing or the size is unsound.
    pub fn new(width: u32, height: u32) -> Result<Self, String> {
        let zoom = (width as f32 / 640.0).max(height as f32 / 480.0);
        let to_frame = Transform::from_row(
            zoom,
            0.0,
            0.0,
            zoom,
            (width as f32 - 640.0 * zoom) / 2.0,
            (height as f32 - 480.0 * zoom) / 2.0,
        );
        let draw = |svg: &str| {
            let tree = usvg::Tree::from_str(svg, &usvg::Options::default())
                .map_err(|error| format!("the drawing of the person cannot be read: {error}"))?;
            let mut pixmap = Pixmap::new(width, height)
                .ok_or_else(|| format!("a picture of {width} by {height} pixels cannot be drawn"))?;
            resvg::render(&tree, to_frame, &mut pixmap.as_mut());
            Ok::<_, String>(pixmap)
        };
        Ok(Self {
            room: draw(include_str!("room.svg"))?,
            person: draw(include_str!("person.svg"))?,
            desk: draw(include_str!("desk.svg"))?,
            to_frame,
        })
    }

    /// The picture `t` after the desk was set up; with a mark, if one is wanted.
    pub fn frame(&self, t: Duration, mark: Option<&str>) -> RgbImage {
        let seconds = t.as_secs_f32();
        let mut canvas = self.room.clone();
        self.hand(&mut canvas, seconds / 60.0, 36.0, 3.0, Color::from_rgba8(190, 50, 40, 255));
        self.hand(&mut canvas, 0.17, 30.0, 5.0, Color::from_rgba8(40, 34, 28, 255));
        self.hand(&mut canvas, 0.85, 22.0, 6.0, Color::from_rgba8(40, 34, 28, 255));
        let sway = |hertz: f32, reach: f32| ((TAU * hertz * seconds).sin() * reach * self.to_frame.sx).round() as i32;
        let paint = PixmapPaint::default();
        canvas.draw_pixmap(sway(0.21, 5.0), sway(0.4, 3.0), self.person.as_ref(), &paint, Transform::identity(), None);
        canvas.draw_pixmap(0, 0, self.desk.as_ref(), &paint, Transform::identity(), None);
        let mut frame = opaque(&canvas);
        if let Some(text) = mark {
            let counter = (t.as_secs() % 256) as u8;
            mark::paint(&mut frame, mark::Seen { identity: mark::identity(text), counter });
        }
        frame
    }

    /// The room without anybody in it.
    pub fn empty(&self) -> RgbImage {
        let mut canvas = self.room.clone();
        canvas.draw_pixmap(0, 0, self.desk.as_ref(), &PixmapPaint::default(), Transform::identity(), None);
        opaque(&canvas)
    }

    fn hand(&self, canvas: &mut Pixmap, turn: f32, length: f32, width: f32, colour: Color) {
        let (sin, cos) = (turn * TAU).sin_cos();
        let mut path = PathBuilder::new();
        path.move_to(CLOCK.0, CLOCK.1);
        path.line_to(CLOCK.0 + sin * length, CLOCK.1 - cos * length);
        let Some(path) = path.finish() else { return };
        let mut paint = Paint { anti_alias: true, ..Paint::default() };
        paint.set_color(colour);
        let stroke = Stroke { width, line_cap: LineCap::Round, ..Stroke::default() };
        canvas.stroke_path(&path, &paint, &stroke, self.to_frame, None);
    }
}

/// The pixels of a picture without transparent places.
fn opaque(canvas: &Pixmap) -> RgbImage {
    let mut frame = RgbImage::new(canvas.width(), canvas.height());
    for (to, from) in frame.chunks_exact_mut(3).zip(canvas.data().chunks_exact(4)) {
        to.copy_from_slice(&from[..3]);
    }
    frame
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
