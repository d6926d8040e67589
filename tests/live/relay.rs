//! coturn on this machine, for one life.

#![allow(dead_code, unreachable_pub, reason = "each test uses its own part of it")]

use madoguchi::meeting::turn::Turn;
use madoguchi::model::secret::Secret;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running coturn. It ends when this is dropped.
pub struct Relay {
    process: Child,
    log: PathBuf,
    address: SocketAddr,
}

const SECRET: &str = "the story's own secret";
/// Neither coturn's usual one, which the machine's own may have, nor one that is given to outgoing connections.
const PORT: u16 = 13_478;

impl Relay {
    /// Starts coturn at an address of this machine at which nobody else does.
    pub fn start(folder: &Path, ip: IpAddr) -> Self {
        let address = SocketAddr::new(ip, PORT);
        let log = folder.join("coturn.log");
        let process = Command::new("turnserver")
            .args(["-n", "--allow-loopback-peers", "--no-cli"])
            .args([format!("--listening-ip={ip}"), format!("--relay-ip={ip}")])
            .args(["--use-auth-secret", "--realm=madoguchi.test", "--no-tls", "--no-dtls", "--verbose", "--simple-log"])
            .args(["--min-port=40000", "--max-port=40999"])
            .arg(format!("--listening-port={PORT}"))
            .arg(format!("--static-auth-secret={SECRET}"))
            .arg(format!("--log-file={}", log.display()))
            .arg(format!("--pidfile={}", folder.join("coturn.pid").display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("coturn does not start; install it with: apt-get install coturn");
        let relay = Self { process, log, address };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "coturn does not listen on {address}");
            std::thread::sleep(Duration::from_millis(50));
        }
        relay
    }

    /// How the room server names it to both ends.
    pub fn turn(&self, relay_only: bool) -> Turn {
        Turn {
            stun: Vec::new(),
            turn: vec![format!("turn:{}?transport=udp", self.address)],
            secret: Some(Secret::new(SECRET)),
            relay_only,
        }
    }

    /// The names under which seats asked for relay addresses.
    pub fn names(&self) -> Vec<String> {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let named = log.lines().filter_map(|line| line.split_once("user <")?.1.split_once('>'));
        let mut names: Vec<String> = named.map(|(name, _)| name.to_owned()).filter(|name| !name.is_empty()).collect();
        names.sort();
        names.dedup();
        names
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
