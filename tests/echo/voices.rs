//! The two who talk, by espeak-ng.

use madoguchi::workbench::sound::{Heard, RATE};
use std::process::Command;
use std::sync::{Arc, LazyLock};

/// Loudness of a usual voice, in dB of full scale (RMS).
pub(crate) const LOUDNESS: f64 = -20.0;

const COUNTER: &str = "Good morning, this is the citizens' counter of the city hall. Thank you for waiting so patiently. \
    Please tell me your family name and the date of birth of your youngest child, then I will look for the papers. In the \
    meantime you may open the letter that we sent to you last week, on its second page there is a number in a red frame.";
const FAMILY: &str = "Hello, can you see us? The picture is a little dark here. Our daughter was born in October, and we \
    would like to know which papers the school needs from us before she may begin. My husband is at work today, but he has \
    signed everything already.";

/// What staff say, and what the family says, over and over.
pub(crate) static VOICES: LazyLock<[Arc<[i16]>; 2]> =
    LazyLock::new(|| [said("en-gb", 150, COUNTER), said("en+f3", 165, FAMILY)]);

/// Staff's voice at this loudness in dB of full scale.
pub(crate) fn counter(loudness: f64) -> Arc<[i16]> {
    at(&VOICES[0], loudness)
}

/// The family's.
pub(crate) fn family(loudness: f64) -> Arc<[i16]> {
    at(&VOICES[1], loudness)
}

fn said(language: &str, speed: u32, words: &str) -> Arc<[i16]> {
    let folder = tempfile::tempdir().unwrap();
    let spoken = folder.path().join("spoken.wav");
    let mut command = Command::new("espeak-ng");
    let said = command.args(["-v", language, "-s", &speed.to_string(), "-w"]).arg(&spoken).arg(words).status();
    let works = said.is_ok_and(|status| status.success());
    assert!(works, "espeak-ng does not speak; install it with: apt-get install espeak-ng");
    let Ok(Heard::Voice(voice)) = Heard::wav(&spoken) else { panic!("espeak-ng wrote no recording") };
    assert!(voice.len() > 10 * RATE, "espeak-ng said too little");
    voice
}

fn at(voice: &[i16], loudness: f64) -> Arc<[i16]> {
    let gain = 10_f64.powf((loudness - decibels(voice)) / 20.0);
    voice.iter().map(|sample| (f64::from(*sample) * gain) as i16).collect()
}

/// Loudness in dB of full scale (RMS).
pub(crate) fn decibels(samples: &[i16]) -> f64 {
    let power: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    10.0 * (power / samples.len().max(1) as f64 / f64::from(i16::MAX).powi(2)).max(1e-12).log10()
}
