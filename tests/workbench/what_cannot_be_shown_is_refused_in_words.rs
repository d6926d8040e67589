//! Files from outside: bad ones refused with nothing lost, good ones seen.

use crate::desk::{desk, eye, http, page, texts};
use gstreamer as gst;
use gstreamer::prelude::*;
use image::RgbImage;
use madoguchi::workbench::{Desk, papers};
use serde_json::Value;
use std::io::Cursor;

async fn items(desk: &Desk) -> Vec<String> {
    let (status, body) = http(desk.address(), "GET /state", "", b"").await;
    assert_eq!(status, 200);
    let state: Value = serde_json::from_str(&body).unwrap();
    state["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn bring(desk: &Desk, name: &str, body: &[u8]) -> (u16, String) {
    http(desk.address(), &format!("POST /upload?name={name}&paper=true"), "", body).await
}

fn png(text: &str) -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    papers::sheet(text, papers::Ink::Room).unwrap().write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

/// A clip of one second.
fn avi(encoder: &str) -> Vec<u8> {
    gst::init().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clip.avi");
    let description = format!(
        "videotestsrc pattern=red num-buffers=15 ! video/x-raw,width=320,height=240,framerate=15/1 ! {encoder} ! avimux ! \
         filesink location={}",
        file.display()
    );
    let writer = gst::parse::launch(&description).unwrap();
    writer.set_state(gst::State::Playing).unwrap();
    let end = writer.bus().unwrap().timed_pop_filtered(gst::ClockTime::from_seconds(20), &[gst::MessageType::Eos]);
    assert!(end.is_some(), "the clip is written");
    writer.set_state(gst::State::Null).unwrap();
    std::fs::read(file).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn and_nothing_is_lost() {
    let (desk, _tv) = desk().await;
    let before = items(&desk).await;
    let damaged = png("damaged")[..900].to_vec();
    let mut huge = b"BM".to_vec();
    huge.resize((32 << 20) + 1, 0);
    let table: [(&str, &[u8], u16, &str); 6] = [
        ("notes.txt", b"a shopping list", 415, "is neither a picture (PNG, JPEG"),
        ("empty.png", b"", 415, "is neither a picture"),
        ("damaged.png", &damaged, 415, "is neither a picture"),
        ("false.avi", b"RIFF\x10\0\0\0AVI nothing more", 415, "not an AVI clip with Motion JPEG"),
        ("raw.avi", &avi("identity"), 415, "not an AVI clip with Motion JPEG"),
        ("huge.bmp", &huge, 413, "is larger than 32 MB"),
    ];
    for (name, body, status, words) in table {
        let (got, said) = bring(&desk, name, body).await;
        assert_eq!(got, status, "{name}: {said}");
        assert!(said.contains(words) && said.contains(name), "{name}: {said}");
    }
    assert_eq!(items(&desk).await, before);
    assert!(madoguchi::workbench::camera::mark::read(&desk.ends.camera.frame().unwrap()).is_some(), "still the person");
}

#[tokio::test(flavor = "multi_thread")]
async fn but_pictures_and_clips_are_seen() {
    let (desk, _tv) = desk().await;
    let eye = eye(&desk);
    let (status, said) = bring(&desk, "paper.png", &png("brought along")).await;
    assert_eq!(status, 200, "{said}");
    eye.until("the paper", |frame| texts(frame) == ["brought along"]);
    let (status, said) = bring(&desk, "clip.avi", &avi("jpegenc")).await;
    assert_eq!(status, 200, "{said}");
    let red = |frame: &RgbImage| {
        let [r, g, b] = frame.get_pixel(320, 240).0;
        r > 200 && g < 60 && b < 60
    };
    // Longer than the clip: it starts again.
    eye.until("the clip", red);
    for _ in 0..40 {
        eye.until("the clip goes on", red);
    }
    let ids = items(&desk).await;
    assert_eq!(ids.iter().filter(|id| id.starts_with("upload-")).count(), 2, "{ids:?}");
    for _ in 0..9 {
        assert_eq!(bring(&desk, "paper.png", &png("again")).await.0, 200);
    }
    let ids = items(&desk).await;
    assert_eq!(ids.iter().filter(|id| id.starts_with("upload-")).count(), 8, "the oldest went: {ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn as_the_page_says_it() {
    let (desk, _tv) = desk().await;
    let folder = tempfile::tempdir().unwrap();
    let (bad, good) = (folder.path().join("list.txt"), folder.path().join("photo.png"));
    std::fs::write(&bad, "milk, eggs").unwrap();
    std::fs::write(&good, png("from a file")).unwrap();
    let page = page(desk.address(), &[]).await;
    let chooser = page.element("#file").await;
    chooser.send_keys(bad.to_str().unwrap()).await.unwrap();
    let refused = page.element("#refused").await;
    let said = async || Some(refused.text().await.unwrap()).filter(|text| !text.is_empty());
    let said = page.wait("a refusal", said).await;
    assert!(said.contains("list.txt") && said.contains("neither a picture"), "{said}");
    chooser.send_keys(good.to_str().unwrap()).await.unwrap();
    // Its thumbnail.
    page.element("[data-key^=upload-][aria-checked=true]").await;
    eye(&desk).until("the photo", |frame| texts(frame) == ["from a file"]);
}
