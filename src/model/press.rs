//! Tells a press from a hold, in virtual time.

use super::uptime::Uptime;
use std::time::Duration;

/// Let go within this time, it was a press. Nervous fingers press long.
pub const PRESS_WITHIN: Duration = Duration::from_millis(1000);
/// Held for this long, it is a hold.
pub const HOLD_AFTER: Duration = Duration::from_millis(3000);
/// Edges closer than this are the copper bouncing.
pub const DEBOUNCE: Duration = Duration::from_millis(25);

/// What the finger did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// Pressed and let go.
    Press,
    /// Held for [`HOLD_AFTER`]; fires while the finger is still down.
    Hold,
}

/// The button's state. Bounces are dropped, also those of a contact that opens while the finger stays down; a hold
/// that is let go early does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Button {
    down_since: Option<Uptime>,
    /// The contact, bounces and all.
    contact: bool,
    contact_since: Uptime,
    last_edge: Option<Uptime>,
    fired: bool,
    /// The screen changed while the contact was closed but not yet believed.
    swallowed: bool,
}

impl Button {
    /// Takes an edge of the contact at `now`.
    pub fn edge(&mut self, now: Uptime, down: bool) -> Option<Gesture> {
        if down != self.contact {
            (self.contact, self.contact_since, self.swallowed) = (down, now, false);
        }
        self.settle(now)
    }

    /// Believes the contact once it has had time to come to rest since the last edge that was believed.
    fn settle(&mut self, now: Uptime) -> Option<Gesture> {
        if self.settles_at().is_none_or(|at| now < at) {
            return None;
        }
        self.last_edge = Some(now);
        match self.down_since.take() {
            None => {
                (self.down_since, self.fired) = (Some(self.contact_since), self.swallowed);
                None
            }
            Some(since) => {
                let held = self.contact_since.since(since);
                (held <= PRESS_WITHIN && !self.fired).then_some(Gesture::Press)
            }
        }
    }

    /// When an edge that is not believed yet will be.
    fn settles_at(&self) -> Option<Uptime> {
        let pending = self.contact != self.down_since.is_some();
        pending.then(|| self.last_edge.map_or(self.contact_since, |edge| edge + DEBOUNCE))
    }

    /// A finger that was down when the screen changed must not act on the new screen.
    pub fn swallow(&mut self) {
        (self.fired, self.swallowed) = (true, self.contact);
    }

    /// Takes the passing of time; says which gesture it completed.
    pub fn tick(&mut self, now: Uptime) -> Option<Gesture> {
        if let Some(gesture) = self.settle(now) {
            return Some(gesture);
        }
        let due = self.down_since? + HOLD_AFTER;
        if self.fired || now < due {
            return None;
        }
        self.fired = true;
        Some(Gesture::Hold)
    }

    /// When [`Button::tick`] must be called next: when the contact is at rest, at the hold itself, or for the ring's next picture.
    pub fn wake_at(&self, now: Uptime) -> Option<Uptime> {
        if let Some(at) = self.settles_at() {
            return Some(at);
        }
        let since = self.down_since?;
        if self.fired {
            return None;
        }
        let next_ring = now + Duration::from_millis(100);
        Some((since + HOLD_AFTER).min(next_ring.max(since + PRESS_WITHIN)))
    }

    /// How full the ring on screen is, per thousand; nothing while it may still be a press.
    pub fn ring(&self, now: Uptime) -> Option<u16> {
        let held = now.since(self.down_since?);
        if self.fired || held < PRESS_WITHIN {
            return None;
        }
        let part = (held - PRESS_WITHIN).as_millis() * 1000 / (HOLD_AFTER - PRESS_WITHIN).as_millis();
        u16::try_from(part.min(1000)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Uptime {
        Uptime::from_millis(millis)
    }

    #[test]
    fn a_short_touch_is_a_press_once() {
        let mut button = Button::default();
        assert_eq!(button.edge(at(100), true), None);
        assert_eq!(button.edge(at(400), false), Some(Gesture::Press));
        assert_eq!(button.edge(at(405), true), None, "bounce");
        assert_eq!(button.edge(at(410), false), None, "bounce");
    }

    #[test]
    fn a_contact_that_bounces_open_does_not_end_a_hold() {
        let mut button = Button::default();
        button.edge(at(0), true);
        assert_eq!(button.edge(at(4), false), None);
        assert_eq!(button.edge(at(8), true), None);
        assert_eq!(button.tick(at(25)), None);
        assert_eq!(button.tick(at(3000)), Some(Gesture::Hold));
    }

    #[test]
    fn a_touch_shorter_than_the_bouncing_is_still_a_press() {
        let mut button = Button::default();
        button.edge(at(0), true);
        assert_eq!(button.edge(at(4), false), None);
        assert_eq!(button.wake_at(at(4)), Some(at(25)));
        assert_eq!(button.tick(at(25)), Some(Gesture::Press));
        assert_eq!(button.wake_at(at(26)), None);
    }

    #[test]
    fn three_seconds_are_a_hold_and_no_press_follows() {
        let mut button = Button::default();
        button.edge(at(0), true);
        assert_eq!(button.tick(at(2999)), None);
        assert_eq!(button.tick(at(3000)), Some(Gesture::Hold));
        assert_eq!(button.tick(at(3001)), None);
        assert_eq!(button.edge(at(3500), false), None);
    }

    #[test]
    fn a_hold_let_go_early_does_nothing_and_the_ring_empties() {
        let mut button = Button::default();
        button.edge(at(0), true);
        assert_eq!(button.ring(at(900)), None);
        assert_eq!(button.ring(at(2000)), Some(500));
        assert_eq!(button.edge(at(2500), false), None);
        assert_eq!(button.ring(at(2600)), None);
    }
}
