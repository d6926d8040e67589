//! Which of a TV's modes is used, and how large a picture goes where in it.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

/// The largest picture that is painted and composed, in pixels.
const LARGEST: (u32, u32) = (1920, 1080);
/// Fewer lines than this are hard to read at three metres.
const READABLE: u32 = 576;
/// Fewer than these are no TV's.
const SMALLEST: (u32, u32) = (320, 200);
/// Pictures a second that every TV shows without a flicker.
const STEADY: std::ops::RangeInclusive<u32> = 50..=60;
/// Sizes of standard television: their pixels are no squares, and each TV stretches them in its own way.
const STRETCHED: [(u32, u32); 6] = [(720, 480), (720, 576), (1440, 480), (1440, 576), (2880, 480), (2880, 576)];

/// One mode as a TV offers it. What its EDID says of centimetres is not asked: it is often wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mode {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Pictures a second, rounded; of an interlaced mode, fields.
    pub rate: u32,
    /// Each picture has every second row.
    pub interlaced: bool,
    /// The TV says that this is its own.
    pub preferred: bool,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { width, height, rate, interlaced, .. } = self;
        write!(f, "{width}x{height}{} at {rate} Hz", if *interlaced { "i" } else { "" })
    }
}

/// A mode that somebody wants: `1280x720` or `1280x720@50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Pictures a second; the best without it.
    pub rate: Option<u32>,
}

impl FromStr for Wish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (size, rate) = text.split_once('@').map_or((text, None), |(size, rate)| (size, Some(rate)));
        let parsed = size.split_once('x').and_then(|(width, height)| {
            let rate = rate.map(str::parse).transpose().ok()?;
            Some(Self { width: width.parse().ok()?, height: height.parse().ok()?, rate })
        });
        parsed.filter(|wish| wish.width >= SMALLEST.0 && wish.height >= SMALLEST.1).ok_or_else(|| {
            format!("\"{text}\" is no mode of a TV: write WIDTHxHEIGHT or WIDTHxHEIGHT@RATE, such as 1280x720@60")
        })
    }
}

impl Wish {
    fn is(self, mode: &Mode) -> bool {
        (mode.width, mode.height) == (self.width, self.height) && self.rate.is_none_or(|rate| rate == mode.rate)
    }
}

/// How a painted picture lies in a mode: whole, undistorted, in the middle, black beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Size of the picture, always 16:9.
    pub picture: (u32, u32),
    /// Each of its pixels is so many wide and high.
    pub times: u32,
    /// Its left upper corner in the mode.
    pub at: (u32, u32),
}

/// The largest 16:9 picture in a mode of this size.
pub fn fit(width: u32, height: u32) -> Fit {
    let inside = |times: u32| {
        let unit = (width / times / 16).min(height / times / 9);
        (unit * 16, unit * 9)
    };
    let mut times = 1;
    // A little more than the largest is a black rim; much more is shown by doubling each pixel.
    while inside(times).0 * 9 > LARGEST.0 * 10 {
        times += 1;
    }
    let picture = inside(times).min(LARGEST);
    Fit { picture, times, at: ((width - picture.0 * times) / 2, (height - picture.1 * times) / 2) }
}

/// A TV's modes by their places in `modes`, the best first; those without use are left out. What is wished for goes first
/// where the TV has it: a wish never leaves a TV dark.
pub fn ranked(modes: &[Mode], wish: Option<Wish>) -> Vec<usize> {
    let usable = |mode: &Mode| mode.rate > 0 && mode.width >= SMALLEST.0 && mode.height >= SMALLEST.1;
    let mut places: Vec<usize> = (0..modes.len()).filter(|place| usable(&modes[*place])).collect();
    // Stable: of equals, the first in the TV's own list.
    places.sort_by_key(|place| {
        let mode = &modes[*place];
        Reverse((wish.is_some_and(|wish| wish.is(mode)), worth(mode)))
    });
    places
}

/// How good a way to show pictures.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// Pixels of an unknown shape.
    Stretched,
    /// Letters too small for three metres.
    Small,
    /// Thin lines flicker.
    Interlaced,
    /// Movement jerks.
    Slow,
    /// More than is painted: each pixel is shown as several, at a cost.
    Large,
    /// More pictures a second than anybody needs, at a cost.
    Fast,
    /// As wished.
    Good,
}

fn worth(mode: &Mode) -> (Way, u32, bool, Reverse<u32>, Reverse<u32>) {
    let Fit { picture, times, .. } = fit(mode.width, mode.height);
    let way = if STRETCHED.contains(&(mode.width, mode.height)) {
        Way::Stretched
    } else if picture.1 < READABLE {
        Way::Small
    } else if mode.interlaced {
        Way::Interlaced
    } else if mode.rate < *STEADY.start() {
        Way::Slow
    } else if times > 1 {
        Way::Large
    } else if mode.rate > *STEADY.end() {
        Way::Fast
    } else {
        Way::Good
    };
    let painted = picture.0 * picture.1;
    // Of those that show the same: the TV's own, then the one with the least beside it.
    let all = mode.width.saturating_mul(mode.height);
    (way, painted, mode.preferred, Reverse(all), Reverse(mode.rate.abs_diff(*STEADY.end())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list as `modetest` and the kernel's `modes` print it: `WIDTHxHEIGHT[i]@RATE`, `*` behind the preferred one.
    fn list(text: &str) -> Vec<Mode> {
        text.split_whitespace()
            .map(|word| {
                let (word, preferred) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
                let (size, rate) = word.split_once('@').unwrap();
                let (size, interlaced) = size.strip_suffix('i').map_or((size, false), |size| (size, true));
                let (width, height) = size.split_once('x').unwrap();
                let number = |text: &str| text.parse().unwrap();
                Mode { width: number(width), height: number(height), rate: number(rate), interlaced, preferred }
            })
            .collect()
    }

    fn chosen(text: &str, wish: Option<&str>) -> String {
        let modes = list(text);
        let wish = wish.map(|wish| wish.parse().unwrap());
        let best = ranked(&modes, wish).first().map(|place| modes[*place]);
        best.map_or("none".to_owned(), |mode| {
            format!("{}x{}{}@{}", mode.width, mode.height, if mode.interlaced { "i" } else { "" }, mode.rate)
        })
    }

    /// In the kernel's order: the preferred one, then by size and rate, the fastest first.
    const LISTS: &[(&str, &str, &str)] = &[
        (
            "a TV of today",
            "1920x1080@60* 1920x1080@60 1920x1080i@60 1920x1080@50 1920x1080i@50 1920x1080@24 1280x720@60 1280x720@50 \
             1024x768@60 800x600@60 720x576@50 720x480@60 640x480@60",
            "1920x1080@60",
        ),
        (
            "a 4K TV that offers 1080p at 120 Hz first",
            "3840x2160@60* 4096x2160@60 3840x2160@30 1920x1080@120 1920x1080@100 1920x1080@60 1920x1080i@60 \
             1920x1080@50 1280x720@60 720x480@60 640x480@60",
            "1920x1080@60",
        ),
        (
            "a small TV with 720p, and 1080 interlaced as the broadcast has it",
            "1280x720@60* 1920x1080i@60 1920x1080i@50 1280x720@50 720x576@50 720x480@60 640x480@60",
            "1280x720@60",
        ),
        ("720p and nothing else", "1280x720@60*", "1280x720@60"),
        (
            "a panel of 1360x768 that computers know as 1024x768",
            "1360x768@60* 1024x768@75 1024x768@60 800x600@75 800x600@60 640x480@60 720x400@70",
            "1360x768@60",
        ),
        (
            "a panel of 1366x768 behind a board that takes 720p as well",
            "1366x768@60* 1280x720@60 1280x720@50 1024x768@60 640x480@60",
            "1366x768@60",
        ),
        ("4K alone, over an old cable", "4096x2160@24 3840x2160@30* 3840x2160@25 3840x2160@24", "3840x2160@30"),
        (
            "4K alone, with the small modes that every TV has",
            "3840x2160@30* 3840x2160@24 1280x720@60 640x480@60",
            "1280x720@60",
        ),
        (
            "a tube of 2005: interlaced, or standard television",
            "1920x1080i@60* 1920x1080i@50 720x480@60 640x480@60",
            "1920x1080i@60",
        ),
        ("interlaced alone", "1920x1080i@60*", "1920x1080i@60"),
        ("a monitor that stands upright", "1080x1920@60* 1024x768@60 800x600@60 640x480@60", "1080x1920@60"),
        (
            "a monitor of 16:10",
            "1920x1200@60* 1600x1200@60 1680x1050@60 1280x1024@75 1280x1024@60 1024x768@60",
            "1920x1200@60",
        ),
        (
            "what QEMU says of a display of 1360x768",
            "1360x768@75* 5120x2160@60 4096x2160@60 3840x2160@60 1920x1440@60 2560x1080@60 2048x1152@60 1920x1200@60 \
             1920x1080@60 1600x1200@60 1280x1024@60 1360x768@60 1024x768@60 640x480@60",
            "1920x1080@60",
        ),
        ("a square monitor", "1280x1024@75* 1280x1024@60 1024x768@60 640x480@60", "1280x1024@60"),
        // What the kernel offers when no EDID can be read, and the one that `kms.rs` adds: every high-definition TV has it.
        ("no EDID", "1024x768@60 800x600@60 800x600@56 848x480@60 640x480@60 1280x720@60", "1280x720@60"),
        ("what the kernel alone offers without an EDID", "1024x768@60 800x600@60 800x600@56 640x480@60", "1024x768@60"),
        ("an absurd wish: the smallest", "640x480@60* 1920x1080@60 1280x720@60", "1920x1080@60"),
        ("an absurd wish: a dot", "1x1@60* 1920x1080@60 16x16@1", "1920x1080@60"),
        ("an absurd wish: never", "1920x1080@0* 1280x720@60", "1280x720@60"),
        ("an absurd wish: the cinema", "4096x2160@24* 1920x1080@60", "1920x1080@60"),
        ("an absurd wish: text mode", "720x400@70* 1024x768@60 640x480@60", "1024x768@60"),
        ("a projector that is slow at full size", "1920x1080@30* 1920x1080@24 1280x720@60", "1280x720@60"),
        ("full size only slowly", "1920x1080@30* 1920x1080@24 640x480@60", "1920x1080@30"),
        ("fast alone", "1920x1080@120* 1920x1080@100 1280x720@60", "1280x720@60"),
        ("standard television alone", "720x576@50* 720x480@60 640x480@60", "640x480@60"),
        ("nothing that could be used", "16x16@60 1x1@60*", "none"),
        ("nothing", "", "none"),
    ];

    #[test]
    fn the_best_mode_of_each_recorded_list() {
        for (name, modes, wanted) in LISTS {
            assert_eq!(chosen(modes, None), *wanted, "{name}");
        }
    }

    /// Where the best is refused by the driver, the others follow, so that something is seen.
    #[test]
    fn every_mode_that_could_be_used_has_its_place() {
        let modes = list("1360x768@60* 1024x768@60 16x16@60 640x480@60 1920x1080i@60");
        assert_eq!(ranked(&modes, None), [0, 1, 4, 3]);
    }

    #[test]
    fn what_is_wished_for_goes_first_where_it_is() {
        let tv = "1920x1080@60* 1920x1080@50 1280x720@60 1280x720@50";
        assert_eq!(chosen(tv, Some("1280x720")), "1280x720@60");
        assert_eq!(chosen(tv, Some("1280x720@50")), "1280x720@50");
        assert_eq!(chosen(tv, Some("1360x768")), "1920x1080@60", "a TV without it is not left dark");
        for wrong in ["", "1280", "1280x", "x720", "1280x720@", "1280x720@x", "-1x720", "1x1"] {
            assert!(wrong.parse::<Wish>().unwrap_err().contains("1280x720@60"), "{wrong}");
        }
    }

    /// Whatever the mode: the picture is 16:9, not larger than is painted, whole, in the middle, and as large as it can be.
    #[test]
    fn a_picture_lies_whole_and_undistorted_in_every_mode() {
        for (mode, wanted) in [
            ((1920, 1080), Fit { picture: (1920, 1080), times: 1, at: (0, 0) }),
            ((1280, 720), Fit { picture: (1280, 720), times: 1, at: (0, 0) }),
            ((1360, 768), Fit { picture: (1360, 765), times: 1, at: (0, 1) }),
            ((1366, 768), Fit { picture: (1360, 765), times: 1, at: (3, 1) }),
            ((1024, 768), Fit { picture: (1024, 576), times: 1, at: (0, 96) }),
            ((1080, 1920), Fit { picture: (1072, 603), times: 1, at: (4, 658) }),
            ((3840, 2160), Fit { picture: (1920, 1080), times: 2, at: (0, 0) }),
            ((4096, 2160), Fit { picture: (1920, 1080), times: 2, at: (128, 0) }),
            ((2048, 1152), Fit { picture: (1920, 1080), times: 1, at: (64, 36) }),
            ((2560, 1440), Fit { picture: (1280, 720), times: 2, at: (0, 0) }),
        ] {
            assert_eq!(fit(mode.0, mode.1), wanted, "{mode:?}");
        }
        for width in (320..4100).step_by(37) {
            for height in (200..4100).step_by(41) {
                let Fit { picture, times, at } = fit(width, height);
                assert_eq!(picture.0 * 9, picture.1 * 16, "{width}x{height}");
                assert!(picture.0 <= LARGEST.0 && picture.1 <= LARGEST.1 && picture.0 > 0, "{width}x{height}");
                for (side, shown, at) in [(width, picture.0 * times, at.0), (height, picture.1 * times, at.1)] {
                    assert!(at + shown <= side && (side - shown).abs_diff(2 * at) <= 1, "{width}x{height}");
                }
                let room = (width - picture.0 * times < 16 * times) || (height - picture.1 * times < 9 * times);
                assert!(room || picture == LARGEST, "{width}x{height} has room for a larger picture");
            }
        }
    }
}
