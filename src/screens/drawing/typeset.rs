//! Sets a text in lines: measures with the embedded fonts, breaks where the language allows it (UAX #14) or where the
//! translator marked it, and makes the letters smaller only down to the smallest that is still read at 3 m.

use super::fonts;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};
use std::sync::OnceLock;
use unicode_linebreak::{BreakOpportunity, linebreaks};

/// A mark for "the line may break here".
pub const BREAK: char = '\u{200b}';
/// Stands for a letter that the font lacks.
const UNKNOWN: char = '□';

/// Which of the two fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// For what is read second.
    Regular,
    /// For what is read first.
    Bold,
}

/// The space a text may take, in the units of the page.
#[derive(Clone, Copy, Debug)]
pub struct Space {
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
    /// Wished font size.
    pub size: f32,
    /// The smallest font size allowed.
    pub smallest: f32,
    /// Distance of baselines in font sizes.
    pub leading: f32,
}

/// A text set in lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The lines.
    pub lines: Vec<String>,
    /// Font size.
    pub size: f32,
    /// Width of the widest line.
    pub width: f32,
    /// Nothing was cut off and no letter was missing.
    pub whole: bool,
}

/// One font's measures, in font sizes.
pub struct FontFace {
    font: FontRef<'static>,
}

/// Height of a capital letter of the embedded fonts, in font sizes (OS/2 `sCapHeight`).
pub const CAP_HEIGHT: f32 = 1567.0 / 2048.0;
/// Height of kanji above the baseline, in font sizes.
pub const ASCENT: f32 = 0.88;
/// Depth of kanji below the baseline, in font sizes.
pub const DESCENT: f32 = 0.12;

impl FontFace {
    /// The embedded font of a weight; nothing if its file is damaged.
    pub fn of(weight: Weight) -> Option<&'static Self> {
        static FACES: OnceLock<[Option<FontFace>; 2]> = OnceLock::new();
        let faces = FACES.get_or_init(|| fonts().map(|data| Some(FontFace { font: FontRef::new(data).ok()? })));
        let [regular, bold] = faces;
        match weight {
            Weight::Regular => regular.as_ref(),
            Weight::Bold => bold.as_ref(),
        }
    }

    /// Whether the font has this letter.
    pub fn has(&self, letter: char) -> bool {
        self.font.charmap().map(letter).is_some_and(|glyph| glyph.to_u32() != 0)
    }

    /// Width of a text in one line, in font sizes. The font has no kerning.
    pub fn width(&self, text: &str) -> f32 {
        let charmap = self.font.charmap();
        let metrics = self.font.glyph_metrics(Size::new(1.0), LocationRef::default());
        let advance = |letter| metrics.advance_width(charmap.map(letter)?);
        text.chars().filter(|letter| *letter != BREAK).filter_map(advance).sum()
    }
}

/// Sets `text` into `space`: as large as it fits between the two sizes; what does not fit at the smallest is cut off
/// with an ellipsis and said to be not whole.
pub fn set(text: &str, weight: Weight, space: Space) -> Block {
    let Some(face) = FontFace::of(weight) else {
        return Block { lines: Vec::new(), size: space.smallest, width: 0.0, whole: false };
    };
    let (text, known) = drawable(text, face);
    // A new sentence on a new line reads best; breaking inside a phrase looks worse than smaller letters.
    let sentences = text.replace("。\u{200b}", "。\n").replace(". ", ".\n");
    for phrases in [true, false] {
        let mut size = space.size;
        loop {
            let room = lines_in(space, size);
            let lines = [&sentences, &text]
                .into_iter()
                .find_map(|text| balanced(face, text, space.width / size, room, phrases));
            if let Some(lines) = lines {
                return block(face, lines, size, known);
            }
            if size <= space.smallest {
                break;
            }
            size = (size - 2.0).max(space.smallest);
        }
    }
    let size = space.smallest;
    block(face, cut(face, &text, space.width / size, lines_in(space, size)), size, false)
}

fn lines_in(space: Space, size: f32) -> usize {
    let more = ((space.height - size) / (space.leading * size)).floor();
    1 + if more > 0.0 { more as usize } else { 0 }
}

fn block(face: &FontFace, lines: Vec<String>, size: f32, whole: bool) -> Block {
    let width = lines.iter().map(|line| face.width(line)).fold(0.0, f32::max) * size;
    Block { lines, size, width, whole }
}

/// Leaves out control characters and replaces letters that the font lacks; says whether none was replaced.
fn drawable(text: &str, face: &FontFace) -> (String, bool) {
    let mut known = true;
    let letters = text.chars().filter(|letter| *letter == '\n' || !letter.is_control()).map(|letter| {
        if letter == '\n' || letter == BREAK || face.has(letter) {
            return letter;
        }
        known = false;
        UNKNOWN
    });
    let drawable = letters.collect();
    (drawable, known)
}

/// The fewest lines that fit, of nearly equal length; nothing when there is no way.
fn balanced(face: &FontFace, text: &str, width: f32, room: usize, phrases: bool) -> Option<Vec<String>> {
    let pieces = pieces(text, phrases);
    let best = fill(face, &pieces, width)?;
    if best.len() > room {
        return None;
    }
    let (mut narrow, mut wide, mut lines) = (width * 0.3, width, best);
    while wide - narrow > 0.25 {
        let middle = (narrow + wide) / 2.0;
        match fill(face, &pieces, middle) {
            Some(same) if same.len() == lines.len() => {
                lines = same;
                wide = middle;
            }
            _ => narrow = middle,
        }
    }
    Some(lines)
}

/// Pieces between which a line may break, each with whether it must break after it. `phrases`: where the translator
/// marked places, break only there, at spaces and after punctuation.
fn pieces(text: &str, phrases: bool) -> Vec<(String, bool)> {
    let marked = phrases && text.contains(BREAK);
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, kind) in linebreaks(text) {
        let Some(piece) = text.get(from..at) else { continue };
        let must = kind == BreakOpportunity::Mandatory && at < text.len();
        let welcome = piece.ends_with([BREAK, ' ', '\u{3000}', '、', '。', '！', '？', '／', '/']);
        // "Wi-Fi" stays whole.
        let hyphen = phrases && piece.ends_with('-');
        if must || at == text.len() || welcome || !(marked || hyphen) {
            pieces.push((piece.trim_end_matches('\n').to_owned(), must));
            from = at;
        }
    }
    pieces
}

/// Fills lines greedily; nothing when a piece is wider than a line.
fn fill(face: &FontFace, pieces: &[(String, bool)], width: f32) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for (piece, must) in pieces {
        let longer = format!("{line}{piece}");
        if face.width(longer.trim_end()) <= width {
            line = longer;
        } else if !line.is_empty() && face.width(piece.trim_end()) <= width {
            lines.push(std::mem::replace(&mut line, piece.clone()));
        } else {
            return None;
        }
        if *must {
            lines.push(std::mem::take(&mut line));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    let tidy = |line: String| line.trim_end().replace(BREAK, "");
    Some(lines.into_iter().map(tidy).collect())
}

/// As many lines as there is room for, the last one ending in an ellipsis.
fn cut(face: &FontFace, text: &str, width: f32, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for letter in text.chars().filter(|letter| *letter != BREAK && *letter != '\n') {
        let last = lines.len() == room;
        let Some(line) = lines.last_mut() else { break };
        let reserve = if last { face.width("…") } else { 0.0 };
        if face.width(line) + face.width(letter.encode_utf8(&mut [0; 4])) + reserve <= width {
            line.push(letter);
        } else if last {
            line.push('…');
            break;
        } else {
            lines.push(letter.to_string());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(width: f32, height: f32) -> Space {
        Space { width, height, size: 100.0, smallest: 50.0, leading: 1.3 }
    }

    #[test]
    fn lines_break_only_between_phrases_while_there_is_room() {
        let block = set("カメラに\u{200b}見せてください。", Weight::Bold, space(800.0, 400.0));
        assert_eq!(block.lines, ["カメラに", "見せてください。"]);
        assert!(block.whole && block.size == 100.0);
    }

    #[test]
    fn a_sentence_begins_a_line_where_there_is_room() {
        let text = "読めません。\u{200b}紙を\u{200b}見せてください。";
        assert_eq!(set(text, Weight::Bold, space(1000.0, 400.0)).lines, ["読めません。", "紙を見せてください。"]);
        assert_eq!(set("はい。\u{200b}どうぞ。", Weight::Bold, space(1000.0, 100.0)).lines, ["はい。どうぞ。"]);
    }

    #[test]
    fn punctuation_never_begins_a_line() {
        let block = set("ああああああああああ、いい", Weight::Regular, space(1000.0, 400.0));
        assert!(block.lines.iter().all(|line| !line.starts_with(['、', '。'])), "{:?}", block.lines);
    }

    #[test]
    fn letters_get_smaller_before_a_phrase_is_broken_and_no_smaller_than_allowed() {
        let block = set("たいへん長いひと続きの\u{200b}ことば", Weight::Regular, space(900.0, 400.0));
        assert_eq!(block.lines, ["たいへん長いひと続きの", "ことば"]);
        assert!(block.size < 100.0 && block.size >= 50.0 && block.whole);
    }

    #[test]
    fn what_does_not_fit_is_cut_and_said_to_be_cut() {
        let block = set(&"長".repeat(200), Weight::Regular, space(500.0, 150.0));
        assert!(!block.whole && block.lines.last().is_some_and(|line| line.ends_with('…')));
        assert!(block.width <= 500.0 && block.size == 50.0);
    }

    #[test]
    fn a_letter_the_font_lacks_is_shown_as_a_box_and_control_characters_vanish() {
        let block = set("Café\u{7}☃🦀", Weight::Regular, space(900.0, 400.0));
        assert!(block.lines[0].starts_with("Café") && block.lines[0].ends_with('□') && !block.whole);
    }

    #[test]
    fn the_measures_are_those_of_the_fonts() {
        for weight in [Weight::Regular, Weight::Bold] {
            let face = FontFace::of(weight).unwrap();
            let metrics = face.font.metrics(Size::new(1.0), LocationRef::default());
            assert!((metrics.cap_height.unwrap() - CAP_HEIGHT).abs() < 0.001);
            assert!((metrics.ascent - ASCENT).abs() < 0.001 && (metrics.descent + DESCENT).abs() < 0.001);
            assert!((face.width("国") - 1.0).abs() < 0.001);
        }
    }
}
