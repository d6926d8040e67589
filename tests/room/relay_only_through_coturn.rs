//! The sample configuration of coturn with the room server's credentials: a call through the relay and no other way.

use crate::browser::Browser;
use crate::desk::{Desk, eventually};
use crate::loopback::{TURN_PORT, own_address};
use crate::staff_and_guest_in_a_browser::{join, sees_more_pictures, sign_in};
use madoguchi::model::language::Language;
use madoguchi::model::secret::Secret;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tokio::net::TcpStream;

/// A coturn on loopback that ends with the test.
struct Coturn(Child);

impl Drop for Coturn {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn coturn(folder: &Path, address: Ipv4Addr, secret: &str) -> Coturn {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/room/turnserver.conf.example");
    let sample = std::fs::read_to_string(sample).unwrap();
    let mut settings: Vec<String> = sample
        .lines()
        .filter(|line| {
            // Loopback is what a real one must not reach, and what this test is made of.
            !line.starts_with("denied-peer-ip=127.") && !line.starts_with("listening-port") && !line.starts_with("tls-")
        })
        .map(|line| line.replace("REPLACE-WITH-THE-SECRET", secret))
        .collect();
    settings.extend([
        format!("listening-port={TURN_PORT}"),
        format!("listening-ip={address}"),
        format!("relay-ip={address}"),
    ]);
    settings.extend([
        "verbose".into(),
        "allow-loopback-peers".into(),
        "no-tls".into(),
        "no-dtls".into(),
        "log-file=stdout".into(),
    ]);
    settings.push(format!("pidfile={}", folder.join("turn.pid").display()));
    settings.push(format!("userdb={}", folder.join("turn.db").display()));
    let file = folder.join("turnserver.conf");
    std::fs::write(&file, settings.join("\n")).unwrap();
    let log = std::fs::File::create(folder.join("turn.log")).unwrap();
    let started = Command::new("turnserver").arg("-c").arg(&file).stdout(log).stderr(Stdio::null()).spawn();
    let coturn = Coturn(started.expect("turnserver does not start; install it with: apt-get install coturn"));
    eventually("coturn listens", async || TcpStream::connect((address, TURN_PORT)).await.is_ok()).await;
    coturn
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_goes_through_the_relay_and_no_other_way() {
    let folder = tempfile::tempdir().unwrap();
    let address = own_address();
    let _coturn = coturn(folder.path(), address, "a-secret-of-this-test").await;
    let desk = Desk::open_with(|config| {
        config.turn.turn = vec![format!("turn:{address}:{TURN_PORT}?transport=udp")];
        config.turn.secret = Some(Secret::new("a-secret-of-this-test"));
        config.turn.relay_only = true;
    })
    .await;
    let (staff, guest) = tokio::join!(Browser::open(&[]), Browser::open(&[]));
    sign_in(&desk, &staff).await;
    staff.press(&format!("join-{}", desk.demo.appointment)).await;
    join(&desk, &guest, Language::Japanese).await;
    staff.press("admit").await;
    sees_more_pictures(&staff, "staff").await;
    sees_more_pictures(&guest, "the guest").await;
    let log = std::fs::read_to_string(folder.path().join("turn.log")).unwrap();
    assert!(log.contains("ALLOCATE processed, success"), "coturn relayed nothing: {log}");
}
