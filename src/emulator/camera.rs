//! A USB camera that QEMU shows its guest: the guest's own `uvcvideo` driver talks to us through `usb-redir`.
#![expect(clippy::disallowed_methods, reason = "one task serves the line to QEMU")]

mod eye;
mod redir;
pub mod sight;
mod uvc;

pub use sight::Sight;
pub use uvc::{Coding, Mode};

use super::EmulatorError;
use eye::{Eye, Payload};
use redir::{FIRST_HEADER, HEADER, Header, Packet, Status};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use uvc::{Reaction, Uvc};

/// Packets and orders that may wait.
const CHANNEL: usize = 64;

/// The camera before the box. It is gone when this is dropped.
pub struct Camera {
    orders: mpsc::Sender<Order>,
    mode: watch::Receiver<Option<Mode>>,
    sent: Arc<AtomicU64>,
}

enum Order {
    Plug(bool),
    Show(Box<dyn Sight>),
}

impl Camera {
    /// Serves the line that QEMU's `usb-redir` device has opened; the camera is plugged in.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn start(line: UnixStream, sight: Box<dyn Sight>) -> Result<Self, EmulatorError> {
        let (orders, ordered) = mpsc::channel(CHANNEL);
        let (modes, mode) = watch::channel(None);
        let (read, write) = line.into_split();
        let (packets, heard) = mpsc::channel(CHANNEL);
        let (eye, pictures) = Eye::open(sight).map_err(EmulatorError::io("starting the camera's thread"))?;
        let sent = Arc::new(AtomicU64::new(0));
        tokio::spawn(listen(read, packets));
        let device = Device {
            write,
            uvc: Uvc::new(),
            eye,
            modes,
            sent: sent.clone(),
            asked: VecDeque::new(),
            picture: None,
            plugged: false,
        };
        tokio::spawn(device.run(heard, ordered, pictures));
        Ok(Self { orders, mode, sent })
    }

    /// Plugs it in or pulls it out.
    pub async fn plug(&self, plugged: bool) {
        // When QEMU is gone there is nothing to plug it into.
        let _ = self.orders.send(Order::Plug(plugged)).await;
    }

    /// Looks at something else from now on.
    pub async fn show(&self, sight: Box<dyn Sight>) {
        let _ = self.orders.send(Order::Show(sight)).await;
    }

    /// In which mode the guest has the camera open; nothing while it is closed.
    pub fn mode(&self) -> watch::Receiver<Option<Mode>> {
        self.mode.clone()
    }

    /// How many pictures the guest has taken so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Waits until the guest has the camera open (true) or closed.
    ///
    /// # Errors
    /// When that does not happen in time.
    pub async fn wait_for_open(&self, open: bool, within: Duration) -> Result<(), EmulatorError> {
        let mut mode = self.mode();
        let seen = mode.wait_for(|mode| mode.is_some() == open);
        match tokio::time::timeout(within, seen).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(EmulatorError::Wrong("the camera is waited for, but QEMU is gone".to_owned())),
            Err(_) => {
                let what = format!("the camera's {}", if open { "opening" } else { "closing" });
                Err(EmulatorError::TooLate { what, within, last: format!("{} pictures were taken", self.sent()) })
            }
        }
    }
}

/// Reads packets on its own, so that QEMU never waits for us while we wait for it.
async fn listen(mut read: OwnedReadHalf, packets: mpsc::Sender<(u64, Packet)>) {
    let mut body = Vec::new();
    let mut long = FIRST_HEADER;
    loop {
        let mut head = [0; HEADER];
        if read.read_exact(&mut head[..long]).await.is_err() {
            break;
        }
        long = HEADER;
        let Some(header) = Header::read(head) else { break };
        body.resize(header.length, 0);
        if read.read_exact(&mut body).await.is_err() {
            break;
        }
        let Some(packet) = header.packet(&body) else { break };
        if packets.send((header.id, packet)).await.is_err() {
            return;
        }
    }
}

/// A transfer that the guest's controller waits for.
struct Asked {
    id: u64,
    length: usize,
}

/// The device's side of the line.
struct Device {
    write: OwnedWriteHalf,
    uvc: Uvc,
    eye: Eye,
    modes: watch::Sender<Option<Mode>>,
    sent: Arc<AtomicU64>,
    asked: VecDeque<Asked>,
    /// What is being sent, and how much of it is on its way.
    picture: Option<(Payload, usize)>,
    plugged: bool,
}

impl Device {
    async fn run(
        mut self,
        mut heard: mpsc::Receiver<(u64, Packet)>,
        mut orders: mpsc::Receiver<Order>,
        mut pictures: mpsc::Receiver<Payload>,
    ) {
        let mut greeted = self.write.write_all(&redir::hello()).await;
        while greeted.is_ok() {
            let wants = self.picture.is_none() && !self.asked.is_empty();
            greeted = tokio::select! {
                packet = heard.recv() => match packet {
                    Some((id, packet)) => self.hear(id, packet).await,
                    None => break,
                },
                order = orders.recv() => match order {
                    Some(Order::Plug(plugged)) => self.plug(plugged).await,
                    Some(Order::Show(sight)) => { self.eye.show(sight); Ok(()) }
                    None => break,
                },
                picture = pictures.recv(), if wants => match picture {
                    Some(picture) => self.begin(picture).await,
                    None => break,
                },
            };
        }
        self.modes.send_replace(None);
        tracing::debug!("the camera's line has ended");
    }

    async fn plug(&mut self, plugged: bool) -> std::io::Result<()> {
        if self.plugged == plugged {
            return Ok(());
        }
        self.plugged = plugged;
        self.end();
        self.asked.clear();
        let (vendor, product, version) = uvc::IDS;
        let packet = if plugged { redir::connect(vendor, product, version) } else { redir::disconnect() };
        self.write.write_all(&packet).await
    }

    async fn hear(&mut self, id: u64, packet: Packet) -> std::io::Result<()> {
        let answer = match packet {
            Packet::Hello => return self.plug(true).await,
            Packet::Reset => {
                self.end();
                self.asked.clear();
                return Ok(());
            }
            Packet::SetConfiguration { value } => [redir::endpoints(), redir::configuration(id, value)].concat(),
            Packet::GetConfiguration => redir::configuration(id, 1),
            Packet::SetAlternate { interface, alternate } => {
                let status = if alternate == 0 { Status::Success } else { Status::Stall };
                redir::alternate(id, interface, status)
            }
            Packet::GetAlternate { interface } => redir::alternate(id, interface, Status::Success),
            Packet::Cancel => match self.asked.iter().position(|asked| asked.id == id) {
                Some(place) => {
                    self.asked.remove(place);
                    redir::bulk(id, uvc::PICTURES, Status::Cancelled, &[])
                }
                None => return Ok(()),
            },
            Packet::Control { endpoint, control } => {
                let reaction = self.uvc.control(&control);
                match &reaction {
                    Reaction::Begin(mode) => {
                        self.eye.look(*mode);
                        self.picture = None;
                        self.modes.send_replace(Some(*mode));
                    }
                    Reaction::End => self.end(),
                    Reaction::Answer(_) | Reaction::Stall => {}
                }
                redir::control(id, endpoint, &control, reaction.answer())
            }
            Packet::Bulk { endpoint: uvc::PICTURES, length } => {
                self.asked.push_back(Asked { id, length });
                return self.go_on().await;
            }
            Packet::Bulk { endpoint, .. } => redir::bulk(id, endpoint, Status::Stall, &[]),
            Packet::Other => return Ok(()),
        };
        self.write.write_all(&answer).await
    }

    /// The guest has closed the camera.
    fn end(&mut self) {
        self.eye.close();
        self.picture = None;
        self.modes.send_replace(None);
    }

    async fn begin(&mut self, picture: Payload) -> std::io::Result<()> {
        if self.eye.is_current(&picture) {
            self.picture = Some((picture, 0));
        }
        self.go_on().await
    }

    /// Fills the transfers that wait, as far as the picture reaches. A short one ends it.
    async fn go_on(&mut self) -> std::io::Result<()> {
        while let Some((picture, from)) = &mut self.picture {
            let Some(asked) = self.asked.pop_front() else { break };
            let rest = &picture.bytes[*from..];
            let piece = &rest[..rest.len().min(asked.length)];
            *from += piece.len();
            let ended = piece.len() < asked.length || *from == picture.longest;
            let answer = redir::bulk(asked.id, uvc::PICTURES, Status::Success, piece);
            if ended {
                self.picture = None;
                self.sent.fetch_add(1, Ordering::Relaxed);
            }
            self.write.write_all(&answer).await?;
        }
        Ok(())
    }
}
