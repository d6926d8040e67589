//! What the rooms want kept, written in its order by a task of its own: no room ever waits for the disk.

#![expect(clippy::disallowed_methods, reason = "the journal's shell: it owns its one task")]

use super::metrics::Metrics;
use crate::meeting::Running;
use crate::meeting::appointment::Standing;
use crate::meeting::invitation::InvitationState;
use crate::room::key::KeyHash;
use crate::room::store::{Store, StoreError};
use jiff::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Between two tries while the disk is full or the file is locked.
const AGAIN: Duration = Duration::from_secs(1);
/// What goes on in one room is written once in this time: somebody who mutes and unmutes all day wears out no disk, and
/// whoever else waits for it does not wait for that.
const ROOM_EACH: Duration = Duration::from_secs(1);
/// So many entries wait at most; then the oldest line of the audit trail is given up, and counted.
const WAITING_AT_MOST: usize = 20_000;
/// The end of the server waits so long for what is still to be written: less than systemd's patience.
const LAST_WRITES_WITHIN: Duration = Duration::from_secs(5);

/// Something to be kept.
#[derive(Clone)]
pub(in crate::room) enum Entry {
    /// How an appointment stands.
    Standing { appointment: String, standing: Standing },
    /// Whether an invitation's key lets anybody in.
    Invitation { appointment: String, invitation: String, state: InvitationState },
    /// What goes on in a room.
    Running { appointment: String, running: Option<Running> },
    /// A line of the audit trail.
    Audit { at: Timestamp, staff: String, action: &'static str, appointment: Option<String> },
    /// A sign-in has ended.
    SessionEnded { token: KeyHash },
    /// A sign-in ends then, unless it ends sooner.
    SessionEnds { token: KeyHash, until: Timestamp },
}

impl Entry {
    fn write(&self, store: &Store) -> Result<(), StoreError> {
        match self {
            Self::Standing { appointment, standing } => store.set_standing(appointment, *standing),
            Self::Invitation { appointment, invitation, state } => {
                store.set_invitation(appointment, invitation, *state)
            }
            Self::Running { appointment, running } => store.keep_running(appointment, running.as_ref()),
            Self::Audit { at, staff, action, appointment } => {
                let written = store.audit(*at, staff, action, appointment.as_deref())?;
                // Kept where nobody at the database gets: what was done, and nothing about a person.
                tracing::info!(line = written.number, %action, hash = %written.hash, "audit trail");
                Ok(())
            }
            Self::SessionEnded { token } => store.end_session(*token),
            Self::SessionEnds { token, until } => store.end_session_at(*token, *until),
        }
    }

    /// Whether this one makes `earlier` needless: a room's seats are kept as they are now.
    fn replaces(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Running { appointment, .. }, Self::Running { appointment: other, .. })
            | (Self::Standing { appointment, .. }, Self::Standing { appointment: other, .. }) => appointment == other,
            _ => false,
        }
    }
}

#[derive(Default)]
struct Waiting {
    entries: VecDeque<(u64, Entry)>,
    last: u64,
    closing: bool,
    /// When rooms were written of late.
    written: HashMap<String, Instant>,
}

/// What is to be written next.
enum Next {
    Write(u64, Entry),
    /// Nothing before then.
    Wait(Duration),
    /// Nothing is left.
    Nothing,
}

impl Waiting {
    /// Adds an entry; `false` when a line of the audit trail was given up for it.
    fn add(&mut self, entry: Entry) -> bool {
        if matches!(entry, Entry::Running { .. } | Entry::Standing { .. }) {
            self.entries.retain(|(_, earlier)| !entry.replaces(earlier));
        }
        let full = self.entries.len() >= WAITING_AT_MOST;
        if full {
            let given_up = self.entries.iter().position(|(_, entry)| matches!(entry, Entry::Audit { .. }));
            self.entries.remove(given_up.unwrap_or(0));
        }
        self.last += 1;
        self.entries.push_back((self.last, entry));
        !full
    }

    /// The first entry that is due at `now`. At the end everything is.
    fn next(&self, now: Instant) -> Next {
        let mut soonest = None;
        for (number, entry) in &self.entries {
            let room =
                if let Entry::Running { appointment, .. } = entry { self.written.get(appointment) } else { None };
            let left = room.map_or(Duration::ZERO, |at| (*at + ROOM_EACH).saturating_duration_since(now));
            if left.is_zero() || self.closing {
                return Next::Write(*number, entry.clone());
            }
            soonest = Some(soonest.map_or(left, |soonest: Duration| soonest.min(left)));
        }
        soonest.map_or(Next::Nothing, Next::Wait)
    }

    /// An entry was written at `now`.
    fn written(&mut self, now: Instant, number: u64, entry: &Entry) {
        if let Entry::Running { appointment, .. } = entry {
            self.written.retain(|_, at| now.saturating_duration_since(*at) < ROOM_EACH);
            self.written.insert(appointment.clone(), now);
        }
        self.entries.retain(|(waiting, _)| *waiting != number);
    }
}

/// A handle on the queue.
#[derive(Clone)]
pub(in crate::room) struct Journal {
    waiting: Arc<Mutex<Waiting>>,
    news: Arc<Notify>,
    done: Arc<Notify>,
    metrics: Arc<Metrics>,
}

impl Journal {
    /// Starts the task that writes.
    pub(in crate::room) fn start(store: Store, metrics: Arc<Metrics>) -> Self {
        let journal =
            Self { waiting: Arc::default(), news: Arc::new(Notify::new()), done: Arc::new(Notify::new()), metrics };
        tokio::spawn(journal.clone().run(store));
        journal
    }

    /// Keeps something, some time soon. Never waits.
    pub(in crate::room) fn keep(&self, entry: Entry) {
        if !self.lock().add(entry) {
            self.metrics.audit_line_lost();
        }
        self.news.notify_one();
    }

    /// Writes what is left, within [`LAST_WRITES_WITHIN`], and ends the task.
    pub(in crate::room) async fn close(&self) {
        let done = self.done.notified();
        self.lock().closing = true;
        self.news.notify_one();
        if tokio::time::timeout(LAST_WRITES_WITHIN, done).await.is_err() {
            let left = self.lock().entries.len();
            tracing::error!(left, "the server ends with changes that the database did not take");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self, store: Store) {
        loop {
            let (next, closing) = {
                let waiting = self.lock();
                (waiting.next(Instant::now()), waiting.closing)
            };
            let (number, entry) = match next {
                Next::Write(number, entry) => (number, entry),
                // Nobody else holds the queue once the server is gone.
                Next::Nothing if closing || Arc::strong_count(&self.waiting) == 1 => {
                    self.done.notify_waiters();
                    return;
                }
                Next::Nothing => {
                    self.metrics.store_works();
                    let _ = tokio::time::timeout(AGAIN, self.news.notified()).await;
                    continue;
                }
                Next::Wait(left) => {
                    self.metrics.store_works();
                    let _ = tokio::time::timeout(left, self.news.notified()).await;
                    continue;
                }
            };
            let (to, what) = (store.clone(), entry.clone());
            let written = tokio::task::spawn_blocking(move || what.write(&to)).await;
            match written {
                Ok(Ok(())) => self.lock().written(Instant::now(), number, &entry),
                // What can never be written must not keep the rest from being written.
                Ok(Err(error)) if !error.may_pass() => {
                    tracing::error!(%error, "a change cannot be kept, and is given up");
                    self.metrics.store_fails();
                    self.lock().entries.retain(|(waiting, _)| *waiting != number);
                }
                failed => {
                    let why = match failed {
                        Ok(Err(error)) => error.to_string(),
                        _ => "a write was cut short".to_owned(),
                    };
                    if self.metrics.store_fails() {
                        tracing::error!(%why, "the rooms go on; what changes is kept in memory and tried again");
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> Entry {
        let at = Timestamp::UNIX_EPOCH;
        Entry::Audit { at, staff: "midori".to_owned(), action: "hold", appointment: Some(number.to_string()) }
    }

    #[test]
    fn a_room_is_kept_once_as_it_is_now_and_no_line_of_the_trail_is_lost() {
        let mut waiting = Waiting::default();
        for _ in 0..3 {
            waiting.add(line(1));
            waiting.add(Entry::Running { appointment: "A".to_owned(), running: None });
            waiting.add(Entry::Running { appointment: "B".to_owned(), running: None });
        }
        assert_eq!(waiting.entries.len(), 5);
        assert_eq!(waiting.entries.iter().filter(|(_, entry)| matches!(entry, Entry::Audit { .. })).count(), 3);
    }

    #[test]
    fn a_guest_who_mutes_all_the_time_is_written_once_a_second_and_keeps_nobody_waiting() {
        let mut waiting = Waiting::default();
        let begun = Instant::now();
        let (mut rooms, mut lines) = (0, 0);
        for ms in (0..10_000).step_by(25) {
            let now = begun + Duration::from_millis(ms);
            waiting.add(Entry::Running { appointment: "A".to_owned(), running: None });
            if ms % 1000 == 500 {
                waiting.add(line(1));
            }
            while let Next::Write(number, entry) = waiting.next(now) {
                rooms += usize::from(matches!(entry, Entry::Running { .. }));
                lines += usize::from(matches!(entry, Entry::Audit { .. }));
                waiting.written(now, number, &entry);
            }
            assert!(waiting.entries.len() <= 1, "only the room waits");
        }
        assert_eq!((rooms, lines), (10, 10));
        // The last word is not lost, and the end of the server does not wait for it.
        assert!(matches!(waiting.next(begun + Duration::from_millis(9_980)), Next::Wait(left) if left <= ROOM_EACH));
        waiting.closing = true;
        assert!(matches!(waiting.next(begun + Duration::from_millis(9_980)), Next::Write(..)));
    }

    #[test]
    fn a_disk_that_stays_full_does_not_fill_the_memory_and_what_stops_somebody_is_kept() {
        let mut waiting = Waiting::default();
        waiting.add(Entry::Standing { appointment: "A".to_owned(), standing: Standing::Revoked });
        let lost = (0..WAITING_AT_MOST + 10).filter(|number| !waiting.add(line(*number))).count();
        assert_eq!((waiting.entries.len(), lost), (WAITING_AT_MOST, 11));
        assert!(matches!(waiting.entries.front(), Some((_, Entry::Standing { .. }))));
    }
}
