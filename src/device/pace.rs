//! How often pictures are worth making: a machine that is busy with a call need not decode and show more of them than go
//! out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Told by the session, kept by the camera. Clones are the same pace; at first there is no limit.
#[derive(Clone, Debug, Default)]
pub struct Pace(Arc<AtomicU32>);

impl Pace {
    /// From now on, at most so many pictures a second.
    pub(crate) fn set(&self, most: u32) {
        self.0.store(most, Ordering::Relaxed);
    }

    /// As many as there are.
    pub(crate) fn free(&self) {
        self.set(0);
    }

    /// How many a second at most; 0 without a limit.
    pub(crate) fn most(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// Time between two pictures; none without a limit.
    pub(crate) fn between(&self) -> Duration {
        Duration::from_secs(1).checked_div(self.most()).unwrap_or_default()
    }
}

/// Leaves out what comes too often. Moments are of any steady clock.
#[derive(Default)]
pub(crate) struct Turns {
    due: Duration,
}

impl Turns {
    /// Whether the picture of this moment is wanted.
    pub(crate) fn take(&mut self, now: Duration, between: Duration) -> bool {
        // A quarter of tolerance, so that a camera of just this rate loses nothing to its jitter.
        if now + between / 4 < self.due {
            return false;
        }
        self.due = (self.due + between).max(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rate: u32, most: u32) -> usize {
        let (pace, mut turns) = (Pace::default(), Turns::default());
        pace.set(most);
        let jitter = |number: u32| Duration::from_micros(u64::from(number * 7919 % 4000));
        (0..rate * 10)
            .filter(|number| turns.take(Duration::from_secs(1) * *number / rate + jitter(*number), pace.between()))
            .count()
    }

    #[test]
    fn no_more_than_asked_and_no_fewer_than_there_are() {
        for (rate, most, wanted) in [(30, 0, 300), (30, 30, 300), (30, 10, 100), (15, 25, 150), (30, 25, 250)] {
            let taken = taken(rate, most);
            assert!(taken.abs_diff(wanted) <= wanted / 20, "{taken} of {rate}/s with at most {most}/s");
        }
    }
}
