//! The camera's thread: looks at the sight at the pace that the guest asked for, and codes what it sees.
#![expect(clippy::disallowed_methods, reason = "pictures are paced by the clock")]

use super::sight::Sight;
use super::uvc::{Coding, Mode, PAYLOAD_HEAD};
use image::RgbImage;
use madoguchi_pixels::frames;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc as threads;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Quality of Motion JPEG.
const QUALITY: u8 = 85;

/// A picture with its head, ready to be sent.
pub(super) struct Payload {
    pub(super) bytes: Vec<u8>,
    /// Bytes of the longest payload of this mode; one that is as long needs no other end.
    pub(super) longest: usize,
    /// Of which opening of the camera it is.
    turn: u64,
}

enum Order {
    Look(Mode, u64),
    Close,
    Show(Box<dyn Sight>),
}

/// The thread's handle; it ends with this.
pub(super) struct Eye {
    orders: threads::Sender<Order>,
    turn: Arc<AtomicU64>,
}

impl Eye {
    pub(super) fn open(sight: Box<dyn Sight>) -> std::io::Result<(Self, mpsc::Receiver<Payload>)> {
        let (orders, ordered) = threads::channel();
        let (payloads, pictures) = mpsc::channel(1);
        let turn = Arc::new(AtomicU64::new(0));
        let now = turn.clone();
        let thread = std::thread::Builder::new().name("camera".to_owned());
        thread.spawn(move || look(sight, &ordered, &payloads, &now))?;
        Ok((Self { orders, turn }, pictures))
    }

    /// Looks from now on; pictures of before are no longer current.
    pub(super) fn look(&self, mode: Mode) {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) + 1;
        // The thread lives as long as this, unless it has no more listener.
        let _ = self.orders.send(Order::Look(mode, turn));
    }

    pub(super) fn close(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
        let _ = self.orders.send(Order::Close);
    }

    pub(super) fn show(&self, sight: Box<dyn Sight>) {
        let _ = self.orders.send(Order::Show(sight));
    }

    pub(super) fn is_current(&self, payload: &Payload) -> bool {
        payload.turn == self.turn.load(Ordering::Relaxed)
    }
}

fn look(
    mut sight: Box<dyn Sight>,
    orders: &threads::Receiver<Order>,
    payloads: &mpsc::Sender<Payload>,
    now: &AtomicU64,
) {
    let mut looking: Option<(Mode, u64)> = None;
    let mut due = Instant::now();
    let mut second = false;
    loop {
        let order = match looking {
            None => orders.recv().ok(),
            Some(_) => match orders.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(order) => Some(order),
                Err(threads::RecvTimeoutError::Disconnected) => None,
                Err(threads::RecvTimeoutError::Timeout) => {
                    let Some((mode, turn)) = looking else { continue };
                    due = (due + Duration::from_secs(1) / mode.rate).max(Instant::now());
                    let picture = sight.frame();
                    let picture = picture.inspect_err(|why| tracing::warn!("the camera sees nothing: {why}"));
                    let bytes = coded(picture.ok().as_ref(), mode, second);
                    second = !second;
                    let longest = mode.width as usize * mode.height as usize * 2 + PAYLOAD_HEAD;
                    // What nobody waits for any more would hold up the next opening.
                    let current = now.load(Ordering::Relaxed) == turn;
                    if current && payloads.blocking_send(Payload { bytes, longest, turn }).is_err() {
                        return;
                    }
                    continue;
                }
            },
        };
        match order {
            None => return,
            Some(Order::Look(mode, turn)) => {
                if looking.replace((mode, turn)).is_none() {
                    say(sight.open(mode));
                }
                due = Instant::now();
            }
            Some(Order::Close) => {
                if looking.take().is_some() {
                    sight.close();
                }
            }
            Some(Order::Show(other)) => {
                sight = other;
                if let Some((mode, _)) = looking {
                    say(sight.open(mode));
                }
            }
        }
    }
}

fn say(opened: Result<(), String>) {
    if let Err(why) = opened {
        tracing::warn!("the camera cannot look: {why}");
    }
}

/// A payload: its head, and the picture in the mode's coding; grey when there is none.
fn coded(picture: Option<&RgbImage>, mode: Mode, second: bool) -> Vec<u8> {
    // End of header, end of the picture, and a bit that changes from picture to picture.
    let mut bytes = vec![PAYLOAD_HEAD as u8, 0x82 | u8::from(second)];
    let picture = match picture {
        Some(picture) => frames::fitted(picture, (mode.width, mode.height)),
        None => RgbImage::from_pixel(mode.width, mode.height, image::Rgb([128; 3])),
    };
    match mode.coding {
        // As the descriptors' colour matching says.
        Coding::Raw => frames::yuy2(&picture, &mut bytes),
        Coding::Jpeg => {
            // Writing to memory cannot fail, and a size of the camera's is one that JPEG knows.
            let _ = frames::jpeg(&picture, picture.width(), picture.height(), QUALITY, &mut bytes);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_payload_is_as_long_as_promised_and_a_jpeg_shorter() {
        let mode = Mode { coding: Coding::Raw, width: 640, height: 480, rate: 15 };
        assert_eq!(coded(None, mode, false).len(), 640 * 480 * 2 + PAYLOAD_HEAD);
        let jpeg = coded(None, Mode { coding: Coding::Jpeg, ..mode }, true);
        assert_eq!(jpeg[..4], [2, 0x83, 0xff, 0xd8]);
        assert!(jpeg.len() < 640 * 480);
    }
}
