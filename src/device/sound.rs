//! Microphone level and chime outside of a session; names of the sound devices.

/// What the sound check is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundAsk {
    /// Opens the microphone for its level, or closes it. Nothing of it is kept or sent.
    Listen(bool),
    /// Plays the chime on the TV.
    Chime,
}

/// What the sound check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundEvent {
    /// Level of the open microphone, per thousand of full scale, about ten times a second.
    Level(u16),
    /// A microphone is there or not; told at start and on each change.
    Microphone {
        /// Is there.
        present: bool,
    },
}
