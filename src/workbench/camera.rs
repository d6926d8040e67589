//! The camera's slot: what the camera of this desk sees, as a live source for the same pipelines as a real camera.
#![expect(clippy::disallowed_methods, reason = "frames are paced by the clock")]

pub mod clip;
pub mod mark;
pub mod scene;
pub mod view;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use image::{RgbImage, RgbaImage};
use madoguchi_pixels::frames;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Pictures a second, unless another rate is asked for.
pub const FRAMES_PER_SECOND: u32 = 15;

/// What the camera looks at.
#[derive(Clone)]
pub enum Scenery {
    /// An empty room.
    Nothing,
    /// A person at a desk.
    Person,
    /// A paper that is brought and held.
    Paper(Arc<RgbaImage>),
    /// A picture that fills the view.
    Picture(Arc<RgbaImage>),
    /// An AVI clip with Motion JPEG, from its beginning, over and over.
    Clip(Arc<[u8]>),
    /// A real capture device.
    Device(PathBuf),
}

/// The slot. Clones are the same slot.
#[derive(Clone)]
pub struct CameraSlot {
    shared: Arc<Shared>,
}

struct Shared {
    size: (u32, u32),
    rate: u32,
    severity: f32,
    mark: Option<String>,
    shown: Mutex<Shown>,
    plugged: watch::Sender<bool>,
    open: AtomicUsize,
    changed: Box<dyn Fn() + Send + Sync>,
    start: Instant,
}

#[derive(Clone)]
struct Shown {
    scenery: Scenery,
    since: Instant,
    /// Tells one showing from the next.
    turn: u64,
}

impl CameraSlot {
    /// A slot with this picture size and severity (see [`view::paper_in_view`]). `mark` is painted into the picture
    /// of the person. `changed` is called when the camera is opened or closed.
    pub fn new(
        size: (u32, u32),
        severity: f32,
        mark: Option<String>,
        scenery: Scenery,
        changed: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        Self::at_rate(FRAMES_PER_SECOND, size, severity, mark, scenery, changed)
    }

    /// The same with so many pictures a second, at least one.
    pub fn at_rate(
        rate: u32,
        size: (u32, u32),
        severity: f32,
        mark: Option<String>,
        scenery: Scenery,
        changed: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        let rate = rate.max(1);
        let start = Instant::now();
        let shown = Mutex::new(Shown { scenery, since: start, turn: 0 });
        let (plugged, open) = (watch::Sender::new(true), AtomicUsize::new(0));
        Self { shared: Arc::new(Shared { size, rate, severity, mark, shown, plugged, open, changed, start }) }
    }

    /// Shows something else from now on.
    pub fn show(&self, scenery: Scenery) {
        let mut shown = self.shared.shown.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = Shown { scenery, since: Instant::now(), turn: shown.turn + 1 };
    }

    /// Plugs the camera in or out. Out ends every open source with an error, as a real one does.
    pub fn plug(&self, plugged: bool) {
        self.shared.plugged.send_replace(plugged);
    }

    /// Whether the camera is plugged in.
    pub fn plugged(&self) -> watch::Receiver<bool> {
        self.shared.plugged.subscribe()
    }

    /// How many sources deliver pictures now.
    pub fn open_count(&self) -> usize {
        self.shared.open.load(Ordering::Relaxed)
    }

    /// Makes a live source bin with one `src` pad: I420 in the slot's size and at its rate.
    ///
    /// # Errors
    /// A sentence, when the camera is unplugged or GStreamer lacks an element.
    pub fn element(&self) -> Result<gst::Element, String> {
        if !*self.shared.plugged.borrow() {
            return Err("the workbench's camera is unplugged; plug it in on the page".to_owned());
        }
        gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
        let ((width, height), rate) = (self.shared.size, self.shared.rate);
        let description = format!(
            "appsrc name=frames is-live=true do-timestamp=true format=time max-buffers=2 leaky-type=downstream \
             caps=video/x-raw,format=RGB,width={width},height={height},framerate={rate}/1 ! \
             videoconvert ! capsfilter caps=video/x-raw,format=I420"
        );
        let bin = gst::parse::bin_from_description(&description, true)
            .map_err(|error| format!("the workbench's camera cannot be built: {error}"))?;
        let frames = bin
            .by_name("frames")
            .and_then(|element| element.downcast::<gst_app::AppSrc>().ok())
            .ok_or("the workbench's camera has no source")?;
        let renderer = Renderer::new(self.shared.clone())?;
        let weak = frames.downgrade();
        std::thread::Builder::new()
            .name("bench-camera".into())
            .spawn(move || feed(&weak, renderer))
            .map_err(|error| format!("the workbench's camera thread cannot be started: {error}"))?;
        Ok(bin.upcast())
    }

    /// A frame as it would be seen now, for thumbnails and tests.
    ///
    /// # Errors
    /// A sentence, when it cannot be drawn.
    pub fn frame(&self) -> Result<RgbImage, String> {
        Renderer::new(self.shared.clone())?.frame()
    }
}

/// Pushes frames until the source is gone; draws only while it runs.
fn feed(weak: &gst::glib::WeakRef<gst_app::AppSrc>, mut renderer: Renderer) {
    let mut due = Instant::now();
    let between = renderer.shared.between();
    let mut open = Open { shared: renderer.shared.clone(), counted: false };
    loop {
        due += between;
        match due.checked_duration_since(Instant::now()) {
            Some(wait) => std::thread::sleep(wait),
            None => due = Instant::now(),
        }
        let Some(source) = weak.upgrade() else { return };
        let runs = source.current_state() == gst::State::Playing;
        open.count(runs);
        if !runs {
            continue;
        }
        if !*renderer.shared.plugged.borrow() {
            gst::element_error!(source, gst::ResourceError::NotFound, ("the workbench's camera was unplugged"));
            return;
        }
        match renderer.frame() {
            Ok(frame) => {
                // Refused while the pipeline is being torn down: the next turn sees that it is gone.
                let _ = source.push_buffer(padded(frame));
            }
            Err(why) => {
                gst::element_error!(source, gst::ResourceError::Read, ("{why}"));
                return;
            }
        }
    }
}

impl Shared {
    /// Time between two pictures.
    fn between(&self) -> Duration {
        Duration::from_secs(1) / self.rate
    }
}

/// Counts a running source, and no longer when it ends in whatever way.
struct Open {
    shared: Arc<Shared>,
    counted: bool,
}

impl Open {
    fn count(&mut self, runs: bool) {
        if self.counted == runs {
            return;
        }
        self.counted = runs;
        match runs {
            true => self.shared.open.fetch_add(1, Ordering::Relaxed),
            false => self.shared.open.fetch_sub(1, Ordering::Relaxed),
        };
        (self.shared.changed)();
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.count(false);
    }
}

/// A buffer with rows padded to a multiple of four bytes, as GStreamer's RGB wants them.
fn padded(frame: RgbImage) -> gst::Buffer {
    let row = frame.width() as usize * 3;
    let stride = row.next_multiple_of(4);
    if stride == row {
        return gst::Buffer::from_slice(frame.into_raw());
    }
    let mut bytes = vec![0; stride * frame.height() as usize];
    for (to, from) in bytes.chunks_exact_mut(stride).zip(frame.chunks_exact(row)) {
        to[..row].copy_from_slice(from);
    }
    gst::Buffer::from_slice(bytes)
}

/// Draws what is shown, for one source.
struct Renderer {
    shared: Arc<Shared>,
    scene: scene::Scene,
    turn: Option<u64>,
    ready: Ready,
}

/// What was made ready for the thing that is shown.
enum Ready {
    Empty(RgbImage),
    Person,
    Sheet(view::Sheet),
    Picture(RgbImage),
    Decoder(clip::Decoder, RgbImage),
}

impl Renderer {
    fn new(shared: Arc<Shared>) -> Result<Self, String> {
        let scene = scene::Scene::new(shared.size.0, shared.size.1)?;
        Ok(Self { shared, scene, turn: None, ready: Ready::Person })
    }

    fn frame(&mut self) -> Result<RgbImage, String> {
        let shown = self.shared.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if self.turn != Some(shown.turn) {
            self.ready = self.prepare(&shown.scenery)?;
            self.turn = Some(shown.turn);
        }
        Ok(match &mut self.ready {
            Ready::Empty(frame) | Ready::Picture(frame) => frame.clone(),
            Ready::Person => self.scene.frame(self.shared.start.elapsed(), self.shared.mark.as_deref()),
            Ready::Sheet(sheet) => sheet.frame(shown.since.elapsed(), self.shared.severity),
            Ready::Decoder(decoder, last) => {
                if let Some(frame) = decoder.next(self.shared.between()) {
                    *last = frame;
                }
                last.clone()
            }
        })
    }

    fn prepare(&self, scenery: &Scenery) -> Result<Ready, String> {
        let size = self.shared.size;
        let still = || self.scene.frame(Duration::ZERO, None);
        Ok(match scenery {
            Scenery::Nothing => Ready::Empty(self.scene.empty()),
            Scenery::Person => Ready::Person,
            Scenery::Paper(paper) => Ready::Sheet(view::sheet(paper, still())),
            Scenery::Picture(picture) => Ready::Picture(frames::fitted_rgba(picture, size)),
            Scenery::Clip(clip) => Ready::Decoder(clip::Decoder::clip(clip, size, self.shared.rate)?, still()),
            Scenery::Device(path) => Ready::Decoder(clip::Decoder::device(path, size)?, still()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_moving_pictures_in_the_size_and_at_the_rate_that_were_asked_for() {
        gst::init().unwrap();
        let slot = CameraSlot::at_rate(30, (1280, 720), 1.0, None, Scenery::Person, Box::new(|| {}));
        let pipeline = gst::Pipeline::new();
        let sink = gst_app::AppSink::builder().sync(false).build();
        let camera = slot.element().unwrap();
        pipeline.add_many([&camera, sink.upcast_ref()]).unwrap();
        camera.link(&sink).unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        let pictures = [(); 10].map(|()| sink.try_pull_sample(gst::ClockTime::from_seconds(20)));
        pipeline.set_state(gst::State::Null).unwrap();
        let pictures = pictures.map(Option::unwrap);
        let form = pictures[0].caps().unwrap().structure(0).unwrap().to_owned();
        assert_eq!((form.get("width"), form.get("height")), (Ok(1280), Ok(720)));
        assert_eq!(form.get("framerate"), Ok(gst::Fraction::new(30, 1)));
        let bytes = |at: usize| pictures[at].buffer().unwrap().map_readable().unwrap().to_vec();
        assert_ne!(bytes(0), bytes(9));
    }
}
