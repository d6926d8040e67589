//! The TV's speaker: the chime, and what a session plays. HDMI sound opens once, so only one of them has it at a time.

use super::SoundPorts;
use super::kept::{Build, Built, Flow, Kept, Opened, Watch, open};
use super::session_audio::SessionAudio;
use super::{RATE, chain, chime, voice_caps};
use crate::device::camera::element;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// By then a chime is over, also one that had to wait for its speaker.
const CHIME_DEADLINE: Duration = Duration::from_secs(6);
/// A session's sound is handed over so long before the speaker must have it: a busy processor is late now and then.
const AHEAD: Duration = Duration::from_millis(20);
/// The least that a sound card's buffer holds: as much as [`SoundPorts::alsa`] asks for.
const BUFFER: Duration = Duration::from_millis(60);
/// Buffers that wait for a speaker at most; older ones are of no use any more.
const WAITING: u64 = 50;
/// So many of them wait only when the speaker takes none.
const CROWDED: u64 = 10;

pub(super) struct Speaker {
    kept: Kept,
    chime: Build,
    chiming: Option<Chiming>,
    /// Chimes that began to play.
    chimes: u64,
}

/// A chime that was asked for and is not over yet.
struct Chiming {
    until: Instant,
    /// Nothing while the speaker could not be opened yet.
    playing: Option<Opened>,
}

/// What the speaker's pipelines say.
pub(super) enum Said {
    Chime(Option<gst::Message>),
    Session(Option<gst::Message>),
}

impl Speaker {
    pub(super) fn new(ports: &SoundPorts, audio: &SessionAudio) -> Self {
        let (session, audio, chime) = (ports.clone(), audio.clone(), ports.clone());
        Self {
            kept: Kept::new("speaker", ports.speaker_at.clone(), Arc::new(move || playback(&session, &audio)), true),
            chime: Arc::new(move || play_chime(&chime)),
            chiming: None,
            chimes: 0,
        }
    }

    /// How many chimes have begun to play so far.
    pub(super) fn chimes(&self) -> u64 {
        self.chimes
    }

    /// Begins the chime, in place of one that is not over; in a session it would be in the way.
    pub(super) async fn chime(&mut self) {
        self.silence().await;
        if !self.kept.is_wanted() {
            self.kept.close().await;
            self.chiming = Some(Chiming { until: Instant::now() + CHIME_DEADLINE, playing: None });
            self.try_chime().await;
        }
    }

    /// A session begins or ends. The chime gives the speaker up first.
    pub(super) async fn session(&mut self, goes_on: bool) {
        if goes_on {
            self.silence().await;
        }
        self.kept.want(goes_on).await;
    }

    pub(super) async fn look(&mut self) {
        match &self.chiming {
            Some(chiming) if Instant::now() > chiming.until => self.silence().await,
            Some(Chiming { playing: Some(_), .. }) => return,
            Some(_) if self.kept.is_due() => self.try_chime().await,
            _ => {}
        }
        if self.chiming.is_some() {
            return;
        }
        self.kept.look().await;
    }

    /// Whether it can be used, if that has changed since it was told last.
    pub(super) fn news(&mut self) -> Option<bool> {
        self.kept.news()
    }

    /// What is said. Can be dropped and called again without loss.
    pub(super) async fn message(&mut self) -> Said {
        match &mut self.chiming {
            Some(Chiming { playing: Some(playing), .. }) => Said::Chime(playing.message().await),
            _ => Said::Session(self.kept.message().await),
        }
    }

    /// Takes what was said.
    pub(super) async fn said(&mut self, said: Said) {
        match said {
            Said::Session(message) => self.kept.said(message.as_ref()).await,
            Said::Chime(message) => match message.as_ref().map(|message| message.view()) {
                Some(gst::MessageView::Error(error)) => {
                    let why = error.error().message().to_owned();
                    if let Some(Chiming { playing, .. }) = &mut self.chiming
                        && let Some(playing) = playing.take()
                    {
                        playing.close().await;
                    }
                    self.kept.failed(&why).await;
                }
                Some(gst::MessageView::Eos(_)) => {
                    self.kept.works();
                    self.silence().await;
                }
                None => self.silence().await,
                Some(_) => {}
            },
        }
    }

    pub(super) async fn close(&mut self) {
        self.silence().await;
        self.kept.close().await;
    }

    async fn try_chime(&mut self) {
        let Some(chiming) = &mut self.chiming else { return };
        match open(self.chime.clone(), None).await {
            Ok(playing) => {
                chiming.playing = Some(playing);
                self.chimes += 1;
            }
            Err(why) => self.kept.failed(&why).await,
        }
    }

    async fn silence(&mut self) {
        if let Some(Chiming { playing: Some(playing), .. }) = self.chiming.take() {
            playing.close().await;
        }
    }
}

fn play_chime(ports: &SoundPorts) -> Result<Built, String> {
    gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
    let source = gst_app::AppSrc::builder().caps(&voice_caps()).format(gst::Format::Time).build();
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
    Ok(Built { pipeline, flow: Box::new(|| Flow::Works), connect: Box::new(|_| {}) })
}

fn playback(ports: &SoundPorts, audio: &SessionAudio) -> Result<Built, String> {
    gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
    let source = gst_app::AppSrc::builder()
        .caps(&voice_caps())
        .is_live(true)
        .format(gst::Format::Time)
        .min_latency(i64::try_from(AHEAD.as_nanos()).unwrap_or_default())
        .max_buffers(WAITING)
        .leaky_type(gst_app::AppLeakyType::Downstream)
        .build();
    let output = (ports.speaker)()?;
    // A sound card's own buffer takes what is left of the reserve.
    if output.has_property("buffer-time") {
        let left = audio.reserve().saturating_sub(AHEAD).max(BUFFER);
        output.set_property("buffer-time", i64::try_from(left.as_micros()).unwrap_or(i64::MAX));
    }
    // It gets nothing before the counter speaks; its pipeline must not wait for it.
    if output.has_property("async") {
        output.set_property("async", false);
    }
    let entry = output.static_pad("sink").ok_or("the speaker has no input")?;
    let taken = Arc::new(AtomicU64::new(0));
    let count = taken.clone();
    entry.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        gst::PadProbeReturn::Ok
    });
    let parts = [source.clone().upcast(), element("audioconvert")?, element("audioresample")?, output];
    let pipeline = chain("speaker", &parts)?;
    let (weak, mut watch) = (source.downgrade(), Watch::new(Instant::now()));
    let flow = move || {
        let waiting = weak.upgrade().map_or(0, |source| source.current_level_buffers());
        let idle = watch.has_begun() && waiting < CROWDED;
        watch.look(taken.load(Ordering::Relaxed), idle, Instant::now())
    };
    let audio = audio.clone();
    let connect = move |on: bool| {
        if on {
            try_with_silence(&source);
        }
        audio.plays(on.then(|| source.clone()));
    };
    Ok(Built { pipeline, flow: Box::new(flow), connect: Box::new(connect) })
}

/// Some devices open and fail at the first sound: not the counter's first words should find that out.
fn try_with_silence(source: &gst_app::AppSrc) {
    let Some((clock, base)) = source.clock().zip(source.base_time()) else { return };
    // 20 ms of 16 bits.
    let mut silence = gst::Buffer::from_mut_slice(vec![0_u8; RATE as usize / 50 * 2]);
    if let Some(silence) = silence.get_mut() {
        silence.set_pts(clock.time().checked_sub(base));
    }
    // Refused only when it has failed already, which it says by itself.
    let _ = source.push_buffer(silence);
}
