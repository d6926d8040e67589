//! The whole house on one desk: room server with its demo city, the desk's devices, and the appliance among them.

#![expect(clippy::disallowed_methods, reason = "lays out the desk's folder and joins its parts")]

pub mod command;

use super::command::Refused;
use super::sound::Speaker;
use super::{Control, Desk, DeskConfig, DeskError, Ends, Running, TvPicture, papers};
use crate::device::camera::CameraSource;
use crate::device::link::LinkConfig;
use crate::device::media::MediaConfig;
use crate::device::media::process::Home;
use crate::device::sound::SoundPorts;
use crate::device::store::{self, StoreConfig};
use crate::device::tv::{TvConfig, TvFrame, TvSink};
use crate::device::usb::UsbEvent;
use crate::device::{CHANNEL, device};
use crate::model::language::Language;
use crate::model::loan::Loan;
use crate::model::screen::{HourMinute, Telephone};
use crate::model::stick::{Stick, StickId, StickNews};
use crate::model::wire::Words;
use crate::room::{self, demo};
use crate::sheet::{self, Sheet};
use crate::supervisor::tasks::Tasks;
use crate::supervisor::{self, Parts, assemble};
use image::RgbaImage;
use jiff::{SignedDuration, Timestamp};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// The loan of the demo city; its counter's host is filled in when the room server listens.
const DEMO_LOAN: &str = include_str!("demo-loan.toml");
/// Width of a paper in pixels: 150 dots an inch.
const PAPER_WIDTH: u32 = 1240;
/// The line of the demo loan that names its last day.
const LAST_DAY: &str = "until = \"2099-03-31\"";
/// The line of the demo loan that names the counter's hosts.
const HOSTS: &str = "hosts = [\"localhost:8443\", \"127.0.0.1:8443\"]";

/// How a house is set up.
pub struct HouseConfig {
    /// Where the room server's file and the loan lie.
    pub folder: PathBuf,
    /// Port of the room server on 127.0.0.1; 0 for any free one.
    pub room_port: u16,
    /// STUN and TURN.
    pub turn: crate::meeting::turn::Turn,
    /// Language of today's paper.
    pub language: Language,
    /// The desk. Its papers are made by the house and put before those given.
    pub desk: DeskConfig,
    /// Width and height of the TV.
    pub tv: (u32, u32),
    /// Where the appliance's media process comes from.
    pub media: Home,
    /// Hosts (`HOST:PORT`) of other room servers that the loan names beside the house's own.
    pub other_rooms: Vec<String>,
}

/// A house in which somebody lives. Its tasks are in the [`Tasks`] that it was moved into.
pub struct House {
    /// The room server.
    pub room: room::Running,
    /// What the demo city prepared: staff's password, the appointment, its key.
    pub demo: demo::Demo,
    /// The desk's page and hands.
    pub desk: Running,
    /// The appliance.
    pub appliance: supervisor::Running,
    /// What the TV plays.
    pub speaker: Speaker,
    /// The store's folder: after a wipe nothing is in it.
    pub data: PathBuf,
}

/// Why a house cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    /// The demo city.
    #[error("the demo city could not be prepared: {0}")]
    Demo(#[from] demo::DemoError),
    /// The room server.
    #[error("the room server does not start: {0}")]
    Room(#[from] room::ServeError),
    /// The desk.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The appliance, a paper or the folder.
    #[error("{0}")]
    Part(String),
}

impl From<Refused> for HouseError {
    fn from(refused: Refused) -> Self {
        Self::Part(refused.to_string())
    }
}

impl House {
    /// Sets everything up; the appliance begins its story at once.
    ///
    /// # Errors
    /// [`HouseError`] says which part does not start, and why.
    pub async fn start(config: HouseConfig, tasks: &mut Tasks) -> Result<Self, HouseError> {
        let (yesterdays, demo) = prepare(&config.folder)?;
        let mut server = room::Config::on_loopback(&demo.database);
        server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, config.room_port));
        server.turn = config.turn;
        let room = room::serve(server).await?;

        let mut desk_config = config.desk;
        let today = demo.key_url(&room.public, config.language);
        let yesterday = yesterdays.key_url(&room.public, config.language);
        let mut all = room_papers(today.expose(), yesterday.expose(), &elsewhere(&demo))?;
        all.extend(papers::demo_wifi().map_err(HouseError::Part)?);
        all.append(&mut desk_config.papers);
        desk_config.papers = all;
        let (lent_until, kept) = (desk_config.lent_until.take(), desk_config.kept_networks.take());
        let data = lay_out_data(&config.folder, room.address, &config.other_rooms, lent_until)?;

        let (picture_in, picture) = watch::channel(None);
        let desk = Desk::start(desk_config, picture).await?;
        let (ends, desk) = (desk.ends, desk.running);
        let (trace, speaker) = (ends.trace.clone(), ends.speaker.clone());
        let parts = Parts { kept_networks: kept, ..parts(ends, &data, config.tv, config.media, tasks) };
        let mut appliance = assemble(parts, tasks).map_err(HouseError::Part)?;
        tasks.start("desk tv", hand_pictures(appliance.tv.newest(), picture_in));
        let (kept_in, kept) = mpsc::unbounded_channel();
        let lines = std::mem::replace(&mut appliance.trace, kept);
        tasks.start("desk trace", hand_trace(lines, trace, kept_in));
        Ok(Self { room, demo, desk, appliance, speaker, data })
    }

    /// The hands at the desk.
    pub fn control(&self) -> Control {
        self.desk.control()
    }
}

/// Yesterday's appointment, which is over, and today's, which is open.
fn prepare(folder: &Path) -> Result<(demo::Demo, demo::Demo), HouseError> {
    let now = Timestamp::now();
    let yesterday = now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(now);
    Ok((demo::prepare_at(folder, yesterday)?, demo::prepare_at(folder, now)?))
}

/// The city's papers as staff print them: today's, yesterday's, another city's.
fn room_papers(today: &str, yesterday: &str, elsewhere: &str) -> Result<Vec<papers::Paper>, HouseError> {
    let drawn = [
        ("room-today", "きょうの紙", "Today's sheet", today, demo::city()),
        ("room-yesterday", "きのうの紙", "Yesterday's sheet", yesterday, demo::city()),
        ("room-elsewhere", "よその市の紙", "Another city's sheet", elsewhere, Words::ja_en("あおば市", "Aoba City")),
    ];
    let papers = drawn.into_iter().map(|(id, ja, en, url, city)| {
        let failed = |why: String| HouseError::Part(format!("the paper \"{id}\" cannot be drawn: {why}"));
        let picture = sheet::render(&demo_sheet(url, city), PAPER_WIDTH).map_err(|error| failed(error.to_string()))?;
        let (width, height) = (picture.width(), picture.height());
        let image = RgbaImage::from_raw(width, height, picture.take()).ok_or_else(|| failed("its size".to_owned()))?;
        Ok(papers::Paper::new(id, ja, en, image))
    });
    papers.collect()
}

fn demo_sheet(url: &str, city: Words) -> Sheet {
    let counter = demo::counter();
    Sheet {
        url: url.to_owned(),
        city,
        counter: counter.name,
        date: jiff::Zoned::now().date(),
        starts: HourMinute { hour: 10, minute: 0 },
        ends: HourMinute { hour: 11, minute: 0 },
        telephone: Telephone {
            number: counter.telephone,
            hours: Words::ja_en("平日 8:30〜17:15", "Mon–Fri 8:30–17:15"),
        },
        opens: None,
        number: None,
    }
}

/// A sound room key of a city that is not on this loan's list.
fn elsewhere(demo: &demo::Demo) -> String {
    format!("https://counter.other-city.example/j#{}", demo.key.expose())
}

/// Loan, debt note and data key as on the box, in the desk's own folder.
fn lay_out_data(
    folder: &Path,
    room: SocketAddr,
    others: &[String],
    until: Option<jiff::civil::Date>,
) -> Result<PathBuf, HouseError> {
    let data = folder.join("data");
    let mut hosts = vec![format!("localhost:{}", room.port()), format!("127.0.0.1:{}", room.port())];
    hosts.extend_from_slice(others);
    let hosts = format!("hosts = {hosts:?}");
    let failed = |what: &str, error: std::io::Error| {
        HouseError::Part(format!("cannot write {what} in {}: {error}", data.display()))
    };
    std::fs::create_dir_all(&data).map_err(|error| failed("the folder", error))?;
    let mut loan = DEMO_LOAN.replace(HOSTS, &hosts);
    if let Some(until) = until {
        loan = loan.replace(LAST_DAY, &format!("until = \"{until}\""));
    }
    std::fs::write(data.join("loan.toml"), loan).map_err(|error| failed("the loan", error))?;
    std::fs::write(folder.join("data.key"), b"the desk's stand-in for the data partition's key")
        .map_err(|error| failed("the data key", error))?;
    Ok(data)
}

fn parts(ends: Ends, data: &Path, (width, height): (u32, u32), media_home: Home, tasks: &mut Tasks) -> Parts {
    let folder = data.parent().unwrap_or(data);
    let (store, behind_store) = device();
    let stores = StoreConfig {
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
    };
    tasks.start("store", store::run(behind_store, stores));
    let (slot, mut behind_slot) = device();
    tasks.start("slot", async move {
        while let Some(ask) = behind_slot.asks.recv().await {
            tracing::info!(?ask, "the desk has no slots");
        }
        behind_slot.events.closed().await;
    });
    let (news_in, sticks) = mpsc::channel(CHANNEL);
    tasks.start("sticks", hand_returns(ends.usb, news_in));
    let (cut_in, cut) = watch::channel(false);
    tasks.start("line cutter", cut_lines(ends.line, cut_in));
    let (camera, microphone, speaker) = (ends.camera, ends.microphone, ends.speaker);
    let (plugged, sounds) = (microphone.plugged(), speaker.plugged());
    Parts {
        button: ends.button,
        light: ends.light,
        camera: CameraSource::Element { present: camera.plugged(), make: Arc::new(move || camera.element()) },
        sound: SoundPorts {
            microphone: Arc::new(move || microphone.element()),
            speaker: Arc::new(move || speaker.element()),
            microphone_present: Arc::new(move || *plugged.borrow()),
            speaker_at: Arc::new(move || sounds.borrow().then(|| "the desk's TV".to_owned())),
        },
        clock: ends.clock,
        network: ends.network,
        // The desk's home is told by its page what lies behind it.
        counters: watch::channel(Vec::new()).0,
        kept_networks: None,
        store,
        slot,
        sticks,
        tv: TvConfig { width, height, sink: TvSink::Frames },
        link: LinkConfig { line_cut: Some(cut.clone()), ..LinkConfig::default() },
        media: MediaConfig {
            local_addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            trust_anchors: watch::channel(Vec::new()).1,
            line_cut: Some(cut),
        },
        media_home,
    }
}

/// A stick on the desk is the city's return stick for the demo loan.
async fn hand_returns(mut sticks: mpsc::Receiver<UsbEvent>, returns: mpsc::Sender<StickNews>) {
    let lent = Loan::from_toml(DEMO_LOAN).map(|loan| loan.id).unwrap_or_default();
    let mut id = StickId::default();
    while let Some(event) = sticks.recv().await {
        let news = match event {
            UsbEvent::In { .. } => {
                id = StickId(id.0.wrapping_add(1));
                StickNews::In(Stick {
                    id,
                    by_hand: true,
                    give_back: Some(Ok(lent.as_str().into())),
                    ..Stick::default()
                })
            }
            UsbEvent::Out { .. } => StickNews::Out(id),
        };
        if returns.send(news).await.is_err() {
            return;
        }
    }
}

/// The desk says whether packets may pass; the line's cutter wants to know whether it is cut. A line that was never
/// up (no cable yet) is not cut.
async fn cut_lines(mut passes: watch::Receiver<bool>, cut: watch::Sender<bool>) {
    while passes.changed().await.is_ok() {
        let passes = *passes.borrow_and_update();
        cut.send_replace(!passes);
    }
}

async fn hand_trace(
    mut lines: mpsc::UnboundedReceiver<String>,
    page: mpsc::Sender<String>,
    kept: mpsc::UnboundedSender<String>,
) {
    while let Some(line) = lines.recv().await {
        // A page that falls behind misses lines; whoever keeps the trace gets all.
        let _ = page.try_send(line.clone());
        let _ = kept.send(line);
    }
}

async fn hand_pictures(mut frames: watch::Receiver<Option<TvFrame>>, page: watch::Sender<Option<TvPicture>>) {
    let mut sequence = 0;
    while frames.changed().await.is_ok() {
        let Some(frame) = frames.borrow_and_update().clone() else { continue };
        let painted = tokio::task::spawn_blocking(move || (frame.width(), frame.height(), frame.rgba()));
        let Ok((width, height, rgba)) = painted.await else { return };
        sequence += 1;
        page.send_replace(Some(TvPicture { width, height, rgba: rgba.into(), sequence }));
    }
}
