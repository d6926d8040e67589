//! A painted screen that lies over the moving pictures: looked through once, so that laying it over touches only
//! what is painted.

/// A painted screen, and where in it something is painted.
pub struct Overlay {
    /// Blue, green, red, alpha; colours are multiplied by alpha already.
    pixels: Vec<u8>,
    runs: Vec<Run>,
    opaque: bool,
}

/// Neighbouring pixels that are laid over in the same way.
struct Run {
    /// First byte.
    start: usize,
    /// Byte after the last.
    end: usize,
    opaque: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Clear,
    Mixed,
    Opaque,
}

fn kind(pixel: &[u8]) -> Kind {
    match pixel.last() {
        Some(255) => Kind::Opaque,
        Some(0) | None => Kind::Clear,
        Some(_) => Kind::Mixed,
    }
}

impl Overlay {
    /// Takes red, green, blue and premultiplied alpha of each pixel.
    pub fn new(rgba: Vec<u8>) -> Self {
        let mut pixels = rgba;
        for pixel in pixels.chunks_exact_mut(4) {
            pixel.swap(0, 2);
        }
        let mut runs: Vec<Run> = Vec::new();
        let mut before = Kind::Clear;
        for (number, pixel) in pixels.chunks_exact(4).enumerate() {
            let here = kind(pixel);
            let start = number * 4;
            match runs.last_mut() {
                Some(run) if here == before && here != Kind::Clear => run.end = start + 4,
                _ if here != Kind::Clear => runs.push(Run { start, end: start + 4, opaque: here == Kind::Opaque }),
                _ => {}
            }
            before = here;
        }
        let opaque = matches!(runs.as_slice(), [run] if run.opaque && run.start == 0 && run.end == pixels.len());
        Self { pixels, runs, opaque }
    }

    /// Whether nothing can be seen behind it.
    pub fn is_opaque(&self) -> bool {
        self.opaque
    }

    /// Whether it is for a picture of so many bytes.
    pub fn fits(&self, bytes: usize) -> bool {
        self.pixels.len() == bytes
    }

    /// Lays it over a picture (blue, green, red, unused) of the same size.
    pub fn lay_over(&self, picture: &mut [u8]) {
        for run in &self.runs {
            let (Some(over), Some(under)) = (self.pixels.get(run.start..run.end), picture.get_mut(run.start..run.end))
            else {
                return;
            };
            if run.opaque {
                under.copy_from_slice(over);
                continue;
            }
            let ((over, _), (under, _)) = (over.as_chunks::<4>(), under.as_chunks_mut::<4>());
            for (over, under) in over.iter().zip(under) {
                let through = 255 - u16::from(over[3]);
                for (over, under) in over.iter().zip(under) {
                    // Divides by 255, rounded.
                    let dimmed = u16::from(*under) * through + 127;
                    *under = over.saturating_add(((dimmed + (dimmed >> 8)) >> 8) as u8);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_lets_through_opaque_hides_and_half_mixes() {
        let overlay = Overlay::new([[0, 0, 0, 0], [10, 20, 30, 255], [100, 0, 0, 128], [0, 0, 0, 0]].concat());
        assert!(!overlay.is_opaque());
        let mut picture = vec![200; 16];
        overlay.lay_over(&mut picture);
        assert_eq!(picture[..4], [200; 4]);
        assert_eq!(picture[4..7], [30, 20, 10]);
        for (seen, expected) in picture[8..11].iter().zip([100_i16, 100, 200]) {
            assert!((i16::from(*seen) - expected).abs() <= 1, "{seen} instead of {expected}");
        }
        assert_eq!(picture[12..], [200; 4]);
    }

    #[test]
    fn an_opaque_screen_is_known_as_such() {
        assert!(Overlay::new(vec![255; 64]).is_opaque());
        assert!(!Overlay::new(vec![0; 64]).is_opaque());
    }
}
