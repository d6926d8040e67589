//! The sound devices with made-up cards that are unplugged, refuse, hang, and open once.
#![expect(clippy::disallowed_methods, reason = "a test watches the tasks that it starts, and the time they take")]

use super::*;
use crate::device::camera::MakeElement;
use crate::device::{Device, device};
use gstreamer_app as gst_app;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

const PATIENCE: Duration = Duration::from_secs(30);
/// How often each device goes and comes back.
const TIMES: usize = 10;

/// A sound card: it can be plugged, it opens once, and it knows who has it open.
#[derive(Clone, Default)]
struct Card {
    plugged: Arc<AtomicBool>,
    refuses: Arc<AtomicBool>,
    /// It opens, and takes no sound.
    chokes: Arc<AtomicBool>,
    held: Arc<Mutex<gst::glib::WeakRef<gst::Element>>>,
    opened: Arc<AtomicUsize>,
    /// How often it was to be opened while somebody had it.
    busy: Arc<AtomicUsize>,
    /// Another card of the same use: other rates and channels.
    other: Arc<AtomicBool>,
    /// The only form of sound that its microphone gives, where that is not 48 kHz mono: samples a second, and channels.
    form: Option<(i32, i32)>,
}

impl Card {
    fn plugged_in() -> Self {
        let card = Self::default();
        card.plugged.store(true, Ordering::SeqCst);
        card
    }

    /// Whoever has it open.
    fn holder(&self) -> Option<gst::Element> {
        self.held.lock().unwrap().upgrade().filter(|element| element.current_state() > gst::State::Null)
    }

    fn plug(&self, plugged: bool) {
        self.plugged.store(plugged, Ordering::SeqCst);
        if !plugged && let Some(holder) = self.holder() {
            gst::element_error!(holder, gst::ResourceError::NotFound, ("the card was unplugged"));
        }
    }

    fn is_there(&self) -> bool {
        self.plugged.load(Ordering::SeqCst)
    }

    fn open(&self, element: gst::Element) -> Result<gst::Element, String> {
        if !self.is_there() {
            return Err("the card is unplugged".to_owned());
        }
        if self.refuses.load(Ordering::SeqCst) {
            return Err("the card does not open".to_owned());
        }
        if self.holder().is_some() {
            self.busy.fetch_add(1, Ordering::SeqCst);
            return Err("the card is in use".to_owned());
        }
        self.held.lock().unwrap().set(Some(&element));
        self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(element)
    }

    fn microphone(&self) -> MakeElement {
        let card = self.clone();
        Arc::new(move || {
            let other = card.other.load(Ordering::SeqCst).then_some((44_100, 2));
            let (rate, channels) = other.or(card.form).unwrap_or((48_000, 1));
            card.open(bin(&format!(
                "audiotestsrc name=room is-live=true volume=0.5 ! capsfilter caps=audio/x-raw,rate={rate},channels={channels}"
            )))
        })
    }

    fn speaker(&self, plays: mpsc::UnboundedSender<Vec<i16>>) -> MakeElement {
        let card = self.clone();
        Arc::new(move || {
            let caps = if card.other.load(Ordering::SeqCst) {
                "audio/x-raw,format=S16LE,rate=48000,channels=2"
            } else {
                "audio/x-raw,format=S16LE,rate=48000,channels=1"
            };
            let bin = bin(&format!("capsfilter caps={caps} ! appsink name=end sync=true max-buffers=50"));
            if card.chokes.load(Ordering::SeqCst) {
                let choking = bin.downgrade();
                bin.static_pad("sink").unwrap().add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                    let bin = choking.upgrade().unwrap();
                    gst::element_error!(bin, gst::ResourceError::Settings, ("the card takes no sound"));
                    gst::PadProbeReturn::Drop
                });
            }
            let end = bin.downcast_ref::<gst::Bin>().unwrap().by_name("end").unwrap();
            let plays = plays.clone();
            end.downcast::<gst_app::AppSink>().unwrap().set_callbacks(
                gst_app::AppSinkCallbacks::builder()
                    .new_sample(move |end| {
                        let sample = end.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                        let map = sample.buffer().unwrap().map_readable().unwrap();
                        let two = map.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
                        let _ = plays.send(two.collect());
                        Ok(gst::FlowSuccess::Ok)
                    })
                    .build(),
            );
            card.open(bin)
        })
    }
}

fn bin(description: &str) -> gst::Element {
    gst::init().unwrap();
    gst::parse::bin_from_description(description, true).unwrap().upcast()
}

/// The devices under test.
struct Desk {
    sound: Device<SoundAsk, SoundEvent>,
    audio: SessionAudio,
    microphone: Card,
    speaker: Card,
    plays: mpsc::UnboundedReceiver<Vec<i16>>,
    _running: AbortOnDropHandle<()>,
}

impl Desk {
    fn with(microphone: Card, speaker: Card) -> Self {
        gst::init().unwrap();
        let (plays_in, plays) = mpsc::unbounded_channel();
        let (microphone_is, speaker_is) = (microphone.clone(), speaker.clone());
        let ports = SoundPorts {
            microphone: microphone.microphone(),
            speaker: speaker.speaker(plays_in),
            microphone_present: Arc::new(move || microphone_is.is_there()),
            speaker_at: Arc::new(move || {
                let name = if speaker_is.other.load(Ordering::SeqCst) { "other" } else { "one" };
                speaker_is.is_there().then(|| name.to_owned())
            }),
        };
        let (sound, behind) = device();
        let audio = SessionAudio::default();
        let running = AbortOnDropHandle::new(tokio::spawn(run(behind, ports, audio.clone())));
        Self { sound, audio, microphone, speaker, plays, _running: running }
    }

    /// Waits for an event; levels are passed over unless asked for.
    async fn until(&mut self, what: &str, is_it: impl Fn(&SoundEvent) -> bool) {
        let waiting = async {
            loop {
                let event = self.sound.events.recv().await.expect("the sound devices are there");
                if is_it(&event) {
                    return;
                }
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "never: {what}");
    }

    async fn ask(&self, ask: SoundAsk) {
        self.sound.asks.send(ask).await.unwrap();
    }

    /// A session whose voice is heard; gives the loudest of each piece.
    fn session(&self) -> (InSession, mpsc::UnboundedReceiver<u16>) {
        let (heard_in, heard) = mpsc::unbounded_channel();
        let session = self.audio.begin(Duration::from_millis(80), move |buffer, _| {
            let map = buffer.map_readable().unwrap();
            let peak = map.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]).unsigned_abs()).max();
            let _ = heard_in.send(peak.unwrap_or_default());
        });
        (session, heard)
    }

    /// Plays 10 ms of the counter's voice.
    fn says(&self) {
        let clock = gst::SystemClock::obtain();
        let bytes: Vec<u8> = (0..480).flat_map(|_| 9_000_i16.to_le_bytes()).collect();
        self.audio.play(gst::Buffer::from_slice(bytes).as_ref(), clock.time() + gst::ClockTime::from_mseconds(5));
    }

    /// The counter speaks until the speaker is heard.
    async fn until_played(&mut self) {
        while self.plays.try_recv().is_ok() {}
        let begun = Instant::now();
        loop {
            self.says();
            match tokio::time::timeout(Duration::from_millis(10), self.plays.recv()).await {
                Ok(Some(samples)) if samples.iter().any(|sample| *sample > 8_000) => return,
                _ => assert!(begun.elapsed() < PATIENCE, "the counter is never heard"),
            }
        }
    }
}

fn microphone(present: bool) -> impl Fn(&SoundEvent) -> bool {
    move |event| *event == SoundEvent::Microphone { present }
}

fn speaker(present: bool) -> impl Fn(&SoundEvent) -> bool {
    move |event| *event == SoundEvent::Speaker { present }
}

async fn until_heard(heard: &mut mpsc::UnboundedReceiver<u16>) {
    while heard.try_recv().is_ok() {}
    let waiting = async { while heard.recv().await.expect("the session hears") < 10_000 {} };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the family is never heard");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_level_is_heard_only_while_asked() {
    let mut desk = Desk::with(Card::plugged_in(), Card::plugged_in());
    desk.until("a microphone", microphone(true)).await;
    desk.ask(SoundAsk::Listen(true)).await;
    desk.until("a level", |event| matches!(event, SoundEvent::Level(490..=510))).await;
    desk.ask(SoundAsk::Listen(false)).await;
    desk.microphone.plug(false);
    desk.until("no microphone", microphone(false)).await;
    assert!(desk.microphone.holder().is_none());
    desk.microphone.plug(true);
    desk.until("a microphone again", microphone(true)).await;
    assert!(desk.microphone.holder().is_none(), "it is opened although nobody asks");
}

/// Its cable is pushed in again before anybody has looked, and then nobody needs it.
#[tokio::test(flavor = "multi_thread")]
async fn a_microphone_that_failed_for_a_moment_is_there_again_though_nobody_listens() {
    let mut desk = Desk::with(Card::plugged_in(), Card::plugged_in());
    desk.ask(SoundAsk::Listen(true)).await;
    desk.until("a level", |event| matches!(event, SoundEvent::Level(490..=510))).await;
    desk.microphone.plug(false);
    desk.microphone.plug(true);
    desk.until("no microphone", microphone(false)).await;
    desk.ask(SoundAsk::Listen(false)).await;
    desk.until("a microphone again", microphone(true)).await;
}

/// Muted at its own switch: it gives zeros, and nothing else says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_microphone_that_gives_only_zeros_is_told_until_it_gives_sound() {
    let mut desk = Desk::with(Card::plugged_in(), Card::plugged_in());
    desk.ask(SoundAsk::Listen(true)).await;
    desk.until("a level", |event| matches!(event, SoundEvent::Level(490..=510))).await;
    let volume = |card: &Card, volume: f64| {
        let source = card.holder().unwrap().downcast::<gst::Bin>().unwrap().by_name("room").unwrap();
        source.set_property("volume", volume);
    };
    volume(&desk.microphone, 0.0);
    desk.until("that it is silent", |event| *event == SoundEvent::MicrophoneSilent(true)).await;
    volume(&desk.microphone, 0.001);
    desk.until("that it is not", |event| *event == SoundEvent::MicrophoneSilent(false)).await;
    volume(&desk.microphone, 0.0);
    desk.until("that it is silent again", |event| *event == SoundEvent::MicrophoneSilent(true)).await;
    desk.ask(SoundAsk::Listen(false)).await;
    desk.until("nothing of one that is closed", |event| *event == SoundEvent::MicrophoneSilent(false)).await;
}

/// The microphone of the desk hears no TV.
#[tokio::test(flavor = "multi_thread")]
async fn a_chime_that_does_not_come_back_is_said_and_one_that_nobody_listens_for_is_not() {
    let mut desk = Desk::with(Card::plugged_in(), Card::plugged_in());
    desk.ask(SoundAsk::Listen(true)).await;
    desk.until("a level", |event| matches!(event, SoundEvent::Level(490..=510))).await;
    desk.ask(SoundAsk::Chime).await;
    desk.until("a verdict", |event| *event == SoundEvent::Chime(TvSound::Unheard)).await;
    desk.ask(SoundAsk::Listen(false)).await;
    desk.ask(SoundAsk::Chime).await;
    is_given_up(&desk.speaker).await;
    let rest = tokio::time::timeout(
        Duration::from_secs(4),
        desk.until("a verdict", |event| matches!(event, SoundEvent::Chime(_))),
    );
    assert!(rest.await.is_err(), "nobody listened");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chime_ends_when_it_is_over() {
    let mut desk = Desk::with(Card::plugged_in(), Card::plugged_in());
    desk.until("a speaker", speaker(true)).await;
    let begun = Instant::now();
    desk.ask(SoundAsk::Chime).await;
    let mut played = 0;
    while played < 70_000 {
        played += tokio::time::timeout(PATIENCE, desk.plays.recv()).await.expect("the chime").unwrap().len();
    }
    is_given_up(&desk.speaker).await;
    let took = begun.elapsed();
    println!("the chime kept the speaker for {took:?}");
    // Not its end but its deadline would take 6 s.
    assert!(took < Duration::from_millis(4_500), "the chime kept the speaker for {took:?}");
}

/// HDMI sound opens once: a family that presses quickly must hear the counter all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_takes_the_speaker_from_the_chime() {
    let mut desk = Desk::with(Card::plugged_in(), Card::plugged_in());
    desk.ask(SoundAsk::Chime).await;
    tokio::time::timeout(PATIENCE, desk.plays.recv()).await.expect("the chime").unwrap();
    let (_session, mut heard) = desk.session();
    desk.until_played().await;
    until_heard(&mut heard).await;
    assert_eq!(desk.speaker.opened.load(Ordering::SeqCst), 2, "once for the chime, once for the session");
    assert_eq!(desk.speaker.busy.load(Ordering::SeqCst), 0, "the chime kept it from the session");
    desk.ask(SoundAsk::Chime).await;
    desk.until_played().await;
    assert_eq!(desk.speaker.opened.load(Ordering::SeqCst), 2, "no chime in a session");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chime_waits_for_a_speaker_that_does_not_open_yet() {
    let mut desk = Desk::with(Card::plugged_in(), Card::plugged_in());
    desk.until("a speaker", speaker(true)).await;
    desk.speaker.refuses.store(true, Ordering::SeqCst);
    desk.ask(SoundAsk::Chime).await;
    desk.until("that there is no sound", speaker(false)).await;
    desk.speaker.refuses.store(false, Ordering::SeqCst);
    desk.until("that there is sound", speaker(true)).await;
    let samples = tokio::time::timeout(PATIENCE, desk.plays.recv()).await.expect("the chime").unwrap();
    assert!(!samples.is_empty());
}

/// The screen is right also when no chime is played any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_speaker_that_failed_is_seen_to_work_again_though_nobody_needs_it() {
    let mut desk = Desk::with(Card::plugged_in(), Card::plugged_in());
    desk.until("a speaker", speaker(true)).await;
    desk.speaker.refuses.store(true, Ordering::SeqCst);
    desk.ask(SoundAsk::Chime).await;
    desk.until("that there is no sound", speaker(false)).await;
    // Longer than the chime waits.
    tokio::time::sleep(Duration::from_millis(6_500)).await;
    desk.speaker.refuses.store(false, Ordering::SeqCst);
    desk.until("that there is sound", speaker(true)).await;
    is_given_up(&desk.speaker).await;
}

/// Nobody has it open any more.
async fn is_given_up(card: &Card) {
    let begun = Instant::now();
    while card.holder().is_some() {
        assert!(begun.elapsed() < PATIENCE, "the card is never given up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A card that opens and then takes no sound: the screen must not waver between "works" and "does not".
#[tokio::test(flavor = "multi_thread")]
async fn a_speaker_that_opens_and_fails_at_the_first_sound_does_not_work() {
    let mut desk = Desk::with(Card::plugged_in(), Card::plugged_in());
    desk.until("a speaker", speaker(true)).await;
    desk.speaker.chokes.store(true, Ordering::SeqCst);
    let (_session, _heard) = desk.session();
    desk.until("that there is no sound", speaker(false)).await;
    let tries = desk.speaker.opened.load(Ordering::SeqCst);
    while desk.speaker.opened.load(Ordering::SeqCst) < tries + 3 {
        if let Ok(event) = tokio::time::timeout(Duration::from_millis(50), desk.sound.events.recv()).await {
            assert_ne!(event, Some(SoundEvent::Speaker { present: true }));
        }
    }
    desk.speaker.chokes.store(false, Ordering::SeqCst);
    desk.until("that there is sound", speaker(true)).await;
    desk.until_played().await;
}

pub(in crate::device) async fn comes_back() {
    let mut desk = Desk::with(Card::plugged_in(), Card::plugged_in());
    let (session, mut heard) = desk.session();
    until_heard(&mut heard).await;
    desk.until_played().await;
    for time in 0..TIMES {
        // First the one, then the other, then both at once; each time another card takes its place.
        let (mine, theirs) = (time % 3 != 1, time % 3 != 0);
        if mine {
            desk.microphone.plug(false);
            desk.until("no microphone", microphone(false)).await;
        }
        if theirs {
            desk.speaker.plug(false);
            desk.until("no speaker", speaker(false)).await;
        }
        for (goes, card) in [(mine, &desk.microphone), (theirs, &desk.speaker)] {
            if goes {
                card.other.fetch_xor(true, Ordering::SeqCst);
                card.plug(true);
            }
        }
        let back = Instant::now();
        if mine {
            desk.until("a microphone", microphone(true)).await;
            until_heard(&mut heard).await;
        }
        desk.until_played().await;
        println!("back after {:?}", back.elapsed());
    }
    drop(session);
    is_given_up(&desk.microphone).await;
    is_given_up(&desk.speaker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_go_and_come_back_ten_times_in_a_session() {
    comes_back().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_when_a_session_begins_is_used_when_it_comes() {
    for _ in 0..TIMES {
        let mut desk = Desk::with(Card::default(), Card::default());
        desk.until("no microphone", microphone(false)).await;
        let (_session, mut heard) = desk.session();
        desk.microphone.plug(true);
        desk.speaker.plug(true);
        let back = Instant::now();
        desk.until("a microphone", microphone(true)).await;
        until_heard(&mut heard).await;
        desk.until_played().await;
        println!("there after {:?}", back.elapsed());
    }
}

/// The TV is plugged into the other socket: its sound goes along, though the first card complains of nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_tv_at_another_socket_is_followed() {
    let mut desk = Desk::with(Card::plugged_in(), Card::plugged_in());
    let (_session, _heard) = desk.session();
    desk.until_played().await;
    desk.speaker.other.store(true, Ordering::SeqCst);
    let begun = Instant::now();
    while desk.speaker.opened.load(Ordering::SeqCst) < 2 {
        assert!(begun.elapsed() < PATIENCE, "the sound stays at the old socket");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    desk.until_played().await;
}

/// Cheap cameras record 16 or 32 kHz, and some one voice twice: it arrives as high, and as loud, as it was spoken.
#[tokio::test(flavor = "multi_thread")]
async fn a_camera_of_any_rate_and_channels_is_heard_as_it_is() {
    for form in [(8_000, 1), (16_000, 1), (16_000, 2), (32_000, 1), (32_000, 2), (44_100, 2), (48_000, 2)] {
        let desk = Desk::with(Card { form: Some(form), ..Card::plugged_in() }, Card::plugged_in());
        let (heard_in, mut heard) = mpsc::unbounded_channel();
        let _session = desk.audio.begin(Duration::from_millis(80), move |buffer, _| {
            let map = buffer.map_readable().unwrap();
            let samples = map.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
            let _ = heard_in.send(samples.collect::<Vec<i16>>());
        });
        // The first half second may hold what a resampler begins with.
        let (from, until) = (RATE as usize / 2, RATE as usize * 3 / 2);
        let mut voice = Vec::new();
        let hearing = async {
            while voice.len() < until {
                voice.extend(heard.recv().await.expect("the session goes on"));
            }
        };
        assert!(tokio::time::timeout(PATIENCE, hearing).await.is_ok(), "{form:?} is not heard");
        let second = &voice[from..until];
        // The made-up room's tone is one of 440 Hz, half as loud as can be.
        let rises = second.windows(2).filter(|two| two[0] < 0 && two[1] >= 0).count();
        let loudest = second.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or_default();
        assert!(rises.abs_diff(440) <= 4, "{form:?}: {rises} Hz");
        assert!(loudest.abs_diff(16_384) < 1_600, "{form:?}: {loudest}");
    }
}

/// Files beside the voice: what may not be in a session is not opened at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_microphone_that_would_write_a_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("voice.raw");
    let path = file.display().to_string();
    let ports = SoundPorts {
        microphone: Arc::new(move || {
            Ok(bin(&format!(
                "audiotestsrc is-live=true ! tee name=t ! queue ! filesink location={path} t. ! queue name=out"
            )))
        }),
        speaker: Card::default().speaker(mpsc::unbounded_channel().0),
        microphone_present: Arc::new(|| true),
        speaker_at: Arc::new(|| None),
    };
    let (mut sound, behind) = device();
    let _running = AbortOnDropHandle::new(tokio::spawn(run(behind, ports, SessionAudio::default())));
    sound.asks.send(SoundAsk::Listen(true)).await.unwrap();
    let refused = async { while sound.events.recv().await != Some(SoundEvent::Microphone { present: false }) {} };
    tokio::time::timeout(PATIENCE, refused).await.expect("it is refused");
    assert_eq!(std::fs::metadata(&file).map(|file| file.len()).unwrap_or_default(), 0);
}
