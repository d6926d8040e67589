//! A quiet talker brought up: somebody who sits three metres from the microphone is heard at the counter as others are.
//!
//! How loud somebody speaks is learned, and the gain moved, only while near speech alone is heard: never from what the TV
//! plays and never in a pause. What was learned is applied only while somebody speaks, so neither the room's noise nor what is
//! left of the echo is lifted with it. The parts (voice activity, level, noise, limiter) are those of WebRTC's AGC2, in the
//! crate `sonora-agc2`; its whole cannot be told what is an echo.

use super::voice::PIECE;
use crate::device::sound::RATE;
use sonora_agc2::adaptive_digital_gain_controller::{AdaptiveDigitalGainController, FrameInfo};
use sonora_agc2::common::{SATURATION_PROTECTOR_INITIAL_HEADROOM_DB, VAD_RESET_PERIOD_MS, float_s16_to_dbfs};
use sonora_agc2::limiter::Limiter;
use sonora_agc2::noise_level_estimator::NoiseLevelEstimator;
use sonora_agc2::saturation_protector::SaturationProtector;
use sonora_agc2::speech_level_estimator::{AdaptiveDigitalConfig, SpeechLevelEstimator};
use sonora_agc2::vad_wrapper::VoiceActivityDetectorWrapper;
use std::fmt;

/// Samples of a piece.
const SIZE: usize = PIECE as usize;
/// Most that a quiet talker is brought up, in dB.
const MOST: f32 = 18.0;
/// Below full scale for the peaks of a voice that was brought up, in dB.
const HEADROOM: f32 = 5.0;
/// So fast what is learned moves, in dB a second: nobody hears it move.
const A_SECOND: f32 = 6.0;
/// The room's noise is not lifted above this, in dB of full scale, even while somebody speaks.
const NOISE: f32 = -55.0;
/// So many pieces in a row must be speech before anything is learned from them. AGC2's own 12 are twice as slow with a talker of
/// -45 dB of full scale, and gain nothing in the computed rooms.
const ADJACENT: i32 = 6;
/// Somebody speaks if that is so probable.
const SPEAKS: f32 = 0.5;
/// So many pieces after the last of them it still counts as speech: between words nothing pumps (0.8 s).
const PAUSE: u32 = 80;
/// The gain comes so fast that a first syllable is heard, and goes so slowly that the noise is not heard going; in dB a piece.
const COMES: f32 = 3.0;
const GOES: f32 = 0.2;
/// And goes at once where it would be wrong.
const GOES_AT_ONCE: f32 = 9.0;
/// Nothing is lifted above this, in dB of full scale (RMS): a door, a cough, somebody near the microphone, ...
const LOUDEST: f32 = -14.0;
/// ... and while the TV speaks not above this: it may be the echo of a TV that the canceller has just lost.
const LOUDEST_WITH_ECHO: f32 = -26.0;
/// How much of a loud piece still counts at the next.
const MEMORY: f32 = 0.7;

/// What a piece is, as far as the canceller knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sounds {
    /// The TV has been silent, or is not heard in the microphone.
    Near,
    /// The TV is heard, and so much was taken out of this piece, in dB.
    WithEcho(f32),
    /// The TV speaks, and nobody knows whether it is taken out.
    Unknown,
}

/// Brings a quiet talker up.
pub(super) struct Lift {
    activity: VoiceActivityDetectorWrapper,
    level: SpeechLevelEstimator,
    noise: NoiseLevelEstimator,
    peaks: SaturationProtector,
    gain: AdaptiveDigitalGainController,
    limiter: Limiter,
    /// Mean square of the loudest of the last pieces.
    loud: f32,
    /// Pieces until speech counts as over.
    speaks: u32,
    /// What is applied now, in dB.
    applied: f32,
}

impl Default for Lift {
    fn default() -> Self {
        let config = AdaptiveDigitalConfig {
            headroom_db: HEADROOM,
            max_gain_db: MOST,
            initial_gain_db: 0.0,
            max_gain_change_db_per_second: A_SECOND,
            max_output_noise_level_dbfs: NOISE,
        };
        let backend = sonora_simd::detect_backend();
        Self {
            activity: VoiceActivityDetectorWrapper::with_reset_period(VAD_RESET_PERIOD_MS, backend, RATE as i32),
            level: SpeechLevelEstimator::new(&config, ADJACENT),
            noise: NoiseLevelEstimator::default(),
            peaks: SaturationProtector::new(SATURATION_PROTECTOR_INITIAL_HEADROOM_DB, ADJACENT),
            gain: AdaptiveDigitalGainController::new(config, ADJACENT),
            limiter: Limiter::new(SIZE),
            loud: 0.0,
            speaks: 0,
            applied: 0.0,
        }
    }
}

impl fmt::Debug for Lift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lift").field("applied", &self.applied).finish_non_exhaustive()
    }
}

impl Lift {
    /// Lifts one piece, which the canceller has done with.
    pub(super) fn lift(&mut self, sounds: Sounds, out: &mut [i16]) {
        let mut piece: [f32; SIZE] = std::array::from_fn(|at| out.get(at).copied().map_or(0.0, f32::from));
        let speech = self.activity.analyze(&piece);
        let learned = self.learn(if sounds == Sounds::Near { speech } else { 0.0 }, &piece);
        self.speaks = if speech >= SPEAKS { PAUSE } else { self.speaks.saturating_sub(1) };
        let (most, loudest) = match sounds {
            Sounds::Near => (learned, LOUDEST),
            // Speech as loud as its echo loses less than 7 dB.
            Sounds::WithEcho(taken) => (learned - 2.0 * (taken - 7.0).max(0.0), LOUDEST_WITH_ECHO),
            Sounds::Unknown => (0.0, LOUDEST_WITH_ECHO),
        };
        self.loud = power(&piece).max(self.loud * MEMORY);
        let most = most.min(loudest - float_s16_to_dbfs(self.loud.sqrt())).max(0.0);
        let wanted = if self.speaks == 0 { 0.0 } else { most };
        let goes = if self.applied > most { GOES_AT_ONCE } else { GOES };
        let next = wanted.clamp(self.applied - goes, self.applied + COMES);
        let (begin, end) = (factor(self.applied), factor(next));
        self.applied = next;
        for (number, sample) in piece.iter_mut().enumerate() {
            *sample *= begin + (end - begin) * number as f32 / SIZE as f32;
        }
        self.limiter.process(&mut [&mut piece]);
        for (sample, lifted) in out.iter_mut().zip(piece) {
            *sample = lifted.round() as i16;
        }
    }

    /// The gain that the talker needs, in dB, after one more piece that is speech with this probability.
    fn learn(&mut self, speech: f32, piece: &[f32; SIZE]) -> f32 {
        let peak = piece.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        let noise_rms_dbfs = self.noise.analyze(&[piece]);
        self.level.update(float_s16_to_dbfs(power(piece).sqrt()), speech);
        self.peaks.analyze(speech, float_s16_to_dbfs(peak), self.level.level_dbfs());
        let info = FrameInfo {
            speech_probability: speech,
            speech_level_dbfs: self.level.level_dbfs(),
            speech_level_reliable: self.level.is_confident(),
            noise_rms_dbfs,
            headroom_db: self.peaks.headroom_db(),
            limiter_envelope_dbfs: float_s16_to_dbfs(self.limiter.last_audio_level()),
        };
        // It tells its gain only by applying it.
        let mut one = [1.0];
        self.gain.process(&info, &mut [&mut one]);
        20.0 * one[0].max(1.0).log10()
    }
}

fn power(piece: &[f32; SIZE]) -> f32 {
    piece.iter().map(|sample| sample * sample).sum::<f32>() / SIZE as f32
}

fn factor(db: f32) -> f32 {
    10_f32.powf(db / 20.0)
}
