//! The product's own pipeline in a computed room: sound cards that keep time, and a network leg to another webrtcbin.

use crate::voices::{LOUDNESS, counter, decibels};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_sdp as gst_sdp;
use gstreamer_webrtc as gst_webrtc;
use madoguchi::device::media::{self, Gates, MediaAsk, MediaConfig, MediaEvent, MediaNews, Ports};
use madoguchi::device::pace::Pace;
use madoguchi::device::sound::{self, SessionAudio, SoundPorts};
use madoguchi::device::{Device, device};
use madoguchi::model::ids::{Attempt, Epoch};
use madoguchi::model::quality::EchoStats;
use madoguchi::model::wire::Candidate;
use madoguchi::workbench::acoustics::Acoustics;
use madoguchi::workbench::sound::{Heard, LivingRoom, Microphone, RATE, Speaker};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

const ATTEMPT: Attempt = Attempt(1);
/// How long anything may take that does not take long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What somebody hears.
type Recorded = Arc<Mutex<Vec<i16>>>;

fn take(recorded: &Recorded) -> Vec<i16> {
    std::mem::take(&mut recorded.lock().unwrap())
}

/// The counter: another webrtcbin, which speaks and hears.
struct Counter {
    pipeline: gst::Pipeline,
    webrtc: gst::Element,
    candidates: mpsc::UnboundedReceiver<Candidate>,
    hears: Recorded,
    _microphone: Microphone,
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.pipeline.set_state(gst::State::Null).unwrap();
    }
}

fn made(factory: &str) -> gst::Element {
    gst::ElementFactory::make(factory).build().unwrap()
}

impl Counter {
    fn new() -> Self {
        let pipeline = gst::Pipeline::new();
        let webrtc = gst::ElementFactory::make("webrtcbin").property_from_str("bundle-policy", "max-bundle");
        let webrtc = webrtc.build().unwrap();
        let microphone = Microphone::new(Heard::Voice(counter(LOUDNESS)), LivingRoom::default(), Box::new(|| {}));
        let packets = gst::Caps::builder("application/x-rtp")
            .field("media", "audio")
            .field("clock-rate", 48_000)
            .field("encoding-name", "OPUS")
            .field("payload", 97)
            .build();
        let filter = gst::ElementFactory::make("capsfilter").property("caps", packets).build().unwrap();
        let chain = [
            microphone.element().unwrap(),
            made("audioconvert"),
            made("opusenc"),
            made("rtpopuspay"),
            filter,
            made("queue"),
        ];
        pipeline.add(&webrtc).unwrap();
        pipeline.add_many(&chain).unwrap();
        gst::Element::link_many(&chain).unwrap();
        let sink = webrtc.request_pad_simple("sink_%u").unwrap();
        chain.last().unwrap().static_pad("src").unwrap().link(&sink).unwrap();
        let (say, candidates) = mpsc::unbounded_channel();
        webrtc.connect("on-ice-candidate", false, move |values| {
            let candidate = Candidate { mline: values[1].get().unwrap(), candidate: values[2].get().unwrap() };
            let _ = say.send(candidate);
            None
        });
        let hears = Recorded::default();
        let (recorded, weak) = (hears.clone(), pipeline.downgrade());
        webrtc.connect_pad_added(move |_, pad| {
            let Some(pipeline) = weak.upgrade() else { return };
            if pad.direction() == gst::PadDirection::Src {
                receive(&pipeline, pad, recorded.clone());
            }
        });
        let agent: gst::glib::Object = webrtc.property("ice-agent");
        assert!(agent.emit_by_name::<bool>("add-local-ip-address", &[&"127.0.0.1"]));
        pipeline.set_state(gst::State::Playing).unwrap();
        Self { pipeline, webrtc, candidates, hears, _microphone: microphone }
    }

    fn ask(&self, action: &str, argument: &dyn Fn(&gst::Promise)) -> Option<gst::Structure> {
        let promise = gst::Promise::new();
        argument(&promise);
        assert_eq!(promise.wait(), gst::PromiseResult::Replied, "{action}");
        promise.get_reply().map(gst::StructureRef::to_owned)
    }

    fn answer(&self, offer: &str) -> String {
        let offer = gst_sdp::SDPMessage::parse_buffer(offer.as_bytes()).unwrap();
        let offer = gst_webrtc::WebRTCSessionDescription::new(gst_webrtc::WebRTCSDPType::Offer, offer);
        self.ask("offer", &|promise| self.webrtc.emit_by_name("set-remote-description", &[&offer, promise]));
        let answer = self
            .ask("answer", &|promise| self.webrtc.emit_by_name("create-answer", &[&None::<gst::Structure>, promise]))
            .unwrap()
            .get::<gst_webrtc::WebRTCSessionDescription>("answer")
            .unwrap();
        self.ask("keep", &|promise| self.webrtc.emit_by_name("set-local-description", &[&answer, promise]));
        answer.sdp().as_text().unwrap()
    }
}

fn receive(pipeline: &gst::Pipeline, pad: &gst::Pad, recorded: Recorded) {
    let caps = pad.current_caps().or_else(|| pad.allowed_caps()).unwrap();
    let chain = if caps.structure(0).unwrap().get::<&str>("encoding-name") == Ok("OPUS") {
        let form = gst::Caps::builder("audio/x-raw").field("format", "S16LE").field("rate", RATE as i32);
        let sink =
            gst_app::AppSink::builder().caps(&form.field("channels", 1).build()).sync(false).async_(false).build();
        sink.set_callbacks(
            gst_app::AppSinkCallbacks::builder()
                .new_sample(move |sink| {
                    let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                    let map = sample.buffer().unwrap().map_readable().unwrap();
                    let samples = map.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
                    recorded.lock().unwrap().extend(samples);
                    Ok(gst::FlowSuccess::Ok)
                })
                .build(),
        );
        vec![made("rtpopusdepay"), made("opusdec"), made("audioconvert"), made("audioresample"), sink.upcast()]
    } else {
        vec![gst::ElementFactory::make("fakesink").property("sync", false).property("async", false).build().unwrap()]
    };
    pipeline.add_many(&chain).unwrap();
    gst::Element::link_many(&chain).unwrap();
    for element in chain.iter().rev() {
        element.sync_state_with_parent().unwrap();
    }
    pad.link(&chain[0].static_pad("sink").unwrap()).unwrap();
}

/// A call between the appliance's media, with the workbench's sound cards in a room, and the counter.
struct Call {
    media: Device<MediaAsk, MediaEvent>,
    counter: Counter,
    room: LivingRoom,
    microphone: Microphone,
    plays: Recorded,
    connected: bool,
    echo: Option<EchoStats>,
    _kept: (watch::Sender<Option<madoguchi::device::camera::Frame>>, Device<sound::SoundAsk, sound::SoundEvent>),
    _tasks: [AbortOnDropHandle<()>; 3],
}

impl Call {
    async fn begin() -> Self {
        gst::init().unwrap();
        let speaker = Speaker::default();
        let room = speaker.room();
        let microphone = Microphone::new(Heard::Silence, room.clone(), Box::new(|| {}));
        let (hears, says) = (microphone.clone(), speaker.clone());
        let sound = SoundPorts {
            microphone: Arc::new(move || hears.element()),
            speaker: Arc::new(move || says.element()),
            microphone_present: Arc::new(|| true),
            speaker_at: Arc::new(|| Some("the TV".to_owned())),
        };
        let plays = Recorded::default();
        let (mut listening, recorded) = (speaker.listen(), plays.clone());
        let listens = tokio::spawn(async move {
            while let Ok(played) = listening.recv().await {
                recorded.lock().unwrap().extend(&*played.samples);
            }
        });
        let audio = SessionAudio::default();
        let (sounds, behind) = device();
        let sound_runs = tokio::spawn(sound::run(behind, sound, audio.clone()));
        let (frames, camera) = watch::channel(None);
        let config = MediaConfig {
            local_addresses: vec![[127, 0, 0, 1].into()],
            trust_anchors: watch::channel(Vec::new()).1,
            line_cut: None,
        };
        let ports = Ports { config, camera, staff: watch::channel(None).0, sound: audio, pace: Pace::default() };
        let (media, behind) = device();
        let media_runs = tokio::spawn(media::run(behind, ports));
        let build = MediaAsk::Build { attempt: ATTEMPT, epoch: Epoch(1), ice_servers: Vec::new(), relay_only: false };
        media.asks.send(build).await.unwrap();
        let gates = Gates { picture: true, sound: true, show: true };
        media.asks.send(MediaAsk::Gate { attempt: ATTEMPT, gates }).await.unwrap();
        Self {
            media,
            counter: Counter::new(),
            room,
            microphone,
            plays,
            connected: false,
            echo: None,
            _kept: (frames, sounds),
            _tasks: [listens, sound_runs, media_runs].map(AbortOnDropHandle::new),
        }
    }

    /// Carries messages between the ends for a while, or until something is so.
    async fn goes_on(&mut self, span: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        let end = tokio::time::Instant::now() + span;
        loop {
            if is_so(self) {
                return true;
            }
            tokio::select! {
                () = tokio::time::sleep_until(end) => return false,
                candidate = self.counter.candidates.recv() => {
                    let candidate = candidate.unwrap();
                    self.media.asks.send(MediaAsk::Candidate { attempt: ATTEMPT, candidate }).await.unwrap();
                }
                event = self.media.events.recv() => match event.unwrap().news {
                    MediaNews::Offer(offer) => {
                        let sdp = self.counter.answer(&offer);
                        self.media.asks.send(MediaAsk::Answer { attempt: ATTEMPT, sdp }).await.unwrap();
                    }
                    MediaNews::Candidate(Candidate { candidate, mline }) => {
                        let candidate = (!candidate.is_empty()).then_some(candidate);
                        self.counter.webrtc.emit_by_name::<()>("add-ice-candidate", &[&mline, &candidate]);
                    }
                    MediaNews::Connected => self.connected = true,
                    MediaNews::Stats(stats) => self.echo = stats.echo,
                    MediaNews::FirstPicture => {}
                    MediaNews::PathDead => panic!("the path is dead"),
                    MediaNews::Unverified(why) | MediaNews::Failed(why) => panic!("{why}"),
                },
            }
        }
    }

    /// For a while, which something takes in life, too.
    async fn lasts(&mut self, span: Duration) {
        self.goes_on(span, |_| false).await;
    }

    async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        assert!(self.goes_on(PATIENCE, is_so).await, "never within {:?}: {what}", begun.elapsed());
    }
}

/// The whole way: staff's voice over the network, through jitter buffer and decoder to the speaker, into the room and the
/// microphone, and back over the network.
#[tokio::test(flavor = "multi_thread")]
async fn staff_do_not_hear_themselves_whatever_the_tv() {
    let mut call = Call::begin().await;
    call.until("connected", |call| call.connected).await;
    call.until("the counter is heard", |call| decibels(&call.plays.lock().unwrap()) > LOUDNESS - 10.0).await;
    // What is later than the canceller finds by itself is looked for elsewhere after some seconds, and a busy machine adds to
    // what the TV takes.
    for (delay, settles) in [(30, 5), (150, 5), (300, 5), (450, 16)] {
        let acoustics = Acoustics::living_room(Duration::from_millis(delay));
        call.room.is(Some(acoustics));
        call.lasts(Duration::from_secs(settles)).await;
        take(&call.plays);
        take(&call.counter.hears);
        call.lasts(Duration::from_secs(8)).await;
        let (played, heard) = (take(&call.plays), take(&call.counter.hears));
        // A busy machine brings some of it late.
        assert!(played.len().min(heard.len()) > 4 * RATE, "{} played, {} heard", played.len(), heard.len());
        let loss = decibels(&played) + f64::from(acoustics.echo_db) - decibels(&heard);
        println!("in a call, TV {delay:3} ms: echo loss {loss:.0} dB, said: {:?}", call.echo);
        // 50 dB and more where nothing else runs; a busy machine brings sound late, and 29 dB were seen. Sound that is shown
        // to the canceller at the wrong moment gives 13 dB, none of it 2 dB: the rooms in virtual time have the real bounds.
        assert!(loss >= 20.0, "TV {delay} ms: {loss:.1} dB; said: {:?}", call.echo);
    }
    let said = call.echo.expect("how the echo is, is known");
    assert!(said.loss_db >= 25 && said.delay_ms.abs_diff(450) < 60, "{said:?}");
    // And the family is heard all the same.
    call.microphone.hear(Heard::Voice(counter(LOUDNESS)));
    call.until("the family", |call| {
        let mut heard = call.counter.hears.lock().unwrap();
        let surplus = heard.len().saturating_sub(RATE);
        heard.drain(..surplus);
        decibels(&heard) > LOUDNESS - 12.0
    })
    .await;
}
