//! How large a picture this machine is able to encode, measured before the first call.
//!
//! A slow machine would otherwise find it out in the first seconds of a call, in which it has no time for the voice.

use super::adapt::STEPS;
use super::machine::{Totals, Work, able};
use super::pipeline::{made, picture_encoder};
use crate::device::camera::element;
use crate::device::running::Running;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Width and height of the pictures that are given to the encoder, and what they are scaled to, in pixels.
const CAMERA: (usize, usize) = (1280, 720);
const SENT: (i32, i32) = (640, 360);
/// The step of [`STEPS`] with that height.
const STEP: usize = 2;
/// Pictures that are encoded. The first is a key picture, and the encoder is made with it.
const PICTURES: u64 = 7;
/// After so long with less, the machine is too slow for anything but the smallest picture.
const WITHIN: Duration = Duration::from_secs(10);
/// Between two looks.
const LOOK: gst::ClockTime = gst::ClockTime::from_mseconds(50);

/// The best step of [`STEPS`] that this machine can do. Takes the time of a few pictures; blocks.
///
/// # Errors
/// Which element does not do its part.
pub(super) fn best_step() -> Result<usize, String> {
    let said = |error: &dyn std::fmt::Display| format!("encoding a few pictures to see how long it takes: {error}");
    let (width, height) = (CAMERA.0 as i32, CAMERA.1 as i32);
    let size = |width: i32, height: i32| {
        gst::Caps::builder("video/x-raw")
            .field("format", "I420")
            .field("width", width)
            .field("height", height)
            .field("framerate", gst::Fraction::new(30, 1))
            .build()
    };
    let source = gst_app::AppSrc::builder().caps(&size(width, height)).format(gst::Format::Time).build();
    let turn = element("queue")?;
    let filter = made("capsfilter", |builder| builder.property("caps", size(SENT.0, SENT.1)))?;
    let encoder = picture_encoder()?;
    let sink = gst_app::AppSink::builder().sync(false).build();
    let chain =
        [source.clone().upcast(), turn.clone(), element("videoscale")?, filter, encoder.clone(), sink.clone().upcast()];
    let running = Running(gst::Pipeline::with_name("measure"));
    running.0.add_many(&chain).and_then(|()| gst::Element::link_many(&chain)).map_err(|error| said(&error))?;
    let work = Arc::new(Work::default());
    work.watch(&turn, &encoder)?;
    running.0.set_state(gst::State::Playing).map_err(|error| said(&error))?;
    let begun = Instant::now();
    let (mut before, mut quickest) = (Totals::default(), None::<Totals>);
    for number in 0..PICTURES {
        work.give(CAMERA.1 as u32);
        source.push_buffer(picture(number)).map_err(|error| said(&error))?;
        while sink.try_pull_sample(LOOK).is_none() {
            if begun.elapsed() > WITHIN {
                return Ok(STEPS.len() - 1);
            }
        }
        let totals = work.totals();
        let this = totals.since(std::mem::replace(&mut before, totals));
        if number > 0 {
            quickest = Some(quickest.filter(|quickest| quickest.worked <= this.worked).unwrap_or(this));
        }
    }
    // What disturbs a picture (a busy processor shares its caches) is not the machine's doing.
    let quickest = quickest.unwrap_or_default();
    tracing::debug!(?quickest, "encoding a picture took so long");
    Ok(able(quickest, STEP))
}

/// A picture with edges everywhere that moves from one to the next, in I420.
fn picture(number: u64) -> gst::Buffer {
    let (width, height) = CAMERA;
    let pattern: Vec<u8> = (0..width * 2).map(|at| ((at * at / 7) % 97 + (at / 40 % 2) * 110) as u8).collect();
    let rows = (0..height).flat_map(|row| {
        let at = (row * 3 + number as usize * 5) % width;
        pattern[at..at + width].iter().copied()
    });
    let bytes = rows.chain(std::iter::repeat_n(128, width * height / 2)).collect();
    let mut buffer = gst::Buffer::from_mut_slice::<Vec<u8>>(bytes);
    if let Some(buffer) = buffer.get_mut() {
        let each = gst::ClockTime::SECOND / 30;
        buffer.set_pts(number * each);
        buffer.set_duration(each);
    }
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_measured() {
        gst::init().unwrap();
        let step = best_step().unwrap();
        println!("this machine begins with step {step}");
        assert!(step < STEPS.len());
        assert_eq!(STEPS[STEP].height, SENT.1 as u32);
    }
}
