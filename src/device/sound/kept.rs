//! A sound device that is open while it is wanted: closed when it goes, opened again when it is back.

use crate::device::media::allowed;
use crate::device::running::Running;
use futures_util::StreamExt;
use gstreamer as gst;
use gstreamer::prelude::*;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Wait before a device that failed is opened again: with [`super::POLL`] and the opening well below 3 s.
pub(super) const AGAIN: Duration = Duration::from_secs(1);
/// Longest that opening a device may take.
const OPENING: Duration = Duration::from_secs(15);
/// A device that gave or took sound and then none for so long is given up and opened again.
const STALLED: Duration = Duration::from_secs(5);
/// The first sound may take longer: what is opened anew before it has begun never begins on a busy machine.
const FIRST: Duration = Duration::from_secs(15);

/// Says which device would be opened now; nothing while there is none.
pub(super) type Look = Arc<dyn Fn() -> Option<String> + Send + Sync>;
/// Builds the pipeline of a device.
pub(super) type Build = Arc<dyn Fn() -> Result<Built, String> + Send + Sync>;

/// A pipeline that is not started yet.
pub(super) struct Built {
    pub(super) pipeline: gst::Pipeline,
    /// Whether the device does its work, told at every look.
    pub(super) flow: Box<dyn FnMut() -> Flow + Send + Sync>,
    /// Called with true once it has started, and with false before it is stopped.
    pub(super) connect: Box<dyn Fn(bool) + Send + Sync>,
}

/// Whether a device does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// Nothing can be said yet.
    Unknown,
    /// Sound was seen to pass.
    Works,
    /// It is stuck.
    Stuck,
}

/// How often something has passed, told again and again. Time in which nobody looked does not count: a machine that is so
/// late is stuck itself, and opening a device anew takes what is left of it.
pub(super) struct Watch {
    seen: u64,
    /// Time without anything, and when it was looked last.
    waited: Duration,
    looked: Instant,
}

impl Watch {
    pub(super) fn new(now: Instant) -> Self {
        Self { seen: 0, waited: Duration::ZERO, looked: now }
    }

    /// Whether something has passed at all.
    pub(super) fn has_begun(&self) -> bool {
        self.seen > 0
    }

    /// Looks. `idle`: nothing needs to pass.
    pub(super) fn look(&mut self, count: u64, idle: bool, now: Instant) -> Flow {
        let span = now.saturating_duration_since(std::mem::replace(&mut self.looked, now));
        self.waited += span.min(super::POLL * 2);
        if count != self.seen || idle {
            (self.seen, self.waited) = (count, Duration::ZERO);
        }
        let patience = if self.seen == 0 { FIRST } else { STALLED };
        match (self.waited > patience, self.seen) {
            (true, _) => Flow::Stuck,
            (false, 0) => Flow::Unknown,
            (false, _) => Flow::Works,
        }
    }
}

/// An open device.
pub(super) struct Opened {
    running: Running,
    messages: gst::bus::BusStream,
    flow: Box<dyn FnMut() -> Flow + Send + Sync>,
    connect: Box<dyn Fn(bool) + Send + Sync>,
    device: Option<String>,
}

/// A device and what is known about it.
pub(super) struct Kept {
    name: &'static str,
    look: Look,
    build: Build,
    wanted: bool,
    /// Opened after a failure until it works also while nobody needs it, so that the screen need not stay wrong.
    tried: bool,
    opened: Option<Opened>,
    not_before: Option<Instant>,
    /// What was seen at the last look.
    seen: Option<String>,
    /// It is there and works, as far as is known.
    usable: bool,
    told: Option<bool>,
}

impl Kept {
    /// A microphone must never be `tried`: it is open only where the screen says so.
    pub(super) fn new(name: &'static str, look: Look, build: Build, tried: bool) -> Self {
        Self {
            name,
            look,
            build,
            wanted: false,
            tried,
            opened: None,
            not_before: None,
            seen: None,
            usable: false,
            told: None,
        }
    }

    /// Opens it at the next look, and keeps it open; or closes it.
    pub(super) async fn want(&mut self, wanted: bool) {
        if std::mem::replace(&mut self.wanted, wanted) != wanted {
            self.not_before = None;
        }
        if !wanted {
            self.close().await;
        }
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.wanted
    }

    pub(super) fn is_open(&self) -> bool {
        self.opened.is_some()
    }

    /// Whether the wait after the last failure is over.
    pub(super) fn is_due(&self) -> bool {
        self.not_before.is_none_or(|moment| Instant::now() >= moment)
    }

    /// It has just been seen working.
    pub(super) fn works(&mut self) {
        self.usable = true;
    }

    /// Brings it in line with what is there and what is wanted.
    pub(super) async fn look(&mut self) {
        let look = self.look.clone();
        // Reading sysfs while a device goes may take a while.
        let device = tokio::task::spawn_blocking(move || look()).await.ok().flatten();
        if device != self.seen {
            self.not_before = None;
            self.usable = device.is_some() && (!self.wanted || self.usable);
            self.seen.clone_from(&device);
        }
        if self.opened.as_ref().is_some_and(|opened| opened.device != device) {
            self.usable = false;
            self.close().await;
        }
        if let Some(opened) = &mut self.opened {
            match (opened.flow)() {
                Flow::Unknown => {}
                Flow::Works => self.usable = true,
                Flow::Stuck => self.failed("it gives or takes no sound").await,
            }
        }
        if !self.wanted && !self.tried && device.is_some() && self.is_due() {
            // It failed for whoever does not need it any more. Being there is all that is known of a device that nobody opens.
            self.usable = true;
        }
        if self.usable && !self.wanted {
            self.close().await;
        }
        let needed = self.wanted || (self.tried && !self.usable);
        if device.is_none() || self.opened.is_some() || !self.is_due() || !needed {
            return;
        }
        match open(self.build.clone(), device).await {
            Ok(opened) => self.opened = Some(opened),
            Err(why) => self.failed(&why).await,
        }
    }

    /// What the open device says. Can be dropped and called again without loss.
    pub(super) async fn message(&mut self) -> Option<gst::Message> {
        match &mut self.opened {
            Some(opened) => opened.message().await,
            None => std::future::pending().await,
        }
    }

    /// Takes what it said.
    pub(super) async fn said(&mut self, message: Option<&gst::Message>) {
        match message.map(|message| message.view()) {
            Some(gst::MessageView::Error(error)) => self.failed(error.error().message()).await,
            Some(gst::MessageView::Eos(_)) | None => self.failed("it ended by itself").await,
            // A sound card knows what it needs only when it was told the form of the sound.
            Some(gst::MessageView::Latency(_)) => {
                if let Some(opened) = &self.opened {
                    opened.running.0.call_async(|pipeline| {
                        let _ = pipeline.recalculate_latency();
                    });
                }
            }
            Some(_) => {
                if let Some(opened) = &mut self.opened
                    && (opened.flow)() == Flow::Works
                {
                    self.usable = true;
                }
            }
        }
    }

    pub(super) async fn failed(&mut self, why: &str) {
        if self.usable || self.told.is_none() {
            tracing::warn!(why, "the {} does not work; it is tried again", self.name);
        }
        self.usable = false;
        self.not_before = Some(Instant::now() + AGAIN);
        self.close().await;
    }

    /// Whether it can be used, if that has changed since it was told last.
    pub(super) fn news(&mut self) -> Option<bool> {
        let usable = self.usable;
        (self.told.replace(usable) != Some(usable)).then_some(usable)
    }

    pub(super) async fn close(&mut self) {
        if let Some(opened) = self.opened.take() {
            opened.close().await;
        }
    }
}

impl Opened {
    pub(super) async fn close(self) {
        (self.connect)(false);
        self.running.stop().await;
    }

    /// What it says. Can be dropped and called again without loss.
    pub(super) async fn message(&mut self) -> Option<gst::Message> {
        self.messages.next().await
    }
}

/// Builds a pipeline and starts it off the tokio threads: opening a sound device takes its time.
pub(super) async fn open(build: Build, device: Option<String>) -> Result<Opened, String> {
    let opening = tokio::task::spawn_blocking(move || {
        let Built { pipeline, flow, connect } = build()?;
        let running = Running(pipeline);
        allowed::check_all(&running.0)?;
        // A sound device that goes must not take the clock along, and a session's moments are by this clock.
        running.0.use_clock(Some(&gst::SystemClock::obtain()));
        let messages = running.0.bus().ok_or("a pipeline without messages")?.stream();
        running
            .0
            .set_state(gst::State::Playing)
            .map_err(|error| format!("the sound device cannot be opened ({error}); is another program using it?"))?;
        Ok::<_, String>(Opened { running, messages, flow, connect, device })
    });
    let opened = within(OPENING, "opening the sound device", opening).await??;
    (opened.connect)(true);
    Ok(opened)
}

async fn within<T>(
    span: Duration,
    what: &str,
    work: impl Future<Output = Result<T, tokio::task::JoinError>>,
) -> Result<T, String> {
    match timeout(span, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err(format!("{what} broke off")),
        Err(_) => Err(format!("{what} took longer than {span:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gives_nothing_more_is_stuck_and_who_looks_late_is_late_himself() {
        let begun = Instant::now();
        let every = |millis: u64, watch: &mut Watch, from: &mut Instant, looks: u32| {
            (0..looks)
                .map(|_| {
                    *from += Duration::from_millis(millis);
                    watch.look(1, false, *from)
                })
                .collect::<Vec<_>>()
        };
        let (mut watch, mut now) = (Watch::new(begun), begun);
        assert_eq!(watch.look(0, false, now), Flow::Unknown);
        assert_eq!(every(500, &mut watch, &mut now, 11), [Flow::Works; 11]);
        assert_eq!(every(500, &mut watch, &mut now, 1), [Flow::Stuck]);
        let (mut watch, mut now) = (Watch::new(begun), begun);
        assert_eq!(every(20_000, &mut watch, &mut now, 6), [Flow::Works; 6], "two minutes with hardly a look");
        assert_eq!(every(20_000, &mut watch, &mut now, 1), [Flow::Stuck]);
    }

    #[test]
    fn the_first_sound_may_take_longer_and_what_needs_none_may_be_silent() {
        let begun = Instant::now();
        let mut watch = Watch::new(begun);
        let at = |second: u64| begun + Duration::from_secs(second);
        assert!((1..=15).all(|second| watch.look(0, false, at(second)) == Flow::Unknown));
        assert_eq!(watch.look(0, false, at(16)), Flow::Stuck);
        assert!((17..99).all(|second| watch.look(3, true, at(second)) == Flow::Works));
    }
}
