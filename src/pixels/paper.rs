//! A paper as a camera sees it: it comes into view, is held with a slight tremble, and is never quite flat or sharp.

use crate::frames;
use image::{Rgb, RgbImage, RgbaImage};
use std::f32::consts::TAU;
use std::ops::Range;
use std::time::Duration;

/// How long a paper takes to come into view.
pub const COMES_INTO_VIEW: Duration = Duration::from_millis(1500);

/// Side of a code in view, as part of the picture's height: as people hold it when a viewfinder is on the TV.
const CODE_SIDE: f32 = 0.44;
/// Size of a paper without a code, as part of the picture.
const PAPER_SIDE: f32 = 0.86;
/// Exposure of one picture of an ordinary camera indoors.
const EXPOSURE: f32 = 1.0 / 60.0;

/// Where a code is on a paper, in the paper's pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Code {
    /// Its middle.
    pub centre: (f32, f32),
    /// Its side.
    pub side: f32,
}

/// A paper made ready to be seen many times.
pub struct Sheet {
    paper: RgbaImage,
    /// Point of the paper that is held in the middle, in its pixels.
    focus: (f32, f32),
    /// Pixels of the picture for one of the paper.
    scale: f32,
    backdrop: RgbImage,
    noise: Vec<i8>,
}

impl Sheet {
    /// Makes `paper` ready to be seen before `backdrop`. A code on it is held in the middle.
    pub fn new(paper: &RgbaImage, code: Option<Code>, backdrop: RgbImage) -> Self {
        let (width, height) = (backdrop.width() as f32, backdrop.height() as f32);
        let (paper_width, paper_height) = (paper.width().max(1) as f32, paper.height().max(1) as f32);
        let (focus, scale) = match code {
            Some(Code { centre, side }) => (centre, CODE_SIDE * height / side.max(1.0)),
            None => {
                let fits = (width / paper_width).min(height / paper_height);
                ((paper_width / 2.0, paper_height / 2.0), PAPER_SIDE * fits)
            }
        };
        // Shrinking beforehand keeps the sampling below from skipping pixels.
        let shrink = (scale * 1.3).min(1.0);
        let small = (((paper_width * shrink) as u32).max(1), ((paper_height * shrink) as u32).max(1));
        let paper = if shrink < 1.0 { frames::resized(paper, small.0, small.1) } else { paper.clone() };
        let focus = (focus.0 * shrink, focus.1 * shrink);
        Self { paper, focus, scale: scale / shrink, backdrop, noise: noise() }
    }

    /// The frame `t` after somebody began to bring the paper.
    ///
    /// `severity` goes from 0 (flat, sharp, still) over 1 (an ordinary living room) to about 2 (a bad one). The same
    /// arguments give the same pixels.
    pub fn frame(&self, t: Duration, severity: f32) -> RgbImage {
        let (width, height) = (self.backdrop.width(), self.backdrop.height());
        let seconds = t.as_secs_f32();
        let pose = Pose::at(seconds, severity, width as f32);
        let before = Pose::at((seconds - EXPOSURE).max(0.0), severity, width as f32);
        let mut frame = self.backdrop.clone();
        if let Some((forth, back)) = pose.projection(self.scale, self.focus, (width as f32, height as f32)) {
            let place = self.place(&forth, (width as usize, height as usize));
            self.paint(&mut frame, &back, severity, &place);
            // Only the paper moves, so only around it the picture is smeared.
            let smear = ((pose.shift.0 - before.shift.0).abs() / 2.0) as usize;
            blur_rows(&mut frame, smear.min(width as usize / 8), &place);
        }
        if severity > 0.0 {
            soften(&mut frame, (severity * 0.55).min(0.9));
            self.grain(&mut frame, seconds, severity);
        }
        frame
    }

    /// The columns and rows of the picture that the paper may cover.
    fn place(&self, forth: &[f32; 9], size: (usize, usize)) -> Place {
        let (width, height) = (self.paper.width() as f32, self.paper.height() as f32);
        let corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)].map(|(u, v)| {
            let row = |row: usize| forth[row] * u + forth[row + 1] * v + forth[row + 2];
            (row(6) > f32::EPSILON).then(|| (row(0) / row(6), row(3) / row(6)))
        });
        let span = |pick: fn((f32, f32)) -> f32, size: usize| {
            let mut span = 0..size;
            if corners.iter().all(Option::is_some) {
                let values = corners.iter().flatten().map(|corner| pick(*corner));
                // Casts saturate: a corner outside ends at the edge.
                span.start = (values.clone().fold(f32::MAX, f32::min).floor() as usize).min(size);
                span.end = (values.fold(f32::MIN, f32::max).ceil() as usize).clamp(span.start, size);
            }
            span
        };
        Place { columns: span(|corner| corner.0, size.0), rows: span(|corner| corner.1, size.1) }
    }

    fn paint(&self, frame: &mut RgbImage, back: &[f32; 9], severity: f32, place: &Place) {
        let width = frame.width() as usize;
        let (paper_width, paper_height) = (self.paper.width(), self.paper.height());
        let stride = paper_width as usize * 4;
        let texels = self.paper.as_raw();
        let pixels: &mut [u8] = frame;
        for y in place.rows.clone() {
            let row = &mut pixels[y * width * 3..][place.columns.start * 3..place.columns.end * 3];
            for (x, pixel) in place.columns.clone().zip(row.chunks_exact_mut(3)) {
                let (fx, fy) = (x as f32 + 0.5, y as f32 + 0.5);
                let w = back[6] * fx + back[7] * fy + back[8];
                if w <= f32::EPSILON {
                    continue;
                }
                let u = (back[0] * fx + back[1] * fy + back[2]) / w - 0.5;
                let v = (back[3] * fx + back[4] * fy + back[5]) / w - 0.5;
                if u < 0.0 || v < 0.0 {
                    continue;
                }
                let (column, line) = (u as u32, v as u32);
                if column + 1 >= paper_width || line + 1 >= paper_height {
                    continue;
                }
                let at = line as usize * stride + column as usize * 4;
                let (part_u, part_v) = (u - column as f32, v - line as f32);
                let light = 1.0 - 0.16 * severity.min(2.0) * (x as f32 / width as f32);
                let alpha = f32::from(texels[at + 3]) / 255.0;
                for (channel, value) in pixel.iter_mut().enumerate() {
                    let texel = |offset: usize| f32::from(texels[at + offset + channel]);
                    let upper = texel(0) + (texel(4) - texel(0)) * part_u;
                    let lower = texel(stride) + (texel(stride + 4) - texel(stride)) * part_u;
                    let paper = (upper + (lower - upper) * part_v) * light;
                    *value = (f32::from(*value) * (1.0 - alpha) + paper * alpha) as u8;
                }
            }
        }
    }

    fn grain(&self, frame: &mut RgbImage, seconds: f32, severity: f32) {
        let strength = (severity * 16.0) as i32;
        let mut place = (seconds * 15.0) as usize * 7919 % self.noise.len();
        let pixels: &mut [u8] = frame;
        for pixel in pixels.chunks_exact_mut(3) {
            place = if place + 1 == self.noise.len() { 0 } else { place + 1 };
            let delta = (i32::from(self.noise[place]) * strength) >> 8;
            for value in pixel {
                *value = (i32::from(*value) + delta).clamp(0, 255) as u8;
            }
        }
    }
}

/// A part of the picture.
struct Place {
    columns: Range<usize>,
    rows: Range<usize>,
}

/// Where the paper is and how it is turned.
struct Pose {
    /// From the middle of the picture, in pixels.
    shift: (f32, f32),
    yaw: f32,
    pitch: f32,
    roll: f32,
}

impl Pose {
    fn at(seconds: f32, severity: f32, width: f32) -> Self {
        let arrived = (seconds / COMES_INTO_VIEW.as_secs_f32()).clamp(0.0, 1.0);
        let away = (1.0 - arrived).powi(3);
        let hand = |hertz: f32, phase: f32| (TAU * (hertz * seconds + phase)).sin() * severity;
        let unit = width / 640.0;
        Self {
            shift: (
                away * width * 1.1 + unit * (hand(0.37, 0.1) * 3.0 + hand(7.3, 0.0) * 0.35),
                away * width * 0.12 + unit * (hand(0.29, 0.4) * 2.4 + hand(8.1, 0.3) * 0.35),
            ),
            yaw: (0.16 + away * 0.5) * severity + hand(0.23, 0.0) * 0.02,
            pitch: (-0.12 - away * 0.2) * severity + hand(0.31, 0.2) * 0.02,
            roll: (0.06 + away * 0.35) * severity + hand(0.19, 0.6) * 0.008,
        }
    }

    /// The projective map from the paper's pixels to the picture's, row by row, and its inverse.
    fn projection(&self, scale: f32, focus: (f32, f32), size: (f32, f32)) -> Option<([f32; 9], [f32; 9])> {
        let (sin_yaw, cos_yaw) = self.yaw.sin_cos();
        let (sin_pitch, cos_pitch) = self.pitch.sin_cos();
        let (sin_roll, cos_roll) = self.roll.sin_cos();
        // An eye two picture widths away: a common webcam's field of view.
        let distance = size.0 * 2.0;
        let rotated = |u: f32, v: f32| {
            let (x, y) = (u * cos_roll - v * sin_roll, u * sin_roll + v * cos_roll);
            let (x, z) = (x * cos_yaw, -x * sin_yaw);
            (x, y * cos_pitch - z * sin_pitch, y * sin_pitch + z * cos_pitch)
        };
        let (across, down) = (rotated(scale, 0.0), rotated(0.0, scale));
        let centre = (size.0 / 2.0 + self.shift.0, size.1 / 2.0 + self.shift.1);
        let column =
            |(x, y, z): (f32, f32, f32)| [x + centre.0 * z / distance, y + centre.1 * z / distance, z / distance];
        let (a, b) = (column(across), column(down));
        let origin = |row: usize, at: f32| at - a[row] * focus.0 - b[row] * focus.1;
        let c = [origin(0, centre.0), origin(1, centre.1), origin(2, 1.0)];
        let forth = [a[0], b[0], c[0], a[1], b[1], c[1], a[2], b[2], c[2]];
        Some((forth, invert(forth)?))
    }
}

/// Inverts a 3x3 matrix by its adjugate; nothing when the paper is seen from its edge.
fn invert(m: [f32; 9]) -> Option<[f32; 9]> {
    let minor = |a: usize, b: usize, c: usize, d: usize| m[a] * m[d] - m[b] * m[c];
    let determinant = m[0] * minor(4, 5, 7, 8) - m[1] * minor(3, 5, 6, 8) + m[2] * minor(3, 4, 6, 7);
    if determinant.abs() < 1e-9 {
        return None;
    }
    let adjugate = [
        minor(4, 5, 7, 8),
        minor(2, 1, 8, 7),
        minor(1, 2, 4, 5),
        minor(5, 3, 8, 6),
        minor(0, 2, 6, 8),
        minor(2, 0, 5, 3),
        minor(3, 4, 6, 7),
        minor(1, 0, 7, 6),
        minor(0, 1, 3, 4),
    ];
    Some(adjugate.map(|value| value / determinant))
}

/// Sensor noise, the same on every run (xorshift32, George Marsaglia 2003).
fn noise() -> Vec<i8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as i32 - 128
    };
    // The mean of three is close enough to a bell.
    (0..65_521).map(|_| ((next() + next() + next()) / 3) as i8).collect()
}

/// Smears a place along its rows, as movement during the exposure does.
fn blur_rows(frame: &mut RgbImage, radius: usize, place: &Place) {
    let width = frame.width() as usize;
    let columns = place.columns.start.saturating_sub(radius)..(place.columns.end + radius).min(width);
    if radius == 0 || columns.len() < 2 {
        return;
    }
    let (last, span) = (columns.len() - 1, 2 * radius as u32 + 1);
    let mut line = vec![0u8; columns.len() * 3];
    let pixels: &mut [u8] = frame;
    for y in place.rows.clone() {
        let row = &mut pixels[y * width * 3..][columns.start * 3..columns.end * 3];
        for channel in 0..3 {
            let at = |x: usize| u32::from(row[x.min(last) * 3 + channel]);
            let mut sum: u32 = at(0) * radius as u32 + (0..=radius).map(at).sum::<u32>();
            for x in 0..=last {
                line[x * 3 + channel] = (sum / span) as u8;
                sum = sum + at(x + radius + 1) - at(x.saturating_sub(radius));
            }
        }
        row.copy_from_slice(&line);
    }
}

/// Mixes each pixel with its four neighbours: a lens that is not quite focused.
fn soften(frame: &mut RgbImage, part: f32) {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    if width < 3 || height < 3 {
        return;
    }
    let around = (part * 256.0 / 5.0) as u32;
    let own = 256 - 4 * around;
    let stride = width * 3;
    let source = frame.as_raw().clone();
    let pixels: &mut [u8] = frame;
    for y in 1..height - 1 {
        let (from, to) = (y * stride + 3, (y + 1) * stride - 3);
        let (above, below) = (&source[from - stride..to - stride], &source[from + stride..to + stride]);
        let (left, right) = (&source[from - 3..to - 3], &source[from + 3..to + 3]);
        let middle = &source[from..to];
        for (at, value) in pixels[from..to].iter_mut().enumerate() {
            let sides = u32::from(above[at]) + u32::from(below[at]) + u32::from(left[at]) + u32::from(right[at]);
            *value = ((u32::from(middle[at]) * own + sides * around) >> 8) as u8;
        }
    }
}

/// A plain grey wall, for a backdrop without a person.
pub fn wall(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let fall = (x * 30 / width.max(1) + y * 40 / height.max(1)) as u8;
        Rgb([182 - fall, 178 - fall, 170 - fall])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_still_and_flat_paper_shows_its_colours() {
        let red = RgbaImage::from_pixel(90, 60, image::Rgba([200, 10, 20, 255]));
        let frame = Sheet::new(&red, None, wall(320, 240)).frame(Duration::from_secs(3), 0.0);
        assert_eq!(frame.get_pixel(160, 120).0, [200, 10, 20]);
        assert_eq!(frame.get_pixel(1, 1), wall(320, 240).get_pixel(1, 1));
    }

    #[test]
    fn a_map_and_its_inverse_cancel_out() {
        let m = [1.2, 0.1, 30.0, -0.2, 0.9, 12.0, 0.0003, -0.0002, 1.0];
        let inverse = invert(m).unwrap();
        for row in 0..3 {
            for column in 0..3 {
                let cell: f32 = (0..3).map(|k| m[row * 3 + k] * inverse[k * 3 + column]).sum();
                let wanted = if row == column { 1.0 } else { 0.0 };
                assert!((cell - wanted).abs() < 1e-3, "row {row} column {column}: {cell}");
            }
        }
        assert!(invert([0.0; 9]).is_none());
    }
}
