//! Reads the codes of one picture: a quick look at every picture, and one of several thorough passes in turn where
//! the quick look finds nothing.

use crate::model::screen::ScanHint;
use crate::model::secret::Secret;
use madoguchi_pixels::flatten::{Corner, flatten};
use madoguchi_pixels::frames;
use madoguchi_pixels::grey::Grey;
use zxingcpp::{Barcode, BarcodeFormat, BarcodeReader, Binarizer, ImageFormat, ImageView, PointI, TextMode};

/// What one picture shows.
#[derive(Default)]
pub struct Reading {
    /// The text of each code, each text once.
    pub texts: Vec<Secret>,
    /// Where a code is that could not be read.
    pub located: Option<Located>,
}

/// A code that is there but could not be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Located {
    /// Pixels a module, the mean over the code.
    pub module: f32,
    /// Length of its longest side as a part of the picture's shorter side.
    pub share: f32,
    /// It reaches the edge of the picture.
    pub cut_off: bool,
}

/// Pixels a module below which coming closer helps (measured: 1.5 is the limit, 3 is safe when the hand moves).
const SMALL_MODULE: f32 = 3.0;
/// Part of the picture's shorter side above which a code is likely to be out of focus or cut off.
const TOO_LARGE: f32 = 0.9;

impl Reading {
    /// What to tell the person who holds the code.
    pub fn hint(&self) -> ScanHint {
        match self.located {
            _ if !self.texts.is_empty() => ScanHint::Found,
            None => ScanHint::Looking,
            Some(code) if code.cut_off || code.share > TOO_LARGE => ScanHint::FurtherAway,
            Some(code) if code.module < SMALL_MODULE => ScanHint::Closer,
            Some(_) => ScanHint::HoldStill,
        }
    }
}

/// One thorough pass over a picture in which the quick look found nothing.
enum Pass {
    /// Prepares the picture and looks again.
    Grey(fn(&Grey) -> Grey),
    /// The same; the result is black and white already.
    Binary(fn(&Grey) -> Grey),
    /// Straightens strongly bent sheets whose code was located.
    Straighten,
}

/// The passes in their order of use: those that read most of what the quick look misses come first.
static PASSES: [Pass; 15] = [
    // Uneven light, noise.
    Pass::Binary(|picture| picture.blurred().binarized(12)),
    // Out of focus.
    Pass::Grey(|picture| picture.blurred().sharpened(2, 2)),
    Pass::Straighten,
    // Small modules, shadow.
    Pass::Binary(|picture| picture.doubled().binarized(20)),
    Pass::Grey(|picture| picture.turned(22.0)),
    Pass::Grey(|picture| picture.doubled().sharpened(3, 2)),
    // Dots of noise.
    Pass::Binary(|picture| picture.median().binarized(12)),
    // Patterns within the modules.
    Pass::Binary(|picture| picture.halved().binarized(12)),
    Pass::Binary(|picture| picture.turned(45.0).blurred().binarized(12)),
    Pass::Binary(|picture| picture.reduced().binarized(12)),
    Pass::Grey(|picture| picture.evened(10)),
    // Strongly out of focus.
    Pass::Grey(|picture| picture.blurred().sharpened(2, 4)),
    Pass::Binary(|picture| picture.binarized(8)),
    // Darkness.
    Pass::Binary(|picture| picture.blurred().blurred().blurred().binarized(12)),
    Pass::Grey(|picture| picture.blurred().blurred().blurred().stretched().sharpened(4, 2)),
];

/// Pictures of more pixels than this get a thorough pass only every [`LARGE_TURN`]th time.
const LARGE: usize = 640 * 480 * 3 / 2;
const LARGE_TURN: u32 = 3;
/// Stills of more pixels are halved before a thorough pass: no camera's frame is larger.
const LARGEST: usize = 1920 * 1080;
/// Bent codes straightened in one picture.
const MOST_BENT: usize = 3;

/// Reads pictures one after the other. It keeps nothing of them but whose turn it is.
pub struct Reader {
    quick: BarcodeReader,
    binary: BarcodeReader,
    drawn: BarcodeReader,
    turn: usize,
    misses: u32,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

/// A luma plane with its layout in bytes.
#[derive(Clone, Copy)]
pub struct Plane<'a> {
    /// The bytes, from the first pixel on.
    pub bytes: &'a [u8],
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bytes from row to row.
    pub row_stride: usize,
    /// Bytes from pixel to pixel: 1 for I420, NV12 and grey, 2 for YUYV.
    pub pixel_stride: usize,
}

impl Plane<'_> {
    /// The pixels without gaps; nothing if the bytes do not hold that many or there is no pixel.
    fn dense(&self) -> Option<Grey> {
        let (width, height) = (self.width, self.height);
        if width == 0 || height == 0 || width > 16_384 || height > 16_384 || self.pixel_stride == 0 {
            return None;
        }
        let row_bytes = (width - 1).checked_mul(self.pixel_stride)?.checked_add(1)?;
        let last = (height - 1).checked_mul(self.row_stride)?.checked_add(row_bytes)?;
        if self.row_stride < row_bytes || self.bytes.len() < last {
            return None;
        }
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            let row = &self.bytes[y * self.row_stride..][..row_bytes];
            if self.pixel_stride == 1 {
                pixels.extend_from_slice(row);
            } else {
                pixels.extend(frames::every(self.pixel_stride, row));
            }
        }
        Some(Grey { width, height, pixels })
    }
}

impl Reader {
    /// A reader for QR codes of model 1 and 2. Micro QR codes are left out: their error correction is too weak
    /// to trust, and no router and no city prints them.
    pub fn new() -> Self {
        let reader = |binarizer| {
            BarcodeReader::new()
                .formats([BarcodeFormat::QRCodeModel1, BarcodeFormat::QRCodeModel2])
                .try_harder(true)
                .try_rotate(true)
                .try_invert(true)
                .try_downscale(true)
                .return_errors(true)
                .text_mode(TextMode::Plain)
                .binarizer(binarizer)
        };
        Self {
            quick: reader(Binarizer::LocalAverage),
            binary: reader(Binarizer::FixedThreshold),
            drawn: reader(Binarizer::FixedThreshold).try_rotate(false).try_invert(false).try_downscale(false),
            turn: 0,
            misses: 0,
        }
    }

    /// Reads one picture of a running camera: the quick look, and where it finds nothing the next thorough pass.
    pub fn read(&mut self, plane: Plane<'_>) -> Reading {
        let Some(picture) = plane.dense() else {
            return Reading::default();
        };
        let look = look(&self.quick, &picture);
        if !look.texts.is_empty() {
            self.misses = 0;
            return look.reading();
        }
        self.misses = self.misses.wrapping_add(1);
        if picture.pixels.len() > LARGE && !self.misses.is_multiple_of(LARGE_TURN) {
            return look.reading();
        }
        let texts = self.thorough(&picture, &look);
        Reading { texts, ..look.reading() }
    }

    /// Reads a picture that stands still: what [`Self::read`] would have done over a full round of passes.
    pub fn read_still(&mut self, plane: Plane<'_>) -> Reading {
        let Some(mut picture) = plane.dense() else {
            return Reading::default();
        };
        self.turn = 0;
        let mut seen = look(&self.quick, &picture);
        if seen.texts.is_empty() {
            while picture.pixels.len() > LARGEST {
                picture = picture.halved();
                seen.unread.clear();
            }
        }
        for _ in 0..PASSES.len() {
            if !seen.texts.is_empty() {
                break;
            }
            seen.texts = self.thorough(&picture, &seen);
        }
        seen.reading()
    }

    /// The pass whose turn it is.
    fn thorough(&mut self, picture: &Grey, quick: &Look) -> Vec<Secret> {
        let mut pass = self.turn();
        if matches!(pass, Pass::Straighten) {
            let texts = self.straightened(picture, &quick.unread, true);
            if !texts.is_empty() {
                return texts;
            }
            pass = self.turn();
        }
        let (reader, prepare) = match pass {
            Pass::Grey(prepare) => (&self.quick, prepare),
            Pass::Binary(prepare) => (&self.binary, prepare),
            Pass::Straighten => return Vec::new(),
        };
        let prepared = prepare(&picture.stretched());
        let found = look(reader, &prepared);
        if found.texts.is_empty() { self.straightened(&prepared, &found.unread, false) } else { found.texts }
    }

    /// The next pass.
    fn turn(&mut self) -> &'static Pass {
        let turn = self.turn % PASSES.len();
        self.turn = turn + 1;
        &PASSES[turn]
    }

    fn straightened(&self, picture: &Grey, unread: &[Unread], bent: bool) -> Vec<Secret> {
        let mut texts = Vec::new();
        for code in unread.iter().filter(|code| code.modules > 0).take(MOST_BENT) {
            if let Some(drawn) = flatten(picture, code.corners, code.modules, bent) {
                texts.extend(look(&self.drawn, &drawn).texts);
            }
        }
        once_each(texts)
    }
}

/// What one look found.
struct Look {
    texts: Vec<Secret>,
    unread: Vec<Unread>,
    located: Option<Located>,
}

/// A code that was found but whose text could not be recovered.
struct Unread {
    corners: [Corner; 4],
    /// Modules a side; 0 when not known.
    modules: usize,
}

impl Look {
    fn reading(self) -> Reading {
        let located = self.located.filter(|_| self.texts.is_empty());
        Reading { texts: self.texts, located }
    }
}

fn look(reader: &BarcodeReader, picture: &Grey) -> Look {
    let mut found = Look { texts: Vec::new(), unread: Vec::new(), located: None };
    let Ok(view) = ImageView::from_slice(&picture.pixels, picture.width, picture.height, ImageFormat::Lum) else {
        return found;
    };
    for code in reader.from(&view).unwrap_or_default() {
        if code.is_valid() {
            let text = Secret::new(code.text());
            // A code may hold nothing at all.
            if !text.is_empty() {
                found.texts.push(text);
            }
        } else {
            found.unread.extend(unread(&code));
        }
    }
    found.texts = once_each(found.texts);
    found.located = found.unread.iter().map(|code| code.located(picture)).max_by(|a, b| a.share.total_cmp(&b.share));
    found
}

fn once_each(texts: Vec<Secret>) -> Vec<Secret> {
    let mut once: Vec<Secret> = Vec::with_capacity(texts.len());
    for text in texts {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    once
}

fn unread(code: &Barcode) -> Option<Unread> {
    let place = code.position();
    let corner = |point: PointI| (point.x as f32, point.y as f32);
    let corners = [place.top_left, place.top_right, place.bottom_right, place.bottom_left].map(corner);
    let version = code.extra_with_key("Version").parse::<usize>().ok().filter(|version| (1..=40).contains(version));
    let code = Unread { corners, modules: version.map_or(0, |version| 17 + 4 * version) };
    (code.longest_side() >= 20.0).then_some(code)
}

impl Unread {
    fn longest_side(&self) -> f32 {
        (0..4)
            .map(|at| {
                let (a, b) = (self.corners[at], self.corners[(at + 1) % 4]);
                (a.0 - b.0).hypot(a.1 - b.1)
            })
            .fold(0.0, f32::max)
    }

    fn located(&self, picture: &Grey) -> Located {
        let (width, height) = (picture.width as f32, picture.height as f32);
        let at_edge = |(x, y): &Corner| *x < 2.0 || *y < 2.0 || *x > width - 3.0 || *y > height - 3.0;
        let modules = if self.modules == 0 { 33 } else { self.modules };
        Located {
            module: self.longest_side() / modules as f32,
            share: self.longest_side() / width.min(height),
            cut_off: self.corners.iter().any(at_edge),
        }
    }
}
