//! STUN and TURN servers as webrtcbin wants them.

use crate::model::secret::Secret;
use crate::model::wire::IceServer;
use std::fmt::Write as _;

/// What a list of servers means for one pipeline.
#[derive(Default)]
pub(super) struct Servers {
    /// `stun://HOST:PORT`; webrtcbin takes one.
    pub(super) stun: Option<String>,
    /// Relays over UDP and plain TCP.
    pub(super) relays: Vec<Relay>,
    /// Relays over TLS (RFC 7065 `turns:`), which webrtcbin would silently reach in the clear.
    pub(super) tls_relays: Vec<Relay>,
}

/// One TURN server.
pub(super) struct Relay {
    pub(super) host: String,
    pub(super) port: u16,
    tcp: bool,
    user: String,
    password: Secret,
}

impl Servers {
    /// Reads the addresses of RFC 7064 and RFC 7065; what cannot be read is left out.
    pub(super) fn read(servers: &[IceServer]) -> Self {
        let mut read = Self::default();
        for server in servers {
            for url in &server.urls {
                read.add(server, url);
            }
        }
        read
    }

    fn add(&mut self, server: &IceServer, url: &str) {
        let Some((scheme, rest)) = url.split_once(':') else { return };
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let tcp = query.split('&').any(|part| part == "transport=tcp");
        let port = if scheme == "turns" { 5349 } else { 3478 };
        let Some((host, port)) = host_and_port(address, port) else { return };
        if scheme == "stun" {
            self.stun.get_or_insert_with(|| format!("stun://{}:{port}", bracketed(&host)));
            return;
        }
        let (Some(user), Some(password)) = (server.username.clone(), server.credential.clone()) else { return };
        match scheme {
            "turn" => self.relays.push(Relay { host, port, tcp, user, password }),
            // TURN over DTLS is left out: nobody offers it, and TLS is there for strict networks.
            "turns" if query.is_empty() || tcp => {
                self.tls_relays.push(Relay { host, port, tcp: true, user, password });
            }
            _ => {}
        }
    }
}

impl Relay {
    /// As webrtcbin wants it, password included.
    pub(super) fn address(&self) -> Secret {
        self.address_at(&self.host, self.port)
    }

    /// The same relay, reached at another place (the local end of a tunnel).
    pub(super) fn address_at(&self, host: &str, port: u16) -> Secret {
        Secret::new(format!(
            "turn://{}:{}@{}:{port}?transport={}",
            escaped(&self.user),
            escaped(self.password.expose()),
            bracketed(host),
            if self.tcp { "tcp" } else { "udp" },
        ))
    }
}

fn host_and_port(address: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = if let Some(rest) = address.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        (host, after.strip_prefix(':'))
    } else {
        address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port)))
    };
    let port = port.map_or(Ok(default), str::parse).ok()?;
    let plain = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:_%".contains(&byte));
    plain.then(|| (host.to_owned(), port))
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// Percent-encoding (RFC 3986) of everything but unreserved characters: webrtcbin splits at `:` and `@`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(urls: &[&str]) -> IceServer {
        IceServer {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            username: Some("1700000000:guest".into()),
            credential: Some(Secret::new("a+b/c=@:")),
        }
    }

    #[test]
    fn relays_get_their_escaped_credentials() {
        let read = Servers::read(&[server(&["turn:relay.example?transport=tcp", "turn:[2001:db8::1]:3479"])]);
        let addresses: Vec<_> = read.relays.iter().map(|relay| relay.address().expose().to_owned()).collect();
        assert_eq!(
            addresses,
            [
                "turn://1700000000%3Aguest:a%2Bb%2Fc%3D%40%3A@relay.example:3478?transport=tcp",
                "turn://1700000000%3Aguest:a%2Bb%2Fc%3D%40%3A@[2001:db8::1]:3479?transport=udp",
            ]
        );
    }

    #[test]
    fn tls_never_becomes_a_plain_relay() {
        let read = Servers::read(&[server(&["turns:relay.example:443?transport=tcp", "turns:relay.example"])]);
        assert!(read.relays.is_empty());
        assert_eq!(read.tls_relays.iter().map(|relay| relay.port).collect::<Vec<_>>(), [443, 5349]);
    }

    #[test]
    fn the_first_stun_server_is_used_and_nonsense_left_out() {
        let read =
            Servers::read(&[server(&["nonsense", "stun:", "stun:a/b", "stun:one.example", "stun:two.example:1"])]);
        assert_eq!(read.stun.as_deref(), Some("stun://one.example:3478"));
    }
}
