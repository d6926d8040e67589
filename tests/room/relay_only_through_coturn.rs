//! The sample configuration of coturn with the room server's credentials: a call through the relay and no other way.

use crate::browser::Browser;
use crate::desk::{Desk, eventually};
use crate::loopback::{TURN_PORT, own_address};
use crate::staff_and_guest_in_a_browser::{join, sees_more_pictures, sign_in};
use madoguchi::model::language::Language;
use madoguchi::model::secret::Secret;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;

/// A coturn on loopback that ends with the test.
struct Coturn(Child);

impl Drop for Coturn {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn coturn(folder: &Path, addresses: &[IpAddr], secret: &str) -> Coturn {
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
    settings.push(format!("listening-port={TURN_PORT}"));
    for address in addresses {
        settings.extend([format!("listening-ip={address}"), format!("relay-ip={address}")]);
    }
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
    eventually("coturn listens", async || TcpStream::connect((addresses[0], TURN_PORT)).await.is_ok()).await;
    coturn
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_goes_through_the_relay_and_no_other_way() {
    let folder = tempfile::tempdir().unwrap();
    let address = own_address();
    let _coturn = coturn(folder.path(), &[address.into()], "a-secret-of-this-test").await;
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

/// Somebody who has credentials asks the relay to reach what it must not: RFC 8656, section 21.2. One address of each block
/// that is not reachable from everywhere (RFC 6890 and IANA's registries), and of those that hide an IPv4 address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_relay_of_the_sample_reaches_no_address_of_a_special_block() {
    const BY_IPV4: &[&str] = &[
        "0.0.0.1",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.254",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.254",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.251",
        "240.0.0.1",
        "255.255.255.255",
    ];
    const BY_IPV6: &[&str] = &[
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:192.168.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001:0:5ef5:79fd::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456:789a::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    let folder = tempfile::tempdir().unwrap();
    let secret = "a-secret-of-this-test";
    let servers = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    let _coturn = coturn(folder.path(), &servers, secret).await;
    for (server, peers) in servers.iter().zip([BY_IPV4, BY_IPV6]) {
        for peer in peers {
            // A name for each: their allocations live on for a while.
            let name = format!("probe-{peer}").replace(':', "-");
            let mut asks = tokio::process::Command::new("turnutils_uclient");
            asks.args(["-c", "-n", "1", "-p", &TURN_PORT.to_string(), "-W", secret, "-u", &name, "-e", peer]);
            if server.is_ipv6() {
                asks.arg("-x");
            }
            let asked = asks.arg(server.to_string()).kill_on_drop(true).output();
            let asked = tokio::time::timeout(Duration::from_secs(20), asked).await;
            let said = asked.map(|output| output.expect("turnutils_uclient does not start; it comes with coturn"));
            let said =
                said.map(|output| String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned());
            assert!(
                said.as_ref().is_ok_and(|said| said.contains("403 (Forbidden IP)")),
                "{peer} by {server}: {said:?}"
            );
        }
    }
}
