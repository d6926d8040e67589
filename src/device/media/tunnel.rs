//! TURN over TLS (RFC 7065 `turns:`): a tunnel from a local port, because webrtcbin's own is plaintext.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// The local end of a TLS connection to one server. Dropping it closes everything.
pub(super) struct Tunnel {
    port: u16,
    _serving: AbortOnDropHandle<()>,
}

impl Tunnel {
    /// Opens a local port whose connections go to `host:port` within TLS.
    pub(super) async fn open(host: &str, port: u16, trust_anchors: &[String]) -> io::Result<Self> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::new(trusting(trust_anchors).map_err(io::Error::other)?));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let local = listener.local_addr()?.port();
        let host = host.to_owned();
        let serving = AbortOnDropHandle::new(tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                let (host, name, connector) = (host.clone(), name.clone(), connector.clone());
                connections.spawn(async move {
                    if let Err(error) = carry(near, &host, port, name, connector).await {
                        tracing::warn!(%error, "the TLS connection to the relay failed");
                    }
                });
            }
        }));
        Ok(Self { port: local, _serving: serving })
    }

    /// The port on 127.0.0.1.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

async fn carry(
    mut near: TcpStream,
    host: &str,
    port: u16,
    name: ServerName<'static>,
    connector: TlsConnector,
) -> io::Result<()> {
    near.set_nodelay(true)?;
    let connected = tokio::time::timeout(CONNECT_DEADLINE, async {
        let far = TcpStream::connect((host, port)).await?;
        far.set_nodelay(true)?;
        connector.connect(name, far).await
    });
    let mut far = connected.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    tokio::io::copy_bidirectional(&mut near, &mut far).await.map(drop)
}

/// TLS that trusts the system's certificates and the loan's.
fn trusting(trust_anchors: &[String]) -> Result<rustls::ClientConfig, rustls::Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for pem in trust_anchors {
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
