//! Chapter 2: a cable wins silently; else a known Wi-Fi; else "show me your router's Wi-Fi code".

use super::boot::Boot;
use super::qr::Qr;
use super::ready::Ready;
use super::wipe::Wipe;
use super::{Chapter, Event, Senses, Sight, Why};
use crate::model::code::Code;
use crate::model::eye::Eye;
use crate::model::ids::Attempt;
use crate::model::known::Known;
use crate::model::light::Light;
use crate::model::screen::{Aside, Face, HoldDoes, NetworkTrouble, PressDoes, ScanHint};
use crate::model::turn::{Effect, NetworkNews, Told};
use crate::model::uptime::Uptime;
use crate::model::wifi_code::{Claim, WifiCode};
use std::time::Duration;

/// A cable or a known Wi-Fi must carry by then; later ones still win at any time.
const FINDING: Duration = Duration::from_secs(8);
/// A cable is in, but its router may still be starting.
const FINDING_BY_CABLE: Duration = Duration::from_secs(30);
/// A known Wi-Fi must have been looked for, and joined where it is there, by then.
const FINDING_KNOWN: Duration = Duration::from_secs(60);
/// Scan, authentication, address and internet check together.
const JOINING: Duration = Duration::from_secs(90);
/// The clock must be set by then once the internet is there.
const SETTING_CLOCK: Duration = Duration::from_secs(30);
/// An answer to "is the internet there now?".
const CHECKING: Duration = Duration::from_secs(20);

pub(super) struct Network(Phase);

enum Phase {
    /// `asked`: a known Wi-Fi is looked for, and until when that may take. `sought`: it has been looked for already.
    Finding {
        until: Uptime,
        asked: Option<(Attempt, Uptime)>,
        sought: bool,
    },
    Asking(Asking),
    Joining {
        attempt: Attempt,
        name: String,
        until: Uptime,
    },
    Checking {
        attempt: Attempt,
        until: Uptime,
    },
    /// Joined; word that it carries is on its way.
    Settling {
        until: Uptime,
    },
    Clock {
        until: Uptime,
    },
    Trouble(NetworkTrouble),
}

/// The router's code is asked for.
#[derive(Default)]
struct Asking {
    eye: Eye,
    /// The trouble that the person has read about: it is not shown again over the camera's picture.
    said: Option<NetworkTrouble>,
}

impl Network {
    /// Looks for a cable or a known Wi-Fi; where one carries already, the story goes on at once.
    pub(super) fn find(now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) -> Chapter {
        let span = if known.cable { FINDING_BY_CABLE } else { FINDING };
        match onward_if_carried(now, finding(now + span), known, effects) {
            Chapter::Network(Self(Phase::Finding { until, .. })) if !known.cable => {
                Chapter::Network(Self(seeking(now, until, known, effects)))
            }
            chapter => chapter,
        }
    }

    /// Says what is wrong with the network in use.
    pub(super) fn in_trouble(trouble: NetworkTrouble) -> Self {
        Self(Phase::Trouble(trouble))
    }

    pub(super) fn handle(self, now: Uptime, event: Event, known: &mut Known, effects: &mut Vec<Effect>) -> Chapter {
        if let Event::ReturnAsked = event {
            return Chapter::Wipe(Wipe::everything(now, known, effects));
        }
        let phase = match (self.0, event) {
            (Phase::Asking(asking), Event::Told(Told::Scan { hint, code })) => {
                scanned(now, asking, hint, code, known, effects)
            }
            (Phase::Asking(mut asking), Event::Tick) => {
                asking.eye.tick(now);
                Phase::Asking(asking)
            }
            (Phase::Joining { attempt, .. }, Event::Told(Told::Network { attempt: of, news })) if attempt == of => {
                answered(now, news)
            }
            (
                Phase::Finding { until, asked: Some((attempt, _)), .. },
                Event::Told(Told::Network { attempt: of, news }),
            ) if attempt == of => found(now, until, news, known),
            (Phase::Checking { attempt, .. }, Event::Told(Told::Network { attempt: of, news })) if attempt == of => {
                looked_again(now, news)
            }
            (Phase::Joining { until, .. }, Event::Tick) if now >= until => Phase::Trouble(NetworkTrouble::NotInTheAir),
            (Phase::Checking { until, .. }, Event::Tick) if now >= until => Phase::Trouble(NetworkTrouble::NoInternet),
            (Phase::Settling { until }, Event::Tick) if now >= until => {
                Phase::Trouble(known.trouble.unwrap_or(NetworkTrouble::NoInternet))
            }
            (Phase::Clock { until }, Event::Tick) if now >= until => Phase::Trouble(NetworkTrouble::ClockUnknown),
            // A cable that leads nowhere had its time: a known Wi-Fi may do what it does not.
            (Phase::Finding { until, asked: None, .. }, Event::Tick) if now >= until && known.cable => {
                seeking(now, until, known, effects)
            }
            // And one that was pulled out is not waited for.
            (Phase::Finding { until, asked: None, sought: false }, Event::Fact) if !known.cable && !known.carries => {
                seeking(now, until, known, effects)
            }
            (Phase::Finding { until, asked, .. }, Event::Tick) if now >= finding_ends(until, asked) => {
                given_up_finding(known)
            }
            (Phase::Finding { until, asked, sought }, Event::Fact) if known.cable => {
                Phase::Finding { until: until.max(now + FINDING_BY_CABLE), asked, sought }
            }
            (Phase::Asking(_), Event::Fact) if known.cable => finding(now + FINDING_BY_CABLE),
            (Phase::Asking(asking), Event::Fact) => match known.lost_because() {
                Some(trouble) if asking.said != Some(trouble) => Phase::Trouble(trouble),
                _ => Phase::Asking(asking),
            },
            (phase @ Phase::Finding { .. }, Event::Press) => {
                known.choose_next_language();
                phase
            }
            (Phase::Trouble(trouble), Event::Press) => again(now, trouble, known, effects),
            (_, Event::Hold) => {
                known.remembered = None;
                return Boot::again(now);
            }
            (phase, _) => phase,
        };
        onward_if_carried(now, phase, known, effects)
    }

    pub(super) fn is_in_trouble(&self) -> bool {
        matches!(self.0, Phase::Trouble(_))
    }

    pub(super) fn wake_at(&self) -> Option<(Uptime, Why)> {
        match &self.0 {
            Phase::Finding { until, asked, .. } => {
                Some((finding_ends(*until, *asked), Why("a cable or a known Wi-Fi")))
            }
            Phase::Asking(asking) => asking.eye.wake_at().map(|at| (at, Why("a wrong code to be read about"))),
            Phase::Joining { until, .. } => Some((*until, Why("the Wi-Fi to be joined"))),
            Phase::Checking { until, .. } => Some((*until, Why("an answer from the internet"))),
            Phase::Settling { until } => Some((*until, Why("the joined network to carry"))),
            Phase::Clock { until } => Some((*until, Why("the clock to be set"))),
            Phase::Trouble(_) => None,
        }
    }

    pub(super) fn waits_for_person(&self) -> Option<&'static str> {
        match self.0 {
            Phase::Asking(_) => Some("the router's Wi-Fi code, or a cable"),
            Phase::Trouble(_) => Some("a press, or the network to work again"),
            _ => None,
        }
    }

    pub(super) fn light(&self) -> Light {
        match self.0 {
            Phase::Trouble(_) => Light::Fast,
            _ => Light::Breathing,
        }
    }

    pub(super) fn senses(&self) -> Senses {
        let asking = matches!(self.0, Phase::Asking(_));
        Senses { camera: asking, scan: asking, level: false }
    }

    pub(super) fn sight(&self, known: &Known) -> Sight {
        let remembered = known.remembered.as_ref().map(|_| Aside::PaperRemembered);
        let (face, press) = match &self.0 {
            Phase::Finding { .. } => {
                (Face::FindingNetwork, known.speaks_another_language().then_some(PressDoes::Language))
            }
            Phase::Checking { .. } | Phase::Settling { .. } | Phase::Clock { .. } => (Face::FindingNetwork, None),
            // Whoever takes the button for a camera's presses it here: nothing happens.
            Phase::Asking(Asking { eye, .. }) => {
                (Face::ShowWifi { hint: eye.hint(known.camera), wrong: eye.wrong() }, None)
            }
            Phase::Joining { name, .. } => (Face::JoiningNetwork { name: name.clone() }, None),
            Phase::Trouble(trouble) => {
                let press = match remedy(*trouble, known) {
                    Remedy::AnotherCode => PressDoes::ShowCode,
                    Remedy::LookAgain | Remedy::SeekAgain => PressDoes::Again,
                };
                (Face::NetworkTrouble(*trouble), Some(press))
            }
        };
        Sight { face, press, hold: Some(HoldDoes::StartAgain), aside: remembered }
    }
}

/// A network that carries and a clock that may be believed lead out of this chapter, whatever was being asked.
fn onward_if_carried(now: Uptime, phase: Phase, known: &mut Known, effects: &mut Vec<Effect>) -> Chapter {
    let forbidden = known
        .forbidden()
        .filter(|_| matches!(phase, Phase::Finding { .. } | Phase::Settling { .. } | Phase::Clock { .. }));
    let phase = match (phase, forbidden) {
        (_, Some(trouble)) => Phase::Trouble(trouble),
        (phase @ Phase::Trouble(NetworkTrouble::ClockUnknown), None) if !known.clock => phase,
        (Phase::Clock { .. }, None) if !known.carries => finding(now + FINDING),
        (phase @ Phase::Clock { .. }, None) if !known.clock => phase,
        (phase @ Phase::Joining { .. }, None) if !known.cable => phase,
        (_, None) if known.carries && !known.clock => Phase::Clock { until: now + SETTING_CLOCK },
        (_, None) if known.carries => {
            return match known.remembered.take() {
                Some(invite) => Chapter::Ready(Ready::ask(now, invite, known, effects)),
                None => Qr::ask(known),
            };
        }
        (phase, None) => phase,
    };
    Chapter::Network(Network(phase))
}

fn scanned(
    now: Uptime,
    mut asking: Asking,
    hint: ScanHint,
    code: Option<Code>,
    known: &mut Known,
    effects: &mut Vec<Effect>,
) -> Phase {
    asking.eye.saw(hint);
    match code {
        Some(Code::Wifi(wifi)) => match refused_by_its_claim(&wifi) {
            Some(trouble) => Phase::Trouble(trouble),
            None => {
                let attempt = known.ask();
                let name = wifi.ssid.clone();
                effects.push(Effect::JoinWifi { attempt, wifi });
                Phase::Joining { attempt, name, until: now + JOINING }
            }
        },
        Some(Code::Invite(invite)) => {
            known.read_language(invite.language);
            known.remembered = Some(invite);
            asking.eye.accept();
            Phase::Asking(asking)
        }
        Some(Code::Wrong(wrong)) => {
            asking.eye.refuse(now, wrong);
            Phase::Asking(asking)
        }
        None => Phase::Asking(asking),
    }
}

/// A code that itself says "no encryption" is refused before the radio is asked.
fn refused_by_its_claim(wifi: &WifiCode) -> Option<NetworkTrouble> {
    match wifi.claim {
        Claim::Open => Some(NetworkTrouble::Open),
        Claim::Wep => Some(NetworkTrouble::Wep),
        Claim::Enterprise => Some(NetworkTrouble::Enterprise),
        Claim::Wpa | Claim::Sae => None,
    }
}

/// A cable alone, or what is already in use, is waited for.
fn finding(until: Uptime) -> Phase {
    Phase::Finding { until, asked: None, sought: false }
}

/// A known Wi-Fi is looked for.
fn seeking(now: Uptime, until: Uptime, known: &mut Known, effects: &mut Vec<Effect>) -> Phase {
    let attempt = known.ask();
    effects.push(Effect::JoinKnown { attempt });
    Phase::Finding { until, asked: Some((attempt, now + FINDING_KNOWN)), sought: true }
}

fn finding_ends(until: Uptime, asked: Option<(Attempt, Uptime)>) -> Uptime {
    asked.map_or(until, |(_, by)| until.max(by))
}

/// What became of the look for a known Wi-Fi. That none is there is no trouble: a cable may still come. Without a radio a
/// router's code would be of no use, and is not asked for.
fn found(now: Uptime, until: Uptime, news: NetworkNews, known: &Known) -> Phase {
    use NetworkTrouble::{NoRadio, NotInTheAir, NotOnThisBand, RadioOff};
    let found_none = || match now >= until {
        true => given_up_finding(known),
        false => Phase::Finding { until, asked: None, sought: true },
    };
    match news {
        NetworkNews::Trouble(trouble @ (NoRadio | RadioOff)) if !known.cable => Phase::Trouble(trouble),
        NetworkNews::Trouble(NotInTheAir | NotOnThisBand | NoRadio | RadioOff) | NetworkNews::Forgotten => found_none(),
        NetworkNews::Trouble(_) if known.cable => found_none(),
        news => answered(now, news),
    }
}

/// What became of another look. A cable that leads nowhere must not keep the family from showing a code.
fn looked_again(now: Uptime, news: NetworkNews) -> Phase {
    match news {
        NetworkNews::Trouble(NetworkTrouble::LineLost | NetworkTrouble::NoAddress) => Phase::Asking(Asking::default()),
        news => answered(now, news),
    }
}

fn answered(now: Uptime, news: NetworkNews) -> Phase {
    match news {
        NetworkNews::Up => Phase::Settling { until: now + FINDING },
        NetworkNews::Trouble(trouble) => Phase::Trouble(trouble),
        NetworkNews::Forgotten => Phase::Asking(Asking::default()),
    }
}

fn given_up_finding(known: &Known) -> Phase {
    match known.trouble {
        Some(NetworkTrouble::LineLost) | None if !known.cable => Phase::Asking(Asking::default()),
        Some(trouble) => Phase::Trouble(trouble),
        None => Phase::Trouble(NetworkTrouble::NoAddress),
    }
}

/// What a press does about a trouble.
enum Remedy {
    /// Looks whether what is in use carries now.
    LookAgain,
    /// Looks for a known Wi-Fi, and with it for the radio.
    SeekAgain,
    /// Asks for the code of another Wi-Fi.
    AnotherCode,
}

fn again(now: Uptime, trouble: NetworkTrouble, known: &mut Known, effects: &mut Vec<Effect>) -> Phase {
    match remedy(trouble, known) {
        Remedy::LookAgain => checking(now, known, effects),
        Remedy::SeekAgain => seeking(now, now + FINDING, known, effects),
        Remedy::AnotherCode => Phase::Asking(Asking { said: Some(trouble), ..Asking::default() }),
    }
}

/// It depends on what failed, and on what there is to try again.
fn remedy(trouble: NetworkTrouble, known: &Known) -> Remedy {
    match trouble {
        NetworkTrouble::Portal
        | NetworkTrouble::NoNames
        | NetworkTrouble::NoInternet
        | NetworkTrouble::ClockUnknown
        | NetworkTrouble::ServerUnreachable
        | NetworkTrouble::Untrusted
        | NetworkTrouble::NoAddress
        | NetworkTrouble::LineLost
            if known.cable || known.carries =>
        {
            Remedy::LookAgain
        }
        NetworkTrouble::NotWorking => Remedy::LookAgain,
        // Without a radio no code is of use.
        NetworkTrouble::NoRadio | NetworkTrouble::RadioOff => Remedy::SeekAgain,
        _ => Remedy::AnotherCode,
    }
}

fn checking(now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) -> Phase {
    let attempt = known.ask();
    effects.push(Effect::CheckNetwork { attempt });
    Phase::Checking { attempt, until: now + CHECKING }
}
