//! The one button: edges of its contact.

/// An edge of the contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Pressed down (true) or let go.
    pub down: bool,
}
