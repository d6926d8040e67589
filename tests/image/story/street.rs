//! The street that the box's cable leads to: names, time, and the page that says "you are online".
//!
//! All of it is in a network namespace of its own, behind QEMU's user networking, so that the box meets nothing but what
//! the test stands there, on any machine and without the internet.

use crate::guest::Outcome;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

/// Everything on the street has this address (TEST-NET-2, RFC 5737). Not a loopback one: the box, behind QEMU, and the
/// browser, beside it, name the same thing by it.
pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
/// Where names lead that lie.
pub(crate) const IMPOSTOR: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 66));
/// Where the page that must be agreed to is: a router with a portal sends every question there.
const PORTAL: u16 = 8080;
/// From 1900, where NTP begins to count, to 1970 (RFC 5905).
const NTP_ERA: u64 = 2_208_988_800;

/// The street; it ends when this is dropped.
pub(crate) struct Street {
    _names: Child,
    _services: JoinSet<()>,
}

impl Street {
    /// Lays it, in namespaces that this process already has for itself.
    pub(crate) async fn lay(folder: &Path) -> Outcome<Self> {
        let (address, impostor) = (format!("{ADDRESS}/24"), format!("{IMPOSTOR}/24"));
        for words in [
            "link set lo up",
            "link add desk type veth peer name street",
            &format!("address add {address} dev desk"),
            &format!("address add {impostor} dev desk"),
            "link set desk up",
            "link set street up",
            "route add default dev desk",
        ] {
            run("ip", "iproute2", &words.split(' ').collect::<Vec<_>>()).await?;
        }
        let resolver = folder.join("resolv.conf");
        std::fs::write(&resolver, "nameserver 127.0.0.1\n").map_err(|error| error.to_string())?;
        run("mount", "mount", &["--bind", &resolver.display().to_string(), "/etc/resolv.conf"]).await?;
        let mut services = JoinSet::new();
        let time = UdpSocket::bind((ADDRESS, 123)).await.map_err(|error| format!("the street's clock: {error}"))?;
        services.spawn(tell_the_time(time));
        let page = TcpListener::bind((ADDRESS, 80)).await.map_err(|error| format!("the street's page: {error}"))?;
        services.spawn(answer_pages(page, "200 OK", "NetworkManager is online\n"));
        let portal = TcpListener::bind((ADDRESS, PORTAL)).await.map_err(|error| format!("the portal: {error}"))?;
        services.spawn(answer_pages(portal, "302 Found\r\nLocation: http://portal.test/", "Please agree first\n"));
        Ok(Self { _names: answer_names(folder).await?, _services: services })
    }
}

/// Every name is the street's.
async fn answer_names(folder: &Path) -> Outcome<Child> {
    let log = std::fs::File::create(folder.join("dnsmasq.log")).map_err(|error| error.to_string())?;
    let child = Command::new("dnsmasq")
        .args(["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"])
        .args(["--listen-address=127.0.0.1", "--bind-interfaces", "--log-queries"])
        .args([format!("--address=/#/{ADDRESS}"), "--local=/#/".to_owned()])
        .env("PATH", std::env::var("PATH").unwrap_or_default() + ":/usr/sbin")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| missing("dnsmasq", "dnsmasq-base", &error))?;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while tokio::net::lookup_host(("street.test", 80)).await.is_err() {
        if tokio::time::Instant::now() > deadline {
            let said = std::fs::read_to_string(folder.join("dnsmasq.log")).unwrap_or_default();
            return Err(format!("dnsmasq does not answer on 127.0.0.1:53: {said}"));
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(child)
}

/// SNTP (RFC 5905): a desk's clock, of a stratum that timesyncd believes. A whole NTP server from Debian would put an end
/// to the one that a developer's machine has.
async fn tell_the_time(socket: UdpSocket) {
    let mut asked = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut asked).await {
        if length < 48 {
            continue;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = u32::try_from((now.as_secs() + NTP_ERA) & u64::from(u32::MAX)).unwrap_or_default();
        let part = ((u64::from(now.subsec_nanos()) << 32) / 1_000_000_000) as u32;
        let stamp = [seconds.to_be_bytes(), part.to_be_bytes()].concat();
        let mut answer = [0; 48];
        // No leap second, version 4, a server; stratum 8, a poll a minute, a precision of a microsecond.
        answer[..4].copy_from_slice(&[0x24, 8, 6, 0xec]);
        answer[12..16].copy_from_slice(b"LOCL");
        answer[16..24].copy_from_slice(&stamp);
        answer[24..32].copy_from_slice(&asked[40..48]);
        answer[32..40].copy_from_slice(&stamp);
        answer[40..48].copy_from_slice(&stamp);
        let _ = socket.send_to(&answer, from).await;
    }
}

/// What NetworkManager's check reads: what it wants to, or a portal's answer.
async fn answer_pages(listener: TcpListener, status: &'static str, said: &'static str) {
    while let Ok((mut line, _)) = listener.accept().await {
        let mut asked = [0; 2048];
        let _ = line.read(&mut asked).await;
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", said.len());
        let _ = line.write_all((head + said).as_bytes()).await;
        let _ = line.shutdown().await;
    }
}

async fn run(program: &str, package: &str, words: &[&str]) -> Outcome {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let ended = Command::new(program).args(words).env("PATH", path).output().await;
    let ended = ended.map_err(|error| missing(program, package, &error))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    if ended.status.success() { Ok(()) } else { Err(format!("{program} {}: {said}", words.join(" "))) }
}

pub(crate) fn missing(program: &str, package: &str, error: &std::io::Error) -> String {
    format!("{program} does not start ({error}); install it with: apt-get install {package}")
}
