//! A family's home: the house with its appliance, and what is read on the TV.

use crate::desk::Desk;
use jiff::Timestamp;
use madoguchi::device::media::process::Home as MediaHome;
use madoguchi::model::language::Language;
use madoguchi::model::screen::{HoldDoes, PressDoes, RULES_PAGES, Screen};
use madoguchi::room::{Clock, demo};
use madoguchi::supervisor::tasks::Tasks;
use madoguchi::workbench::air::Internet;
use madoguchi::workbench::house::{House, HouseConfig};
use madoguchi::workbench::papers::{Ink, Paper, sheet};
use madoguchi::workbench::{Command, DeskConfig};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// Far longer than any step takes on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A room server's clock that stands still until it is moved, so that nothing depends on how fast a test runs.
#[derive(Clone)]
pub struct StoppedClock(Arc<Mutex<Timestamp>>);

impl StoppedClock {
    /// Stopped now.
    pub fn now() -> Self {
        Self(Arc::new(Mutex::new(Timestamp::now())))
    }

    pub fn set(&self, time: Timestamp) {
        *self.0.lock().unwrap() = time;
    }

    /// For a room server.
    pub fn clock(&self) -> Clock {
        let time = self.0.clone();
        Arc::new(move || *time.lock().unwrap())
    }
}

/// A house in which somebody lives: cable in, nothing before the camera.
pub struct Home {
    pub house: House,
    screen: watch::Receiver<Option<Screen>>,
    painted: watch::Receiver<BTreeSet<String>>,
    /// Every line of the trace so far.
    lines: Vec<String>,
    /// So many of them were looked at.
    looked_at: usize,
    secrets: Vec<String>,
    stop: CancellationToken,
    running: JoinHandle<Result<(), String>>,
    _folder: tempfile::TempDir,
}

impl Home {
    /// A home whose loan names also this room server; its paper lies on the desk as `paper`.
    pub async fn near(desk: &Desk) -> Self {
        let mut home = Self::with(&[desk.running().address.to_string()], |_| {}).await;
        home.has_paper("paper", desk.demo.key_url(&desk.running().public, Language::Japanese).expose());
        home
    }

    pub async fn with(other_rooms: &[String], change: impl FnOnce(&mut DeskConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut desk = DeskConfig {
            shown: "nothing".to_owned(),
            cable: Some(Internet::Reachable),
            severity: 0.5,
            ..DeskConfig::default()
        };
        change(&mut desk);
        let config = HouseConfig {
            folder: folder.path().join("house"),
            room_port: 0,
            turn: madoguchi::meeting::turn::Turn::default(),
            language: Language::Japanese,
            desk,
            tv: (1280, 720),
            media: MediaHome::Program(env!("CARGO_BIN_EXE_madoguchi").into()),
            other_rooms: other_rooms.to_vec(),
        };
        let mut tasks = Tasks::default();
        let house = House::start(config, &mut tasks).await.unwrap();
        let (painted_in, painted) = watch::channel(BTreeSet::new());
        tokio::spawn(keep_painted(house.appliance.shown.subscribe(), painted_in));
        let (stop, screen) = (tasks.stop(), house.appliance.screen.clone());
        let secrets = vec![house.demo.key.expose().to_owned()];
        let running = tokio::spawn(tasks.run());
        Self { house, screen, painted, lines: Vec::new(), looked_at: 0, secrets, stop, running, _folder: folder }
    }

    /// Puts a paper with this code on the desk.
    pub fn has_paper(&mut self, id: &str, text: &str) {
        self.house.control().put_paper(Paper::new(id, id, id, sheet(text, Ink::Room).unwrap()));
        self.secrets.extend(text.split_once('#').map(|(_, key)| key.to_owned()));
    }

    pub async fn does(&self, command: Command) {
        self.house.control().run(command).await.unwrap();
    }

    pub async fn shows(&self, id: &str) {
        self.does(Command::Show { id: id.to_owned() }).await;
    }

    pub async fn puts_paper_away(&self) {
        self.shows("nothing").await;
    }

    pub async fn presses(&self) {
        self.does(Command::Press).await;
    }

    pub async fn holds(&self) {
        self.does(Command::Hold { millis: None }).await;
    }

    /// Waits for a face by its name; a `*` at the end stands for anything.
    pub async fn sees(&mut self, face: &str) -> Screen {
        self.sees_that(face, |screen| is(&screen.face.name(), face)).await
    }

    /// Waits for a screen.
    pub async fn sees_that(&mut self, what: &str, is_it: impl Fn(&Screen) -> bool) -> Screen {
        let found = self.screen.wait_for(|screen| screen.as_ref().is_some_and(&is_it));
        match timeout(PATIENCE, found).await {
            Ok(Ok(found)) => return found.clone().unwrap(),
            Ok(Err(_)) => panic!("the appliance ended before {what}"),
            Err(_) => {}
        }
        let now = self.screen.borrow().as_ref().map(|screen| screen.face.name());
        self.take_lines();
        panic!("never seen: {what}; the TV shows {now:?}; {:#?}", self.lines)
    }

    /// Waits for a face that is there to be read: it is painted, says what press and hold do, and whom to phone.
    pub async fn reads(
        &mut self,
        face: &str,
        press: impl Into<Option<PressDoes>>,
        hold: impl Into<Option<HoldDoes>>,
    ) -> Screen {
        let screen = self.sees(face).await;
        assert_eq!(screen.press, press.into(), "what a press does on {face}");
        assert_eq!(screen.hold, hold.into(), "what a hold does on {face}");
        let telephone = screen.telephone.as_ref().map(|telephone| telephone.number.as_str());
        assert_eq!(telephone, Some(demo::TELEPHONE), "the telephone on {face}");
        let painted = self.painted.wait_for(|painted| painted.iter().any(|name| is(name, face)));
        timeout(PATIENCE, painted).await.unwrap_or_else(|_| panic!("{face} was never painted")).unwrap();
        screen
    }

    /// The paper is asked for; nothing is wrong.
    pub async fn is_asked_for_the_paper(&mut self) {
        self.reads("qr-show-paper-looking", PressDoes::TryOut, HoldDoes::StartAgain).await;
    }

    /// The home goes on well: the paper of the house's own room leads to the self-view.
    pub async fn goes_on_well(&mut self) {
        self.is_asked_for_the_paper().await;
        self.shows("room-today").await;
        let mirror = self.reads("ready-mirror", PressDoes::Next, HoldDoes::Language).await;
        assert_eq!(mirror.aside, None);
        self.puts_paper_away().await;
    }

    /// Page by page, to where a press agrees.
    pub async fn reads_the_rules(&mut self) {
        for page in 1..RULES_PAGES {
            self.reads(&format!("ready-rules-{page}"), PressDoes::Next, HoldDoes::Back).await;
            self.presses().await;
        }
        self.reads(&format!("ready-rules-{RULES_PAGES}"), PressDoes::AgreeAndJoin, HoldDoes::Disagree).await;
    }

    fn take_lines(&mut self) {
        while let Ok(line) = self.house.appliance.trace.try_recv() {
            self.lines.push(line);
        }
    }

    /// Lines of the trace since the last look, up to the one that tells of `what`.
    pub async fn trace_to(&mut self, what: &str) -> Vec<String> {
        let mut next = self.looked_at;
        loop {
            self.take_lines();
            if let Some(found) = self.lines.iter().skip(next).position(|line| line.contains(what)) {
                let from = std::mem::replace(&mut self.looked_at, next + found + 1);
                return self.lines[from..self.looked_at].to_vec();
            }
            next = self.lines.len();
            let line = timeout(PATIENCE, self.house.appliance.trace.recv()).await;
            let line = line.unwrap_or_else(|_| panic!("the trace never told of {what}: {:#?}", self.lines));
            self.lines.push(line.expect("the appliance ended"));
        }
    }

    /// The end: no part broke off on the way, and the trace holds no key. Gives all its lines.
    pub async fn moves_out(mut self) -> Vec<String> {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
        while let Ok(line) = self.house.appliance.trace.try_recv() {
            self.lines.push(line);
        }
        for secret in &self.secrets {
            assert!(!self.lines.iter().any(|line| line.contains(secret)), "a key is in the trace");
        }
        self.lines
    }
}

/// How many lines say this.
pub fn count(lines: &[String], what: &str) -> usize {
    lines.iter().filter(|line| line.contains(what)).count()
}

fn is(name: &str, expected: &str) -> bool {
    expected.strip_suffix('*').map_or(name == expected, |start| name.starts_with(start))
}

async fn keep_painted(
    mut shown: broadcast::Receiver<madoguchi::supervisor::Shown>,
    painted: watch::Sender<BTreeSet<String>>,
) {
    loop {
        match shown.recv().await {
            Ok(shown) => {
                painted.send_if_modified(|names| names.insert(shown.face));
            }
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// Waits for a condition.
pub async fn eventually(what: &str, mut is_it: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_it() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A scenario under its name.
pub type Scenario = (&'static str, Pin<Box<dyn Future<Output = ()> + Send>>);

/// Lives them at the same time, all of them to their end.
pub async fn together(scenarios: Vec<Scenario>) {
    let begun = Instant::now();
    let living = scenarios.into_iter().map(|(name, scenario)| (name, tokio::spawn(scenario)));
    let mut failed = Vec::new();
    for (name, scenario) in living.collect::<Vec<_>>() {
        match scenario.await {
            Ok(()) => println!("{name}: well after {:?}", begun.elapsed()),
            Err(_) => failed.push(name),
        }
    }
    assert!(failed.is_empty(), "not well: {}; what went wrong stands above", failed.join(", "));
}
