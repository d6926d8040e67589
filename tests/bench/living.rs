//! The living room as both ends have it: what their TV plays comes back into their microphone, and somebody speaks there.

use crate::sound::RATE;
use crate::voices::{LOUDNESS, decibels, family};
use gstreamer as gst;
use gstreamer::prelude::*;
use madoguchi::workbench::acoustics::{Acoustics, Room};
use nix::time::{ClockId, clock_gettime};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Samples that are weighed together: 100 ms.
const WEIGHED: usize = RATE as usize / 10;
/// So many of those tell how loud the echo is: 5 s.
const REMEMBERED: usize = 50;
/// Loudness in the microphone of somebody who speaks while nothing comes back, in dB of full scale (RMS).
const NEAR: f64 = LOUDNESS - 6.0;
/// Quieter than this is the room's noise and no echo that somebody would be as loud as, in dB of full scale.
const ECHO: f64 = -45.0;

/// What is asked of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Staff speak alone: how much of their voice does not come back to them.
    EchoLoss,
    /// Both speak, equally loud in the microphone: how much lower the family is.
    BothSpeak,
    /// The family speaks alone: the same.
    NearAlone,
    /// Nobody speaks: how much lower the room's noise is.
    Noise,
}

/// A room, and what happens in it.
pub struct Scene {
    /// What its runs are called.
    pub name: &'static str,
    /// What it is like, for the table.
    pub words: &'static str,
    /// How it sounds.
    pub acoustics: Acoustics,
    /// What is measured in it.
    pub asked: Asked,
}

/// All of them, in the order of the table.
pub fn scenes() -> Vec<Scene> {
    let room = |delay| Acoustics::living_room(Duration::from_millis(delay));
    let scene = |name, words, acoustics, asked| Scene { name, words, acoustics, asked };
    let large = Acoustics { rt60: Duration::from_millis(500), ..room(150) };
    let drift = Acoustics { drift_ppm: 200.0, ..room(200) };
    let noisy = Acoustics { noise_dbfs: -50.0, ..room(150) };
    vec![
        scene("tv70", "RT60 0.4 s, the TV is late by 70 ms", room(70), Asked::EchoLoss),
        scene("tv150", "by 150 ms", room(150), Asked::EchoLoss),
        scene("tv300", "by 300 ms", room(300), Asked::EchoLoss),
        scene("large", "RT60 0.5 s, 150 ms", large, Asked::EchoLoss),
        scene("drift", "200 ms, the microphone's clock faster by 200 ppm", drift, Asked::EchoLoss),
        scene("both", "150 ms, both speak, equally loud in the microphone", room(150), Asked::BothSpeak),
        scene("near", "150 ms, the family speaks alone", room(150), Asked::NearAlone),
        scene("noise", "noise of -50 dBFS while nobody speaks", noisy, Asked::Noise),
    ]
}

/// Loudness of 100 ms: since 1970 in ms, then power (of full scale) of echo and noise, of who speaks, and of both together, then the
/// processor's seconds that the room itself has taken so far.
pub type Level = [f64; 5];

/// The room while a call lasts. Clones are the same one.
#[derive(Clone)]
pub struct Living {
    speaks: Arc<AtomicBool>,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    room: Room,
    /// The family's voice at [`NEAR`].
    voice: Arc<[i16]>,
    /// How much louder they speak, and where they are, from when they began.
    speaking: Option<(f64, usize)>,
    /// Powers that are being summed up, and of how many samples.
    sums: ([f64; 3], usize),
    echo: VecDeque<f64>,
    levels: Vec<Level>,
    took: f64,
}

impl Living {
    /// Nothing sounds in it yet.
    pub fn new(acoustics: Acoustics) -> Self {
        let inner = Inner {
            room: Room::new(acoustics),
            voice: family(NEAR),
            speaking: None,
            sums: ([0.0; 3], 0),
            echo: VecDeque::new(),
            levels: Vec::new(),
            took: 0.0,
        };
        Self { speaks: Arc::default(), inner: Arc::new(Mutex::new(inner)) }
    }

    /// Somebody speaks from now on: as loud as the echo was last, if there was one.
    pub fn speak(&self) {
        self.speaks.store(true, Ordering::Relaxed);
    }

    /// What the TV plays; the first sample is due `at`, in samples from the beginning.
    pub fn plays(&self, at: u64, samples: &[i16]) {
        self.inner.lock().unwrap().room.play(at, samples);
    }

    /// The microphone's next samples. With `now`, their first one's moment, it goes on from there if it is far off.
    pub fn hears(&self, count: usize, now: Option<u64>) -> Vec<i16> {
        /// So many samples (40 ms) may a microphone be off, as those of the workbench.
        const OFF: u64 = RATE as u64 / 25;
        let begun = processor();
        let mut inner = self.inner.lock().unwrap();
        if let Some(now) = now
            && inner.room.moment().abs_diff(now) > OFF
        {
            inner.room.skip_to(now);
        }
        let far = inner.room.hear(&vec![0; count]);
        let near = match self.speaks.load(Ordering::Relaxed) {
            true => inner.says(count),
            false => vec![0; count],
        };
        let both: Vec<i16> = far.iter().zip(&near).map(|(far, near)| far.saturating_add(*near)).collect();
        inner.weigh([&far, &near, &both]);
        inner.took += processor() - begun;
        both
    }

    /// All levels so far.
    pub fn levels(&self) -> Vec<Level> {
        self.inner.lock().unwrap().levels.clone()
    }
}

/// A living room with the machine's clock.
#[derive(Clone)]
pub struct Standing {
    living: Living,
    /// Its moment 0: small numbers, so that a clock that runs away is off by what it ran since.
    begun: gst::ClockTime,
}

impl Standing {
    /// The room of this scene; its clock begins now.
    pub fn named(name: &str) -> Self {
        gst::init().unwrap();
        let scene = scenes().into_iter().find(|scene| scene.name == name);
        let living = Living::new(scene.unwrap_or_else(|| panic!("there is no room {name}")).acoustics);
        // What is played at once may be due a little earlier.
        let begun = gst::SystemClock::obtain().time().saturating_sub(gst::ClockTime::SECOND);
        Self { living, begun }
    }

    /// What the TV plays; the first sample is due `at`, by GStreamer's system clock.
    pub fn plays(&self, at: gst::ClockTime, samples: &[i16]) {
        self.living.plays(self.counted(at), samples);
    }

    /// Somebody speaks from now on.
    pub fn speak(&self) {
        self.living.speak();
    }

    /// All levels so far.
    pub fn levels(&self) -> Vec<Level> {
        self.living.levels()
    }

    /// A moment of GStreamer's system clock in samples.
    fn counted(&self, moment: gst::ClockTime) -> u64 {
        (u128::from(moment.saturating_sub(self.begun).nseconds()) * u128::from(RATE) / 1_000_000_000) as u64
    }

    /// What the microphone heard in the last 10 ms.
    pub fn hears(&self, count: usize) -> Vec<i16> {
        let now = self.counted(gst::SystemClock::obtain().time()).saturating_sub(count as u64);
        self.living.hears(count, Some(now))
    }
}

impl Inner {
    fn says(&mut self, count: usize) -> Vec<i16> {
        let echo = self.echo.iter().sum::<f64>() / self.echo.len().max(1) as f64;
        let echo = 10.0 * echo.max(1e-12).log10();
        let (gain, at) = *self.speaking.get_or_insert_with(|| {
            let louder = if echo > ECHO { echo - NEAR } else { 0.0 };
            (10_f64.powf(louder / 20.0), 0)
        });
        self.speaking = Some((gain, at + count));
        (at..at + count).map(|at| (f64::from(self.voice[at % self.voice.len()]) * gain) as i16).collect()
    }

    fn weigh(&mut self, heard: [&[i16]; 3]) {
        for (sum, heard) in self.sums.0.iter_mut().zip(heard) {
            *sum += heard.iter().map(|sample| (f64::from(*sample) / f64::from(i16::MAX)).powi(2)).sum::<f64>();
        }
        self.sums.1 += heard[0].len();
        if self.sums.1 >= WEIGHED {
            let [echo, near, both] = self.sums.0.map(|sum| sum / self.sums.1 as f64);
            self.sums = ([0.0; 3], 0);
            self.levels.push([crate::now_ms(), echo, near, both, self.took]);
            self.echo.push_back(echo);
            if self.echo.len() > REMEMBERED {
                self.echo.pop_front();
            }
        }
    }
}

/// Loudness in dB of full scale, as [`decibels`] has it, of what has these powers on an average.
pub fn loudness(powers: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = powers.fold((0.0, 0.0), |(sum, count), power| (sum + power, count + 1.0));
    if count > 0.0 { 10.0 * (sum / count).max(1e-10_f64).log10() } else { f64::NAN }
}

/// What staff say, as a WAV file.
pub fn write_staff(path: &std::path::Path) {
    let voice = crate::voices::counter(LOUDNESS);
    assert!((decibels(&voice) - LOUDNESS).abs() < 1.0, "staff's voice is not as loud as asked");
    crate::sound::write_wav(path, &voice);
}

/// Processor's seconds that this thread has taken.
fn processor() -> f64 {
    let now = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    Duration::from(now).as_secs_f64()
}
