//! Whether the path to the other end is alive: webrtcbin itself never says that it is dead.

use std::time::Duration;

/// Without a byte for so long, a path over which the other end is to be seen is dead. Pictures' control packets come
/// about every second also while both ends are muted; in the lobby and on hold a browser may say nothing at all.
const SILENT: Duration = Duration::from_millis(3900);
/// From the answer until the path must be up.
const CONNECTING: Duration = Duration::from_secs(15);

/// Watches one path. Moments are of any steady clock.
#[derive(Default)]
pub(super) struct Alive {
    answered: Option<Duration>,
    heard: Option<(u64, Duration)>,
    told: bool,
}

impl Alive {
    /// The answer came.
    pub(super) fn answered(&mut self, now: Duration) {
        self.answered.get_or_insert(now);
    }

    /// The path is up.
    pub(super) fn connected(&mut self, bytes: u64, now: Duration) {
        self.heard.get_or_insert((bytes, now));
    }

    /// ICE gave up. It may do so before all ways were told, so that only counts for a path that was up.
    pub(super) fn failed(&mut self) -> bool {
        self.heard.is_some() && !std::mem::replace(&mut self.told, true)
    }

    /// Looks at the number of bytes that came so far; true when the path has just been found dead. Silence counts only
    /// while something is `expected`.
    pub(super) fn is_dead(&mut self, bytes: u64, expected: bool, now: Duration) -> bool {
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

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn silence_is_death_within_five_seconds_and_told_once() {
        let mut alive = Alive::default();
        alive.answered(millis(0));
        alive.connected(10, millis(100));
        assert!(!alive.is_dead(20, true, millis(1000)));
        let told: Vec<u64> =
            (1..100).map(|tick| 1000 + tick * 250).filter(|at| alive.is_dead(20, true, millis(*at))).collect();
        assert_eq!(told.len(), 1);
        assert!(told[0] <= 6000, "{told:?}");
    }

    #[test]
    fn a_packet_every_second_keeps_it_alive() {
        let mut alive = Alive::default();
        alive.connected(0, millis(0));
        assert!((0..240).all(|tick| !alive.is_dead(tick / 4, true, millis(tick * 250))));
    }

    #[test]
    fn silence_in_the_lobby_is_no_death_and_does_not_count_afterwards() {
        let mut alive = Alive::default();
        alive.connected(7, millis(0));
        assert!((1..400).all(|tick| !alive.is_dead(7, false, millis(tick * 250))));
        assert!(!alive.is_dead(7, true, millis(100_250)));
        assert!(alive.is_dead(7, true, millis(104_000)));
    }

    #[test]
    fn a_path_that_never_comes_up_is_given_up_after_the_answer() {
        let mut alive = Alive::default();
        assert!(!alive.is_dead(0, true, millis(60_000)), "nobody answered yet");
        alive.answered(millis(60_000));
        assert!(!alive.failed());
        assert!(!alive.is_dead(0, true, millis(74_900)));
        assert!(alive.is_dead(0, true, millis(75_000)));
    }
}
