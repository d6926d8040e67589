//! Updates: there and back, back by themselves when they do not work, and bundles that must be refused.

use crate::ensure;
use crate::guest::{Guest, Outcome, booted_once, bundle, setup};
use crate::story;
use madoguchi::emulator::setup::Disk;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// An installation, three attempts of a slot that does not work, and the way back.
pub(crate) const LONG: Duration = Duration::from_secs(500);

/// A folder that becomes a stick.
pub(crate) fn stick(folder: &Path, name: &str, bundles: &[&str]) -> Outcome<PathBuf> {
    let stick = folder.join(name);
    let made = std::fs::create_dir_all(&stick).and_then(|()| {
        bundles.iter().try_for_each(|name| std::fs::copy(bundle(name), stick.join(format!("{name}.raucb"))).map(drop))
    });
    made.map_err(|error| format!("{}: {error}", stick.display())).map(|()| stick)
}

/// By a stick, as staff do it: the appliance itself installs, says how far it is, and starts again.
pub(crate) async fn there_and_back_by_a_stick(folder: PathBuf) -> Outcome {
    let mut guest = Guest::good(setup(&folder, booted_once(&folder).await?)).await?;
    ensure(guest.running().await? == "0.1.0 A", "the first boot is not version 0.1.0 from slot A")?;
    for (name, slot) in [("madoguchi-0.2.0-arm64", "0.2.0 B"), ("madoguchi-0.3.0-arm64", "0.3.0 A")] {
        let stick = stick(&folder, name, &[name])?;
        let plugged = guest.machine.stick(&stick).await.map_err(|error| error.to_string())?;
        guest.until_turn("boot-update-installing", LONG).await?;
        guest.machine.picture(&folder.join("tv-installing.png")).await.map_err(|error| error.to_string())?;
        guest.until_version(slot.split(' ').next().unwrap_or_default(), LONG).await?;
        let running = guest.running().await?;
        ensure(running == slot, format!("after the update {running} runs, not {slot}"))?;
        // The stick is still in: the same version must not be installed again.
        guest.until_turn("boot-up-to-date", LONG).await?;
        guest.machine.pull(&plugged).await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// When half of it is written, the stick is gone: that is said, the running system stays the one that starts, and the same
/// stick does it afterwards.
pub(crate) async fn a_stick_pulled_out_in_the_middle_changes_nothing(folder: PathBuf) -> Outcome {
    let update = "madoguchi-0.2.0-arm64";
    let mut guest = Guest::good(setup(&folder, booted_once(&folder).await?)).await?;
    let stick = stick(&folder, update, &[update])?;
    let half = std::fs::metadata(bundle(update)).map_err(|error| error.to_string())?.len() / 2;
    let before = guest.written().await?;
    let plugged = guest.machine.stick(&stick).await.map_err(|error| error.to_string())?;
    let deadline = Instant::now() + LONG;
    while guest.written().await? - before < half {
        ensure(Instant::now() < deadline, format!("half of the update was not written within {LONG:?}"))?;
        sleep(Duration::from_millis(50)).await;
    }
    guest.machine.pull(&plugged).await.map_err(|error| error.to_string())?;
    guest.until_turn("boot-update-refused-pulled-out", LONG).await?;
    guest.machine.picture(&folder.join("tv-pulled-out.png")).await.map_err(|error| error.to_string())?;
    let order = guest.run("fw_printenv -n BOOT_ORDER").await?;
    ensure(order.starts_with('A'), format!("after the stick was pulled out the slots start in the order {order}"))?;
    let disk = guest.machine.cut().await.map_err(|error| error.to_string())?.disk.ok_or("no disk")?;

    let mut guest = Guest::good(setup(&folder.join("afterwards"), Disk::Overlay(disk))).await?;
    ensure(guest.running().await? == "0.1.0 A", "after the stick was pulled out another system starts")?;
    guest.machine.stick(&stick).await.map_err(|error| error.to_string())?;
    guest.until_version("0.2.0", LONG).await?;
    let running = guest.running().await?;
    ensure(running == "0.2.0 B", format!("with the stick in again {running} runs, not 0.2.0 B"))
}

/// Installs with RAUC's own command and starts again.
async fn install(guest: &mut Guest, folder: &Path, name: &str) -> Outcome {
    let stick = stick(folder, name, &[name])?;
    // Beside the appliance, which would install by itself what a stick brings.
    guest.run("systemctl stop madoguchi-good.service madoguchi.service; true").await?;
    let plugged = guest.machine.stick(&stick).await.map_err(|error| error.to_string())?;
    guest.until("the stick", "ls /run/madoguchi/stick/*/*.raucb", Duration::from_secs(60)).await?;
    let (status, said) = guest.ask("rauc install /run/madoguchi/stick/*/*.raucb", LONG).await?;
    ensure(status == 0, format!("rauc install {name}: {said}"))?;
    guest.machine.pull(&plugged).await.map_err(|error| error.to_string())?;
    start_again(guest).await;
    Ok(())
}

/// The answer may come no more.
async fn start_again(guest: &mut Guest) {
    let restart = "systemctl --no-block start reboot.target --job-mode=replace-irreversibly";
    let _ = guest.ask(restart, Duration::from_secs(20)).await;
}

/// Whichever copy of the boot counters is damaged, the slot that is good starts. Without both a system starts all the
/// same, and both copies are there again.
pub(crate) async fn damaged_counters_lose_no_slot(folder: PathBuf) -> Outcome {
    let mut guest = Guest::good(setup(&folder, booted_once(&folder).await?)).await?;
    install(&mut guest, &folder, "madoguchi-0.2.0-arm64").await?;
    guest.until_version("0.2.0", LONG).await?;
    for (damaged, wanted, order) in
        [(&[1][..], "0.2.0 B", "B A"), (&[2], "0.2.0 B", "B A"), (&[1, 2], "0.1.0 A", "A B")]
    {
        for mib in damaged {
            let sector = mib * 2048;
            let damage =
                format!("dd if=/dev/urandom of=/dev/madoguchi/disk bs=512 seek={sector} count=1 conv=fsync,notrunc");
            guest.run(&damage).await?;
        }
        let from = guest.machine.serial().position();
        start_again(&mut guest).await;
        guest.machine.serial().wait_for("madoguchi: slot", from, LONG).await.map_err(|error| error.to_string())?;
        guest.until_version(wanted.split(' ').next().unwrap_or_default(), LONG).await?;
        let running = guest.running().await?;
        ensure(running == wanted, format!("with copies {damaged:?} damaged {running} runs, not {wanted}"))?;
        for config in ["fw_env.config", "fw_env.second.config"] {
            let copy = guest.run(&format!("fw_printenv -c /etc/{config} BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT")).await?;
            let whole = copy.trim_end() == format!("BOOT_ORDER={order}\nBOOT_A_LEFT=3\nBOOT_B_LEFT=3");
            ensure(whole, format!("after copies {damaged:?} were damaged {config} says {copy}"))?;
        }
    }
    Ok(())
}

/// Installs what does not work, and waits until the version before is back and says so.
async fn goes_back(folder: PathBuf, name: &str) -> Outcome {
    let mut guest = Guest::good(setup(&folder, booted_once(&folder).await?)).await?;
    // All of it may have happened before we look: a slot that is damaged is given up within seconds.
    let from = guest.machine.serial().position();
    install(&mut guest, &folder, name).await?;
    for slot in ["madoguchi: slot B", "madoguchi: slot A"] {
        guest.machine.serial().wait_for(slot, from, LONG).await.map_err(|error| error.to_string())?;
    }
    guest.until_version("0.1.0", LONG).await?;
    let serial = guest.machine.serial().lines();
    let tried = serial.iter().filter(|line| line.text.contains("madoguchi: slot B")).count();
    ensure(tried == 3, format!("slot B was tried {tried} times, not 3"))?;
    let left = guest.run("fw_printenv -n BOOT_B_LEFT").await?;
    ensure(left.trim() == "0", format!("slot B still has {left} attempts"))?;
    guest.until_turn("boot-went-back", LONG).await
}

pub(crate) async fn an_appliance_that_dies_goes_back(folder: PathBuf) -> Outcome {
    goes_back(folder, "madoguchi-0.4.0-arm64").await
}

pub(crate) async fn a_kernel_that_panics_goes_back(folder: PathBuf) -> Outcome {
    goes_back(folder, "panicking-kernel").await
}

pub(crate) async fn a_damaged_root_goes_back(folder: PathBuf) -> Outcome {
    goes_back(folder, "damaged-root").await
}

pub(crate) async fn what_must_be_refused_is_refused_and_changes_nothing(folder: PathBuf) -> Outcome {
    let mut guest = Guest::good(setup(&folder, booted_once(&folder).await?)).await?;
    let slots = "sha256sum /dev/madoguchi/slot-b-root /dev/madoguchi/slot-b-kernel; fw_printenv BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT";
    let before = guest.run(slots).await?;
    for (name, refusal) in [
        ("unsigned", "boot-update-refused-unsigned"),
        ("wrongly-signed", "boot-update-refused-unsigned"),
        ("other-product", "boot-update-refused-other-product"),
        ("older", "boot-update-refused-older"),
        ("truncated", "boot-update-refused-damaged"),
        ("too-large", "boot-update-refused-too-large"),
    ] {
        let stick = stick(&folder, name, &[name])?;
        let since = guest.now().await?;
        let plugged = guest.machine.stick(&stick).await.map_err(|error| error.to_string())?;
        guest.says(refusal, since, LONG).await.map_err(|why| format!("{name}: {why}"))?;
        guest.machine.pull(&plugged).await.map_err(|error| error.to_string())?;
        guest
            .until("the stick's being gone", "! ls /run/madoguchi/stick/*.ready 2>/dev/null", Duration::from_secs(60))
            .await?;
    }
    let after = guest.run(slots).await?;
    ensure(before == after, format!("a refused bundle changed something: {before} became {after}"))
}

/// Nobody brings a stick: the counter has it. See [`story::by_night`](crate::story).
pub(crate) async fn from_the_counter_at_night(folder: PathBuf) -> Outcome {
    story::apart(&folder, "update").await
}

pub(crate) async fn from_the_counter_with_a_power_cut(folder: PathBuf) -> Outcome {
    story::apart(&folder, "update-cut").await
}

pub(crate) async fn from_the_counter_until_somebody_comes(folder: PathBuf) -> Outcome {
    story::apart(&folder, "update-left-off").await
}

pub(crate) async fn not_from_the_counter_where_the_loan_forbids_it(folder: PathBuf) -> Outcome {
    story::apart(&folder, "update-forbidden").await
}
