//! A running machine and what can be done to it.
#![expect(clippy::disallowed_methods, reason = "it starts QEMU, and hands have their time")]

mod tv;

use super::camera::Camera;
use super::camera::sight::Pictures;
use super::journal::{Journal, Line};
use super::qmp::Qmp;
use super::qtest::Pin;
use super::setup::{Board, Boot, Button, Disk, Setup, Sockets};
use super::{EmulatorError, device_tree, disk};
use image::RgbImage;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::process::{Child, Command};

/// How long QEMU may take to open its lines.
const START: Duration = Duration::from_secs(60);
/// How long a device may take to leave.
const LEAVE: Duration = Duration::from_secs(30);
/// A short press.
pub const PRESS: Duration = Duration::from_millis(150);
/// In the machine's folder.
const SERIAL_LOG: &str = "serial.log";
/// Package of QEMU.
const PACKAGE: &str = "qemu-system-arm";

/// A running machine. Dropping it cuts its power.
pub struct Machine {
    qemu: Child,
    qmp: Qmp,
    pin: Option<Pin>,
    camera: Option<Camera>,
    serial: Journal,
    keys: Vec<StdStream>,
    setup: Setup,
    disk: Option<PathBuf>,
    /// What is plugged, and the images behind it.
    plugged: BTreeMap<String, PathBuf>,
    sticks: usize,
    sockets: TempDir,
}

impl Machine {
    /// Switches a machine on.
    ///
    /// # Errors
    /// A missing program or file, each with what to install or build; QEMU's own words when it does not start.
    pub async fn start(setup: Setup) -> Result<Self, EmulatorError> {
        check(&setup)?;
        let tried = format!("making {}", setup.folder.display());
        std::fs::create_dir_all(&setup.folder).map_err(EmulatorError::io(tried))?;
        let disk = match &setup.disk {
            Some(Disk::Image(image)) => {
                let overlay = setup.folder.join("disk.qcow2");
                disk::overlay(image, &overlay, setup.board == Board::Raspi3b).await?;
                disk::forget(&setup.folder.join(SERIAL_LOG))?;
                Some(overlay)
            }
            Some(Disk::Overlay(overlay)) => Some(overlay.clone()),
            None => None,
        };
        let mut tree = setup.device_tree.clone();
        if setup.button == Button::Pin && tree.is_none() {
            let own = setup.folder.join("virt.dtb");
            device_tree::with_button(&setup.qemu, &setup.virt_options(), &own).await?;
            tree = Some(own);
        }
        Self::switch_on(setup, disk, tree.as_deref()).await
    }

    async fn switch_on(setup: Setup, disk: Option<PathBuf>, tree: Option<&Path>) -> Result<Self, EmulatorError> {
        // Names of sockets have to be short, and the folder's need not be.
        let sockets = TempDir::with_prefix("madoguchi-").map_err(EmulatorError::io("making a folder for sockets"))?;
        let lines = ["qmp", "serial0", "serial1", "qtest", "camera"].map(|name| sockets.path().join(name));
        let mut listeners = Vec::new();
        for line in &lines {
            let tried = format!("listening at {}", line.display());
            listeners.push(UnixListener::bind(line).map_err(EmulatorError::io(tried))?);
        }
        let [qmp, serial, other, qtest, camera] = &lines;
        let pin = setup.button == Button::Pin;
        let names = Sockets { qmp, qtest: pin.then_some(qtest.as_path()), camera, serial: [serial, other] };
        let options = setup.options(&names, disk.as_deref(), tree);
        let mut qemu = spawn(&setup, &options)?;
        let said = setup.folder.join("qemu.log");

        let journal = Journal::new("serial log");
        let mut lines = Vec::new();
        for (number, listener) in listeners.iter().enumerate() {
            let wanted = match number {
                2 => setup.board == Board::Raspi3b,
                3 => pin,
                4 => setup.camera,
                _ => true,
            };
            lines.push(if wanted { Some(accept(listener, &mut qemu, &said).await?) } else { None });
        }
        let mut lines = lines.into_iter();
        let qmp = lines.next().flatten();
        let log = setup.folder.join(SERIAL_LOG);
        let mut keys = Vec::new();
        for line in lines.by_ref().take(2).flatten() {
            keys.push(follow(line, &journal, &log)?);
        }
        let missing = || EmulatorError::Wrong("QEMU has no control line".to_owned());
        let qmp = Qmp::start(qmp.ok_or_else(missing)?).await?;
        let pin = match lines.next().flatten() {
            Some(line) => Some(Pin::find(line, &qmp, device_tree::PIN).await?),
            None => None,
        };
        let nothing = Box::new(Pictures::new(vec![RgbImage::new(640, 480)]));
        let camera = lines.next().flatten().map(|line| Camera::start(line, nothing)).transpose()?;
        let (plugged, sticks) = (BTreeMap::new(), 0);
        Ok(Self { qemu, qmp, pin, camera, serial: journal, keys, setup, disk, plugged, sticks, sockets })
    }

    /// What the guest said on its serial line; also written to `serial.log` in the machine's folder.
    pub fn serial(&self) -> &Journal {
        &self.serial
    }

    /// QEMU's control line, for what has no name here. Its events tell resets and shutdowns.
    pub fn qmp(&self) -> &Qmp {
        &self.qmp
    }

    /// The camera, if the setup plugs one; it looks at black until it is shown something.
    ///
    /// # Errors
    /// When the setup has none.
    pub fn camera(&self) -> Result<&Camera, EmulatorError> {
        self.camera.as_ref().ok_or_else(|| EmulatorError::Wrong("this machine has no camera".to_owned()))
    }

    /// QEMU's process id.
    pub fn pid(&self) -> Option<u32> {
        self.qemu.id()
    }

    /// The disk that is written to; a later machine can start from it as [`Disk::Overlay`].
    pub fn disk(&self) -> Option<&Path> {
        self.disk.as_deref()
    }

    /// Puts the finger on the button, or takes it off.
    ///
    /// # Errors
    /// When there is no button, or QEMU is gone.
    pub async fn finger(&self, down: bool) -> Result<(), EmulatorError> {
        if let Some(pin) = &self.pin {
            return pin.set(down).await;
        }
        if self.setup.button != Button::Usb {
            return Err(EmulatorError::Wrong("this machine has no button".to_owned()));
        }
        let key = json!({ "type": "qcode", "data": "ret" });
        let event = json!({ "type": "key", "data": { "down": down, "key": key } });
        self.qmp.execute("input-send-event", json!({ "events": [event] })).await.map(drop)
    }

    /// Holds the button for so long; [`PRESS`] is a short press.
    ///
    /// # Errors
    /// As [`Machine::finger`].
    pub async fn press(&self, time: Duration) -> Result<(), EmulatorError> {
        self.finger(true).await?;
        tokio::time::sleep(time).await;
        self.finger(false).await
    }

    /// Plugs a stick in: a folder becomes one, an image file is used as it is and is written to. Gives its name.
    ///
    /// # Errors
    /// A missing folder or tool, or QEMU's refusal.
    pub async fn stick(&mut self, from: &Path) -> Result<String, EmulatorError> {
        self.sticks += 1;
        let name = format!("stick{}", self.sticks);
        let image = if from.is_dir() {
            let image = self.setup.folder.join(format!("{name}.img"));
            disk::stick_of(from, &image).await?;
            image
        } else {
            let advice = "name a folder or the image of a stick".to_owned();
            let none = |_| EmulatorError::NoFile { what: "stick", path: from.to_owned(), advice };
            std::fs::canonicalize(from).map_err(none)?
        };
        let image = std::path::absolute(&image).map_err(EmulatorError::io(format!("finding {}", image.display())))?;
        let file = json!({ "driver": "file", "filename": image });
        self.qmp.execute("blockdev-add", json!({ "driver": "raw", "node-name": name, "file": file })).await?;
        let device = json!({ "driver": "usb-storage", "id": name, "drive": name, "removable": true });
        if let Err(error) = self.qmp.execute("device_add", device).await {
            self.qmp.execute("blockdev-del", json!({ "node-name": name })).await?;
            return Err(error);
        }
        self.plugged.insert(name.clone(), image);
        Ok(name)
    }

    /// Pulls a stick out, however busy it is. Gives its image, to be looked at with [`disk::read_stick`].
    ///
    /// # Errors
    /// When no such stick is in.
    pub async fn pull(&mut self, name: &str) -> Result<PathBuf, EmulatorError> {
        let image = self.plugged.remove(name);
        let image = image.ok_or_else(|| EmulatorError::Wrong(format!("no stick \"{name}\" is in")))?;
        self.unplug(name).await?;
        self.qmp.execute("blockdev-del", json!({ "node-name": name })).await?;
        Ok(image)
    }

    /// The sticks that are in, by name.
    pub fn sticks(&self) -> impl Iterator<Item = &str> {
        self.plugged.keys().map(String::as_str)
    }

    /// Plugs any device of QEMU in: `driver`, `id` and its properties.
    ///
    /// # Errors
    /// QEMU's refusal.
    pub async fn plug(&self, device: Value) -> Result<(), EmulatorError> {
        self.qmp.execute("device_add", device).await.map(drop)
    }

    /// Takes a device out, by its id, and waits until it is gone.
    ///
    /// # Errors
    /// When there is none, or it does not go within 30 s.
    pub async fn unplug(&self, id: &str) -> Result<(), EmulatorError> {
        let from = self.qmp.events().position();
        self.qmp.execute("device_del", json!({ "id": id })).await?;
        let gone = format!("DEVICE_DELETED.*\"device\": \"{}\"", regex::escape(id));
        self.qmp.events().wait_for(&gone, from, LEAVE).await.map(drop)
    }

    /// Types a line at the guest's serial line: for U-Boot's prompt, or a test kernel.
    ///
    /// # Errors
    /// When QEMU is gone.
    pub fn type_line(&self, line: &str) -> Result<(), EmulatorError> {
        // The Pi's boot loader and its kernel may listen at different ones.
        for mut key in &self.keys {
            let tried = EmulatorError::io("typing at the serial line");
            std::io::Write::write_all(&mut key, format!("{line}\n").as_bytes()).map_err(tried)?;
        }
        Ok(())
    }

    /// Asks the guest to power off, as the power key of a PC does.
    ///
    /// # Errors
    /// When QEMU is gone.
    pub async fn ask_to_power_off(&self) -> Result<(), EmulatorError> {
        self.qmp.execute("system_powerdown", json!({})).await.map(drop)
    }

    /// Resets the machine, as a watchdog does.
    ///
    /// # Errors
    /// When QEMU is gone.
    pub async fn reset(&self) -> Result<(), EmulatorError> {
        self.qmp.execute("system_reset", json!({})).await.map(drop)
    }

    /// Copies the disk as it is at this moment: what a power cut now would leave, all that the guest has written included. The guest stands still meanwhile and notices nothing.
    ///
    /// # Errors
    /// When there is no disk or it cannot be copied.
    pub async fn snapshot_of_disk(&self, to: &Path) -> Result<Disk, EmulatorError> {
        let Some(from) = &self.disk else {
            return Err(EmulatorError::Wrong("this machine has no disk".to_owned()));
        };
        // Stopping also writes QEMU's own tables of the overlay out.
        self.qmp.execute("stop", json!({})).await?;
        let copied = disk::copy(from, to).await;
        self.qmp.execute("cont", json!({})).await?;
        copied.map(|()| Disk::Overlay(to.to_owned()))
    }

    /// Waits for the guest to switch itself off, or to reboot where the setup says that this ends the machine.
    ///
    /// # Errors
    /// When it does not in time; then its power is cut.
    pub async fn wait_for_off(mut self, within: Duration) -> Result<Off, EmulatorError> {
        let (what, last) = ("the machine's switching off".to_owned(), |serial: &Journal| serial.last(25));
        let late = |serial: &Journal| EmulatorError::TooLate { what, within, last: last(serial) };
        let ended = tokio::time::timeout(within, self.qemu.wait()).await.map_err(|_| late(&self.serial))?;
        let status = ended.map_err(EmulatorError::io("waiting for QEMU to end"))?;
        Ok(Off { status, disk: self.disk, serial: self.serial.lines() })
    }

    /// Cuts the power: nothing that was not on the disk yet gets there.
    ///
    /// # Errors
    /// When QEMU cannot be ended.
    pub async fn cut(mut self) -> Result<Off, EmulatorError> {
        self.qemu.start_kill().map_err(EmulatorError::io("ending QEMU"))?;
        let status = self.qemu.wait().await.map_err(EmulatorError::io("waiting for QEMU to end"))?;
        Ok(Off { status, disk: self.disk, serial: self.serial.lines() })
    }
}

/// A machine that is off.
#[derive(Debug)]
pub struct Off {
    /// How QEMU ended: with success when the guest switched it off.
    pub status: ExitStatus,
    /// Its disk, to boot again as [`Disk::Overlay`].
    pub disk: Option<PathBuf>,
    /// All that its serial line said.
    pub serial: Vec<Line>,
}

/// Missing files are said before QEMU says it in its own way.
fn check(setup: &Setup) -> Result<(), EmulatorError> {
    let mut files = match &setup.boot {
        Boot::Loader(loader) => {
            vec![("boot loader", loader, "make image brings one to out/qemu, apt-get install u-boot-qemu another")]
        }
        Boot::Kernel { kernel, initrd, .. } => {
            let kernel = ("kernel", kernel, "name one that is there");
            std::iter::once(kernel).chain(initrd.iter().map(|it| ("initrd", it, "name one that is there"))).collect()
        }
    };
    files.extend(setup.environment.iter().map(|it| ("U-Boot environment", it, "make image brings one to out/qemu")));
    for (what, path, advice) in files {
        if !path.is_file() {
            return Err(EmulatorError::NoFile { what, path: path.clone(), advice: advice.to_owned() });
        }
    }
    if setup.board == Board::Raspi3b {
        let lacks = match setup {
            Setup { button: Button::Pin, .. } => Some("pin that can be pressed; take a USB button"),
            Setup { sound: Some(_), .. } => Some("sound card"),
            _ => None,
        };
        if let Some(what) = lacks {
            return Err(EmulatorError::Wrong(format!("QEMU's Raspberry Pi has no {what}")));
        }
    }
    Ok(())
}

fn spawn(setup: &Setup, options: &[std::ffi::OsString]) -> Result<Child, EmulatorError> {
    let log = setup.folder.join("qemu.log");
    let log = std::fs::File::create(&log).map_err(EmulatorError::io(format!("writing {}", log.display())))?;
    // QEMU must not outlive us, however we end.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).args(&setup.qemu).args(options);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
    if let Some(sound) = &setup.sound {
        command.env("ALSA_CONFIG_PATH", &sound.alsa);
    }
    // Ctrl-C at the terminal is ours to answer.
    command.process_group(0);
    tracing::info!("starting {command:?}");
    command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => EmulatorError::Missing { program: "setpriv".into(), package: "util-linux" },
        _ => EmulatorError::Io { what: "starting QEMU".to_owned(), why: error },
    })
}

/// Waits for QEMU to open a line.
async fn accept(listener: &UnixListener, qemu: &mut Child, said: &Path) -> Result<UnixStream, EmulatorError> {
    let tried = "it was started".to_owned();
    let last_words = || std::fs::read_to_string(said).unwrap_or_default().trim().to_owned();
    let opened = tokio::time::timeout(START, async {
        tokio::select! {
            opened = listener.accept() => Ok(opened),
            ended = qemu.wait() => Err(ended),
        }
    });
    match opened.await {
        Ok(Ok(opened)) => opened.map(|(line, _)| line).map_err(EmulatorError::io("accepting QEMU's line")),
        Ok(Err(ended)) => {
            let said = last_words();
            if said.contains("failed to execute") {
                return Err(EmulatorError::Missing { program: "qemu-system-aarch64".into(), package: PACKAGE });
            }
            if said.contains("gtk") {
                return Err(EmulatorError::Missing { program: "QEMU's window".into(), package: "qemu-system-gui" });
            }
            let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
            Err(EmulatorError::Ended { tried, how, said })
        }
        Err(_) => Err(EmulatorError::TooLate { what: "QEMU's line".to_owned(), within: START, last: last_words() }),
    }
}

/// Writes a serial line down on a thread of its own: while nobody reads it, QEMU stands still with all it does.
fn follow(line: UnixStream, journal: &Journal, log: &Path) -> Result<StdStream, EmulatorError> {
    let tried = || EmulatorError::io("reading the serial line");
    let line = line.into_std().map_err(tried())?;
    line.set_nonblocking(false).map_err(tried())?;
    let keys = line.try_clone().map_err(tried())?;
    let file = std::fs::File::options().create(true).append(true).open(log);
    let file = file.map_err(EmulatorError::io(format!("writing {}", log.display())))?;
    let journal = journal.clone();
    let reader = std::thread::Builder::new().name("serial".to_owned());
    reader.spawn(move || journal.follow(Both(line, file))).map_err(tried())?;
    Ok(keys)
}

/// What is read from the one is also written to the other.
struct Both(StdStream, std::fs::File);

impl std::io::Read for Both {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read(buffer)?;
        std::io::Write::write_all(&mut self.1, &buffer[..count])?;
        Ok(count)
    }
}
