//! The box's parts list, top to bottom: every device gets its task, and the supervisor the other end of each.

use super::showing::{Shown, show};
use super::tasks::Tasks;
use super::{Devices, drive, scanning};
use crate::device::button::Edge;
use crate::device::camera::{self, CameraSource};
use crate::device::clock::ClockEvent;
use crate::device::link::{self, LinkConfig};
use crate::device::media::process::{self, Home};
use crate::device::media::{self, MediaAsk, MediaConfig};
use crate::device::network::{NetworkAsk, NetworkEvent, last_day};
use crate::device::pace::Pace;
use crate::device::slot::{SlotAsk, SlotEvent};
use crate::device::sound::{self, SessionAudio, SoundPorts};
use crate::device::store::{StoreAsk, StoreEvent};
use crate::device::tv::{Tv, TvConfig};
use crate::device::{Device, device};
use crate::model::light::Light;
use crate::model::loan::Loan;
use crate::model::screen::Screen;
use crate::model::stick::StickNews;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, watch};

/// What differs between the box and the workbench.
pub struct Parts {
    /// Edges of the button.
    pub button: mpsc::Receiver<Edge>,
    /// The light in it.
    pub light: watch::Sender<Light>,
    /// Where pictures come from.
    pub camera: CameraSource,
    /// Microphone and speaker.
    pub sound: SoundPorts,
    /// Whether the wall clock may be believed.
    pub clock: mpsc::Receiver<ClockEvent>,
    /// The home network.
    pub network: Device<NetworkAsk, NetworkEvent>,
    /// Tells it where a call must reach.
    pub counters: watch::Sender<Vec<String>>,
    /// Where joined networks are kept; they are forgotten after the loan's last day.
    pub kept_networks: Option<PathBuf>,
    /// What survives a power cut.
    pub store: Device<StoreAsk, StoreEvent>,
    /// The two slots of the system.
    pub slot: Device<SlotAsk, SlotEvent>,
    /// Sticks and what they bring.
    pub sticks: mpsc::Receiver<StickNews>,
    /// Size and output of the TV.
    pub tv: TvConfig,
    /// The signalling line.
    pub link: LinkConfig,
    /// Picture and sound.
    pub media: MediaConfig,
    /// Where the process comes from that has the sessions.
    pub media_home: Home,
}

/// What can be watched of a running appliance.
pub struct Running {
    /// The TV; its newest picture can be had.
    pub tv: Arc<Tv>,
    /// The screen as the core wants it.
    pub screen: watch::Receiver<Option<Screen>>,
    /// Each screen as it is handed to the TV.
    pub shown: broadcast::Sender<Shown>,
    /// The log line of each turn.
    pub trace: mpsc::UnboundedReceiver<String>,
    /// Counts turns: what the watchdog is fed with.
    pub progress: watch::Receiver<u64>,
    /// Whether a camera is there, once that is known.
    pub camera: watch::Receiver<Option<bool>>,
    /// Where a call with ourselves is asked for.
    pub media: mpsc::Sender<MediaAsk>,
}

/// Starts every part.
///
/// # Errors
/// What could not be started, and why.
pub fn assemble(parts: Parts, tasks: &mut Tasks) -> Result<Running, String> {
    let (tv, tv_task) = Tv::open(parts.tv)?;
    let tv = Arc::new(tv);
    tasks.start("tv", tv_task);

    let (frames_in, frames) = watch::channel(None);
    let (camera, behind_camera) = device();
    let pace = Pace::default();
    tasks.start("camera", camera::run(behind_camera, parts.camera, pace.clone(), frames_in));
    tv.own_frames(frames.clone());

    let (loan_in, loan) = watch::channel(None);
    let loan_of_media = loan.clone();
    tasks.start("counters", tell_the_loans_counters(loan.clone(), parts.counters));
    if let Some(kept) = parts.kept_networks {
        tasks.start("last day", last_day::forget_after_it(loan.clone(), kept));
    }
    let (scan_in, scan) = watch::channel(false);
    let (seen_in, seen) = mpsc::channel(crate::device::CHANNEL);
    tasks.start("scanner", scanning::scan(frames.clone(), scan, loan, seen_in));

    let (sound, behind_sound) = device();
    let audio = SessionAudio::default();
    tasks.start("sound", sound::run(behind_sound, parts.sound, audio.clone()));

    let (link, behind_link) = device();
    tasks.start("link", link::run(behind_link, parts.link));

    let (staff_in, staff) = watch::channel(None);
    let (media, behind_media) = device();
    let (trust_in, trust_anchors) = watch::channel(Vec::new());
    tasks.start("trust", trust_the_loans_anchors(loan_of_media, trust_in));
    let config = MediaConfig { trust_anchors, ..parts.media };
    let ports = media::Ports { config, camera: frames, staff: staff_in, sound: audio, pace };
    tasks.start("media", process::run(behind_media, ports, parts.media_home));
    let asks_media = media.asks.clone();
    tv.staff_frames(staff);

    let (screen_in, screen) = watch::channel(None);
    let (shown, _) = broadcast::channel(256);
    tasks.start("screens", show(screen.clone(), tv.clone(), shown.clone()));

    let (trace_in, trace) = mpsc::unbounded_channel();
    let (progress_in, progress) = watch::channel(0);
    let (camera_seen, camera_present) = watch::channel(None);
    let devices = Devices {
        button: parts.button,
        light: parts.light,
        camera,
        scan: scan_in,
        seen,
        sound,
        clock: parts.clock,
        network: parts.network,
        link,
        media,
        store: parts.store,
        slot: parts.slot,
        sticks: parts.sticks,
        camera_seen,
        screen: screen_in,
        loan: loan_in,
        trace: trace_in,
        progress: progress_in,
    };
    tasks.start("appliance", drive(devices));
    Ok(Running { tv, screen, shown, trace, progress, camera: camera_present, media: asks_media })
}

/// What the network must reach are the loan's counters.
async fn tell_the_loans_counters(mut loan: watch::Receiver<Option<Loan>>, hosts: watch::Sender<Vec<String>>) {
    while loan.changed().await.is_ok() {
        let counters = loan.borrow_and_update().as_ref().map(|loan| loan.counters.clone()).unwrap_or_default();
        hosts.send_replace(counters.into_iter().flat_map(|counter| counter.hosts).collect());
    }
}

/// Relays over TLS are trusted by the loan's certificates, too.
async fn trust_the_loans_anchors(mut loan: watch::Receiver<Option<Loan>>, anchors: watch::Sender<Vec<String>>) {
    while loan.changed().await.is_ok() {
        let trusted = loan.borrow_and_update().as_ref().map(|loan| loan.trust_anchors.clone()).unwrap_or_default();
        anchors.send_replace(trusted);
    }
}
