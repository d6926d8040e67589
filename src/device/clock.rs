//! Whether the wall clock may be believed. The box has no RTC.

/// The clock became known (set from the network) or is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockEvent {
    /// TLS certificates may be judged by it.
    pub known: bool,
}
