//! The TV: screens, own camera and staff picture composed into one output.
//!
//! A picture is composed when something that is seen has changed, and at most [`RATE`] times a second: a still
//! screen costs nothing. A machine that is slow at it composes fewer: talking goes first.

pub mod catalogue;
pub mod compose;
mod kms;
pub mod paint;
mod picture;

pub use madoguchi_pixels::overlay::Overlay;
pub use picture::TvFrame;

use super::camera::{Frame, MakeElement};
use crate::model::screen::Windows;
use compose::Composer;
use kms::Kms;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Most pictures a second.
pub const RATE: u32 = 25;
/// One part of the time in so many goes into composing, at most.
const COMPOSING: u32 = 3;
/// Wait before an output that failed (a TV that is unplugged) is tried again.
const AGAIN: Duration = Duration::from_secs(2);
/// The same while the kernel is still looking for its displays: the box starts before they are found.
const SOON: Duration = Duration::from_millis(200);

/// How often the display is asked whether it still takes pictures, also while the screen stands still.
const LOOK: Duration = Duration::from_secs(2);

/// How the TV is set up.
#[derive(Clone, Debug)]
pub struct TvConfig {
    /// Width in pixels: 1920 on the box, 1280 on the workbench.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Where the picture goes.
    pub sink: TvSink,
}

/// Where the picture goes. [`Tv::newest`] has it in each case.
#[derive(Clone)]
pub enum TvSink {
    /// The kernel's display, without a window system.
    Kms {
        /// Name of the DRM driver, such as `vc4`; nothing: the first that works.
        driver: Option<String>,
    },
    /// A sink element with one `sink` pad for `video/x-raw`.
    Element {
        /// Makes it, each time that the output is opened.
        make: MakeElement,
    },
    /// Nowhere else.
    Frames,
}

impl std::fmt::Debug for TvSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kms { driver } => write!(f, "Kms {{ driver: {driver:?} }}"),
            Self::Element { .. } => f.write_str("Element"),
            Self::Frames => f.write_str("Frames"),
        }
    }
}

/// The TV as the supervisor holds it. Its task ends when this is dropped.
pub struct Tv {
    scene: watch::Sender<Scene>,
    own: watch::Sender<Frames>,
    staff: watch::Sender<Frames>,
    newest: watch::Receiver<Option<TvFrame>>,
    plugged: watch::Receiver<bool>,
}

type Frames = Option<watch::Receiver<Option<Frame>>>;

/// What is to be seen beside the moving pictures.
#[derive(Clone, Default)]
pub(crate) struct Scene {
    pub(crate) overlay: Option<Arc<Overlay>>,
    pub(crate) windows: Windows,
}

impl Tv {
    /// Makes the TV and the task that serves it.
    ///
    /// # Errors
    /// When GStreamer does not start, or the size is no picture size.
    pub fn open(config: TvConfig) -> Result<(Self, impl Future<Output = ()> + Send), String> {
        let composer = Composer::new(config.width, config.height)?;
        let (scene, scenes) = watch::channel(Scene::default());
        let (own, owns) = watch::channel(None);
        let (staff, staffs) = watch::channel(None);
        let (newest_sender, newest) = watch::channel(None);
        let (plugged_sender, plugged) = watch::channel(true);
        let task = serve(config, composer, scenes, owns, staffs, newest_sender, plugged_sender);
        Ok((Self { scene, own, staff, newest, plugged }, task))
    }

    /// Shows a painted screen: RGBA of the TV's whole size with premultiplied alpha (as `tiny_skia` paints), clear
    /// where `windows` let a moving picture through.
    pub fn show(&self, rgba: Vec<u8>, windows: Windows) {
        self.scene.send_replace(Scene { overlay: Some(Arc::new(Overlay::new(rgba))), windows });
    }

    /// The own camera's frames.
    pub fn own_frames(&self, frames: watch::Receiver<Option<Frame>>) {
        self.own.send_replace(Some(frames));
    }

    /// The staff's frames.
    pub fn staff_frames(&self, frames: watch::Receiver<Option<Frame>>) {
        self.staff.send_replace(Some(frames));
    }

    /// What the TV shows, newest only.
    pub fn newest(&self) -> watch::Receiver<Option<TvFrame>> {
        self.newest.clone()
    }

    /// Whether a TV takes the pictures.
    pub fn plugged(&self) -> watch::Receiver<bool> {
        self.plugged.clone()
    }
}

async fn serve(
    config: TvConfig,
    mut composer: Composer,
    mut scenes: watch::Receiver<Scene>,
    mut owns: watch::Receiver<Frames>,
    mut staffs: watch::Receiver<Frames>,
    newest: watch::Sender<Option<TvFrame>>,
    plugged: watch::Sender<bool>,
) {
    let (mut own, mut staff): (Frames, Frames) = (None, None);
    let mut output = Output { sink: config.sink, kms: None, not_before: None, plugged };
    loop {
        let windows = scenes.borrow().windows;
        tokio::select! {
            changed = scenes.changed() => if changed.is_err() { break },
            changed = owns.changed() => match changed {
                Ok(()) => own = owns.borrow_and_update().clone(),
                Err(_) => break,
            },
            changed = staffs.changed() => match changed {
                Ok(()) => staff = staffs.borrow_and_update().clone(),
                Err(_) => break,
            },
            () = moved(&mut own), if windows.own.is_some() => {}
            () = moved(&mut staff), if windows.staff.is_some() => {}
            () = output.due() => {}
            why = output.failed() => {
                output.lost(why).await;
                continue;
            }
        }
        let begun = Instant::now();
        let scene = scenes.borrow_and_update().clone();
        let (own_frame, staff_frame) = (latest(&mut own), latest(&mut staff));
        let composed = tokio::task::spawn_blocking(move || {
            let picture = composer.compose(&scene, own_frame.as_ref(), staff_frame.as_ref());
            (composer, picture)
        });
        let Ok((back, picture)) = composed.await else { break };
        composer = back;
        let next = begun + between(begun.elapsed());
        match picture {
            Ok(picture) => {
                output.show(&picture).await;
                newest.send_replace(Some(picture));
            }
            Err(why) => tracing::error!(why, "the TV's picture cannot be composed"),
        }
        tokio::time::sleep_until(next).await;
    }
    output.close().await;
}

/// Time from one picture to the next when composing one `took` so long: a slow machine has more to do than this.
fn between(took: Duration) -> Duration {
    (took * COMPOSING).max(Duration::from_secs(1) / RATE)
}

/// Ends when there is a newer frame.
async fn moved(frames: &mut Frames) {
    if let Some(receiver) = frames
        && receiver.changed().await.is_ok()
    {
        return;
    }
    *frames = None;
    std::future::pending().await
}

fn latest(frames: &mut Frames) -> Option<Frame> {
    frames.as_mut().and_then(|receiver| receiver.borrow_and_update().clone())
}

/// The display behind the composed pictures.
struct Output {
    sink: TvSink,
    kms: Option<Kms>,
    not_before: Option<Instant>,
    plugged: watch::Sender<bool>,
}

impl Output {
    /// Ends when a failed display is to be tried again.
    async fn due(&self) {
        match self.not_before {
            Some(moment) => tokio::time::sleep_until(moment).await,
            None => std::future::pending().await,
        }
    }

    /// Ends when the display complains about a picture that it took: it does so a while later.
    async fn failed(&self) -> String {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Some(why) = self.kms.as_ref().and_then(Kms::complaint) {
                return why;
            }
        }
    }

    /// The display is opened anew after a while.
    async fn lost(&mut self, why: String) {
        tracing::warn!(why, "TV");
        self.close().await;
        self.plugged.send_if_modified(|plugged| std::mem::replace(plugged, false));
        self.not_before = Some(Instant::now() + AGAIN);
    }

    async fn show(&mut self, picture: &TvFrame) {
        if matches!(self.sink, TvSink::Frames) {
            return;
        }
        if self.not_before.is_some_and(|moment| Instant::now() < moment) {
            return;
        }
        if self.kms.is_none() && matches!(self.sink, TvSink::Kms { .. }) && !kms::is_there() {
            self.plugged.send_if_modified(|plugged| std::mem::replace(plugged, false));
            self.not_before = Some(Instant::now() + SOON);
            return;
        }
        self.not_before = None;
        let (sink, picture, kms) = (self.sink.clone(), picture.clone(), self.kms.take());
        let shown = tokio::task::spawn_blocking(move || {
            let kms = match kms {
                Some(kms) => kms,
                None => Kms::open(&sink, &picture)?,
            };
            kms.show(&picture).map(|()| kms)
        });
        let shown = shown.await.unwrap_or_else(|_| Err("showing a picture broke off".to_owned()));
        self.plugged.send_if_modified(|plugged| std::mem::replace(plugged, shown.is_ok()) != shown.is_ok());
        match shown {
            Ok(kms) => self.kms = Some(kms),
            Err(why) => {
                tracing::warn!(why, "TV");
                self.not_before = Some(Instant::now() + AGAIN);
            }
        }
    }

    async fn close(&mut self) {
        if let Some(kms) = self.kms.take() {
            let _ = tokio::task::spawn_blocking(move || drop(kms)).await;
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test watches the tasks that it starts")]
pub(super) mod tests {
    use super::*;
    use crate::model::screen::Window;
    use gstreamer as gst;
    use gstreamer::prelude::*;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    const PATIENCE: Duration = Duration::from_secs(20);
    const ALL: Window = Window { x: 0, y: 0, width: 1000, height: 1000, mirrored: false };

    fn small() -> (Tv, tokio::task::JoinHandle<()>) {
        let (tv, task) = Tv::open(TvConfig { width: 320, height: 180, sink: TvSink::Frames }).unwrap();
        (tv, tokio::spawn(task))
    }

    fn painted(pixel: [u8; 4]) -> Vec<u8> {
        pixel.repeat(320 * 180)
    }

    async fn until(newest: &mut watch::Receiver<Option<TvFrame>>, colour: [u8; 3]) {
        let seen = newest.wait_for(|frame| {
            let pixel = frame.as_ref().and_then(|frame| frame.pixel(160, 90));
            pixel.is_some_and(|pixel| pixel.iter().zip(colour).all(|(seen, wanted)| seen.abs_diff(wanted) < 4))
        });
        tokio::time::timeout(PATIENCE, seen).await.unwrap().unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn screens_and_moving_pictures_reach_the_tv() {
        let (tv, task) = small();
        let mut newest = tv.newest();
        tv.show(painted([9, 99, 199, 255]), Windows::default());
        until(&mut newest, [9, 99, 199]).await;
        let (staff, frames) = watch::channel(None);
        tv.staff_frames(frames);
        tv.show(painted([0; 4]), Windows { own: None, staff: Some(ALL) });
        until(&mut newest, [0; 3]).await;
        staff.send_replace(Frame::from_i420(64, 36, [vec![235; 64 * 36], vec![128; 64 * 18]].concat()));
        until(&mut newest, [255; 3]).await;
        staff.send_replace(None);
        until(&mut newest, [0; 3]).await;
        drop(tv);
        tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap();
    }

    /// A camera that runs behind a screen without a window costs nothing.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_not_seen_is_not_composed() {
        let (tv, _task) = small();
        let mut newest = tv.newest();
        let (camera, frames) = watch::channel(None);
        tv.own_frames(frames);
        tv.show(painted([1, 2, 3, 255]), Windows::default());
        until(&mut newest, [1, 2, 3]).await;
        let before = newest.borrow().as_ref().unwrap().number();
        for _ in 0..15 {
            camera.send_replace(Frame::black(64, 36));
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        tv.show(painted([4, 5, 6, 255]), Windows::default());
        until(&mut newest, [4, 5, 6]).await;
        // The new screen, and at most one for having been given a camera.
        assert!(newest.borrow().as_ref().unwrap().number() <= before + 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_display_that_does_not_open_is_told_and_harms_nothing() {
        let sink = TvSink::Kms { driver: Some("no-such-driver".into()) };
        let (tv, task) = Tv::open(TvConfig { width: 320, height: 180, sink }).unwrap();
        let _task = tokio::spawn(task);
        let (mut newest, mut plugged) = (tv.newest(), tv.plugged());
        tv.show(painted([7, 8, 9, 255]), Windows::default());
        until(&mut newest, [7, 8, 9]).await;
        tokio::time::timeout(PATIENCE, plugged.wait_for(|plugged| !plugged)).await.unwrap().unwrap();
        tv.show(painted([10, 11, 12, 255]), Windows::default());
        until(&mut newest, [10, 11, 12]).await;
    }

    #[test]
    fn a_machine_that_is_slow_at_composing_composes_less_often() {
        let millis = Duration::from_millis;
        for (took, wanted) in [(0, 40), (8, 40), (20, 60), (100, 300)] {
            assert_eq!(between(millis(took)), millis(wanted), "for {took} ms");
        }
    }

    /// A TV that is missing at start, and one that is unplugged, is shown the newest picture when it is back.
    pub(in crate::device) async fn comes_back() {
        let plugged_in = Arc::new(Mutex::new(None::<gst::glib::WeakRef<gst::Element>>));
        let there = Arc::new(AtomicBool::new(false));
        let (opened, is_there) = (plugged_in.clone(), there.clone());
        let make: MakeElement = Arc::new(move || {
            if !is_there.load(Ordering::SeqCst) {
                return Err("no TV".to_owned());
            }
            let sink = gst::ElementFactory::make("fakesink").property("sync", false).build();
            let sink = sink.map_err(|error| error.to_string())?;
            *opened.lock().unwrap() = Some(sink.downgrade());
            Ok(sink)
        });
        let config = TvConfig { width: 320, height: 180, sink: TvSink::Element { make } };
        let (tv, task) = Tv::open(config).unwrap();
        let _task = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(task));
        let mut plugged = tv.plugged();
        tv.show(painted([9, 99, 199, 255]), Windows::default());
        for _ in 0..3 {
            tokio::time::timeout(PATIENCE, plugged.wait_for(|plugged| !plugged)).await.unwrap().unwrap();
            there.store(true, Ordering::SeqCst);
            tokio::time::timeout(PATIENCE, plugged.wait_for(|plugged| *plugged)).await.unwrap().unwrap();
            there.store(false, Ordering::SeqCst);
            let sink = plugged_in.lock().unwrap().as_ref().and_then(gst::glib::WeakRef::upgrade).unwrap();
            gst::element_error!(sink, gst::ResourceError::NotFound, ("the TV was unplugged"));
        }
    }
}
