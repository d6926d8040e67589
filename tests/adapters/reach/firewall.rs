//! The packet filter's way out, as the kernel has it: the image's own rules in a network namespace, with a home on the cable.
//! Whether a packet passes is counted by the kernel behind the rules, before anybody would have to answer.

use super::{source, text};
use std::fs;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::{Command, Output};
use std::time::Duration;

/// Set in the process inside the namespaces.
const INSIDE: &str = "MADOGUCHI_IN_A_HOME";

/// Runs the test named `test` (its full path) once more, in a user and a network namespace of its own.
fn in_a_home(test: &str, scenario: impl FnOnce(&Home)) {
    if std::env::var_os(INSIDE).is_some() {
        return scenario(&Home::new());
    }
    let mut inside = Command::new("unshare");
    inside.args(["--user", "--map-root-user", "--net", "--"]).arg(std::env::current_exe().unwrap());
    inside.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(INSIDE, "1");
    let ended = inside.output().expect("unshare is there (apt-get install util-linux)");
    let said = String::from_utf8_lossy(&ended.stdout) + String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}

fn path() -> String {
    std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin"
}

fn run(program: &str, words: &[&str]) -> String {
    let ended: Output = Command::new(program).args(words).env("PATH", path()).output().unwrap_or_else(|error| {
        panic!("{program}: {error}; make deps-test installs it");
    });
    assert!(ended.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

/// A cable into a home with a router at 192.168.10.1 and fe80::1, which gives out addresses of the internet in IPv6.
struct Home {
    folder: tempfile::TempDir,
}

#[derive(Clone, Copy)]
enum Way {
    Tcp,
    Udp,
    /// From a port.
    UdpFrom(u16),
}

use Way::{Tcp, Udp, UdpFrom};

impl Home {
    fn new() -> Self {
        for words in [
            "link set lo up",
            "link add cable type veth peer name router",
            "link set router up",
            "link set cable up",
            "address add 192.168.10.5/24 dev cable",
            "route add default via 192.168.10.1",
            "-6 address add 2001:db8:5::5/64 dev cable nodad",
            "-6 address add fd12:3456::5/64 dev cable nodad",
            "-6 route add default via fe80::1 dev cable",
        ] {
            run("ip", &words.split(' ').collect::<Vec<_>>());
        }
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The image's rules, with the one user who is in this namespace as the appliance, as its media process, as the system, or
    /// as whoever reads updates.
    fn rules(&self, who: &str) {
        let mut rules = text("image/root/etc/nftables.conf");
        let others = [
            ("define appliance = 900", "appliance"),
            ("define system = 0", "system"),
            ("define reader = 901", "reader"),
            ("define media = 902", "media"),
        ];
        for (line, name) in others {
            assert!(rules.contains(line), "{line}");
            let number = if name == who { 0 } else { 12_345 };
            rules = rules.replace(line, &format!("define {name} = {number}"));
        }
        let file = self.folder.path().join("rules");
        fs::write(&file, &rules).unwrap();
        run("nft", &["-c", "-f", file.to_str().unwrap()]);
        run("nft", &["-f", file.to_str().unwrap()]);
        Self::count();
    }

    fn count() {
        run(
            "nft",
            &["table inet probe { counter passed {}; chain passed { type filter hook postrouting priority 300; \
               oif != lo meta l4proto { tcp, udp } counter name passed; }; }"],
        );
    }

    fn passes(&self, way: Way, to: &str) -> bool {
        let to: SocketAddr = to.parse().unwrap();
        let any = |port: u16| match to {
            SocketAddr::V4(_) => SocketAddr::from(([0, 0, 0, 0], port)),
            SocketAddr::V6(_) => SocketAddr::from(([0_u16; 8], port)),
        };
        run("nft", &["reset", "counter", "inet", "probe", "passed"]);
        match way {
            Tcp => drop(TcpStream::connect_timeout(&to, Duration::from_millis(1))),
            Udp => drop(UdpSocket::bind(any(0)).unwrap().send_to(b"x", to)),
            UdpFrom(port) => drop(UdpSocket::bind(any(port)).unwrap().send_to(b"x", to)),
        }
        let said = run("nft", &["list", "counter", "inet", "probe", "passed"]);
        !said.contains("packets 0 ")
    }

    fn all(&self, pass: bool, ways: &[(Way, &[&str])]) {
        for (way, places) in ways {
            for place in *places {
                let kind = if matches!(way, Tcp) { "TCP" } else { "UDP" };
                assert_eq!(self.passes(*way, place), pass, "{kind} to {place}");
            }
        }
    }
}

const INTERNET: &[(Way, &[&str])] = &[
    (
        Tcp,
        &["203.0.113.1:443", "[2001:db8:9::1]:443", "203.0.113.1:3478", "203.0.113.1:5349", "[64:ff9b::cb00:7101]:443"],
    ),
    (Udp, &["203.0.113.1:3478", "203.0.113.1:40000", "[2001:db8:9::1]:50000", "203.0.113.1:443", "203.0.113.1:123"]),
];
/// The family's printer, camera, and its router's pages; what else answers inside; and other services of the internet.
const ELSEWHERE: &[(Way, &[&str])] = &[
    (
        Tcp,
        &[
            "192.168.10.1:443",
            "192.168.10.1:80",
            "192.168.10.7:443",
            "192.168.10.7:445",
            "192.168.10.7:9100",
            "192.168.20.7:443",
            "10.0.0.1:443",
            "172.20.1.1:443",
            "100.64.1.1:443",
            "169.254.3.3:443",
            "[2001:db8:5::7]:443",
            "[fd12:3456::7]:443",
            "[fd99::1]:443",
            "203.0.113.1:80",
            "203.0.113.1:22",
            "203.0.113.1:25",
            "203.0.113.1:8443",
            "[2001:db8:9::1]:22",
        ],
    ),
    (
        Udp,
        &[
            "192.168.10.7:50000",
            "192.168.10.1:1900",
            "192.168.10.7:161",
            "239.255.255.250:1900",
            "224.0.0.251:5353",
            "[2001:db8:5::7]:50000",
            "[fd12:3456::7]:50000",
            "203.0.113.1:161",
            "203.0.113.1:69",
        ],
    ),
];

#[test]
fn a_call_goes_out_and_nothing_to_the_familys_own_devices() {
    in_a_home("reach::firewall::a_call_goes_out_and_nothing_to_the_familys_own_devices", |home| {
        Home::count();
        home.all(true, ELSEWHERE);
        home.rules("media");
        home.all(true, INTERNET);
        home.all(true, &[(Udp, &["192.168.10.1:53", "[fd12:3456::1]:53"]), (Tcp, &["192.168.10.1:53"])]);
        home.all(true, &[(UdpFrom(68), &["192.168.10.1:67"]), (UdpFrom(546), &["[fd12:3456::1]:547"])]);
        home.all(false, ELSEWHERE);
    });
}

/// The look for a page that must be agreed to first goes anywhere; nobody else does so.
#[test]
fn the_system_looks_for_the_internet_and_calls_nobody() {
    in_a_home("reach::firewall::the_system_looks_for_the_internet_and_calls_nobody", |home| {
        home.rules("system");
        home.all(
            true,
            &[(Tcp, &["203.0.113.1:80", "192.168.10.1:80"]), (Udp, &["203.0.113.1:123", "192.168.10.1:53"])],
        );
        home.all(false, &[(Tcp, &["203.0.113.1:443", "192.168.10.1:443"]), (Udp, &["203.0.113.1:50000"])]);
    });
}

/// A bundle comes by HTTPS, and by nothing else.
#[test]
fn an_update_is_read_from_the_internet_and_from_nothing_of_the_familys() {
    in_a_home("reach::firewall::an_update_is_read_from_the_internet_and_from_nothing_of_the_familys", |home| {
        home.rules("reader");
        home.all(true, &[(Tcp, &["203.0.113.1:443", "[2001:db9::1]:443"]), (Udp, &["192.168.10.1:53"])]);
        home.all(
            false,
            &[
                (
                    Tcp,
                    &["203.0.113.1:80", "203.0.113.1:22", "203.0.113.1:3478", "192.168.10.7:443", "[fd12:3456::7]:443"],
                ),
                (Udp, &["203.0.113.1:443", "203.0.113.1:50000"]),
            ],
        );
    });
}

#[test]
fn a_city_names_its_own_networks_and_ports() {
    in_a_home("reach::firewall::a_city_names_its_own_networks_and_ports", |home| {
        let file = home.folder.path().join("network.txt");
        let opened = |lines: &str| {
            fs::write(&file, lines).unwrap();
            let mut run = Command::new("sh");
            run.arg(source("image/root/usr/lib/madoguchi/reach")).env("NETWORK", &file).env("PATH", path());
            let ended = run.output().unwrap();
            assert!(ended.status.success(), "{ended:?}");
            String::from_utf8_lossy(&ended.stdout).into_owned()
        };
        let names = "# みどり市\r\nnetwork 10.20.0.0/16   # the counters\r\nnetwork 10.20.0.0/33\n\
                     network 0.0.0.0/0 }; flush ruleset; {\nnetwork }\nport 8443\nport ssh\n\nhosts 10.9.9.9\nnetwork fd99::/48";
        for who in ["appliance", "media"] {
            home.rules(who);
            let said = opened(names);
            let lines: Vec<&str> = said.lines().map(|line| line.split(' ').nth(2).unwrap()).collect();
            assert_eq!(lines, ["3", "4", "5", "7", "9"], "{said}");
            home.all(true, &[(Tcp, &["10.20.3.4:443", "10.20.3.4:8443", "203.0.113.1:8443", "[fd99::1]:443"])]);
            home.all(true, &[(Udp, &["10.20.3.4:50000", "[fd99::1]:3478"])]);
        }
        home.all(false, &[(Tcp, &["10.20.3.4:22", "10.21.0.1:443", "192.168.10.7:443"]), (Udp, &["10.9.9.9:50000"])]);
        fs::remove_file(&file).unwrap();
        let mut run = Command::new("sh");
        run.arg(source("image/root/usr/lib/madoguchi/reach")).env("NETWORK", &file);
        assert!(run.status().unwrap().success(), "a city without such a file has nothing to open");
    });
}
