//! Sessions in a process of their own, which has pictures, sound and packets, and nothing else that is worth taking.
//!
//! It reads what strangers write, so it is not believed: camera and microphone belong to the supervisor, which hands their
//! pictures and sound over only while the gates are open, and shows and plays what comes back only then. One that breaks
//! its word, falls silent or ends is ended and replaced, and the session that went on has failed: it is built anew.

mod child;
mod home;
mod line;
mod picture;
mod words;

pub use child::live;
pub use home::{ARGUMENT, Home};

use super::{Gates, MediaAsk, MediaEvent, MediaNews, Ports};
use crate::device::Behind;
use crate::device::camera::Frame;
use crate::device::sound::{InSession, voice_buffer};
use crate::model::ids::Attempt;
use gstreamer as gst;
use gstreamer::prelude::*;
use home::Body;
use line::{Ear, Heard, Line, Sound};
use picture::Memory;
use std::convert::Infallible;
use std::os::fd::AsFd;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};
use words::{FromMedia, ToMedia};

/// It says twice a second that it gets on. One that has said nothing for so long does not get on: a machine that is too slow
/// for anything is late by less.
const SILENT: Duration = Duration::from_secs(6);
/// Until its first word: systemd and GStreamer start meanwhile, on an emulated machine for many seconds.
const STARTING: Duration = Duration::from_secs(30);
/// Pause before the next one is started.
const AGAIN: Duration = Duration::from_secs(1);
/// A process says less than 200 things a second; one that says so many floods us.
const MOST_A_SECOND: u32 = 2000;
/// Sound that is due so far from now is none of a session's.
const MOMENTS: gst::ClockTime = gst::ClockTime::from_seconds(10);
/// Letters of a reason that are taken over into the log.
const MOST_REASON: usize = 400;
/// More pictures a second no camera gives.
const FASTEST: u32 = 120;

/// Serves sessions in another process until nobody asks any more.
pub async fn run(mut behind: Behind<MediaAsk, MediaEvent>, ports: Ports, home: Home) {
    if matches!(home, Home::Within) {
        return super::run(behind, ports).await;
    }
    let (mut wanted, mut told) = (Wanted::default(), None);
    loop {
        let why = match Process::start(&home) {
            Ok(mut process) => {
                let Err(ended) = process.serve(&mut behind, &mut wanted, &ports).await;
                process.audio = None;
                ports.staff.send_replace(None);
                ports.pace.free();
                let Ended::Broken { why, by_itself } = ended else { return };
                let how = process.body.end(by_itself).await.map(|how| format!(" ({how})")).unwrap_or_default();
                Err(format!("{why}{how}"))
            }
            Err(why) => Ok(why),
        };
        // One that cannot even be started is tried again for a while before a session is given up.
        let lost = why.is_err() || wanted.session.as_ref().is_some_and(|session| session.asked.elapsed() > SILENT);
        let (Ok(why) | Err(why)) = why;
        if told.as_ref() != Some(&why) {
            tracing::error!(why, "the media process is gone; the next one is started");
            told = Some(why.clone());
        }
        if lost
            && let Some(event) = wanted.lose(&why)
            && behind.events.send(event).await.is_err()
        {
            return;
        }
        let mut pause = pin!(sleep(AGAIN));
        loop {
            tokio::select! {
                () = &mut pause => break,
                ask = behind.asks.recv() => match ask {
                    Some(ask) => wanted.note(ask),
                    None => return,
                },
            }
        }
    }
}

/// What is asked of the media, whichever process does it.
#[derive(Default)]
struct Wanted {
    session: Option<Session>,
    /// Who waits for the outcome of a call with itself.
    trials: Vec<oneshot::Sender<Result<(), String>>>,
    /// What no process has been told yet.
    untold: Vec<ToMedia>,
}

/// A session that is to go on.
struct Session {
    attempt: Attempt,
    gates: Gates,
    asked: Instant,
}

impl Wanted {
    fn note(&mut self, ask: MediaAsk) {
        let meant = |attempt: Attempt| self.session.as_ref().is_some_and(|session| session.attempt == attempt);
        match &ask {
            MediaAsk::Build { attempt, .. } => {
                self.untold.retain(|word| matches!(word, ToMedia::Try));
                self.session = Some(Session { attempt: *attempt, gates: Gates::default(), asked: Instant::now() });
            }
            MediaAsk::Close => {
                self.untold.retain(|word| matches!(word, ToMedia::Try));
                self.session = None;
            }
            MediaAsk::Answer { attempt, .. } | MediaAsk::Candidate { attempt, .. } if !meant(*attempt) => return,
            MediaAsk::Gate { attempt, .. } if !meant(*attempt) => return,
            MediaAsk::Gate { gates, .. } => {
                if let Some(session) = &mut self.session {
                    session.gates = *gates;
                }
            }
            MediaAsk::Answer { .. } | MediaAsk::Candidate { .. } | MediaAsk::Try(_) => {}
        }
        self.untold.push(match ask {
            MediaAsk::Try(answer) => {
                self.trials.push(answer);
                ToMedia::Try
            }
            ask => ToMedia::Ask(ask),
        });
    }

    fn gates(&self) -> Gates {
        self.session.as_ref().map(|session| session.gates).unwrap_or_default()
    }

    /// The process is gone, and with it what it was to do. What there is to say about the session that went on.
    fn lose(&mut self, why: &str) -> Option<MediaEvent> {
        self.untold.clear();
        for trial in self.trials.drain(..) {
            let _ = trial.send(Err(format!("the media process is gone: {why}")));
        }
        let attempt = self.session.take()?.attempt;
        Some(MediaEvent { attempt, news: MediaNews::Failed(format!("the media process is gone: {why}")) })
    }
}

/// Why a process is served no longer.
enum Ended {
    /// Nobody asks any more.
    Unwanted,
    /// It is of no use any more. Whether it has closed its socket by itself, so that it ends.
    Broken { why: String, by_itself: bool },
}

impl From<String> for Ended {
    fn from(why: String) -> Self {
        Self::Broken { why, by_itself: false }
    }
}

/// A media process.
struct Process {
    line: Arc<Line>,
    ear: Ear,
    /// The camera's pictures and the other end's.
    own: Memory,
    theirs: Memory,
    /// A picture of the camera was handed over and has not been taken yet.
    under_way: bool,
    gates: Gates,
    /// Whether the microphone's sound may be handed over; for the microphone's thread.
    sound: Arc<AtomicBool>,
    audio: Option<InSession>,
    /// It must have said by then that it gets on.
    until: Instant,
    /// When the last second began, and how much was said in it.
    said: (Instant, u32),
    body: Body,
}

impl Process {
    fn start(home: &Home) -> Result<Self, String> {
        let (own, theirs) = (Memory::new("own pictures")?, Memory::new("pictures of the other end")?);
        let (socket, body) = home.start()?;
        let line = Line::new(socket)?;
        let now = Instant::now();
        Ok(Self {
            ear: Ear::new(&line),
            line,
            own,
            theirs,
            under_way: false,
            gates: Gates::default(),
            sound: Arc::default(),
            audio: None,
            until: now + STARTING,
            said: (now, 0),
            body,
        })
    }

    async fn serve(
        &mut self,
        behind: &mut Behind<MediaAsk, MediaEvent>,
        wanted: &mut Wanted,
        ports: &Ports,
    ) -> Result<Infallible, Ended> {
        let local_addresses = ports.config.local_addresses.clone();
        self.line.say_with(&ToMedia::Begin { local_addresses }, &[self.own.as_fd(), self.theirs.as_fd()]).await?;
        let (mut camera, mut trust) = (ports.camera.clone(), ports.config.trust_anchors.clone());
        trust.mark_changed();
        let mut cut = ports.config.line_cut.clone();
        cut.iter_mut().for_each(watch::Receiver::mark_changed);
        loop {
            for word in wanted.untold.drain(..) {
                self.line.say(&word).await?;
            }
            self.follow(wanted, ports, &mut camera).await?;
            let (until, hands) = (self.until, self.gates.picture && !self.under_way);
            tokio::select! {
                biased;
                ask = behind.asks.recv() => wanted.note(ask.ok_or(Ended::Unwanted)?),
                heard = self.ear.hear() => match heard? {
                    Some(heard) => {
                        if let Some(event) = self.heard(heard, wanted, ports).await? {
                            behind.events.send(event).await.map_err(|_| Ended::Unwanted)?;
                        }
                    }
                    None => return Err(Ended::Broken { why: "it has ended".to_owned(), by_itself: true }),
                },
                () = sleep_until(until) => {
                    return Err(Ended::from(format!("it has not said for {SILENT:?} that it gets on")));
                }
                Ok(()) = trust.changed() => {
                    let certificates = trust.borrow_and_update().clone();
                    self.line.say(&ToMedia::Trust(certificates)).await?;
                }
                cut = changed(&mut cut) => self.line.say(&ToMedia::LineCut(cut)).await?,
                Ok(()) = camera.changed(), if hands => {
                    let frame = camera.borrow_and_update().clone();
                    self.hand_over(frame.as_ref()).await?;
                }
            }
        }
    }

    /// Opens and shuts what the session may have.
    async fn follow(
        &mut self,
        wanted: &Wanted,
        ports: &Ports,
        camera: &mut watch::Receiver<Option<Frame>>,
    ) -> Result<(), String> {
        let gates = wanted.gates();
        let before = std::mem::replace(&mut self.gates, gates);
        self.sound.store(gates.sound, Ordering::Release);
        if gates.picture && !before.picture {
            camera.mark_changed();
        }
        if before.picture && !gates.picture {
            self.line.say(&ToMedia::Picture(None)).await?;
        }
        if before.show && !gates.show {
            ports.staff.send_replace(None);
        }
        if wanted.session.is_none() && self.audio.take().is_some() {
            ports.pace.free();
        }
        Ok(())
    }

    async fn hand_over(&mut self, frame: Option<&Frame>) -> Result<(), String> {
        let form = frame.map(|frame| self.own.put(frame)).transpose();
        let form = form.unwrap_or_else(|why| {
            tracing::warn!(why, "the camera's picture is left out");
            None
        });
        self.under_way = form.is_some();
        self.line.say(&ToMedia::Picture(form)).await
    }

    /// What there is to say about what came.
    async fn heard(
        &mut self,
        heard: Heard<FromMedia>,
        wanted: &mut Wanted,
        ports: &Ports,
    ) -> Result<Option<MediaEvent>, String> {
        let now = Instant::now();
        if now.duration_since(self.said.0) > Duration::from_secs(1) {
            self.said = (now, 0);
        }
        self.said.1 += 1;
        if self.said.1 > MOST_A_SECOND {
            return Err(format!("it says more than {MOST_A_SECOND} things a second"));
        }
        let word = match heard {
            Heard::Word(word) => word,
            Heard::Sound(mut sound) => {
                if !self.gates.show {
                    // The speaker goes on, with silence.
                    sound.bytes.fill(0);
                }
                if wanted.session.is_some() {
                    play(ports, sound);
                }
                return Ok(None);
            }
        };
        match word {
            FromMedia::Alive { pace } => {
                self.until = now + SILENT;
                if wanted.session.is_some() {
                    ports.pace.set(pace.min(FASTEST));
                }
            }
            FromMedia::Event(event) => {
                let meant = wanted.session.as_ref().is_some_and(|session| session.attempt == event.attempt);
                let news = plain(event.news);
                if meant && matches!(news, MediaNews::Failed(_) | MediaNews::Unverified(_)) {
                    wanted.session = None;
                }
                return Ok(meant.then_some(MediaEvent { attempt: event.attempt, news }));
            }
            FromMedia::Tried(tried) if !wanted.trials.is_empty() => {
                let _ = wanted.trials.remove(0).send(tried.map_err(shortened));
            }
            FromMedia::Tried(_) => return Err("it tells of a trial that nobody asked for".to_owned()),
            FromMedia::Sound(Some(reserve)) if wanted.session.is_some() => {
                let (line, open) = (self.line.clone(), self.sound.clone());
                self.audio = Some(ports.sound.begin(reserve.min(Duration::from_secs(1)), move |buffer, at| {
                    if open.load(Ordering::Acquire)
                        && let Ok(bytes) = buffer.map_readable()
                    {
                        line.sound(at.nseconds(), &bytes);
                    }
                }));
            }
            FromMedia::Sound(_) => self.audio = None,
            FromMedia::Picture(form) => {
                let there = form.is_some();
                let frame = form.filter(|_| self.gates.show).map(|form| {
                    self.theirs.take(&form).ok_or_else(|| format!("it hands over a picture that is none: {form:?}"))
                });
                ports.staff.send_replace(frame.transpose()?);
                if there {
                    self.line.say(&ToMedia::Taken).await?;
                }
            }
            FromMedia::Taken => self.under_way = false,
        }
        Ok(None)
    }
}

/// Waits for the line to be cut or mended, where it can be.
async fn changed(cut: &mut Option<watch::Receiver<bool>>) -> bool {
    if let Some(cut) = cut
        && cut.changed().await.is_ok()
    {
        return *cut.borrow_and_update();
    }
    std::future::pending().await
}

/// Plays sound of the other end, if it can be some.
fn play(ports: &Ports, sound: Sound) {
    let (at, now) = (gst::ClockTime::from_nseconds(sound.at), gst::SystemClock::obtain().time());
    let near = at < now + MOMENTS && now < at.saturating_add(MOMENTS);
    if near && sound.bytes.len().is_multiple_of(2) {
        ports.sound.play(&voice_buffer(sound.bytes), at);
    }
}

/// Reasons of a process that is not believed go into the log: as one line that is not too long.
fn plain(news: MediaNews) -> MediaNews {
    match news {
        MediaNews::Unverified(why) => MediaNews::Unverified(shortened(why)),
        MediaNews::Failed(why) => MediaNews::Failed(shortened(why)),
        news => news,
    }
}

fn shortened(why: String) -> String {
    why.chars().take(MOST_REASON).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
