//! Relays: coturn over UDP, TCP and TLS.

use madoguchi::model::secret::Secret;
use madoguchi::model::wire::IceServer;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpStream;

const DEADLINE: Duration = Duration::from_secs(20);
/// Characters that an address must not be split at.
const USER: &str = "1700000000:guest";
const PASSWORD: &str = "a+b/c=@:";

/// A running coturn. Dropping it ends it.
pub(crate) struct Relay {
    process: Child,
    folder: TempDir,
    port: u16,
    tls_port: u16,
}

impl Relay {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        certify(&folder);
        let (port, tls_port) = (free_port(), free_port());
        let file = |name: &str| folder.path().join(name).display().to_string();
        let process = Command::new("turnserver")
            .args(["-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--allow-loopback-peers"])
            .args(["--lt-cred-mech", "--realm=test", "--no-cli", "--no-dtls", "--simple-log", "--log-file=stdout"])
            .args([format!("--listening-port={port}"), format!("--tls-listening-port={tls_port}")])
            .args([format!("--user={}:{PASSWORD}", USER.replace(':', "-"))])
            .args([format!("--cert={}", file("cert.pem")), format!("--pkey={}", file("key.pem"))])
            .args([format!("--pidfile={}", file("pid")), format!("--userdb={}", file("db"))])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("turnserver is missing: install coturn");
        let relay = Self { process, folder, port, tls_port };
        for port in [port, tls_port] {
            let begun = Instant::now();
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
                assert!(begun.elapsed() < DEADLINE, "coturn does not listen");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        relay
    }

    /// As RTCIceServer: `udp`, `tcp` or `tls`.
    pub(crate) fn server(&self, way: &str) -> Vec<IceServer> {
        let url = match way {
            "tls" => format!("turns:localhost:{}?transport=tcp", self.tls_port),
            way => format!("turn:127.0.0.1:{}?transport={way}", self.port),
        };
        vec![IceServer {
            urls: vec![url],
            username: Some(USER.replace(':', "-")),
            credential: Some(Secret::new(PASSWORD)),
        }]
    }

    pub(crate) fn tls_port(&self) -> u16 {
        self.tls_port
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

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
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
