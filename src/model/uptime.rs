//! Time since power-on: the only clock that the appliance's decisions may use.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// Time since the device was switched on, in nanoseconds. Monotonic; never a wall clock (the box has no RTC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uptime(Duration);

impl Uptime {
    /// The moment of power-on.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// The time `since_power_on` after power-on.
    pub const fn from_duration(since_power_on: Duration) -> Self {
        Self(since_power_on)
    }

    /// `millis` milliseconds after power-on.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// How long ago power-on was.
    pub const fn since_power_on(self) -> Duration {
        self.0
    }

    /// How long after `earlier` this is; zero when `earlier` lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// How long until `later`; zero when it has passed.
    pub fn until(self, later: Self) -> Duration {
        later.0.saturating_sub(self.0)
    }
}

impl Add<Duration> for Uptime {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

impl Sub<Duration> for Uptime {
    type Output = Self;
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span))
    }
}

/// Minutes, seconds and milliseconds, as the trace shows them: `00:12.300`.
impl fmt::Display for Uptime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        write!(f, "{:02}:{:02}.{:03}", millis / 60_000, millis / 1000 % 60, millis % 1000)
    }
}
