//! What moves many times a second: the ring that fills while the button is held, and the microphone level.

use crate::model::screen::Live;
use crate::screens::drawing::layout::{Layout, Rect, Ring};
use resvg::tiny_skia::{
    Color, FillRule, LineCap, Paint, Path, PathBuilder, Pixmap, Rect as SkiaRect, Stroke, Transform,
};

/// Bars of the level meter.
const BARS: u16 = 12;

/// Draws what moves over a base picture.
pub(super) fn draw(picture: &mut Pixmap, layout: &Layout, live: Live) {
    if let (Some(ring), Some(filled)) = (layout.ring, live.ring) {
        draw_ring(picture, ring, filled.min(1000));
    }
    if let (Some(meter), Some(level)) = (layout.meter, live.level) {
        draw_meter(picture, meter, level.min(1000));
    }
}

/// Puts back the base picture where [`draw`] may have drawn.
pub(super) fn restore(picture: &mut Pixmap, base: &Pixmap, layout: &Layout) {
    let ring = layout.ring.map(|ring| {
        let reach = ring.radius + ring.line;
        Rect { x: ring.x - reach, y: ring.y - reach, width: 2.0 * reach, height: 2.0 * reach }
    });
    for part in [ring, layout.meter].into_iter().flatten() {
        copy(picture, base, part);
    }
}

/// Copies one rectangle, byte by byte, so that transparent parts become transparent again.
fn copy(to: &mut Pixmap, from: &Pixmap, part: Rect) {
    let (width, height) = (from.width() as usize, from.height() as usize);
    let clamp = |value: f32, most: usize| (value.max(0.0) as usize).min(most);
    let (left, right) = (clamp(part.x.floor() - 1.0, width), clamp((part.x + part.width).ceil() + 1.0, width));
    let (top, bottom) = (clamp(part.y.floor() - 1.0, height), clamp((part.y + part.height).ceil() + 1.0, height));
    for row in top..bottom {
        let bytes = (row * width + left) * 4..(row * width + right) * 4;
        if let (Some(target), Some(source)) = (to.data_mut().get_mut(bytes.clone()), from.data().get(bytes)) {
            target.copy_from_slice(source);
        }
    }
}

fn draw_ring(picture: &mut Pixmap, ring: Ring, filled: u16) {
    let turn = std::f32::consts::TAU * f32::from(filled) / 1000.0;
    let mut path = PathBuilder::new();
    path.move_to(ring.x, ring.y - ring.radius);
    let steps = (filled / 8).max(1);
    for step in 1..=steps {
        let angle = turn * f32::from(step) / f32::from(steps);
        path.line_to(ring.x + ring.radius * angle.sin(), ring.y - ring.radius * angle.cos());
    }
    let stroke = Stroke { width: ring.line, line_cap: LineCap::Round, ..Stroke::default() };
    if let Some(path) = path.finish() {
        picture.stroke_path(&path, &amber(), &stroke, Transform::identity(), None);
    }
}

fn draw_meter(picture: &mut Pixmap, meter: Rect, level: u16) {
    // Full scale is a shout; a speaking voice (about 500) fills three quarters.
    let lit = (u32::from(level) * u32::from(BARS) * 3 / 2 / 1000).min(u32::from(BARS));
    let pitch = meter.width / f32::from(BARS);
    for bar in 0..BARS {
        if u32::from(bar) >= lit {
            break;
        }
        let x = meter.x + pitch * (f32::from(bar) + 0.15);
        if let Some(path) = bar_path(x, meter.y, pitch * 0.7, meter.height) {
            picture.fill_path(&path, &green(), FillRule::Winding, Transform::identity(), None);
        }
    }
}

fn bar_path(x: f32, y: f32, width: f32, height: f32) -> Option<Path> {
    Some(PathBuilder::from_rect(SkiaRect::from_xywh(x, y, width, height)?))
}

fn amber() -> Paint<'static> {
    solid(0xff, 0xc8, 0x45)
}

fn green() -> Paint<'static> {
    solid(0x2e, 0xa0, 0x5a)
}

fn solid(r: u8, g: u8, b: u8) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(Color::from_rgba8(r, g, b, 255));
    paint
}
