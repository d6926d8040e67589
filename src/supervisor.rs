//! The only place where the core and the devices meet: events in, effects out, and the log line of each turn.

mod assembly;
mod effects;
pub mod good;
pub mod hardware;
mod scanning;
mod showing;
pub mod tasks;

pub use assembly::{Parts, Running, assemble};
pub use showing::Shown;

use crate::appliance::{Appliance, Senses};
use crate::device::Device;
use crate::device::button::Edge;
use crate::device::camera::{CameraAsk, CameraEvent};
use crate::device::clock::ClockEvent;
use crate::device::link::{LinkAsk, LinkEvent};
use crate::device::media::{MediaAsk, MediaEvent};
use crate::device::network::{NetworkAsk, NetworkEvent};
use crate::device::slot::{SlotAsk, SlotEvent};
use crate::device::sound::{SoundAsk, SoundEvent};
use crate::device::store::{StoreAsk, StoreEvent};
use crate::model::light::Light;
use crate::model::loan::Loan;
use crate::model::screen::Screen;
use crate::model::stick::StickNews;
use crate::model::turn::{Fact, Input, Told, Turn};
use crate::model::uptime::Uptime;
use effects::{Stuck, ask};
use scanning::Seen;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// A turn is taken at least this often, so that the watchdog sees that turns can be taken.
const HEARTBEAT: Duration = Duration::from_secs(3);

/// The box's devices as the supervisor holds them.
pub(crate) struct Devices {
    button: mpsc::Receiver<Edge>,
    light: watch::Sender<Light>,
    camera: Device<CameraAsk, CameraEvent>,
    scan: watch::Sender<bool>,
    seen: mpsc::Receiver<Seen>,
    sound: Device<SoundAsk, SoundEvent>,
    clock: mpsc::Receiver<ClockEvent>,
    network: Device<NetworkAsk, NetworkEvent>,
    link: Device<LinkAsk, LinkEvent>,
    media: Device<MediaAsk, MediaEvent>,
    store: Device<StoreAsk, StoreEvent>,
    slot: Device<SlotAsk, SlotEvent>,
    sticks: mpsc::Receiver<StickNews>,
    camera_seen: watch::Sender<Option<bool>>,
    screen: watch::Sender<Option<Screen>>,
    loan: watch::Sender<Option<Loan>>,
    trace: mpsc::UnboundedSender<String>,
    progress: watch::Sender<u64>,
}

/// Drives the appliance until a device is stuck or gone.
#[expect(clippy::disallowed_methods, reason = "tells the core what the wall clock says, which has none itself")]
pub(crate) async fn drive(mut devices: Devices) {
    let power_on = Instant::now();
    let now = move || Uptime::from_duration(power_on.elapsed());
    let mut appliance = Appliance::new(now());
    let mut open = Senses::default();
    devices.reflect(&appliance, now());
    loop {
        let idle = Instant::now() + HEARTBEAT;
        let wake = appliance.wake_at(now()).map_or(idle, |(at, _)| idle.min(power_on + at.since_power_on()));
        let Some(input) = devices.next(wake).await else {
            tracing::error!("a device has gone; ending, so that systemd starts everything afresh");
            return;
        };
        // Whoever knows the clock is told at once what it says.
        let wall = matches!(input, Input::World(Fact::Clock { known: true }));
        let wall = wall.then(|| Input::World(Fact::Wall { at: jiff::Timestamp::now() }));
        for input in std::iter::once(input).chain(wall) {
            if let Err(stuck) = devices.turn(&mut appliance, now(), input, &mut open).await {
                tracing::error!(%stuck, "ending, so that systemd starts everything afresh");
                return;
            }
        }
    }
}

impl Devices {
    /// The next thing that happens; `None` when a device has gone.
    async fn next(&mut self, wake: Instant) -> Option<Input> {
        tokio::select! {
            edge = self.button.recv() => edge.map(|edge| Input::Button { down: edge.down }),
            event = self.camera.events.recv() => event.map(camera_input),
            seen = self.seen.recv() => seen.map(|seen| Input::Told(Told::Scan { hint: seen.hint, code: seen.code })),
            event = self.sound.events.recv() => event.map(Input::from),
            event = self.clock.recv() => event.map(|event| Input::World(Fact::Clock { known: event.known })),
            event = self.network.events.recv() => event.map(Input::from),
            event = self.link.events.recv() => event.map(Input::from),
            event = self.media.events.recv() => event.map(Input::from),
            event = self.store.events.recv() => event.map(Input::from),
            event = self.slot.events.recv() => event.map(Input::from),
            news = self.sticks.recv() => news.map(|news| Input::Told(Told::Stick(news))),
            () = tokio::time::sleep_until(wake) => Some(Input::Tick),
        }
    }

    async fn turn(&self, appliance: &mut Appliance, now: Uptime, input: Input, open: &mut Senses) -> Result<(), Stuck> {
        match &input {
            Input::Told(Told::Held(held)) => {
                if let Ok(Some(loan)) = &held.loan {
                    self.loan.send_replace(Some(loan.clone()));
                }
            }
            Input::World(Fact::Camera { present }) => {
                self.camera_seen.send_replace(Some(*present));
            }
            _ => {}
        }
        let (chapter, face) = (appliance.chapter(), appliance.screen(now).face.name());
        let what = input.to_string();
        let effects = appliance.handle(now, input);
        let after = appliance.screen(now).face.name();
        let turn = Turn {
            at: now,
            before: (chapter, &face),
            input: &what,
            after: (appliance.chapter(), &after),
            effects: &effects,
        };
        if !turn.is_idle() {
            let line = turn.to_string();
            tracing::info!(target: "madoguchi::turn", "{line}");
            let _ = self.trace.send(line);
        }
        for effect in effects {
            self.carry_out(effect).await?;
        }
        self.open_senses(appliance.senses(), open).await?;
        self.reflect(appliance, now);
        self.progress.send_modify(|turns| *turns += 1);
        Ok(())
    }

    /// Brings camera, scanner and microphone in line with the state.
    async fn open_senses(&self, wanted: Senses, open: &mut Senses) -> Result<(), Stuck> {
        if wanted.camera != open.camera {
            let asked = if wanted.camera { CameraAsk::Open } else { CameraAsk::Close };
            ask("camera", &self.camera.asks, asked).await?;
        }
        if wanted.level != open.level {
            ask("microphone", &self.sound.asks, SoundAsk::Listen(wanted.level)).await?;
        }
        self.scan.send_if_modified(|scan| std::mem::replace(scan, wanted.scan) != wanted.scan);
        *open = wanted;
        Ok(())
    }

    /// Shows the state: the light and the TV follow it.
    fn reflect(&self, appliance: &Appliance, now: Uptime) {
        let light = appliance.light(now);
        self.light.send_if_modified(|shown| std::mem::replace(shown, light) != light);
        let screen = Some(appliance.screen(now));
        self.screen.send_if_modified(|shown| {
            let news = *shown != screen;
            *shown = screen;
            news
        });
    }
}

fn camera_input(event: CameraEvent) -> Input {
    match event {
        CameraEvent::Present { present } => Input::World(Fact::Camera { present }),
        CameraEvent::Opened | CameraEvent::Closed => Input::Tick,
        CameraEvent::Failed(why) => {
            tracing::warn!(why, "camera");
            Input::Tick
        }
    }
}
