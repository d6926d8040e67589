//! Recognises a tone in what the TV's speaker plays.

use super::clips::RATE;
use madoguchi::workbench::sound::{Played, Speaker};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::Instant;

/// Samples looked at together: 100 ms.
const WINDOW: usize = RATE as usize / 10;

/// Waits until the tone was played since `played` listens; gives how much louder it is than a tone beside it.
///
/// What sounds once must be listened for before it is caused: [`Speaker::listen`] keeps it until it is asked about.
pub async fn hear(mut played: broadcast::Receiver<Played>, hertz: f32, within: Duration) -> Option<f32> {
    let deadline = Instant::now() + within;
    let mut window: Vec<f32> = Vec::new();
    while Instant::now() < deadline {
        let piece = match tokio::time::timeout_at(deadline, played.recv()).await {
            Ok(Ok(piece)) => piece,
            Ok(Err(broadcast::error::RecvError::Lagged(_))) => continue,
            _ => return None,
        };
        window.extend(piece.samples.iter().map(|sample| f32::from(*sample) / 32_768.0));
        while window.len() >= WINDOW {
            let rest = window.split_off(WINDOW);
            if let Some(clear) = tone(&window, hertz, RATE) {
                return Some(clear);
            }
            window = rest;
        }
    }
    None
}

/// How much louder a tone is in these samples (of -1 to 1) than one beside it, if it can be heard at all.
pub fn tone(samples: &[f32], hertz: f32, rate: u32) -> Option<f32> {
    let (tone, beside) = (strength(samples, hertz, rate), strength(samples, hertz * 1.37, rate).max(1e-4));
    (tone > 0.01 && tone > beside * 8.0).then(|| tone / beside)
}

/// Loudest sample that the speaker plays within a time.
pub async fn loudest(speaker: &Speaker, within: Duration) -> i16 {
    let mut played = speaker.listen();
    let deadline = Instant::now() + within;
    let mut loudest = 0;
    while let Ok(piece) = tokio::time::timeout_at(deadline, played.recv()).await {
        match piece {
            Ok(piece) => loudest = piece.samples.iter().map(|sample| sample.saturating_abs()).fold(loudest, i16::max),
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(_) => break,
        }
    }
    loudest
}

/// Amplitude of one frequency (Goertzel).
fn strength(samples: &[f32], hertz: f32, rate: u32) -> f32 {
    let turn = 2.0 * (std::f32::consts::TAU * hertz / rate as f32).cos();
    let (mut one, mut two) = (0.0_f32, 0.0_f32);
    for sample in samples {
        (one, two) = (sample + turn * one - two, one);
    }
    (one * one + two * two - turn * one * two).max(0.0).sqrt() * 2.0 / samples.len() as f32
}
