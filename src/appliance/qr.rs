//! Chapter 3: "show me the paper from the city", with camera, microphone and speaker to try out on the way.

use super::boot::Boot;
use super::chimes::Chimes;
use super::network::Network;
use super::ready::Ready;
use super::wipe::Wipe;
use super::{Chapter, Event, Senses, Sight, Why};
use crate::model::code::Code;
use crate::model::eye::Eye;
use crate::model::known::Known;
use crate::model::light::Light;
use crate::model::screen::{Aside, Face, HoldDoes, PressDoes, WrongCode};
use crate::model::turn::{Effect, Told};
use crate::model::uptime::Uptime;
use std::time::Duration;

/// Nobody tries out the camera for longer than this.
const TRYING_OUT: Duration = Duration::from_secs(120);

pub(super) struct Qr(Phase);

enum Phase {
    Asking { eye: Eye },
    TryingOut { until: Uptime, chimes: Chimes },
}

impl Qr {
    /// Asks for the paper: from here on no counter is known.
    pub(super) fn ask(known: &mut Known) -> Chapter {
        known.counter_host = None;
        Chapter::Qr(Self(Phase::Asking { eye: Eye::default() }))
    }

    pub(super) fn handle(self, now: Uptime, event: Event, known: &mut Known, effects: &mut Vec<Effect>) -> Chapter {
        let phase = match (self.0, event) {
            (_, Event::ReturnAsked) => return Chapter::Wipe(Wipe::everything(now, known, effects)),
            (_, Event::Fact) if !known.carries => {
                return Network::find(now, known, effects);
            }
            (Phase::Asking { mut eye }, Event::Told(Told::Scan { hint, code })) => {
                eye.saw(hint);
                match code {
                    Some(Code::Invite(invite)) => return Chapter::Ready(Ready::read(now, invite, known, effects)),
                    Some(Code::Wifi(_)) => eye.refuse(now, WrongCode::WifiInstead),
                    Some(Code::Wrong(wrong)) => eye.refuse(now, wrong),
                    None => {}
                }
                Phase::Asking { eye }
            }
            (Phase::Asking { mut eye }, Event::Tick) => {
                eye.tick(now);
                Phase::Asking { eye }
            }
            (Phase::Asking { .. }, Event::Press) if known.camera => {
                let chimes = Chimes::first(now, known, effects);
                Phase::TryingOut { until: now + TRYING_OUT, chimes }
            }
            (_, Event::Hold) => return Boot::again(now),
            // Whoever came here by a press finds the way out by the next one.
            (Phase::TryingOut { .. }, Event::Press) => Phase::Asking { eye: Eye::default() },
            (Phase::TryingOut { until, .. }, Event::Tick) if now >= until => Phase::Asking { eye: Eye::default() },
            (Phase::TryingOut { until, mut chimes }, Event::Tick) => {
                chimes.pass(now, known, effects);
                Phase::TryingOut { until, chimes }
            }
            (phase, _) => phase,
        };
        Chapter::Qr(Self(phase))
    }

    /// Nobody shows anything, and nobody tries anything out.
    pub(super) fn only_waits(&self) -> bool {
        matches!(self.0, Phase::Asking { .. })
    }

    pub(super) fn wake_at(&self) -> Option<(Uptime, Why)> {
        match &self.0 {
            Phase::Asking { eye } => eye.wake_at().map(|at| (at, Why("a wrong code to be read about"))),
            Phase::TryingOut { until, chimes } => {
                let end = (*until, Why("the end of trying out"));
                let chime = chimes.wake_at().map(|at| (at, Why("the next chime")));
                [Some(end), chime].into_iter().flatten().min_by_key(|(at, _)| *at)
            }
        }
    }

    pub(super) fn light(&self) -> Light {
        match self.0 {
            Phase::Asking { .. } => Light::Breathing,
            Phase::TryingOut { .. } => Light::Steady,
        }
    }

    pub(super) fn senses(&self) -> Senses {
        match self.0 {
            Phase::Asking { .. } => Senses { camera: true, scan: true, level: false },
            Phase::TryingOut { .. } => Senses { camera: true, scan: false, level: true },
        }
    }

    pub(super) fn sight(&self, known: &Known) -> Sight {
        match &self.0 {
            Phase::Asking { eye } => Sight {
                face: Face::ShowPaper { hint: eye.hint(known.camera), wrong: eye.wrong() },
                press: known.camera.then_some(PressDoes::TryOut),
                hold: Some(HoldDoes::StartAgain),
                aside: known.updating.then_some(Aside::Updating).or_else(|| known.bring_back()),
            },
            Phase::TryingOut { .. } => Sight {
                face: Face::TryOut,
                press: Some(PressDoes::Back),
                hold: Some(HoldDoes::StartAgain),
                aside: known.check_of_senses(),
            },
        }
    }
}
