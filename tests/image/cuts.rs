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
fn moments() -> usize {
    std::env::var("CUTS").ok().and_then(|cuts| cuts.parse().ok()).unwrap_or(20)
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

pub(crate) async fn an_installation(folder: PathBuf) -> Outcome {
    let mut guest = Guest::good(setup(&folder, image())).await?;
    let stick = folder.join("stick");
    let update = "madoguchi-0.2.0-arm64";
    let copied =
        std::fs::create_dir_all(&stick).and_then(|()| std::fs::copy(bundle(update), stick.join("update.raucb")));
    copied.map_err(|error| error.to_string())?;
    // Once to know how long it takes on this machine, from the appliance's own words.
    guest.machine.stick(&stick).await.map_err(|error| error.to_string())?;
    let mut copies = Vec::new();
    let count = moments();
    let mut position = 0;
    for number in 0..count {
        // Evenly over its progress, which RAUC tells; and the last few over the restart and the first boot after it.
        if number + 3 < count {
            let aim = number * 100 / (count - 3);
            let progress =
                "busctl get-property de.pengutronix.rauc / de.pengutronix.rauc.Installer Progress | cut -d ' ' -f 3";
            guest.until("progress", &format!("[ \"$({progress})\" -ge {aim} ]"), PATIENCE).await?;
        } else {
            let serial = guest.machine.serial();
            if number + 3 == count {
                serial.wait_for("madoguchi: slot B", position, PATIENCE).await.map_err(|error| error.to_string())?;
                position = serial.position();
            } else {
                sleep(Duration::from_secs(8)).await;
            }
        }
        let copy = folder.join(format!("cut-{number}.qcow2"));
        copies.push(guest.machine.snapshot_of_disk(&copy).await.map_err(|error| error.to_string())?);
    }
    guest.machine.cut().await.map_err(|error| error.to_string())?;
    each_boots(&folder, copies).await
}

pub(crate) async fn a_first_boot(folder: PathBuf) -> Outcome {
    // How long a first boot takes here and now.
    let guest = Guest::good(setup(&folder.join("whole"), image())).await?;
    let whole = guest.since.elapsed();
    guest.machine.cut().await.map_err(|error| error.to_string())?;
    let guest = Guest::start(setup(&folder, image())).await?;
    let mut copies = Vec::new();
    let count = moments();
    for number in 0..count {
        // The first third is U-Boot and the kernel, which write nothing but the counters.
        let part = 0.3 + 0.7 * number as f64 / count as f64;
        sleep_until(guest.since + whole.mul_f64(part)).await;
        let copy = folder.join(format!("cut-{number}.qcow2"));
        copies.push(guest.machine.snapshot_of_disk(&copy).await.map_err(|error| error.to_string())?);
    }
    guest.machine.cut().await.map_err(|error| error.to_string())?;
    each_boots(&folder, copies).await
}
