//! Whether the path to the other end is alive: webrtcbin itself never says that it is dead.

use std::time::Duration;

/// Without a byte for so long, a path over which the other end is to be seen is dead. Pictures' control packets come
/// about every second also while both ends are muted; in the lobby and on hold a browser may say nothing at all.
const SILENT: Duration = Duration::from_millis(3900);
/// From the answer until the path must be up.
const CONNECTING: Duration = Duration::from_secs(15);

/// A look that comes later than this after the one before it was late by the rest: this machine had no time to look, and
/// perhaps none to take packets either.
const ON_TIME: Duration = Duration::from_millis(500);
/// On a machine that is too busy, time counts so many times less.
const WHEN_BUSY: u32 = 3;

/// Watches one path. Moments are of any steady clock.
#[derive(Default)]
pub(super) struct Alive {
    /// The last look.
    looked: Duration,
    /// The time in which this machine would have seen something.
    watched: Duration,
    answered: Option<Duration>,
    heard: Option<(u64, Duration)>,
    told: bool,
}

impl Alive {
    /// The answer came.
    pub(super) fn answered(&mut self) {
        self.answered.get_or_insert(self.watched);
    }

    /// The path is up.
    pub(super) fn connected(&mut self, bytes: u64) {
        self.heard.get_or_insert((bytes, self.watched));
    }

    /// ICE gave up. It may do so before all ways were told, so that only counts for a path that was up.
    pub(super) fn failed(&mut self) -> bool {
        self.heard.is_some() && !std::mem::replace(&mut self.told, true)
    }

    /// Looks, several times a second, at the number of bytes that came so far; true when the path has just been found
    /// dead. Silence counts only while something is `expected`, and less while this machine is `busy`.
    pub(super) fn is_dead(&mut self, bytes: u64, expected: bool, busy: bool, now: Duration) -> bool {
        let passed = now.saturating_sub(std::mem::replace(&mut self.looked, now)).min(ON_TIME);
        self.watched += if busy { passed / WHEN_BUSY } else { passed };
        let now = self.watched;
        let dead = match &mut self.heard {
            Some((seen, since)) if *seen == bytes && expected => now.saturating_sub(*since) >= SILENT,
            Some(heard) => {
                *heard = (bytes, now);
                false
            }
            None => self.answered.is_some_and(|answered| now.saturating_sub(answered) >= CONNECTING),
        };
        dead && !std::mem::replace(&mut self.told, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks at a path, every `each` milliseconds of so many seconds. When it was found dead, in milliseconds.
    fn looked(
        alive: &mut Alive,
        each: u64,
        from: u64,
        seconds: u64,
        busy: bool,
        of: impl Fn(u64) -> (u64, bool),
    ) -> Vec<u64> {
        (1..=seconds * 1000 / each)
            .map(|tick| from + tick * each)
            .filter(|at| {
                let (bytes, expected) = of(*at);
                alive.is_dead(bytes, expected, busy, Duration::from_millis(*at))
            })
            .collect()
    }

    fn connected() -> Alive {
        let mut alive = Alive::default();
        alive.answered();
        alive.connected(7);
        alive
    }

    #[test]
    fn silence_is_death_within_five_seconds_and_told_once() {
        let told = looked(&mut connected(), 250, 0, 60, false, |at| (at.min(1000), true));
        assert!(matches!(told[..], [4900..=6000]), "{told:?}");
    }

    #[test]
    fn a_packet_every_second_keeps_it_alive() {
        assert!(looked(&mut connected(), 250, 0, 60, false, |at| (at / 1000, true)).is_empty());
    }

    #[test]
    fn silence_in_the_lobby_is_no_death_and_does_not_count_afterwards() {
        let mut alive = connected();
        assert!(looked(&mut alive, 250, 0, 100, false, |_| (7, false)).is_empty());
        let told = looked(&mut alive, 250, 100_000, 60, false, |_| (7, true));
        assert!(matches!(told[..], [103_900..=105_000]), "{told:?}");
    }

    #[test]
    fn a_path_that_never_comes_up_is_given_up_after_the_answer() {
        let mut alive = Alive::default();
        assert!(looked(&mut alive, 250, 0, 60, false, |_| (0, true)).is_empty(), "nobody answered yet");
        alive.answered();
        assert!(!alive.failed());
        assert_eq!(looked(&mut alive, 250, 60_000, 60, false, |_| (0, true)), [75_000]);
    }

    #[test]
    fn a_machine_that_looks_late_was_busy_itself() {
        let told = looked(&mut connected(), 2250, 0, 60, false, |_| (7, true));
        assert!(matches!(told[..], [15_000..=20_000]), "{told:?}");
        let told = looked(&mut connected(), 250, 0, 60, true, |_| (7, true));
        assert!(matches!(told[..], [11_000..=13_000]), "{told:?}");
    }

    #[test]
    fn a_machine_that_slept_does_not_blame_the_path() {
        let mut alive = connected();
        assert!(!alive.is_dead(7, true, false, Duration::from_millis(250)));
        assert!(!alive.is_dead(7, true, false, Duration::from_secs(3600)));
        assert!(!alive.is_dead(9, true, false, Duration::from_secs(3601)));
    }
}
