//! What a session hears and plays: the sound devices come and go behind it, and the session's pipeline notices nothing.
//! In the media process there are none: the supervisor's are at the end of its line.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Connects a session with microphone and speaker, which belong to the sound device. Clones are the same one.
#[derive(Clone, Default)]
pub struct SessionAudio(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Number of the session that goes on.
    session: watch::Sender<Option<u64>>,
    ends: Mutex<Ends>,
}

#[derive(Default)]
struct Ends {
    sessions: u64,
    hears: Option<Takes>,
    reserve: Duration,
    plays: Option<gst_app::AppSrc>,
    hands_on: Option<Takes>,
}

/// Takes a buffer of sound and the moment of its first sample, by the system's clock of GStreamer.
type Takes = Arc<dyn Fn(&gst::BufferRef, gst::ClockTime) + Send + Sync>;

/// A session that goes on; dropping it closes the devices.
pub(crate) struct InSession {
    audio: SessionAudio,
    number: u64,
}

impl SessionAudio {
    /// Opens microphone and speaker, now or as soon as they are there. What the microphone gives is handed to `hears`; what is
    /// played is handed over so long before it is heard (`reserve`).
    pub(crate) fn begin(
        &self,
        reserve: Duration,
        hears: impl Fn(&gst::BufferRef, gst::ClockTime) + Send + Sync + 'static,
    ) -> InSession {
        let mut ends = self.ends();
        ends.sessions += 1;
        ends.hears = Some(Arc::new(hears));
        ends.reserve = reserve;
        let number = ends.sessions;
        drop(ends);
        self.0.session.send_replace(Some(number));
        InSession { audio: self.clone(), number }
    }

    /// Plays a buffer whose first sample is due at `at`; without a speaker it is gone.
    pub(crate) fn play(&self, buffer: &gst::BufferRef, at: gst::ClockTime) {
        let ends = self.ends();
        if let Some(hands_on) = ends.hands_on.clone() {
            drop(ends);
            return hands_on(buffer, at);
        }
        let Some(speaker) = &ends.plays else { return };
        let Some(due) = speaker.base_time().and_then(|base| at.checked_sub(base)) else { return };
        let mut buffer = buffer.to_owned();
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(due);
            buffer.set_dts(None);
        }
        // Refused while the speaker is being closed.
        let _ = speaker.push_buffer(buffer);
    }

    /// What is played from now on is handed to `takes`, and no speaker of this process gets it.
    pub(crate) fn hand_on(&self, takes: impl Fn(&gst::BufferRef, gst::ClockTime) + Send + Sync + 'static) {
        self.ends().hands_on = Some(Arc::new(takes));
    }

    /// Whether a session goes on, and which.
    pub(crate) fn session(&self) -> watch::Receiver<Option<u64>> {
        self.0.session.subscribe()
    }

    /// Hands sound of the microphone to the session, if one goes on.
    pub(crate) fn heard(&self, buffer: &gst::BufferRef, at: gst::ClockTime) {
        // The echo canceller takes its time: what is to be played must not wait for it.
        let hears = self.ends().hears.clone();
        if let Some(hears) = hears {
            hears(buffer, at);
        }
    }

    /// How long before it is heard a session's sound is handed over.
    pub(crate) fn reserve(&self) -> Duration {
        self.ends().reserve
    }

    /// Connects the speaker, or takes it away.
    pub(super) fn plays(&self, speaker: Option<gst_app::AppSrc>) {
        self.ends().plays = speaker;
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InSession {
    fn drop(&mut self) {
        let mut ends = self.audio.ends();
        if ends.sessions == self.number {
            ends.hears = None;
            drop(ends);
            self.audio.0.session.send_if_modified(|session| {
                let mine = *session == Some(self.number);
                if mine {
                    *session = None;
                }
                mine
            });
        }
    }
}
