//! Sound at the desk: a microphone that hears what we play, and a speaker that we can listen to.
//!
//! QEMU's HDA card, which the guest's own driver knows, is at ALSA, and ALSA is at a PulseAudio of our own with two
//! null sinks: what is played to `mic` is what the microphone hears, and `speaker.monitor` is what the TV plays.
#![expect(clippy::disallowed_methods, reason = "it starts PulseAudio and its tools")]

use super::EmulatorError;
use super::disk::run;
use super::setup::Sound;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Samples a second, of both.
pub const RATE: u32 = 48_000;
const PACKAGE: &str = "pulseaudio";
const START: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(100);

/// A PulseAudio of our own. It ends when this is dropped.
pub struct DeskSound {
    _daemon: Child,
    folder: TempDir,
}

impl DeskSound {
    /// Starts it.
    ///
    /// # Errors
    /// Missing packages; a daemon that does not answer within 20 s, with its log.
    pub async fn start() -> Result<Self, EmulatorError> {
        let folder =
            TempDir::with_prefix("madoguchi-sound-").map_err(EmulatorError::io("making a folder for sound"))?;
        let at = |name: &str| folder.path().join(name);
        let place = |name: &str, text: &str| {
            let path = at(name);
            std::fs::write(&path, text).map_err(EmulatorError::io(format!("writing {}", path.display())))
        };
        let server = at("native").display().to_string();
        let pcm = |name: &str, device: &str| {
            format!("pcm.{name} {{ type pulse server \"unix:{server}\" device \"{device}\" }}\n")
        };
        place("asound.conf", &[pcm("mic", "mic.monitor"), pcm("speaker", "speaker")].concat())?;
        place("log", "")?;
        let log = at("log");
        let file = std::fs::File::create(&log).map_err(EmulatorError::io(format!("writing {}", log.display())))?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", "pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no"]);
        command.args(["--exit-idle-time=-1", "--high-priority=no", "--realtime=no"]);
        command.arg("-L").arg(format!("module-native-protocol-unix socket={server} auth-anonymous=1"));
        command.arg("-L").arg(format!("module-null-sink sink_name=mic rate={RATE} channels=1"));
        command.arg("-L").arg(format!("module-null-sink sink_name=speaker rate={RATE} channels=2"));
        // It must not meet the sound server of whoever sits at this desk.
        for name in ["HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH"] {
            command.env(name, folder.path());
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).kill_on_drop(true).process_group(0);
        let daemon = command.spawn().map_err(EmulatorError::io("starting pulseaudio"))?;
        let mut sound = Self { _daemon: daemon, folder };
        sound.answers(&log).await?;
        Ok(sound)
    }

    async fn answers(&mut self, log: &Path) -> Result<(), EmulatorError> {
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        let ask = async {
            loop {
                if let Ok(Some(_)) = self._daemon.try_wait() {
                    let program = PACKAGE.to_owned();
                    let tried = format!("{program} was started");
                    return Err(match said().contains("failed to execute") {
                        true => EmulatorError::Missing { program, package: PACKAGE },
                        false => EmulatorError::Ended { tried, how: "at once".to_owned(), said: said() },
                    });
                }
                let asked = run("pactl", "pulseaudio-utils", ["-s", &self.server(), "list", "short", "sinks"]).await;
                match asked {
                    Ok(sinks) if String::from_utf8_lossy(&sinks).contains("speaker") => return Ok(()),
                    Err(error @ EmulatorError::Missing { .. }) => return Err(error),
                    _ => tokio::time::sleep(LOOK).await,
                }
            }
        };
        tokio::time::timeout(START, ask).await.unwrap_or_else(|_| {
            Err(EmulatorError::TooLate { what: "PulseAudio's answer".to_owned(), within: START, last: said() })
        })
    }

    /// PulseAudio's address, for `PULSE_SERVER` or `--server`.
    pub fn server(&self) -> String {
        format!("unix:{}", self.folder.path().join("native").display())
    }

    /// The sound card to put into a machine's setup.
    pub fn card(&self) -> Sound {
        Sound { alsa: self.configuration() }
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("asound.conf")
    }

    /// Lets the microphone hear a WAV file, once. It stops when the answer is dropped.
    ///
    /// # Errors
    /// A missing package.
    pub fn hear(&self, recording: &Path) -> Result<Child, EmulatorError> {
        let arguments = ["--device=mic".as_ref(), recording.as_os_str()];
        self.tool("paplay", &arguments)
    }

    /// Writes what the speaker plays to a WAV file, [`RATE`] samples a second, one channel, 16 bits. It stops when the
    /// answer is dropped.
    ///
    /// # Errors
    /// A missing package.
    pub fn listen(&self, recording: &Path) -> Result<Child, EmulatorError> {
        let rate = format!("--rate={RATE}");
        let form = ["--device=speaker.monitor", "--file-format=wav", "--format=s16le", "--channels=1", &rate];
        let arguments: Vec<&std::ffi::OsStr> =
            form.iter().map(std::ffi::OsStr::new).chain([recording.as_os_str()]).collect();
        self.tool("parec", &arguments)
    }

    fn tool(&self, program: &str, arguments: &[&std::ffi::OsStr]) -> Result<Child, EmulatorError> {
        let mut command = Command::new(program);
        command.arg("--server").arg(self.server()).args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        command.kill_on_drop(true).spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                EmulatorError::Missing { program: program.to_owned(), package: "pulseaudio-utils" }
            }
            _ => EmulatorError::Io { what: format!("starting {program}"), why: error },
        })
    }
}
