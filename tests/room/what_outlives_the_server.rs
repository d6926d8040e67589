//! Restart, backup while running, what is on the disk, the audit trail, the command line, and TLS.

use crate::desk::{Desk, Peer, database_bytes, eventually, header, hello};
use clap::Parser as _;
use madoguchi::meeting::appointment::{Appointment, Standing};
use madoguchi::model::ids::Epoch;
use madoguchi::model::language::Language;
use madoguchi::model::secret::Secret;
use madoguchi::model::wire::{ByeReason, Notice, Proof, Refusal, ToClient, ToServer};
use madoguchi::room::command::{Command, run};
use madoguchi::room::key::KeyHash;
use madoguchi::room::store::Store;
use madoguchi::room::{Config, ServeError, Tls, serve};
use serde_json::json;
use std::path::Path;

pub async fn command(line: &[&str], stdin: &str) -> Result<String, String> {
    let command = Command::try_parse_from(std::iter::once(&"madoguchi-room").chain(line)).map_err(|e| e.to_string())?;
    let mut said = Vec::new();
    run(command, Language::English, &mut stdin.as_bytes(), &mut said).await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(said).unwrap())
}

async fn http(address: std::net::SocketAddr, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_restart_keeps_the_call_and_a_crash_does_too() {
    let mut desk = Desk::open().await;
    let (mut guest, welcome) = desk.waiting_guest().await;
    let cookie = desk.cookie().await;
    let (mut staff, staff_welcome) = desk.staff().await;
    staff.say(&ToServer::Admit { peer: welcome.you.clone() }).await;
    guest.until(|message| matches!(message, ToClient::Admitted)).await;

    desk.running.take().unwrap().stop().await;
    for peer in [&mut guest, &mut staff] {
        assert!(matches!(peer.rest().await.last(), Some(ToClient::Bye { reason: ByeReason::ServerClosing })));
    }
    desk.start_again().await;
    let mut guest = desk.connect().await;
    guest.say(&hello(Proof::Resume { token: welcome.resume })).await;
    let guest_welcome = guest.welcome().await;
    assert!(guest_welcome.admitted && guest_welcome.you == welcome.you);
    // Nobody had to sign in again, either.
    let mut staff = Peer::connect(desk.running(), Some(&cookie)).await.unwrap();
    staff.say(&hello(Proof::Resume { token: staff_welcome.resume })).await;
    let staff_welcome = staff.welcome().await;
    guest.until(|message| matches!(message, ToClient::Peer { epoch: Epoch(1), .. })).await;
    staff.until(|message| matches!(message, ToClient::Peer { epoch: Epoch(1), admitted: true, .. })).await;

    // A crash says no goodbye.
    let store = Store::open(&desk.demo.database).unwrap();
    let kept = async |token: &Secret| {
        let hash = KeyHash::of(token.expose()).to_hex();
        let is = async || store.running().unwrap().iter().any(|(_, room)| json!(room).to_string().contains(&hash));
        eventually("the seat is kept", is).await;
    };
    kept(&guest_welcome.resume).await;
    kept(&staff_welcome.resume).await;
    drop(desk.running.take());
    desk.start_again().await;
    let mut guest = desk.connect().await;
    guest.say(&hello(Proof::Resume { token: guest_welcome.resume })).await;
    assert!(guest.welcome().await.admitted);
    let mut staff = Peer::connect(desk.running(), Some(&cookie)).await.unwrap();
    staff.say(&hello(Proof::Resume { token: staff_welcome.resume })).await;
    assert!(staff.welcome().await.admitted);
    staff.say(&ToServer::LetLeave { peer: welcome.you }).await;
    guest.rest().await;

    // A burnt key stays burnt.
    let burnt = async || store.appointments().unwrap().iter().any(Appointment::burnt);
    eventually("the key's end is kept", burnt).await;
    drop(desk.running.take());
    desk.start_again().await;
    let mut guest = desk.connect().await;
    guest.say(&hello(Proof::Key { key: desk.demo.key.clone() })).await;
    assert!(matches!(guest.next().await, Some(ToClient::Refused(Refusal::LetLeave))));
}

#[tokio::test]
async fn a_backup_of_a_running_server_is_a_whole_server() {
    let desk = Desk::open().await;
    let (_guest, _) = desk.waiting_guest().await;
    let copy = desk.folder.path().join("copy/room.sqlite");
    std::fs::create_dir(copy.parent().unwrap()).unwrap();
    let (from, to) = (desk.demo.database.display().to_string(), copy.display().to_string());
    command(&["backup", "--database", &from, &to], "").await.unwrap();
    let again = command(&["backup", "--database", &from, &to], "").await.unwrap_err();
    assert!(again.contains("exists already"), "{again}");
    let other = serve(Config::on_loopback(&copy)).await.unwrap();
    let mut guest = Peer::connect(&other, None).await.unwrap();
    guest.say(&hello(Proof::Key { key: desk.demo.key.clone() })).await;
    // The seat of the other server's guest is in the copy too, with a lost line: the key comes before it.
    assert_eq!(guest.welcome().await.slot.ends, desk.demo.ends);
    assert_eq!(
        std::fs::read_dir(copy.parent().unwrap())
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("room.sqlite") })
            .count(),
        3,
        "the file, and SQLite's two beside it while it is open"
    );
    other.stop().await;
}

#[tokio::test]
async fn the_trail_says_what_staff_did_and_the_disk_nothing_about_the_family() {
    let desk = Desk::open().await;
    let (mut guest, welcome) = desk.waiting_guest().await;
    desk.sign_in(&desk.demo.staff, "a wrong password").await;
    desk.sign_in("nobody-of-that-name", "a wrong password").await;
    let (mut staff, _) = desk.staff().await;
    staff.say(&ToServer::Admit { peer: welcome.you.clone() }).await;
    staff.say(&ToServer::Hold { on: true }).await;
    staff.say(&ToServer::WillPhone).await;
    staff.say(&ToServer::LetLeave { peer: welcome.you }).await;
    guest.rest().await;
    staff.say(&ToServer::End).await;
    staff.rest().await;
    let store = Store::open(&desk.demo.database).unwrap();
    let trail = || -> Vec<String> {
        let mut lines = store.audit_trail(100).unwrap();
        lines.reverse();
        lines.into_iter().map(|line| format!("{} {}", line.staff, line.action)).collect()
    };
    eventually("the end is in the trail", async || trail().last().is_some_and(|line| line == "midori ended")).await;
    let expected = ["sign-in-failed", "signed-in", "joined", "admitted", "hold", "will-phone", "let-leave", "ended"];
    assert_eq!(trail(), expected.map(|action| format!("midori {action}")));
    let printed = command(&["audit", "--database", &desk.demo.database.display().to_string()], "").await.unwrap();
    assert!(printed.lines().next().unwrap().ends_with(&format!("midori\tended\t{}", desk.demo.appointment)));
    let check = ["audit", "--check", "--database", &desk.demo.database.display().to_string()];
    let whole = command(&check, "").await.unwrap();
    assert!(whole.contains("the trail is whole: 8 lines"), "{whole}");
    let database = rusqlite::Connection::open(&desk.demo.database).unwrap();
    database.execute("UPDATE audit SET action = 'left' WHERE number = 3", []).unwrap();
    let broken = command(&check, "").await.unwrap_err();
    assert!(broken.contains("line 3 was changed"), "{broken}");

    let bytes = database_bytes(desk.folder.path());
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("kosodate"), "this is the database");
    for secret in
        [desk.demo.key.expose(), desk.demo.password.expose(), welcome.resume.expose(), "127.0.0.1", "nobody-of"]
    {
        assert!(!holds(secret), "{secret} is on the disk");
    }
}

#[tokio::test]
async fn appointments_and_accounts_made_at_the_command_line_reach_the_running_server() {
    let desk = Desk::open().await;
    let database = desk.demo.database.display().to_string();
    let soon = (jiff::Timestamp::now() + jiff::SignedDuration::from_mins(5)).in_tz("Asia/Tokyo").unwrap();
    let starts = soon.strftime("%Y-%m-%dT%H:%M").to_string();
    let base = ["appointment", "add", "--database", &database, "--public", "https://counter.city.example"];
    let line = [&base[..], &["--counter", "kosodate", "--starts", &starts]].concat();
    let said = command(&line, "").await.unwrap();
    let (id, url) = said.trim().split_once('\t').unwrap();
    let key = url.strip_prefix("https://counter.city.example/j?l=ja#").unwrap();
    assert_eq!(key.len(), 26);
    eventually("the server knows the new appointment", async || {
        // One try each time: wrong keys are counted.
        let mut guest = desk.connect().await;
        guest.say(&hello(Proof::Key { key: Secret::new(key) })).await;
        let welcome = matches!(guest.next().await, Some(ToClient::Welcome(_)));
        if !welcome {
            desk.advance(jiff::SignedDuration::from_secs(10));
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        welcome
    })
    .await;
    command(&["appointment", "revoke", "--database", &database, id], "").await.unwrap();
    let mistakes = [
        (vec!["--counter", "zeimu", "--starts", &starts], "known are: kosodate"),
        (vec!["--counter", "kosodate", "--starts", &starts, "--minutes", "500"], "5 to 240 minutes"),
        (vec!["--counter", "kosodate", "--starts", "2001-01-01T10:00"], "would be over already"),
        (vec!["--counter", "kosodate", "--starts", &starts, "--sites", "9"], "two sites take part"),
        (vec!["--counter", "kosodate", "--starts", &starts, "--sites", "3"], "two sites take part"),
    ];
    for (extra, reason) in mistakes {
        let error = command(&[&base[..], &extra].concat(), "").await.unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
    for (guessed, why) in [
        ("", "is empty"),
        ("short", "fewer than 12 characters"),
        ("taro-password-taro", "fewer than 12 characters"),
        ("123456789012345", "repeats or counts"),
    ] {
        let error = command(&["staff", "add", "--database", &database, "taro"], &format!("{guessed}\n")).await;
        assert!(error.as_ref().is_err_and(|error| error.contains(why)), "{guessed}: {error:?}");
    }
    assert_eq!(header(&desk.sign_in("taro", "123456789012345").await, "location"), Some("/sign-in?wrong=1"));
    command(&["staff", "add", "--database", &database, "taro"], "a long enough one\n").await.unwrap();
    assert_eq!(header(&desk.sign_in("taro", "a long enough one").await, "location"), Some("/staff"));
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_in_a_sentence() {
    let desk = Desk::open().await;
    let with = |change: &dyn Fn(&mut Config)| {
        let mut config = Config::on_loopback(&desk.demo.database);
        change(&mut config);
        async { serve(config).await.err().expect("it must not start").to_string() }
    };
    let plain = with(&|config| config.listen = "0.0.0.0:0".parse().unwrap()).await;
    assert!(plain.contains("not a loopback address") && plain.contains("--cert and --key"), "{plain}");
    let metrics = with(&|config| config.metrics = Some("0.0.0.0:0".parse().unwrap())).await;
    assert!(metrics.contains("not a loopback address"), "{metrics}");
    let taken = desk.running().address;
    assert!(with(&|config| config.listen = taken).await.contains("cannot listen on"));
    let none = Path::new("/nonexistent/file.pem");
    let cert = with(&|config| config.tls = Some(Tls { cert: none.into(), key: none.into() })).await;
    assert!(cert.contains("/nonexistent/file.pem"), "{cert}");
    let folder = with(&|config| config.database = "/nonexistent/room.sqlite".into()).await;
    assert!(folder.contains("/nonexistent/room.sqlite") && folder.contains("make it first"), "{folder}");
    assert!(with(&|config| config.time_zone = "Asia/Edo".into()).await.contains("Asia/Tokyo"));
    assert!(with(&|config| config.public = Some("http://city.example".into())).await.contains("http:// only for"));
}

fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_mistyped_path_makes_no_database() {
    let desk = Desk::open().await;
    let typo = desk.folder.path().join("typo.sqlite");
    let (at, copy) = (typo.display().to_string(), desk.folder.path().join("copy").display().to_string());
    let lines: [&[&str]; 7] = [
        &["backup", "--database", &at, &copy],
        &["audit", "--database", &at],
        &["staff", "add", "--database", &at, "taro"],
        &["counter", "add", "--database", &at, "zeimu", "--ja", "税務", "--en", "Taxes", "--telephone", "0422-00-1"],
        &["appointment", "revoke", "--database", &at, "7K3M9QWX"],
        &[
            "appointment",
            "add",
            "--database",
            &at,
            "--public",
            "https://a.example",
            "--counter",
            "kosodate",
            "--starts",
            "2030-01-01T10:00",
        ],
        &[
            "appointment",
            "add",
            "--database",
            "/",
            "--public",
            "https://a.example",
            "--counter",
            "kosodate",
            "--starts",
            "2030-01-01T10:00",
        ],
    ];
    for line in lines {
        let error = command(line, "a long enough one\n").await.unwrap_err();
        assert!(error.contains("check the path") || error.contains("the database /"), "{line:?}: {error}");
        assert!(!typo.exists() && !Path::new(&copy).exists(), "{line:?} made a file");
    }
    // Nor is another file taken for one.
    for (name, bytes) in [("empty", "".as_bytes()), ("notes", b"these are notes, and no database at all")] {
        let other = desk.folder.path().join(name);
        std::fs::write(&other, bytes).unwrap();
        let error = command(&["audit", "--database", &other.display().to_string()], "").await.unwrap_err();
        assert!(error.contains("no database of a room server"), "{error}");
        assert_eq!(std::fs::read(&other).unwrap(), bytes);
    }
}

#[tokio::test]
async fn nobody_else_on_the_machine_reads_the_database_or_its_copy() {
    let mut desk = Desk::open().await;
    let (_guest, _) = desk.waiting_guest().await;
    let files = ["", "-wal", "-shm"].map(|end| Path::new(&format!("{}{end}", desk.demo.database.display())).to_owned());
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    let copy = desk.folder.path().join("copy.sqlite");
    let line = ["backup", "--database", &desk.demo.database.display().to_string(), &copy.display().to_string()];
    command(&line, "").await.unwrap();
    assert_eq!(mode(&copy), 0o600);
    // What an earlier version left open is closed.
    desk.running.take().unwrap().stop().await;
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(&desk.demo.database, std::fs::Permissions::from_mode(0o644)).unwrap();
    desk.start_again().await;
    assert_eq!(mode(&desk.demo.database), 0o600);
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_left_alone() {
    let desk = Desk::open().await;
    let file = desk.folder.path().join("newer.sqlite");
    let newer = rusqlite::Connection::open(&file).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    let error = serve(Config::on_loopback(&file)).await.err().unwrap();
    assert!(matches!(error, ServeError::Store(_)));
    assert!(error.to_string().contains("install the newer program"), "{error}");
}

/// A certificate for this machine, with this common name.
fn certificate(name: &str, cert: &Path, key: &Path) {
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", &format!("/CN={name}"), "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .arg("-keyout")
        .arg(key)
        .arg("-out")
        .arg(cert)
        .output()
        .expect("openssl is missing; install it with: apt-get install openssl");
    assert!(made.status.success());
}

/// Who the server at this address says that it is.
async fn served(address: std::net::SocketAddr) -> String {
    let mut shown = tokio::process::Command::new("openssl");
    shown.args(["s_client", "-connect", &address.to_string()]).stdin(std::process::Stdio::null());
    let shown = shown.output().await.unwrap();
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    text.lines().find(|line| line.starts_with("subject=")).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_ending_a_call() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    certificate("first", &at("cert.pem"), &at("key.pem"));
    certificate("second", &at("cert2.pem"), &at("key2.pem"));
    certificate("third", &at("cert3.pem"), &at("key3.pem"));
    let tls = Tls { cert: at("cert.pem"), key: at("key.pem") };
    let desk = Desk::open_with(|config| config.tls = Some(tls)).await;
    let address = desk.running().address;
    // A connection that has said half of what it wants, before anything is renewed.
    let mut open = tokio::process::Command::new("openssl")
        .args(["s_client", "-quiet", "-connect", &address.to_string()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (body, from) = ("name=nobody&password=wrong", &desk.running().public);
    let head = format!(
        "POST /sign-in HTTP/1.1\r\nhost: {address}\r\norigin: {from}\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    open.stdin.as_mut().unwrap().write_all(head.as_bytes()).await.unwrap();
    assert!(served(address).await.contains("first"));
    // Half of a pair is refused, and the earlier one stays.
    std::fs::copy(at("cert2.pem"), at("cert.pem")).unwrap();
    let error = desk.running().reload().await.err().unwrap().to_string();
    assert!(error.contains("cert.pem"), "{error}");
    assert!(served(address).await.contains("first"));
    // By signal ...
    std::fs::copy(at("key2.pem"), at("key.pem")).unwrap();
    desk.running().reload().await.unwrap();
    assert!(served(address).await.contains("second"));
    // ... and by file alone.
    std::fs::copy(at("cert3.pem"), at("cert.pem")).unwrap();
    std::fs::copy(at("key3.pem"), at("key.pem")).unwrap();
    eventually("the new files are noticed", async || served(address).await.contains("third")).await;
    open.stdin.as_mut().unwrap().write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    open.stdout.as_mut().unwrap().read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 303"), "the connection from before has ended: {answer}");
}

#[tokio::test]
async fn told_to_reload_the_server_goes_on() {
    let desk = Desk::open().await;
    let database = desk.folder.path().join("other.sqlite").display().to_string();
    let mut server = tokio::process::Command::new(env!("CARGO_BIN_EXE_madoguchi-room"))
        .args(["serve", "--listen", "127.0.0.1:0", "--database", &database])
        .env("LC_ALL", "C")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    use tokio::io::AsyncBufReadExt as _;
    let mut said = tokio::io::BufReader::new(server.stdout.take().unwrap()).lines();
    assert!(said.next_line().await.unwrap().unwrap().starts_with("listening on"));
    let mut log = tokio::io::BufReader::new(server.stderr.take().unwrap()).lines();
    let kill = |signal: &str| {
        let number = server.id().expect("the server has ended").to_string();
        assert!(std::process::Command::new("kill").args([signal, &number]).status().unwrap().success());
    };
    kill("-HUP");
    while !log.next_line().await.unwrap().expect("the server has ended").contains("told to reload") {}
    kill("-TERM");
    assert!(server.wait().await.unwrap().success());
}

#[tokio::test]
async fn an_account_that_is_removed_is_signed_out_and_stays_in_the_trail() {
    let desk = Desk::open().await;
    let database = desk.demo.database.display().to_string();
    let cookie = desk.cookie().await;
    let list = command(&["staff", "list", "--database", &database], "").await.unwrap();
    assert_eq!(list, "midori\tdesk lender admin\t*\n");
    let error = command(&["staff", "remove", "--database", &database, "midorii"], "").await.unwrap_err();
    assert!(error.contains("known are: midori"), "{error}");
    command(&["staff", "remove", "--database", &database, "midori"], "").await.unwrap();
    let answer = desk.request("GET", "/api/appointments", &[("cookie", &cookie)], "").await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let answer = desk.sign_in("midori", desk.demo.password.expose()).await;
    assert_eq!(header(&answer, "location"), Some("/sign-in?wrong=1"));
    let trail = command(&["audit", "--database", &database], "").await.unwrap();
    assert!(trail.contains("staff-removed"), "{trail}");
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_and_its_cookie_is_secure() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    certificate("localhost", &cert, &key);
    let desk = Desk::open_with(|config| config.tls = Some(Tls { cert: cert.clone(), key })).await;
    let public = desk.running().public.clone();
    assert!(public.starts_with("https://127.0.0.1:"));
    let body = format!("name={}&password={}", desk.demo.staff, desk.demo.password.expose());
    let mut curl = tokio::process::Command::new("curl");
    curl.args(["--silent", "--include", "--max-time", "20", "--cacert"]).arg(&cert);
    let answer = curl.args(["-H", &format!("origin: {public}"), "-d", &body, &format!("{public}/sign-in")]).output();
    let answer = answer.await.expect("curl is missing; install it with: apt-get install curl");
    let answer = String::from_utf8(answer.stdout).unwrap();
    let cookie = answer.lines().find(|line| line.to_lowercase().starts_with("set-cookie")).expect(&answer);
    assert!(cookie.contains("__Host-session=") && cookie.contains("; Secure"), "{cookie}");
    assert!(answer.to_lowercase().contains("strict-transport-security"));
}

/// Holds the database's write lock, as a backup tool would.
fn locked(desk: &Desk) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(&desk.demo.database).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test]
async fn whoever_is_to_go_goes_at_once_while_the_database_takes_nothing() {
    let mut desk = Desk::open_with(|config| config.metrics = Some("127.0.0.1:0".parse().unwrap())).await;
    let (cookie, from) = (desk.cookie().await, desk.running().public.clone());
    let (mut guest, _) = desk.waiting_guest().await;
    let other = locked(&desk);
    let health = desk.running().metrics.unwrap();
    guest.say(&ToServer::Mute { microphone: true, camera: false, speaker: false }).await;
    eventually("the trouble is in the health check", async || {
        http(health, "/health").await.starts_with("HTTP/1.1 503")
    })
    .await;
    let headers = [("cookie", cookie.as_str()), ("origin", &from)];
    let list = desk.request("GET", "/api/appointments", &headers, "").await;
    assert!(list.contains(r#""store_trouble":true"#), "{list}");
    let path = format!("/api/appointments/{}/revoke", desk.demo.appointment);
    let answer = desk.request("POST", &path, &headers, "").await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert!(matches!(guest.rest().await.last(), Some(ToClient::Bye { reason: ByeReason::Revoked })));
    let answer = desk.request("POST", "/sign-out", &headers, "").await;
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let list = desk.request("GET", "/api/appointments", &headers, "").await;
    assert!(list.starts_with("HTTP/1.1 401"), "signed out, and still in: {list}");
    drop(other);
    let store = Store::open(&desk.demo.database).unwrap();
    eventually("it is kept once the database takes it", async || {
        store.appointments().unwrap()[0].standing == Standing::Revoked
            && store.audit_trail(9).unwrap().iter().any(|line| line.action == "appointment-revoked")
            && store.audit_trail(9).unwrap().iter().any(|line| line.action == "signed-out")
    })
    .await;
    eventually("all is well again", async || http(health, "/health").await.ends_with("ok\n")).await;
    // What was kept in memory at the end reaches the disk.
    desk.running.take().unwrap().stop().await;
}

#[tokio::test]
async fn a_locked_database_stalls_no_room() {
    let desk = Desk::open().await;
    let (mut guest, welcome) = desk.waiting_guest().await;
    let (mut staff, _) = desk.staff().await;
    let other = locked(&desk);
    // More turns that are to be kept than locks could be waited for within anybody's patience.
    staff.say(&ToServer::Admit { peer: welcome.you }).await;
    for _ in 0..10 {
        for on in [true, false] {
            staff.say(&ToServer::Hold { on }).await;
            let told = if on { Notice::Hold } else { Notice::Unhold };
            guest.until(|message| matches!(message, ToClient::Notice { notice } if *notice == told)).await;
        }
    }
    assert!(!other.is_autocommit(), "the lock was held all the time");
}
