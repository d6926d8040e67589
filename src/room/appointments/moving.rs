//! Gives an appointment another time: a new end, or a new start as well while it has not begun.

use super::reserve::{MINUTES, farthest, overlapping};
use crate::meeting::appointment::{Appointment, Standing};
use crate::model::wire::Slot;
use crate::room::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};

/// The time that is wanted; what is not said stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewTime {
    /// When it is to start.
    pub starts: Option<Timestamp>,
    /// When it is to end.
    pub ends: Option<Timestamp>,
    /// An overlap with another appointment of the counter was asked about, and is meant.
    pub confirmed: bool,
}

/// Why an appointment keeps its time.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// No such appointment, or nothing more can be done about it.
    #[error("there is no such appointment, or it is over; make a new one")]
    Gone,
    /// It has begun.
    #[error("it has begun, so only its end can be changed")]
    Begun,
    /// A guest may have agreed already and is in the lobby, which must not close around them.
    #[error("somebody is in the room already; choose a start at most 10 minutes from now")]
    SomebodyThere,
    /// The end is not after the start.
    #[error("the end is not after the start")]
    EndBeforeStart,
    /// The slot has an odd length.
    #[error("a slot lasts 5 to 240 minutes, not {0}")]
    Length(i64),
    /// The end is over already.
    #[error("the end has passed already; choose a later one")]
    Past,
    /// The slot is too far away.
    #[error("the slot starts more than a year from now; check the date")]
    TooFar,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MoveError {
    /// The form's field that is to be changed, and a stable word for why.
    pub fn field_and_why(&self) -> (Option<&'static str>, &'static str) {
        match self {
            Self::Gone => (None, "gone"),
            Self::Begun => (Some("starts"), "begun"),
            Self::SomebodyThere => (Some("starts"), "somebody-there"),
            Self::EndBeforeStart => (Some("ends"), "end-before-start"),
            Self::Length(_) => (Some("ends"), "length"),
            Self::Past => (Some("ends"), "past"),
            Self::TooFar => (Some("starts"), "too-far"),
            Self::Store(_) => (None, "server"),
        }
    }
}

/// What became of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It is the time that it has already.
    Unchanged,
    /// Nothing was changed: this appointment at the same counter overlaps, and it is to be asked whether that is meant.
    Overlaps(String),
    /// It has this time now.
    To(Slot),
}

/// The slot that `wanted` comes to. `guests` says whether one is in the room.
///
/// # Errors
/// [`MoveError`] says what to change.
pub fn check(now: Timestamp, appointment: &Appointment, guests: bool, wanted: NewTime) -> Result<Slot, MoveError> {
    let earlier = &appointment.slot;
    let over = earlier.ends <= now || appointment.standing != Standing::Good;
    if over {
        return Err(MoveError::Gone);
    }
    // The store keeps whole seconds.
    let whole = |time: Timestamp| Timestamp::from_second(time.as_second()).unwrap_or(time);
    let starts = wanted.starts.map_or(earlier.starts, whole);
    let ends = wanted.ends.map_or(earlier.ends, whole);
    let slot = Appointment::slot(starts, ends);
    if slot == *earlier {
        return Ok(slot);
    }
    if starts != earlier.starts {
        if earlier.starts <= now {
            return Err(MoveError::Begun);
        }
        if guests && earlier.opens <= now && slot.opens > now {
            return Err(MoveError::SomebodyThere);
        }
        if starts > farthest(now) {
            return Err(MoveError::TooFar);
        }
    }
    if ends <= starts {
        return Err(MoveError::EndBeforeStart);
    }
    if ends <= now {
        return Err(MoveError::Past);
    }
    let (length, allowed) = (ends.duration_since(starts), MINUTES.map(SignedDuration::from_mins));
    if !(allowed[0]..=allowed[1]).contains(&length) {
        return Err(MoveError::Length(length.as_mins()));
    }
    Ok(slot)
}

/// Gives an appointment another time in the store.
///
/// # Errors
/// [`MoveError`] says what to change.
pub fn move_to(store: &Store, now: Timestamp, id: &str, guests: bool, wanted: NewTime) -> Result<Moved, MoveError> {
    let appointments = store.appointments()?;
    let Some(appointment) = appointments.iter().find(|kept| kept.id == id) else { return Err(MoveError::Gone) };
    let slot = check(now, appointment, guests, wanted)?;
    if slot == appointment.slot {
        return Ok(Moved::Unchanged);
    }
    let others = appointments.iter().filter(|other| other.id != id);
    if let (false, Some(other)) = (wanted.confirmed, overlapping(others, &appointment.counter.id, &slot)) {
        return Ok(Moved::Overlaps(other));
    }
    if !store.set_slot(id, now, &slot)? {
        return Err(MoveError::Gone);
    }
    Ok(Moved::To(slot))
}
