//! One composed picture of the TV.

use gstreamer as gst;
use gstreamer_video as gst_video;
use madoguchi_pixels::frames;

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
        self.buffer.map_readable().map_or_else(|_| Vec::new(), |map| frames::bgrx_to_rgb(&map))
    }

    /// Red, green, blue and full opacity of each pixel, row by row.
    pub fn rgba(&self) -> Vec<u8> {
        self.buffer.map_readable().map_or_else(|_| Vec::new(), |map| frames::bgrx_to_rgba(&map))
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
        frames::png(&self.rgb(), self.width(), self.height()).map_err(cannot_be_written)
    }

    /// As a JPEG file; `quality` from 1 to 100.
    ///
    /// # Errors
    /// When there is not enough memory for it.
    pub fn jpeg(&self, quality: u8) -> Result<Vec<u8>, String> {
        let mut file = Vec::new();
        let written = frames::jpeg(&self.rgb(), self.width(), self.height(), quality, &mut file);
        written.map_err(cannot_be_written).map(|()| file)
    }

    /// Blue, green, red and an unused byte of each pixel, row by row.
    pub(super) fn read<T>(&self, reader: impl FnOnce(&[u8]) -> T) -> Option<T> {
        self.buffer.map_readable().ok().map(|map| reader(&map))
    }
}

fn cannot_be_written(error: image::ImageError) -> String {
    format!("the TV's picture cannot be written: {error}")
}
