//! The TV's own voice taken out of the microphone's sound: what staff say comes back from the TV and must not be heard.
//!
//! The canceller (WebRTC's AEC3, in the crate `sonora`) finds by itself how late the TV is, up to half a second, if it is
//! given what is played and what is heard of the same moment. So what is played is kept by the moment at which it is heard,
//! not by the order in which it comes. Without a clock: moments are counted in samples from the beginning of the session.

use super::alike::{Alike, Path};
use super::lift::{Lift, Sounds};
use super::voice::PIECE;
use crate::device::sound::RATE;
use crate::model::quality::EchoStats;
use gstreamer as gst;
use sonora::config::{
    EchoCanceller, HighPassFilter, MaxProcessingRate, NoiseSuppression, NoiseSuppressionLevel, Pipeline,
};
use sonora::{AudioProcessing, Config, StreamConfig};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Samples of a piece.
const SIZE: usize = PIECE as usize;
/// What is played is shown to the canceller so much before its moment, in samples (30 ms): no echo comes before its cause,
/// even where the sound card plays a little earlier or the microphone's stamps are a little late.
const AHEAD: u64 = RATE as u64 * 30 / 1000;
/// So far may sound be from its moment before something is left out or silence is put in, in samples (40 ms). The sound
/// card's element does the same (`alignment-threshold`): stamps that jitter must not tear the reference apart.
const ALIGNMENT: u64 = RATE as u64 / 25;
/// The canceller looks for a TV that is late by up to about 0.45 s. One that is later is found where it is shown what was
/// played so much later, in samples (280 ms).
const LATER: u64 = RATE as u64 * 280 / 1000;
/// A TV whose echo was taken out by at least so much (dB) in so many seconds in a row is found. One such second proves
/// nothing: a canceller that has locked onto the wrong delay has some, too.
const FOUND: i16 = 12;
const FOUND_SECONDS: u32 = 3;
/// Where it is not found for so many seconds in a row, it is looked for elsewhere: at first, where it had been found before
/// (somebody may be speaking here), and at the most.
const MISSED: u32 = 4;
const MISSED_AFTER_FOUND: u32 = 12;
const MISSED_AT_MOST: u32 = 64;
/// How much of what is played is kept: three seconds, more than anything that waits on the way.
const KEPT: u64 = 3 * RATE as u64;
/// Pieces over which the loss of echo is measured: one second.
const SPAN: u32 = 100;
/// The middle of so many seconds in which the other end spoke counts: somebody may have spoken here as well in some.
const SECONDS: usize = 10;
/// The other end speaks while its sound is louder than this (RMS): -45 dB of full scale.
const SPEAKS: f64 = 184.0;
/// And the TV is heard in the microphone when that is louder than this (RMS): -50 dB of full scale. What is more quiet
/// cannot disturb, and its loss cannot be measured.
const HEARD: f64 = 104.0;
/// The TV is late by at most so many pieces: so long after the other end spoke its echo is looked for (0.6 s).
const LATEST: u32 = 60;

/// So much more than near speech would be is what the canceller has taken out when nobody speaks here: 15 dB, as a ratio
/// of powers. Speech as loud as the echo loses less than 7 dB.
const ONLY_ECHO: f64 = 31.6;
/// Then what is left is lowered by 9 dB more; as a factor.
const LOWERED: f32 = 0.35;
/// And while the other end speaks at all, on a machine that is too slow for more (-26 dB); as a factor.
const TURN: f32 = 0.05;
/// How much of that comes with each piece. Back it is at once, so that no first syllable is lost.
const STEP: f32 = 0.1;
/// How much of the pieces before counts when powers are compared.
const MEMORY: f64 = 0.7;

/// How many samples after `base` a moment is; nothing before it.
pub(super) fn samples_since(base: Option<gst::ClockTime>, moment: gst::ClockTime) -> Option<u64> {
    use gst::prelude::MulDiv;
    moment.checked_sub(base?)?.nseconds().mul_div_floor(RATE.into(), gst::ClockTime::SECOND.nseconds())
}

/// What the loudspeaker plays, by the moment at which it is heard. Clones are the same.
#[derive(Clone, Default)]
pub struct Played(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    samples: VecDeque<i16>,
    /// The moment at which they end.
    end: u64,
}

impl Played {
    /// Takes sound whose first sample is heard `at`, in samples from the beginning of the session.
    pub fn plays(&self, at: u64, samples: &[i16]) {
        self.kept().plays(at, samples);
    }

    /// What is heard from `at` on for one piece; silence where nothing is known.
    fn piece(&self, at: u64) -> [i16; SIZE] {
        let kept = self.kept();
        let begin = kept.end.saturating_sub(kept.samples.len() as u64);
        std::array::from_fn(|number| {
            let place = (at + number as u64).checked_sub(begin).and_then(|place| usize::try_from(place).ok());
            place.and_then(|place| kept.samples.get(place)).copied().unwrap_or_default()
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn plays(&mut self, at: u64, samples: &[i16]) {
        if self.samples.is_empty() || at.abs_diff(self.end) > ALIGNMENT {
            let silence = at.saturating_sub(self.end);
            if at < self.end || silence > KEPT {
                self.samples.clear();
            } else {
                self.samples.extend(std::iter::repeat_n(0, usize::try_from(silence).unwrap_or_default()));
            }
            self.end = at;
        }
        self.samples.extend(samples);
        self.end += samples.len() as u64;
        let surplus = self.samples.len().saturating_sub(KEPT as usize);
        self.samples.drain(..surplus);
    }
}

/// Takes the echo and the room's noise out of what the microphone hears.
pub struct Canceller {
    played: Played,
    processing: AudioProcessing,
    loss: Loss,
    rest: Rest,
    search: Search,
    lift: Lift,
    alike: Alike,
    takes_turns: bool,
}

impl Canceller {
    /// For one session. `played` is what its TV plays.
    pub fn new(played: Played) -> Self {
        let config = Config {
            pipeline: Pipeline {
                maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
                ..Pipeline::default()
            },
            high_pass_filter: Some(HighPassFilter::default()),
            echo_canceller: Some(EchoCanceller::default()),
            noise_suppression: Some(NoiseSuppression {
                level: NoiseSuppressionLevel::High,
                ..NoiseSuppression::default()
            }),
            ..Config::default()
        };
        let form = StreamConfig::new(RATE, 1);
        let processing = AudioProcessing::builder().config(config).capture_config(form).render_config(form).build();
        let (loss, rest, search) = (Loss::default(), Rest::default(), Search::default());
        let (lift, alike) = (Lift::default(), Alike::default());
        Self { played, processing, loss, rest, search, lift, alike, takes_turns: false }
    }

    /// Takes the echo out of one piece, whose number counts from the beginning of the session.
    pub fn heard(&mut self, number: u64, samples: &mut [i16]) {
        let now = number * PIECE + AHEAD;
        let later = self.search.later();
        let mut reference = self.played.piece(now.saturating_sub(later));
        let Ok(microphone) = <[i16; SIZE]>::try_from(&*samples) else { return };
        let speaks = self.loss.speaks(&reference);
        let above = |piece: &[i16], least: f64| 10.0 * (power(piece) / (least * least)).max(1.0).log10();
        let played = if later == 0 { above(&reference, SPEAKS) } else { above(&self.played.piece(now), SPEAKS) };
        let path = self.alike.piece(speaks, played, above(&microphone, HEARD));
        if self.takes_turns {
            self.rest.take_turns(speaks, samples);
            return;
        }
        if path == Path::None {
            // What it is not told of it does not take out: whoever speaks here loses nothing.
            reference = [0; SIZE];
        }
        let mut unchanged = [0; SIZE];
        // They refuse other forms of sound only, and this one never changes.
        let processed = self.processing.process_render_i16(&reference, &mut unchanged);
        let _ = processed.and_then(|()| self.processing.process_capture_i16(&microphone, samples));
        self.rest.lower(speaks && path != Path::None, &microphone, samples);
        if path == Path::None {
            self.loss.nothing_comes_back();
        } else if let Some(loss) = self.loss.piece(&microphone, samples) {
            self.search.second(loss);
        }
        let sounds = match speaks && path != Path::None {
            false => Sounds::Near,
            true if self.loss.is_trusted => Sounds::WithEcho(self.rest.taken()),
            true => Sounds::Unknown,
        };
        self.lift.lift(sounds, samples);
    }

    /// From now on only lowers the microphone while the TV speaks: for a machine that is too slow for anything better.
    pub fn take_turns(&mut self) {
        self.takes_turns = true;
    }

    /// How the echo is now; nothing before the other end has spoken for a second and was heard in the microphone.
    pub fn stats(&self) -> Option<EchoStats> {
        if self.takes_turns {
            return None;
        }
        let millis = |samples: u64| i32::try_from(samples * 1000 / u64::from(RATE)).unwrap_or_default();
        let found = self.processing.statistics().delay_ms.unwrap_or_default();
        let delay = found + millis(self.search.later()) - millis(AHEAD);
        Some(EchoStats { loss_db: self.loss.middle()?, delay_ms: u16::try_from(delay).unwrap_or_default() })
    }
}

/// Measures how much of the echo is taken out.
#[derive(Default)]
struct Loss {
    /// For so many pieces an echo may still come.
    echoing: u32,
    pieces: u32,
    before: f64,
    after: f64,
    /// Of the last seconds in which it spoke, in dB.
    seconds: VecDeque<i16>,
    /// In the last of them the TV was not heard, or was taken out.
    is_trusted: bool,
}

impl Loss {
    /// Whether the other end speaks, or has just spoken.
    fn speaks(&mut self, reference: &[i16]) -> bool {
        self.echoing = if power(reference) > SPEAKS * SPEAKS { LATEST } else { self.echoing.saturating_sub(1) };
        self.echoing > 0
    }

    /// Gives the loss of a second that is over, in dB, where the TV was heard in it.
    fn piece(&mut self, microphone: &[i16], out: &[i16]) -> Option<i16> {
        if self.echoing == 0 {
            return None;
        }
        self.before += power(microphone);
        self.after += power(out);
        self.pieces += 1;
        if self.pieces < SPAN {
            return None;
        }
        let (before, after) = (std::mem::take(&mut self.before), std::mem::take(&mut self.after));
        self.pieces = 0;
        if before < HEARD * HEARD * f64::from(SPAN) {
            self.is_trusted = true;
            return None;
        }
        // Less than one step of a sample counts as one.
        let loss = (10.0 * (before / after.max(f64::from(SPAN))).log10()).round() as i16;
        self.is_trusted = loss >= EchoStats::ENOUGH_DB;
        self.seconds.push_back(loss);
        if self.seconds.len() > SECONDS {
            self.seconds.pop_front();
        }
        Some(loss)
    }

    /// What was measured was somebody who speaks here.
    fn nothing_comes_back(&mut self) {
        *self = Self { echoing: self.echoing, is_trusted: true, ..Self::default() };
    }

    fn middle(&self) -> Option<i16> {
        let mut seconds: Vec<i16> = self.seconds.iter().copied().collect();
        seconds.sort_unstable();
        seconds.get(seconds.len() / 2).copied()
    }
}

/// Where a TV is looked for that may be later than the canceller can find.
#[derive(Default)]
struct Search {
    is_later: bool,
    missed: u32,
    /// Good seconds in a row.
    good: u32,
    /// It was found where it is looked for now.
    found: bool,
    /// How often it was looked for elsewhere since it was found last.
    turns: u32,
}

impl Search {
    /// So much later the canceller is shown what was played, in samples.
    fn later(&self) -> u64 {
        if self.is_later { LATER } else { 0 }
    }

    /// In a second in which the TV was heard so much of it was taken out, in dB.
    fn second(&mut self, loss: i16) {
        if loss >= FOUND {
            (self.missed, self.good) = (0, self.good + 1);
            if self.good >= FOUND_SECONDS {
                (self.found, self.turns) = (true, 0);
            }
            return;
        }
        (self.missed, self.good) = (self.missed + 1, 0);
        // Twice each time, once it was looked for in both places.
        let patience = if self.found { MISSED_AFTER_FOUND } else { MISSED << (self.turns / 2).min(8) };
        if self.missed >= patience.min(MISSED_AT_MOST) {
            *self = Self { is_later: !self.is_later, turns: self.turns + 1, ..Self::default() };
        }
    }
}

/// Lowers what is left of the echo while nobody speaks here.
struct Rest {
    before: f64,
    after: f64,
    gain: f32,
}

impl Default for Rest {
    fn default() -> Self {
        Self { before: 0.0, after: 0.0, gain: 1.0 }
    }
}

impl Rest {
    fn lower(&mut self, speaks: bool, microphone: &[i16], out: &mut [i16]) {
        self.before = self.before * MEMORY + power(microphone);
        self.after = self.after * MEMORY + power(out);
        let only_echo = speaks && self.before > self.after * ONLY_ECHO;
        let next = if only_echo { (self.gain - STEP).max(LOWERED) } else { 1.0 };
        self.glide(next, out);
    }

    /// Whoever speaks there is not interrupted by his own echo; back it comes within 0.1 s.
    fn take_turns(&mut self, speaks: bool, out: &mut [i16]) {
        let next = if speaks { TURN } else { (self.gain + STEP).min(1.0) };
        self.glide(next, out);
    }

    /// How much was taken out of the last pieces, in dB.
    fn taken(&self) -> f32 {
        (10.0 * (self.before.max(1.0) / self.after.max(1.0)).log10()) as f32
    }

    fn glide(&mut self, next: f32, out: &mut [i16]) {
        let (begin, step) = (self.gain, (next - self.gain) / out.len().max(1) as f32);
        for (number, sample) in out.iter_mut().enumerate() {
            *sample = (f32::from(*sample) * (begin + step * number as f32)) as i16;
        }
        self.gain = next;
    }
}

/// Mean of the squares.
fn power(samples: &[i16]) -> f64 {
    samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(from: usize, count: usize) -> Vec<i16> {
        (from..from + count).map(|at| (at % 1000) as i16 + 1).collect()
    }

    #[test]
    fn what_is_played_is_found_by_its_moment() {
        let played = Played::default();
        played.plays(1_000, &tone(0, 960));
        // Off by 10 ms: the stamps jitter, and the sound card plays on.
        played.plays(2_440, &tone(960, 960));
        assert_eq!(played.piece(1_000)[..], tone(0, SIZE));
        assert_eq!(played.piece(2_440)[..], tone(1_440, SIZE));
        assert_eq!(played.piece(760)[..240], [0; 240], "before it there was silence");
        assert_eq!(played.piece(760)[240..], tone(0, 240));
        assert_eq!(played.piece(2_680)[240..], [0; 240], "what comes is not known");
        played.plays(10_000, &tone(0, 960));
        assert_eq!(played.piece(10_000)[..], tone(0, SIZE), "a pause is kept");
        assert_eq!(played.piece(5_000), [0; SIZE]);
        assert_eq!(played.piece(1_000)[..], tone(0, SIZE));
        played.plays(0, &tone(0, 960));
        assert_eq!(played.piece(0)[..], tone(0, SIZE), "moments that begin anew");
        played.plays(48_000_000, &tone(0, 960));
        assert_eq!(played.kept().samples.len(), 960, "an hour's pause takes no memory");
        (0..200).for_each(|number| played.plays(48_000_000 + number * 960, &[1; 960]));
        assert_eq!(played.kept().samples.len(), KEPT as usize);
    }

    #[test]
    fn the_middle_of_the_last_seconds_in_which_the_other_end_spoke_counts() {
        let mut loss = Loss::default();
        let mut second = |reference: i16, microphone: i16, out: i16| {
            for _ in 0..SPAN {
                loss.speaks(&[reference; SIZE]);
                loss.piece(&[microphone; SIZE], &[out; SIZE]);
            }
            loss.middle()
        };
        assert_eq!(second(0, 3000, 3000), None, "nobody speaks there");
        assert_eq!(second(3000, 20, 20), None, "the TV is not heard");
        assert_eq!(second(3000, 1000, 1000), Some(0));
        assert_eq!(second(3000, 1000, 100), Some(20));
        for _ in 0..5 {
            assert_eq!(second(3000, 1000, 100), Some(20));
        }
        for _ in 0..4 {
            assert_eq!(second(3000, 1000, 500), Some(20), "somebody speaks here, too");
        }
        second(3000, 1000, 500);
        assert_eq!(second(3000, 1000, 500), Some(6), "for most of the time");
    }

    #[test]
    fn a_tv_that_is_not_found_is_looked_for_elsewhere_less_and_less_often() {
        let mut search = Search::default();
        let mut places = |losses: &[i16]| -> Vec<bool> {
            let place = |loss: &i16| {
                search.second(*loss);
                search.is_later
            };
            losses.iter().map(place).collect()
        };
        assert_eq!(places(&[0; 4]), [false, false, false, true]);
        assert_eq!(places(&[30, 2, 30, 30, 30, 2]), [true; 6], "found");
        assert_eq!(places(&[2; 10]), [true; 10], "somebody speaks here");
        assert_eq!(places(&[2]), [false]);
        let silent = places(&[0; 1000]);
        let turns: Vec<usize> = (1..silent.len()).filter(|at| silent[*at] != silent[at - 1]).collect();
        let waits: Vec<usize> = turns.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(waits.is_sorted() && waits.len() > 8 && waits.last() == Some(&64), "{waits:?}");
    }

    #[test]
    fn a_machine_that_is_too_slow_lowers_the_microphone_while_the_tv_speaks() {
        let played = Played::default();
        let mut canceller = Canceller::new(played.clone());
        canceller.take_turns();
        // A second in which the TV speaks, and one in which it does not.
        played.plays(0, &[3000; 48_000]);
        let mut heard = |number: u64| {
            let mut piece = [2000; SIZE];
            canceller.heard(number, &mut piece);
            piece[SIZE - 1]
        };
        let said: Vec<i16> = (0..200).map(&mut heard).collect();
        assert!(said[1..90].iter().all(|sample| *sample == 100), "{said:?}");
        assert!(said[180..].iter().all(|sample| *sample == 2000), "{said:?}");
        assert_eq!(canceller.stats(), None);
    }

    #[test]
    fn the_rest_of_an_echo_is_lowered_until_somebody_speaks() {
        let mut rest = Rest::default();
        let mut out = [100; SIZE];
        for _ in 0..20 {
            out = [100; SIZE];
            rest.lower(true, &[3000; SIZE], &mut out);
        }
        assert_eq!(out, [35; SIZE]);
        out = [2000; SIZE];
        rest.lower(true, &[3000; SIZE], &mut out);
        out = [2000; SIZE];
        rest.lower(true, &[3000; SIZE], &mut out);
        assert_eq!(out, [2000; SIZE]);
        for _ in 0..20 {
            out = [100; SIZE];
            rest.lower(false, &[3000; SIZE], &mut out);
        }
        assert_eq!(out, [100; SIZE], "a silent TV has no echo");
    }
}
