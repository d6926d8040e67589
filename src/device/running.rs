//! A pipeline that has been started and stops when nobody holds it any more.

use gstreamer as gst;
use gstreamer::prelude::*;

/// A started pipeline. Dropping it stops it: also when the task that holds it is broken off, or the start itself is no
/// longer waited for. A pipeline that is let go while it plays takes the process with it.
pub(super) struct Running(pub(super) gst::Pipeline);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.set_state(gst::State::Null).is_err() {
            tracing::error!("the pipeline \"{}\" did not stop", self.0.name());
        }
    }
}

impl Running {
    /// Stops it off the tokio threads: closing a device takes its time.
    pub(super) async fn stop(self) {
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}
