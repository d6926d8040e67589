//! The light in the button: follows a [`crate::model::light::Light`].
#![expect(clippy::disallowed_methods, reason = "a lamp is a file under /sys, or a pin")]

use crate::model::light::Light;
use rppal::gpio::{Gpio, OutputPin};
use std::f32::consts::PI;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// Pulses of a lamp on a pin, a second: above what an eye can follow.
const PIN_HERTZ: f64 = 200.0;
/// A lamp that cannot be set is looked for again after this time.
const RETRY: Duration = Duration::from_secs(1);

/// Which lamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lamp {
    /// A folder of the kernel's LED class, such as `/sys/class/leds/madoguchi`.
    Led(PathBuf),
    /// A lamp on a pin, by its BCM number, where the kernel gives `/dev/gpiomem`.
    Pin(u8),
}

impl Default for Lamp {
    fn default() -> Self {
        Self::Led("/sys/class/leds/madoguchi".into())
    }
}

/// How bright the lamp is `since` the light became what it is: 0 (dark) to 255.
pub fn brightness(light: Light, since: Duration) -> u8 {
    let within = |period: u128| since.as_millis() % period;
    match light {
        Light::Off => 0,
        Light::Steady => 255,
        Light::Breathing => {
            // 0.3 Hz; squared, because an eye sees a dim lamp brighter than it is.
            let turn = (since.as_secs_f32() * 0.3).fract();
            let swell = (1.0 - (turn * 2.0 * PI).cos()) / 2.0;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and 255")]
            let level = (swell * swell * 255.0).round() as u8;
            level
        }
        // Two blinks, then a pause.
        Light::OnAir => match within(1200) {
            0..120 | 240..360 => 255,
            _ => 0,
        },
        // 4 Hz.
        Light::Fast => match within(250) {
            0..125 => 255,
            _ => 0,
        },
    }
}

/// After which time the lamp must be set anew; never for a light that stays as it is.
fn step(light: Light) -> Option<Duration> {
    match light {
        Light::Off | Light::Steady => None,
        Light::Breathing => Some(Duration::from_millis(40)),
        Light::OnAir | Light::Fast => Some(Duration::from_millis(20)),
    }
}

/// Follows the light until nobody sets it any more, then goes dark.
pub async fn run(mut light: watch::Receiver<Light>, lamp: Lamp) {
    let mut told = false;
    while light.has_changed().is_ok() {
        match Burning::open(&lamp) {
            Ok(mut burning) => {
                tracing::info!("the light in the button is {lamp:?}");
                told = false;
                match follow(&mut light, &mut burning).await {
                    Ok(()) => return,
                    Err(error) => tracing::warn!("setting the light {lamp:?}: {error}; trying again"),
                }
            }
            Err(error) if !told => {
                tracing::warn!("no light in the button: opening {lamp:?}: {error}; trying again now and then");
                told = true;
            }
            Err(_) => {}
        }
        sleep(RETRY).await;
    }
}

async fn follow(light: &mut watch::Receiver<Light>, burning: &mut Burning) -> Result<(), String> {
    loop {
        let now = *light.borrow_and_update();
        let since = Instant::now();
        burning.colour(now)?;
        loop {
            burning.set(brightness(now, since.elapsed()))?;
            let changed = match step(now) {
                None => Some(light.changed().await),
                Some(step) => timeout(step, light.changed()).await.ok(),
            };
            match changed {
                Some(Ok(())) => break,
                Some(Err(_)) => return burning.set(0),
                None => {}
            }
        }
    }
}

/// An opened lamp and what it was set to last.
struct Burning {
    way: Way,
    last: Option<u8>,
}

enum Way {
    Led { folder: PathBuf, most: u32 },
    Pin(OutputPin),
}

impl Burning {
    fn open(lamp: &Lamp) -> Result<Self, String> {
        let way = match lamp {
            Lamp::Led(folder) => {
                let most = std::fs::read_to_string(folder.join("max_brightness")).map_err(|error| error.to_string())?;
                let most = most.trim().parse().map_err(|_| "max_brightness holds no number".to_owned())?;
                Way::Led { folder: folder.clone(), most }
            }
            Lamp::Pin(pin) => {
                let pin = Gpio::new().and_then(|gpio| gpio.get(*pin)).map_err(|error| error.to_string())?;
                Way::Pin(pin.into_output_low())
            }
        };
        Ok(Self { way, last: None })
    }

    /// Red while on air, white otherwise, where the lamp has colours.
    fn colour(&mut self, light: Light) -> Result<(), String> {
        let Way::Led { folder, .. } = &self.way else { return Ok(()) };
        let intensity = folder.join("multi_intensity");
        if !intensity.exists() {
            return Ok(());
        }
        let names = std::fs::read_to_string(folder.join("multi_index")).map_err(|error| error.to_string())?;
        let parts: Vec<_> = names
            .split_whitespace()
            .map(|name| if light != Light::OnAir || name == "red" { "255" } else { "0" })
            .collect();
        write(&intensity, &parts.join(" "))
    }

    fn set(&mut self, level: u8) -> Result<(), String> {
        if self.last == Some(level) {
            return Ok(());
        }
        match &mut self.way {
            Way::Led { folder, most } => {
                // A lamp that knows only on and off must not lose the dim half of a swell.
                let value = (u32::from(level) * *most).div_ceil(255);
                write(&folder.join("brightness"), &value.to_string())?;
            }
            Way::Pin(pin) => match level {
                0 | 255 => {
                    pin.clear_pwm().map_err(|error| error.to_string())?;
                    if level == 0 { pin.set_low() } else { pin.set_high() }
                }
                _ => pin.set_pwm_frequency(PIN_HERTZ, f64::from(level) / 255.0).map_err(|error| error.to_string())?,
            },
        }
        self.last = Some(level);
        Ok(())
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("writing {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(light: Light, millis: u64) -> Vec<u8> {
        (0..millis).map(|at| brightness(light, Duration::from_millis(at))).collect()
    }

    /// How often it goes from dark to lit.
    fn rises(levels: &[u8]) -> usize {
        levels.windows(2).filter(|pair| pair[0] == 0 && pair[1] > 0).count()
    }

    #[test]
    fn off_is_dark_and_steady_is_lit() {
        assert!(levels(Light::Off, 5000).iter().all(|level| *level == 0));
        assert!(levels(Light::Steady, 5000).iter().all(|level| *level == 255));
    }

    #[test]
    fn breathing_swells_and_fades_three_times_in_ten_seconds_without_a_jump() {
        let breath = levels(Light::Breathing, 10_000);
        assert!(breath.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 1));
        assert_eq!(breath.iter().max(), Some(&255));
        let swells = breath.windows(2).filter(|pair| pair[0] < 128 && pair[1] >= 128).count();
        assert_eq!(swells, 3);
    }

    #[test]
    fn on_air_blinks_twice_then_pauses_longer_than_it_blinks() {
        let second = levels(Light::OnAir, 1200);
        assert!(second[0] > 0);
        assert_eq!(rises(&second), 1, "the second blink");
        let pause = second.iter().rev().take_while(|level| **level == 0).count();
        assert_eq!(pause, 840);
    }

    #[test]
    fn fast_blinks_four_times_a_second() {
        assert_eq!(rises(&levels(Light::Fast, 4001)), 16);
    }
}
