//! The light in the button: a function of the appliance's state, never commanded.

/// What the light in the button shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Light {
    /// Nothing to say.
    #[default]
    Off,
    /// Busy: slow swelling, about 0.3 Hz.
    Breathing,
    /// "Your turn: press."
    Steady,
    /// Camera and microphone may be sending: double blink, red where the lamp has colour.
    OnAir,
    /// Something needs a person: about 4 Hz.
    Fast,
}
