//! This end: the appliance's media with a drawn camera, a beeping microphone and a listening speaker.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use madoguchi::device::camera::Frame;
use madoguchi::device::media::process::{self, Home};
use madoguchi::device::media::{MediaAsk, MediaConfig, MediaEvent, Ports};
use madoguchi::device::pace::Pace;
use madoguchi::device::sound::{self, SessionAudio, SoundAsk, SoundEvent, SoundPorts};
use madoguchi::device::{Device, device};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// Pitch of the microphone's beeps, in hertz.
pub(crate) const OUR_PITCH: f64 = 600.0;
const RATE: usize = 48_000;

/// What the speaker played last.
pub(crate) type Heard = Arc<Mutex<VecDeque<i16>>>;

/// What a desk is made of.
pub(crate) struct Parts {
    pub(crate) config: MediaConfig,
    pub(crate) sound: SoundPorts,
}

/// A sound card that can be unplugged. As a real one, it opens once, and ends what has it open with an error.
#[derive(Clone, Default)]
pub(crate) struct Card {
    gone: Arc<AtomicBool>,
    holder: Arc<Mutex<gst::glib::WeakRef<gst::Element>>>,
    /// Counts how often it was unplugged: each time another card takes its place.
    turn: Arc<AtomicUsize>,
}

impl Card {
    pub(crate) fn unplug(&self) {
        self.gone.store(true, Ordering::SeqCst);
        self.turn.fetch_add(1, Ordering::SeqCst);
        if let Some(holder) = self.holder.lock().unwrap().upgrade() {
            gst::element_error!(holder, gst::ResourceError::NotFound, ("the card was unplugged"));
        }
    }

    pub(crate) fn plug(&self) {
        self.gone.store(false, Ordering::SeqCst);
    }

    fn is_there(&self) -> bool {
        !self.gone.load(Ordering::SeqCst)
    }

    fn turn(&self) -> usize {
        self.turn.load(Ordering::SeqCst)
    }

    fn open(&self, element: gst::Element) -> Result<gst::Element, String> {
        let holder = self.holder.lock().unwrap();
        if holder.upgrade().is_some_and(|holder| holder.current_state() > gst::State::Null) {
            return Err("the card is in use".to_owned());
        }
        holder.set(Some(&element));
        if self.is_there() { Ok(element) } else { Err("the card is unplugged".to_owned()) }
    }
}

/// The appliance's media.
pub(crate) struct Desk {
    pub(crate) media: Device<MediaAsk, MediaEvent>,
    pub(crate) sound: Device<SoundAsk, SoundEvent>,
    pub(crate) microphone: Card,
    pub(crate) speaker: Card,
    /// What was said last of microphone and speaker.
    pub(crate) there: [Option<bool>; 2],
    pub(crate) staff: watch::Receiver<Option<Frame>>,
    pub(crate) heard: Heard,
    pub(crate) trust_anchors: watch::Sender<Vec<String>>,
    plugged: watch::Sender<bool>,
    size: Arc<AtomicUsize>,
    lively: Arc<AtomicBool>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

/// The media processes that this one has started and that have not ended.
pub(crate) fn media_processes() -> Vec<i32> {
    let all = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let process: i32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        // "process (name) state parent", see proc_pid_stat(5).
        let mut words = stat.rsplit_once(") ")?.1.split(' ');
        let (state, parent) = (words.next()?, words.next()?);
        let command = std::fs::read(entry.path().join("cmdline")).ok()?;
        let ours = parent == std::process::id().to_string() && state != "Z";
        (ours && command.ends_with(b"madoguchi\0media\0")).then_some(process)
    });
    all.collect()
}

/// Sizes of the cameras that take each other's place.
const SIZES: [(u32, u32); 3] = [(640, 360), (1280, 720), (320, 240)];

/// So many drawings are shown over and over: drawing them takes more of the processor than the call that is tested.
const DRAWINGS: u32 = 16;

/// Left half green, right half orange, with a bar that moves; lively: covered with moving grains.
pub(crate) fn drawn(number: u32, lively: bool, (width, height): (u32, u32)) -> Frame {
    let mut planes = Vec::with_capacity((width * height * 3 / 2) as usize);
    for y in 0..height {
        for x in 0..width {
            let bar = y > height - 40 && x / 8 == number % (width / 8);
            let grain = if lively { (x / 4 * 7919 + y / 4 * 104_729 + number % 1000 * 15_485) % 61 } else { 0 };
            let ground = if x < width / 2 { 145 } else { 150 };
            planes.push(if bar { 235 } else { ground + grain as u8 });
        }
    }
    for (left, right) in [(54, 40), (34, 195)] {
        for _ in 0..height / 2 {
            planes.extend((0..width / 2).map(|x| if x < width / 4 { left } else { right }));
        }
    }
    Frame::from_i420(width, height, planes).unwrap()
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A desk with something changed.
    pub(crate) fn with(change: impl FnOnce(&mut Parts)) -> Self {
        gst::init().unwrap();
        let (camera, frames) = watch::channel(None);
        let (plugged, there) = watch::channel(true);
        let lively = Arc::new(AtomicBool::new(false));
        let size = Arc::new(AtomicUsize::new(0));
        let (is_lively, which) = (lively.clone(), size.clone());
        let draw = tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(33));
            let mut drawings = HashMap::new();
            for number in (0..DRAWINGS).cycle() {
                tick.tick().await;
                let size = SIZES[which.load(Ordering::Relaxed) % SIZES.len()];
                let lively = is_lively.load(Ordering::Relaxed);
                let drawing = drawings.entry((number, lively, size)).or_insert_with(|| drawn(number, lively, size));
                camera.send_replace(there.borrow().then(|| drawing.clone()));
            }
        });
        let (staff_sender, staff) = watch::channel(None);
        let heard = Heard::default();
        let (trust_sender, trust_anchors) = watch::channel(Vec::new());
        let (microphone, speaker) = (Card::default(), Card::default());
        let mut parts = Parts {
            config: MediaConfig { local_addresses: vec![[127, 0, 0, 1].into()], trust_anchors, line_cut: None },
            sound: sound_ports(heard.clone(), microphone.clone(), speaker.clone()),
        };
        change(&mut parts);
        let audio = SessionAudio::default();
        let (sound, behind_sound) = device();
        let sounds = tokio::spawn(sound::run(behind_sound, parts.sound, audio.clone()));
        let ports =
            Ports { config: parts.config, camera: frames, staff: staff_sender, sound: audio, pace: Pace::default() };
        let (media, behind) = device();
        let served = tokio::spawn(process::run(behind, ports, Home::Program(env!("CARGO_BIN_EXE_madoguchi").into())));
        Self {
            media,
            sound,
            microphone,
            speaker,
            there: [None; 2],
            staff,
            heard,
            trust_anchors: trust_sender,
            plugged,
            size,
            lively,
            _tasks: [draw, sounds, served].map(AbortOnDropHandle::new).into(),
        }
    }

    /// From now on the camera sees something that is hard to encode.
    pub(crate) fn make_lively(&self) {
        self.lively.store(true, Ordering::Relaxed);
    }

    pub(crate) fn plug_camera(&self) {
        self.plugged.send_replace(true);
    }

    /// The next one that is plugged in is another one.
    pub(crate) fn unplug_camera(&self) {
        self.size.fetch_add(1, Ordering::Relaxed);
        self.plugged.send_replace(false);
    }

    /// What is heard from now on counts.
    pub(crate) fn forget_what_was_heard(&self) {
        self.heard.lock().unwrap().clear();
    }

    /// Takes what the sound devices have said meanwhile.
    pub(crate) fn look(&mut self) {
        while let Ok(event) = self.sound.events.try_recv() {
            match event {
                SoundEvent::Microphone { present } => self.there[0] = Some(present),
                SoundEvent::Speaker { present } => self.there[1] = Some(present),
                SoundEvent::Level(_) | SoundEvent::MicrophoneSilent(_) | SoundEvent::Chime { .. } => {}
            }
        }
    }

    /// How loud a pitch was in the last second at the speaker: about 1 for a pure tone of that pitch, 0 without it.
    pub(crate) fn share_of(&self, pitch: f64) -> f64 {
        let samples: Vec<f64> = self.heard.lock().unwrap().iter().map(|sample| f64::from(*sample)).collect();
        let energy: f64 = samples.iter().map(|sample| sample * sample).sum();
        if energy < samples.len() as f64 * 100.0 {
            return 0.0;
        }
        goertzel(&samples, pitch) * 2.0 / energy / samples.len() as f64
    }

    /// The loudest sample of the last second.
    pub(crate) fn peak(&self) -> u16 {
        self.heard.lock().unwrap().iter().map(|sample| sample.unsigned_abs()).max().unwrap_or_default()
    }
}

/// Power of one frequency (Goertzel's algorithm).
fn goertzel(samples: &[f64], pitch: f64) -> f64 {
    let factor = 2.0 * (std::f64::consts::TAU * pitch / RATE as f64).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in samples {
        (one, two) = (sample + factor * one - two, one);
    }
    one * one + two * two - factor * one * two
}

fn sound_ports(heard: Heard, microphone: Card, speaker: Card) -> SoundPorts {
    let (microphone_is, speaker_is) = (microphone.clone(), speaker.clone());
    SoundPorts {
        // Beeps: a steady tone would be taken for noise and suppressed.
        microphone: Arc::new(move || {
            let (rate, channels) = [(48_000, 1), (44_100, 2), (16_000, 1)][microphone.turn() % 3];
            let description = format!(
                "audiotestsrc is-live=true wave=ticks freq={OUR_PITCH} volume=0.5 sine-periods-per-tick=240 \
                 tick-interval=700000000 ! capsfilter caps=audio/x-raw,rate={rate},channels={channels}"
            );
            let beeps = gst::parse::bin_from_description(&description, true).map_err(|error| error.to_string())?;
            microphone.open(beeps.upcast())
        }),
        speaker: Arc::new(move || {
            let channels = 1 + speaker.turn() as i32 % 2;
            let caps = gst::Caps::builder("audio/x-raw")
                .field("format", "S16LE")
                .field("rate", RATE as i32)
                .field("channels", channels)
                .build();
            let sink = gst_app::AppSink::builder().caps(&caps).sync(true).build();
            let heard = heard.clone();
            sink.set_callbacks(
                gst_app::AppSinkCallbacks::builder()
                    .new_sample(move |sink| {
                        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                        let map = sample.buffer().and_then(|buffer| buffer.map_readable().ok());
                        if let (Some(map), Ok(mut heard)) = (map, heard.lock()) {
                            let each = map.chunks_exact(2 * channels as usize);
                            heard.extend(each.map(|first| i16::from_le_bytes([first[0], first[1]])));
                            let surplus = heard.len().saturating_sub(RATE);
                            heard.drain(..surplus);
                        }
                        Ok(gst::FlowSuccess::Ok)
                    })
                    .build(),
            );
            speaker.open(sink.upcast())
        }),
        microphone_present: Arc::new(move || microphone_is.is_there()),
        speaker_at: Arc::new(move || speaker_is.is_there().then(|| "the TV".to_owned())),
    }
}
