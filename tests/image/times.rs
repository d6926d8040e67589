//! From power to the TV's first screen, beside Debian's stock userland to its login, in the same machine and run.
//!
//! Stock (`tests/image/stock`) is what Debian installs unless told otherwise, with D-Bus and NetworkManager, which the box
//! has as well, and Debian's own kernel and initrd. It is given advantages: QEMU hands it kernel and initrd at once, while the box comes through U-Boot; and its
//! disk is clean each time, while the box had its plug pulled. Both were installed before: the box's first start, which
//! happens once before it is lent and makes its partitions, is told but not compared. The two take turns, so that a busy
//! machine is busy for both. Where the box's seconds go is told by its serial line until the kernel begins, and by its
//! own clock from then on: the appliance says READY when the display has taken the first screen. That it is really the
//! first screen is seen on the TV's picture, taken afterwards, because taking it makes the machine stand still.

use crate::guest::{Guest, Outcome, image, made, setup};
use crate::{ensure, until_tv_shows};
use madoguchi::emulator::machine::Machine;
use madoguchi::emulator::setup::{Boot, Disk, Setup};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// For a start that never comes to its end.
const PATIENCE: Duration = Duration::from_secs(600);
/// Starts of each.
const ROUNDS: usize = 2;
/// At most this part of stock's time.
const TARGET: f64 = 0.6;
/// The first screen of a box that is not lent.
const SCREEN: &str = "1080p/ja-boot-no-loan-development.png";

pub(crate) async fn the_first_screen_comes_sooner_than_stocks_login(folder: PathBuf) -> Outcome {
    let made = tokio::process::Command::new("tests/image/stock").arg(made()).status().await;
    let made = made.map_err(|error| format!("tests/image/stock: {error}"))?;
    ensure(made.success(), "stock's userland could not be made; its words are above")?;
    let (first, mut disk) =
        box_starts(&folder.join("box"), image(), "first start, with its partitions to make").await?;
    println!("    first start: first screen after {:.1} s", first.as_secs_f64());
    let (mut ours, mut stocks) = (Duration::ZERO, Duration::ZERO);
    for round in 1..=ROUNDS {
        let took;
        (took, disk) = box_starts(&folder.join("box"), disk, &format!("round {round}")).await?;
        let stock = stock_starts(&folder.join("stock")).await?;
        println!(
            "    round {round}: first screen {:.1} s, stock's login {:.1} s",
            took.as_secs_f64(),
            stock.as_secs_f64()
        );
        ours += took;
        stocks += stock;
    }
    let ratio = ours.as_secs_f64() / stocks.as_secs_f64();
    println!("    the first screen takes {ratio:.2} of stock's time; the target is {TARGET}");
    ensure(ratio <= TARGET, format!("the first screen takes {ratio:.2} of the time of stock's login, not {TARGET}"))
}

/// Starts the box; how long it took to the first screen, and its disk.
async fn box_starts(folder: &Path, disk: Disk, which: &str) -> Outcome<(Duration, Disk)> {
    let mut guest = Guest::start(setup(folder, disk)).await?;
    until_tv_shows(&guest, SCREEN, PATIENCE).await?;
    guest.until_good().await?;
    let (took, parts) = parts(&mut guest).await?;
    println!("    {which}: {parts}");
    let off = guest.machine.cut().await.map_err(|error| error.to_string())?;
    Ok((took, Disk::Overlay(off.disk.ok_or("no disk")?)))
}

/// Starts stock; how long it took to its login.
async fn stock_starts(folder: &Path) -> Outcome<Duration> {
    let stock = made().join("stock");
    let kernel = Boot::Kernel {
        kernel: stock.join("kernel"),
        initrd: Some(stock.join("initrd")),
        arguments: "root=/dev/vda ro quiet console=ttyAMA0".to_owned(),
    };
    let setup = Setup { boot: kernel, environment: None, ..setup(folder, Disk::Image(stock.join("disk.img"))) };
    let machine = Machine::start(setup).await.map_err(|error| error.to_string())?;
    let login = machine.serial().wait_for("stock login:", 0, PATIENCE).await.map_err(|error| error.to_string())?;
    machine.cut().await.map_err(|error| error.to_string())?;
    Ok(login.at)
}

/// How long it took from power to the first screen, and where the time went, in order.
async fn parts(guest: &mut Guest) -> Outcome<(Duration, String)> {
    let lines = guest.machine.serial().lines();
    let at = |text: &str| lines.iter().find(|line| line.text.contains(text)).map(|line| line.at);
    let chosen = at("madoguchi: slot").ok_or("the serial line does not tell the slot")?;
    let kernel = at("Starting kernel").ok_or("the serial line does not tell the kernel's start")?;
    // Seconds since the kernel's own beginning.
    let said = guest
        .run(
            "dmesg | sed -n 's/^.\\{0,4\\}\\[ *\\([0-9.]*\\)\\] Run \\/init as init process.*/\\1/p' | head -n 1; \
             systemctl show -p UserspaceTimestampMonotonic --value; \
             systemctl show -p ExecMainStartTimestampMonotonic --value madoguchi.service; \
             systemctl show -p ActiveEnterTimestampMonotonic --value madoguchi.service",
        )
        .await?;
    let number = |line: Option<&str>| line.and_then(|line| line.trim().parse::<f64>().ok());
    let mut said_lines = said.lines();
    let mut next = || number(said_lines.next());
    let (Some(init), Some(systemd), Some(appliance), Some(ready)) = (next(), next(), next(), next()) else {
        return Err(format!("the box does not tell when its parts began: {said}"));
    };
    let (systemd, appliance, ready) = (systemd / 1e6, appliance / 1e6, ready / 1e6);
    let parts = [
        ("U-Boot and its script", chosen.as_secs_f64()),
        ("loading kernel and initrd", (kernel - chosen).as_secs_f64()),
        ("kernel", init),
        ("initrd", systemd - init),
        ("systemd to the appliance", appliance - systemd),
        ("the appliance to the first screen", ready - appliance),
    ];
    let whole = kernel + Duration::from_secs_f64(ready);
    Ok((whole, parts.map(|(name, seconds)| format!("{name} {seconds:.1} s")).join(", ")))
}
