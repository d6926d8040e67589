//! The living room between the TV's loudspeaker and the microphone, computed: what is played comes back late, with the
//! room's reverberation, by another clock, among noise.
//!
//! Pure: moments are counted in samples and given by the caller, so ten minutes pass in as long as they take to compute.
//! The reverberation is a feedback delay network (J.-M. Jot, A. Chaigne, "Digital delay networks for designing artificial
//! reverberators", AES 1991): linear, of an exact reverberation time, and the same in each run.

use super::sound::RATE;
use std::f32::consts::TAU;
use std::time::Duration;

/// How long played sound is kept: longer than any TV is late.
const KEPT: usize = 2 * RATE;
/// So far may what is played be from its moment before the loudspeaker leaves something out or pauses, as GStreamer's
/// sound card elements do (`alignment-threshold`).
const ALIGNMENT: u64 = RATE as u64 * 40 / 1000;
/// Lengths of the network's delay lines in samples (7 to 40 ms), without a common divisor.
const LINES: [usize; 16] = [337, 401, 467, 541, 613, 691, 773, 859, 947, 1039, 1151, 1259, 1373, 1499, 1637, 1879];
/// Points of the table between two samples, and samples that take part in one that lies between them.
const PHASES: usize = 64;
const TAPS: usize = 16;

/// How a room is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Acoustics {
    /// From the loudspeaker's device to the air: what the TV's own processing takes.
    pub delay: Duration,
    /// How long the room takes to fall by 60 dB.
    pub rt60: Duration,
    /// Loudness of the echo in the microphone against what is played, in dB.
    pub echo_db: f32,
    /// Loudness of the room's noise in the microphone (a fan, the street, hiss), in dB of full scale (RMS).
    pub noise_dbfs: f32,
    /// How much faster the microphone's clock runs than the loudspeaker's, in millionths.
    pub drift_ppm: f64,
}

impl Acoustics {
    /// A living room of RT60 0.4 s with a TV that is late by `delay`.
    pub fn living_room(delay: Duration) -> Self {
        Self { delay, rt60: Duration::from_millis(400), echo_db: -6.0, noise_dbfs: -60.0, drift_ppm: 0.0 }
    }
}

/// A room in which something is played and heard.
pub struct Room {
    acoustics: Acoustics,
    /// The newest `KEPT` played samples; `at % KEPT` is where the sample `at` lies.
    played: Vec<f32>,
    /// Where what is played ends, in samples of the loudspeaker's clock.
    end: u64,
    /// How many samples the microphone's clock has run.
    heard: u64,
    reverberation: Reverberation,
    between: Between,
    noise: Noise,
}

impl Room {
    /// An empty room at moment 0.
    pub fn new(acoustics: Acoustics) -> Self {
        Self {
            acoustics,
            played: vec![0.0; KEPT],
            end: 0,
            heard: 0,
            reverberation: Reverberation::new(acoustics.rt60),
            between: Between::new(),
            noise: Noise::default(),
        }
    }

    /// The TV takes longer or shorter from now on.
    pub fn set_delay(&mut self, delay: Duration) {
        self.acoustics.delay = delay;
    }

    /// So much of what is played is heard from now on, in dB.
    pub fn set_echo(&mut self, echo_db: f32) {
        self.acoustics.echo_db = echo_db;
    }

    /// The loudspeaker's device plays samples whose first is due `at`, in samples of its own clock from the beginning.
    /// They follow each other without gap unless they are off by more than 40 ms.
    pub fn play(&mut self, at: u64, samples: &[i16]) {
        if at.abs_diff(self.end) > ALIGNMENT {
            let gap = usize::try_from(at.saturating_sub(self.end)).unwrap_or(KEPT).min(KEPT);
            for before in 1..=gap as u64 {
                self.played[(at.saturating_sub(before) % KEPT as u64) as usize] = 0.0;
            }
            self.end = at;
        }
        for sample in samples {
            self.played[(self.end % KEPT as u64) as usize] = f32::from(*sample);
            self.end += 1;
        }
    }

    /// The microphone's next samples: what comes back of what was played, the room's noise, and `near`, a person who
    /// speaks so near that the room adds nothing. As many samples as `near` has.
    pub fn hear(&mut self, near: &[i16]) -> Vec<i16> {
        let gain = decibels(self.acoustics.echo_db);
        let noise = decibels(self.acoustics.noise_dbfs) * f32::from(i16::MAX);
        let late = self.acoustics.delay.as_secs_f64() * RATE as f64;
        let slow = 1.0 + self.acoustics.drift_ppm / 1e6;
        near.iter()
            .map(|near| {
                let moment = self.heard as f64 / slow - late;
                self.heard += 1;
                let direct = self.at(moment);
                let sum = self.reverberation.next(direct) * gain + self.noise.next() * noise + f32::from(*near);
                // A float becomes an integer saturating, as a sound card clips.
                sum.round() as i16
            })
            .collect()
    }

    /// Goes on to the microphone's moment `at`, in its samples from the beginning, without listening.
    pub fn skip_to(&mut self, at: u64) {
        self.heard = at;
    }

    /// How many samples the microphone's clock has run.
    pub fn moment(&self) -> u64 {
        self.heard
    }

    /// What the loudspeaker gave at a moment between two samples.
    fn at(&self, moment: f64) -> f32 {
        if moment < TAPS as f64 {
            return 0.0;
        }
        let first = moment.floor() as u64 - (TAPS as u64 / 2 - 1);
        let sample = |tap: usize| {
            let at = first + tap as u64;
            let kept = at < self.end && at + KEPT as u64 > self.end;
            if kept { self.played[(at % KEPT as u64) as usize] } else { 0.0 }
        };
        self.between.at(moment.fract() as f32, sample)
    }
}

fn decibels(db: f32) -> f32 {
    10_f32.powf(db / 20.0)
}

/// Values between samples: a sinc, windowed by a raised cosine.
struct Between(Vec<[f32; TAPS]>);

impl Between {
    fn new() -> Self {
        let weight = |phase: usize, tap: usize| {
            let off = (tap as f32 - (TAPS / 2 - 1) as f32) - phase as f32 / PHASES as f32;
            let sinc = if off.abs() < 1e-6 { 1.0 } else { (TAU / 2.0 * off).sin() / (TAU / 2.0 * off) };
            let window = 0.5 + 0.5 * (TAU * off / TAPS as f32).cos();
            if off.abs() < TAPS as f32 / 2.0 { sinc * window } else { 0.0 }
        };
        Self((0..=PHASES).map(|phase| std::array::from_fn(|tap| weight(phase, tap))).collect())
    }

    fn at(&self, fraction: f32, sample: impl Fn(usize) -> f32) -> f32 {
        let place = fraction * PHASES as f32;
        let phase = (place as usize).min(PHASES - 1);
        let rest = place - phase as f32;
        let (one, other) = (&self.0[phase], &self.0[phase + 1]);
        (0..TAPS).map(|tap| sample(tap) * (one[tap] + (other[tap] - one[tap]) * rest)).sum()
    }
}

/// The direct way, and as much power again that the walls throw back.
struct Reverberation {
    lines: Vec<Vec<f32>>,
    places: [usize; LINES.len()],
    /// What is left of a line's sound after one round.
    left: [f32; LINES.len()],
    /// Last value of each line behind its filter: walls swallow high tones first.
    dull: [f32; LINES.len()],
    level: f32,
}

impl Reverberation {
    /// Part of a value that the filter of the walls keeps for the next.
    const DULL: f32 = 0.25;

    fn new(rt60: Duration) -> Self {
        let rt60 = rt60.as_secs_f32().max(0.05);
        let left = LINES.map(|length| 10_f32.powf(-3.0 * length as f32 / (rt60 * RATE as f32)));
        let mut new = Self {
            lines: LINES.iter().map(|length| vec![0.0; *length]).collect(),
            places: [0; LINES.len()],
            left,
            dull: [0.0; LINES.len()],
            level: 1.0,
        };
        // Measured with an impulse, then set so that direct and thrown back sound are equally strong, together 1.
        let mut power = 0.0;
        for number in 0..(rt60 * RATE as f32) as usize {
            let thrown_back = new.round(if number == 0 { 1.0 } else { 0.0 });
            power += thrown_back * thrown_back;
        }
        new.lines.iter_mut().for_each(|line| line.fill(0.0));
        new.dull = [0.0; LINES.len()];
        new.level = 1.0 / power.sqrt();
        new
    }

    fn next(&mut self, direct: f32) -> f32 {
        let thrown_back = self.round(direct) * self.level;
        (direct + thrown_back) * std::f32::consts::FRAC_1_SQRT_2
    }

    fn round(&mut self, sound: f32) -> f32 {
        let mut out = [0.0; LINES.len()];
        for (number, line) in self.lines.iter().enumerate() {
            let old = line[self.places[number]] * self.left[number];
            self.dull[number] += (old - self.dull[number]) * (1.0 - Self::DULL);
            out[number] = self.dull[number];
        }
        let heard = out.iter().enumerate().map(|(number, out)| if number % 3 == 0 { -out } else { *out }).sum();
        // Hadamard's matrix mixes the lines and keeps the power.
        let mut half = 1;
        while half < out.len() {
            for block in (0..out.len()).step_by(half * 2) {
                for number in block..block + half {
                    let (one, other) = (out[number], out[number + half]);
                    (out[number], out[number + half]) = (one + other, one - other);
                }
            }
            half *= 2;
        }
        for (number, line) in self.lines.iter_mut().enumerate() {
            line[self.places[number]] = sound + out[number] * 0.25;
            self.places[number] = (self.places[number] + 1) % line.len();
        }
        heard
    }
}

/// Noise of a room: mostly low, some hiss. Its RMS is 1.
struct Noise {
    state: u64,
    low: f32,
}

impl Default for Noise {
    fn default() -> Self {
        Self { state: 0x9E37_79B9_7F4A_7C15, low: 0.0 }
    }
}

impl Noise {
    /// How fast the low part follows: below about 400 Hz.
    const FOLLOWS: f32 = 0.05;

    fn next(&mut self) -> f32 {
        // G. Marsaglia, "Xorshift RNGs", 2003.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        // Within ±√3, which has an RMS of 1.
        let white = ((self.state >> 40) as f32 / (1 << 23) as f32 - 1.0) * 3_f32.sqrt();
        self.low += (white - self.low) * Self::FOLLOWS;
        // The low part's RMS is √(FOLLOWS / (2 − FOLLOWS)) of the white one's.
        let low = self.low * ((2.0 - Self::FOLLOWS) / Self::FOLLOWS).sqrt();
        low * 0.96_f32.sqrt() + white * 0.2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENT: f32 = -200.0;

    fn quiet(delay_ms: u64, rt60_ms: u64) -> Acoustics {
        Acoustics {
            delay: Duration::from_millis(delay_ms),
            rt60: Duration::from_millis(rt60_ms),
            echo_db: 0.0,
            noise_dbfs: SILENT,
            drift_ppm: 0.0,
        }
    }

    fn power(samples: &[i16]) -> f64 {
        samples.iter().map(|sample| f64::from(*sample).powi(2)).sum()
    }

    /// What a clap sounds like in the microphone.
    fn clap(acoustics: Acoustics) -> Vec<i16> {
        let mut room = Room::new(acoustics);
        room.play(4_800, &[30_000; 48]);
        room.hear(&[0; RATE])
    }

    #[test]
    fn what_is_played_comes_back_as_late_as_the_tv_is() {
        for delay in [30, 70, 150, 300, 450] {
            let heard = clap(quiet(delay, 400));
            let first = heard.iter().position(|sample| sample.abs() > 10_000).unwrap();
            let expected = 4_800 + delay as usize * RATE / 1000;
            assert!(first.abs_diff(expected) <= TAPS, "{delay} ms: {first} for {expected}");
        }
    }

    #[test]
    fn the_room_falls_by_60_db_in_its_reverberation_time() {
        for rt60 in [300, 500] {
            let heard = clap(quiet(30, rt60));
            // Schroeder's backward integration, from -5 to -25 dB, times three.
            let after = &heard[4_800 + 30 * RATE / 1000..];
            let mut left: Vec<f64> = after.iter().rev().map(|sample| f64::from(*sample).powi(2)).collect();
            for at in 1..left.len() {
                left[at] += left[at - 1];
            }
            left.reverse();
            let fell = |db: f64| left.iter().position(|power| *power < left[0] * 10_f64.powf(db / 10.0)).unwrap();
            let measured = (fell(-25.0) - fell(-5.0)) * 3 * 1000 / RATE;
            assert!(measured.abs_diff(rt60 as usize) < rt60 as usize / 5, "{measured} ms for {rt60} ms");
        }
    }

    #[test]
    fn echo_and_noise_are_as_loud_as_asked() {
        let mut room = Room::new(Acoustics { noise_dbfs: -40.0, ..quiet(30, 300) });
        let heard = room.hear(&vec![0; RATE]);
        let noise = 10.0 * (power(&heard) / RATE as f64 / f64::from(i16::MAX).powi(2)).log10();
        assert!((noise + 40.0).abs() < 1.0, "{noise} dBFS");

        let mut room = Room::new(Acoustics { echo_db: -12.0, ..quiet(30, 300) });
        let mut source = Noise::default();
        let played: Vec<i16> = (0..RATE * 2).map(|_| (source.next() * 3000.0) as i16).collect();
        room.play(0, &played);
        let heard = room.hear(&vec![0; RATE * 2]);
        let echo = 10.0 * (power(&heard[RATE..]) / power(&played[RATE..])).log10();
        assert!((echo + 12.0).abs() < 1.5, "{echo} dB");
    }

    #[test]
    fn a_clock_that_runs_away_moves_the_echo() {
        // 1000 ppm for a second are a millisecond.
        let mut room = Room::new(Acoustics { drift_ppm: 1000.0, ..quiet(100, 300) });
        room.play(RATE as u64, &[30_000; 48]);
        room.skip_to(RATE as u64);
        let heard = room.hear(&[0; RATE]);
        let first = heard.iter().position(|sample| sample.abs() > 10_000).unwrap();
        assert!(first.abs_diff(RATE / 10 + 48) <= TAPS, "{first}");
    }

    #[test]
    fn a_person_is_heard_as_they_speak_and_loud_sound_is_clipped() {
        let mut room = Room::new(quiet(30, 300));
        assert_eq!(room.hear(&[1, -2, 3]), [1, -2, 3]);
        room.play(3, &[i16::MAX; 9600]);
        assert_eq!(room.hear(&[i16::MAX; 9600]).iter().max(), Some(&i16::MAX));
    }

    #[test]
    fn a_loudspeaker_leaves_small_gaps_out_and_keeps_large_ones() {
        let mut room = Room::new(quiet(0, 300));
        room.play(0, &[1; 480]);
        room.play(500, &[1; 480]);
        assert_eq!(room.end, 960, "20 samples are no gap");
        room.play(48_000, &[1; 480]);
        assert_eq!(room.end, 48_480);
        assert_eq!(room.played[961..48_000].iter().sum::<f32>(), 0.0);
    }
}
