//! The room-key code on the city's paper: `https://HOST[:PORT]/j#KEY`, with optional `?l=LANG` before the fragment.

use super::language::Language;
use super::loan::Loan;
use super::secret::Secret;
use std::ops::RangeInclusive;
use url::{Host, Url};

/// A room key and the server it belongs to.
#[derive(Clone, PartialEq, Eq)]
pub struct Invite {
    /// `HOST[:PORT]`, lower case, the port only where it is not 443.
    pub host: String,
    /// The room key: an opaque capability of at least 128 bits. It never leaves this value but for the hello.
    pub key: Secret,
    /// The language printed into the code.
    pub language: Option<Language>,
    /// Whether the server is reached over TLS. Only a server on this very machine may do without: the workbench's.
    pub tls: bool,
}

/// Characters of a room key: 26 of [`is_key_character`] carry 130 bits.
pub const KEY_LENGTH: RangeInclusive<usize> = 26..=64;
/// The path of the code, also of the guest page that a telephone opens.
pub const PATH: &str = "/j";
/// Longer texts are no address that anybody printed.
const LONGEST: usize = 2048;

/// Why a text is no room key for this loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// The text is no `https` or `http` address.
    #[error("the code is no web address")]
    NotAnAddress,
    /// An address, but not of a room key.
    #[error("the code is a web address, but not one of a room key (https://HOST/j#KEY)")]
    OtherAddress,
    /// A sound room key for a host that is not on the loan's list.
    #[error("the code is a room key of a place that is not on this loan's list")]
    AnotherCity,
    /// The host is on the list, but the key is missing, too short, too long or has other characters.
    #[error("the room key in the code is damaged: it needs 26 to 64 digits and letters without I, L, O and U")]
    DamagedKey,
}

impl Invite {
    /// Reads the text of a code. The scheme, the host, the path and the key may be in upper or lower case;
    /// parameters other than `l` and languages without words are ignored.
    ///
    /// `http` is accepted only for a loopback host on the loan's list.
    ///
    /// # Errors
    /// [`InviteError`] names what the text is instead.
    pub fn parse(text: &str, loan: &Loan) -> Result<Self, InviteError> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(InviteError::NotAnAddress);
        }
        let url = Url::parse(text).map_err(|_| InviteError::NotAnAddress)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(InviteError::NotAnAddress);
        }
        let tls = url.scheme() == "https";
        let bare = url.username().is_empty() && url.password().is_none();
        if !bare || !url.path().eq_ignore_ascii_case(PATH) || !(tls || is_loopback(&url)) {
            return Err(InviteError::OtherAddress);
        }
        let host = listed_host(&url).ok_or(InviteError::OtherAddress)?;
        let key = url.fragment().and_then(sound_key);
        match (loan.counter_at(&host).is_some(), key) {
            (true, Some(key)) => Ok(Self { host, key, language: language(&url), tls }),
            (true, None) => Err(InviteError::DamagedKey),
            (false, Some(_)) => Err(InviteError::AnotherCity),
            (false, None) => Err(InviteError::OtherAddress),
        }
    }

    /// The server's address without a path, such as `https://counter.city.example`.
    pub fn server_url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }

    /// The address of a WebSocket on the server; `path` begins with `/`.
    pub fn websocket_url(&self, path: &str) -> String {
        format!("{}://{}{path}", if self.tls { "wss" } else { "ws" }, self.authority())
    }

    /// The host with its port where the scheme's own is another.
    fn authority(&self) -> String {
        let has_port = self.host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        if self.tls || has_port { self.host.clone() } else { format!("{}:443", self.host) }
    }
}

/// Whether a room key may contain this character: Crockford's base 32, digits and letters without I, L, O and U.
pub fn is_key_character(character: char) -> bool {
    character.is_ascii_alphanumeric() && !"ILOU".contains(character.to_ascii_uppercase())
}

/// The key in upper case, if it is long enough and has no other characters.
pub fn sound_key(text: &str) -> Option<Secret> {
    (KEY_LENGTH.contains(&text.len()) && text.chars().all(is_key_character))
        .then(|| Secret::new(text.to_ascii_uppercase()))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// `HOST[:PORT]` as the loan writes it: without 443, whatever the scheme's own port is.
fn listed_host(url: &Url) -> Option<String> {
    let host = url.host_str().filter(|host| !host.is_empty())?.to_ascii_lowercase();
    match url.port_or_known_default() {
        Some(443) | None => Some(host),
        Some(port) => Some(format!("{host}:{port}")),
    }
}

fn language(url: &Url) -> Option<Language> {
    url.query_pairs().find(|(name, _)| name.eq_ignore_ascii_case("l")).and_then(|(_, tag)| Language::from_tag(&tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "0123456789ABCDEFGHJKMNPQRS";

    fn loan() -> Loan {
        let demo = include_str!("../workbench/demo-loan.toml");
        let hosts = "[\"localhost:8443\", \"127.0.0.1:8080\", \"[::1]:8080\", \"counter.city.example\", \"127.0.0.1\"]";
        let text = demo.replace("[\"localhost:8443\", \"127.0.0.1:8443\"]", hosts);
        assert!(text.contains(hosts), "the demo loan no longer has these hosts");
        Loan::from_toml(&text).unwrap()
    }

    fn error(text: &str) -> InviteError {
        Invite::parse(text, &loan()).map(|_| ()).unwrap_err()
    }

    #[test]
    fn a_room_key_is_read_in_upper_and_lower_case() {
        for text in [
            format!("https://counter.city.example/j#{KEY}"),
            format!("HTTPS://COUNTER.CITY.EXAMPLE/J#{KEY}"),
            format!("https://counter.city.example:443/j#{}\n", KEY.to_lowercase()),
        ] {
            let invite = Invite::parse(&text, &loan()).unwrap();
            assert_eq!(invite.host, "counter.city.example");
            assert_eq!(invite.key.expose(), KEY);
            assert_eq!(invite.language, None);
            assert_eq!(invite.server_url(), "https://counter.city.example");
            assert_eq!(invite.websocket_url("/s"), "wss://counter.city.example/s");
        }
    }

    #[test]
    fn the_language_is_one_with_words_or_none() {
        let language = |query: &str| {
            Invite::parse(&format!("https://localhost:8443/j{query}#{KEY}"), &loan()).ok().and_then(|i| i.language)
        };
        assert_eq!(language("?l=en"), Some(Language::English));
        assert_eq!(language("?x=1&L=JA"), Some(Language::Japanese));
        assert_eq!(language("?l=tlh"), None);
        assert_eq!(language("?l"), None);
    }

    #[test]
    fn only_a_listed_server_on_this_machine_may_do_without_tls() {
        let address = |text: &str| {
            Invite::parse(&format!("{text}/j#{KEY}"), &loan()).map(|i| (i.server_url(), i.websocket_url("")))
        };
        let plain = |host: &str| Ok((format!("http://{host}"), format!("ws://{host}")));
        assert_eq!(address("http://127.0.0.1:8080"), plain("127.0.0.1:8080"));
        assert_eq!(address("http://[::1]:8080"), plain("[::1]:8080"));
        assert_eq!(address("http://127.0.0.1:443"), plain("127.0.0.1:443"));
        assert_eq!(address("http://counter.city.example"), Err(InviteError::OtherAddress));
        assert_eq!(address("http://127.0.0.1"), Err(InviteError::AnotherCity));
    }

    #[test]
    fn anything_else_is_named_for_what_it_is() {
        let long = "0".repeat(65);
        for (text, named) in [
            ("", InviteError::NotAnAddress),
            ("counter.city.example/j", InviteError::NotAnAddress),
            ("mailto:counter@city.example", InviteError::NotAnAddress),
            ("https://", InviteError::NotAnAddress),
            ("https://counter.city.example/", InviteError::OtherAddress),
            ("https://counter.city.example/j/x", InviteError::OtherAddress),
            ("https://elsewhere.example/j", InviteError::OtherAddress),
            ("https://elsewhere.example/j#short", InviteError::OtherAddress),
            ("https://counter.city.example/j", InviteError::DamagedKey),
            ("https://counter.city.example/j#", InviteError::DamagedKey),
            ("https://counter.city.example/j#0123456789ABCDEFGHJKMNPQR", InviteError::DamagedKey),
            ("https://counter.city.example/j#0123456789ABCDEFGHJKMNPQRU", InviteError::DamagedKey),
            (&format!("https://counter.city.example/j#{long}"), InviteError::DamagedKey),
            (&format!("https://elsewhere.example/j#{KEY}"), InviteError::AnotherCity),
            (&format!("https://counter.city.example.evil.example/j#{KEY}"), InviteError::AnotherCity),
            (&format!("https://counter.city.example:8443/j#{KEY}"), InviteError::AnotherCity),
            (&format!("https://counter.city.example@evil.example/j#{KEY}"), InviteError::OtherAddress),
        ] {
            assert_eq!(error(text), named, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}", tail in "[a-zA-Z0-9:/@#?&=.\\[\\]%-]{0,100}") {
            let _ = Invite::parse(&text, &loan());
            let _ = Invite::parse(&format!("https://{tail}"), &loan());
        }

        #[test]
        fn every_sound_key_is_kept_and_no_other(key in "[0-9A-Za-z]{20,70}") {
            let sound = KEY_LENGTH.contains(&key.len()) && key.chars().all(is_key_character);
            match Invite::parse(&format!("https://counter.city.example/j#{key}"), &loan()) {
                Ok(invite) => {
                    prop_assert!(sound);
                    prop_assert_eq!(invite.key.expose(), key.to_ascii_uppercase());
                }
                Err(error) => prop_assert!(!sound && error == InviteError::DamagedKey),
            }
        }

        #[test]
        fn the_host_of_a_read_key_is_always_on_the_list(host in "[a-z0-9.:@\\[\\]-]{1,40}") {
            if let Ok(invite) = Invite::parse(&format!("https://{host}/j#{KEY}"), &loan()) {
                prop_assert!(loan().counter_at(&invite.host).is_some());
            }
        }
    }
}
