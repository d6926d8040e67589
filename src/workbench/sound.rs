//! Microphone and speaker of the desk, as live GStreamer bins: tones or a recorded voice in, samples out to whoever
//! listens. Each can be opened once at a time, as a sound card's device can.
#![expect(clippy::disallowed_methods, reason = "samples are paced by the clock")]

use super::acoustics::{Acoustics, Room};
use crate::device::sound::moment;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_app::gst_base::BaseSink;
use gstreamer_app::gst_base::prelude::BaseSinkExt;
use std::f32::consts::TAU;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, watch};

/// Samples a second, each way; one channel of signed 16 bits.
pub const RATE: usize = 48_000;
/// Samples of one pushed buffer: 10 ms.
const CHUNK: usize = RATE / 100;
/// Loudness of the test tones, as part of full scale.
const TONE_LEVEL: f32 = 0.35;
/// How long a recording may take to be read.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// Longest recording: ten minutes.
const LONGEST: usize = RATE * 600;

/// What a sound card keeps in its buffer before it is heard, as on the box.
pub const BUFFERED: gst::ClockTime = gst::ClockTime::from_mseconds(60);
/// So many samples (40 ms) may a microphone's clock be off before it goes on from now.
const OFF: u64 = RATE as u64 / 25;

/// The room in which TV and microphone stand; without acoustics nothing of the TV comes back. Clones are the same one.
#[derive(Clone, Default)]
pub struct LivingRoom(Arc<Mutex<Option<Room>>>);

impl LivingRoom {
    /// Another room from now on.
    pub fn is(&self, acoustics: Option<Acoustics>) {
        *self.room() = acoustics.map(Room::new);
    }

    fn room(&self) -> MutexGuard<'_, Option<Room>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plays(&self, at: gst::ClockTime, samples: &[i16]) {
        if let Some(room) = &mut *self.room() {
            room.play(counted(at), samples);
        }
    }

    /// What a microphone hears that a voice is spoken into just now.
    fn hears(&self, voice: Vec<i16>) -> Vec<i16> {
        let Some(room) = &mut *self.room() else { return voice };
        let now = counted(gst::SystemClock::obtain().time()).saturating_sub(voice.len() as u64);
        if room.moment().abs_diff(now) > OFF {
            room.skip_to(now);
        }
        room.hear(&voice)
    }
}

/// A moment of GStreamer's system clock in samples.
fn counted(moment: gst::ClockTime) -> u64 {
    moment.nseconds().mul_div_floor(RATE as u64, gst::ClockTime::SECOND.nseconds()).unwrap_or_default()
}

/// What the microphone hears.
#[derive(Clone)]
pub enum Heard {
    /// Nothing.
    Silence,
    /// A sine of this frequency in hertz.
    Tone(f32),
    /// A recording, over and over.
    Voice(Arc<[i16]>),
}

/// The microphone. Clones are the same one.
#[derive(Clone)]
pub struct Microphone {
    shared: Arc<MicrophoneShared>,
}

struct MicrophoneShared {
    heard: Mutex<Heard>,
    room: LivingRoom,
    plugged: watch::Sender<bool>,
    open: AtomicUsize,
    held: Held,
    changed: Box<dyn Fn() + Send + Sync>,
}

/// The element that has a device.
#[derive(Default)]
struct Held(Mutex<gst::glib::WeakRef<gst::Element>>);

impl Held {
    /// Who has the device open now.
    fn holder(&self) -> Option<gst::Element> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.upgrade().filter(|element| element.current_state() > gst::State::Null)
    }

    /// Gives the device to an element.
    fn give(&self, to: &gst::Element) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).set(Some(to));
    }
}

impl Microphone {
    /// A microphone in a room that hears this. `changed` is called when it is opened or closed.
    pub fn new(heard: Heard, room: LivingRoom, changed: Box<dyn Fn() + Send + Sync>) -> Self {
        let (plugged, open) = (watch::Sender::new(true), AtomicUsize::new(0));
        let held = Held::default();
        Self { shared: Arc::new(MicrophoneShared { heard: Mutex::new(heard), room, plugged, open, held, changed }) }
    }

    /// Hears something else from now on.
    pub fn hear(&self, heard: Heard) {
        *self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner) = heard;
    }

    /// Plugs it in or out. Out ends every open source with an error, as a real one does.
    pub fn plug(&self, plugged: bool) {
        self.shared.plugged.send_replace(plugged);
    }

    /// Whether it is plugged in.
    pub fn plugged(&self) -> watch::Receiver<bool> {
        self.shared.plugged.subscribe()
    }

    /// How many sources deliver sound now.
    pub fn open_count(&self) -> usize {
        self.shared.open.load(Ordering::Relaxed)
    }

    /// Makes a live source bin with one `src` pad: S16LE, 48 kHz, one channel.
    ///
    /// # Errors
    /// A sentence, when it is unplugged or open already, or GStreamer lacks an element.
    pub fn element(&self) -> Result<gst::Element, String> {
        if !*self.shared.plugged.borrow() {
            return Err("the workbench's microphone is unplugged; plug it in on the page".to_owned());
        }
        if self.shared.held.holder().is_some() {
            return Err("the workbench's microphone is in use; it can be opened once".to_owned());
        }
        gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
        let description = format!(
            "appsrc name=samples is-live=true do-timestamp=true format=time max-buffers=20 leaky-type=downstream \
             caps=audio/x-raw,format=S16LE,rate={RATE},channels=1,layout=interleaved ! identity silent=true"
        );
        let bin = gst::parse::bin_from_description(&description, true)
            .map_err(|error| format!("the workbench's microphone cannot be built: {error}"))?;
        let samples = bin
            .by_name("samples")
            .and_then(|element| element.downcast::<gst_app::AppSrc>().ok())
            .ok_or("the workbench's microphone has no source")?;
        let (weak, shared) = (samples.downgrade(), self.shared.clone());
        std::thread::Builder::new()
            .name("bench-mic".into())
            .spawn(move || feed(&weak, shared))
            .map_err(|error| format!("the workbench's microphone thread cannot be started: {error}"))?;
        self.shared.held.give(bin.upcast_ref());
        Ok(bin.upcast())
    }
}

struct Open(Arc<MicrophoneShared>, bool);

impl Open {
    fn count(&mut self, runs: bool) {
        if std::mem::replace(&mut self.1, runs) == runs {
            return;
        }
        match runs {
            true => self.0.open.fetch_add(1, Ordering::Relaxed),
            false => self.0.open.fetch_sub(1, Ordering::Relaxed),
        };
        (self.0.changed)();
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.count(false);
    }
}

/// Pushes 10 ms of sound every 10 ms until the source is gone.
fn feed(weak: &gst::glib::WeakRef<gst_app::AppSrc>, shared: Arc<MicrophoneShared>) {
    const STEP: Duration = Duration::from_millis(10);
    let mut open = Open(shared.clone(), false);
    let (mut due, mut place) = (Instant::now(), 0usize);
    loop {
        due += STEP;
        let now = Instant::now();
        match due.checked_duration_since(now) {
            Some(wait) => std::thread::sleep(wait),
            // After a long pause (a suspended machine) it goes on from now.
            None if now - due > Duration::from_millis(200) => due = now,
            None => {}
        }
        let Some(source) = weak.upgrade() else { return };
        let runs = source.current_state() == gst::State::Playing;
        open.count(runs);
        if !runs {
            continue;
        }
        if !*shared.plugged.borrow() {
            gst::element_error!(source, gst::ResourceError::NotFound, ("the workbench's microphone was unplugged"));
            return;
        }
        let heard = shared.heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let voice = (place..place + CHUNK).map(|at| heard.sample(at)).collect();
        let samples: Vec<u8> = shared.room.hears(voice).into_iter().flat_map(i16::to_le_bytes).collect();
        place += CHUNK;
        // Refused while the pipeline is being torn down: the next turn sees that it is gone.
        let _ = source.push_buffer(gst::Buffer::from_slice(samples));
    }
}

impl Heard {
    fn sample(&self, at: usize) -> i16 {
        match self {
            Self::Silence => 0,
            Self::Tone(hertz) => {
                // Whole seconds repeat, so that the phase stays exact for whole frequencies.
                let seconds = (at % RATE) as f32 / RATE as f32;
                ((TAU * hertz * seconds).sin() * TONE_LEVEL * f32::from(i16::MAX)) as i16
            }
            Self::Voice(samples) if samples.is_empty() => 0,
            Self::Voice(samples) => samples[at % samples.len()],
        }
    }

    /// Reads a WAV file (any rate and number of channels).
    ///
    /// # Errors
    /// A sentence that says what the file is not.
    pub fn wav(path: &Path) -> Result<Self, String> {
        let not = |why: String| format!("{} is not a WAV recording ({why})", path.display());
        gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
        let description = format!(
            "wavparse ! audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate={RATE},channels=1 ! \
             appsink name=samples sync=false"
        );
        let bin = gst::parse::bin_from_description(&description, true).map_err(|error| not(error.to_string()))?;
        let source = gst::ElementFactory::make("filesrc").property("location", path).build();
        let source = source.map_err(|error| not(error.to_string()))?;
        let pipeline = gst::Pipeline::new();
        let linked = pipeline.add(&source).and_then(|()| pipeline.add(&bin)).and_then(|()| source.link(&bin));
        linked.map_err(|error| not(error.to_string()))?;
        let sink = bin.by_name("samples").and_then(|element| element.downcast::<gst_app::AppSink>().ok());
        let sink = sink.ok_or_else(|| not("there is no appsink".into()))?;
        let started = pipeline.set_state(gst::State::Playing);
        let read = match started {
            Ok(_) => collect(&sink),
            Err(_) => Vec::new(),
        };
        // The recording is in memory: whatever stopping says changes nothing.
        let _ = pipeline.set_state(gst::State::Null);
        match read.is_empty() {
            true => Err(not("no sound was found in it".into())),
            false => Ok(Self::Voice(read.into())),
        }
    }
}

fn collect(sink: &gst_app::AppSink) -> Vec<i16> {
    let deadline = Instant::now() + READ_WITHIN;
    let mut samples = Vec::new();
    while Instant::now() < deadline && samples.len() < LONGEST {
        let Some(sample) = sink.try_pull_sample(gst::ClockTime::from_seconds(1)) else {
            if sink.is_eos() || samples.is_empty() {
                break;
            }
            continue;
        };
        if let Some(map) = sample.buffer().and_then(|buffer| buffer.map_readable().ok()) {
            samples.extend(map.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
        }
    }
    samples
}

/// A piece of what the TV's speaker plays.
#[derive(Clone)]
pub struct Played {
    /// Which speaker element plays it; two may sound at once.
    pub source: u32,
    /// When it is heard, by GStreamer's system clock.
    pub at: Option<gst::ClockTime>,
    /// 48 kHz, one channel.
    pub samples: Arc<[i16]>,
}

/// The TV's speaker. Clones are the same one.
#[derive(Clone)]
pub struct Speaker {
    shared: Arc<SpeakerShared>,
}

struct SpeakerShared {
    played: broadcast::Sender<Played>,
    next: AtomicU32,
    plugged: watch::Sender<bool>,
    held: Held,
    room: LivingRoom,
}

impl Default for Speaker {
    fn default() -> Self {
        let (played, plugged) = (broadcast::Sender::new(200), watch::Sender::new(true));
        let shared = SpeakerShared {
            played,
            next: AtomicU32::default(),
            plugged,
            held: Held::default(),
            room: LivingRoom::default(),
        };
        Self { shared: Arc::new(shared) }
    }
}

impl Speaker {
    /// Lets the TV play sound, or not. Off ends what plays with an error, as a sound card that is gone does.
    pub fn plug(&self, plugged: bool) {
        self.shared.plugged.send_replace(plugged);
        if !plugged && let Some(holder) = self.shared.held.holder() {
            gst::element_error!(holder, gst::ResourceError::NotFound, ("the workbench's TV gives no sound any more"));
        }
    }

    /// Whether the TV plays sound.
    pub fn plugged(&self) -> watch::Receiver<bool> {
        self.shared.plugged.subscribe()
    }

    /// How many pipelines have had it so far.
    pub fn openings(&self) -> u32 {
        self.shared.next.load(Ordering::Relaxed)
    }

    /// Whether a pipeline has it open.
    pub fn is_open(&self) -> bool {
        self.shared.held.holder().is_some()
    }

    /// The room in which it plays.
    pub fn room(&self) -> LivingRoom {
        self.shared.room.clone()
    }

    /// What is played from now on. A listener that falls behind misses pieces, and delays nobody.
    pub fn listen(&self) -> broadcast::Receiver<Played> {
        self.shared.played.subscribe()
    }

    /// Makes a sink bin with one `sink` pad for `audio/x-raw`; it keeps time as a sound card does.
    ///
    /// # Errors
    /// A sentence, when the TV gives no sound or is playing already, or GStreamer lacks an element.
    pub fn element(&self) -> Result<gst::Element, String> {
        if !*self.shared.plugged.borrow() {
            return Err("the workbench's TV gives no sound; switch it on on the page".to_owned());
        }
        if self.shared.held.holder().is_some() {
            return Err("the workbench's speaker is in use; it can be opened once, as HDMI sound can".to_owned());
        }
        gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
        let description = format!(
            "audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate={RATE},channels=1,layout=interleaved ! \
             appsink name=samples sync=true max-buffers=50"
        );
        let bin = gst::parse::bin_from_description(&description, true)
            .map_err(|error| format!("the workbench's speaker cannot be built: {error}"))?;
        let sink = bin
            .by_name("samples")
            .and_then(|element| element.downcast::<gst_app::AppSink>().ok())
            .ok_or("the workbench's speaker has no sink")?;
        sink.set_property("render-delay", BUFFERED.nseconds());
        let (shared, source) = (self.shared.clone(), self.shared.next.fetch_add(1, Ordering::Relaxed));
        let on_sample = move |sink: &gst_app::AppSink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            if let Some(map) = sample.buffer().and_then(|buffer| buffer.map_readable().ok()) {
                let samples: Arc<[i16]> =
                    map.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
                let latency = sink.dynamic_cast_ref::<BaseSink>().map(BaseSinkExt::latency).unwrap_or_default();
                let at = moment(sink.upcast_ref(), &sample).map(|at| at + latency);
                if let Some(at) = at {
                    shared.room.plays(at, &samples);
                }
                // Fails only while nobody listens.
                let _ = shared.played.send(Played { source, at, samples });
            }
            Ok(gst::FlowSuccess::Ok)
        };
        sink.set_callbacks(gst_app::AppSinkCallbacks::builder().new_sample(on_sample).build());
        self.shared.held.give(bin.upcast_ref());
        Ok(bin.upcast())
    }
}
