//! What both ends' cameras and microphones see and hear: a figure that moves and talks before a shelf, with a camera's
//! noise. Made here from nothing but arithmetic and espeak-ng, so that it is free to ship; the same on every machine.
//!
//! It repeats after [`FRAMES`] pictures. Each picture bears its number (`workbench::camera::mark`), and the voice a short
//! tone at each full second.

use super::sound::{RATE, write_wav};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use image::{Rgb, RgbImage};
use madoguchi::workbench::camera::mark::{self, Seen};
use madoguchi::workbench::sound::Heard;
use std::f32::consts::TAU;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Size of the pictures.
pub const SIZE: (u32, u32) = (1280, 720);
/// Pictures a second.
pub const PACE: u32 = 30;
/// Pictures until it begins again.
pub const FRAMES: u32 = 300;
/// The tone at each full second, in hertz, and how long it lasts.
pub const TONE: f32 = 1800.0;
pub const TONE_SECONDS: f32 = 0.08;

/// What is said, over and over.
const WORDS: &str = "おはようございます。みどり市の子育て相談窓口です。きょうは、どのようなご相談でしょうか。\
                     こちらの声は聞こえていますか。お子さんは、もう保育園にかよっていますか。";

/// The clip's files.
#[derive(Clone)]
pub struct Clip {
    /// Motion JPEG, one picture after the other.
    pub pictures: PathBuf,
    /// Where each picture begins in it, and where the last one ends.
    pub places: Vec<u64>,
    /// A WAV recording.
    pub voice: PathBuf,
}

impl Clip {
    /// Makes it in `folder`, if it is not there yet.
    pub fn make(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let (pictures, places, voice) =
            (folder.join("clip.mjpeg"), folder.join("clip.places.json"), folder.join("clip.wav"));
        if !places.exists() {
            println!("bench: making the clip (once)");
            write_wav(&voice, &talk(folder));
            // Last: its being there says that all is.
            fs::write(&places, serde_json::to_string(&draw(&pictures)).unwrap()).unwrap();
        }
        Self::open(folder)
    }

    /// Takes it from where it was made.
    pub fn open(folder: &Path) -> Self {
        let places = fs::read_to_string(folder.join("clip.places.json")).unwrap();
        let places = serde_json::from_str(&places).unwrap();
        Self { pictures: folder.join("clip.mjpeg"), places, voice: folder.join("clip.wav") }
    }

    /// The JPEG of a picture.
    pub fn picture(&self, file: &File, number: u32) -> Vec<u8> {
        let number = (number % FRAMES) as usize;
        let (from, to) = (self.places[number], self.places[number + 1]);
        let mut bytes = vec![0; (to - from) as usize];
        file.read_exact_at(&mut bytes, from).unwrap();
        bytes
    }

    /// The voice as the desk's microphone takes it.
    pub fn heard(&self) -> Heard {
        Heard::wav(&self.voice).unwrap()
    }
}

/// So much higher than usual, as a part of the picture, stands the mark: the TV has words where it usually is.
pub const RAISED: f32 = 0.3;

/// The number that the mark says of a picture that fills a screen. `pixel` gives the colour at a place, both of its numbers
/// being parts of the screen.
pub fn number(pixel: impl Fn(f32, f32) -> Rgb<u8>) -> Option<u32> {
    // Small, since only the mark's cells matter.
    let (width, height) = (128, 72);
    let mut small = RgbImage::new(width, height);
    for y in height * 7 / 10..height {
        for x in width * 7 / 10..width {
            let (right, down) = ((x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32);
            small.put_pixel(x, y, pixel(right, down - RAISED));
        }
    }
    let seen = mark::read(&small)?;
    let number = u32::from(seen.identity) << 8 | u32::from(seen.counter);
    (number < FRAMES).then_some(number)
}

fn seen(number: u32) -> Seen {
    Seen { identity: (number >> 8) as u8, counter: number as u8 }
}

/// Draws all pictures into a file; gives where each begins.
fn draw(path: &Path) -> Vec<u64> {
    let scene = Scene::new();
    let (source, sink, pipeline) = encoder();
    let mut file = File::create(path).unwrap();
    let (mut places, mut at) = (vec![0], 0);
    for number in 0..FRAMES {
        source.push_buffer(gst::Buffer::from_slice(scene.picture(number))).unwrap();
        let sample = sink.pull_sample().unwrap();
        let map = sample.buffer().unwrap().map_readable().unwrap();
        file.write_all(&map).unwrap();
        at += map.len() as u64;
        places.push(at);
    }
    pipeline.set_state(gst::State::Null).unwrap();
    places
}

fn encoder() -> (gst_app::AppSrc, gst_app::AppSink, gst::Pipeline) {
    gst::init().unwrap();
    let (width, height) = SIZE;
    let description = format!(
        "appsrc name=in format=time caps=video/x-raw,format=I420,width={width},height={height},framerate={PACE}/1,\
         colorimetry=1:4:0:0 ! jpegenc quality=85 ! appsink name=out sync=false"
    );
    let pipeline = gst::parse::launch(&description).unwrap().downcast::<gst::Pipeline>().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let part = |name: &str| pipeline.by_name(name).unwrap();
    (part("in").downcast().unwrap(), part("out").downcast().unwrap(), pipeline)
}

/// A picture in the colours of I420.
struct Planes {
    luma: Vec<u8>,
    blue: Vec<u8>,
    red: Vec<u8>,
}

/// What does not move.
struct Scene {
    still: Planes,
    grains: Vec<i8>,
}

impl Scene {
    fn new() -> Self {
        let (width, height) = SIZE;
        let mut random = Random(1);
        let mut still = Planes::of(110);
        // A shelf with books: edges and small patterns, as a room has them.
        for row in 0..4 {
            let top = 30 + row * 170;
            let mut left = 0;
            while left < width {
                let (thick, tall) = (14 + random.below(26), 100 + random.below(45));
                let colour = (60 + random.below(130), 96 + random.below(64), 96 + random.below(64));
                still.ellipse_or_box(false, left, top + 150 - tall, thick, tall, colour);
                for line in 0..3 {
                    still.ellipse_or_box(
                        false,
                        left + 3,
                        top + 160 - tall + 12 * line,
                        thick - 6,
                        3,
                        (colour.0 + 50, 128, 128),
                    );
                }
                left += thick + 1;
            }
            still.ellipse_or_box(false, 0, top + 150, width, 12, (70, 110, 150));
        }
        // Woven paper over everything.
        for (index, value) in still.luma.iter_mut().enumerate() {
            let (x, y) = (index as u32 % width, index as u32 / width);
            *value = value.saturating_add(((x / 3 + y / 3) % 2 * 6) as u8).saturating_add(random.below(5) as u8);
        }
        // About normal, with a deviation of two and a half: a webcam in a lit room.
        let grains = (0..width * height + 65_536)
            .map(|_| (random.below(5) + random.below(5) + random.below(5)) as i8 - 6)
            .collect();
        Self { still, grains }
    }

    fn picture(&self, number: u32) -> Vec<u8> {
        let (width, height) = SIZE;
        // Every movement has a whole number of periods, so that the end leads to the beginning.
        let turn = |periods: f32, phase: f32| (TAU * (periods * number as f32 / FRAMES as f32 + phase)).sin();
        let mut planes =
            Planes { luma: self.still.luma.clone(), blue: self.still.blue.clone(), red: self.still.red.clone() };
        let (x, y) = ((600.0 + 45.0 * turn(2.0, 0.0)) as u32, (330.0 + 14.0 * turn(5.0, 0.2)) as u32);
        let mut round =
            |x: u32, y: u32, w: u32, h: u32, colour| planes.ellipse_or_box(true, x - w / 2, y - h / 2, w, h, colour);
        round(x, y + 390, 640, 460, (86, 148, 110));
        round(x, y + 170, 120, 150, (165, 112, 150));
        round(x, y - 40, 290, 330, (52, 124, 134));
        round(x, y, 250, 320, (178, 110, 152));
        // Blinks, talks, and looks about.
        let lids = if number % 75 < 5 { 4 } else { 26 };
        for side in [-1.0_f32, 1.0] {
            let eye = (x as f32 + side * 58.0 + 8.0 * turn(3.0, 0.4)) as u32;
            round(eye, y - 35, 46, lids, (230, 128, 128));
            round(eye, y - 35, 20, lids.min(20), (40, 128, 128));
            round(eye, y - 72, 58, 9, (55, 124, 134));
        }
        let open = 8.0 + 34.0 * (0.5 + 0.5 * turn(31.0, 0.0)) * (0.55 + 0.45 * turn(4.0, 0.1));
        round(x, y + 85, 96, open.max(6.0) as u32, (84, 120, 170));
        round(x, y + 30, 34, 46, (166, 112, 154));
        // A hand that waves, quicker than the head.
        let (hand, raised) = ((300.0 + 120.0 * turn(9.0, 0.0)) as u32, (500.0 + 60.0 * turn(7.0, 0.3)) as u32);
        round(hand, raised, 120, 150, (172, 112, 152));
        for finger in 0..4 {
            round(hand - 45 + 30 * finger, raised - 95, 26, 100, (176, 112, 152));
        }
        self.mark(&mut planes, number);
        let shift = (number as usize * 7919 * 31) % 65_536;
        for (value, grain) in planes.luma.iter_mut().zip(&self.grains[shift..]) {
            *value = value.saturating_add_signed(*grain);
        }
        debug_assert_eq!(planes.luma.len(), (width * height) as usize);
        [planes.luma, planes.blue, planes.red].concat()
    }

    fn mark(&self, planes: &mut Planes, number: u32) {
        // A colour that the mark does not have shows where it is not.
        const NOWHERE: Rgb<u8> = Rgb([9, 200, 9]);
        let (width, height) = SIZE;
        let mut card = RgbImage::from_pixel(width, height, NOWHERE);
        mark::paint(&mut card, seen(number));
        for (x, y, pixel) in card.enumerate_pixels() {
            if x > width / 2 && y > height / 2 && *pixel != NOWHERE {
                planes.put(x, y - (RAISED * height as f32) as u32, (u32::from(pixel.0[0]), 128, 128));
            }
        }
    }
}

impl Planes {
    fn of(luma: u8) -> Self {
        let pixels = (SIZE.0 * SIZE.1) as usize;
        Self { luma: vec![luma; pixels], blue: vec![124; pixels / 4], red: vec![132; pixels / 4] }
    }

    fn put(&mut self, x: u32, y: u32, (luma, blue, red): (u32, u32, u32)) {
        let (width, height) = SIZE;
        if x < width && y < height {
            self.luma[(y * width + x) as usize] = luma.min(255) as u8;
            let half = (y / 2 * (width / 2) + x / 2) as usize;
            (self.blue[half], self.red[half]) = (blue as u8, red as u8);
        }
    }

    /// Fills a box, or the ellipse within it, a little lighter above than below.
    fn ellipse_or_box(&mut self, round: bool, left: u32, top: u32, width: u32, height: u32, colour: (u32, u32, u32)) {
        for y in 0..height {
            for x in 0..width {
                let across = (2 * x + 1) as f32 / width as f32 - 1.0;
                let down = (2 * y + 1) as f32 / height as f32 - 1.0;
                if !round || across * across + down * down <= 1.0 {
                    let shade = if round { ((1.0 - down) * 9.0 + (1.0 - across) * 6.0) as u32 } else { 0 };
                    self.put(left + x, top + y, (colour.0 + shade, colour.1, colour.2));
                }
            }
        }
    }
}

/// Arbitrary numbers that are the same each time (xorshift).
struct Random(u32);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % end
    }
}

/// The voice, as long as the pictures, with a tone at each full second.
fn talk(folder: &Path) -> Vec<i16> {
    let spoken = folder.join("spoken.wav");
    let said = Command::new("espeak-ng").args(["-v", "ja", "-s", "150", "-w"]).arg(&spoken).arg(WORDS).status();
    let install = "espeak-ng does not speak; install it with: apt-get install espeak-ng";
    assert!(said.is_ok_and(|status| status.success()), "{install}");
    let Ok(Heard::Voice(voice)) = Heard::wav(&spoken) else { panic!("espeak-ng wrote no recording") };
    let length = RATE * FRAMES / PACE;
    let tone = (TONE_SECONDS * RATE as f32) as u32;
    let said = |at: u32| f32::from(voice[at as usize % voice.len()]) * 0.8;
    (0..length)
        .map(|at| {
            let since = at % RATE;
            // Rises and falls, so that it clicks nowhere.
            let hull = (since as f32 / tone as f32 * std::f32::consts::PI).sin();
            let wave = (TAU * TONE * since as f32 / RATE as f32).sin();
            if since < tone { (wave * hull * 16_000.0) as i16 } else { said(at) as i16 }
        })
        .collect()
}
