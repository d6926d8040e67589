//! What the camera looks at.

use super::uvc::Mode;
use image::RgbImage;
use std::path::{Path, PathBuf};

/// Something to look at. It is asked on the camera's own thread.
pub trait Sight: Send + 'static {
    /// The guest opens the camera.
    ///
    /// # Errors
    /// A sentence; the camera shows grey then.
    fn open(&mut self, mode: Mode) -> Result<(), String>;

    /// What is seen now; brought to the mode's size by the camera.
    ///
    /// # Errors
    /// A sentence; the camera shows grey then.
    fn frame(&mut self) -> Result<RgbImage, String>;

    /// The guest closes the camera.
    fn close(&mut self) {}
}

/// Pictures one after the other, and again from the first.
pub struct Pictures {
    pictures: Vec<RgbImage>,
    next: usize,
}

impl Pictures {
    /// Shows these, one for each picture that the guest takes.
    pub fn new(pictures: Vec<RgbImage>) -> Self {
        Self { pictures, next: 0 }
    }

    /// A picture file, or all of a folder in the order of their names.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let not = |path: &Path, why: &dyn std::fmt::Display| format!("{} cannot be shown: {why}", path.display());
        let mut files = vec![path.to_owned()];
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|why| not(path, &why))?;
            let entries: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
            files = entries.map_err(|why| not(path, &why))?;
            files.sort();
        }
        let open = |file: &PathBuf| image::open(file).map(|it| it.into_rgb8()).map_err(|why| not(file, &why));
        let pictures: Vec<RgbImage> = files.iter().map(open).collect::<Result<_, _>>()?;
        if pictures.is_empty() {
            return Err(not(path, &"there is no picture in it"));
        }
        Ok(Self::new(pictures))
    }
}

impl Sight for Pictures {
    fn open(&mut self, _: Mode) -> Result<(), String> {
        Ok(())
    }

    fn frame(&mut self) -> Result<RgbImage, String> {
        let picture = self.pictures.get(self.next).cloned().ok_or("there is no picture")?;
        self.next = (self.next + 1) % self.pictures.len();
        Ok(picture)
    }
}

/// The workbench's camera slot: moves, tilts and lights a sheet, plays clips, shows a person.
#[cfg(feature = "workbench")]
mod slot {
    use super::{Mode, RgbImage, Sight};
    use crate::workbench::camera::CameraSlot;
    use gstreamer as gst;
    use gstreamer::prelude::*;
    use gstreamer_app as gst_app;

    /// How long a picture may take.
    const PICTURE: gst::ClockTime = gst::ClockTime::from_seconds(5);

    /// A running pipeline behind the slot.
    pub struct Slot {
        slot: CameraSlot,
        running: Option<(gst::Pipeline, gst_app::AppSink, Mode)>,
    }

    impl Slot {
        /// Shows what the slot shows.
        pub fn new(slot: CameraSlot) -> Self {
            Self { slot, running: None }
        }
    }

    impl Sight for Slot {
        fn open(&mut self, mode: Mode) -> Result<(), String> {
            self.close();
            let source = self.slot.element()?;
            let Mode { width, height, .. } = mode;
            let description = format!(
                "videoconvert ! videoscale add-borders=true ! \
                 video/x-raw,format=RGB,width={width},height={height},pixel-aspect-ratio=1/1 ! \
                 appsink name=frames sync=false max-buffers=1 drop=true"
            );
            let error = |error: gst::glib::BoolError| format!("the camera's pipeline cannot be built: {error}");
            let bin = gst::parse::bin_from_description(&description, true);
            let bin = bin.map_err(|error| format!("the camera's pipeline cannot be built: {error}"))?;
            let sink = bin.by_name("frames").and_then(|sink| sink.downcast::<gst_app::AppSink>().ok());
            let sink = sink.ok_or("there is no appsink")?;
            let pipeline = gst::Pipeline::new();
            pipeline.add(&source).and_then(|()| pipeline.add(&bin)).map_err(error)?;
            source.link(&bin).map_err(error)?;
            pipeline.set_state(gst::State::Playing).map_err(|_| "the camera's pipeline does not start")?;
            self.running = Some((pipeline, sink, mode));
            Ok(())
        }

        fn frame(&mut self) -> Result<RgbImage, String> {
            let (_, sink, mode) = self.running.as_ref().ok_or("the slot is not open")?;
            let sample = sink.try_pull_sample(PICTURE).ok_or("the slot gave no picture within 5 s")?;
            let buffer = sample.buffer().ok_or("an empty picture")?;
            let map = buffer.map_readable().map_err(|error| error.to_string())?;
            // The camera's widths are multiples of four, so rows have no padding.
            RgbImage::from_raw(mode.width, mode.height, map.to_vec()).ok_or_else(|| "a short picture".to_owned())
        }

        fn close(&mut self) {
            if let Some((pipeline, ..)) = self.running.take() {
                // Nothing is left to do when even this fails.
                let _ = pipeline.set_state(gst::State::Null);
            }
        }
    }

    impl Drop for Slot {
        fn drop(&mut self) {
            self.close();
        }
    }
}

#[cfg(feature = "workbench")]
pub use slot::Slot;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_shown_in_the_order_of_its_names() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, light) in [("2.png", 20), ("1.png", 10)] {
            RgbImage::from_pixel(2, 2, image::Rgb([light; 3])).save(folder.path().join(name)).expect("saved");
        }
        let mut pictures = Pictures::read(folder.path()).expect("two pictures");
        let mut next = || pictures.frame().expect("a picture").get_pixel(0, 0).0[0];
        assert_eq!([next(), next(), next()], [10, 20, 10]);
        std::fs::copy(folder.path().join("1.png"), folder.path().join("3.txt")).expect("copied");
        assert!(Pictures::read(folder.path()).is_err_and(|why| why.contains("3.txt")));
    }
}
