//! Wi-Fi in the booted image: the product's own NetworkManager, supplicant and appliance against real access points
//! (hostapd) on simulated radios (mac80211_hwsim), in the box's own kernel. The only stand-in is the radio.
//!
//! - [`matrix`]: access points of every kind × the expected verdict × the sentence on the TV, each tried for real
//! - [`life`]: a call over a Wi-Fi that goes off, comes back, moves, gets worse and is crowded; figures of each
//! - [`changes`]: what changes while connected, told and never followed into something weaker
//! - [`air`]: the access points

pub(crate) mod air;
pub(crate) mod changes;
pub(crate) mod life;
pub(crate) mod matrix;

use crate::guest::{Guest, Outcome};
use crate::story::apart;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) async fn every_access_point_gets_its_verdict(folder: PathBuf) -> Outcome {
    apart(&folder, "wifi-matrix").await
}

pub(crate) async fn what_changes_while_connected_is_told(folder: PathBuf) -> Outcome {
    apart(&folder, "wifi-changes").await
}

pub(crate) async fn a_call_lives_through_the_moods_of_a_wifi(folder: PathBuf) -> Outcome {
    apart(&folder, "wifi-life").await
}

/// Where the appliance's log ends now.
async fn cursor(guest: &mut Guest) -> Outcome<String> {
    let said = guest.run("journalctl -b -n 0 --show-cursor -q").await?;
    let cursor = said.lines().find_map(|line| line.strip_prefix("-- cursor: "));
    cursor.map(str::to_owned).ok_or(format!("the journal has no cursor: {said}"))
}

/// The box's time: seconds since it began.
async fn uptime(guest: &mut Guest) -> Outcome<f64> {
    let said = guest.run("cut -d ' ' -f 1 /proc/uptime").await?;
    said.trim().parse().map_err(|_| format!("a strange time: {said}"))
}

/// Waits for a turn to a screen whose name is like `pattern`, after a place in the log; gives the box's time of it and the
/// screen.
async fn turn(guest: &Guest, since: usize, pattern: &str, within: Duration) -> Outcome<(f64, String)> {
    let (_, line) = guest.says(&format!("turn: .* -> .*\\(({pattern})"), since, within).await?;
    turned(&line)
}

/// Waits until the TV shows a screen whose name is like `pattern`; gives the box's time since when, and the screen.
async fn shows(guest: &mut Guest, pattern: &str, within: Duration) -> Outcome<(f64, String)> {
    let now = guest.now().await?;
    let said = guest.said(0);
    // Only what changes the screen names one.
    let last = said[..now].iter().rposition(|line| line.contains("turn: ") && line.contains(" -> ")).unwrap_or(now);
    turn(guest, last, pattern, within).await
}

/// Time and screen of a line of the log.
fn turned(line: &str) -> Outcome<(f64, String)> {
    let strange = || format!("a strange turn: {line}");
    let (time, _) = line.trim_start().trim_start_matches('[').split_once(']').ok_or_else(strange)?;
    let (_, screen) = line.split_once(" -> ").and_then(|(_, to)| to.split_once('(')).ok_or_else(strange)?;
    let screen = screen.split(')').next().unwrap_or_default().to_owned();
    Ok((time.trim().parse::<f64>().map_err(|_| strange())?, screen))
}
