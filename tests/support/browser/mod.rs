//! A real browser on a page, driven over WebDriver: without a window, with a made-up camera and microphone.
//!
//! Included with `#[path]` by every test that needs one. It must not skip: a machine without Chromium fails. Each
//! browser has a driver, a port and a profile of its own, so that several tests can run at once, and ends with its
//! [`Browser`], with a panic, and with the test's process. [`chromium`] alone knows which browser it is.

#![allow(dead_code, unreachable_pub, reason = "each test uses its own part of it")]

mod chromium;
mod client;
mod driver;

#[allow(unused_imports, reason = "each test uses its own part of it")]
pub use chromium::BLOCK_SITE_DATA;
use driver::Driver;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use thirtyfour::common::print::{PrintMargins, PrintPage, PrintParameters};
use thirtyfour::error::{WebDriverErrorInner, WebDriverResult};
use thirtyfour::{By, TypingData, WebDriver, WebElement};
use tokio::time::{Instant, sleep};

/// Far longer than anything here takes on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(20);

/// Waits until `look` gives something.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    patiently(look).await.unwrap_or_else(|| panic!("never: {what}"))
}

async fn patiently<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = look().await;
        if found.is_some() || Instant::now() > deadline {
            return found;
        }
        sleep(LOOK).await;
    }
}

/// One browser. Dropping it kills it.
pub struct Browser {
    /// The WebDriver session, for what the methods here do not cover.
    pub session: WebDriver,
    _driver: Driver,
}

impl Browser {
    /// Opens a browser. `extra` are command-line flags beside the usual ones.
    pub async fn open(extra: &[&str]) -> Self {
        Self::sized(1440, 900, extra).await
    }

    /// Opens a browser whose window has this size.
    pub async fn sized(width: u32, height: u32, extra: &[&str]) -> Self {
        Self::run((width, height), extra, None).await
    }

    /// Opens a browser that another program starts. It must become the browser, with all arguments and open files.
    pub async fn started_by(program: &Path, width: u32, height: u32, extra: &[&str]) -> Self {
        Self::run((width, height), extra, Some(program)).await
    }

    async fn run(size: (u32, u32), extra: &[&str], program: Option<&Path>) -> Self {
        let driver = Driver::start(chromium::DRIVER, chromium::port, chromium::INSTALL).await;
        let capabilities = chromium::capabilities(driver.folder(), size, extra, program);
        // The session's timeouts for scripts and pages are a minute from its start on.
        let started = WebDriver::builder(driver.url(), capabilities).client(client::Client::default()).await;
        let session = started.unwrap_or_else(|why| {
            panic!("the browser does not start; {}: {why}\nits driver said: {}", chromium::INSTALL, driver.said())
        });
        // The driver's end is the session's end. Left to itself, the session would wait for the browser when it is dropped.
        session.clone().leak().unwrap();
        Self { session, _driver: driver }
    }

    /// Kills the browser without a word, as a power cut would. Nothing more can be asked of it.
    pub fn kill(&self) {
        let killed = Command::new("sh").args(["-c", &format!("kill -KILL {}", self.process())]).status().unwrap();
        assert!(killed.success(), "the browser had already ended");
    }

    /// The number of its process.
    pub fn process(&self) -> u64 {
        self.session.capabilities().get(chromium::PROCESS).and_then(Value::as_u64).unwrap()
    }

    /// Goes to an address.
    pub async fn go(&self, url: &str) {
        self.session.goto(url).await.unwrap();
    }

    /// The first element that a CSS selector fits, once there is one.
    pub async fn element(&self, css: &str) -> WebElement {
        self.wait(css, async || self.session.find(By::Css(css)).await.ok()).await
    }

    /// Clicks what a CSS selector fits, once it is there.
    pub async fn click(&self, css: &str) {
        self.element(css).await.click().await.unwrap();
    }

    /// Chooses the option of this value in a `<select>`.
    pub async fn select(&self, css: &str, value: &str) {
        self.click(&format!("{css} option[value='{value}']")).await;
    }

    /// An attribute of what a CSS selector fits.
    pub async fn attribute(&self, css: &str, name: &str) -> Option<String> {
        self.session.find(By::Css(css)).await.ok()?.attr(name).await.ok()?
    }

    /// Waits until an attribute of what a CSS selector fits has a value.
    pub async fn until_attribute(&self, css: &str, name: &str, value: &str) {
        let is = async || self.attribute(css, name).await.filter(|seen| seen == value);
        self.wait(&format!("{css} with {name}={value}"), is).await;
    }

    /// Presses what has this `data-testid`, once it can be pressed.
    pub async fn press(&self, id: &str) {
        let ready = format!(
            "const found = document.querySelector('[data-testid=\"{id}\"]'); \
             return Boolean(found && !found.disabled && found.offsetParent !== null);"
        );
        self.until(&format!("{id} can be pressed"), &ready).await;
        self.with(id, async |found| found.click().await).await;
    }

    /// Types into what has this `data-testid`, once it is there: a click may still be loading the page.
    pub async fn type_into(&self, id: &str, text: &str) {
        let ready = format!(
            "const found = document.querySelector('[data-testid=\"{id}\"]'); \
             return Boolean(found && !found.disabled && found.offsetParent !== null);"
        );
        self.until(&format!("{id} can be typed into"), &ready).await;
        self.with(id, async |found| found.send_keys(text).await).await;
    }

    /// The text of what has this `data-testid`.
    pub async fn text(&self, id: &str) -> String {
        self.with(id, async |found| found.text().await).await
    }

    /// Does something with what has this `data-testid`. Lists are drawn anew each second: whatever went between the finding and
    /// the doing is found again.
    async fn with<T>(&self, id: &str, does: impl AsyncFn(WebElement) -> WebDriverResult<T>) -> T {
        loop {
            match does(self.session.find(By::Testid(id)).await.unwrap()).await {
                Err(gone) if matches!(gone.as_inner(), WebDriverErrorInner::StaleElementReference(_)) => {}
                done => return done.unwrap(),
            }
        }
    }

    /// Keys for whatever has the focus.
    pub async fn keys(&self, keys: impl Into<TypingData>) {
        self.session.active_element().await.unwrap().send_keys(keys).await.unwrap();
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

    /// Waits until a script gives something other than `null` and `false`, and gives that.
    pub async fn until(&self, what: &str, script: &str) -> Value {
        let look =
            async || Some(self.script(script).await).filter(|it| !matches!(it, Value::Null | Value::Bool(false)));
        self.wait(what, look).await
    }

    /// Waits until `look` gives something; when it never does, says what the page shows instead.
    pub async fn wait<T>(&self, what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
        if let Some(found) = patiently(look).await {
            return found;
        }
        let page = "return [location.href, {...document.body.dataset}, document.body.innerText];";
        match self.session.execute(page, Vec::new()).await {
            Ok(page) => panic!("never: {what}; the page: {}", page.json()),
            Err(why) => panic!("never: {what}; the page cannot be asked: {why}"),
        }
    }

    /// Runs a script and gives what it returns.
    pub async fn script(&self, script: &str) -> Value {
        self.session.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Calls a function of the page and gives what it returns, now or later.
    pub async fn call(&self, function: &str, arguments: Vec<Value>) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             Promise.resolve({function}(...[...arguments].slice(0, -1)))
               .then(value => done([value ?? null, null]), error => done([null, String(error)]));"
        );
        let answer = self.session.execute_async(script, arguments).await.unwrap();
        let [value, error]: [Value; 2] = answer.convert().unwrap();
        assert_eq!(error, json!(null), "{function} failed in the browser");
        value
    }

    /// The page as it goes to a printer, as PDF: on A4, without margins or scaling.
    pub async fn printed(&self) -> Vec<u8> {
        let page = PrintPage { width: 21.0, height: 29.7 };
        let margin = PrintMargins { top: 0.0, bottom: 0.0, left: 0.0, right: 0.0 };
        let asked = PrintParameters { page, margin, shrink_to_fit: false, ..PrintParameters::default() };
        self.session.print_page(asked).await.unwrap()
    }

    /// Writes a picture of the window.
    pub async fn picture(&self, file: &Path) {
        self.session.screenshot(file).await.unwrap();
    }
}
