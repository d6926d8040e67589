//! A private D-Bus that stands for the system's: each scenario runs in a process of its own, started with the
//! address of a bus that nobody else knows.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longest a scenario may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Set in the process of a scenario.
const INSIDE: &str = "MADOGUCHI_ON_A_PRIVATE_BUS";

/// Runs `scenario` of the test named `test` (its full path) on a private bus.
pub(crate) fn on_a_private_bus<F: Future<Output = ()>>(test: &str, scenario: impl FnOnce(Log) -> F) {
    on_a_bus_with("", test, scenario);
}

/// The same, on a bus with this policy beside: text of dbus-daemon(1).
pub(crate) fn on_a_bus_with<F: Future<Output = ()>>(policy: &str, test: &str, scenario: impl FnOnce(Log) -> F) {
    if std::env::var_os(INSIDE).is_some() {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(scenario(log));
        return;
    }
    let (mut daemon, address, _folder) = daemon(policy);
    let mut inside = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .env("DBUS_SYSTEM_BUS_ADDRESS", address)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = inside.stdout.take().unwrap();
    let listening = std::thread::spawn(move || std::io::read_to_string(said).unwrap_or_default());
    let until = Instant::now() + PATIENCE;
    let ended = loop {
        if let Some(ended) = inside.try_wait().unwrap() {
            break Some(ended);
        }
        if Instant::now() > until {
            inside.kill().unwrap();
            inside.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let said = listening.join().unwrap();
    assert!(ended.is_some_and(|ended| ended.success()), "the scenario failed ({ended:?}):\n{said}");
    assert!(said.contains("1 passed"), "no test is named {test}:\n{said}");
}

fn daemon(policy: &str) -> (Child, String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("bus.conf");
    let text = format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={}/bus</listen><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>{policy}</busconfig>"#,
        folder.path().display()
    );
    std::fs::write(&config, text).unwrap();
    let mut daemon = Command::new("dbus-daemon")
        .arg(format!("--config-file={}", config.display()))
        .args(["--nofork", "--nopidfile", "--print-address"])
        .stdout(Stdio::piped())
        // It complains that it may not raise its limits.
        .stderr(Stdio::null())
        .spawn()
        .expect("dbus-daemon starts; `make deps-test` installs it");
    let mut address = String::new();
    BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
    assert!(address.starts_with("unix:"), "dbus-daemon says where it listens, not {address:?}");
    (daemon, address.trim().to_owned(), folder)
}

/// Everything that was logged in this process.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
