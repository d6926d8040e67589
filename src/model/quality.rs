//! How good the line is, in the three words that a family can use.

use serde::{Deserialize, Serialize};

/// The line in a word. Hysteresis lives with the judge, not here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Quality {
    /// Picture and sound arrive.
    #[default]
    Good,
    /// Some of it is lost; talking still works.
    Fair,
    /// Hard to talk: the screen offers the telephone.
    Weak,
}

/// What one end measured about the line over the last two seconds or so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct LineStats {
    /// Round-trip time in milliseconds, where known.
    pub round_trip_ms: Option<u32>,
    /// Received packets lost, per thousand.
    pub lost_permille: u16,
    /// Decoded pictures per second.
    pub pictures_per_second: u16,
    /// Received bits per second.
    pub received_bps: u32,
    /// Sent bits per second.
    pub sent_bps: u32,
    /// How the TV's own voice is kept from coming back; unknown before it has been heard, and at an end without a TV.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo: Option<EchoStats>,
    /// The largest picture that this end is able to show in time; nothing where it takes whatever comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes: Option<Takes>,
}

/// A picture that a slow machine keeps up with. A browser that went on sending it more would have it late, and its sound too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct Takes {
    /// Lines.
    pub height: u16,
    /// Pictures a second.
    pub rate: u16,
}

/// How much of what a TV plays comes back through the microphone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
pub struct EchoStats {
    /// How much is taken out, in dB: the middle of the last ten seconds in which the other end spoke.
    pub loss_db: i16,
    /// From the moment at which the TV was to play it to its coming back, in milliseconds.
    pub delay_ms: u16,
}

impl EchoStats {
    /// Less is taken out, so the other end hears itself.
    pub const ENOUGH_DB: i16 = 15;

    /// Whether the other end may hear itself.
    pub fn is_heard(&self) -> bool {
        self.loss_db < Self::ENOUGH_DB
    }
}

/// Says [`Quality`] from successive figures: gets worse at once, gets better only after three good ones in a row,
/// so that the word on the TV does not flicker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QualityJudge {
    said: Quality,
    better_in_a_row: u8,
}

impl QualityJudge {
    /// The word now.
    pub fn quality(&self) -> Quality {
        self.said
    }

    /// Takes new figures and says the word.
    pub fn judge(&mut self, stats: &LineStats) -> Quality {
        let fresh = stats.quality();
        if fresh >= self.said {
            self.said = fresh;
            self.better_in_a_row = 0;
        } else {
            self.better_in_a_row += 1;
            if self.better_in_a_row >= 3 {
                self.said = fresh;
                self.better_in_a_row = 0;
            }
        }
        self.said
    }
}

impl LineStats {
    /// The same figures where no pictures are to be expected: a call that has just begun, a camera that is off.
    #[must_use]
    pub fn without_pictures(self) -> Self {
        Self { pictures_per_second: u16::MAX, ..self }
    }

    /// The word for these figures alone.
    pub fn quality(&self) -> Quality {
        let round_trip = self.round_trip_ms.unwrap_or(0);
        if self.lost_permille > 80 || self.pictures_per_second < 5 || round_trip > 900 {
            Quality::Weak
        } else if self.lost_permille > 20 || self.pictures_per_second < 10 || round_trip > 400 {
            Quality::Fair
        } else {
            Quality::Good
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_worsens_at_once_and_recovers_after_three() {
        let good = LineStats { pictures_per_second: 20, ..LineStats::default() };
        let bad = LineStats { lost_permille: 200, ..good };
        let mut judge = QualityJudge::default();
        assert_eq!(judge.judge(&good), Quality::Good);
        assert_eq!(judge.judge(&bad), Quality::Weak);
        assert_eq!(judge.judge(&good), Quality::Weak);
        assert_eq!(judge.judge(&good), Quality::Weak);
        assert_eq!(judge.judge(&good), Quality::Good);
    }
}
