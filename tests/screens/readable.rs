//! The rules of every screen, checked on what was really painted: place, size, contrast, one sentence, the button.

use madoguchi::model::screen::{Aside, Face, Screen};
use madoguchi::screens::catalogue::every_screen;
use madoguchi::screens::drawing::layout::{Layout, PlacedText, Rect};
use madoguchi::screens::paint::Painter;
use madoguchi_pixels::compare::{Colour, colours, straight};
use std::collections::HashMap;
use std::ops::Range;

const PAPER: Colour = [0xfb, 0xf7, 0xee, 255];
const AMBER: Colour = [0xff, 0xc8, 0x45, 255];
const BAND: Colour = [0x14, 0x23, 0x3b, 255];

/// A painted screen.
pub(crate) struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<Colour>,
}

impl Picture {
    pub(crate) fn of(painted: &resvg::tiny_skia::Pixmap) -> Self {
        let [width, height] = [painted.width(), painted.height()].map(|side| side as usize);
        Self { width, height, pixels: straight(painted.data()) }
    }

    /// How often each colour is there.
    fn colours(&self, columns: Range<usize>, rows: Range<usize>) -> HashMap<Colour, usize> {
        colours(&self.pixels, self.width, columns, rows)
    }

    /// The same for what is within this rectangle.
    fn colours_in(&self, part: Rect) -> HashMap<Colour, usize> {
        let columns = part.x as usize..(part.x + part.width) as usize;
        self.colours(columns, part.y as usize..(part.y + part.height) as usize)
    }
}

type Judge = fn(&Screen, &Picture, &Layout) -> Vec<String>;

const RULES: [(&str, Judge); 8] = [
    ("texts stay in the safe area and lie over nothing", |_, picture, layout| places(picture, layout)),
    ("nothing but background outside the safe area", only_background_outside),
    ("capitals are at least a thirtieth of the height", large_enough),
    ("every text fits and has all its letters", whole),
    ("contrast is at least 7:1 on what is really behind", contrast),
    ("one sentence, what the button does, whom to phone", one_sentence),
    ("an aside is said where there is one", aside_is_said),
    ("the camera is seen where the screen says", camera_is_seen),
];

fn every_screen_keeps_every_rule(width: u32, height: u32) {
    let mut wrong = Vec::new();
    let mut painter = Painter::new(width, height);
    for (name, screen) in every_screen() {
        let picture = Picture::of(&painter.paint(&screen).unwrap());
        let layout = painter.layout(&screen).unwrap();
        for (rule, judge) in RULES {
            wrong.extend(judge(&screen, &picture, &layout).into_iter().map(|what| format!("{name}: {rule}: {what}")));
        }
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_screen_keeps_every_rule_at_1080p() {
    every_screen_keeps_every_rule(1920, 1080);
}

#[test]
fn every_screen_keeps_every_rule_at_720p() {
    every_screen_keeps_every_rule(1280, 720);
}

/// The safe area: 5 % on each side. A pixel more for rounding.
fn safe_area(picture: &Picture) -> Rect {
    let (width, height) = (picture.width as f32, picture.height as f32);
    Rect { x: width * 0.05 - 1.0, y: height * 0.05 - 1.0, width: width * 0.9 + 2.0, height: height * 0.9 + 2.0 }
}

pub(crate) fn places(picture: &Picture, layout: &Layout) -> Vec<String> {
    let mut wrong = Vec::new();
    let safe = safe_area(picture);
    for (number, text) in layout.texts.iter().enumerate() {
        if !safe.contains(&text.rect) {
            wrong.push(format!("{:?} leaves the safe area: {:?}", text.text, text.rect));
        }
        for other in &layout.texts[number + 1..] {
            if text.rect.overlaps(&other.rect) {
                wrong.push(format!("{:?} lies over {:?}", text.text, other.text));
            }
        }
        for hole in layout.holes.iter().filter(|hole| hole.overlaps(&text.rect)) {
            wrong.push(format!("{:?} lies over the camera's picture {hole:?}", text.text));
        }
    }
    wrong
}

fn only_background_outside(_: &Screen, picture: &Picture, _: &Layout) -> Vec<String> {
    let safe = safe_area(picture);
    let (left, right) = (safe.x as usize, (safe.x + safe.width).ceil() as usize);
    let (top, bottom) = (safe.y as usize, (safe.y + safe.height).ceil() as usize);
    let (width, height) = (picture.width, picture.height);
    let sides = [
        ("left", 0..left, 0..height),
        ("right", right..width, 0..height),
        ("top", 0..width, 0..top),
        ("bottom", 0..width, bottom..height),
    ];
    // The line between paper and bar may fall between two pixels.
    let background = |color: Colour| color[3] == 0 || near(color, PAPER) || near(color, BAND) || between(color);
    let stray = sides.into_iter().filter_map(|(side, columns, rows)| {
        let stray = picture.colours(columns, rows).into_keys().find(|color| !background(*color))?;
        Some(format!("{stray:?} at the {side}"))
    });
    stray.collect()
}

fn near(a: Colour, b: Colour) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 2)
}

/// A mixture of paper and bar.
fn between(color: Colour) -> bool {
    let part = |channel: usize| {
        let (from, to) = (f32::from(BAND[channel]), f32::from(PAPER[channel]));
        (f32::from(color[channel]) - from) / (to - from)
    };
    color[3] == 255 && (part(0) - part(1)).abs() < 0.02 && (part(1) - part(2)).abs() < 0.02
}

fn large_enough(_: &Screen, picture: &Picture, layout: &Layout) -> Vec<String> {
    let smallest = picture.height as f32 / 30.0;
    let small = layout.texts.iter().filter(|text| text.cap_height < smallest);
    small.map(|text| format!("{:?} has capitals of {} pixels", text.text, text.cap_height)).collect()
}

fn whole(_: &Screen, _: &Picture, layout: &Layout) -> Vec<String> {
    let cut = layout.texts.iter().filter(|text| !text.whole || text.text.is_empty());
    cut.map(|text| format!("{} does not fit: {:?}", text.role, text.text)).collect()
}

fn contrast(_: &Screen, picture: &Picture, layout: &Layout) -> Vec<String> {
    let mut wrong = Vec::new();
    for text in &layout.texts {
        let ratio = text.on.contrast_under(text.color);
        if ratio < 7.0 {
            wrong.push(format!("{:?} has contrast {ratio:.1}", text.text));
        }
        if let Some(problem) = differs_from_declared(picture, text) {
            wrong.push(problem);
        }
    }
    wrong
}

/// The declared colours must be those of the pixels: most of a text's box is its background, and the letters are there.
fn differs_from_declared(picture: &Picture, text: &PlacedText) -> Option<String> {
    let seen = picture.colours_in(text.rect);
    let count =
        |like: Colour| seen.iter().filter(|(color, _)| near(**color, like)).map(|(_, count)| count).sum::<usize>();
    let (all, letters, behind) = (seen.values().sum::<usize>(), count(text.color.0), count(text.on.0));
    let enough = behind * 10 > all * 3 && letters * 100 > all;
    (!enough).then(|| format!("{:?}: {behind} of {all} pixels are its background, {letters} its letters", text.text))
}

fn one_sentence(screen: &Screen, _: &Picture, layout: &Layout) -> Vec<String> {
    let live = matches!(screen.face, Face::Live { held: false, .. });
    let expected = [
        ("sentence", !live),
        ("name", live),
        ("remaining", live),
        ("quality", live),
        ("staff", screen.face.is_for_staff()),
        ("city", !live && !screen.city.get(screen.language).is_empty()),
        ("press", screen.press.is_some()),
        ("hold", screen.hold.is_some()),
        ("telephone", screen.telephone.is_some()),
    ];
    let mut wrong: Vec<String> = expected
        .into_iter()
        .filter(|(role, there)| layout.of(role).count() != usize::from(*there))
        .map(|(role, there)| format!("{role} should be there: {there}"))
        .collect();
    if layout.ring.is_some() != screen.hold.is_some() {
        wrong.push("the ring belongs to the hold".to_owned());
    }
    let number = screen.telephone.as_ref().map_or("", |telephone| telephone.number.as_str());
    if !layout.of("telephone").all(|text| text.text.contains(number)) {
        wrong.push("the telephone number is not shown".to_owned());
    }
    wrong
}

fn aside_is_said(screen: &Screen, _: &Picture, layout: &Layout) -> Vec<String> {
    // In its place the receipt tells the boot files.
    let boot = matches!(&screen.face, Face::Forgotten { boot: Some(_), .. });
    let said = layout.of("aside").count() == usize::from(screen.aside.is_some() || boot);
    if said { Vec::new() } else { vec![format!("{:?} is not said", screen.aside)] }
}

fn camera_is_seen(screen: &Screen, picture: &Picture, layout: &Layout) -> Vec<String> {
    let unseen = screen.aside.is_some_and(|aside| aside == Aside::Paused || aside.lacks_camera());
    let window = screen.face.windows().own.filter(|_| !unseen);
    let mut wrong = Vec::new();
    if layout.holes.len() != usize::from(window.is_some()) {
        wrong.push(format!("{} holes", layout.holes.len()));
    }
    for (hole, window) in layout.holes.iter().zip(window) {
        let x = picture.width as f32 * f32::from(window.x) / 1000.0;
        let y = picture.height as f32 * f32::from(window.y) / 1000.0;
        if (hole.x - x).abs() > 1.5 || (hole.y - y).abs() > 1.5 {
            wrong.push(format!("the hole is at {hole:?}, the window at {x}, {y}"));
        }
        let open = transparent(picture, *hole);
        if open < 0.85 {
            wrong.push(format!("only {open:.2} of the hole is open"));
        }
    }
    if screen.face.windows() == madoguchi::model::screen::Windows::default()
        && picture.colours(0..picture.width, 0..picture.height).keys().any(|color| color[3] != 255)
    {
        wrong.push("a screen without pictures must be opaque".to_owned());
    }
    wrong
}

fn transparent(picture: &Picture, part: Rect) -> f32 {
    let seen = picture.colours_in(part);
    let open: usize = seen.iter().filter(|(color, _)| color[3] == 0).map(|(_, count)| count).sum();
    open as f32 / seen.values().sum::<usize>() as f32
}

/// Amber is the button's: where nothing is to be pressed there is none, and nothing else is taken for a button.
#[test]
fn nothing_but_the_button_is_amber() {
    let mut painter = Painter::new(1280, 720);
    for (name, screen) in every_screen() {
        let picture = Picture::of(&painter.paint(&screen).unwrap());
        let plate = painter.layout(&screen).unwrap().of("press").next().map(|text| text.rect);
        let amber = |rows: Range<usize>| {
            let colours = picture.colours(0..picture.width, rows);
            colours.into_iter().filter(|(colour, _)| near(*colour, AMBER)).map(|(_, count)| count).sum::<usize>()
        };
        let button = plate.map_or(picture.height, |rect| rect.y as usize - 24);
        assert_eq!(amber(0..button), 0, "{name} has amber outside its button");
        assert_eq!(amber(button..picture.height) > 0, plate.is_some(), "{name}: the button's own amber");
    }
}

/// While a code is looked for, one message changes; each says something else.
#[test]
fn each_thing_that_the_camera_sees_has_its_own_message() {
    let mut painter = Painter::new(1280, 720);
    for stage in ["ja-network-show-wifi-", "ja-qr-show-paper-", "en-network-show-wifi-", "en-qr-show-paper-"] {
        let screens =
            every_screen().into_iter().filter(|(name, screen)| name.starts_with(stage) && screen.aside.is_none());
        let said: Vec<String> = screens
            .map(|(_, screen)| {
                let layout = painter.layout(&screen).unwrap();
                let texts = layout.texts.iter().filter(|text| ["sentence", "next"].contains(&text.role.as_str()));
                texts.map(|text| text.text.clone()).collect::<Vec<_>>().join(" ")
            })
            .collect();
        let mut different = said.clone();
        different.sort();
        different.dedup();
        assert!(said.len() > 10 && different.len() + 1 >= said.len(), "{said:#?}");
    }
}

/// A state that has a colour has a mark or a word as well.
#[test]
fn lines_differ_in_words_too() {
    let mut painter = Painter::new(1280, 720);
    let mut words: HashMap<String, String> = HashMap::new();
    for (name, screen) in every_screen() {
        let layout = painter.layout(&screen).unwrap();
        for text in layout.texts.iter().filter(|text| ["quality", "aside"].contains(&text.role.as_str())) {
            words.entry(format!("{}: {}", text.role, text.text)).or_insert_with(|| name.clone());
        }
    }
    let count = |role: &str| words.keys().filter(|text| text.starts_with(role)).count();
    assert_eq!(count("quality: "), 3 * 2, "three words for the line in each language");
    assert!(count("aside: ") >= 13 * 2);
}
