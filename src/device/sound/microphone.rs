//! The microphone: its level for the screen, its sound for a session.

use super::SoundPorts;
use super::kept::{Built, Kept, Watch};
use super::recognise::Listener;
use super::session_audio::SessionAudio;
use super::{chain, samples, voice_caps};
use crate::device::camera::element;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

pub(super) struct Microphone {
    pub(super) kept: Kept,
    listening: bool,
    in_session: bool,
}

impl Microphone {
    pub(super) fn new(ports: &SoundPorts, audio: &SessionAudio, listener: &Listener) -> Self {
        let present = ports.microphone_present.clone();
        let look = Arc::new(move || present().then(|| "microphone".to_owned()));
        let (ports, audio, listener) = (ports.clone(), audio.clone(), listener.clone());
        let build = Arc::new(move || capture(&ports, &audio, &listener));
        let kept = Kept::new("microphone", look, build, false);
        Self { kept, listening: false, in_session: false }
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

fn capture(ports: &SoundPorts, audio: &SessionAudio, listener: &Listener) -> Result<Built, String> {
    gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
    let level = element("level")?;
    level.set_property("interval", 100_000_000_u64);
    let end = gst_app::AppSink::builder().caps(&voice_caps()).sync(false).async_(false).build();
    let (audio, listener, count) = (audio.clone(), listener.clone(), Arc::new(AtomicU64::new(0)));
    let counted = count.clone();
    end.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |end| {
                let sample = end.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                count.fetch_add(1, Ordering::Relaxed);
                if let Some((buffer, at)) = sample.buffer().zip(moment(end.upcast_ref(), &sample)) {
                    audio.heard(buffer, at);
                }
                if let Some(bytes) = sample.buffer().and_then(|buffer| buffer.map_readable().ok()) {
                    listener.hear(|| samples(&bytes));
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
