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
    let (device, key) = (config.device.clone(), config.key);
    keep_watching(&edges, &config.device, || {
        let mut input = InputDevice::open(&device)?;
        // A keyboard presses the button and nothing more: its keys reach no console.
        if let Err(error) = input.grab() {
            tracing::warn!("keeping {} to ourselves: {error}", device.display());
        }
        Ok(Input { events: input.into_event_stream()?, key })
    })
    .await;
}

/// A button's contact that can be pulled out.
trait Contact {
    /// The next edge.
    ///
    /// # Errors
    /// It is gone.
    async fn next(&mut self) -> std::io::Result<Edge>;
}

/// Opens the contact as often as it is gone, until nobody listens.
async fn keep_watching<C: Contact>(
    edges: &mpsc::Sender<Edge>,
    name: &Path,
    mut open: impl FnMut() -> std::io::Result<C>,
) {
    let (mut told, begun) = (false, Instant::now());
    while !edges.is_closed() {
        match open() {
            Ok(mut contact) => {
                tracing::info!("the button is {}", name.display());
                told = false;
                if let Err(error) = pass_on(&mut contact, edges).await {
                    tracing::warn!("the button {} is gone: {error}", name.display());
                }
            }
            Err(error) if !told && begun.elapsed() > NAMING => {
                tracing::warn!("no button: opening {}: {error}; waiting for it", name.display());
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

async fn pass_on(contact: &mut impl Contact, edges: &mpsc::Sender<Edge>) -> std::io::Result<()> {
    let mut held = false;
    let ended = loop {
        let edge = tokio::select! {
            edge = contact.next() => edge,
            () = edges.closed() => return Ok(()),
        };
        match edge {
            Ok(edge) => {
                held = edge.down;
                if edges.send(edge).await.is_err() {
                    return Ok(());
                }
            }
            Err(error) => break error,
        }
    };
    // A button pulled out while it was down would otherwise be held for ever.
    if held {
        let _ = edges.send(Edge { down: false }).await;
    }
    Err(ended)
}

struct Input {
    events: evdev::EventStream,
    key: Option<u16>,
}

impl Contact for Input {
    async fn next(&mut self) -> std::io::Result<Edge> {
        loop {
            if let Some(edge) = edge_of(self.events.next_event().await?, self.key) {
                return Ok(edge);
            }
        }
    }
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
#[expect(clippy::disallowed_methods, reason = "a test watches the task that it starts")]
pub(super) mod tests {
    use super::*;
    use evdev::EventType;
    use std::collections::VecDeque;

    /// A contact that gives these edges and is pulled out.
    struct Script(VecDeque<bool>);

    impl Contact for Script {
        async fn next(&mut self) -> std::io::Result<Edge> {
            let down = self.0.pop_front().ok_or_else(|| std::io::Error::other("pulled out"))?;
            Ok(Edge { down })
        }
    }

    /// A button that is missing at start, and one that is pulled out while it is held.
    pub(in crate::device) async fn comes_back() {
        let (edges, mut heard) = mpsc::channel(8);
        let mut opened = VecDeque::from([None, None, Some(vec![true, false, true]), None, Some(vec![true, false])]);
        let open = move || match opened.pop_front().flatten() {
            Some(edges) => Ok(Script(edges.into())),
            None => Err(std::io::Error::other("not there")),
        };
        let watching = tokio::spawn(async move { keep_watching(&edges, Path::new("the button"), open).await });
        let told = async {
            for down in [true, false, true, false, true, false] {
                assert_eq!(heard.recv().await, Some(Edge { down }));
            }
        };
        tokio::time::timeout(NAMING, told).await.unwrap();
        drop(heard);
        tokio::time::timeout(NAMING, watching).await.unwrap().unwrap();
    }

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
