//! The chime at the self-view: once, and again while nothing of it comes back from the TV, or too much.

use crate::model::known::Known;
use crate::model::turn::Effect;
use crate::model::uptime::Uptime;
use std::time::Duration;

/// Between two chimes: time to find the remote control.
const AGAIN: Duration = Duration::from_secs(10);
/// After so many, whoever wants a quiet TV is left in peace.
const MOST: u8 = 6;

/// How often it was played, and when it is to be played again.
#[derive(Debug)]
pub(super) struct Chimes {
    played: u8,
    again: Uptime,
}

impl Chimes {
    /// Plays the first one.
    pub(super) fn first(now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) -> Self {
        known.tv_heard = None;
        effects.push(Effect::Chime);
        Self { played: 1, again: now + AGAIN }
    }

    /// Plays another one when it is time and the last one was not heard as it should be.
    pub(super) fn pass(&mut self, now: Uptime, known: &Known, effects: &mut Vec<Effect>) {
        if self.wake_at().is_none_or(|at| now < at) {
            return;
        }
        if known.wrong_volume().is_some() {
            effects.push(Effect::Chime);
            self.played += 1;
            self.again = now + AGAIN;
        } else {
            // It was heard as it should be, or no microphone can tell.
            self.played = MOST;
        }
    }

    /// When [`Self::pass`] is to be called next.
    pub(super) fn wake_at(&self) -> Option<Uptime> {
        (self.played < MOST).then_some(self.again)
    }
}
