//! What staff hear of themselves, and how well a family is heard over its TV: the box and the kiosk in the same computed
//! rooms, in calls over the clean line. `make bench ONLY=echo` runs it.

use crate::figures::{Figures, Span, median};
use crate::home::{Home, Who};
use crate::living::{Asked, Level, Living, Scene, loudness, scenes};
use crate::pulse::SoundCard;
use crate::table::{Place, write_readme};
use crate::{Begun, Bench, lines, now_ms, processes, said, table};
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

/// So long the echo may be heard before it counts: 3 s, and as long as staff's voice takes to be heard at first.
const SETTLING: Duration = Duration::from_secs(5);
/// From somebody's first word on, where both speak, until it counts.
const BOTH: Duration = Duration::from_secs(2);
/// What counts. Staff's words last about as long.
const COUNTS: Duration = Duration::from_secs(20);
/// A room that is further behind than this is not the one that was asked for.
const BEHIND: Duration = Duration::from_millis(150);
/// From the microphone in the room to what is weighed at the counter, in ms.
const ON_THE_WAY: f64 = 300.0;

/// Where the table is in the README.
const PLACE: Place = Place {
    begin: "<!-- echo: written by make bench ONLY=echo README=1 -->",
    end: "<!-- echo: end -->",
    heading: "The echo, measured against a browser",
};

impl Asked {
    fn words(self) -> &'static str {
        match self {
            Self::EchoLoss => "echo loss",
            Self::BothSpeak | Self::NearAlone => "near speech lowered",
            Self::Noise => "noise lower",
        }
    }

    /// What is asked, in dB, and whether more would be better.
    fn target(self) -> (f64, bool) {
        match self {
            Self::EchoLoss => (30.0, true),
            Self::BothSpeak => (7.0, false),
            Self::NearAlone => (1.0, false),
            Self::Noise => (12.0, true),
        }
    }

    /// Whether a figure as it is shown meets it.
    fn is_met(self, found: f64) -> bool {
        let (target, more) = self.target();
        if more { found >= target - 0.05 } else { found <= target + 0.05 }
    }

    fn staff_speak(self) -> bool {
        matches!(self, Self::EchoLoss | Self::BothSpeak)
    }
}

/// What came out in one room.
struct Found {
    scene: Scene,
    runs: BTreeMap<Who, Vec<Figures>>,
    failed: BTreeMap<Who, usize>,
}

/// Measures all rooms so many times.
pub async fn echo(mut bench: Bench, runs: usize, readme: bool) {
    let machine = table::machine(&bench.counter).await;
    let begun = Instant::now();
    let mut all: Vec<Found> = Vec::new();
    let mut report = String::new();
    for scene in scenes() {
        let mut found = Found { scene, runs: BTreeMap::new(), failed: BTreeMap::new() };
        for number in 1..=runs {
            for who in [Who::Box, Who::Kiosk] {
                // As on the lines: what one call does not survive is a figure, too.
                match AssertUnwindSafe(bench.in_room(&found.scene, who)).catch_unwind().await {
                    Ok(figures) => {
                        println!("bench: echo {} {who:?} {number}: {figures:.1?}", found.scene.name);
                        found.runs.entry(who).or_default().push(figures);
                    }
                    Err(_) => {
                        println!("bench: echo {} {who:?} {number}: failed", found.scene.name);
                        *found.failed.entry(who).or_default() += 1;
                    }
                }
            }
        }
        all.push(found);
        report = written(&all, runs, &machine, begun.elapsed());
        let raw = json!({ "machine": machine, "rooms": all.iter().map(Found::raw).collect::<Vec<_>>() });
        std::fs::write(bench.folder.join("echo.json"), serde_json::to_string_pretty(&raw).unwrap()).unwrap();
        std::fs::write(bench.folder.join("echo.md"), &report).unwrap();
    }
    println!("\n{report}");
    if readme {
        write_readme(&report, &PLACE);
    }
}

impl Bench {
    /// One call in a room, measured.
    async fn in_room(&mut self, scene: &Scene, who: Who) -> Figures {
        let living = Living::new(scene.acoustics);
        let card = (who == Who::Kiosk).then(|| {
            let mut card = SoundCard::start(living.clone());
            card.measure(scene.acoustics.delay);
            card
        });
        let line = lines::all().swap_remove(0);
        let Begun { room, mut home, let_in, _folder } = self.begin(&line, who, Some((scene, card.as_ref()))).await;
        if !scene.asked.staff_speak() {
            self.counter.page.script("bench.microphone.enabled = false;").await;
        }
        let tree = home.tree();
        self.counter.sees().await;
        self.counter.page.script("bench.weighs('guest-video');").await;
        if scene.asked == Asked::NearAlone {
            speak(&mut home, &living).await;
        }
        tokio::time::sleep(SETTLING).await;
        if scene.asked == Asked::BothSpeak {
            speak(&mut home, &living).await;
            tokio::time::sleep(BOTH).await;
        }
        let (from, before) = (now_ms(), tree.seconds());
        tokio::time::sleep(COUNTS).await;
        let (to, after) = (now_ms(), tree.seconds());
        tokio::time::sleep(Duration::from_secs_f64(ON_THE_WAY / 1000.0)).await;
        let at_counter = self.counter.noted().await;
        let at_home = home.leaves().await;
        room.stop().await;
        let heard: Vec<Level> = match who {
            Who::Box => serde_json::from_value(said(&at_home, "room").clone()).unwrap(),
            Who::Kiosk => living.levels(),
        };
        let span = Span { let_in, from, to };
        let mut figures = weighed(scene.asked, &heard, &at_counter["levels"], span);
        // The room is no part of the box, though computed in its process.
        let of_room = match who {
            Who::Box => within(&heard, span)
                .last()
                .zip(within(&heard, span).next())
                .map_or(0.0, |(last, first)| last[4] - first[4]),
            Who::Kiosk => 0.0,
        };
        let seconds = processes::spent(&before, &after) - of_room;
        figures.insert("cpu".into(), seconds * 1000.0 / (to - from));
        if let Some(card) = card {
            let behind = card.behind();
            assert!(
                behind < BEHIND,
                "the machine is too busy for the kiosk's room, which is {behind:?} behind; a debug build is too slow"
            );
            if card.adds.is_finite() {
                figures.insert("adds".into(), card.adds);
            }
        }
        figures
    }
}

async fn speak(home: &mut Home, living: &Living) {
    match home {
        Home::Box(appliance) => appliance.tell("speak").await,
        Home::Kiosk(_) => living.speak(),
    }
}

fn within(heard: &[Level], span: Span) -> impl DoubleEndedIterator<Item = &Level> {
    heard.iter().filter(move |level| level[0] > span.from && level[0] <= span.to)
}

/// Loudness in the microphone and at the counter, and how much lies between what is asked of both, in dB.
fn weighed(asked: Asked, heard: &[Level], arrived: &Value, span: Span) -> Figures {
    let microphone = |which: usize| loudness(within(heard, span).map(|level| level[which]));
    let arrived =
        arrived.as_array().into_iter().flatten().filter_map(|level| Some((level[0].as_f64()?, level[1].as_f64()?)));
    let late = arrived.filter(|(at, _)| *at > span.from + ON_THE_WAY && *at <= span.to + ON_THE_WAY);
    let arrived = loudness(late.map(|(_, power)| power));
    let [echo, near, both] = [1, 2, 3].map(microphone);
    let of = match asked {
        Asked::EchoLoss | Asked::Noise => both,
        Asked::BothSpeak | Asked::NearAlone => near,
    };
    let figures = [("echo", echo), ("near", near), ("arrived", arrived), ("db", of - arrived)];
    figures.into_iter().filter(|(_, value)| value.is_finite()).map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Found {
    fn raw(&self) -> Value {
        let failed: BTreeMap<_, _> = self.failed.iter().map(|(who, failed)| (format!("{who:?}"), failed)).collect();
        let of = |who| self.runs.get(&who);
        json!({ "room": self.scene.name, "is": self.scene.words, "asked": self.scene.asked.words(),
            "box": of(Who::Box), "kiosk": of(Who::Kiosk), "failed": failed })
    }

    fn median(&self, who: Who, key: &str) -> f64 {
        median(self.runs.get(&who).into_iter().flatten().filter_map(|run| run.get(key).copied()).collect())
    }

    fn row(&self) -> String {
        let asked = self.scene.asked;
        let (target, more) = asked.target();
        let number = |value: f64, digits: usize| match value.is_finite() {
            true => format!("{value:.digits$}"),
            false => "–".to_owned(),
        };
        let figure = |who: Who| {
            let found = self.median(who, "db");
            let failed = self.failed.get(&who).map_or_else(String::new, |failed| format!(" ({failed} failed)"));
            let met = match who {
                Who::Box if asked.is_met(found) => " ✓",
                Who::Box => " ✗",
                Who::Kiosk => "",
            };
            format!("{}{met}{failed}", number(found, 1))
        };
        let levels = |key: &str| {
            let [our, kiosk] = [Who::Box, Who::Kiosk].map(|who| number(self.median(who, key), 0));
            format!("{our} / {kiosk}")
        };
        format!(
            "| **{}**: {} | {} | {} {target} | {} | {} | {} | {} | {} | {} |\n",
            self.scene.name,
            self.scene.words,
            asked.words(),
            if more { "≥" } else { "≤" },
            figure(Who::Box),
            figure(Who::Kiosk),
            levels(if asked.staff_speak() || asked == Asked::Noise { "echo" } else { "near" }),
            levels("arrived"),
            number(self.median(Who::Box, "cpu"), 2),
            number(self.median(Who::Kiosk, "cpu"), 2),
        )
    }
}

/// The whole report in Markdown.
fn written(all: &[Found], runs: usize, machine: &str, took: Duration) -> String {
    let adds =
        median(all.iter().map(|found| found.median(Who::Kiosk, "adds")).filter(|adds| adds.is_finite()).collect());
    let adds = if adds.is_finite() { format!("{adds:.0} ms") } else { "some time, not measured,".to_owned() };
    let mut report = format!(
        "Measured on {machine} in {} min: our box and the guest page in a Chromium kiosk with the echo cancelling that the page asks \
         for, in turns, in calls over a clean line, medians of {runs} runs. What the TV plays comes back into the microphone \
         through the same computed room, 6 dB lower; what arrives is weighed on the staff page over {} s, at the earliest 3 s after staff's first \
         word. PulseAudio, the kiosk's sound card, adds {adds} to what the TV is late by; the kiosk's camera is drawn in \
         the page, so the processors compare roughly. Both ends lift a quiet voice: near speech lowered by less than nothing is \
         louder at the counter than in the microphone. ✓ and ✗: the box meets its target or not.\n\n\
         | room | measured | target, dB | box, dB | kiosk, dB | in the microphone, dBFS (box / kiosk) | at the counter, dBFS | box, processor s/s | kiosk |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|\n",
        took.as_secs().div_ceil(60),
        COUNTS.as_secs(),
    );
    report.extend(all.iter().map(Found::row));
    report
}
