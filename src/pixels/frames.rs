//! Other sizes, orders and encodings of a picture's bytes.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::imageops::{FilterType, overlay, resize};
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageResult, RgbImage, RgbaImage};

/// Swaps left and right in a part of a picture of four bytes a pixel: `height` rows from row `y` on, and in each of them
/// `width` pixels from `x` on. What lies outside of the picture is left alone.
pub fn mirror(picture: &mut [u8], row_bytes: usize, (x, y): (usize, usize), (width, height): (usize, usize)) {
    for row in picture.chunks_exact_mut(row_bytes).skip(y).take(height) {
        let Some(pixels) = row.get_mut(x * 4..(x + width) * 4) else { return };
        let (pixels, _) = pixels.as_chunks_mut::<4>();
        pixels.reverse();
    }
}

/// Lays a picture of four bytes a pixel, `width` pixels wide, on a larger one whose rows begin every `row_bytes`, with its
/// left upper corner at (`x`, `y`) and each pixel shown `times` times across and down. What lies outside is left out.
pub fn lay(onto: &mut [u8], row_bytes: usize, (x, y): (usize, usize), picture: &[u8], width: usize, times: usize) {
    let rows = onto.chunks_exact_mut(row_bytes).skip(y);
    let wanted = picture.chunks_exact(width * 4).flat_map(|row| std::iter::repeat_n(row, times));
    for (row, wanted) in rows.zip(wanted) {
        let Some(row) = row.get_mut(x * 4..(x + width * times) * 4) else { return };
        if times == 1 {
            row.copy_from_slice(wanted);
            continue;
        }
        let (pixels, _) = row.as_chunks_mut::<4>();
        let (wanted, _) = wanted.as_chunks::<4>();
        for (pixels, wanted) in pixels.chunks_exact_mut(times).zip(wanted) {
            pixels.fill(*wanted);
        }
    }
}

/// Red, green and blue out of blue, green, red and one unused byte.
pub fn bgrx_to_rgb(bgrx: &[u8]) -> Vec<u8> {
    let (pixels, _) = bgrx.as_chunks::<4>();
    pixels.iter().flat_map(|[blue, green, red, _]| [*red, *green, *blue]).collect()
}

/// Red, green, blue and full opacity out of blue, green, red and one unused byte.
pub fn bgrx_to_rgba(bgrx: &[u8]) -> Vec<u8> {
    let (pixels, _) = bgrx.as_chunks::<4>();
    pixels.iter().flat_map(|[blue, green, red, _]| [*red, *green, *blue, 255]).collect()
}

/// Appends a picture as YUY2: BT.601, studio range. Its width has to be even.
pub fn yuy2(picture: &RgbImage, bytes: &mut Vec<u8>) {
    bytes.reserve(picture.as_raw().len() / 3 * 2);
    for pair in picture.as_raw().chunks_exact(6) {
        let [r0, g0, b0, r1, g1, b1] = [0, 1, 2, 3, 4, 5].map(|place| i32::from(pair[place]));
        let luma = |r: i32, g: i32, b: i32| ((66 * r + 129 * g + 25 * b + 128) >> 8) + 16;
        let (r, g, b) = ((r0 + r1) / 2, (g0 + g1) / 2, (b0 + b1) / 2);
        let blue = ((-38 * r - 74 * g + 112 * b + 128) >> 8) + 128;
        let red = ((112 * r - 94 * g - 18 * b + 128) >> 8) + 128;
        bytes.extend([luma(r0, g0, b0), blue, luma(r1, g1, b1), red].map(|value| value.clamp(0, 255) as u8));
    }
}

/// Every `step`th byte, from the first on.
pub fn every(step: usize, bytes: &[u8]) -> Vec<u8> {
    bytes.iter().step_by(step.max(1)).copied().collect()
}

/// Another size, with neighbours mixed.
pub fn resized(picture: &RgbaImage, width: u32, height: u32) -> RgbaImage {
    resize(picture, width, height, FilterType::Triangle)
}

/// The whole picture, as large as fits, before black.
pub fn fitted(picture: &RgbImage, size: (u32, u32)) -> RgbImage {
    if picture.dimensions() == size {
        return picture.clone();
    }
    let mut frame = RgbImage::new(size.0, size.1);
    let ((wide, high), (x, y)) = within(picture.dimensions(), size);
    overlay(&mut frame, &resize(picture, wide, high, FilterType::Triangle), x, y);
    frame
}

/// The same for a picture through which one can see.
pub fn fitted_rgba(picture: &RgbaImage, size: (u32, u32)) -> RgbImage {
    let mut frame = RgbaImage::from_pixel(size.0, size.1, image::Rgba([0, 0, 0, 255]));
    let ((wide, high), (x, y)) = within(picture.dimensions(), size);
    overlay(&mut frame, &resize(picture, wide, high, FilterType::Triangle), x, y);
    DynamicImage::ImageRgba8(frame).into_rgb8()
}

/// The largest size of the same shape, and the place of its corner when it is in the middle.
fn within(picture: (u32, u32), frame: (u32, u32)) -> ((u32, u32), (i64, i64)) {
    let zoom = (frame.0 as f32 / picture.0.max(1) as f32).min(frame.1 as f32 / picture.1.max(1) as f32);
    let side = |pixels: u32| ((pixels as f32 * zoom) as u32).max(1);
    let (wide, high) = (side(picture.0), side(picture.1));
    let centre = |outer: u32, inner: u32| i64::from(outer.saturating_sub(inner) / 2);
    ((wide, high), (centre(frame.0, wide), centre(frame.1, high)))
}

/// The brightness of each pixel; what is transparent is white paper.
pub fn brightness(picture: &DynamicImage) -> Vec<u8> {
    if !picture.color().has_alpha() {
        return picture.to_luma8().into_raw();
    }
    let on_paper = |[light, opaque]: [u8; 2]| {
        let (light, opaque) = (u16::from(light), u16::from(opaque));
        ((light * opaque + 255 * (255 - opaque)) / 255) as u8
    };
    picture.to_luma_alpha8().pixels().map(|pixel| on_paper(pixel.0)).collect()
}

/// A JPEG file of red, green and blue; `quality` from 1 to 100. Appended to `file`.
///
/// # Errors
/// When JPEG knows no such size.
///
/// # Panics
/// When the bytes are not `width * height * 3`.
pub fn jpeg(rgb: &[u8], width: u32, height: u32, quality: u8, file: &mut Vec<u8>) -> ImageResult<()> {
    JpegEncoder::new_with_quality(file, quality).encode(rgb, width, height, ExtendedColorType::Rgb8)
}

/// A PNG file of red, green and blue.
///
/// # Errors
/// When there is not enough memory for it.
///
/// # Panics
/// When the bytes are not `width * height * 3`.
pub fn png(rgb: &[u8], width: u32, height: u32) -> ImageResult<Vec<u8>> {
    let mut file = Vec::new();
    PngEncoder::new(&mut file).write_image(rgb, width, height, ExtendedColorType::Rgb8)?;
    Ok(file)
}

/// A PNG file of red, green, blue and opacity.
///
/// # Errors
/// When there is not enough memory for it.
pub fn png_rgba(picture: &RgbaImage) -> ImageResult<Vec<u8>> {
    let mut file = Vec::new();
    PngEncoder::new(&mut file).write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgba8)?;
    Ok(file)
}

/// Lays premultiplied red, green, blue and alpha over a row of red, green and blue (Porter and Duff 1984, "over").
pub fn over(under: &mut [u8], over: &[u8]) {
    for (under, over) in under.chunks_exact_mut(3).zip(over.chunks_exact(4)) {
        match over[3] {
            0 => {}
            255 => under.copy_from_slice(&over[..3]),
            alpha => {
                for (value, part) in under.iter_mut().zip(over) {
                    let rest = u16::from(*value) * u16::from(255 - alpha) / 255;
                    *value = part.saturating_add(rest as u8);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_come_out_as_bt601_says() {
        let mut bytes = Vec::new();
        let colours = [[255, 255, 255], [255, 255, 255], [0, 0, 0], [0, 0, 0], [255, 0, 0], [255, 0, 0]];
        let picture = RgbImage::from_raw(6, 1, colours.concat()).unwrap();
        yuy2(&picture, &mut bytes);
        assert_eq!(bytes, [235, 128, 235, 128, 16, 128, 16, 128, 82, 90, 82, 240]);
    }

    #[test]
    fn only_the_part_is_mirrored() {
        let mut picture: Vec<u8> = (0..4 * 4 * 2).collect();
        mirror(&mut picture, 16, (1, 1), (2, 1));
        assert_eq!(picture[..16], (0..16).collect::<Vec<u8>>());
        assert_eq!(picture[16..], [16, 17, 18, 19, 24, 25, 26, 27, 20, 21, 22, 23, 28, 29, 30, 31]);
        let before = picture.clone();
        mirror(&mut picture, 16, (3, 0), (2, 2));
        assert_eq!(picture, before, "a part that reaches out of the picture");
    }

    #[test]
    fn a_picture_lies_where_it_should_and_each_pixel_is_shown_so_often() {
        let pixel = |value: u8| [value; 4];
        let picture = [1, 2, 3, 4].map(pixel).concat();
        // Rows of 4 pixels and 4 bytes that nobody sees.
        let mut screen = vec![0; 20 * 4];
        lay(&mut screen, 20, (1, 1), &picture, 2, 1);
        let row = |values: [u8; 5]| values.map(pixel).concat();
        let wanted = [row([0; 5]), row([0, 1, 2, 0, 0]), row([0, 3, 4, 0, 0]), row([0; 5])];
        assert_eq!(screen, wanted.concat());
        lay(&mut screen, 20, (0, 0), &picture, 2, 2);
        let wanted = [[1, 1, 2, 2, 0], [1, 1, 2, 2, 0], [3, 3, 4, 4, 0], [3, 3, 4, 4, 0]].map(row);
        assert_eq!(screen, wanted.concat());
        let before = screen.clone();
        lay(&mut screen, 20, (4, 0), &picture, 2, 1);
        lay(&mut screen, 20, (0, 4), &picture, 2, 1);
        assert_eq!(screen, before, "outside");
    }

    #[test]
    fn red_and_blue_change_places() {
        let bgrx = [1, 2, 3, 9, 4, 5, 6, 9];
        assert_eq!(bgrx_to_rgb(&bgrx), [3, 2, 1, 6, 5, 4]);
        assert_eq!(bgrx_to_rgba(&bgrx), [3, 2, 1, 255, 6, 5, 4, 255]);
        assert_eq!(every(2, &[1, 2, 3, 4, 5]), [1, 3, 5]);
    }

    #[test]
    fn a_tall_picture_stands_before_black() {
        let white = RgbImage::from_pixel(30, 60, image::Rgb([255; 3]));
        let clear = RgbaImage::from_pixel(30, 60, image::Rgba([255; 4]));
        for frame in [fitted(&white, (40, 40)), fitted_rgba(&clear, (40, 40))] {
            assert_eq!((frame.get_pixel(5, 20).0, frame.get_pixel(20, 20).0), ([0; 3], [255; 3]));
        }
    }

    #[test]
    fn what_is_transparent_is_white_paper() {
        let mut picture = RgbaImage::new(2, 1);
        picture.put_pixel(1, 0, image::Rgba([10, 10, 10, 255]));
        assert_eq!(brightness(&picture.into()), [255, 10]);
    }
}
