//! The signalling line of a session: up, being opened again, or pausing before the next try.

use super::ids::Attempt;
use super::uptime::Uptime;
use std::time::Duration;

/// A line that opens must be welcomed by then.
pub const OPENING: Duration = Duration::from_secs(12);
/// Pauses between tries to come back; the last one repeats.
const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(1)];
/// So many tries are made before the pauses get longer, half a minute or more: a line that returns meanwhile is tried within a second.
const EAGER: usize = 30;
/// Pauses after those, and after a room server that answered had no place for us or fell over at once.
const PATIENT: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// A line that was up for less is not tried again at once: a server that keeps falling over is not hammered.
const STEADY: Duration = Duration::from_secs(10);

/// The line as the session sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Welcomed.
    Up {
        /// Which line.
        link: Attempt,
        /// Since the welcome.
        since: Uptime,
    },
    /// Asked for, not welcomed yet.
    Opening {
        /// Which line.
        link: Attempt,
        /// With the key instead of the seat's token.
        by_key: bool,
        /// Tries that failed so far.
        tries: usize,
        /// Given up then.
        until: Uptime,
    },
    /// Between two tries.
    Pausing {
        /// The next try is made with the key.
        by_key: bool,
        /// Tries that failed so far.
        tries: usize,
        /// The next try.
        until: Uptime,
    },
}

impl Line {
    /// The line that is held open, if one is.
    pub fn link(&self) -> Option<Attempt> {
        match self {
            Self::Up { link, .. } | Self::Opening { link, .. } => Some(*link),
            Self::Pausing { .. } => None,
        }
    }

    /// Welcomed: something can be said.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Up { .. })
    }

    /// Closed, silent or not opened: pauses before the next try, longer each time.
    pub fn lose(&mut self, now: Uptime) {
        let fell_over = matches!(*self, Self::Up { since, .. } if now.since(since) < STEADY);
        let tries = match *self {
            Self::Up { .. } => 0,
            Self::Opening { tries, .. } | Self::Pausing { tries, .. } => tries + 1,
        };
        if fell_over || tries > EAGER { self.pause(now, &PATIENT) } else { self.pause(now, &PAUSES) }
    }

    /// The room server answered, and refuses for now.
    pub fn refused(&mut self, now: Uptime) {
        self.pause(now, &PATIENT);
    }

    fn pause(&mut self, now: Uptime, pauses: &[Duration]) {
        let (by_key, tries) = match *self {
            Self::Up { since, .. } => (false, usize::from(now.since(since) < STEADY)),
            Self::Opening { by_key, tries, .. } | Self::Pausing { by_key, tries, .. } => (by_key, tries + 1),
        };
        let pause = pauses.get(tries).or(pauses.last()).copied().unwrap_or_default();
        *self = Self::Pausing { by_key, tries, until: now + pause };
    }

    /// The token is too old: the next try is made with the key, at once.
    pub fn ask_by_key(&mut self, now: Uptime) {
        *self = Self::Pausing { by_key: true, tries: 0, until: now };
    }

    /// Something about the network is new: nothing is gained by pausing on.
    pub fn hurry(&mut self, now: Uptime) {
        if let Self::Pausing { until, .. } = self {
            *until = now;
        }
    }

    /// The network was gone and is back, perhaps with another address. What was open or being opened before may only be found
    /// dead after many seconds (RFC 6298, section 5), so it is opened anew at once.
    pub fn renew(&mut self, now: Uptime) {
        let (by_key, tries) = match *self {
            Self::Up { .. } => (false, 0),
            Self::Opening { by_key, tries, .. } | Self::Pausing { by_key, tries, .. } => (by_key, tries),
        };
        *self = Self::Pausing { by_key, tries, until: now };
    }

    /// The deadline or the next try.
    pub fn wake_at(&self) -> Option<Uptime> {
        match self {
            Self::Up { .. } => None,
            Self::Opening { until, .. } | Self::Pausing { until, .. } => Some(*until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_line_is_tried_at_once_and_then_with_growing_pauses() {
        let at = |seconds: u64| Uptime::from_millis(seconds * 1000);
        let mut line = Line::Up { link: Attempt(1), since: at(0) };
        line.lose(at(100));
        let pause = |line: &Line| line.wake_at().unwrap().since(at(100)).as_millis();
        let mut pauses = vec![pause(&line)];
        for _ in 0..4 {
            line.lose(at(100));
            pauses.push(pause(&line));
        }
        line.refused(at(100));
        pauses.push(pause(&line));
        assert_eq!(pauses, [0, 500, 1000, 1000, 1000, 4000]);
        (0..EAGER).for_each(|_| line.lose(at(100)));
        assert_eq!(pause(&line), 4000, "not for ever");
    }

    #[test]
    fn a_line_that_fell_over_at_once_is_not_tried_at_once() {
        let mut line = Line::Up { link: Attempt(1), since: Uptime::ZERO };
        line.lose(Uptime::from_millis(500));
        assert_eq!(line.wake_at(), Some(Uptime::from_millis(2_500)));
    }

    #[test]
    fn a_network_that_is_back_gets_a_new_line_at_once() {
        let at = Uptime::from_millis;
        let opening = Line::Opening { link: Attempt(2), by_key: true, tries: 3, until: at(99_000) };
        let pausing = Line::Pausing { by_key: true, tries: 3, until: at(99_000) };
        for (mut line, by_key) in
            [(Line::Up { link: Attempt(1), since: at(0) }, false), (opening, true), (pausing, true)]
        {
            line.renew(at(40_000));
            assert!(matches!(line, Line::Pausing { by_key: key, until, .. } if key == by_key && until == at(40_000)));
        }
    }
}
