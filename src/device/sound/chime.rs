//! The chime of the sound check: two bell tones and a run upwards, made here so that no sound file is needed.

use super::RATE;
use gstreamer as gst;
use std::f32::consts::TAU;

/// How long it is.
pub(super) const DURATION: gst::ClockTime = gst::ClockTime::from_mseconds(1600);

/// A stroke on a bell: when (seconds), and its pitch (hertz).
const STROKES: [(f32, f32); 2] = [(0.0, 659.26), (0.45, 523.25)];
/// Overtones of a soft bell: multiple of the pitch, loudness, and how fast it fades (per second).
const OVERTONES: [(f32, f32, f32); 3] = [(1.0, 0.24, 3.5), (2.0, 0.07, 6.0), (3.01, 0.03, 9.0)];
/// The run that the microphone recognises (see [`super::recognise`]): a pentatonic scale from C5 to C8 (hertz), as a harp
/// plays it. A TV's small loudspeakers give all of it.
pub(super) const NOTES: [f32; 16] = [
    523.25, 587.33, 659.26, 783.99, 880.0, 1046.5, 1174.66, 1318.51, 1567.98, 1760.0, 2093.0, 2349.32, 2637.02,
    3135.96, 3520.0, 4186.01,
];
/// From one of its notes to the next, in pieces of 10 ms.
pub(super) const NOTE_HOPS: usize = 3;
/// When it begins (seconds), how loud its notes are, and how fast they fade (per second).
const RUN: (f32, f32, f32) = (0.95, 0.16, 14.0);
/// Time in which a stroke becomes loud, so that it does not click.
const ATTACK: f32 = 0.008;

/// Its samples as bytes.
pub(super) fn samples() -> Vec<u8> {
    let count = (DURATION.mseconds() * u64::from(RATE) / 1000) as u32;
    (0..count)
        .flat_map(|number| ((at(number as f32 / RATE as f32) * f32::from(i16::MAX)) as i16).to_le_bytes())
        .collect()
}

/// The sound's value at a moment in seconds, within ±1.
fn at(moment: f32) -> f32 {
    let end = DURATION.mseconds() as f32 / 1000.0;
    let fade = ((end - moment) / 0.1).clamp(0.0, 1.0);
    STROKES
        .iter()
        .filter(|(start, _)| moment >= *start)
        .flat_map(|(start, pitch)| {
            let since = moment - start;
            OVERTONES.iter().map(move |(multiple, loud, fading)| {
                let swell = (since / ATTACK).min(1.0);
                swell * loud * (-fading * since).exp() * (TAU * pitch * multiple * since).sin()
            })
        })
        .chain(run(moment))
        .sum::<f32>()
        * fade
}

/// Its notes' part of that value.
fn run(moment: f32) -> impl Iterator<Item = f32> {
    let (begins, loud, fading) = RUN;
    NOTES.iter().enumerate().filter_map(move |(number, pitch)| {
        let since = moment - begins - (number * NOTE_HOPS) as f32 / 100.0;
        let swell = (since / ATTACK).min(1.0);
        (since >= 0.0).then(|| swell * loud * (-fading * since).exp() * (TAU * pitch * since).sin())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_audible_but_never_distorted_and_ends_in_silence() {
        let loudest = (0..76_800_u32).map(|number| at(number as f32 / RATE as f32).abs()).fold(0.0, f32::max);
        assert!((0.2..0.7).contains(&loudest), "{loudest}");
        assert!(at(1.599).abs() < 0.01);
        assert_eq!(samples().len(), 76_800 * 2);
    }
}
