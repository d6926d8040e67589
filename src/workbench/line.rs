//! A line that can really be cut: a TCP way on loopback to a server of this machine, through which nothing passes
//! while the virtual network carries no traffic.
//!
//! As on a cut line, nobody is told: bytes wait and new connections stay unanswered, until the line carries again or
//! an end's own deadline has passed.

use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Bytes carried at a time.
const PIECE: usize = 16 * 1024;

/// Opens a way to `server`: its address, and the work that must run meanwhile.
///
/// # Errors
/// What the system said when no port could be had.
pub(super) async fn open(
    server: SocketAddr,
    line: watch::Receiver<bool>,
) -> std::io::Result<(SocketAddr, impl Future<Output = ()>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let work = async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((client, _)) => {
                        connections.spawn(connect(client, server, line.clone()));
                    }
                    Err(error) => {
                        tracing::error!("the workbench's line to {server} stopped: {error}");
                        return;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    };
    Ok((address, work))
}

async fn connect(client: TcpStream, server: SocketAddr, mut line: watch::Receiver<bool>) {
    if line.wait_for(|carries| *carries).await.is_err() {
        return;
    }
    // A server that does not answer looks like one: the client's connection is closed.
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    tokio::join!(carry(client_reads, server_writes, line.clone()), carry(server_reads, client_writes, line));
}

/// Carries bytes one way until an end closes.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut line: watch::Receiver<bool>) {
    let mut piece = vec![0; PIECE];
    loop {
        let read = from.read(&mut piece).await.unwrap_or(0);
        // Even the end of a connection does not get through a cut line.
        if line.wait_for(|carries| *carries).await.is_err() {
            return;
        }
        if read == 0 || to.write_all(&piece[..read]).await.is_err() {
            break;
        }
    }
    // The other end may have closed already.
    let _ = to.shutdown().await;
}
