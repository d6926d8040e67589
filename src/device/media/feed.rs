//! Hands the camera's frames to a session's encoder, as large and as often as the line allows.

use super::adapt::{Step, scaled};
use super::gate::Gate;
use super::machine::Work;
use super::pipeline::Session;
use crate::device::camera::Frame;
use crate::device::pace::Turns;
use gstreamer as gst;
use gstreamer::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often a black picture is sent while there is no camera: the other end then sees that the line works.
const WITHOUT_CAMERA: Duration = Duration::from_millis(500);
/// How often a black picture is tried until an offer can be made.
const FIRST: Duration = Duration::from_millis(40);

/// Feeds until the camera or the session is gone. While the gate is shut no camera frame enters the pipeline.
pub(super) async fn feed(
    session: Session,
    gate: Arc<Gate>,
    mut camera: watch::Receiver<Option<Frame>>,
    steps: watch::Receiver<Step>,
    work: Arc<Work>,
) {
    let Some(black) = Frame::black(640, 360) else { return };
    let mut size = None;
    let (begun, mut turns, mut sent) = (Instant::now(), Turns::default(), Instant::now());
    let mut camera_there = true;
    loop {
        if !gate.picture_known() {
            if !push(&session, &black, *steps.borrow(), &mut size) {
                return;
            }
            tokio::time::sleep(FIRST).await;
            continue;
        }
        let step = *steps.borrow();
        let newer = tokio::time::timeout(WITHOUT_CAMERA, async {
            if !camera_there || camera.changed().await.is_err() {
                camera_there = false;
                std::future::pending::<()>().await;
            }
        });
        let waited = newer.await.is_err();
        if !gate.picture() {
            continue;
        }
        let frame = camera.borrow_and_update().clone();
        let frame = match frame {
            Some(_) if waited => continue,
            Some(frame) => frame,
            None if sent.elapsed() < WITHOUT_CAMERA => continue,
            None => black.clone(),
        };
        sent = Instant::now();
        if !turns.take(begun.elapsed(), Duration::from_secs(1) / step.rate) {
            continue;
        }
        work.give(frame.height());
        if !push(&session, &frame, step, &mut size) {
            return;
        }
    }
}

fn push(session: &Session, frame: &Frame, step: Step, size: &mut Option<(u32, u32)>) -> bool {
    let wanted = scaled(frame.width(), frame.height(), step);
    if *size != Some(wanted) {
        *size = Some(wanted);
        let caps = gst::Caps::builder("video/x-raw")
            .field("width", wanted.0 as i32)
            .field("height", wanted.1 as i32)
            .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
            .build();
        session.size.set_property("caps", &caps);
    }
    let (Some(buffer), Some(caps)) = (frame.sample().buffer(), frame.sample().caps()) else { return true };
    let mut buffer = buffer.copy();
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_pts(None);
        buffer.set_dts(None);
        // vp8enc's rate control goes by it.
        buffer.set_duration(gst::ClockTime::SECOND / u64::from(step.rate));
    }
    let mut caps = caps.to_owned();
    caps.make_mut().set("framerate", gst::Fraction::new(step.rate as i32, 1));
    let sample = gst::Sample::builder().buffer(&buffer).caps(&caps).build();
    session.picture.push_sample(&sample).is_ok()
}
