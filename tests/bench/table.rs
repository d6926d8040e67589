//! The table that decides.

use crate::counter::Counter;
use crate::figures::{Figures, median, share};
use crate::home::Who;
use crate::lines::Line;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What came out for one line.
pub struct Result {
    name: &'static str,
    words: &'static str,
    seconds: u64,
    runs: BTreeMap<Who, Vec<Figures>>,
    failed: BTreeMap<Who, usize>,
}

/// What is asked of the box.
#[derive(Clone, Copy)]
enum Target {
    None,
    AtLeast(f64),
    AtMost(f64),
    /// The kiosk's times the first, plus the second.
    Kiosk(f64, f64),
}

/// A column of the table.
struct Column {
    key: &'static str,
    words: &'static str,
    digits: usize,
    /// On the clean line, and on every other.
    targets: [Target; 2],
}

const SAME: Target = Target::Kiosk(1.0, 0.0);

const COLUMNS: &[Column] = &[
    column("join", "let in to picture, ms", 0, [SAME, SAME]),
    column("full_after", "720p at 28/s after, s", 1, [Target::AtMost(5.0), Target::None]),
    column("pictures", "pictures/s", 1, [Target::AtLeast(28.0), Target::None]),
    column("height", "lines of the picture", 0, [Target::AtLeast(720.0), Target::None]),
    column("frozen", "frozen, s", 2, [Target::AtMost(0.0), SAME]),
    column("longest", "longest, s", 2, [Target::None, Target::None]),
    column("concealed", "voice concealed, %", 2, [Target::AtMost(0.5), SAME]),
    column("buffer", "voice buffer, ms", 0, [Target::Kiosk(1.0, 20.0), Target::None]),
    column("glass", "glass to glass, ms", 0, [SAME, SAME]),
    column("ear", "mouth to ear, ms", 0, [SAME, SAME]),
    column("skew", "voice behind picture, ms", 0, [Target::None, Target::None]),
    column("likeness", "likeness (SSIM)", 3, [Target::None, Target::None]),
    column("kbps", "kbit/s", 0, [Target::None, Target::None]),
    column("home_join", "at home: to picture, ms", 0, [SAME, SAME]),
    column("home_pictures", "pictures/s", 1, [Target::None, Target::None]),
    column("home_glass", "glass to glass, ms", 0, [SAME, SAME]),
    column("home_ear", "mouth to ear, ms", 0, [SAME, SAME]),
    column("home_skew", "voice behind picture, ms", 0, [Target::None, Target::None]),
    column("home_frozen", "frozen, s", 2, [Target::AtMost(0.0), SAME]),
    column("home_concealed", "voice concealed, %", 2, [Target::None, Target::None]),
    column("cpu", "processor, s/s", 2, [Target::Kiosk(0.7, 0.0), Target::Kiosk(0.7, 0.0)]),
    column("pss", "PSS, MiB", 0, [Target::Kiosk(0.25, 0.0), Target::Kiosk(0.25, 0.0)]),
    column("threads", "threads", 0, [Target::None, Target::None]),
];

const fn column(key: &'static str, words: &'static str, digits: usize, targets: [Target; 2]) -> Column {
    Column { key, words, digits, targets }
}

impl Column {
    fn target(&self, line: &str) -> Target {
        match (line, self.key) {
            // The voice is kept for 99 % of the time.
            ("poor", "concealed") => Target::AtMost(1.0),
            ("clean", _) => self.targets[0],
            _ => self.targets[1],
        }
    }
}

impl Target {
    fn is_met(self, found: f64, kiosk: f64, digits: usize) -> Option<bool> {
        // Half of the last digit shown is no difference.
        let slack = 0.5 / 10_f64.powi(digits as i32);
        match self {
            Self::None => None,
            Self::AtLeast(least) => Some(found >= least - slack),
            Self::AtMost(most) => Some(found <= most + slack),
            Self::Kiosk(times, plus) if kiosk.is_finite() => Some(found <= kiosk * times + plus + slack),
            Self::Kiosk(..) => None,
        }
    }

    fn words(self) -> String {
        match self {
            Self::None => String::new(),
            Self::AtLeast(least) => format!("≥ {least}"),
            Self::AtMost(most) => format!("≤ {most}"),
            Self::Kiosk(1.0, 0.0) => "≤ kiosk".to_owned(),
            Self::Kiosk(1.0, plus) => format!("≤ kiosk + {plus}"),
            Self::Kiosk(times, _) => format!("≤ {times} kiosk"),
        }
    }
}

impl Result {
    /// Nothing yet.
    pub fn new(line: &Line) -> Self {
        Self {
            name: line.name,
            words: line.words,
            seconds: line.seconds,
            runs: BTreeMap::new(),
            failed: BTreeMap::new(),
        }
    }

    /// One more run.
    pub fn add(&mut self, who: Who, figures: Figures) {
        self.runs.entry(who).or_default().push(figures);
    }

    /// One that came to nothing.
    pub fn fail(&mut self, who: Who) {
        *self.failed.entry(who).or_default() += 1;
    }

    /// Everything, as JSON.
    pub fn raw(&self) -> Value {
        let of = |who| self.runs.get(&who);
        json!({ "line": self.name, "is": self.words, "seconds": self.seconds, "box": of(Who::Box), "kiosk": of(Who::Kiosk),
            "failed": self.failed.iter().map(|(who, failed)| (format!("{who:?}"), failed)).collect::<BTreeMap<_, _>>(),
        })
    }

    fn all(&self, who: Who, key: &str) -> Vec<f64> {
        self.runs.get(&who).into_iter().flatten().filter_map(|run| run.get(key).copied()).collect()
    }

    fn median(&self, who: Who, key: &str) -> f64 {
        median(self.all(who, key))
    }

    fn row(&self, who: Who) -> String {
        let name = match who {
            Who::Box => format!("**{}**: {}; box", self.name, self.words),
            Who::Kiosk => "kiosk".to_owned(),
        };
        let failed = self.failed.get(&who).map_or_else(String::new, |failed| format!(" ({failed} failed)"));
        let cells = COLUMNS.iter().map(|column| {
            let (found, kiosk) = (self.median(who, column.key), self.median(Who::Kiosk, column.key));
            if !found.is_finite() {
                // A picture that never got that large misses its target, too.
                let missed = who == Who::Box && matches!(column.target(self.name), Target::AtMost(_));
                return if missed { "never ✗".to_owned() } else { "–".to_owned() };
            }
            let mut cell = format!("{found:.*}", column.digits);
            if column.key.ends_with("join") {
                cell += &format!(" ({:.0})", share(self.all(who, column.key), 0.95));
            }
            if who == Who::Box {
                cell += match column.target(self.name).is_met(found, kiosk, column.digits) {
                    Some(true) => " ✓",
                    Some(false) => " ✗",
                    None => "",
                };
            }
            cell
        });
        format!("| {name}{failed} | {} |\n", cells.collect::<Vec<_>>().join(" | "))
    }
}

/// A run in few words.
pub fn short(figures: &Figures) -> String {
    let words = COLUMNS
        .iter()
        .filter_map(|column| figures.get(column.key).map(|value| format!("{} {value:.*}", column.key, column.digits)));
    words.collect::<Vec<_>>().join(", ")
}

/// The whole report in Markdown.
pub fn report(results: &[Result], runs: usize, machine: &str, took: Duration) -> String {
    let joins = results.first().map_or(0, |first| first.all(Who::Box, "join").len());
    let head: Vec<&str> = COLUMNS.iter().map(|column| column.words).collect();
    let targets =
        |which: usize| COLUMNS.iter().map(|column| column.targets[which].words()).collect::<Vec<_>>().join(" | ");
    let mut report = format!(
        "Measured on {machine} in {} min: our box and the guest page in a Chromium kiosk (headless, 1280x720), in turns, \
         with the same clip (720p at 30/s, speech) before the camera and the same Chromium on the staff page. Medians of {runs} \
         runs, in brackets the 95th percentile, with {joins} joins on the first line; ✓ and ✗: the box meets its target or not. On `poor` the target for the voice is \
         ≤ 1 % concealed.\n\n| line | {} |\n|---|{}\n| *target on clean* | {} |\n| *elsewhere* | {} |\n",
        took.as_secs().div_ceil(60),
        head.join(" | "),
        "--:|".repeat(COLUMNS.len()),
        targets(0),
        targets(1),
    );
    for result in results {
        report += &result.row(Who::Box);
        report += &result.row(Who::Kiosk);
    }
    report
}

/// Date, machine and versions.
pub async fn machine(counter: &Counter) -> String {
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("processors of unknown kind");
    let model = model.trim_start_matches([' ', '\t', ':']);
    let agent = counter.page.script("return (await navigator.userAgentData?.getHighEntropyValues?.(['fullVersionList']))?.fullVersionList?.map(({ brand, version }) => `${brand} ${version}`).find((it) => it.startsWith('Chromium')) ?? navigator.userAgent;").await;
    let commit = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    let commit = commit.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default();
    let build = if cfg!(debug_assertions) { "debug build (no measure)" } else { "release build" };
    let date = jiff::Zoned::now().date();
    format!(
        "{date} at {commit}, {build}, {processors} × {model}, {}, {}",
        gstreamer::version_string(),
        agent.as_str().unwrap_or("an unknown browser"),
    )
}

/// The marks around a report in the README, and its heading there.
pub struct Place {
    /// Before it.
    pub begin: &'static str,
    /// After it.
    pub end: &'static str,
    /// Written once, where there are no marks yet.
    pub heading: &'static str,
}

/// Where the lines' table is.
pub const LINES: Place = Place {
    begin: "<!-- bench: written by make bench README=1 -->",
    end: "<!-- bench: end -->",
    heading: "The call, measured against a browser",
};

/// Puts a report between its marks in the README; at its end, if there are none yet.
pub fn write_readme(report: &str, Place { begin, end, heading }: &Place) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let found = readme.split_once(begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1)));
    let whole = format!("{readme}\n## {heading}\n\n");
    let (before, after) = found.unwrap_or((&whole, "\n"));
    std::fs::write(&path, format!("{before}{begin}\n{report}{end}{after}")).unwrap();
}
