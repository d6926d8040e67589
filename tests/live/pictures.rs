//! Looks at the TV: a PNG at every screen, and the counter's picture recognised.

use super::clips::COUNTER_SAYS;
use madoguchi::device::tv::{Tv, TvFrame};
use madoguchi::scan::Luma;
use madoguchi::scan::reader::Reader;
use madoguchi::supervisor::Shown;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

/// Screens settle within this time after they were handed to the TV.
const SETTLING: Duration = Duration::from_millis(300);

/// Keeps the order of the faces, and writes a picture of each that stays long enough to be painted; `pictured` names
/// the one written last.
pub async fn keep(
    mut shown: broadcast::Receiver<Shown>,
    tv: Arc<Tv>,
    folder: PathBuf,
    faces: Arc<Mutex<Vec<String>>>,
    pictured: watch::Sender<String>,
) {
    let mut since = None;
    loop {
        match tokio::time::timeout(SETTLING / 3, shown.recv()).await {
            Ok(Ok(shown)) => {
                let mut faces = faces.lock().unwrap();
                if faces.last() != Some(&shown.face) {
                    faces.push(shown.face);
                    since = Some(Instant::now());
                }
            }
            Ok(Err(broadcast::error::RecvError::Closed)) => return,
            Ok(Err(broadcast::error::RecvError::Lagged(_))) | Err(_) => {}
        }
        if since.is_some_and(|since| since.elapsed() >= SETTLING) {
            since = None;
            let (number, face) = {
                let faces = faces.lock().unwrap();
                (faces.len(), faces.last().cloned().unwrap_or_default())
            };
            let frame = tv.newest().borrow().clone().expect("the TV shows nothing");
            std::fs::write(folder.join(format!("{number:02}-{face}.png")), frame.png().unwrap()).unwrap();
            pictured.send_replace(face);
        }
    }
}

/// Waits until the counter's marked picture is recognised on the TV; says when.
pub async fn see_counter(tv: &Tv, within: Duration) -> Option<Instant> {
    let mut frames = tv.newest();
    tokio::time::timeout(within, async {
        loop {
            frames.changed().await.ok()?;
            let at = Instant::now();
            let frame = frames.borrow_and_update().clone();
            if frame.is_some_and(|frame| shows_counter(&frame)) {
                return Some(at);
            }
        }
    })
    .await
    .ok()
    .flatten()
}

/// Counts pictures on the TV that show the counter, within a time.
pub async fn count_counter(frames: &mut watch::Receiver<Option<TvFrame>>, within: Duration) -> (usize, usize) {
    let deadline = Instant::now() + within;
    let (mut recognised, mut all) = (0, 0);
    while let Ok(Ok(())) = tokio::time::timeout_at(deadline, frames.changed()).await {
        let frame = frames.borrow_and_update().clone();
        all += 1;
        recognised += usize::from(frame.is_some_and(|frame| shows_counter(&frame)));
    }
    (recognised, all)
}

/// Whether the code of the counter's camera can be read on the TV.
pub fn shows_counter(frame: &TvFrame) -> bool {
    // Green alone: bright as the eye sees it, and quick to take out.
    let grey = madoguchi_pixels::frames::every(3, frame.rgb().get(1..).unwrap_or_default());
    let luma = Luma::dense(grey, frame.width() as usize, frame.height() as usize);
    let reading = Reader::new().read(luma.plane());
    reading.texts.iter().any(|text| text.expose() == COUNTER_SAYS)
}
