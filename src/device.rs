//! How the box touches the world: each file one thing, one handle to ask it, one stream of what it says.
//!
//! Every device is a pair of channels: asks in, events out. The real adapter and its twin on the workbench
//! sit behind the same pair, so the supervisor cannot tell them apart.

pub mod able;
pub mod button;
pub mod camera;
pub mod clock;
#[cfg(test)]
mod come_back;
mod inputs;
pub mod light;
pub mod link;
pub mod media;
pub mod network;
pub mod pace;
pub mod root;
mod running;
pub mod slot;
pub mod sound;
pub mod stick;
pub mod store;
pub mod systemd;
pub mod tv;
pub mod usb;

use tokio::sync::mpsc;

/// Capacity of every ask and event channel: far above what a person or a network can cause before it is read.
pub const CHANNEL: usize = 256;

/// A device as the supervisor holds it.
pub struct Device<Ask, Event> {
    /// Where to ask.
    pub asks: mpsc::Sender<Ask>,
    /// What it says.
    pub events: mpsc::Receiver<Event>,
}

/// The other end of a [`Device`], for the adapter or its twin.
pub struct Behind<Ask, Event> {
    /// What is asked.
    pub asks: mpsc::Receiver<Ask>,
    /// Where to say it.
    pub events: mpsc::Sender<Event>,
}

/// Makes the two ends of a device.
pub fn device<Ask, Event>() -> (Device<Ask, Event>, Behind<Ask, Event>) {
    let (ask_sender, ask_receiver) = mpsc::channel(CHANNEL);
    let (event_sender, event_receiver) = mpsc::channel(CHANNEL);
    (Device { asks: ask_sender, events: event_receiver }, Behind { asks: ask_receiver, events: event_sender })
}
