//! The counter's updates: a lent box takes one at night by itself, goes on after a cut, leaves off when somebody comes, and
//! leaves it alone where the loan says so.
//!
//! It is night where the loan says, whatever the time is here: the loan's time zone is chosen for it.

use super::city::{City, DEMO_LOAN, site_key, unasked};
use super::street::Street;
use super::{Home, said};
use crate::ensure;
use crate::guest::{Guest, Outcome, PATIENCE, bundle, setup};
use madoguchi::emulator::setup::Disk;
use madoguchi::meeting::turn::Turn;
use madoguchi::staff::update;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The release that is offered. Its program is that of the one that runs.
const RELEASE: &str = "madoguchi-0.2.0-arm64";
/// What the box says before it begins.
const INSTALLING: &str = "the counter's update offered";
/// From the paper's screen to the first look, which is after five minutes without anybody.
const LOOKS: Duration = Duration::from_secs(600);
/// An installation and a start on an emulated card.
const INSTALLS: Duration = Duration::from_secs(900);
/// Of the bundle, in percent, comes over the line where the program alone is new.
const AT_MOST: u64 = 15;

/// A home at night with a lent box, and a counter that offers the release.
async fn at_night(folder: &Path, more: &str) -> Outcome<(Street, Home)> {
    let street = Street::lay(folder).await?;
    let city = City::open(folder, Turn::default()).await?;
    let offered = folder.join("updates").join(format!("{RELEASE}.raucb"));
    std::fs::create_dir_all(folder.join("updates"))
        .and_then(|()| std::fs::copy(bundle(RELEASE), &offered))
        .map_err(|error| format!("{}: {error}", offered.display()))?;
    let from = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    update::point(&offered, &site_key(), from, 30, &mut unasked).map_err(|error| error.to_string())?;
    let mut home = Home::furnished(folder, city, None).await?;
    let zone = "time_zone = \"Asia/Tokyo\"";
    ensure(DEMO_LOAN.contains(zone), format!("the demo loan no longer has {zone}"))?;
    let loan = home.city.loan_with(&[(zone, &format!("time_zone = \"{}\"\n{more}", zone_at_night()))])?;
    let stick = home.guest.machine.stick(&loan).await.map_err(said)?;
    home.reaches("the loan is prepared", "boot-loan-prepared").await?;
    home.guest.machine.pull(&stick).await.map_err(said)?;
    home.is_online().await?;
    Ok((street, home))
}

/// Where it is between half past three and half past four: all devices have begun by then, and the night goes on.
fn zone_at_night() -> String {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let hour = if now.minute() >= 30 { 3 } else { 4 };
    let east = (hour - i32::from(now.hour())).rem_euclid(24);
    let east = if east > 14 { east - 24 } else { east };
    // The names count the other way.
    match east {
        0 => "Etc/GMT".to_owned(),
        east @ 1.. => format!("Etc/GMT-{east}"),
        west => format!("Etc/GMT+{}", -west),
    }
}

impl Home {
    async fn begins_to_install(&mut self) -> Outcome {
        self.guest.until_turn("UpdateFromCounter", LOOKS).await?;
        self.guest.until_turn(INSTALLING, LOOKS).await?;
        println!("    {:>6.1} s  it installs", self.took());
        self.picture("updating").await.map(drop)
    }

    /// Bytes that came over its line since it was switched on.
    async fn received(&mut self) -> Outcome<u64> {
        let said = self.guest.run("cat /sys/class/net/e*/statistics/rx_bytes").await?;
        Ok(said.lines().filter_map(|line| line.trim().parse::<u64>().ok()).sum())
    }

    async fn runs_the_release(&mut self) -> Outcome {
        self.guest.until_version("0.2.0", INSTALLS).await?;
        let running = self.guest.running().await?;
        ensure(running == "0.2.0 B", format!("{running} runs, not 0.2.0 B"))?;
        println!("    {:>6.1} s  0.2.0 runs, and a call could be made", self.took());
        Ok(())
    }

    /// Until so many bytes were written since `before`.
    async fn has_written(&mut self, before: u64, bytes: u64) -> Outcome {
        let deadline = Instant::now() + INSTALLS;
        while self.guest.written().await? - before < bytes {
            ensure(Instant::now() < deadline, format!("{bytes} bytes were not written within {INSTALLS:?}"))?;
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }
}

/// Nobody is there: it is looked for, installed, started, and kept because a call could be made; and little of it came over
/// the line.
pub(super) async fn installed(folder: &Path) -> Outcome {
    let (_street, mut home) = at_night(folder, "").await?;
    home.guest.until_turn("UpdateFromCounter", LOOKS).await?;
    let before = home.received().await?;
    let written = home.guest.written().await?;
    home.guest.until_turn(INSTALLING, LOOKS).await?;
    home.has_written(written, 1 << 20).await?;
    home.picture("updating").await?;
    let mut last = before;
    let installing = Instant::now();
    // The box may start again between two questions: the last answer is the sum then.
    while installing.elapsed() < INSTALLS
        && !home.guest.machine.serial().lines().iter().any(|line| line.text.contains("madoguchi: slot B"))
    {
        last = home.received().await.unwrap_or(last).max(last);
        sleep(Duration::from_secs(1)).await;
    }
    home.runs_the_release().await?;
    let size = std::fs::metadata(bundle(RELEASE)).map_err(|error| error.to_string())?.len();
    let share = (last - before) * 100 / size;
    println!("    of {size} bytes {} came over the line: {share} %", last - before);
    ensure(share <= AT_MOST, format!("{share} % of the bundle came over the line, more than {AT_MOST}"))?;
    // The counter has nothing newer, and the staff's page would show what runs.
    let firmware = home.guest.run(". /etc/os-release; echo $IMAGE_VERSION").await?;
    ensure(firmware.trim() == "0.2.0", firmware)
}

/// The power is cut when half of it is written. The system from before starts, and the same night it is finished.
pub(super) async fn cut_and_resumed(folder: &Path) -> Outcome {
    let (_street, mut home) = at_night(folder, "").await?;
    let before = home.guest.written().await?;
    home.begins_to_install().await?;
    let half = std::fs::metadata(bundle(RELEASE)).map_err(|error| error.to_string())?.len() / 2;
    home.has_written(before, half).await?;
    let Home { guest, city, slot, folder, step } = home;
    let disk = guest.machine.cut().await.map_err(said)?.disk.ok_or("no disk")?;
    let again = folder.join("again");
    let guest = Guest::start(setup(&again, Disk::Overlay(disk))).await?;
    let mut home = Home { guest, city, slot, folder: again, step };
    home.guest.until_good().await?;
    let running = home.guest.running().await?;
    ensure(running == "0.1.0 A", format!("after the cut {running} runs, not 0.1.0 A"))?;
    home.begins_to_install().await?;
    home.runs_the_release().await
}

/// Somebody presses the button while it is written: they come first at once, nothing of the slots counts differently, and the
/// update goes on when they have gone.
pub(super) async fn left_off(folder: &Path) -> Outcome {
    let (_street, mut home) = at_night(folder, "").await?;
    let before = home.guest.written().await?;
    home.begins_to_install().await?;
    home.has_written(before, 4 << 20).await?;
    home.press().await?;
    home.reaches("they try out the camera at once", "ready-try-out").await?;
    home.guest.until_turn("AbandonUpdate", PATIENCE).await?;
    let stopped = "! systemctl is-active --quiet rauc.service && ! systemctl is-active --quiet madoguchi-install.service \
                   && ! grep -q /run/rauc/mnt /proc/mounts";
    home.guest.until("RAUC's end", stopped, PATIENCE).await?;
    let order = home.guest.run("fw_printenv -n BOOT_ORDER").await?;
    ensure(order.starts_with('A'), format!("after it was left off the slots start in the order {order}"))?;
    home.guest.until_version("0.2.0", LOOKS + INSTALLS).await?;
    home.runs_the_release().await
}

/// The loan says no: nobody asks the counter.
pub(super) async fn forbidden(folder: &Path) -> Outcome {
    let (_street, mut home) = at_night(folder, "updates = false").await?;
    let since = home.guest.now().await?;
    sleep(LOOKS).await;
    let said = home.guest.said(since);
    let asked = said.iter().find(|line| line.contains("UpdateFromCounter"));
    ensure(asked.is_none(), format!("the loan forbids it: {asked:?}"))?;
    let running = home.guest.running().await?;
    ensure(running == "0.1.0 A", format!("{running} runs, not 0.1.0 A"))
}
