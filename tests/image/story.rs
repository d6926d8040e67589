//! The whole story inside the booted image, with the product's own code alone in the box.
//!
//! A stick lends the box; by its cable it finds the street ([`street`]); a USB camera sees the city's paper; presses on
//! the pin lead through self-view and rules to the counter, where a real Chromium sits ([`city`]); both see and hear each
//! other, the family through the box's sound cards ([`sound`]); an update that is put in meanwhile waits until staff have
//! ended the call; a stick takes the box back, the power is cut, and the card's raw bytes hold nothing of it
//! ([`traces`]). Every step is awaited in the box's own log, pictures and sound where people see and hear them.

#[path = "../support/browser/mod.rs"]
pub(crate) mod browser;
mod by_night;
pub(crate) mod city;
#[path = "../live/clips.rs"]
#[allow(dead_code, unreachable_pub, reason = "a part of it is used here")]
pub(crate) mod clips;
#[path = "../live/counter.rs"]
#[allow(dead_code, unreachable_pub, reason = "a part of it is used here")]
pub(crate) mod counter;
#[path = "../live/ears.rs"]
#[allow(dead_code, unreachable_pub, reason = "a part of it is used here")]
pub(crate) mod ears;
mod on_the_path;
#[path = "../live/relay.rs"]
pub(crate) mod relay;
mod sound;
#[path = "../media/stranger.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod stranger;
pub(crate) mod street;
pub(crate) mod traces;

use crate::ensure;
use crate::guest::{Guest, Outcome, PATIENCE, booted_once, setup};
use crate::updates;
use city::City;
use counter::Counter;
use data_encoding::BASE64;
use image::DynamicImage;
use madoguchi::emulator::camera::sight::Slot;
use madoguchi::emulator::machine::PRESS;
use madoguchi::emulator::setup::Disk;
use madoguchi::emulator::sound::DeskSound;
use madoguchi::scan::Luma;
use madoguchi::scan::reader::Reader;
use madoguchi::workbench::camera::{CameraSlot, Scenery};
use on_the_path::Path as MediaPath;
use relay::Relay;
use sound::Sound;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use street::Street;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

/// What the mark in the family's picture says.
const FAMILY_MARK: &str = "madoguchi family";
/// First stroke of the appliance's chime, in Hz.
const CHIME: f32 = 659.26;
/// The update that somebody brings in the middle of the call.
const UPDATE: &str = "madoguchi-0.2.0-arm64";
/// Width and height of the TV, in pixels.
const TV: (usize, usize) = (1920, 1080);
/// Between two looks at the TV.
const LOOK: Duration = Duration::from_secs(3);
/// In the environment: this process already has namespaces of its own. Name the life to live, and its folder.
const LIFE: &str = "MADOGUCHI_LIFE";
const FOLDER: &str = "MADOGUCHI_LIFE_FOLDER";

/// A life with everything real but the hardware; see [`life`].
pub(crate) async fn a_life_from_the_loan_to_the_return(folder: PathBuf) -> Outcome {
    apart(&folder, "story").await
}

/// Somebody who sits on the path of picture and sound is refused by the box; see [`on_the_path`].
pub(crate) async fn a_stranger_on_the_path_is_refused(folder: PathBuf) -> Outcome {
    apart(&folder, "stranger").await
}

/// Lives one of [`inside`]'s lives in namespaces of its own: a network without the internet, mounts, and processes that
/// end with it.
pub(crate) async fn apart(folder: &Path, life: &str) -> Outcome {
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut unshare = Command::new("setpriv");
    unshare.args(["--pdeathsig", "KILL", "--", "unshare", "--user", "--map-root-user"]);
    unshare.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]);
    let ended = unshare.arg(program).env(LIFE, life).env(FOLDER, folder).kill_on_drop(true).status().await;
    let ended = ended.map_err(|error| street::missing("unshare", "util-linux", &error))?;
    ensure(ended.success(), format!("it ended with {ended}; its words are above"))
}

/// When this process is the one inside the namespaces: lives the life that it is there for.
pub(crate) fn inside() -> Option<ExitCode> {
    let (name, folder) = (std::env::var(LIFE).ok()?, PathBuf::from(std::env::var_os(FOLDER)?));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().ok()?;
    let lived = runtime.block_on(async {
        match name.as_str() {
            "story" => life(&folder).await,
            "stranger" => with_a_stranger(&folder).await,
            "media" => without_its_media_process(&folder).await,
            "update" => by_night::installed(&folder).await,
            "update-cut" => by_night::cut_and_resumed(&folder).await,
            "update-left-off" => by_night::left_off(&folder).await,
            "update-forbidden" => by_night::forbidden(&folder).await,
            "wifi-changes" => crate::wifi::changes::lived(&folder).await,
            "wifi-life" => crate::wifi::life::lived(&folder).await,
            "wifi-matrix" => crate::wifi::matrix::lived(&folder).await,
            other => Err(format!("there is no life called {other}")),
        }
    });
    Some(match lived {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    })
}

/// A box at home with its family, and what the city has for it.
pub(crate) struct Home {
    pub(crate) guest: Guest,
    pub(crate) city: City,
    pub(crate) slot: CameraSlot,
    pub(crate) folder: PathBuf,
    step: Instant,
}

async fn life(folder: &Path) -> Outcome {
    let _street = Street::lay(folder).await?;
    let relay = Relay::start(folder, street::ADDRESS);
    let city = City::open(folder, relay.turn(false)).await?;
    let mut home = Home::furnished(folder, city, None).await?;
    let mut sound = Sound::listen(&mut home.guest).await?;
    home.is_lent().await?;
    home.is_online().await?;
    home.reads_the_paper().await?;
    home.hears(&mut sound, "the chime", CHIME).await?;
    let counter = home.meets_the_counter().await?;
    home.hears_nothing(&mut sound).await?;
    Sound::speak(&mut home.guest, clips::FAMILY_TONE).await?;
    home.sees_and_is_seen(&counter).await?;
    // Without the counter's picture, and with nothing that moves before its own camera, an emulated box keeps up with the
    // voice.
    counter.page.press("camera").await;
    home.slot.show(Scenery::Nothing);
    home.hears(&mut sound, "the counter", clips::COUNTER_TONE).await?;
    sound.close(&mut home.guest).await?;
    let stick = home.is_brought_an_update().await?;
    home.is_heard(&counter).await?;
    Sound::are_silent(&mut home.guest).await?;
    home.is_sent_home(&counter).await?;
    home.is_updated(&stick).await?;
    let key = home.is_returned().await?;
    drop(counter);

    let Home { guest, city, step, .. } = home;
    let disk = guest.machine.cut().await.map_err(said)?.disk.ok_or("no disk")?;
    let room_key = city.demo.key.expose().as_bytes().to_vec();
    let mut secrets = vec![("the room key", room_key), ("the loan's number", city::LOAN.into()), ("the data key", key)];
    let names = relay.names();
    ensure(!names.is_empty(), "nobody asked for a relay address")?;
    secrets.extend(names.iter().map(|name| ("a seat's name at the relay", name.as_bytes().to_vec())));
    let found = traces::found_on(&disk, &secrets).await?;
    ensure(found.is_empty(), format!("after the return there is still on the card: {}", found.join(", ")))?;
    println!(
        "    {:>6.1} s  {} secrets searched for on the card, none found",
        step.elapsed().as_secs_f64(),
        secrets.len()
    );
    Ok(())
}

async fn with_a_stranger(folder: &Path) -> Outcome {
    let _street = Street::lay(folder).await?;
    let relay = Relay::start(folder, street::ADDRESS);
    let city = City::open(folder, relay.turn(false)).await?;
    let mut home = Home::furnished(folder, city, None).await?;
    home.is_lent().await?;
    home.is_online().await?;
    home.reads_the_paper().await?;
    let counter = home.sees_the_counter_sit_down().await?;
    home.is_kept_from_a_stranger(&counter).await
}

async fn without_its_media_process(folder: &Path) -> Outcome {
    let _street = Street::lay(folder).await?;
    let relay = Relay::start(folder, street::ADDRESS);
    let city = City::open(folder, relay.turn(false)).await?;
    let mut home = Home::furnished(folder, city, None).await?;
    home.is_lent().await?;
    home.is_online().await?;
    home.reads_the_paper().await?;
    let counter = home.meets_the_counter().await?;
    home.sees_and_is_seen(&counter).await?;
    home.loses_its_media_process().await?;
    counter.page.script("window.seen.counters = [];").await;
    home.see_each_other(&counter).await
}

impl Home {
    /// Plugs a box in, with a camera and perhaps sound, and waits for its first screen.
    pub(crate) async fn furnished(folder: &Path, city: City, sound: Option<&DeskSound>) -> Outcome<Self> {
        let mark = Some(FAMILY_MARK.to_owned());
        let slot = CameraSlot::new((1280, 720), 1.0, mark, Scenery::Nothing, Box::new(|| {}));
        let mut setup = setup(folder, booted_once(folder).await?);
        setup.camera = true;
        setup.sound = sound.map(DeskSound::card);
        let guest = Guest::start(setup).await?;
        guest.machine.camera().map_err(said)?.show(Box::new(Slot::new(slot.clone()))).await;
        let mut home = Self { guest, city, slot, folder: folder.to_owned(), step: Instant::now() };
        home.reaches("the first screen", "boot-no-loan").await?;
        Ok(home)
    }

    /// Seconds since this was asked last.
    pub(crate) fn took(&mut self) -> f64 {
        let took = self.step.elapsed();
        self.step = Instant::now();
        took.as_secs_f64()
    }

    /// Waits until the box has come to a screen that it was not at before.
    pub(crate) async fn reaches(&mut self, what: &str, screen: &str) -> Outcome {
        let reached = self.guest.until_turn(&format!("\\({screen}"), PATIENCE).await;
        self.picture(screen).await?;
        reached?;
        println!("    {:>6.1} s  {what}", self.took());
        Ok(())
    }

    /// Keeps what the TV shows.
    pub(crate) async fn picture(&self, name: &str) -> Outcome<PathBuf> {
        let file = self.folder.join(format!("tv-{name}.png"));
        self.guest.machine.picture(&file).await.map_err(said)?;
        Ok(file)
    }

    pub(crate) async fn press(&self) -> Outcome {
        self.guest.machine.press(PRESS).await.map_err(said)
    }

    /// A stick lends it.
    pub(crate) async fn is_lent(&mut self) -> Outcome {
        let stick = self.guest.machine.stick(&self.city.loan()?).await.map_err(said)?;
        self.reaches("the loan is prepared", "boot-loan-prepared").await?;
        self.guest.machine.pull(&stick).await.map_err(said).map(drop)
    }

    async fn is_online(&mut self) -> Outcome {
        self.reaches("the network by cable, the clock, and the paper is asked for", "qr-show-paper").await
    }

    pub(crate) async fn reads_the_paper(&mut self) -> Outcome {
        self.slot.show(Scenery::Paper(Arc::new(self.city.paper()?)));
        self.reaches("the key is read, and the room knows it", "ready-mirror").await?;
        self.slot.show(Scenery::Person);
        Ok(())
    }

    pub(crate) async fn meets_the_counter(&mut self) -> Outcome<Counter> {
        let counter = self.sees_the_counter_sit_down().await?;
        self.comes_into_the_lobby().await?;
        Ok(counter)
    }

    async fn sees_the_counter_sit_down(&mut self) -> Outcome<Counter> {
        let (camera, voice) = (clips::counter_camera(&self.folder), clips::counter_voice(&self.folder));
        let demo = &self.city.demo;
        let (room, password) = (&self.city.room.public, demo.password.expose());
        let clips = (camera.as_path(), voice.as_path());
        let counter = Counter::sits_down(room, &demo.staff, password, &demo.appointment, clips).await;
        counter.watches(FAMILY_MARK).await;
        println!("    {:>6.1} s  staff sit at the counter", self.took());
        Ok(counter)
    }

    async fn comes_into_the_lobby(&mut self) -> Outcome {
        self.press().await?;
        for page in ["ready-rules-1", "ready-rules-2", "ready-rules-3"] {
            self.reaches("a page of rules", page).await?;
            self.press().await?;
        }
        self.reaches("agreed, and in the lobby", "session-lobby").await
    }

    /// Somebody sits on the path of picture and sound until the family press: he gets nothing, and both ends say so.
    async fn is_kept_from_a_stranger(&mut self, counter: &Counter) -> Outcome {
        let path = MediaPath::of(&counter.page).await;
        self.comes_into_the_lobby().await?;
        let deadline = Instant::now() + PATIENCE;
        let (mut stranger, mut turn) = (path.is_taken().await?, path.turn().await);
        while let Err(why) = self.guest.says("\\(session-unverified", 0, LOOK).await {
            ensure(
                Instant::now() < deadline,
                format!("nobody was refused within {PATIENCE:?}: {why}\n{}", self.log()),
            )?;
            let newest = path.turn().await;
            if std::mem::replace(&mut turn, newest) != newest {
                stranger = path.is_taken().await?;
            }
        }
        self.reaches("the box refuses somebody who sits on the path", "session-unverified").await?;
        let refused = self.log().lines().any(|line| line.contains("Unverified: the certificate at the other end"));
        ensure(refused, format!("it was not the box that compared:\n{}", self.log()))?;
        counter.page.until_data("verified", "no").await;
        counter.page.picture(&self.folder.join("staff-page-unverified.png")).await;
        let loot = &stranger.loot;
        ensure(loot.keyed.load(Ordering::Relaxed), "his handshake never went through: nothing was tried")?;
        let packets = loot.packets.load(Ordering::Relaxed);
        ensure(packets == 0, format!("he could read {packets} packets"))?;
        path.is_free().await;
        let from = self.guest.now().await?;
        self.press().await?;
        self.guest.says("\\(session-lobby", from, PATIENCE).await?;
        counter.page.until_data("verified", "yes").await;
        println!("    {:>6.1} s  he is gone, and one press brings them back to the lobby", self.took());
        Ok(())
    }

    pub(crate) async fn sees_and_is_seen(&mut self, counter: &Counter) -> Outcome {
        counter.page.press("admit").await;
        self.reaches("let in", "session-live").await?;
        self.see_each_other(counter).await
    }

    /// The process that has the session is killed: another one takes its place, and the appliance is the same as before.
    async fn loses_its_media_process(&mut self) -> Outcome {
        const APPLIANCE: &str = "systemctl show -p MainPID --value madoguchi.service";
        const MEDIA: &str = "systemctl show -p MainPID --value 'madoguchi-media@*.service' | grep -v '^0*$'";
        let (appliance, media) = (self.guest.run(APPLIANCE).await?, self.guest.run(MEDIA).await?);
        let owner = self.guest.run(&format!("stat -c %U /proc/{}", media.trim())).await?;
        ensure(owner.trim() == "madoguchi-media", format!("the session is {}'s", owner.trim()))?;
        let from = self.guest.now().await?;
        self.guest.run(&format!("kill -KILL {}", media.trim())).await?;
        self.guest.says("the media process is gone", from, PATIENCE).await?;
        let other = format!("{MEDIA} | grep -vx {}", media.trim());
        self.guest.until("another media process", &other, PATIENCE).await?;
        let after = self.guest.run(APPLIANCE).await?;
        ensure(after == appliance, format!("the appliance was process {appliance} and is {after}"))?;
        let failed = self.guest.run("systemctl --failed --plain --no-legend").await?;
        ensure(failed.trim().is_empty(), format!("a failed unit stays: {failed}"))?;
        println!("    {:>6.1} s  the media process is killed and replaced", self.took());
        Ok(())
    }

    /// Waits until both see each other.
    async fn see_each_other(&mut self, counter: &Counter) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        let (mut staff_see, mut family_see) = (None, None);
        let begun = Instant::now();
        while staff_see.is_none() || family_see.is_none() {
            if Instant::now() > deadline {
                let seen = counter.page.script("return window.seen;").await;
                let who = format!("staff saw the family: {staff_see:?}, the TV showed the counter: {family_see:?}");
                return Err(format!("not both pictures came within {PATIENCE:?}; {who}; {seen}\n{}", self.log()));
            }
            // More than one count: it moves.
            let moves = counter.page.script("return window.seen.counters.length > 1;").await;
            if staff_see.is_none() && moves == serde_json::Value::Bool(true) {
                staff_see = Some(begun.elapsed());
                counter.page.picture(&self.folder.join("staff-page-live.png")).await;
            }
            if family_see.is_none() && self.tv_shows_counter().await? {
                family_see = Some(begun.elapsed());
                self.picture("live").await?;
            }
            self.log();
            sleep(LOOK).await;
        }
        println!(
            "    {:>6.1} s  both see each other: staff after {staff_see:?}, family after {family_see:?}",
            self.took()
        );
        let seen = counter.page.script("return window.seen;").await;
        println!("             the staff page: {seen}");
        Ok(())
    }

    /// The appliance's log so far; also kept beside the pictures.
    pub(crate) fn log(&self) -> String {
        let log = self.guest.said(0).join("\n") + "\n";
        let _ = std::fs::write(self.folder.join("madoguchi.log"), &log);
        log
    }

    /// Whether the code of the counter's camera can be read on the TV.
    pub(crate) async fn tv_shows_counter(&self) -> Outcome<bool> {
        let shown = self.guest.machine.tv().await.map_err(said)?;
        let (width, height) = TV;
        let grey = DynamicImage::ImageRgb8(shown).into_luma8();
        ensure(grey.dimensions() == (width as u32, height as u32), "the TV's picture has another size")?;
        let reading = Reader::new().read(Luma::dense(grey.into_raw(), width, height).plane());
        Ok(reading.texts.iter().any(|text| text.expose() == clips::COUNTER_SAYS))
    }

    pub(crate) async fn is_heard(&mut self, counter: &Counter) -> Outcome {
        self.heard(counter).await?;
        println!("    {:>6.1} s  staff hear the family: {:.0} dB", self.took(), counter.noted("tone").await);
        Ok(())
    }

    /// Waits until a tone comes out of the TV.
    async fn hears(&mut self, sound: &mut Sound, whom: &str, hertz: f32) -> Outcome {
        let clear = sound.hears(&mut self.guest, hertz).await?;
        println!("    {:>6.1} s  the family hear {whom}: {clear:.0} times a tone beside it", self.took());
        Ok(())
    }

    /// In the lobby nobody is heard.
    async fn hears_nothing(&mut self, sound: &mut Sound) -> Outcome {
        ensure(sound.hears_nothing(&mut self.guest).await?, "sound came into the lobby")?;
        println!("    {:>6.1} s  silence in the lobby", self.took());
        Ok(())
    }

    /// Waits until staff hear the family's tone.
    pub(crate) async fn heard(&mut self, counter: &Counter) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        // So many decibels above a tone beside it.
        while counter.noted("tone").await < 12.0 {
            if Instant::now() > deadline {
                let loudest = counter.noted("tone").await;
                return Err(format!("the family's tone was not heard: {loudest} dB\n{}", self.log()));
            }
            sleep(LOOK / 6).await;
        }
        Ok(())
    }

    /// Somebody puts a stick with an update in, in the middle of the call.
    async fn is_brought_an_update(&mut self) -> Outcome<String> {
        let stick = updates::stick(&self.folder, "update", &[UPDATE])?;
        let stick = self.guest.machine.stick(&stick).await.map_err(said)?;
        self.guest.until("the stick with the update", "ls /run/madoguchi/stick/*/*.raucb", PATIENCE).await?;
        println!("    {:>6.1} s  a stick with an update is in", self.took());
        Ok(stick)
    }

    /// The key is forgotten: now the update may come, and the loan outlives it.
    async fn is_updated(&mut self, stick: &str) -> Outcome {
        self.press().await?;
        self.guest.until_version("0.2.0", updates::LONG).await?;
        self.guest.machine.pull(stick).await.map_err(said)?;
        self.reaches("after the call the update is installed, and the paper is asked for again", "qr-show-paper").await
    }

    async fn is_sent_home(&mut self, counter: &Counter) -> Outcome {
        counter.page.press("end").await;
        counter.page.press("confirm-yes").await;
        self.reaches("staff end the consultation", "session-ended").await?;
        let touched = self.log().lines().find(|line| line.contains("device::slot")).map(str::to_owned);
        ensure(touched.is_none(), format!("an update was looked at in a session: {touched:?}"))?;
        self.press().await?;
        self.reaches("the key is forgotten", "wipe-forgotten").await
    }

    /// Gives what was the key of the memory before the return.
    async fn is_returned(&mut self) -> Outcome<Vec<u8>> {
        let key = self.guest.run("base64 -w 0 /var/lib/madoguchi/state/data.key").await?;
        let key = BASE64.decode(key.trim().as_bytes()).map_err(|error| format!("the data key: {error}"))?;
        // That the search finds what is there.
        let now = self.folder.join("before.qcow2");
        let Disk::Overlay(copy) = self.guest.machine.snapshot_of_disk(&now).await.map_err(said)? else {
            return Err("the copy of the disk is none".to_owned());
        };
        let found = traces::found_on(&copy, &[("the data key", key.clone())]).await?;
        ensure(found.len() == 1, "the data key cannot be found on the card before the return")?;
        println!("    {:>6.1} s  the card before the return: {}", self.took(), found.join(", "));
        self.guest.machine.stick(&self.city.give_back()?).await.map_err(said)?;
        self.reaches("the return is receipted", "wipe-receipt").await?;
        Ok(key)
    }
}

pub(crate) fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
