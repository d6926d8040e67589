//! The room-key paper: one A4 page that a family shows to the camera, the same from the room server and from the staff's
//! command line.

mod code;

use crate::model::language::Language;
use crate::model::screen::{HourMinute, Telephone};
use crate::model::wire::Words;
use crate::screens::drawing::layout::Layout;
use crate::screens::drawing::{self, DrawError, page};
use crate::words::message::{Message, Told, told_in_english};
use crate::words::{Arg, Catalog};
#[cfg(feature = "room")]
pub(crate) use code::drawn_code;
use code::outline;
use minijinja::value::Value;
use qrcode::types::QrError;
use qrcode::{EcLevel, QrCode};
use resvg::tiny_skia::Pixmap;
use serde::Serialize;

/// A4 in millimetres.
pub const A4: (f32, f32) = (210.0, 297.0);
/// Side of the printed code in tenths of a millimetre, without its quiet zone.
pub const CODE_WIDTH: f32 = 860.0;
/// Letters of a key that can be typed, as our own room server draws it (`src/room/web/pages/typed.js`).
const TYPED: usize = 26;
/// Letters of a key that are printed together.
const GROUP: usize = 4;

/// What stands on one paper. No `Debug`: the address holds the room key.
pub struct Sheet {
    /// `https://HOST[:PORT]/j#KEY` (`http:` on the workbench's own loopback only)
    pub url: String,
    /// The city's name.
    pub city: Words,
    /// The counter's name.
    pub counter: Words,
    /// The day, in the counter's time zone.
    pub date: jiff::civil::Date,
    /// Start.
    pub starts: HourMinute,
    /// End.
    pub ends: HourMinute,
    /// Whom to phone.
    pub telephone: Telephone,
    /// From when on they may come in, where that is to be said.
    pub opens: Option<HourMinute>,
    /// The appointment's number, where that is to be said. It tells nothing about the family.
    pub number: Option<String>,
}

/// Why a paper cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The address is not one that a device reads as a room key.
    Address,
    /// The address does not fit into a code.
    Code(#[from] QrError),
    /// The address or the key does not fit on the paper, where somebody types it from.
    NotWhole,
    /// A mistake in the paper's template.
    Draw(#[from] DrawError),
}

impl Told for SheetError {
    fn message(&self) -> Message {
        match self {
            Self::Address => Message::new("paper-address"),
            Self::Code(error) => Message::new("paper-long-address").with("said", error.to_string()),
            Self::NotWhole => Message::new("paper-not-whole"),
            Self::Draw(error) => Message::new("paper-not-drawn").with("said", error.to_string()),
        }
    }
}

told_in_english!(SheetError);

/// The paper as a picture, `width` pixels wide (A4 portrait; 1240 are 150 dpi, 2480 are 300 dpi).
///
/// # Errors
/// The address is no room key, or the picture cannot be drawn.
pub fn render(sheet: &Sheet, width: u32) -> Result<Pixmap, SheetError> {
    let (svg, _) = compose(sheet)?;
    Ok(drawing::draw(&svg, width, width * 297 / 210)?)
}

/// The paper as SVG with its letters as outlines, so that it prints alike everywhere.
///
/// # Errors
/// As [`render`].
pub fn svg(sheet: &Sheet) -> Result<String, SheetError> {
    let (svg, _) = compose(sheet)?;
    Ok(drawing::outlined(&svg)?)
}

/// The paper as PDF in its true size, to be printed without scaling.
///
/// # Errors
/// As [`render`].
pub fn pdf(sheet: &Sheet) -> Result<Vec<u8>, SheetError> {
    let (svg, _) = compose(sheet)?;
    let title = Catalog::embedded().plain(Language::Japanese, "sheet-title", &[]).replace(' ', "");
    Ok(drawing::pdf::pdf(&svg, A4, &title, Language::Japanese.tag())?)
}

/// What the paper says, for whoever cannot see it.
pub fn in_words(sheet: &Sheet) -> String {
    let said = |language| {
        let side = side(sheet, language);
        let parts = [&side.title, &side.counter, &side.date, &side.time, &side.opens, &sheet.telephone.number];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
        parts.join(" ").replace('\u{200b}', "")
    };
    format!("{} / {}", said(Language::Japanese), said(Language::English))
}

#[derive(Serialize)]
struct View {
    ink: &'static str,
    white: &'static str,
    grey: &'static str,
    city: String,
    /// Side of one module.
    module: f32,
    code: String,
    /// Empty, or the appointment's number with its label.
    number: String,
    /// What is typed where no code can be read: the address of the page, and the key in groups, or nothing.
    address: String,
    key: String,
    ja: Side,
    en: Side,
    telephone: String,
    hours: String,
    steps: Vec<Both>,
    rules: Vec<Both>,
}

/// The words of one language.
#[derive(Serialize)]
struct Side {
    title: String,
    r#where: String,
    when: String,
    counter: String,
    date: String,
    time: String,
    /// Empty, or from when on they may come in.
    opens: String,
    telephone: String,
    rules: String,
    secret: String,
    own_device: String,
    typed: String,
    address: String,
    key: String,
}

#[derive(Serialize)]
struct Both {
    icon: &'static str,
    ja: String,
    en: String,
}

fn compose(sheet: &Sheet) -> Result<(String, Layout), SheetError> {
    let (address, key) = typed(&sheet.url)?;
    let code = QrCode::with_error_correction_level(sheet.url.as_bytes(), EcLevel::M)?;
    let words = Catalog::embedded();
    let both = |icon, id: &str| Both {
        icon,
        ja: words.text(Language::Japanese, id, &[]),
        en: words.text(Language::English, id, &[]),
    };
    let (ja_city, en_city) = (sheet.city.get(Language::Japanese), sheet.city.get(Language::English));
    let (ja_hours, en_hours) =
        (sheet.telephone.hours.get(Language::Japanese), sheet.telephone.hours.get(Language::English));
    let number = sheet.number.as_deref().map(|number| {
        let label = |language| words.text(language, "sheet-number", &[]);
        format!("{} {number}", once(&label(Language::Japanese), &label(Language::English)))
    });
    let view = View {
        ink: "#17191f",
        white: "#ffffff",
        grey: "#4a4f58",
        city: once(ja_city, en_city),
        module: CODE_WIDTH / code.width() as f32,
        code: outline(&code),
        number: number.unwrap_or_default(),
        address,
        key: in_groups(key),
        ja: side(sheet, Language::Japanese),
        en: side(sheet, Language::English),
        telephone: sheet.telephone.number.clone(),
        hours: once(ja_hours, en_hours),
        steps: vec![both("plug", "sheet-step-1"), both("paper-code", "sheet-step-2"), both("button", "sheet-step-3")],
        rules: crate::words::RULES.iter().map(|id| both(id, &format!("{id}.sheet"))).collect(),
    };
    let mut environment = page::environment();
    let template = environment.add_template("sheet.svg", include_str!("sheet/paper.svg"));
    template.map_err(|source| DrawError::Template { template: "sheet.svg".to_owned(), source })?;
    let (svg, layout) = page::compose(&environment, "sheet.svg", Value::from_serialize(view))?;
    // Whoever types half of it is told that their key is not known.
    if layout.of("typed").all(|text| text.whole) { Ok((svg, layout)) } else { Err(SheetError::NotWhole) }
}

/// The two parts of the code's address that somebody can type: the page, and the key. Only what a device reads as a room
/// key may be printed: a wrong paper is noticed at the desk, not at home.
fn typed(address: &str) -> Result<(String, &str), SheetError> {
    let url = url::Url::parse(address).map_err(|_| SheetError::Address)?;
    let (_, key) = address.split_once('#').ok_or(SheetError::Address)?;
    let loopback =
        url.scheme() == "http" && url.host_str().is_some_and(|host| host == "127.0.0.1" || host == "localhost");
    let sound =
        (url.scheme() == "https" || loopback) && url.host_str().is_some() && url.path() == "/j" && key.len() >= 20;
    let page = format!("{}/j", url.origin().ascii_serialization());
    if sound { Ok((page, key)) } else { Err(SheetError::Address) }
}

/// A key as it is read from paper, letter by letter; nothing where it has not the length that the guest page takes.
fn in_groups(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    if letters.len() != TYPED {
        return String::new();
    }
    letters.chunks(GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

fn once(ja: &str, en: &str) -> String {
    if ja == en { ja.to_owned() } else { format!("{ja}　{en}") }
}

fn side(sheet: &Sheet, language: Language) -> Side {
    let words = Catalog::embedded();
    let say = |id| words.text(language, id, &[]);
    let date = [
        ("year", Arg::Text(&sheet.date.year().to_string())),
        ("month", Arg::Number(sheet.date.month().into())),
        ("day", Arg::Number(sheet.date.day().into())),
        ("weekday", Arg::Number(sheet.date.weekday().to_monday_one_offset().into())),
    ];
    let clock = |at: HourMinute| format!("{}:{:02}", at.hour, at.minute);
    let (starts, ends) = (clock(sheet.starts), clock(sheet.ends));
    let opens = sheet.opens.map(|at| words.text(language, "sheet-opens", &[("opens", Arg::Text(&clock(at)))]));
    Side {
        title: say("sheet-title"),
        r#where: say("sheet-where"),
        when: say("sheet-when"),
        counter: sheet.counter.get(language).to_owned(),
        date: words.text(language, "sheet-date", &date),
        time: words.text(language, "sheet-time", &[("starts", Arg::Text(&starts)), ("ends", Arg::Text(&ends))]),
        opens: opens.unwrap_or_default(),
        telephone: say("sheet-telephone"),
        rules: say("sheet-rules"),
        secret: say("sheet-secret"),
        own_device: say("sheet-own-device"),
        typed: say("sheet-typed"),
        address: say("sheet-address"),
        key: say("sheet-key"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Width of A4 in tenths of a millimetre.
    const WIDTH: f32 = 2100.0;

    fn sample() -> Sheet {
        Sheet {
            url: "https://counter.midori.example:8443/j#7KQ2M9XR4TZP8WBD3HNC6VJS5K".into(),
            city: Words::ja_en("みどり市", "Midori City"),
            counter: Words::ja_en("子育て相談窓口", "Childcare consultation"),
            date: jiff::civil::date(2026, 11, 24),
            starts: HourMinute { hour: 14, minute: 0 },
            ends: HourMinute { hour: 14, minute: 30 },
            telephone: Telephone {
                number: "0422-00-1234".into(),
                hours: Words::ja_en("平日 8:30〜17:15", "Mon–Fri 8:30–17:15"),
            },
            opens: Some(HourMinute { hour: 13, minute: 50 }),
            number: Some("7K3M9QWX".into()),
        }
    }

    #[test]
    fn everything_fits_on_the_paper_and_nothing_overlaps() {
        fits(&sample());
        // A key of the widest letters, and a host as long as cities have them.
        let host = "online-madoguchi.kosodate-soudan.city.minami-alps.lg.jp:8443";
        let url = format!("https://{host}/j?l=ja#{}", "WM".repeat(13));
        fits(&Sheet { url, opens: None, number: None, ..sample() });
        let url = format!("https://{}.lg.jp/j#{}", "w".repeat(90), "WM".repeat(13));
        let error = compose(&Sheet { url, ..sample() }).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("use a shorter host name"), "{error}");
    }

    fn fits(sheet: &Sheet) {
        let (_, layout) = compose(sheet).unwrap();
        let code_edge = 140.0 + CODE_WIDTH;
        for (number, text) in layout.texts.iter().enumerate() {
            assert!(text.whole, "{text:?}");
            assert!(text.rect.x >= 100.0 && text.rect.x + text.rect.width <= WIDTH - 100.0, "{text:?}");
            assert!(text.on.contrast_under(text.color) >= 7.0, "{text:?}");
            let beside_code = text.rect.y > 480.0 && text.rect.y < 1460.0;
            assert!(!beside_code || text.rect.x > code_edge + 4.0 * 25.0 - 20.0, "{text:?} is in the quiet zone");
            for other in &layout.texts[number + 1..] {
                assert!(!text.rect.overlaps(&other.rect), "{text:?} over {other:?}");
            }
        }
    }

    #[test]
    fn the_paper_says_who_when_and_whom_to_phone_in_both_languages() {
        let (_, layout) = compose(&sample()).unwrap();
        let all: Vec<String> = layout.texts.iter().map(|text| text.text.replace('\n', "")).collect();
        for wanted in [
            "子育て相談窓口",
            "Childcare consultation",
            "2026年11月24日（火）",
            "Tue, 24 November 2026",
            "0422-00-1234",
            "13:50から始められます",
            "Open from 13:50",
            "予約番号　Number 7K3M9QWX",
            "https://counter.midori.example:8443/j",
            "7KQ2-M9XR-4TZP-8WBD-3HNC-6VJS-5K",
        ] {
            assert!(all.iter().any(|text| text.contains(wanted)), "{wanted} is missing in {all:?}");
        }
        assert_eq!(layout.of("rule").count(), 22);
        assert_eq!(layout.of("step").count(), 6);
    }

    #[test]
    fn the_printed_code_is_the_address() {
        let sheet = sample();
        let picture = render(&sheet, 1240).unwrap();
        let scale = 1240.0 / WIDTH;
        let code = QrCode::with_error_correction_level(sheet.url.as_bytes(), EcLevel::M).unwrap();
        let module = CODE_WIDTH / code.width() as f32;
        for (at, color) in code.to_colors().into_iter().enumerate() {
            let (x, y) = ((at % code.width()) as f32 + 0.5, (at / code.width()) as f32 + 0.5);
            let pixel =
                picture.pixel(((140.0 + x * module) * scale) as u32, ((520.0 + y * module) * scale) as u32).unwrap();
            assert_eq!(pixel.red() < 128, color == qrcode::Color::Dark, "module {at}");
        }
    }

    #[test]
    fn an_address_that_no_device_would_read_is_refused() {
        for address in
            ["", "http://a.example/j#7KQ2M9XR4TZP8WBD3HNC", "https://a.example/j", "https://a.example/j#short"]
        {
            let refused = render(&Sheet { url: address.to_owned(), ..sample() }, 100).map(|_| ()).unwrap_err();
            assert!(refused.to_string().contains("https://HOST/j#KEY"), "{address}");
        }
    }

    #[test]
    fn the_svg_needs_no_font() {
        let svg = svg(&sample()).unwrap();
        assert!(!svg.contains("<text") && svg.contains("<path"));
    }
}
