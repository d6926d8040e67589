//! The camera: one capture pipeline while somebody needs pictures, its frames handed to whoever looks.
//!
//! Subscribers hold a `watch` receiver and see the newest frame only: a slow one misses frames, and delays nobody.

pub mod frame;
mod mode;
pub mod offer;
pub mod read_files;

pub use frame::Frame;

use super::Behind;
use super::pace::{Pace, Turns};
use super::running::Running;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// What the camera is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameraAsk {
    /// Opens the camera, and keeps it open; a camera that is missing is opened when it appears.
    Open,
    /// Closes it: afterwards no frame can be had.
    Close,
}

/// What the camera says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CameraEvent {
    /// A camera can be used or not; told at start and on each change. One that is wanted counts once pictures come.
    Present {
        /// Is there, and works as far as is known.
        present: bool,
    },
    /// Frames come.
    Opened,
    /// No frames come any more.
    Closed,
    /// It is there but cannot be opened: what was tried, and what GStreamer said. It is tried again by itself.
    Failed(String),
}

/// Makes a new element, each time that a pipeline needs one.
pub type MakeElement = Arc<dyn Fn() -> Result<gst::Element, String> + Send + Sync>;

/// Where pictures come from.
#[derive(Clone)]
pub enum CameraSource {
    /// A Video4Linux capture device, such as `/dev/video0`.
    V4l2 {
        /// Its path; need not exist yet.
        device: PathBuf,
    },
    /// A live element (or bin) with one `src` pad that gives `video/x-raw`.
    Element {
        /// Makes it.
        make: MakeElement,
        /// Whether it is plugged in.
        present: watch::Receiver<bool>,
    },
}

/// How often the device's path is looked for, and the flow of frames checked.
const POLL: Duration = Duration::from_millis(500);
/// Without a frame for so long the camera is given up and opened anew.
const STALLED: Duration = Duration::from_secs(5);
/// The first one may take longer: what is opened anew before it has begun never begins on a busy machine.
const FIRST: Duration = Duration::from_secs(15);
/// Wait after a failure: with [`POLL`] and the opening below 3 s.
const AGAIN: Duration = Duration::from_secs(1);
/// Longest that opening it may take; in emulation it takes seconds.
const OPENING: Duration = Duration::from_secs(15);

/// Serves the camera until nobody asks any more. `frames` shows the newest frame while the camera is open, and
/// nothing while it is closed. What comes more often than at this `pace` is not even decoded, where the camera's coding
/// allows that.
pub async fn run(
    mut behind: Behind<CameraAsk, CameraEvent>,
    source: CameraSource,
    pace: Pace,
    frames: watch::Sender<Option<Frame>>,
) {
    let mut camera = Camera {
        source,
        pace,
        frames,
        capture: None,
        wanted: false,
        present: None,
        usable: false,
        told: None,
        not_before: None,
    };
    let mut poll = tokio::time::interval(POLL);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let events = tokio::select! {
            ask = behind.asks.recv() => match ask {
                Some(CameraAsk::Open) => { camera.wanted = true; camera.look().await }
                Some(CameraAsk::Close) => { camera.wanted = false; camera.close().await.into_iter().collect() }
                None => break,
            },
            _ = poll.tick() => camera.look().await,
        };
        for event in events {
            if behind.events.send(event).await.is_err() {
                break;
            }
        }
    }
    camera.close().await;
}

struct Camera {
    source: CameraSource,
    pace: Pace,
    frames: watch::Sender<Option<Frame>>,
    capture: Option<Capture>,
    wanted: bool,
    /// Its path or plug was there at the last look.
    present: Option<bool>,
    /// It is there and works, as far as is known.
    usable: bool,
    told: Option<bool>,
    not_before: Option<Instant>,
}

/// An open camera.
struct Capture {
    running: Running,
    counted: Arc<AtomicU64>,
    seen: u64,
    since: Instant,
    opened: bool,
}

impl Camera {
    /// Looks at what is there and brings it in line with what is wanted.
    async fn look(&mut self) -> Vec<CameraEvent> {
        let mut events = Vec::new();
        let present = self.is_present().await;
        let before = self.present.replace(present);
        if before != Some(present) {
            self.not_before = None;
            // One that comes while it is wanted must show a picture first.
            self.usable = present && (before.is_none() || !self.wanted);
        }
        if !present {
            events.extend(self.close().await);
        } else if self.wanted {
            self.keep_open(&mut events).await;
        }
        if self.told.replace(self.usable) != Some(self.usable) {
            events.insert(0, CameraEvent::Present { present: self.usable });
        }
        events
    }

    async fn keep_open(&mut self, events: &mut Vec<CameraEvent>) {
        match self.check() {
            Ok(true) => {
                self.usable = true;
                events.push(CameraEvent::Opened);
            }
            Ok(false) => {}
            Err(why) => {
                events.extend(self.close().await);
                self.failed(why, events);
            }
        }
        if self.capture.is_none() && self.not_before.is_none_or(|moment| Instant::now() >= moment) {
            match self.open().await {
                Ok(capture) => self.capture = Some(capture),
                Err(why) => self.failed(why, events),
            }
        }
    }

    fn failed(&mut self, why: String, events: &mut Vec<CameraEvent>) {
        self.usable = false;
        self.not_before = Some(Instant::now() + AGAIN);
        events.push(CameraEvent::Failed(why));
    }

    async fn is_present(&self) -> bool {
        match &self.source {
            CameraSource::V4l2 { device } => tokio::fs::metadata(device).await.is_ok(),
            CameraSource::Element { present, .. } => *present.borrow(),
        }
    }

    /// Whether frames have just begun to come; an error when they do not come, or no longer.
    fn check(&mut self) -> Result<bool, String> {
        let Some(capture) = &mut self.capture else { return Ok(false) };
        if let Some(message) =
            capture.running.0.bus().and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error, gst::MessageType::Eos]))
        {
            let said = match message.view() {
                gst::MessageView::Error(error) => error.error().to_string(),
                _ => "its pictures ended".to_owned(),
            };
            return Err(format!("the camera stopped ({said}); plug it out and in again"));
        }
        let counted = capture.counted.load(Ordering::Relaxed);
        if counted != capture.seen {
            capture.seen = counted;
            capture.since = Instant::now();
            return Ok(!std::mem::replace(&mut capture.opened, true));
        }
        let patience = if capture.opened { STALLED } else { FIRST };
        if capture.since.elapsed() > patience {
            return Err(format!("the camera gave no picture for {patience:?}; plug it out and in again"));
        }
        Ok(false)
    }

    async fn open(&self) -> Result<Capture, String> {
        let (source, pace, frames) = (self.source.clone(), self.pace.clone(), self.frames.clone());
        let counted = Arc::new(AtomicU64::new(0));
        let count = counted.clone();
        let opening = tokio::task::spawn_blocking(move || start(&source, pace, frames, count));
        let running = tokio::time::timeout(OPENING, opening)
            .await
            .map_err(|_| format!("opening the camera took longer than {OPENING:?}; plug it out and in again"))?
            .map_err(|_| "opening the camera broke off".to_owned())??;
        Ok(Capture { running, counted, seen: 0, since: Instant::now(), opened: false })
    }

    async fn close(&mut self) -> Option<CameraEvent> {
        let capture = self.capture.take();
        let was_open = capture.as_ref().is_some_and(|capture| capture.opened);
        if let Some(capture) = capture {
            capture.running.stop().await;
        }
        self.frames.send_replace(None);
        was_open.then_some(CameraEvent::Closed)
    }
}

/// Builds a capture pipeline and starts it.
fn start(
    source: &CameraSource,
    pace: Pace,
    frames: watch::Sender<Option<Frame>>,
    counted: Arc<AtomicU64>,
) -> Result<Running, String> {
    gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
    let running = Running(gst::Pipeline::with_name("camera"));
    let pipeline = &running.0;
    build(pipeline, source, pace, frames, counted)?;
    pipeline.set_state(gst::State::Playing).map_err(|error| {
        let said = pipeline.bus().and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
        let said = match said.as_ref().map(|message| message.view()) {
            Some(gst::MessageView::Error(message)) => message.error().to_string(),
            _ => error.to_string(),
        };
        format!("the camera cannot be opened ({said}); is another program using it?")
    })?;
    Ok(running)
}

fn build(
    pipeline: &gst::Pipeline,
    source: &CameraSource,
    pace: Pace,
    frames: watch::Sender<Option<Frame>>,
    counted: Arc<AtomicU64>,
) -> Result<(), String> {
    let (mut chain, paced) = match source {
        CameraSource::V4l2 { device } => mode::v4l2_chain(device)?,
        CameraSource::Element { make, .. } => (vec![make()?], 0),
    };
    keep_pace(chain.get(paced).and_then(|element| element.static_pad("src")).as_ref(), pace);
    chain.push(element("videoconvert")?);
    let caps = gst::Caps::builder("video/x-raw").field("format", "I420").build();
    let sink = gst_app::AppSink::builder().caps(&caps).max_buffers(1).drop(true).sync(false).build();
    sink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                if let Some(frame) = Frame::from_sample(sample) {
                    frames.send_replace(Some(frame));
                    counted.fetch_add(1, Ordering::Relaxed);
                }
                Ok(gst::FlowSuccess::Ok)
            })
            .build(),
    );
    chain.push(sink.upcast());
    pipeline.add_many(&chain).map_err(|error| format!("the capture pipeline cannot be built: {error}"))?;
    gst::Element::link_many(&chain)
        .map_err(|error| format!("the camera's pictures do not fit the capture pipeline: {error}"))
}

/// Leaves pictures out that come more often than they are wanted.
fn keep_pace(pad: Option<&gst::Pad>, pace: Pace) {
    let (begun, turns) = (Instant::now(), Mutex::new(Turns::default()));
    let wanted = move || turns.lock().is_ok_and(|mut turns| turns.take(begun.elapsed(), pace.between()));
    let probe = pad.map(|pad| {
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| match wanted() {
            true => gst::PadProbeReturn::Ok,
            false => gst::PadProbeReturn::Drop,
        })
    });
    if probe.is_none() {
        tracing::warn!("the camera's pictures cannot be counted: a busy machine gets all of them");
    }
}

/// Makes a plain element.
pub(crate) fn element(factory: &str) -> Result<gst::Element, String> {
    gst::ElementFactory::make(factory)
        .build()
        .map_err(|_| format!("the GStreamer element \"{factory}\" is missing: install the plugin package that has it"))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test watches the tasks that it starts, and the time they take")]
pub(super) mod tests {
    use super::*;
    use crate::device::device;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;

    fn test_pattern() -> MakeElement {
        Arc::new(|| {
            gst::init().map_err(|error| error.to_string())?;
            gst::parse::bin_from_description(
                "videotestsrc is-live=true ! capsfilter caps=video/x-raw,format=YUY2,width=320,height=240,framerate=30/1",
                true,
            )
            .map(Cast::upcast)
            .map_err(|error| error.to_string())
        })
    }

    async fn next(events: &mut tokio::sync::mpsc::Receiver<CameraEvent>) -> CameraEvent {
        tokio::time::timeout(Duration::from_secs(20), events.recv()).await.unwrap().unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn it_is_open_only_while_asked() {
        let (mut camera, behind) = device();
        let (_plugged, present) = watch::channel(true);
        let (sender, mut frames) = watch::channel(None);
        let task =
            tokio::spawn(run(behind, CameraSource::Element { make: test_pattern(), present }, Pace::default(), sender));
        assert_eq!(next(&mut camera.events).await, CameraEvent::Present { present: true });
        assert!(frames.borrow().is_none());
        for _ in 0..2 {
            camera.asks.send(CameraAsk::Open).await.unwrap();
        }
        assert_eq!(next(&mut camera.events).await, CameraEvent::Opened);
        let seen = frames.wait_for(Option::is_some).await.unwrap().clone().unwrap();
        assert_eq!((seen.width(), seen.height()), (320, 240));
        for _ in 0..2 {
            camera.asks.send(CameraAsk::Close).await.unwrap();
        }
        assert_eq!(next(&mut camera.events).await, CameraEvent::Closed);
        assert!(frames.borrow().is_none());
        drop(camera);
        task.await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_unplugged_camera_is_found_again() {
        let (mut camera, behind) = device();
        let (plugged, present) = watch::channel(true);
        let (sender, mut frames) = watch::channel(None);
        tokio::spawn(run(behind, CameraSource::Element { make: test_pattern(), present }, Pace::default(), sender));
        camera.asks.send(CameraAsk::Open).await.unwrap();
        assert_eq!(next(&mut camera.events).await, CameraEvent::Present { present: true });
        assert_eq!(next(&mut camera.events).await, CameraEvent::Opened);
        plugged.send(false).unwrap();
        assert_eq!(next(&mut camera.events).await, CameraEvent::Present { present: false });
        assert_eq!(next(&mut camera.events).await, CameraEvent::Closed);
        assert!(frames.borrow_and_update().is_none());
        plugged.send(true).unwrap();
        assert_eq!(next(&mut camera.events).await, CameraEvent::Present { present: true });
        assert_eq!(next(&mut camera.events).await, CameraEvent::Opened);
    }

    /// Each time another camera, with other sizes and formats; sometimes it goes and comes so quickly that nobody looked.
    pub(in crate::device) async fn comes_back() {
        const CAMERAS: [(&str, u32, u32, u32); 3] =
            [("YUY2", 320, 240, 30), ("NV12", 640, 360, 15), ("RGB", 1280, 720, 10)];
        let turn = Arc::new(AtomicUsize::new(0));
        let (which, held) = (turn.clone(), Arc::new(Mutex::new(gst::glib::WeakRef::<gst::Element>::new())));
        let holder = held.clone();
        let make: MakeElement = Arc::new(move || {
            gst::init().map_err(|error| error.to_string())?;
            let (format, width, height, rate) = CAMERAS[which.load(Ordering::SeqCst) % CAMERAS.len()];
            let camera = gst::parse::bin_from_description(
                &format!(
                    "videotestsrc is-live=true ! capsfilter \
                     caps=video/x-raw,format={format},width={width},height={height},framerate={rate}/1"
                ),
                true,
            );
            let camera: gst::Element = camera.map_err(|error| error.to_string())?.upcast();
            holder.lock().unwrap().set(Some(&camera));
            Ok(camera)
        });
        let (mut camera, behind) = device();
        let (plugged, present) = watch::channel(false);
        let (sender, mut frames) = watch::channel(None);
        let running = tokio::spawn(run(behind, CameraSource::Element { make, present }, Pace::default(), sender));
        camera.asks.send(CameraAsk::Open).await.unwrap();
        assert_eq!(next(&mut camera.events).await, CameraEvent::Present { present: false });
        for time in 0..10 {
            let (_, width, height, _) = CAMERAS[turn.load(Ordering::SeqCst) % CAMERAS.len()];
            plugged.send_replace(true);
            let back = Instant::now();
            assert_eq!(next(&mut camera.events).await, CameraEvent::Present { present: true });
            assert_eq!(next(&mut camera.events).await, CameraEvent::Opened);
            let seen = frames.wait_for(Option::is_some).await.unwrap().clone().unwrap();
            assert_eq!((seen.width(), seen.height()), (width, height));
            println!("the camera is back after {:?}", back.elapsed());
            turn.fetch_add(1, Ordering::SeqCst);
            // Out and in again between two looks: only the error tells of it.
            let quickly = time % 2 == 1;
            plugged.send_replace(quickly);
            if let Some(holder) = held.lock().unwrap().upgrade() {
                gst::element_error!(holder, gst::ResourceError::NotFound, ("the camera was unplugged"));
            }
            assert_eq!(next(&mut camera.events).await, CameraEvent::Present { present: false });
            assert_eq!(next(&mut camera.events).await, CameraEvent::Closed);
            if quickly {
                assert!(matches!(next(&mut camera.events).await, CameraEvent::Failed(_)));
            }
            assert!(frames.borrow_and_update().is_none());
        }
        drop(camera);
        running.await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_camera_that_cannot_be_opened_says_why() {
        let (mut camera, behind) = device();
        let nothing = tempfile::NamedTempFile::new().unwrap();
        let (sender, _frames) = watch::channel(None);
        tokio::spawn(run(behind, CameraSource::V4l2 { device: nothing.path().to_owned() }, Pace::default(), sender));
        assert_eq!(next(&mut camera.events).await, CameraEvent::Present { present: true });
        camera.asks.send(CameraAsk::Open).await.unwrap();
        assert_eq!(next(&mut camera.events).await, CameraEvent::Present { present: false });
        assert!(matches!(next(&mut camera.events).await, CameraEvent::Failed(why) if why.contains("camera")));
    }
}
