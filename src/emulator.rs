//! The machine that the image is tried in: QEMU with a TV, a button, sticks and a camera of our own.
//!
//! The guest runs the unmodified product image with its real drivers; everything special is on this side of the plug.
//! A developer's tool like the workbench: an image never contains it.
//!
//! * [`setup`]: which machine, as a value; it becomes QEMU's command line.
//! * [`machine`]: a running machine and what can be done to it: press, plug, look at the TV, cut the power.
//! * [`disk`]: overlays that leave the image untouched, and sticks made from folders.
//! * [`device_tree`]: the button on a pin, named as on the product's boards.
//! * [`camera`]: a USB camera that the guest's own driver opens.
//! * [`sound`]: a microphone that hears what we play, a speaker that we can listen to.
//! * [`journal`]: the serial line, to wait for something in it.
//! * [`qmp`], [`qtest`]: QEMU's own control lines.
//! * [`command`]: the program `madoguchi-emulator`.

pub mod camera;
pub mod command;
pub mod device_tree;
pub mod disk;
pub mod journal;
pub mod machine;
pub mod qmp;
pub mod qtest;
pub mod setup;
pub mod sound;

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why something with the emulated machine failed, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// A program of this desk is missing.
    #[error("{program} is not installed; install it with: apt-get install {package}")]
    Missing {
        /// What was to be run.
        program: String,
        /// Debian's package of it.
        package: &'static str,
    },
    /// A file is missing.
    #[error("there is no {what} at {path}; {advice}")]
    NoFile {
        /// What it would be.
        what: &'static str,
        /// Where it was looked for.
        path: PathBuf,
        /// What to do.
        advice: String,
    },
    /// A program did not do what it was asked.
    #[error("{program} failed ({status}): {said}")]
    Program {
        /// Its name.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// Its last words.
        said: String,
    },
    /// QEMU ended when it was not asked to.
    #[error("QEMU ended by itself ({how}) while {tried}; it said: {said}")]
    Ended {
        /// What was being done.
        tried: String,
        /// How it ended.
        how: String,
        /// Its last words.
        said: String,
    },
    /// QEMU refused a command.
    #[error("QEMU refused \"{command}\": {why}")]
    Refused {
        /// The command's name.
        command: String,
        /// QEMU's reason.
        why: String,
    },
    /// Something did not come in time.
    #[error("{what} did not come within {within:?}; the last that was seen:\n{last}")]
    TooLate {
        /// What was waited for.
        what: String,
        /// How long.
        within: Duration,
        /// What came instead.
        last: String,
    },
    /// A file, a folder or a socket.
    #[error("{what}: {why}")]
    Io {
        /// What was tried, on what.
        what: String,
        /// What the system said.
        why: std::io::Error,
    },
    /// What was asked for makes no sense on this machine.
    #[error("{0}")]
    Wrong(String),
}

impl EmulatorError {
    /// For `map_err`: says what was tried.
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |why| Self::Io { what, why }
    }
}
