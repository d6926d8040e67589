//! The other end's picture and sound: from webrtcbin's outputs to the TV and the speaker.

use super::gate::Gate;
use super::late;
use super::pipeline::{Session, made, picture_decoder};
use super::playout::Playout;
use super::signals::{Signal, Signals};
use crate::device::camera::{Frame, element};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// What is counted while the other end's picture comes.
#[derive(Default)]
pub(super) struct Counts {
    /// Decoded pictures.
    pub(super) pictures: AtomicU64,
    /// Bytes that came over the line, control packets included.
    pub(super) bytes: AtomicU64,
    /// Bytes of picture and sound that went out.
    pub(super) sent: AtomicU64,
}

/// What the receiving side needs.
#[derive(Clone)]
pub(super) struct Receiving {
    pub(super) gate: Arc<Gate>,
    pub(super) counts: Arc<Counts>,
    pub(super) signals: Signals,
    pub(super) frames: watch::Sender<Option<Frame>>,
    pub(super) playout: Playout,
}

/// Connects whatever webrtcbin gives out.
pub(super) fn receive(session: &Session, receiving: Receiving) {
    let weak = session.pipeline.downgrade();
    let voice = Voice { entry: session.voice.clone(), end: session.speaker.clone() };
    session.webrtc.connect_pad_added(move |_, pad| {
        let Some(pipeline) = weak.upgrade() else { return };
        if pad.direction() != gst::PadDirection::Src {
            return;
        }
        if let Err(why) = connect(&pipeline, pad, &voice, &receiving) {
            receiving.signals.say(Signal::Broken(why));
        }
    });
}

/// Where the other end's decoded sound goes in, and where it leaves for the speaker.
struct Voice {
    entry: gst::Pad,
    end: gst_app::AppSink,
}

fn connect(pipeline: &gst::Pipeline, pad: &gst::Pad, voice: &Voice, receiving: &Receiving) -> Result<(), String> {
    let caps = pad.current_caps().or_else(|| pad.allowed_caps()).ok_or("a stream of the other end has no form")?;
    let form = caps.structure(0).ok_or("a stream of the other end has no form")?;
    let coding = form.get::<&str>("encoding-name").unwrap_or_default();
    let chain = match coding {
        "VP8" => video_chain(receiving)?,
        "OPUS" if !voice.entry.is_linked() => voice_chain(&voice.end, receiving.playout.clone())?,
        // Offered was nothing else; what comes all the same goes nowhere.
        _ => vec![made("fakesink", |builder| builder.property("sync", false).property("async", false))?],
    };
    pipeline
        .add_many(&chain)
        .and_then(|()| gst::Element::link_many(&chain))
        .map_err(|error| format!("the other end's {coding} cannot be connected: {error}"))?;
    if coding == "OPUS"
        && let Some(last) = chain.last().and_then(|last| last.static_pad("src"))
        && !voice.entry.is_linked()
    {
        last.link(&voice.entry).map_err(|error| format!("the other end's sound cannot be connected: {error}"))?;
    }
    for element in chain.iter().rev() {
        element
            .sync_state_with_parent()
            .map_err(|error| format!("the other end's {coding} does not start: {error}"))?;
    }
    let entry = chain.first().and_then(|first| first.static_pad("sink")).ok_or("a chain without an entry")?;
    pad.link(&entry).map(drop).map_err(|error| format!("the other end's {coding} cannot be connected: {error}"))
}

fn voice_chain(end: &gst_app::AppSink, playout: Playout) -> Result<Vec<gst::Element>, String> {
    // What is lost is concealed. Decoding the copies that packets carry of each other (in-band FEC) would have the decoder
    // ask for 120 ms of latency for every packet, lost or not.
    let decoder = made("opusdec", |builder| builder.property("plc", true))?;
    let depayloader = element("rtpopusdepay")?;
    let entry = depayloader.static_pad("sink").ok_or("the voice's packets have no way in")?;
    late::leave_out_sound(&entry, end, move |late| playout.missed(late));
    Ok(vec![depayloader, decoder])
}

fn video_chain(receiving: &Receiving) -> Result<Vec<gst::Element>, String> {
    let depayloader =
        made("rtpvp8depay", |builder| builder.property("request-keyframe", true).property("wait-for-keyframe", true))?;
    let caps = gst::Caps::builder("video/x-raw").field("format", "I420").build();
    let sink = gst_app::AppSink::builder().caps(&caps).max_buffers(1).drop(true).sync(true).build();
    sink.set_property("async", false);
    let receiving = receiving.clone();
    sink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                receiving.pictured(sample);
                Ok(gst::FlowSuccess::Ok)
            })
            .build(),
    );
    late::leave_out_pictures(&depayloader.static_pad("src").ok_or("the picture's packets have no way out")?, &sink);
    Ok(vec![depayloader, picture_decoder()?, element("queue")?, element("videoconvert")?, sink.upcast()])
}

impl Receiving {
    fn pictured(&self, sample: gst::Sample) {
        let Some(frame) = Frame::from_sample(sample) else { return };
        if self.counts.pictures.fetch_add(1, Ordering::Relaxed) == 0 {
            self.signals.say(Signal::FirstPicture);
        }
        if self.gate.show() {
            self.frames.send_replace(Some(frame));
        }
    }
}

/// Counts what comes over the line at `element`, if it is where packets come in.
pub(super) fn count_bytes(element: &gst::Element, counts: &Arc<Counts>) {
    let is_entry = element.factory().is_some_and(|factory| factory.name() == "nicesrc");
    let Some(pad) = element.static_pad("src").filter(|_| is_entry) else { return };
    let counts = counts.clone();
    count(&pad, move |bytes| {
        counts.bytes.fetch_add(bytes, Ordering::Relaxed);
    });
}

/// Counts what goes out at the line's estimator.
pub(super) fn count_sent(estimator: &gst::Element, counts: Arc<Counts>) {
    if let Some(pad) = estimator.static_pad("sink") {
        count(&pad, move |bytes| {
            counts.sent.fetch_add(bytes, Ordering::Relaxed);
        });
    }
}

fn count(pad: &gst::Pad, add: impl Fn(u64) + Send + Sync + 'static) {
    pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, info| {
        let bytes = match &info.data {
            Some(gst::PadProbeData::Buffer(buffer)) => buffer.size(),
            Some(gst::PadProbeData::BufferList(list)) => list.calculate_size(),
            _ => 0,
        };
        add(bytes as u64);
        gst::PadProbeReturn::Ok
    });
}

/// Drops every packet on its way in or out while the workbench's line is cut. Only where packets pass encrypted.
pub(super) fn cut_packets(pipeline: &gst::Pipeline, cut: &watch::Receiver<bool>) {
    let cut = cut.clone();
    pipeline.connect_deep_element_added(move |_, _, element| {
        let pad = match element.factory().map(|factory| factory.name().to_string()).as_deref() {
            Some("nicesrc") => element.static_pad("src"),
            Some("dtlssrtpenc") => element.static_pad("src"),
            _ => None,
        };
        let cut = cut.clone();
        if let Some(pad) = pad {
            pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, _| {
                if *cut.borrow() { gst::PadProbeReturn::Drop } else { gst::PadProbeReturn::Ok }
            });
        }
    });
}
