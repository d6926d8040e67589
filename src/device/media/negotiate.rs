//! Offer, answer and candidates (RFC 8829, RFC 8838) with webrtcbin.

use super::ice::Servers;
use super::signals::VideoSources;
use super::tunnel::Tunnel;
use super::{MediaConfig, pipeline};
use crate::model::wire::Candidate;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_sdp as gst_sdp;
use gstreamer_webrtc as gst_webrtc;
use std::collections::HashSet;
use std::time::Duration;

/// How long webrtcbin may take for one step. The first offer of a process makes a key: up to 1.4 s when busy.
const DEADLINE: Duration = Duration::from_secs(10);

/// Calls one of webrtcbin's actions and waits for its reply.
async fn ask(
    webrtc: &gst::Element,
    action: &str,
    argument: impl FnOnce(gst::Promise),
) -> Result<Option<gst::Structure>, String> {
    let (promise, reply) = tokio::sync::oneshot::channel();
    let promise = gst::Promise::with_change_func(move |answer| {
        let _ = promise.send(answer.map(|reply| reply.map(gst::StructureRef::to_owned)));
    });
    argument(promise);
    let reply = tokio::time::timeout(DEADLINE, reply).await;
    match reply {
        Ok(Ok(Ok(reply))) => match reply.as_ref().and_then(|reply| reply.get::<gst::glib::Error>("error").ok()) {
            Some(error) => Err(format!("webrtcbin refuses {action}: {}", error.message())),
            None => Ok(reply),
        },
        Ok(_) => Err(format!("{} broke {action} off", webrtc.name())),
        Err(_) => Err(format!("{} did not answer {action} within {DEADLINE:?}", webrtc.name())),
    }
}

/// Makes the offer and keeps to it. Its text, without candidates.
pub(super) async fn offer(webrtc: &gst::Element) -> Result<String, String> {
    let reply = ask(webrtc, "create-offer", |promise| {
        webrtc.emit_by_name::<()>("create-offer", &[&None::<gst::Structure>, &promise]);
    });
    let offer = reply
        .await?
        .and_then(|reply| reply.get::<gst_webrtc::WebRTCSessionDescription>("offer").ok())
        .ok_or("webrtcbin made no offer")?;
    let kept = ask(webrtc, "set-local-description", |promise| {
        webrtc.emit_by_name::<()>("set-local-description", &[&offer, &promise]);
    });
    kept.await?;
    offer.sdp().as_text().map_err(|_| "webrtcbin's offer cannot be written down".to_owned())
}

/// Answers another end's offer. What comes back is the answer's text, without candidates. Only the trial call answers.
pub(super) async fn accept(webrtc: &gst::Element, offer: &str) -> Result<String, String> {
    let message =
        gst_sdp::SDPMessage::parse_buffer(offer.as_bytes()).map_err(|_| "an offer cannot be read".to_owned())?;
    let offer = gst_webrtc::WebRTCSessionDescription::new(gst_webrtc::WebRTCSDPType::Offer, message);
    ask(webrtc, "set-remote-description", |promise| {
        webrtc.emit_by_name::<()>("set-remote-description", &[&offer, &promise]);
    })
    .await?;
    let reply = ask(webrtc, "create-answer", |promise| {
        webrtc.emit_by_name::<()>("create-answer", &[&None::<gst::Structure>, &promise]);
    });
    let answer = reply
        .await?
        .and_then(|reply| reply.get::<gst_webrtc::WebRTCSessionDescription>("answer").ok())
        .ok_or("webrtcbin made no answer")?;
    ask(webrtc, "set-local-description", |promise| {
        webrtc.emit_by_name::<()>("set-local-description", &[&answer, &promise]);
    })
    .await?;
    answer.sdp().as_text().map_err(|_| "webrtcbin's answer cannot be written down".to_owned())
}

/// Takes the other end's answer.
pub(super) async fn answer(webrtc: &gst::Element, sdp: &str, video: &VideoSources) -> Result<(), String> {
    let message = gst_sdp::SDPMessage::parse_buffer(sdp.as_bytes())
        .map_err(|_| "the other end's answer cannot be read".to_owned())?;
    if let Ok(mut video) = video.lock() {
        *video = video_sources(&message);
    }
    let answer = gst_webrtc::WebRTCSessionDescription::new(gst_webrtc::WebRTCSDPType::Answer, message);
    let taken = ask(webrtc, "set-remote-description", |promise| {
        webrtc.emit_by_name::<()>("set-remote-description", &[&answer, &promise]);
    });
    taken.await.map(drop)
}

/// Under which numbers pictures come (`a=ssrc:`, RFC 5576).
fn video_sources(message: &gst_sdp::SDPMessage) -> HashSet<u32> {
    message
        .medias()
        .filter(|media| media.media() == Some("video"))
        .flat_map(|media| media.attributes())
        .filter(|attribute| attribute.key() == "ssrc")
        .filter_map(|attribute| attribute.value()?.split(' ').next()?.parse().ok())
        .collect()
}

/// Takes a way to reach the other end; an empty one ends the list.
pub(super) fn candidate(webrtc: &gst::Element, candidate: &Candidate) {
    let text = (!candidate.candidate.is_empty()).then_some(candidate.candidate.as_str());
    webrtc.emit_by_name::<()>("add-ice-candidate", &[&candidate.mline, &text]);
}

/// Sets servers and addresses. The tunnels must live as long as the pipeline.
pub(super) async fn set_servers(
    webrtc: &gst::Element,
    servers: &Servers,
    relay_only: bool,
    config: &MediaConfig,
) -> Vec<Tunnel> {
    if relay_only {
        webrtc.set_property_from_str("ice-transport-policy", "relay");
    }
    if let Some(stun) = &servers.stun {
        webrtc.set_property("stun-server", stun);
    }
    for relay in &servers.relays {
        if !webrtc.emit_by_name::<bool>("add-turn-server", &[&relay.address().expose()]) {
            tracing::warn!(host = relay.host, "a relay was not taken");
        }
    }
    let mut tunnels = Vec::new();
    let trust_anchors = config.trust_anchors.borrow().clone();
    for relay in &servers.tls_relays {
        match Tunnel::open(&relay.host, relay.port, &trust_anchors).await {
            Ok(tunnel) => {
                let address = relay.address_at("127.0.0.1", tunnel.port());
                if webrtc.emit_by_name::<bool>("add-turn-server", &[&address.expose()]) {
                    tunnels.push(tunnel);
                }
            }
            Err(error) => tracing::warn!(%error, host = relay.host, "a relay cannot be reached over TLS"),
        }
    }
    let agent: gst::glib::Object = webrtc.property("ice-agent");
    never_open_the_router(&agent);
    for address in &config.local_addresses {
        if !agent.emit_by_name::<bool>("add-local-ip-address", &[&address.to_string()]) {
            tracing::warn!(%address, "a local address was not taken");
        }
    }
    tunnels
}

/// libnice would ask the family's router by UPnP to let packets in from outside.
fn never_open_the_router(agent: &gst::glib::Object) {
    let Some(nice) = agent.find_property("agent").map(|_| agent.property::<gst::glib::Object>("agent")) else { return };
    if nice.find_property("upnp").is_some() {
        nice.set_property("upnp", false);
    }
}

/// Makes a throw-away offer: the first one of a process takes up to 1.4 s for the key of its DTLS certificate.
pub(super) async fn warm_up() -> Result<(), String> {
    let pipeline = gst::Pipeline::with_name("warm-up");
    let webrtc = pipeline::made("webrtcbin", |builder| builder.property_from_str("bundle-policy", "max-bundle"))?;
    pipeline.add(&webrtc).map_err(|error| error.to_string())?;
    let started = pipeline.set_state(gst::State::Playing);
    let caps = gst::Caps::builder("application/x-rtp")
        .field("media", "audio")
        .field("encoding-name", "OPUS")
        .field("clock-rate", 48_000)
        .field("payload", 97)
        .build();
    webrtc.emit_by_name::<gst_webrtc::WebRTCRTPTransceiver>(
        "add-transceiver",
        &[&gst_webrtc::WebRTCRTPTransceiverDirection::Recvonly, &caps],
    );
    let offered = match started {
        Ok(_) => offer(&webrtc).await.map(drop),
        Err(error) => Err(format!("webrtcbin does not start: {error}")),
    };
    let stopped = tokio::task::spawn_blocking(move || pipeline.set_state(gst::State::Null)).await;
    if !matches!(stopped, Ok(Ok(_))) {
        tracing::error!("the warm-up pipeline did not stop");
    }
    offered
}
