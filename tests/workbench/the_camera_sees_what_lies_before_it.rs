//! The camera's slot, through its source bin.

use crate::browser::until;
use crate::desk::{ROOM, desk, eye, page, texts};
use gstreamer as gst;
use gstreamer::prelude::*;
use madoguchi::workbench::camera::mark;
use madoguchi::workbench::{Command, papers};

const WIFI: &str = "WIFI:T:WPA;S:midori-home;P:sakura-saku-2026;;";

#[tokio::test(flavor = "multi_thread")]
async fn chosen_by_its_thumbnail() {
    let (desk, _tv) = desk().await;
    let page = page(desk.address(), &[]).await;
    let eye = eye(&desk);
    eye.until("the person's mark", |frame| {
        mark::read(frame).is_some_and(|seen| seen.identity == mark::identity("appliance"))
    });
    page.until_attribute("#camera-lamp", "data-open", "true").await;
    page.click("[data-key=wifi-good]").await;
    eye.until("the Wi-Fi code", |frame| texts(frame) == [WIFI]);
    page.until_attribute("[data-key=wifi-good]", "aria-checked", "true").await;
    page.click("[data-key=room-today]").await;
    eye.until("the room key", |frame| texts(frame) == [ROOM]);
    page.click("[data-key=nothing]").await;
    eye.until("the empty room", |frame| texts(frame).is_empty() && mark::read(frame).is_none());
    drop(eye);
    page.until_attribute("#camera-lamp", "data-open", "false").await;
}

#[tokio::test]
async fn a_new_paper_of_the_same_name_takes_the_old_ones_place() {
    let (desk, _tv) = desk().await;
    let control = desk.control();
    let image = papers::sheet("another day", papers::Ink::Room).unwrap();
    control.put_paper(papers::Paper::new("room-today", "きょう", "Today", image));
    control.run(Command::Show { id: "room-today".into() }).await.unwrap();
    let eye = eye(&desk);
    eye.until("the new paper", |frame| texts(frame) == ["another day"]);
    let refused = control.run(Command::Show { id: "no-such".into() }).await.unwrap_err();
    assert_eq!(refused.0, "nothing named \"no-such\" lies on the desk");
    eye.until("still the new paper", |frame| texts(frame) == ["another day"]);
}

#[tokio::test]
async fn unplugged_it_ends_with_an_error_and_comes_back() {
    let (desk, _tv) = desk().await;
    let control = desk.control();
    let mut plugged = desk.ends.camera.plugged();
    let eye = eye(&desk);
    eye.bytes();
    control.run(Command::Camera { plugged: false }).await.unwrap();
    assert!(!*plugged.borrow_and_update());
    let bus = eye.pipeline.bus().unwrap();
    let error = bus.timed_pop_filtered(gst::ClockTime::from_seconds(20), &[gst::MessageType::Error]).expect("an error");
    let gst::MessageView::Error(error) = error.view() else { unreachable!() };
    assert!(error.error().to_string().contains("unplugged"), "{}", error.error());
    assert!(desk.ends.camera.element().unwrap_err().contains("plug it in on the page"));
    control.run(Command::Camera { plugged: true }).await.unwrap();
    assert!(*plugged.borrow_and_update());
    crate::desk::eye(&desk).bytes();
}

#[tokio::test]
async fn it_is_open_only_while_a_pipeline_runs() {
    let (desk, _tv) = desk().await;
    let control = desk.control();
    let source = desk.ends.camera.element().unwrap();
    assert_eq!(control.camera_open(), 0, "made, but not running");
    let eye = crate::desk::Eye::through(&source, "appsink name=sink sync=false");
    // I420 takes twelve bits a pixel.
    assert_eq!(eye.bytes().len(), 640 * 480 * 3 / 2);
    assert_eq!(control.camera_open(), 1);
    drop(eye);
    drop(source);
    until("the camera closed", async || (control.camera_open() == 0).then_some(())).await;
}
