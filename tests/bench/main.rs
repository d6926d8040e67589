//! The call measured against a browser: our box and the guest page in a Chromium in kiosk mode, in turns, over the same
//! line, with the same clip before the camera, and the same Chromium on the staff page. `make bench` runs it.
//!
//! `ONLY=clean` takes one line of several (see `lines`), `RUNS=5` so many runs of each end on each line, `README=1` writes
//! the table into the README. Raw figures and what each end noted are in `target/bench`. `ONLY=echo` is in [`mod@echo`], `make
//! soak` in [`soak`], `make lines` in [`crowd`].

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a program of its own that measures: it starts browsers and servers, and fails by panicking"
)]

mod appliance;
mod clip;
mod counter;
mod crowd;
mod echo;
mod figures;
mod home;
mod lines;
mod living;
mod processes;
mod pulse;
mod soak;
mod sound;
mod street;
mod table;

#[path = "../support/browser/mod.rs"]
mod browser;
#[path = "../support/link.rs"]
mod link;
#[path = "../live/relay.rs"]
mod relay;
#[path = "../echo/voices.rs"]
mod voices;

use clip::Clip;
use counter::Counter;
use figures::{Figures, Marks, Span};
use futures_util::FutureExt;
use home::{Home, Surroundings, Who};
use lines::Line;
use madoguchi::device::media::process;
use madoguchi::room;
use serde_json::{Value, json};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use street::{ROOM, Street};

/// Set in the process that has namespaces of its own.
const INSIDE: &str = "MADOGUCHI_BENCH_INSIDE";
/// Between two looks at the counter's figures.
const LOOKS: Duration = Duration::from_millis(500);
/// From letting in to the beginning of what counts: the clean line is to be at its best by then.
const SETTLING: Duration = Duration::from_secs(5);
/// Joins beside the longer runs, where all lines are measured.
const JOINS: usize = 15;
/// After the first picture at the counter the one at home comes within this time, or is not counted.
const BOTH: Duration = Duration::from_millis(1500);
/// How long, after that, numbers, tones and pictures are looked at, and how many pictures.
const CLOSELY: Duration = Duration::from_secs(3);
const PICTURES: u32 = 3;
/// So long before the end of what counts, at the most, memory and threads are looked at.
const LOOK: Duration = Duration::from_secs(4);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == "box") {
        appliance::run(&arguments[1..]);
    } else if arguments.first().is_some_and(|word| word == process::ARGUMENT) {
        appliance::media();
    } else if std::env::var_os("CROWD").is_some_and(|value| !value.is_empty()) {
        tokio::runtime::Runtime::new().unwrap().block_on(crowd::crowd());
    } else if std::env::var_os(INSIDE).is_none() {
        std::process::exit(inside_namespaces());
    } else {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        if std::env::var_os("SOAK").is_some_and(|value| !value.is_empty()) {
            runtime.block_on(soak::soak(&Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench")));
        } else {
            runtime.block_on(bench());
        }
    }
}

/// Runs this program once more, with users, network and processes for itself: what it starts ends with it, and it needs no
/// rights.
fn inside_namespaces() -> i32 {
    let ended = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "--", "unshare", "--user", "--map-root-user"])
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(std::env::args().skip(1))
        .env(INSIDE, "1")
        .status();
    let ended = ended.unwrap_or_else(|why| panic!("setpriv: {why}; install it with: apt-get install util-linux"));
    ended.code().unwrap_or(1)
}

async fn bench() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    let (only, runs) = (std::env::var("ONLY").unwrap_or_default(), std::env::var("RUNS").unwrap_or_default());
    let runs: usize = if runs.is_empty() { 5 } else { runs.parse().expect("RUNS is a number") };
    let only: Vec<&str> = only.split_whitespace().collect();
    let readme = std::env::var_os("README").is_some_and(|value| !value.is_empty());
    let clip_folder = folder.join("clip");
    let clip = Clip::make(&clip_folder);
    if only == ["echo"] {
        // Staff say something else, without tones, as long as voices are weighed.
        let staff = Clip { voice: clip_folder.join("staff.wav"), ..clip.clone() };
        living::write_staff(&staff.voice);
        let (street, counter) = (Street::lay().await, Counter::opens(&staff).await);
        return echo::echo(Bench { street, counter, clip, clip_folder, folder }, runs, readme).await;
    }
    let lines = lines::all();
    for name in &only {
        let names: Vec<&str> = lines.iter().map(|line| line.name).collect();
        assert!(names.contains(name), "there is no line {name}; there are {}, and echo alone", names.join(", "));
    }
    let mut bench =
        Bench { street: Street::lay().await, counter: Counter::opens(&clip).await, clip, clip_folder, folder };
    let machine = table::machine(&bench.counter).await;
    let begun = Instant::now();
    let mut results = Vec::new();
    let mut report = String::new();
    for line in lines.into_iter().filter(|line| only.is_empty() || only.contains(&line.name)) {
        // Joins alone take seconds: many of them where all lines are measured.
        let joins = if only.is_empty() && line.name == "clean" { JOINS } else { 0 };
        let mut result = table::Result::new(&line);
        for number in 1..=runs + joins {
            for who in [Who::Box, Who::Kiosk] {
                let ran = async {
                    match number <= runs {
                        true => bench.run(&line, who, number).await,
                        false => bench.join(&line, who).await,
                    }
                };
                // What one call does not survive is a figure, too, and no reason to lose the others.
                match AssertUnwindSafe(ran).catch_unwind().await {
                    Ok(figures) => {
                        println!("bench: {} {who:?} {number}: {}", line.name, table::short(&figures));
                        result.add(who, figures);
                    }
                    Err(_) => {
                        println!("bench: {} {who:?} {number}: failed", line.name);
                        result.fail(who);
                    }
                }
            }
        }
        results.push(result);
        // After each line: an hour is long.
        report = table::report(&results, runs, &machine, begun.elapsed());
        std::fs::write(bench.folder.join("report.md"), &report).unwrap();
        let raw = json!({ "machine": machine, "lines": results.iter().map(table::Result::raw).collect::<Vec<_>>() });
        std::fs::write(bench.folder.join("figures.json"), serde_json::to_string_pretty(&raw).unwrap()).unwrap();
    }
    println!("\n{report}");
    if readme {
        table::write_readme(&report, &table::LINES);
    }
}

/// What all runs share.
struct Bench {
    street: Street,
    counter: Counter,
    clip: Clip,
    clip_folder: PathBuf,
    folder: PathBuf,
}

impl Bench {
    /// A call until both see each other.
    async fn join(&mut self, line: &Line, who: Who) -> Figures {
        let begun = self.begin(line, who, None).await;
        self.counter.sees().await;
        tokio::time::sleep(BOTH).await;
        let at_counter = self.counter.noted().await;
        let at_home = begun.home.leaves().await;
        begun.room.stop().await;
        let now = now_ms();
        let span = Span { let_in: begun.let_in, from: now, to: now };
        let mut figures = Figures::default();
        figures::of_shown(&moments(&at_counter["shown"]), span, "", &mut figures);
        figures::of_shown(&shown_at_home(who, &at_home), span, "home_", &mut figures);
        figures.retain(|name, _| name.ends_with("join"));
        figures
    }

    /// Brings both together, until the counter lets the family in.
    async fn begin(
        &mut self,
        line: &Line,
        who: Who,
        living: Option<(&living::Scene, Option<&pulse::SoundCard>)>,
    ) -> Begun {
        let folder = tempfile::tempdir().unwrap();
        let demo = room::demo::prepare(folder.path()).unwrap();
        let mut config = room::Config::on_loopback(&demo.database);
        config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, ROOM));
        let room = room::serve(config).await.unwrap();
        self.counter.sits_down(&room.public, &demo, LOOKS).await;
        self.street.play(vec![(Duration::ZERO, line.first)]);
        let halved = if line.half { half() } else { String::new() };
        let around = Surroundings {
            inside: format!("{halved}{}", self.street.inside()),
            folder: folder.path(),
            clip: &self.clip,
            clip_folder: &self.clip_folder,
            room: &room.public,
            demo: &demo,
            living,
        };
        let home = Home::enters(who, &around).await;
        let let_in = self.counter.lets_in().await;
        Begun { room, home, let_in, _folder: folder }
    }

    /// One call, measured.
    async fn run(&mut self, line: &Line, who: Who, number: usize) -> Figures {
        let Begun { room, home, let_in, _folder } = self.begin(line, who, None).await;
        let tree = home.tree();
        tokio::time::sleep(SETTLING.saturating_sub(Duration::from_secs_f64((now_ms() - let_in) / 1000.0))).await;

        let (from, before) = (now_ms(), tree.seconds());
        if !line.script.is_empty() {
            self.street.play(line.script.clone());
        }
        let until = tokio::time::Instant::now() + Duration::from_secs(line.seconds);
        tokio::time::sleep_until(until - LOOK.min(Duration::from_secs(line.seconds) / 2)).await;
        let taken = tree.taken(&self.clip.pictures);
        tokio::time::sleep_until(until).await;
        let (to, after) = (now_ms(), tree.seconds());
        let span = Span { let_in, from, to };

        let likeness = self.look_closely(&home).await;
        let at_counter = self.counter.noted().await;
        self.street.clear();
        let at_home = home.leaves().await;
        room.stop().await;
        let mut figures = Figures::default();
        figures::of_page(&at_counter, span, "", &mut figures);
        figures::of_told(&at_counter, span, &mut figures);
        match who {
            Who::Kiosk => figures::of_page(&at_home, span, "home_", &mut figures),
            Who::Box => figures::of_shown(&shown_at_home(who, &at_home), span, "home_", &mut figures),
        }
        let counter = Noted::by_page(&at_counter);
        let home = match who {
            Who::Kiosk => Noted::by_page(&at_home),
            Who::Box => Noted::by_box(&at_home),
        };
        for (prefix, from, to) in [("", &home, &counter), ("home_", &counter, &home)] {
            let glass = figures::glass_to_glass(&from.taken, &to.shown);
            let ear = figures::mouth_to_ear(&from.spoken, &to.heard);
            for (name, value) in [("glass", glass), ("ear", ear), ("skew", ear - glass)] {
                if value.is_finite() {
                    figures.insert(format!("{prefix}{name}"), value);
                }
            }
        }
        if likeness.is_finite() {
            figures.insert("likeness".into(), likeness);
        }
        figures::of_processes(processes::spent(&before, &after), span, taken, &mut figures);
        self.keep(
            line,
            who,
            number,
            &json!({
                "counter": at_counter,
                "home": at_home,
                "figures": figures,
                "packets so far": format!("{:?}", self.street.fates()),
            }),
        );
        figures
    }

    /// Looks at numbers, tones and whole pictures for a while; gives how alike those are to what the camera saw.
    async fn look_closely(&self, home: &Home) -> f64 {
        home.looks_closely().await;
        self.counter.looks_closely().await;
        let mut alike = Vec::new();
        let file = File::open(&self.clip.pictures).unwrap();
        for _ in 0..PICTURES {
            tokio::time::sleep(CLOSELY / PICTURES).await;
            let (number, png) = self.counter.picture().await;
            if let Some(number) = number {
                let luma = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().to_luma8();
                alike.push(figures::likeness(&luma(&png), &luma(&self.clip.picture(&file, number))));
            }
        }
        figures::median(alike)
    }

    /// Keeps what was noted, to be looked at.
    fn keep(&self, line: &Line, who: Who, number: usize, noted: &Value) {
        let folder = self.folder.join("runs");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{}-{who:?}-{number}.json", line.name).to_lowercase());
        std::fs::write(file, noted.to_string()).unwrap();
    }
}

/// A call that has begun.
struct Begun {
    room: room::Running,
    home: Home,
    /// In milliseconds since 1970.
    let_in: f64,
    _folder: tempfile::TempDir,
}

/// What was looked at closely at one end.
struct Noted {
    /// When the own camera took each picture.
    taken: Marks,
    /// When each picture of the other end was shown.
    shown: Marks,
    /// When the own microphone heard each tone.
    spoken: Vec<f64>,
    /// When each tone of the other end was ready for the sound card, whose own buffer neither end counts.
    heard: Vec<f64>,
}

impl Noted {
    /// A page learns of a tone after the portion of 10 ms that it is in, and after what takes a track's sound to a listener,
    /// which it has found out with tones of its own.
    fn by_page(noted: &Value) -> Self {
        let hop = figures::mouth_to_ear(&moments(&noted["made"]), &moments(&noted["arrived"]));
        let hop = if hop.is_finite() { hop } else { 0.0 };
        let before = |what: &str, late: f64| moments(&noted[what]).into_iter().map(|at| at - late).collect();
        Self {
            taken: marks(&noted["own"], 0),
            shown: marks(&noted["marks"], 1),
            spoken: before("spoken", hop + 10.0),
            heard: before("tones", hop),
        }
    }

    fn by_box(noted: &Value) -> Self {
        Self {
            taken: marks(said(noted, "taken"), 0),
            shown: marks(said(noted, "shown"), 0),
            spoken: moments(said(noted, "spoken")),
            heard: moments(said(noted, "heard")),
        }
    }
}

/// When the counter's pictures were seen at home.
fn shown_at_home(who: Who, noted: &Value) -> Vec<f64> {
    match who {
        Who::Box => marks(said(noted, "shown"), 0).into_iter().map(|(at, _)| at).collect(),
        Who::Kiosk => moments(&noted["shown"]),
    }
}

/// What the box said at its end.
fn said<'noted>(noted: &'noted Value, what: &str) -> &'noted Value {
    const NOTHING: &Value = &Value::Null;
    noted["said"].as_array().into_iter().flatten().find_map(|said| said.get(what)).unwrap_or(NOTHING)
}

/// Moments and numbers; the moment is at this place of each.
fn marks(noted: &Value, place: usize) -> Marks {
    let each = noted.as_array().into_iter().flatten().filter_map(Value::as_array);
    each.filter_map(|mark| Some((mark[place].as_f64()?, mark.last()?.as_u64()? as u32))).collect()
}

fn moments(noted: &Value) -> Vec<f64> {
    noted.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

/// What to put before a command so that it has half of the processors.
fn half() -> String {
    let all = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    format!("taskset --cpu-list 0-{} ", (all / 2).max(1) - 1)
}

/// The wall clock, as the browser's `performance` has it.
fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() * 1000.0
}
