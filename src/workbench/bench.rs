//! The state of the desk that the page shows and the commands change.

use super::camera::{CameraSlot, Scenery, clip, scene};
use super::command::{Hear, Refused, Tv};
use super::network::{Asked, View};
use super::papers::Paper;
use super::sound::{Heard, Microphone, Speaker};
use crate::device::button::Edge;
use crate::device::clock::ClockEvent;
use crate::device::usb::UsbEvent;
use crate::model::light::Light;
use image::RgbaImage;
use madoguchi_pixels::frames;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, watch};

/// Lines of the trace that a page opened later still sees.
const REMEMBERED_LINES: usize = 400;
/// Things beside the papers that may lie on the desk; the oldest goes.
const UPLOADS: usize = 8;
/// Height of a thumbnail.
const THUMBNAIL: u32 = 120;

/// Something on the desk that can be put before the camera.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) id: String,
    ja: String,
    en: String,
    kind: &'static str,
    scenery: Scenery,
    /// PNG.
    pub(super) thumbnail: Arc<[u8]>,
    /// Goes up when the item is replaced, so that a browser fetches its thumbnail anew.
    version: u64,
    uploaded: bool,
}

impl Item {
    /// A paper that is brought before the camera and held.
    pub(super) fn paper(paper: Paper) -> Self {
        let image = Arc::new(paper.image);
        Self::new(paper.id, (paper.ja, paper.en), "paper", thumbnail(&image), Scenery::Paper(image))
    }

    /// A picture that fills the view.
    pub(super) fn picture(paper: Paper) -> Self {
        let image = Arc::new(paper.image);
        Self::new(paper.id, (paper.ja, paper.en), "picture", thumbnail(&image), Scenery::Picture(image))
    }

    /// A clip; looked at, so that one that cannot be played is refused now.
    pub(super) fn clip(id: &str, title: &str, clip: Arc<[u8]>) -> Result<Self, Refused> {
        let mut decoder = clip::Decoder::clip(&clip, (320, 240), super::camera::FRAMES_PER_SECOND)?;
        let first = decoder.next(Duration::from_secs(2));
        let first = first.ok_or_else(|| Refused("this AVI clip has no picture in it".into()))?;
        let first = image::DynamicImage::ImageRgb8(first).into_rgba8();
        let titles = (title.to_owned(), title.to_owned());
        Ok(Self::new(id.to_owned(), titles, "clip", thumbnail(&first), Scenery::Clip(clip)))
    }

    /// The two things that are always there: an empty room, and a person at a desk.
    pub(super) fn always() -> Result<[Self; 2], String> {
        let scene = scene::Scene::new(240, 180)?;
        let small = |frame| thumbnail(&image::DynamicImage::ImageRgb8(frame).into_rgba8());
        let titles = |ja: &str, en: &str| (ja.to_owned(), en.to_owned());
        let (empty, person) = (small(scene.empty()), small(scene.frame(Duration::ZERO, None)));
        Ok([
            Self::new("nothing".into(), titles("なにもない", "Nothing"), "scene", empty, Scenery::Nothing),
            Self::new("person".into(), titles("人がいる", "A person"), "scene", person, Scenery::Person),
        ])
    }

    /// The same, brought by somebody at the page.
    pub(super) fn uploaded(self) -> Self {
        Self { uploaded: true, ..self }
    }

    fn new(id: String, (ja, en): (String, String), kind: &'static str, thumbnail: Arc<[u8]>, scenery: Scenery) -> Self {
        Self { id, ja, en, kind, scenery, thumbnail, version: 0, uploaded: false }
    }
}

fn thumbnail(image: &RgbaImage) -> Arc<[u8]> {
    let width = (image.width() * THUMBNAIL / image.height().max(1)).clamp(1, 3 * THUMBNAIL);
    let small = frames::resized(image, width, THUMBNAIL);
    // Writing to memory does not fail; an empty thumbnail would be a blemish only.
    frames::png_rgba(&small).unwrap_or_default().into()
}

/// Switches and choices of the desk.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Switches {
    pub(super) clock_known: bool,
    pub(super) stick: bool,
    pub(super) shown: String,
    pub(super) hears: Hear,
    pub(super) tv: Tv,
}

/// What a page is told on each change.
#[derive(Serialize)]
pub(super) struct State {
    light: &'static str,
    button_down: bool,
    camera_plugged: bool,
    camera_open: usize,
    microphone_plugged: bool,
    microphone_open: usize,
    speaker_plugged: bool,
    voice: bool,
    #[serde(flatten)]
    switches: Switches,
    radio: View,
    items: Vec<ItemView>,
}

#[derive(Serialize)]
struct ItemView {
    id: String,
    ja: String,
    en: String,
    kind: &'static str,
    version: u64,
}

/// The desk.
pub(super) struct Bench {
    pub(super) camera: CameraSlot,
    pub(super) microphone: Microphone,
    pub(super) speaker: Speaker,
    pub(super) changes: mpsc::Sender<Asked>,
    pub(super) radio: watch::Receiver<View>,
    pub(super) light: watch::Receiver<Light>,
    pub(super) button: mpsc::Sender<Edge>,
    pub(super) clock: mpsc::Sender<ClockEvent>,
    pub(super) usb: mpsc::Sender<UsbEvent>,
    pub(super) state: watch::Sender<u64>,
    pub(super) lines: broadcast::Sender<Arc<str>>,
    held: Mutex<Held>,
}

/// What several hands may change.
struct Held {
    fingers: u32,
    switches: Switches,
    items: Vec<Item>,
    remembered: VecDeque<Arc<str>>,
    voice: Option<Heard>,
    number: u64,
}

/// What [`Bench::new`] puts together.
pub(super) struct Parts {
    pub(super) camera: CameraSlot,
    pub(super) microphone: Microphone,
    pub(super) speaker: Speaker,
    pub(super) changes: mpsc::Sender<Asked>,
    pub(super) radio: watch::Receiver<View>,
    pub(super) light: watch::Receiver<Light>,
    pub(super) button: mpsc::Sender<Edge>,
    pub(super) clock: mpsc::Sender<ClockEvent>,
    pub(super) usb: mpsc::Sender<UsbEvent>,
    pub(super) state: watch::Sender<u64>,
    pub(super) switches: Switches,
    pub(super) voice: Option<Heard>,
}

impl Bench {
    pub(super) fn new(parts: Parts, items: Vec<Item>) -> Self {
        let held = Held {
            fingers: 0,
            switches: parts.switches,
            items,
            remembered: VecDeque::new(),
            voice: parts.voice,
            number: 0,
        };
        Self {
            camera: parts.camera,
            microphone: parts.microphone,
            speaker: parts.speaker,
            changes: parts.changes,
            radio: parts.radio,
            light: parts.light,
            button: parts.button,
            clock: parts.clock,
            usb: parts.usb,
            state: parts.state,
            lines: broadcast::Sender::new(REMEMBERED_LINES),
            held: Mutex::new(held),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the pages that something is different.
    pub(super) fn changed(&self) {
        self.state.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// One more finger on the button; the first gives an edge.
    pub(super) fn down(&self) -> Result<(), Refused> {
        let mut held = self.held();
        if held.fingers == 0 {
            self.say(&self.button, Edge { down: true }, "button")?;
        }
        held.fingers += 1;
        Ok(())
    }

    /// One finger fewer; the last gives an edge.
    pub(super) fn up(&self) {
        let mut held = self.held();
        if held.fingers == 1 {
            // An appliance that no longer reads has no button either.
            let _ = self.button.try_send(Edge { down: false });
        }
        held.fingers = held.fingers.saturating_sub(1);
    }

    /// Says something to the appliance without waiting.
    pub(super) fn say<T>(&self, to: &mpsc::Sender<T>, event: T, what: &str) -> Result<(), Refused> {
        to.try_send(event)
            .map_err(|_| Refused(format!("the appliance does not read its {what}; look at its log or start it again")))
    }

    pub(super) fn switches(&self, set: impl FnOnce(&mut Switches)) {
        set(&mut self.held().switches);
    }

    pub(super) fn voice(&self) -> Option<Heard> {
        self.held().voice.clone()
    }

    pub(super) fn set_voice(&self, voice: Heard) {
        self.held().voice = Some(voice);
    }

    /// Lays an item on the desk, in place of one with the same id.
    pub(super) fn put(&self, item: Item) {
        let mut held = self.held();
        held.number += 1;
        let item = Item { version: held.number, ..item };
        if let Some(old) = held.items.iter_mut().find(|old| old.id == item.id) {
            *old = item;
            return;
        }
        let uploads = held.items.iter().filter(|item| item.uploaded).count();
        if item.uploaded && uploads >= UPLOADS {
            let oldest = held.items.iter().position(|item| item.uploaded);
            oldest.map(|oldest| held.items.remove(oldest));
        }
        held.items.push(item);
    }

    /// A fresh name for something that was brought by somebody at the page.
    pub(super) fn upload_id(&self) -> String {
        let mut held = self.held();
        held.number += 1;
        format!("upload-{}", held.number)
    }

    pub(super) fn scenery(&self, id: &str) -> Option<Scenery> {
        self.held().items.iter().find(|item| item.id == id).map(|item| item.scenery.clone())
    }

    pub(super) fn thumbnail(&self, id: &str) -> Option<Arc<[u8]>> {
        self.held().items.iter().find(|item| item.id == id).map(|item| item.thumbnail.clone())
    }

    /// Takes a line of the trace.
    pub(super) fn line(&self, line: Arc<str>) {
        let mut held = self.held();
        if held.remembered.len() == REMEMBERED_LINES {
            held.remembered.pop_front();
        }
        held.remembered.push_back(line.clone());
        // Fails only while no page is open.
        let _ = self.lines.send(line);
    }

    /// The lines so far, and those to come, without a gap or a line twice.
    pub(super) fn trace(&self) -> (Vec<Arc<str>>, broadcast::Receiver<Arc<str>>) {
        let held = self.held();
        (held.remembered.iter().cloned().collect(), self.lines.subscribe())
    }

    pub(super) fn look(&self) -> State {
        let light = *self.light.borrow();
        let radio = self.radio.borrow().clone();
        let held = self.held();
        let view = |item: &Item| ItemView {
            id: item.id.clone(),
            ja: item.ja.clone(),
            en: item.en.clone(),
            kind: item.kind,
            version: item.version,
        };
        State {
            light: light_name(light),
            button_down: held.fingers > 0,
            camera_plugged: *self.camera.plugged().borrow(),
            camera_open: self.camera.open_count(),
            microphone_plugged: *self.microphone.plugged().borrow(),
            microphone_open: self.microphone.open_count(),
            speaker_plugged: *self.speaker.plugged().borrow(),
            voice: held.voice.is_some(),
            switches: held.switches.clone(),
            radio,
            items: held.items.iter().map(view).collect(),
        }
    }
}

fn light_name(light: Light) -> &'static str {
    match light {
        Light::Off => "off",
        Light::Breathing => "breathing",
        Light::Steady => "steady",
        Light::OnAir => "on-air",
        Light::Fast => "fast",
    }
}
