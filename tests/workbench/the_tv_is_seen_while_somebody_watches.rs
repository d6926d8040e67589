//! The TV's picture and the trace on the page.

use crate::desk::{desk, page};
use image::RgbImage;
use madoguchi::workbench::TvPicture;
use madoguchi::workbench::camera::mark;
use serde_json::json;

fn picture(frame: RgbImage, sequence: u64) -> Option<TvPicture> {
    let (width, height) = frame.dimensions();
    let rgba = image::DynamicImage::ImageRgb8(frame).into_rgba8().into_raw().into();
    Some(TvPicture { width, height, rgba, sequence })
}

const MIDDLE: &str = "const c = document.getElementById('picture'); \
    const p = c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data;";

#[tokio::test(flavor = "multi_thread")]
async fn in_its_colours_and_at_most_720_lines() {
    let (desk, tv) = desk().await;
    let page = page(desk.address(), &[]).await;
    page.until("no picture yet", "return !document.getElementById('dark').hidden").await;
    tv.send_replace(picture(RgbImage::from_pixel(640, 360, image::Rgb([220, 20, 30])), 1));
    page.until("red", &format!("{MIDDLE} return p[0] > 200 && p[1] < 50 && c.width === 640")).await;
    assert_eq!(page.script("return document.getElementById('dark').hidden").await, json!(true));
    tv.send_replace(picture(RgbImage::from_pixel(1920, 1080, image::Rgb([20, 200, 40])), 2));
    let green = format!("{MIDDLE} return p[1] > 180 && p[0] < 60 && c.width === 1280 && c.height === 720");
    page.until("green, made smaller", &green).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_in_it_is_recognised_by_the_script_for_other_pages() {
    let (desk, tv) = desk().await;
    let page = page(desk.address(), &[]).await;
    let mut frame = RgbImage::from_pixel(1280, 720, image::Rgb([90, 120, 100]));
    let read = format!(
        "const c = document.getElementById('picture'); const read = {}; return read(c, 320, 180)",
        mark::READ_JS
    );
    tv.send_replace(picture(frame.clone(), 1));
    page.until("a picture", "return document.getElementById('dark').hidden").await;
    assert_eq!(page.script(&read).await, json!(null), "no mark, none recognised");
    mark::paint(&mut frame, mark::Seen { identity: mark::identity("staff"), counter: 77 });
    tv.send_replace(picture(frame, 2));
    let seen = page.until("the mark", &read).await;
    assert_eq!(seen, json!({ "identity": mark::identity("staff"), "counter": 77 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn and_the_trace_is_told_from_the_beginning() {
    let (desk, _tv) = desk().await;
    for turn in 0..3 {
        desk.ends.trace.send(format!("00:0{turn}.000 boot + Power -> network")).await.unwrap();
    }
    let page = page(desk.address(), &[]).await;
    desk.ends.trace.send("00:03.000 <b>later</b>".into()).await.unwrap();
    let lines = "const all = [...document.querySelectorAll('#trace li')].map(li => li.textContent); \
                 return all.length === 4 && all";
    let seen = page.until("four lines", lines).await;
    assert_eq!(seen[0], "00:00.000 boot + Power -> network");
    assert_eq!(seen[3], "00:03.000 <b>later</b>");
}
