//! How long the other end's packets wait for those that are late: as long as the line needs, and no longer.
//!
//! Each millisecond of waiting is one by which people answer each other later. So it follows the line as WebRTC's own
//! jitter buffer (NetEQ) does: how late packets of sound are behind the quickest ones of the last seconds goes into a
//! histogram that forgets, and nearly all of them have to be in time. It gets longer at once, and shorter by one piece of
//! sound at a time, where nobody is speaking. Without a clock: moments are arguments.

use std::collections::VecDeque;
use std::time::Duration;

/// One piece of the other end's sound (20 ms), by which the waiting changes.
pub(super) const PIECE: Duration = Duration::from_millis(20);
/// The waiting at first, and at the least and the most.
pub(super) const AT_FIRST: Duration = Duration::from_millis(80);
const AT_LEAST: Duration = Duration::from_millis(40);
const AT_MOST: Duration = Duration::from_millis(500);
/// At the least on a machine that is late with everything.
const SLOW_AT_LEAST: Duration = Duration::from_millis(200);
/// And where packets get lost: what is sent once more comes a round trip later, and one is not enough where it is asked for
/// at the end of a picture.
const LOSS_AT_LEAST: Duration = Duration::from_millis(120);
const LOSS_AT_MOST: Duration = Duration::from_millis(300);
/// Lost packets count when others were lost so shortly before: a line that loses some does so all the time, and a few are
/// missing at each beginning. Then they count for so long.
const LOSS_AGAIN: Duration = Duration::from_secs(5);
const LOSS_LASTS: Duration = Duration::from_secs(30);
/// The quickest packet of so long is what others are compared with.
const WINDOW: Duration = Duration::from_secs(2);
/// So many packets of a thousand have to be in time.
const IN_TIME: f64 = 0.985;
/// How much of the histogram is kept with each packet, once it is filled.
const KEPT: f64 = 0.9985;
/// Lateness is counted in steps of so many milliseconds.
const STEP: u64 = 10;
const STEPS: usize = (AT_MOST.as_millis() as u64 / STEP) as usize;
/// Between two steps back.
const BETWEEN: Duration = Duration::from_millis(500);
/// Sound that could not be heard any more makes the waiting longer by this, and where that was not enough so many times, each
/// at least [`BETWEEN`] after the one before and no longer apart than this, by what it was late and one piece: a machine that
/// is busy for a moment, as at the beginning of a call, is no slow one. It lasts twice as long each time it happens again within or soon after that: a machine that is late with
/// everything is so for the whole call, and each try to be quicker costs words.
const MISSED: Duration = Duration::from_millis(40);
const MISSED_TIMES: u32 = 3;
const MISSED_APART: Duration = Duration::from_secs(5);
const MISSED_LASTS: Duration = Duration::from_secs(30);
const MISSED_LASTS_AT_MOST: Duration = Duration::from_secs(480);
/// While decoder and screen only begin, which says nothing about the call, it lasts for less.
const BEGINNING: Duration = Duration::from_secs(1);
const MISSED_LASTS_AT_FIRST: Duration = Duration::from_secs(2);

/// Packets of one source: how late each is.
#[derive(Default)]
pub(super) struct Arrivals {
    last: Option<(u32, i64)>,
    /// Moments and how far the packet's own time was ahead of it, the greatest first (in units of the packets' clock).
    quickest: VecDeque<(Duration, i64)>,
}

impl Arrivals {
    /// A packet whose sound begins at `timestamp` (RFC 3550, section 5.1; `rate` units a second) came at `at`: how much later
    /// it is than the quickest one.
    pub(super) fn comes(&mut self, timestamp: u32, rate: u32, at: Duration) -> Duration {
        let media = match self.last {
            // The number begins again at its end.
            Some((last, media)) => media + i64::from(timestamp.wrapping_sub(last).cast_signed()),
            None => 0,
        };
        self.last = Some((timestamp, media));
        let came = i64::try_from(at.as_micros() * u128::from(rate) / 1_000_000).unwrap_or(i64::MAX);
        let ahead = media.saturating_sub(came);
        while self.quickest.front().is_some_and(|(then, _)| at.saturating_sub(*then) > WINDOW) {
            self.quickest.pop_front();
        }
        while self.quickest.back().is_some_and(|(_, before)| *before <= ahead) {
            self.quickest.pop_back();
        }
        self.quickest.push_back((at, ahead));
        let quickest = self.quickest.front().map_or(ahead, |(_, quickest)| *quickest);
        let late = u64::try_from(quickest.saturating_sub(ahead)).unwrap_or_default();
        Duration::from_micros(late.saturating_mul(1_000_000) / u64::from(rate.max(1)))
    }
}

/// Decides on the waiting.
pub(super) struct Delay {
    /// How many packets, as parts of all, were how late.
    late: [f64; STEPS + 1],
    packets: u32,
    waiting: Duration,
    slow: bool,
    /// When it was changed last, and what it was before that and other changes shortly before.
    changed: Duration,
    before: Duration,
    lost: Option<(Duration, Duration)>,
    lost_last: Option<Duration>,
    missed: Option<Missed>,
    /// When the first sound came.
    began: Option<Duration>,
    /// When a time began in which sound was missed, and how many there were in a row.
    missed_times: Option<(Duration, u32)>,
}

/// Sound came too late to be heard.
#[derive(Clone, Copy)]
struct Missed {
    /// The waiting with which it would have been in time.
    wanted: Duration,
    until: Duration,
    lasts: Duration,
}

impl Delay {
    /// On a machine that is late with everything (`slow`) it never gets as short.
    pub(super) fn new(slow: bool) -> Self {
        let waiting = if slow { SLOW_AT_LEAST } else { AT_FIRST };
        Self {
            late: [0.0; STEPS + 1],
            packets: 0,
            waiting,
            slow,
            changed: Duration::ZERO,
            before: waiting,
            lost: None,
            lost_last: None,
            missed: None,
            began: None,
            missed_times: None,
        }
    }

    /// How long packets wait now.
    pub(super) fn waiting(&self) -> Duration {
        self.waiting
    }

    /// A packet came so late.
    pub(super) fn came(&mut self, late: Duration) {
        self.packets = self.packets.saturating_add(1);
        // The first ones count as much as all before them together, so that it is soon known how the line is.
        let kept = KEPT.min(1.0 - 1.0 / f64::from(self.packets));
        for part in &mut self.late {
            *part *= kept;
        }
        let step = usize::try_from(late.as_millis() as u64 / STEP).unwrap_or(STEPS).min(STEPS);
        self.late[step] += 1.0 - kept;
    }

    /// Packets were lost of late, and what is sent once more takes so long.
    pub(super) fn lost(&mut self, round_trip: Option<Duration>, now: Duration) {
        if self.lost_last.replace(now).is_none_or(|last| now.saturating_sub(last) > LOSS_AGAIN) {
            return;
        }
        let again = (round_trip.unwrap_or(LOSS_AT_LEAST) * 3 / 2 + MISSED).clamp(LOSS_AT_LEAST, LOSS_AT_MOST);
        self.lost = Some((again, now + LOSS_LASTS));
    }

    /// Sound came to the decoder too late to be heard, by so much, whatever the reason.
    pub(super) fn missed(&mut self, late: Duration, now: Duration) {
        // What was on its way when it was changed had the time to wait of before.
        let had = if now.saturating_sub(self.changed) < BETWEEN { self.before } else { self.waiting };
        let (since, times) = match self.missed_times {
            Some((since, times)) if now.saturating_sub(since) < BETWEEN => (since, times),
            Some((since, times)) if now.saturating_sub(since) < MISSED_APART => (now, times + 1),
            _ => (now, 1),
        };
        self.missed_times = Some((since, times));
        let more = if times < MISSED_TIMES { MISSED } else { MISSED.max(late + PIECE) };
        let wanted = (had + more).min(AT_MOST);
        let so_far = self.missed.filter(|missed| now < missed.until);
        if wanted <= self.waiting.max(so_far.map_or(Duration::ZERO, |missed| missed.wanted)) && wanted < AT_MOST {
            return;
        }
        let is_beginning = now.saturating_sub(*self.began.get_or_insert(now)) < BEGINNING;
        let lasts = match self.missed {
            // A few pieces in a row are one and the same time.
            Some(missed) if missed.until.saturating_sub(missed.lasts) + BETWEEN * 2 > now => missed.lasts,
            _ if is_beginning => MISSED_LASTS_AT_FIRST,
            Some(missed) if missed.until + MISSED_LASTS > now && missed.lasts >= MISSED_LASTS => {
                (missed.lasts * 2).min(MISSED_LASTS_AT_MOST)
            }
            _ => MISSED_LASTS,
        };
        self.missed = Some(Missed { wanted, until: now + lasts, lasts });
    }

    /// What the line needs now.
    fn wanted(&self, now: Duration) -> Duration {
        let least = if self.slow { SLOW_AT_LEAST } else { AT_LEAST };
        let mut sum = 0.0;
        let all: f64 = self.late.iter().sum();
        let step = self.late.iter().position(|part| {
            sum += part;
            sum >= all * IN_TIME
        });
        let line =
            if self.packets == 0 { AT_FIRST } else { Duration::from_millis(STEP) * (step.unwrap_or(STEPS) as u32 + 1) };
        let still =
            |what: Option<(Duration, Duration)>| what.filter(|(_, until)| now < *until).map(|(wanted, _)| wanted);
        let missed = self.missed.map(|missed| (missed.wanted, missed.until));
        let wanted = [Some(line + PIECE / 2), still(self.lost), still(missed)].into_iter().flatten().max();
        wanted.unwrap_or(least).clamp(least, AT_MOST)
    }

    /// Whether it would be shorter if somebody were silent.
    pub(super) fn may_shrink(&self, now: Duration) -> bool {
        now.saturating_sub(self.changed) >= BETWEEN && self.wanted(now) + PIECE <= self.waiting
    }

    /// Another time to wait, if there is a reason; `quiet`: nobody speaks at the other end just now.
    pub(super) fn decide(&mut self, quiet: bool, now: Duration) -> Option<Duration> {
        self.began.get_or_insert(now);
        let (wanted, before) = (self.wanted(now), self.waiting);
        if wanted > self.waiting {
            let pieces = (wanted - self.waiting).as_millis().div_ceil(PIECE.as_millis());
            self.waiting += PIECE * u32::try_from(pieces).unwrap_or(1);
        } else if quiet && self.may_shrink(now) {
            self.waiting -= PIECE;
        } else {
            return None;
        }
        if now.saturating_sub(self.changed) >= BETWEEN {
            self.before = before;
        }
        self.changed = now;
        Some(self.waiting)
    }
}

/// Keeps what is played without gaps and overlaps when the waiting changes, and knows when nobody speaks.
#[derive(Default)]
pub(super) struct Seam {
    /// Where the sound so far ends, in nanoseconds of the clock.
    end: Option<u64>,
    loudest: f32,
    quiet: u32,
}

/// What becomes of a piece of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// It is played, after so many nanoseconds of silence.
    Play(u64),
    /// It would sound while another one does.
    LeaveOut,
}

/// A difference from where it should be that a sound card evens out itself.
const SMALL: u64 = 5_000_000;
/// A longer gap is a pause of the other end's own, which the sound card makes.
const LONG: u64 = 500_000_000;
/// It is quiet where it is so much lower than the loudest of the last seconds (-20 dB), or below this (RMS, -54 dB).
const LOWER: f32 = 0.1;
const SILENT: f32 = 65.0;
/// How much of the loudest is kept with each piece: half of it after four seconds.
const FORGETS: f32 = 0.9965;
/// For so many pieces in a row.
const QUIET_PIECES: u32 = 3;

impl Seam {
    /// A piece of sound is due from `from` on, for `lasts` (nanoseconds).
    pub(super) fn comes(&mut self, from: u64, lasts: u64) -> Piece {
        let end = self.end.unwrap_or(from);
        if from + SMALL < end && end - from < LONG {
            return Piece::LeaveOut;
        }
        self.end = Some(from + lasts);
        let gap = from.saturating_sub(end);
        Piece::Play(if (SMALL..LONG).contains(&gap) { gap } else { 0 })
    }

    /// Whether nobody has spoken for a moment, this piece included.
    pub(super) fn is_quiet(&mut self, samples: &[i16]) -> bool {
        let sum: f32 = samples.iter().map(|sample| f32::from(*sample).powi(2)).sum();
        let loud = (sum / samples.len().max(1) as f32).sqrt();
        self.loudest = loud.max(self.loudest * FORGETS);
        self.quiet = if loud < SILENT.max(self.loudest * LOWER) { self.quiet + 1 } else { 0 };
        self.quiet >= QUIET_PIECES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A line on which each packet is late by what `late` says of its number; whoever speaks is quiet a third of the time.
    fn line(delay: &mut Delay, from: u64, packets: u64, late: impl Fn(u64) -> u64) -> Vec<Duration> {
        let (mut arrivals, mut waited) = (Arrivals::default(), Vec::new());
        for number in from..from + packets {
            let at = millis(number * 20 + late(number));
            // The number begins again at its end on the way.
            let timestamp = (number as u32 * 960).wrapping_sub(48_000);
            delay.came(arrivals.comes(timestamp, 48_000, at));
            delay.decide(number % 75 < 25, at);
            waited.push(delay.waiting());
        }
        waited
    }

    #[test]
    fn on_a_steady_line_packets_soon_wait_no_longer_than_they_must() {
        let mut delay = Delay::new(false);
        let waited = line(&mut delay, 0, 300, |number| number * 7 % 5);
        assert_eq!(waited[0], AT_FIRST);
        assert_eq!(*waited.last().unwrap(), AT_LEAST);
    }

    #[test]
    fn where_packets_come_in_bursts_all_are_waited_for_and_again_no_longer_once_they_do_not() {
        let mut delay = Delay::new(false);
        line(&mut delay, 0, 300, |_| 0);
        // A Wi-Fi that wakes up each 100 ms.
        let waited = line(&mut delay, 300, 500, |number| 80 - number % 5 * 20);
        assert!(waited[50..].iter().all(|waiting| *waiting >= millis(90)), "{waited:?}");
        assert!(waited.iter().all(|waiting| *waiting <= millis(140)), "{waited:?}");
        let waited = line(&mut delay, 800, 4000, |_| 0);
        assert_eq!(*waited.last().unwrap(), AT_LEAST);
        let steps = waited.windows(2).map(|two| two[0] - two[1]);
        assert!(steps.max().unwrap() <= PIECE, "shorter by one piece at a time");
    }

    #[test]
    fn a_single_late_packet_delays_nobody_for_long_and_a_late_line_is_believed_at_once() {
        let mut delay = Delay::new(false);
        line(&mut delay, 0, 2000, |_| 0);
        let waited = line(&mut delay, 2000, 100, |number| if number == 2050 { 200 } else { 0 });
        assert_eq!(waited.iter().max(), Some(&AT_LEAST));
        let waited = line(&mut delay, 2100, 200, |number| if number % 10 == 0 { 160 } else { 0 });
        let raised = waited.iter().position(|waiting| *waiting >= millis(170)).unwrap();
        assert!(raised < 150, "after {raised} packets");
    }

    #[test]
    fn nothing_gets_shorter_while_somebody_speaks() {
        let mut delay = Delay::new(false);
        for number in 0..1000 {
            delay.came(Duration::ZERO);
            assert_eq!(delay.decide(false, millis(number * 20)), None);
        }
        assert!(delay.may_shrink(millis(20_000)));
        assert_eq!(delay.decide(true, millis(20_000)), Some(AT_FIRST - PIECE));
        assert_eq!(delay.decide(true, millis(20_100)), None, "not again at once");
    }

    #[test]
    fn what_is_sent_once_more_has_time_to_come_and_no_more_once_nothing_gets_lost() {
        let mut delay = Delay::new(false);
        line(&mut delay, 0, 300, |_| 0);
        delay.lost(None, millis(1000));
        delay.lost(None, millis(1000) + LOSS_AGAIN * 2);
        assert_eq!(delay.wanted(millis(1000) + LOSS_AGAIN * 2), AT_LEAST, "now and then one is missing");
        for (round_trip, waits) in [(None, 220), (Some(40), 120), (Some(160), 280), (Some(900), 300)] {
            delay.lost(round_trip.map(millis), millis(12_000));
            assert_eq!(delay.wanted(millis(12_000)), millis(waits), "{round_trip:?}");
        }
        assert_eq!(delay.wanted(millis(12_000) + LOSS_LASTS), AT_LEAST);
    }

    #[test]
    fn sound_that_came_too_late_to_be_heard_makes_it_longer_once_and_where_that_goes_on_by_what_it_was_late() {
        let mut delay = Delay::new(false);
        line(&mut delay, 0, 300, |_| 0);
        let mut missed = |late: u64, at: u64| {
            delay.missed(millis(late), millis(at));
            delay.decide(true, millis(at));
            delay.waiting()
        };
        // A busy moment.
        let before = missed(250, 10_000);
        assert_eq!(before, AT_LEAST + MISSED);
        (10_001..10_100).for_each(|at| assert_eq!(missed(300, at), before));
        // What is on its way comes late as well, by other amounts.
        assert_eq!(missed(210, 10_600), before + MISSED);
        assert_eq!(missed(180, 11_200), before + MISSED + millis(180) + PIECE);
        assert_eq!(missed(180, 11_300), before + MISSED + millis(180) + PIECE);
        // Later it is a busy moment again.
        let before = missed(10, 20_000);
        assert_eq!(missed(250, 20_010), before);
        (21..25).for_each(|at| assert!(missed(9_000, at * 1_000) > before));
        assert!(delay.waiting() < AT_MOST + PIECE);
    }

    #[test]
    fn what_is_missed_while_the_first_picture_is_made_delays_the_call_for_a_moment_only() {
        for (begin, still) in [(0, AT_LEAST), (1_500, AT_LEAST + MISSED)] {
            let mut delay = Delay::new(false);
            line(&mut delay, 0, begin / 20, |_| 0);
            delay.missed(millis(60), millis(begin));
            line(&mut delay, begin / 20, 400, |_| 0);
            assert!(
                delay.waiting() <= still + MISSED && delay.waiting() >= still,
                "missed at {begin}: {:?}",
                delay.waiting()
            );
            if begin == 0 {
                assert_eq!(delay.waiting(), AT_LEAST);
                delay.missed(millis(60), millis(9_000));
                assert!(delay.missed.unwrap().lasts >= MISSED_LASTS, "later it is no beginning");
            }
        }
    }

    #[test]
    fn a_machine_that_is_late_again_and_again_tries_to_be_quicker_less_and_less_often() {
        let mut delay = Delay::new(false);
        line(&mut delay, 0, 300, |_| 0);
        let (mut late, mut at) = (Vec::new(), 10_000);
        // Less than a quarter of a second is too little for it.
        while at < 1_000_000 {
            if delay.waiting() < millis(250) {
                late.push(at / 1000);
                delay.missed(millis(250) - delay.waiting(), millis(at));
            }
            delay.decide(true, millis(at));
            at += 20;
        }
        let between: Vec<u64> = late.windows(2).map(|two| two[1] - two[0]).filter(|seconds| *seconds > 1).collect();
        assert!(between.len() <= 6 && between.windows(2).all(|two| two[1] > two[0] * 3 / 2), "{late:?}");
    }

    #[test]
    fn a_slow_machine_keeps_its_reserve() {
        let mut delay = Delay::new(true);
        let waited = line(&mut delay, 0, 1000, |_| 0);
        assert!(waited.iter().all(|waiting| *waiting == SLOW_AT_LEAST));
    }

    #[test]
    fn a_line_that_is_behind_for_ever_has_a_bound() {
        let mut delay = Delay::new(false);
        let waited = line(&mut delay, 0, 2000, |number| number * 977 % 3000);
        assert!(waited.iter().all(|waiting| *waiting <= AT_MOST));
    }

    #[test]
    fn when_it_gets_shorter_one_piece_is_left_out_and_when_it_gets_longer_silence_comes_between() {
        const MS: u64 = 1_000_000;
        let mut seam = Seam::default();
        assert_eq!(seam.comes(1000 * MS, 20 * MS), Piece::Play(0));
        assert_eq!(seam.comes(1021 * MS, 20 * MS), Piece::Play(0), "clocks differ a little");
        assert_eq!(seam.comes(1021 * MS, 20 * MS), Piece::LeaveOut, "20 ms shorter");
        assert_eq!(seam.comes(1041 * MS, 20 * MS), Piece::Play(0));
        assert_eq!(seam.comes(1121 * MS, 20 * MS), Piece::Play(60 * MS), "60 ms longer");
        assert_eq!(seam.comes(3000 * MS, 20 * MS), Piece::Play(0), "a pause of its own");
        assert_eq!(seam.comes(1000 * MS, 20 * MS), Piece::Play(0), "another connection");
    }

    #[test]
    fn it_is_quiet_between_words_also_where_a_fan_hums() {
        let mut seam = Seam::default();
        let [word, fan, nothing] = [6000, 300, 0].map(|loud| [loud; 960]);
        assert!(!seam.is_quiet(&word));
        let mut quiet = |samples: &[i16], times: u32| (0..times).map(|_| seam.is_quiet(samples)).collect::<Vec<_>>();
        assert_eq!(quiet(&fan, 4), [false, false, true, true]);
        assert_eq!(quiet(&word, 1), [false]);
        assert_eq!(quiet(&nothing, 3), [false, false, true]);
    }
}
