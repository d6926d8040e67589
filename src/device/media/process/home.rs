//! Where the media process comes from: a unit of systemd on the box, a program that is started on a desk.

#![expect(clippy::disallowed_methods, reason = "a desk has no systemd: the process is started here")]

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with, socketpair};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Where `systemd/madoguchi-media.socket` listens.
const SOCKET: &str = "/run/madoguchi/media.sock";
/// How a program is told that it is to be the media process.
pub const ARGUMENT: &str = "media";
/// A process whose socket is closed ends by itself; one that has been killed is gone sooner.
const ENDING: Duration = Duration::from_secs(1);

/// Where media processes come from. Each has a socket to the supervisor as its standard input.
#[derive(Clone, Debug)]
pub enum Home {
    /// Nowhere: sessions live in this process. On a machine that is too slow for two, sound comes late for ever.
    Within,
    /// systemd starts one for each connection to this socket, with a user and a sandbox of its own.
    Unit(PathBuf),
    /// This program is started, with the one argument `media`: for desks and tests, without a sandbox.
    Program(PathBuf),
}

impl Home {
    /// That of the box.
    pub fn of_the_box() -> Self {
        Self::Unit(SOCKET.into())
    }

    /// The program that runs now.
    ///
    /// # Errors
    /// A sentence, where the system does not know it.
    pub fn this_program() -> Result<Self, String> {
        let program = std::env::current_exe();
        program.map(Self::Program).map_err(|error| format!("this program's own file is not known: {error}"))
    }

    /// Starts a process.
    pub(super) fn start(&self) -> Result<(OwnedFd, Body), String> {
        match self {
            Self::Within => Err("sessions are to live in this process".to_owned()),
            Self::Unit(socket) => Ok((connected(socket)?, Body(None))),
            Self::Program(program) => started(program),
        }
    }
}

fn connected(path: &Path) -> Result<OwnedFd, String> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let tried = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).and_then(|socket| {
        connect(&socket, &SocketAddrUnix::new(path)?)?;
        Ok(socket)
    });
    tried.map_err(|error| format!("asking systemd for a media process at {}: {error}", path.display()))
}

fn started(program: &Path) -> Result<(OwnedFd, Body), String> {
    let said = |error: std::io::Error| format!("starting \"{} {ARGUMENT}\": {error}", program.display());
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
        .map_err(|error| said(error.into()))?;
    let mut command = Command::new(program);
    command.arg(ARGUMENT).stdin(Stdio::from(theirs)).stdout(Stdio::null()).kill_on_drop(true);
    if std::env::var_os("RUST_LOG").is_none() {
        command.env("RUST_LOG", "warn");
    }
    Ok((ours, Body(Some(command.spawn().map_err(said)?))))
}

/// A process as far as it can be got hold of. One of systemd's ends when its socket is closed, or is ended by its watchdog.
pub(super) struct Body(Option<Child>);

impl Body {
    /// Ends it, and waits until it has ended. How it did, where that is known.
    pub(super) async fn end(self, by_itself: bool) -> Option<String> {
        let mut child = self.0?;
        let mut ended = None;
        if by_itself {
            ended = timeout(ENDING, child.wait()).await.ok();
        }
        if ended.is_none() {
            let _ = child.start_kill();
            ended = timeout(ENDING, child.wait()).await.ok();
        }
        ended?.ok().map(|status| status.to_string())
    }
}
