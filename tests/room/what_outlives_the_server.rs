//! Restart, backup while running, what is on the disk, the audit trail, the command line, and TLS.

use crate::desk::{Desk, Peer, database_bytes, eventually, header, hello};
use clap::Parser as _;
use madoguchi::model::ids::Epoch;
use madoguchi::model::secret::Secret;
use madoguchi::model::wire::{ByeReason, Proof, Refusal, ToClient, ToServer};
use madoguchi::room::command::{Command, run};
use madoguchi::room::store::Store;
use madoguchi::room::{Config, ServeError, Tls, serve};
use std::path::Path;

async fn command(line: &[&str], stdin: &str) -> Result<String, String> {
    let command = Command::try_parse_from(std::iter::once(&"madoguchi-room").chain(line)).map_err(|e| e.to_string())?;
    let mut said = Vec::new();
    run(command, &mut stdin.as_bytes(), &mut said).await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(said).unwrap())
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
        (vec!["--counter", "kosodate", "--starts", &starts, "--sites", "9"], "2 to 4 sites"),
    ];
    for (extra, reason) in mistakes {
        let error = command(&[&base[..], &extra].concat(), "").await.unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
    let short = command(&["staff", "add", "--database", &database, "taro"], "short\n").await.unwrap_err();
    assert!(short.contains("fewer than 10 characters"), "{short}");
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
    assert!(folder.contains("check that the folder exists"), "{folder}");
    assert!(with(&|config| config.time_zone = "Asia/Edo".into()).await.contains("Asia/Tokyo"));
    assert!(with(&|config| config.public = Some("http://city.example".into())).await.contains("http:// only for"));
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

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_and_its_cookie_is_secure() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output()
        .expect("openssl is missing; install it with: apt-get install openssl");
    assert!(made.status.success());
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
