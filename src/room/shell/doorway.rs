//! A connection before anything is known of whoever opens it: how many there may be, and how long one has to say what is wanted.

use super::metrics::Metrics;
use crate::meeting::limits::network_of;
use axum_server::accept::Accept;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::collections::HashMap;
use std::future::Future;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// So many connections are open at once, if nothing else is said: the seats of a city's busiest day, and pages beside them.
/// What systemd allows (`LimitNOFILE`) has room for them.
pub const CONNECTIONS: usize = 4_000;
/// Descriptors for everything else: the database, the certificate's files, the listeners.
pub const OTHER_FILES: usize = 96;
/// Connections of one network: a whole town hall may be behind one address.
const OF_ONE_NETWORK: usize = 600;
/// The head of a request has come within this time, and the next one's after it.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// HTTP/2 would begin with this, and has no deadline for heads. No method of HTTP/1 begins so.
const HTTP_2: &[u8] = b"PRI";

/// Deadlines of HTTP itself.
pub(in crate::room) fn set_deadlines(http: &mut Builder<TokioExecutor>) {
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
}

/// Counts who is in.
#[derive(Clone)]
pub(in crate::room) struct Doorway {
    at_most: usize,
    behind_proxy: bool,
    inside: Arc<Mutex<Inside>>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Inside {
    all: usize,
    of_network: HashMap<IpAddr, usize>,
}

impl Doorway {
    /// `wanted` connections, or as many as this process may have open.
    pub(in crate::room) fn new(wanted: usize, behind_proxy: bool, metrics: Arc<Metrics>) -> Self {
        let at_most = match nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE) {
            Ok((files, _)) => {
                usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(OTHER_FILES).max(1).min(wanted)
            }
            Err(_) => wanted,
        };
        if at_most < wanted {
            tracing::warn!(
                at_most,
                wanted,
                "this process may have few files open: fewer connections are taken (LimitNOFILE)"
            );
        }
        Self { at_most, behind_proxy, inside: Arc::default(), metrics }
    }

    /// Lets a connection in; `None` when there are too many.
    fn enter(&self, from: IpAddr) -> Option<Place> {
        // All that come by a proxy come from one address.
        let network = (!(self.behind_proxy && from.is_loopback())).then(|| network_of(from));
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let of_network = network.map_or(0, |network| inside.of_network.get(&network).copied().unwrap_or(0));
        if inside.all >= self.at_most || of_network >= OF_ONE_NETWORK {
            drop(inside);
            self.metrics.turned_away();
            return None;
        }
        inside.all += 1;
        if let Some(network) = network {
            inside.of_network.insert(network, of_network + 1);
        }
        Some(Place { network, inside: self.inside.clone() })
    }
}

/// One connection's place: free again once it is dropped.
struct Place {
    network: Option<IpAddr>,
    inside: Arc<Mutex<Inside>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.all -= 1;
        if let Some(network) = self.network
            && let Some(count) = inside.of_network.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                inside.of_network.remove(&network);
            }
        }
    }
}

/// Counts connections before `then` takes them, which may be TLS.
#[derive(Clone)]
pub(in crate::room) struct Door<A> {
    pub(in crate::room) doorway: Doorway,
    pub(in crate::room) then: A,
}

impl<A, S> Accept<TcpStream, S> for Door<A>
where
    A: Accept<TcpStream, S>,
    A::Future: Send + 'static,
{
    type Stream = Visitor<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let place = stream.peer_addr().ok().and_then(|from| self.doorway.enter(from.ip()));
        let taken = self.then.accept(stream, service);
        Box::pin(async move {
            let Some(place) = place else { return Err(ErrorKind::ConnectionRefused.into()) };
            let (stream, service) = taken.await?;
            let silent = Some(Box::pin(tokio::time::sleep(HEAD_WITHIN)));
            Ok((Visitor { stream, silent, like_http_2: 0, _place: place }, service))
        })
    }
}

/// A connection that has a place. HTTP's own deadline begins with the first byte; until then it is this one's.
pub(in crate::room) struct Visitor<IO> {
    stream: IO,
    silent: Option<Pin<Box<Sleep>>>,
    /// So many bytes were as in [`HTTP_2`].
    like_http_2: usize,
    _place: Place,
}

impl<IO> Visitor<IO> {
    fn look_at(&mut self, said: &[u8]) -> Result<()> {
        for byte in said {
            if self.silent.is_none() {
                break;
            }
            if HTTP_2.get(self.like_http_2) == Some(byte) {
                self.like_http_2 += 1;
                if self.like_http_2 == HTTP_2.len() {
                    return Err(Error::new(ErrorKind::InvalidData, "HTTP/2 is not spoken here"));
                }
            } else {
                self.silent = None;
            }
        }
        Ok(())
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Visitor<IO> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            return Poll::Ready(read.and_then(|()| self.look_at(&buffer.filled()[before..])));
        }
        if let Some(silent) = &mut self.silent {
            ready!(silent.as_mut().poll(context));
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Visitor<IO> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doorway(at_most: usize, behind_proxy: bool) -> Doorway {
        Doorway { at_most, behind_proxy, inside: Arc::default(), metrics: Arc::default() }
    }

    #[test]
    fn one_household_takes_its_share_and_not_its_neighbours() {
        let doorway = doorway(CONNECTIONS, false);
        let own = |host: usize| format!("2001:db8:1:2::{host:x}").parse().unwrap();
        let mut inside: Vec<_> = (0..OF_ONE_NETWORK).map(|host| doorway.enter(own(host)).unwrap()).collect();
        assert!(doorway.enter(own(0xffff)).is_none(), "another address of the same /64");
        assert!(doorway.enter("2001:db8:1:3::1".parse().unwrap()).is_some());
        inside.pop();
        assert!(doorway.enter(own(0xffff)).is_some());
        drop(inside);
        assert!(doorway.inside.lock().unwrap().of_network.is_empty(), "whoever left is forgotten");
    }

    #[test]
    fn behind_a_proxy_only_the_whole_is_counted() {
        let doorway = doorway(OF_ONE_NETWORK + 2, true);
        let proxy = IpAddr::from([127, 0, 0, 1]);
        let inside: Vec<_> = (0..OF_ONE_NETWORK + 2).map(|_| doorway.enter(proxy).unwrap()).collect();
        assert!(doorway.enter(proxy).is_none());
        drop(inside);
        assert!(doorway.enter(proxy).is_some());
    }

    #[test]
    fn the_unit_allows_as_many_files_as_there_may_be_connections() {
        let unit = include_str!("../../../systemd/madoguchi-room.service");
        let limit = unit.lines().find_map(|line| line.strip_prefix("LimitNOFILE=")).unwrap();
        assert!(limit.parse::<usize>().unwrap() >= CONNECTIONS + OTHER_FILES, "{limit}");
        assert!(unit.lines().any(|line| line == "LimitCORE=0"), "nothing about a person may reach a core file");
    }
}
