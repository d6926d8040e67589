//! A pipeline that has been started and stops when nobody holds it any more.

use gstreamer as gst;
use gstreamer::prelude::*;
use std::time::Duration;

/// How long a pipeline may take to stop.
const STOPPING: Duration = Duration::from_secs(5);

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
    /// Stops it off the tokio threads: closing a device takes its time. One that hangs must not hold up the others.
    pub(super) async fn stop(self) {
        let name = self.0.name();
        let stopping = tokio::task::spawn_blocking(move || drop(self));
        if tokio::time::timeout(STOPPING, stopping).await.is_err() {
            tracing::error!("the pipeline \"{name}\" did not stop within {STOPPING:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_that_is_let_go_has_stopped() {
        gst::init().unwrap();
        let pipeline = gst::parse::launch("videotestsrc is-live=true name=source ! fakesink async=false").unwrap();
        let running = Running(pipeline.downcast::<gst::Pipeline>().unwrap());
        let source = running.0.by_name("source").unwrap();
        running.0.set_state(gst::State::Playing).unwrap();
        let (_, state, _) = source.state(gst::ClockTime::from_seconds(30));
        assert_eq!(state, gst::State::Playing);
        drop(running);
        assert_eq!(source.current_state(), gst::State::Null);
    }
}
