//! This end: the appliance's media with a drawn camera, a beeping microphone and a listening speaker.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use madoguchi::device::camera::Frame;
use madoguchi::device::media::{self, MediaAsk, MediaConfig, MediaEvent, Ports};
use madoguchi::device::sound::SoundPorts;
use madoguchi::device::{Device, device};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// Pitch of the microphone's beeps, in hertz.
pub(crate) const OUR_PITCH: f64 = 600.0;
const RATE: usize = 48_000;

/// What the speaker played last.
pub(crate) type Heard = Arc<Mutex<VecDeque<i16>>>;

/// The appliance's media.
pub(crate) struct Desk {
    pub(crate) media: Device<MediaAsk, MediaEvent>,
    pub(crate) staff: watch::Receiver<Option<Frame>>,
    pub(crate) heard: Heard,
    pub(crate) trust_anchors: watch::Sender<Vec<String>>,
    plugged: watch::Sender<bool>,
    lively: Arc<AtomicBool>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

/// Left half green, right half orange, with a bar that moves; lively: covered with moving grains.
pub(crate) fn drawn(number: u32, lively: bool) -> Frame {
    const WIDTH: u32 = 640;
    const HEIGHT: u32 = 360;
    let mut planes = Vec::with_capacity((WIDTH * HEIGHT * 3 / 2) as usize);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let bar = y > HEIGHT - 40 && x / 8 == number % (WIDTH / 8);
            let grain = if lively { (x / 4 * 7919 + y / 4 * 104_729 + number % 1000 * 15_485) % 61 } else { 0 };
            let ground = if x < WIDTH / 2 { 145 } else { 150 };
            planes.push(if bar { 235 } else { ground + grain as u8 });
        }
    }
    for (left, right) in [(54, 40), (34, 195)] {
        for _ in 0..HEIGHT / 2 {
            planes.extend((0..WIDTH / 2).map(|x| if x < WIDTH / 4 { left } else { right }));
        }
    }
    Frame::from_i420(WIDTH, HEIGHT, planes).unwrap()
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A desk with something changed.
    pub(crate) fn with(change: impl FnOnce(&mut Ports)) -> Self {
        gst::init().unwrap();
        let (camera, frames) = watch::channel(None);
        let (plugged, there) = watch::channel(true);
        let lively = Arc::new(AtomicBool::new(false));
        let is_lively = lively.clone();
        let draw = tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(33));
            for number in 0.. {
                tick.tick().await;
                camera.send_replace(there.borrow().then(|| drawn(number, is_lively.load(Ordering::Relaxed))));
            }
        });
        let (staff_sender, staff) = watch::channel(None);
        let heard = Heard::default();
        let (trust_sender, trust_anchors) = watch::channel(Vec::new());
        let mut ports = Ports {
            config: MediaConfig {
                local_addresses: vec![[127, 0, 0, 1].into()],
                loop_delay: Duration::ZERO,
                trust_anchors,
                line_cut: None,
            },
            camera: frames,
            staff: staff_sender,
            sound: sound(heard.clone()),
        };
        change(&mut ports);
        let (media, behind) = device();
        let served = tokio::spawn(media::run(behind, ports));
        Self {
            media,
            staff,
            heard,
            trust_anchors: trust_sender,
            plugged,
            lively,
            _tasks: vec![AbortOnDropHandle::new(draw), AbortOnDropHandle::new(served)],
        }
    }

    /// From now on the camera sees something that is hard to encode.
    pub(crate) fn make_lively(&self) {
        self.lively.store(true, Ordering::Relaxed);
    }

    pub(crate) fn plug_camera(&self) {
        self.plugged.send_replace(true);
    }

    pub(crate) fn unplug_camera(&self) {
        self.plugged.send_replace(false);
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

fn sound(heard: Heard) -> SoundPorts {
    SoundPorts {
        // Beeps: a steady tone would be taken for noise and suppressed.
        microphone: Arc::new(|| {
            gst::ElementFactory::make("audiotestsrc")
                .property("is-live", true)
                .property_from_str("wave", "ticks")
                .property("freq", OUR_PITCH)
                .property("volume", 0.5)
                .property("sine-periods-per-tick", 240_u32)
                .property("tick-interval", 700_000_000_u64)
                .build()
                .map_err(|error| error.to_string())
        }),
        speaker: Arc::new(move || {
            let caps = gst::Caps::builder("audio/x-raw")
                .field("format", "S16LE")
                .field("rate", RATE as i32)
                .field("channels", 1)
                .build();
            let sink = gst_app::AppSink::builder().caps(&caps).sync(true).build();
            let heard = heard.clone();
            sink.set_callbacks(
                gst_app::AppSinkCallbacks::builder()
                    .new_sample(move |sink| {
                        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                        let map = sample.buffer().and_then(|buffer| buffer.map_readable().ok());
                        if let (Some(map), Ok(mut heard)) = (map, heard.lock()) {
                            heard.extend(map.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])));
                            let surplus = heard.len().saturating_sub(RATE);
                            heard.drain(..surplus);
                        }
                        Ok(gst::FlowSuccess::Ok)
                    })
                    .build(),
            );
            Ok(sink.upcast())
        }),
        microphone_present: Arc::new(|| true),
    }
}
