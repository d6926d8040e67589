//! The program `madoguchi-emulator`: boots an image, and takes one-word commands for what hands would do.
#![cfg_attr(feature = "workbench", expect(clippy::disallowed_methods, reason = "clips are read from files"))]

use super::EmulatorError;
use super::camera::sight::Pictures;
#[cfg(feature = "workbench")]
use super::camera::sight::Slot;
use super::camera::{Camera, Sight};
use super::machine::{Machine, PRESS};
use super::setup::{Boot, Button, Disk, Setup, Show, U_BOOT};
use super::sound::DeskSound;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Long enough to count as a hold.
const HOLD: Duration = Duration::from_millis(3_300);
/// How often `--picture-to` is written.
const PICTURES: Duration = Duration::from_secs(2);
/// Lines that `log` shows.
const LOG: usize = 20;

const HELP: &str = "\
press            press the button shortly
hold [SECONDS]   hold it, 3.3 s unless told otherwise
down, up         put the finger on it, take it off
stick PATH       plug a USB stick in: a folder, or an image file (which is written to)
pull [NAME]      pull a stick out, however busy it is
camera WHAT      hold something before the camera: a picture, a folder of them, an .avi clip, person
camera out       pull the camera out
camera in        plug it in again
picture [FILE]   write what the TV shows to a PNG file, tv.png unless told otherwise
save FILE        copy the disk as it is now, to boot it later with --disk
log [LINES]      show the last lines of the serial log
type TEXT        type a line at the serial line
reset            reset the machine, as its watchdog does
off              ask the system to switch itself off
cut              cut the power; Ctrl-C does the same
help             this list";

/// Boots an image in QEMU, as a box with a TV, a button and USB sockets.
#[derive(Debug, Parser)]
#[command(name = "madoguchi-emulator", version)]
pub struct Program {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Boots an image and takes commands by lines: press, hold, stick, pull, picture, cut, log, help
    Boot(BootArguments),
}

#[derive(Debug, Args)]
#[command(after_help = format!("While it runs:\n{HELP}"))]
struct BootArguments {
    /// The image; it stays untouched
    #[arg(long)]
    image: PathBuf,
    /// Goes on with this disk of an earlier boot instead of a fresh one: disk.qcow2 in its folder, or a saved one
    #[arg(long, value_name = "QCOW2")]
    disk: Option<PathBuf>,
    /// Folder for the disk's overlay, the logs and the sticks
    #[arg(long, default_value = "out/emulator")]
    folder: PathBuf,
    /// Plugs a stick in before power-on: a folder or an image file
    #[arg(long, value_name = "PATH")]
    stick: Vec<PathBuf>,
    /// Holds something before the camera: a picture, a folder of them, an .avi clip, or person
    #[arg(long, value_name = "PATH")]
    clip: Option<PathBuf>,
    /// Puts a sound card in; prints how to play to its microphone and how to listen
    #[arg(long)]
    sound: bool,
    /// Boots without a camera
    #[arg(long, conflicts_with = "clip")]
    no_camera: bool,
    /// Presses the button so many seconds after power-on
    #[arg(long, value_name = "SECONDS", default_missing_value = "30", num_args = 0..=1)]
    press: Option<f64>,
    /// Holds the button so many seconds after power-on
    #[arg(long, value_name = "SECONDS", default_missing_value = "30", num_args = 0..=1)]
    hold: Option<f64>,
    /// What the button is
    #[arg(long, value_enum, default_value = "pin")]
    button: ButtonKind,
    /// Writes what the TV shows to this PNG file, over and over
    #[arg(long, value_name = "FILE")]
    picture_to: Option<PathBuf>,
    /// Shows the TV in a window
    #[arg(long, conflicts_with = "vnc")]
    window: bool,
    /// Shows the TV by VNC at this display number of 127.0.0.1
    #[arg(long, value_name = "NUMBER", default_missing_value = "0", num_args = 0..=1)]
    vnc: Option<u16>,
    /// Size of the TV
    #[arg(long, default_value = "1920x1080", value_parser = size)]
    tv: (u32, u32),
    /// Boots without a network cable
    #[arg(long)]
    no_cable: bool,
    /// U-Boot's environment, as `make image` writes it
    #[arg(long)]
    environment: Option<PathBuf>,
    /// The boot loader
    #[arg(long, default_value = U_BOOT)]
    loader: PathBuf,
    /// Boots a Raspberry Pi 3B with this device tree instead of QEMU's own machine; needs its own --loader
    #[arg(long, value_name = "DTB")]
    raspi3b: Option<PathBuf>,
    /// Clock at power-on, such as 2026-04-01T09:00:00; this desk's unless given
    #[arg(long)]
    clock: Option<String>,
    /// QEMU, by name or path
    #[arg(long, default_value = "qemu-system-aarch64")]
    qemu: String,
    /// Prints the serial log as it comes
    #[arg(long)]
    serial: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ButtonKind {
    /// A contact at a pin (gpio-keys)
    Pin,
    /// A USB button
    Usb,
}

fn size(words: &str) -> Result<(u32, u32), String> {
    let sides = words.split_once('x').and_then(|(wide, high)| Some((wide.parse().ok()?, high.parse().ok()?)));
    sides.ok_or_else(|| format!("\"{words}\" is no size; write it as 1280x720"))
}

impl BootArguments {
    fn setup(&self) -> Setup {
        let disk = match &self.disk {
            Some(overlay) => Disk::Overlay(overlay.clone()),
            None => Disk::Image(self.image.clone()),
        };
        let boot = Boot::Loader(self.loader.clone());
        let button = match self.button {
            ButtonKind::Pin => Button::Pin,
            ButtonKind::Usb => Button::Usb,
        };
        let show = match (self.window, self.vnc) {
            (true, _) => Show::Window,
            (false, Some(number)) => Show::Vnc(number),
            (false, None) => Show::Nowhere,
        };
        let basis = match &self.raspi3b {
            Some(tree) => Setup::raspi3b(&self.folder, boot, tree.clone(), disk),
            None => Setup { boot, button, tv: Some(self.tv), ..Setup::virt(&self.folder, disk) },
        };
        let network = basis.network.clone().filter(|_| !self.no_cable);
        let clock = self.clock.clone();
        let (environment, qemu) = (self.environment.clone(), vec![self.qemu.clone().into()]);
        Setup { camera: !self.no_camera, show, network, clock, environment, qemu, ..basis }
    }
}

/// Does what the command line says.
///
/// # Errors
/// What does not start, and what to do.
pub async fn run(program: Program) -> Result<(), EmulatorError> {
    match program.action {
        Action::Boot(arguments) => boot(arguments).await,
    }
}

async fn boot(arguments: BootArguments) -> Result<(), EmulatorError> {
    let sound = if arguments.sound { Some(DeskSound::start().await?) } else { None };
    let setup = Setup { sound: sound.as_ref().map(DeskSound::card), ..arguments.setup() };
    let mut machine = Machine::start(setup).await?;
    for stick in &arguments.stick {
        machine.stick(stick).await?;
    }
    if let Some(clip) = &arguments.clip {
        machine.camera()?.show(sight(clip)?).await;
    }
    println!("{} boots. Ctrl-C cuts its power. Commands:\n\n{HELP}\n", arguments.image.display());
    println!("Logs and disk: {}", arguments.folder.display());
    if let Some(number) = arguments.vnc {
        println!("The TV: vnc://127.0.0.1:{}", 5900 + u32::from(number));
    }
    if let Some(sound) = &sound {
        let server = sound.server();
        println!("To the microphone: paplay --server={server} --device=mic FILE.wav");
        println!("From the speaker:  parec --server={server} --device=speaker.monitor --file-format=wav FILE.wav");
    }
    let ended = attend(&mut machine, &arguments).await;
    match ended {
        Ok(End::Cut) => println!("power cut after {:.1} s", machine.serial().elapsed().as_secs_f64()),
        Ok(End::Off) => println!("it switched itself off after {:.1} s", machine.serial().elapsed().as_secs_f64()),
        Err(error) => return Err(error),
    }
    machine.cut().await.map(drop)
}

/// How a boot ends.
enum End {
    Cut,
    Off,
}

/// Is the hands until the machine is off.
async fn attend(machine: &mut Machine, arguments: &BootArguments) -> Result<End, EmulatorError> {
    let mut lines = Some(typed_lines()?);
    let mut ended = signal(SignalKind::terminate()).map_err(EmulatorError::io("waiting for signals"))?;
    let mut pictures = tokio::time::interval(PICTURES);
    let serial = machine.serial().clone();
    let events = machine.qmp().events().clone();
    let after = |seconds: Option<f64>| tokio::time::sleep(Duration::from_secs_f64(seconds.unwrap_or(0.0).max(0.0)));
    let (press, hold) = (after(arguments.press), after(arguments.hold));
    tokio::pin!(press, hold);
    let (mut press_due, mut hold_due) = (arguments.press.is_some(), arguments.hold.is_some());
    let mut shown = 0;
    let mut position = 0;
    loop {
        let typed = async {
            match &mut lines {
                Some(lines) => lines.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => {
                pressed.map_err(EmulatorError::io("waiting for Ctrl-C"))?;
                return Ok(End::Cut);
            }
            _ = ended.recv() => return Ok(End::Cut),
            () = events.ended() => return Ok(End::Off),
            line = typed => match line {
                Some(line) => match obey(machine, &line).await {
                    Ok(None) => {}
                    Ok(Some(end)) => return Ok(end),
                    Err(error) => println!("{error}"),
                },
                // Without a terminal it runs on.
                None => lines = None,
            },
            () = &mut press, if press_due => { press_due = false; say(machine.press(PRESS).await); }
            () = &mut hold, if hold_due => { hold_due = false; say(machine.press(HOLD).await); }
            _ = pictures.tick(), if arguments.picture_to.is_some() => {
                if let Some(file) = &arguments.picture_to && let Err(error) = machine.picture(file).await {
                    tracing::debug!("no picture: {error}");
                }
            }
            now = serial.more_than(position), if arguments.serial => {
                position = now;
                for line in serial.lines().iter().take(now).skip(shown) {
                    println!("[{:7.2}] {}", line.at.as_secs_f64(), line.text);
                    shown += 1;
                }
            }
        }
    }
}

/// Lines from the terminal, until it ends.
fn typed_lines() -> Result<mpsc::Receiver<String>, EmulatorError> {
    let (typed, lines) = mpsc::channel(8);
    let reader = std::thread::Builder::new().name("terminal".to_owned());
    let read = move || {
        let mut lines = std::io::stdin().lines();
        while let Some(Ok(line)) = lines.next() {
            if typed.blocking_send(line).is_err() {
                return;
            }
        }
    };
    reader.spawn(read).map_err(EmulatorError::io("reading the terminal"))?;
    Ok(lines)
}

fn say(done: Result<(), EmulatorError>) {
    if let Err(error) = done {
        println!("{error}");
    }
}

/// Does one command.
async fn obey(machine: &mut Machine, line: &str) -> Result<Option<End>, EmulatorError> {
    let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let rest = rest.trim();
    match word {
        "" => {}
        "press" => machine.press(PRESS).await?,
        "hold" => machine.press(seconds(rest)?.unwrap_or(HOLD)).await?,
        "down" => machine.finger(true).await?,
        "up" => machine.finger(false).await?,
        "stick" if !rest.is_empty() => println!("{} is in", machine.stick(Path::new(rest)).await?),
        "stick" => return Err(EmulatorError::Wrong("name a folder or an image file: stick PATH".to_owned())),
        "pull" => {
            let name = match rest {
                "" => machine.sticks().last().map(str::to_owned),
                name => Some(name.to_owned()),
            };
            let name = name.ok_or_else(|| EmulatorError::Wrong("no stick is in".to_owned()))?;
            println!("{name} is out; it is {}", machine.pull(&name).await?.display());
        }
        "camera" => match rest {
            "" => println!("{}", camera_now(machine.camera()?)),
            "in" => machine.camera()?.plug(true).await,
            "out" => machine.camera()?.plug(false).await,
            path => machine.camera()?.show(sight(Path::new(path))?).await,
        },
        "picture" => {
            let file = Path::new(if rest.is_empty() { "tv.png" } else { rest });
            machine.picture(file).await?;
            println!("{}", file.display());
        }
        "save" if !rest.is_empty() => drop(machine.snapshot_of_disk(Path::new(rest)).await?),
        "log" => print!("{}", machine.serial().last(rest.parse().unwrap_or(LOG))),
        "type" => machine.type_line(rest)?,
        "reset" => machine.reset().await?,
        "off" => machine.ask_to_power_off().await?,
        "cut" => return Ok(Some(End::Cut)),
        "help" => println!("{HELP}"),
        _ => println!("\"{word}\" is no command. These are:\n{HELP}"),
    }
    Ok(None)
}

#[cfg(not(feature = "workbench"))]
fn sight(path: &Path) -> Result<Box<dyn Sight>, EmulatorError> {
    Pictures::read(path).map(|pictures| Box::new(pictures) as Box<dyn Sight>).map_err(EmulatorError::Wrong)
}

/// A clip or a person is shown by the workbench's camera.
#[cfg(feature = "workbench")]
fn sight(path: &Path) -> Result<Box<dyn Sight>, EmulatorError> {
    use crate::workbench::camera::{CameraSlot, Scenery};
    let scenery = match path.extension().and_then(|ending| ending.to_str()) {
        Some("avi") => {
            let clip = std::fs::read(path).map_err(EmulatorError::io(format!("reading {}", path.display())))?;
            Scenery::Clip(clip.into())
        }
        None if path == Path::new("person") => Scenery::Person,
        _ => {
            let pictures = Pictures::read(path).map(|pictures| Box::new(pictures) as Box<dyn Sight>);
            return pictures.map_err(EmulatorError::Wrong);
        }
    };
    let slot = CameraSlot::new((1280, 720), 1.0, None, scenery, Box::new(|| {}));
    Ok(Box::new(Slot::new(slot)))
}

fn camera_now(camera: &Camera) -> String {
    match *camera.mode().borrow() {
        Some(mode) => format!("the camera is open, {mode:?}; {} pictures were taken", camera.sent()),
        None => format!("the camera is closed; {} pictures were taken", camera.sent()),
    }
}

fn seconds(words: &str) -> Result<Option<Duration>, EmulatorError> {
    if words.is_empty() {
        return Ok(None);
    }
    let time = words.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.map(Some).ok_or_else(|| EmulatorError::Wrong(format!("\"{words}\" is no number of seconds")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Program::command().debug_assert();
        let line = ["madoguchi-emulator", "boot", "--image", "a.img", "--tv", "1920x1080", "--press", "--vnc"];
        let Action::Boot(boot) = Program::try_parse_from(line).expect("understood").action;
        assert_eq!((boot.tv, boot.press, boot.vnc), ((1920, 1080), Some(30.0), Some(0)));
        assert!(Program::try_parse_from(["madoguchi-emulator", "boot", "--image", "a", "--tv", "big"]).is_err());
    }

    #[test]
    fn seconds_are_told_from_nonsense() {
        assert_eq!(seconds("").expect("none"), None);
        assert_eq!(seconds("1.5").expect("a time"), Some(Duration::from_millis(1500)));
        assert!(seconds("-1").is_err() && seconds("long").is_err());
    }
}
