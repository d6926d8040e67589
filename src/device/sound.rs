//! The sound devices: the microphone's level, the chime, and both ends of a session's sound.
//!
//! They are opened while they are needed, closed when they go, and opened again when they are back. A session is
//! connected with them by [`SessionAudio`]: its own pipeline holds no device, so none can break it.

mod chime;
mod kept;
mod microphone;
mod mixer;
mod ports;
mod recognise;
mod session_audio;
mod speaker;

pub(crate) use microphone::moment;
pub use ports::SoundPorts;
pub(crate) use session_audio::InSession;
pub use session_audio::SessionAudio;

use super::Behind;
use crate::model::turn::TvSound;
use gstreamer as gst;
use gstreamer::prelude::*;
use microphone::Microphone;
use recognise::Listener;
use speaker::Speaker;
use std::time::Duration;
use tokio::time::Instant;

/// Samples a second of a session's sound.
pub(crate) const RATE: u32 = 48_000;

/// What the sound devices are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundAsk {
    /// Opens the microphone for its level, or closes it unless a session needs it. Nothing of it is kept.
    Listen(bool),
    /// Plays the chime on the TV; not in a session.
    Chime,
}

/// What the sound devices say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundEvent {
    /// Level of the open microphone, per thousand of full scale, about ten times a second.
    Level(u16),
    /// A microphone can be used or not; told at start and on each change.
    Microphone {
        /// Is there, and works as far as is known.
        present: bool,
    },
    /// The open microphone gives nothing but zeros, or gives sound again, or was closed.
    MicrophoneSilent(bool),
    /// The TV's speaker can be used or not; told at start and on each change.
    Speaker {
        /// Is there, and works as far as is known.
        present: bool,
    },
    /// How the chime that was played last came back through the microphone within 3 s; not told where no microphone listened.
    Chime(TvSound),
}

/// How often the devices are looked for.
const POLL: Duration = Duration::from_millis(500);

/// Serves the sound devices until nobody asks any more.
pub async fn run(mut behind: Behind<SoundAsk, SoundEvent>, ports: SoundPorts, audio: SessionAudio) {
    let listener = Listener::default();
    let (mut microphone, mut speaker) = (Microphone::new(&ports, &audio, &listener), Speaker::new(&ports, &audio));
    let mut chimes = 0;
    let mut session = audio.session();
    // One may go on already.
    session.mark_changed();
    let mut poll = tokio::time::interval(POLL);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let (mut level, mut look) = (None, true);
        tokio::select! {
            ask = behind.asks.recv() => match ask {
                Some(SoundAsk::Listen(wanted)) => microphone.listen(wanted).await,
                Some(SoundAsk::Chime) => speaker.chime().await,
                None => break,
            },
            Ok(()) = session.changed() => {
                let goes_on = session.borrow_and_update().is_some();
                speaker.session(goes_on).await;
                microphone.session(goes_on).await;
            }
            message = microphone.kept.message() => {
                level = message.as_ref().and_then(|message| message.structure()).and_then(loudness);
                microphone.kept.said(message.as_ref()).await;
                look = false;
            }
            said = speaker.message() => {
                speaker.said(said).await;
                look = false;
            }
            _ = poll.tick() => {}
        }
        if look {
            tokio::join!(microphone.kept.look(), speaker.look());
        }
        if std::mem::replace(&mut chimes, speaker.chimes()) != speaker.chimes() {
            listener.begin(Instant::now());
        }
        let news = [
            microphone.kept.news().map(|present| SoundEvent::Microphone { present }),
            microphone.silence_news().map(SoundEvent::MicrophoneSilent),
            speaker.news().map(|present| SoundEvent::Speaker { present }),
            level.map(SoundEvent::Level),
            listener.verdict(Instant::now()).map(SoundEvent::Chime),
        ];
        for event in news.into_iter().flatten() {
            if behind.events.send(event).await.is_err() {
                break;
            }
        }
    }
    microphone.kept.close().await;
    speaker.close().await;
}

fn chain(name: &str, elements: &[gst::Element]) -> Result<gst::Pipeline, String> {
    let pipeline = gst::Pipeline::with_name(name);
    pipeline
        .add_many(elements)
        .and_then(|()| gst::Element::link_many(elements))
        .map_err(|error| format!("the pipeline \"{name}\" cannot be built: {error}"))?;
    Ok(pipeline)
}

/// The form of a session's sound, as the echo canceller needs it: 48 kHz, one channel, 16 bits.
pub(crate) fn voice_caps() -> gst::Caps {
    gst::Caps::builder("audio/x-raw")
        .field("format", "S16LE")
        .field("layout", "interleaved")
        .field("rate", RATE as i32)
        .field("channels", 1)
        .build()
}

/// A buffer of sound of that form, without a moment.
pub(crate) fn voice_buffer(bytes: Vec<u8>) -> gst::Buffer {
    let samples = bytes.len() as u64 / 2;
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_duration(gst::ClockTime::SECOND.mul_div_floor(samples, u64::from(RATE)));
    }
    buffer
}

/// The samples of a buffer of that form.
pub(crate) fn samples(bytes: &[u8]) -> Vec<i16> {
    bytes.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
}

/// The peak of a `level` message, per thousand of full scale.
fn loudness(message: &gst::StructureRef) -> Option<u16> {
    if message.name() != "level" {
        return None;
    }
    let peaks = message.get::<gst::glib::ValueArray>("peak").ok()?;
    let loudest = peaks.iter().filter_map(|peak| peak.get::<f64>().ok()).fold(f64::NEG_INFINITY, f64::max);
    Some((10_f64.powf(loudest / 20.0) * 1000.0).clamp(0.0, 1000.0).round() as u16)
}

#[cfg(test)]
pub(super) mod tests;
