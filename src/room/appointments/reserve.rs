//! Makes an appointment: checks what was asked for, draws the room key, and keeps its hash.

use crate::meeting::appointment::{Appointment, Counter, SITES, SITES_AT_MOST, Standing};
use crate::meeting::invitation::Invitation;
use crate::model::language::Language;
use crate::model::secret::Secret;
use crate::model::wire::Slot;
use crate::room::key::{self, KeyHash};
use crate::room::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// [`crate::meeting::appointment::Counter::id`].
    pub counter: String,
    /// When the consultation starts.
    pub starts: Timestamp,
    /// How long it is.
    pub minutes: u32,
    /// Languages it is held in; empty means Japanese.
    pub languages: Vec<Language>,
    /// Sites allowed, the counter included.
    pub sites: u8,
    /// Remark without names.
    pub remark: String,
    /// Nonce of the form, so that sending it twice makes one appointment.
    pub form: Option<String>,
}

/// An appointment with one of its invitations and that one's key: the only moment at which the key is known here.
pub struct Made {
    /// The appointment, as it was kept.
    pub appointment: Appointment,
    /// Whose paper it is.
    pub invitation: Invitation,
    /// The invitation's room key.
    pub key: Secret,
}

impl Made {
    /// The address for the paper: `PUBLIC/j?l=LANG#KEY`.
    pub fn key_url(&self, public: &str, language: Language) -> Secret {
        Secret::new(format!("{}/j?l={}#{}", public.trim_end_matches('/'), language.tag(), self.key.expose()))
    }
}

/// Why there is no appointment.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// No such counter.
    NoSuchCounter {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// The slot has an odd length.
    Length(u32),
    /// The slot is over already.
    Past,
    /// The slot is too far away.
    TooFar,
    /// Too many or too few sites.
    Sites(u8),
    /// A remark that is too long.
    Remark,
    /// The same form was sent twice.
    SentTwice,
    /// The operating system gives no random bytes.
    Random(String),
    /// The store.
    Store(#[from] StoreError),
}

impl ReserveError {
    /// The form's field that is to be changed, and a stable word for why.
    pub fn field_and_why(&self) -> (Option<&'static str>, &'static str) {
        match self {
            Self::NoSuchCounter { .. } => (Some("counter"), "counter"),
            Self::Length(_) => (Some("minutes"), "length"),
            Self::Past => (Some("starts"), "past"),
            Self::TooFar => (Some("starts"), "too-far"),
            Self::Sites(_) => (None, "sites"),
            Self::Remark => (Some("remark"), "remark"),
            Self::SentTwice => (None, "sent"),
            Self::Random(_) | Self::Store(_) => (None, "server"),
        }
    }
}

/// What a sound wish comes to.
pub struct Checked {
    counter: Counter,
    slot: Slot,
    /// An appointment at the same counter whose time overlaps: allowed (a counter may have two desks), but worth a
    /// question.
    pub overlaps: Option<String>,
}

/// Looks whether an appointment could be made, and makes none.
///
/// # Errors
/// [`ReserveError`] says what to change.
pub fn check(store: &Store, now: Timestamp, wanted: &Wanted) -> Result<Checked, ReserveError> {
    let counters = store.counters()?;
    let Some(counter) = counters.iter().find(|counter| counter.id == wanted.counter) else {
        let known: Vec<_> = counters.iter().map(|counter| counter.id.as_str()).collect();
        return Err(ReserveError::NoSuchCounter { wanted: wanted.counter.clone(), known: known.join(", ") });
    };
    if !(MINUTES[0]..=MINUTES[1]).contains(&i64::from(wanted.minutes)) {
        return Err(ReserveError::Length(wanted.minutes));
    }
    if !(SITES..=SITES_AT_MOST).contains(&wanted.sites) {
        return Err(ReserveError::Sites(wanted.sites));
    }
    if wanted.remark.chars().count() > 80 || wanted.remark.chars().any(char::is_control) {
        return Err(ReserveError::Remark);
    }
    if wanted.starts > farthest(now) {
        return Err(ReserveError::TooFar);
    }
    // The store keeps whole seconds.
    let starts = Timestamp::from_second(wanted.starts.as_second()).map_err(|_| ReserveError::TooFar)?;
    let length = SignedDuration::from_mins(i64::from(wanted.minutes));
    let ends = starts.checked_add(length).map_err(|_| ReserveError::TooFar)?;
    if ends <= now {
        return Err(ReserveError::Past);
    }
    let slot = Appointment::slot(starts, ends);
    let overlaps = overlapping(&store.appointments()?, &counter.id, &slot);
    Ok(Checked { counter: counter.clone(), slot, overlaps })
}

/// How many minutes a slot lasts, at least and at most.
pub(in crate::room) const MINUTES: [i64; 2] = [5, 240];

/// The latest start that is taken: a year from now.
pub(in crate::room) fn farthest(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_hours(366 * 24)).unwrap_or(Timestamp::MAX)
}

/// The number of an appointment at the same counter whose time overlaps.
pub(in crate::room) fn overlapping<'a>(
    appointments: impl IntoIterator<Item = &'a Appointment>,
    counter: &str,
    slot: &Slot,
) -> Option<String> {
    let overlapping = appointments.into_iter().find(|other| {
        let counts = other.standing == Standing::Good && other.counter.id == counter;
        counts && other.slot.starts < slot.ends && slot.starts < other.slot.ends
    });
    overlapping.map(|other| other.id.clone())
}

/// Makes an appointment in the store.
///
/// # Errors
/// [`ReserveError`] says what to change.
pub fn reserve(store: &Store, now: Timestamp, wanted: Wanted) -> Result<Made, ReserveError> {
    let Checked { counter, slot, overlaps: _ } = check(store, now, &wanted)?;
    let random = |error: getrandom::Error| ReserveError::Random(error.to_string());
    let key = key::draw_room_key().map_err(random)?;
    let id = key::draw(8).map_err(random)?.expose().to_owned();
    let languages = if wanted.languages.is_empty() { vec![Language::Japanese] } else { wanted.languages };
    let invitation = Invitation::family(KeyHash::of(key.expose()), languages.first().copied());
    let appointment = Appointment {
        id: id.clone(),
        counter,
        slot,
        languages,
        sites: wanted.sites,
        remark: wanted.remark,
        invitations: vec![invitation.clone()],
        standing: Standing::Good,
    };
    let form = wanted.form.unwrap_or(id);
    if !store.add_appointment(&appointment, &form)? {
        return Err(ReserveError::SentTwice);
    }
    Ok(Made { appointment, invitation, key })
}
