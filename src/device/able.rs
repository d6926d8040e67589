//! Whether a call could be made: looks, and the file that says so to whoever marks the slot good.
#![expect(clippy::disallowed_methods, reason = "writes and reads the file of what was seen working")]

use super::link::system_roots;
use crate::model::able::Able;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The supervisor keeps it, `madoguchi good` reads it.
pub const ABLE: &str = "/run/madoguchi/appliance/able.json";
/// Longest wait for NetworkManager.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A handshake in memory takes two round trips.
const FLIGHTS: u32 = 10;

#[zbus::proxy(
    interface = "org.freedesktop.NetworkManager",
    default_service = "org.freedesktop.NetworkManager",
    default_path = "/org/freedesktop/NetworkManager"
)]
trait NetworkManager {
    #[zbus(property(emits_changed_signal = "false"))]
    fn version(&self) -> zbus::Result<String>;
}

/// Whether NetworkManager answers.
///
/// # Errors
/// Why it does not.
pub async fn network_manager_answers() -> Result<(), String> {
    let ask = async {
        let bus = zbus::Connection::system().await?;
        let builder = NetworkManagerProxy::builder(&bus).cache_properties(zbus::proxy::CacheProperties::No);
        builder.build().await?.version().await
    };
    match timeout(ANSWER_WITHIN, ask).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("asking NetworkManager for its version: {error}")),
        Err(_) => Err("asking NetworkManager for its version: no answer".to_owned()),
    }
}

/// Whether TLS works in this process: the system's trust roots are read, and a client meets a server of its own in memory.
///
/// # Errors
/// What does not work.
pub fn tls_works() -> Result<(), String> {
    if system_roots().is_empty() {
        return Err("the system trusts no certificate at all: install ca-certificates".to_owned());
    }
    let said = |tried: &str, error: &dyn std::fmt::Display| format!("a handshake with ourselves: {tried}: {error}");
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])
        .map_err(|error| said("making a certificate", &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(own.cert.der().clone()).map_err(|error| said("trusting it", &error))?;
    let client = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| said("preparing the client", &error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).map_err(|error| said("its key", &error))?;
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| said("preparing the server", &error))?
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .map_err(|error| said("its certificate", &error))?;
    let name = ServerName::try_from("localhost").map_err(|error| said("its name", &error))?;
    let mut client = ClientConnection::new(Arc::new(client), name).map_err(|error| said("the client", &error))?;
    let mut server = ServerConnection::new(Arc::new(server)).map_err(|error| said("the server", &error))?;
    for _ in 0..FLIGHTS {
        if !client.is_handshaking() && !server.is_handshaking() {
            return Ok(());
        }
        let mut flight = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut flight).map_err(|error| said("speaking", &error))?;
        }
        let mut rest = flight.as_slice();
        while !rest.is_empty() {
            server.read_tls(&mut rest).map_err(|error| said("listening", &error))?;
            server.process_new_packets().map_err(|error| said("the server understands", &error))?;
        }
        let mut flight = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut flight).map_err(|error| said("answering", &error))?;
        }
        let mut rest = flight.as_slice();
        while !rest.is_empty() {
            client.read_tls(&mut rest).map_err(|error| said("hearing the answer", &error))?;
            client.process_new_packets().map_err(|error| said("the client understands", &error))?;
        }
    }
    Err("a handshake with ourselves does not come to an end".to_owned())
}

/// Time since the kernel started, with sleep.
pub fn uptime() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default()
}

/// Where the kernel lists displays and their sockets.
pub const DISPLAYS: &str = "/sys/class/drm";

/// Whether there is a display with sockets, and no TV is at any of them: a TV that is switched off is no fault of the
/// system. Without any display the answer is no.
pub fn no_tv_is_plugged(displays: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(displays) else { return false };
    let sockets: Vec<_> =
        entries.flatten().filter_map(|entry| std::fs::read_to_string(entry.path().join("status")).ok()).collect();
    !sockets.is_empty() && sockets.iter().all(|status| status.trim() != "connected")
}

/// Writes the file; a reader sees the old one or the new one.
///
/// # Errors
/// What was tried and how it failed.
pub fn write(file: &Path, able: &Able) -> Result<(), String> {
    let text = serde_json::to_string(able).map_err(|error| error.to_string())?;
    let aside = file.with_extension("new");
    fs::write(&aside, text).map_err(|error| format!("writing {}: {error}", aside.display()))?;
    fs::rename(&aside, file).map_err(|error| format!("renaming {}: {error}", aside.display()))
}

/// Reads the file; nothing while there is none.
///
/// # Errors
/// It is there and cannot be understood.
pub fn read(file: &Path) -> Result<Option<Able>, String> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("reading {}: {error}", file.display())),
    };
    serde_json::from_str(&text).map(Some).map_err(|error| format!("reading {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tv_that_is_off_is_told_from_no_display_at_all() {
        let sys = tempfile::tempdir().unwrap();
        assert!(!no_tv_is_plugged(sys.path()));
        assert!(!no_tv_is_plugged(&sys.path().join("absent")));
        for (socket, status) in [("card0-HDMI-A-1", "disconnected\n"), ("card0-HDMI-A-2", "unknown\n")] {
            std::fs::create_dir(sys.path().join(socket)).unwrap();
            std::fs::write(sys.path().join(socket).join("status"), status).unwrap();
        }
        assert!(no_tv_is_plugged(sys.path()));
        std::fs::write(sys.path().join("card0-HDMI-A-2/status"), "connected\n").unwrap();
        assert!(!no_tv_is_plugged(sys.path()));
    }

    #[test]
    fn a_client_meets_its_own_server() {
        tls_works().unwrap();
    }

    #[test]
    fn the_file_is_read_back_and_a_missing_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("able.json");
        assert_eq!(read(&file), Ok(None));
        let able = Able { display: true, turns: Some(uptime().as_secs_f64()), ..Able::default() };
        write(&file, &able).unwrap();
        assert_eq!(read(&file), Ok(Some(able)));
        fs::write(&file, "{").unwrap();
        assert!(read(&file).unwrap_err().contains("able.json"));
    }
}
