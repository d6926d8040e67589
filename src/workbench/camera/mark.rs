//! A mark that a machine recognises in a picture that was encoded, sent and scaled: who it is, and a counter.
//!
//! A white card in the lower right corner bears six by four cells, black for 1. Row by row they say eight bits of
//! identity, eight bits of a counter that goes up about once a second, and a CRC-8 (polynomial 0x07) over both. The
//! cells' places are fixed parts of the picture, so that a page's script reads them with a few lines as well.

use image::{Rgb, RgbImage};

const COLUMNS: usize = 6;
const ROWS: usize = 4;
/// Left and upper edge of the cells, and a cell's width and height, as parts of the picture.
const LEFT: f32 = 0.74;
const TOP: f32 = 0.74;
const CELL_WIDTH: f32 = 0.036;
const CELL_HEIGHT: f32 = 0.048;
/// Least difference of brightness between black and white cells.
const CONTRAST: u32 = 70;

/// A script that reads the mark: `(image, width, height) => ({identity, counter}) | null`, where `image` is anything
/// that a canvas can draw (a `<video>` for instance).
pub const READ_JS: &str = include_str!("mark.js");

/// A mark that was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// See [`identity`].
    pub identity: u8,
    /// Goes up about once a second and starts again after 255.
    pub counter: u8,
}

/// The eight bits that stand for a text.
pub fn identity(text: &str) -> u8 {
    crc8(text.as_bytes())
}

/// Paints the mark.
pub fn paint(frame: &mut RgbImage, seen: Seen) {
    let (width, height) = (frame.width() as f32, frame.height() as f32);
    let mut fill = |x: f32, y: f32, w: f32, h: f32, value: u8| {
        for line in (y * height) as u32..((y + h) * height) as u32 {
            for column in (x * width) as u32..((x + w) * width) as u32 {
                if let Some(pixel) = frame.get_pixel_mut_checked(column, line) {
                    *pixel = Rgb([value; 3]);
                }
            }
        }
    };
    let card = (CELL_WIDTH * (COLUMNS as f32 + 1.0), CELL_HEIGHT * (ROWS as f32 + 1.0));
    fill(LEFT - CELL_WIDTH / 2.0, TOP - CELL_HEIGHT / 2.0, card.0, card.1, 245);
    let bits = u32::from_be_bytes([0, seen.identity, seen.counter, crc8(&[seen.identity, seen.counter])]);
    for cell in 0..COLUMNS * ROWS {
        if bits >> (COLUMNS * ROWS - 1 - cell) & 1 == 1 {
            let (x, y) = ((cell % COLUMNS) as f32, (cell / COLUMNS) as f32);
            fill(LEFT + x * CELL_WIDTH, TOP + y * CELL_HEIGHT, CELL_WIDTH, CELL_HEIGHT, 12);
        }
    }
}

/// Reads the mark of a picture that shows the whole camera frame, in any size.
pub fn read(frame: &RgbImage) -> Option<Seen> {
    let (width, height) = (frame.width() as f32, frame.height() as f32);
    let light = |x: f32, y: f32| -> Option<u32> {
        // Nine points in the inner half of the cell.
        let mut sum = 0;
        for step in 0..9u8 {
            let (right, down) = (f32::from(step % 3) * 0.2 + 0.3, f32::from(step / 3) * 0.2 + 0.3);
            let at = ((x + right * CELL_WIDTH) * width, (y + down * CELL_HEIGHT) * height);
            let pixel = frame.get_pixel_checked(at.0 as u32, at.1 as u32)?;
            sum += pixel.0.iter().map(|value| u32::from(*value)).sum::<u32>();
        }
        Some(sum / 27)
    };
    let mut cells = [0; COLUMNS * ROWS];
    for (index, cell) in cells.iter_mut().enumerate() {
        let (x, y) = ((index % COLUMNS) as f32, (index / COLUMNS) as f32);
        *cell = light(LEFT + x * CELL_WIDTH, TOP + y * CELL_HEIGHT)?;
    }
    let white = cells.iter().copied().max()?.max(light(LEFT - CELL_WIDTH * 0.75, TOP)?);
    let black = cells.iter().copied().min()?;
    if white < black + CONTRAST {
        return None;
    }
    let threshold = white.midpoint(black);
    let bits = cells.iter().fold(0u32, |bits, cell| bits << 1 | u32::from(*cell < threshold));
    let [_, identity, counter, check] = bits.to_be_bytes();
    (crc8(&[identity, counter]) == check).then_some(Seen { identity, counter })
}

/// CRC-8 with the polynomial 0x07 (ITU-T I.432.1), started at 0xff so that an empty card says nothing.
fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0xff, |mut crc, byte| {
        crc ^= byte;
        for _ in 0..8 {
            crc = if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x07 };
        }
        crc
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbench::camera::view::wall;
    use image::imageops::{FilterType, resize};

    #[test]
    fn a_mark_is_read_again_in_any_size_and_after_jpeg() {
        for counter in [0, 1, 77, 255] {
            let seen = Seen { identity: identity("appliance"), counter };
            let mut frame = wall(640, 480);
            paint(&mut frame, seen);
            assert_eq!(read(&frame), Some(seen));
            assert_eq!(read(&resize(&frame, 1280, 960, FilterType::Triangle)), Some(seen));
            let small = resize(&frame, 240, 180, FilterType::Triangle);
            let mut jpeg = Vec::new();
            image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 40).encode_image(&small).unwrap();
            let decoded = image::load_from_memory(&jpeg).unwrap().to_rgb8();
            assert_eq!(read(&decoded), Some(seen));
        }
    }

    #[test]
    fn a_picture_without_a_mark_has_none() {
        assert_eq!(read(&wall(640, 480)), None);
        assert_eq!(read(&RgbImage::new(640, 480)), None);
        assert_eq!(read(&RgbImage::new(1, 1)), None);
    }
}
