//! Sound goes before the picture: a picture that stands still for a moment is forgiven, a voice that breaks up is not.
//!
//! GStreamer's threads are all alike to the kernel. Those that sound passes through are scheduled before the ones that
//! scale, encode, decode and draw, so that a board that is too slow for the picture still carries the voice.

use gstreamer as gst;
use gstreamer::prelude::*;
use std::cell::Cell;

/// Nice level (setpriority(2)) of a thread that sound passes through. `madoguchi.service` allows it (`LimitNICE`).
const NICE: i32 = -10;

thread_local! {
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

/// Schedules the thread that pushes sound through this pad before others, and with it the threads that it starts from
/// then on: a sound card's own is started with the first sound.
///
/// Where the kernel does not allow it (a workbench without the right to), everything stays as it is.
pub(super) fn sound_passes(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, |_, _| {
        hurry();
        gst::PadProbeReturn::Ok
    });
}

/// The same for a source of sound, whose first words come before its card's thread is started.
pub(super) fn sound_begins(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM, |_, _| {
        hurry();
        gst::PadProbeReturn::Ok
    });
}

fn hurry() {
    if !ASKED.replace(true)
        && let Err(why) = rustix::process::setpriority_process(None, NICE)
    {
        tracing::debug!(%why, "sound is not scheduled before the picture");
    }
}
