//! Pictures of a webcam before which somebody holds a code: drawn here, the same for the same seed.

use qrcode::{Color, EcLevel, QrCode};

/// Xorshift64* (Vigna 2016): the same numbers on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// At least `from`, below `to`.
    pub(crate) fn between(&mut self, from: f32, to: f32) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40;
        from + (to - from) * bits as f32 / (1 << 24) as f32
    }
}

/// A picture in the making: brightness from 0 to 255 as numbers.
pub(crate) struct Scene {
    pub(crate) width: usize,
    pub(crate) height: usize,
    light: Vec<f32>,
}

/// How a sheet of paper is held.
pub(crate) struct Pose {
    /// Middle of the code in the picture, pixels.
    pub(crate) middle: (f32, f32),
    /// Pixels a module.
    pub(crate) module: f32,
    /// Turn in the plane of the picture, degrees.
    pub(crate) roll: f32,
    /// How much the far side is smaller, 0 to 0.5, and in which direction it lies, degrees.
    pub(crate) tilt: (f32, f32),
    /// How far the middle of the sheet bulges towards the camera, in parts of the code's width.
    pub(crate) bulge: f32,
}

impl Scene {
    /// A room out of focus: soft spots, bars and squares that could be mistaken for parts of a code.
    pub(crate) fn room(width: usize, height: usize, random: &mut Random) -> Self {
        let (across, down) = (width / 40 + 2, height / 40 + 2);
        let spots: Vec<f32> = (0..across * down).map(|_| random.between(60.0, 180.0)).collect();
        let mut light = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let (u, v) = (x as f32 / 40.0, y as f32 / 40.0);
                let (i, j) = (u as usize, v as usize);
                let (p, q) = (u.fract(), v.fract());
                let at = |i: usize, j: usize| spots[j * across + i];
                let upper = at(i, j) * (1.0 - p) + at(i + 1, j) * p;
                let lower = at(i, j + 1) * (1.0 - p) + at(i + 1, j + 1) * p;
                light.push(upper * (1.0 - q) + lower * q);
            }
        }
        let mut scene = Self { width, height, light };
        for _ in 0..12 {
            let (x, y) = (random.between(0.0, width as f32), random.between(0.0, height as f32));
            let (w, h) = (random.between(3.0, 90.0), random.between(3.0, 30.0));
            let value = random.between(20.0, 230.0);
            scene.fill(x, y, w, h, value);
        }
        for _ in 0..2 {
            // A single finder pattern makes no code.
            let (x, y) = (random.between(0.0, width as f32), random.between(0.0, height as f32));
            let module = random.between(3.0, 6.0);
            for (inset, side, value) in [(0.0, 7.0, 20.0), (1.0, 5.0, 230.0), (2.0, 3.0, 20.0)] {
                scene.fill(x + inset * module, y + inset * module, side * module, side * module, value);
            }
        }
        scene
    }

    fn fill(&mut self, x: f32, y: f32, w: f32, h: f32, value: f32) {
        for row in (y as usize)..((y + h) as usize).min(self.height) {
            for column in (x as usize)..((x + w) as usize).min(self.width) {
                self.light[row * self.width + column] = value;
            }
        }
    }

    /// Holds a sheet with these bytes as a code (error correction M, byte mode) before the camera.
    pub(crate) fn with_code(mut self, bytes: &[u8], pose: &Pose) -> Self {
        let code = QrCode::with_error_correction_level(bytes, EcLevel::M).expect("the bytes fit into a code");
        let modules = code.width() as f32;
        let colors = code.to_colors();
        let (sin, cos) = pose.roll.to_radians().sin_cos();
        let (tilt_sin, tilt_cos) = pose.tilt.1.to_radians().sin_cos();
        let half = modules * pose.module / 2.0;
        let value = |x: f32, y: f32| -> Option<f32> {
            let (dx, dy) = ((x - pose.middle.0) / half, (y - pose.middle.1) / half);
            let depth = 1.0 + pose.tilt.0 * (dx * tilt_cos + dy * tilt_sin);
            let (dx, dy) = (dx / depth, dy / depth);
            let (u, v) = (cos * dx + sin * dy, cos * dy - sin * dx);
            let v = v + pose.bulge * u * u;
            let (i, j) = ((u + 1.0) / 2.0 * modules, (v + 1.0) / 2.0 * modules);
            let paper = |at: f32| (-5.0..modules + 5.0).contains(&at);
            if !paper(i) || !paper(j) {
                return None;
            }
            let on_code = |at: f32| (0.0..modules).contains(&at);
            let dark = on_code(i) && on_code(j) && colors[j as usize * code.width() + i as usize] == Color::Dark;
            Some(if dark { 30.0 } else { 225.0 })
        };
        for y in 0..self.height {
            for x in 0..self.width {
                let pixel = &mut self.light[y * self.width + x];
                let parts = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)];
                let behind = *pixel;
                let sum: f32 = parts.iter().map(|(p, q)| value(x as f32 + p, y as f32 + q).unwrap_or(behind)).sum();
                *pixel = sum / 4.0;
            }
        }
        self
    }

    fn changed(mut self, mut change: impl FnMut(f32, f32, f32) -> f32) -> Self {
        for y in 0..self.height {
            for x in 0..self.width {
                let pixel = &mut self.light[y * self.width + x];
                *pixel = change(*pixel, x as f32 / self.width as f32, y as f32 / self.height as f32);
            }
        }
        self
    }

    /// The mean of each pixel and those at these distances.
    fn smeared(&self, steps: &[(isize, isize)]) -> Self {
        let at = |x: isize, y: isize| {
            let (x, y) = (x.clamp(0, self.width as isize - 1), y.clamp(0, self.height as isize - 1));
            self.light[y as usize * self.width + x as usize]
        };
        let mut light = Vec::with_capacity(self.light.len());
        for y in 0..self.height as isize {
            for x in 0..self.width as isize {
                light.push(steps.iter().map(|(dx, dy)| at(x + dx, y + dy)).sum::<f32>() / steps.len() as f32);
            }
        }
        Self { width: self.width, height: self.height, light }
    }

    /// Out of focus: the mean of a square of `2 * reach + 1` pixels.
    pub(crate) fn out_of_focus(self, reach: isize) -> Self {
        let row: Vec<_> = (-reach..=reach).map(|step| (step, 0)).collect();
        let column: Vec<_> = (-reach..=reach).map(|step| (0, step)).collect();
        self.smeared(&row).smeared(&column)
    }

    /// Moved sideways by this many pixels while the picture was taken.
    pub(crate) fn moved(self, pixels: isize) -> Self {
        self.smeared(&(0..=pixels).map(|step| (step, 0)).collect::<Vec<_>>())
    }

    /// A hard shadow over the right side and less light towards the bottom.
    pub(crate) fn shadowed(self, edge: f32) -> Self {
        self.changed(|light, u, v| light * if u + 0.2 * v > edge { 0.35 } else { 1.0 } * (1.0 - 0.5 * v))
    }

    /// Little light, and the noise that comes with it.
    pub(crate) fn darkened(self, gain: f32, random: &mut Random) -> Self {
        self.changed(|light, _, _| light * gain).noisy(4.0, random)
    }

    /// Grey on grey.
    pub(crate) fn faded(self, contrast: f32) -> Self {
        self.changed(|light, _, _| 128.0 + (light - 128.0) * contrast)
    }

    /// Noise of the sensor: the sum of four even distributions of this width.
    pub(crate) fn noisy(self, width: f32, random: &mut Random) -> Self {
        self.changed(|light, _, _| light + (0..4).map(|_| random.between(-width, width)).sum::<f32>() / 2.0)
    }

    /// Light on dark.
    pub(crate) fn inverted(self) -> Self {
        self.changed(|light, _, _| 255.0 - light)
    }

    /// A grey square of this side with its middle here.
    pub(crate) fn covered(mut self, x: f32, y: f32, side: f32) -> Self {
        self.fill(x - side / 2.0, y - side / 2.0, side, side, 128.0);
        self
    }

    /// As in a mirror.
    pub(crate) fn mirrored(mut self) -> Self {
        self.light.chunks_exact_mut(self.width).for_each(<[f32]>::reverse);
        self
    }

    /// As the camera delivers it.
    pub(crate) fn pixels(&self) -> Vec<u8> {
        self.light.iter().map(|light| light.round().clamp(0.0, 255.0) as u8).collect()
    }
}
