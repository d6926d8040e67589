//! Opens one line: name, TCP, TLS, upgrade; and says which of these failed.

use super::LinkClosed;
use crate::model::wire::MAX_MESSAGE_BYTES;
use futures_util::stream::{FuturesUnordered, StreamExt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fmt::Display;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Error as WebSocketError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_with_config};
use url::{Host, Url};

/// An open line.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Head start of one address before the next one is tried too (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Between two tries of one address, and how many there are at the most.
const AGAIN: Duration = Duration::from_secs(1);
const ROUNDS: u32 = 10;

/// A line that could not be opened: what was tried, on what, and how it failed.
#[derive(Debug, thiserror::Error)]
#[error("{tried}: {problem}")]
pub(super) struct Failure {
    pub(super) why: LinkClosed,
    tried: String,
    problem: String,
}

fn failure(why: LinkClosed, tried: impl Into<String>, problem: impl Display) -> Failure {
    Failure { why, tried: tried.into(), problem: problem.to_string() }
}

/// Opens a line to `address` (`wss:`, or `ws:` on loopback).
///
/// # Errors
/// [`Failure::why`] is what the appliance is told; the sentence is for the log.
pub(super) async fn open(address: &str, anchors: &[String], trust: &mut Trust, by: Instant) -> Result<Socket, Failure> {
    let door = Door::read(address, ["wss", "ws"])?;
    let stream = door.stream(anchors, trust, by).await?;
    within(by, door.upgrade(stream), || door.tried("entering")).await
}

/// A stream to the server of `address` (`https:`, or `http:` on loopback), on which nothing has been said yet.
///
/// # Errors
/// As for [`open`].
pub(super) async fn encrypted(
    address: &str,
    anchors: &[String],
    trust: &mut Trust,
    by: Instant,
) -> Result<MaybeTlsStream<TcpStream>, Failure> {
    Door::read(address, ["https", "http"])?.stream(anchors, trust, by).await
}

async fn within<T>(
    by: Instant,
    step: impl Future<Output = Result<T, Failure>>,
    tried: impl Fn() -> String,
) -> Result<T, Failure> {
    timeout_at(by, step).await.unwrap_or_else(|_| Err(failure(LinkClosed::Unreachable, tried(), "no answer in time")))
}

/// Where a room server's WebSocket is.
struct Door {
    url: Url,
    host: Host<String>,
    port: u16,
    encrypted: bool,
}

impl Door {
    /// The first scheme is encrypted, the second one is not.
    fn read(address: &str, schemes: [&str; 2]) -> Result<Self, Failure> {
        // The address itself stays out of the sentence: it came from a paper.
        let bad = |problem: &str| failure(LinkClosed::NotARoom, "reading the room server's address", problem);
        let url = Url::parse(address).map_err(|error| bad(&error.to_string()))?;
        let encrypted = url.scheme() == schemes[0];
        if !schemes.contains(&url.scheme()) {
            return Err(bad(&format!("it must begin with {}://", schemes[0])));
        }
        let (Some(host), Some(port)) = (url.host().map(|host| host.to_owned()), url.port_or_known_default()) else {
            return Err(bad("it has no host"));
        };
        Ok(Self { host, port, encrypted, url })
    }

    /// Name, TCP and TLS.
    async fn stream(
        &self,
        anchors: &[String],
        trust: &mut Trust,
        by: Instant,
    ) -> Result<MaybeTlsStream<TcpStream>, Failure> {
        let addresses = self.look_up(by).await?;
        let tcp = within(by, self.connect(&addresses), || self.tried("connecting to")).await?;
        if !self.encrypted {
            return Ok(MaybeTlsStream::Plain(tcp));
        }
        let connector = trust.connector(anchors)?;
        within(by, self.encrypt(&connector, tcp), || self.tried("encrypting the line to")).await
    }

    fn tried(&self, what: &str) -> String {
        format!("{what} {}:{}", self.host, self.port)
    }

    /// The addresses of the host; for an unencrypted line only those of this machine.
    async fn look_up(&self, by: Instant) -> Result<Vec<SocketAddr>, Failure> {
        let no_name = |problem: &dyn Display| failure(LinkClosed::NoName, self.tried("looking up"), problem);
        let addresses = match &self.host {
            Host::Ipv4(address) => vec![SocketAddr::new(IpAddr::V4(*address), self.port)],
            Host::Ipv6(address) => vec![SocketAddr::new(IpAddr::V6(*address), self.port)],
            Host::Domain(name) => match timeout_at(by, lookup_host((name.as_str(), self.port))).await {
                Ok(Ok(found)) => found.collect(),
                Ok(Err(error)) => return Err(no_name(&error)),
                Err(_) => return Err(no_name(&"no answer in time")),
            },
        };
        if addresses.is_empty() {
            return Err(no_name(&"the name has no address"));
        }
        if !self.encrypted && !addresses.iter().all(|address| address.ip().is_loopback()) {
            let problem = "an unencrypted line (ws:) is allowed to this machine only; use wss:";
            return Err(failure(LinkClosed::Untrusted, self.tried("connecting to"), problem));
        }
        Ok(addresses)
    }

    /// The first address that answers, each one tried a moment after the one before it (RFC 8305), and all of them again each
    /// second beside the tries that wait: a lost SYN is repeated after one, two, four and more seconds (RFC 6298), and a network
    /// that comes back meanwhile would only be noticed then.
    async fn connect(&self, addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
        let all =
            (0..ROUNDS).flat_map(|round| (0_u32..).zip(addresses).map(move |(place, address)| (round, place, address)));
        let mut tries: FuturesUnordered<_> = all
            .map(|(round, place, address)| async move {
                sleep(AGAIN * round + HEAD_START * place).await;
                TcpStream::connect(address).await
            })
            .collect();
        let (mut last, mut failed) = (None, 0);
        while let Some(tried) = tries.next().await {
            match tried {
                Ok(stream) => {
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => (last, failed) = (Some(error), failed + 1),
            }
            // As many as there are addresses have said no: nobody is silent, and somebody else decides about another try.
            if failed >= addresses.len() {
                break;
            }
        }
        let problem = last.map_or_else(|| "no address".to_owned(), |error| error.to_string());
        Err(failure(LinkClosed::Unreachable, self.tried("connecting to"), problem))
    }

    async fn encrypt(&self, connector: &TlsConnector, tcp: TcpStream) -> Result<MaybeTlsStream<TcpStream>, Failure> {
        let tried = || self.tried("encrypting the line to");
        let name = match &self.host {
            Host::Domain(name) => {
                ServerName::try_from(name.clone()).map_err(|error| failure(LinkClosed::NotARoom, tried(), error))?
            }
            Host::Ipv4(address) => ServerName::from(IpAddr::V4(*address)),
            Host::Ipv6(address) => ServerName::from(IpAddr::V6(*address)),
        };
        match connector.connect(name, tcp).await {
            Ok(stream) => Ok(MaybeTlsStream::Rustls(stream)),
            Err(error) => Err(failure(why_not_encrypted(&error), tried(), error)),
        }
    }

    async fn upgrade(&self, stream: MaybeTlsStream<TcpStream>) -> Result<Socket, Failure> {
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        match client_async_with_config(self.url.as_str(), stream, Some(limits)).await {
            Ok((socket, _)) => Ok(socket),
            Err(error) => Err(failure(why_not_upgraded(&error), self.tried("entering"), error)),
        }
    }
}

fn why_not_encrypted(error: &io::Error) -> LinkClosed {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => LinkClosed::Untrusted,
        _ => LinkClosed::NotARoom,
    }
}

fn why_not_upgraded(error: &WebSocketError) -> LinkClosed {
    match error {
        // A gateway in front of a room server that is down.
        WebSocketError::Http(answer) if matches!(answer.status().as_u16(), 502..=504) => LinkClosed::Unreachable,
        _ => LinkClosed::NotARoom,
    }
}

/// Who may vouch for a room server: the system's certificates, read once, and the loan's.
#[derive(Default)]
pub(super) struct Trust {
    system: Option<Arc<RootCertStore>>,
    latest: Option<(Vec<String>, TlsConnector)>,
}

impl Trust {
    fn connector(&mut self, anchors: &[String]) -> Result<TlsConnector, Failure> {
        if let Some((known, connector)) = &self.latest
            && known == anchors
        {
            return Ok(connector.clone());
        }
        let mut roots = RootCertStore::clone(self.system.get_or_insert_with(|| Arc::new(system_roots())));
        for (place, anchor) in anchors.iter().enumerate() {
            for certificate in CertificateDer::pem_slice_iter(anchor.as_bytes()) {
                let added = certificate
                    .map_err(|error| error.to_string())
                    .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
                if let Err(error) = added {
                    tracing::error!("the loan's trust_anchors[{place}] is not used: {error}; make the loan anew");
                }
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failure(LinkClosed::NotARoom, "preparing TLS", error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        self.latest = Some((anchors.to_vec(), connector.clone()));
        Ok(connector)
    }
}

/// The certificates that this system trusts.
pub(crate) fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!("a certificate of the system was not read: {error}");
    }
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        tracing::warn!("the system trusts no certificate at all: install ca-certificates");
    }
    roots
}
