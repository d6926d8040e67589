//! The TV: screens, own camera and staff picture composed into one output.
//!
//! A picture is composed when something that is seen has changed, and at most [`RATE`] times a second: a still
//! screen costs nothing. A machine that is slow at it composes fewer: talking goes first. Which TV is plugged in says how
//! large the pictures are ([`mode`]); they follow it when it is exchanged.

pub mod compose;
mod kms;
pub mod mode;
mod output;
mod picture;
mod plug;
mod uevents;

pub use kms::wished_by_the_kernel;
pub use madoguchi_pixels::overlay::Overlay;
pub use picture::TvFrame;
pub use plug::Shown;

use super::camera::Frame;
use crate::model::screen::Windows;
use compose::Composer;
use kms::{Display, Kms};
use mode::Wish;
use output::Told;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Most pictures a second.
pub const RATE: u32 = 25;
/// One part of the time in so many goes into composing, at most.
const COMPOSING: u32 = 3;

/// How the TV is set up.
#[derive(Clone, Debug)]
pub struct TvConfig {
    /// Width in pixels until a TV says what it has: 1920 on the box, 1280 on the workbench.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Where the picture goes.
    pub sink: TvSink,
}

/// Where the picture goes. [`Tv::newest`] has it in each case.
#[derive(Clone, Debug)]
pub enum TvSink {
    /// The kernel's display, without a window system.
    Kms {
        /// Name of the DRM driver, such as `vc4`; nothing: the first that has a TV.
        driver: Option<String>,
        /// The mode to set where the TV has it; nothing: the best that it has.
        wish: Option<Wish>,
    },
    /// Nowhere else.
    Frames,
}

/// The TV as the supervisor holds it. Its task ends when this is dropped.
pub struct Tv {
    scene: watch::Sender<Scene>,
    own: watch::Sender<Frames>,
    staff: watch::Sender<Frames>,
    newest: watch::Receiver<Option<TvFrame>>,
    plugged: watch::Receiver<bool>,
    size: watch::Receiver<(u32, u32)>,
    shown: watch::Receiver<Option<Shown>>,
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
        let size = (config.width, config.height);
        let (display, wish) = match config.sink {
            TvSink::Kms { driver, wish } => (Some(Kms::new(driver)), wish),
            TvSink::Frames => (None, None),
        };
        Self::with(size, display, wish)
    }

    /// A TV behind a display, or behind none.
    fn with<D: Display + 'static>(
        (width, height): (u32, u32),
        display: Option<D>,
        wish: Option<Wish>,
    ) -> Result<(Self, impl Future<Output = ()> + Send), String> {
        let composer = Composer::new(width, height)?;
        let (scene, scenes) = watch::channel(Scene::default());
        let (own, owns) = watch::channel(None);
        let (staff, staffs) = watch::channel(None);
        let (newest_in, newest) = watch::channel(None);
        let (plugged_in, plugged) = watch::channel(display.is_none());
        let (size_in, size) = watch::channel((width, height));
        let (shown_in, shown) = watch::channel(None);
        let seen = Seen { scenes, owns, staffs, sizes: size.clone() };
        let task = async move {
            match display {
                None => serve(composer, seen, newest_in).await,
                Some(display) => {
                    let (composed_in, composed) = watch::channel(None);
                    let told = Told { newest: newest_in, plugged: plugged_in, size: size_in, shown: shown_in };
                    let showing = output::run(display, wish, composed, told);
                    tokio::join!(serve(composer, seen, composed_in), showing);
                }
            }
        };
        Ok((Self { scene, own, staff, newest, plugged, size, shown }, task))
    }

    /// Shows a painted screen: RGBA of the TV's whole [size](Self::size) with premultiplied alpha (as `tiny_skia` paints),
    /// clear where `windows` let a moving picture through. One of another size is not shown.
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

    /// What the TV shows, newest only; without a TV, what it would show.
    pub fn newest(&self) -> watch::Receiver<Option<TvFrame>> {
        self.newest.clone()
    }

    /// Whether a TV takes the pictures.
    pub fn plugged(&self) -> watch::Receiver<bool> {
        self.plugged.clone()
    }

    /// Width and height of the screens that are wanted, in pixels; another TV may want others.
    pub fn size(&self) -> watch::Receiver<(u32, u32)> {
        self.size.clone()
    }

    /// The mode of the TV, and where it is plugged in; nothing while there is none.
    pub fn shown(&self) -> watch::Receiver<Option<Shown>> {
        self.shown.clone()
    }
}

/// What pictures are composed of.
struct Seen {
    scenes: watch::Receiver<Scene>,
    owns: watch::Receiver<Frames>,
    staffs: watch::Receiver<Frames>,
    sizes: watch::Receiver<(u32, u32)>,
}

async fn serve(mut composer: Composer, seen: Seen, composed_in: watch::Sender<Option<TvFrame>>) {
    let Seen { mut scenes, mut owns, mut staffs, mut sizes } = seen;
    let (mut own, mut staff): (Frames, Frames) = (None, None);
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
            () = resized(&mut sizes) => {
                let (width, height) = *sizes.borrow_and_update();
                match Composer::new(width, height) {
                    Ok(other) => composer = other,
                    Err(why) => tracing::error!(why, "the TV's pictures keep their size"),
                }
            }
            () = moved(&mut own), if windows.own.is_some() => {}
            () = moved(&mut staff), if windows.staff.is_some() => {}
        }
        let begun = Instant::now();
        let scene = scenes.borrow_and_update().clone();
        if !composer.takes(&scene) {
            continue;
        }
        let (own_frame, staff_frame) = (latest(&mut own), latest(&mut staff));
        let composed = tokio::task::spawn_blocking(move || {
            let picture = composer.compose(&scene, own_frame.as_ref(), staff_frame.as_ref());
            (composer, picture)
        });
        let Ok((back, picture)) = composed.await else { break };
        composer = back;
        let next = begun + between(begun.elapsed());
        match picture {
            Ok(picture) => drop(composed_in.send_replace(Some(picture))),
            Err(why) => tracing::error!(why, "the TV's picture cannot be composed"),
        }
        tokio::time::sleep_until(next).await;
    }
}

/// Time from one picture to the next when composing one `took` so long: a slow machine has more to do than this.
fn between(took: Duration) -> Duration {
    (took * COMPOSING).max(Duration::from_secs(1) / RATE)
}

/// Ends when another size is wanted.
async fn resized(sizes: &mut watch::Receiver<(u32, u32)>) {
    if sizes.changed().await.is_err() {
        std::future::pending().await
    }
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

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test watches the tasks that it starts")]
pub(crate) mod tests {
    use super::*;
    use crate::model::screen::Window;
    use mode::Mode;
    use plug::Socket;
    use std::sync::Mutex;

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
        let sink = TvSink::Kms { driver: Some("no-such-driver".into()), wish: None };
        let (tv, task) = Tv::open(TvConfig { width: 320, height: 180, sink }).unwrap();
        let _task = tokio::spawn(task);
        let (mut newest, plugged) = (tv.newest(), tv.plugged());
        for colour in [[7, 8, 9], [10, 11, 12]] {
            tv.show(painted([colour[0], colour[1], colour[2], 255]), Windows::default());
            until(&mut newest, colour).await;
            assert!(!*plugged.borrow());
        }
    }

    #[test]
    fn a_machine_that_is_slow_at_composing_composes_less_often() {
        let millis = Duration::from_millis;
        for (took, wanted) in [(0, 40), (8, 40), (20, 60), (100, 300)] {
            assert_eq!(between(millis(took)), millis(wanted), "for {took} ms");
        }
    }

    /// A display and what is at its sockets, played.
    #[derive(Clone, Default)]
    pub(crate) struct Played(Arc<Mutex<Stage>>);

    #[derive(Default)]
    struct Stage {
        sockets: Vec<Socket>,
        refuses: Vec<Mode>,
        set: Option<Shown>,
        breaks: bool,
        /// Size and middle pixel of what it shows.
        shows: Option<((u32, u32), [u8; 3])>,
    }

    impl Display for Played {
        fn sockets(&mut self, _: bool) -> Vec<Socket> {
            self.0.lock().unwrap().sockets.clone()
        }

        fn set(&mut self, way: &Shown) -> Result<(), String> {
            let mut stage = self.0.lock().unwrap();
            if stage.refuses.contains(&way.mode) {
                return Err("the cable is too long".to_owned());
            }
            (stage.set, stage.shows) = (Some(way.clone()), None);
            Ok(())
        }

        fn show(&mut self, picture: &TvFrame) -> Result<(), String> {
            let mut stage = self.0.lock().unwrap();
            if stage.breaks {
                return Err("the display is gone".to_owned());
            }
            let size = (picture.width(), picture.height());
            assert_eq!(Some(size), stage.set.as_ref().map(|shown| shown.fit.picture), "it would be cut or stretched");
            stage.shows = picture.pixel(size.0 / 2, size.1 / 2).map(|pixel| (size, pixel));
            Ok(())
        }
    }

    impl Played {
        /// The TV behind it; pictures of 640x360 until something is plugged in.
        pub(crate) fn tv(&self) -> (Arc<Tv>, tokio_util::task::AbortOnDropHandle<()>) {
            let (tv, task) = Tv::with((640, 360), Some(self.clone()), None).unwrap();
            (Arc::new(tv), tokio_util::task::AbortOnDropHandle::new(tokio::spawn(task)))
        }

        /// A TV of this size, or none, at a socket.
        pub(crate) fn plug(&self, socket: &str, size: Option<(u32, u32)>) {
            let mode = |(width, height)| Mode { width, height, rate: 60, interlaced: false, preferred: true };
            let modes: Vec<Mode> = size.map(mode).into_iter().collect();
            let tv = size.map_or(0, |(width, height)| u64::from(width * height));
            let (name, connected) = (socket.to_owned(), size.is_some());
            let mut stage = self.0.lock().unwrap();
            stage.sockets.retain(|other| other.name != name);
            stage.sockets.push(Socket { name, connected, told: true, modes, tv });
        }

        /// Waits until a picture of this size is shown, and until its middle has the colour, if one is given.
        pub(crate) async fn shows(&self, size: (u32, u32), colour: Option<[u8; 3]>) {
            let right = |(is, middle)| is == size && colour.is_none_or(|colour| colour == middle);
            let seen = || self.0.lock().unwrap().shows;
            let until = async {
                while !seen().is_some_and(right) {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            assert!(tokio::time::timeout(PATIENCE, until).await.is_ok(), "{size:?} {colour:?}: {:?}", seen());
        }
    }

    /// Paints every screen in one colour in the size that is asked for, as the supervisor does.
    fn painting(tv: Arc<Tv>, pixel: [u8; 4]) -> tokio_util::task::AbortOnDropHandle<()> {
        let mut size = tv.size();
        tokio_util::task::AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                let (width, height) = *size.borrow_and_update();
                tv.show(pixel.repeat((width * height) as usize), Windows::default());
                if size.changed().await.is_err() {
                    return;
                }
            }
        }))
    }

    /// A TV that is missing at start, one that is unplugged and another one are shown the newest picture, each in its size.
    pub(in crate::device) async fn comes_back() {
        let played = Played::default();
        let (tv, _task) = played.tv();
        let _painting = painting(tv.clone(), [9, 99, 199, 255]);
        let (mut plugged, mut shown) = (tv.plugged(), tv.shown());
        assert!(!*plugged.borrow());
        for (socket, size, picture) in [
            ("card1-HDMI-A-1", (640, 360), (640, 360)),
            ("card1-HDMI-A-2", (1024, 768), (1024, 576)),
            ("card1-HDMI-A-1", (1360, 768), (1360, 765)),
        ] {
            played.plug(socket, Some(size));
            played.shows(picture, Some([9, 99, 199])).await;
            tokio::time::timeout(PATIENCE, plugged.wait_for(|plugged| *plugged)).await.unwrap().unwrap();
            let mode = shown.borrow_and_update().as_ref().map(|shown| (shown.mode.width, shown.mode.height));
            assert_eq!(mode, Some(size));
            played.plug(socket, None);
            tokio::time::timeout(PATIENCE, plugged.wait_for(|plugged| !plugged)).await.unwrap().unwrap();
            assert!(shown.borrow().is_none());
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn another_tv_is_shown_without_a_gap() {
        let played = Played::default();
        played.plug("card1-HDMI-A-1", Some((1280, 720)));
        let (tv, _task) = played.tv();
        let _painting = painting(tv.clone(), [9, 99, 199, 255]);
        played.shows((1280, 720), Some([9, 99, 199])).await;
        played.plug("card1-HDMI-A-1", Some((1366, 768)));
        played.shows((1360, 765), Some([9, 99, 199])).await;
        // A mode that the driver does not set is followed by the next of the same TV.
        let mode = |width, height, rate| Mode { width, height, rate, interlaced: false, preferred: false };
        {
            let mut stage = played.0.lock().unwrap();
            stage.refuses = vec![mode(1920, 1080, 60)];
            let modes = vec![mode(1920, 1080, 60), mode(1280, 720, 50)];
            stage.sockets[0] = Socket { modes, tv: 9, ..stage.sockets[0].clone() };
        }
        played.shows((1280, 720), Some([9, 99, 199])).await;
        // What takes no picture any more is set anew.
        played.0.lock().unwrap().breaks = true;
        let mut plugged = tv.plugged();
        tv.show([1, 2, 3, 255].repeat(1280 * 720), Windows::default());
        tokio::time::timeout(PATIENCE, plugged.wait_for(|plugged| !plugged)).await.unwrap().unwrap();
        played.0.lock().unwrap().breaks = false;
        played.shows((1280, 720), Some([1, 2, 3])).await;
    }
}
