//! Recordings.

use crate::clip::TONE;
use std::f32::consts::TAU;
use std::path::Path;

/// Samples a second.
pub const RATE: u32 = 48_000;

/// Writes samples of one channel as a WAV file.
pub fn write_wav(path: &Path, samples: &[i16]) {
    let bytes = u32::try_from(samples.len() * 2).unwrap();
    let mut file = Vec::with_capacity(samples.len() * 2 + 44);
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend([1, 0, 1, 0]);
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(path, file).unwrap();
}

/// Hears when the tone at each full second begins, as `page.js` does.
#[derive(Default)]
pub struct Ear {
    waiting: Vec<f32>,
    loudest: f32,
    last: f64,
    /// In milliseconds since 1970.
    pub tones: Vec<f64>,
}

impl Ear {
    /// Samples that looks take: 5 ms.
    const LOOK: usize = 256;

    /// Hears samples, of which the first sounds at `at`, in milliseconds since 1970.
    pub fn hears(&mut self, samples: &[i16], at: f64) {
        let begins = at - self.waiting.len() as f64 / f64::from(RATE) * 1000.0;
        self.waiting.extend(samples.iter().map(|sample| f32::from(*sample) / 32_768.0));
        let mut looked = 0;
        while let Some(look) = self.waiting.get(looked..looked + Self::LOOK) {
            // Goertzel's filter: how loud one frequency is.
            let turn = 2.0 * (TAU * TONE / RATE as f32).cos();
            let (one, two) = look.iter().fold((0.0, 0.0), |(one, two), sample| (sample + turn * one - two, one));
            let power: f32 = one * one + two * two - turn * one * two;
            let loudness = power.max(0.0).sqrt() / Self::LOOK as f32;
            self.loudest = (self.loudest * 0.9995).max(loudness);
            let at = begins + looked as f64 / f64::from(RATE) * 1000.0;
            if loudness > 0.5 * self.loudest && loudness > 0.005 && at - self.last > 600.0 {
                self.last = at;
                self.tones.push(at);
            }
            looked += Self::LOOK;
        }
        self.waiting.drain(..looked);
    }
}
