//! `make soak`: many calls in a row, one long call, and calls that are disturbed at random moments. What the box takes
//! must stay flat, nothing may panic, and after each disturbance both must see each other again without anybody's help.
//!
//! `CALLS=50`, `MINUTES=120` and `FAULTS=20` (of each kind) say how much, `SEED=1` which moments, `ONLY="calls long faults"`
//! which parts. Figures are in `target/bench/soak.json`.

use crate::clip::Clip;
use crate::counter::Counter;
use crate::home::{Home, Surroundings, Who};
use crate::link::Weather;
use crate::processes::Tree;
use crate::relay::Relay;
use crate::street::{ROOM, Street};
use crate::{figures, moments, now_ms, said};
use jiff::Timestamp;
use madoguchi::meeting::turn::Turn;
use madoguchi::room;
use madoguchi::room::appointments::reserve::{Wanted, reserve};
use madoguchi::room::demo::{self, Demo};
use madoguchi::room::store::Store;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long both look at each other in each of many calls.
const TOGETHER: Duration = Duration::from_secs(4);
/// Calls, and minutes of a long one, in which caches fill.
const WARM: usize = 5;
/// What may come back within this time must; far longer than any of it should take.
const BACK: Duration = Duration::from_secs(90);
/// Growth from the first figures to the last that is no leak: memory in MiB, and how many threads and descriptors.
const FLAT_PSS: f64 = 8.0;
const FLAT_COUNT: f64 = 3.0;
/// How much later the voice may come at the end than at the beginning, in milliseconds.
const FLAT_DELAY: f64 = 40.0;

/// What is done to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing passes for eight seconds.
    Line,
    /// The room server ends, and another one starts.
    Server,
    /// coturn, which every packet goes through, is killed, and another one starts.
    Relay,
    /// The camera's pipeline fails.
    Camera,
    /// The box is killed and starts anew.
    Supervisor,
}

const FAULTS: [Fault; 5] = [Fault::Line, Fault::Server, Fault::Relay, Fault::Camera, Fault::Supervisor];

/// Counter, line, room server and box.
struct Soak {
    street: Street,
    counter: Counter,
    clip: Clip,
    clip_folder: PathBuf,
    folder: tempfile::TempDir,
    demo: Demo,
    config: room::Config,
    room: Option<room::Running>,
    relay: Option<Relay>,
    complaints: Vec<String>,
}

/// Runs what is asked for; the process fails when something was not as it must be.
pub async fn soak(folder: &Path) {
    let number = |name: &str, usual: usize| match std::env::var(name) {
        Ok(text) if !text.is_empty() => text.parse().unwrap_or_else(|_| panic!("{name} is a number")),
        _ => usual,
    };
    let only = std::env::var("ONLY").unwrap_or_default();
    let wanted = |part: &str| only.is_empty() || only.split_whitespace().any(|word| word == part);
    let parts = ["calls", "long", "faults"];
    let unknown = only.split_whitespace().find(|word| !parts.contains(word));
    assert!(unknown.is_none(), "ONLY takes {}", parts.join(", "));

    let clip_folder = folder.join("clip");
    let clip = Clip::make(&clip_folder);
    let mut soak = Soak::begin(clip, clip_folder).await;
    let mut report = json!({});
    let mut keep = |name: &str, figures: Value| {
        report[name] = figures;
        std::fs::write(folder.join("soak.json"), serde_json::to_string_pretty(&report).unwrap()).unwrap();
    };
    if wanted("calls") {
        keep("calls", soak.many_calls(number("CALLS", 50)).await);
    }
    if wanted("long") {
        keep("long", soak.a_long_call(number("MINUTES", 120)).await);
    }
    if wanted("faults") {
        keep("faults", soak.disturbed_calls(number("FAULTS", 20), number("SEED", 1)).await);
    }
    if let Some(room) = soak.room.take() {
        room.stop().await;
    }
    for complaint in &soak.complaints {
        println!("soak: NOT AS IT MUST BE: {complaint}");
    }
    assert!(soak.complaints.is_empty(), "{} things were not as they must be", soak.complaints.len());
    println!("soak: all as it must be");
}

impl Soak {
    async fn begin(clip: Clip, clip_folder: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut demo = demo::prepare(folder.path()).unwrap();
        // As long as an appointment can be.
        let store = Store::open(&demo.database).unwrap();
        let now = Timestamp::now();
        let made = reserve(&store, now, Wanted { minutes: 240, ..demo::open_now(now) }).unwrap();
        (demo.appointment, demo.key) = (made.appointment.id, made.key);
        drop(store);
        let mut config = room::Config::on_loopback(&demo.database);
        config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, ROOM));
        let (street, counter) = (Street::lay().await, Counter::opens(&clip).await);
        let (room, relay) = (None, None);
        Self { street, counter, clip, clip_folder, folder, demo, config, room, relay, complaints: Vec::new() }
    }

    /// Opens the room, through a relay or not, and seats the counter.
    async fn opens(&mut self, relayed: bool) {
        if let Some(room) = self.room.take() {
            room.stop().await;
        }
        self.relay = relayed.then(|| Relay::start(self.folder.path(), IpAddr::V4(crate::street::OFFICE_IP)));
        self.config.turn = self.relay.as_ref().map_or_else(Turn::default, |relay| relay.turn(true));
        let room = room::serve(self.config.clone()).await.unwrap();
        self.counter.sits_down(&room.public, &self.demo, Duration::from_secs(5)).await;
        self.room = Some(room);
    }

    async fn comes(&self) -> Home {
        let around = Surroundings {
            inside: self.street.inside(),
            folder: self.folder.path(),
            clip: &self.clip,
            clip_folder: &self.clip_folder,
            room: &self.room.as_ref().unwrap().public,
            demo: &self.demo,
            living: None,
        };
        Home::enters(Who::Box, &around).await
    }

    /// Lets the family in and waits for a picture of them; milliseconds from the one to the other.
    async fn meet(&self) -> f64 {
        self.counter.page.script("bench.shown = [];").await;
        let let_in = self.counter.lets_in().await;
        self.counter.sees().await;
        let shown = self.counter.page.script("return bench.shown[0];").await;
        shown.as_f64().unwrap() - let_in
    }

    /// What the box takes now.
    fn look(&self, tree: &Tree, figures: Value) -> Value {
        let taken = tree.taken(&self.clip.pictures);
        let mut look = json!({ "pss": taken.pss, "threads": taken.threads, "descriptors": tree.descriptors() });
        look.as_object_mut().unwrap().extend(figures.as_object().cloned().unwrap_or_default());
        look
    }

    async fn many_calls(&mut self, calls: usize) -> Value {
        self.opens(false).await;
        let home = self.comes().await;
        let (mut looks, tree) = (Vec::new(), home.tree());
        let Home::Box(mut appliance) = home else { unreachable!("a box was asked for") };
        for call in 1..=calls {
            let join = self.meet().await;
            sleep(TOGETHER).await;
            let look = self.look(&tree, json!({ "join": join }));
            println!("soak: call {call}: {look}");
            looks.push(look);
            appliance.goes_and_comes_back().await;
        }
        self.is_flat("many calls", &looks);
        appliance.leaves().await;
        self.nothing_panicked("many calls");
        json!(looks)
    }

    async fn a_long_call(&mut self, minutes: usize) -> Value {
        self.opens(false).await;
        let home = self.comes().await;
        let tree = home.tree();
        self.meet().await;
        self.counter.looks_closely().await;
        let (mut looks, mut before) = (Vec::new(), self.counter.voice().await);
        for minute in 1..=minutes {
            sleep(Duration::from_secs(60)).await;
            let now = self.counter.voice().await;
            let of = |name: &str| now[name].as_f64().unwrap_or(0.0) - before[name].as_f64().unwrap_or(0.0);
            let figures = json!({
                "voice_buffer_ms": of("jitterBufferDelay") / of("jitterBufferEmittedCount").max(1.0) * 1000.0,
                "concealed": of("concealedSamples") / of("totalSamplesReceived").max(1.0),
                "pictures": of("framesDecoded") / 60.0,
            });
            before = now;
            let look = self.look(&tree, figures);
            println!("soak: minute {minute}: {look}");
            looks.push(look);
        }
        let heard = moments(&self.counter.noted().await["tones"]);
        let noted = home.leaves().await;
        let spoken = moments(said(&noted, "spoken"));
        self.is_flat("a long call", &looks);
        let (first, last) = heard.split_at(heard.len() / 2);
        let delays = [first, last].map(|heard| figures::mouth_to_ear(&spoken, heard));
        println!("soak: mouth to ear in the first half {:.0} ms, in the second {:.0} ms", delays[0], delays[1]);
        let later = delays[1] - delays[0];
        if later.is_nan() || later > FLAT_DELAY {
            self.complaints.push(format!("in a long call the voice came later and later: {delays:?} ms"));
        }
        self.nothing_panicked("a long call");
        json!({ "minutes": looks, "mouth_to_ear": delays })
    }

    async fn disturbed_calls(&mut self, rounds: usize, seed: usize) -> Value {
        self.opens(true).await;
        let mut home = self.comes().await;
        self.meet().await;
        let mut random = Random(seed as u64);
        let mut came = Vec::new();
        for round in 1..=rounds {
            let mut order = FAULTS.to_vec();
            while !order.is_empty() {
                let fault = order.swap_remove(random.below(order.len() as u64) as usize);
                sleep(Duration::from_millis(2000 + random.below(4000))).await;
                home = self.disturb(fault, home).await;
                match self.is_back(&mut home).await {
                    Ok(back) => {
                        println!("soak: round {round}, {fault:?}: both see each other again after {back:.1} s");
                        came.push(json!({ "round": round, "fault": format!("{fault:?}"), "back": back }));
                    }
                    Err(why) => {
                        self.counter.page.picture(&self.folder.path().join("stuck.png")).await;
                        self.complaints.push(format!("round {round}, {fault:?}: {why}"));
                        // The others are to be seen, too.
                        drop(home);
                        self.opens(true).await;
                        home = self.comes().await;
                        self.meet().await;
                    }
                }
                self.nothing_panicked(&format!("round {round}, {fault:?}"));
            }
        }
        home.leaves().await;
        json!(came)
    }

    /// Does it, until what was taken away is there again.
    async fn disturb(&mut self, fault: Fault, home: Home) -> Home {
        match fault {
            Fault::Line => {
                self.street.play(vec![(Duration::ZERO, Weather { cut: true, ..Weather::CLEAR })]);
                sleep(Duration::from_secs(8)).await;
                self.street.clear();
            }
            Fault::Server => {
                if let Some(room) = self.room.take() {
                    room.stop().await;
                }
                sleep(Duration::from_secs(2)).await;
                self.room = Some(room::serve(self.config.clone()).await.unwrap());
            }
            Fault::Relay => {
                self.relay = None;
                sleep(Duration::from_secs(1)).await;
                self.relay = Some(Relay::start(self.folder.path(), IpAddr::V4(crate::street::OFFICE_IP)));
            }
            Fault::Camera => {
                let Home::Box(mut appliance) = home else { unreachable!("a box was asked for") };
                appliance.tell("break").await;
                return Home::Box(appliance);
            }
            Fault::Supervisor => {
                let Home::Box(appliance) = home else { unreachable!("a box was asked for") };
                appliance.dies().await;
                let home = self.comes().await;
                self.counter.lets_in().await;
                return home;
            }
        }
        home
    }

    /// Waits until both are in the call again, and pictures come; seconds from now.
    async fn is_back(&mut self, home: &mut Home) -> Result<f64, String> {
        let Home::Box(appliance) = home else { unreachable!("a box was asked for") };
        let (begun, since) = (Instant::now(), now_ms());
        let mut shown = 0;
        while begun.elapsed() < BACK {
            let face = appliance.face().await;
            let asked = format!("return bench.shown.filter((at) => at > {since}).length;");
            shown = self.counter.page.script(&asked).await.as_u64().unwrap_or(0);
            if shown > 10 && face.starts_with("session-live") {
                return Ok(begun.elapsed().as_secs_f64());
            }
            sleep(Duration::from_millis(200)).await;
        }
        let face = appliance.face().await;
        Err(format!("not back after {BACK:?}: the TV shows {face}, and {shown} pictures came to the counter"))
    }

    fn is_flat(&mut self, what: &str, looks: &[Value]) {
        let middle = |looks: &[Value], name: &str| {
            figures::median(looks.iter().filter_map(|look| look[name].as_f64()).collect())
        };
        if looks.len() < WARM * 3 {
            println!("soak: {what}: too few to say whether they stay flat");
            return;
        }
        let (first, last) = (&looks[WARM..WARM * 2], &looks[looks.len() - WARM..]);
        for (name, most) in [("pss", FLAT_PSS), ("threads", FLAT_COUNT), ("descriptors", FLAT_COUNT)] {
            let (before, after) = (middle(first, name), middle(last, name));
            println!("soak: {what}: {name} from {before:.1} to {after:.1}");
            if after - before > most {
                self.complaints.push(format!("{what}: {name} grew from {before:.1} to {after:.1}"));
            }
        }
    }

    fn nothing_panicked(&mut self, when: &str) {
        let log = std::fs::read_to_string(self.folder.path().join("box.log")).unwrap_or_default();
        if let Some(line) = log.lines().find(|line| line.contains("panicked")) {
            self.complaints.push(format!("{when}: {line}"));
        }
    }
}

/// Knuth's MMIX generator: the same moments for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
