//! The family's end: the appliance, or the guest page in a Chromium in kiosk mode.

use crate::browser::Browser;
use crate::clip::{Clip, SIZE};
use crate::counter::{overseer, senses};
use crate::living::Scene;
use crate::processes::Tree;
use crate::pulse::SoundCard;
use madoguchi::model::language::Language;
use madoguchi::room::demo::Demo;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Far longer than any screen takes to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// Our box.
    Box,
    /// A browser.
    Kiosk,
}

/// Where and with what they live.
pub struct Surroundings<'bench> {
    /// What to put before a command so that it runs at home.
    pub inside: String,
    /// For files.
    pub folder: &'bench Path,
    /// What is seen and heard there.
    pub clip: &'bench Clip,
    /// Where the clip lies.
    pub clip_folder: &'bench Path,
    /// The room server, as the home names it.
    pub room: &'bench str,
    /// The room.
    pub demo: &'bench Demo,
    /// Where the TV is heard in the microphone, which has no voice of the clip then; a kiosk has a sound card for it.
    pub living: Option<(&'bench Scene, Option<&'bench SoundCard>)>,
}

/// An end that is running.
pub enum Home {
    /// The box.
    Box(Appliance),
    /// The browser.
    Kiosk(Browser),
}

impl Home {
    /// Starts one and brings it into the lobby.
    pub async fn enters(who: Who, around: &Surroundings<'_>) -> Self {
        match who {
            Who::Box => Self::Box(Appliance::enters(around).await),
            Who::Kiosk => Self::Kiosk(kiosk(around).await),
        }
    }

    /// All its processes.
    pub fn tree(&self) -> Tree {
        match self {
            Self::Box(appliance) => Tree::of(appliance.process.id().unwrap()),
            Self::Kiosk(browser) => Tree::of(u32::try_from(browser.process()).unwrap()),
        }
    }

    /// Notes from now on which pictures are taken and shown when, and when tones are spoken and heard. The box always does.
    pub async fn looks_closely(&self) {
        if let Self::Kiosk(browser) = self {
            browser.script("bench.looksClosely('staff-video', 'self-video');").await;
        }
    }

    /// Ends it; gives what it noted.
    pub async fn leaves(self) -> Value {
        match self {
            Self::Box(appliance) => appliance.leaves().await,
            Self::Kiosk(browser) => browser.call("bench.take", vec![]).await,
        }
    }
}

async fn kiosk(around: &Surroundings<'_>) -> Browser {
    let program = around.folder.join("chromium-at-home");
    let card = around.living.and_then(|(_, card)| card);
    // Made-up devices would replace the sound card, too.
    let real =
        "for flag; do shift; case \"$flag\" in --use-fake-device-*) ;; *) set -- \"$@\" \"$flag\" ;; esac; done\n";
    let (environment, flags) = card.map_or_else(Default::default, |card| (card.environment(), real));
    let script = format!("#!/bin/sh\n{flags}exec {environment} {} chromium \"$@\"\n", around.inside);
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let senses = senses(around.clip);
    // The driver is not at home: a port there would be out of its reach.
    let mut flags = vec!["--kiosk", "--remote-debugging-pipe"];
    flags.extend(senses.iter().map(String::as_str));
    let browser = Browser::started_by(&program, SIZE.0, SIZE.1, &flags).await;
    browser.go(around.demo.key_url(around.room, Language::Japanese).expose()).await;
    browser.until_data("state", "ready").await;
    browser.script(&overseer()).await;
    if card.is_some() {
        browser.script("bench.drawsItsCamera();").await;
    }
    browser.press("check").await;
    browser.press("agree").await;
    browser.until_data("state", "lobby").await;
    browser.script("bench.watch('staff-video', 1000);").await;
    browser
}

/// The box's process.
pub struct Appliance {
    process: Child,
    family: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    noted: Vec<Value>,
}

impl Appliance {
    async fn enters(around: &Surroundings<'_>) -> Self {
        let data = lend(around.folder);
        let mut words: Vec<String> = around.inside.split(' ').map(str::to_owned).collect();
        words.push(std::env::current_exe().unwrap().display().to_string());
        words.push("box".to_owned());
        words.extend([&data, around.clip_folder].map(|path| path.display().to_string()));
        words.push(around.demo.key_url(around.room, Language::Japanese).expose().to_owned());
        words.extend(around.living.map(|(scene, _)| scene.name.to_owned()));
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(around.clip_folder.with_file_name("box.log"))
            .unwrap();
        let mut process = Command::new(&words[0])
            .args(&words[1..])
            // As systemd/madoguchi.service has it.
            .env("MALLOC_ARENA_MAX", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (family, out) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut appliance = Self { process, family, said: BufReader::new(out).lines(), noted: Vec::new() };
        appliance.comes_into_the_lobby().await;
        appliance
    }

    /// From its paper on.
    async fn comes_into_the_lobby(&mut self) {
        self.until_face("ready-mirror").await;
        self.tell("clip").await;
        self.tell("press").await;
        for page in ["ready-rules-1", "ready-rules-2", "ready-rules-3"] {
            self.until_face(page).await;
            self.tell("press").await;
        }
        self.until_face("session-lobby").await;
    }

    /// The family leave, and show their paper again.
    pub async fn goes_and_comes_back(&mut self) {
        self.tell("paper").await;
        self.tell("hold").await;
        self.until_face("session-ended-left").await;
        self.tell("press").await;
        self.comes_into_the_lobby().await;
        // Long calls and many of them: what was said is of no use any more.
        self.noted.clear();
    }

    /// Ends it as a failing supply does.
    pub async fn dies(mut self) {
        self.process.kill().await.unwrap();
    }

    /// The screen that it is at now.
    pub async fn face(&mut self) -> String {
        // What it has said already is there at once.
        while let Ok(Ok(Some(line))) = timeout(Duration::from_millis(20), self.said.next_line()).await {
            self.noted.push(serde_json::from_str(&line).unwrap());
        }
        let faces = self.noted.iter().rev().filter_map(|said| said["face"].as_str());
        faces.map(str::to_owned).next().unwrap_or_default()
    }

    /// Tells it what the family do.
    pub async fn tell(&mut self, word: &str) {
        self.family.write_all(format!("{word}\n").as_bytes()).await.unwrap();
    }

    async fn until_face(&mut self, face: &str) {
        let seen = timeout(PATIENCE, async {
            while let Ok(Some(line)) = self.said.next_line().await {
                let said: Value = serde_json::from_str(&line).unwrap();
                let reached = said["face"] == face;
                self.noted.push(said);
                if reached {
                    return;
                }
            }
            panic!("the appliance ended before {face}; it said {:?}", self.noted);
        });
        assert!(seen.await.is_ok(), "the appliance never showed {face}; it said {:?}", self.noted);
    }

    /// Ends it; gives what it said.
    pub async fn leaves(self) -> Value {
        let Self { mut process, family, mut said, mut noted } = self;
        drop(family);
        let rest = timeout(PATIENCE, async {
            while let Ok(Some(line)) = said.next_line().await {
                noted.push(serde_json::from_str(&line).unwrap());
            }
            process.wait().await
        });
        assert!(rest.await.is_ok(), "the appliance did not end");
        json!({ "said": noted })
    }
}

/// Loan and data key as on the box.
fn lend(folder: &Path) -> PathBuf {
    const LOAN: &str = include_str!("../../src/workbench/demo-loan.toml");
    let data = folder.join("data");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("loan.toml"), LOAN).unwrap();
    std::fs::write(folder.join("data.key"), b"a stand-in for the data partition's key").unwrap();
    data
}
