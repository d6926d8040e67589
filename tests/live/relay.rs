//! coturn on this machine, for one life.

use madoguchi::model::secret::Secret;
use madoguchi::room::turn::Turn;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running coturn. It ends when this is dropped.
pub struct Relay {
    process: Child,
    log: PathBuf,
    port: u16,
}

const SECRET: &str = "the story's own secret";

impl Relay {
    /// Starts coturn on a free loopback port.
    pub fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = folder.join("coturn.log");
        let process = Command::new("turnserver")
            .args(["-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--allow-loopback-peers", "--no-cli"])
            .args(["--use-auth-secret", "--realm=madoguchi.test", "--no-tls", "--no-dtls", "--verbose", "--simple-log"])
            .args(["--min-port=40000", "--max-port=40999"])
            .arg(format!("--listening-port={port}"))
            .arg(format!("--static-auth-secret={SECRET}"))
            .arg(format!("--log-file={}", log.display()))
            .arg(format!("--pidfile={}", folder.join("coturn.pid").display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("coturn does not start; install it with: apt-get install coturn");
        let relay = Self { process, log, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "coturn does not listen on 127.0.0.1:{port}");
            std::thread::sleep(Duration::from_millis(50));
        }
        relay
    }

    /// How the room server names it to both ends.
    pub fn turn(&self, relay_only: bool) -> Turn {
        Turn {
            stun: Vec::new(),
            turn: vec![format!("turn:127.0.0.1:{}?transport=udp", self.port)],
            secret: Some(Secret::new(SECRET)),
            relay_only,
        }
    }

    /// How many relay addresses it gave out.
    pub fn allocations(&self) -> usize {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().filter(|line| line.contains("ALLOCATE processed, success")).count()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
