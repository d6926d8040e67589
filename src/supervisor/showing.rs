//! Paints the newest screen on a thread of its own and hands it to the TV.

use crate::device::tv::Tv;
use crate::model::screen::Screen;
use crate::screens::paint::Painter;
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

/// Paints until the supervisor ends, in the size that the TV wants. A slow painting skips screens, never queues them.
pub(super) async fn show(mut screens: watch::Receiver<Option<Screen>>, tv: Arc<Tv>, shown: broadcast::Sender<Shown>) {
    let mut sizes = tv.size();
    let (width, height) = *sizes.borrow_and_update();
    let mut painter = Painter::new(width, height);
    loop {
        let new = tokio::select! {
            changed = screens.changed() => match changed {
                Ok(()) => true,
                Err(_) => return,
            },
            // The TV is dropped with the supervisor, which ends the other as well.
            Ok(()) = sizes.changed() => {
                let (width, height) = *sizes.borrow_and_update();
                painter = Painter::new(width, height);
                screens.has_changed().unwrap_or(false)
            }
        };
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
                if new {
                    let _ = shown.send(Shown { face: screen.face.name(), screen });
                }
            }
            Err(why) => tracing::error!(%why, face = screen.face.name(), "a screen cannot be painted"),
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test watches the task that it starts")]
mod tests {
    use super::*;
    use crate::device::tv::tests::Played;
    use crate::model::language::Language;
    use crate::model::screen::Face;
    use crate::screens::catalogue;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_screen_is_painted_anew_for_another_tv_and_told_once() {
        let played = Played::default();
        let (tv, _serving) = played.tv();
        let screen = catalogue::screen(Language::Japanese, Face::NoLoan, None);
        let (screen_in, screens) = watch::channel(None);
        let (shown, mut told) = broadcast::channel(8);
        let painting = tokio::spawn(show(screens, tv.clone(), shown));
        screen_in.send_replace(Some(screen));
        assert_eq!(told.recv().await.unwrap().face, Face::NoLoan.name());
        for (mode, picture) in [((1360, 768), (1360, 765)), ((1024, 768), (1024, 576)), ((1280, 720), (1280, 720))] {
            played.plug("card1-HDMI-A-1", Some(mode));
            played.shows(picture, None).await;
        }
        assert!(told.try_recv().is_err(), "the same screen is told once");
        drop(screen_in);
        painting.await.unwrap();
    }
}
