//! The kernel's display (KMS) as the place where composed pictures go.

use super::{TvFrame, TvSink};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use nix::unistd::{AccessFlags, access};
use std::path::Path;

/// The kernel's displays, each with a link to its device.
const DISPLAYS: &str = "/sys/class/drm";

/// Where displays are opened.
const NODES: &str = "/dev/dri";

/// Whether there is a display that may be opened, with or without a TV behind it: udev opens it to us a moment after the
/// kernel has found it.
pub(super) fn is_there() -> bool {
    has_display(Path::new(NODES))
}

fn has_display(nodes: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(nodes) else { return false };
    entries.flatten().any(|entry| {
        entry.file_name().as_encoded_bytes().starts_with(b"card")
            && access(&entry.path(), AccessFlags::R_OK | AccessFlags::W_OK).is_ok()
    })
}

/// The DRM name of the first display's driver. `None` while there is none, and for drivers whose DRM name is not known
/// here; kmssink then looks by itself.
fn driver_of_display(displays: &Path) -> Option<String> {
    let mut found: Vec<_> = std::fs::read_dir(displays).ok()?.flatten().map(|entry| entry.path()).collect();
    found.sort();
    found.iter().find_map(|display| {
        let driver = std::fs::read_link(display.join("device/driver")).ok()?;
        match driver.file_name()?.to_str()? {
            "vc4-drm" => Some("vc4".to_owned()),
            // The emulated machine's display hangs from its bus's driver.
            "virtio-pci" | "virtio-mmio" | "virtio_gpu" => Some("virtio_gpu".to_owned()),
            _ => None,
        }
    })
}

/// The kernel's display as a sink.
fn display(driver: Option<String>) -> Result<gst::Element, String> {
    let mut sink = gst::ElementFactory::make("kmssink")
        .property("force-modesetting", true)
        .property("can-scale", false)
        .property("sync", false);
    // Without a name kmssink tries a long list of drivers, for seconds; the emulated machine's is not on it.
    if let Some(driver) = driver.or_else(|| driver_of_display(Path::new(DISPLAYS))) {
        sink = sink.property("driver-name", driver);
    }
    sink.build().map_err(|_| "kmssink is missing: install gstreamer1.0-plugins-bad".to_owned())
}

/// An open display. Dropping it gives the display back.
pub(super) struct Kms {
    pipeline: gst::Pipeline,
    source: gst_app::AppSrc,
}

impl Kms {
    /// Opens the display in a mode of `picture`'s size.
    pub(super) fn open(to: &TvSink, picture: &TvFrame) -> Result<Self, String> {
        let sink = match to {
            TvSink::Kms { driver } => display(driver.clone())?,
            TvSink::Element { make } => make()?,
            TvSink::Frames => return Err("the TV has no output".to_owned()),
        };
        let source = gst_app::AppSrc::builder()
            .caps(&picture.caps().ok_or("the TV's picture has no size")?)
            .is_live(true)
            .do_timestamp(true)
            .format(gst::Format::Time)
            .max_buffers(1)
            .leaky_type(gst_app::AppLeakyType::Downstream)
            .build();
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_display_names_its_driver_and_its_sockets_are_no_displays() {
        let sys = tempfile::tempdir().unwrap();
        assert_eq!(driver_of_display(sys.path()), None);
        // As on a Pi: the renderer comes first, and the connector has no driver of its own.
        for (name, driver) in [("card0", "v3d"), ("card1", "vc4-drm")] {
            std::fs::create_dir_all(sys.path().join(name).join("device")).unwrap();
            symlink(format!("/sys/bus/platform/drivers/{driver}"), sys.path().join(name).join("device/driver"))
                .unwrap();
        }
        std::fs::create_dir_all(sys.path().join("card1-HDMI-A-1")).unwrap();
        assert_eq!(driver_of_display(sys.path()).as_deref(), Some("vc4"));
    }

    #[test]
    fn a_renderer_is_no_display() {
        let nodes = tempfile::tempdir().unwrap();
        assert!(!has_display(&nodes.path().join("absent")));
        std::fs::create_dir(nodes.path().join("renderD128")).unwrap();
        assert!(!has_display(nodes.path()));
        std::fs::create_dir(nodes.path().join("card0")).unwrap();
        assert!(has_display(nodes.path()));
    }
}
