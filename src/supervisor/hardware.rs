//! The box itself: real button, light, camera, sound, network, store and display, watched by systemd.

use super::good::{self, Signs};
use super::tasks::Tasks;
use super::{Parts, Running, assemble};
use crate::cities::{self, Places};
use crate::device::button::{self, ButtonConfig};
use crate::device::camera::CameraSource;
use crate::device::clock::{self, ClockConfig};
use crate::device::light::{self, Lamp};
use crate::device::link::LinkConfig;
use crate::device::media::MediaConfig;
use crate::device::media::process::Home;
use crate::device::slot::SlotConfig;
use crate::device::sound::SoundPorts;
use crate::device::store::{self, StoreConfig};
use crate::device::systemd::{self, Pulse, Watchdog};
use crate::device::tv::mode::{Wish, fit};
use crate::device::tv::{self, Tv, TvConfig, TvSink};
use crate::device::{CHANNEL, able, device, network, slot, stick, usb};
use crate::model::light::Light;
use crate::model::screen::{Face, Screen};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

/// So long the rest of the system waits for the first screen: a data partition is made in less.
const FIRST_SCREEN: Duration = Duration::from_secs(30);
/// So long a screen takes to the TV at most; without a TV nothing is to be waited for.
const PAINTED: Duration = Duration::from_secs(3);

/// Where the box finds its parts. The defaults are the names that `udev/90-madoguchi.rules` gives.
#[derive(clap::Args, Clone, Debug)]
pub struct HardwareConfig {
    /// The camera's capture device
    #[arg(long, default_value = "/dev/madoguchi/camera")]
    camera: PathBuf,
    /// ALSA name of the microphone; the first card that can record without it
    #[arg(long)]
    microphone: Option<String>,
    /// ALSA name of the TV's sound; without it the card of the HDMI socket that has a TV, else the first that can play
    #[arg(long)]
    speaker: Option<String>,
    /// DRM driver of the display, such as vc4; the first that has a TV without it
    #[arg(long)]
    display: Option<String>,
    /// Mode of the TV, such as 1280x720 or 1280x720@50; without it that of `madoguchi.tv=` on the kernel's command line,
    /// else the best that the TV has. It has to offer the mode: one that does not gets its best
    #[arg(long)]
    tv: Option<Wish>,
    /// Folder in which the system mounts USB sticks, with a NAME.ready beside each that is mounted
    #[arg(long, default_value = usb::STICKS)]
    sticks: PathBuf,
    /// Folder with the boot partition's city keys (*.pub, minisign) and their certificates by the release's key: who may
    /// prepare loans, beside those of the system itself
    #[arg(long, default_value = cities::SITE)]
    site_keys: PathBuf,
    /// File in which is noted what was seen working, for `madoguchi good`
    #[arg(long, default_value = able::ABLE)]
    able: PathBuf,
}

/// The picture's size until a TV says what it has.
const SIZE: (u32, u32) = (1920, 1080);
/// Runs the box until systemd asks it to end.
///
/// # Errors
/// The part that could not be started, or that ended unasked; systemd then starts everything afresh.
pub async fn run(config: HardwareConfig) -> Result<(), String> {
    let mut tasks = Tasks::default();
    let (first_in, first) = watch::channel(false);
    let parts = parts(&config, first.clone(), &mut tasks);
    let running = assemble(parts, &mut tasks)?;
    let mut watchdog = Watchdog::new();
    let pulse = watchdog.part("the appliance's turns");
    tasks.start("pulse", beat(running.progress.clone(), pulse));
    tasks.start("watchdog", watchdog.run());
    tasks.start("first screen", say_ready(running.screen.clone(), running.tv.clone(), first_in));
    let signs = Signs {
        tv: running.tv.clone(),
        first,
        camera: running.camera.clone(),
        progress: running.progress.clone(),
        media: running.media.clone(),
    };
    tasks.start("signs of a call", good::note(signs, config.able));
    tasks.start("status", say_status(running));
    let stop = tasks.stop();
    let mut ended =
        signal(SignalKind::terminate()).map_err(|error| format!("SIGTERM cannot be waited for: {error}"))?;
    let result = tokio::select! {
        result = tasks.run() => result,
        _ = ended.recv() => {
            stop.cancel();
            Ok(())
        }
    };
    systemd::stopping();
    result
}

fn parts(config: &HardwareConfig, mut first: watch::Receiver<bool>, tasks: &mut Tasks) -> Parts {
    let (edges_in, button) = mpsc::channel(CHANNEL);
    tasks.start("button", button::run(edges_in, ButtonConfig::default()));
    let (light, lights) = watch::channel(Light::default());
    tasks.start("light", light::run(lights, Lamp::default()));
    let (clock_in, clock) = mpsc::channel(CHANNEL);
    tasks.start("clock", clock::run(clock_in, ClockConfig::default()));
    let (network, behind_network) = device();
    let (counters, counters_out) = watch::channel(Vec::new());
    tasks.start("network", network::run(behind_network, network::KNOWN.into(), counters_out));
    let (store, behind_store) = device();
    let settled = Some(config.site_keys.join("settled"));
    let cities = Places { site: config.site_keys.clone(), settled, ..Places::default() };
    let stores = StoreConfig { cities: Some(cities.clone()), ..StoreConfig::default() };
    tasks.start("store", store::run(behind_store, stores));
    let (slot, behind_slot) = device();
    tasks.start("slot", async move {
        // Asking starts RAUC, which nobody needs before the first screen.
        let _ = first.wait_for(|stands| *stands).await;
        slot::run(behind_slot, SlotConfig::default()).await;
    });
    let (plugged_in, plugged) = mpsc::channel(CHANNEL);
    tasks.start("usb", usb::run(plugged_in, config.sticks.clone(), usb::SETTLING));
    let (news_in, sticks) = mpsc::channel(CHANNEL);
    tasks.start("sticks", stick::run(plugged, news_in, cities));
    let wish = config.tv.or_else(tv::wished_by_the_kernel);
    let (width, height) = wish.map_or(SIZE, |wish| fit(wish.width, wish.height).picture);
    Parts {
        button,
        light,
        camera: CameraSource::V4l2 { device: config.camera.clone() },
        sound: SoundPorts::alsa(config.microphone.clone(), config.speaker.clone()),
        clock,
        network,
        counters,
        kept_networks: Some(network::KNOWN.into()),
        store,
        slot,
        sticks,
        tv: TvConfig { width, height, sink: TvSink::Kms { driver: config.display.clone(), wish } },
        link: LinkConfig::default(),
        media: MediaConfig { local_addresses: Vec::new(), trust_anchors: watch::channel(Vec::new()).1, line_cut: None },
        // Not `Home::of_the_box()` yet: in the emulated board the counter's sound came later and later with a second process.
        media_home: Home::Within,
    }
}

/// Tells systemd that the box is up when the TV shows what the box is held for: what starts after it does not take the
/// processor away from the first screen. Where that does not come in time, the box is up all the same.
async fn say_ready(mut screen: watch::Receiver<Option<Screen>>, tv: Arc<Tv>, first: watch::Sender<bool>) {
    let (mut newest, mut plugged) = (tv.newest(), tv.plugged());
    let shown = async {
        let told = |screen: &Option<Screen>| screen.as_ref().is_some_and(|screen| screen.face != Face::Starting);
        let _ = screen.wait_for(told).await;
        newest.mark_unchanged();
        let painted = async {
            let _ = newest.changed().await;
            let _ = plugged.wait_for(|plugged| *plugged).await;
        };
        let _ = timeout(PAINTED, painted).await;
    };
    let _ = timeout(FIRST_SCREEN, shown).await;
    systemd::ready();
    first.send_replace(true);
    std::future::pending().await
}

async fn beat(mut progress: watch::Receiver<u64>, pulse: Pulse) {
    while progress.changed().await.is_ok() {
        pulse.beat();
    }
}

/// `systemctl status` names the screen. The trace is in the log already.
async fn say_status(mut running: Running) {
    let mut shown = running.shown.subscribe();
    let draining = async { while running.trace.recv().await.is_some() {} };
    let saying = async {
        while let Ok(shown) = shown.recv().await {
            systemd::status(&shown.face);
        }
    };
    tokio::join!(draining, saying);
}
