//! The STUN and TURN servers a seat may use, with credentials of coturn's `use-auth-secret` that expire.

use crate::model::secret::Secret;
use crate::model::wire::IceServer;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha1::Sha1;

/// Which servers there are.
#[derive(Clone, Default)]
pub struct Turn {
    /// `stun:` addresses (RFC 7064).
    pub stun: Vec<String>,
    /// `turn:` and `turns:` addresses (RFC 7065).
    pub turn: Vec<String>,
    /// `static-auth-secret` shared with coturn.
    pub secret: Option<Secret>,
    /// Media goes through the TURN servers only.
    pub relay_only: bool,
}

impl Turn {
    /// The servers for `whom`, whose TURN name is `EXPIRY:WHOM` (seconds since 1970). coturn counts its `user-quota` by what
    /// stands behind the colon.
    pub fn servers(&self, expires: Timestamp, whom: &str) -> Vec<IceServer> {
        let mut servers = Vec::new();
        if !self.stun.is_empty() {
            servers.push(IceServer { urls: self.stun.clone(), username: None, credential: None });
        }
        if let (false, Some(secret)) = (self.turn.is_empty(), &self.secret) {
            let username = format!("{}:{whom}", expires.as_second());
            let credential = Some(Secret::new(password(secret, &username)));
            servers.push(IceServer { urls: self.turn.clone(), username: Some(username), credential });
        }
        servers
    }
}

/// `base64(HMAC-SHA1(secret, username))`, as coturn's "TURN REST API" has it.
fn password(secret: &Secret, username: &str) -> String {
    // HMAC takes a key of any length (RFC 2104), so this cannot fail; an empty password would merely be refused.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes()) else { return String::new() };
    mac.update(username.as_bytes());
    data_encoding::BASE64.encode(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_those_that_coturn_computes() {
        // turnutils / `echo -n 1700000000:g1 | openssl dgst -sha1 -hmac north -binary | base64`
        let turn = Turn {
            stun: vec!["stun:127.0.0.1:3478".into()],
            turn: vec!["turn:127.0.0.1:3478".into()],
            secret: Some(Secret::new("north")),
            relay_only: false,
        };
        let servers = turn.servers(Timestamp::from_second(1_700_000_000).unwrap(), "g1");
        assert_eq!(servers.len(), 2);
        assert_eq!(servers[1].username.as_deref(), Some("1700000000:g1"));
        assert_eq!(servers[1].credential.as_ref().map(Secret::expose), Some("dL1bu1zrR7McS2tpE3Hls1WQVfk="));
    }

    #[test]
    fn without_a_secret_no_turn_server_is_offered() {
        let turn = Turn { turn: vec!["turn:x".into()], ..Turn::default() };
        assert!(turn.servers(Timestamp::UNIX_EPOCH, "g1").is_empty());
    }
}
