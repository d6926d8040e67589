//! The scanner's thread: newest picture only, news only, ended with its handle.

use crate::scene::{Pose, Random, Scene};
use gstreamer_video::{VideoFormat, VideoInfo};
use madoguchi::device::camera::offer;
use madoguchi::model::screen::ScanHint;
use madoguchi::scan::{Frame, Luma, ScanEvent, Scanner};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// Longer than any reading takes, on any machine.
const DEADLINE: Duration = Duration::from_secs(60);

fn paper(text: &str) -> (Vec<u8>, usize, usize) {
    let pose = Pose { middle: (160.0, 120.0), module: 4.0, roll: 5.0, tilt: (0.05, 20.0), bulge: 0.0 };
    let scene = Scene::room(320, 240, &mut Random::new(1)).with_code(text.as_bytes(), &pose);
    (scene.pixels(), scene.width, scene.height)
}

fn luma(text: &str) -> Frame {
    let (pixels, width, height) = paper(text);
    Frame::Luma(Luma::dense(pixels, width, height))
}

fn next(events: &Receiver<ScanEvent>) -> (ScanHint, Vec<String>) {
    let event = events.recv_timeout(DEADLINE).expect("the scanner tells what it sees");
    (event.hint, event.texts.iter().map(|text| text.expose().to_owned()).collect())
}

fn found(text: &str) -> (ScanHint, Vec<String>) {
    (ScanHint::Found, vec![text.to_owned()])
}

#[test]
fn only_the_newest_picture_is_read_and_dropping_the_handle_ends_the_thread() {
    let (tell, events) = mpsc::channel();
    let (go_on, gate) = mpsc::channel::<()>();
    let scanner = Scanner::start(move |event| {
        let _ = tell.send(event);
        let _ = gate.recv();
    })
    .expect("a thread starts");
    scanner.offer(luma("first"));
    assert_eq!(next(&events), found("first"));
    // The thread is held in the call above: what is offered now waits, and only the last of it is read.
    for text in ["second", "third", "fourth"] {
        scanner.offer(luma(text));
    }
    go_on.send(()).expect("the thread waits");
    assert_eq!(next(&events), found("fourth"));
    drop(go_on);
    drop(scanner);
    // The thread is gone and its end of the channel with it, so nothing can follow.
    assert!(events.try_recv().is_err_and(|error| error == mpsc::TryRecvError::Disconnected));
}

#[test]
fn the_same_sight_is_told_once() {
    let (tell, events) = mpsc::channel();
    let scanner = Scanner::start(move |event| drop(tell.send(event))).expect("a thread starts");
    scanner.offer(luma("one"));
    assert_eq!(next(&events), found("one"));
    scanner.offer(luma("one"));
    scanner.offer(luma("two"));
    assert_eq!(next(&events), found("two"));
}

#[test]
fn samples_of_the_camera_are_read_in_each_raw_format() {
    gstreamer::init().expect("GStreamer is installed");
    let (pixels, width, height) = paper("sample");
    for format in [VideoFormat::I420, VideoFormat::Nv12, VideoFormat::Yuy2, VideoFormat::Gray8, VideoFormat::Uyvy] {
        let info = VideoInfo::builder(format, width as u32, height as u32).build().expect("a known format");
        let mut bytes = vec![128_u8; info.size()];
        let (start, step) = (info.comp_offset(0), info.comp_pstride(0) as usize);
        for (y, row) in pixels.chunks_exact(width).enumerate() {
            let from = start + y * info.comp_stride(0) as usize;
            row.iter().enumerate().for_each(|(x, light)| bytes[from + x * step] = *light);
        }
        let caps = info.to_caps().expect("caps of a known format");
        let buffer = gstreamer::Buffer::from_slice(bytes);
        let sample = gstreamer::Sample::builder().caps(&caps).buffer(&buffer).build();
        let (tell, events) = mpsc::channel();
        let scanner = Scanner::start(move |event| drop(tell.send(event))).expect("a thread starts");
        scanner.offer(offer::sample(sample));
        assert_eq!(next(&events), found("sample"), "{format:?}");
    }
}

#[test]
fn a_sample_without_a_picture_is_a_view_without_a_code() {
    gstreamer::init().expect("GStreamer is installed");
    let (tell, events) = mpsc::channel();
    let scanner = Scanner::start(move |event| drop(tell.send(event))).expect("a thread starts");
    scanner.offer(offer::sample(gstreamer::Sample::builder().build()));
    assert_eq!(next(&events), (ScanHint::Looking, Vec::new()));
}
