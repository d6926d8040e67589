//! The power is cut: at many moments of an installation and of a first boot, and each time a good boot follows.
//!
//! The machine goes on; at each moment its disk is copied as a power cut would leave it ([`Machine::snapshot_of_disk`]),
//! and each copy is booted afterwards.
//!
//! [`Machine::snapshot_of_disk`]: madoguchi::emulator::machine::Machine::snapshot_of_disk

use crate::ensure;
use crate::guest::{Guest, Outcome, PATIENCE, bundle, image, setup};
use madoguchi::emulator::setup::Disk;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Moments of each; CUTS in the environment says otherwise.
fn moments() -> Outcome<usize> {
    let cuts = std::env::var("CUTS").unwrap_or_default();
    let number = if cuts.is_empty() { Some(20) } else { cuts.parse().ok().filter(|number| *number > 0) };
    number.ok_or_else(|| format!("CUTS={cuts}: it should be a number from 1 on"))
}

/// How many of an installation's moments are in its writing, and how many over the restart and what follows.
fn parts(moments: usize) -> (usize, usize) {
    let after = (moments / 2).min(3);
    (moments - after, after)
}

/// Boots each copy and waits until a slot is good.
async fn each_boots(folder: &Path, copies: Vec<Disk>) -> Outcome {
    for (number, copy) in copies.into_iter().enumerate() {
        let Disk::Overlay(disk) = copy else { return Err("a copy is no overlay".to_owned()) };
        let begun = Instant::now();
        let mut guest = Guest::good(setup(&folder.join(format!("boot-{number}")), Disk::Overlay(disk.clone())))
            .await
            .map_err(|why| format!("after the cut number {number}: {why}"))?;
        let running = guest.running().await?;
        let data = guest.run("grep -c /var/lib/madoguchi/data /proc/mounts").await?;
        ensure(data.trim() == "1", format!("after the cut number {number} the data partition is not there"))?;
        println!("    cut {number}: version and slot {running}, good after {:.0} s", begun.elapsed().as_secs_f64());
        guest.machine.cut().await.map_err(|error| error.to_string())?;
        let _ = std::fs::remove_file(&disk);
    }
    Ok(())
}

/// The disk as a power cut would leave it now.
async fn copied(guest: &Guest, folder: &Path, number: usize) -> Outcome<Disk> {
    guest.machine.snapshot_of_disk(&folder.join(format!("cut-{number}.qcow2"))).await.map_err(|error| error.to_string())
}

pub(crate) async fn an_installation(folder: PathBuf) -> Outcome {
    let (installing, after) = parts(moments()?);
    let mut guest = Guest::good(setup(&folder, image())).await?;
    let stick = folder.join("stick");
    let update = "madoguchi-0.2.0-arm64";
    let filled =
        std::fs::create_dir_all(&stick).and_then(|()| std::fs::copy(bundle(update), stick.join("update.raucb")));
    filled.map_err(|error| error.to_string())?;
    let size = std::fs::metadata(bundle(update)).map_err(|error| error.to_string())?.len();
    // Evenly over what is written, which is about as much as the bundle is long.
    let pace = size / installing as u64;
    let before = guest.written().await?;
    guest.machine.stick(&stick).await.map_err(|error| error.to_string())?;
    let mut copies = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    let restarted =
        |guest: &Guest| guest.machine.serial().lines().iter().any(|line| line.text.contains("madoguchi: slot B"));
    while copies.len() < installing && !restarted(&guest) {
        if Instant::now() > deadline {
            return Err(format!("after {PATIENCE:?} only {} of {installing} moments have come", copies.len()));
        }
        if guest.written().await? - before >= pace * copies.len() as u64 {
            copies.push(copied(&guest, &folder, copies.len()).await?);
        }
        sleep(Duration::from_millis(50)).await;
    }
    println!("    {} moments of the installation", copies.len());
    guest.machine.serial().wait_for("madoguchi: slot B", 0, PATIENCE).await.map_err(|error| error.to_string())?;
    while copies.len() < installing + after {
        copies.push(copied(&guest, &folder, copies.len()).await?);
        sleep(Duration::from_secs(4)).await;
    }
    guest.machine.cut().await.map_err(|error| error.to_string())?;
    each_boots(&folder, copies).await
}

pub(crate) async fn a_first_boot(folder: PathBuf) -> Outcome {
    let count = moments()?;
    // How long a first boot takes here and now.
    let guest = Guest::good(setup(&folder.join("whole"), image())).await?;
    let whole = guest.since.elapsed();
    guest.machine.cut().await.map_err(|error| error.to_string())?;
    let guest = Guest::start(setup(&folder, image())).await?;
    let mut copies = Vec::new();
    for number in 0..count {
        // The first third is U-Boot and the kernel, which write nothing but the counters.
        let part = 0.3 + 0.7 * number as f64 / count as f64;
        sleep_until(guest.since + whole.mul_f64(part)).await;
        copies.push(copied(&guest, &folder, number).await?);
    }
    guest.machine.cut().await.map_err(|error| error.to_string())?;
    each_boots(&folder, copies).await
}
