//! Whether the other end is believed to be the counter, and how often the family may try it again: once.

/// What is known about whoever is at the other end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    lost: bool,
    tried_again: bool,
}

impl Trust {
    /// Somebody else may be at the other end: no connection is made until the family wants it.
    pub fn is_lost(self) -> bool {
        self.lost
    }

    /// The family has wanted it already.
    pub fn was_tried_again(self) -> bool {
        self.tried_again
    }

    /// The other end could not be verified.
    pub fn lose(&mut self) {
        self.lost = true;
    }

    /// Whether the family may try it again.
    pub fn may_try_again(self) -> bool {
        self.lost && !self.tried_again
    }

    /// The family tries it again.
    pub fn try_again(&mut self) {
        if self.may_try_again() {
            *self = Self { lost: false, tried_again: true };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_that_was_lost_is_given_once_more_and_only_when_asked_for() {
        let mut trust = Trust::default();
        trust.try_again();
        assert_eq!(trust, Trust::default(), "nothing to try");
        trust.lose();
        assert!(trust.is_lost() && trust.may_try_again() && !trust.was_tried_again());
        trust.try_again();
        assert!(!trust.is_lost() && trust.was_tried_again());
        trust.lose();
        trust.try_again();
        assert!(trust.is_lost() && !trust.may_try_again());
    }
}
