//! What the templates are told about a screen: its words in the screen's language, its pictogram, its measures.

use super::signs;
use crate::model::language::Language;
use crate::model::loan::{LoanError, LoanProblem};
use crate::model::screen::{Aside, Face, HourMinute, Meeting, PressDoes, ScanHint, Screen, Window, kebab};
use crate::model::stick::PaperRefusal;
use crate::words::{Arg, Catalog};
use minijinja::value::Value;
use serde::Serialize;
use std::time::Duration;

/// The colours of every screen. Dark ink on warm paper, a dark bar for the button; both far above 7:1.
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
    note: "#ffe9b3",
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
    aside: Option<Line>,
    card: Option<Card>,
    hint: Option<Line>,
    meeting: Option<When>,
    rules: Vec<Line>,
    remaining: Option<Remaining>,
    quality: Option<Line>,
    /// The code that was seen is not the one asked for.
    wrong: bool,
    /// The corners of the viewfinder.
    corner: &'static str,
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
struct Line {
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

#[derive(Serialize)]
struct Remaining {
    label: String,
    time: String,
}

/// A window in the templates' units.
#[derive(Serialize)]
struct Place {
    x: f32,
    y: f32,
    w: f32,
    h: f32,
}

/// Words in one language.
struct Speak(Language);

impl Speak {
    fn say(&self, id: &str) -> String {
        self.with(id, &[])
    }

    fn with(&self, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        Catalog::embedded().text(self.0, id, args)
    }

    fn maybe(&self, id: &str) -> Option<String> {
        let words = Catalog::embedded();
        words.find(self.0, id, &[]).or_else(|| words.find(Language::Japanese, id, &[]))
    }
}

/// The template for a screen and the values for it.
pub(super) fn of(screen: &Screen) -> (&'static str, Value) {
    let speak = Speak(screen.language);
    let sign = signs::of(&screen.face);
    let template = match &screen.face {
        Face::ShowWifi { .. } | Face::ShowPaper { .. } => "viewfinder.svg",
        Face::Mirror(_) | Face::TryOut => "mirror.svg",
        Face::Rules(_) => "rules.svg",
        Face::Live { held: false, .. } => "live.svg",
        _ => "message.svg",
    };
    let blind = matches!(
        screen.face,
        Face::ShowWifi { hint: ScanHint::NoCamera, .. } | Face::ShowPaper { hint: ScanHint::NoCamera, .. }
    );
    let no_camera = blind || screen.aside.is_some_and(Aside::lacks_camera);
    let paused = screen.aside == Some(Aside::Paused);
    let wrong = matches!(screen.face, Face::ShowWifi { wrong: Some(_), .. } | Face::ShowPaper { wrong: Some(_), .. });
    let overlay = template == "live.svg";
    let view = View {
        c: COLORS,
        city: screen.city.get(screen.language).to_owned(),
        sentence: sentence(&speak, screen),
        next: next(&speak, &screen.face),
        pictogram: sign.pictogram,
        badge: sign.badge,
        tint: sign.tint,
        press: screen.press.map(|does| press(&speak, &screen.face, does, paused)),
        hold: screen.hold.map(|does| {
            let does = speak.say(&format!("hold-{}", kebab(&format!("{does:?}"))));
            speak.with("hold", &[("does", Arg::Text(&does))])
        }),
        telephone: screen
            .telephone
            .as_ref()
            .map(|telephone| speak.with("telephone", &[("number", Arg::Text(&telephone.number))])),
        hours: screen.telephone.as_ref().map_or("", |telephone| telephone.hours.get(screen.language)).to_owned(),
        foot_top: foot_top(screen, overlay),
        aside: screen.aside.map(|aside| aside_line(&speak, &screen.face, aside)).or_else(|| boot(&speak, &screen.face)),
        card: card(&speak, &screen.face),
        hint: hint(&speak, &screen.face).filter(|_| blind || !no_camera),
        meeting: meeting(&speak, &screen.face),
        rules: rules(&speak, &screen.face),
        remaining: remaining(&speak, &screen.face),
        quality: quality(&speak, &screen.face),
        wrong,
        corner: if wrong { COLORS.white } else { COLORS.amber },
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
        (true, true, _) => 838,
        (true, false, _) => 940,
        (false, true, false) => 908,
        (false, true, true) => 924,
        (false, false, false) => 1080,
        (false, false, true) => 1026,
    }
}

fn sentence(speak: &Speak, screen: &Screen) -> String {
    match &screen.face {
        Face::Starting if screen.city.get(screen.language).is_empty() => speak.say("boot-starting-nameless"),
        Face::Starting => speak.with("boot-starting", &[("city", Arg::Text(screen.city.get(screen.language)))]),
        Face::Rules(Meeting { opens_in: Some(wait), .. }) => {
            speak.with("ready-rules-early", &[("wait", Arg::Text(&span(speak, *wait)))])
        }
        Face::Live { held: false, name, .. } if name.trim().is_empty() => speak.say("staff"),
        Face::Live { held: false, name, .. } => name.clone(),
        face => speak.say(&message_id(face)),
    }
}

/// The message of a face in `screens.ftl`: its name without what is said elsewhere on the screen.
fn message_id(face: &Face) -> String {
    match face {
        Face::ShowWifi { .. } => "network-show-wifi".into(),
        Face::JoiningNetwork { name } if name.is_empty() => "network-joining-cable".into(),
        Face::ShowPaper { .. } => "qr-show-paper".into(),
        Face::Mirror(_) => "ready-mirror".into(),
        Face::Forgetting { .. } => "wipe-forgetting".into(),
        Face::WipeFailed(_) => "wipe-failed".into(),
        other => other.name(),
    }
}

fn next(speak: &Speak, face: &Face) -> Option<String> {
    match face {
        Face::ShowWifi { wrong: Some(wrong), .. } | Face::ShowPaper { wrong: Some(wrong), .. } => {
            Some(speak.say(&format!("wrong-{}", kebab(&format!("{wrong:?}")))))
        }
        Face::PaperRefused(PaperRefusal::Misnamed { name, .. }) => {
            Some(speak.with("boot-paper-refused-misnamed.next", &[("name", Arg::Text(name))]))
        }
        Face::PaperRefused(PaperRefusal::Invalid { error }) => Some(remedy(speak, &error.problem)),
        // Who put a key there is for the city to find out; the device goes on without it.
        Face::KeyRefused { .. } => Some(speak.say("boot-key-refused-next")),
        face => speak.maybe(&format!("{}.next", message_id(face))),
    }
}

fn press(speak: &Speak, face: &Face, does: PressDoes, paused: bool) -> String {
    let id = match does {
        PressDoes::Again if matches!(face, Face::Forgotten { .. }) => "press-begin-again".to_owned(),
        PressDoes::Pause if paused => "press-resume".to_owned(),
        does => format!("press-{}", kebab(&format!("{does:?}"))),
    };
    speak.with("press", &[("does", Arg::Text(&speak.say(&id)))])
}

fn card(speak: &Speak, face: &Face) -> Option<Card> {
    let card = |text, icon, size| Some(Card { text, icon, size, steps: None, bar: None });
    match face {
        Face::JoiningNetwork { name } if !name.is_empty() => card(name.clone(), "wifi", 64),
        Face::Live { remaining, .. } | Face::ComingBack { remaining } => {
            card(format!("{}　{}", speak.say("remaining"), clock(*remaining)), "clock", 80)
        }
        Face::Forgetting { step, done, of } => Some(Card {
            text: speak.say(&format!("wipe-step-{}", kebab(&format!("{step:?}")))),
            icon: "shredder",
            size: 60,
            steps: Some(Steps { done: *done, of: *of }),
            bar: None,
        }),
        Face::WipeFailed(step) => {
            card(speak.say(&format!("wipe-step-{}", kebab(&format!("{step:?}")))), "shredder", 60)
        }
        Face::UpdateInstalling { percent } => {
            Some(Card { text: format!("{percent} %"), icon: "install", size: 60, steps: None, bar: Some(*percent) })
        }
        Face::UpToDate { version } => card(format!("{}　{version}", speak.say("software")), "install", 60),
        Face::LoanPrepared { id, until } => {
            let until = speak.with("loan-until", &[("until", Arg::Text(&until.to_string()))]);
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
fn boot(speak: &Speak, face: &Face) -> Option<Line> {
    let Face::Forgotten { boot: Some(number), .. } = face else { return None };
    Some(Line { text: format!("{}　{number}", speak.say("boot-files")), icon: "shield" })
}

/// The field or line that is wrong.
fn place_of(speak: &Speak, error: &LoanError) -> String {
    match error.problem {
        LoanProblem::Line { line, .. } => {
            speak.with("loan-line", &[("line", Arg::Number(i64::try_from(line).unwrap_or(i64::MAX)))])
        }
        _ => error.field.chars().take(36).collect(),
    }
}

/// What is to be written there instead.
fn remedy(speak: &Speak, problem: &LoanProblem) -> String {
    let id = format!("loan-problem-{}", problem.name());
    match problem {
        LoanProblem::Missing { example } | LoanProblem::Value { example, .. } => {
            speak.with(&id, &[("example", Arg::Text(example))])
        }
        LoanProblem::Format { read, .. } => speak.with(&id, &[("format", Arg::Number((*read).into()))]),
        LoanProblem::Twice { written } => speak.with(&id, &[("written", Arg::Text(written))]),
        LoanProblem::Language { written, known } => {
            speak.with(&id, &[("written", Arg::Text(written)), ("known", Arg::Text(known))])
        }
        LoanProblem::Line { .. } | LoanProblem::Unknown { .. } | LoanProblem::Long => speak.say(&id),
    }
}

/// Where a code is to be shown, a missing camera must be plugged in; elsewhere people can talk without it.
fn aside_line(speak: &Speak, face: &Face, aside: Aside) -> Line {
    let text = match (face, aside) {
        (Face::ShowWifi { .. } | Face::ShowPaper { .. }, aside) if aside.lacks_camera() => {
            speak.say("aside-plug-camera-in")
        }
        (_, Aside::NewTime { starts, ends }) => {
            let (starts, ends) = (time(starts), time(ends));
            speak.with("aside-new-time", &[("starts", Arg::Text(&starts)), ("ends", Arg::Text(&ends))])
        }
        _ => speak.say(&format!("aside-{}", aside.name())),
    };
    Line { text, icon: signs::of_aside(aside) }
}

fn hint(speak: &Speak, face: &Face) -> Option<Line> {
    let (Face::ShowWifi { hint, .. } | Face::ShowPaper { hint, .. }) = face else { return None };
    let text = speak.say(&format!("scan-{}", kebab(&format!("{hint:?}"))));
    Some(Line { text, icon: signs::of_hint(*hint) })
}

fn meeting(speak: &Speak, face: &Face) -> Option<When> {
    let (Face::Mirror(meeting) | Face::Rules(meeting)) = face else { return None };
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

fn rules(speak: &Speak, face: &Face) -> Vec<Line> {
    if !matches!(face, Face::Rules(_)) {
        return Vec::new();
    }
    let mut rules: Vec<Line> =
        Catalog::embedded().rules(speak.0).into_iter().map(|(icon, text)| Line { text, icon }).collect();
    rules.push(Line { text: speak.say("rules-full-text"), icon: "document" });
    rules
}

fn remaining(speak: &Speak, face: &Face) -> Option<Remaining> {
    let (Face::Live { remaining, .. } | Face::ComingBack { remaining }) = face else { return None };
    Some(Remaining { label: speak.say("remaining"), time: clock(*remaining) })
}

fn quality(speak: &Speak, face: &Face) -> Option<Line> {
    let Face::Live { quality, .. } = face else { return None };
    let text = speak.say(&format!("quality-{}", kebab(&format!("{quality:?}"))));
    Some(Line { text, icon: signs::of_quality(*quality) })
}

fn time(at: HourMinute) -> String {
    format!("{}:{:02}", at.hour, at.minute)
}

/// Minutes and seconds, with hours only when there are any.
fn clock(left: Duration) -> String {
    let seconds = left.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A wait in its largest unit, rounded up, so that the screen is calm: "12 minutes".
fn span(speak: &Speak, wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let (unit, length) = match seconds {
        0..=60 => ("seconds", 1),
        61..=3600 => ("minutes", 60),
        3601..=86_400 => ("hours", 3600),
        _ => ("days", 86_400),
    };
    let count = i64::try_from(seconds.div_ceil(length)).unwrap_or(i64::MAX);
    speak.with("wait", &[("unit", Arg::Text(unit)), ("count", Arg::Number(count))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_in_its_largest_unit_rounded_up() {
        let said = |seconds| span(&Speak(Language::English), Duration::from_secs(seconds));
        assert_eq!(said(45), "45 seconds");
        assert_eq!(said(61), "2 minutes");
        assert_eq!(said(3600), "60 minutes");
        assert_eq!(said(86_401), "2 days");
    }

    #[test]
    fn the_clock_shows_hours_only_when_there_are_any() {
        assert_eq!(clock(Duration::from_secs(754)), "12:34");
        assert_eq!(clock(Duration::from_secs(3661)), "1:01:01");
        assert_eq!(clock(Duration::ZERO), "0:00");
    }
}
