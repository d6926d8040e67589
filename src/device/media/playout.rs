//! Has webrtcbin wait for late packets as long as [`super::delay`] decides, and keeps the sound whole while that changes.

use super::delay::{Arrivals, Delay, Piece, Seam};
use super::signals::{Signal, Signals, VideoSources};
use crate::device::sound::RATE;
use gstreamer as gst;
use gstreamer::prelude::*;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Units of time a second in the packets of sound (RFC 7587, section 4.1).
const OPUS_RATE: u32 = 48_000;
/// Where a packet says when its sound begins (RFC 3550, section 5.1).
const TIMESTAMP: std::ops::Range<usize> = 4..8;

/// What the pipeline's threads note of the other end's sound. Clones are the same one.
#[derive(Clone)]
pub(super) struct Playout {
    delay: Arc<Mutex<Delay>>,
    begun: Instant,
    signals: Signals,
}

impl Playout {
    /// `slow`: on a machine that is late with everything.
    pub(super) fn new(slow: bool, signals: Signals) -> Self {
        Self { delay: Arc::new(Mutex::new(Delay::new(slow))), begun: Instant::now(), signals }
    }

    fn delay(&self) -> MutexGuard<'_, Delay> {
        self.delay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long packets wait now.
    pub(super) fn waiting(&self) -> Duration {
        self.delay().waiting()
    }

    /// Notes something, and tells the session's task if packets have to wait for another time from now on.
    fn note(&self, quiet: bool, note: impl FnOnce(&mut Delay, Duration)) {
        let now = self.begun.elapsed();
        let mut delay = self.delay();
        note(&mut delay, now);
        let decided = delay.decide(quiet, now);
        drop(delay);
        if let Some(waiting) = decided {
            self.signals.say(Signal::Wait(waiting));
        }
    }

    /// Looks at all sound that comes, before it waits.
    pub(super) fn watch(&self, webrtc: &gst::Element, video: VideoSources) {
        let Some(rtpbin) = webrtc.downcast_ref::<gst::Bin>().and_then(|bin| bin.by_name("rtpbin")) else { return };
        let this = self.clone();
        rtpbin.connect("new-jitterbuffer", false, move |values| {
            let buffer = values.get(1).and_then(|value| value.get::<gst::Element>().ok());
            let source = values.get(3).and_then(|value| value.get::<u32>().ok());
            if let Some((buffer, source)) = buffer.zip(source)
                && video.lock().is_ok_and(|video| !video.contains(&source))
                && let Some(pad) = buffer.static_pad("sink")
            {
                this.watch_sound(&pad);
            }
            None
        });
    }

    fn watch_sound(&self, pad: &gst::Pad) {
        let (this, arrivals) = (self.clone(), Mutex::new(Arrivals::default()));
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let packet = info.buffer().and_then(|buffer| buffer.map_readable().ok());
            if let Some(timestamp) = packet.and_then(|packet| packet.get(TIMESTAMP)?.try_into().ok()) {
                this.note(false, |delay, now| {
                    let mut arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
                    delay.came(arrivals.comes(u32::from_be_bytes(timestamp), OPUS_RATE, now));
                });
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// Sound came to the decoder too late to be heard, by so much.
    pub(super) fn missed(&self, late: Duration) {
        self.note(false, |delay, now| delay.missed(late, now));
    }

    /// Packets were lost since the line was judged last.
    pub(super) fn lost(&self, round_trip_ms: Option<u32>) {
        let round_trip = round_trip_ms.map(|ms| Duration::from_millis(ms.into()));
        self.note(false, |delay, now| delay.lost(round_trip, now));
    }

    /// Whether a piece of sound that is due at `from` is played, and after how many samples of silence.
    pub(super) fn plays(&self, seam: &Mutex<Seam>, from: gst::ClockTime, samples: &[i16]) -> Option<usize> {
        let lasts = gst::ClockTime::SECOND.nseconds() * samples.len() as u64 / u64::from(RATE);
        let mut seam = seam.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = seam.is_quiet(samples);
        let piece = seam.comes(from.nseconds(), lasts);
        drop(seam);
        if quiet {
            self.note(true, |_, _| ());
        }
        match piece {
            Piece::LeaveOut => None,
            Piece::Play(gap) => {
                let silence = gap.mul_div_floor(RATE.into(), gst::ClockTime::SECOND.nseconds());
                Some(silence.and_then(|silence| usize::try_from(silence).ok()).unwrap_or_default())
            }
        }
    }
}
