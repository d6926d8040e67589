//! The story, lived unattended: the real room server, the real coturn and a real Chromium on the staff's side; the
//! appliance with its real pipelines on the workbench's desk. `make story` runs it; `make test` includes it.
//!
//! Three lives, from boot to wipe:
//! * in Japanese, media from end to end;
//! * in English, media from end to end, and the line is cut in the middle of the call;
//! * in Japanese, over the relay only.
//!
//! Each life writes a picture of the TV at every screen, the trace, and its part of `report.md` into
//! `target/story` (or the folder named on the command line). The last line is a summary with the figures; the exit
//! code is 0 only if everything was seen.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test and a program of its own: it starts browsers and servers, and fails by panicking"
)]

mod clips;
mod counter;
mod ears;
mod life;
mod pictures;
mod relay;

#[path = "../support/browser/mod.rs"]
mod browser;
#[path = "../support/loopback.rs"]
mod loopback;

use life::{Life, Lived};
use madoguchi::model::language::Language;
use std::path::{Path, PathBuf};

fn main() {
    let folder = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/story"), PathBuf::from);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the story's folder cannot be made");
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Runtime::new().expect("tokio does not start");
    let only = std::env::var("STORY_ONLY").ok();
    let lives =
        [("ja", Language::Japanese, false), ("en", Language::English, false), ("relay", Language::Japanese, true)];
    let mut lived = Vec::new();
    for (name, language, relay_only) in lives {
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        println!("story: {name}");
        let line_is_cut = name == "en";
        let life = Life { name, language, relay_only, line_is_cut, folder: folder.join(name) };
        lived.push(runtime.block_on(life.live()));
    }
    let report: String = lived.iter().map(Lived::report).collect();
    std::fs::write(folder.join("report.md"), format!("# The story, lived\n\n{report}"))
        .expect("no room for the report");
    println!("report: {}", folder.join("report.md").display());
    println!(
        "story: {} lives, all seen; {}",
        lived.len(),
        lived.iter().map(Lived::summary).collect::<Vec<_>>().join("; ")
    );
}
