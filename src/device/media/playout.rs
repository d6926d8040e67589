//! When the other end's sound is played where this machine is too slow to have it in time.

use gstreamer as gst;

/// So late may sound come: the speaker's own reserve covers it.
const IN_TIME: gst::ClockTime = gst::ClockTime::from_mseconds(40);
/// So many portions in a row (half a second) that were later make all that follows later: one alone is lost, and forgotten.
const IN_A_ROW: u32 = 25;
/// What is kept in reserve beyond the latest of them.
const RESERVE: gst::ClockTime = gst::ClockTime::from_mseconds(60);
/// Nobody talks well over a longer delay, so more is lost rather than waited for.
const AT_MOST: gst::ClockTime = gst::ClockTime::from_mseconds(800);
/// After so many portions (20 s) in which less would have done, it is less again.
const CALM: u32 = 1_000;

/// How much later than planned sound is played. Sound that comes too late for its moment would be thrown away by the sound
/// card, and on a machine that is always late nothing would ever be heard.
#[derive(Default)]
pub(super) struct Playout {
    later: gst::ClockTime,
    /// Of the portions in a row that came too late.
    late: Span,
    /// Of those since it was judged last whether less would do.
    calm: Span,
}

#[derive(Default)]
struct Span {
    portions: u32,
    latest: gst::ClockTime,
}

impl Span {
    fn add(&mut self, late: gst::ClockTime) {
        (self.portions, self.latest) = (self.portions + 1, self.latest.max(late));
    }
}

impl Playout {
    /// A portion that was due at the moment `due` is there `now`; gives how much later it is to be played.
    pub(super) fn later(&mut self, due: gst::ClockTime, now: gst::ClockTime) -> gst::ClockTime {
        let late = now.saturating_sub(due);
        self.calm.add(late);
        if late > self.later + IN_TIME {
            self.late.add(late);
        } else {
            self.late = Span::default();
        }
        if self.late.portions >= IN_A_ROW {
            self.set(self.late.latest);
        } else if self.calm.portions >= CALM {
            let enough = self.calm.latest;
            if wanted(enough) < self.later {
                self.set(enough);
            }
            self.calm = Span::default();
        }
        self.later
    }

    fn set(&mut self, latest: gst::ClockTime) {
        *self = Self { later: wanted(latest), ..Self::default() };
        tracing::info!(by = %self.later, "the other end's sound is played later, as this machine is late");
    }
}

fn wanted(latest: gst::ClockTime) -> gst::ClockTime {
    if latest <= IN_TIME { gst::ClockTime::ZERO } else { (latest + RESERVE).min(AT_MOST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays portions that are so late, in milliseconds; gives how much later each is played.
    fn play(playout: &mut Playout, late: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let due = gst::ClockTime::from_seconds(100);
        let each = |late| playout.later(due, due + gst::ClockTime::from_mseconds(late)).mseconds();
        late.into_iter().map(each).collect()
    }

    #[test]
    fn a_machine_that_is_in_time_plays_nothing_later() {
        let mut playout = Playout::default();
        assert!(
            play(&mut playout, (0..5_000).map(|number| if number % 30 == 0 { 300 } else { number % 40 }))
                .iter()
                .all(|later| *later == 0)
        );
    }

    #[test]
    fn a_machine_that_is_always_late_is_waited_for_and_no_longer_than_needed() {
        let mut playout = Playout::default();
        let later = play(&mut playout, [400; 40]);
        assert_eq!((later[23], later[24], later[39]), (0, 460, 460));
        assert!(play(&mut playout, [430; 2_000]).iter().all(|later| *later == 460), "the reserve covers it");
        let calm = play(&mut playout, [150; 2_001]);
        assert_eq!((calm[0], calm[2_000]), (460, 210));
        assert_eq!(play(&mut playout, [0; 2_001])[2_000], 0);
        assert_eq!(play(&mut playout, [9_000; 30])[29], 800, "it is no conversation any more");
    }
}
