//! What is told in one word: why somebody leaves, what is to be shown, who somebody is.

use serde::{Deserialize, Serialize};

/// Why somebody leaves or is made to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ByeReason {
    /// The participant wished to.
    Left,
    /// Staff ended the consultation.
    Ended,
    /// Staff made this participant leave.
    LetLeave,
    /// The slot is over.
    SlotOver,
    /// Staff withdrew the appointment.
    Revoked,
    /// The server is going down; the seat may be resumed.
    ServerClosing,
    /// Too many or malformed messages.
    Misbehaved,
    /// The seat was taken over by a newer connection of the same participant.
    Replaced,
    /// To staff: the sign-in was ended elsewhere, or the account may no longer sit here.
    SignedOut,
    /// A reason of a newer vocabulary: an ordinary end.
    #[serde(other)]
    #[cfg_attr(feature = "room", schemars(skip))]
    Unknown,
}

/// Something to show to the participant that changes no state by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// Five minutes left.
    FiveMinutes,
    /// One minute left.
    OneMinute,
    /// The staff member changed this to a telephone consultation: "we will phone you".
    WillPhone,
    /// Nobody of the counter is in the room.
    StaffAbsent,
    /// A staff member is in the room.
    StaffPresent,
    /// Staff paused picture and sound both ways.
    Hold,
    /// The pause is over.
    Unhold,
    /// Something of a newer vocabulary: nothing is shown.
    #[serde(other)]
    #[cfg_attr(feature = "room", schemars(skip))]
    Unknown,
}

/// Role of another participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "room", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The family: the appliance or a guest's own browser.
    Guest,
    /// The counter.
    Staff,
    /// A role of a newer vocabulary: nobody to make a connection with.
    #[serde(other)]
    #[cfg_attr(feature = "room", schemars(skip))]
    Unknown,
}
