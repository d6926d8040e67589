//! The desk's page: strictly on loopback.

use super::{Control, TvPicture};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Serves the page.
pub(super) async fn serve(
    _listener: TcpListener,
    _address: SocketAddr,
    _control: Control,
    _tv: watch::Receiver<Option<TvPicture>>,
) {
    std::future::pending().await
}
