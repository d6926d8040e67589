//! Chromium through chromedriver, one at a time, and none left behind.

use fantoccini::{Client, ClientBuilder, Locator};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Long enough for a busy machine with two cores.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    fn start() -> Self {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver cannot be started: install the Debian package chromium-driver (make test does)");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            line.strip_prefix("ChromeDriver was started successfully on port ")?.trim_end_matches('.').parse().ok()
        });
        Self { child, port: port.expect("chromedriver does not say its port") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Opens `address` in Chromium and lives `story` there.
pub(crate) async fn open<F: Future<Output = ()>>(
    address: std::net::SocketAddr,
    more: &[&str],
    story: impl FnOnce(Client) -> F,
) {
    let _alone = ONE_AT_A_TIME.lock().await;
    let profile = tempfile::tempdir().unwrap();
    let driver = Driver::start();
    let mut args = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--window-size=1440,900".to_owned(),
        format!("--user-data-dir={}", profile.path().display()),
    ];
    args.extend(more.iter().map(|arg| (*arg).to_owned()));
    let Value::Object(capabilities) = json!({ "goog:chromeOptions": { "args": args } }) else { unreachable!() };
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{}", driver.port))
        .await
        .expect("Chromium cannot be started: install the Debian packages chromium and chromium-driver");
    let lived = AssertUnwindSafe(async {
        client.goto(&format!("http://{address}/")).await.unwrap();
        until("the page is connected", || async {
            attribute(&client, "#connected", "data-on").await.filter(|on| on == "true")
        })
        .await;
        story(client.clone()).await;
    })
    .catch_unwind()
    .await;
    let _ = client.close().await;
    drop(driver);
    if let Err(panic) = lived {
        resume_unwind(panic);
    }
}

/// Waits until `look` gives something.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "never seen: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) async fn attribute(client: &Client, selector: &str, name: &str) -> Option<String> {
    client.find(Locator::Css(selector)).await.ok()?.attr(name).await.ok()?
}

pub(crate) async fn click(client: &Client, selector: &str) {
    client.find(Locator::Css(selector)).await.unwrap().click().await.unwrap();
}

pub(crate) async fn until_attribute(client: &Client, selector: &str, name: &str, value: &str) {
    until(&format!("{selector} with {name}={value}"), || async {
        attribute(client, selector, name).await.filter(|seen| seen == value)
    })
    .await;
}

/// Runs a script that gives something other than null.
pub(crate) async fn until_script(client: &Client, what: &str, script: &str) -> Value {
    until(what, || async {
        let value = client.execute(script, Vec::new()).await.unwrap();
        (value != Value::Null && value != Value::Bool(false)).then_some(value)
    })
    .await
}
