//! A line between browsers and the server that goes silent without a word, or lets no WebSocket through.

use crate::desk::Desk;
use madoguchi::room::Config;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What the wire does.
#[derive(Default)]
struct Does {
    /// Connections from before this number are dead.
    dead_before: AtomicU64,
    silent: AtomicBool,
    drops_upgrade: AtomicBool,
    breaks: Notify,
}

/// The wire: browsers go to its address.
pub struct Wire {
    does: Arc<Does>,
    next: Arc<AtomicU64>,
}

impl Wire {
    /// A desk that is reached over a wire of its own.
    pub async fn to_a_desk(drops_upgrade: bool, change: impl FnOnce(&mut Config)) -> (Self, Desk) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let public = format!("http://{}", listener.local_addr().unwrap());
        let desk = Desk::open_with(|config| {
            config.public = Some(public);
            change(config);
        })
        .await;
        let wire = Self { does: Arc::default(), next: Arc::default() };
        wire.does.drops_upgrade.store(drops_upgrade, SeqCst);
        let (server, does, next) = (desk.running().address, wire.does.clone(), wire.next.clone());
        tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                tokio::spawn(carry(browser, server, next.fetch_add(1, SeqCst), does.clone()));
            }
        });
        (wire, desk)
    }

    /// Nothing comes through any more, and nobody is told (a router that lost its table, a Wi-Fi out of reach).
    pub fn goes_silent(&self) {
        self.does.silent.store(true, SeqCst);
    }

    /// Every connection ends, and new ones work at once.
    pub fn breaks(&self) {
        self.does.breaks.notify_waiters();
    }

    /// New connections work again; those that fell silent stay dead.
    pub fn is_mended(&self) {
        if self.does.silent.swap(false, SeqCst) {
            self.does.dead_before.store(self.next.load(SeqCst), SeqCst);
        }
        self.does.drops_upgrade.store(false, SeqCst);
    }
}

async fn carry(mut browser: TcpStream, server: SocketAddr, number: u64, does: Arc<Does>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    loop {
        let (from_browser, length) = tokio::select! {
            read = browser.read(&mut up) => (true, read),
            read = server.read(&mut down) => (false, read),
            () = does.breaks.notified() => return,
        };
        let dead = || does.silent.load(SeqCst) || number < does.dead_before.load(SeqCst);
        let length = match length {
            Ok(length) if length > 0 => length,
            // Nor is an end passed on.
            _ if dead() => std::future::pending().await,
            _ => return,
        };
        if dead() {
            continue;
        }
        let sent = if from_browser {
            let text = String::from_utf8_lossy(&up[..length]).replace("Upgrade: websocket\r\n", "");
            let bytes = if does.drops_upgrade.load(SeqCst) { text.as_bytes() } else { &up[..length] };
            server.write_all(bytes).await
        } else {
            browser.write_all(&down[..length]).await
        };
        if sent.is_err() {
            return;
        }
    }
}
