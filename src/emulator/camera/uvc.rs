//! What a USB camera says of itself: the descriptors and the negotiation of USB Video Class 1.1, as a pure machine.
//!
//! Pictures go over a bulk endpoint: one payload each, over as many transfers as it takes.

use super::redir::{Control, Status};

/// Bytes of a bulk packet at high speed.
pub(super) const BULK: u16 = 512;
/// The camera's endpoint for pictures.
pub(super) const PICTURES: u8 = 0x81;
/// Vendor (pid.codes, for tests), product and version.
pub(super) const IDS: (u16, u16, u16) = (0x1209, 0x0001, 0x0100);
/// Bytes before each picture.
pub(super) const PAYLOAD_HEAD: usize = 2;

/// Ten millionths of a second: the unit of frame intervals.
const SECOND: u32 = 10_000_000;
const RATES: [u32; 3] = [15, 10, 5];
const SIZES: [(u32, u32); 2] = [(640, 480), (1280, 720)];
/// Bytes of a negotiation in UVC 1.1.
const PROBE: usize = 34;

/// How a picture is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// YUY2: two bytes for each pixel.
    Raw,
    /// Motion JPEG.
    Jpeg,
}

/// What the guest asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// How pictures are coded.
    pub coding: Coding,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Pictures a second.
    pub rate: u32,
}

impl Mode {
    /// Bytes of the largest picture.
    fn largest(self) -> u32 {
        self.width * self.height * 2
    }
}

/// What a control transfer leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Answer with this.
    Answer(Vec<u8>),
    /// Answer, and begin to send pictures.
    Begin(Mode),
    /// Answer, and send no more pictures.
    End,
    /// Refuse.
    Stall,
}

/// The camera's side of the negotiation.
#[derive(Debug)]
pub(super) struct Uvc {
    probed: Choice,
}

/// Indices as in the descriptors, which count from 1.
#[derive(Clone, Copy, Debug)]
struct Choice {
    format: u8,
    frame: u8,
    interval: u32,
}

impl Choice {
    const FIRST: Self = Self { format: 1, frame: 1, interval: SECOND / RATES[0] };

    fn mode(self) -> Mode {
        let (width, height) = SIZES[usize::from(self.frame - 1)];
        let coding = if self.format == 1 { Coding::Raw } else { Coding::Jpeg };
        Mode { coding, width, height, rate: (SECOND + self.interval / 2) / self.interval }
    }

    /// What is nearest to what was asked for.
    fn nearest(asked: &[u8]) -> Option<Self> {
        let [_, _, format, frame, i0, i1, i2, i3, ..] = asked else { return None };
        let wish = u32::from_le_bytes([*i0, *i1, *i2, *i3]);
        let intervals = RATES.map(|rate| SECOND / rate);
        let interval = intervals.into_iter().min_by_key(|interval| interval.abs_diff(wish))?;
        let within = |index: u8, count: usize| index.clamp(1, count as u8);
        Some(Self { format: within(*format, 2), frame: within(*frame, SIZES.len()), interval })
    }

    fn bytes(self) -> Vec<u8> {
        let mut bytes = vec![0; PROBE];
        bytes[0] = 1;
        (bytes[2], bytes[3]) = (self.format, self.frame);
        bytes[4..8].copy_from_slice(&self.interval.to_le_bytes());
        let largest = self.mode().largest();
        bytes[18..22].copy_from_slice(&largest.to_le_bytes());
        bytes[22..26].copy_from_slice(&(largest + PAYLOAD_HEAD as u32).to_le_bytes());
        bytes[26..30].copy_from_slice(&CLOCK.to_le_bytes());
        (bytes[30], bytes[31], bytes[32], bytes[33]) = (3, 1, 1, 1);
        bytes
    }
}

const CLOCK: u32 = 48_000_000;

impl Uvc {
    pub(super) fn new() -> Self {
        Self { probed: Choice::FIRST }
    }

    /// Answers a control transfer.
    pub(super) fn control(&mut self, asked: &Control) -> Reaction {
        let [index, which] = asked.value.to_le_bytes();
        match (asked.kind, asked.request) {
            (0x80, 6) => match descriptor(which, index) {
                Some(bytes) => cut(bytes, asked.length),
                None => Reaction::Stall,
            },
            // Status of the device, an interface or an endpoint: nothing special.
            (0x80..=0x82, 0) => Reaction::Answer(vec![0, 0]),
            // The halt of the pictures' endpoint is cleared when streaming ends; UVC has no other sign for it.
            (0x02, 1) if asked.index == u16::from(PICTURES) => Reaction::End,
            (0x00..=0x02, 1 | 3) => Reaction::Answer(Vec::new()),
            (0x21 | 0xa1, _) if asked.index == 1 && matches!(which, 1 | 2) => self.negotiate(asked, which == 2),
            _ => Reaction::Stall,
        }
    }

    fn negotiate(&mut self, asked: &Control, commit: bool) -> Reaction {
        match (asked.kind, asked.request) {
            (0x21, 0x01) => match Choice::nearest(&asked.data) {
                Some(choice) => {
                    self.probed = choice;
                    if commit { Reaction::Begin(choice.mode()) } else { Reaction::Answer(Vec::new()) }
                }
                None => Reaction::Stall,
            },
            (0xa1, 0x81) => cut(self.probed.bytes(), asked.length),
            (0xa1, 0x82 | 0x83 | 0x87) => {
                let interval = SECOND / if asked.request == 0x83 { RATES[2] } else { RATES[0] };
                cut(Choice { interval, ..self.probed }.bytes(), asked.length)
            }
            (0xa1, 0x85) => cut((PROBE as u16).to_le_bytes().to_vec(), asked.length),
            // It can be read and written.
            (0xa1, 0x86) => Reaction::Answer(vec![3]),
            _ => Reaction::Stall,
        }
    }
}

fn cut(mut bytes: Vec<u8>, length: u16) -> Reaction {
    bytes.truncate(length.into());
    Reaction::Answer(bytes)
}

fn descriptor(which: u8, index: u8) -> Option<Vec<u8>> {
    match (which, index) {
        (1, _) => {
            let mut bytes = vec![18, 1, 0x00, 0x02, 0xef, 2, 1, 64];
            for word in [IDS.0, IDS.1, IDS.2] {
                bytes.extend_from_slice(&word.to_le_bytes());
            }
            bytes.extend_from_slice(&[1, 2, 0, 1]);
            Some(bytes)
        }
        (2, _) => Some(configuration()),
        (3, 0) => Some(vec![4, 3, 0x09, 0x04]),
        (3, 1) => Some(text("Madoguchi")),
        (3, 2) => Some(text("Emulated camera")),
        // What a device that can do high speed would be at another speed.
        (6, _) => Some(vec![10, 6, 0x00, 0x02, 0xef, 2, 1, 64, 1, 0]),
        _ => None,
    }
}

fn text(words: &str) -> Vec<u8> {
    let letters: Vec<u8> = words.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = vec![letters.len() as u8 + 2, 3];
    bytes.extend(letters);
    bytes
}

/// Both interfaces: control (a camera and where its picture goes) and streaming (two codings, two sizes, three rates).
fn configuration() -> Vec<u8> {
    let mut inside = vec![8, 11, 0, 2, 0x0e, 3, 0, 0];
    inside.extend([9, 4, 0, 0, 0, 0x0e, 1, 0, 2]);
    let camera = [18, 0x24, 2, 1, 0x01, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0];
    let output = [9, 0x24, 3, 2, 0x01, 0x01, 0, 1, 0];
    let total = (13 + camera.len() + output.len()) as u8;
    let [c0, c1, c2, c3] = CLOCK.to_le_bytes();
    inside.extend([13, 0x24, 1, 0x10, 0x01, total, 0, c0, c1, c2, c3, 1, 1]);
    inside.extend(camera);
    inside.extend(output);

    inside.extend([9, 4, 1, 0, 1, 0x0e, 2, 0, 0]);
    let mut formats = Vec::new();
    let frames = SIZES.len() as u8;
    formats.extend([27, 0x24, 4, 1, frames]);
    formats.extend(*b"YUY2\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71");
    formats.extend([16, 1, 0, 0, 0, 0]);
    formats.extend(sizes(5));
    formats.extend([6, 0x24, 13, 1, 1, 4]);
    formats.extend([11, 0x24, 6, 2, frames, 1, 1, 0, 0, 0, 0]);
    formats.extend(sizes(7));
    formats.extend([6, 0x24, 13, 1, 1, 4]);
    let [t0, t1] = (15 + formats.len() as u16).to_le_bytes();
    inside.extend([15, 0x24, 1, 2, t0, t1, PICTURES, 0, 2, 0, 0, 0, 1, 0, 0]);
    inside.extend(formats);
    let [b0, b1] = BULK.to_le_bytes();
    inside.extend([7, 5, PICTURES, 2, b0, b1, 0]);

    let [t0, t1] = (9 + inside.len() as u16).to_le_bytes();
    // Powered by the bus, 500 mA.
    let mut bytes = vec![9, 2, t0, t1, 2, 1, 0, 0x80, 250];
    bytes.extend(inside);
    bytes
}

/// The sizes of one format; `kind` is the descriptor's.
fn sizes(kind: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, (width, height)) in (1..).zip(SIZES) {
        bytes.extend([26 + 4 * RATES.len() as u8, 0x24, kind, number, 0]);
        bytes.extend((width as u16).to_le_bytes());
        bytes.extend((height as u16).to_le_bytes());
        let picture = width * height * 2;
        for bits in [picture * 8 * RATES[2], picture * 8 * RATES[0]] {
            bytes.extend(bits.to_le_bytes());
        }
        bytes.extend(picture.to_le_bytes());
        bytes.extend((SECOND / RATES[0]).to_le_bytes());
        bytes.push(RATES.len() as u8);
        for rate in RATES {
            bytes.extend((SECOND / rate).to_le_bytes());
        }
    }
    bytes
}

/// The status that a reaction's answer carries.
impl Reaction {
    pub(super) fn answer(&self) -> Result<&[u8], Status> {
        match self {
            Self::Answer(bytes) => Ok(bytes),
            Self::Begin(_) | Self::End => Ok(&[]),
            Self::Stall => Err(Status::Stall),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: u8, request: u8, value: u16, index: u16) -> Control {
        Control { request, kind, value, index, length: 4096, data: Vec::new() }
    }

    #[test]
    fn descriptors_add_up() {
        let mut uvc = Uvc::new();
        let bytes = uvc.control(&read(0x80, 6, 0x0200, 0)).answer().expect("a configuration").to_vec();
        assert_eq!(usize::from(u16::from_le_bytes([bytes[2], bytes[3]])), bytes.len());
        let (mut at, mut interfaces, mut endpoints) = (0, 0, 0);
        while at < bytes.len() {
            let length = usize::from(bytes[at]);
            assert!(length >= 2, "an empty descriptor at {at}");
            interfaces += usize::from(bytes[at + 1] == 4);
            endpoints += usize::from(bytes[at + 1] == 5);
            at += length;
        }
        assert_eq!((at, interfaces, endpoints), (bytes.len(), 2, 1));
        let mut short = read(0x80, 6, 0x0200, 0);
        short.length = 9;
        assert_eq!(uvc.control(&short), Reaction::Answer(bytes[..9].to_vec()));
    }

    #[test]
    fn what_is_asked_for_is_brought_to_what_there_is() {
        let mut uvc = Uvc::new();
        let mut wish = vec![0; 34];
        (wish[2], wish[3]) = (2, 2);
        wish[4..8].copy_from_slice(&333_333_u32.to_le_bytes());
        let set = |value| Control { request: 1, kind: 0x21, value, index: 1, length: 34, data: wish.clone() };
        assert_eq!(uvc.control(&set(0x0100)), Reaction::Answer(Vec::new()));
        let bytes = uvc.control(&read(0xa1, 0x81, 0x0100, 1)).answer().expect("an answer").to_vec();
        assert_eq!((bytes[2], bytes[3], bytes.len()), (2, 2, 34));
        assert_eq!(u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]), 666_666);
        let mode = Mode { coding: Coding::Jpeg, width: 1280, height: 720, rate: 15 };
        assert_eq!(uvc.control(&set(0x0200)), Reaction::Begin(mode));
    }

    #[test]
    fn clearing_the_halt_ends_streaming_and_unknown_controls_stall() {
        let mut uvc = Uvc::new();
        assert_eq!(uvc.control(&read(0x02, 1, 0, 0x81)), Reaction::End);
        assert_eq!(uvc.control(&read(0xa1, 0x81, 0x0200, 0x0100)), Reaction::Stall);
    }
}
