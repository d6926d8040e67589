//! The button as the kernel gives it, from the contact to the appliance's turn.
//!
//! The `rppal` path is compiled into the same program. It is chosen when `/dev/gpiomem` is there, which Debian's kernel
//! does not give and QEMU's Raspberry Pi does not have behind it: emulation shows with an empty file that it is chosen,
//! that `rppal` finds no Raspberry Pi, and that the other path is taken then; not the pin. The path that Debian's kernel
//! gives is shown whole: a level at the pin, `gpio-keys`, udev's link, the turn.

use crate::ensure;
use crate::guest::{Guest, Outcome, PATIENCE, booted_once, bundle, setup};
use data_encoding::BASE64;
use madoguchi::emulator::machine::PRESS;
use madoguchi::emulator::setup::Button;
use std::path::PathBuf;
use std::time::Duration;

/// A hold that the appliance would take for one, with room for a slow machine.
const HOLD: Duration = Duration::from_millis(3500);
/// An event of the kernel's input layer on 64 bits (linux/input.h): seconds, microseconds, type, code, value.
const EVENT: usize = 24;

pub(crate) async fn a_pin_and_a_usb_key_are_pressed_and_held(folder: PathBuf) -> Outcome {
    for (kind, name) in [(Button::Pin, "pin"), (Button::Usb, "usb")] {
        let own = folder.join(name);
        let mut setup = setup(&own, booted_once(&own).await?);
        setup.button = kind;
        let mut guest = Guest::good(setup).await?;
        let log = "journalctl -b -u madoguchi --no-pager -o cat | grep -i 'button' | grep /dev/madoguchi/button";
        let chosen = guest.until("the log's word on which button was chosen", log, PATIENCE).await?;
        println!("    {name}: {}", chosen.lines().last().unwrap_or_default());
        if kind == Button::Pin {
            prefers_the_pins(&mut guest).await?;
        }

        // A refusal's screen ends with a press: from the contact to the appliance's turn.
        let stick = folder.join(name).join("stick");
        let copied =
            std::fs::create_dir_all(&stick).and_then(|()| std::fs::copy(bundle("older"), stick.join("older.raucb")));
        copied.map_err(|error| format!("{}: {error}", stick.display()))?;
        guest.machine.stick(&stick).await.map_err(|error| error.to_string())?;
        guest.until_turn("boot-update-refused-older", PATIENCE).await?;
        guest.machine.press(PRESS).await.map_err(|error| error.to_string())?;
        guest.until_turn("Button.*boot-no-loan", PATIENCE).await?;

        // A hold arrives with its length, by the kernel's own stamps.
        guest.run("(timeout 60 cat /dev/madoguchi/button >/tmp/events 2>/dev/null &) ; sleep 1").await?;
        guest.machine.press(HOLD).await.map_err(|error| error.to_string())?;
        let two_keys = format!("[ $(stat -c %s /tmp/events) -ge {} ]", 4 * EVENT);
        guest.until("the hold's events", &two_keys, PATIENCE).await?;
        let events = guest.run("base64 -w 0 /tmp/events").await?;
        let events = BASE64.decode(events.trim().as_bytes()).map_err(|error| error.to_string())?;
        let held = held(&events).ok_or("the kernel gave no press and release")?;
        ensure(held > Duration::from_secs(3), format!("{name}: a hold of {HOLD:?} came as {held:?}"))?;
        println!("    {name}: a hold of {HOLD:?} came as {held:?}");
    }
    Ok(())
}

/// Where there are registers of pins they are tried first, and the kernel's button is taken where that fails.
async fn prefers_the_pins(guest: &mut Guest) -> Outcome {
    guest.run("touch /dev/gpiomem && systemctl restart madoguchi").await?;
    let log = "journalctl -b -u madoguchi --no-pager -o cat | grep -A 1000 'watching pin BCM 17 for the button' | \
               grep 'the button is /dev/madoguchi/button'";
    guest.until("the pins' being tried, and the other button's being taken", log, PATIENCE).await?;
    guest.run("rm /dev/gpiomem").await.map(drop)
}

/// Time between the first key's going down and the next one's coming up.
fn held(events: &[u8]) -> Option<Duration> {
    let number = |event: &[u8], at: usize| Some(u64::from_ne_bytes(event.get(at..at + 8)?.try_into().ok()?));
    let keys: Vec<(Duration, i32)> = events
        .chunks_exact(EVENT)
        // Type 1 is a key; the synchronising events between them are type 0.
        .filter(|event| event[16..18] == 1u16.to_ne_bytes())
        .filter_map(|event| {
            let at = Duration::from_secs(number(event, 0)?) + Duration::from_micros(number(event, 8)?);
            Some((at, i32::from_ne_bytes(event[20..24].try_into().ok()?)))
        })
        .collect();
    let down = keys.iter().find(|(_, value)| *value == 1)?.0;
    let up = keys.iter().find(|(at, value)| *value == 0 && *at > down)?.0;
    Some(up - down)
}
