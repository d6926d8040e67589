//! One session's pipeline from its building to its end, and what it says meanwhile.

use super::adapt::{Adapt, STEPS, Sent};
use super::alive::Alive;
use super::fingerprint::Fingerprints;
use super::gate::Gate;
use super::ice::Servers;
use super::machine::{Machine, SLOW, Work};
use super::pipeline::{self, Session, bits, millis};
use super::playout::Playout;
use super::receive::{Counts, Receiving, cut_packets, receive};
use super::signals::{self, Signal, Signals, VideoSources};
use super::stats::{self, Totals};
use super::tunnel::Tunnel;
use super::voice::Voice;
use super::{Gates, MediaNews, Ports, feed, negotiate, remote, verify};
use crate::device::pace::Pace;
use crate::device::running::Running;
use crate::device::sound::InSession;
use crate::model::ids::Attempt;
use crate::model::wire::{Candidate, IceServer};
use futures_util::StreamExt;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_video as gst_video;
use gstreamer_webrtc::WebRTCPeerConnectionState as Connection;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

/// How often the path is looked at.
const TICK: Duration = Duration::from_millis(250);

/// Something that happened in the pipeline.
pub(super) enum Happened {
    Signal(Option<Signal>),
    Message(Option<gst::Message>),
    Tick,
}

/// A session that is going on.
pub(super) struct Live {
    pub(super) attempt: Attempt,
    session: Session,
    gate: Arc<Gate>,
    gates: Gates,
    counts: Arc<Counts>,
    video: VideoSources,
    signals: mpsc::UnboundedReceiver<Signal>,
    messages: gst::bus::BusStream,
    frames: watch::Sender<Option<crate::device::camera::Frame>>,
    tick: tokio::time::Interval,
    begun: Instant,
    offered: bool,
    answered: bool,
    /// What the answer says about the certificates at the other end.
    fingerprints: Option<Fingerprints>,
    waiting: Vec<Candidate>,
    candidates: mpsc::Sender<Candidate>,
    alive: Alive,
    playout: Playout,
    work: Arc<Work>,
    machine: Machine,
    adapt: Adapt,
    pace: Pace,
    sent: Sent,
    steps: watch::Sender<super::adapt::Step>,
    judged: (Totals, Instant),
    _tunnels: Vec<Tunnel>,
    _tasks: [AbortOnDropHandle<()>; 3],
    audio: InSession,
    voice: Voice,
    running: Running,
}

impl Live {
    /// Builds and starts a pipeline; its offer follows as news. Pictures begin no better than the step `machine` of [`super::adapt::STEPS`].
    pub(super) async fn start(
        attempt: Attempt,
        servers: &[IceServer],
        relay_only: bool,
        machine: usize,
        ports: &Ports,
    ) -> Result<Self, String> {
        let gate = Arc::new(Gate::default());
        let counts = Arc::new(Counts::default());
        let video = VideoSources::default();
        let (say, signals) = Signals::new();
        let reserve = pipeline::reserve(machine);
        let playout = Playout::new(machine >= SLOW, say.clone());
        let build = {
            let (audio, gate, playout) = (ports.sound.clone(), gate.clone(), playout.clone());
            tokio::task::spawn_blocking(move || pipeline::build(&audio, reserve, &playout, &gate))
        };
        let session = build.await.map_err(|_| "building the session's pipeline broke off".to_owned())??;
        // Before the counting of bytes: what is cut off must not count.
        if let Some(cut) = &ports.config.line_cut {
            cut_packets(&session.pipeline, cut);
        }
        signals::connect(&session, &gate, &counts, &video, &say);
        playout.watch(&session.webrtc, video.clone());
        receive(
            &session,
            Receiving {
                gate: gate.clone(),
                counts: counts.clone(),
                signals: say,
                frames: ports.staff.clone(),
                playout: playout.clone(),
            },
        );
        let servers = Servers::read(servers);
        let tunnels = negotiate::set_servers(&session.webrtc, &servers, relay_only, &ports.config).await;
        let messages = session.pipeline.bus().ok_or("a pipeline without messages")?.stream();
        let work = Arc::new(Work::default());
        work.watch(&session.turn, &session.encoder)?;
        let mut adapt = Adapt::new();
        adapt.machine(machine, false);
        let (steps, step) = watch::channel(adapt.step());
        let running = start(&session).await?;
        let feed = feed::feed(session.clone(), gate.clone(), ports.camera.clone(), step, work.clone());
        let feed = AbortOnDropHandle::new(tokio::spawn(feed));
        let voice = Voice::new(session.microphone.clone(), session.played.clone())?;
        let hears = voice.clone();
        let audio = ports.sound.begin(reserve, move |buffer, at| hears.heard(buffer, at));
        let keeping = AbortOnDropHandle::new(tokio::spawn(voice.clone().keep_going()));
        let (candidates, received) = mpsc::channel(remote::MOST + 1);
        let taking = remote::take(session.webrtc.clone(), received);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Ok(Self {
            attempt,
            session,
            gate,
            gates: Gates::default(),
            counts,
            video,
            signals,
            messages,
            frames: ports.staff.clone(),
            tick,
            begun: Instant::now(),
            offered: false,
            answered: false,
            fingerprints: None,
            waiting: Vec::new(),
            candidates,
            alive: Alive::default(),
            playout,
            work,
            machine: Machine::new(machine),
            adapt,
            pace: ports.pace.clone(),
            sent: Sent::default(),
            steps,
            judged: (Totals::default(), Instant::now()),
            _tunnels: tunnels,
            _tasks: [feed, keeping, AbortOnDropHandle::new(tokio::spawn(taking))],
            audio,
            voice,
            running,
        })
    }

    /// Waits for something to happen in the pipeline. Can be dropped and called again without loss.
    pub(super) async fn happens(&mut self) -> Happened {
        tokio::select! {
            signal = self.signals.recv() => Happened::Signal(signal),
            message = self.messages.next() => Happened::Message(message),
            _ = self.tick.tick() => Happened::Tick,
        }
    }

    /// What there is to say about it.
    pub(super) async fn news(&mut self, happened: Happened) -> Option<MediaNews> {
        match happened {
            Happened::Signal(Some(signal)) => self.signalled(signal).await,
            Happened::Signal(None) => Some(MediaNews::Failed("the session's pipeline is gone".into())),
            Happened::Message(Some(message)) => self.messaged(&message),
            Happened::Message(None) => Some(MediaNews::Failed("the session's pipeline says nothing more".into())),
            Happened::Tick => self.ticked().await,
        }
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    async fn signalled(&mut self, signal: Signal) -> Option<MediaNews> {
        match signal {
            Signal::NegotiationNeeded if !std::mem::replace(&mut self.offered, true) => {
                Some(match negotiate::offer(&self.session.webrtc).await {
                    Ok(sdp) => MediaNews::Offer(sdp),
                    Err(why) => MediaNews::Failed(why),
                })
            }
            Signal::NegotiationNeeded => None,
            Signal::Candidate(candidate) => Some(MediaNews::Candidate(candidate)),
            Signal::Connection(Connection::Connected) => Some(self.connected().await),
            Signal::Connection(Connection::Failed) => self.alive.failed().then_some(MediaNews::PathDead),
            Signal::Connection(_) => None,
            Signal::Estimate(bps, estimator) => {
                let now = self.now();
                let sent = self.sent.rate(self.counts.sent.load(Ordering::Relaxed), now);
                let again = self.adapt.estimated(bps, sent, now);
                if let Some((again, estimator)) = again.zip(estimator.upgrade()) {
                    estimator.set_property("estimated-bitrate", again);
                }
                self.session.encoder.set_property("target-bitrate", bits(self.adapt.bps()));
                self.use_step();
                None
            }
            Signal::Wait(waiting) => {
                tracing::info!(ms = millis(waiting), "packets of the other end wait for late ones");
                self.session.webrtc.set_property("latency", millis(waiting));
                None
            }
            Signal::FirstPicture => Some(MediaNews::FirstPicture),
            Signal::Unverified(why) => Some(MediaNews::Unverified(why)),
            Signal::Refused(why) | Signal::Broken(why) => Some(MediaNews::Failed(why)),
        }
    }

    /// The best step that this machine can do, for the next pipeline.
    pub(super) fn machine(&self) -> usize {
        self.machine.step()
    }

    /// Pictures are taken, encoded and shown as line and machine allow.
    fn use_step(&self) {
        let step = self.adapt.step();
        if self.steps.send_if_modified(|old| std::mem::replace(old, step) != step) {
            let bps = self.adapt.bps();
            tracing::info!(height = step.height, rate = step.rate, bps, machine = self.machine.step(), "own picture");
        }
        // The line's narrowness is no reason to see oneself less often.
        self.pace.set(STEPS.get(self.machine.step()).map_or(step.rate, |step| step.rate));
    }

    /// ICE and DTLS are up, with whomever: only the right certificates open the gates.
    async fn connected(&mut self) -> MediaNews {
        let verified = match &self.fingerprints {
            Some(allowed) => verify::peer(&self.session.webrtc, allowed).await,
            None => Err("connected without an answer".to_owned()),
        };
        if let Err(why) = verified {
            self.gate.refuse();
            return MediaNews::Unverified(why);
        }
        self.gate.verified();
        self.gate.connected();
        self.alive.connected(self.counts.bytes.load(Ordering::Relaxed));
        self.show();
        self.show_key_picture();
        MediaNews::Connected
    }

    fn messaged(&self, message: &gst::Message) -> Option<MediaNews> {
        match message.view() {
            gst::MessageView::Error(error) => {
                let source = message.src().map(|source| source.name().to_string()).unwrap_or_default();
                Some(MediaNews::Failed(format!("\"{source}\" in the session's pipeline failed: {}", error.error())))
            }
            gst::MessageView::Eos(_) => Some(MediaNews::Failed("the session's pipeline ended by itself".into())),
            gst::MessageView::Latency(_) => {
                self.session.pipeline.call_async(|pipeline| {
                    let _ = pipeline.recalculate_latency();
                });
                None
            }
            _ => None,
        }
    }

    async fn ticked(&mut self) -> Option<MediaNews> {
        let (bytes, now) = (self.counts.bytes.load(Ordering::Relaxed), self.now());
        self.machine.look(self.work.totals(), self.adapt.place(), now);
        self.adapt.machine(self.machine.step(), self.machine.is_late());
        self.use_step();
        if self.alive.is_dead(bytes, self.gates.show, self.machine.is_late(), now) {
            return Some(MediaNews::PathDead);
        }
        let span = self.judged.1.elapsed();
        if !self.answered || span < stats::EVERY {
            return None;
        }
        let mut totals = stats::totals(&self.session.webrtc).await?;
        totals.received_bytes = bytes;
        // Not every report tells it.
        totals.round_trip = totals.round_trip.or(self.judged.0.round_trip);
        totals.pictures = self.counts.pictures.load(Ordering::Relaxed);
        let mut judged = stats::between(&self.judged.0, &totals, span);
        if judged.lost_permille > 0 {
            self.playout.lost(judged.round_trip_ms);
        }
        judged.echo = self.voice.echo();
        judged.takes = self.machine.takes();
        self.judged = (totals, Instant::now());
        Some(MediaNews::Stats(judged))
    }

    /// Takes the other end's answer and the candidates that came before it. One by which nobody could be verified does not
    /// reach GStreamer.
    pub(super) async fn answer(&mut self, sdp: &str) -> Result<(), MediaNews> {
        if !self.offered || std::mem::replace(&mut self.answered, true) {
            return Ok(());
        }
        let fingerprints = Fingerprints::read(sdp).map_err(|why| {
            let said = format!("the other end's answer is not used: {why}");
            if why.verifies_nobody() { MediaNews::Unverified(said) } else { MediaNews::Failed(said) }
        })?;
        self.fingerprints = Some(fingerprints);
        negotiate::answer(&self.session.webrtc, sdp, &self.video).await.map_err(MediaNews::Failed)?;
        self.alive.answered();
        self.judged.1 = Instant::now();
        for candidate in std::mem::take(&mut self.waiting) {
            self.candidate(candidate);
        }
        Ok(())
    }

    /// Takes one of the other end's candidates; before the answer they wait.
    pub(super) fn candidate(&mut self, candidate: Candidate) {
        if !remote::is_plain(&candidate) {
            tracing::warn!("a candidate of the other end was left out: no browser makes one like it");
        } else if !self.answered {
            if self.waiting.len() < remote::MOST {
                self.waiting.push(candidate);
            }
        } else if self.candidates.try_send(candidate).is_err() {
            tracing::warn!("too many candidates of the other end: one was left out");
        }
    }

    /// Opens and shuts the gates.
    pub(super) fn gate(&mut self, gates: Gates) {
        let before = std::mem::replace(&mut self.gates, gates);
        self.gate.set(gates);
        if gates.picture && !before.picture {
            self.show_key_picture();
        }
        self.show();
    }

    /// Lets the other end be heard, or takes its picture and sound away.
    fn show(&self) {
        let shown = self.gate.show();
        self.session.volume.set_property("mute", !shown);
        if !shown {
            self.frames.send_replace(None);
        }
    }

    /// The next own picture can be seen without the ones before it.
    fn show_key_picture(&self) {
        if !self.gate.picture() {
            return;
        }
        let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build();
        if let Some(pad) = self.session.encoder.static_pad("src") {
            pad.send_event(event);
        }
    }

    /// Tears everything down.
    pub(super) async fn stop(self) {
        self.gate.refuse();
        let Self { running, frames, audio, pace, .. } = self;
        drop(audio);
        pace.free();
        running.stop().await;
        frames.send_replace(None);
    }
}

/// Counts what the encoder's thread does. The picture is scaled in that thread, too.
async fn start(session: &Session) -> Result<Running, String> {
    let running = Running(session.pipeline.clone());
    let started = tokio::task::spawn_blocking(move || {
        let started = running.0.set_state(gst::State::Playing);
        (running, started)
    });
    let (running, started) = started.await.map_err(|_| "starting the session's pipeline broke off".to_owned())?;
    if started.is_ok() {
        return Ok(running);
    }
    let said = session.pipeline.bus().and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
    let said = match said.as_ref().map(|message| message.view()) {
        Some(gst::MessageView::Error(error)) => error.error().to_string(),
        _ => "GStreamer says nothing about it".to_owned(),
    };
    running.stop().await;
    Err(format!("the session's pipeline does not start: {said}"))
}
