//! What may flow in a session, as every thread of its pipeline sees it.

use super::Gates;
use super::dtls::{Verdict, Watch};
use super::signals::{Signal, Signals};
use gstreamer as gst;
use gstreamer::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The gates of one session. All are shut at first.
#[derive(Default)]
pub(super) struct Gate {
    picture: AtomicBool,
    sound: AtomicBool,
    show: AtomicBool,
    connected: AtomicBool,
    verified: AtomicBool,
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

    /// The certificates at the other end are the counter's.
    pub(super) fn verified(&self) {
        self.verified.store(true, Ordering::Release);
    }

    /// Shuts everything for good.
    pub(super) fn refuse(&self) {
        self.refused.store(true, Ordering::Release);
    }

    fn open(&self) -> bool {
        self.connected.load(Ordering::Acquire) && self.is_verified()
    }

    /// Nothing goes to anybody else, and nothing of anybody else is decrypted.
    fn is_verified(&self) -> bool {
        self.verified.load(Ordering::Acquire) && !self.refused.load(Ordering::Acquire)
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
        self.is_verified() && self.show.load(Ordering::Acquire)
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

/// Where datagrams come in. RFC 7983 tells them apart by their first byte.
struct Entry {
    gate: Arc<Gate>,
    watch: Mutex<Watch>,
    signals: Signals,
}

impl Entry {
    /// Of the handshake enters only what suits a browser, of picture and sound (and their reports) nothing before the other
    /// end is verified.
    fn enters(&self, datagram: &[u8]) -> bool {
        match datagram.first() {
            Some(20..=63) => {
                let verdict = self.watch.lock().map_or(Verdict::Drop, |mut watch| watch.judge(datagram));
                // Once the other end is verified, it comes of somebody who wants the call to end.
                if verdict == Verdict::Hostile && !self.gate.is_verified() {
                    self.gate.refuse();
                    let why = "the other end's certificate is none that a browser makes".to_owned();
                    self.signals.say(Signal::Unverified(why));
                }
                verdict == Verdict::Pass
            }
            Some(128..=191) => self.gate.is_verified() && has_its_header(datagram),
            _ => false,
        }
    }

    fn takes(&self, buffer: &gst::BufferRef) -> bool {
        buffer.map_readable().is_ok_and(|datagram| self.enters(&datagram))
    }
}

/// Whether a packet is as long as its header says (RFC 3550; RFC 5761 tells reports from picture and sound). It is parsed
/// before it is authenticated, and GStreamer before 1.28.2 reads beyond the end of a shorter one.
fn has_its_header(packet: &[u8]) -> bool {
    match packet {
        [_, 192..=223, ..] => packet.len() >= 8,
        [first, _, ..] => packet.len() >= 12 + 4 * usize::from(first & 0x0f),
        _ => false,
    }
}

/// Guards the way in at `element`, if datagrams come in there.
pub(super) fn guard_entry(element: &gst::Element, gate: &Arc<Gate>, signals: &Signals) {
    let is_entry = element.factory().is_some_and(|factory| factory.name() == "nicesrc");
    let Some(pad) = element.static_pad("src").filter(|_| is_entry) else { return };
    let entry = Entry { gate: gate.clone(), watch: Mutex::default(), signals: signals.clone() };
    pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, info| match &mut info.data {
        Some(gst::PadProbeData::Buffer(buffer)) => pass(entry.takes(buffer)),
        Some(gst::PadProbeData::BufferList(list)) => {
            list.make_mut().foreach_mut(|buffer, _| {
                let taken = entry.takes(&buffer);
                std::ops::ControlFlow::Continue(taken.then_some(buffer))
            });
            pass(!list.is_empty())
        }
        _ => gst::PadProbeReturn::Ok,
    });
}

/// Lets what comes pass, or ends its way here. By `Drop` GStreamer 1.22 would complain of each piece, since the binding has
/// freed it already.
pub(super) fn pass(open: bool) -> gst::PadProbeReturn {
    if open { gst::PadProbeReturn::Ok } else { gst::PadProbeReturn::Handled }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every combination of what may happen, before or after what is asked.
    #[test]
    fn nothing_flows_unless_connected_verified_and_asked() {
        for bits in 0..64_u8 {
            let [connected, verified, refused, picture, sound, show] =
                [0, 1, 2, 3, 4, 5].map(|bit| bits >> bit & 1 == 1);
            let asked = Gates { picture, sound, show };
            for asked_first in [true, false] {
                let gate = Gate::default();
                assert!(!gate.picture() && !gate.sound() && !gate.show());
                if asked_first {
                    gate.set(asked);
                }
                if connected {
                    gate.connected();
                }
                if verified {
                    gate.verified();
                }
                if refused {
                    gate.refuse();
                }
                gate.set(asked);
                let open = verified && !refused;
                let flows = [gate.picture(), gate.sound(), gate.show()];
                assert_eq!(flows, [open && connected && picture, open && connected && sound, open && show]);
            }
        }
    }

    #[test]
    fn before_the_other_end_is_verified_only_its_handshake_comes_in() {
        let gate = Arc::new(Gate::default());
        let (signals, mut said) = Signals::new();
        let entry = Entry { gate: gate.clone(), watch: Mutex::default(), signals };
        let of = |start: &[u8], length: usize| [start, &vec![0; length - start.len()]].concat();
        let encrypted = of(&[23, 254, 253, 0, 1], 13);
        let (picture, report) = (of(&[0x80, 96], 12), of(&[0x80, 200], 8));
        gate.connected();
        gate.set(Gates { picture: true, sound: true, show: true });
        assert!(entry.enters(&encrypted) && !entry.enters(&picture) && !entry.enters(&report));
        gate.verified();
        assert!(entry.enters(&encrypted) && entry.enters(&picture) && entry.enters(&report));
        for cut in [of(&[0x80, 96], 11), of(&[0x81, 96], 15), of(&[0x8f, 96], 71), of(&[0x80, 200], 7), vec![0x80]] {
            assert!(!entry.enters(&cut), "{cut:?}");
        }
        assert!(entry.enters(&of(&[0x8f, 96], 72)));
        for stray in [vec![], vec![0, 1], vec![64], vec![127], vec![192], vec![22, 1]] {
            assert!(!entry.enters(&stray), "{stray:?}");
        }
        assert!(said.try_recv().is_err());
        let mut hostile = vec![22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 12];
        hostile.extend([11, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert!(!entry.enters(&hostile) && said.try_recv().is_err());
        assert!(entry.enters(&picture) && gate.picture());

        let gate = Arc::new(Gate::default());
        let (signals, mut said) = Signals::new();
        let entry = Entry { gate: gate.clone(), watch: Mutex::default(), signals };
        assert!(!entry.enters(&hostile) && matches!(said.try_recv(), Ok(Signal::Unverified(_))));
        gate.verified();
        gate.connected();
        gate.set(Gates { picture: true, sound: true, show: true });
        assert!(!entry.enters(&picture) && !gate.picture() && !gate.sound() && !gate.show(), "refused is for good");
    }
}
