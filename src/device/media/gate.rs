//! What may flow in a session, as every thread of its pipeline sees it.

use super::Gates;
use gstreamer as gst;
use gstreamer::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The gates of one session. All are shut at first.
#[derive(Default)]
pub(super) struct Gate {
    picture: AtomicBool,
    sound: AtomicBool,
    show: AtomicBool,
    connected: AtomicBool,
    refused: AtomicBool,
    picture_known: AtomicBool,
    sound_known: AtomicBool,
}

impl Gate {
    /// Opens and shuts as asked.
    pub(super) fn set(&self, gates: Gates) {
        self.picture.store(gates.picture, Ordering::Release);
        self.sound.store(gates.sound, Ordering::Release);
        self.show.store(gates.show, Ordering::Release);
    }

    /// DTLS is up. What is sent before would lie in webrtcbin's queues and arrive in one late burst.
    pub(super) fn connected(&self) {
        self.connected.store(true, Ordering::Release);
    }

    /// Shuts everything for good.
    pub(super) fn refuse(&self) {
        self.refused.store(true, Ordering::Release);
    }

    fn open(&self) -> bool {
        self.connected.load(Ordering::Acquire) && !self.refused.load(Ordering::Acquire)
    }

    /// Own pictures go out.
    pub(super) fn picture(&self) -> bool {
        self.open() && self.picture.load(Ordering::Acquire)
    }

    /// Own sound goes out.
    pub(super) fn sound(&self) -> bool {
        self.open() && self.sound.load(Ordering::Acquire)
    }

    /// The other end is seen and heard.
    pub(super) fn show(&self) -> bool {
        self.show.load(Ordering::Acquire) && !self.refused.load(Ordering::Acquire)
    }

    /// Whether the form of the outgoing video is known, so that an offer can be made without a further picture.
    pub(super) fn picture_known(&self) -> bool {
        self.picture_known.load(Ordering::Acquire)
    }
}

/// Lets RTP packets of the picture out only while the gate is open. The first ones pass the pad's caps on.
pub(super) fn guard_picture(pad: &gst::Pad, gate: Arc<Gate>) {
    pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, _| {
        gate.picture_known.store(true, Ordering::Release);
        pass(gate.picture())
    });
}

/// The same for sound.
pub(super) fn guard_sound(pad: &gst::Pad, gate: Arc<Gate>) {
    pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, _| {
        gate.sound_known.store(true, Ordering::Release);
        pass(gate.sound())
    });
}

/// Keeps the microphone's sound from the encoder while the gate is shut. Until the encoder's form is known it gets
/// silence instead, because an offer needs it.
pub(super) fn guard_microphone(pad: &gst::Pad, gate: Arc<Gate>) {
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if gate.sound() {
            return gst::PadProbeReturn::Ok;
        }
        if gate.sound_known.load(Ordering::Acquire) {
            return gst::PadProbeReturn::Drop;
        }
        let silenced = info.buffer_mut().and_then(|buffer| buffer.make_mut().map_writable().ok());
        match silenced {
            Some(mut samples) => {
                samples.fill(0);
                gst::PadProbeReturn::Ok
            }
            None => gst::PadProbeReturn::Drop,
        }
    });
}

fn pass(open: bool) -> gst::PadProbeReturn {
    if open { gst::PadProbeReturn::Ok } else { gst::PadProbeReturn::Drop }
}
