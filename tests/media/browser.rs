//! The other end: Chromium with a drawn picture and a tone.

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use madoguchi::model::wire::Candidate;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Pitch of the browser's tone, in hertz.
pub(crate) const THEIR_PITCH: f64 = 1000.0;
const DEADLINE: Duration = Duration::from_secs(30);

/// A running Chromium. Dropping it ends it.
pub(crate) struct Browser {
    client: Client,
    driver: Child,
    pid: Pid,
}

/// What the browser sees and hears.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Report {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) state: String,
    pub(crate) frames_decoded: u64,
    pub(crate) packets_sent: u64,
    pub(crate) audio_packets: u64,
    pub(crate) video_packets: u64,
    /// Height of our picture.
    pub(crate) height: u32,
    /// How often the browser asked for a lost packet, and was asked, and sent one again.
    pub(crate) nacks_sent: u64,
    pub(crate) nacks_received: u64,
    pub(crate) sent_again: u64,
    /// Mean seconds that sound waited in the jitter buffer.
    pub(crate) jitter_buffer: f64,
    pub(crate) left: Option<[u8; 3]>,
    pub(crate) right: Option<[u8; 3]>,
    /// Of the loudest frequency, in decibels.
    pub(crate) loudness: f64,
    /// The loudest frequency, in hertz.
    pub(crate) pitch: f64,
    /// Kind of the own candidate, its protocol to the relay, kind of the other end's.
    pub(crate) relayed: Option<[Option<String>; 3]>,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is missing: install chromium-driver");
        let output = driver.stdout.take().unwrap();
        let port = tokio::task::spawn_blocking(move || {
            let mut lines = BufReader::new(output).lines();
            let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("started successfully on port")));
            std::thread::spawn(move || lines.for_each(drop));
            let line = line.expect("chromedriver says its port").unwrap();
            line.trim_end_matches('.').rsplit(' ').next().unwrap().parse::<u16>().unwrap()
        });
        let port = tokio::time::timeout(DEADLINE, port).await.expect("chromedriver starts in time").unwrap();
        let options = json!({ "goog:chromeOptions": { "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
            "--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection",
        ] } });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(options.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        let pid = client.capabilities().and_then(|all| all.get("goog:processID")).and_then(Value::as_i64).unwrap();
        Self { client, driver, pid: Pid::from_raw(pid as i32) }
    }

    /// Opens a new page with a picture and a tone, ready for an offer.
    pub(crate) async fn begin(&self, ice_servers: Value, relay_only: bool) {
        self.client.goto("about:blank").await.unwrap();
        self.client.execute(include_str!("browser.js"), vec![]).await.unwrap();
        self.run("call.begin", vec![ice_servers, json!(relay_only)]).await;
    }

    pub(crate) async fn answer(&self, offer: &str) -> String {
        self.run("call.answer", vec![json!(offer)]).await.as_str().unwrap().to_owned()
    }

    pub(crate) async fn add_candidate(&self, candidate: &Candidate) {
        self.run("call.addCandidate", vec![serde_json::to_value(candidate).unwrap()]).await;
    }

    pub(crate) async fn mute(&self, muted: bool) {
        self.run("call.mute", vec![json!(muted)]).await;
    }

    pub(crate) async fn report(&self) -> Report {
        serde_json::from_value(self.run("call.report", vec![]).await).unwrap()
    }

    /// Kills it without a word, as a power cut would.
    pub(crate) fn kill(&self) {
        kill(self.pid, Signal::SIGKILL).unwrap();
    }

    async fn run(&self, function: &str, arguments: Vec<Value>) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             Promise.resolve({function}(...[...arguments].slice(0, -1)))
               .then(value => done([value ?? null, null]), error => done([null, String(error)]));"
        );
        let reply = self.client.execute_async(&script, arguments).await.unwrap();
        assert_eq!(reply[1], Value::Null, "{function} failed in the browser");
        reply[0].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its helpers end by themselves once their parent is gone.
        let _ = kill(self.pid, Signal::SIGKILL);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
