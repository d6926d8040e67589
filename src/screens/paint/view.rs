//! What the templates are told about a screen: its words in the screen's language, its pictogram, its measures.

use super::sentences::{next, scanned, sentence, step};
use super::speak::{Speak, field, left, span, time};
use super::{labels, signs};
use crate::model::loan::{LoanError, LoanProblem};
use crate::model::screen::{Aside, Face, PressDoes, Screen, Window, kebab};
use crate::model::stick::PaperRefusal;
use crate::words::{Arg, Catalog};
use minijinja::value::Value;
use serde::Serialize;

/// The colours of every screen. Dark ink on warm paper, a dark bar for the button; both far above 7:1. Amber is the button's
/// alone: "press, and this happens next".
#[derive(Serialize)]
struct Colors {
    paper: &'static str,
    ink: &'static str,
    white: &'static str,
    band: &'static str,
    amber: &'static str,
    note: &'static str,
    muted: &'static str,
    accent: &'static str,
    missing: &'static str,
    glass: &'static str,
}

const COLORS: Colors = Colors {
    paper: "#fbf7ee",
    ink: "#17191f",
    white: "#ffffff",
    band: "#14233b",
    amber: "#ffc845",
    note: "#dfe8f2",
    muted: "#8a94a3",
    accent: "#0b4a7a",
    missing: "#dfe3e8",
    glass: "#0b1220d9",
};

/// Everything a template may name.
#[derive(Serialize)]
struct View {
    c: Colors,
    city: String,
    /// Said above what staff read and a family does not need to.
    staff: Option<String>,
    /// Which of the steps to the counter this is, or which page of the rules.
    step: Option<String>,
    sentence: String,
    next: Option<String>,
    pictogram: &'static str,
    badge: Option<&'static str>,
    tint: &'static str,
    press: Option<String>,
    hold: Option<String>,
    telephone: Option<String>,
    hours: String,
    /// Where the bar at the foot begins.
    foot_top: u16,
    aside: Option<MarkedLine>,
    card: Option<Card>,
    /// Drawn instead of what is to be shown: what to do with it.
    hint: Option<&'static str>,
    meeting: Option<When>,
    rules: Vec<MarkedLine>,
    remaining: Option<String>,
    quality: Option<MarkedLine>,
    /// The code that was seen is not the one asked for.
    wrong: bool,
    /// Words beside the microphone level.
    level: String,
    mic: &'static str,
    /// The screen is laid over a picture that fills the TV.
    overlay: bool,
    own: Option<Place>,
    /// Said where the own picture would be.
    own_missing: Option<String>,
    own_icon: &'static str,
}

/// A short text with its pictogram.
#[derive(Serialize)]
struct MarkedLine {
    text: String,
    icon: &'static str,
}

/// A framed line below the sentence.
#[derive(Serialize)]
struct Card {
    text: String,
    icon: &'static str,
    size: u16,
    steps: Option<Steps>,
    /// How far something is, in percent.
    bar: Option<u8>,
}

#[derive(Serialize)]
struct Steps {
    done: u8,
    of: u8,
}

#[derive(Serialize)]
struct When {
    counter: String,
    slot: String,
    wait: String,
}

/// A window in the templates' units.
#[derive(Serialize)]
struct Place {
    x: f32,
    y: f32,
    w: f32,
    h: f32,
}

/// The template for a screen and the values for it.
pub(super) fn of(screen: &Screen) -> (&'static str, Value) {
    let speak = Speak(screen.language);
    let sign = signs::of(&screen.face);
    let template = match &screen.face {
        face if face.has_viewfinder() => "viewfinder.svg",
        Face::Mirror(_) | Face::TryOut => "mirror.svg",
        Face::Rules { .. } => "rules.svg",
        Face::Live { held: false, .. } => "live.svg",
        _ => "message.svg",
    };
    let no_camera = screen.aside.is_some_and(Aside::lacks_camera);
    let paused = screen.press == Some(PressDoes::Resume) || screen.aside == Some(Aside::Paused);
    let (hint, wrong) = scanned(&screen.face).unwrap_or_default();
    let overlay = template == "live.svg";
    let view = View {
        c: COLORS,
        city: screen.city.get(screen.language).to_owned(),
        staff: screen.face.is_for_staff().then(|| speak.say("for-staff")),
        step: step(&speak, &screen.face),
        sentence: sentence(&speak, screen),
        next: next(&speak, screen),
        pictogram: sign.pictogram,
        badge: sign.badge,
        tint: sign.tint,
        press: screen.press.map(|does| speak.does("press", &labels::press(screen, does))),
        hold: screen.hold.map(|does| speak.does("hold", &labels::hold(does))),
        telephone: screen.telephone.as_ref().map(|telephone| {
            let id = if screen.waits_for_a_call() { "telephone-if-none-comes" } else { "telephone" };
            speak.with(id, &[("number", Arg::Text(&telephone.number))])
        }),
        hours: screen.telephone.as_ref().map_or("", |telephone| telephone.hours.get(screen.language)).to_owned(),
        foot_top: foot_top(screen, overlay),
        aside: screen.aside.map(|aside| aside_line(&speak, aside)).or_else(|| boot(&speak, &screen.face)),
        card: card(&speak, &screen.face),
        hint: signs::of_hint(hint).filter(|_| wrong.is_none()),
        meeting: meeting(&speak, &screen.face),
        rules: rules(&speak, &screen.face),
        remaining: remaining(&speak, &screen.face),
        quality: quality(&speak, &screen.face),
        wrong: wrong.is_some(),
        level: speak.say("say-something"),
        mic: match screen.aside {
            Some(aside) if aside == Aside::Paused || aside.lacks_microphone() => "mic-off",
            _ => "mic",
        },
        overlay,
        own: screen.face.windows().own.map(place),
        own_missing: match (no_camera, paused) {
            (true, _) => Some(speak.say("camera-missing")),
            (false, true) => Some(speak.say("picture-paused")),
            (false, false) => None,
        },
        own_icon: if no_camera { "camera-off" } else { "pause" },
    };
    (template, Value::from_serialize(view))
}

fn place(window: Window) -> Place {
    let across = |thousandths: u16| (f32::from(thousandths) * 1.92).round();
    let down = |thousandths: u16| (f32::from(thousandths) * 1.08).round();
    Place { x: across(window.x), y: down(window.y), w: across(window.width), h: down(window.height) }
}

/// The bar is as tall as what stands in it; the button's part is always at the same place.
fn foot_top(screen: &Screen, overlay: bool) -> u16 {
    let button = screen.press.is_some() || screen.hold.is_some();
    match (screen.telephone.is_some(), button, overlay) {
        (true, true, true) => 838,
        (true, true, false) => 822,
        (true, false, _) => 928,
        (false, true, false) => 908,
        (false, true, true) => 924,
        (false, false, false) => 1080,
        (false, false, true) => 1026,
    }
}

fn card(speak: &Speak, face: &Face) -> Option<Card> {
    let card = |text, icon, size| Some(Card { text, icon, size, steps: None, bar: None });
    match face {
        Face::JoiningNetwork { name } if !name.is_empty() => card(name.clone(), "wifi", 64),
        Face::Live { remaining, .. } | Face::ComingBack { remaining } => card(left(speak, *remaining), "clock", 72),
        Face::Forgetting { step, done, of } => Some(Card {
            text: speak.say(&format!("wipe-step-{}", step.name())),
            icon: "shredder",
            size: 60,
            steps: Some(Steps { done: *done, of: *of }),
            bar: None,
        }),
        Face::WipeFailed(step) => card(speak.say(&format!("wipe-step-{}", step.name())), "shredder", 60),
        Face::UpdateInstalling { percent } => {
            Some(Card { text: format!("{percent} %"), icon: "install", size: 60, steps: None, bar: Some(*percent) })
        }
        Face::UpToDate { version } => card(format!("{}　{version}", speak.say("software")), "install", 60),
        Face::LoanPrepared { id, until } => {
            let (month, day) = (Arg::Number(until.month().into()), Arg::Number(until.day().into()));
            let year = until.year().to_string();
            let until = speak.with("loan-until", &[("year", Arg::Text(&year)), ("month", month), ("day", day)]);
            card(format!("{id}　{until}"), "document", 60)
        }
        Face::PaperRefused(PaperRefusal::Invalid { error }) => card(place_of(speak, error), "document", 56),
        Face::PaperRefused(PaperRefusal::Misnamed { written, .. }) => {
            card(written.chars().filter(|c| !c.is_control()).take(36).collect(), "document", 56)
        }
        Face::KeyRefused { file, .. } => card(file.chars().take(36).collect(), "key", 56),
        Face::LoanRefused { id, .. } => card(id.clone(), "document", 60),
        Face::PaperRefused(PaperRefusal::OtherDevice { own }) if !own.is_empty() => {
            card(format!("{}　{own}", speak.say("device-number")), "install", 56)
        }
        Face::PaperRefused(PaperRefusal::AlreadyLent { id } | PaperRefusal::OtherLoan { id }) => {
            card(id.clone(), "document", 60)
        }
        Face::Forgotten { receipt: Some(code), .. } => {
            card(format!("{}　{code}", speak.say("receipt")), "document", 72)
        }
        _ => None,
    }
}

/// What staff compare with the image's list.
fn boot(speak: &Speak, face: &Face) -> Option<MarkedLine> {
    let Face::Forgotten { boot: Some(number), .. } = face else { return None };
    Some(MarkedLine { text: format!("{}　{number}", speak.say("boot-files")), icon: "shield" })
}

/// The field or line that is wrong.
fn place_of(speak: &Speak, error: &LoanError) -> String {
    match error.problem {
        LoanProblem::Line { line, .. } => {
            speak.with("loan-line", &[("line", Arg::Number(i64::try_from(line).unwrap_or(i64::MAX)))])
        }
        _ => field(speak, &error.field),
    }
}

fn aside_line(speak: &Speak, aside: Aside) -> MarkedLine {
    let text = match aside {
        Aside::NewTime { starts, ends } => {
            let (starts, ends) = (time(starts), time(ends));
            speak.with("aside-new-time", &[("starts", Arg::Text(&starts)), ("ends", Arg::Text(&ends))])
        }
        _ => speak.say(&format!("aside-{}", aside.name())),
    };
    MarkedLine { text, icon: signs::of_aside(aside) }
}

fn meeting(speak: &Speak, face: &Face) -> Option<When> {
    let (Face::Mirror(meeting) | Face::Rules { meeting, .. }) = face else { return None };
    let (month, day) = meeting.month_day;
    let day = speak.with("month-day", &[("month", Arg::Number(month.into())), ("day", Arg::Number(day.into()))]);
    let (starts, ends) = (time(meeting.starts), time(meeting.ends));
    let slot =
        speak.with("slot", &[("day", Arg::Text(&day)), ("starts", Arg::Text(&starts)), ("ends", Arg::Text(&ends))]);
    let wait = match meeting.opens_in {
        Some(wait) => speak.with("wait-label", &[("wait", Arg::Text(&span(speak, wait)))]),
        None => speak.say("slot-open"),
    };
    Some(When { counter: meeting.counter.get(speak.0).to_owned(), slot, wait })
}

/// Rules of a page.
const PER_PAGE: usize = 4;

fn rules(speak: &Speak, face: &Face) -> Vec<MarkedLine> {
    let Face::Rules { page, .. } = face else { return Vec::new() };
    let rules = Catalog::embedded().rules(speak.0).into_iter().map(|(icon, text)| MarkedLine { text, icon });
    let whole = MarkedLine { text: speak.say("rules-full-text"), icon: "document" };
    rules.chain([whole]).skip(usize::from(*page) * PER_PAGE).take(PER_PAGE).collect()
}

fn remaining(speak: &Speak, face: &Face) -> Option<String> {
    let (Face::Live { remaining, .. } | Face::ComingBack { remaining }) = face else { return None };
    Some(left(speak, *remaining))
}

fn quality(speak: &Speak, face: &Face) -> Option<MarkedLine> {
    let Face::Live { quality, .. } = face else { return None };
    let text = speak.say(&format!("quality-{}", kebab(&format!("{quality:?}"))));
    Some(MarkedLine { text, icon: signs::of_quality(*quality) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::screen::RULES_PAGES;

    #[test]
    fn the_pages_show_every_rule_once() {
        assert_eq!((crate::words::RULES.len() + 1).div_ceil(PER_PAGE), usize::from(RULES_PAGES));
    }
}
