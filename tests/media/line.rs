//! A bad line between the ends: loses packets, or carries only so many.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

/// How bad it is, each way.
#[derive(Clone, Copy, Default)]
pub(crate) struct Badness {
    /// Loses each so-manieth packet of picture or sound.
    pub(crate) loses_each: Option<u32>,
    /// Carries so many bits per second from the appliance; what would wait for more than 300 ms is lost.
    pub(crate) carries_bps: Option<u32>,
}

/// A line with one end for the browser and one towards the appliance's port.
pub(crate) struct Line {
    port: u16,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

impl Line {
    pub(crate) async fn to(port: u16, badness: Badness) -> Self {
        let near_browser = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap());
        let near_box = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap());
        near_box.connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let own_port = near_browser.local_addr().unwrap().port();
        let browser = Arc::new(Mutex::new(None));
        let (queue, queued) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
        let there = tokio::spawn(to_box(near_browser.clone(), near_box.clone(), browser.clone(), badness));
        let back = tokio::spawn(from_box(near_box, queue, badness));
        let out = tokio::spawn(to_browser(queued, near_browser, browser));
        Self { port: own_port, _tasks: [there, back, out].map(AbortOnDropHandle::new).into() }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

type Address = Arc<Mutex<Option<std::net::SocketAddr>>>;

async fn to_box(from: Arc<UdpSocket>, to: Arc<UdpSocket>, browser: Address, badness: Badness) {
    let (mut packet, mut count) = ([0; 2048], 0);
    while let Ok((length, sender)) = from.recv_from(&mut packet).await {
        *browser.lock().unwrap() = Some(sender);
        if !is_lost(&packet[..length], &mut count, badness) {
            let _ = to.send(&packet[..length]).await;
        }
    }
}

async fn from_box(from: Arc<UdpSocket>, queue: mpsc::UnboundedSender<(Instant, Vec<u8>)>, badness: Badness) {
    let (mut packet, mut count) = ([0; 2048], 0);
    let mut free = Instant::now();
    loop {
        // Refused while the port is not yet open.
        let Ok(length) = from.recv(&mut packet).await else { continue };
        if is_lost(&packet[..length], &mut count, badness) {
            continue;
        }
        let now = Instant::now();
        if let Some(bps) = badness.carries_bps {
            if free > now + Duration::from_millis(300) {
                continue;
            }
            free = free.max(now) + Duration::from_secs_f64(length as f64 * 8.0 / f64::from(bps));
        }
        let _ = queue.send((free.max(now), packet[..length].to_vec()));
    }
}

async fn to_browser(mut queued: mpsc::UnboundedReceiver<(Instant, Vec<u8>)>, socket: Arc<UdpSocket>, browser: Address) {
    while let Some((due, packet)) = queued.recv().await {
        tokio::time::sleep_until(due).await;
        let address = *browser.lock().unwrap();
        if let Some(address) = address {
            let _ = socket.send_to(&packet, address).await;
        }
    }
}

/// Only packets of picture or sound (RFC 7983, RFC 5761) are lost.
fn is_lost(packet: &[u8], count: &mut u32, badness: Badness) -> bool {
    let is_media = packet.len() > 1 && (128..192).contains(&packet[0]) && !(192..=223).contains(&packet[1]);
    *count += u32::from(is_media);
    is_media && badness.loses_each.is_some_and(|each| (*count).is_multiple_of(each))
}
