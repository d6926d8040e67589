//! Pictures from elsewhere for the camera's slot: AVI clips with Motion JPEG, and real capture devices.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use image::RgbImage;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long the first picture may take.
const FIRST: Duration = Duration::from_secs(5);

/// A running pipeline that decodes one clip or device.
pub struct Decoder {
    pipeline: gst::Pipeline,
    frames: gst_app::AppSink,
    size: (u32, u32),
    /// The clip and its frame rate, to play it again.
    again: Option<(Arc<[u8]>, u32)>,
}

impl Decoder {
    /// Plays a clip from its beginning, over and over. Only AVI with Motion JPEG is understood.
    ///
    /// # Errors
    /// A sentence that says what the file is not.
    pub fn clip(clip: &Arc<[u8]>, size: (u32, u32), frames_per_second: u32) -> Result<Self, String> {
        let not = |why: String| format!("this is not an AVI clip with Motion JPEG pictures ({why})");
        gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
        let source = gst_app::AppSrc::builder().name("source").build();
        let description = format!("avidemux ! jpegdec ! videorate ! video/x-raw,framerate={frames_per_second}/1");
        let again = Some((clip.clone(), frames_per_second));
        Self::start(source.upcast_ref(), &description, size, again).map_err(not)
    }

    /// Opens a capture device such as `/dev/video0`.
    ///
    /// # Errors
    /// A sentence that says what was tried and what the device answered.
    pub fn device(path: &Path, size: (u32, u32)) -> Result<Self, String> {
        let not = |why: String| format!("the camera {} gives no picture ({why})", path.display());
        gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
        let name = path.to_string_lossy();
        let source = gst::ElementFactory::make("v4l2src").property("device", name.as_ref()).build();
        let source = source.map_err(|error| not(error.to_string()))?;
        Self::start(&source, "decodebin", size, None).map_err(not)
    }

    fn start(
        source: &gst::Element,
        decode: &str,
        size: (u32, u32),
        again: Option<(Arc<[u8]>, u32)>,
    ) -> Result<Self, String> {
        let (width, height) = size;
        let description = format!(
            "{decode} ! videoconvert ! videoscale add-borders=true ! \
             video/x-raw,format=RGB,width={width},height={height},pixel-aspect-ratio=1/1 ! \
             appsink name=frames sync=false max-buffers=2"
        );
        let bin = gst::parse::bin_from_description_with_name(&description, true, "decode")
            .map_err(|error| error.to_string())?;
        let pipeline = gst::Pipeline::new();
        pipeline.add(source).and_then(|()| pipeline.add(&bin)).map_err(|error| error.to_string())?;
        source.link(&bin).map_err(|error| error.to_string())?;
        let frames = bin
            .by_name("frames")
            .and_then(|element| element.downcast::<gst_app::AppSink>().ok())
            .ok_or("there is no appsink")?;
        // A device is looked at as it is now; a clip frame by frame.
        frames.set_drop(again.is_none());
        let decoder = Self { pipeline, frames, size, again };
        let started = decoder.pipeline.set_state(gst::State::Playing);
        if let (Some((clip, _)), Some(source)) = (&decoder.again, source.downcast_ref::<gst_app::AppSrc>()) {
            let pushed = source.push_buffer(gst::Buffer::from_slice(clip.clone()));
            pushed.and_then(|_| source.end_of_stream()).map_err(|error| error.to_string())?;
        }
        let first = started
            .ok()
            .and_then(|_| decoder.frames.try_pull_preroll(gst::ClockTime::from_nseconds(FIRST.as_nanos() as u64)));
        match first {
            Some(_) => Ok(decoder),
            None => Err(decoder.complaint()),
        }
    }

    /// The next picture; nothing when none came in time or at the end of a device.
    pub fn next(&mut self, within: Duration) -> Option<RgbImage> {
        let wait = gst::ClockTime::from_nseconds(within.as_nanos() as u64);
        let sample = match self.frames.try_pull_sample(wait) {
            Some(sample) => sample,
            None if self.frames.is_eos() => {
                let (clip, frames_per_second) = self.again.clone()?;
                *self = Self::clip(&clip, self.size, frames_per_second).ok()?;
                self.frames.try_pull_sample(wait)?
            }
            None => return None,
        };
        let map = sample.buffer()?.map_readable().ok()?;
        let (width, height) = self.size;
        // GStreamer pads each row to a multiple of four bytes.
        let stride = (width as usize * 3).next_multiple_of(4);
        let mut pixels = Vec::with_capacity(width as usize * height as usize * 3);
        for row in map.as_slice().chunks(stride).take(height as usize) {
            pixels.extend_from_slice(row.get(..width as usize * 3)?);
        }
        RgbImage::from_raw(width, height, pixels)
    }

    fn complaint(&self) -> String {
        let error = self.pipeline.bus().and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
        match error.as_ref().map(|message| message.view()) {
            Some(gst::MessageView::Error(error)) => error.error().to_string(),
            _ => format!("no picture came within {} seconds", FIRST.as_secs()),
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // Nothing is left to do when even this fails.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}
