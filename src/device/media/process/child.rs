//! The media process itself: the sessions' pipelines, with the supervisor at the end of a socket in place of devices.

#![expect(clippy::disallowed_methods, reason = "an adapter: its tasks end with the process")]

use super::line::{Ear, Heard, Line};
use super::picture::Memory;
use super::words::{FromMedia, ToMedia};
use crate::device::camera::Frame;
use crate::device::media::{self, MediaAsk, MediaConfig, MediaEvent, Ports};
use crate::device::pace::Pace;
use crate::device::sound::{SessionAudio, voice_buffer};
use crate::device::systemd::Watchdog;
use crate::device::{Device, device};
use gstreamer as gst;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often it is said that the process gets on. The supervisor gives it up after [`super::SILENT`].
const BEAT: Duration = Duration::from_millis(500);
/// The first word is under way when the process starts.
const FIRST_WORD: Duration = Duration::from_secs(30);
/// A session that goes on when the supervisor has gone gets so long to be put away.
const ENDING: Duration = Duration::from_secs(2);

/// Lives as the media process, with the supervisor's socket as standard input, until the supervisor closes it.
///
/// # Errors
/// A sentence: what was not understood, or what does not start.
pub fn live() -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("tokio does not start: {error}"))?;
    let ended = runtime.block_on(serve());
    runtime.shutdown_timeout(ENDING);
    ended
}

async fn serve() -> Result<(), String> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned();
    let socket = socket.map_err(|error| format!("standard input is to be the supervisor's socket: {error}"))?;
    let line = Line::new(socket)?;
    let mut ear = Ear::new(&line);
    let first = timeout(FIRST_WORD, ear.hear_with::<ToMedia>()).await;
    let (heard, files) = first.map_err(|_| format!("the supervisor said nothing for {FIRST_WORD:?}"))??;
    let Some(Heard::Word(ToMedia::Begin { local_addresses })) = heard else {
        return Err("the supervisor did not begin".to_owned());
    };
    let [own, theirs] = <[_; 2]>::try_from(files).map_err(|_| "the memory for pictures did not come".to_owned())?;
    gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;

    let (trust, trust_anchors) = watch::channel(Vec::new());
    let (cut, line_cut) = watch::channel(false);
    let (own_in, camera) = watch::channel(None);
    let (staff, staff_out) = watch::channel(None);
    let (sound, pace) = (SessionAudio::default(), Pace::default());
    let (Device { asks, events }, behind) = device();
    let config = MediaConfig { local_addresses, trust_anchors, line_cut: Some(line_cut) };
    let ports = Ports { config, camera, staff, sound: sound.clone(), pace: pace.clone() };
    let played = line.clone();
    sound.hand_on(move |buffer, at| {
        if let Ok(bytes) = buffer.map_readable() {
            played.sound(at.nseconds(), &bytes);
        }
    });
    let taken = Arc::new(Semaphore::new(1));
    let mouths = [
        tokio::spawn(beat(line.clone(), pace)),
        tokio::spawn(tell(line.clone(), events)),
        tokio::spawn(want_sound(line.clone(), sound.clone())),
        tokio::spawn(hand_pictures(line.clone(), staff_out, theirs.into(), taken.clone())),
    ];
    let media = tokio::spawn(media::run(behind, ports));
    let hearing = Hearing { line, asks, trust, cut, own: own.into(), own_in, sound, taken };
    let ended = hearing.hear(ear).await;
    // Nobody asks any more, so a session that goes on is put away.
    let _ = timeout(ENDING, media).await;
    mouths.iter().for_each(tokio::task::JoinHandle::abort);
    ended
}

/// What the supervisor's words change.
struct Hearing {
    line: Arc<Line>,
    asks: mpsc::Sender<MediaAsk>,
    trust: watch::Sender<Vec<String>>,
    cut: watch::Sender<bool>,
    own: Memory,
    own_in: watch::Sender<Option<Frame>>,
    sound: SessionAudio,
    taken: Arc<Semaphore>,
}

impl Hearing {
    /// Hears until the supervisor has gone.
    async fn hear(self, mut ear: Ear) -> Result<(), String> {
        while let Some(heard) = ear.hear::<ToMedia>().await? {
            let word = match heard {
                Heard::Word(word) => word,
                Heard::Sound(sound) => {
                    self.sound.heard(&voice_buffer(sound.bytes), gst::ClockTime::from_nseconds(sound.at));
                    continue;
                }
            };
            match word {
                ToMedia::Begin { .. } => return Err("the supervisor began a second time".to_owned()),
                ToMedia::Trust(certificates) => drop(self.trust.send_replace(certificates)),
                ToMedia::LineCut(cut) => {
                    self.cut.send_replace(cut);
                }
                ToMedia::Ask(asked) => self.ask(asked).await?,
                ToMedia::Try => {
                    let (answer, tried) = oneshot::channel();
                    self.ask(MediaAsk::Try(answer)).await?;
                    let line = self.line.clone();
                    tokio::spawn(async move {
                        let tried = tried.await.unwrap_or_else(|_| Err("a call with itself broke off".to_owned()));
                        let _ = line.say(&FromMedia::Tried(tried)).await;
                    });
                }
                ToMedia::Picture(form) => {
                    let there = form.is_some();
                    self.own_in.send_replace(form.and_then(|form| self.own.take(&form)));
                    if there {
                        self.line.say(&FromMedia::Taken).await?;
                    }
                }
                ToMedia::Taken => self.taken.add_permits(1),
            }
        }
        Ok(())
    }

    async fn ask(&self, asked: MediaAsk) -> Result<(), String> {
        self.asks.send(asked).await.map_err(|_| "the sessions have ended by themselves".to_owned())
    }
}

/// Says that the process gets on: to the supervisor, and to systemd where it has a watchdog on it.
async fn beat(line: Arc<Line>, pace: Pace) {
    let mut watchdog = Watchdog::new();
    let pulse = watchdog.part("the media");
    let beating = async {
        let mut ticks = interval(BEAT);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if line.say(&FromMedia::Alive { pace: pace.most() }).await.is_err() {
                return;
            }
            pulse.beat();
        }
    };
    tokio::select! {
        () = beating => {}
        () = watchdog.run() => {}
    }
}

async fn tell(line: Arc<Line>, mut events: mpsc::Receiver<MediaEvent>) {
    while let Some(event) = events.recv().await {
        if line.say(&FromMedia::Event(event)).await.is_err() {
            return;
        }
    }
}

async fn want_sound(line: Arc<Line>, sound: SessionAudio) {
    let mut session = sound.session();
    while session.changed().await.is_ok() {
        let wanted = session.borrow_and_update().map(|_| sound.reserve());
        if line.say(&FromMedia::Sound(wanted)).await.is_err() {
            return;
        }
    }
}

/// Hands the newest picture on as soon as the one before it was taken.
async fn hand_pictures(
    line: Arc<Line>,
    mut staff: watch::Receiver<Option<Frame>>,
    memory: Memory,
    taken: Arc<Semaphore>,
) {
    loop {
        let Ok(turn) = taken.acquire().await else { return };
        if staff.changed().await.is_err() {
            return;
        }
        let frame = staff.borrow_and_update().clone();
        let form = match frame.map(|frame| memory.put(&frame)).transpose() {
            Ok(form) => form,
            Err(why) => {
                tracing::warn!(why, "the other end's picture is left out");
                continue;
            }
        };
        if form.is_some() {
            turn.forget();
        }
        if line.say(&FromMedia::Picture(form)).await.is_err() {
            return;
        }
    }
}
