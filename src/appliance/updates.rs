//! Updates that a lent device takes from its counter: when it looks, and when it leaves off. Beside the chapters, because a
//! family sees nothing of it, and whatever a person does comes first.
//!
//! It looks once a night, while the paper is waited for and nobody has been there for a while; or by day, after hours without
//! anybody. What was cut off goes on in the same night: RAUC looks at what already lies in the other slot.

use super::Why;
use crate::model::ids::Attempt;
use crate::model::known::Known;
use crate::model::loan::Loan;
use crate::model::turn::Effect;
use crate::model::update::{UpdateNews, UpdateRefusal};
use crate::model::uptime::Uptime;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Nobody was there for so long, at night.
const SETTLED: Duration = Duration::from_secs(5 * 60);
/// The same by day: longer than anybody waits before an appointment.
const LEFT_ALONE: Duration = Duration::from_secs(3 * 3600);
/// The night, by the loan's clock.
const NIGHT: (Time, Time) = (Time::constant(1, 0, 0, 0), Time::constant(5, 0, 0, 0));
/// Devices begin at different minutes of the night: the last of them so many after its begin.
const SPREAD_MINUTES: u64 = 150;
/// Longest silence about an update; its device speaks every few seconds, but looks for its server for minutes.
const SILENCE: Duration = Duration::from_secs(300);
/// What was cut off is taken up again after this time, and so often in a night.
const AGAIN: Duration = Duration::from_secs(15 * 60);
const CUTS: u8 = 6;
/// A restart that has not happened by then is asked for again.
const RESTARTING: Duration = Duration::from_secs(60);

/// What a turn was about, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// The paper is waited for, and nobody did anything in this turn.
    Quiet,
    /// Somebody is there, or something else goes on.
    Busy,
}

#[derive(Default)]
pub(super) struct Updates {
    /// Since when nobody has been there.
    quiet_since: Option<Uptime>,
    /// On this day it was tried, to its end.
    tried: Option<Date>,
    /// So often it was cut off since then, and not to be taken up again before this.
    cuts: u8,
    again: Uptime,
    phase: Phase,
}

#[derive(Default)]
enum Phase {
    #[default]
    Waiting,
    Asked {
        attempt: Attempt,
        until: Uptime,
    },
    Restarting {
        until: Uptime,
    },
}

impl Updates {
    /// A turn is over. What it heard about an update, if it did.
    pub(super) fn turn(
        &mut self,
        now: Uptime,
        room: Room,
        news: Option<(Attempt, UpdateNews)>,
        known: &mut Known,
        effects: &mut Vec<Effect>,
    ) {
        self.quiet_since = match room {
            Room::Quiet => self.quiet_since.or(Some(now)),
            Room::Busy => None,
        };
        match self.phase {
            Phase::Asked { attempt, .. } if room == Room::Busy || !allowed(known) => {
                effects.push(Effect::AbandonUpdate { attempt });
                self.phase = Phase::Waiting;
            }
            Phase::Asked { attempt, until } => match news.filter(|(of, _)| *of == attempt) {
                Some((_, news)) => self.heard(now, attempt, news, known, effects),
                None if now >= until => {
                    effects.push(Effect::AbandonUpdate { attempt });
                    self.done(now, known);
                }
                None => {}
            },
            // The other slot starts next, whenever that is: a person goes first.
            Phase::Restarting { .. } if room == Room::Busy => self.done(now, known),
            Phase::Restarting { until } if now >= until => self.restart(now, effects),
            Phase::Restarting { .. } => {}
            Phase::Waiting => {
                if let (true, Some(loan)) = (self.due(now, known).is_some_and(|due| now >= due), &known.loan) {
                    let hosts = loan.counters.iter().flat_map(|counter| counter.hosts.clone()).collect();
                    let trust_anchors = loan.trust_anchors.clone();
                    let attempt = known.ask();
                    effects.push(Effect::UpdateFromCounter { attempt, hosts, trust_anchors });
                    self.phase = Phase::Asked { attempt, until: now + SILENCE };
                }
            }
        }
        known.updating &= matches!(self.phase, Phase::Asked { .. } | Phase::Restarting { .. });
    }

    fn heard(&mut self, now: Uptime, attempt: Attempt, news: UpdateNews, known: &mut Known, effects: &mut Vec<Effect>) {
        match news {
            UpdateNews::Installing { .. } => {
                known.updating = true;
                self.phase = Phase::Asked { attempt, until: now + SILENCE };
            }
            UpdateNews::Installed => self.restart(now, effects),
            UpdateNews::Refused(UpdateRefusal::PulledOut) if self.cuts < CUTS => {
                self.phase = Phase::Waiting;
                (self.cuts, self.again) = (self.cuts + 1, now + AGAIN);
            }
            UpdateNews::UpToDate { .. } | UpdateNews::Refused(_) => self.done(now, known),
        }
    }

    fn restart(&mut self, now: Uptime, effects: &mut Vec<Effect>) {
        effects.push(Effect::Restart);
        self.phase = Phase::Restarting { until: now + RESTARTING };
    }

    /// Enough for this night.
    fn done(&mut self, now: Uptime, known: &Known) {
        self.phase = Phase::Waiting;
        self.cuts = 0;
        self.tried = known.wall.zip(known.loan.as_ref()).map(|(wall, loan)| date(zone(loan), wall, now)).or(self.tried);
    }

    pub(super) fn wake_at(&self, now: Uptime, known: &Known) -> Option<(Uptime, Why)> {
        match &self.phase {
            Phase::Waiting => self.due(now, known).map(|due| (due, Why("the time to look for an update"))),
            Phase::Asked { until, .. } => Some((*until, Why("word about the counter's update"))),
            Phase::Restarting { until } => Some((*until, Why("the restart"))),
        }
    }

    /// When it begins, if nobody comes.
    fn due(&self, now: Uptime, known: &Known) -> Option<Uptime> {
        let quiet = self.quiet_since?;
        let (wall, loan) = (known.wall?, known.loan.as_ref().filter(|_| allowed(known))?);
        let zone = zone(loan);
        let spread = spread(known, loan);
        let first = date(zone.clone(), wall, quiet);
        let days = std::iter::successors(Some(first), |day| day.tomorrow().ok()).take(3);
        let fresh = days.filter(|day| self.tried.is_none_or(|tried| *day > tried));
        let moment = |day: Date, time: Time| zone.to_ambiguous_zoned(day.to_datetime(time)).later().ok();
        let at = |after: Uptime, begin: Timestamp, end: Timestamp| {
            let begin = uptime(wall, begin).max(after).max(self.again).max(now);
            (begin < uptime(wall, end)).then_some(begin)
        };
        let moments = fresh.flat_map(|day| {
            let midnight = moment(day, Time::midnight()).map(|midnight| midnight.timestamp());
            let next = day.tomorrow().ok().and_then(|next| moment(next, Time::midnight())).map(|next| next.timestamp());
            let ends = moment(day, NIGHT.1).map(|ends| ends.timestamp());
            let night = moment(day, NIGHT.0).map(|begins| begins.timestamp() + spread);
            let by_night = night.zip(ends).and_then(|(begin, end)| at(quiet + SETTLED, begin, end));
            let by_day = midnight.zip(next).and_then(|(begin, end)| at(quiet + LEFT_ALONE, begin + spread, end));
            [by_night, by_day]
        });
        moments.flatten().min()
    }
}

/// The loan, the network and the clock let it.
fn allowed(known: &Known) -> bool {
    known.clock && known.carries && !known.wiped && known.loan.as_ref().is_some_and(|loan| loan.updates)
}

fn zone(loan: &Loan) -> TimeZone {
    TimeZone::get(&loan.time_zone).unwrap_or(TimeZone::UTC)
}

/// So long after the begin of the night this device looks: the same each night, and different from its neighbours'.
fn spread(known: &Known, loan: &Loan) -> SignedDuration {
    let name = known.device.as_deref().unwrap_or(&loan.id);
    // FNV-1a, 64 bits.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    SignedDuration::from_mins(i64::try_from(hash % SPREAD_MINUTES).unwrap_or_default())
}

/// The day at this moment, where the device is lent.
fn date(zone: TimeZone, (then, wall): (Uptime, Timestamp), at: Uptime) -> Date {
    let later = SignedDuration::try_from(at.since(then)).unwrap_or_default();
    let earlier = SignedDuration::try_from(then.since(at)).unwrap_or_default();
    let moment = wall.saturating_add(later - earlier).unwrap_or(wall);
    moment.to_zoned(zone).date()
}

/// The uptime at this moment; power-on for what lies before it.
fn uptime((then, wall): (Uptime, Timestamp), moment: Timestamp) -> Uptime {
    let ahead = moment.duration_since(wall);
    match ahead.is_negative() {
        true => then - ahead.unsigned_abs(),
        false => then + ahead.unsigned_abs(),
    }
}
