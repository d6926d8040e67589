//! The way between the two ends: the counter's office, the family's home, and a line between them that is as good or bad
//! as asked.
//!
//! Each end has a network namespace with nothing in it but loopback and a TUN device. `socat` hands the devices' packets
//! over as datagrams; what becomes of them is up to [`Way`]. The room server, in the office, is `localhost` at home as
//! well, as browsers want it for a camera and the appliance for a line without TLS; a forwarder leads there over the line.

use crate::link::{Fates, Way, Weather};
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::UnixDatagram;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

/// The ends' addresses (RFC 2544's own range).
const OFFICE: &str = "198.18.0.1";
/// The same, as the room server's relay has it.
pub const OFFICE_IP: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
const HOME: &str = "198.18.0.2";
/// Port of the room server, at both ends.
pub const ROOM: u16 = 8443;
/// Larger than any packet on the devices.
const PACKET: usize = 2048;
/// How long devices and namespaces take at the most.
const LAID_WITHIN: Duration = Duration::from_secs(10);

/// Part of a script: from then on, counted from the script's beginning, the weather is so in both directions.
pub type Script = Vec<(Duration, Weather)>;

/// A line between office and home. It ends when this is dropped.
pub struct Street {
    home: Child,
    others: Vec<Child>,
    ways: [Arc<Mutex<Way>>; 2],
    script: Option<AbortOnDropHandle<()>>,
    _carrying: [AbortOnDropHandle<()>; 2],
    _folder: tempfile::TempDir,
}

impl Street {
    /// Lays the line; this process must have namespaces of its own already.
    pub async fn lay() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let run = |words: &str| {
            let mut words = words.split(' ');
            let status = Command::new(words.next().unwrap()).args(words).status();
            assert!(status.is_ok_and(|status| status.success()), "a part of the line could not be laid");
        };
        run("ip link set lo up");
        let home = Command::new("unshare").args(["--net", "sleep", "infinity"]).spawn().unwrap();
        let inside = inside(&home);
        let own = std::fs::read_link("/proc/self/ns/net").unwrap();
        let there = format!("/proc/{}/ns/net", home.id());
        eventually("the home's namespace", || std::fs::read_link(&there).is_ok_and(|found| found != own)).await;
        run(&format!("{inside} ip link set lo up"));

        // Bound before anybody sends there: socat ends when there is nobody to send to.
        let office_end = Arc::new(UnixDatagram::bind(at("to-home")).unwrap());
        let home_end = Arc::new(UnixDatagram::bind(at("to-office")).unwrap());
        let mut others = Vec::new();
        for (prefix, name, address, near, far) in
            [("", "office", OFFICE, "office", "to-home"), (&*inside, "home", HOME, "home", "to-office")]
        {
            let tun = format!("TUN:{address}/30,tun-name={name},iff-no-pi,up");
            let ends = format!("UNIX-SENDTO:{},bind={}", at(far).display(), at(near).display());
            others.push(start(prefix, &["socat", &tun, &ends]));
        }
        eventually("the line's devices", || at("office").exists() && at("home").exists()).await;
        let forward = format!("TCP4-LISTEN:{ROOM},bind=127.0.0.1,reuseaddr,fork,nodelay");
        others.push(start(&inside, &["socat", &forward, &format!("TCP4:{OFFICE}:{ROOM},nodelay")]));
        let forward = format!("TCP4-LISTEN:{ROOM},bind={OFFICE},reuseaddr,fork,nodelay");
        others.push(start("", &["socat", &forward, &format!("TCP4:127.0.0.1:{ROOM},nodelay")]));

        let ways = [11, 22].map(|seed| Arc::new(Mutex::new(Way::new(seed))));
        let carrying = [
            carry(office_end.clone(), home_end.clone(), at("home"), ways[0].clone()),
            carry(home_end, office_end, at("office"), ways[1].clone()),
        ];
        Self { home, others, ways, script: None, _carrying: carrying, _folder: folder }
    }

    /// What to put before a command that is to run at home.
    pub fn inside(&self) -> String {
        inside(&self.home)
    }

    /// Lets the line be so from now on.
    pub fn play(&mut self, script: Script) {
        let (ways, begun) = (self.ways.clone(), Instant::now());
        self.script = Some(AbortOnDropHandle::new(tokio::spawn(async move {
            for (at, weather) in script {
                sleep_until(begun + at).await;
                for way in &ways {
                    way.lock().unwrap().set(weather);
                }
            }
        })));
    }

    /// Lets the line be clear again.
    pub fn clear(&mut self) {
        self.play(vec![(Duration::ZERO, Weather::CLEAR)]);
    }

    /// What became of packets so far: from the office to the home, and back.
    pub fn fates(&self) -> [Fates; 2] {
        [0, 1].map(|way| self.ways[way].lock().unwrap().fates())
    }
}

impl Drop for Street {
    fn drop(&mut self) {
        for child in self.others.iter_mut().chain([&mut self.home]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn inside(home: &Child) -> String {
    format!("nsenter --net=/proc/{}/ns/net", home.id())
}

fn start(prefix: &str, command: &[&str]) -> Child {
    let words: Vec<&str> = prefix.split(' ').filter(|word| !word.is_empty()).chain(command.iter().copied()).collect();
    let started = Command::new(words[0]).args(&words[1..]).stdin(Stdio::null()).spawn();
    started.unwrap_or_else(|why| panic!("{} does not start ({why}); install it with: apt-get install socat", words[0]))
}

async fn eventually(what: &str, is: impl Fn() -> bool) {
    let deadline = Instant::now() + LAID_WITHIN;
    while !is() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Carries packets of one direction. `socat` takes them only from the socket that it sends to.
fn carry(from: Arc<UnixDatagram>, out: Arc<UnixDatagram>, to: PathBuf, way: Arc<Mutex<Way>>) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let (begun, mut packet) = (Instant::now(), [0; PACKET]);
        let mut waiting: VecDeque<(Duration, Vec<u8>)> = VecDeque::new();
        loop {
            let next = waiting.front().map(|(due, _)| begun + *due);
            let due = async {
                match next {
                    Some(next) => sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                received = from.recv(&mut packet) => {
                    let Ok(length) = received else { return };
                    let now = begun.elapsed();
                    if let Some(due) = way.lock().unwrap().send(now, length) {
                        waiting.push_back((due, packet[..length].to_vec()));
                    }
                }
                () = due => {}
            }
            let now = begun.elapsed();
            while waiting.front().is_some_and(|(due, _)| *due <= now) {
                if let Some((_, packet)) = waiting.pop_front() {
                    // Refused only when the end is gone.
                    let _ = out.send_to(&packet, &to).await;
                }
            }
        }
    }))
}
