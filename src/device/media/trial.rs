//! A call with ourselves, in memory: what a session needs is there and passes a packet on, before anybody depends on it.
//!
//! A system can be whole in every file's name and still make no call: when a library behind SRTP does not load, a session
//! comes as far as its first packet. H.264 is not tried: calls are VP8 (RFC 7742), and it is only one mode of some cameras.

mod peer;

use super::pipeline::{made, picture_decoder, picture_encoder, voice_encoder, voice_format};
use crate::device::camera::element;
use crate::device::running::Running;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long each part may take; in emulation a handshake takes seconds.
const DEADLINE: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK: gst::ClockTime = gst::ClockTime::from_mseconds(50);
/// Width and height of the picture that is tried, in pixels.
const PICTURE: (i32, i32) = (320, 240);
/// What the packet carries.
const WORDS: &[u8] = b"a call with ourselves";
/// Length of an RTP header without extensions (RFC 3550), in bytes.
const RTP_HEADER: usize = 12;
/// Names of connections are the whole process's.
static TRIALS: AtomicU32 = AtomicU32::new(0);

/// Whether a call could be made as far as this process goes: webrtcbin makes an offer; a picture and sound pass
/// their codecs; a packet passes a DTLS-SRTP connection; the certificate at the other end is
/// compared, and a forged fingerprint noticed.
///
/// # Errors
/// Which element does not do its part, and what it said.
pub async fn call_works() -> Result<(), String> {
    super::prepare().await?;
    let tried = tokio::task::spawn_blocking(|| {
        picture_passes(DEADLINE)?;
        sound_passes(DEADLINE)?;
        packet_passes(DEADLINE)
    });
    tried.await.unwrap_or_else(|error| Err(format!("a call with ourselves broke off: {error}")))?;
    peer::is_verified(DEADLINE).await
}

fn picture_passes(within: Duration) -> Result<(), String> {
    let (width, height) = PICTURE;
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", width)
        .field("height", height)
        .field("framerate", gst::Fraction::new(10, 1))
        .build();
    let chain = [picture_encoder()?, element("rtpvp8pay")?, element("rtpvp8depay")?, picture_decoder()?];
    let bytes = usize::try_from(width * height * 3 / 2).unwrap_or_default();
    let frames = (0..3).map(|number| stamped(vec![128; bytes], number * gst::ClockTime::from_mseconds(100)));
    passes("a picture", caps, frames, &chain, within)
}

fn sound_passes(within: Duration) -> Result<(), String> {
    let format = voice_format()?;
    let caps = format.property::<gst::Caps>("caps");
    let chain = [
        voice_encoder()?,
        element("rtpopuspay")?,
        element("rtpopusdepay")?,
        element("opusdec")?,
        element("audioconvert")?,
        element("audioresample")?,
        format,
    ];
    // 20 ms each: 960 samples of 16 bits.
    let pieces = (0..10).map(|number| stamped(vec![0; 960 * 2], number * gst::ClockTime::from_mseconds(20)));
    passes("sound", caps, pieces, &chain, within)
}

fn stamped(bytes: Vec<u8>, at: gst::ClockTime) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_pts(at);
    }
    buffer
}

/// Sends buffers through a chain and waits for one to come out.
fn passes(
    what: &str,
    caps: gst::Caps,
    buffers: impl Iterator<Item = gst::Buffer>,
    chain: &[gst::Element],
    within: Duration,
) -> Result<(), String> {
    let source = gst_app::AppSrc::builder().caps(&caps).format(gst::Format::Time).build();
    let sink = gst_app::AppSink::builder().sync(false).build();
    let trial = Trial::new(what, within);
    let whole = [&[source.clone().upcast()], chain, &[sink.clone().upcast()]].concat();
    trial.add(&whole)?;
    gst::Element::link_many(&whole).map_err(|error| trial.failed(&error))?;
    let passed = chain.iter().map(|element| (element.clone(), marked(element))).collect::<Vec<_>>();
    trial.start()?;
    for buffer in buffers {
        source.push_buffer(buffer).map_err(|error| trial.failed(&error))?;
    }
    source.end_of_stream().map_err(|error| trial.failed(&error))?;
    while trial.goes_on()? {
        if sink.try_pull_sample(LOOK).is_some() {
            return Ok(());
        }
        if sink.is_eos() {
            break;
        }
    }
    trial.complaint()?;
    let stuck = passed.iter().find(|(_, passed)| !passed.load(Ordering::Relaxed));
    let stuck = stuck.map_or_else(|| "the end of the chain".to_owned(), |(element, _)| named(element));
    Err(trial.failed(&format!("nothing came out of {stuck}")))
}

/// Tells whether anything has left an element.
fn marked(element: &gst::Element) -> Arc<AtomicBool> {
    let passed = Arc::new(AtomicBool::new(false));
    if let Some(pad) = element.static_pad("src") {
        let passed = passed.clone();
        pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, _| {
            passed.store(true, Ordering::Relaxed);
            gst::PadProbeReturn::Remove
        });
    }
    passed
}

/// Two ends of DTLS-SRTP (RFC 5764) shake hands, and a packet that the one encrypts comes out of the other.
fn packet_passes(within: Duration) -> Result<(), String> {
    let trial = Trial::new("a packet over DTLS-SRTP", within);
    let number = TRIALS.fetch_add(1, Ordering::Relaxed);
    let end = |name: &str, is_client: bool| {
        let id = format!("trial-{number}-{name}");
        let decoder = made("dtlssrtpdec", |builder| builder.property("connection-id", id.clone()))?;
        let encoder =
            made("dtlssrtpenc", |builder| builder.property("connection-id", id).property("is-client", is_client))?;
        Ok::<_, String>((encoder, decoder))
    };
    let ((encoder, back), (forth, decoder)) = (end("client", true)?, end("server", false)?);
    let caps = gst::Caps::builder("application/x-rtp")
        .field("media", "audio")
        .field("clock-rate", 48_000)
        .field("encoding-name", "OPUS")
        .field("payload", 97)
        .build();
    let source = gst_app::AppSrc::builder().caps(&caps).format(gst::Format::Time).is_live(true).build();
    let sink = gst_app::AppSink::builder().sync(false).async_(false).build();
    let (there, home) = (element("queue")?, element("queue")?);
    let (first, last) = (source.clone().upcast(), sink.clone().upcast());
    trial.add(&[
        encoder.clone(),
        back.clone(),
        forth.clone(),
        decoder.clone(),
        there.clone(),
        home.clone(),
        first,
        last,
    ])?;
    let link = |from: &gst::Element, way: &str, to: &gst::Element, into: &str| {
        from.link_pads(Some(way), to, Some(into)).map_err(|error| trial.failed(&error))
    };
    link(source.upcast_ref(), "src", &encoder, "rtp_sink_0")?;
    link(&encoder, "src", &there, "sink")?;
    link(&there, "src", &decoder, "sink")?;
    link(&forth, "src", &home, "sink")?;
    link(&home, "src", &back, "sink")?;
    link(&decoder, "rtp_src", sink.upcast_ref(), "sink")?;
    // A server that hears the client before it is started takes that for an error.
    encoder.set_locked_state(true);
    trial.start()?;
    encoder.set_locked_state(false);
    encoder.sync_state_with_parent().map_err(|error| trial.failed(&error))?;
    let mut sequence = 0_u16;
    // Packets from before the end of the handshake are lost, as in a session.
    while trial.goes_on()? {
        sequence = sequence.wrapping_add(1);
        source.push_buffer(packet(sequence)).map_err(|error| trial.failed(&error))?;
        let Some(sample) = sink.try_pull_sample(LOOK) else { continue };
        let bytes = sample.buffer().and_then(|buffer| buffer.map_readable().ok());
        return match bytes.as_deref().and_then(|bytes| bytes.get(RTP_HEADER..)) {
            Some(WORDS) => Ok(()),
            _ => Err(trial.failed(&format!("{} decrypted it to something else", named(&decoder)))),
        };
    }
    Err(trial.failed(&format!("nothing came out of {}", named(&decoder))))
}

/// An RTP packet (RFC 3550): version 2, payload type 97, one source.
fn packet(sequence: u16) -> gst::Buffer {
    let mut bytes = vec![0x80, 97];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend((u32::from(sequence) * 960).to_be_bytes());
    bytes.extend(1_u32.to_be_bytes());
    bytes.extend(WORDS);
    gst::Buffer::from_mut_slice(bytes)
}

/// A pipeline that lives for one trial.
struct Trial {
    what: String,
    running: Running,
    until: Instant,
    within: Duration,
}

impl Trial {
    fn new(what: &str, within: Duration) -> Self {
        let running = Running(gst::Pipeline::with_name("trial"));
        Self { what: what.to_owned(), running, until: Instant::now() + within, within }
    }

    fn add(&self, elements: &[gst::Element]) -> Result<(), String> {
        self.running.0.add_many(elements).map_err(|error| self.failed(&error))
    }

    fn start(&self) -> Result<(), String> {
        let started = self.running.0.set_state(gst::State::Playing);
        // The element's own words say more than that something did not start.
        self.complaint()?;
        started.map(drop).map_err(|error| self.failed(&error))
    }

    /// Whether there is time left.
    ///
    /// # Errors
    /// What an element complained about.
    fn goes_on(&self) -> Result<bool, String> {
        self.complaint()?;
        Ok(Instant::now() < self.until)
    }

    fn complaint(&self) -> Result<(), String> {
        let message = self.running.0.bus().and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
        let Some(gst::MessageView::Error(error)) = message.as_ref().map(|message| message.view()) else {
            return Ok(());
        };
        let source = error.src().and_then(|source| source.downcast_ref::<gst::Element>()).map(named);
        let source = source.unwrap_or_else(|| "an element".to_owned());
        Err(self.failed(&format!("{source} says: {} ({})", error.error(), error.debug().unwrap_or_default())))
    }

    fn failed(&self, why: &dyn std::fmt::Display) -> String {
        format!("a call with ourselves: {} did not pass within {:?}: {why}", self.what, self.within)
    }
}

/// What an element is made by: `vp8enc`, say.
fn named(element: &gst::Element) -> String {
    element.factory().map_or_else(|| element.name().to_string(), |factory| factory.name().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(500);

    #[tokio::test(flavor = "multi_thread")]
    async fn a_call_with_ourselves_works_here_and_works_twice() {
        call_works().await.unwrap();
        call_works().await.unwrap();
    }

    fn try_with(element: gst::Element) -> String {
        let caps = gst::Caps::builder("application/x-trial").build();
        let buffers = std::iter::once(stamped(vec![1], gst::ClockTime::ZERO));
        let before = gst::ElementFactory::make("identity").build().unwrap();
        passes("it", caps, buffers, &[before, element], SOON).unwrap_err()
    }

    #[test]
    fn what_is_missing_breaks_or_swallows_is_named() {
        gst::init().unwrap();
        assert!(made("nosuchenc", |builder| builder).unwrap_err().contains("\"nosuchenc\""));
        let breaks = gst::ElementFactory::make("identity").property("error-after", 1).build().unwrap();
        let why = try_with(breaks);
        assert!(why.contains("identity says"), "{why}");
        let swallows = gst::ElementFactory::make("valve").property("drop", true).build().unwrap();
        let why = try_with(swallows);
        assert!(why.contains("nothing came out of valve"), "{why}");
        // SRTP without a key, as when nothing of its library works.
        let keyless = gst::ElementFactory::make("srtpdec").build().unwrap();
        assert!(passes_rtp(keyless).contains("srtpdec"));
    }

    fn passes_rtp(element: gst::Element) -> String {
        let caps = gst::Caps::builder("application/x-srtp").field("ssrc", 1_u32).build();
        passes("it", caps, std::iter::once(packet(1)), &[element], SOON).unwrap_err()
    }
}
