//! A booted box as the tests see it: the emulated machine, and the agent that runs commands inside.

use crate::ensure;
use data_encoding::BASE64;
use madoguchi::emulator::journal::Journal;
use madoguchi::emulator::machine::Machine;
use madoguchi::emulator::setup::{Boot, Disk, Setup};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

/// Emulated on two shared cores, everything takes its time; this is for what never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);
/// One command inside.
const COMMAND: Duration = Duration::from_secs(120);

/// Result of what a test does; the sentence is its failure.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// A box that is switched on.
pub(crate) struct Guest {
    pub(crate) machine: Machine,
    /// Its logs and pictures.
    pub(crate) folder: PathBuf,
    /// What the appliance has said, of all boots one after the other.
    journal: Journal,
    agent: PathBuf,
    _sockets: TempDir,
    numbers: u64,
    line: Option<Line>,
    /// When its power came.
    pub(crate) since: Instant,
}

/// The line to the agent. Opened once for as long as the machine runs: QEMU holds it over the guest's restarts, and a
/// guest that starts while the host hangs up can be left without a reader.
struct Line {
    requests: OwnedWriteHalf,
    answers: mpsc::Receiver<String>,
}

impl Line {
    async fn open(path: &Path) -> Outcome<Self> {
        let stream = UnixStream::connect(path).await.map_err(|error| format!("{}: {error}", path.display()))?;
        let (answers, requests) = stream.into_split();
        let (heard, receiver) = mpsc::channel(64);
        tokio::spawn(async move {
            let mut lines = BufReader::new(answers).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if heard.send(line).await.is_err() {
                    break;
                }
            }
        });
        Ok(Self { requests, answers: receiver })
    }
}

/// Writes down what the appliance says, until its machine ends.
async fn follow(mut stream: UnixStream, journal: Journal) {
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut piece).await {
        journal.add(&piece[..count]);
    }
    journal.end();
}

/// Where this clone keeps what its tests make.
pub(crate) fn made() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let folder = target.join("image");
    std::path::absolute(&folder).unwrap_or(folder)
}

/// What is booted: `tests/image/build` keeps it outside the clone, and links to it.
pub(crate) fn images() -> PathBuf {
    let link = made().join("images");
    std::fs::canonicalize(&link).unwrap_or(link)
}

/// A bundle by its name.
pub(crate) fn bundle(name: &str) -> PathBuf {
    images().join(format!("{name}.raucb"))
}

/// The image of version 0.1.0, with slot A filled.
pub(crate) fn image() -> Disk {
    Disk::Image(images().join("madoguchi-0.1.0-arm64.img"))
}

/// A disk that has its first boot behind it: it came to good, and was switched off. For tests that do not look at a first
/// boot; it is made once for each image, and each test has a copy.
pub(crate) async fn booted_once(folder: &Path) -> Outcome<Disk> {
    let kept = images().join("booted-once.qcow2");
    let said = |error: std::io::Error| format!("{}: {error}", kept.display());
    let lock = File::create(kept.with_extension("lock")).map_err(said)?;
    let deadline = Instant::now() + PATIENCE * 2;
    while lock.try_lock().is_err() {
        ensure(Instant::now() < deadline, format!("{}: another test has not made it", kept.display()))?;
        sleep(Duration::from_millis(200)).await;
    }
    if !kept.exists() {
        let mut guest = Guest::good(setup(&folder.join("first-boot"), image())).await?;
        // It may be off before it has answered.
        if let Err(why) = guest.run("systemctl --no-block poweroff").await
            && !why.contains("has ended")
        {
            return Err(why);
        }
        let (machine, took) = (guest.machine, guest.since.elapsed());
        let off = machine.wait_for_off(PATIENCE).await.map_err(|error| error.to_string())?;
        ensure(off.status.success(), format!("the first boot did not end well: {}", off.status))?;
        std::fs::rename(off.disk.ok_or("no disk")?, &kept).map_err(said)?;
        println!("    a disk with its first boot behind it is made, in {:.0} s", took.as_secs_f64());
    }
    let copy = folder.join("disk.qcow2");
    std::fs::create_dir_all(folder).and_then(|()| std::fs::copy(&kept, &copy)).map_err(said)?;
    Ok(Disk::Overlay(copy))
}

/// The machine for a test, before it is switched on.
pub(crate) fn setup(folder: &Path, disk: Disk) -> Setup {
    let mut setup = Setup::virt(folder, disk);
    setup.boot = Boot::Loader(images().join("qemu/u-boot.bin"));
    setup.environment = Some(images().join("qemu/environment.img"));
    setup.more = ["-device", "i6300esb"].map(Into::into).to_vec();
    setup
}

impl Guest {
    /// Switches it on.
    pub(crate) async fn start(mut setup: Setup) -> Outcome<Self> {
        // Names of sockets have to be short (sun_path, 108 bytes), and a checkout's folder need not be.
        let sockets = TempDir::with_prefix("madoguchi-").map_err(|error| format!("a folder for sockets: {error}"))?;
        let [agent, says] = ["agent", "journal"].map(|name| sockets.path().join(name));
        setup.more.extend(["-device", "virtio-serial-pci"].map(Into::into));
        for (id, path, name) in [("agent", &agent, "madoguchi.test"), ("journal", &says, "madoguchi.journal")] {
            let line = format!("socket,id={id},path={},server=on,wait=off", path.display());
            let port = format!("virtserialport,chardev={id},name={name}");
            setup.more.extend(["-chardev".into(), line.into(), "-device".into(), port.into()]);
        }
        let folder = setup.folder.clone();
        let since = Instant::now();
        let machine = Machine::start(setup).await.map_err(|error| error.to_string())?;
        let journal = Journal::new("appliance's log");
        let stream = UnixStream::connect(&says).await.map_err(|error| format!("{}: {error}", says.display()))?;
        tokio::spawn(follow(stream, journal.clone()));
        Ok(Self { machine, folder, journal, agent, _sockets: sockets, numbers: 0, line: None, since })
    }

    /// Switches on and waits until its slot is marked good.
    pub(crate) async fn good(setup: Setup) -> Outcome<Self> {
        let mut guest = Self::start(setup).await?;
        guest.until_good().await?;
        Ok(guest)
    }

    /// Runs a command inside; its words, when it ends well.
    pub(crate) async fn run(&mut self, command: &str) -> Outcome<String> {
        let (status, said) = self.ask(command, COMMAND).await?;
        if status == 0 { Ok(said) } else { Err(format!("`{command}` ended with {status}: {said}")) }
    }

    /// Runs a command inside; its status and words.
    pub(crate) async fn ask(&mut self, command: &str, within: Duration) -> Outcome<(i32, String)> {
        match timeout(within, self.asked(command)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!(
                "no answer to `{command}` within {within:?}; the serial log ends:\n{}",
                self.machine.serial().last(20)
            )),
        }
    }

    async fn asked(&mut self, command: &str) -> Outcome<(i32, String)> {
        if self.line.is_none() {
            self.line = Some(Line::open(&self.agent).await?);
        }
        self.numbers += 1;
        let number = format!("{}-{}", std::process::id(), self.numbers);
        let request = format!("ask {number} {}\n", BASE64.encode(command.as_bytes()));
        let line = self.line.as_mut().ok_or("no line to the agent")?;
        line.requests.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
        loop {
            let answer = line.answers.recv().await.ok_or("the machine has ended")?;
            let mut words = answer.split_whitespace();
            // Answers to what nobody waits for any more are passed over.
            if words.next() != Some(&number) {
                continue;
            }
            let status = words.next().and_then(|status| status.parse().ok()).ok_or("the agent answers strangely")?;
            let said = BASE64.decode(words.next().unwrap_or_default().as_bytes()).map_err(|error| error.to_string())?;
            return Ok((status, String::from_utf8_lossy(&said).into_owned()));
        }
    }

    /// Waits until a command inside ends well, and gives its words. Commands that get no answer (a box that starts
    /// again, say) count as not yet.
    pub(crate) async fn until(&mut self, what: &str, command: &str, within: Duration) -> Outcome<String> {
        let deadline = Instant::now() + within;
        let mut last = String::from("nothing");
        while Instant::now() < deadline {
            match self.ask(command, Duration::from_secs(15)).await {
                Ok((0, said)) => return Ok(said),
                Ok((_, said)) => last = said,
                Err(why) if why.contains("has ended") => return Err(why),
                Err(_) => {}
            }
            sleep(Duration::from_millis(500)).await;
        }
        let journal = self.ask("journalctl -b --no-pager -o cat | tail -n 30", Duration::from_secs(15)).await;
        let journal = journal.map_or_else(|why| why, |(_, said)| said);
        Err(format!("{what} did not come within {within:?}; last: {last}\n{journal}"))
    }

    /// Waits until the booted slot is marked good.
    pub(crate) async fn until_good(&mut self) -> Outcome {
        let good = "systemctl is-active --quiet madoguchi-good.service";
        self.until("the slot's being marked good", good, PATIENCE).await.map(drop)
    }

    /// Waits until this version runs and its slot is marked good.
    pub(crate) async fn until_version(&mut self, version: &str, within: Duration) -> Outcome {
        let command = format!(
            ". /etc/os-release && [ $IMAGE_VERSION = {version} ] && systemctl is-active --quiet madoguchi-good.service"
        );
        self.until(&format!("version {version} and its being marked good"), &command, within).await.map(drop)
    }

    /// The version that runs and the slot that it runs from, as `0.1.0 A`.
    pub(crate) async fn running(&mut self) -> Outcome<String> {
        let said = self.run(". /etc/os-release; echo $IMAGE_VERSION $(sed -n 's/.*madoguchi.slot=\\([AB]\\).*/\\1/p' /proc/cmdline)").await?;
        Ok(said.trim().to_owned())
    }

    /// Waits for something that the appliance says, or has said since this boot began.
    pub(crate) async fn until_turn(&mut self, pattern: &str, within: Duration) -> Outcome {
        let boot = self.until("the boot's name", "cat /proc/sys/kernel/random/boot_id", within).await?;
        let (begins, _) = self.says(&format!("^-- boot {}", boot.trim()), 0, within).await?;
        self.says(pattern, begins, within).await.map(drop)
    }

    /// Waits for a line of the appliance's log at or after a place; gives its place and the line.
    pub(crate) async fn says(&self, pattern: &str, from: usize, within: Duration) -> Outcome<(usize, String)> {
        let found = self.journal.find(pattern, from, within).await;
        found.map(|(place, line)| (place, line.text)).map_err(|error| error.to_string())
    }

    /// The place in the appliance's log up to which it was said before now.
    pub(crate) async fn now(&mut self) -> Outcome<usize> {
        self.numbers += 1;
        let mark = format!("mark-{}-{}", std::process::id(), self.numbers);
        self.run(&format!("echo {mark} | systemd-cat -t madoguchi-test")).await?;
        self.says(&format!("madoguchi-test.*: {mark}$"), 0, COMMAND).await.map(|(place, _)| place + 1)
    }

    /// Lines of the appliance's log so far, from a place on.
    pub(crate) fn said(&self, from: usize) -> Vec<String> {
        self.journal.lines().into_iter().skip(from).map(|line| line.text).collect()
    }

    /// Bytes that it has written to its disks since its power came.
    pub(crate) async fn written(&self) -> Outcome<u64> {
        let stats = self.machine.qmp().execute("query-blockstats", serde_json::json!({})).await;
        let stats = stats.map_err(|error| error.to_string())?;
        let each = stats.as_array().into_iter().flatten();
        Ok(each.filter_map(|device| device["stats"]["wr_bytes"].as_u64()).sum())
    }
}
