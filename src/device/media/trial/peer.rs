//! Two connections of our own verify each other as a session verifies the counter, and notice a forged fingerprint.

use super::super::fingerprint::Fingerprints;
use super::super::ice::Servers;
use super::super::pipeline::made;
use super::super::signals::VideoSources;
use super::super::{MediaConfig, negotiate, verify};
use crate::device::running::Running;
use crate::model::wire::Candidate;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_webrtc::{WebRTCPeerConnectionState, WebRTCRTPTransceiver, WebRTCRTPTransceiverDirection};
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// One of the two ends.
struct End {
    webrtc: gst::Element,
    candidates: mpsc::UnboundedReceiver<Candidate>,
    state: watch::Receiver<WebRTCPeerConnectionState>,
}

impl End {
    async fn new(pipeline: &gst::Pipeline) -> Result<Self, String> {
        let webrtc = made("webrtcbin", |builder| builder.property_from_str("bundle-policy", "max-bundle"))?;
        pipeline.add(&webrtc).map_err(|error| error.to_string())?;
        let (say, candidates) = mpsc::unbounded_channel();
        webrtc.connect("on-ice-candidate", false, move |values| {
            if let [_, mline, candidate, ..] = values
                && let (Ok(mline), Ok(candidate)) = (mline.get(), candidate.get())
            {
                let _ = say.send(Candidate { candidate, mline });
            }
            None
        });
        let (say, state) = watch::channel(WebRTCPeerConnectionState::New);
        webrtc.connect_notify(Some("connection-state"), move |webrtc, _| {
            say.send_replace(webrtc.property("connection-state"));
        });
        let config = MediaConfig {
            local_addresses: vec![Ipv4Addr::LOCALHOST.into()],
            trust_anchors: watch::channel(Vec::new()).1,
            line_cut: None,
        };
        negotiate::set_servers(&webrtc, &Servers::default(), false, &config).await;
        Ok(Self { webrtc, candidates, state })
    }

    /// What both offer and take; nothing is sent.
    fn talks(&self) {
        let caps = gst::Caps::builder("application/x-rtp")
            .field("media", "audio")
            .field("encoding-name", "OPUS")
            .field("clock-rate", 48_000)
            .field("payload", 97)
            .build();
        self.webrtc.emit_by_name::<WebRTCRTPTransceiver>(
            "add-transceiver",
            &[&WebRTCRTPTransceiverDirection::Sendrecv, &caps],
        );
    }
}

/// Connects two ends over this machine's loopback and compares what the one saw of the other with the other's answer, and
/// with a forged one.
///
/// # Errors
/// What did not come about, or was not noticed.
pub(super) async fn is_verified(within: Duration) -> Result<(), String> {
    let running = Running(gst::Pipeline::with_name("trial"));
    let verified = tokio::time::timeout(within, connect_and_compare(&running.0)).await;
    let stopped = tokio::task::spawn_blocking(move || drop(running)).await;
    let verified = verified.unwrap_or_else(|_| Err(format!("two ends did not connect within {within:?}")));
    verified.map_err(|why| format!("a call with ourselves: the other end is not verified: {why}"))?;
    stopped.map_err(|error| error.to_string())
}

async fn connect_and_compare(pipeline: &gst::Pipeline) -> Result<(), String> {
    let (mut ours, mut theirs) = (End::new(pipeline).await?, End::new(pipeline).await?);
    let starting = pipeline.clone();
    let started = tokio::task::spawn_blocking(move || starting.set_state(gst::State::Playing)).await;
    started.map_err(|error| error.to_string())?.map_err(|error| format!("webrtcbin does not start: {error}"))?;
    ours.talks();
    theirs.talks();
    let offer = negotiate::offer(&ours.webrtc).await?;
    let answer = negotiate::accept(&theirs.webrtc, &offer).await?;
    let right = Fingerprints::read(&answer).map_err(|why| format!("webrtcbin's own answer is not used: {why}"))?;
    negotiate::answer(&ours.webrtc, &answer, &VideoSources::default()).await?;
    while *ours.state.borrow_and_update() != WebRTCPeerConnectionState::Connected {
        tokio::select! {
            Some(candidate) = ours.candidates.recv() => negotiate::candidate(&theirs.webrtc, &candidate),
            Some(candidate) = theirs.candidates.recv() => negotiate::candidate(&ours.webrtc, &candidate),
            changed = ours.state.changed() => changed.map_err(|_| "a connection is gone".to_owned())?,
        }
    }
    verify::peer(&ours.webrtc, &right).await?;
    let forged = Fingerprints::read(&forged(&answer)).map_err(|why| why.to_string())?;
    match verify::peer(&ours.webrtc, &forged).await {
        Ok(()) => Err("a forged fingerprint was taken for the right one".to_owned()),
        Err(_) => Ok(()),
    }
}

/// The same description with the last digit of each fingerprint changed.
fn forged(sdp: &str) -> String {
    let forge = |line: &str| match line.char_indices().last() {
        Some((at, digit)) if line.starts_with("a=fingerprint:") => {
            format!("{}{}", &line[..at], if digit == '0' { '1' } else { '0' })
        }
        _ => line.to_owned(),
    };
    sdp.lines().map(|line| forge(line) + "\r\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn two_ends_verify_each_other() {
        gst::init().unwrap();
        is_verified(Duration::from_secs(20)).await.unwrap();
    }

    #[test]
    fn only_fingerprints_are_forged() {
        let sdp = "v=0\r\na=fingerprint:sha-256 00:AB\r\nm=audio 9 X 1\r\na=fingerprint:sha-1 00:10\r\n";
        let wrong = "v=0\r\na=fingerprint:sha-256 00:A0\r\nm=audio 9 X 1\r\na=fingerprint:sha-1 00:11\r\n";
        assert_eq!(forged(sdp), wrong);
    }
}
