//! How much of the line the own picture takes: bits, size and pictures a second for what the line carries.

use std::collections::VecDeque;
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
pub(super) const STEPS: [Step; 5] = [
    Step { height: 720, rate: 30, needs: 1_000_000 },
    Step { height: 540, rate: 30, needs: 600_000 },
    Step { height: 360, rate: 25, needs: 300_000 },
    Step { height: 270, rate: 15, needs: 160_000 },
    Step { height: 180, rate: 10, needs: 0 },
];
const START: usize = 1;
/// A better step must be affordable with this much to spare (per cent) for so long.
const SPARE: u32 = 130;
const STEADY: Duration = Duration::from_secs(3);
/// For so long where the line has carried all that was asked of it since the call began.
const STEADY_AT_FIRST: Duration = Duration::from_millis(500);
/// For so long where nearly as much as the better step takes is really sent, and the line has not refused that step.
const STEADY_TRIED: Duration = Duration::from_secs(1);
/// The next better one follows after this.
const NEXT: Duration = Duration::from_secs(1);

/// What is sent has to be at least this part (per cent) of what the line was said to carry: with less it was not tried.
const TRIED: u32 = 60;
/// A line that falls further for so long refuses even the little that is sent.
const REFUSED: Duration = Duration::from_secs(3);
/// How long a line must have stopped falling before what it carried before is asked of it again: at first, and at the most.
const ASK_AGAIN: Duration = Duration::from_secs(2);
const ASK_AGAIN_AT_MOST: Duration = Duration::from_secs(32);
/// What falls within this time after it was asked again was asked too early.
const TOO_EARLY: Duration = Duration::from_secs(10);

/// A line that has not fallen for so long is asked for more than it was said to carry: when the call begins, later, and at the
/// most. Longer waits would leave a line that is wide again unused. The first pictures, all whole ones, make any line fall.
const ASK_MORE_AT_FIRST: Duration = Duration::from_secs(1);
const ASK_MORE: Duration = Duration::from_secs(2);
const ASK_MORE_AT_MOST: Duration = Duration::from_secs(5);
/// How much is asked for (per cent of what it was said to carry): at first, and where that was carried.
const MORE: u32 = 125;
const MUCH_MORE: u32 = 200;
/// What did not make the line fall within this time is carried.
const CARRIED: Duration = Duration::from_secs(1);

/// Follows the line's estimate.
///
/// The estimator (draft-ietf-rmcat-gcc-02, section 5.5) takes 0.85 of what was really received for its new estimate when
/// packets come late. Where a still scene needs little, one late moment then says that the line carries nearly nothing, and
/// with little sent it takes half a minute to say otherwise. Chromium sends probes in that case; here the estimator is set
/// back to what it said before, once the line has stopped falling, and the size of the picture waits for that. The same goes
/// for packets that come late because this machine is.
///
/// Near what a line once refused, the estimator grows by only some kbit/s each second: a line that is wide again would be
/// found out after half a minute. While there is more to send than it is said to carry, the estimator is set up, at first a
/// little, and the encoder then tries the line with real pictures. It speaks only while the other end reports and little
/// is lost, so a line that is cut or loses packets is asked for nothing.
pub(super) struct Adapt {
    /// What the line carries.
    step: usize,
    /// What this machine can do.
    machine: usize,
    /// It is late itself.
    late: bool,
    bps: u32,
    better_since: Option<Duration>,
    /// The newest estimate.
    line: u32,
    doubt: Option<Doubt>,
    /// When the line was asked again last, and how long it is waited before the next time.
    asked: Option<Duration>,
    ask_after: Duration,
    /// The estimate has fallen since the call began, and the picture got smaller for it.
    has_fallen: bool,
    has_shrunk: bool,
    /// When the estimate fell last, and when more was asked for since.
    fell: Duration,
    more: Option<Duration>,
    more_after: Duration,
}

/// The estimate fell although the line was not tried.
struct Doubt {
    /// What it was before.
    before: u32,
    since: Duration,
    /// When it fell last.
    fell: Duration,
}

impl Adapt {
    pub(super) fn new() -> Self {
        let line = START_BPS + SOUND_BPS;
        Self {
            step: START,
            machine: 0,
            late: false,
            bps: START_BPS,
            better_since: None,
            line,
            doubt: None,
            asked: None,
            ask_after: ASK_AGAIN,
            has_fallen: false,
            has_shrunk: false,
            fell: Duration::ZERO,
            more: None,
            more_after: ASK_MORE_AT_FIRST,
        }
    }

    /// The step to use now: what both the line and the machine are able to do.
    pub(super) fn step(&self) -> Step {
        STEPS.get(self.place()).copied().unwrap_or(STEPS[0])
    }

    /// Its place among [`STEPS`].
    pub(super) fn place(&self) -> usize {
        self.step.max(self.machine)
    }

    /// The best step that this machine can do, and whether it is too late of late to measure a line.
    pub(super) fn machine(&mut self, step: usize, late: bool) {
        (self.machine, self.late) = (step, late);
    }

    /// What the encoder may use, in bits per second.
    pub(super) fn bps(&self) -> u32 {
        self.bps
    }

    /// The line is said to carry `line` bits per second, and `sent` are sent of late; `now` is a moment on any steady clock.
    /// The picture gets smaller at once and larger slowly. Gives an estimate to begin from again, if it is to.
    pub(super) fn estimated(&mut self, line: u32, sent: u32, now: Duration) -> Option<u32> {
        let before = std::mem::replace(&mut self.line, line);
        self.bps = line.saturating_sub(SOUND_BPS).clamp(LEAST_BPS, MOST_BPS);
        if line < before {
            (self.fell, self.has_fallen) = (now, true);
            if self.more.take().is_some() {
                self.more_after = (self.more_after * 2).clamp(ASK_MORE, ASK_MORE_AT_MOST);
            }
        }
        self.doubted(before, sent, now);
        if let Some(doubt) = &self.doubt {
            self.better_since = None;
            if now.saturating_sub(doubt.fell) < self.ask_after {
                return None;
            }
            let again = doubt.before;
            (self.doubt, self.asked) = (None, Some(now));
            self.line = again;
            return Some(again);
        }
        self.follow(sent, now);
        self.ask_more(now)
    }

    /// Asks for more than the line is said to carry, if there is more to send.
    fn ask_more(&mut self, now: Duration) -> Option<u32> {
        let best = STEPS.get(self.machine).map_or(MOST_BPS, |step| (step.needs / 100 * SPARE).max(LEAST_BPS));
        let wanted = best.min(MOST_BPS) + SOUND_BPS;
        if self.line >= wanted {
            (self.more, self.more_after) = (None, ASK_MORE);
            return None;
        }
        let (since, wait, part) = match self.more {
            Some(asked) => (asked, CARRIED, MUCH_MORE),
            None => (self.fell, self.more_after, MORE),
        };
        if now.saturating_sub(since) < wait {
            return None;
        }
        self.more = Some(now);
        self.line = (self.line / 100 * part).min(wanted);
        self.bps = self.line.saturating_sub(SOUND_BPS).clamp(LEAST_BPS, MOST_BPS);
        Some(self.line)
    }

    /// Begins to doubt the estimate, or has no doubt any more.
    fn doubted(&mut self, before: u32, sent: u32, now: Duration) {
        let (fell, shrinks) = (self.line < before, self.step < self.affordable());
        match &mut self.doubt {
            Some(doubt) if self.line >= doubt.before => self.doubt = None,
            Some(doubt) if fell => {
                doubt.fell = now;
                if now.saturating_sub(doubt.since) >= REFUSED {
                    self.doubt = None;
                }
            }
            Some(_) => {}
            None if fell && shrinks && (self.late || !was_tried(before, sent)) => {
                let early = self.asked.is_some_and(|asked| now.saturating_sub(asked) < TOO_EARLY);
                self.ask_after = if early { (self.ask_after * 2).min(ASK_AGAIN_AT_MOST) } else { ASK_AGAIN };
                self.doubt = Some(Doubt { before, since: now, fell: now });
            }
            None => {}
        }
    }

    /// The best step that the encoder's bits are enough for.
    fn affordable(&self) -> usize {
        STEPS.iter().position(|step| self.bps >= step.needs).unwrap_or(STEPS.len() - 1)
    }

    fn follow(&mut self, sent: u32, now: Duration) {
        let affordable = self.affordable();
        if affordable > self.step {
            (self.step, self.has_shrunk) = (affordable, true);
            self.better_since = None;
            return;
        }
        let better = self.step.checked_sub(1).and_then(|above| STEPS.get(above));
        if better.is_none_or(|above| self.bps < above.needs / 100 * SPARE) {
            self.better_since = None;
            return;
        }
        let since = *self.better_since.get_or_insert(now);
        let steady = match self.has_fallen {
            false => STEADY_AT_FIRST,
            true if !self.has_shrunk && better.is_some_and(|above| was_tried(above.needs, sent)) => STEADY_TRIED,
            true => STEADY,
        };
        if now.saturating_sub(since) >= steady {
            self.step -= 1;
            self.better_since = Some((now + NEXT).saturating_sub(steady));
        }
    }
}

/// Whether a line that was said to carry so much was used enough to know.
fn was_tried(line: u32, sent: u32) -> bool {
    u64::from(sent) * 100 >= u64::from(line) * u64::from(TRIED)
}

/// How much is sent of late, out of a count of bytes that only grows.
#[derive(Default)]
pub(super) struct Sent {
    counted: VecDeque<(Duration, u64)>,
}

impl Sent {
    /// Of the last second, in bits per second.
    pub(super) fn rate(&mut self, bytes: u64, now: Duration) -> u32 {
        self.counted.push_back((now, bytes));
        while self.counted.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= Duration::from_secs(1)) {
            self.counted.pop_front();
        }
        let Some((since, before)) = self.counted.front() else { return 0 };
        let (span, bits) = (now.saturating_sub(*since).as_secs_f64(), (bytes.saturating_sub(*before) * 8) as f64);
        if span < 0.1 { u32::MAX } else { (bits / span) as u32 }
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

    /// The picture fills what the line is said to carry.
    const PLENTY: u32 = 2_000_000;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_narrow_line_is_followed_at_once() {
        let mut adapt = Adapt::new();
        adapt.estimated(250_000, PLENTY, seconds(0));
        assert_eq!((adapt.step().height, adapt.bps()), (270, 200_000));
        adapt.estimated(20_000, PLENTY, seconds(1));
        assert_eq!((adapt.step().height, adapt.bps()), (180, LEAST_BPS));
    }

    #[test]
    fn a_wider_line_is_believed_after_a_while_and_one_step_at_a_time() {
        let mut adapt = Adapt::new();
        adapt.estimated(100_000, PLENTY, seconds(0));
        let heights: Vec<u32> = (1..=8)
            .map(|second| {
                adapt.estimated(5_000_000, 0, seconds(second));
                adapt.step().height
            })
            .collect();
        assert_eq!(heights, [180, 180, 180, 270, 360, 540, 720, 720]);
    }

    #[test]
    fn a_line_that_has_carried_everything_so_far_has_the_whole_picture_soon() {
        let mut adapt = Adapt::new();
        let mut line = START_BPS + SOUND_BPS;
        let whole = (0..100_u32).find(|tenth| {
            // As the estimator grows: 8 % a second.
            line += line / 125;
            let asked = adapt.estimated(line, PLENTY, Duration::from_millis(100) * *tenth);
            line = asked.unwrap_or(line);
            adapt.step().height == 720
        });
        assert!(whole.is_some_and(|tenth| tenth <= 45), "after {whole:?} tenths of a second");
    }

    #[test]
    fn a_line_that_wavers_makes_the_picture_jump_once_at_the_most() {
        let mut adapt = Adapt::new();
        let heights: Vec<u32> = (0..60)
            .map(|second| {
                adapt.estimated(if second % 4 == 0 { 700_000 } else { 1_500_000 }, PLENTY, seconds(second));
                adapt.step().height
            })
            .collect();
        assert!(heights[4..].iter().all(|height| *height == 540), "{heights:?}");
    }

    /// A still scene: 140 kbit/s of 1.4 Mbit/s are used when some packets come late.
    fn late_once(adapt: &mut Adapt, at: u64) {
        adapt.estimated(1_400_000, 140_000, seconds(at));
        assert_eq!(adapt.estimated(119_000, 140_000, seconds(at)), None);
    }

    #[test]
    fn a_late_moment_of_a_still_scene_does_not_shrink_the_picture() {
        let mut adapt = Adapt::new();
        late_once(&mut adapt, 10);
        assert_eq!((adapt.step().height, adapt.bps()), (540, LEAST_BPS), "the line is spared meanwhile");
        assert_eq!(adapt.estimated(128_000, 130_000, seconds(11)), None);
        assert_eq!(adapt.estimated(139_000, 130_000, seconds(12)), Some(1_400_000), "two seconds after it fell");
        assert_eq!(adapt.estimated(1_500_000, 130_000, seconds(13)), None);
        assert_eq!((adapt.step().height, adapt.bps()), (540, 1_450_000));
    }

    #[test]
    fn a_line_that_refuses_even_that_little_is_believed() {
        let mut adapt = Adapt::new();
        late_once(&mut adapt, 10);
        for second in 11..13 {
            assert_eq!(adapt.estimated(119_000 - second as u32 * 1000, 130_000, seconds(second)), None);
            assert_eq!(adapt.step().height, 540);
        }
        assert_eq!(adapt.estimated(100_000, 130_000, seconds(13)), None);
        assert_eq!(adapt.step().height, 180);
        assert_eq!(adapt.estimated(104_000, 100_000, seconds(20)), Some(130_000), "only a little is asked of it again");
    }

    #[test]
    fn a_line_that_was_tried_is_believed_at_once() {
        let mut adapt = Adapt::new();
        adapt.estimated(1_400_000, 1_000_000, seconds(10));
        assert_eq!(adapt.estimated(200_000, 1_000_000, seconds(10)), None);
        assert_eq!(adapt.step().height, 180);
    }

    #[test]
    fn who_asks_too_early_waits_longer_each_time() {
        let mut adapt = Adapt::new();
        let mut now = 10;
        let waits: Vec<u64> = (0..6)
            .map(|_| {
                late_once(&mut adapt, now);
                let since = now;
                while adapt.estimated(120_000, 10_000, seconds(now)).is_none() {
                    now += 1;
                }
                now += 1;
                now - 1 - since
            })
            .collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 32]);
        late_once(&mut adapt, now + 60);
        assert_eq!(adapt.estimated(120_000, 10_000, seconds(now + 62)), Some(1_400_000), "after a quiet minute");
    }

    #[test]
    fn a_machine_that_is_late_does_not_blame_the_line() {
        let mut adapt = Adapt::new();
        adapt.machine(0, true);
        adapt.estimated(1_400_000, 1_000_000, seconds(10));
        adapt.estimated(200_000, 1_000_000, seconds(10));
        assert_eq!(adapt.step().height, 540);
        assert_eq!(adapt.estimated(201_000, 200_000, seconds(12)), Some(1_400_000));
    }

    #[test]
    fn what_the_machine_cannot_do_is_not_asked_of_the_line() {
        let mut adapt = Adapt::new();
        adapt.machine(3, false);
        assert!((0..60).all(|second| adapt.estimated(260_000, PLENTY, seconds(second)).is_none()));
        assert_eq!(adapt.step().height, 270);
    }

    /// A line with a queue, a camera that always moves, and an estimator that reckons as draft-ietf-rmcat-gcc-02 does.
    struct Simulated {
        adapt: Adapt,
        carries: u32,
        estimate: u32,
        /// What the estimate was near when it fell last.
        near: u32,
        /// In bits.
        queue: f64,
        /// Bits received in each tenth of the last second.
        received: VecDeque<f64>,
        /// Whether the queue grew, and whether it drained, until that is noticed.
        noticed: VecDeque<(bool, bool)>,
        now: Duration,
        /// Tenths of a second with more than 150 ms in the queue, and bits that did not fit into it.
        late: u32,
        lost: f64,
    }

    const TENTH: Duration = Duration::from_millis(100);

    impl Simulated {
        fn new(carries: u32) -> Self {
            let received = VecDeque::from([0.0; 10]);
            let noticed = VecDeque::from([(false, false); 3]);
            let (adapt, estimate, near, queue, now) = (Adapt::new(), START_BPS, 0, 0.0, Duration::ZERO);
            Self { adapt, carries, estimate, near, queue, received, noticed, now, late: 0, lost: 0.0 }
        }

        /// Every picture's height, tenth by tenth. `alarm` says when packets come late although the line is good.
        fn run(&mut self, span: u64, alarm: impl Fn(u64) -> bool) -> Vec<u32> {
            (0..span * 10).map(|tenth| self.tenth(alarm(tenth))).collect()
        }

        fn tenth(&mut self, alarm: bool) -> u32 {
            self.now += TENTH;
            let sent = f64::from(self.adapt.bps() + SOUND_BPS) / 10.0;
            let carried = f64::from(self.carries) / 10.0;
            let before = self.queue;
            let arrived = (self.queue + sent).min(carried);
            self.queue += sent - arrived;
            let most = carried * 3.0;
            self.lost += (self.queue - most).max(0.0);
            self.queue = self.queue.min(most);
            self.late += u32::from(self.queue > carried * 1.5);
            self.received.pop_front();
            self.received.push_back(arrived);
            let effective = (self.received.iter().sum::<f64>() / self.now.as_secs_f64().min(1.0)) as u32;
            // A full queue grows no further, but loses. It takes a while to be noticed.
            let grows = self.queue > before + carried / 50.0 || self.queue >= most;
            self.noticed.push_back((grows, self.queue < before));
            let (grows, drains) = self.noticed.pop_front().unwrap();
            if grows || alarm {
                self.estimate = (self.estimate / 100 * 95).min(effective / 100 * 85);
                self.near = effective;
            } else if !drains {
                let is_near = self.near.abs_diff(effective) < self.near / 10;
                self.estimate += if is_near { 4_800 } else { self.estimate / 100 * 8 / 10 };
            }
            self.estimate = self.estimate.clamp(LEAST_BPS, MOST_BPS);
            if let Some(again) = self.adapt.estimated(self.estimate, sent as u32 * 10, self.now) {
                self.estimate = again;
            }
            self.adapt.step().height
        }
    }

    #[test]
    fn the_first_pictures_come_late_and_the_whole_one_comes_soon_all_the_same() {
        for late in 1..=10 {
            let mut line = Simulated::new(3_000_000);
            let heights = line.run(6, |tenth| tenth == late);
            let whole = heights.iter().position(|height| *height == 720);
            assert!(whole.is_some_and(|tenth| tenth <= 45), "late at {late}: after {whole:?} tenths of a second");
        }
    }

    #[test]
    fn a_line_that_is_wide_again_carries_the_whole_picture_within_ten_seconds() {
        for narrow in [300_000, 400_000, 600_000] {
            for seconds in 10..20 {
                let mut line = Simulated::new(3_000_000);
                line.run(20, |_| false);
                assert_eq!(line.adapt.step().height, 720);
                line.carries = narrow;
                line.run(seconds, |_| false);
                assert!(line.adapt.step().height <= 540, "{narrow} after {seconds} s");
                line.carries = 3_000_000;
                let heights = line.run(10, |_| false);
                assert_eq!(heights.last(), Some(&720), "{narrow} for {seconds} s: {heights:?}");
            }
        }
    }

    #[test]
    fn asking_a_narrow_line_for_more_hardly_delays_the_voice() {
        for carries in [200_000, 300_000, 400_000, 800_000] {
            let mut line = Simulated::new(carries);
            line.run(20, |_| false);
            (line.late, line.lost) = (0, 0.0);
            line.run(120, |_| false);

            assert_eq!(line.late, 0, "{carries}: so many of 1200 tenths");
            assert!(line.lost <= 0.0, "{carries}: {} bits do not fit into the queue", line.lost);
        }
    }

    #[test]
    fn on_a_good_line_late_packets_never_make_the_picture_tiny() {
        for every in [50, 100, 200] {
            for length in [1, 5, 10] {
                let mut line = Simulated::new(3_000_000);
                line.run(10, |_| false);
                let heights = line.run(120, |tenth| tenth % every < length && tenth >= every);
                let least = heights.iter().min().unwrap();
                assert!(*least >= 360, "{length} of {every} tenths: {least}");
            }
        }
    }

    #[test]
    fn what_is_sent_is_of_the_last_second() {
        let mut sent = Sent::default();
        assert_eq!(sent.rate(0, seconds(0)), u32::MAX, "nothing is known yet");
        for (tenth, bytes) in (1..=30).map(|tenth| (tenth, tenth * 1_000)) {
            let rate = sent.rate(bytes, Duration::from_millis(tenth * 100));
            assert_eq!(rate, 80_000, "after {tenth} tenths");
        }
        assert_eq!(sent.rate(30_000, seconds(4)), 0);
    }

    #[test]
    fn pictures_keep_their_shape() {
        let step = Step { height: 270, rate: 15, needs: 0 };
        assert_eq!(scaled(1280, 720, step), (480, 270));
        assert_eq!(scaled(640, 480, step), (360, 270));
        assert_eq!(scaled(160, 120, step), (160, 120));
    }
}
