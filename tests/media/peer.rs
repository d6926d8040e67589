//! The other end: Chromium with a drawn picture and a tone.

use crate::browser::Browser;
use madoguchi::model::wire::Candidate;
use serde::Deserialize;
use serde_json::{Value, json};

/// Pitch of the browser's tone, in hertz.
pub(crate) const THEIR_PITCH: f64 = 1000.0;

/// A call's other end in a browser.
pub(crate) struct Peer {
    browser: Browser,
    rsa: bool,
}

/// What the browser sees and hears.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Report {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) state: String,
    pub(crate) frames_decoded: u64,
    pub(crate) packets_sent: u64,
    pub(crate) frames_sent: u64,
    pub(crate) audio_packets: u64,
    pub(crate) video_packets: u64,
    /// Height of our picture.
    pub(crate) height: u32,
    /// How often the browser asked for a lost packet, and was asked, and sent one again.
    pub(crate) nacks_sent: u64,
    pub(crate) nacks_received: u64,
    pub(crate) sent_again: u64,
    /// Samples of sound that were played, and those of them that were made up because none came in time.
    pub(crate) samples_received: u64,
    pub(crate) samples_concealed: u64,
    /// Mean seconds that sound waited in the jitter buffer.
    pub(crate) jitter_buffer: f64,
    pub(crate) left: Option<[u8; 3]>,
    pub(crate) right: Option<[u8; 3]>,
    /// Of the loudest frequency, in decibels.
    pub(crate) loudness: f64,
    /// The loudest frequency, in hertz.
    pub(crate) pitch: f64,
    /// Kind of the own candidate, its protocol to the relay, kind of the other end's.
    pub(crate) relayed: Option<[Option<String>; 3]>,
}

impl Peer {
    pub(crate) async fn start() -> Self {
        Self { browser: Browser::open(&[]).await, rsa: false }
    }

    /// With a certificate as browsers made them in former times.
    pub(crate) async fn with_an_rsa_key() -> Self {
        Self { rsa: true, ..Self::start().await }
    }

    /// Opens a new page with a picture and a tone, ready for an offer.
    pub(crate) async fn begin(&self, ice_servers: Value, relay_only: bool) {
        self.browser.go("about:blank").await;
        self.browser.script(include_str!("peer.js")).await;
        self.browser.call("call.begin", vec![ice_servers, json!(relay_only), json!(self.rsa)]).await;
    }

    pub(crate) async fn answer(&self, offer: &str) -> String {
        self.browser.call("call.answer", vec![json!(offer)]).await.as_str().unwrap().to_owned()
    }

    pub(crate) async fn add_candidate(&self, candidate: &Candidate) {
        self.browser.call("call.addCandidate", vec![serde_json::to_value(candidate).unwrap()]).await;
    }

    pub(crate) async fn mute(&self, muted: bool) {
        self.browser.call("call.mute", vec![json!(muted)]).await;
    }

    pub(crate) async fn report(&self) -> Report {
        serde_json::from_value(self.browser.call("call.report", vec![]).await).unwrap()
    }

    /// Kills it without a word, as a power cut would.
    pub(crate) fn kill(&self) {
        self.browser.kill();
    }
}
