//! Builds a session's pipeline: own picture and sound into webrtcbin, and the place where the other end's come out.

use super::adapt::START_BPS;
use super::allowed;
use super::delay::Seam;
use super::echo::{Played, samples_since};
use super::gate::{Gate, guard_microphone, guard_picture, guard_sound};
use super::machine::SLOW;
use super::playout::Playout;
use crate::device::camera::element;
use crate::device::sound::{self, SessionAudio};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_app::gst_base;
use gstreamer_app::prelude::BaseSinkExt;
use gstreamer_webrtc as gst_webrtc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Number of the header extension for transport-wide feedback.
const TWCC: (&str, &str) = ("extmap-3", "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01");
/// The other end's sound leaves the pipeline so long before it is heard: the speaker's own pipeline hands it on within
/// 20 ms and keeps the rest in its device's buffer, 60 ms. On a machine that is late with everything that is too little: what
/// comes after its moment is never heard, so there the counter is heard a little later instead of not at all.
const SPEAKER_TAKES: Duration = Duration::from_millis(80);
const SLOW_SPEAKER_TAKES: Duration = Duration::from_millis(400);

/// How long before it is heard the other end's sound leaves the pipeline, on a machine that is able to do this step of
/// [`super::adapt::STEPS`] at best.
pub(super) fn reserve(machine: usize) -> Duration {
    if machine >= SLOW { SLOW_SPEAKER_TAKES } else { SPEAKER_TAKES }
}

/// A session's pipeline and the elements in it that are needed later.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) pipeline: gst::Pipeline,
    pub(super) webrtc: gst::Element,
    /// Takes the own pictures.
    pub(super) picture: gst_app::AppSrc,
    /// Where own pictures wait for their turn.
    pub(super) turn: gst::Element,
    /// Says how large the encoded picture is.
    pub(super) size: gst::Element,
    pub(super) encoder: gst::Element,
    /// What the TV plays, for the echo canceller.
    pub(super) played: Played,
    /// Takes the own sound.
    pub(super) microphone: gst_app::AppSrc,
    /// Takes the other end's decoded sound.
    pub(super) voice: gst::Pad,
    /// Where it leaves the pipeline.
    pub(super) speaker: gst_app::AppSink,
    /// Silences it.
    pub(super) volume: gst::Element,
}

/// Builds the pipeline; nothing runs yet.
pub(super) fn build(
    audio: &SessionAudio,
    reserve: Duration,
    playout: &Playout,
    gate: &Arc<Gate>,
) -> Result<Session, String> {
    let pipeline = gst::Pipeline::with_name("session");
    // The clock that the sound devices' own pipelines go by, too.
    pipeline.use_clock(Some(&gst::SystemClock::obtain()));
    let webrtc = made("webrtcbin", |builder| {
        builder.property_from_str("bundle-policy", "max-bundle").property("latency", millis(playout.waiting()))
    })?;
    pipeline.add(&webrtc).map_err(|error| error.to_string())?;
    let played = Played::default();
    let (voice, volume, speaker) = speaker(&pipeline, audio, reserve, playout, &played)?;
    let (picture, turn, size, encoder) = video(&pipeline, &webrtc, gate)?;
    let (microphone, packets) = own_sound(gate)?;
    link_to_webrtc(&pipeline, &webrtc, &packets)?;
    allowed::check_all(&pipeline)?;
    Ok(Session { pipeline, webrtc, picture, turn, size, encoder, played, microphone, voice, speaker, volume })
}

/// Own picture: camera frames are pushed in at `picture`.
fn video(
    pipeline: &gst::Pipeline,
    webrtc: &gst::Element,
    gate: &Arc<Gate>,
) -> Result<(gst_app::AppSrc, gst::Element, gst::Element, gst::Element), String> {
    let picture = gst_app::AppSrc::builder()
        .name("picture")
        .is_live(true)
        .do_timestamp(true)
        .format(gst::Format::Time)
        .max_buffers(2)
        .leaky_type(gst_app::AppLeakyType::Downstream)
        .build();
    let turn =
        made("queue", |builder| builder.property("max-size-buffers", 2_u32).property_from_str("leaky", "downstream"))?;
    let size = element("capsfilter")?;
    let encoder = picture_encoder()?;
    let payloader = made("rtpvp8pay", |builder| {
        builder
            .property_from_str("picture-id-mode", "15-bit")
            .property("mtu", 1200_u32)
            .property("auto-header-extension", true)
    })?;
    let packets = gst::Caps::builder("application/x-rtp")
        .field("media", "video")
        .field("clock-rate", 90_000)
        .field("encoding-name", "VP8")
        .field("payload", 96)
        .field(TWCC.0, TWCC.1)
        .build();
    let filter = made("capsfilter", |builder| builder.property("caps", packets))?;
    let chain = [
        picture.clone().upcast(),
        turn.clone(),
        element("videoscale")?,
        size.clone(),
        encoder.clone(),
        payloader,
        filter.clone(),
        element("queue")?,
    ];
    let sink = link_to_webrtc(pipeline, webrtc, &chain)?;
    // On sound as well Chromium refuses the offer.
    let transceiver: gst_webrtc::WebRTCRTPTransceiver = sink.property("transceiver");
    transceiver.set_property("do-nack", true);
    guard_picture(&src_pad(&filter)?, gate.clone());
    Ok((picture, turn, size, encoder))
}

/// Own sound: the encoder, with the entry before it.
pub(super) fn own_sound(gate: &Arc<Gate>) -> Result<(gst_app::AppSrc, Vec<gst::Element>), String> {
    let entry = gst_app::AppSrc::builder()
        .name("voice")
        .caps(&sound::voice_caps())
        .is_live(true)
        .format(gst::Format::Time)
        .max_buffers(50)
        .leaky_type(gst_app::AppLeakyType::Downstream)
        .build();
    let packets = gst::Caps::builder("application/x-rtp")
        .field("media", "audio")
        .field("clock-rate", 48_000)
        .field("encoding-name", "OPUS")
        .field("payload", 97)
        .build();
    let filter = made("capsfilter", |builder| builder.property("caps", packets))?;
    guard_microphone(&src_pad(entry.upcast_ref())?, gate.clone());
    guard_sound(&src_pad(&filter)?, gate.clone());
    let chain = vec![entry.clone().upcast(), voice_encoder()?, element("rtpopuspay")?, filter, element("queue")?];
    Ok((entry, chain))
}

/// Threads of a picture's encoder or decoder. libvpx lets them wait for each other row by row in a loop that never sleeps:
/// where other things need the processors too, most of the time goes into that loop, and counts as work that the picture
/// takes.
fn codec_threads() -> u8 {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if processors >= 4 { 2 } else { 1 }
}

/// Encodes the own picture.
pub(super) fn picture_encoder() -> Result<gst::Element, String> {
    made("vp8enc", |builder| {
        builder
            .property("deadline", 1_i64)
            .property_from_str("end-usage", "cbr")
            .property("cpu-used", -6_i32)
            .property("lag-in-frames", 0_i32)
            .property("keyframe-max-dist", 3000_i32)
            .property("threads", i32::from(codec_threads()))
            .property("target-bitrate", bits(START_BPS))
            .property("undershoot", 95_i32)
            .property("min-quantizer", 4_i32)
            // Coarse pictures and dropped ones rather than more bits than the line carries.
            .property("max-quantizer", 63_i32)
            .property("dropframe-threshold", 30_i32)
    })
}

/// Decodes the other end's picture.
pub(super) fn picture_decoder() -> Result<gst::Element, String> {
    made("vp8dec", |builder| builder.property("threads", u32::from(codec_threads())))
}

/// Encodes the own sound.
pub(super) fn voice_encoder() -> Result<gst::Element, String> {
    made("opusenc", |builder| {
        builder
            .property("bitrate", 32_000_i32)
            .property_from_str("audio-type", "voice")
            .property("inband-fec", true)
            .property("packet-loss-percentage", 5_i32)
            .property_from_str("frame-size", "20")
    })
}

/// The other end's sound, to the speaker. Returns where it goes in, its volume, and where it leaves.
fn speaker(
    pipeline: &gst::Pipeline,
    audio: &SessionAudio,
    reserve: Duration,
    playout: &Playout,
    played: &Played,
) -> Result<(gst::Pad, gst::Element, gst_app::AppSink), String> {
    let volume = made("volume", |builder| builder.property("mute", true))?;
    let (entry, end) = (element("audioconvert")?, hand_to_speaker(audio, reserve, playout, played));
    let chain = [entry.clone(), element("audioresample")?, voice_format()?, volume.clone(), end.clone().upcast()];
    pipeline
        .add_many(&chain)
        .and_then(|()| gst::Element::link_many(&chain))
        .map_err(|error| format!("the speaker cannot be connected: {error}"))?;
    let voice = entry.static_pad("sink").ok_or("the speaker has no input")?;
    Ok((voice, volume, end))
}

/// Hands the other end's sound to the speaker when it is due there, and tells the echo canceller when it is heard.
fn hand_to_speaker(audio: &SessionAudio, reserve: Duration, playout: &Playout, played: &Played) -> gst_app::AppSink {
    // It gets nothing before the other end speaks; the pipeline must not wait for it.
    let end = gst_app::AppSink::builder().name("speaker").caps(&sound::voice_caps()).sync(true).async_(false).build();
    let reserve = gst::ClockTime::try_from(reserve).unwrap_or_default();
    end.set_property("render-delay", reserve.nseconds());
    let (audio, played, playout, seam) = (audio.clone(), played.clone(), playout.clone(), Mutex::new(Seam::default()));
    end.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |end| {
                let sample = end.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                if let Some((buffer, at)) = sample.buffer().zip(sound::moment(end.upcast_ref(), &sample)) {
                    let latency = end.dynamic_cast_ref::<gst_base::BaseSink>().map(BaseSinkExt::latency);
                    let heard = at + latency.unwrap_or_default();
                    // The moment at which it leaves: what the pipeline waits for, without what the speaker takes.
                    let leaves = heard.saturating_sub(reserve);
                    let Ok(bytes) = buffer.map_readable() else { return Ok(gst::FlowSuccess::Ok) };
                    let samples = sound::samples(&bytes);
                    let Some(silence) = playout.plays(&seam, heard, &samples) else {
                        return Ok(gst::FlowSuccess::Ok);
                    };
                    if silence > 0 {
                        let lasts = gst::ClockTime::SECOND.mul_div_floor(silence as u64, u64::from(sound::RATE));
                        let nothing = gst::Buffer::from_slice(vec![0_u8; silence * 2]);
                        audio.play(&nothing, leaves.saturating_sub(lasts.unwrap_or_default()));
                    }
                    if let Some(at) = samples_since(end.base_time(), heard) {
                        played.plays(at, &samples);
                    }
                    audio.play(buffer, leaves);
                }
                Ok(gst::FlowSuccess::Ok)
            })
            .build(),
    );
    end
}

/// The form of a session's sound.
pub(super) fn voice_format() -> Result<gst::Element, String> {
    made("capsfilter", |builder| builder.property("caps", sound::voice_caps()))
}

fn link_to_webrtc(pipeline: &gst::Pipeline, webrtc: &gst::Element, chain: &[gst::Element]) -> Result<gst::Pad, String> {
    pipeline
        .add_many(chain)
        .and_then(|()| gst::Element::link_many(chain))
        .map_err(|error| format!("the session's pipeline cannot be built: {error}"))?;
    let last = chain.last().ok_or("an empty chain")?;
    let sink = webrtc.request_pad_simple("sink_%u").ok_or("webrtcbin takes no further stream")?;
    src_pad(last)?.link(&sink).map_err(|error| format!("webrtcbin does not take a stream: {error}"))?;
    Ok(sink)
}

fn src_pad(element: &gst::Element) -> Result<gst::Pad, String> {
    element.static_pad("src").ok_or_else(|| format!("{} has no output", element.name()))
}

/// Makes an element with properties.
pub(super) fn made(
    factory: &str,
    properties: impl FnOnce(gst::element_factory::ElementBuilder<'_>) -> gst::element_factory::ElementBuilder<'_>,
) -> Result<gst::Element, String> {
    properties(gst::ElementFactory::make(factory)).build().map_err(|error| {
        format!("the GStreamer element \"{factory}\" cannot be made ({error}): is its plugin installed?")
    })
}

/// A time as webrtcbin takes it.
pub(super) fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// A bit rate as vp8enc takes it.
pub(super) fn bits(bps: u32) -> i32 {
    i32::try_from(bps).unwrap_or(i32::MAX)
}
