//! The lines over which both are compared.

use crate::link::Weather;
use crate::street::Script;
use std::time::Duration;

/// A line, and how long it is looked at.
pub struct Line {
    /// What `ONLY=` calls it.
    pub name: &'static str,
    /// What it is like, for the table.
    pub words: &'static str,
    /// How long is measured.
    pub seconds: u64,
    /// How it is from the beginning on.
    pub first: Weather,
    /// What happens once it is measured.
    pub script: Script,
    /// The home has half of the processors.
    pub half: bool,
}

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

const fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// All of them, in the order of the table.
pub fn all() -> Vec<Line> {
    let clear = Weather::CLEAR;
    let wide = Weather { rate: Some(3_000_000), delay: ms(20), ..clear };
    let cut = Weather { cut: true, ..clear };
    let steady = |name, words, seconds, first| Line { name, words, seconds, first, script: Vec::new(), half: false };
    vec![
        steady("clean", "nothing lost, no delay", 12, clear),
        steady("loss20", "20 ms each way, 2 % lost", 20, Weather { delay: ms(20), loss: 0.02, ..clear }),
        steady("loss80", "80 ms each way, 2 % lost", 20, Weather { delay: ms(80), loss: 0.02, ..clear }),
        Line {
            script: vec![(secs(0), wide), (secs(10), Weather { rate: Some(400_000), ..wide }), (secs(25), wide)],
            ..steady("narrows", "3000, after 10 s 400, after 25 s 3000 kbit/s; queue 300 ms", 40, wide)
        },
        steady("poor", "100 kbit/s, 10 % lost", 60, Weather { rate: Some(100_000), loss: 0.1, delay: ms(20), ..clear }),
        steady(
            "bloat",
            "1500 kbit/s before a queue of 500 ms",
            20,
            Weather { rate: Some(1_500_000), queue: ms(500), delay: ms(10), ..clear },
        ),
        steady("sleepy", "Wi-Fi that lets packets out each 100 ms", 20, Weather { bursts: Some(ms(100)), ..clear }),
        Line {
            script: vec![(secs(3), cut), (secs(9), clear), (secs(21), cut), (secs(41), clear)],
            ..steady("cuts", "cut for 6 s, and after 12 s for 20 s", 52, clear)
        },
        Line { half: true, ..steady("half", "half of the processors", 20, clear) },
    ]
}
