//! Whether the chime comes back through the microphone: then the TV is on, at this input, and loud enough.
//!
//! The chime ends with a run of notes upwards. A note that begins makes the sound at its pitch rise at once; so many pitches
//! that rise one after the other, each just when its note is due, are no chance. How late and how loud the TV is does not
//! matter, and neither does a voice in the room.

use super::RATE;
use super::chime::{self, NOTE_HOPS, NOTES};
use crate::model::turn::TvSound;
use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How far the run is looked at anew each time: 10 ms, in samples.
pub(super) const HOP: usize = RATE as usize / 100;
/// Samples that a pitch is looked for in: 30 ms.
const WINDOW: usize = 3 * HOP;
/// Looks between a note's loudness and what was there before it.
const BEFORE: usize = 6;
/// So much louder (as energy) is a pitch once its note has begun.
const RISE: f32 = 8.0;
/// Mean square below which nothing is heard, by samples of ±1: about -80 dB.
const SILENCE: f32 = 1e-8;
/// So many of the notes must be there. By chance a pitch rises so in one of nine looks, so many of them in order never.
const ENOUGH: usize = NOTES.len() * 5 / 8;
/// Looks that one run takes.
const RUN: usize = (NOTES.len() - 1) * NOTE_HOPS + BEFORE + 1;
/// So much of what is played may come back, as energy (0 dB). In the computed rooms somebody of -30 dBFS who speaks at the same time
/// is lowered by 12 dB then, and by 22 dB with 12 dB more, where the microphone is overdriven and only 24 dB of echo loss are left.
const TOO_LOUD: f32 = 1.0;
/// So many samples at the end of the scale in a chime are too loud as well: it is played far from there.
const OVERDRIVEN: usize = 50;
const FULL: u16 = 32_700;
/// Looks after the run was found in which its last notes come.
const ENDS: u8 = 20;
/// How long the chime is listened for, from its beginning on.
const WITHIN: Duration = Duration::from_secs(3);
/// With less sound than this nothing can be said: the microphone was opened too late.
const HEARD_ENOUGH: Duration = Duration::from_secs(2);

/// Looks for the run in what the microphone hears.
pub(super) struct Ear {
    /// The newest samples, of ±1.
    samples: VecDeque<f32>,
    /// Samples since the last look.
    since: usize,
    /// How loud each pitch was at the last looks.
    looks: VecDeque<[f32; NOTES.len()]>,
    listened: usize,
    overdriven: usize,
    /// How loud each pitch was at its loudest.
    peaks: [f32; NOTES.len()],
    /// The run was found, and so many looks are still to come.
    found: Option<u8>,
}

impl Ear {
    pub(super) fn new() -> Self {
        let (samples, looks) = (VecDeque::with_capacity(WINDOW), VecDeque::with_capacity(RUN));
        Self { samples, since: 0, looks, listened: 0, overdriven: 0, peaks: [0.0; NOTES.len()], found: None }
    }

    /// Takes what is heard next, at [`RATE`].
    pub(super) fn hear(&mut self, samples: &[i16]) {
        for sample in samples {
            if self.samples.len() == WINDOW {
                self.samples.pop_front();
            }
            self.samples.push_back(f32::from(*sample) / 32_768.0);
            self.since += 1;
            if self.since == HOP {
                self.since = 0;
                self.look();
            }
        }
        self.listened += samples.len();
        self.overdriven += samples.iter().filter(|sample| sample.unsigned_abs() >= FULL).count();
    }

    /// How the chime came back, once that is known.
    fn verdict(&self) -> Option<TvSound> {
        let is_too_loud = self.overdriven >= OVERDRIVEN || self.loud() >= *PLAYED * TOO_LOUD;
        (self.found == Some(0)).then_some(if is_too_loud { TvSound::TooLoud } else { TvSound::Heard })
    }

    fn look(&mut self) {
        if self.found == Some(0) || self.samples.len() < WINDOW {
            return;
        }
        if self.looks.len() == RUN {
            self.looks.pop_front();
        }
        let window = self.samples.make_contiguous();
        let loud = NOTES.map(|pitch| energy(window, pitch));
        self.looks.push_back(loud);
        self.peaks.iter_mut().zip(loud).for_each(|(peak, loud)| *peak = peak.max(loud));
        self.found = match self.found {
            Some(left) => Some(left - 1),
            None => (self.looks.len() == RUN && self.risen() >= ENOUGH).then_some(ENDS),
        };
    }

    /// The middle of how loud the notes came back, as energy: some pitches are the bells' as well, or a voice's.
    fn loud(&self) -> f32 {
        let mut peaks = self.peaks;
        peaks.sort_unstable_by(f32::total_cmp);
        peaks[NOTES.len() / 2]
    }

    /// How many notes are there, if the last one begins now.
    fn risen(&self) -> usize {
        let risen = |note: &usize| {
            let at = BEFORE + note * NOTE_HOPS;
            let loud = |at: usize| self.looks.get(at).map_or(0.0, |look| look[*note]);
            let (before, now) = (loud(at - BEFORE), loud(at));
            now > SILENCE && now > before * RISE
        };
        (0..NOTES.len()).filter(risen).count()
    }
}

/// Mean square of one pitch in a window (Goertzel), weighted so that pitches beside it count little (Hann).
fn energy(window: &[f32], pitch: f32) -> f32 {
    let turn = 2.0 * (TAU * pitch / RATE as f32).cos();
    let (mut one, mut two) = (0.0_f32, 0.0_f32);
    let length = window.len() as f32;
    for (at, sample) in window.iter().enumerate() {
        let weight = 0.5 - 0.5 * (TAU * at as f32 / length).cos();
        (one, two) = (sample * weight + turn * one - two, one);
    }
    (one * one + two * two - turn * one * two).max(0.0) * 8.0 / (length * length)
}

/// How loud the run is as it is played, for a microphone at the loudspeaker.
static PLAYED: LazyLock<f32> = LazyLock::new(|| {
    let mut ear = Ear::new();
    ear.hear(&super::samples(&chime::samples()));
    ear.loud()
});

/// Connects the microphone with the chime that is playing. Clones are the same one.
#[derive(Clone, Default)]
pub(super) struct Listener(Arc<Mutex<Option<(Ear, Instant)>>>);

impl Listener {
    /// A chime begins.
    pub(super) fn begin(&self, now: Instant) {
        *self.inner() = Some((Ear::new(), now));
    }

    /// The microphone's next samples.
    pub(super) fn hear(&self, samples: &[i16]) {
        if let Some((ear, _)) = &mut *self.inner() {
            ear.hear(samples);
        }
    }

    /// How the chime was heard; told once, as soon as it is known. Nothing where the microphone did not listen.
    pub(super) fn verdict(&self, now: Instant) -> Option<TvSound> {
        let mut inner = self.inner();
        let (ear, begun) = inner.as_ref()?;
        let over = now.saturating_duration_since(*begun) >= WITHIN;
        let heard = ear.verdict();
        if heard.is_none() && !over {
            return None;
        }
        let listened = Duration::from_secs_f64(ear.listened as f64 / f64::from(RATE));
        let verdict = heard.or((listened >= HEARD_ENOUGH).then_some(TvSound::Unheard));
        *inner = None;
        verdict
    }

    fn inner(&self) -> MutexGuard<'_, Option<(Ear, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::sound::samples;

    /// The same noise in each run, of ±1.
    struct Noise(u64);

    impl Noise {
        fn next(&mut self) -> f32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
        }
    }

    /// A TV so late, so loud in the microphone against what it plays, in a room of RT60 0.4 s with so much noise.
    fn living_room(delay_ms: usize, echo_db: f32, noise_db: f32) -> Vec<i16> {
        let mut noise = Noise(7);
        let gain = |db: f32| 10_f32.powf(db / 20.0);
        let played: Vec<f32> = samples(&chime::samples()).into_iter().map(f32::from).collect();
        // The direct sound, and reflections that come later and softer.
        let reflections: Vec<(usize, f32)> = (0..60)
            .map(|_| {
                let late = (noise.next() + 1.0) * 0.15;
                ((late * RATE as f32) as usize, noise.next() * 0.4 * gain(-60.0 * late / 0.4))
            })
            .chain([(0, 1.0)])
            .collect();
        let mut heard = vec![0.0_f32; played.len() + RATE as usize];
        for (late, loud) in reflections {
            for (at, sample) in played.iter().enumerate() {
                if let Some(heard) = heard.get_mut(at + late + delay_ms * RATE as usize / 1000) {
                    *heard += sample * loud * gain(echo_db);
                }
            }
        }
        heard.iter().map(|sample| (sample + noise.next() * gain(noise_db) * 32_768.0) as i16).collect()
    }

    fn is_heard(sound: &[i16]) -> bool {
        let mut ear = Ear::new();
        sound.chunks(441).for_each(|portion| ear.hear(portion));
        ear.found.is_some()
    }

    fn verdict(sound: &[i16]) -> Option<TvSound> {
        let mut ear = Ear::new();
        sound.chunks(480).for_each(|portion| ear.hear(portion));
        ear.verdict()
    }

    #[test]
    fn a_tv_that_is_too_loud_is_known_by_its_chime() {
        for (delay, echo, expected) in [
            (150, -20.0, TvSound::Heard),
            (33, -5.0, TvSound::Heard),
            (450, -5.0, TvSound::Heard),
            (33, 4.0, TvSound::TooLoud),
            (150, 6.0, TvSound::TooLoud),
            (450, 15.0, TvSound::TooLoud),
        ] {
            assert_eq!(verdict(&living_room(delay, echo, -60.0)), Some(expected), "{delay} ms late, {echo} dB");
        }
    }

    #[test]
    fn the_chime_is_heard_whatever_the_tv() {
        for (delay, echo) in [(0, 0.0), (33, -20.0), (150, -6.0), (450, -12.0), (697, -30.0)] {
            assert!(is_heard(&living_room(delay, echo, -60.0)), "{delay} ms late, {echo} dB");
        }
    }

    #[test]
    fn a_loud_room_does_not_hide_it() {
        assert!(is_heard(&living_room(80, -12.0, -40.0)));
    }

    #[test]
    fn noise_a_tone_and_the_chimes_own_bells_are_no_chime() {
        let mut noise = Noise(3);
        let hiss: Vec<i16> = (0..RATE * 20).map(|_| (noise.next() * 3000.0) as i16).collect();
        assert!(!is_heard(&hiss));
        let swell = |at: u32| (at as f32 * 1000.0 * TAU / RATE as f32).sin() * (at % RATE) as f32 / 4.0;
        assert!(!is_heard(&(0..RATE * 5).map(|at| swell(at) as i16).collect::<Vec<_>>()));
        let bells = &living_room(0, 0.0, -70.0)[..RATE as usize * 9 / 10];
        assert!(!is_heard(bells));
        assert!(!is_heard(&living_room(100, -90.0, -50.0)), "a TV without sound");
    }

    #[test]
    fn a_voice_is_no_chime() {
        // Syllables: a buzz with overtones that begins and ends four times a second, at changing pitches.
        let mut noise = Noise(11);
        let mut voice = Vec::new();
        for _ in 0..80 {
            let pitch = 180.0 + 90.0 * noise.next();
            voice.extend((0..RATE / 4).map(|at| {
                let moment = at as f32 / RATE as f32;
                let loud = (moment * 4.0 * TAU / 2.0).sin().max(0.0);
                let buzz: f32 = (1..24).map(|n| (moment * pitch * n as f32 * TAU).sin() / n as f32).sum();
                (buzz * loud * 8000.0) as i16
            }));
        }
        assert!(!is_heard(&voice));
    }

    #[test]
    fn nothing_is_said_where_nobody_listened() {
        let (listener, begun) = (Listener::default(), Instant::now());
        listener.begin(begun);
        assert_eq!(listener.verdict(begun + WITHIN / 2), None);
        assert_eq!(listener.verdict(begun + WITHIN), None, "no microphone");
        listener.begin(begun);
        listener.hear(&vec![0; RATE as usize * 5 / 2]);
        assert_eq!(listener.verdict(begun + WITHIN), Some(TvSound::Unheard));
        assert_eq!(listener.verdict(begun + WITHIN), None, "told once");
        listener.begin(begun);
        listener.hear(&living_room(60, -10.0, -60.0));
        assert_eq!(listener.verdict(begun), Some(TvSound::Heard), "as soon as it is known");
    }
}
