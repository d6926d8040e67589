//! Every screen there is, with values as they come in a family's life: for golden pictures and for looking at them.

use crate::model::language::Language;
use crate::model::loan::{LoanError, LoanProblem};
use crate::model::quality::Quality;
use crate::model::screen::{
    Aside, Ending, Face, HoldDoes, HourMinute, Live, Meeting, NetworkTrouble, PressDoes, RULES_PAGES, RoomRefusal,
    ScanHint, Screen, Telephone, WipeStep, WrongCode,
};
use crate::model::stick::{KeyRefusal, PaperRefusal};
use crate::model::update::UpdateRefusal;
use crate::model::wire::Words;
use std::time::Duration;

/// Every screen in every language with the name of its golden picture: `LANGUAGE-FACE[-ASIDE]`.
pub fn every_screen() -> Vec<(String, Screen)> {
    let mut all = Vec::new();
    for language in Language::ALL {
        for (face, aside) in every_face() {
            let mut name = format!("{}-{}", language.tag(), face.name());
            if let Face::JoiningNetwork { name: network } = &face {
                name.push_str(if network.is_empty() { "-cable" } else { "-wifi" });
            }
            if let Face::PaperRefused(PaperRefusal::Invalid { error }) = &face {
                name = format!("{name}-{}", error.problem.name());
            }
            if let Some(aside) = aside {
                name = format!("{name}-{}", aside.name());
            }
            all.push((name, screen(language, face, aside)));
        }
    }
    all
}

/// A screen around a face, with the button and the telephone as they usually go with it.
pub fn screen(language: Language, face: Face, aside: Option<Aside>) -> Screen {
    let (press, hold) = button(&face, aside);
    let face = match face {
        Face::Live { remaining, quality, held, .. } => {
            let (name, minutes) = (staff_member(language), aside.and_then(minutes_left));
            let remaining = minutes.map_or(remaining, |minutes| Duration::from_secs(minutes * 60 - 5));
            Face::Live { name, remaining, quality, held }
        }
        face => face,
    };
    let lent = !matches!(
        face,
        Face::WipeOwed
            | Face::NoLoan
            | Face::MadeAnew
            | Face::LoanRefused { .. }
            | Face::PaperRefused(PaperRefusal::NothingLent)
            | Face::Forgotten { receipt: Some(_), .. }
    );
    let city = if lent { Words::ja_en("みどり市", "Midori City") } else { Words::default() };
    let hours = Words::ja_en("平日 8:30〜17:15", "Mon–Fri 8:30–17:15");
    let telephone =
        (lent && Screen::offers_telephone(&face, aside)).then(|| Telephone { number: "0422-00-1234".into(), hours });
    Screen { language, city, face, press, hold, telephone, aside, live: Live::default() }
}

fn every_face() -> Vec<(Face, Option<Aside>)> {
    let mut faces: Vec<(Face, Option<Aside>)> = Vec::new();
    let mut plain = |face| faces.push((face, None));
    for face in [Face::Starting, Face::WipeOwed, Face::NoLoan, Face::LoanEnded, Face::FindingNetwork] {
        plain(face);
    }
    stick_faces().into_iter().for_each(&mut plain);
    for hint in ScanHint::ALL {
        plain(Face::ShowWifi { hint, wrong: None });
        // What is read as a paper leads on at once.
        if hint != ScanHint::Found {
            plain(Face::ShowPaper { hint, wrong: None });
        }
    }
    for wrong in WrongCode::ALL {
        if wrong != WrongCode::WifiInstead {
            plain(Face::ShowWifi { hint: ScanHint::Looking, wrong: Some(wrong) });
        }
        plain(Face::ShowPaper { hint: ScanHint::Looking, wrong: Some(wrong) });
    }
    plain(Face::JoiningNetwork { name: String::new() });
    plain(Face::JoiningNetwork { name: "aterm-3f2c1d-5G".into() });
    NetworkTrouble::ALL.map(Face::NetworkTrouble).into_iter().for_each(&mut plain);
    plain(Face::PaperRead);
    plain(Face::AskingRoom);
    RoomRefusal::ALL.map(Face::Refused).into_iter().for_each(&mut plain);
    for opens_in in [None, Some(Duration::from_secs(712))] {
        plain(Face::Mirror(meeting(opens_in)));
        (0..RULES_PAGES).for_each(|page| plain(Face::Rules { meeting: meeting(opens_in), page }));
    }
    let lobbies = [true, false].map(|staff_present| Face::Lobby { staff_present });
    [Face::Disagreed, Face::TryOut, Face::Entering].into_iter().chain(lobbies).for_each(&mut plain);
    for quality in [Quality::Good, Quality::Fair, Quality::Weak] {
        plain(live(quality, false));
    }
    plain(live(Quality::Good, true));
    plain(Face::Unverified { tried_again: false });
    plain(Face::Unverified { tried_again: true });
    plain(Face::ComingBack { remaining: Duration::from_secs(612) });
    Ending::ALL.map(Face::Ended).into_iter().for_each(&mut plain);
    for (done, step) in (0..).zip(WipeStep::ALL) {
        plain(Face::Forgetting { step, done, of: 4 });
        plain(Face::WipeFailed(step));
    }
    plain(Face::Forgotten { receipt: None, boot: None });
    plain(Face::Forgotten { receipt: Some("M-2026-014".into()), boot: Some("3F2A-9C01-77DE-1B20".into()) });
    faces.extend(with_asides());
    faces
}

/// Faces as they look with a word beside them.
fn with_asides() -> Vec<(Face, Option<Aside>)> {
    let mut faces: Vec<(Face, Option<Aside>)> =
        MISSING.into_iter().chain(ASIDES).map(|aside| (live(Quality::Good, false), Some(aside))).collect();
    faces.push((Face::Starting, Some(Aside::Development)));
    faces.push((Face::NoLoan, Some(Aside::Development)));
    faces.push((Face::ShowPaper { hint: ScanHint::Looking, wrong: None }, Some(Aside::BringBack)));
    faces.push((Face::ShowPaper { hint: ScanHint::Looking, wrong: None }, Some(Aside::Updating)));
    faces.push((Face::Ended(Ending::Ended), Some(Aside::BringBack)));
    faces.push((live(Quality::Weak, false), Some(Aside::WillPhone)));
    faces.push((live(Quality::Good, true), Some(Aside::FiveMinutes)));
    faces.push((Face::ShowWifi { hint: ScanHint::Looking, wrong: None }, Some(Aside::PaperRemembered)));
    faces.push((Face::NetworkTrouble(NetworkTrouble::Open), Some(Aside::PaperRemembered)));
    for aside in MISSING.into_iter().chain([Aside::SilentMicrophone, Aside::SilentTv, Aside::LoudTv]) {
        faces.push((Face::Mirror(meeting(None)), Some(aside)));
        faces.push((Face::TryOut, Some(aside)));
    }
    faces.push((Face::Lobby { staff_present: true }, Some(Aside::NoMicrophone)));
    faces.push((Face::Lobby { staff_present: true }, Some(Aside::NoSpeaker)));
    faces.push((live(Quality::Weak, false), Some(Aside::NoSpeaker)));
    faces.push((live(Quality::Good, true), Some(Aside::NoSpeaker)));
    faces.push((Face::Lobby { staff_present: true }, Some(NEW_TIME)));
    faces
}

/// What becomes of a stick, and of an update.
fn stick_faces() -> Vec<Face> {
    let mut faces = vec![Face::MadeAnew, Face::WentBack, Face::StickReading];
    faces.push(Face::LoanRefused { id: "M-2026-009".into(), why: PaperRefusal::WrongKey });
    faces.extend(KeyRefusal::ALL.map(|why| Face::KeyRefused { file: "madoguchi-city.pub".into(), why }));
    faces.extend([Face::UpdateInstalling { percent: 42 }, Face::Restarting]);
    faces.push(Face::UpToDate { version: "1.4.0".into() });
    faces.extend(UpdateRefusal::ALL.map(Face::UpdateRefused));
    faces.push(Face::LoanPrepared { id: "M-2026-014".into(), until: jiff::civil::date(2027, 3, 31) });
    faces.extend(paper_refusals().into_iter().map(Face::PaperRefused));
    faces
}

fn meeting(opens_in: Option<Duration>) -> Meeting {
    Meeting {
        counter: Words::ja_en("子育て相談窓口", "Childcare consultation"),
        month_day: (11, 24),
        starts: HourMinute { hour: 14, minute: 0 },
        ends: HourMinute { hour: 14, minute: 30 },
        opens_in,
    }
}

fn live(quality: Quality, held: bool) -> Face {
    Face::Live { name: String::new(), remaining: Duration::from_secs(730), quality, held }
}

fn staff_member(language: Language) -> String {
    Words::ja_en("子育て支援課 山田", "Yamada, Childcare Support").get(language).to_owned()
}

fn minutes_left(aside: Aside) -> Option<u64> {
    match aside {
        Aside::FiveMinutes => Some(5),
        Aside::OneMinute => Some(1),
        _ => None,
    }
}

fn button(face: &Face, aside: Option<Aside>) -> (Option<PressDoes>, Option<HoldDoes>) {
    use HoldDoes::{Back, Leave, StartAgain};
    match face {
        Face::Starting => (Some(PressDoes::Language), None),
        Face::LoanRefused { .. }
        | Face::MadeAnew
        | Face::StickReading
        | Face::UpdateInstalling { .. }
        | Face::Restarting => (None, None),
        Face::WentBack
        | Face::KeyRefused { .. }
        | Face::UpToDate { .. }
        | Face::UpdateRefused(_)
        | Face::LoanPrepared { .. }
        | Face::PaperRefused(_) => (Some(PressDoes::Understood), None),
        Face::WipeOwed | Face::NoLoan | Face::Forgetting { .. } | Face::WipeFailed(_) => (None, None),
        Face::LoanEnded => (None, None),
        Face::JoiningNetwork { .. } => (None, Some(StartAgain)),
        Face::FindingNetwork => (Some(PressDoes::Language), Some(StartAgain)),
        Face::ShowWifi { .. } | Face::ShowPaper { hint: ScanHint::NoCamera, .. } => (None, Some(StartAgain)),
        Face::ShowPaper { .. } => (Some(PressDoes::TryOut), Some(StartAgain)),
        Face::NetworkTrouble(trouble) => (Some(after(*trouble)), Some(StartAgain)),
        Face::Refused(why) if why.may_be_tried_again() => (Some(PressDoes::Again), Some(StartAgain)),
        Face::Refused(why) if why.keeps_key() => (None, Some(StartAgain)),
        Face::Refused(_) => (Some(PressDoes::ShowCode), Some(StartAgain)),
        Face::PaperRead | Face::AskingRoom => (None, Some(Back)),
        Face::Mirror(_) => (Some(PressDoes::Next), Some(HoldDoes::Language)),
        Face::Rules { page, .. } if page + 1 < RULES_PAGES => (Some(PressDoes::Next), Some(Back)),
        Face::Rules { meeting, .. } if meeting.opens_in.is_some() => (None, Some(StartAgain)),
        Face::Rules { .. } => (Some(PressDoes::AgreeAndJoin), Some(HoldDoes::Disagree)),
        Face::Disagreed => (Some(PressDoes::Back), Some(StartAgain)),
        Face::TryOut => (Some(PressDoes::Back), Some(StartAgain)),
        Face::Unverified { tried_again: false } => (Some(PressDoes::Again), Some(Leave)),
        Face::Entering | Face::Lobby { .. } | Face::ComingBack { .. } | Face::Unverified { tried_again: true } => {
            (None, Some(Leave))
        }
        Face::Live { .. } => match aside {
            Some(Aside::Paused) => (Some(PressDoes::Resume), Some(Leave)),
            Some(aside) if aside.lacks_camera() && aside.lacks_microphone() => (None, Some(Leave)),
            _ => (Some(PressDoes::Pause), Some(Leave)),
        },
        Face::Ended(Ending::Left) => (Some(PressDoes::ComeBack), None),
        Face::Ended(_) => (Some(PressDoes::Understood), None),
        Face::Forgotten { receipt: None, .. } => (Some(PressDoes::Again), None),
        Face::Forgotten { receipt: Some(_), .. } => (None, Some(HoldDoes::Restart)),
    }
}

/// What a press does where the trouble usually comes up: without a cable, at a Wi-Fi; or with a line that goes nowhere.
fn after(trouble: NetworkTrouble) -> PressDoes {
    use NetworkTrouble::{
        ClockUnknown, LineLost, NoAddress, NoInternet, NoNames, NoRadio, NotWorking, RadioOff, ServerUnreachable,
        Untrusted,
    };
    match trouble {
        NoAddress | NoNames | NoInternet | ServerUnreachable | Untrusted | ClockUnknown | NoRadio | RadioOff
        | NotWorking | LineLost => PressDoes::Again,
        _ => PressDoes::ShowCode,
    }
}

fn paper_refusals() -> Vec<PaperRefusal> {
    let id = || "M-2026-009".to_owned();
    let mut refusals = vec![
        PaperRefusal::NoSignature,
        PaperRefusal::WrongKey,
        PaperRefusal::Changed,
        PaperRefusal::NoKeys,
        PaperRefusal::Unreadable,
        PaperRefusal::UnreadableStick,
        PaperRefusal::Misnamed { written: "loan.toml.txt".into(), name: "loan.toml" },
        PaperRefusal::AlreadyLent { id: id() },
        PaperRefusal::Expired,
        PaperRefusal::OtherLoan { id: id() },
        PaperRefusal::OldLoan,
        PaperRefusal::OldReturn,
        PaperRefusal::OtherDevice { own: "10000000A1B2C3D4".into() },
        PaperRefusal::NothingLent,
        PaperRefusal::NotWritten,
    ];
    refusals.extend(loan_errors().map(|error| PaperRefusal::Invalid { error }));
    refusals
}

/// Every mistake in a loan, with the longest example of its kind.
fn loan_errors() -> [LoanError; 8] {
    let wrong = |field: &str, problem| LoanError { field: field.to_owned(), problem };
    let (wanted, example) = ("opening hours by language", "{ ja = \"平日 8:30〜17:15\" }");
    [
        wrong("line 12", LoanProblem::Line { line: 12, said: "key with no value, expected `=`".into() }),
        wrong("counter[0].hours", LoanProblem::Missing { example }),
        wrong("counter[0].telefone", LoanProblem::Unknown { known: "name, hosts, telephone, hours".into() }),
        wrong("counter[0].hours", LoanProblem::Value { wanted, example }),
        wrong("format", LoanProblem::Format { written: 2, read: 1 }),
        wrong("counter[1].hosts", LoanProblem::Twice { written: "counter.midori.example".into() }),
        wrong("languages", LoanProblem::Language { written: "jp".into(), known: "ja, en".into() }),
        wrong("counter[0].name.en", LoanProblem::Long),
    ]
}

const MISSING: [Aside; 7] = [
    Aside::NoCamera,
    Aside::NoMicrophone,
    Aside::NoCameraNorMicrophone,
    Aside::NoSpeaker,
    Aside::NoCameraNorSpeaker,
    Aside::NoMicrophoneNorSpeaker,
    Aside::NoCameraMicrophoneNorSpeaker,
];

const NEW_TIME: Aside =
    Aside::NewTime { starts: HourMinute { hour: 14, minute: 0 }, ends: HourMinute { hour: 14, minute: 45 } };

const ASIDES: [Aside; 8] = [
    Aside::FiveMinutes,
    Aside::OneMinute,
    NEW_TIME,
    Aside::WillPhone,
    Aside::LoudTv,
    Aside::StaffMuted,
    Aside::StaffCameraOff,
    Aside::Paused,
];
