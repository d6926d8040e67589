//! Paints the newest screen on a thread of its own and hands it to the TV.

use crate::device::tv::Tv;
use crate::device::tv::paint::Painter;
use crate::model::screen::Screen;
use std::sync::Arc;
use tokio::sync::{broadcast, watch};

/// A screen that has just been handed to the TV.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Name of its face.
    pub face: String,
    /// The screen itself.
    pub screen: Screen,
}

/// Paints until the supervisor ends. A slow painting skips screens, never queues them.
pub(super) async fn show(
    mut screens: watch::Receiver<Option<Screen>>,
    mut painter: Painter,
    tv: Arc<Tv>,
    shown: broadcast::Sender<Shown>,
) {
    while screens.changed().await.is_ok() {
        let Some(screen) = screens.borrow_and_update().clone() else { continue };
        let painting = screen.clone();
        let painted = tokio::task::spawn_blocking(move || {
            let pixmap = painter.paint(&painting);
            (painter, pixmap)
        });
        let Ok((back, pixmap)) = painted.await else { return };
        painter = back;
        match pixmap {
            Ok(pixmap) => {
                tv.show(pixmap.take(), screen.face.windows());
                let _ = shown.send(Shown { face: screen.face.name(), screen });
            }
            Err(why) => tracing::error!(%why, face = screen.face.name(), "a screen cannot be painted"),
        }
    }
}
