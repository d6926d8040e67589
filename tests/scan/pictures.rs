//! Codes held before a camera in all the ways that people do it.

use crate::scene::{Pose, Random, Scene};
use madoguchi::model::screen::ScanHint;
use madoguchi::scan::reader::{Plane, Reader, Reading};

const KEY: &str = "https://counter.city.example/j?l=en#0123456789ABCDEFGHJKMNPQRS";
const WIFI: &str = "WIFI:T:WPA;S:来客用無線ＬＡＮ;P:ご自由にお使いください2026;;";

/// How the picture is taken, from kind to hard.
const CONDITIONS: [&str; 14] = [
    "clear",
    "rolled",
    "tilted",
    "bent",
    "out-of-focus",
    "moved",
    "shadowed",
    "dark",
    "faded",
    "noisy",
    "small",
    "inverted",
    "mirrored",
    "everything",
];
/// Pictures of each condition.
const EACH: u64 = 6;

fn picture(condition: &str, bytes: &[u8], seed: u64) -> Scene {
    let random = &mut Random::new(seed);
    let room = Scene::room(640, 480, random);
    let mut pose = Pose {
        middle: (random.between(260.0, 380.0), random.between(210.0, 270.0)),
        module: random.between(4.0, 6.0),
        roll: random.between(-8.0, 8.0),
        tilt: (random.between(0.0, 0.1), random.between(0.0, 360.0)),
        bulge: 0.0,
    };
    match condition {
        "rolled" => pose.roll = random.between(-180.0, 180.0),
        "tilted" => pose.tilt.0 = random.between(0.15, 0.3),
        "bent" => pose.bulge = random.between(0.05, 0.11),
        "small" => pose.module = random.between(1.9, 2.3),
        "everything" => {
            pose.roll = random.between(-40.0, 40.0);
            pose.tilt.0 = 0.15;
        }
        _ => {}
    }
    let scene = room.with_code(bytes, &pose);
    match condition {
        "out-of-focus" => scene.out_of_focus(2).noisy(2.0, random),
        "moved" => scene.moved(5),
        "shadowed" => scene.shadowed(0.5),
        "dark" => scene.darkened(0.08, random),
        "faded" => scene.faded(0.12).noisy(3.0, random),
        "noisy" => scene.noisy(60.0, random),
        "inverted" => scene.inverted(),
        "mirrored" => scene.mirrored(),
        "everything" => scene.out_of_focus(1).shadowed(0.6).noisy(12.0, random),
        _ => scene.noisy(3.0, random),
    }
}

fn plane<'a>(pixels: &'a [u8], scene: &Scene) -> Plane<'a> {
    Plane { bytes: pixels, width: scene.width, height: scene.height, row_stride: scene.width, pixel_stride: 1 }
}

fn read_still(scene: &Scene) -> Reading {
    Reader::new().read_still(plane(&scene.pixels(), scene))
}

fn texts(reading: &Reading) -> Vec<&str> {
    reading.texts.iter().map(|text| text.expose()).collect()
}

#[test]
fn nearly_every_code_is_read_right_and_none_wrong() {
    let mut missed = Vec::new();
    for (row, condition) in (0..).zip(CONDITIONS) {
        for seed in 0..EACH {
            let text = if seed % 2 == 0 { KEY } else { WIFI };
            let reading = read_still(&picture(condition, text.as_bytes(), row * 100 + seed));
            match texts(&reading)[..] {
                [] => missed.push(format!("{condition} {:?} {:?}", reading.hint(), reading.located)),
                [seen] => assert_eq!(seen, text, "wrong text in {condition} {seed}"),
                _ => panic!("more than one text in {condition} {seed}"),
            }
        }
    }
    assert!(missed.len() <= 4, "missed: {missed:?}");
}

#[test]
fn shift_jis_without_a_declaration_is_read_as_japanese() {
    let (bytes, _, unmappable) = encoding_rs::SHIFT_JIS.encode(WIFI);
    assert!(!unmappable && *bytes != *WIFI.as_bytes());
    for (seed, condition) in [(1, "clear"), (2, "tilted"), (3, "noisy")] {
        assert_eq!(texts(&read_still(&picture(condition, &bytes, seed))), [WIFI], "{condition}");
    }
}

#[test]
fn nothing_is_read_where_there_is_no_code() {
    for seed in 0..12 {
        let random = &mut Random::new(1000 + seed);
        let room = Scene::room(640, 480, random);
        let scene = if seed % 2 == 0 { room.noisy(5.0, random) } else { room.darkened(0.1, random) };
        let reading = read_still(&scene);
        assert!(texts(&reading).is_empty(), "room {seed}");
        assert_eq!(reading.hint(), ScanHint::Looking, "room {seed}");
    }
}

#[test]
fn a_running_camera_reads_within_one_round_what_a_still_gives() {
    let mut late = 0;
    for (row, condition) in (5..).zip(["bent", "out-of-focus", "moved", "dark", "everything", "small"]) {
        for seed in 0..3 {
            let scene = picture(condition, KEY.as_bytes(), row * 100 + seed);
            let pixels = scene.pixels();
            let mut reader = Reader::new();
            let found = (0..20).map(|_| reader.read(plane(&pixels, &scene))).position(|seen| !seen.texts.is_empty());
            assert_eq!(found.is_some(), !read_still(&scene).texts.is_empty(), "{condition} {seed}");
            late += usize::from(found.is_some_and(|frames| frames > 0));
        }
    }
    assert!(late > 0, "no picture needed a thorough pass, so the test proves nothing");
}

#[test]
fn two_codes_at_once_are_both_told() {
    let pose = |x| Pose { middle: (x, 240.0), module: 4.0, roll: 3.0, tilt: (0.0, 0.0), bulge: 0.0 };
    let room = Scene::room(640, 480, &mut Random::new(7));
    let scene = room.with_code(b"one", &pose(180.0)).with_code(b"another", &pose(460.0));
    let reading = read_still(&scene);
    let mut seen = texts(&reading);
    seen.sort_unstable();
    assert_eq!(seen, ["another", "one"]);
}

#[test]
fn a_code_that_cannot_be_read_says_what_helps() {
    let room = |random: &mut Random| Scene::room(640, 480, random);
    let hint = |module: f32| {
        let random = &mut Random::new(3);
        let pose = Pose { middle: (320.0, 240.0), module, roll: 0.0, tilt: (0.0, 0.0), bulge: 0.0 };
        // Its finder patterns are whole, but half of its modules are hidden.
        let scene = room(random).with_code(KEY.as_bytes(), &pose).covered(320.0, 240.0, module * 16.0);
        let mut reader = Reader::new();
        reader.read(plane(&scene.pixels(), &scene)).hint()
    };
    assert_eq!(hint(2.5), ScanHint::Closer);
    assert_eq!(hint(6.0), ScanHint::HoldStill);
    assert_eq!(hint(13.5), ScanHint::FurtherAway);
}

#[test]
fn the_layout_of_the_bytes_does_not_matter_and_a_wrong_one_reads_nothing() {
    let scene = picture("clear", KEY.as_bytes(), 1);
    let pixels = scene.pixels();
    let mut yuyv = Vec::new();
    for row in pixels.chunks_exact(scene.width) {
        row.iter().for_each(|luma| yuyv.extend([*luma, 128]));
        yuyv.extend([0; 12]);
    }
    let whole = Plane {
        bytes: &yuyv,
        width: scene.width,
        height: scene.height,
        row_stride: scene.width * 2 + 12,
        pixel_stride: 2,
    };
    assert_eq!(texts(&Reader::new().read(whole)), [KEY]);
    for broken in [
        Plane { bytes: &yuyv[..yuyv.len() / 2], ..whole },
        Plane { width: 0, ..whole },
        Plane { height: usize::MAX, ..whole },
        Plane { row_stride: 3, ..whole },
        Plane { row_stride: usize::MAX, ..whole },
        Plane { pixel_stride: 0, ..whole },
    ] {
        assert!(Reader::new().read(broken).texts.is_empty());
        assert!(Reader::new().read_still(broken).texts.is_empty());
    }
    for (width, height) in [(1, 1), (1, 480), (640, 1), (2, 3), (25, 25)] {
        let tiny = Plane { bytes: &pixels, width, height, row_stride: width, pixel_stride: 1 };
        assert!(Reader::new().read_still(tiny).texts.is_empty());
    }
}
