//! Everything that can be done at the desk, as values: the page, the command line and an automated story send the
//! very same ones.

use super::acoustics::Acoustics;
use super::air::{AccessPoint, Adapter, Internet};
use super::bench::{Bench, Item};
use super::camera::Scenery;
use super::network::View;
use super::papers::Paper;
use super::radio::Change;
use super::sound::Heard;
use crate::device::clock::ClockEvent;
use crate::device::usb::UsbEvent;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// How long a press by command lasts.
const PRESS: Duration = Duration::from_millis(150);
/// How long a hold by command lasts unless it says so: long enough to count as one.
const HOLD: Duration = Duration::from_millis(3_300);
/// Longest hold by command.
const LONGEST_HOLD: Duration = Duration::from_secs(60);
/// A USB stick's folder on this desk.
const STICK: &str = "/dev/workbench-stick";

/// Something done at the desk. As JSON: `{"do": "show", "id": "room-today"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// A finger goes down on the button.
    Down,
    /// It goes up again.
    Up,
    /// A press: down, and up after 150 ms.
    Press,
    /// A hold.
    Hold {
        /// For so long; 3.3 s unless it says so.
        millis: Option<u64>,
    },
    /// Puts something before the camera: `nothing`, `person`, or a paper, picture or clip by its id.
    Show {
        /// Which.
        id: String,
    },
    /// Looks through a real capture device.
    ShowDevice {
        /// Such as `/dev/video0`.
        path: PathBuf,
    },
    /// Puts the cable in, or takes it out.
    Cable {
        /// What lies behind it; nothing when it is out.
        behind: Option<Internet>,
    },
    /// Puts up an access point, or changes the one of that number.
    PutAccessPoint {
        /// All about it.
        point: AccessPoint,
    },
    /// Takes an access point down.
    RemoveAccessPoint {
        /// Its number.
        id: u32,
    },
    /// Changes the box's own radio.
    Adapter {
        /// What it can do.
        adapter: Adapter,
    },
    /// Cuts the line to the world outside, or mends it.
    CutLine {
        /// Cut.
        cut: bool,
    },
    /// Plugs the camera in or out.
    Camera {
        /// In.
        plugged: bool,
    },
    /// Plugs the microphone in or out.
    Microphone {
        /// In.
        plugged: bool,
    },
    /// Lets the TV play sound, or not.
    Speaker {
        /// It plays.
        plugged: bool,
    },
    /// Lets the microphone hear something.
    Hear {
        /// What.
        what: Hear,
    },
    /// Lets what the TV plays come back into the microphone, or not.
    Tv {
        /// How.
        echo: Tv,
    },
    /// The clock is known, or not.
    Clock {
        /// Known.
        known: bool,
    },
    /// Puts a USB stick in, or takes it out.
    Stick {
        /// In.
        plugged: bool,
    },
}

/// How the TV's sound comes back into the microphone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tv {
    /// Not at all, as with headphones.
    #[default]
    NoEcho,
    /// A living room and a TV that is 70 ms late.
    #[serde(rename = "70ms")]
    Late70,
    /// A living room and a TV that is 300 ms late.
    #[serde(rename = "300ms")]
    Late300,
}

/// What the microphone hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hear {
    /// Nothing.
    Silence,
    /// A sine of 440 Hz.
    Tone440,
    /// A sine of 660 Hz.
    Tone660,
    /// The desk's recording.
    Voice,
}

/// A command that could not be done: one sentence that says what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl From<String> for Refused {
    fn from(why: String) -> Self {
        Self(why)
    }
}

/// The hands at the desk. Clones are the same hands.
#[derive(Clone)]
pub struct Control {
    pub(super) bench: Arc<Bench>,
}

impl Control {
    /// Does a command; comes back when it is done (a hold takes its time).
    ///
    /// # Errors
    /// [`Refused`], and nothing has changed.
    pub async fn run(&self, command: Command) -> Result<(), Refused> {
        match command {
            Command::Down => self.bench.down()?,
            Command::Up => self.bench.up(),
            Command::Press => self.touch(PRESS).await?,
            Command::Hold { millis } => {
                let time = millis.map_or(HOLD, Duration::from_millis);
                if time > LONGEST_HOLD {
                    return Err(Refused(format!("a hold lasts {} seconds at most", LONGEST_HOLD.as_secs())));
                }
                self.touch(time).await?;
            }
            Command::Show { id } => self.show(&id)?,
            Command::ShowDevice { path } => self.show_device(path)?,
            Command::Cable { behind } => self.change(Change::Cable(behind)).await?,
            Command::PutAccessPoint { point } => self.change(Change::Put(point)).await?,
            Command::RemoveAccessPoint { id } => self.change(Change::Remove(id)).await?,
            Command::Adapter { adapter } => self.change(Change::Adapter(adapter)).await?,
            Command::CutLine { cut } => self.change(Change::Cut(cut)).await?,
            Command::Camera { plugged } => self.bench.camera.plug(plugged),
            Command::Microphone { plugged } => self.bench.microphone.plug(plugged),
            Command::Speaker { plugged } => self.bench.speaker.plug(plugged),
            Command::Hear { what } => self.hear(what)?,
            Command::Tv { echo } => {
                let late = |millis| Some(Acoustics::living_room(Duration::from_millis(millis)));
                self.bench.speaker.room().is(match echo {
                    Tv::NoEcho => None,
                    Tv::Late70 => late(70),
                    Tv::Late300 => late(300),
                });
                self.bench.switches(|switches| switches.tv = echo);
            }
            Command::Clock { known } => {
                self.bench.say(&self.bench.clock, ClockEvent { known }, "clock")?;
                self.bench.switches(|switches| switches.clock_known = known);
            }
            Command::Stick { plugged } => {
                let folder = PathBuf::from(STICK);
                let event = match plugged {
                    true => UsbEvent::In { folder, at_start: false, readable: true },
                    false => UsbEvent::Out { folder },
                };
                self.bench.say(&self.bench.usb, event, "USB sockets")?;
                self.bench.switches(|switches| switches.stick = plugged);
            }
        }
        self.bench.changed();
        Ok(())
    }

    /// Presses the button.
    ///
    /// # Errors
    /// [`Refused`] when the appliance does not read its button.
    pub async fn press(&self) -> Result<(), Refused> {
        self.run(Command::Press).await
    }

    /// Holds the button for so long.
    ///
    /// # Errors
    /// [`Refused`] when it is too long, or the appliance does not read its button.
    pub async fn hold(&self, time: Duration) -> Result<(), Refused> {
        self.run(Command::Hold { millis: u64::try_from(time.as_millis()).ok() }).await
    }

    /// Puts a paper on the desk, in place of one with the same id; it is not shown yet. If the old one is before the
    /// camera, it stays there.
    pub fn put_paper(&self, paper: Paper) {
        self.bench.put(Item::paper(paper));
        self.bench.changed();
    }

    /// Puts a picture on the desk that fills the camera's view when shown.
    pub fn put_picture(&self, paper: Paper) {
        self.bench.put(Item::picture(paper));
        self.bench.changed();
    }

    /// Puts an AVI clip with Motion JPEG pictures on the desk.
    ///
    /// # Errors
    /// [`Refused`] when it is no such clip.
    pub fn put_clip(&self, id: &str, title: &str, clip: Arc<[u8]>) -> Result<(), Refused> {
        self.bench.put(Item::clip(id, title, clip)?);
        self.bench.changed();
        Ok(())
    }

    /// Lets the microphone hear these samples over and over, and the command `hear voice` from now on.
    pub fn put_voice(&self, voice: Heard) {
        self.bench.microphone.hear(voice.clone());
        self.bench.set_voice(voice);
        self.bench.switches(|switches| switches.hears = Hear::Voice);
        self.bench.changed();
    }

    /// The state of the virtual radio, to wait for a change.
    pub fn radio(&self) -> watch::Receiver<View> {
        self.bench.radio.clone()
    }

    /// How many pipelines have the camera open.
    pub fn camera_open(&self) -> usize {
        self.bench.camera.open_count()
    }

    /// How many pipelines have the microphone open.
    pub fn microphone_open(&self) -> usize {
        self.bench.microphone.open_count()
    }

    async fn touch(&self, time: Duration) -> Result<(), Refused> {
        let finger = Finger::down(self.bench.clone())?;
        self.bench.changed();
        tokio::time::sleep(time).await;
        drop(finger);
        Ok(())
    }

    fn show(&self, id: &str) -> Result<(), Refused> {
        let scenery = self.bench.scenery(id);
        let scenery = scenery.ok_or_else(|| Refused(format!("nothing named \"{id}\" lies on the desk")))?;
        self.bench.camera.show(scenery);
        self.bench.switches(|switches| switches.shown = id.to_owned());
        Ok(())
    }

    fn show_device(&self, path: PathBuf) -> Result<(), Refused> {
        let name = path.to_string_lossy().into_owned();
        let number = name.strip_prefix("/dev/video");
        if !number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(Refused(format!("a camera is /dev/video with a number; \"{name}\" is not")));
        }
        if !path.exists() {
            return Err(Refused(format!("there is no camera at {name}; plug one in or choose another number")));
        }
        self.bench.camera.show(Scenery::Device(path));
        self.bench.switches(|switches| switches.shown = name);
        Ok(())
    }

    fn hear(&self, what: Hear) -> Result<(), Refused> {
        let heard = match what {
            Hear::Silence => Heard::Silence,
            Hear::Tone440 => Heard::Tone(440.0),
            Hear::Tone660 => Heard::Tone(660.0),
            Hear::Voice => self.bench.voice().ok_or_else(|| Refused("this desk has no recording of a voice".into()))?,
        };
        self.bench.microphone.hear(heard);
        self.bench.switches(|switches| switches.hears = what);
        Ok(())
    }

    async fn change(&self, change: Change) -> Result<(), Refused> {
        let (done, wait) = oneshot::channel();
        let gone = || Refused("the radio of this desk has stopped; start the workbench again".into());
        self.bench.changes.send((change, done)).await.map_err(|_| gone())?;
        wait.await.map_err(|_| gone())?.map_err(Refused)
    }
}

/// A finger on the button: it goes up when this is dropped, whatever happens to whoever pressed.
pub(super) struct Finger(Arc<Bench>);

impl Finger {
    pub(super) fn down(bench: Arc<Bench>) -> Result<Self, Refused> {
        bench.down()?;
        Ok(Self(bench))
    }
}

impl Drop for Finger {
    fn drop(&mut self) {
        self.0.up();
        self.0.changed();
    }
}
