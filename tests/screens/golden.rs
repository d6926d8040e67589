//! Each screen looks as it did when a person looked at it: pictures at 1080p and 720p beside this file.
//!
//! After a wished change: `MADOGUCHI_ACCEPT=1 cargo test --test screens`, look at the pictures, commit them.
#![expect(clippy::disallowed_methods, reason = "golden pictures are files, and one variable accepts new ones")]

use madoguchi::screens::catalogue::every_screen;
use madoguchi::screens::paint::Painter;
use madoguchi_pixels::compare::{Colour, differing, distance, straight};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// A channel may differ by this much: the golden pictures have few colours, and processors round differently.
const CHANNEL: u8 = 48;
/// Colours this near to each other become one in a golden picture, unless they fill an area.
const NEAR: u8 = 32;
/// A colour on one of so many pixels fills an area, as a tint does.
const AREA: usize = 400;
/// Pixels that may differ by more. A lost comma is about sixty.
const PIXELS: usize = 20;

fn compare(width: u32, height: u32) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens/golden").join(format!("{height}p"));
    let rejected = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("screens-{height}p"));
    let accept = std::env::var_os("MADOGUCHI_ACCEPT").is_some();
    let mut painter = Painter::new(width, height);
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for (name, screen) in every_screen() {
        let picture = straight(painter.paint(&screen).unwrap().data());
        let file = golden.join(format!("{name}.png"));
        assert!(names.insert(file.clone()), "two screens are called {name}");
        let known = fs::read(&file).map_err(|error| error.to_string()).and_then(|data| decode(&data));
        let problem = match known {
            Ok((size, _)) if size != (width, height) => format!("is {size:?}"),
            Ok((_, known)) => match differing(&known, &picture, CHANNEL) {
                0..=PIXELS => continue,
                count => format!("{count} pixels differ"),
            },
            Err(error) => error,
        };
        let target = if accept { &golden } else { &rejected };
        fs::create_dir_all(target).unwrap();
        fs::write(target.join(format!("{name}.png")), encode(width, height, &picture)).unwrap();
        wrong.push(format!("{name}: {problem}"));
    }
    let left: Vec<PathBuf> = files(&golden).into_iter().filter(|file| !names.contains(file)).collect();
    if accept {
        left.iter().for_each(|file| fs::remove_file(file).unwrap());
        return;
    }
    assert!(
        wrong.is_empty(),
        "{} screens look different; look at {} and accept them with: MADOGUCHI_ACCEPT=1 cargo test --test screens\n{}",
        wrong.len(),
        rejected.display(),
        wrong.join("\n")
    );
    assert!(left.is_empty(), "golden pictures of screens that are gone: {left:?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map_or_else(|_| Vec::new(), |entries| entries.map(|entry| entry.unwrap().path()).collect())
}

#[test]
fn at_1080p() {
    compare(1920, 1080);
}

#[test]
fn at_720p() {
    compare(1280, 720);
}

/// An indexed PNG: the most frequent colours, the rest by their nearest.
fn encode(width: u32, height: u32, pixels: &[Colour]) -> Vec<u8> {
    let mut count: HashMap<Colour, u32> = HashMap::new();
    for pixel in pixels {
        *count.entry(*pixel).or_default() += 1;
    }
    let mut colors: Vec<(Colour, u32)> = count.into_iter().collect();
    colors.sort_by_key(|(color, count)| (std::cmp::Reverse(*count), *color));
    let palette = palette(&colors);
    let index: HashMap<Colour, u8> = colors
        .iter()
        .map(|(color, _)| {
            let nearest = (0u8..=255).zip(&palette).min_by_key(|(_, known)| distance(**known, *color));
            (*color, nearest.unwrap().0)
        })
        .collect();
    let indexed: Vec<u8> = pixels.iter().map(|pixel| index[pixel]).collect();
    let mut data = Vec::new();
    let mut encoder = png::Encoder::new(&mut data, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.iter().flat_map(|color| [color[0], color[1], color[2]]).collect::<Vec<u8>>());
    encoder.set_trns(palette.iter().map(|color| color[3]).collect::<Vec<u8>>());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header().unwrap().write_image_data(&indexed).unwrap();
    data
}

/// Frequent colours first, and of those that fill no area none that is near to one already taken: few colours make
/// small files.
fn palette(colors: &[(Colour, u32)]) -> Vec<Colour> {
    let mut palette: Vec<Colour> = Vec::new();
    let all: usize = colors.iter().map(|(_, count)| *count as usize).sum();
    for (color, count) in colors {
        let area = *count as usize * AREA > all;
        if palette.len() < 256 && (area || palette.iter().all(|known| distance(*known, *color) > NEAR)) {
            palette.push(*color);
        }
    }
    palette
}

fn decode(data: &[u8]) -> Result<((u32, u32), Vec<Colour>), String> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(data));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
    let mut bytes = vec![0; reader.output_buffer_size().ok_or("too large")?];
    let frame = reader.next_frame(&mut bytes).map_err(|error| error.to_string())?;
    Ok(((frame.width, frame.height), bytes.as_chunks().0.to_vec()))
}
