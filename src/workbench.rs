//! The workbench: a desk without hardware, where a person lives the story on a web page.
//!
//! It stands behind the same channels as the real devices, so the supervisor cannot tell them apart: a button with a
//! light, a camera's slot, a microphone and a speaker, a virtual radio with cable, a clock and USB sockets. An image
//! never contains it.
//!
//! What is real and what is not: pictures and sound take the same pipelines as on the box. The radio is virtual: it
//! judges and joins virtual access points, while packets take the way of the machine it runs on. So "line cut", a
//! pulled cable or a captive portal do not stop a socket by themselves; [`Ends::line`] says whether packets may pass,
//! and the link and media adapters let nothing through while it is `false`.

pub mod acoustics;
pub mod air;
mod bench;
pub mod camera;
pub mod command;
pub mod house;
pub mod network;
pub mod panel;
pub mod papers;
pub mod radio;
pub mod sound;

pub use command::{Command, Control, Refused};

use crate::device::button::Edge;
use crate::device::clock::ClockEvent;
use crate::device::network::{NetworkAsk, NetworkEvent};
use crate::device::usb::UsbEvent;
use crate::device::{Behind, CHANNEL, Device, device};
use crate::model::light::Light;
use bench::{Bench, Item, Parts, Switches};
use camera::{CameraSlot, Scenery};
use command::{Hear, Tv};
use sound::{Heard, Microphone, Speaker};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// How a desk is set up.
pub struct DeskConfig {
    /// Port of the page on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// Width and height of the camera's pictures.
    pub camera_size: (u32, u32),
    /// How many of them it gives a second.
    pub camera_rate: u32,
    /// How badly papers are held, see [`camera::view::paper_in_view`].
    pub severity: f32,
    /// Text whose mark is painted into the picture of the person, see [`camera::mark`].
    pub mark: Option<String>,
    /// The papers on the desk.
    pub papers: Vec<papers::Paper>,
    /// Id of what lies before the camera at first: `nothing`, `person` or a paper.
    pub shown: String,
    /// What the microphone hears at first; a recording can be chosen again later.
    pub heard: Heard,
    /// Access points in the air.
    pub air: Vec<air::AccessPoint>,
    /// What lies behind the cable, if one is in.
    pub cable: Option<air::Internet>,
    /// How long joining takes.
    pub pace: radio::Pace,
    /// Whether the clock is known.
    pub clock_known: bool,
    /// Another last day of the house's loan.
    pub lent_until: Option<jiff::civil::Date>,
    /// Where the house's networks are kept, as on the box; the desk's own radio keeps none.
    pub kept_networks: Option<std::path::PathBuf>,
}

impl Default for DeskConfig {
    fn default() -> Self {
        Self {
            port: 0,
            camera_size: (640, 480),
            camera_rate: camera::FRAMES_PER_SECOND,
            severity: 1.0,
            mark: None,
            papers: Vec::new(),
            shown: "person".to_owned(),
            heard: Heard::Silence,
            air: air::demo(),
            cable: None,
            pace: radio::Pace::default(),
            clock_known: true,
            lent_until: None,
            kept_networks: None,
        }
    }
}

/// The newest picture of the TV.
#[derive(Clone)]
pub struct TvPicture {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Rows of red, green, blue and an unused byte, without padding.
    pub rgba: Arc<[u8]>,
    /// Goes up with each picture.
    pub sequence: u64,
}

/// The supervisor's ends of the desk's devices.
pub struct Ends {
    /// Edges of the button's contact.
    pub button: mpsc::Receiver<Edge>,
    /// The button's light.
    pub light: watch::Sender<Light>,
    /// The clock.
    pub clock: mpsc::Receiver<ClockEvent>,
    /// The virtual radio and cable.
    pub network: Device<NetworkAsk, NetworkEvent>,
    /// The USB sockets.
    pub usb: mpsc::Receiver<UsbEvent>,
    /// The camera: [`CameraSlot::element`] and [`CameraSlot::plugged`] make a `CameraSource::Element`.
    pub camera: CameraSlot,
    /// The microphone.
    pub microphone: Microphone,
    /// The TV's speaker.
    pub speaker: Speaker,
    /// Whether packets may pass between this home and the world. While `false`, nothing may go or come.
    pub line: watch::Receiver<bool>,
    /// Lines of the trace for the page.
    pub trace: mpsc::Sender<String>,
}

/// A desk in use. It ends when this is dropped.
pub struct Desk {
    /// The supervisor's ends; to be moved out.
    pub ends: Ends,
    /// What keeps the desk going.
    pub running: Running,
}

/// What keeps a desk going: its page and its tasks. They end when this is dropped.
pub struct Running {
    /// Where the page is.
    pub address: SocketAddr,
    control: Control,
    tasks: JoinSet<()>,
}

impl Running {
    /// The hands at the desk.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Waits until a part of the desk ends, which none should.
    pub async fn ended(&mut self) {
        self.tasks.join_next().await;
    }
}

/// Why a desk cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The page's port cannot be had.
    #[error(
        "the workbench's page cannot be served on 127.0.0.1:{port} ({why}); end what uses that port or take another"
    )]
    Port {
        /// Asked for.
        port: u16,
        /// What the system said.
        why: std::io::Error,
    },
    /// GStreamer lacks something.
    #[error("GStreamer cannot be used: {0}; install the packages that the Makefile lists")]
    Media(String),
    /// The configuration asks for something that is not there.
    #[error("{0}")]
    Config(#[from] Refused),
}

impl Desk {
    /// Sets the desk up and serves its page; `tv` gives the newest picture of the TV.
    ///
    /// # Errors
    /// [`DeskError`] says what to do.
    pub async fn start(config: DeskConfig, tv: watch::Receiver<Option<TvPicture>>) -> Result<Self, DeskError> {
        gstreamer::init().map_err(|error| DeskError::Media(error.to_string()))?;
        for point in &config.air {
            point.check().map_err(Refused)?;
        }
        let (listener, address) =
            listen(config.port).await.map_err(|why| DeskError::Port { port: config.port, why })?;
        let (ends, parts, behind) = wire(&config);
        let always = Item::always().map_err(Refused)?;
        let items = always.into_iter().chain(config.papers.into_iter().map(Item::paper)).collect();
        let control = Control { bench: Arc::new(Bench::new(parts, items)) };
        control.run(Command::Clock { known: config.clock_known }).await?;
        control.run(Command::Show { id: config.shown }).await?;

        let mut tasks = JoinSet::new();
        let radio = radio::Radio::new(config.pace, config.air, config.cable);
        tasks.spawn(network::run(radio, behind.network, behind.changes, behind.view, behind.line));
        tasks.spawn(keep_trace(control.clone(), behind.trace));
        tasks.spawn(panel::serve(listener, address, control.clone(), tv));
        Ok(Self { ends, running: Running { address, control, tasks } })
    }

    /// The hands at the desk.
    pub fn control(&self) -> Control {
        self.running.control()
    }

    /// Where the page is.
    pub fn address(&self) -> SocketAddr {
        self.running.address
    }
}

async fn listen(port: u16) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// The far ends of the channels that tasks of the desk read and write.
struct Behinds {
    network: Behind<NetworkAsk, NetworkEvent>,
    changes: mpsc::Receiver<network::Asked>,
    view: watch::Sender<network::View>,
    line: watch::Sender<bool>,
    trace: mpsc::Receiver<String>,
}

/// Makes the devices and the channels between them and the supervisor.
fn wire(config: &DeskConfig) -> (Ends, Parts, Behinds) {
    let (network, network_behind) = device();
    let (changes, changes_behind) = mpsc::channel(CHANNEL);
    let (view, radio) = watch::channel(network::View::default());
    let (line, line_seen) = watch::channel(false);
    let (light, light_seen) = watch::channel(Light::Off);
    let (button, edges) = mpsc::channel(CHANNEL);
    let (clock, clock_events) = mpsc::channel(CHANNEL);
    let (usb, usb_events) = mpsc::channel(CHANNEL);
    let (trace, trace_lines) = mpsc::channel(CHANNEL);
    let state = watch::Sender::new(0);
    let changed = || {
        let state = state.clone();
        Box::new(move || state.send_modify(|version: &mut u64| *version = version.wrapping_add(1)))
    };
    let (size, rate, mark) = (config.camera_size, config.camera_rate, config.mark.clone());
    let camera = CameraSlot::at_rate(rate, size, config.severity, mark, Scenery::Nothing, changed());
    let speaker = Speaker::default();
    let microphone = Microphone::new(config.heard.clone(), speaker.room(), changed());
    let (hears, voice) = match &config.heard {
        Heard::Voice(_) => (Hear::Voice, Some(config.heard.clone())),
        Heard::Tone(hertz) if *hertz > 550.0 => (Hear::Tone660, None),
        Heard::Tone(_) => (Hear::Tone440, None),
        Heard::Silence => (Hear::Silence, None),
    };
    let switches =
        Switches { clock_known: config.clock_known, stick: false, shown: "nothing".into(), hears, tv: Tv::NoEcho };
    let parts = Parts {
        camera: camera.clone(),
        microphone: microphone.clone(),
        speaker: speaker.clone(),
        changes,
        radio,
        light: light_seen,
        button,
        clock,
        usb,
        state,
        switches,
        voice,
    };
    let ends = Ends {
        button: edges,
        light,
        clock: clock_events,
        network,
        usb: usb_events,
        camera,
        microphone,
        speaker,
        line: line_seen,
        trace,
    };
    (ends, parts, Behinds { network: network_behind, changes: changes_behind, view, line, trace: trace_lines })
}

/// Hands the trace's lines to the pages.
async fn keep_trace(control: Control, mut lines: mpsc::Receiver<String>) {
    while let Some(line) = lines.recv().await {
        control.bench.line(line.into());
    }
    // The appliance may end before the desk does.
    std::future::pending().await
}
