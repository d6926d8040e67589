//! What an idle line costs the room server: some thousands of guests sit in rooms of their own over TLS and say nothing. `make
//! lines` runs it (`LINES=3000` so many).

use crate::processes::Tree;
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use madoguchi::meeting::appointment::{Appointment, SITES, Standing};
use madoguchi::meeting::invitation::Invitation;
use madoguchi::model::language::Language;
use madoguchi::model::secret::Secret;
use madoguchi::model::wire::{Proof, RULES_VERSION, ToClient, ToServer};
use madoguchi::room::demo;
use madoguchi::room::key::{self, KeyHash};
use madoguchi::room::store::Store;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustls::pki_types::ServerName;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// What a line may take.
const KIB_ALLOWED: f64 = 64.0;
/// Opened beside each other.
const AT_ONCE: usize = 32;
/// From one address of loopback: households are many, and each has few lines.
const OF_ONE_ADDRESS: usize = 20;
/// From the last line to the look: every line was pinged by then.
const SETTLING: Duration = Duration::from_secs(15);
/// So long the processor's time is looked at.
const LOOK: Duration = Duration::from_secs(20);

type Line = WebSocketStream<TlsStream<TcpStream>>;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub async fn crowd() {
    let wanted = std::env::var("LINES").unwrap_or_default();
    let wanted: usize = if wanted.is_empty() { 3000 } else { wanted.parse().expect("LINES is a number") };
    let (_, files) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    assert!(files > u64::try_from(wanted).unwrap() + 100, "only {files} files may be open here: give LINES fewer");
    // What this starts may have as many open.
    setrlimit(Resource::RLIMIT_NOFILE, files, files).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let keys = appointments(&folder.path().join("room.sqlite"), wanted);
    let certificate = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = serve(folder.path(), port, &certificate);
    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(certificate.cert.der().clone()).unwrap();
    let tls = rustls::ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
    let tls = TlsConnector::from(Arc::new(tls));
    until_it_listens(port).await;
    let process = Tree::of(server.0.id());
    let kib = || process.taken(Path::new("/")).pss * 1024.0;
    let (before, begun) = (kib(), process.seconds());
    let opening = futures_util::stream::iter(keys.into_iter().enumerate());
    let opening = opening.map(|(number, key)| open(number, key, port, tls.clone())).buffer_unordered(AT_ONCE);
    // A line that nobody reads answers no ping.
    let mut lines = JoinSet::new();
    let all: Vec<()> = opening.map(|line| drop(lines.spawn(line.for_each(async |_| {})))).collect().await;
    assert_eq!(all.len(), wanted);
    let opened = crate::processes::spent(&begun, &process.seconds());
    tokio::time::sleep(SETTLING).await;
    let (taken, idle) = (kib(), process.seconds());
    tokio::time::sleep(LOOK).await;
    let busy = crate::processes::spent(&idle, &process.seconds()) / LOOK.as_secs_f64();
    assert!(lines.try_join_next().is_none(), "a line ended meanwhile");
    let each = (taken - before) / f64::from(u32::try_from(wanted).unwrap());
    println!(
        "{wanted} idle lines over TLS: {each:.1} KiB each ({:.0} MiB with them, {:.0} MiB without), {:.2} ms of processor to \
         open one, {busy:.3} of a core for all of them",
        taken / 1024.0,
        before / 1024.0,
        opened * 1000.0 / f64::from(u32::try_from(wanted).unwrap()),
    );
    assert!(each <= KIB_ALLOWED, "a line is to take {KIB_ALLOWED} KiB at the most");
}

/// One each, open for an hour.
fn appointments(database: &Path, count: usize) -> Vec<Secret> {
    let store = Store::create(database).unwrap();
    store.put_counter(&demo::counter()).unwrap();
    let now = Timestamp::now();
    let make = |number| {
        let key = key::draw_room_key().unwrap();
        let appointment = Appointment {
            id: format!("N{number}"),
            counter: demo::counter(),
            slot: Appointment::slot(now, now + SignedDuration::from_hours(1)),
            languages: vec![Language::Japanese],
            sites: SITES,
            remark: String::new(),
            invitations: vec![Invitation::family(KeyHash::of(key.expose()), None)],
            standing: Standing::Good,
        };
        assert!(store.add_appointment(&appointment, &appointment.id).unwrap());
        key
    };
    (0..count).map(make).collect()
}

fn serve(folder: &Path, port: u16, certificate: &rcgen::CertifiedKey<rcgen::KeyPair>) -> Server {
    let file = |name: &str| folder.join(name);
    std::fs::write(file("cert.pem"), certificate.cert.pem()).unwrap();
    std::fs::write(file("key.pem"), certificate.signing_key.serialize_pem()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_madoguchi-room"));
    command.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--public", &format!("https://localhost:{port}")]);
    command
        .arg("--database")
        .arg(file("room.sqlite"))
        .arg("--cert")
        .arg(file("cert.pem"))
        .arg("--key")
        .arg(file("key.pem"));
    // As its unit has it.
    command.env("MALLOC_ARENA_MAX", "2").stdout(Stdio::null());
    Server(command.spawn().unwrap())
}

async fn until_it_listens(port: u16) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        assert!(tokio::time::Instant::now() < deadline, "the room server does not listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A guest who agreed to the rules.
async fn open(number: usize, key: Secret, port: u16, tls: TlsConnector) -> Line {
    use futures_util::SinkExt;
    let house = number / OF_ONE_ADDRESS;
    let from = [127, 1, u8::try_from(house / 250).unwrap(), u8::try_from(house % 250 + 1).unwrap()];
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let stream = socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.unwrap();
    let stream = tls.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    let (mut line, _) = tokio_tungstenite::client_async(format!("wss://localhost:{port}/ws"), stream).await.unwrap();
    let hello = ToServer::hello(Proof::Key { key }, Language::Japanese, ["appliance", "vp8"], None);
    for message in [hello, ToServer::Consent { rules: RULES_VERSION.to_owned() }] {
        line.send(Message::Text(serde_json::to_string(&message).unwrap().into())).await.unwrap();
    }
    loop {
        match line.next().await {
            Some(Ok(Message::Text(text))) => match serde_json::from_str(text.as_str()).unwrap() {
                ToClient::Lobby { .. } => return line,
                ToClient::Refused(why) => panic!("line {number} was refused: {why:?}"),
                _ => {}
            },
            Some(Ok(_)) => {}
            other => panic!("line {number} ended: {other:?}"),
        }
    }
}
