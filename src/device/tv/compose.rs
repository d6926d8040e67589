//! Lays staff picture, own camera and painted screen over one another.
//!
//! GStreamer's converter scales and recolours straight into each window. Its `compositor` element is not used: it
//! would blend the whole screen many times a second, also when nothing moves, and cannot take premultiplied alpha.

use super::{Scene, TvFrame};
use crate::device::camera::Frame;
use crate::model::screen::Window;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_video as gst_video;
use madoguchi_pixels::frames::mirror;

/// Composes the TV's pictures, and keeps what it needs again.
pub(super) struct Composer {
    info: gst_video::VideoInfo,
    pool: gst::BufferPool,
    staff: Option<Scaler>,
    own: Option<Scaler>,
    composed: u64,
}

/// Converters for one kind of input into one place: first the size, then the colours. GStreamer has a quick way for
/// each of them, but a slow one for both at once.
struct Scaler {
    input: gst_video::VideoInfo,
    place: Place,
    size: gst_video::VideoConverter,
    scaled: gst_video::VideoFrame<gst_video::video_frame::Writable>,
    colours: gst_video::VideoConverter,
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rectangle {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

/// Which part of a picture goes where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    from: Rectangle,
    to: Rectangle,
}

/// How a picture of another shape gets into its window.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// All of it is seen, with black beside it: staff may show a page.
    Whole,
    /// The window is filled, and edges are cut.
    Fill,
}

impl Composer {
    /// For a TV of this size.
    pub(super) fn new(width: u32, height: u32) -> Result<Self, String> {
        gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Bgrx, width, height)
            .fps(gst::Fraction::new(0, 1))
            .build()
            .map_err(|_| format!("{width}x{height} is no size for a TV"))?;
        let pool = gst::BufferPool::new();
        let mut config = pool.config();
        let size = u32::try_from(info.size()).map_err(|_| format!("{width}x{height} is too large for a TV"))?;
        config.set_params(info.to_caps().ok().as_ref(), size, 0, 0);
        pool.set_config(config)
            .and_then(|()| pool.set_active(true))
            .map_err(|error| format!("no memory for the TV's pictures: {error}"))?;
        Ok(Self { info, pool, staff: None, own: None, composed: 0 })
    }

    /// Whether a scene is of the TV's size. One that was painted for another TV is not composed: without its painted screen
    /// it would be a different one.
    pub(super) fn takes(&self, scene: &Scene) -> bool {
        scene.overlay.as_deref().is_none_or(|overlay| overlay.fits(self.info.size()))
    }

    /// One picture of the whole TV.
    pub(super) fn compose(
        &mut self,
        scene: &Scene,
        own: Option<&Frame>,
        staff: Option<&Frame>,
    ) -> Result<TvFrame, String> {
        let mut buffer =
            self.pool.acquire_buffer(None).map_err(|error| format!("no memory for the TV's picture: {error}"))?;
        let writable = buffer.get_mut().ok_or("the TV's picture is in use")?;
        let overlay = scene.overlay.as_deref().filter(|_| self.takes(scene));
        if !overlay.is_some_and(super::Overlay::is_opaque) {
            clear(writable)?;
            if let (Some(window), Some(frame)) = (scene.windows.staff, staff) {
                place(&mut self.staff, &self.info, writable, window, Fit::Whole, frame)?;
            }
            if let (Some(window), Some(frame)) = (scene.windows.own, own) {
                place(&mut self.own, &self.info, writable, window, Fit::Fill, frame)?;
            }
        }
        if let Some(overlay) = overlay {
            let mut map = writable.map_writable().map_err(|error| error.to_string())?;
            overlay.lay_over(&mut map);
        }
        self.composed += 1;
        Ok(TvFrame::new(buffer, self.info.clone(), self.composed))
    }
}

impl Drop for Composer {
    fn drop(&mut self) {
        let _ = self.pool.set_active(false);
    }
}

fn clear(buffer: &mut gst::BufferRef) -> Result<(), String> {
    buffer.map_writable().map_err(|error| error.to_string())?.fill(0);
    Ok(())
}

/// Puts a moving picture into its window.
fn place(
    scaler: &mut Option<Scaler>,
    output: &gst_video::VideoInfo,
    buffer: &mut gst::BufferRef,
    window: Window,
    fit: Fit,
    frame: &Frame,
) -> Result<(), String> {
    let target = in_pixels(window, output.width(), output.height());
    let Some(place) = fitted(frame.width(), frame.height(), target, fit) else { return Ok(()) };
    let fits = scaler.as_ref().is_some_and(|scaler| scaler.place == place && scaler.input == *frame.info());
    if !fits {
        *scaler = Some(Scaler::new(frame.info(), output, place)?);
    }
    let Some(scaler) = scaler else { return Ok(()) };
    let input = frame.sample().buffer().ok_or("a frame without a picture")?;
    let input =
        gst_video::VideoFrameRef::from_buffer_ref_readable(input, frame.info()).map_err(|error| error.to_string())?;
    let mut picture =
        gst_video::VideoFrameRef::from_buffer_ref_writable(buffer, output).map_err(|error| error.to_string())?;
    scaler.size.frame_ref(&input, &mut scaler.scaled.as_mut_video_frame_ref());
    scaler.colours.frame_ref(&scaler.scaled.as_video_frame_ref(), &mut picture);
    if window.mirrored {
        let row_bytes = output.width() as usize * 4;
        let Rectangle { x, y, width, height } = place.to;
        let (corner, size) = ((x as usize, y as usize), (width as usize, height as usize));
        mirror(picture.plane_data_mut(0).map_err(|error| error.to_string())?, row_bytes, corner, size);
    }
    Ok(())
}

impl Scaler {
    fn new(input: &gst_video::VideoInfo, output: &gst_video::VideoInfo, place: Place) -> Result<Self, String> {
        let Place { from, to } = place;
        // The converter refuses two rates; a picture that is composed on demand has none.
        let timeless = |width, height| {
            gst_video::VideoInfo::builder(input.format(), width, height)
                .fps(output.fps())
                .colorimetry(&input.colorimetry())
                .build()
                .map_err(|_| "a picture without a size cannot be put on the TV".to_owned())
        };
        let between = timeless(to.width, to.height)?;
        let mut size = config();
        size.set_src_x(signed(from.x));
        size.set_src_y(signed(from.y));
        size.set_src_width(Some(signed(from.width)));
        size.set_src_height(Some(signed(from.height)));
        let mut colours = config();
        colours.set_dest_x(signed(to.x));
        colours.set_dest_y(signed(to.y));
        colours.set_dest_width(Some(signed(to.width)));
        colours.set_dest_height(Some(signed(to.height)));
        let cannot = |error| format!("a picture cannot be put on the TV: {error}");
        let memory = gst::Buffer::with_size(between.size()).map_err(cannot)?;
        Ok(Self {
            input: input.clone(),
            place,
            size: gst_video::VideoConverter::new(&timeless(input.width(), input.height())?, &between, Some(size))
                .map_err(cannot)?,
            scaled: gst_video::VideoFrame::from_buffer_writable(memory, &between)
                .map_err(|_| "no memory for a picture on the TV".to_owned())?,
            colours: gst_video::VideoConverter::new(&between, output, Some(colours)).map_err(cannot)?,
        })
    }
}

fn config() -> gst_video::VideoConverterConfig {
    let mut config = gst_video::VideoConverterConfig::new();
    config.set_resampler_method(gst_video::VideoResamplerMethod::Linear);
    config.set_fill_border(false);
    config.set_threads(2);
    config
}

fn signed(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// A window in the TV's pixels.
fn in_pixels(window: Window, width: u32, height: u32) -> Rectangle {
    let across = |thousandths: u16| u32::from(thousandths.min(1000)) * width / 1000;
    let down = |thousandths: u16| u32::from(thousandths.min(1000)) * height / 1000;
    let (x, y) = (across(window.x), down(window.y));
    Rectangle {
        x,
        y,
        width: across(window.x.saturating_add(window.width)) - x,
        height: down(window.y.saturating_add(window.height)) - y,
    }
}

/// Where a picture of this size goes within `target`; nothing when one of them is empty.
fn fitted(width: u32, height: u32, target: Rectangle, fit: Fit) -> Option<Place> {
    let even = |value: u32| value & !1;
    let whole = Rectangle { x: 0, y: 0, width, height };
    let wider = u64::from(width) * u64::from(target.height) > u64::from(height) * u64::from(target.width);
    let place = match fit {
        Fit::Whole if wider => {
            let shown = target.width * height / width.max(1);
            let to = Rectangle { y: target.y + (target.height - shown) / 2, height: shown, ..target };
            Place { from: whole, to }
        }
        Fit::Whole => {
            let shown = target.height * width / height.max(1);
            let to = Rectangle { x: target.x + (target.width - shown) / 2, width: shown, ..target };
            Place { from: whole, to }
        }
        Fit::Fill if wider => {
            let used = even(height * target.width / target.height.max(1));
            Place { from: Rectangle { x: even((width - used) / 2), width: used, ..whole }, to: target }
        }
        Fit::Fill => {
            let used = even(width * target.height / target.width.max(1));
            Place { from: Rectangle { y: even((height - used) / 2), height: used, ..whole }, to: target }
        }
    };
    let seen = |part: Rectangle| part.width > 0 && part.height > 0;
    (seen(place.from) && seen(place.to)).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::tv::Overlay;
    use crate::model::screen::Windows;
    use std::sync::Arc;

    const TV: Rectangle = Rectangle { x: 0, y: 0, width: 1920, height: 1080 };
    const ALL: Window = Window { x: 0, y: 0, width: 1000, height: 1000, mirrored: false };

    /// Left half dark grey, right half light grey.
    fn halves(width: u32, height: u32) -> Frame {
        let mut planes: Vec<u8> = (0..width * height).map(|at| if at % width < width / 2 { 60 } else { 200 }).collect();
        planes.resize((width * height * 3 / 2) as usize, 128);
        Frame::from_i420(width, height, planes).unwrap()
    }

    fn scene(overlay: Option<Vec<u8>>, own: Option<Window>, staff: Option<Window>) -> Scene {
        Scene { overlay: overlay.map(|rgba| Arc::new(Overlay::new(rgba))), windows: Windows { own, staff } }
    }

    #[test]
    fn a_page_of_the_staff_is_seen_whole() {
        let place = fitted(640, 480, TV, Fit::Whole).unwrap();
        assert_eq!(place.to, Rectangle { x: 240, y: 0, width: 1440, height: 1080 });
        assert_eq!(place.from, Rectangle { x: 0, y: 0, width: 640, height: 480 });
    }

    #[test]
    fn the_own_picture_fills_its_window() {
        let target = Rectangle { x: 10, y: 20, width: 400, height: 300 };
        let place = fitted(1280, 720, target, Fit::Fill).unwrap();
        assert_eq!(place.to, target);
        assert_eq!(place.from, Rectangle { x: 160, y: 0, width: 960, height: 720 });
    }

    #[test]
    fn layers_lie_over_one_another() {
        let mut composer = Composer::new(640, 360).unwrap();
        let own = Window { x: 750, y: 0, width: 250, height: 250, mirrored: true };
        let mut painted = vec![0; 640 * 360 * 4];
        for pixel in painted.chunks_exact_mut(4).skip(640 * 300) {
            pixel.copy_from_slice(&[255, 0, 0, 255]);
        }
        let scene = scene(Some(painted), Some(own), Some(ALL));
        let seen = composer.compose(&scene, Some(&halves(160, 90)), Some(&halves(320, 180))).unwrap();
        let grey = |x, y| seen.pixel(x, y).unwrap()[1];
        assert!(grey(100, 150) < 100 && grey(600, 200) > 180, "the staff's picture is not mirrored");
        assert!(grey(500, 40) > 180 && grey(620, 40) < 100, "the own picture is mirrored");
        assert_eq!(seen.pixel(300, 330), Some([255, 0, 0]), "what is painted lies on top");
    }

    #[test]
    fn without_pictures_a_window_is_black_also_in_used_memory() {
        let mut composer = Composer::new(320, 180).unwrap();
        let scene = scene(None, None, Some(ALL));
        for _ in 0..5 {
            drop(composer.compose(&scene, None, Some(&halves(320, 180))).unwrap());
        }
        let seen = composer.compose(&scene, None, None).unwrap();
        assert!(seen.rgb().iter().all(|value| *value == 0));
    }

    #[test]
    fn the_picture_can_be_saved() {
        let mut composer = Composer::new(320, 180).unwrap();
        let seen = composer.compose(&scene(Some(vec![255; 320 * 180 * 4]), None, None), None, None).unwrap();
        let png = image::load_from_memory(&seen.png().unwrap()).unwrap();
        assert_eq!((png.width(), png.height()), (320, 180));
        assert!(image::load_from_memory(&seen.jpeg(80).unwrap()).is_ok());
    }
}
