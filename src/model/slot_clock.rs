//! The reserved slot against uptime: the room server's clock is taken once and carried on by our own.

use super::screen::HourMinute;
use super::uptime::Uptime;
use super::wire::Slot;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::Duration;

/// A slot and the moment at which the server told its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotClock {
    told_at: Uptime,
    server_time: Timestamp,
    slot: Slot,
    zone: TimeZone,
}

impl SlotClock {
    /// The server said at `now` that it is `server_time` there. An unknown zone falls back to UTC.
    pub fn new(now: Uptime, server_time: Timestamp, slot: Slot, time_zone: &str) -> Self {
        Self { told_at: now, server_time, slot, zone: TimeZone::get(time_zone).unwrap_or(TimeZone::UTC) }
    }

    /// The appointment has another time; the server's clock goes on as it was told.
    pub fn move_to(&mut self, slot: Slot) {
        self.slot = slot;
    }

    /// The server's time at `now`, in whole milliseconds since 1970.
    fn server_millis(&self, now: Uptime) -> i128 {
        let passed = i128::try_from(now.since(self.told_at).as_millis()).unwrap_or(i128::MAX);
        i128::from(self.server_time.as_millisecond()).saturating_add(passed)
    }

    fn until(&self, now: Uptime, moment: Timestamp) -> Duration {
        let millis = i128::from(moment.as_millisecond()) - self.server_millis(now);
        Duration::from_millis(u64::try_from(millis.max(0)).unwrap_or(u64::MAX))
    }

    /// How long until the lobby opens; nothing once it is open.
    pub fn opens_in(&self, now: Uptime) -> Option<Duration> {
        Some(self.until(now, self.slot.opens)).filter(|span| !span.is_zero())
    }

    /// How long until the room closes; zero when it has.
    pub fn remaining(&self, now: Uptime) -> Duration {
        self.until(now, self.slot.ends)
    }

    /// How long the slot has been over.
    pub fn overtime(&self, now: Uptime) -> Duration {
        let millis = self.server_millis(now) - i128::from(self.slot.ends.as_millisecond());
        Duration::from_millis(u64::try_from(millis.max(0)).unwrap_or(u64::MAX))
    }

    /// When the room closes, by our own clock.
    pub fn ends_at(&self, now: Uptime) -> Uptime {
        now + self.remaining(now)
    }

    /// Month and day of the start, in the counter's time zone.
    pub fn month_day(&self) -> (i8, i8) {
        let start = self.zone.to_datetime(self.slot.starts);
        (start.month(), start.day())
    }

    /// The server's date at `now`, in the counter's time zone.
    pub fn today(&self, now: Uptime) -> jiff::civil::Date {
        let millis = i64::try_from(self.server_millis(now)).unwrap_or(i64::MAX);
        let today = Timestamp::from_millisecond(millis).unwrap_or(self.server_time);
        self.zone.to_datetime(today).date()
    }

    /// Start and end in the counter's time zone.
    pub fn hours(&self) -> (HourMinute, HourMinute) {
        let clock = |moment| {
            let at = self.zone.to_datetime(moment);
            HourMinute { hour: at.hour(), minute: at.minute() }
        };
        (clock(self.slot.starts), clock(self.slot.ends))
    }
}

/// A span rounded up to whole seconds, as countdowns show it.
pub fn whole_seconds(span: Duration) -> Duration {
    Duration::from_secs(span.as_secs() + u64::from(span.subsec_nanos() > 0))
}

/// How long until [`whole_seconds`] of a span that runs down says another number.
pub fn to_next_second(span: Duration) -> Duration {
    match span.subsec_nanos() {
        0 => Duration::from_secs(1),
        nanos => Duration::from_nanos(u64::from(nanos)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_time_counts_whatever_our_own_clock_would_say() {
        let slot = Slot {
            opens: "2026-11-21T00:50:00Z".parse().unwrap(),
            starts: "2026-11-21T01:00:00Z".parse().unwrap(),
            ends: "2026-11-21T01:30:00Z".parse().unwrap(),
        };
        let told = "2026-11-21T00:49:00Z".parse().unwrap();
        let clock = SlotClock::new(Uptime::from_millis(5000), told, slot, "Asia/Tokyo");
        assert_eq!(clock.opens_in(Uptime::from_millis(5000)), Some(Duration::from_secs(60)));
        assert_eq!(clock.opens_in(Uptime::from_millis(65_000)), None);
        assert_eq!(clock.remaining(Uptime::from_millis(5000)), Duration::from_secs(41 * 60));
        assert_eq!(clock.remaining(Uptime::from_millis(9_999_999_999)), Duration::ZERO);
        assert_eq!(clock.hours().0, HourMinute { hour: 10, minute: 0 });
        assert_eq!(clock.month_day(), (11, 21));
    }
}
