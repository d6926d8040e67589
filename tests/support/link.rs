//! One direction of a line between two ends: delay, jitter, loss, rate, queue, cuts, and a Wi-Fi that sleeps.
//!
//! A pure model. Time is an argument, and chance comes from a seed, so that the same packets at the same moments always
//! meet the same fate.

#![allow(dead_code, unreachable_pub, reason = "each test uses its own part of it")]

use std::time::Duration;

/// How a line is at a time, in one direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weather {
    /// How long each packet travels.
    pub delay: Duration,
    /// And up to so much longer, evenly distributed; packets do not overtake each other.
    pub jitter: Duration,
    /// Part of the packets that is lost, each by itself.
    pub loss: f64,
    /// Bits a second, packet headers (IP) included.
    pub rate: Option<u32>,
    /// So long a packet waits for its turn at most; one that would have to wait longer is lost.
    pub queue: Duration,
    /// Packets come out in bursts, so far from each other: a Wi-Fi that sleeps between beacons.
    pub bursts: Option<Duration>,
    /// Everything is lost.
    pub cut: bool,
}

impl Weather {
    /// A line that could not be better.
    pub const CLEAR: Self = Self {
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        loss: 0.0,
        rate: None,
        queue: Duration::from_millis(300),
        bursts: None,
        cut: false,
    };
}

/// What became of the packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fates {
    /// Arrived, or will.
    pub carried: u64,
    /// Lost by chance.
    pub lost: u64,
    /// Found the queue full.
    pub dropped: u64,
    /// Met a cut.
    pub cut: u64,
}

/// One direction.
pub struct Way {
    weather: Weather,
    random: u64,
    /// When the last packet has left the queue.
    free: Duration,
    /// When the last packet arrives.
    last: Duration,
    fates: Fates,
}

impl Way {
    /// A clear line whose chance comes from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            weather: Weather::CLEAR,
            random: seed,
            free: Duration::ZERO,
            last: Duration::ZERO,
            fates: Fates::default(),
        }
    }

    /// Changes the weather; what is under way arrives as it was going to.
    pub fn set(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// What became of the packets so far.
    pub fn fates(&self) -> Fates {
        self.fates
    }

    /// A packet of so many bytes is sent `now`: when it arrives; nothing if it is lost.
    pub fn send(&mut self, now: Duration, bytes: usize) -> Option<Duration> {
        let Weather { delay, jitter, loss, rate, queue, bursts, cut } = self.weather;
        if cut {
            self.fates.cut += 1;
            return None;
        }
        // Drawn for each packet, whatever becomes of it: a longer queue must not change who is lost by chance.
        let (luck, lateness) = (self.chance(), self.chance());
        if luck < loss {
            self.fates.lost += 1;
            return None;
        }
        let begun = self.free.max(now);
        if begun - now > queue {
            self.fates.dropped += 1;
            return None;
        }
        self.free =
            begun + rate.map_or(Duration::ZERO, |bps| Duration::from_secs_f64(bytes as f64 * 8.0 / f64::from(bps)));
        let mut due = self.free + delay + jitter.mul_f64(lateness);
        if let Some(burst) = bursts {
            let periods = due.as_nanos().div_ceil(burst.as_nanos().max(1));
            due = burst * u32::try_from(periods).unwrap_or(u32::MAX);
        }
        self.last = self.last.max(due);
        self.fates.carried += 1;
        Some(self.last)
    }

    /// Evenly distributed from 0 to 1 (SplitMix64).
    fn chance(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// Sends a packet of 1000 bytes each so many milliseconds, and gives when each arrives.
    fn sent(weather: Weather, each_ms: u64, count: u64) -> Vec<Option<Duration>> {
        let mut way = Way::new(7);
        way.set(weather);
        (0..count).map(|number| way.send(ms(number * each_ms), 1000)).collect()
    }

    #[test]
    fn a_clear_line_takes_no_time() {
        assert_eq!(sent(Weather::CLEAR, 10, 3), [Some(ms(0)), Some(ms(10)), Some(ms(20))]);
    }

    #[test]
    fn the_same_seed_loses_the_same_packets_and_about_as_many_as_asked() {
        let weather = Weather { loss: 0.02, delay: ms(80), ..Weather::CLEAR };
        let first = sent(weather, 1, 10_000);
        assert_eq!(first, sent(weather, 1, 10_000));
        let lost = first.iter().filter(|fate| fate.is_none()).count();
        assert!((150..250).contains(&lost), "{lost} of 10 000");
        let jittered = sent(Weather { jitter: ms(30), ..weather }, 1, 10_000);
        let who = |fates: &[Option<Duration>]| fates.iter().map(Option::is_none).collect::<Vec<_>>();
        assert_eq!(who(&first), who(&jittered));
    }

    #[test]
    fn jitter_delays_and_lets_nobody_overtake() {
        let arrived: Vec<Duration> =
            sent(Weather { delay: ms(20), jitter: ms(15), ..Weather::CLEAR }, 5, 1000).into_iter().flatten().collect();
        assert!(arrived.is_sorted());
        let travelled = |number: usize| arrived[number] - ms(5 * number as u64);
        let (least, most) = (0..1000).map(travelled).fold((ms(99), ms(0)), |(l, m), t| (l.min(t), m.max(t)));
        assert!(least >= ms(20) && least < ms(22) && most > ms(33) && most <= ms(35), "{least:?} to {most:?}");
    }

    #[test]
    fn a_narrow_line_carries_its_rate_and_its_queue_bounds_the_wait() {
        // 8 Mbit/s asked of 1 Mbit/s for 10 s.
        let weather = Weather { rate: Some(1_000_000), queue: ms(300), ..Weather::CLEAR };
        let fates = sent(weather, 1, 10_000);
        let arrived: Vec<Duration> = fates.iter().copied().flatten().collect();
        let carried = arrived.iter().filter(|at| **at <= ms(10_000)).count();
        assert_eq!(carried, 1250, "1 Mbit/s for 10 s");
        let longest = fates.iter().zip(0..).filter_map(|(fate, at)| fate.map(|fate| fate - ms(at))).max().unwrap();
        assert!(longest > ms(300) && longest <= ms(308), "{longest:?}");
    }

    #[test]
    fn a_sleeping_wifi_lets_them_out_in_bursts() {
        let arrived = sent(Weather { bursts: Some(ms(100)), ..Weather::CLEAR }, 30, 8);
        let expected = [0, 100, 100, 100, 200, 200, 200, 300].map(|at| Some(ms(at)));
        assert_eq!(arrived, expected);
    }

    #[test]
    fn a_cut_loses_everything_but_what_is_under_way() {
        let mut way = Way::new(1);
        way.set(Weather { delay: ms(50), ..Weather::CLEAR });
        assert_eq!(way.send(ms(0), 100), Some(ms(50)));
        way.set(Weather { cut: true, ..Weather::CLEAR });
        assert_eq!(way.send(ms(10), 100), None);
        way.set(Weather::CLEAR);
        assert_eq!(way.send(ms(20), 100), Some(ms(50)), "it does not overtake what is under way");
        assert_eq!(way.fates(), Fates { carried: 2, cut: 1, ..Fates::default() });
    }
}
