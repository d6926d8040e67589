//! One life: from boot to wipe, and everything that must have been seen on the way.

use super::clips::{self, COUNTER_TONE};
use super::counter::Counter;
use super::loopback::own_address;
use super::relay::Relay;
use super::{ears, pictures};
use madoguchi::device::media::process::Home;
use madoguchi::model::language::Language;
use madoguchi::model::screen::{Face, RULES_PAGES, Screen};
use madoguchi::supervisor::tasks::Tasks;
use madoguchi::workbench::air::Internet;
use madoguchi::workbench::house::{House, HouseConfig};
use madoguchi::workbench::sound::Heard;
use madoguchi::workbench::{Command, DeskConfig};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::time::Instant;

/// Far longer than any step takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// Pitch of the chime's first stroke, in hertz.
const CHIME_TONE: f32 = 659.26;
/// What the mark in the family's picture says.
const FAMILY_MARK: &str = "madoguchi family";

/// A life to be lived.
pub struct Life {
    /// Its name in the report.
    pub name: &'static str,
    /// Language of the paper.
    pub language: Language,
    /// Media go over the relay only.
    pub relay_only: bool,
    /// The line is cut in the middle of the call, and mended.
    pub line_is_cut: bool,
    /// Where its pictures go.
    pub folder: PathBuf,
}

/// What was seen of a life.
pub struct Lived {
    name: &'static str,
    code_to_word: Duration,
    press_to_lobby: Duration,
    letting_in_to_tv: Duration,
    letting_in_to_staff: Duration,
    tv_recognised: (usize, usize),
    staff_recognised: f64,
    staff_looked: f64,
    tone_at_tv: f32,
    tone_at_staff: f64,
    relays: usize,
    /// Cut to "coming back" on the TV, and mended to the counter's picture on it.
    line: Option<(Duration, Duration)>,
    faces: Vec<String>,
    trace: Vec<String>,
}

impl Life {
    /// Lives it. Panics, and so fails the story, at the first thing that is not seen.
    pub async fn live(&self) -> Lived {
        std::fs::create_dir_all(&self.folder).unwrap();
        let clips = tempfile::tempdir().unwrap();
        let (camera, voice) = (clips::counter_camera(clips.path()), clips::counter_voice(clips.path()));
        let family = clips::family_voice(clips.path(), self.language.tag());
        let relay = Relay::start(clips.path(), own_address().into());
        let mut tasks = Tasks::default();
        let mut house = self.move_in(clips.path(), &relay, family, &mut tasks).await;
        let faces = Arc::new(Mutex::new(Vec::new()));
        let (pictured_in, pictured) = watch::channel(String::new());
        let seen = Watching { screen: house.appliance.screen.clone(), pictured };
        let keeping = pictures::keep(
            house.appliance.shown.subscribe(),
            house.appliance.tv.clone(),
            self.folder.clone(),
            faces.clone(),
            pictured_in,
        );
        tasks.start("pictures", keeping);
        let stop = tasks.stop();
        let running = tokio::spawn(tasks.run());

        let demo = &house.demo;
        let counter = Counter::sits_down(
            &house.room.public,
            &demo.staff,
            demo.password.expose(),
            &demo.appointment,
            (&camera, &voice),
        )
        .await;
        counter.watches(FAMILY_MARK).await;

        let mut lived = self.talk(&house, &counter, &seen).await;
        if self.line_is_cut {
            lived.line = Some(self.lose_the_line_and_find_it_again(&house, &counter, &seen).await);
        }
        self.be_made_to_leave(&house, &counter, &seen).await;
        self.give_back(&house, &seen).await;

        lived.relays = relay.allocations();
        if self.relay_only {
            assert!(lived.relays >= 2, "relay-only, but coturn gave out {} addresses", lived.relays);
        }
        while let Ok(line) = house.appliance.trace.try_recv() {
            lived.trace.push(line);
        }
        std::fs::write(self.folder.join("trace.txt"), lived.trace.join("\n")).unwrap();
        lived.faces = faces.lock().unwrap().clone();
        check_trace(&lived.trace);
        check_nothing_leaked(&house, clips.path(), &lived.trace);
        let Counter { page, .. } = &counter;
        page.picture(&self.folder.join("staff-page-at-the-end.png")).await;
        stop.cancel();
        running.await.unwrap().unwrap();
        drop(counter);
        house.room.stop().await;
        lived
    }

    async fn move_in(&self, folder: &Path, relay: &Relay, family: Heard, tasks: &mut Tasks) -> House {
        let desk = DeskConfig {
            mark: Some(FAMILY_MARK.to_owned()),
            shown: "nothing".to_owned(),
            heard: family,
            cable: None,
            ..DeskConfig::default()
        };
        let config = HouseConfig {
            folder: folder.join("house"),
            room_port: 0,
            turn: relay.turn(self.relay_only),
            language: self.language,
            desk,
            tv: (1280, 720),
            media: Home::Program(env!("CARGO_BIN_EXE_madoguchi").into()),
            other_rooms: Vec::new(),
        };
        House::start(config, tasks).await.unwrap()
    }

    /// Boot, network, paper, rules, lobby, live: until both have seen and heard each other.
    async fn talk(&self, house: &House, counter: &Counter, seen: &Watching) -> Lived {
        let control = house.control();
        let mut screen = seen.clone();
        until(&mut screen, "the Wi-Fi code is asked for", |face| matches!(face, Face::ShowWifi { .. })).await;
        let shown = Instant::now();
        control.run(Command::Show { id: "wifi-open".to_owned() }).await.unwrap();
        reach(&mut screen, "a word about the code", |face| !matches!(face, Face::ShowWifi { .. })).await;
        let code_to_word = shown.elapsed();
        until(&mut screen, "the open Wi-Fi is refused", |face| matches!(face, Face::NetworkTrouble(_))).await;
        control.run(Command::Show { id: "nothing".to_owned() }).await.unwrap();
        control.run(Command::Press).await.unwrap();
        until(&mut screen, "the Wi-Fi code is asked for again", |face| matches!(face, Face::ShowWifi { .. })).await;
        if self.relay_only {
            control.run(Command::Cable { behind: Some(Internet::Reachable) }).await.unwrap();
        } else {
            control.run(Command::Show { id: "wifi-good".to_owned() }).await.unwrap();
        }
        until(&mut screen, "the paper is asked for", |face| matches!(face, Face::ShowPaper { .. })).await;
        control.run(Command::Show { id: "room-yesterday".to_owned() }).await.unwrap();
        until(&mut screen, "yesterday's paper is refused", |face| matches!(face, Face::Refused(_))).await;
        control.run(Command::Show { id: "nothing".to_owned() }).await.unwrap();
        control.run(Command::Press).await.unwrap();
        until(&mut screen, "the paper is asked for again", |face| matches!(face, Face::ShowPaper { .. })).await;
        let chime = house.speaker.listen();
        control.run(Command::Show { id: "room-today".to_owned() }).await.unwrap();
        let mirror = reach(&mut screen, "the self-view", |face| matches!(face, Face::Mirror(_))).await;
        assert_eq!(mirror.language, self.language, "the paper's language");
        control.run(Command::Show { id: "person".to_owned() }).await.unwrap();
        ears::hear(chime, CHIME_TONE, PATIENCE).await.expect("no chime was heard");
        until(&mut screen, "the self-view", |face| matches!(face, Face::Mirror(_))).await;
        control.run(Command::Press).await.unwrap();
        for read in 0..RULES_PAGES {
            until(&mut screen, "the rules", |face| matches!(face, Face::Rules { page, .. } if *page == read)).await;
            if read + 1 < RULES_PAGES {
                control.run(Command::Press).await.unwrap();
            }
        }

        let pressed = Instant::now();
        control.run(Command::Press).await.unwrap();
        counter.page.until_data("guest", "waiting").await;
        let press_to_lobby = pressed.elapsed();
        until(&mut screen, "the lobby", |face| matches!(face, Face::Lobby { staff_present: true })).await;
        // The transport stands already; nothing may come through it.
        counter.page.until_data("media", "connected").await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(counter.frames().await, 0.0, "a picture came before staff let the family in");
        assert_eq!(ears::loudest(&house.speaker, Duration::from_millis(500)).await, 0, "sound came into the lobby");

        let let_in = (Instant::now(), SystemTime::now());
        let tv = house.appliance.tv.clone();
        let seeing = tokio::spawn(async move { pictures::see_counter(&tv, PATIENCE).await });
        counter.page.press("admit").await;
        let on_tv = seeing.await.unwrap().expect("the counter's picture was never recognised on the TV");
        counter.until_noted("seen.first > 0").await;
        let first = counter.noted("first").await;
        let let_in_millis = let_in.1.duration_since(UNIX_EPOCH).unwrap().as_secs_f64() * 1000.0;
        let tone_at_tv =
            ears::hear(house.speaker.listen(), COUNTER_TONE, PATIENCE).await.expect("no tone of the counter");
        counter.until_noted("seen.tone > 12").await;
        let mut frames = house.appliance.tv.newest();
        let tv_recognised = pictures::count_counter(&mut frames, Duration::from_secs(5)).await;
        counter.until_noted("seen.counters.length >= 3").await;
        counter.page.picture(&self.folder.join("staff-page-live.png")).await;
        let both = house.appliance.tv.newest().borrow().clone().expect("the TV shows nothing");
        std::fs::write(self.folder.join("tv-live.png"), both.png().unwrap()).unwrap();
        Lived {
            name: self.name,
            code_to_word,
            press_to_lobby,
            letting_in_to_tv: on_tv - let_in.0,
            letting_in_to_staff: Duration::from_secs_f64((first - let_in_millis).max(0.0) / 1000.0),
            tv_recognised,
            staff_recognised: counter.noted("recognised").await,
            staff_looked: counter.noted("looked").await,
            tone_at_tv,
            tone_at_staff: counter.noted("tone").await,
            relays: 0,
            line: None,
            faces: Vec::new(),
            trace: Vec::new(),
        }
    }

    /// The line is cut without a word: the TV must say so, and the call must come back by itself when it is mended.
    async fn lose_the_line_and_find_it_again(
        &self,
        house: &House,
        counter: &Counter,
        seen: &Watching,
    ) -> (Duration, Duration) {
        let control = house.control();
        let mut screen = seen.clone();
        control.run(Command::CutLine { cut: true }).await.unwrap();
        let cut = Instant::now();
        reach(&mut screen, "that the line is lost", |face| matches!(face, Face::ComingBack { .. })).await;
        let noticed = cut.elapsed();
        until(&mut screen, "\"coming back\"", |face| matches!(face, Face::ComingBack { .. })).await;
        let before = counter.frames().await;
        control.run(Command::CutLine { cut: false }).await.unwrap();
        let mended = Instant::now();
        reach(&mut screen, "the call again", |face| matches!(face, Face::Live { .. })).await;
        let tv = house.appliance.tv.clone();
        let seen = pictures::see_counter(&tv, PATIENCE).await.expect("the counter's picture never came back");
        let frames = format!(
            "return document.getElementById('guest-video').getVideoPlaybackQuality().totalVideoFrames !== {before};"
        );
        counter.page.until("the family's picture comes again", &frames).await;
        (noticed, seen - mended)
    }

    /// Staff make the family leave: nothing may flow afterwards, and nobody comes back by itself.
    async fn be_made_to_leave(&self, house: &House, counter: &Counter, seen: &Watching) {
        let control = house.control();
        let mut screen = seen.clone();
        counter.page.press("let-leave").await;
        counter.page.press("confirm-yes").await;
        until(&mut screen, "the end", |face| matches!(face, Face::Ended(_))).await;
        eventually("camera and microphone are closed", || control.camera_open() == 0 && control.microphone_open() == 0)
            .await;
        assert_eq!(ears::loudest(&house.speaker, Duration::from_secs(1)).await, 0, "sound after the end");
        let frames = counter.frames().await;
        let tv = house.appliance.tv.newest().borrow().clone();
        assert!(!tv.is_some_and(|tv| pictures::shows_counter(&tv)), "the counter is still on the TV");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(counter.frames().await, frames, "pictures came after \"let leave\"");
        control.run(Command::Press).await.unwrap();
        until(&mut screen, "the key is forgotten", |face| matches!(face, Face::Forgotten { receipt: None, .. })).await;
        control.run(Command::Press).await.unwrap();
        until(&mut screen, "a new paper is asked for", |face| matches!(face, Face::ShowPaper { .. })).await;
        control.run(Command::Show { id: "room-today".to_owned() }).await.unwrap();
        until(&mut screen, "the burnt key is refused", |face| matches!(face, Face::Refused(_))).await;
    }

    /// The return stick: everything is forgotten, with a receipt.
    async fn give_back(&self, house: &House, seen: &Watching) {
        let mut screen = seen.clone();
        house.control().run(Command::Stick { plugged: true }).await.unwrap();
        until(&mut screen, "the receipt", |face| matches!(face, Face::Forgotten { receipt: Some(_), .. })).await;
        let left: Vec<_> =
            std::fs::read_dir(&house.data).map(|entries| entries.flatten().collect()).unwrap_or_default();
        assert!(left.is_empty(), "after the wipe there is still {left:?}");
    }
}

/// What the TV is to show, and of which face a picture was written last.
#[derive(Clone)]
struct Watching {
    screen: watch::Receiver<Option<Screen>>,
    pictured: watch::Receiver<String>,
}

/// Waits for a face, and until its picture is written, so that nothing is pressed away before it was seen.
async fn until(seen: &mut Watching, what: &str, is_it: impl Fn(&Face) -> bool) -> Screen {
    let reached = reach(seen, what, &is_it).await;
    let pictured = async {
        loop {
            let name = seen.screen.borrow_and_update().as_ref().map(|now| (is_it(&now.face), now.face.name()));
            match name {
                Some((true, name)) if *seen.pictured.borrow_and_update() != name => {}
                // Written, or the story went on by itself.
                _ => return,
            }
            tokio::select! {
                changed = seen.pictured.changed() => changed.expect("the pictures are no longer kept"),
                changed = seen.screen.changed() => changed.expect("the appliance ended"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, pictured).await.unwrap_or_else(|_| panic!("never pictured: {what}"));
    reached
}

/// Waits for a face.
async fn reach(seen: &mut Watching, what: &str, is_it: impl Fn(&Face) -> bool) -> Screen {
    let found = seen.screen.wait_for(|screen| screen.as_ref().is_some_and(|now| is_it(&now.face)));
    match tokio::time::timeout(PATIENCE, found).await {
        Ok(Ok(found)) => return found.clone().unwrap(),
        Ok(Err(_)) => panic!("the appliance ended before {what}"),
        Err(_) => {}
    }
    let now = seen.screen.borrow().as_ref().map(|screen| screen.face.name());
    panic!("never seen: {what}; the TV shows {now:?}");
}

async fn eventually(what: &str, is_it: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_it() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The order of things that the city's terms ask for.
fn check_trace(trace: &[String]) {
    let first = |what: &str| trace.iter().position(|line| line.contains(what));
    let consent = first("Consent]").or(first("Consent,")).expect("consent was never said");
    let built = first("BuildMedia").expect("no media were built");
    let opened = first("{picture,sound,show}").expect("the gates were never opened");
    let admitted = first("(Admitted)").expect("nobody let the family in");
    assert!(consent < built && built <= opened && admitted <= opened, "consent must come before any media");
    let left = first("(Bye LetLeave)").expect("the family was not made to leave");
    let later = &trace[left + 1..];
    let scanned = later.iter().position(|line| line.contains("Scan(room key)")).expect("no paper was shown again");
    assert!(!later[..scanned].iter().any(|line| line.contains("OpenLink")), "rejoined without a new paper");
    assert!(!later.iter().any(|line| line.contains("BuildMedia")), "media after \"let leave\"");
}

/// Neither the log line of any turn nor the room server's file holds the key or a passphrase.
fn check_nothing_leaked(house: &House, folder: &Path, trace: &[String]) {
    let key = house.demo.key.expose();
    assert!(!trace.iter().any(|line| line.contains(key)), "the room key is in the trace");
    for file in ["room.sqlite", "room.sqlite-wal"] {
        let bytes = std::fs::read(folder.join("house").join(file)).unwrap_or_default();
        assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()), "the room key is in {file}");
    }
}

impl Lived {
    /// This life's part of the report.
    pub fn report(&self) -> String {
        let line = self.line.map_or_else(String::new, |(noticed, back)| {
            format!(
                "| line cut to \"coming back\" on the TV | {} ms |\n| line mended to the counter's picture on the TV | {} ms |\n",
                noticed.as_millis(),
                back.as_millis()
            )
        });
        let faces = self.faces.iter().map(|face| format!("`{face}`")).collect::<Vec<_>>().join(" → ");
        format!(
            "## {}\n\n\
             | what | seen |\n|---|---|\n\
             | Wi-Fi code before the camera to a word about it on the TV | {} ms |\n\
             | press to \"a family waits\" on the staff page | {} ms |\n\
             | letting in to first recognised picture on the TV | {} ms |\n\
             | letting in to first recognised picture on the staff page | {} ms |\n\
             | TV pictures in 5 s in which the counter is recognised | {} of {} |\n\
             | staff page's pictures in which the family is recognised | {} of {} |\n\
             | counter's tone at the TV's speaker, times louder than beside it | {:.0} |\n\
             | family's tone at the staff page, dB over beside it | {:.0} |\n\
             | relay addresses given out | {} |\n\
             {line}\
             | pictures before letting in, pictures and sound after \"let leave\" | none |\n\
             | key in the trace or in the room server's file, files after the wipe | none |\n\n\
             Screens: {faces}\n\n",
            self.name,
            self.code_to_word.as_millis(),
            self.press_to_lobby.as_millis(),
            self.letting_in_to_tv.as_millis(),
            self.letting_in_to_staff.as_millis(),
            self.tv_recognised.0,
            self.tv_recognised.1,
            self.staff_recognised,
            self.staff_looked,
            self.tone_at_tv,
            self.tone_at_staff,
            self.relays,
        )
    }

    /// The figures on one line.
    pub fn summary(&self) -> String {
        format!(
            "{}: {} screens, picture {} ms to the TV and {} ms to staff, {}+{} pictures recognised",
            self.name,
            self.faces.len(),
            self.letting_in_to_tv.as_millis(),
            self.letting_in_to_staff.as_millis(),
            self.tv_recognised.0,
            self.staff_recognised,
        )
    }
}
