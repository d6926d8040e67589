//! What the TV shows.

use super::Machine;
use crate::emulator::EmulatorError;
use image::RgbImage;
use serde_json::json;
use std::path::Path;

impl Machine {
    /// What the TV shows now.
    ///
    /// # Errors
    /// When there is no TV, or QEMU is gone.
    pub async fn tv(&self) -> Result<RgbImage, EmulatorError> {
        // The guest stands still while QEMU writes: a plain picture takes milliseconds, a PNG file half a second.
        let file = tempfile::Builder::new().suffix(".ppm").tempfile_in(self.sockets.path());
        let file = file.map_err(EmulatorError::io("making a file for the TV's picture"))?;
        let words = json!({ "filename": file.path(), "format": "ppm" });
        self.qmp.execute("screendump", words).await?;
        let wrong = |error| EmulatorError::Wrong(format!("the TV's picture cannot be read: {error}"));
        image::open(file.path()).map(|picture| picture.into_rgb8()).map_err(wrong)
    }

    /// Writes what the TV shows now to a PNG file.
    ///
    /// # Errors
    /// As [`Machine::tv`], or when the file cannot be written.
    pub async fn picture(&self, to: &Path) -> Result<(), EmulatorError> {
        let picture = self.tv().await?;
        let saved = picture.save_with_format(to, image::ImageFormat::Png);
        saved.map_err(|error| EmulatorError::Wrong(format!("the picture {} cannot be written: {error}", to.display())))
    }
}
