//! What the threads of a session's pipeline say to the session's task.

use super::adapt::{LEAST_BPS, MOST_BPS, START_BPS};
use super::allowed;
use super::gate::{Gate, guard_entry};
use super::pipeline::{Session, made};
use super::receive::{Counts, count_bytes, count_sent};
use crate::model::wire::Candidate;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_webrtc as gst_webrtc;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often this end reports (RTCP): the round trip is known only from reports, and lips follow the sound by them.
const REPORTS: gst::ClockTime = gst::ClockTime::SECOND;

/// Something happened in the pipeline.
pub(super) enum Signal {
    /// All streams' forms are known: an offer can be made.
    NegotiationNeeded,
    /// A way to reach this end; an empty one ends the list.
    Candidate(Candidate),
    /// ICE and DTLS changed.
    Connection(gst_webrtc::WebRTCPeerConnectionState),
    /// The line carries so many bits per second, as this element says.
    Estimate(u32, gst::glib::WeakRef<gst::Element>),
    /// Packets of the other end wait so long for late ones from now on.
    Wait(Duration),
    /// The first picture was decoded.
    FirstPicture,
    /// Somebody other than the counter is, or may be, at the other end.
    Unverified(String),
    /// Something was about to be added that may not be in a session.
    Refused(String),
    /// A part of the pipeline failed.
    Broken(String),
}

/// Where they are said. Never blocks a GStreamer thread.
#[derive(Clone)]
pub(super) struct Signals(mpsc::UnboundedSender<Signal>);

impl Signals {
    /// The two ends.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Signal>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Says it; nobody hears it once the session is over.
    pub(super) fn say(&self, signal: Signal) {
        let _ = self.0.send(signal);
    }
}

/// The numbers (SSRC, RFC 3550) under which the other end sends pictures.
pub(super) type VideoSources = Arc<Mutex<HashSet<u32>>>;

/// Listens to everything in the pipeline that the session's task must know.
pub(super) fn connect(
    session: &Session,
    gate: &Arc<Gate>,
    counts: &Arc<Counts>,
    video: &VideoSources,
    signals: &Signals,
) {
    let webrtc = &session.webrtc;
    let say = signals.clone();
    webrtc.connect("on-negotiation-needed", false, move |_| {
        say.say(Signal::NegotiationNeeded);
        None
    });
    let say = signals.clone();
    webrtc.connect("on-ice-candidate", false, move |values| {
        let mline = values.get(1).and_then(|value| value.get::<u32>().ok());
        let candidate = values.get(2).and_then(|value| value.get::<String>().ok());
        if let (Some(mline), Some(candidate)) = (mline, candidate) {
            say.say(Signal::Candidate(Candidate { candidate, mline }));
        }
        None
    });
    let say = signals.clone();
    webrtc.connect_notify(Some("ice-gathering-state"), move |webrtc, _| {
        let state: gst_webrtc::WebRTCICEGatheringState = webrtc.property("ice-gathering-state");
        if state == gst_webrtc::WebRTCICEGatheringState::Complete {
            say.say(Signal::Candidate(Candidate { candidate: String::new(), mline: 0 }));
        }
    });
    let say = signals.clone();
    webrtc.connect_notify(Some("connection-state"), move |webrtc, _| {
        say.say(Signal::Connection(webrtc.property("connection-state")));
    });
    let (say, shut) = (signals.clone(), gate.clone());
    allowed::guard(&session.pipeline, move |why| {
        shut.refuse();
        say.say(Signal::Refused(why));
    });
    let counts_sent = counts.clone();
    let (counts, gate, say) = (counts.clone(), gate.clone(), signals.clone());
    session.pipeline.connect_deep_element_added(move |_, _, element| {
        count_bytes(element, &counts);
        guard_entry(element, &gate, &say);
        if element.factory().is_some_and(|factory| factory.name() == "rtpsession") {
            element.set_property("rtcp-min-interval", REPORTS.nseconds());
        }
    });
    ask_again_for_lost_pictures(webrtc, video.clone());
    estimate_line(webrtc, counts_sent, signals.clone());
}

/// webrtcbin 1.22 lets the last of the bundled streams (sound, which never asks again) decide for all of them.
fn ask_again_for_lost_pictures(webrtc: &gst::Element, video: VideoSources) {
    let Some(rtpbin) = webrtc.downcast_ref::<gst::Bin>().and_then(|bin| bin.by_name("rtpbin")) else { return };
    rtpbin.connect("new-jitterbuffer", false, move |values| {
        let buffer = values.get(1).and_then(|value| value.get::<gst::Element>().ok());
        let source = values.get(3).and_then(|value| value.get::<u32>().ok());
        if let (Some(buffer), Some(source)) = (buffer, source)
            && video.lock().is_ok_and(|video| video.contains(&source))
        {
            buffer.set_property("do-retransmission", true);
        }
        None
    });
}

/// Puts Google's congestion control (draft-ietf-rmcat-gcc) into the way out.
fn estimate_line(webrtc: &gst::Element, counts: Arc<Counts>, signals: Signals) {
    webrtc.connect("request-aux-sender", false, move |_| {
        let estimator = made("rtpgccbwe", |builder| {
            builder
                .property("min-bitrate", LEAST_BPS)
                .property("max-bitrate", MOST_BPS)
                .property("estimated-bitrate", START_BPS)
        });
        match estimator {
            Ok(estimator) => {
                count_sent(&estimator, counts.clone());
                let say = signals.clone();
                estimator.connect_notify(Some("estimated-bitrate"), move |estimator, _| {
                    say.say(Signal::Estimate(estimator.property("estimated-bitrate"), estimator.downgrade()));
                });
                Some(estimator.to_value())
            }
            Err(why) => {
                signals.say(Signal::Broken(why));
                None
            }
        }
    });
}
