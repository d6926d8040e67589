//! The other end's candidates (RFC 8838), in order and with their names looked up.
//!
//! Browsers hide their addresses behind `.local` names (mDNS). webrtcbin 1.22 leaks its ICE agent with all sockets for
//! each name that cannot be found, so names are looked up here, and what is not found is left out: the browser's
//! checks reach this end all the same, and make its address known.

use super::negotiate;
use crate::model::wire::Candidate;
use gstreamer as gst;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How long a name may take.
const LOOKUP: Duration = Duration::from_secs(3);
/// A browser has some ten; more than this are not taken.
pub(super) const MOST: usize = 100;

/// A browser's has some 200 letters.
const LONGEST: usize = 512;
/// Two sections are offered.
const LAST_SECTION: u32 = 15;

/// Whether a candidate is one that a browser could have made; nothing else reaches webrtcbin's and libnice's parsers.
pub(super) fn is_plain(candidate: &Candidate) -> bool {
    let text = &candidate.candidate;
    text.len() <= LONGEST && candidate.mline <= LAST_SECTION && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

/// Hands candidates on to webrtcbin until the session is over.
pub(super) async fn take(webrtc: gst::Element, mut candidates: mpsc::Receiver<Candidate>) {
    let mut lookups = JoinSet::new();
    let mut end = None;
    let mut taken = 0;
    loop {
        tokio::select! {
            candidate = candidates.recv() => match candidate {
                Some(candidate) if candidate.candidate.is_empty() => end = Some(candidate),
                Some(candidate) if taken < MOST => {
                    taken += 1;
                    lookups.spawn(found(candidate));
                }
                Some(_) => {}
                None => break,
            },
            Some(looked_up) = lookups.join_next() => {
                if let Ok(Some(candidate)) = looked_up {
                    negotiate::candidate(&webrtc, &candidate);
                }
            }
        }
        if lookups.is_empty()
            && let Some(end) = end.take()
        {
            negotiate::candidate(&webrtc, &end);
        }
    }
}

/// The candidate with an address instead of a `.local` name.
async fn found(candidate: Candidate) -> Option<Candidate> {
    let Some(name) = local_name(&candidate.candidate) else { return Some(candidate) };
    let addresses = tokio::time::timeout(LOOKUP, tokio::net::lookup_host((name.as_str(), 0))).await.ok()?.ok()?;
    let address = addresses.map(|address| address.ip()).find(std::net::IpAddr::is_ipv4)?;
    Some(Candidate { candidate: candidate.candidate.replacen(&name, &address.to_string(), 1), ..candidate })
}

/// The `.local` name in a candidate, if it has one (RFC 8839: the fifth word is the address).
fn local_name(candidate: &str) -> Option<String> {
    let address = candidate.split(' ').nth(4)?;
    address.to_ascii_lowercase().ends_with(".local").then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(address: &str) -> Candidate {
        Candidate { candidate: format!("candidate:1 1 udp 2113937151 {address} 59301 typ host"), mline: 0 }
    }

    #[test]
    fn what_no_browser_makes_is_left_out() {
        for text in ["", "candidate:1 1 udp 2113937151 192.0.2.7 59301 typ host generation 0 ufrag Zx/+ network-id 1"] {
            assert!(is_plain(&Candidate { candidate: text.into(), mline: 1 }), "{text}");
        }
        let long = format!("candidate:1 {}", "x".repeat(LONGEST));
        for text in [long.as_str(), "candidate:1\0", "candidate:1\r\na=x", "candidate:\u{3042}"] {
            assert!(!is_plain(&Candidate { candidate: text.into(), mline: 1 }), "{text:?}");
        }
        assert!(!is_plain(&Candidate { mline: u32::MAX, ..candidate("192.0.2.7") }));
    }

    #[tokio::test]
    async fn only_names_are_looked_up() {
        for address in ["192.0.2.7", "2001:db8::1"] {
            assert_eq!(found(candidate(address)).await, Some(candidate(address)));
        }
        assert_eq!(
            local_name("candidate:1 1 udp 1 52ca3fde-cec2.LOCAL 1 typ host").as_deref(),
            Some("52ca3fde-cec2.LOCAL")
        );
        assert_eq!(local_name("nonsense"), None);
    }
}
