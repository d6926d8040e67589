//! The same image on QEMU's Raspberry Pi 3B: its own device tree, its SD card, its U-Boot.

use crate::guest::{Outcome, images};
use madoguchi::emulator::machine::Machine;
use madoguchi::emulator::setup::{Boot, Disk, Setup};
use std::path::PathBuf;
use std::time::Duration;

/// An emulated Pi is far slower than an emulated `virt`.
const SLOW: Duration = Duration::from_secs(900);

pub(crate) async fn the_image_boots_on_a_raspberry_pi_3b(folder: PathBuf) -> Outcome {
    let card = Disk::Image(images().join("madoguchi-0.1.0-arm64.img"));
    let (loader, tree) = (images().join("qemu/u-boot-pi.bin"), images().join("qemu/bcm2837-rpi-3-b.dtb"));
    let setup = Setup::raspi3b(folder, Boot::Loader(loader), tree, card);
    let machine = Machine::start(setup).await.map_err(|error| error.to_string())?;
    let serial = machine.serial();
    let shown = |error: madoguchi::emulator::EmulatorError| error.to_string();
    serial.wait_for("madoguchi: slot A", 0, SLOW).await.map_err(shown)?;
    let line = serial.wait_for("madoguchi-test: READY", 0, SLOW).await.map_err(shown)?;
    println!("    power to the appliance's READY on a Raspberry Pi 3B: {:.0} s", line.at.as_secs_f64());
    Ok(())
}
