//! The own voice as one unbroken stream, whatever the microphone does: silence while there is none, and time stamps
//! that go on by just 10 ms for each 10 ms of sound. A browser conceals a third of a voice whose stamps jump.

use super::echo::{Canceller, Played, samples_since};
use super::machine::Moment;
use crate::device::sound::{self, RATE};
use crate::model::quality::EchoStats;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Samples of a piece, 10 ms: what the echo canceller takes at a time, and half of what the encoder takes.
pub(super) const PIECE: u64 = RATE as u64 / 100;
const PIECE_TIME: gst::ClockTime = gst::ClockTime::from_mseconds(10);
/// So far may sound be from its moment before silence is put in or sound is left out, in samples (40 ms): the clock of
/// a sound card runs a little faster or slower than ours.
const TOLERANCE: u64 = 4 * PIECE;
/// Silence is put in this long after sound was due, in samples (200 ms): a busy processor brings it late.
const LATE: u64 = 20 * PIECE;
/// A longer gap (a machine that slept) is not filled, in samples.
const LONGEST_GAP: u64 = 200 * PIECE;
/// How often it is looked whether silence is needed.
const LOOK: Duration = Duration::from_millis(20);
/// So many portions may wait for the canceller, about a second: the rest is left out, and silence stands for it.
const WAITING: usize = 50;
/// Pieces over which it is judged whether this machine is able to take echo out, and for how long it may have a processor
/// for each of these 10 ms. With more the voice would come later and later, and nothing would be left for the rest.
const EFFORT: u32 = 200;
const MOST_EFFORT: Duration = Duration::from_millis(7);

/// 10 ms of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// Counted from the beginning of the session.
    number: u64,
    samples: Vec<i16>,
}

/// Puts sound that comes in any portions, early, late or not at all, into pieces that follow each other.
#[derive(Default)]
struct Unbroken {
    /// Number of the next piece.
    next: u64,
    /// Samples of it that are there.
    begun: Vec<i16>,
}

impl Unbroken {
    /// Where the sound ends that is there, in samples from the beginning of the session.
    fn end(&self) -> u64 {
        self.next * PIECE + self.begun.len() as u64
    }

    /// Takes sound whose first sample was heard `at`, in samples from the beginning of the session.
    fn heard(&mut self, at: u64, samples: &[i16]) -> Vec<Piece> {
        if self.end().saturating_sub(at) > LONGEST_GAP {
            // The moments have begun anew.
            *self = Self { next: at / PIECE, begun: Vec::new() };
        }
        let mut pieces = self.silence_until(at, TOLERANCE);
        let surplus = self.end().saturating_sub(at);
        let surplus = if surplus > TOLERANCE { usize::try_from(surplus).unwrap_or(usize::MAX) } else { 0 };
        self.begun.extend(samples.iter().skip(surplus));
        pieces.extend(self.whole_pieces());
        pieces
    }

    /// Time passes; `now` in samples from the beginning of the session.
    fn wait(&mut self, now: u64) -> Vec<Piece> {
        self.silence_until(now.saturating_sub(LATE), PIECE)
    }

    /// Fills a gap that is longer than `most`.
    fn silence_until(&mut self, until: u64, most: u64) -> Vec<Piece> {
        let gap = until.saturating_sub(self.end());
        if gap <= most {
            return Vec::new();
        }
        if gap > LONGEST_GAP {
            self.begun.clear();
            self.next = until / PIECE;
        }
        let gap = usize::try_from(until.saturating_sub(self.end())).unwrap_or_default();
        self.begun.extend(std::iter::repeat_n(0, gap));
        self.whole_pieces()
    }

    fn whole_pieces(&mut self) -> Vec<Piece> {
        let size = PIECE as usize;
        let whole = self.begun.len() / size * size;
        let rest = self.begun.split_off(whole);
        let done = std::mem::replace(&mut self.begun, rest);
        let first = self.next;
        self.next += (whole / size) as u64;
        done.chunks_exact(size)
            .zip(first..)
            .map(|(samples, number)| Piece { number, samples: samples.to_vec() })
            .collect()
    }
}

/// What the ear is told.
enum Portion {
    /// The microphone's sound; `at` by the clock of the session's pipeline.
    Heard { at: gst::ClockTime, samples: Vec<i16> },
    /// Time has passed.
    Waited { now: gst::ClockTime },
}

/// The entry of the own voice into a session's pipeline. The echo is taken out in a thread of its own, which ends with the
/// last clone: neither the microphone nor a task may wait for it.
#[derive(Clone)]
pub(super) struct Voice {
    entry: gst_app::AppSrc,
    portions: SyncSender<Portion>,
    echo: Arc<Mutex<Option<EchoStats>>>,
}

impl Voice {
    /// `played` is what the TV plays meanwhile.
    ///
    /// # Errors
    /// A sentence, when the system has no thread left.
    pub(super) fn new(entry: gst_app::AppSrc, played: Played) -> Result<Self, String> {
        let (portions, coming) = sync_channel(WAITING);
        let echo = Arc::new(Mutex::default());
        let (ear, told) = (Ear::new(entry.clone(), played), echo.clone());
        let thread = std::thread::Builder::new().name("voice".to_owned());
        thread
            .spawn(move || ear.listen(&coming, &told))
            .map_err(|error| format!("no thread for the voice: {error}"))?;
        Ok(Self { entry, portions, echo })
    }

    /// How much of the TV's own voice is taken out, where known.
    pub(super) fn echo(&self) -> Option<EchoStats> {
        *self.echo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes sound of the microphone; `at` by the clock of the session's pipeline.
    pub(super) fn heard(&self, buffer: &gst::BufferRef, at: gst::ClockTime) {
        let Ok(bytes) = buffer.map_readable() else { return };
        // Left out where the ear is too far behind.
        let _ = self.portions.try_send(Portion::Heard { at, samples: sound::samples(&bytes) });
    }

    /// Keeps the stream going until the session is gone.
    pub(super) async fn keep_going(self) {
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Some(now) = self.entry.clock().map(|clock| clock.time()) {
                let _ = self.portions.try_send(Portion::Waited { now });
            }
        }
    }
}

/// What happens to sound between the microphone and the pipeline.
struct Ear {
    entry: gst_app::AppSrc,
    unbroken: Unbroken,
    canceller: Canceller,
    effort: Effort,
}

impl Ear {
    fn new(entry: gst_app::AppSrc, played: Played) -> Self {
        let (unbroken, canceller) = (Unbroken::default(), Canceller::new(played));
        Self { entry, unbroken, canceller, effort: Effort::default() }
    }

    fn listen(mut self, coming: &Receiver<Portion>, echo: &Mutex<Option<EchoStats>>) {
        while let Ok(portion) = coming.recv() {
            self.take(portion);
            *echo.lock().unwrap_or_else(PoisonError::into_inner) = self.canceller.stats();
        }
    }

    fn take(&mut self, portion: Portion) {
        let (Portion::Heard { at, .. } | Portion::Waited { now: at }) = portion;
        // What was heard before the session's beginning is not its business.
        let Some(at) = samples_since(self.entry.base_time(), at) else { return };
        let pieces = match &portion {
            Portion::Heard { samples, .. } => self.unbroken.heard(at, samples),
            Portion::Waited { .. } => self.unbroken.wait(at),
        };
        for mut piece in pieces {
            let begun = Moment::now();
            // Silence is no microphone, or one that is held back: a canceller that is shown it while the TV speaks unlearns the
            // room, and the first words after it would come back as echo.
            if piece.samples.iter().any(|sample| *sample != 0) {
                self.canceller.heard(piece.number, &mut piece.samples);
            }
            if self.effort.is_too_much(Moment::now().worked.saturating_sub(begun.worked)) {
                tracing::warn!(
                    "this machine is too slow to take echo out: the microphone is lowered while the TV speaks"
                );
                self.canceller.take_turns();
            }
            // Refused while the session is being torn down.
            let _ = self.entry.push_buffer(piece.into_buffer());
        }
    }
}

/// How long the canceller has a processor.
#[derive(Default)]
struct Effort {
    pieces: u32,
    worked: Duration,
}

impl Effort {
    /// One more piece has taken so long. What others take of the processor does not count: that ends.
    fn is_too_much(&mut self, worked: Duration) -> bool {
        (self.pieces, self.worked) = (self.pieces + 1, self.worked + worked);
        if self.pieces < EFFORT {
            return false;
        }
        let done = std::mem::take(self);
        done.worked > MOST_EFFORT * EFFORT
    }
}

impl Piece {
    fn into_buffer(self) -> gst::Buffer {
        let bytes: Vec<u8> = self.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(PIECE_TIME * self.number);
            buffer.set_duration(PIECE_TIME);
        }
        buffer
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test paces what it feeds")]
mod tests {
    use super::*;
    use crate::device::media::Gates;
    use crate::device::media::gate::Gate;
    use crate::device::media::pipeline::own_sound;
    use crate::device::running::Running;
    use std::time::Instant;

    fn millis(count: u64) -> u64 {
        count * u64::from(RATE) / 1000
    }

    fn numbers(pieces: &[Piece]) -> Vec<u64> {
        pieces.iter().map(|piece| piece.number).collect()
    }

    fn voice(samples: u64) -> Vec<i16> {
        vec![1000; samples as usize]
    }

    #[test]
    fn portions_of_any_size_become_pieces_that_follow_each_other() {
        let mut unbroken = Unbroken::default();
        let (mut at, mut pieces) = (0, Vec::new());
        for size in [441, 512, 1024, 37, 960, 480, 1].into_iter().cycle().take(200) {
            pieces.extend(unbroken.heard(at, &voice(size)));
            at += size;
        }
        assert!(pieces.iter().all(|piece| piece.samples == voice(PIECE)));
        assert_eq!(numbers(&pieces), (0..at / PIECE).collect::<Vec<_>>());
    }

    #[test]
    fn jitter_and_a_clock_that_runs_away_make_no_gap() {
        let mut unbroken = Unbroken::default();
        let mut pieces = Vec::new();
        // A sound card that is 0.1 % too fast, and brings its sound up to 5 ms off its moment: for five minutes.
        for number in 0..30_030_u64 {
            let at = (number * PIECE) * 1000 / 1001 + number * 7919 % millis(5);
            pieces.extend(unbroken.heard(at, &voice(PIECE)));
        }
        let expected: Vec<u64> = (0..pieces.len() as u64).collect();
        assert_eq!(numbers(&pieces), expected);
        let ahead = (unbroken.end() as i64 - (300 * i64::from(RATE))).unsigned_abs();
        assert!(ahead <= TOLERANCE + millis(10), "the voice is {} ms off", ahead * 1000 / u64::from(RATE));
    }

    #[test]
    fn silence_stands_where_no_microphone_is() {
        let mut unbroken = Unbroken::default();
        let mut pieces: Vec<Piece> = (1..=50).flat_map(|tick| unbroken.wait(millis(tick * 20))).collect();
        assert_eq!(numbers(&pieces), (0..80).collect::<Vec<_>>(), "200 ms are waited for");
        pieces.extend(unbroken.heard(millis(1000), &voice(millis(30))));
        assert_eq!(numbers(&pieces), (0..103).collect::<Vec<_>>());
        let silent = pieces.iter().take_while(|piece| piece.samples == vec![0; PIECE as usize]).count();
        assert_eq!(silent, 100, "the voice is at its moment");
        pieces.extend((60..=200).flat_map(|tick| unbroken.wait(millis(tick * 20))));
        assert_eq!(numbers(&pieces), (0..380).collect::<Vec<_>>(), "silence goes on after it");
    }

    #[test]
    fn a_machine_that_slept_is_not_made_up_for() {
        let mut unbroken = Unbroken::default();
        unbroken.heard(0, &voice(millis(20)));
        let after = unbroken.heard(millis(3_600_000), &voice(millis(20)));
        assert_eq!(numbers(&after), [360_000, 360_001]);
        let before = unbroken.heard(millis(100), &voice(millis(10)));
        assert_eq!(numbers(&before), [10], "moments that begin anew");
    }

    #[test]
    fn only_a_machine_that_is_too_slow_gives_the_canceller_up() {
        let mut effort = Effort::default();
        assert!((0..1000).all(|_| !effort.is_too_much(Duration::from_millis(3))));
        // A moment of something else.
        assert!((0..EFFORT).all(|piece| !effort.is_too_much(Duration::from_millis(if piece < 20 { 30 } else { 3 }))));
        assert_eq!((0..EFFORT).filter(|_| effort.is_too_much(Duration::from_millis(12))).count(), 1);
    }

    /// A canceller that takes longer than the sound lasts holds up neither the microphone nor a task.
    #[test]
    fn nobody_waits_for_the_ear() {
        gst::init().unwrap();
        let (entry, _chain) = own_sound(&open_gate()).unwrap();
        let (portions, coming) = sync_channel(WAITING);
        let voice = Voice { entry, portions, echo: Arc::default() };
        let buffer = gst::Buffer::from_slice(vec![0_u8; 960]);
        (0..1000).for_each(|number| voice.heard(buffer.as_ref(), PIECE_TIME * number));
        drop(voice);
        assert_eq!(coming.iter().count(), WAITING);
    }

    /// RTP's time stamps (RFC 3550) of what leaves for the counter.
    fn stamps(entry: &gst_app::AppSrc, chain: &[gst::Element], feed: impl Fn(&gst_app::AppSrc)) -> Vec<u32> {
        let end = gst_app::AppSink::builder().sync(false).async_(false).build();
        let running = Running(gst::Pipeline::new());
        running.0.use_clock(Some(&gst::SystemClock::obtain()));
        running.0.add_many(chain).unwrap();
        running.0.add(&end).unwrap();
        gst::Element::link_many(chain).unwrap();
        chain.last().unwrap().link(&end).unwrap();
        running.0.set_state(gst::State::Playing).unwrap();
        feed(entry);
        let begun = Instant::now();
        let mut stamps = Vec::new();
        while stamps.len() < 100 {
            assert!(begun.elapsed() < Duration::from_secs(30), "only {} packets came", stamps.len());
            let Some(sample) = end.try_pull_sample(gst::ClockTime::from_mseconds(100)) else { continue };
            let packet = sample.buffer().unwrap().map_readable().unwrap();
            stamps.push(u32::from_be_bytes(packet[4..8].try_into().unwrap()));
        }
        stamps
    }

    fn open_gate() -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        gate.connected();
        gate.verified();
        gate.set(Gates { picture: true, sound: true, show: true });
        gate
    }

    /// A microphone whose sound comes in odd portions, off its moments by up to 8 ms, goes for half a second and comes
    /// back: Chromium would conceal what does not go on by 960.
    #[test]
    fn each_packets_stamp_is_960_after_the_one_before() {
        gst::init().unwrap();
        let (entry, chain) = own_sound(&open_gate()).unwrap();
        let stamps = stamps(&entry, &chain, |entry| {
            let (mut ear, base) = (Ear::new(entry.clone(), Played::default()), entry.base_time().unwrap());
            let moment = |samples: u64| base + gst::ClockTime::from_nseconds(samples * 1_000_000_000 / u64::from(RATE));
            let portion = |ear: &mut Ear, at: u64, off: u64| {
                // Faster than in life, but never so that the entry would have to leave something out.
                while entry.current_level_buffers() > 20 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                ear.take(Portion::Heard { at: moment(at + off), samples: voice(441) });
            };
            (0..120).for_each(|number| portion(&mut ear, number * 441, number * 211 % millis(8)));
            (56..=80).for_each(|tick| ear.take(Portion::Waited { now: moment(millis(tick * 20)) }));
            (0..120).for_each(|number| portion(&mut ear, millis(1_600) + number * 441, number * 211 % millis(8)));
        });
        let steps: Vec<u32> = stamps.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        // The encoder's first packet is shorter by what it looks ahead.
        assert!(steps[1..].iter().all(|step| *step == 960), "{steps:?}");
    }
}
