//! The box seen from its own cable: a neighbour in the home network scans it and gets no answer at any port.
//!
//! The scan (nmap) and the cable's other end are in a network namespace of their own. That it would see what answers is
//! shown at the end: with the box's packet filter opened, the same scan finds an open port, closed ones and a ping.

use crate::ensure;
use crate::guest::{Guest, Outcome, PATIENCE, booted_once, setup};
use regex::Regex;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};

/// In the environment: this process already has namespaces of its own. Names the folder.
const INSIDE: &str = "MADOGUCHI_SCAN_FOLDER";
/// The neighbour, and the address that the box is given (TEST-NET-2, RFC 5737).
const NEIGHBOUR: &str = "198.51.100.1/24";
const BOX: &str = "198.51.100.50";
/// Every port, at a rate that an emulated box keeps up with; the last look shows that it does.
const TCP: &[&str] = &["-sS", "-p", "1-65535"];
/// The well-known ones, and those of the services that homes and calls have: SSDP, STUN and TURN, IPsec, SIP, mDNS,
/// LLMNR, WS-Discovery, WireGuard.
const UDP: &[&str] = &["-sU", "-p", "1-1023,1194,1701,1900,3478,3702,4500,5004,5060,5349,5353,5355,51820"];
const UDP_PORTS: u32 = 1023 + 12;
/// What the last look opens.
const OPEN: u16 = 40_000;
/// One scan.
const SCAN: Duration = Duration::from_secs(400);

/// Scans in namespaces of its own: a network with the box and its neighbour alone.
pub(crate) async fn nothing_answers_at_the_cable(folder: PathBuf) -> Outcome {
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut unshare = Command::new("setpriv");
    unshare.args(["--pdeathsig", "KILL", "--", "unshare", "--user", "--map-root-user"]);
    unshare.args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]);
    let ended = unshare.arg(program).env(INSIDE, &folder).kill_on_drop(true).status().await;
    let ended = ended.map_err(|error| format!("unshare: {error}; install it with: apt-get install util-linux"))?;
    ensure(ended.success(), format!("it ended with {ended}; its words are above"))
}

/// When this process is the one inside the namespaces: scans.
pub(crate) fn inside() -> Option<ExitCode> {
    let folder = PathBuf::from(std::env::var_os(INSIDE)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().ok()?;
    Some(match runtime.block_on(scanned(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    })
}

async fn scanned(folder: &Path) -> Outcome {
    let _router = lay_cable(folder).await?;
    let mut setup = setup(folder, booted_once(folder).await?);
    setup.network = None;
    let cable = ["-netdev", "tap,id=cable,ifname=cable,script=no,downscript=no"];
    let card = ["-device", "virtio-net-pci,netdev=cable,romfile="];
    setup.more.extend(cable.into_iter().chain(card).map(Into::into));
    let mut guest = Guest::good(setup).await?;
    guest.until("an address by cable", &format!("grep -q '|-- {BOX}' /proc/net/fib_trie"), PATIENCE).await?;
    let link_local = "sed -n 's/^\\(fe80[0-9a-f]*\\) .* eth0$/\\1/p' /proc/net/if_inet6 | grep .";
    let link_local = guest.until("an IPv6 address of the link", link_local, PATIENCE).await?;
    let groups: Vec<_> = link_local.trim().as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    let link_local = format!("{}%cable", groups.join(":"));

    for address in [BOX, &link_local] {
        let kind = if address == BOX { "IPv4" } else { "IPv6" };
        for (name, ports, count) in [("TCP", TCP, 65535), ("UDP", UDP, UDP_PORTS)] {
            let begun = tokio::time::Instant::now();
            let seen = scan(folder, address, ports).await?;
            let what = format!("{count} ports of {name} by {kind}");
            ensure(seen.answers.is_empty(), format!("of {what} answered: {}", seen.answers.join(", ")))?;
            ensure(seen.silent == count, format!("of {what} only {} were silent", seen.silent))?;
            println!("    {what}: none answered, in {:.0} s", begun.elapsed().as_secs_f64());
        }
    }
    // What an answer to DHCP may look like passes the filter; nobody behind it speaks to a stranger.
    let seen = scan(folder, BOX, &["-sU", "-p", "68", "--source-port", "67"]).await?;
    ensure(seen.answers.is_empty(), format!("the DHCP client answered a stranger: {}", seen.answers.join(", ")))?;
    refuses_icmp(folder, &link_local).await?;
    would_be_seen(folder, &mut guest, &link_local).await
}

/// ICMP as `nftables.conf` has it: nothing that is asked gets an answer, except neighbours' discovery of each other.
async fn refuses_icmp(folder: &Path, link_local: &str) -> Outcome {
    for (address, kind, name) in
        [(BOX, "-PE", "ping"), (BOX, "-PP", "timestamp"), (BOX, "-PM", "mask"), (link_local, "-PE", "ping by IPv6")]
    {
        let found = reason(folder, address, &["--disable-arp-ping", kind]).await?;
        ensure(found.is_none(), format!("the box answered a {name}: {found:?}"))?;
    }
    for (address, wanted) in [(BOX, "arp-response"), (link_local, "nd-response")] {
        let found = reason(folder, address, &["-PR"]).await?;
        ensure(found.as_deref() == Some(wanted), format!("the box is to be found by {wanted}, but: {found:?}"))?;
    }
    println!("    no ping, timestamp or mask is answered; neighbours find each other");
    Ok(())
}

/// With the filter open, the same scans see it.
async fn would_be_seen(folder: &Path, guest: &mut Guest, link_local: &str) -> Outcome {
    guest.run("nft insert rule inet madoguchi input accept").await?;
    guest.run(&format!("(busybox nc -l -p {OPEN} </dev/null >/dev/null 2>&1 &)")).await?;
    let listens = format!("grep -q ':{OPEN:04X} ' /proc/net/tcp /proc/net/tcp6");
    guest.until("somebody who listens", &listens, PATIENCE).await?;
    let seen = scan(folder, BOX, TCP).await?;
    let open: Vec<_> = seen.answers.iter().filter(|answer| answer.contains("open")).collect();
    ensure(open.len() == 1 && open[0].contains(&OPEN.to_string()), format!("an open filter shows as {open:?}"))?;
    ensure(seen.closed + 1 == 65535, format!("behind an open filter only {} ports are closed", seen.closed))?;
    let seen = scan(folder, BOX, &["-sU", "-p", "69"]).await?;
    ensure(seen.answers == ["udp 69 closed (port-unreach)"], format!("an open filter shows as {:?}", seen.answers))?;
    for address in [BOX, link_local] {
        let found = reason(folder, address, &["--disable-arp-ping", "-PE"]).await?;
        ensure(found.as_deref() == Some("echo-reply"), format!("an open filter shows as {found:?}"))?;
    }
    println!("    with the filter opened, the same scans find what answers");
    Ok(())
}

/// What a scan saw.
struct Seen {
    /// Ports that did not answer at all.
    silent: u32,
    /// Ports that said that they are closed.
    closed: u32,
    /// All that answered, as far as the scan tells them one by one.
    answers: Vec<String>,
}

async fn scan(folder: &Path, address: &str, ports: &[&str]) -> Outcome<Seen> {
    let fixed = ["-Pn", "-T4", "--min-rate", "2500", "--max-retries", "2", "--reason"];
    let said = nmap(folder, address, &[&fixed, ports].concat()).await?;
    let one = regex("<port protocol=\"([a-z]+)\" portid=\"([0-9]+)\"><state state=\"([a-z|]+)\" reason=\"([a-z-]+)\"")?;
    let many = regex("<extrareasons reason=\"([a-z-]+)\" count=\"([0-9]+)\"")?;
    let mut seen = Seen { silent: 0, closed: 0, answers: Vec::new() };
    for (_, [protocol, port, state, why]) in one.captures_iter(&said).map(|found| found.extract()) {
        match why {
            "no-response" => seen.silent += 1,
            _ => seen.answers.push(format!("{protocol} {port} {state} ({why})")),
        }
        seen.closed += u32::from(state == "closed");
    }
    for (_, [why, count]) in many.captures_iter(&said).map(|found| found.extract()) {
        let count = count.parse::<u32>().map_err(|error| error.to_string())?;
        match why {
            "no-response" => seen.silent += count,
            _ => {
                seen.closed += count;
                seen.answers.push(format!("{count} more ({why})"));
            }
        }
    }
    Ok(seen)
}

/// By what the box was found, if it was.
async fn reason(folder: &Path, address: &str, probe: &[&str]) -> Outcome<Option<String>> {
    let said = nmap(folder, address, &[&["-sn", "--reason", "--max-retries", "3"], probe].concat()).await?;
    let up = regex("<status state=\"up\" reason=\"([a-z-]+)\"")?;
    Ok(up.captures(&said).map(|found| found[1].to_owned()))
}

/// Runs nmap; its report as XML.
async fn nmap(folder: &Path, address: &str, words: &[&str]) -> Outcome<String> {
    let report = folder.join("nmap.xml");
    let mut command = Command::new("nmap");
    command.args(words).arg("-n").arg("-oX").arg(&report).args(address.contains(':').then_some("-6")).arg(address);
    let ended = tokio::time::timeout(SCAN, command.stdin(Stdio::null()).kill_on_drop(true).output()).await;
    let ended = ended.map_err(|_| format!("nmap {} took longer than {SCAN:?}", words.join(" ")))?;
    let ended = ended.map_err(|error| format!("nmap: {error}; install it with: apt-get install nmap"))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure(ended.status.success(), format!("nmap {} {address}: {said}", words.join(" ")))?;
    std::fs::read_to_string(&report).map_err(|error| format!("{}: {error}", report.display()))
}

fn regex(pattern: &str) -> Outcome<Regex> {
    Regex::new(pattern).map_err(|error| error.to_string())
}

/// The neighbour's end of the cable, and a router that gives the box its address.
async fn lay_cable(folder: &Path) -> Outcome<Child> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    for words in [
        "link set lo up",
        "tuntap add dev cable mode tap",
        &format!("address add {NEIGHBOUR} dev cable"),
        "link set cable up",
    ] {
        let ended = Command::new("ip").args(words.split(' ')).env("PATH", &path).output().await;
        let ended = ended.map_err(|error| format!("ip: {error}; install it with: apt-get install iproute2"))?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure(ended.status.success(), format!("ip {words}: {said}"))?;
    }
    let log = std::fs::File::create(folder.join("dnsmasq.log")).map_err(|error| error.to_string())?;
    Command::new("dnsmasq")
        .args(["--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=cable", "--no-ping", "--log-dhcp"])
        .arg(format!("--dhcp-range={BOX},{BOX},12h"))
        .arg(format!("--dhcp-leasefile={}", folder.join("leases").display()))
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("dnsmasq: {error}; install it with: apt-get install dnsmasq-base"))
}
