//! The room server: gives a reserved slot a room, brings the two ends together and gets out of the way.
//!
//! [`crate::meeting`] decides (pure, in the time it is given); [`store`] remembers; [`serve`] is the shell of sockets
//! around them. Media never passes through here: it goes from end to end, or over a TURN server ([`crate::meeting::turn`]).

#![expect(
    clippy::disallowed_methods,
    reason = "the server's shell: it reads the clock and its certificate, and owns its tasks"
)]

pub mod appointments;
pub mod command;
pub mod config;
pub mod demo;
pub mod key;
pub mod schema;
pub mod second_factor;
pub mod shell;
pub mod store;
mod told;
pub mod web;

pub use config::{Clock, Config, Steady, Tls};

use crate::meeting::{Registry, Settings};
use second_factor::{Next, Policy};
use shell::doorway::{self, Door, Doorway};
use shell::hub::Hub;
use shell::metrics::{self, Metrics};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use store::{Store, StoreError};
use tokio::task::JoinHandle;
use web::hashing::Hashing;
use web::http::{self, Desk};
use web::{second_step, sign_in};

/// Connections to [`Config::metrics`].
const METRICS_CONNECTIONS: usize = 16;
/// The certificate's files are looked at so often.
const LOOK_AT_CERTIFICATE: Duration = Duration::from_secs(5);

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Plain HTTP where others could listen.
    PlainOnNetwork(SocketAddr),
    /// Metrics where others could read them.
    MetricsOnNetwork(SocketAddr),
    /// The public address is not one.
    PublicAddress(String),
    /// The time zone is not known.
    TimeZone(String),
    /// The address is taken or not ours.
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// The certificate or its key cannot be used.
    Certificate {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A second factor is wanted, and there is no key to keep it with.
    SecondFactorKey,
    /// The store.
    Store(#[from] StoreError),
}

/// A running server. Dropping it ends it without a goodbye, as a crash would; [`Running::stop`] ends it politely.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where its health and metrics are.
    pub metrics: Option<SocketAddr>,
    /// `SCHEME://HOST[:PORT]` of its pages.
    pub public: String,
    hub: Hub,
    certificate: Option<Arc<Certificate>>,
    handles: Vec<axum_server::Handle<SocketAddr>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Takes the certificate and its key from their files again, for connections from now on: those that are there go on.
    ///
    /// # Errors
    /// [`ServeError::Certificate`]; the earlier certificate stays.
    pub async fn reload(&self) -> Result<(), ServeError> {
        match &self.certificate {
            Some(certificate) => certificate.reload().await,
            None => Ok(()),
        }
    }

    /// Says goodbye to everybody (their seats may be resumed at the next start) and waits for the end.
    pub async fn stop(mut self) {
        self.hub.stop().await;
        for handle in &self.handles {
            handle.graceful_shutdown(Some(Duration::from_secs(2)));
        }
        for task in self.tasks.drain(..) {
            if self.certificate.take().is_some() {
                // The first one looks at the certificate's files for ever.
                task.abort();
            }
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for handle in &self.handles {
            handle.shutdown();
        }
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Starts the server and gives it back once it listens.
///
/// # Errors
/// [`ServeError`] says what to change.
pub async fn serve(config: Config) -> Result<Running, ServeError> {
    if config.tls.is_none() && !config.listen.ip().is_loopback() {
        return Err(ServeError::PlainOnNetwork(config.listen));
    }
    if let Some(address) = config.metrics.filter(|address| !address.ip().is_loopback()) {
        return Err(ServeError::MetricsOnNetwork(address));
    }
    let time_zone =
        jiff::tz::TimeZone::get(&config.time_zone).map_err(|_| ServeError::TimeZone(config.time_zone.clone()))?;
    let policy = Policy::of(&config.second_factor).map_err(|_| ServeError::SecondFactorKey)?;
    let tls = match &config.tls {
        Some(tls) => Some(Arc::new(Certificate::load(tls).await?)),
        None => None,
    };
    let (listener, address) = listen(config.listen)?;
    let public = config.public_at(address)?;
    let store = Store::create(&config.database)?;
    // Also at each request: a full disk is no reason to let them in.
    if policy.offers()
        && let Err(error) = store.end_sessions_with_one_factor(policy.after_password(false) == Next::Enrol)
    {
        tracing::error!(%error, "sign-ins with a password alone could not be ended");
    }
    let metrics = Arc::new(Metrics::default());
    let settings = Settings {
        time_zone: config.time_zone.clone(),
        turn: Arc::new(config.turn.clone()),
        oldest_firmware: config.updates.minimum.clone(),
    };
    let clocks = (config.clock.clone(), config.steady.clone());
    let hub = Hub::start(Registry::new(settings), store.clone(), clocks, metrics.clone()).await?;
    let desk = Desk {
        hub: hub.clone(),
        store,
        clock: config.clock.clone(),
        steady: config.steady.clone(),
        metrics: metrics.clone(),
        city: config.city.clone(),
        time_zone,
        origins: Arc::new(config.origins_at(address, &public)),
        public: public.clone(),
        behind_proxy: config.behind_proxy,
        failed_sign_ins: Arc::new(Mutex::new(sign_in::limits())),
        ended_sessions: Arc::default(),
        hashing: Hashing::new(),
        policy: Arc::new(policy),
        tickets: Arc::default(),
        seeds: Arc::default(),
        failed_codes: Arc::new(Mutex::new(second_step::limits())),
        updates: config.updates.folder.clone().map(Arc::new),
    };
    let mut running =
        Running { address, metrics: None, public, hub, certificate: None, handles: Vec::new(), tasks: Vec::new() };
    if let Some(tls) = &tls {
        running.certificate = Some(tls.clone());
        running.tasks.push(tokio::spawn(tls.clone().watch()));
    }
    let doorway = Doorway::new(config.connections, config.behind_proxy, metrics.clone());
    running.spawn(listener, address, tls.map(|tls| tls.served.clone()), doorway, http::routes(desk))?;
    if let Some(wanted) = config.metrics {
        let (listener, address) = listen(wanted)?;
        running.metrics = Some(address);
        // What looks after the server comes in however many are at the other door.
        let doorway = Doorway::new(METRICS_CONNECTIONS, true, metrics.clone());
        running.spawn(listener, address, None, doorway, metrics::routes(metrics))?;
    }
    Ok(running)
}

impl Running {
    fn spawn(
        &mut self,
        listener: TcpListener,
        address: SocketAddr,
        tls: Option<axum_server::tls_rustls::RustlsConfig>,
        doorway: Doorway,
        routes: axum::Router,
    ) -> Result<(), ServeError> {
        let handle = axum_server::Handle::new();
        self.handles.push(handle.clone());
        let service = routes.into_make_service_with_connect_info::<SocketAddr>();
        let fail = |error| ServeError::Listen { address, error };
        let task = match tls {
            Some(tls) => {
                let server = axum_server::from_tcp_rustls(listener, tls).map_err(fail)?.handle(handle);
                let mut server = server.map(|then| Door { doorway, then });
                doorway::set_deadlines(server.http_builder());
                tokio::spawn(async move { ended(address, server.serve(service).await) })
            }
            None => {
                let server = axum_server::from_tcp(listener).map_err(fail)?.handle(handle);
                let mut server = server.map(|then| Door { doorway, then });
                doorway::set_deadlines(server.http_builder());
                tokio::spawn(async move { ended(address, server.serve(service).await) })
            }
        };
        self.tasks.push(task);
        Ok(())
    }
}

fn ended(address: SocketAddr, result: std::io::Result<()>) {
    if let Err(error) = result {
        tracing::error!(%address, %error, "the server no longer listens");
    }
}

fn listen(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let fail = |error| ServeError::Listen { address: wanted, error };
    let listener = TcpListener::bind(wanted).map_err(fail)?;
    listener.set_nonblocking(true).map_err(fail)?;
    let address = listener.local_addr().map_err(fail)?;
    Ok((listener, address))
}

/// The certificate that is served, and the files that it came from. Certificates are renewed every few weeks (RFC 8555
/// and its programs), and no call may end for it.
struct Certificate {
    files: Tls,
    served: axum_server::tls_rustls::RustlsConfig,
}

impl Certificate {
    async fn load(files: &Tls) -> Result<Self, ServeError> {
        // Fails only when a provider is installed already, and then there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let served = axum_server::tls_rustls::RustlsConfig::from_config(Self::read(files).await?);
        Ok(Self { files: files.clone(), served })
    }

    async fn read(files: &Tls) -> Result<Arc<rustls::ServerConfig>, ServeError> {
        let read = axum_server::tls_rustls::RustlsConfig::from_pem_file(&files.cert, &files.key).await;
        let mut config = rustls::ServerConfig::clone(&read.map_err(|error| unusable(files, error))?.get_inner());
        // The doorway lets nothing else in.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    async fn reload(&self) -> Result<(), ServeError> {
        self.served.reload_from_config(Self::read(&self.files).await?);
        Ok(())
    }

    /// Takes new files some seconds after they were written. A half-written pair does not fit together, is refused, and is
    /// looked at again.
    async fn watch(self: Arc<Self>) {
        let mut served = self.stamp().await;
        let mut said = served;
        loop {
            tokio::time::sleep(LOOK_AT_CERTIFICATE).await;
            let found = self.stamp().await;
            if found == served || found.contains(&None) {
                continue;
            }
            match self.reload().await {
                Ok(()) => {
                    served = found;
                    tracing::info!(cert = %self.files.cert.display(), "the new certificate is served");
                }
                Err(error) if said != found => {
                    said = found;
                    tracing::error!(%error, "the earlier certificate is still served");
                }
                Err(_) => {}
            }
        }
    }

    /// When the two files were written, and how long they are.
    async fn stamp(&self) -> [Option<(SystemTime, u64)>; 2] {
        let mut stamp = [None; 2];
        for (stamp, file) in stamp.iter_mut().zip([&self.files.cert, &self.files.key]) {
            let found = tokio::fs::metadata(file).await.ok();
            *stamp = found.and_then(|found| Some((found.modified().ok()?, found.len())));
        }
        stamp
    }
}

fn unusable(files: &Tls, error: std::io::Error) -> ServeError {
    ServeError::Certificate { cert: files.cert.clone(), key: files.key.clone(), error }
}
