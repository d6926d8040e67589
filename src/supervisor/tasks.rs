//! Named, watched tasks: the first one to end unasked ends the process, and the log says which.

use std::future::Future;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// All tasks of the process.
pub struct Tasks {
    running: JoinSet<&'static str>,
    stop: CancellationToken,
}

/// Tasks get this long to put things away once asked to stop.
const PUTTING_AWAY: Duration = Duration::from_secs(5);

impl Default for Tasks {
    fn default() -> Self {
        Self { running: JoinSet::new(), stop: CancellationToken::new() }
    }
}

impl Tasks {
    /// Starts a task that is to live as long as the process.
    pub fn start(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.running.spawn(async move {
            tokio::select! {
                // At the end others go first. Whoever lives by them must not be asked what it makes of that.
                biased;
                () = stop.cancelled() => {}
                () = task => {}
            }
            name
        });
    }

    /// Starts a task that ends by itself soon after the token is cancelled.
    pub fn start_until(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.running.spawn(async move {
            task.await;
            name
        });
    }

    /// Cancelled when everything is to end.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Waits until somebody asks to stop, or a task ends unasked; then ends all.
    ///
    /// # Errors
    /// Names the task that ended unasked.
    pub async fn run(mut self) -> Result<(), String> {
        let first = tokio::select! {
            // Tasks that end because they were asked to must not look as if they had not been.
            biased;
            () = self.stop.cancelled() => None,
            ended = self.running.join_next() => ended,
        };
        self.stop.cancel();
        let put_away = async { while self.running.join_next().await.is_some() {} };
        let late = tokio::time::timeout(PUTTING_AWAY, put_away).await.is_err();
        if late {
            tracing::warn!("some tasks did not end within {} s and were cut off", PUTTING_AWAY.as_secs());
        }
        match first {
            None => Ok(()),
            Some(Ok(name)) => Err(format!("the task \"{name}\" ended although nobody asked it to")),
            Some(Err(error)) => Err(format!("a task broke off: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn at_an_orderly_end_nobody_notices_that_another_has_gone() {
        for _ in 0..50 {
            let (mut tasks, noticed) = (Tasks::default(), Arc::new(AtomicBool::new(false)));
            let (device, mut events) = mpsc::channel::<()>(1);
            let stop = tasks.stop();
            let (ends, notices) = (stop.clone(), noticed.clone());
            tasks.start("supervisor", async move {
                let _ = events.recv().await;
                notices.store(true, Ordering::Relaxed);
            });
            tasks.start_until("device", async move {
                ends.cancelled().await;
                drop(device);
            });
            tokio::task::yield_now().await;
            stop.cancel();
            assert_eq!(tasks.run().await, Ok(()));
            assert!(!noticed.load(Ordering::Relaxed), "it would have been an error in the log");
        }
    }
}
