//! How far two pictures differ, and which colours are in a part of one.

use std::collections::HashMap;
use std::ops::Range;

/// Red, green, blue and alpha, not multiplied by it.
pub type Colour = [u8; 4];

/// Colours out of those that are multiplied by alpha, four bytes each.
pub fn straight(premultiplied: &[u8]) -> Vec<Colour> {
    let (pixels, _) = premultiplied.as_chunks::<4>();
    let straighten = |[red, green, blue, alpha]: Colour| {
        let part = |value: u8| (u32::from(value) * 255 + u32::from(alpha) / 2) / u32::from(alpha).max(1);
        let part = |value| u8::try_from(part(value)).unwrap_or(u8::MAX);
        [part(red), part(green), part(blue), alpha]
    };
    pixels.iter().map(|pixel| if pixel[3] == 255 { *pixel } else { straighten(*pixel) }).collect()
}

/// The largest difference of a channel. What cannot be seen is alike.
pub fn distance(one: Colour, other: Colour) -> u8 {
    if one[3] == 0 && other[3] == 0 {
        return 0;
    }
    one.into_iter().zip(other).map(|(one, other)| one.abs_diff(other)).max().unwrap_or(0)
}

/// How many pixels differ by more than `channel`; what only one of them has differs.
pub fn differing(one: &[Colour], other: &[Colour], channel: u8) -> usize {
    let far = one.iter().zip(other).filter(|(one, other)| distance(**one, **other) > channel);
    far.count() + one.len().abs_diff(other.len())
}

/// How often each colour is in a part of a picture of this width. Beyond the picture there is none.
pub fn colours(picture: &[Colour], width: usize, columns: Range<usize>, rows: Range<usize>) -> HashMap<Colour, usize> {
    let mut seen = HashMap::new();
    let columns = columns.start.min(width)..columns.end.min(width);
    for row in picture.chunks_exact(width.max(1)).take(rows.end).skip(rows.start) {
        for pixels in row[columns.clone()].chunk_by(|one, other| one == other) {
            *seen.entry(pixels[0]).or_default() += pixels.len();
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_is_divided_out_and_what_is_clear_stays_clear() {
        assert_eq!(
            straight(&[10, 20, 30, 255, 64, 0, 128, 128, 0, 0, 0, 0]),
            [[10, 20, 30, 255], [128, 0, 255, 128], [0; 4]]
        );
    }

    #[test]
    fn far_pixels_and_missing_ones_are_counted() {
        let (one, other) = ([[0, 0, 0, 255], [9, 9, 9, 0], [5, 5, 5, 255]], [[0, 41, 0, 255], [1, 2, 3, 0]]);
        assert_eq!(differing(&one, &other, 40), 2);
        assert_eq!(differing(&one, &other, 41), 1);
    }

    #[test]
    fn colours_are_counted_within_the_part() {
        let (a, b) = ([1; 4], [2; 4]);
        let picture = [a, a, b, a, b, b];
        assert_eq!(colours(&picture, 3, 1..3, 0..2), HashMap::from([(a, 1), (b, 3)]));
        assert_eq!(colours(&picture, 3, 2..9, 1..9), HashMap::from([(b, 1)]));
        assert!(colours(&picture, 3, 3..9, 0..2).is_empty() && colours(&[], 0, 0..1, 0..1).is_empty());
    }
}
