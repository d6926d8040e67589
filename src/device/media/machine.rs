//! How much of this machine the own picture takes: a small steady picture rather than a large one that stutters.

use super::adapt::STEPS;
use crate::model::quality::Takes;
use gstreamer as gst;
use gstreamer::prelude::*;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much of the time the encoder's thread may have a processor (per cent). The rest is left to sound, to the other end's
/// picture and to the screen.
const WORKS: u64 = 80;
/// A step is chosen so that it has one for no longer than this part of the time (per cent), and so that its pictures come in
/// time although it has to wait for one.
const ROOM: u64 = 50;
const IN_TIME: u64 = 100;
/// So many of the camera's pictures (per cent) may be left out because the one before them was still being encoded.
const LEFT_OUT: u64 = 20;
/// A face can be recognized at this step of [`STEPS`] and at those before it. It is left only for a machine that has to
/// leave out so many of its pictures (per cent), or to encode for most of the time.
const FACE: usize = 3;
const FACE_LEFT_OUT: u64 = 50;
/// A machine that can do only this step of [`STEPS`] or a worse one is slow in everything else as well.
pub(super) const SLOW: usize = FACE;
/// A look that comes so late says that the machine has no time even for looking.
const LATE: Duration = Duration::from_millis(600);
/// How long figures are gathered before they are judged.
const WINDOW: Duration = Duration::from_secs(1);
/// So many bad windows in a row make the picture smaller: one alone may be a page being drawn.
const BAD: u32 = 2;
/// There must have been room for so long before the picture gets larger: at first, and at the most.
const PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE_AT_MOST: Duration = Duration::from_secs(160);
/// Who gets smaller again within this time got larger too early.
const TOO_EARLY: Duration = Duration::from_secs(30);

/// What the encoder's thread has done so far. Counted by that thread.
#[derive(Default)]
pub(super) struct Work {
    /// Pictures that were given to it.
    given: AtomicU64,
    /// Those that it began to encode.
    begun: AtomicU64,
    /// Those that came out.
    done: AtomicU64,
    /// Nanoseconds that these took, and those of them in which the thread had a processor.
    busy: AtomicU64,
    worked: AtomicU64,
    /// Height of the camera's pictures.
    height: AtomicU32,
    since: Mutex<Option<Moment>>,
}

/// A moment of a thread.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) wall: Instant,
    /// For how long it has had a processor.
    pub(super) worked: Duration,
}

impl Moment {
    /// Of the calling thread.
    pub(super) fn now() -> Self {
        let worked = nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from);
        Self { wall: Instant::now(), worked: worked.unwrap_or_default() }
    }
}

impl Work {
    /// A picture of the camera, so high, is handed on.
    pub(super) fn give(&self, height: u32) {
        self.height.store(height, Ordering::Relaxed);
        self.given.fetch_add(1, Ordering::Relaxed);
    }

    /// Its turn has come.
    pub(super) fn begin(&self, now: Moment) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// It is encoded.
    pub(super) fn end(&self, now: Moment) {
        let Some(since) = self.since.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let add = |counter: &AtomicU64, time: Duration| {
            counter.fetch_add(u64::try_from(time.as_nanos()).unwrap_or_default(), Ordering::Relaxed);
        };
        self.done.fetch_add(1, Ordering::Relaxed);
        add(&self.busy, now.wall.saturating_duration_since(since.wall));
        add(&self.worked, now.worked.saturating_sub(since.worked));
    }

    /// Counts what an encoder does from now on, from a picture's leaving `turn` to its leaving `encoder`.
    pub(super) fn watch(self: &Arc<Self>, turn: &gst::Element, encoder: &gst::Element) -> Result<(), String> {
        let [begins, ends] = [turn, encoder].map(|element| element.static_pad("src"));
        let (begins, ends) = begins.zip(ends).ok_or("the encoder has no way out")?;
        let begun = self.clone();
        begins.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            begun.begin(Moment::now());
            gst::PadProbeReturn::Ok
        });
        let ended = self.clone();
        ends.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            ended.end(Moment::now());
            gst::PadProbeReturn::Ok
        });
        Ok(())
    }

    pub(super) fn totals(&self) -> Totals {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            given: of(&self.given),
            begun: of(&self.begun),
            done: of(&self.done),
            busy: Duration::from_nanos(of(&self.busy)),
            worked: Duration::from_nanos(of(&self.worked)),
            height: self.height.load(Ordering::Relaxed),
        }
    }
}

/// Running totals at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) given: u64,
    pub(super) begun: u64,
    pub(super) done: u64,
    /// Time that these took.
    pub(super) busy: Duration,
    /// The part of it in which the thread had a processor.
    pub(super) worked: Duration,
    /// Height of the camera's newest picture.
    pub(super) height: u32,
}

impl Totals {
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            given: self.given.saturating_sub(before.given),
            begun: self.begun.saturating_sub(before.begun),
            done: self.done.saturating_sub(before.done),
            busy: self.busy.saturating_sub(before.busy),
            worked: self.worked.saturating_sub(before.worked),
            height: self.height,
        }
    }
}

/// Judges the machine. Moments are of any steady clock.
pub(super) struct Machine {
    step: usize,
    /// What was there at the beginning of the window.
    window: Option<(Duration, Totals)>,
    looked: Option<Duration>,
    late: bool,
    /// The last window was bad.
    strained: bool,
    bad: u32,
    room_since: Option<Duration>,
    grown: Option<Duration>,
    patience: Duration,
}

impl Machine {
    /// Begins with a step of [`STEPS`]: one that the machine was found able to do.
    pub(super) fn new(step: usize) -> Self {
        Self {
            step,
            window: None,
            looked: None,
            late: false,
            strained: false,
            bad: 0,
            room_since: None,
            grown: None,
            patience: PATIENCE,
        }
    }

    /// The best step that this machine can do.
    pub(super) fn step(&self) -> usize {
        self.step
    }

    /// The largest picture that it is able to decode and show beside that; nothing where it takes whatever comes. A face stays
    /// to be recognized.
    pub(super) fn takes(&self) -> Option<Takes> {
        let step = STEPS.get(self.step.min(FACE)).filter(|_| self.step > 0)?;
        let small = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        Some(Takes { height: small(step.height), rate: small(step.rate) })
    }

    /// The machine was too busy of late to keep its own times.
    pub(super) fn is_late(&self) -> bool {
        self.late || self.strained
    }

    /// Looks at what was done so far, while pictures of the step `used` are encoded; to be called several times a second.
    pub(super) fn look(&mut self, totals: Totals, used: usize, now: Duration) {
        let looked = self.looked.replace(now).unwrap_or(now);
        let (begun, before) = *self.window.get_or_insert((now, totals));
        self.late |= now.saturating_sub(looked) >= LATE;
        let span = now.saturating_sub(begun);
        if span < WINDOW {
            return;
        }
        let (done, late) = (totals.since(before), std::mem::take(&mut self.late));
        self.window = Some((now, totals));
        // With a smaller picture for the line's sake, the machine is not asked for more.
        let used = used.max(self.step);
        let too_much = is_too_much(done, span, used);
        self.strained = late || too_much;
        if self.strained {
            self.room_since = None;
            self.bad += u32::from(too_much || used < FACE);
            if self.bad >= BAD {
                self.shrink(done, used, now);
            }
            return;
        }
        self.bad = 0;
        self.grow(done, used, now);
    }

    fn shrink(&mut self, done: Totals, used: usize, now: Duration) {
        self.bad = 0;
        let fits = |step: &usize| {
            let works = expected(done, done.worked, used, *step).is_none_or(|works| works <= ROOM);
            // How much it waits for a processor is the others' doing and changes from second to second.
            let waits = *step == FACE || expected(done, done.busy, used, *step).is_none_or(|busy| busy <= IN_TIME);
            works && waits
        };
        let fits = (used + 1..STEPS.len()).find(fits);
        let step = fits.unwrap_or(STEPS.len() - 1);
        if step <= self.step {
            return;
        }
        self.step = step;
        let early = self.grown.take().is_some_and(|grown| now.saturating_sub(grown) < TOO_EARLY);
        self.patience = if early { (self.patience * 2).min(PATIENCE_AT_MOST) } else { PATIENCE };
    }

    fn grow(&mut self, done: Totals, used: usize, now: Duration) {
        let room = self.step.checked_sub(1).filter(|better| {
            // How it shares the processor with others has to be tried. Nothing is known of a machine that encodes nothing.
            expected(done, done.worked, used, *better).is_some_and(|busy| busy <= ROOM)
        });
        let Some(better) = room else {
            self.room_since = None;
            return;
        };
        let since = *self.room_since.get_or_insert(now);
        if now.saturating_sub(since) >= self.patience {
            self.step = better;
            (self.room_since, self.grown) = (None, Some(now));
        }
    }
}

/// The best step for a machine that was seen to encode some pictures of the step `used`: one that it need not leave as soon
/// as it begins with it.
pub(super) fn able(done: Totals, used: usize) -> usize {
    let fits = |step: &usize| expected(done, done.worked, used, *step).is_none_or(|works| works <= WORKS);
    (0..STEPS.len()).find(fits).unwrap_or(STEPS.len() - 1)
}

/// Whether a machine cannot keep the step `used` up.
fn is_too_much(done: Totals, span: Duration, used: usize) -> bool {
    let left_out = done.given.saturating_sub(done.begun);
    let most = if used < FACE { LEFT_OUT } else { FACE_LEFT_OUT };
    done.worked.as_micros() * 100 > span.as_micros() * u128::from(WORKS) || left_out * 100 > done.given * most
}

/// How busy (per cent) the encoder would be with another step, if what is done `took` so long: its work goes by the number of
/// pixels.
fn expected(done: Totals, took: Duration, used: usize, step: usize) -> Option<u64> {
    let (used, step) = (STEPS.get(used)?, STEPS.get(step)?);
    let each = took.as_micros().checked_div(u128::from(done.done))?;
    // Never enlarged.
    let pixels = |height: u32| u128::from(height.min(done.height).max(1)).pow(2);
    let each = each * pixels(step.height) / pixels(used.height);
    u64::try_from(each * u128::from(step.rate) * 100 / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine whose encoder takes `micros` for a picture of 720 lines, with a camera of 720p30, for so many seconds.
    struct Board {
        micros: u64,
        /// So many share the processor.
        sharing: u32,
        machine: Machine,
        totals: Totals,
        now: Duration,
    }

    const TICK: Duration = Duration::from_millis(250);

    impl Board {
        fn new(micros: u64) -> Self {
            let totals = Totals { height: 720, ..Totals::default() };
            Self { micros, sharing: 1, machine: Machine::new(0), totals, now: Duration::ZERO }
        }

        /// Every step that was used, second by second.
        fn run(&mut self, seconds: u64) -> Vec<usize> {
            (0..seconds)
                .map(|_| {
                    (0..4).for_each(|_| self.tick());
                    self.machine.step()
                })
                .collect()
        }

        fn tick(&mut self) {
            let step = STEPS[self.machine.step()];
            let each = Duration::from_micros(self.micros * u64::from(step.height.pow(2)) / (720 * 720));
            // In thousandths of a picture.
            let given = u64::from(step.rate) * 250;
            let able = (TICK.as_micros() * 1000 / each.as_micros()) as u64;
            let begun = given.min(able);
            self.totals.given += given;
            self.totals.begun += begun;
            self.totals.done += begun;
            let took = each * u32::try_from(begun).unwrap();
            self.totals.busy += took;
            self.totals.worked += took / self.sharing;
            self.now += TICK;
            let totals = Totals {
                given: self.totals.given / 1000,
                begun: self.totals.begun / 1000,
                done: self.totals.done / 1000,
                busy: self.totals.busy / 1000,
                worked: self.totals.worked / 1000,
                height: 720,
            };
            self.machine.look(totals, self.machine.step(), self.now);
        }
    }

    #[test]
    fn a_desktop_keeps_the_full_picture() {
        assert!(Board::new(6_000).run(600).iter().all(|step| *step == 0));
    }

    #[test]
    fn a_tenth_of_a_desktop_gets_a_small_steady_picture_within_three_seconds() {
        let mut board = Board::new(60_000);
        let steps = board.run(600);
        let settled = steps[3];
        assert_eq!(STEPS[settled].height, 360);
        assert!(steps[3..].iter().all(|step| *step == settled), "{steps:?}");
    }

    #[test]
    fn a_slow_machine_asks_for_a_smaller_picture() {
        assert_eq!(Machine::new(0).takes(), None);
        assert_eq!(Machine::new(1).takes(), Some(Takes { height: 540, rate: 30 }));
        assert_eq!(Machine::new(STEPS.len() - 1).takes(), Some(Takes { height: 270, rate: 15 }));
    }

    #[test]
    fn what_a_few_pictures_took_says_where_to_begin() {
        // Each of 360 lines, from a camera of 720.
        let able = |micros| {
            let worked = Duration::from_micros(micros) * 4;
            able(Totals { given: 4, begun: 4, done: 4, busy: worked, worked, height: 720 }, 2)
        };
        assert_eq!([1_500, 7_000, 15_000, 60_000, 400_000].map(able), [0, 1, 2, 3, 4]);
        assert_eq!(super::able(Totals { height: 720, ..Totals::default() }, 2), 0, "nothing is known");
    }

    #[test]
    fn a_hundredth_gets_the_smallest_and_stays_there() {
        let steps = Board::new(600_000).run(60);
        assert!(steps[4..].iter().all(|step| *step == STEPS.len() - 1), "{steps:?}");
    }

    #[test]
    fn others_work_does_not_take_the_face_away_while_half_of_its_pictures_come() {
        for (micros, height) in [(400_000, 270), (700_000, 270), (2_000_000, 180)] {
            let steps = Board { sharing: 40, ..Board::new(micros) }.run(9);
            assert!(steps[5..].iter().all(|step| STEPS[*step].height == height), "{micros}: {steps:?}");
        }
    }

    #[test]
    fn a_processor_that_is_waited_for_is_no_matter_while_the_pictures_come_in_time() {
        // 29 ms of 33.
        assert!(Board { sharing: 4, ..Board::new(29_000) }.run(60).iter().all(|step| *step == 0));
        // Without a wait the same leaves no time for anything else.
        assert!(Board::new(29_000).run(60)[3..].iter().all(|step| *step > 0));
    }

    #[test]
    fn looks_that_come_late_take_no_face_away() {
        let mut board = Board::new(6_000);
        for _ in 0..100 {
            board.tick();
            board.now += Duration::from_secs(2);
        }
        assert_eq!(board.machine.step(), FACE);
    }

    #[test]
    fn room_that_comes_back_is_used_slowly() {
        let mut board = Board::new(60_000);
        board.run(10);
        board.micros = 6_000;
        let steps = board.run(60);
        let at = |step| steps.iter().position(|used| *used == step).map(|second| second + 1);
        assert!(steps.is_sorted_by(|before, after| before >= after && before - after <= 1), "{steps:?}");
        assert!((10..13).contains(&at(1).unwrap()) && (20..25).contains(&at(0).unwrap()), "{steps:?}");
    }

    /// Its own work would leave room for a larger picture, but others take it.
    #[test]
    fn who_grows_too_early_waits_longer_each_time() {
        let mut board = Board { sharing: 10, ..Board::new(50_000) };
        let steps = board.run(1200);
        let grown: Vec<usize> = (1..steps.len()).filter(|second| steps[*second] < steps[second - 1]).collect();
        let waits: Vec<usize> = grown.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(waits.len() >= 5, "it is tried: {grown:?}");
        assert!(waits[..3].windows(2).all(|pair| pair[1] > pair[0] * 3 / 2), "{grown:?}");
        assert!(waits[4..].iter().all(|wait| *wait > 150), "{grown:?}");
    }

    #[test]
    fn a_moment_of_other_work_changes_nothing() {
        let mut board = Board::new(6_000);
        for _ in 0..20 {
            board.run(5);
            board.now += Duration::from_millis(900);
        }
        assert_eq!(board.machine.step(), 0);
    }

    #[test]
    fn looks_that_come_late_make_the_picture_smaller() {
        let mut board = Board::new(6_000);
        for _ in 0..4 {
            board.tick();
            board.now += Duration::from_secs(2);
        }
        assert!(board.machine.is_late() || board.machine.step() > 0);
        assert!(board.machine.step() >= 1, "{}", board.machine.step());
    }

    #[test]
    fn a_small_camera_gains_nothing_by_a_smaller_frame() {
        let slow = Totals { given: 30, begun: 30, done: 30, busy: Duration::from_millis(900), ..Totals::default() };
        let slow = Totals { height: 360, ..slow };
        let expected = [1, 2, 3].map(|step| expected(slow, slow.busy, 0, step).unwrap());
        assert_eq!(expected, [90, 75, 25]);
    }

    #[test]
    fn only_what_came_out_counts_as_time() {
        let (work, begun) = (Work::default(), Moment::now());
        let at = |wall, worked| Moment {
            wall: begun.wall + Duration::from_millis(wall),
            worked: begun.worked + Duration::from_millis(worked),
        };
        for _ in 0..3 {
            work.give(480);
        }
        work.begin(begun);
        work.end(at(20, 5));
        work.begin(at(40, 5));
        work.begin(at(80, 9));
        work.end(at(90, 12));
        work.end(at(91, 13));
        let (busy, worked) = (Duration::from_millis(30), Duration::from_millis(8));
        let expected = Totals { given: 3, begun: 3, done: 2, busy, worked, height: 480 };
        assert_eq!(work.totals(), expected);
    }
}
