//! Lets the scanner look at the camera's pictures while a code is asked for, and names what it read.

use crate::device::camera::{Frame, offer};
use crate::model::code::{self, Code};
use crate::model::loan::Loan;
use crate::model::screen::ScanHint;
use crate::scan::{ScanEvent, Scanner};
use tokio::sync::{mpsc, watch};

/// What the camera's eye sees, named by the loan's list.
pub(crate) struct Seen {
    pub(crate) hint: ScanHint,
    pub(crate) code: Option<Code>,
}

/// Scans while `wanted` says so, until the supervisor ends.
pub(super) async fn scan(
    mut frames: watch::Receiver<Option<Frame>>,
    mut wanted: watch::Receiver<bool>,
    loan: watch::Receiver<Option<Loan>>,
    seen: mpsc::Sender<Seen>,
) {
    while wanted.wait_for(|wanted| *wanted).await.is_ok() {
        let (events_in, mut events) = mpsc::channel(8);
        // A full channel drops the news: the next picture brings it again, and the thread never waits.
        let scanner = match Scanner::start(move |event| drop(events_in.try_send(event))) {
            Ok(scanner) => scanner,
            Err(error) => {
                tracing::error!(%error, "the scanner's thread cannot be started");
                return;
            }
        };
        frames.mark_unchanged();
        loop {
            tokio::select! {
                asked = wanted.changed() => if asked.is_err() || !*wanted.borrow() { break },
                event = events.recv() => {
                    let Some(event) = event else { break };
                    if seen.send(name(&event, &loan)).await.is_err() {
                        return;
                    }
                }
                newer = frames.changed() => {
                    if newer.is_err() {
                        return;
                    }
                    let frame = frames.borrow_and_update().clone();
                    if let Some(frame) = frame {
                        scanner.offer(offer::sample(frame.sample().clone()));
                    }
                }
            }
        }
        // Joins the thread, which may be in the middle of a picture.
        let _ = tokio::task::spawn_blocking(move || drop(scanner)).await;
    }
}

fn name(event: &ScanEvent, loan: &watch::Receiver<Option<Loan>>) -> Seen {
    let code = loan.borrow().as_ref().and_then(|loan| code::name(&event.texts, loan));
    Seen { hint: event.hint, code }
}
