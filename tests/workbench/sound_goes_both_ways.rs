//! The speaker to listeners and page, and what the microphone hears.

use crate::browser::PATIENCE;
use crate::desk::{Eye, desk, page, samples, share};
use gstreamer as gst;
use gstreamer::prelude::*;
use madoguchi::workbench::Command;
use madoguchi::workbench::command::Hear;
use madoguchi::workbench::sound::{Heard, RATE};
use std::time::Instant;

fn play(hertz: f64, speaker: &gst::Element) -> gst::Pipeline {
    let tone = gst::ElementFactory::make("audiotestsrc").property("freq", hertz).property("is-live", true).build();
    let tone = tone.unwrap();
    let pipeline = gst::Pipeline::new();
    pipeline.add(&tone).unwrap();
    pipeline.add(speaker).unwrap();
    tone.link(speaker).unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    pipeline
}

#[tokio::test(flavor = "multi_thread")]
async fn the_speakers_tone_reaches_listeners_and_the_page() {
    let (desk, _tv) = desk().await;
    let mut listener = desk.ends.speaker.listen();
    let pipeline = play(440.0, &desk.ends.speaker.element().unwrap());
    let mut heard = Vec::new();
    while heard.len() < RATE / 2 {
        let piece = tokio::time::timeout(PATIENCE, listener.recv()).await.expect("sound in time").unwrap();
        heard.extend_from_slice(&piece.samples);
    }
    assert!(share(&heard, 440.0) > 0.9, "440 Hz: {}", share(&heard, 440.0));
    assert!(share(&heard, 660.0) < 0.05, "660 Hz: {}", share(&heard, 660.0));
    let page = page(desk.address(), &[]).await;
    let loudness = "return document.getElementById('loudness').value";
    assert_eq!(page.script(loudness).await, 0, "silent until somebody wants it");
    // On a busy machine the sound comes in pieces, between which the meter falls.
    let notes = "const meter = document.getElementById('loudness'); window.loudest = 0;
        const note = () => (window.loudest = Math.max(window.loudest, meter.value));
        new MutationObserver(note).observe(meter, { attributes: true });";
    page.script(notes).await;
    page.click("#sound").await;
    page.until("sound in the page", "return window.loudest > 0.3").await;
    page.click("#sound").await;
    page.until("silence again", &format!("{loudness} === 0")).await;
    pipeline.set_state(gst::State::Null).unwrap();
}

/// Listens to the microphone until half a second of it is as wanted.
fn until_heard(eye: &Eye, what: &str, wanted: impl Fn(&[i16]) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut heard = Vec::new();
        while heard.len() < RATE / 2 {
            heard.extend(samples(&eye.bytes()));
        }
        if wanted(&heard) {
            return;
        }
        assert!(Instant::now() < deadline, "never heard: {what}");
    }
}

#[tokio::test]
async fn the_microphone_hears_what_is_chosen() {
    let (desk, _tv) = desk().await;
    let control = desk.control();
    let eye = Eye::through(&desk.ends.microphone.element().unwrap(), "appsink name=sink sync=false");
    until_heard(&eye, "silence", |heard| heard.iter().all(|sample| *sample == 0));
    for (what, hertz) in [(Hear::Tone440, 440.0), (Hear::Tone660, 660.0)] {
        control.run(Command::Hear { what }).await.unwrap();
        until_heard(&eye, "a tone", |heard| share(heard, hertz) > 0.9);
    }
    assert_eq!(control.microphone_open(), 1);
    let none = control.run(Command::Hear { what: Hear::Voice }).await.unwrap_err();
    assert_eq!(none.0, "this desk has no recording of a voice");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("voice.wav");
    let description = format!(
        "audiotestsrc freq=880 num-buffers=50 ! audio/x-raw,rate=22050,channels=2 ! wavenc ! filesink location={}",
        file.display()
    );
    let recorder = gst::parse::launch(&description).unwrap();
    recorder.set_state(gst::State::Playing).unwrap();
    let end = recorder.bus().unwrap().timed_pop_filtered(gst::ClockTime::from_seconds(20), &[gst::MessageType::Eos]);
    assert!(end.is_some(), "the recording ends");
    recorder.set_state(gst::State::Null).unwrap();
    control.put_voice(Heard::wav(&file).unwrap());
    until_heard(&eye, "the recording", |heard| share(heard, 880.0) > 0.8);
    control.run(Command::Hear { what: Hear::Silence }).await.unwrap();
    control.run(Command::Hear { what: Hear::Voice }).await.unwrap();

    std::fs::write(&file, "no recording at all").unwrap();
    let why = Heard::wav(&file).map(|_| ()).unwrap_err();
    assert!(why.contains("voice.wav is not a WAV recording"), "{why}");
}

#[tokio::test]
async fn an_unplugged_microphone_ends_with_an_error() {
    let (desk, _tv) = desk().await;
    let eye = Eye::through(&desk.ends.microphone.element().unwrap(), "appsink name=sink sync=false");
    eye.bytes();
    desk.control().run(Command::Microphone { plugged: false }).await.unwrap();
    let bus = eye.pipeline.bus().unwrap();
    let error = bus.timed_pop_filtered(gst::ClockTime::from_seconds(20), &[gst::MessageType::Error]);
    assert!(error.is_some(), "an error on the bus");
    assert!(!*desk.ends.microphone.plugged().borrow());
    assert!(desk.ends.microphone.element().unwrap_err().contains("unplugged"));
}
