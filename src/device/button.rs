//! The one button: edges of its contact.

use evdev::{Device as InputDevice, EventSummary, InputEvent, KeyCode};
use rppal::gpio::{Gpio, InputPin, Trigger};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// What the kernel gives where pins may be used directly.
const PINS: &str = "/dev/gpiomem";
/// A button that is not there is looked for again after this time.
const RETRY: Duration = Duration::from_secs(1);
/// The same while the system is still naming its devices.
const SOON: Duration = Duration::from_millis(200);
/// So long that takes at most; only then is a missing button worth a word.
const NAMING: Duration = Duration::from_secs(20);

/// An edge of the contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Pressed down (true) or let go.
    pub down: bool,
}

/// Which button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ButtonConfig {
    /// BCM number of a pin with a contact to ground, used where the kernel gives `/dev/gpiomem`.
    pub pin: Option<u8>,
    /// The input device used otherwise: `gpio-keys` or any USB button, by the name that udev gives it.
    pub device: PathBuf,
    /// The key of that device (`linux/input-event-codes.h`); `None` takes any key.
    pub key: Option<u16>,
}

impl Default for ButtonConfig {
    fn default() -> Self {
        Self { pin: Some(17), device: "/dev/madoguchi/button".into(), key: None }
    }
}

/// Tells of every edge until nobody listens. A button that is pulled out is waited for.
pub async fn run(edges: mpsc::Sender<Edge>, config: ButtonConfig) {
    if let Some(pin) = config.pin.filter(|_| Path::new(PINS).exists()) {
        match watch_pin(pin, edges.clone()) {
            Ok(_pin) => {
                tracing::info!("the button is pin BCM {pin}");
                return edges.closed().await;
            }
            Err(error) => tracing::warn!("watching pin BCM {pin} for the button: {error}; trying {:?}", config.device),
        }
    }
    let (mut told, begun) = (false, Instant::now());
    while !edges.is_closed() {
        match InputDevice::open(&config.device) {
            Ok(device) => {
                tracing::info!("the button is {}", config.device.display());
                told = false;
                if let Err(error) = watch_input(device, &config, &edges).await {
                    tracing::warn!("the button {} is gone: {error}", config.device.display());
                }
            }
            Err(error) if !told && begun.elapsed() > NAMING => {
                tracing::warn!("no button: opening {}: {error}; waiting for it", config.device.display());
                told = true;
            }
            Err(_) => {}
        }
        tokio::select! {
            () = sleep(if begun.elapsed() > NAMING { RETRY } else { SOON }) => {}
            () = edges.closed() => return,
        }
    }
}

/// The pin tells of its edges for as long as it is kept.
fn watch_pin(pin: u8, edges: mpsc::Sender<Edge>) -> rppal::gpio::Result<InputPin> {
    let mut pin = Gpio::new()?.get(pin)?.into_input_pullup();
    pin.set_async_interrupt(Trigger::Both, None, move |event| {
        // A full channel means that nobody has read for hundreds of edges: the copper bounces, or the box is stuck.
        let _ = edges.try_send(Edge { down: event.trigger == Trigger::FallingEdge });
    })?;
    Ok(pin)
}

async fn watch_input(device: InputDevice, config: &ButtonConfig, edges: &mpsc::Sender<Edge>) -> std::io::Result<()> {
    let mut events = device.into_event_stream()?;
    let mut held = false;
    let ended = loop {
        let event = tokio::select! {
            event = events.next_event() => event,
            () = edges.closed() => return Ok(()),
        };
        match event {
            Ok(event) => {
                if let Some(edge) = edge_of(event, config.key) {
                    held = edge.down;
                    if edges.send(edge).await.is_err() {
                        return Ok(());
                    }
                }
            }
            Err(error) => break Err(error),
        }
    };
    // A button pulled out while it was down would otherwise be held for ever.
    if held {
        let _ = edges.send(Edge { down: false }).await;
    }
    ended
}

/// The edge that an input event means; repeats and other keys mean none.
fn edge_of(event: InputEvent, key: Option<u16>) -> Option<Edge> {
    let EventSummary::Key(_, code, value) = event.destructure() else { return None };
    if key.is_some_and(|key| KeyCode::new(key) != code) {
        return None;
    }
    match value {
        0 => Some(Edge { down: false }),
        1 => Some(Edge { down: true }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evdev::EventType;

    #[test]
    fn only_the_buttons_own_key_makes_edges_and_repeats_make_none() {
        let event = |kind: EventType, code: KeyCode, value| InputEvent::new(kind.0, code.0, value);
        let space = Some(KeyCode::KEY_SPACE.0);
        let edge = |code, value, key| edge_of(event(EventType::KEY, code, value), key).map(|edge| edge.down);
        assert_eq!(edge(KeyCode::KEY_SPACE, 1, space), Some(true));
        assert_eq!(edge(KeyCode::KEY_SPACE, 2, space), None, "a key that repeats is still down");
        assert_eq!(edge(KeyCode::KEY_SPACE, 0, space), Some(false));
        assert_eq!(edge(KeyCode::KEY_ENTER, 1, space), None);
        assert_eq!(edge(KeyCode::KEY_ENTER, 1, None), Some(true));
        assert_eq!(edge_of(event(EventType::SYNCHRONIZATION, KeyCode::KEY_SPACE, 1), None), None);
    }
}
