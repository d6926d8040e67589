//! Whether what the microphone hears is what the TV plays, told by how loud both are from moment to moment.
//!
//! A canceller that takes nothing out has either lost the TV, or there is nothing to take out: the family wears a headset, or
//! its speakerphone cancels by itself, and somebody speaks here while staff do. The loudness of an echo follows that of its cause
//! some time later, whatever the room and whatever the delay; that of another person does not.

use std::collections::VecDeque;

/// The TV is late by at most so many pieces (1.2 s).
const LATEST: usize = 120;
/// How much of what was seen is kept with each piece: half of it after three seconds, and after one while nothing comes back,
/// so that it is soon seen when something does.
const KEPT: f64 = 0.9977;
const KEPT_WITHOUT: f64 = 0.993;
/// So many pieces in which the microphone was loud while the other end spoke are enough to judge by.
const ENOUGH: f64 = 120.0;
/// It comes back where loudness is at least so much alike (Pearson's correlation); where nothing came back before, which is
/// judged by less, where it is more.
const IS_ECHO: f64 = 0.5;
const IS_ECHO_AGAIN: f64 = 0.62;
/// It does not where it is less than this for so many pieces in a row (1 s), or, where it came back before, for so many (15 s):
/// somebody who speaks much louder than the TV is not alike to it either.
const IS_NONE: f64 = 0.25;
const NONE_FOR: u32 = 100;
const NONE_AFTER_ECHO: u32 = 1500;

/// What is known of the way from the TV to the microphone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Path {
    #[default]
    Unknown,
    /// What is played comes back.
    Echo,
    /// Somebody speaks here while the TV does, and nothing of the TV is heard.
    None,
}

/// Compares the loudness of both, piece by piece.
pub(super) struct Alike {
    /// How loud what was played was, the newest first.
    played: VecDeque<f64>,
    /// By how many pieces the microphone is compared later.
    by_lag: Vec<Sums>,
    /// Of the microphone: weight, sum and squares.
    weight: f64,
    heard: f64,
    squares: f64,
    /// Pieces, by weight, in which the microphone was loud.
    loud: f64,
    /// So many pieces in a row it was not alike.
    unlike: u32,
    path: Path,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    played: f64,
    squares: f64,
    product: f64,
}

impl Default for Alike {
    fn default() -> Self {
        Self {
            played: VecDeque::from(vec![0.0; LATEST + 1]),
            by_lag: vec![Sums::default(); LATEST + 1],
            weight: 0.0,
            heard: 0.0,
            squares: 0.0,
            loud: 0.0,
            unlike: 0,
            path: Path::Unknown,
        }
    }
}

impl Alike {
    /// Takes how loud a piece of both was, in dB above what can be heard, 0 at the least. `speaks`: the other end does, or has
    /// just done so.
    pub(super) fn piece(&mut self, speaks: bool, played: f64, heard: f64) -> Path {
        self.played.pop_back();
        self.played.push_front(played);
        if !speaks {
            return self.path;
        }
        let keeps = if self.path == Path::None { KEPT_WITHOUT } else { KEPT };
        for kept in [&mut self.weight, &mut self.heard, &mut self.squares, &mut self.loud] {
            *kept *= keeps;
        }
        self.weight += 1.0;
        self.heard += heard;
        self.squares += heard * heard;
        self.loud += f64::from(u8::from(heard > 0.0));
        for (sums, played) in self.by_lag.iter_mut().zip(&self.played) {
            sums.played = sums.played * keeps + played;
            sums.squares = sums.squares * keeps + played * played;
            sums.product = sums.product * keeps + played * heard;
        }
        if self.loud < ENOUGH {
            return self.path;
        }
        let likeness = self.likeness();
        self.unlike = if likeness < IS_NONE { self.unlike + 1 } else { 0 };
        let needed = if self.path == Path::Echo { NONE_AFTER_ECHO } else { NONE_FOR };
        if likeness >= if self.path == Path::None { IS_ECHO_AGAIN } else { IS_ECHO } {
            self.path = Path::Echo;
        } else if self.unlike >= needed {
            self.path = Path::None;
        }
        self.path
    }

    /// The greatest correlation at any delay, -1 to 1.
    fn likeness(&self) -> f64 {
        let spread = |sum: f64, squares: f64| (squares - sum * sum / self.weight).max(0.0);
        let heard = spread(self.heard, self.squares);
        let of = |sums: &Sums| {
            let both = (spread(sums.played, sums.squares) * heard).sqrt();
            (sums.product - sums.played * self.heard / self.weight) / both.max(f64::MIN_POSITIVE)
        };
        self.by_lag.iter().map(of).fold(-1.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loudness of somebody who speaks, in dB: words of a fifth of a second or so, by a seeded sequence.
    fn voice(seed: u32) -> impl FnMut() -> f64 {
        let (mut state, mut left, mut loud) = (seed, 0, 0.0);
        move || {
            if left == 0 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (left, loud) = (3 + (state >> 29), f64::from(state >> 8 & 31));
            }
            left -= 1;
            loud
        }
    }

    /// So many pieces in which the other end speaks; what is heard is that, so much later, or another voice.
    fn heard(alike: &mut Alike, pieces: usize, late: usize, echo: f64, near: f64) -> Vec<Path> {
        let (mut far, mut other, mut said) = (voice(1), voice(2), VecDeque::from(vec![0.0; late + 1]));
        let mut piece = |_| {
            let played = far();
            said.push_front(played);
            said.pop_back();
            let back = said.back().copied().unwrap_or_default() + echo;
            alike.piece(true, played, back.max(other() + near).max(0.0))
        };
        (0..pieces).map(&mut piece).collect()
    }

    #[test]
    fn what_comes_back_is_alike_however_late_it_is() {
        for late in [0, 15, 50, 90, 119] {
            let paths = heard(&mut Alike::default(), 400, late, -6.0, -40.0);
            assert_eq!(paths.last(), Some(&Path::Echo), "{late} pieces late");
            assert!(!paths.contains(&Path::None), "{late} pieces late");
        }
    }

    #[test]
    fn another_voice_is_not_alike_and_an_echo_that_begins_is_soon_seen() {
        let mut alike = Alike::default();
        let paths = heard(&mut alike, 1000, 0, -90.0, 0.0);
        assert!(!paths.contains(&Path::Echo));
        let seen = paths.iter().position(|path| *path == Path::None).unwrap();
        assert!(seen < 700, "after {seen} pieces");
        let paths = heard(&mut alike, 400, 20, 0.0, -90.0);
        let seen = paths.iter().position(|path| *path == Path::Echo).unwrap();
        assert!(seen < 200, "after {seen} pieces");
    }

    #[test]
    fn somebody_who_speaks_over_the_tv_for_a_while_does_not_make_it_forgotten() {
        let mut alike = Alike::default();
        heard(&mut alike, 600, 20, 0.0, -90.0);
        assert!(heard(&mut alike, 1200, 20, -20.0, 0.0).iter().all(|path| *path == Path::Echo));
    }

    #[test]
    fn where_nothing_is_heard_or_nobody_speaks_nothing_is_known() {
        let mut alike = Alike::default();
        assert!(heard(&mut alike, 1000, 0, -90.0, -90.0).iter().all(|path| *path == Path::Unknown));
        let mut near = voice(3);
        assert!((0..1000).all(|_| alike.piece(false, 0.0, near()) == Path::Unknown));
    }
}
