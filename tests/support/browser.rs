//! A real Chromium, driven through ChromeDriver: with a made-up camera and microphone, without a window.
//!
//! Included with `#[path]` by every test that needs a browser. It must not skip: a machine without Chromium fails.

#![allow(dead_code, unreachable_pub, reason = "each test uses its own part of it")]

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Far longer than anything here takes on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A ChromeDriver of our own on a free port, in a process group of its own. Its browsers end with it.
pub struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts ChromeDriver and reads the port it took.
    pub fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("chromedriver does not start; install it with: apt-get install chromium-driver");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("chromedriver ended before it said its port").unwrap();
            // "ChromeDriver was started successfully on port 41234."
            if let Some((_, port)) = line.split_once("on port ")
                && let Ok(port) = port.trim_end_matches('.').parse()
                && port != 0
            {
                break port;
            }
        };
        // It goes on writing there; a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, port }
    }

    /// Opens a browser. `extra` are command-line flags beside the usual ones.
    pub async fn browser(&self, extra: &[&str]) -> Browser {
        self.browser_sized(1440, 900, extra).await
    }

    /// Opens a browser whose window has this size.
    pub async fn browser_sized(&self, width: u32, height: u32, extra: &[&str]) -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let mut flags = vec![
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--use-fake-ui-for-media-stream".to_owned(),
            "--use-fake-device-for-media-stream=fps=30".to_owned(),
            "--autoplay-policy=no-user-gesture-required".to_owned(),
            "--allow-loopback-in-peer-connection".to_owned(),
            "--force-device-scale-factor=1".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        flags.extend(extra.iter().map(|flag| (*flag).to_owned()));
        // A flag given anew replaces the usual one of the same name.
        let name = |flag: &str| flag.split('=').next().unwrap_or_default().to_owned();
        let mut kept: Vec<String> = Vec::new();
        for flag in flags {
            kept.retain(|earlier| name(earlier) != name(&flag));
            kept.push(flag);
        }
        let Value::Object(capabilities) = json!({
            "browserName": "chrome",
            "unhandledPromptBehavior": "accept",
            // Servers of tests sign for themselves.
            "acceptInsecureCerts": true,
            "goog:chromeOptions": { "args": kept },
        }) else {
            unreachable!()
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .expect("Chromium does not start; install it with: apt-get install chromium chromium-driver");
        client
            .update_timeouts(fantoccini::wd::TimeoutConfiguration::new(
                Some(PATIENCE),
                Some(PATIENCE),
                Some(Duration::ZERO),
            ))
            .await
            .unwrap();
        Browser { client, _profile: profile }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked politely, it ends its browsers; the group takes whatever is left.
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        for _ in 0..50 {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.process.wait();
    }
}

/// One browser with one window.
pub struct Browser {
    /// The WebDriver session.
    pub client: Client,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Goes to an address.
    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Presses what has this `data-testid`, once it can be pressed.
    pub async fn press(&self, id: &str) {
        let ready = format!(
            "const found = document.querySelector('[data-testid=\"{id}\"]'); \
             return Boolean(found && !found.disabled && found.offsetParent !== null);"
        );
        self.until(&format!("{id} can be pressed"), &ready).await;
        self.client.find(Locator::Css(&selector(id))).await.unwrap().click().await.unwrap();
    }

    /// Types into what has this `data-testid`.
    pub async fn type_into(&self, id: &str, text: &str) {
        self.client.find(Locator::Css(&selector(id))).await.unwrap().send_keys(text).await.unwrap();
    }

    /// The text of what has this `data-testid`.
    pub async fn text(&self, id: &str) -> String {
        self.client.find(Locator::Css(&selector(id))).await.unwrap().text().await.unwrap()
    }

    /// A `data-` attribute of the page's body, by its JavaScript name.
    pub async fn data(&self, name: &str) -> Option<String> {
        self.script(&format!("return document.body.dataset['{name}'] ?? null;")).await.as_str().map(str::to_owned)
    }

    /// Waits until a `data-` attribute of the page's body has a value.
    pub async fn until_data(&self, name: &str, value: &str) {
        let is = format!("return document.body.dataset['{name}'] === '{value}';");
        self.until(&format!("data-{name} = {value}"), &is).await;
    }

    /// Waits until a script gives `true`.
    pub async fn until(&self, what: &str, script: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.script(script).await != Value::Bool(true) {
            if tokio::time::Instant::now() > deadline {
                let seen = self.script("return [location.href, {...document.body.dataset}, document.body.innerText];");
                panic!("never: {what}; the page: {}", seen.await);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Runs a script and gives what it returns.
    pub async fn script(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Keys for whatever has the focus.
    pub async fn keys(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Writes a picture of the window.
    pub async fn picture(&self, file: &Path) {
        std::fs::write(file, self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Ends the browser.
    pub async fn close(self) {
        self.client.close().await.unwrap();
    }
}

fn selector(id: &str) -> String {
    format!("[data-testid=\"{id}\"]")
}
