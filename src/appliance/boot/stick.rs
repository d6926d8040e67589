//! What a stick brings is dealt with here: an update, a loan, or a word on why not. Nothing else goes on meanwhile.
//!
//! Each thing on a stick is taken up once ([`next_job`]), so that a stick that stays in makes no loop.

use super::super::{Event, Sight, Why};
use crate::model::ids::Attempt;
use crate::model::known::Known;
use crate::model::light::Light;
use crate::model::screen::{Face, PressDoes};
use crate::model::stick::{Followed, KeyRefused, LoanOrder, PaperRefusal, StickId, StickNews};
use crate::model::turn::{Effect, Told};
use crate::model::update::{UpdateNews, UpdateRefusal};
use crate::model::uptime::Uptime;
use std::path::PathBuf;
use std::time::Duration;

/// Longest silence about an update that is looked at or written; its device speaks every few seconds.
const SILENCE: Duration = Duration::from_secs(60);
/// A stick is gone: what was read already may still be enough, else the failure is told by then.
const GONE: Duration = Duration::from_secs(10);
/// What cannot be read any more may have been pulled out: whoever reads it notices that before the socket tells.
const NOTICED: Duration = Duration::from_secs(5);
/// A loan must be written by then.
const WRITING: Duration = Duration::from_secs(30);
/// A restart that has not happened by then is asked for again.
const RESTARTING: Duration = Duration::from_secs(60);
/// Good news goes away by itself, so that a stick left in keeps nobody from the counter.
const GOOD_NEWS: Duration = Duration::from_secs(60);
/// Bad news stays for whoever comes back to look; then the story goes on with what there is.
const BAD_NEWS: Duration = Duration::from_secs(300);
/// An update that went back is told for so long: the device is usable.
const WENT_BACK: Duration = Duration::from_secs(20);

/// A key that counts for nothing is told for so long: whoever is lent the device may go on.
const KEY_REFUSED: Duration = Duration::from_secs(20);

/// What is to be done next.
pub(in crate::appliance) enum Job {
    /// Say that the last update went back.
    WentBack,
    /// Say that a city key counts for nothing.
    KeyRefused(KeyRefused),
    /// Install an update.
    Update { stick: StickId, bundle: PathBuf, by_hand: bool },
    /// Keep a loan.
    Lend { stick: StickId, order: Box<LoanOrder> },
    /// Say that the loan is in force already.
    Prepared { stick: StickId },
    /// Say why a paper is not followed.
    Refuse { why: PaperRefusal },
}

/// Takes the next thing to be done off the sticks.
pub(in crate::appliance) fn next_job(known: &mut Known) -> Option<Job> {
    if std::mem::take(&mut known.went_back) {
        return Some(Job::WentBack);
    }
    if let Some(key) = known.refused_keys.pop() {
        return Some(Job::KeyRefused(key));
    }
    for place in 0..known.sticks.len() {
        let Some(stick) = known.sticks.get_mut(place) else { break };
        let id = stick.id;
        let alone = !stick.brings_something_new();
        // Beside something new, an order for another loan is the trace of the loan before.
        match stick.give_back.take() {
            Some(Err(why)) => return Some(Job::Refuse { why }),
            Some(Ok(order)) if alone => {
                let why = known.return_refusal(&order).unwrap_or(PaperRefusal::NothingLent);
                return Some(Job::Refuse { why });
            }
            _ => {}
        }
        if let Some(bundle) = stick.update.take() {
            return Some(Job::Update { stick: id, bundle, by_hand: stick.by_hand });
        }
        let by_hand = stick.by_hand;
        return Some(match (stick.loan.take(), &known.loan) {
            (None, _) => continue,
            // Something of the family's that was in at the start, and is no question of theirs.
            (Some(Err(PaperRefusal::UnreadableStick)), Some(_)) if !by_hand => continue,
            (Some(Err(why)), _) => Job::Refuse { why },
            (Some(Ok(order)), Some(loan)) if order.loan == *loan => Job::Prepared { stick: id },
            (Some(Ok(order)), _) => match known.loan_refusal(&order) {
                Some(why) => Job::Refuse { why },
                None => Job::Lend { stick: id, order },
            },
        });
    }
    None
}

/// The work under way.
pub(super) enum Work {
    Updating {
        attempt: Attempt,
        stick: StickId,
        percent: Option<u8>,
        until: Uptime,
        gone: bool,
    },
    /// Not readable: it is bad, or its stick goes just now.
    Unreadable {
        stick: StickId,
        percent: Option<u8>,
        why: UpdateRefusal,
        until: Uptime,
    },
    Lending {
        attempt: Attempt,
        stick: StickId,
        order: Box<LoanOrder>,
        until: Uptime,
    },
    Restarting {
        until: Uptime,
    },
    /// `stick`: its going ends it.
    Said {
        face: Face,
        until: Uptime,
        stick: Option<StickId>,
    },
}

impl Work {
    pub(super) fn begin(now: Uptime, job: Job, known: &mut Known, effects: &mut Vec<Effect>) -> Self {
        match job {
            Job::KeyRefused(KeyRefused { file, why }) => {
                Self::Said { face: Face::KeyRefused { file, why }, until: now + KEY_REFUSED, stick: None }
            }
            Job::WentBack => Self::Said { face: Face::WentBack, until: now + WENT_BACK, stick: None },
            // The memory's key is gone: the stick is read again after the start.
            Job::Update { .. } | Job::Lend { .. } if known.wiped => Self::restart(now, effects),
            Job::Update { stick, bundle, by_hand } => {
                let attempt = known.ask();
                effects.push(Effect::Update { attempt, bundle, by_hand });
                Self::Updating { attempt, stick, percent: None, until: now + SILENCE, gone: false }
            }
            Job::Lend { stick, order } => {
                let attempt = known.ask();
                effects.push(Effect::Lend { attempt, order: order.clone() });
                Self::Lending { attempt, stick, order, until: now + WRITING }
            }
            Job::Prepared { stick } => prepared(now, stick, known),
            Job::Refuse { why } => refused(now, why),
        }
    }

    pub(super) fn restart(now: Uptime, effects: &mut Vec<Effect>) -> Self {
        effects.push(Effect::Restart);
        Self::Restarting { until: now + RESTARTING }
    }

    /// `None`: done, the story goes on.
    pub(super) fn handle(
        self,
        now: Uptime,
        event: Event,
        known: &mut Known,
        effects: &mut Vec<Effect>,
    ) -> Option<Self> {
        Some(match (self, event) {
            (
                Self::Updating { attempt, stick, percent, gone, until },
                Event::Told(Told::Update { attempt: of, news }),
            ) if attempt == of => {
                return told(now, Updating { attempt, stick, percent, gone, until }, news, known, effects);
            }
            (Self::Updating { gone, until, .. }, Event::Tick) if now >= until => {
                update_refused(now, if gone { UpdateRefusal::PulledOut } else { UpdateRefusal::Failed })
            }
            (
                Self::Updating { attempt, stick, percent, until, gone: false },
                Event::Told(Told::Stick(StickNews::Out(id))),
            ) if id == stick => Self::Updating { attempt, stick, percent, until: until.min(now + GONE), gone: true },
            (Self::Unreadable { stick, .. }, Event::Told(Told::Stick(StickNews::Out(id)))) if id == stick => {
                update_refused(now, UpdateRefusal::PulledOut)
            }
            (Self::Unreadable { why, until, .. }, Event::Tick) if now >= until => update_refused(now, why),
            (Self::Lending { attempt, stick, order, .. }, Event::Told(Told::Stored { attempt: of, result }))
                if attempt == of =>
            {
                if result.is_err() {
                    return Some(refused(now, PaperRefusal::NotWritten));
                }
                known.followed = known.followed.newest(Followed { lent: Some(order.signed), returned: None });
                known.lend(order.loan);
                prepared(now, stick, known)
            }
            (Self::Lending { until, .. }, Event::Tick) if now >= until => refused(now, PaperRefusal::NotWritten),
            (Self::Restarting { until }, Event::Tick) if now >= until => Self::restart(now, effects),
            (Self::Said { .. }, Event::Press) => return None,
            (Self::Said { until, .. }, Event::Tick) if now >= until => return None,
            (Self::Said { stick: Some(stick), .. }, Event::Told(Told::Stick(StickNews::Out(id)))) if id == stick => {
                return None;
            }
            (Self::Said { .. }, Event::Told(Told::Stick(StickNews::In(stick)))) if stick.brings_something() => {
                return None;
            }
            (work, _) => work,
        })
    }

    pub(super) fn wake_at(&self) -> (Uptime, Why) {
        match self {
            Self::Updating { until, .. } => (*until, Why("word about the update")),
            Self::Unreadable { until, .. } => (*until, Why("the stick to go, if it does")),
            Self::Lending { until, .. } => (*until, Why("the loan to be written")),
            Self::Restarting { until } => (*until, Why("the restart")),
            Self::Said { until, .. } => (*until, Why("somebody to read what became of the stick")),
        }
    }

    pub(super) fn waits_for_person(&self) -> Option<&'static str> {
        matches!(self, Self::Said { .. }).then_some("a press after reading")
    }

    pub(super) fn light(&self) -> Light {
        match self {
            Self::Said { face: Face::UpToDate { .. } | Face::LoanPrepared { .. }, .. } => Light::Steady,
            Self::Said { .. } => Light::Fast,
            _ => Light::Breathing,
        }
    }

    pub(super) fn sight(&self) -> Sight {
        let (face, press) = match self {
            Self::Updating { percent: None, .. } | Self::Unreadable { percent: None, .. } | Self::Lending { .. } => {
                (Face::StickReading, None)
            }
            Self::Updating { percent: Some(percent), .. } | Self::Unreadable { percent: Some(percent), .. } => {
                (Face::UpdateInstalling { percent: *percent }, None)
            }
            Self::Restarting { .. } => (Face::Restarting, None),
            Self::Said { face, .. } => (face.clone(), Some(PressDoes::Understood)),
        };
        Sight { face, press, hold: None, aside: None }
    }
}

/// An update under way, as [`told`] needs it.
struct Updating {
    attempt: Attempt,
    stick: StickId,
    percent: Option<u8>,
    gone: bool,
    until: Uptime,
}

fn told(
    now: Uptime,
    Updating { attempt, stick, percent, gone, until }: Updating,
    news: UpdateNews,
    known: &Known,
    effects: &mut Vec<Effect>,
) -> Option<Work> {
    Some(match news {
        UpdateNews::Installing { percent } => {
            let until = if gone { until } else { now + SILENCE };
            Work::Updating { attempt, stick, percent: Some(percent.min(100)), until, gone }
        }
        UpdateNews::Installed => Work::restart(now, effects),
        // The loan beside it is what the stick was put in for.
        UpdateNews::UpToDate { .. } if known.sticks.iter().any(|stick| stick.loan.is_some()) => return None,
        UpdateNews::UpToDate { version } => {
            Work::Said { face: Face::UpToDate { version }, until: now + GOOD_NEWS, stick: Some(stick) }
        }
        UpdateNews::Refused(UpdateRefusal::Damaged | UpdateRefusal::Failed) if gone => {
            update_refused(now, UpdateRefusal::PulledOut)
        }
        UpdateNews::Refused(why @ (UpdateRefusal::Damaged | UpdateRefusal::Failed)) => {
            Work::Unreadable { stick, percent, why, until: now + NOTICED }
        }
        UpdateNews::Refused(why) => update_refused(now, why),
    })
}

fn update_refused(now: Uptime, why: UpdateRefusal) -> Work {
    Work::Said { face: Face::UpdateRefused(why), until: now + BAD_NEWS, stick: None }
}

fn refused(now: Uptime, why: PaperRefusal) -> Work {
    Work::Said { face: Face::PaperRefused(why), until: now + BAD_NEWS, stick: None }
}

fn prepared(now: Uptime, stick: StickId, known: &Known) -> Work {
    let (id, until) = known.loan.as_ref().map(|loan| (loan.id.clone(), loan.until)).unwrap_or_default();
    // A stick that is out already ends it at once otherwise: the words are to be read.
    let stick = known.sticks.iter().any(|known| known.id == stick).then_some(stick);
    Work::Said { face: Face::LoanPrepared { id, until }, until: now + GOOD_NEWS, stick }
}
