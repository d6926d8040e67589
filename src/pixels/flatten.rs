//! Straightens a code on a bent sheet: follows the edges between its modules and draws it anew.

use super::grey::Grey;

/// A corner in pixels of the picture.
pub type Corner = (f32, f32);

/// Pixels that one module gets in the straightened picture.
const MODULE: usize = 8;
/// The same for a first impression.
const COARSE: usize = 4;
/// Pixels of a module in the drawn picture.
const DRAWN: usize = 4;
/// Light margin around the drawn code, in modules.
const QUIET: usize = 4;

/// The code with these corners (in its own order: top left, top right, bottom right, bottom left) and this many
/// modules a side, drawn as a clean picture of black and white modules.
///
/// The edges between modules lie at whole module numbers on a flat sheet. Where they lie beside them the sheet is
/// bent, and the local mean of that offset says by how much. That holds for bends of up to half a module; with
/// `bent` it begins from several strong bends and goes on from the one whose edges agree best. `None` when the
/// corners make no quadrangle.
pub fn flatten(picture: &Grey, corners: [Corner; 4], modules: usize, bent: bool) -> Option<Grey> {
    let plane = Plane::through(corners, modules as f32)?;
    let flat = Bend { modules, offsets: vec![(0.0, 0.0); modules * modules] };
    let strong = bent.then(|| {
        let agreement = |guess: &Bend| guess.edges(&guess.straighten(picture, &plane, COARSE), COARSE, 3).agreement();
        let guesses = Bend::guesses(modules).map(|guess| (agreement(&guess), guess));
        guesses.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, guess)| guess)
    });
    let begins = std::iter::once(flat).chain(strong.flatten());
    let sheets = begins.map(|bend| bend.settled(picture, &plane).sheet(picture, &plane));
    sheets.max_by_key(|sheet| sheet.score).map(|sheet| sheet.draw())
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

/// Edges as waves of one module's length: the angle says how far beside the lines they are, the length how clearly.
struct Edges {
    across: Vec<(f32, f32)>,
    down: Vec<(f32, f32)>,
    strength: f32,
}

impl Edges {
    /// How clearly neighbouring edges agree on a place, whichever it is.
    fn agreement(&self) -> f32 {
        self.across.iter().chain(&self.down).map(|wave| wave.0.hypot(wave.1)).sum::<f32>() / self.strength.max(1.0)
    }
}

impl Bend {
    /// Sheets bent like a part of a tube either way, the corners in their places.
    fn guesses(modules: usize) -> impl Iterator<Item = Self> {
        // Rise of the middle, as parts of the side.
        let rises = [-0.09, -0.06, -0.03, 0.03, 0.06, 0.09_f32];
        let bent = rises.into_iter().flat_map(|rise| [(rise, 0.0), (0.0, rise)]);
        bent.map(move |(sideways, upwards)| {
            let side = modules as f32;
            let arch = |at: usize| {
                let place = (at as f32 + 0.5) / side * 2.0 - 1.0;
                (1.0 - place * place) * side
            };
            let offsets =
                (0..modules * modules).map(|at| (sideways * arch(at / modules), upwards * arch(at % modules)));
            Self { modules, offsets: offsets.collect() }
        })
    }

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

    /// Follows the edges, from a wide look around each module to a narrow one.
    fn settled(mut self, picture: &Grey, plane: &Plane) -> Self {
        for reach in [self.modules as isize / 3, 6, 4, 3, 3] {
            let straight = self.straighten(picture, plane, MODULE);
            let edges = self.edges(&straight, MODULE, reach.max(3));
            self.follow(&edges);
        }
        self
    }

    fn straighten(&self, picture: &Grey, plane: &Plane, step: usize) -> Grey {
        let side = self.modules * step;
        let mut pixels = Vec::with_capacity(side * side);
        for y in 0..side {
            let v = (y as f32 + 0.5) / step as f32;
            for x in 0..side {
                let u = (x as f32 + 0.5) / step as f32;
                let (du, dv) = self.offset(u, v);
                let (px, py) = plane.at(u + du, v + dv);
                pixels.push(picture.between(px - 0.5, py - 0.5) as u8);
            }
        }
        Grey { width: side, height: side, pixels }
    }

    /// Where the edges of the straightened picture lie beside the module lines, around each module.
    fn edges(&self, straight: &Grey, step: usize, reach: isize) -> Edges {
        let count = self.modules * self.modules;
        let mut across = vec![(0.0_f32, 0.0_f32); count];
        let mut down = across.clone();
        let mut strength = 0.0;
        let waves: Vec<(f32, f32)> = (0..step)
            .map(|place| (2.0 * std::f32::consts::PI * (place as f32 + 0.5) / step as f32).sin_cos())
            .collect();
        let side = straight.width;
        for y in 1..side - 1 {
            for x in 1..side - 1 {
                let at = |i: usize, j: usize| f32::from(straight.pixels[j * side + i]);
                let cell = (y / step) * self.modules + x / step;
                let edge = (at(x + 1, y) - at(x - 1, y)).abs();
                strength += edge;
                let (sin, cos) = waves[x % step];
                across[cell].0 += edge * sin;
                across[cell].1 += edge * cos;
                let edge = (at(x, y + 1) - at(x, y - 1)).abs();
                strength += edge;
                let (sin, cos) = waves[y % step];
                down[cell].0 += edge * sin;
                down[cell].1 += edge * cos;
            }
        }
        Edges { across: self.spread(across, reach), down: self.spread(down, reach), strength }
    }

    /// Adds what the edges still lie beside the module lines.
    fn follow(&mut self, edges: &Edges) {
        for (offset, (across, down)) in self.offsets.iter_mut().zip(edges.across.iter().zip(&edges.down)) {
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

    /// Decides each module by its middle against the modules around it. The edges say nothing about whole modules:
    /// of the nine places that the code may have slipped to, the one counts where its fixed patterns are.
    fn sheet(&self, picture: &Grey, plane: &Plane) -> Sheet {
        const THIRDS: [f32; 3] = [0.3, 0.5, 0.7];
        let side = self.modules + 2;
        let mut light = Vec::with_capacity(side * side);
        for j in 0..side {
            for i in 0..side {
                let sum: f32 = (0..9)
                    .map(|part| {
                        let (u, v) = (i as f32 - 1.0 + THIRDS[part % 3], j as f32 - 1.0 + THIRDS[part / 3]);
                        let (du, dv) = self.offset(u, v);
                        let (x, y) = plane.at(u + du, v + dv);
                        picture.between(x - 0.5, y - 0.5)
                    })
                    .sum();
                light.push((sum / 9.0) as u8);
            }
        }
        let cells = Grey { width: side, height: side, pixels: light };
        let mean = cells.local_mean(4);
        let dark: Vec<bool> = cells.pixels.iter().zip(&mean.pixels).map(|(light, mean)| light < mean).collect();
        let slipped = (0..9).map(|slip| Sheet::slipped(&dark, self.modules, (slip % 3, slip / 3)));
        slipped.max_by_key(|sheet| sheet.score).unwrap_or(Sheet { modules: 0, dark: Vec::new(), score: 0 })
    }
}

/// The modules of a code, row by row.
struct Sheet {
    modules: usize,
    dark: Vec<bool>,
    /// Modules of the finder and timing patterns that are as they must be.
    score: usize,
}

impl Sheet {
    /// The part of `dark` (one module wider on each side) that begins at this column and row.
    fn slipped(dark: &[bool], modules: usize, (column, row): (usize, usize)) -> Self {
        let mut sheet = Self { modules, dark: Vec::with_capacity(modules * modules), score: 0 };
        for j in 0..modules {
            for i in 0..modules {
                let seen = dark[(j + row) * (modules + 2) + i + column];
                let fixed = finder_module(i, j, modules).or_else(|| timing_module(i, j));
                sheet.score += usize::from(fixed == Some(seen));
                sheet.dark.push(finder_module(i, j, modules).unwrap_or(seen));
            }
        }
        sheet
    }

    fn draw(&self) -> Grey {
        let side = (self.modules + 2 * QUIET) * DRAWN;
        let mut drawn = Grey { width: side, height: side, pixels: vec![255; side * side] };
        for (at, _) in self.dark.iter().enumerate().filter(|(_, dark)| **dark) {
            let (i, j) = (at % self.modules + QUIET, at / self.modules + QUIET);
            for y in j * DRAWN..(j + 1) * DRAWN {
                drawn.pixels[y * side + i * DRAWN..][..DRAWN].fill(0);
            }
        }
        drawn
    }
}

/// Whether this module is dark if it belongs to a timing pattern (ISO/IEC 18004, 6.3.5).
fn timing_module(i: usize, j: usize) -> Option<bool> {
    (i == 6 || j == 6).then_some((i + j).is_multiple_of(2))
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
