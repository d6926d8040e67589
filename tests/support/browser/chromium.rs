//! Chromium: its driver, its flags, its capabilities.

use serde_json::{Value, json};
use std::path::Path;
use thirtyfour::Capabilities;

/// The driver, on a port that it chooses itself.
pub const DRIVER: &[&str] = &["chromedriver", "--port=0"];
/// What to do when it is missing.
pub const INSTALL: &str = "install it with: apt-get install chromium chromium-driver";
/// The capability that holds the browser's process.
pub const PROCESS: &str = "goog:processID";

/// The port in "ChromeDriver was started successfully on port 41234."
pub fn port(line: &str) -> Option<u16> {
    line.split_once("started successfully on port ")?.1.strip_suffix('.')?.parse().ok()
}

/// Beside the flags of [`capabilities`]: the browser keeps nothing for any site, as "block all cookies" has it.
pub const BLOCK_SITE_DATA: &str = "--test-block-site-data";

/// What a session asks for. The profile is made in `folder`. `program` runs the browser, where it is not the usual one.
pub fn capabilities(
    folder: &Path,
    (width, height): (u32, u32),
    extra: &[&str],
    program: Option<&Path>,
) -> Capabilities {
    let own =
        [format!("--window-size={width},{height}"), format!("--user-data-dir={}", folder.join("profile").display())];
    let flags = USUAL.iter().copied().chain(own.iter().map(String::as_str)).chain(extra.iter().copied());
    let block = if extra.contains(&BLOCK_SITE_DATA) { 2 } else { 0 };
    let mut options = json!({
        "args": replacing(flags),
        "prefs": { "profile.default_content_setting_values.cookies": block },
    });
    if let Some(program) = program {
        options["binary"] = json!(program);
    }
    let Value::Object(capabilities) = json!({
        "browserName": "chrome",
        "unhandledPromptBehavior": "accept",
        // Servers of tests sign for themselves.
        "acceptInsecureCerts": true,
        "goog:chromeOptions": options,
    }) else {
        unreachable!()
    };
    capabilities.into()
}

const USUAL: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=fps=30",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--force-device-scale-factor=1",
];

/// A flag given anew replaces the earlier one of the same name.
fn replacing<'flag>(flags: impl Iterator<Item = &'flag str>) -> Vec<&'flag str> {
    let name = |flag: &'flag str| flag.split('=').next();
    let mut kept: Vec<&str> = Vec::new();
    for flag in flags {
        kept.retain(|earlier| name(earlier) != name(flag));
        kept.push(flag);
    }
    kept
}
