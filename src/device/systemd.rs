//! Readiness, watchdog and status lines for systemd.

use sd_notify::NotifyState;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Tells systemd that the box is up. Does nothing where systemd did not start it.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Tells systemd that the box is going down on purpose.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// The line that `systemctl status` shows. Names a chapter, never a person.
pub fn status(line: &str) {
    tell(&[NotifyState::Status(line)]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!("telling systemd: {error}");
    }
}

/// One part of the box that must get on for the watchdog to be fed.
#[derive(Clone, Debug)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// Got on: call it on progress (a turn taken, a frame painted), not on a timer of its own.
    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Part {
    name: &'static str,
    pulse: Pulse,
    seen: u64,
}

/// Feeds systemd's watchdog for as long as every part gets on.
#[derive(Default)]
pub struct Watchdog {
    parts: Vec<Part>,
}

impl Watchdog {
    /// A watchdog that waits for nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on the watchdog is only fed when this part beats, too: at least three times in `WatchdogSec`.
    pub fn part(&mut self, name: &'static str) -> Pulse {
        let pulse = Pulse(Arc::default());
        self.parts.push(Part { name, pulse: pulse.clone(), seen: 0 });
        pulse
    }

    /// Whether every part has beaten since the last time that every part had.
    ///
    /// # Errors
    /// The name of the first part that has not.
    pub fn look(&mut self) -> Result<(), &'static str> {
        if let Some(stuck) = self.parts.iter().find(|part| part.pulse.0.load(Ordering::Relaxed) == part.seen) {
            return Err(stuck.name);
        }
        for part in &mut self.parts {
            part.seen = part.pulse.0.load(Ordering::Relaxed);
        }
        Ok(())
    }

    /// Feeds the watchdog that systemd asked for (`WatchdogSec=`); waits for ever where it asked for none.
    pub async fn run(mut self) {
        let Some(limit) = sd_notify::watchdog_enabled() else {
            tracing::info!("systemd asks for no watchdog");
            return std::future::pending().await;
        };
        let mut ticks = interval((limit / 6).max(Duration::from_millis(100)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut missed = 0u32;
        loop {
            ticks.tick().await;
            match self.look() {
                Ok(()) => {
                    missed = 0;
                    tell(&[NotifyState::Watchdog]);
                }
                Err(stuck) => {
                    missed += 1;
                    if missed == 3 {
                        tracing::error!(
                            "{stuck} has not got on for half of {limit:?}: systemd will start the box anew"
                        );
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_is_fed_only_when_every_part_gets_on() {
        let mut watchdog = Watchdog::new();
        let story = watchdog.part("the story");
        let picture = watchdog.part("the picture");
        assert_eq!(watchdog.look(), Err("the story"));
        story.beat();
        assert_eq!(watchdog.look(), Err("the picture"));
        picture.beat();
        assert_eq!(watchdog.look(), Ok(()));
        picture.beat();
        picture.beat();
        assert_eq!(watchdog.look(), Err("the story"), "one part cannot beat for another");
        story.beat();
        assert_eq!(watchdog.look(), Ok(()));
    }
}
