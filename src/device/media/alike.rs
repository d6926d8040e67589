//! Whether one sound is another one that comes back late: by how both rise and fall, in a few octaves.
//!
//! Levels alone cannot tell an echo from somebody who speaks at the same time, and waveforms are changed by a TV's own sound
//! processing, by the room and by the canceller. The shape of the loudness survives all of them.

use super::voice::PIECE;
use std::collections::VecDeque;

/// Samples of a piece.
const SIZE: usize = PIECE as usize;
/// Octaves that are looked at: below 0.75, to 1.5, to 3 and to 6 kHz.
const BANDS: usize = 4;
/// So many pieces an echo may be late (1 s).
const LATEST: usize = 100;
/// Pieces that are compared (5 s), and with fewer of them nothing can be said: as they came, and with one so late.
const WINDOW: usize = 500;
const ENOUGH: usize = 100;
const ENOUGH_LATE: usize = 50;
/// Mean square that does not count: -78 dB of full scale. The microphone's own hiss must not look like a shape.
const FLOOR: f32 = 16.0;
/// The middle between that and full scale, as a [`Shape`] has it.
const MIDDLE: f32 = 10.0;

/// How loud a piece is in each octave; logarithms of the mean squares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Shape([f32; BANDS]);

impl Shape {
    /// Of 10 ms of sound. The octaves are those of Haar's wavelets: a few additions, and sharp enough.
    pub(super) fn of(samples: &[i16]) -> Self {
        let mut rest: [f32; SIZE] = std::array::from_fn(|at| samples.get(at).copied().map_or(0.0, f32::from));
        let mut length = SIZE;
        let mut bands = [0.0; BANDS];
        // 24 kHz halved once with each turn: the first two turns are above 6 kHz.
        for turn in 0..5 {
            length /= 2;
            let mut power = 0.0;
            for at in 0..length {
                let (one, two) = (rest[2 * at], rest[2 * at + 1]);
                rest[at] = (one + two) / 2.0;
                power += ((one - two) / 2.0).powi(2);
            }
            if let Some(band) = 5_usize.checked_sub(turn).filter(|band| *band < BANDS) {
                bands[band] = power / length as f32;
            }
        }
        let low = &rest[..length];
        let middle = low.iter().sum::<f32>() / length as f32;
        bands[0] = low.iter().map(|sample| (sample - middle).powi(2)).sum::<f32>() / length as f32;
        Self(bands.map(|power| (power + FLOOR).ln()))
    }
}

/// What was played and heard in the last seconds.
#[derive(Default)]
pub(super) struct Shapes {
    played: VecDeque<Shape>,
    heard: VecDeque<Heard>,
}

/// A piece that was heard.
#[derive(Clone, Copy)]
pub(super) struct Heard {
    /// By the microphone.
    pub(super) microphone: Shape,
    /// And what is left of it.
    pub(super) out: Shape,
    /// An echo may be in it: pauses are alike everywhere.
    pub(super) counts: bool,
}

impl Shapes {
    /// One more piece.
    pub(super) fn piece(&mut self, played: Shape, heard: Heard) {
        if self.played.len() == WINDOW + LATEST {
            self.played.pop_front();
        }
        if self.heard.len() == WINDOW {
            self.heard.pop_front();
        }
        self.played.push_back(played);
        self.heard.push_back(heard);
    }

    /// How alike what was played and what is heard are, where they are most alike; 1 is the same. Nothing with too few pieces.
    pub(super) fn likeness(&self, which: fn(&Heard) -> Shape) -> Option<f32> {
        let heard: Vec<(usize, Shape)> = (self.heard.iter().rev().enumerate())
            .filter(|(_, heard)| heard.counts)
            .map(|(ago, heard)| (ago, which(heard)))
            .collect();
        if heard.len() < ENOUGH {
            return None;
        }
        let played: Vec<Shape> = self.played.iter().rev().copied().collect();
        (0..LATEST).filter_map(|late| alike(&played, &heard, late)).reduce(f32::max)
    }
}

/// Correlation of the octaves when what was played comes so many pieces late; those count most in which what is heard moves.
fn alike(played: &[Shape], heard: &[(usize, Shape)], late: usize) -> Option<f32> {
    let mut count = 0;
    let (mut one, mut two, mut both) = ([0.0; BANDS], [0.0; BANDS], [0.0; BANDS]);
    let (mut ones, mut twos) = ([0.0; BANDS], [0.0; BANDS]);
    for (ago, Shape(heard)) in heard {
        let Some(Shape(played)) = played.get(ago + late) else { continue };
        count += 1;
        for band in 0..BANDS {
            // From the middle of what there is, so that little is lost where squares are taken from each other.
            let (from, to) = (played[band] - MIDDLE, heard[band] - MIDDLE);
            one[band] += from;
            two[band] += to;
            both[band] += from * to;
            ones[band] += from * from;
            twos[band] += to * to;
        }
    }
    if count < ENOUGH_LATE {
        return None;
    }
    let (mut weighed, mut weights) = (0.0_f32, 0.0_f32);
    for band in 0..BANDS {
        let count = count as f32;
        let both = both[band] - one[band] * two[band] / count;
        let ones = (ones[band] - one[band].powi(2) / count).max(1e-3);
        let twos = (twos[band] - two[band].powi(2) / count).max(0.0);
        weighed += both * (twos / ones).sqrt();
        weights += twos;
    }
    Some(weighed / weights.max(1e-3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody who speaks, in pieces: noise whose loudness and colour change every 80 ms or so. Another seed, another voice.
    fn voice(mut seed: u64, pieces: usize) -> Vec<[i16; SIZE]> {
        let mut next = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        let (mut loud, mut dull, mut left, mut low) = (0.0, 0.0, 0, 0.0);
        let piece = |_| {
            if left == 0 {
                (loud, dull, left) = (10_f32.powf(next() + 2.0), next() * 0.45 + 0.5, 6 + (next() * 4.0) as i32);
            }
            left -= 1;
            std::array::from_fn(|_| {
                low += (next() * loud * 10.0 - low) * dull;
                low as i16
            })
        };
        (0..pieces).map(piece).collect()
    }

    fn likeness(played: &[[i16; SIZE]], heard: &[[i16; SIZE]]) -> Option<f32> {
        let mut shapes = Shapes::default();
        for (played, heard) in played.iter().zip(heard) {
            let shape = Shape::of(heard);
            shapes.piece(Shape::of(played), Heard { microphone: shape, out: shape, counts: true });
        }
        shapes.likeness(|heard| heard.out)
    }

    /// That much later and softer.
    fn late(sound: &[[i16; SIZE]], pieces: usize, softer: i16) -> Vec<[i16; SIZE]> {
        let silence = vec![[0; SIZE]; pieces];
        silence.into_iter().chain(sound.iter().map(|piece| piece.map(|sample| sample / softer))).collect()
    }

    #[test]
    fn an_echo_is_alike_however_late_and_soft_and_another_voice_is_not() {
        let (played, other) = (voice(1, 500), voice(2, 500));
        for (pieces, softer) in [(0, 1), (3, 4), (45, 30), (90, 4)] {
            let found = likeness(&played, &late(&played, pieces, softer)).unwrap();
            assert!(found > 0.8, "{pieces} pieces late: {found}");
        }
        let found = likeness(&played, &other).unwrap();
        assert!(found < 0.5, "another voice: {found}");
        assert!(likeness(&played, &late(&other, 20, 3)).unwrap() < 0.5);
        assert!(likeness(&played, &[[0; SIZE]; 500]).unwrap().abs() < 0.01, "silence");
        assert_eq!(likeness(&played[..50], &played[..50]), None, "too little to say");
    }
}
