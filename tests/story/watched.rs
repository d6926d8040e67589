//! An appliance whose every step is looked at by the laws.

use crate::laws::{Laws, Seen, Sketch, Step};
use madoguchi::appliance::Appliance;
use madoguchi::model::turn::{Effect, Input};
use madoguchi::model::uptime::Uptime;
use std::time::Duration;

/// The appliance, its time and its laws.
pub(crate) struct Watched {
    pub(crate) appliance: Appliance,
    pub(crate) now: Uptime,
    pub(crate) laws: Laws,
}

impl Watched {
    pub(crate) fn power_on() -> Self {
        Self { appliance: Appliance::new(Uptime::ZERO), now: Uptime::ZERO, laws: Laws::default() }
    }

    /// Power goes and comes back: only what is on disk is left.
    pub(crate) fn power_cut(&mut self) {
        self.laws = self.laws.after_a_power_cut();
        self.appliance = Appliance::new(self.now);
    }

    pub(crate) fn sketch(&self) -> Sketch {
        Sketch::of(&self.appliance, self.now)
    }

    /// One step, watched.
    pub(crate) fn feed(&mut self, input: Input) -> Vec<Effect> {
        let (seen, before) = (Seen::of(&input), self.sketch());
        let effects = self.appliance.handle(self.now, input);
        let after = self.sketch();
        self.laws.check(&Step { now: self.now, seen, before: &before, after: &after, effects: &effects });
        effects
    }

    /// The next moment at which the appliance wants to be woken, if it is not after `end`.
    pub(crate) fn next_wake(&self, end: Uptime) -> Option<Uptime> {
        let (at, _) = self.appliance.wake_at(self.now)?;
        let at = at.max(self.now);
        (at <= end).then_some(at)
    }

    /// Time passes without a tick: a supervisor that comes late.
    pub(crate) fn dawdle(&mut self, span: Duration) {
        self.now = self.now + span;
    }
}
