//! A desk to test, its page, and an eye that looks through its camera.

use crate::browser::Browser;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use image::RgbImage;
use madoguchi::workbench::{Desk, DeskConfig, TvPicture, papers};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

pub(crate) const ROOM: &str = "https://localhost:8443/j#MDG1QWERTYUPASDFGHJKLZXCVBNM234567";

pub(crate) fn config() -> DeskConfig {
    let mut all = papers::demo_wifi().unwrap();
    for (id, text) in [("room-today", ROOM), ("room-yesterday", "https://localhost:8443/j#YESTERDAY")] {
        all.push(papers::Paper::new(id, id, id, papers::sheet(text, papers::Ink::Room).unwrap()));
    }
    DeskConfig { papers: all, mark: Some("appliance".into()), ..DeskConfig::default() }
}

/// A desk whose TV is switched off.
pub(crate) async fn desk() -> (Desk, watch::Sender<Option<TvPicture>>) {
    let (tv, picture) = watch::channel(None);
    (Desk::start(config(), picture).await.unwrap(), tv)
}

/// A desk's page, once it is connected.
pub(crate) async fn page(address: SocketAddr, flags: &[&str]) -> Browser {
    let page = Browser::open(flags).await;
    page.go(&format!("http://{address}/")).await;
    page.until_attribute("#connected", "data-on", "true").await;
    page
}

/// A running pipeline behind a source, and its appsink.
pub(crate) struct Eye {
    pub(crate) pipeline: gst::Pipeline,
    sink: gst_app::AppSink,
}

impl Eye {
    pub(crate) fn open(source: &gst::Element, caps: &str) -> Self {
        let description = format!("videoconvert ! {caps} ! appsink name=sink max-buffers=1 drop=true sync=false");
        Self::through(source, &description)
    }

    pub(crate) fn through(source: &gst::Element, description: &str) -> Self {
        let bin = gst::parse::bin_from_description(description, true).unwrap();
        let pipeline = gst::Pipeline::new();
        pipeline.add(source).unwrap();
        pipeline.add(&bin).unwrap();
        source.link(&bin).unwrap();
        let sink = bin.by_name("sink").unwrap().downcast().unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        Self { pipeline, sink }
    }

    /// The newest bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let sample = self.sink.try_pull_sample(gst::ClockTime::from_seconds(20)).expect("something within 20 seconds");
        sample.buffer().unwrap().map_readable().unwrap().to_vec()
    }

    /// Looks until a frame fits.
    pub(crate) fn until(&self, what: &str, mut fits: impl FnMut(&RgbImage) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let frame = RgbImage::from_raw(640, 480, self.bytes()).unwrap();
            if fits(&frame) {
                return;
            }
            assert!(Instant::now() < deadline, "never seen by the camera: {what}");
        }
    }
}

impl Drop for Eye {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// An eye on the desk's camera.
pub(crate) fn eye(desk: &Desk) -> Eye {
    Eye::open(&desk.ends.camera.element().unwrap(), "video/x-raw,format=RGB")
}

/// The texts of the QR codes in a frame.
pub(crate) fn texts(frame: &RgbImage) -> Vec<String> {
    let grey = image::DynamicImage::ImageRgb8(frame.clone()).into_luma8();
    let format = zxingcpp::ImageFormat::Lum;
    let view = zxingcpp::ImageView::from_slice(grey.as_raw(), grey.width(), grey.height(), format).unwrap();
    let read = zxingcpp::read().formats(zxingcpp::BarcodeFormat::QRCode).from(view).unwrap();
    read.iter().map(|code| code.text()).collect()
}

/// One HTTP request with these further header lines; the status and the body.
pub(crate) async fn http(address: SocketAddr, request: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let host = if headers.contains("Host:") { String::new() } else { format!("Host: {address}\r\n") };
    let length = body.len();
    let head = format!("{request} HTTP/1.1\r\n{host}{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // A refusal may come before everything was sent.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    (status, body)
}

/// Strength of a frequency in samples at 48 kHz, as part of all that sounds (Goertzel).
pub(crate) fn share(samples: &[i16], hertz: f64) -> f64 {
    let turn = std::f64::consts::TAU * hertz / 48_000.0;
    let (mut re, mut im, mut all) = (0.0, 0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let (value, angle) = (f64::from(*sample), turn * at as f64);
        re += value * angle.cos();
        im += value * angle.sin();
        all += value * value;
    }
    if all == 0.0 { 0.0 } else { 2.0 * (re * re + im * im) / (all * samples.len() as f64) }
}

pub(crate) fn samples(bytes: &[u8]) -> Vec<i16> {
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}
