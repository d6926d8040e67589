//! One composed picture of the TV.

use gstreamer as gst;
use gstreamer_video as gst_video;
use std::io::Cursor;

/// What the TV shows at one moment. Cloning shares its memory.
#[derive(Clone)]
pub struct TvFrame {
    buffer: gst::Buffer,
    info: gst_video::VideoInfo,
    number: u64,
}

impl TvFrame {
    pub(super) fn new(buffer: gst::Buffer, info: gst_video::VideoInfo, number: u64) -> Self {
        Self { buffer, info, number }
    }

    /// Counts up with every picture that was composed.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.info.width()
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.info.height()
    }

    /// Red, green and blue of each pixel, row by row.
    pub fn rgb(&self) -> Vec<u8> {
        let mut pixels = Vec::with_capacity((self.width() * self.height() * 3) as usize);
        if let Ok(map) = self.buffer.map_readable() {
            for pixel in map.chunks_exact(4) {
                if let [blue, green, red, _] = *pixel {
                    pixels.extend([red, green, blue]);
                }
            }
        }
        pixels
    }

    /// Colour of one pixel (red, green, blue).
    pub fn pixel(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        let map = self.buffer.map_readable().ok()?;
        let at = ((y * self.width() + x) * 4) as usize;
        match *map.get(at..at + 4)? {
            [blue, green, red, _] if x < self.width() => Some([red, green, blue]),
            _ => None,
        }
    }

    /// As a PNG file.
    ///
    /// # Errors
    /// When there is not enough memory for it.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        self.encoded(|file, pixels| {
            let encoder = image::codecs::png::PngEncoder::new(file);
            image::ImageEncoder::write_image(
                encoder,
                pixels,
                self.width(),
                self.height(),
                image::ExtendedColorType::Rgb8,
            )
        })
    }

    /// As a JPEG file; `quality` from 1 to 100.
    ///
    /// # Errors
    /// When there is not enough memory for it.
    pub fn jpeg(&self, quality: u8) -> Result<Vec<u8>, String> {
        self.encoded(|file, pixels| {
            let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(file, quality);
            encoder.encode(pixels, self.width(), self.height(), image::ExtendedColorType::Rgb8)
        })
    }

    fn encoded(
        &self,
        encode: impl FnOnce(&mut Cursor<Vec<u8>>, &[u8]) -> image::ImageResult<()>,
    ) -> Result<Vec<u8>, String> {
        let mut file = Cursor::new(Vec::new());
        encode(&mut file, &self.rgb()).map_err(|error| format!("the TV's picture cannot be written: {error}"))?;
        Ok(file.into_inner())
    }

    pub(super) fn caps(&self) -> Option<gst::Caps> {
        self.info.to_caps().ok()
    }

    pub(super) fn buffer(&self) -> gst::Buffer {
        self.buffer.clone()
    }
}
