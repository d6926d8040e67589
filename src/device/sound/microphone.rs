//! The microphone: its level for the screen, its sound for a session.

use super::SoundPorts;
use super::kept::{Built, Kept, Watch};
use super::recognise::Listener;
use super::session_audio::SessionAudio;
use super::{RATE, chain, samples, voice_caps};
use crate::device::camera::element;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

/// Samples in a row without any sound (5 s) after which it is told: no room is so quiet that a microphone gives only zeros.
const SILENT: u64 = 5 * RATE as u64;
/// As good as zero: what is left of it where its form is changed with dither.
const ZERO: u16 = 1;

pub(super) struct Microphone {
    pub(super) kept: Kept,
    quiet: Quiet,
    told_silent: bool,
    listening: bool,
    in_session: bool,
}

impl Microphone {
    pub(super) fn new(ports: &SoundPorts, audio: &SessionAudio, listener: &Listener) -> Self {
        let present = ports.microphone_present.clone();
        let look = Arc::new(move || present().then(|| "microphone".to_owned()));
        let (ports, audio, listener) = (ports.clone(), audio.clone(), listener.clone());
        let quiet = Quiet::default();
        let counted = quiet.clone();
        let build = Arc::new(move || capture(&ports, &audio, &listener, &counted));
        let kept = Kept::new("microphone", look, build, false);
        Self { kept, quiet, told_silent: false, listening: false, in_session: false }
    }

    /// Whether it is open and gives nothing but zeros, if that has changed since it was told last.
    pub(super) fn silence_news(&mut self) -> Option<bool> {
        let silent = self.kept.is_open() && self.quiet.lasts();
        (std::mem::replace(&mut self.told_silent, silent) != silent).then_some(silent)
    }

    /// For its level on the screen.
    pub(super) async fn listen(&mut self, listening: bool) {
        self.listening = listening;
        self.kept.want(self.listening || self.in_session).await;
    }

    /// For a session.
    pub(super) async fn session(&mut self, goes_on: bool) {
        self.in_session = goes_on;
        self.kept.want(self.listening || self.in_session).await;
    }
}

/// How long nothing but zeros came, in samples: a switch at the microphone, or its card's mixer. Clones are the same one.
#[derive(Clone, Default)]
struct Quiet(Arc<AtomicU64>);

impl Quiet {
    fn hear(&self, samples: &[i16]) {
        if samples.iter().any(|sample| sample.unsigned_abs() > ZERO) {
            self.0.store(0, Ordering::Relaxed);
        } else {
            self.0.fetch_add(samples.len() as u64, Ordering::Relaxed);
        }
    }

    fn lasts(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= SILENT
    }
}

fn capture(ports: &SoundPorts, audio: &SessionAudio, listener: &Listener, quiet: &Quiet) -> Result<Built, String> {
    gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
    let level = element("level")?;
    level.set_property("interval", 100_000_000_u64);
    let end = gst_app::AppSink::builder().caps(&voice_caps()).sync(false).async_(false).build();
    let (audio, listener, count) = (audio.clone(), listener.clone(), Arc::new(AtomicU64::new(0)));
    let (counted, quiet) = (count.clone(), quiet.clone());
    quiet.0.store(0, Ordering::Relaxed);
    end.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |end| {
                let sample = end.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                count.fetch_add(1, Ordering::Relaxed);
                if let Some((buffer, at)) = sample.buffer().zip(moment(end.upcast_ref(), &sample)) {
                    audio.heard(buffer, at);
                }
                if let Some(bytes) = sample.buffer().and_then(|buffer| buffer.map_readable().ok()) {
                    let heard = samples(&bytes);
                    quiet.hear(&heard);
                    listener.hear(&heard);
                }
                Ok(gst::FlowSuccess::Ok)
            })
            .build(),
    );
    let parts = [(ports.microphone)()?, element("audioconvert")?, element("audioresample")?, level, end.upcast()];
    let pipeline = chain("microphone", &parts)?;
    let mut watch = Watch::new(Instant::now());
    let flow = move || watch.look(counted.load(Ordering::Relaxed), false, Instant::now());
    Ok(Built { pipeline, flow: Box::new(flow), connect: Box::new(|_| {}) })
}

/// When a sample's first sound was heard, or is to be, by the clock of the element's pipeline.
pub(crate) fn moment(element: &gst::Element, sample: &gst::Sample) -> Option<gst::ClockTime> {
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    let running = segment.to_running_time(sample.buffer()?.pts()?)?;
    Some(element.base_time()? + running)
}
