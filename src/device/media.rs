//! Picture and sound to and from the counter: one GStreamer pipeline a session, thrown away whole.
//!
//! This end offers VP8 and Opus both ways on one bundled connection (RFC 8829, RFC 9143). Without a camera black
//! pictures are sent, without a microphone silence: so the counter is seen and heard all the same. No device is in
//! the pipeline: a camera, a microphone or a speaker that goes or comes back needs no new connection.

#![expect(clippy::disallowed_methods, reason = "an adapter: its tasks belong to one session and end with it")]

mod adapt;
mod alike;
mod alive;
pub mod allowed;
mod delay;
mod dtls;
pub mod echo;
mod feed;
mod fingerprint;
mod gate;
mod ice;
mod late;
mod lift;
mod live;
mod machine;
mod measure;
mod negotiate;
mod pipeline;
mod playout;
pub mod process;
mod receive;
mod remote;
mod signals;
mod stats;
pub mod trial;
mod tunnel;
mod verify;
mod voice;

use super::Behind;
use super::camera::Frame;
use super::pace::Pace;
use super::sound::SessionAudio;
use gstreamer as gst;
use live::{Happened, Live};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::LazyLock;
use tokio::sync::{oneshot, watch};

use crate::model::ids::{Attempt, Epoch};
pub use crate::model::turn::{Gates, MediaNews};
use crate::model::wire::{Candidate, IceServer};

/// What the media are asked.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MediaAsk {
    /// Builds a session pipeline and makes its offer; replaces any older pipeline.
    Build {
        /// Number of this pipeline.
        attempt: Attempt,
        /// The connection it is for.
        epoch: Epoch,
        /// STUN and TURN servers.
        ice_servers: Vec<IceServer>,
        /// Only relayed candidates.
        relay_only: bool,
    },
    /// The other end's answer (RFC 8866).
    Answer {
        /// The pipeline meant; an older one's are dropped.
        attempt: Attempt,
        /// Session description.
        sdp: String,
    },
    /// The other end's candidate.
    Candidate {
        /// The pipeline meant.
        attempt: Attempt,
        /// The candidate.
        candidate: Candidate,
    },
    /// What may flow out and in. Nothing flows until this says so, whatever the transport does.
    Gate {
        /// The pipeline meant.
        attempt: Attempt,
        /// The gates.
        gates: Gates,
    },
    /// Tears the pipeline down.
    Close,
    /// Tries a call with ourselves ([`trial`]), and answers what came of it. Goes from process to process in another form.
    #[serde(skip)]
    Try(oneshot::Sender<Result<(), String>>),
}

/// What the media say; all of it is about one pipeline.
#[derive(Serialize, Deserialize)]
pub struct MediaEvent {
    /// Which pipeline.
    pub attempt: Attempt,
    /// What about it.
    pub news: MediaNews,
}

/// How the media are set up on this machine.
#[derive(Clone)]
pub struct MediaConfig {
    /// Addresses to be reached at, instead of all of the machine's. A machine that has only 127.0.0.1 must name it.
    pub local_addresses: Vec<IpAddr>,
    /// PEM certificates trusted beside the system's, for relays over TLS.
    pub trust_anchors: watch::Receiver<Vec<String>>,
    /// The workbench's wire cutter: while it says true, no media packet comes or goes.
    pub line_cut: Option<watch::Receiver<bool>>,
}

/// What the media are connected to on this machine.
#[derive(Clone)]
pub struct Ports {
    /// How they are set up.
    pub config: MediaConfig,
    /// The own camera's frames.
    pub camera: watch::Receiver<Option<Frame>>,
    /// Where the other end's frames go; nothing while they are not to be shown.
    pub staff: watch::Sender<Option<Frame>>,
    /// Microphone and speaker.
    pub sound: SessionAudio,
    /// How often the camera gives pictures.
    pub pace: Pace,
}

/// Serves sessions in this process until nobody asks any more; [`process`] has another one do it.
pub async fn run(mut behind: Behind<MediaAsk, MediaEvent>, ports: Ports) {
    let ready = prepare().await;
    let mut live: Option<Live> = None;
    // What one pipeline has found out about this machine, the next one need not find out again.
    let mut machine = if ready.is_ok() { able().await } else { 0 };
    loop {
        machine = live.as_ref().map_or(machine, Live::machine);
        let event = tokio::select! {
            ask = behind.asks.recv() => match ask {
                Some(ask) => asked(ask, &mut live, machine, &ports, &ready).await,
                None => break,
            },
            happened = happens(&mut live) => match &mut live {
                Some(live) => live.news(happened).await.map(|news| MediaEvent { attempt: live.attempt, news }),
                None => None,
            },
        };
        let Some(event) = event else { continue };
        if matches!(event.news, MediaNews::Failed(_) | MediaNews::Unverified(_))
            && let Some(failed) = live.take()
        {
            failed.stop().await;
        }
        if behind.events.send(event).await.is_err() {
            break;
        }
    }
    if let Some(live) = live {
        live.stop().await;
    }
}

/// Registers `rtpgccbwe`. A second registration in one process leaves elements with the wrong factory.
static CONGESTION_CONTROL: LazyLock<Result<(), String>> = LazyLock::new(|| {
    gstrsrtp::plugin_register_static().map_err(|error| format!("the congestion control is missing: {error}"))
});

/// What the first session would otherwise wait for.
async fn prepare() -> Result<(), String> {
    gst::init().map_err(|error| format!("GStreamer does not start: {error}"))?;
    CONGESTION_CONTROL.clone()?;
    negotiate::warm_up().await
}

/// The best step that this machine can do, before any call has shown it.
async fn able() -> usize {
    let measured = tokio::task::spawn_blocking(measure::best_step).await;
    match measured.unwrap_or_else(|_| Err("measuring how long a picture takes broke off".to_owned())) {
        Ok(step) => {
            tracing::info!(step, "the picture that this machine can encode is known");
            step
        }
        Err(why) => {
            tracing::warn!(why, "a call begins with the best picture");
            0
        }
    }
}

async fn happens(live: &mut Option<Live>) -> Happened {
    match live {
        Some(live) => live.happens().await,
        None => std::future::pending().await,
    }
}

async fn asked(
    ask: MediaAsk,
    live: &mut Option<Live>,
    machine: usize,
    ports: &Ports,
    ready: &Result<(), String>,
) -> Option<MediaEvent> {
    let failed = |attempt, why| Some(MediaEvent { attempt, news: MediaNews::Failed(why) });
    let meant = |attempt: Attempt, live: &Option<Live>| live.as_ref().is_some_and(|live| live.attempt == attempt);
    match ask {
        MediaAsk::Build { attempt, epoch: _, ice_servers, relay_only } => {
            if let Some(older) = live.take() {
                older.stop().await;
            }
            if let Err(why) = ready {
                return failed(attempt, why.clone());
            }
            match Live::start(attempt, &ice_servers, relay_only, machine, ports).await {
                Ok(started) => *live = Some(started),
                Err(why) => return failed(attempt, why),
            }
        }
        MediaAsk::Answer { attempt, sdp } if meant(attempt, live) => {
            if let Some(live) = live
                && let Err(news) = live.answer(&sdp).await
            {
                return Some(MediaEvent { attempt, news });
            }
        }
        MediaAsk::Candidate { attempt, candidate } if meant(attempt, live) => {
            if let Some(live) = live {
                live.candidate(candidate);
            }
        }
        MediaAsk::Gate { attempt, gates } if meant(attempt, live) => {
            if let Some(live) = live {
                live.gate(gates);
            }
        }
        MediaAsk::Answer { .. } | MediaAsk::Candidate { .. } | MediaAsk::Gate { .. } => {}
        MediaAsk::Close => {
            if let Some(live) = live.take() {
                live.stop().await;
            }
        }
        MediaAsk::Try(answer) => {
            tokio::spawn(async move {
                let _ = answer.send(trial::call_works().await);
            });
        }
    }
    None
}
