//! The one big sentence of a screen, and what to do next.

use super::speak::{Speak, span};
use crate::model::loan::LoanProblem;
use crate::model::screen::{Aside, Face, Meeting, RULES_PAGES, ScanHint, Screen, WrongCode};
use crate::model::stick::PaperRefusal;
use crate::words::Arg;

pub(super) fn sentence(speak: &Speak, screen: &Screen) -> String {
    match &screen.face {
        Face::Starting if screen.city.get(screen.language).is_empty() => speak.say("boot-starting-nameless"),
        Face::Starting => speak.with("boot-starting", &[("city", Arg::Text(screen.city.get(screen.language)))]),
        Face::Rules { meeting: Meeting { opens_in: Some(wait), .. }, page } if page + 1 == RULES_PAGES => {
            speak.with("ready-rules-early", &[("wait", Arg::Text(&span(speak, *wait)))])
        }
        Face::Rules { page, .. } if page + 1 < RULES_PAGES => speak.say("ready-rules-more"),
        Face::Rules { .. } => speak.say("ready-rules"),
        Face::Mirror(_) => speak.say(mirror(screen.aside)),
        Face::Live { held: false, name, .. } if name.trim().is_empty() => speak.say("staff"),
        Face::Live { held: false, name, .. } => name.clone(),
        face => speak.say(&message_id(face)),
    }
}

/// What is looked for, and what was seen instead.
pub(super) fn scanned(face: &Face) -> Option<(ScanHint, Option<WrongCode>)> {
    match face {
        Face::ShowWifi { hint, wrong } | Face::ShowPaper { hint, wrong } => Some((*hint, *wrong)),
        _ => None,
    }
}

/// While a code is looked for there is one message, and it changes with what the camera sees.
fn scan_id(face: &Face) -> Option<String> {
    let stage = if matches!(face, Face::ShowWifi { .. }) { "wifi" } else { "paper" };
    let hint = match scanned(face)? {
        (ScanHint::NoCamera, _) => "no-camera",
        (_, Some(wrong)) => return Some(format!("wrong-{stage}-{}", wrong.name())),
        (ScanHint::Looking, None) => return None,
        (ScanHint::Closer, None) => "closer",
        (ScanHint::FurtherAway, None) => "further-away",
        (ScanHint::HoldStill, None) => "hold-still",
        (ScanHint::Found, None) => "found",
    };
    Some(format!("scan-{hint}"))
}

/// There is nothing to look at where no camera is, and nothing to talk with where no microphone is either.
fn mirror(aside: Option<Aside>) -> &'static str {
    match aside {
        Some(aside) if aside.lacks_camera() && aside.offers_telephone() => "ready-mirror-telephone",
        Some(aside) if aside.lacks_camera() => "ready-mirror-blind",
        _ => "ready-mirror",
    }
}

/// The message of a face in `screens.ftl`: its name without what is said elsewhere on the screen.
fn message_id(face: &Face) -> String {
    if let Some(id) = scan_id(face) {
        return id;
    }
    match face {
        Face::ShowWifi { .. } => "network-show-wifi".into(),
        Face::JoiningNetwork { name } if name.is_empty() => "network-joining-cable".into(),
        Face::ShowPaper { .. } => "qr-show-paper".into(),
        Face::Forgetting { .. } => "wipe-forgetting".into(),
        Face::WipeFailed(_) => "wipe-failed".into(),
        other => other.name(),
    }
}

pub(super) fn next(speak: &Speak, screen: &Screen) -> Option<String> {
    match &screen.face {
        Face::Rules { .. } => None,
        Face::Mirror(_) => speak.maybe(&format!("{}.next", mirror(screen.aside))),
        Face::PaperRefused(PaperRefusal::Misnamed { name, .. }) => {
            Some(speak.with("boot-paper-refused-misnamed.next", &[("name", Arg::Text(name))]))
        }
        Face::PaperRefused(PaperRefusal::Invalid { error }) => Some(remedy(speak, &error.problem)),
        // Who put a key there is for the city to find out; the device goes on without it.
        Face::KeyRefused { .. } => Some(speak.say("boot-key-refused-next")),
        face => speak.maybe(&format!("{}.next", message_id(face))),
    }
}

/// Steps from power-on to the counter; the rules count their pages instead.
pub(super) fn step(speak: &Speak, face: &Face) -> Option<String> {
    let (id, number) = match face {
        Face::ShowWifi { .. } => ("step", 1),
        Face::ShowPaper { .. } => ("step", 2),
        Face::Mirror(_) => ("step", 3),
        Face::Rules { page, .. } => ("rules-page", i64::from(*page) + 1),
        _ => return None,
    };
    Some(speak.with(id, &[("number", Arg::Number(number))]))
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
