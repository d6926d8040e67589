//! The button as the kernel gives it, from the contact to the appliance's turn.
//!
//! The `rppal` path is compiled into the same program. It is chosen when `/dev/gpiomem` is there, which Debian's kernel
//! does not give and QEMU's Raspberry Pi does not have behind it: emulation shows the choice (its line in the log), not
//! the pin. The path that Debian's kernel gives is shown whole: a level at the pin, `gpio-keys`, udev's link, the turn.

use crate::guest::{Guest, Outcome, PATIENCE, image, setup};
use madoguchi::emulator::machine::PRESS;
use madoguchi::emulator::setup::Button;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) async fn a_pin_and_a_usb_key_are_pressed_and_held(folder: PathBuf) -> Outcome {
    for (kind, name) in [(Button::Pin, "pin"), (Button::Usb, "usb")] {
        let mut setup = setup(&folder.join(name), image());
        setup.button = kind;
        let mut guest = Guest::good(setup).await?;
        guest.run("[ -e /dev/madoguchi/button ]").await?;
        let log = "journalctl -b -u madoguchi --no-pager -o cat | grep -i button";
        guest.until("the log's word on which button was chosen", log, PATIENCE).await?;
        guest.machine.press(PRESS).await.map_err(|error| error.to_string())?;
        guest.until_turn("ButtonDown|ButtonUp", PATIENCE).await?;
        guest.machine.press(Duration::from_millis(3500)).await.map_err(|error| error.to_string())?;
        guest.run("grep -q . /proc/bus/input/devices").await?;
    }
    Ok(())
}
