//! What the camera's eye tells the family while a code is asked for.

use super::screen::{ScanHint, WrongCode};
use super::uptime::Uptime;
use std::time::Duration;

/// A wrong code stays named this long: long enough to read the sentence twice.
pub const NAMED_FOR: Duration = Duration::from_secs(8);

/// Hint and wrong code as the screen shows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Eye {
    hint: ScanHint,
    wrong: Option<(WrongCode, Uptime)>,
}

impl Eye {
    /// The scanner's newest hint. That it read a code says nothing yet about whether it is of use here.
    pub fn saw(&mut self, hint: ScanHint) {
        self.hint = if hint == ScanHint::Found { ScanHint::Looking } else { hint };
    }

    /// The code is of use: it can be put down. This stays until something else is seen.
    pub fn accept(&mut self) {
        (self.hint, self.wrong) = (ScanHint::Found, None);
    }

    /// A code that is not the one asked for.
    pub fn refuse(&mut self, now: Uptime, wrong: WrongCode) {
        self.wrong = Some((wrong, now + NAMED_FOR));
    }

    /// Takes the passing of time.
    pub fn tick(&mut self, now: Uptime) {
        self.wrong = self.wrong.filter(|(_, until)| *until > now);
    }

    /// When the named wrong code is to go.
    pub fn wake_at(&self) -> Option<Uptime> {
        self.wrong.map(|(_, until)| until)
    }

    /// Hint to show; says so when there is no camera to look with.
    pub fn hint(&self, camera: bool) -> ScanHint {
        if camera { self.hint } else { ScanHint::NoCamera }
    }

    /// Wrong code to name.
    pub fn wrong(&self) -> Option<WrongCode> {
        self.wrong.map(|(wrong, _)| wrong)
    }
}
