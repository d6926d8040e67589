//! How the server is set up: from the command line, a TOML file, or a test.

#![expect(clippy::disallowed_methods, reason = "the server's own clock is the one that counts; the file is read once")]

use super::second_factor::{Demand, Rule};
use super::{ServeError, doorway};
use crate::meeting::turn::Turn;
use crate::model::secret::Secret;
use crate::model::update::is_version;
use crate::model::uptime::Uptime;
use crate::model::wire::Words;
use crate::words::message::Kind;
use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::{Host, Url};
use zeroize::Zeroizing;

/// Where the server's time comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Where elapsed time comes from: whatever happens to the wall clock, it goes on evenly.
pub type Steady = Arc<dyn Fn() -> Uptime + Send + Sync>;

/// A certificate and its key, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate chain.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What is known here of the devices' firmware: `[updates]` of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Updates {
    /// Folder with bundles and the pointers to them; nothing is given out without.
    pub folder: Option<PathBuf>,
    /// The oldest firmware that is good enough: whoever has an older one is told to bring the device back.
    #[serde(default, deserialize_with = "version")]
    pub minimum: Option<String>,
}

fn version<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let written = String::deserialize(from)?;
    match is_version(&written) {
        true => Ok(Some(written)),
        false => Err(Error::custom(format!("\"{written}\" is no version; write it like \"0.2.0\""))),
    }
}

/// Everything that [`super::serve`] needs.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The SQLite file.
    pub database: PathBuf,
    /// Certificate and key; without them only loopback addresses are served.
    pub tls: Option<Tls>,
    /// `https://HOST[:PORT]` that stands on paper, where it is not the listening address.
    pub public: Option<String>,
    /// Health and metrics; a loopback address.
    pub metrics: Option<SocketAddr>,
    /// IANA time zone in which times are shown.
    pub time_zone: String,
    /// The city's name.
    pub city: Words,
    /// STUN and TURN.
    pub turn: Turn,
    /// What devices run, and what they can have.
    pub updates: Updates,
    /// A proxy on this machine adds `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Connections at once, at the most; fewer where the process may not have as many files open.
    pub connections: usize,
    /// Whether staff sign in with a second factor.
    pub second_factor: Rule,
    /// The wall clock.
    pub clock: Clock,
    /// The clock for how long something takes.
    pub steady: Steady,
}

impl Config {
    /// A plain server on a free loopback port, for the workbench and for tests.
    pub fn on_loopback(database: &Path) -> Self {
        let start = std::time::Instant::now();
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database: database.to_owned(),
            tls: None,
            public: None,
            metrics: None,
            time_zone: "Asia/Tokyo".to_owned(),
            city: super::demo::city(),
            turn: Turn::default(),
            updates: Updates::default(),
            behind_proxy: false,
            connections: doorway::CONNECTIONS,
            second_factor: Rule::default(),
            clock: Arc::new(Timestamp::now),
            steady: Arc::new(move || Uptime::from_duration(start.elapsed())),
        }
    }

    /// The address of our pages once we listen at `address`.
    pub(super) fn public_at(&self, address: SocketAddr) -> Result<String, ServeError> {
        let Some(public) = &self.public else {
            let scheme = if self.tls.is_some() { "https" } else { "http" };
            return Ok(format!("{scheme}://{address}"));
        };
        let wrong = || ServeError::PublicAddress(public.clone());
        let url = Url::parse(public).map_err(|_| wrong())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let sound = match url.scheme() {
            "https" => url.host().is_some(),
            "http" => is_loopback(&url),
            _ => false,
        };
        if bare && sound { Ok(url.origin().ascii_serialization()) } else { Err(wrong()) }
    }

    /// Origins that are our own pages.
    pub(super) fn origins_at(&self, address: SocketAddr, public: &str) -> Vec<String> {
        let mut origins = vec![public.to_owned()];
        if address.ip().is_loopback() && public.starts_with("http:") {
            for host in ["127.0.0.1", "localhost", "[::1]"] {
                origins.push(format!("http://{host}:{}", address.port()));
            }
        }
        origins
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(four)) => IpAddr::V4(four).is_loopback(),
        Some(Host::Ipv6(six)) => IpAddr::V6(six).is_loopback(),
        None => false,
    }
}

/// The TOML file of `serve --config`. What the command line says comes before it.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// [`Config::listen`].
    pub listen: Option<SocketAddr>,
    /// [`Config::database`].
    pub database: Option<PathBuf>,
    /// [`Config::tls`].
    pub tls: Option<Tls>,
    /// [`Config::public`].
    pub public: Option<String>,
    /// [`Config::metrics`].
    pub metrics: Option<SocketAddr>,
    /// [`Config::time_zone`].
    pub time_zone: Option<String>,
    /// [`Config::city`].
    pub city: Option<Words>,
    /// [`Config::behind_proxy`].
    #[serde(default)]
    pub behind_proxy: bool,
    /// [`Config::connections`].
    pub connections: Option<usize>,
    /// [`Config::turn`].
    #[serde(default)]
    pub turn: TurnFile,
    /// [`Config::second_factor`].
    #[serde(default)]
    pub staff: StaffFile,
    /// [`Config::updates`].
    #[serde(default)]
    pub updates: Updates,
}

/// `[staff]` of the file.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffFile {
    /// [`Rule::demand`].
    #[serde(default)]
    pub second_factor: Demand,
    /// A file that holds [`Rule::key`]; not read while it is off.
    pub key_file: Option<PathBuf>,
}

/// `[turn]` of the file.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnFile {
    /// [`Turn::stun`].
    #[serde(default)]
    pub stun: Vec<String>,
    /// [`Turn::turn`].
    #[serde(default)]
    pub urls: Vec<String>,
    /// A file that holds `static-auth-secret`, so that the secret is not in this one.
    pub secret_file: Option<PathBuf>,
    /// [`Turn::relay_only`].
    #[serde(default)]
    pub relay_only: bool,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    Read {
        /// What kind of file.
        kind: Kind,
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is not what we expect.
    Toml {
        /// Which.
        file: PathBuf,
        /// Where and why.
        error: toml::de::Error,
    },
}

impl File {
    /// Reads the file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        toml::from_str(&text(Kind::Settings, file)?).map_err(|error| ConfigError::Toml { file: file.to_owned(), error })
    }
}

impl StaffFile {
    /// The rule, with its key.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn rule(&self) -> Result<Rule, ConfigError> {
        let file = self.key_file.as_deref().filter(|_| self.second_factor != Demand::Off);
        let key = file.map(|file| secret(Kind::SecondFactorKey, file)).transpose()?;
        Ok(Rule { demand: self.second_factor, key })
    }
}

/// Reads a secret: the file's first line.
///
/// # Errors
/// [`ConfigError`].
pub fn secret(kind: Kind, file: &Path) -> Result<Secret, ConfigError> {
    let text = Zeroizing::new(text(kind, file)?);
    Ok(Secret::new(text.lines().next().unwrap_or_default().trim()))
}

fn text(kind: Kind, file: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(file).map_err(|error| ConfigError::Read { kind, file: file.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_on_paper_is_for_loopback_only() {
        let at = SocketAddr::from(([127, 0, 0, 1], 8443));
        let with = |public: &str| {
            let mut config = Config::on_loopback(Path::new("x"));
            config.public = Some(public.to_owned());
            config.public_at(at).ok()
        };
        assert_eq!(with("https://counter.city.example/").as_deref(), Some("https://counter.city.example"));
        assert_eq!(with("http://localhost:8443").as_deref(), Some("http://localhost:8443"));
        for wrong in ["http://counter.city.example", "ftp://x", "https://x/path", "https://user@x", "counter"] {
            assert_eq!(with(wrong), None, "{wrong}");
        }
        assert_eq!(Config::on_loopback(Path::new("x")).public_at(at).unwrap(), "http://127.0.0.1:8443");
    }

    #[test]
    fn the_sample_settings_are_read_and_mistakes_are_named() {
        let sample = include_str!("room.toml.example");
        let file: File = toml::from_str(sample).unwrap();
        assert_eq!(file.public.as_deref(), Some("https://counter.city.example"));
        assert_eq!(file.turn.urls.len(), 3);
        assert_eq!(file.staff.second_factor, Demand::Off);
        for (from, to) in [("relay_only", "relay_olny"), ("\"0.1.0\"", "\"newest\"")] {
            assert!(sample.contains(from), "{from}");
            let mistake = toml::from_str::<File>(&sample.replace(from, to)).err().unwrap();
            assert!(mistake.to_string().contains(to.trim_matches('"')), "{mistake}");
        }
    }
}
