//! Relays: coturn over UDP, TCP and TLS.

use crate::loopback::{TURN_PORT, own_address};
use madoguchi::model::secret::Secret;
use madoguchi::model::wire::IceServer;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpStream;

const DEADLINE: Duration = Duration::from_secs(20);
/// Characters that an address must not be split at.
const USER: &str = "1700000000:guest";
const PASSWORD: &str = "a+b/c=@:";
/// Chosen as [`TURN_PORT`] is.
const TLS_PORT: u16 = 15_349;

/// A running coturn. Dropping it ends it.
pub(crate) struct Relay {
    process: Child,
    folder: TempDir,
    address: Ipv4Addr,
}

impl Relay {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        certify(&folder);
        let address = own_address();
        let file = |name: &str| folder.path().join(name).display().to_string();
        let process = Command::new("turnserver")
            .args(["-n", "--allow-loopback-peers"])
            .args([format!("--listening-ip={address}"), format!("--relay-ip={address}")])
            .args(["--lt-cred-mech", "--realm=test", "--no-cli", "--no-dtls", "--simple-log", "--log-file=stdout"])
            .args([format!("--listening-port={TURN_PORT}"), format!("--tls-listening-port={TLS_PORT}")])
            .args([format!("--user={}:{PASSWORD}", USER.replace(':', "-"))])
            .args([format!("--cert={}", file("cert.pem")), format!("--pkey={}", file("key.pem"))])
            .args([format!("--pidfile={}", file("pid")), format!("--userdb={}", file("db"))])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("turnserver is missing: install coturn");
        let relay = Self { process, folder, address };
        for port in [TURN_PORT, TLS_PORT] {
            let begun = Instant::now();
            while TcpStream::connect((address, port)).await.is_err() {
                assert!(begun.elapsed() < DEADLINE, "coturn does not listen");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        relay
    }

    /// As RTCIceServer: by `udp` or `tcp`.
    pub(crate) fn server(&self, way: &str) -> Vec<IceServer> {
        self.at(format!("turn:{}:{TURN_PORT}?transport={way}", self.address))
    }

    /// As RTCIceServer at this address.
    pub(crate) fn at(&self, url: String) -> Vec<IceServer> {
        vec![IceServer {
            urls: vec![url],
            username: Some(USER.replace(':', "-")),
            credential: Some(Secret::new(PASSWORD)),
        }]
    }

    /// Where it expects TLS.
    pub(crate) fn tls_address(&self) -> SocketAddr {
        (self.address, TLS_PORT).into()
    }

    /// Its certificate in PEM.
    pub(crate) fn certificate(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("cert.pem")).unwrap()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn certify(folder: &TempDir) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .status()
        .expect("openssl is missing");
    assert!(made.success());
}
