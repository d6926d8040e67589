//! A grey picture in memory and the filters that make an unreadable code readable.

/// A picture of one byte a pixel, rows without gaps.
#[derive(Clone)]
pub struct Grey {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` bytes, 0 is black.
    pub pixels: Vec<u8>,
}

impl Grey {
    /// The pixel at this place, or the nearest one within the picture.
    fn near(&self, x: isize, y: isize) -> i32 {
        let x = x.clamp(0, self.width as isize - 1) as usize;
        let y = y.clamp(0, self.height as isize - 1) as usize;
        i32::from(self.pixels[y * self.width + x])
    }

    /// The brightness between the pixels (bilinear); the nearest edge outside.
    pub fn between(&self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (right_part, lower_part) = (x - left, y - top);
        let (i, j) = (left as isize, top as isize);
        let upper = self.near(i, j) as f32 * (1.0 - right_part) + self.near(i + 1, j) as f32 * right_part;
        let lower = self.near(i, j + 1) as f32 * (1.0 - right_part) + self.near(i + 1, j + 1) as f32 * right_part;
        upper * (1.0 - lower_part) + lower * lower_part
    }

    fn with(&self, pixels: Vec<u8>) -> Self {
        Self { width: self.width, height: self.height, pixels }
    }

    /// 3x3 binomial blur: takes the sensor's noise away.
    pub fn blurred(&self) -> Self {
        let mut across = vec![0_u16; self.pixels.len()];
        for (row, out) in self.pixels.chunks_exact(self.width).zip(across.chunks_exact_mut(self.width)) {
            for (x, out) in out.iter_mut().enumerate() {
                let left = row[x.saturating_sub(1)];
                let right = row[(x + 1).min(self.width - 1)];
                *out = u16::from(left) + 2 * u16::from(row[x]) + u16::from(right);
            }
        }
        let mut pixels = vec![0_u8; self.pixels.len()];
        for (y, out) in pixels.chunks_exact_mut(self.width).enumerate() {
            let above = &across[y.saturating_sub(1) * self.width..][..self.width];
            let here = &across[y * self.width..][..self.width];
            let below = &across[(y + 1).min(self.height - 1) * self.width..][..self.width];
            for (((out, above), here), below) in out.iter_mut().zip(above).zip(here).zip(below) {
                *out = ((above + 2 * here + below + 8) / 16) as u8;
            }
        }
        self.with(pixels)
    }

    /// The darkest and the brightest percent at the ends of the scale, so that the filters' rounding costs nothing.
    pub fn stretched(&self) -> Self {
        let mut counts = [0_usize; 256];
        self.pixels.iter().for_each(|pixel| counts[usize::from(*pixel)] += 1);
        let percent = self.pixels.len() / 100;
        let reached = |mut levels: Box<dyn Iterator<Item = usize>>| {
            let mut sum = 0;
            levels
                .find(|level| {
                    sum += counts[*level];
                    sum > percent
                })
                .unwrap_or(0)
        };
        let (dark, bright) = (reached(Box::new(0..256)), reached(Box::new((0..256).rev())));
        let range = bright.saturating_sub(dark).max(4);
        let scale: Vec<u8> =
            (0..256_usize).map(|level| (level.saturating_sub(dark) * 255 / range).min(255) as u8).collect();
        self.with(self.pixels.iter().map(|pixel| scale[usize::from(*pixel)]).collect())
    }

    /// Mean of the square of `2 * reach + 1` pixels around each pixel, smaller at the edges.
    pub fn local_mean(&self, reach: usize) -> Self {
        let mut columns = vec![0_u32; self.width];
        for row in self.pixels.chunks_exact(self.width).take(reach) {
            columns.iter_mut().zip(row).for_each(|(sum, pixel)| *sum += u32::from(*pixel));
        }
        let mut pixels = vec![0_u8; self.pixels.len()];
        for (y, out) in pixels.chunks_exact_mut(self.width).enumerate() {
            if y + reach < self.height {
                let row = &self.pixels[(y + reach) * self.width..][..self.width];
                columns.iter_mut().zip(row).for_each(|(sum, pixel)| *sum += u32::from(*pixel));
            }
            if y > reach {
                let row = &self.pixels[(y - reach - 1) * self.width..][..self.width];
                columns.iter_mut().zip(row).for_each(|(sum, pixel)| *sum -= u32::from(*pixel));
            }
            let rows = ((y + reach + 1).min(self.height) - y.saturating_sub(reach)) as u32;
            let mut sum: u32 = columns.iter().take(reach).sum();
            for (x, out) in out.iter_mut().enumerate() {
                if x + reach < self.width {
                    sum += columns[x + reach];
                }
                if x > reach {
                    sum -= columns[x - reach - 1];
                }
                let across = ((x + reach + 1).min(self.width) - x.saturating_sub(reach)) as u32;
                *out = ((sum + rows * across / 2) / (rows * across)) as u8;
            }
        }
        self.with(pixels)
    }

    /// White where a pixel is brighter than the mean around it, else black.
    pub fn binarized(&self, reach: usize) -> Self {
        let mean = self.local_mean(reach);
        self.with(self.pixels.iter().zip(&mean.pixels).map(|(p, m)| if p > m { 255 } else { 0 }).collect())
    }

    /// Unsharp mask: adds `amount` times the difference from the blurred picture.
    pub fn sharpened(&self, reach: usize, amount: i32) -> Self {
        let soft = self.local_mean(reach).local_mean(reach);
        let sharpen =
            |(p, s): (&u8, &u8)| (i32::from(*p) + amount * (i32::from(*p) - i32::from(*s))).clamp(0, 255) as u8;
        self.with(self.pixels.iter().zip(&soft.pixels).map(sharpen).collect())
    }

    /// 3x3 median: removes single bad pixels and keeps edges.
    pub fn median(&self) -> Self {
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for y in 0..self.height as isize {
            for x in 0..self.width as isize {
                let mut around = [0_u8; 9];
                for (place, value) in around.iter_mut().enumerate() {
                    let (dx, dy) = (place as isize % 3 - 1, place as isize / 3 - 1);
                    *value = self.near(x + dx, y + dy) as u8;
                }
                around.sort_unstable();
                pixels.push(around[4]);
            }
        }
        self.with(pixels)
    }

    /// The same contrast everywhere: deviation from the local mean in units of the local deviation.
    pub fn evened(&self, reach: usize) -> Self {
        let mean = self.local_mean(reach);
        let deviation =
            self.with(self.pixels.iter().zip(&mean.pixels).map(|(p, m)| p.abs_diff(*m)).collect()).local_mean(reach);
        let even = |((p, m), d): ((&u8, &u8), &u8)| {
            (128 + 50 * (i32::from(*p) - i32::from(*m)) / i32::from(*d).max(3)).clamp(0, 255) as u8
        };
        self.with(self.pixels.iter().zip(&mean.pixels).zip(&deviation.pixels).map(even).collect())
    }

    /// Twice as wide and high (Catmull-Rom), for modules of less than two pixels.
    pub fn doubled(&self) -> Self {
        // Weights of the four neighbours, in 1/128, for the places a quarter pixel before and after a pixel.
        const BEFORE: [i32; 4] = [-3, 29, 111, -9];
        const AFTER: [i32; 4] = [-9, 111, 29, -3];
        let wide = self.width * 2;
        let mut across = Vec::with_capacity(wide * self.height);
        for y in 0..self.height as isize {
            for x in 0..self.width as isize {
                let at = |i: isize| self.near(x + i, y);
                let before: i32 = (-2..2).zip(BEFORE).map(|(i, weight)| weight * at(i)).sum();
                let after: i32 = (-1..3).zip(AFTER).map(|(i, weight)| weight * at(i)).sum();
                across.extend([before, after].map(|sum| ((sum + 64) >> 7).clamp(0, 255) as u8));
            }
        }
        let mut pixels = Vec::with_capacity(wide * self.height * 2);
        for y in 0..self.height as isize {
            let row = |i: isize| &across[(y + i).clamp(0, self.height as isize - 1) as usize * wide..][..wide];
            for (from, weights) in [(-2, BEFORE), (-1, AFTER)] {
                let rows = [row(from), row(from + 1), row(from + 2), row(from + 3)];
                pixels.extend((0..wide).map(|x| {
                    let sum: i32 = rows.iter().zip(weights).map(|(row, weight)| weight * i32::from(row[x])).sum();
                    ((sum + 64) >> 7).clamp(0, 255) as u8
                }));
            }
        }
        Self { width: wide, height: self.height * 2, pixels }
    }

    /// Half as wide and high, each pixel the mean of four.
    pub fn halved(&self) -> Self {
        let (width, height) = ((self.width / 2).max(1), (self.height / 2).max(1));
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height as isize {
            for x in 0..width as isize {
                let at = |i, j| self.near(2 * x + i, 2 * y + j);
                pixels.push(((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1) + 2) / 4) as u8);
            }
        }
        Self { width, height, pixels }
    }

    /// Two thirds as wide and high.
    pub fn reduced(&self) -> Self {
        let (width, height) = ((self.width * 2 / 3).max(1), (self.height * 2 / 3).max(1));
        let soft = self.blurred();
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                pixels.push(soft.between(x as f32 * 1.5 + 0.25, y as f32 * 1.5 + 0.25) as u8);
            }
        }
        Self { width, height, pixels }
    }

    /// Turned by this many degrees, the whole picture kept: the lines of the code then meet other rows of pixels.
    pub fn turned(&self, degrees: f32) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (w, h) = (self.width as f32, self.height as f32);
        let (width, height) = ((w * cos.abs() + h * sin.abs()) as usize, (w * sin.abs() + h * cos.abs()) as usize);
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            let down = y as f32 - height as f32 / 2.0;
            for x in 0..width {
                let right = x as f32 - width as f32 / 2.0;
                let (from_x, from_y) = (cos * right + sin * down + w / 2.0, cos * down - sin * right + h / 2.0);
                pixels.push(self.between(from_x, from_y) as u8);
            }
        }
        Self { width, height, pixels }
    }
}
