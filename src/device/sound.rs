//! Microphone level and chime outside of a session; names of the sound devices.

mod chime;
mod ports;

pub use ports::SoundPorts;

use super::Behind;
use super::camera::element;
use super::running::Running;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::time::Duration;
use tokio::time::Instant;

/// What the sound check is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundAsk {
    /// Opens the microphone for its level, or closes it. Nothing of it is kept or sent.
    Listen(bool),
    /// Plays the chime on the TV.
    Chime,
}

/// What the sound check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundEvent {
    /// Level of the open microphone, per thousand of full scale, about ten times a second.
    Level(u16),
    /// A microphone is there or not; told at start and on each change.
    Microphone {
        /// Is there.
        present: bool,
    },
}

/// How often the microphone is looked for.
const POLL: Duration = Duration::from_millis(500);
/// Wait before a device that failed is opened again.
const AGAIN: Duration = Duration::from_secs(2);
/// How long the chime may take at most, with a slow device.
const CHIME_DEADLINE: Duration = Duration::from_secs(6);

/// Serves the sound check until nobody asks any more.
///
/// The session's pipeline opens the same devices: ask `Listen(false)` before it is built.
pub async fn run(mut behind: Behind<SoundAsk, SoundEvent>, ports: SoundPorts) {
    let mut sound = Sound { ports, ear: None, wanted: false, present: None, not_before: None, chime: None };
    let mut poll = tokio::time::interval(POLL);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let event = tokio::select! {
            ask = behind.asks.recv() => match ask {
                Some(ask) => sound.asked(ask).await,
                None => break,
            },
            event = sound.heard() => event,
            _ = poll.tick() => sound.look().await,
        };
        if let Some(event) = event
            && behind.events.send(event).await.is_err()
        {
            break;
        }
    }
    sound.deafen().await;
    sound.silence().await;
}

struct Sound {
    ports: SoundPorts,
    ear: Option<Playing>,
    wanted: bool,
    present: Option<bool>,
    not_before: Option<Instant>,
    chime: Option<(Playing, Instant)>,
}

/// A running pipeline with its messages.
struct Playing {
    running: Running,
    messages: gst::bus::BusStream,
}

impl Sound {
    async fn asked(&mut self, ask: SoundAsk) -> Option<SoundEvent> {
        match ask {
            SoundAsk::Listen(wanted) => {
                self.wanted = wanted;
                self.not_before = None;
                if wanted { self.look().await } else { self.deafen().await }
            }
            SoundAsk::Chime => {
                self.silence().await;
                let ports = self.ports.clone();
                match started(move || play_chime(&ports)).await {
                    Ok(playing) => self.chime = Some((playing, Instant::now() + CHIME_DEADLINE)),
                    Err(why) => tracing::warn!(why, "the chime cannot be played"),
                }
                None
            }
        }
    }

    /// Looks for the microphone, opens it when wanted, and clears away what is over.
    async fn look(&mut self) -> Option<SoundEvent> {
        if self.chime.as_ref().is_some_and(|(playing, deadline)| playing.is_over() || Instant::now() > *deadline) {
            self.silence().await;
        }
        let present = (self.ports.microphone_present)();
        if self.present != Some(present) {
            self.present = Some(present);
            self.not_before = None;
            if !present {
                self.deafen().await;
            }
            return Some(SoundEvent::Microphone { present });
        }
        let due = self.not_before.is_none_or(|moment| Instant::now() >= moment);
        if self.wanted && present && self.ear.is_none() && due {
            let ports = self.ports.clone();
            match started(move || listen(&ports)).await {
                Ok(playing) => self.ear = Some(playing),
                Err(why) => {
                    tracing::warn!(why, "the microphone cannot be opened");
                    self.not_before = Some(Instant::now() + AGAIN);
                }
            }
        }
        None
    }

    /// The next level.
    async fn heard(&mut self) -> Option<SoundEvent> {
        use futures_util::StreamExt;
        let Some(ear) = &mut self.ear else { return std::future::pending().await };
        while let Some(message) = ear.messages.next().await {
            match message.view() {
                gst::MessageView::Element(element) => {
                    if let Some(level) = element.structure().and_then(loudness) {
                        return Some(SoundEvent::Level(level));
                    }
                }
                gst::MessageView::Error(_) | gst::MessageView::Eos(_) => break,
                _ => {}
            }
        }
        self.deafen().await;
        self.not_before = Some(Instant::now() + AGAIN);
        None
    }

    async fn deafen(&mut self) -> Option<SoundEvent> {
        if let Some(ear) = self.ear.take() {
            ear.stop().await;
        }
        None
    }

    async fn silence(&mut self) {
        if let Some((playing, _)) = self.chime.take() {
            playing.stop().await;
        }
    }
}

impl Playing {
    fn is_over(&self) -> bool {
        let ends = [gst::MessageType::Eos, gst::MessageType::Error];
        self.running.0.bus().is_some_and(|bus| bus.pop_filtered(&ends).is_some())
    }

    async fn stop(self) {
        self.running.stop().await;
    }
}

/// Starts a pipeline off the tokio threads: opening a sound device takes its time.
async fn started(build: impl FnOnce() -> Result<gst::Pipeline, String> + Send + 'static) -> Result<Playing, String> {
    let running = tokio::task::spawn_blocking(move || {
        let running = Running(build()?);
        running
            .0
            .set_state(gst::State::Playing)
            .map_err(|error| format!("the sound device cannot be opened ({error}); is another program using it?"))?;
        Ok::<_, String>(running)
    });
    let running = running.await.map_err(|_| "opening the sound device broke off".to_owned())??;
    let messages = running.0.bus().ok_or("a pipeline without messages")?.stream();
    Ok(Playing { running, messages })
}

fn listen(ports: &SoundPorts) -> Result<gst::Pipeline, String> {
    gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
    let level = element("level")?;
    level.set_property("interval", 100_000_000_u64);
    let end = element("fakesink")?;
    end.set_property("sync", false);
    chain("microphone-level", &[(ports.microphone)()?, element("audioconvert")?, level, end])
}

fn play_chime(ports: &SoundPorts) -> Result<gst::Pipeline, String> {
    gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
    let source = gst_app::AppSrc::builder().caps(&chime::caps()).format(gst::Format::Time).build();
    let pipeline = chain(
        "chime",
        &[source.clone().upcast(), element("audioconvert")?, element("audioresample")?, (ports.speaker)()?],
    )?;
    let mut buffer = gst::Buffer::from_slice(chime::samples());
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_pts(gst::ClockTime::ZERO);
        buffer.set_duration(chime::DURATION);
    }
    source
        .push_buffer(buffer)
        .and_then(|_| source.end_of_stream())
        .map_err(|error| format!("the chime is not taken: {error}"))?;
    Ok(pipeline)
}

fn chain(name: &str, elements: &[gst::Element]) -> Result<gst::Pipeline, String> {
    let pipeline = gst::Pipeline::with_name(name);
    pipeline
        .add_many(elements)
        .and_then(|()| gst::Element::link_many(elements))
        .map_err(|error| format!("the pipeline \"{name}\" cannot be built: {error}"))?;
    Ok(pipeline)
}

/// The peak of a `level` message, per thousand of full scale.
pub(super) fn loudness(message: &gst::StructureRef) -> Option<u16> {
    if message.name() != "level" {
        return None;
    }
    let peaks = message.get::<gst::glib::ValueArray>("peak").ok()?;
    let loudest = peaks.iter().filter_map(|peak| peak.get::<f64>().ok()).fold(f64::NEG_INFINITY, f64::max);
    Some((10_f64.powf(loudest / 20.0) * 1000.0).clamp(0.0, 1000.0).round() as u16)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test watches the tasks that it starts")]
mod tests {
    use super::*;
    use crate::device::device;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    fn bin(description: &'static str) -> super::super::camera::MakeElement {
        Arc::new(move || {
            gst::init().map_err(|error| error.to_string())?;
            gst::parse::bin_from_description(description, true).map(Cast::upcast).map_err(|error| error.to_string())
        })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_level_is_heard_only_while_asked() {
        let plugged = Arc::new(AtomicBool::new(true));
        let there = plugged.clone();
        let ports = SoundPorts {
            microphone: bin("audiotestsrc is-live=true volume=0.5 ! capsfilter caps=audio/x-raw,rate=48000,channels=1"),
            speaker: bin("fakesink"),
            microphone_present: Arc::new(move || there.load(Ordering::Relaxed)),
        };
        let (mut sound, behind) = device();
        tokio::spawn(run(behind, ports));
        let mut next = async || tokio::time::timeout(Duration::from_secs(20), sound.events.recv()).await.unwrap();
        assert_eq!(next().await, Some(SoundEvent::Microphone { present: true }));
        sound.asks.send(SoundAsk::Listen(true)).await.unwrap();
        assert!(matches!(next().await, Some(SoundEvent::Level(490..=510))));
        sound.asks.send(SoundAsk::Listen(false)).await.unwrap();
        plugged.store(false, Ordering::Relaxed);
        loop {
            match next().await {
                Some(SoundEvent::Level(_)) => {}
                other => break assert_eq!(other, Some(SoundEvent::Microphone { present: false })),
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_chime_reaches_the_speaker() {
        let (sender, heard) = mpsc::channel();
        let speaker: super::super::camera::MakeElement = Arc::new(move || {
            let sender = sender.clone();
            let sink = gst_app::AppSink::builder().sync(false).build();
            sink.set_callbacks(
                gst_app::AppSinkCallbacks::builder()
                    .new_sample(move |sink| {
                        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                        let bytes = sample.buffer().map(gst::BufferRef::size).unwrap_or_default();
                        let _ = sender.send(bytes);
                        Ok(gst::FlowSuccess::Ok)
                    })
                    .build(),
            );
            Ok(sink.upcast())
        });
        let ports = SoundPorts { microphone: bin("audiotestsrc"), speaker, microphone_present: Arc::new(|| false) };
        let (sound, behind) = device();
        tokio::spawn(run(behind, ports));
        sound.asks.send(SoundAsk::Chime).await.unwrap();
        let bytes = tokio::task::spawn_blocking(move || heard.recv_timeout(Duration::from_secs(20)).unwrap()).await;
        assert!(bytes.unwrap() > 48_000);
    }
}
