//! The kernel's display (KMS) as the place where composed pictures go.

use super::TvFrame;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

/// An open display. Dropping it gives the display back.
pub(super) struct Kms {
    pipeline: gst::Pipeline,
    source: gst_app::AppSrc,
}

impl Kms {
    /// Opens the display in a mode of `picture`'s size.
    pub(super) fn open(driver: Option<&str>, picture: &TvFrame) -> Result<Self, String> {
        let source = gst_app::AppSrc::builder()
            .caps(&picture.caps().ok_or("the TV's picture has no size")?)
            .is_live(true)
            .do_timestamp(true)
            .format(gst::Format::Time)
            .max_buffers(1)
            .leaky_type(gst_app::AppLeakyType::Downstream)
            .build();
        let mut sink = gst::ElementFactory::make("kmssink")
            .property("force-modesetting", true)
            .property("can-scale", false)
            .property("sync", false);
        if let Some(driver) = driver {
            sink = sink.property("driver-name", driver);
        }
        let sink = sink.build().map_err(|_| "kmssink is missing: install gstreamer1.0-plugins-bad".to_owned())?;
        let kms = Self { pipeline: gst::Pipeline::with_name("tv"), source };
        let built = kms.pipeline.add_many([kms.source.upcast_ref(), &sink]).and_then(|()| kms.source.link(&sink));
        built.map_err(|error| format!("the display's pipeline cannot be built: {error}"))?;
        match kms.pipeline.set_state(gst::State::Playing) {
            Ok(_) => Ok(kms),
            Err(_) => Err(kms.complaint().unwrap_or_else(|| "the display cannot be opened".to_owned())),
        }
    }

    /// Shows one picture; the display keeps it until the next.
    pub(super) fn show(&self, picture: &TvFrame) -> Result<(), String> {
        if let Some(complaint) = self.complaint() {
            return Err(complaint);
        }
        self.source
            .push_buffer(picture.buffer())
            .map(drop)
            .map_err(|error| format!("the display takes no picture: {error}"))
    }

    /// What the display says against a picture that it took, or against having been unplugged.
    pub(super) fn complaint(&self) -> Option<String> {
        let message = self.pipeline.bus()?.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => {
                Some(format!("the display does not work ({}); is the TV plugged in?", error.error()))
            }
            _ => None,
        }
    }
}

impl Drop for Kms {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}
