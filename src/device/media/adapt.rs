//! How much of the line the own picture takes: bits, size and pictures a second for what the line carries.

use std::time::Duration;

/// What the picture begins with, in bits per second, before anything is known about the line.
pub(super) const START_BPS: u32 = 800_000;
/// The least that still shows a face.
pub(super) const LEAST_BPS: u32 = 100_000;
/// The most that a face at 720p needs.
pub(super) const MOST_BPS: u32 = 2_000_000;
/// What sound takes, headers included.
const SOUND_BPS: u32 = 50_000;

/// How large the own picture is and how often it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The largest height in pixels.
    pub(super) height: u32,
    /// Pictures a second.
    pub(super) rate: u32,
    /// Needs so many bits per second.
    needs: u32,
}

/// From the best downwards. Measured with vp8enc: at its coarsest, busy 480p takes about 290 kbit/s.
const STEPS: [Step; 5] = [
    Step { height: 720, rate: 30, needs: 1_000_000 },
    Step { height: 540, rate: 30, needs: 600_000 },
    Step { height: 360, rate: 25, needs: 300_000 },
    Step { height: 270, rate: 15, needs: 160_000 },
    Step { height: 180, rate: 10, needs: 0 },
];
const START: usize = 1;
/// A better step must be affordable with this much to spare (per cent) for so long.
const SPARE: u32 = 130;
const STEADY: Duration = Duration::from_secs(5);

/// Follows the line's estimate.
pub(super) struct Adapt {
    step: usize,
    bps: u32,
    better_since: Option<Duration>,
}

impl Adapt {
    pub(super) fn new() -> Self {
        Self { step: START, bps: START_BPS, better_since: None }
    }

    /// The step to use now.
    pub(super) fn step(&self) -> Step {
        STEPS.get(self.step).copied().unwrap_or(STEPS[0])
    }

    /// What the encoder may use, in bits per second.
    pub(super) fn bps(&self) -> u32 {
        self.bps
    }

    /// The line carries so many bits per second; `now` is a moment on any steady clock. Down at once, up slowly.
    pub(super) fn estimated(&mut self, line_bps: u32, now: Duration) {
        self.bps = line_bps.saturating_sub(SOUND_BPS).clamp(LEAST_BPS, MOST_BPS);
        let affordable = STEPS.iter().position(|step| self.bps >= step.needs).unwrap_or(STEPS.len() - 1);
        if affordable > self.step {
            self.step = affordable;
            self.better_since = None;
            return;
        }
        let better = self.step.checked_sub(1).and_then(|above| STEPS.get(above));
        if better.is_none_or(|above| self.bps < above.needs / 100 * SPARE) {
            self.better_since = None;
            return;
        }
        let since = *self.better_since.get_or_insert(now);
        if now.saturating_sub(since) >= STEADY {
            self.step -= 1;
            self.better_since = None;
        }
    }
}

/// Size of a picture of `width` times `height` within a step: same shape, even numbers, never enlarged.
pub(super) fn scaled(width: u32, height: u32, step: Step) -> (u32, u32) {
    let even = |value: u32| (value & !1).max(2);
    if height <= step.height {
        return (even(width), even(height));
    }
    (even(width * step.height / height), even(step.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_narrow_line_is_followed_at_once() {
        let mut adapt = Adapt::new();
        adapt.estimated(250_000, seconds(0));
        assert_eq!((adapt.step().height, adapt.bps()), (270, 200_000));
        adapt.estimated(20_000, seconds(1));
        assert_eq!((adapt.step().height, adapt.bps()), (180, LEAST_BPS));
    }

    #[test]
    fn a_wider_line_is_believed_after_a_while_and_one_step_at_a_time() {
        let mut adapt = Adapt::new();
        adapt.estimated(100_000, seconds(0));
        let heights: Vec<u32> = (1..=21)
            .map(|second| {
                adapt.estimated(5_000_000, seconds(second));
                adapt.step().height
            })
            .collect();
        assert_eq!(heights.iter().filter(|height| **height == 180).count(), 5);
        assert_eq!(heights.last(), Some(&540));
        assert!(heights.is_sorted());
    }

    #[test]
    fn a_line_that_wavers_does_not_make_the_picture_jump() {
        let mut adapt = Adapt::new();
        for second in 0..60 {
            adapt.estimated(if second % 4 == 0 { 700_000 } else { 1_500_000 }, seconds(second));
            assert_eq!(adapt.step().height, 540);
        }
    }

    #[test]
    fn pictures_keep_their_shape() {
        let step = Step { height: 270, rate: 15, needs: 0 };
        assert_eq!(scaled(1280, 720, step), (480, 270));
        assert_eq!(scaled(640, 480, step), (360, 270));
        assert_eq!(scaled(160, 120, step), (160, 120));
    }
}
