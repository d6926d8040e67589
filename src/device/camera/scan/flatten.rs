//! Straightens a code on a bent sheet: follows the edges between its modules and draws it anew.

use super::grey::Grey;

/// A corner in pixels of the picture.
pub(super) type Corner = (f32, f32);

/// Pixels that one module gets in the straightened picture.
const MODULE: usize = 8;
/// Light margin around the drawn code, in modules.
const QUIET: usize = 4;

/// The code with these corners (in its own order: top left, top right, bottom right, bottom left) and this many
/// modules a side, drawn as a clean picture of black and white modules.
///
/// The edges between modules lie at whole module numbers on a flat sheet. Where they lie beside them the sheet is
/// bent, and the local mean of that offset says by how much. `None` when the corners make no quadrangle.
pub(super) fn flatten(picture: &Grey, corners: [Corner; 4], modules: usize) -> Option<Grey> {
    let plane = Plane::through(corners, modules as f32)?;
    let mut bend = Bend { modules, offsets: vec![(0.0, 0.0); modules * modules] };
    for reach in [modules as isize / 3, 6, 4, 3, 3] {
        let straight = bend.straighten(picture, &plane);
        bend.follow_edges(&straight, reach.max(3));
    }
    Some(bend.draw(&bend.straighten(picture, &plane)))
}

/// The projective map from module coordinates to the picture.
struct Plane([f32; 8]);

impl Plane {
    /// Heckbert 1989, "Fundamentals of Texture Mapping and Image Warping", section 2.2.3: square to quadrangle.
    fn through(corners: [Corner; 4], side: f32) -> Option<Self> {
        let [(x0, y0), (x1, y1), (x2, y2), (x3, y3)] = corners;
        let (dx1, dx2, sx) = (x1 - x2, x3 - x2, x0 - x1 + x2 - x3);
        let (dy1, dy2, sy) = (y1 - y2, y3 - y2, y0 - y1 + y2 - y3);
        let area = dx1 * dy2 - dx2 * dy1;
        if area.abs() < 1.0 {
            return None;
        }
        let g = (sx * dy2 - dx2 * sy) / area;
        let h = (dx1 * sy - sx * dy1) / area;
        let across = [x1 - x0 + g * x1, x3 - x0 + h * x3, x0];
        let down = [y1 - y0 + g * y1, y3 - y0 + h * y3, y0];
        Some(Self([
            across[0] / side,
            across[1] / side,
            across[2],
            down[0] / side,
            down[1] / side,
            down[2],
            g / side,
            h / side,
        ]))
    }

    fn at(&self, u: f32, v: f32) -> Corner {
        let [a, b, c, d, e, f, g, h] = self.0;
        let depth = g * u + h * v + 1.0;
        let depth = if depth.abs() < 1e-3 { 1e-3 } else { depth };
        ((a * u + b * v + c) / depth, (d * u + e * v + f) / depth)
    }
}

/// How far each module lies beside its place on the flat sheet, in modules.
struct Bend {
    modules: usize,
    offsets: Vec<(f32, f32)>,
}

impl Bend {
    fn offset(&self, u: f32, v: f32) -> (f32, f32) {
        let last = self.modules as f32 - 1.0;
        let (x, y) = ((u - 0.5).clamp(0.0, last), (v - 0.5).clamp(0.0, last));
        let (i, j) = (x as usize, y as usize);
        let (i1, j1) = ((i + 1).min(self.modules - 1), (j + 1).min(self.modules - 1));
        let (p, q) = (x - i as f32, y - j as f32);
        let mix = |part: fn(&(f32, f32)) -> f32| {
            let at = |i, j| part(&self.offsets[j * self.modules + i]);
            (at(i, j) * (1.0 - p) + at(i1, j) * p) * (1.0 - q) + (at(i, j1) * (1.0 - p) + at(i1, j1) * p) * q
        };
        (mix(|offset| offset.0), mix(|offset| offset.1))
    }

    fn straighten(&self, picture: &Grey, plane: &Plane) -> Grey {
        let side = self.modules * MODULE;
        let mut pixels = Vec::with_capacity(side * side);
        for y in 0..side {
            let v = (y as f32 + 0.5) / MODULE as f32;
            for x in 0..side {
                let u = (x as f32 + 0.5) / MODULE as f32;
                let (du, dv) = self.offset(u, v);
                let (px, py) = plane.at(u + du, v + dv);
                pixels.push(picture.between(px - 0.5, py - 0.5) as u8);
            }
        }
        Grey { width: side, height: side, pixels }
    }

    /// Adds what the edges of the straightened picture still lie beside the module lines.
    fn follow_edges(&mut self, straight: &Grey, reach: isize) {
        let count = self.modules * self.modules;
        let mut across = vec![(0.0_f32, 0.0_f32); count];
        let mut down = across.clone();
        let waves: Vec<(f32, f32)> = (0..MODULE)
            .map(|place| (2.0 * std::f32::consts::PI * (place as f32 + 0.5) / MODULE as f32).sin_cos())
            .collect();
        let side = straight.width;
        for y in 1..side - 1 {
            for x in 1..side - 1 {
                let at = |i: usize, j: usize| f32::from(straight.pixels[j * side + i]);
                let cell = (y / MODULE) * self.modules + x / MODULE;
                let step = (at(x + 1, y) - at(x - 1, y)).abs();
                let (sin, cos) = waves[x % MODULE];
                across[cell].0 += step * sin;
                across[cell].1 += step * cos;
                let step = (at(x, y + 1) - at(x, y - 1)).abs();
                let (sin, cos) = waves[y % MODULE];
                down[cell].0 += step * sin;
                down[cell].1 += step * cos;
            }
        }
        let (across, down) = (self.spread(across, reach), self.spread(down, reach));
        for (offset, (across, down)) in self.offsets.iter_mut().zip(across.iter().zip(&down)) {
            let turn = 1.0 / (2.0 * std::f32::consts::PI);
            offset.0 += across.0.atan2(across.1) * turn;
            offset.1 += down.0.atan2(down.1) * turn;
        }
    }

    /// Weighted sum over the neighbourhood, first along the rows, then along the columns.
    fn spread(&self, cells: Vec<(f32, f32)>, reach: isize) -> Vec<(f32, f32)> {
        let side = self.modules as isize;
        let weight = |distance: isize| 1.0 - distance.unsigned_abs() as f32 / (reach + 1) as f32;
        let pass = |cells: &[(f32, f32)], place: fn(isize, isize, isize) -> isize| {
            let mut out = Vec::with_capacity(cells.len());
            for line in 0..side {
                for position in 0..side {
                    let from = (position - reach).max(0);
                    let to = (position + reach).min(side - 1);
                    out.push((from..=to).fold((0.0, 0.0), |sum, other| {
                        let cell = cells[place(line, other, side) as usize];
                        let weight = weight(other - position);
                        (sum.0 + weight * cell.0, sum.1 + weight * cell.1)
                    }));
                }
            }
            out
        };
        let rows = pass(&cells, |line, position, side| line * side + position);
        let columns = pass(&rows, |line, position, side| position * side + line);
        // The second pass wrote columns as rows.
        (0..columns.len()).map(|at| columns[at % self.modules * self.modules + at / self.modules]).collect()
    }

    /// Decides each module by its middle against the mean around it and draws it.
    fn draw(&self, straight: &Grey) -> Grey {
        let mean = straight.local_mean(MODULE * 4);
        let side = (self.modules + 2 * QUIET) * MODULE / 2;
        let mut drawn = Grey { width: side, height: side, pixels: vec![255; side * side] };
        for j in 0..self.modules {
            for i in 0..self.modules {
                let (mut light, mut around) = (0_i32, 0_i32);
                for y in j * MODULE + 2..(j + 1) * MODULE - 2 {
                    for x in i * MODULE + 2..(i + 1) * MODULE - 2 {
                        light += i32::from(straight.pixels[y * straight.width + x]);
                        around += i32::from(mean.pixels[y * straight.width + x]);
                    }
                }
                let dark = finder_module(i, j, self.modules).unwrap_or(light < around);
                if dark {
                    let half = MODULE / 2;
                    for y in (j + QUIET) * half..(j + QUIET + 1) * half {
                        drawn.pixels[y * side + (i + QUIET) * half..][..half].fill(0);
                    }
                }
            }
        }
        drawn
    }
}

/// Whether this module is dark if it belongs to a finder pattern or its separator (ISO/IEC 18004, 6.3.3 and 6.3.4).
fn finder_module(i: usize, j: usize, modules: usize) -> Option<bool> {
    let near = |place: usize| if place < 8 { Some(place) } else { modules.checked_sub(place + 1).filter(|p| *p < 8) };
    let (x, y) = (near(i)?, near(j)?);
    if i >= 8 && j >= 8 {
        return None;
    }
    if x == 7 || y == 7 {
        return Some(false);
    }
    let ring = x.abs_diff(3).max(y.abs_diff(3));
    Some(ring != 2)
}
