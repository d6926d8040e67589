//! A WebDriver server and its browser, as one process group that ends with the test.

use super::until;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The shell that leads the group. When its input ends, because the [`Driver`] is dropped or the test's process is gone
/// in whatever way, it kills all of the group: no driver ends its browser by itself.
const LEADER: &str = "{ \"$@\" </dev/null; echo \"ended with $?\"; } & read -r nothing; kill -KILL 0";
/// How long killed processes may take to be gone.
const ENDING: Duration = Duration::from_secs(10);

/// A running driver with a folder for everything that it and its browser write.
pub struct Driver {
    leader: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Driver {
    /// Starts a driver that chooses a port itself, and reads it in what the driver says.
    pub async fn start(command: &[&str], port: fn(&str) -> Option<u16>, install: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let said = File::create(folder.path().join(LOG)).unwrap();
        let leader = Command::new("sh")
            .args(["-c", LEADER, "sh"])
            .args(command)
            .env("TMPDIR", folder.path())
            .stdin(Stdio::piped())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .process_group(0)
            .spawn()
            .unwrap();
        let mut driver = Self { leader, port: 0, folder };
        let chosen = until("the driver says its port", async || {
            let said = driver.said();
            assert!(!said.contains("ended with "), "{} does not start; {install}\nit said: {said}", command[0]);
            said.lines().find_map(port)
        });
        driver.port = chosen.await;
        driver
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where the browser's profile goes.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Everything that it said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join(LOG)).unwrap()
    }
}

const LOG: &str = "driver.log";

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.leader.stdin.take());
        // Only when the last of them is gone does nobody write into the folder any more.
        let deadline = Instant::now() + ENDING;
        while !matches!(self.leader.try_wait(), Ok(Some(_))) || runs(self.leader.id()) {
            if Instant::now() > deadline {
                eprintln!("the browser's process group {} did not end within {ENDING:?}", self.leader.id());
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Whether anything of a process group still runs. What has ended and was not yet asked about does not.
fn runs(group: u32) -> bool {
    let group = group.to_string();
    fs::read_dir("/proc").into_iter().flatten().flatten().any(|entry| {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // "process (name) state parent group …": a name may hold anything.
        let mut words = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        let state = words.next();
        words.nth(1) == Some(&group) && state != Some("Z")
    })
}
