//! The appliance as a process of its own, run by this program for itself: the product's supervisor with all its parts, and
//! behind them nothing but a camera and a microphone that give the clip. No room server, page or drawn scenery is in it.
//!
//! Standard input says what the family does, a word a line: `press`, or what the camera sees, `paper` or `clip`. Standard
//! output says what becomes of it, a JSON object a line.

use crate::clip::{Clip, FRAMES, PACE, SIZE, number};
use crate::living::Standing;
use crate::now_ms;
use crate::sound::{Ear, RATE};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use image::{Rgb, RgbImage};
use madoguchi::device::button::Edge;
use madoguchi::device::camera::CameraSource;
use madoguchi::device::clock::ClockEvent;
use madoguchi::device::link::LinkConfig;
use madoguchi::device::media::MediaConfig;
use madoguchi::device::media::process::{self, Home};
use madoguchi::device::network::{NetworkAsk, NetworkEvent, NetworkNews};
use madoguchi::device::sound::SoundPorts;
use madoguchi::device::store::{self, StoreConfig};
use madoguchi::device::tv::{TvConfig, TvFrame, TvSink};
use madoguchi::device::{Behind, CHANNEL, device};
use madoguchi::model::light::Light;
use madoguchi::model::screen::Screen;
use madoguchi::supervisor::tasks::Tasks;
use madoguchi::supervisor::{Parts, Running, assemble};
use madoguchi::workbench::sound::{BUFFERED, Heard, Played, Speaker};
use serde_json::json;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, mpsc, watch};

/// How long the button is held down.
const PRESSED: Duration = Duration::from_millis(120);
/// How long it is held.
const HELD: Duration = Duration::from_millis(3200);
/// So many pictures are remembered at the most: a long call is not to take more and more memory for what measures it.
const REMEMBERED: usize = 20_000;

/// Runs it: `ROOM'S LOAN FOLDER, CLIP'S FOLDER, KEY'S ADDRESS`, and the living room's name where its TV is to be heard in
/// the microphone.
pub fn run(arguments: &[String]) {
    let [data, clip, address, living @ ..] = arguments else { panic!("the appliance wants three arguments") };
    let living = living.first().map(|name| Standing::named(name));
    log();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(live(Path::new(data), Path::new(clip), address, living));
    // What is still under way ends with the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
}

/// Runs the box's media process, which the box starts: it is below it, and counted with it.
pub fn media() {
    log();
    process::live().unwrap();
}

fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
}

async fn live(data: &Path, clip: &Path, address: &str, living: Option<Standing>) {
    gst::init().unwrap();
    let clip = Clip::open(clip);
    let sight = Sight {
        paper: Arc::new(AtomicBool::new(true)),
        broken: Arc::default(),
        jpeg: paper(address).into(),
        clip: clip.clone(),
        taken: Arc::default(),
    };
    let Heard::Voice(voice) = clip.heard() else { panic!("the clip has no voice") };
    let mouth = Mouth { voice, spoken: Arc::default(), living: living.clone() };
    let spoken = mouth.spoken.clone();
    let speaker = Speaker::default();
    let played = speaker.listen();
    let mut tasks = Tasks::default();
    let (button, edges) = mpsc::channel(CHANNEL);
    let (network, behind_network) = device();
    tasks.start("network", cable(behind_network));
    let (clock, clock_events) = mpsc::channel(CHANNEL);
    clock.send(ClockEvent { known: true }).await.unwrap();
    let (store, behind_store) = device();
    tasks.start("store", store::run(behind_store, stores(data)));
    let (slot, behind_slot) = device();
    let (sticks_in, sticks) = mpsc::channel(CHANNEL);
    let plays = speaker.plugged();
    let look = sight.clone();
    let (_camera, present) = watch::channel(true);
    let parts = Parts {
        button: edges,
        light: watch::channel(Light::Off).0,
        camera: CameraSource::Element { present, make: Arc::new(move || look.camera()) },
        sound: SoundPorts {
            microphone: Arc::new(move || mouth.microphone()),
            speaker: Arc::new(move || speaker.element()),
            microphone_present: Arc::new(|| true),
            speaker_at: Arc::new(move || plays.borrow().then(|| "the TV".to_owned())),
        },
        clock: clock_events,
        network,
        counters: watch::channel(Vec::new()).0,
        kept_networks: None,
        store,
        slot,
        sticks,
        tv: TvConfig { width: SIZE.0, height: SIZE.1, sink: TvSink::Frames },
        link: LinkConfig::default(),
        media: MediaConfig { local_addresses: Vec::new(), trust_anchors: watch::channel(Vec::new()).1, line_cut: None },
        media_home: Home::this_program().unwrap(),
    };
    let running = assemble(parts, &mut tasks).unwrap();
    let shown = Arc::new(Mutex::new(Vec::new()));
    tasks.start("watching", watch_tv(running.tv.newest(), running.screen.clone(), shown.clone()));
    let ear = Arc::new(Mutex::new(Ear::default()));
    tasks.start("listening", listen(played, ear.clone(), living.clone()));
    tasks.start("telling", tell(running));
    let stop = tasks.stop();
    let obeying = async {
        obey(&sight, &button, living.as_ref()).await;
        stop.cancel();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = tasks.run() => ended.unwrap(),
        () = obeying => {}
    }
    drop((clock, behind_slot, sticks_in));
    say(&json!({
        "shown": *shown.lock().unwrap(),
        "taken": *sight.taken.lock().unwrap(),
        "spoken": *spoken.lock().unwrap(),
        "heard": ear.lock().unwrap().tones,
        "room": living.as_ref().map(Standing::levels),
    }));
}

/// When something was done with a picture, and its number.
type Shown = Arc<Mutex<Vec<(f64, u32)>>>;

fn remember(shown: &Shown, number: u32, at: f64) {
    let mut shown = shown.lock().unwrap();
    if shown.len() >= REMEMBERED {
        shown.drain(..REMEMBERED / 2);
    }
    shown.push((at, number));
}

/// Looks at the TV during the call.
async fn watch_tv(mut newest: watch::Receiver<Option<TvFrame>>, screen: watch::Receiver<Option<Screen>>, shown: Shown) {
    while newest.changed().await.is_ok() {
        let at = now_ms();
        let Some(frame) = newest.borrow_and_update().clone() else { continue };
        if screen.borrow().as_ref().is_none_or(|screen| screen.face.windows().staff.is_none()) {
            continue;
        }
        let (width, height) = (frame.width() as f32, frame.height() as f32);
        let seen = number(|x, y| Rgb(frame.pixel((x * width) as u32, (y * height) as u32).unwrap_or_default()));
        if let Some(number) = seen
            && shown.lock().unwrap().last().is_none_or(|(_, last)| *last != number)
        {
            remember(&shown, number, at);
        }
    }
}

/// Listens to what is handed to the TV's sound card. Its buffer is not counted: a browser does not see its own either.
async fn listen(mut played: broadcast::Receiver<Played>, ear: Arc<Mutex<Ear>>, living: Option<Standing>) {
    loop {
        match played.recv().await {
            Ok(piece) => {
                let Some(at) = piece.at else { continue };
                if let Some(standing) = &living {
                    standing.plays(at, &piece.samples);
                }
                let now = gst::SystemClock::obtain().time();
                let ahead = at.nseconds() as f64 - now.nseconds() as f64;
                ear.lock().unwrap().hears(&piece.samples, now_ms() + (ahead - BUFFERED.nseconds() as f64) / 1e6);
            }
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// Does what it is told until nobody tells anything any more.
async fn obey(sight: &Sight, button: &mpsc::Sender<Edge>, living: Option<&Standing>) {
    let (told, mut lines) = mpsc::channel(CHANNEL);
    // A thread of its own: what waits at standard input cannot be given up.
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if told.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        match line.as_str() {
            "press" => {
                button.send(Edge { down: true }).await.unwrap();
                tokio::time::sleep(PRESSED).await;
                button.send(Edge { down: false }).await.unwrap();
            }
            "hold" => {
                button.send(Edge { down: true }).await.unwrap();
                tokio::time::sleep(HELD).await;
                button.send(Edge { down: false }).await.unwrap();
            }
            "break" => sight.broken.store(true, Ordering::Relaxed),
            "paper" => sight.paper.store(true, Ordering::Relaxed),
            "clip" => sight.paper.store(false, Ordering::Relaxed),
            "speak" => living.expect("somebody can speak in a living room alone").speak(),
            other => panic!("the appliance does not know what \"{other}\" is"),
        }
    }
}

/// Says which screen is shown, and each turn.
async fn tell(mut running: Running) {
    let mut screen = running.screen.clone();
    loop {
        tokio::select! {
            changed = screen.changed() => {
                if changed.is_err() {
                    return;
                }
                let face = screen.borrow_and_update().as_ref().map(|screen| screen.face.name());
                say(&json!({ "at": now_ms(), "face": face }));
            }
            line = running.trace.recv() => match line {
                Some(line) => say(&json!({ "at": now_ms(), "turn": line })),
                None => return,
            },
        }
    }
}

fn say(what: &serde_json::Value) {
    let mut out = std::io::stdout().lock();
    // Whoever listened is gone: then the end is near anyway.
    let _ = writeln!(out, "{what}").and_then(|()| out.flush());
}

fn stores(data: &Path) -> StoreConfig {
    let folder: PathBuf = data.parent().unwrap().to_owned();
    StoreConfig {
        loan: data.join("loan.toml"),
        owed: folder.join("wipe-owed"),
        data_key: folder.join("data.key"),
        emptied: vec![data.to_owned()],
        made_anew: folder.join("data-made-anew"),
        settled: None,
        followed: folder.join("followed"),
        serial: None,
        os_release: folder.join("os-release"),
        boot_files: None,
        cities: None,
        erase: None,
    }
}

/// A cable with the internet behind it.
async fn cable(mut behind: Behind<NetworkAsk, NetworkEvent>) {
    for event in [NetworkEvent::Cable { plugged: true }, NetworkEvent::Carries { up: true, trouble: None }] {
        behind.events.send(event).await.unwrap();
    }
    while let Some(ask) = behind.asks.recv().await {
        let news = match ask {
            NetworkAsk::Forget { .. } => NetworkNews::Forgotten,
            _ => NetworkNews::Up,
        };
        let answer = NetworkEvent::Answer { attempt: ask.attempt(), news };
        if behind.events.send(answer).await.is_err() {
            return;
        }
    }
}

/// The city's paper before the camera, as a JPEG.
fn paper(address: &str) -> Vec<u8> {
    let code = qrcode::QrCode::new(address).unwrap();
    let (modules, size) = (code.to_colors(), code.width() as u32);
    let module = 400 / size;
    let mut picture = RgbImage::from_pixel(SIZE.0, SIZE.1, Rgb([245; 3]));
    let (left, top) = ((SIZE.0 - module * size) / 2, (SIZE.1 - module * size) / 2);
    for y in 0..size * module {
        for x in 0..size * module {
            if modules[(y / module * size + x / module) as usize] == qrcode::Color::Dark {
                picture.put_pixel(left + x, top + y, Rgb([16; 3]));
            }
        }
    }
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 85).encode_image(&picture).unwrap();
    jpeg
}

/// What the camera sees.
#[derive(Clone)]
struct Sight {
    paper: Arc<AtomicBool>,
    /// The camera is to fail now.
    broken: Arc<AtomicBool>,
    jpeg: Arc<[u8]>,
    clip: Clip,
    /// When each picture of the clip was taken.
    taken: Shown,
}

impl Sight {
    /// A camera that packs its pictures as JPEG, as most do, and the decoder for it that the box uses.
    fn camera(&self) -> Result<gst::Element, String> {
        let (width, height) = SIZE;
        let description = format!(
            "appsrc name=camera is-live=true do-timestamp=true format=time max-buffers=4 leaky-type=downstream \
             caps=image/jpeg,width={width},height={height},framerate={PACE}/1 ! jpegdec"
        );
        let bin = gst::parse::bin_from_description(&description, true).map_err(|error| error.to_string())?;
        let source = bin.by_name("camera").unwrap().downcast::<gst_app::AppSrc>().unwrap();
        let (weak, sight) = (source.downgrade(), self.clone());
        std::thread::Builder::new().name("bench-camera".into()).spawn(move || sight.feed(&weak)).unwrap();
        Ok(bin.upcast())
    }

    /// Gives a picture each thirtieth of a second until the camera is closed.
    fn feed(&self, weak: &gst::glib::WeakRef<gst_app::AppSrc>) {
        let file = File::open(&self.clip.pictures).unwrap();
        let begun = Instant::now();
        for number in 0_u32.. {
            let due = Duration::from_secs(1) * number / PACE;
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
            let Some(source) = weak.upgrade() else { return };
            if self.broken.swap(false, Ordering::Relaxed) {
                gst::element_error!(
                    source,
                    gst::ResourceError::Failed,
                    ["the camera is broken, as it was asked to be"]
                );
            }
            let jpeg = match self.paper.load(Ordering::Relaxed) {
                true => self.jpeg.to_vec(),
                false => {
                    remember(&self.taken, number % FRAMES, now_ms());
                    self.clip.picture(&file, number)
                }
            };
            // Refused while it is not running.
            let _ = source.push_buffer(gst::Buffer::from_mut_slice(jpeg));
        }
    }
}

/// What the microphone hears.
struct Mouth {
    voice: Arc<[i16]>,
    /// When each tone at a full second began.
    spoken: Arc<Mutex<Vec<f64>>>,
    /// It hears this room, not the voice.
    living: Option<Standing>,
}

impl Mouth {
    /// A microphone that gives what it heard each 10 ms.
    fn microphone(&self) -> Result<gst::Element, String> {
        let description = format!(
            "appsrc name=microphone is-live=true do-timestamp=true format=time max-buffers=20 leaky-type=downstream \
             caps=audio/x-raw,format=S16LE,rate={RATE},channels=1,layout=interleaved ! identity silent=true"
        );
        let bin = gst::parse::bin_from_description(&description, true).map_err(|error| error.to_string())?;
        let source = bin.by_name("microphone").unwrap().downcast::<gst_app::AppSrc>().unwrap();
        let (weak, voice, spoken) = (source.downgrade(), self.voice.clone(), self.spoken.clone());
        let living = self.living.clone();
        let speaking = move || speak(&weak, &voice, &spoken, living.as_ref());
        std::thread::Builder::new().name("bench-mic".into()).spawn(speaking).unwrap();
        Ok(bin.upcast())
    }
}

fn speak(
    weak: &gst::glib::WeakRef<gst_app::AppSrc>,
    voice: &[i16],
    spoken: &Mutex<Vec<f64>>,
    living: Option<&Standing>,
) {
    const PIECE: usize = RATE as usize / 100;
    let begun = Instant::now();
    // What was heard in 10 ms is there at their end.
    for number in 1_usize.. {
        let due = Duration::from_millis(10) * number as u32;
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        let Some(source) = weak.upgrade() else { return };
        let from = (number - 1) * PIECE;
        if from.is_multiple_of(RATE as usize) {
            spoken.lock().unwrap().push(now_ms() - 10.0);
        }
        let heard = match living {
            Some(standing) => standing.hears(PIECE),
            None => (from..from + PIECE).map(|at| voice[at % voice.len()]).collect(),
        };
        let piece: Vec<u8> = heard.into_iter().flat_map(i16::to_le_bytes).collect();
        // Refused while it is not running.
        let _ = source.push_buffer(gst::Buffer::from_mut_slice(piece));
    }
}
